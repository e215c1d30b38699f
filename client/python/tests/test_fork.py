"""Processes that are forked from one that has connected to a host.

These tests have one side only. The parent is a process of its own: a fork of
this one would have pytest's descriptors.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

# Seconds for a process that takes few.
PATIENCE = 60

PRELUDE = """
    import asyncio, gc, os, signal, sys, threading, time
    import standoff
    from standoff import aio

    BLOCKED = [standoff.OperationState.BLOCKED]

    def in_child(function):
        "Calls it in a child, and returns the child's exit status."
        pid = os.fork()
        if pid:
            deadline = time.monotonic() + 20
            while True:
                found, status = os.waitpid(pid, os.WNOHANG)
                if found:
                    return os.waitstatus_to_exitcode(status)
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                    deadline += 3600
                time.sleep(.01)
        status = 1
        try:
            function()
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stderr.flush()
            if how == "exit":
                sys.exit(status)
            os._exit(status)

    def refused(call):
        try:
            call()
        except standoff.Unavailable as error:
            assert "forked" in str(error), error
        else:
            raise AssertionError("the call was made")

    address, how = sys.argv[1:]
"""


THREADS = """
    host = standoff.connect(address)
    first, second = host.socketpair()
    results = []
    thread = threading.Thread(target=lambda: results.append(second.recv(9)))
    thread.start()
    reader = host.actor("reader").start(first.recv, 9)
    events = host.events()
    while len(host.operations(states=BLOCKED)) < 2:
        time.sleep(.001)

    def child():
        global host, first, second, events, reader
        refused(host.info)
        refused(lambda: second.send(b"x"))
        refused(lambda: next(events))
        refused(reader.result)
        refused(lambda: standoff.select([first], [], []))
        second.close()
        host.close()
        del host, first, second, events, reader
        gc.collect()

    assert in_child(child) == 0
    assert thread.is_alive()
    assert len(host.operations(states=BLOCKED)) == 2
    second.send(b"to actor")
    assert reader.result(timeout=20) == b"to actor"
    first.send(b"to thread")
    thread.join(20)
    assert results == [b"to thread"]
    assert next(events)
    host.close()
"""

ASYNCIO = """
    async def main():
        async with aio.connect(address) as host:
            first, second = await host.socketpair()
            task = asyncio.create_task(second.recv(9))
            while not await host.operations(states=BLOCKED):
                await asyncio.sleep(.001)

            def child():
                nonlocal host, first, second
                refused(lambda: host.info().send(None))
                refused(lambda: first.send(b"x").send(None))
                del host, first, second
                gc.collect()

            assert in_child(child) == 0
            assert len(await host.operations(states=BLOCKED)) == 1
            await first.send(b"to task")
            assert await task == b"to task"

    asyncio.run(main())
"""


@pytest.mark.parametrize("program, how", [
    (THREADS, "exit"),
    (THREADS, "_exit"),
    # Else the child would run the rest of the parent's event loop.
    (ASYNCIO, "_exit"),
], ids=["exit", "_exit", "aio"])
def test_the_parent_keeps_its_connection(daemon_address: str, program: str,
                                         how: str) -> None:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    whole = textwrap.dedent(PRELUDE) + textwrap.dedent(program)
    done = subprocess.run([sys.executable, "-c", whole, daemon_address, how],
                          env=environment, check=False, timeout=PATIENCE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    assert done.returncode == 0, done.stdout
    assert "AssertionError" not in done.stdout, done.stdout

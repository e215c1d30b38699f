"""Signal handlers that raise in the main thread, at any moment of a call.

The other threads' calls go on, and what was interrupted ends on the host. These
tests have one side only, and run in processes of their own: what they look for
could never be repaired in this one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

# Seconds for a process, whose rounds take milliseconds each.
PATIENCE = 80

# What each of the processes begins with.
PRELUDE = """
    import random, signal, sys, threading, time
    import standoff

    class Stop(BaseException):
        pass

    armed = False

    def stop(*_):
        if armed:
            raise Stop

    signal.signal(signal.SIGALRM, stop)
    address, rounds = sys.argv[1], int(sys.argv[2])
    host = standoff.connect(address)
    sock = host.socket()

    def interrupted(call):
        "Makes a call again and again, until a handler raises in it."
        global armed
        try:
            armed = True
            # Again and again: where it comes in a finalizer, it is dropped.
            delay = random.uniform(.001, .01)
            signal.setitimer(signal.ITIMER_REAL, delay, .2)
            while True:
                call()
        except (Stop, RuntimeError) as error:
            armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            # threading.Condition gives back a lock that it has not got if Stop
            # comes just before it would get it, as in Thread.start().
            if not isinstance(error, Stop) and not isinstance(
                    error.__context__, Stop):
                raise

    def check_others():
        "Another thread can make a call, and so can this one."
        thread = threading.Thread(
            target=sock.getsockopt, args=(1, 2), daemon=True)
        thread.start()
        thread.join(20)
        assert not thread.is_alive(), "a thread's call hangs"
        sock.getsockopt(1, 2)

    def check_ended():
        "Nothing that was interrupted is left on the host."
        deadline = time.monotonic() + 20
        while host.operations(states=[standoff.OperationState.BLOCKED]):
            assert time.monotonic() < deadline, "a call goes on on the host"
            time.sleep(.001)
"""


def run(address: str, rounds: int, program: str) -> None:
    """Runs a program, and fails if it fails or does not end."""
    whole = textwrap.dedent(PRELUDE) + textwrap.dedent(program)
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    with subprocess.Popen(
            [sys.executable, "-c", whole, address, str(rounds)],
            env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True) as process:
        try:
            output, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            output, _ = process.communicate()
            pytest.fail(f"the program hangs:\n{output}")
        assert process.returncode == 0, output


def test_other_threads_go_on(daemon_address: str) -> None:
    run(daemon_address, 400, """
        for _ in range(rounds):
            interrupted(lambda: sock.getsockopt(1, 2))
            check_others()
        host.close()
    """)


def test_what_waited_has_ended_on_the_host(daemon_address: str) -> None:
    run(daemon_address, 60, """
        first, second = host.socketpair()
        for _ in range(rounds):
            interrupted(lambda: second.recv(1))
            check_ended()
            first.send(b"x")
            assert second.recv(10) == b"x"
        host.close()
    """)


def test_waits_for_several_hosts(daemon_address: str) -> None:
    run(daemon_address, 150, """
        other = standoff.connect(address)
        pairs = [host.socketpair(), other.socketpair()]
        sockets = [first for first, _ in pairs]
        calls = [
            each.actor("reader").start(end.recv, 1)
            for each, end in zip((host, other), sockets)]
        for call in calls:
            call.wait_blocked()
        for number in range(rounds):
            interrupted(
                (lambda: standoff.select(sockets, [], []))
                if number % 2 else (lambda: standoff.wait(calls, any=True)))
            check_others()
        for call in calls:
            call.cancel()
        check_ended()
        host.close()
        other.close()
    """)


def test_following_events(daemon_address: str) -> None:
    run(daemon_address, 150, """
        events = host.events()
        for _ in range(rounds):
            interrupted(lambda: next(events))
            check_others()
        events.close()
        host.close()
    """)


def test_connecting_and_closing(daemon_address: str) -> None:
    run(daemon_address, 60, """
        def visit():
            with standoff.connect(address):
                pass

        for _ in range(rounds):
            interrupted(visit)
            check_others()
        host.close()
    """)


def test_a_handler_that_raises_a_value_error(daemon_address: str) -> None:
    # It is no word of gRPC's about the connection.
    run(daemon_address, 1, """
        def complain(*_):
            raise ValueError("of a handler")

        signal.signal(signal.SIGALRM, complain)
        first, second = host.socketpair()
        signal.setitimer(signal.ITIMER_REAL, .05)
        try:
            second.recv(1)
        except ValueError as error:
            assert str(error) == "of a handler"
        check_ended()
        check_others()
        host.close()
    """)


def test_closing_while_others_wait(daemon_address: str) -> None:
    # From the main thread and from another: each ends the calls of both.
    run(daemon_address, 1, """
        for closer in ("main", "other"):
            host = standoff.connect(address)
            first, second = host.socketpair()
            ended = []

            def wait():
                try:
                    second.recv(1)
                except (standoff.HarnessError, OSError) as error:
                    ended.append(error)

            def close():
                while len(host.operations(
                        states=[standoff.OperationState.BLOCKED])) < count:
                    time.sleep(.001)
                host.close()

            thread = threading.Thread(target=wait)
            thread.start()
            if closer == "main":
                count = 1
                close()
            else:
                count = 2
                closing = threading.Thread(target=close)
                closing.start()
                wait()
                closing.join()
            thread.join()
            assert len(ended) == count, ended
            try:
                host.info()
            except standoff.Unavailable as error:
                assert "was closed" in str(error)
            else:
                raise AssertionError
    """)

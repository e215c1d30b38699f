"""What the tests of standoff.aio have in common."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from typing import Any, Awaitable, Callable, Iterator

from conftest import BUILT_DAEMON, READY
from standoff import OperationState, aio

# For conditions that are sure to come true: a bound for broken code only.
PATIENCE = 60.0
LOOPBACK = "127.0.0.1"

Test = Callable[..., Any]


def on_host(test: Callable[[aio.Host], Awaitable[None]]) -> Test:
    """A test with a host of its own, in an event loop of its own."""

    def run(daemon_address: str) -> None:
        async def main() -> None:
            async with aio.connect(daemon_address) as host:
                await test(host)

        run_clean(main)

    run.__name__ = test.__name__
    return run


def run_clean(main: Callable[[], Awaitable[None]]) -> None:
    """Runs a coroutine; an exception that nobody gets fails the test."""
    strays: list[dict[str, Any]] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: strays.append(context))
        await main()

    asyncio.run(watched())
    assert not strays, strays


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    """Polls until the condition is true."""
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        assert time.monotonic() < deadline, "the condition never came true"
        await asyncio.sleep(0.005)


async def blocked(host: aio.Host, count: int) -> None:
    """Waits until exactly so many operations of the session are blocked."""

    async def found() -> bool:
        operations = await host.operations([OperationState.BLOCKED])
        return len(operations) == count

    await until(found)


async def begin(host: aio.Host,
                call: Any) -> asyncio.Task[Any]:
    """A task that makes a call, which is blocked on the host by now.

    It must be the only one of the host that is.
    """
    task: asyncio.Task[Any] = asyncio.create_task(call)
    await blocked(host, 1)
    return task


async def tcp_pair(host: aio.Host) -> tuple[aio.Socket, aio.Socket]:
    """Both ends of a connection: the one that connected, the accepted one."""
    async with host.create_server((LOOPBACK, 0)) as server:
        client = await host.create_connection(await server.getsockname())
        accepted, _ = await server.accept()
    return client, accepted


@contextlib.contextmanager
def daemon(*flags: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A daemon of its own: its address and its process."""
    binary = os.environ.get("STANDOFFD", str(BUILT_DAEMON))
    with subprocess.Popen([binary, "--listen=127.0.0.1:0", *flags],
                          stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith(READY), line
            yield line[len(READY):].strip(), process
        finally:
            process.send_signal(signal.SIGTERM)

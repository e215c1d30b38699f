"""What passes a limit of the daemon: payloads, and events that it forgets.

These tests have one side only, and a daemon whose limits are low.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from typing import Any, Iterator

import pytest
import standoff
from standoff import aio

from conftest import BUILT_DAEMON, READY
from workers import Worker, eventually

MAX_TRANSFER = 1 << 16
MAX_EVENTS = 8


@pytest.fixture(scope="module", name="address")
def _address() -> Iterator[str]:
    binary = os.environ.get("STANDOFFD", str(BUILT_DAEMON))
    with subprocess.Popen(
            [binary, "--listen=127.0.0.1:0", f"--max_transfer={MAX_TRANSFER}",
             f"--max_events={MAX_EVENTS}"],
            stdout=subprocess.PIPE, text=True) as daemon:
        try:
            assert daemon.stdout is not None
            line = daemon.stdout.readline()
            assert line.startswith(READY), line
            yield line[len(READY):].strip()
        finally:
            daemon.send_signal(signal.SIGTERM)


@pytest.fixture(name="host")
def _host(address: str) -> Iterator[standoff.Host]:
    with standoff.connect(address) as host:
        yield host


@pytest.fixture(name="pair")
def _pair(host: standoff.Host) -> Iterator[Any]:
    first, second = host.socketpair()
    with first, second:
        yield first, second


def receive(sock: Any, length: int) -> bytes:
    """Receives so many bytes, or less at the end."""
    data = bytearray()
    while len(data) < length and (piece := sock.recv(length - len(data))):
        data += piece
    return bytes(data)


# sendall --------------------------------------------------------------------


@pytest.mark.parametrize("timeout", [None, 60])
@pytest.mark.parametrize("length", [MAX_TRANSFER, MAX_TRANSFER + 1,
                                    10 * MAX_TRANSFER + 5])
def test_sendall_goes_in_pieces(pair: Any, length: int,
                                timeout: float | None) -> None:
    first, second = pair
    first.settimeout(timeout)
    data = standoff.Pattern(seed=1, length=length).bytes()
    for given in (data, bytearray(data), memoryview(data)):
        receiver = Worker(receive, second, length)
        first.sendall(given)
        assert receiver.result() == data


def test_sendall_of_what_is_no_buffer(pair: Any) -> None:
    with pytest.raises(TypeError, match="a bytes-like object is required"):
        pair[0].sendall("text")


def test_sendall_has_one_timeout_for_all_pieces(pair: Any) -> None:
    first, second = pair
    first.settimeout(1.0)
    # Of room for a few pieces: each then waits for less than the timeout, and
    # all of them together for longer.
    stop = time.monotonic() + 60

    def trickle() -> None:
        while time.monotonic() < stop and second.recv(MAX_TRANSFER):
            time.sleep(0.1)

    reader = Worker(trickle)
    start = time.monotonic()
    with pytest.raises(TimeoutError, match="timed out") as caught:
        first.sendall(bytes(600 * MAX_TRANSFER))
    assert caught.value.errno is None
    # It's over between two pieces, or in one that began in time.
    assert 1.0 <= time.monotonic() - start < 20
    first.close()
    reader.result()


def test_non_blocking_sendall_stops_when_full(pair: Any) -> None:
    first, second = pair
    first.setblocking(False)
    with pytest.raises(BlockingIOError):
        first.sendall(bytes(100 * MAX_TRANSFER))
    assert len(second.recv(MAX_TRANSFER)) == MAX_TRANSFER


def test_an_actor_sends_no_pieces(host: standoff.Host, pair: Any) -> None:
    first, second = pair
    actor = host.actor("sender")
    with pytest.raises(standoff.LimitReached,
                       match="more than one socket call.*--max_transfer"):
        actor.start(first.sendall, bytes(MAX_TRANSFER + 1))
    assert actor.start(first.sendall, b"x").result(timeout=60) is None
    assert second.recv(10) == b"x"


def test_sendall_in_pieces_of_aio(address: str) -> None:
    length = 3 * MAX_TRANSFER + 5

    async def main() -> None:
        async with aio.connect(address) as host:
            first, second = await host.socketpair()
            async with first, second:
                task = asyncio.create_task(first.sendall(bytes(length)))
                received = 0
                while received < length:
                    received += len(await second.recv(length))
                await task
                with pytest.raises(standoff.LimitReached):
                    await host.actor("sender").start(first.sendall,
                                                     bytes(length))
                await host.actor("sender").start(first.sendall, b"x")
                assert await second.recv(10) == b"x"

    asyncio.run(main())


# Events ---------------------------------------------------------------------


def test_events_that_were_lost_are_counted(host: standoff.Host,
                                           pair: Any) -> None:
    first, second = pair
    for _ in range(2 * MAX_EVENTS):
        first.send(b"x")
    with contextlib.closing(host.events(1)) as events:
        event = next(events)
        # All that came before it.
        assert events.lost == event.sequence - 1 > 0
    with host.events() as events:
        assert events.lost == 0
        second.recv(1)
        assert next(events).sequence > event.sequence
        assert events.lost == 0


def test_lost_events_of_aio(address: str) -> None:
    async def main() -> None:
        async with aio.connect(address) as host:
            first, second = await host.socketpair()
            async with first, second:
                for _ in range(2 * MAX_EVENTS):
                    await first.send(b"x")
                async with host.events(1) as events:
                    event = await anext(events)
                    assert events.lost == event.sequence - 1 > 0

    asyncio.run(main())


def test_events_are_watched_from_the_beginning(host: standoff.Host,
                                               pair: Any) -> None:
    first, _ = pair
    events = host.events()
    first.send(b"x")
    # Not one that came later, had the watch begun only now.
    assert next(events).state
    events.close()
    with pytest.raises(StopIteration):
        next(events)


def test_events_end_while_somebody_waits(host: standoff.Host) -> None:
    events = host.events()
    waiter = Worker(next, events, None)
    eventually(lambda: getattr(events, "_watch")._asked)
    host.close()
    assert isinstance(waiter.error(), standoff.HarnessError)

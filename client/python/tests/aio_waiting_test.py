"""Tasks that wait on remote sockets: together, cancelled, closed under."""

from __future__ import annotations

import asyncio
import errno
import threading
import time
from typing import Any, Callable

import pytest

import standoff
from aio_support import (LOOPBACK, begin, blocked, daemon, on_host, run_clean,
                         tcp_pair)
from standoff import aio

pytestmark = pytest.mark.filterwarnings("error")


@on_host
async def test_two_sockets_wait_at_once(host: aio.Host) -> None:
    first, second = await host.socketpair()
    third, fourth = await host.socketpair()
    async with first, second, third, fourth:
        tasks = [
            asyncio.create_task(sock.recv(10)) for sock in (second, fourth)
        ]
        await blocked(host, 2)
        # Not in the order in which they began to wait.
        await third.send(b"three")
        assert await tasks[1] == b"three"
        assert not tasks[0].done()
        await first.send(b"one")
        assert await tasks[0] == b"one"


@on_host
async def test_send_and_receive_on_one_socket(host: aio.Host) -> None:
    client, server = await tcp_pair(host)
    async with client, server:
        size = 1 << 24
        async with asyncio.TaskGroup() as group:
            for sock in (client, server):
                group.create_task(sock.sendall(standoff.Pattern(1, size)))
                group.create_task(sock.recv_pattern(standoff.Pattern(1, size)))


@on_host
async def test_cancel_ends_the_system_call(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first, second:
        before = threading.active_count()
        task = await begin(host, second.recv(1))
        assert threading.active_count() == before
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await blocked(host, 0)
        # Nobody is left in the kernel who could eat it.
        await first.send(b"x")
        assert await second.recv(1) == b"x"


@on_host
async def test_cancel_ends_each_kind_of_wait(host: aio.Host) -> None:
    first, second = await host.socketpair()
    await second.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            await second.send(bytes(1 << 16))
    await second.setblocking(True)
    server = await host.create_server((LOOPBACK, 0))
    async with first, second, server:
        calls: list[Callable[[], Any]] = [
            lambda: second.sendall(b"x"),
            lambda: second.recv_into(bytearray(1)),
            server.accept,
            lambda: host.select([server], [second], []),
        ]
        for call in calls:
            task = await begin(host, call())
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await blocked(host, 0)


@on_host
async def test_timeout_of_asyncio(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first, second:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await second.recv(1)
        await blocked(host, 0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(second.recv(1), 0.05)
        await blocked(host, 0)
        # It is none of the socket's.
        assert second.gettimeout() is None


@on_host
async def test_timeout_of_the_socket(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first, second:
        await second.settimeout(0.05)
        async with asyncio.timeout(60) as limit:
            start = time.monotonic()
            with pytest.raises(TimeoutError, match="timed out"):
                await second.recv(1)
            assert time.monotonic() - start >= 0.05
        assert not limit.expired()


@on_host
async def test_cancelled_before_it_began(host: aio.Host) -> None:
    async with host.socket() as sock:
        task = asyncio.create_task(sock.getsockname())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await sock.getsockname()


@on_host
async def test_cancelled_accept_leaves_no_connection(host: aio.Host) -> None:
    """What was accepted when the task was cancelled is closed."""
    async with host.create_server((LOOPBACK, 0)) as server:
        task = await begin(host, server.accept())
        (reply,) = host._connection._calls
        async with host.socket() as client:
            # It may not wait: its end is not to be waited for here.
            await client.setblocking(False)
            address = await server.getsockname()
            connecting = asyncio.create_task(client.connect_ex(address))
            # The reply is there, but the task has not run since.
            while not reply.done():
                await asyncio.sleep(0)
            assert task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await connecting
            await client.setblocking(True)
            assert await client.recv(1) == b""


@on_host
async def test_close_ends_calls(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first:
        task = await begin(host, second.recv(1))
        await second.close()
        with pytest.raises(OSError) as caught:
            await task
        assert caught.value.errno == errno.EBADF
        with pytest.raises(OSError) as caught:
            await second.recv(1)
        assert caught.value.errno == errno.EBADF


async def follow(host: aio.Host) -> None:
    """Reads all events."""
    async for _ in host.events():
        pass


@on_host
async def test_close_of_the_host_ends_calls(host: aio.Host) -> None:
    first, second = await host.socketpair()
    task = await begin(host, second.recv(1))
    stream = asyncio.create_task(follow(host))
    await host.close()
    with pytest.raises(standoff.Cancelled):
        await task
    with pytest.raises(standoff.HarnessError):
        await stream
    with pytest.raises(standoff.Unavailable, match="was closed"):
        await first.send(b"x")
    await host.close()
    await first.close()


@on_host
async def test_select(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first, second:
        assert await host.select([second], [], [], 0) == ([], [], [])
        assert await host.select([second], [first], [second]) == (
            [], [first], [])
        task = await begin(host, host.select([second], [], []))
        await first.send(b"x")
        assert await task == ([second], [], [])
        assert await host.select([], [], [], 0.01) == ([], [], [])
        with pytest.raises(ValueError):
            await host.select([], [], [], -1)
    with pytest.raises(ValueError):
        await host.select([first], [], [])


@on_host
async def test_select_and_events_that_nobody_asked_for(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first, second, await host.socket() as unconnected:
        start, used = time.monotonic(), time.process_time()
        assert await host.select([], [], [unconnected], 0.5) == ([], [], [])
        assert 0.5 <= time.monotonic() - start < 30
        assert time.process_time() - used < 0.25
        task = asyncio.create_task(host.select([second], [], [unconnected]))
        done, _ = await asyncio.wait([task], timeout=0.2)
        assert not done
        await first.send(b"x")
        assert await task == ([second], [], [])


@on_host
async def test_select_refuses_sockets_of_threads(host: aio.Host) -> None:
    with standoff.connect(host.address) as other, other.socket() as sock:
        with pytest.raises(TypeError):
            await host.select([sock], [], [], 0)


def test_select_on_two_hosts(daemon_address: str) -> None:
    async def main(other_address: str) -> None:
        async with (aio.connect(daemon_address) as one,
                    aio.connect(other_address) as other):
            first, second = await one.socketpair()
            third, fourth = await other.socketpair()
            async with first, second, third, fourth:
                task = asyncio.create_task(
                    aio.select([second, fourth], [], []))
                await blocked(one, 1)
                await blocked(other, 1)
                await third.send(b"x")
                assert await task == ([fourth], [], [])
                await blocked(one, 0)
                await first.send(b"x")
                # Ready is ready, whoever was first to say so.
                assert await aio.select([second, fourth], [], []) == (
                    [second, fourth], [], [])
                # What one host has and nobody asked for does not count.
                await second.recv(1)
                async with await other.socket() as unconnected:
                    start = time.monotonic()
                    assert await aio.select([second], [], [unconnected],
                                            0.2) == ([], [], [])
                    assert time.monotonic() - start >= 0.2

    with daemon() as (address, _):
        run_clean(lambda: main(address))

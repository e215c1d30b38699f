"""Actors, operations and events of the asyncio form."""

from __future__ import annotations

import asyncio
import errno

import pytest

import standoff
from aio_support import (LOOPBACK, blocked, daemon, on_host, run_clean,
                         tcp_pair)
from standoff import OperationState, aio

pytestmark = pytest.mark.filterwarnings("error")


@on_host
async def test_operation(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first, second:
        actor = host.actor("reader")
        assert actor.host is host
        assert actor.name == "reader"
        operation = await actor.start(second.recv, 10)
        assert operation.host is host
        assert operation.actor == "reader"
        assert operation.method == "Receive"
        assert await operation.wait_blocked() is operation
        assert await operation.state() is OperationState.BLOCKED
        block = await operation.block()
        assert block is not None and block.syscall
        assert await operation.outcome() is None
        assert (await operation.describe()).id == operation.id
        with pytest.raises(standoff.WaitTimedOut):
            await operation.result(0.01)
        await first.send(b"hello")
        assert await operation.result() == b"hello"
        assert await operation.wait() is operation
        outcome = await operation.outcome()
        assert outcome is not None and outcome.value == 5
        assert await operation.block() is None
        with pytest.raises(standoff.NeverBlocked):
            await operation.wait_blocked()


@on_host
async def test_cancel_operation(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first, second:
        actor = host.actor("reader")
        operation = await actor.start(second.recv, 10)
        await operation.wait_blocked()
        assert await operation.cancel() is operation
        with pytest.raises(standoff.Cancelled):
            await operation.result()
        running, queued = await actor.program(
            aio.step(second.recv, 1), aio.step(second.recv, 1))
        await running.wait_blocked()
        assert await queued.state() is OperationState.QUEUED
        await actor.cancel()
        assert await running.state() is OperationState.CANCELLED
        assert await queued.state() is OperationState.CANCELLED


@on_host
async def test_cancelled_wait_leaves_the_operation(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first, second:
        operation = await host.actor("reader").start(second.recv, 10)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await operation.wait()
        await operation.wait_blocked()
        await first.send(b"x")
        assert await operation.result() == b"x"


@on_host
async def test_program(host: aio.Host) -> None:
    client, server = await tcp_pair(host)
    async with client, server:
        sent, received = await host.actor("both").program(
            aio.step(client.send, b"abc"), aio.step(server.recv, 10))
        assert await received.result() == b"abc"
        assert await sent.result() == 3
        await server.setblocking(False)
        failed, skipped = await host.actor("both").program(
            aio.step(server.recv, 1), aio.step(client.send, b"x"))
        with pytest.raises(BlockingIOError):
            await failed.result()
        with pytest.raises(standoff.Skipped):
            await skipped.result()
        failed, performed = await host.actor("both").program(
            aio.step(server.recv, 1), aio.step(client.send, b"x"),
            on_failure="continue")
        assert await performed.result() == 1
        assert await failed.state() is OperationState.DONE


@on_host
async def test_operation_of_a_name(host: aio.Host) -> None:
    async with (host.create_server((LOOPBACK, 0)) as server,
                host.socket() as client):
        port = (await server.getsockname())[1]
        accepting = await host.actor("server").start(server.accept)
        connecting = await host.actor("client").start(
            client.connect, ("localhost", port))
        await connecting.result()
        accepted, peer = await accepting.result()
        async with accepted:
            assert peer == await client.getsockname()


@on_host
async def test_what_is_no_step(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first, second:
        for method in (first.sendfile, first.fileno, print):
            with pytest.raises(TypeError, match="socket call"):
                aio.step(method)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="no socket call"):
            await host.actor("a").start(first.recv, 0)
        with pytest.raises(ValueError):
            await host.actor("a").start(first.recv, -1)
    with pytest.raises(OSError) as caught:
        await host.actor("a").start(first.recv, 1)
    assert caught.value.errno == errno.EBADF


@on_host
async def test_operations_of_a_host(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first, second:
        operation = await host.actor("reader").start(second.recv, 10)
        await operation.wait_blocked()
        (found,) = await host.operations([OperationState.BLOCKED])
        assert found.id == operation.id
        assert found.method == "Receive"
        (found,) = await host.operations(actor="reader", socket=second)
        again = await host.operation(operation.id)
        await first.send(b"x")
        assert (await again.result()).data == b"x"
        assert (await found.result()).data == b"x"
    with pytest.raises(standoff.NotFound):
        await host.operation(1 << 60)


@on_host
async def test_events(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first, second:
        async with host.events() as events:
            operation = await host.actor("reader").start(second.recv, 10)
            states = []
            async for event in events:
                if event.operation_id != operation.id:
                    continue
                states.append(OperationState(event.state))
                if states[-1] is OperationState.BLOCKED:
                    await first.send(b"x")
                if states[-1].ended:
                    break
        assert states[-1] is OperationState.DONE
        assert OperationState.BLOCKED in states
        # What is kept can be told again.
        past = host.events(1)
        assert (await anext(past)).sequence == 1
        await past.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(past)


@on_host
async def test_end_of_events(host: aio.Host) -> None:
    async with host.events() as events:
        task = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
    with pytest.raises(StopAsyncIteration):
        await task
    async with host.events() as events:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await anext(events)


def test_several_hosts(daemon_address: str) -> None:
    async def main(other_address: str) -> None:
        async with (aio.connect(daemon_address) as one,
                    aio.connect(other_address) as other):
            pairs = [await host.socketpair() for host in (one, other)]
            operations = [
                await pair[1].host.actor("reader").start(pair[1].recv, 10)
                for pair in pairs
            ]
            assert await aio.wait(operations,
                                  condition="blocked") == operations
            with pytest.raises(standoff.WaitTimedOut, match="2 operations"):
                await aio.wait(operations, 0.01, any=True)
            with pytest.raises(standoff.WaitTimedOut, match="1 operation is"):
                await aio.wait(operations, 0.01)
            await pairs[1][0].send(b"x")
            assert await aio.wait(operations, any=True) == operations[1:]
            await pairs[0][0].send(b"y")
            assert await aio.wait(operations) == operations
            assert await aio.wait([]) == []
            with pytest.raises(ValueError, match="is on"):
                await one.actor("reader").start(pairs[1][1].recv, 1)
            with pytest.raises(ValueError, match="condition"):
                await aio.wait(operations,
                               condition="x")  # type: ignore[arg-type]
            for sock in (*pairs[0], *pairs[1]):
                await sock.close()
            await blocked(one, 0)

    with daemon() as (address, _):
        run_clean(lambda: main(address))

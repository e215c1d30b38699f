"""Coming, going, and what is left behind: sessions of the asyncio form."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings

import pytest

import standoff
from aio_support import begin, daemon, on_host, run_clean, until
from standoff import aio

pytestmark = pytest.mark.filterwarnings("error")


async def names_of_sockets(host: aio.Host) -> set[str]:
    """The sockets of its session."""
    return {found.socket.name for found in (await host.snapshot()).sockets}


async def has_session(host: aio.Host, name: str) -> bool:
    """Whether the session is there, by another host's word."""
    snapshot = await host.snapshot(all_sessions=True)
    return name in [session.name for session in snapshot.sessions]


def test_connect_by_await(daemon_address: str) -> None:
    async def main() -> None:
        host = await aio.connect(daemon_address, name="left", lease=7.0,
                                 labels={"test": "await"})
        assert host.name == "left"
        assert host.address == daemon_address
        assert host.session.lease == 7.0
        await host.close()
        assert "closed" in repr(host)
        # It is a coroutine, too.
        host = await asyncio.create_task(aio.connect(daemon_address))
        await host.close()

    run_clean(main)


def test_nobody_answers() -> None:
    async def main(address: str) -> None:
        with pytest.raises(standoff.Unavailable, match="no daemon answers"):
            await aio.connect(address, timeout=0.2)
        with pytest.raises(standoff.HarnessError, match="no address"):
            await aio.connect("nowhere")

    with daemon() as (address, process):
        process.kill()
        process.wait()
        run_clean(lambda: main(address))


def test_cancelled_connect() -> None:
    async def main() -> None:
        # An address for documentation: nobody is there.
        task = asyncio.create_task(aio.connect("192.0.2.1:7411", timeout=60))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_clean(main)


def test_named_sessions(daemon_address: str) -> None:
    async def main() -> None:
        async with aio.connect(daemon_address, session="shared") as maker:
            assert maker.session.owned
            async with aio.connect(daemon_address, session="shared") as guest:
                assert not guest.session.owned
                sock = await guest.socket()
                assert sock.name in await names_of_sockets(maker)
            # In a session that stays, a host closes its own sockets.
            assert sock.name not in await names_of_sockets(maker)
            async with aio.connect(daemon_address,
                                   session="default") as other:
                assert await has_session(other, "shared")
                await maker.close()
                assert not await has_session(other, "shared")

    run_clean(main)


@on_host
async def test_close_deletes_the_session(host: aio.Host) -> None:
    other = await aio.connect(host.address)
    sock = await other.socket()
    assert await has_session(host, other.session.name)
    await other.close()
    assert not await has_session(host, other.session.name)
    # It was closed with its session.
    await sock.close()


@on_host
async def test_close_in_a_cancelled_task(host: aio.Host) -> None:
    connected: asyncio.Future[aio.Host] = (
        asyncio.get_running_loop().create_future())

    async def scenario() -> None:
        async with aio.connect(host.address) as other:
            first, _ = await other.socketpair()
            connected.set_result(other)
            await first.recv(1)

    task = asyncio.create_task(scenario())
    name = (await connected).session.name
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not await has_session(host, name)


@on_host
async def test_lease_is_renewed(host: aio.Host) -> None:
    async with aio.connect(host.address, lease=3.0) as other:
        left = [3.0]

        # This is asked in another session, and renews nothing.
        async def is_longer() -> bool:
            snapshot = await host.snapshot(all_sessions=True)
            (session,) = [found for found in snapshot.sessions
                          if found.name == other.session.name]
            if session.HasField("lease_left"):
                left.append(session.lease_left.ToMicroseconds() / 1e6)
            return left[-1] > min(left) + 0.1

        await until(is_longer)


@on_host
async def test_session_is_lost(host: aio.Host) -> None:
    async with aio.connect(host.address) as other:
        sock = await other.socket()
        with standoff.connect(host.address, session=other.session.name) as same:
            from standoff import session as sessions
            sessions.delete(same._connection)
        with pytest.raises(standoff.SessionLost):
            await sock.getsockname()
        with pytest.raises(standoff.SessionLost):
            await other.socket()
        await sock.close()


def test_daemon_is_killed() -> None:
    async def main(address: str, process: object) -> None:
        async with aio.connect(address) as host:
            first, second = await host.socketpair()
            task = await begin(host, second.recv(1))
            process.kill()  # type: ignore[attr-defined]
            with pytest.raises(standoff.Unavailable) as caught:
                await task
            assert not isinstance(caught.value, OSError)
            assert caught.value.host == address
            with pytest.raises(standoff.Unavailable):
                await first.send(b"x")
            with pytest.raises(standoff.Unavailable):
                await first.close()
            second.detach()

    with daemon() as (address, process):
        run_clean(lambda: main(address, process))


@on_host
async def test_unclosed_socket(host: aio.Host) -> None:
    sock = await host.socket()
    name = sock.name
    with pytest.warns(ResourceWarning, match=f"unclosed .*{name}"):
        del sock
        gc.collect()

    async def is_closed() -> bool:
        return name not in await names_of_sockets(host)

    await until(is_closed)


@on_host
async def test_socket_collected_in_a_thread(host: aio.Host) -> None:
    sockets = [await host.socket()]
    name = sockets[0].name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        thread = threading.Thread(target=sockets.clear)
        thread.start()
        thread.join()

    async def is_closed() -> bool:
        return name not in await names_of_sockets(host)

    await until(is_closed)


@on_host
async def test_unclosed_host(host: aio.Host) -> None:
    other = await aio.connect(host.address, lease=0.5)
    name = other.session.name
    with pytest.warns(ResourceWarning, match="unclosed .*Host"):
        del other
        gc.collect()

    # Nobody renews the lease any more.
    async def is_gone() -> bool:
        return not await has_session(host, name)

    await until(is_gone)


def test_another_event_loop(daemon_address: str) -> None:
    hosts: list[aio.Host] = []

    async def connect() -> None:
        hosts.append(await aio.connect(daemon_address, lease=0.5))

    async def use() -> None:
        with pytest.raises(RuntimeError, match="another event loop"):
            await hosts[0].info()

    run_clean(connect)
    run_clean(use)
    with pytest.warns(ResourceWarning, match="unclosed .*Host"):
        hosts.clear()
        gc.collect()


def test_no_task_and_no_thread_is_left(daemon_address: str) -> None:
    async def main() -> None:
        async with aio.connect(daemon_address) as host:
            first, second = await host.socketpair()
            async with first, second:
                task = await begin(host, second.recv(1))
                task.cancel()
                await asyncio.wait([task])
        assert asyncio.all_tasks() == {asyncio.current_task()}

    gc.collect()
    before = threading.active_count()
    run_clean(main)
    assert threading.active_count() <= before

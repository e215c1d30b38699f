"""Every method of the asyncio socket and host, once."""

from __future__ import annotations

import errno
import inspect
import io
import pathlib
import socket

import pytest

import standoff
from aio_support import LOOPBACK, on_host, tcp_pair
from standoff import aio
from standoff.socket_calls import SocketCalls

pytestmark = pytest.mark.filterwarnings("error")


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_socket_has_all_methods() -> None:
    assert public(aio.Socket) == public(standoff.Socket)


def test_methods_that_call_are_coroutines() -> None:
    for build in public(SocketCalls):
        name = build.removesuffix("_call")
        assert inspect.iscoroutinefunction(getattr(aio.Socket, name)), name


def test_host_has_all_but_what_threads_need() -> None:
    assert public(standoff.Host) - public(aio.Host) == {
        "fcntl", "fcntl_module", "poll", "select_module", "selector",
        "selectors_module", "socket_module"
    }


@on_host
async def test_state(host: aio.Host) -> None:
    async with host.socket(socket.AF_INET6, socket.SOCK_DGRAM,
                           socket.IPPROTO_UDP) as sock:
        assert sock.host is host
        assert sock.name
        assert sock.family is socket.AF_INET6
        assert sock.type is socket.SOCK_DGRAM
        assert sock.proto == socket.IPPROTO_UDP
        assert sock.gettimeout() is None
        assert sock.timeout is None
        assert sock.getblocking() is True
        assert sock.fileno() >= 1 << 30
        sock.set_inheritable(False)
        assert sock.get_inheritable() is False
        assert sock.name in repr(sock)
    assert sock.fileno() == -1
    assert "closed" in repr(sock)


@on_host
async def test_stream(host: aio.Host) -> None:
    server = await host.socket()
    await server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    await server.bind((LOOPBACK, 0))
    await server.listen(5)
    address = await server.getsockname()
    client = await host.socket()
    await client.connect(address)
    accepted, peer = await server.accept()
    assert isinstance(accepted, aio.Socket)
    assert peer == await client.getsockname()
    assert await client.getpeername() == address
    assert await accepted.getpeername() == peer
    assert await client.send(b"one") == 3
    assert await accepted.recv(10) == b"one"
    await client.sendall(b"two")
    buffer = bytearray(10)
    assert await accepted.recv_into(buffer) == 3
    assert buffer[:3] == b"two"
    await client.shutdown(socket.SHUT_WR)
    assert await accepted.recv(10) == b""
    for sock in (server, client, accepted):
        await sock.close()
        await sock.close()


@on_host
async def test_datagrams(host: aio.Host) -> None:
    first = await host.socket(type=socket.SOCK_DGRAM)
    second = await host.socket(type=socket.SOCK_DGRAM)
    async with first, second:
        await first.bind((LOOPBACK, 0))
        await second.bind((LOOPBACK, 0))
        source = await first.getsockname()
        target = await second.getsockname()
        assert await first.sendto(b"one", target) == 3
        assert await second.recvfrom(10) == (b"one", source)
        assert await first.sendto(b"two", 0, target) == 3
        buffer = bytearray(3)
        assert await second.recvfrom_into(buffer) == (3, source)
        assert buffer == b"two"
        assert await first.sendmsg([b"th", b"ree"], [], 0, target) == 5
        assert await second.recvmsg(10) == (b"three", [], 0, source)
        await first.sendmsg([b"four"], [], 0, target)
        parts = [bytearray(2), bytearray(2)]
        count, *rest = await second.recvmsg_into(parts)
        assert (count, rest) == (4, [[], 0, source])
        assert b"".join(parts) == b"four"


@on_host
async def test_modes_and_options(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first, second:
        await first.setblocking(False)
        assert first.gettimeout() == 0.0
        assert first.getblocking() is False
        with pytest.raises(BlockingIOError) as caught:
            await first.recv(1)
        assert caught.value.errno == errno.EAGAIN
        await first.settimeout(0.01)
        with pytest.raises(TimeoutError, match="timed out"):
            await first.recv(1)
        with pytest.raises(ValueError):
            await first.settimeout(-1)
        assert first.gettimeout() == 0.01
        kind = await first.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
        assert kind == socket.SOCK_STREAM
        assert await first.recv(0) == b""


@on_host
async def test_names_are_looked_up(host: aio.Host) -> None:
    async with host.socket() as server, host.socket() as client:
        await server.bind(("localhost", 0))
        await server.listen()
        port = (await server.getsockname())[1]
        assert await client.connect_ex(("localhost", port)) == 0
        accepted, _ = await server.accept()
        await accepted.close()
    async with host.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        # A zone makes a name of it, whose literal has a zone, too.
        await sock.bind(("::1%1", 0))
        assert (await sock.getsockname())[0] == "::1"
        target = ("::1%1", (await sock.getsockname())[1])
        assert await sock.sendto(b"x", target) == 1
        assert await sock.sendmsg([b"y"], [], 0, target) == 1
        assert await sock.recv(1) + await sock.recv(1) == b"xy"
    async with host.socket() as sock:
        with pytest.raises(socket.gaierror):
            await sock.connect(("name.invalid", 1))
        with pytest.raises(TypeError, match="pair"):
            await sock.connect(("localhost",))
    with pytest.raises(OSError) as caught:
        await sock.connect(("localhost", 1))
    assert caught.value.errno == errno.EBADF
    assert await sock.connect_ex(("localhost", 1)) == errno.EBADF


@on_host
async def test_refused(host: aio.Host) -> None:
    async with host.socket() as bound, host.socket() as sock:
        await bound.bind((LOOPBACK, 0))
        address = await bound.getsockname()
        with pytest.raises(ConnectionRefusedError):
            await sock.connect(address)
    with pytest.raises(OSError):
        async with host.create_connection(address):
            pass


@on_host
async def test_patterns(host: aio.Host) -> None:
    client, server = await tcp_pair(host)
    async with client, server:
        pattern = standoff.Pattern(seed=7, length=100_000)
        await client.sendall(pattern)
        assert await server.recv_pattern(pattern) == pattern.length
        await client.sendall(bytes(10))
        with pytest.raises(standoff.PatternMismatch):
            await server.recv_pattern(standoff.Pattern(7, 10))


@on_host
async def test_dup_and_detach(host: aio.Host) -> None:
    first, second = await host.socketpair()
    async with first, second:
        async with await first.dup() as copy:
            await copy.sendall(b"x")
            assert await second.recv(1) == b"x"
        handle = first.detach()
        assert first.fileno() == -1
        async with host.socket(fileno=handle) as again:
            assert again.fileno() == handle
            assert again.family is socket.AF_UNIX
            await again.sendall(b"y")
            assert await second.recv(1) == b"y"
    with pytest.raises(OSError):
        await host.socket(fileno=handle)


@on_host
async def test_sendfile(host: aio.Host) -> None:
    content = pathlib.Path(__file__).read_bytes()
    client, server = await tcp_pair(host)
    async with client, server:
        with open(__file__, "rb") as file:
            sent = await client.sendfile(file, 5, 100)
            assert file.tell() == 105
        assert sent == 100
        assert await client.sendfile(io.BytesIO(b"tail")) == 4
        await client.shutdown(socket.SHUT_WR)
        received = b""
        while piece := await server.recv(1000):
            received += piece
        assert received == content[5:105] + b"tail"
        with pytest.raises(ValueError, match="binary"), open(
                __file__, encoding="utf-8") as text:
            await client.sendfile(text)  # type: ignore[arg-type]


@on_host
async def test_unsupported(host: aio.Host) -> None:
    async with host.socket() as sock:
        with pytest.raises(standoff.Unsupported):
            sock.makefile()
        with pytest.raises(standoff.Unsupported):
            sock.sendmsg_afalg()
        with pytest.raises(PermissionError):
            await sock.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                         b"\0\0\0\0")])
    with pytest.raises(TypeError):
        aio.Socket()


@on_host
async def test_create_server_and_connection(host: aio.Host) -> None:
    async with host.create_server(("localhost", 0), backlog=1,
                                  reuse_port=True) as server:
        port = (await server.getsockname())[1]
        async with host.create_connection(
                ("localhost", port), 5.0, (LOOPBACK, 0)) as client:
            assert client.gettimeout() == 5.0
            accepted, _ = await server.accept()
            await accepted.close()
        with pytest.raises(OSError, match="while attempting to bind"):
            await host.create_server((LOOPBACK, port))
    with pytest.raises(ExceptionGroup):
        await host.create_connection((LOOPBACK, port), all_errors=True)
    if await host.has_dualstack_ipv6():
        async with host.create_server(("", 0), family=socket.AF_INET6,
                                      dualstack_ipv6=True) as server:
            port = (await server.getsockname())[1]
            async with host.create_connection((LOOPBACK, port)):
                pass


@on_host
async def test_host(host: aio.Host) -> None:
    assert host.address in repr(host)
    assert host.name == host.address
    assert host.session.owned
    assert (await host.info()).host_name
    assert (await host.clock()).monotonic_ns
    async with host.socket() as sock:
        snapshot = await host.snapshot()
        assert sock.name in [found.socket.name for found in snapshot.sockets]
    found = await host.getaddrinfo(LOOPBACK, 80, type=socket.SOCK_STREAM)
    assert found[0][4] == (LOOPBACK, 80)
    host.setdefaulttimeout(3.0)
    assert host.getdefaulttimeout() == 3.0
    client, accepted = await tcp_pair(host)
    async with client, accepted:
        assert client.gettimeout() == accepted.gettimeout() == 3.0


@on_host
async def test_packet_addresses(host: aio.Host) -> None:
    try:
        sock = await host.socket(17, socket.SOCK_DGRAM)
    except PermissionError:
        pytest.skip("packet sockets take a right that the daemon lacks")
    async with sock:
        await sock.bind(("lo", 0))
        assert (await sock.getsockname())[0] == "lo"
        with pytest.raises(OSError, match="no interface"):
            await sock.bind(("no-such-one", 0))

"""A side's names in the place of those of the standard library's modules."""

from __future__ import annotations

import fcntl
import http.client
import io
import select
import selectors
import socket
import unittest.mock
from typing import Any, Iterator

import pytest

from connections import LOOPBACK, unix_pair
from net import Net
from workers import Worker

# Of `socket`: what acts on a socket or a host, or makes one.
FUNCTIONS = [
    "close", "create_connection", "create_server", "dup", "fromfd",
    "getaddrinfo", "getdefaulttimeout", "getfqdn", "gethostbyname",
    "gethostbyname_ex", "gethostname", "getnameinfo", "has_dualstack_ipv6",
    "if_indextoname", "if_nameindex", "if_nametoindex", "setdefaulttimeout",
    "socketpair",
]


@pytest.fixture(name="patched", params=["mock", "monkeypatch"], autouse=True)
def _patched(net: Net, request: pytest.FixtureRequest) -> Iterator[None]:
    """The class alone is the side's."""
    kind = net.socket.socket
    if request.param == "mock":
        with unittest.mock.patch("socket.socket", kind):
            yield
    else:
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(socket, "socket", kind)
            yield


def connected(net: Net) -> tuple[Any, Any]:
    """A connection that the standard library has made."""
    with socket.create_server((LOOPBACK, 0)) as server:
        client = net.keep(socket.create_connection(server.getsockname(), 60))
        accepted, address = server.accept()
    assert address == client.getsockname()
    return client, net.keep(accepted)


def test_all_are_of_the_class(net: Net) -> None:
    client, accepted = connected(net)
    assert client.gettimeout() == 60
    first, second = unix_pair(net)
    copy = net.keep(client.dup())
    detached = net.keep(socket.socket(fileno=net.keep(client.dup()).detach()))
    for sock in (client, accepted, copy, detached, first, second):
        assert isinstance(sock, socket.socket)
        assert type(sock) is net.socket.socket
    with socket.socket() as plain:
        assert isinstance(plain, socket.socket)
    with socket.create_server((LOOPBACK, 0), family=socket.AF_INET,
                              reuse_port=True) as server:
        assert isinstance(server, socket.socket)
    with socket.create_server(("", 0), family=socket.AF_INET6,
                              dualstack_ipv6=True) as server:
        assert isinstance(server, socket.socket)


@pytest.mark.parametrize("mode", ["rb", "wb", "rwb", "r", "w", "rw"])
def test_makefile(net: Net, mode: str) -> None:
    client, accepted = connected(net)
    line: Any = b"line\n" if "b" in mode else "line\n"
    with client.makefile(mode) as file:
        if "w" in mode:
            file.write(line)
            file.flush()
            assert accepted.recv(100) == b"line\n"
        if "r" in mode:
            accepted.sendall(b"line\n")
            assert file.readline() == line


def test_sendfile(net: Net, tmp_path: Any) -> None:
    client, accepted = connected(net)
    (tmp_path / "file").write_bytes(b"contents")
    with open(tmp_path / "file", "rb") as file:
        assert client.sendfile(file, 3) == 5
    assert client.sendfile(io.BytesIO(b"memory"), count=3) == 3
    client.close()
    with accepted.makefile("rb") as received:
        assert received.read() == b"tentsmem"


def test_select_and_fcntl(net: Net) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(select, "select", net.select.select)
        monkeypatch.setattr(select, "poll", net.select.poll)
        monkeypatch.setattr(selectors, "DefaultSelector",
                            net.selectors.DefaultSelector)
        monkeypatch.setattr(fcntl, "fcntl", net.fcntl_module.fcntl)
        client, _ = connected(net)
        assert select.select([client], [client], [], 60) == ([], [client], [])
        poller = select.poll()
        poller.register(client)
        assert poller.poll() == [(client.fileno(), select.POLLOUT)]
        with selectors.DefaultSelector() as selector:
            key = selector.register(client, selectors.EVENT_WRITE)
            assert selector.select() == [(key, selectors.EVENT_WRITE)]
        assert fcntl.fcntl(client, fcntl.F_GETFD) == fcntl.FD_CLOEXEC


def test_all_functions(net: Net) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in FUNCTIONS:
            monkeypatch.setattr(socket, name, getattr(net.socket, name))
        client, _ = connected(net)
        first, second = map(net.keep, socket.socketpair())
        assert isinstance(first, socket.socket)
        first.sendall(b"x")
        assert second.recv(1) == b"x"
        copy = net.keep(socket.fromfd(client.fileno(), socket.AF_INET,
                                      socket.SOCK_STREAM))
        assert copy.getsockname() == client.getsockname()
        socket.close(socket.dup(client.fileno()))
        assert socket.getnameinfo(
            (LOOPBACK, 80),
            socket.NI_NUMERICHOST | socket.NI_NUMERICSERV) == (LOOPBACK, "80")
        assert socket.getaddrinfo(LOOPBACK, 80)[0][4] == (LOOPBACK, 80)
        assert socket.gethostbyname(LOOPBACK) == LOOPBACK
        assert socket.gethostbyname_ex(LOOPBACK)[2] == [LOOPBACK]
        assert socket.getfqdn("name.invalid") == "name.invalid"
        assert socket.gethostname()
        for index, name in socket.if_nameindex():
            assert socket.if_nametoindex(name) == index
            assert socket.if_indextoname(index) == name
        socket.setdefaulttimeout(5)
        assert socket.getdefaulttimeout() == 5
        assert socket.has_dualstack_ipv6() is True


def test_a_library_that_knows_nothing_of_it(net: Net) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:

        def serve() -> bytes:
            with server.accept()[0] as sock, sock.makefile("rwb") as file:
                request: bytes = file.readline()
                file.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")
                return request

        serving = Worker(serve)
        client = http.client.HTTPConnection(*server.getsockname(), timeout=60)
        client.request("GET", "/path")
        assert isinstance(client.sock, net.socket.socket)
        assert client.getresponse().read() == b"body"
        client.close()
        assert serving.result() == b"GET /path HTTP/1.1\r\n"


def test_a_class_of_the_programs_in_the_module(net: Net) -> None:
    """As CPython's own tests do it."""

    class Socket(net.socket.socket):  # type: ignore[name-defined]
        pass

    with unittest.mock.patch.object(net.socket, "socket", Socket):
        assert net.socket.has_dualstack_ipv6() is True
        with net.socket.create_server((LOOPBACK, 0)) as server:
            assert type(server) is Socket
            with net.socket.create_connection(server.getsockname()) as client:
                assert type(client) is Socket

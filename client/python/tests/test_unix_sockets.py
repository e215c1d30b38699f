"""Unix sockets: paths, abstract names, pairs."""

from __future__ import annotations

import errno
import os
import pathlib
import socket
import uuid
from typing import Any

import pytest

from connections import unix_pair
from net import Net


def unix(net: Net, kind: int = socket.SOCK_STREAM) -> Any:
    """A new Unix socket without a name."""
    return net.keep(net.socket.socket(socket.AF_UNIX, kind))


def abstract_name() -> bytes:
    """An abstract name that nobody else has."""
    return b"\0" + uuid.uuid4().bytes.replace(b"\0", b"x")


def check_connection(net: Net, address: Any) -> None:
    """Binds, listens, connects and transfers."""
    server, client = unix(net), unix(net)
    server.bind(address)
    server.listen()
    client.connect(address)
    accepted, peer = server.accept()
    net.keep(accepted)
    # The client has no name.
    assert peer == ""
    assert accepted.getpeername() == ""
    assert client.getsockname() == ""
    client.sendall(b"hello")
    assert accepted.recv(10) == b"hello"


def test_path_is_a_str(net: Net, tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "socket")
    sock = unix(net)
    assert sock.bind(path) is None
    assert sock.getsockname() == path
    assert os.path.exists(path)


def test_path_given_as_bytes_is_a_str(net: Net,
                                      tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "socket")
    sock = unix(net)
    sock.bind(os.fsencode(path))
    assert sock.getsockname() == path


def test_path_given_as_bytearray(net: Net, tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "socket")
    sock = unix(net)
    sock.bind(bytearray(os.fsencode(path)))
    assert sock.getsockname() == path


def test_path_that_is_not_utf8(net: Net, tmp_path: pathlib.Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\xfe"
    sock = unix(net)
    sock.bind(path)
    assert sock.getsockname() == os.fsdecode(path)
    # What came back is taken again.
    sock.listen()
    client = unix(net)
    client.connect(sock.getsockname())
    assert client.getpeername() == os.fsdecode(path)


def test_connection_by_path(net: Net, tmp_path: pathlib.Path) -> None:
    check_connection(net, str(tmp_path / "socket"))


def test_connection_by_abstract_name(net: Net) -> None:
    check_connection(net, abstract_name())


def test_abstract_name_is_bytes_with_its_nuls(net: Net) -> None:
    name = abstract_name() + b"\0middle\0"
    sock = unix(net)
    sock.bind(name)
    assert sock.getsockname() == name
    assert isinstance(sock.getsockname(), bytes)


def test_abstract_name_given_as_str(net: Net) -> None:
    name = "\0" + uuid.uuid4().hex
    sock = unix(net)
    sock.bind(name)
    assert sock.getsockname() == name.encode()


def test_longest_abstract_name(net: Net) -> None:
    name = abstract_name().ljust(108, b"x")
    sock = unix(net)
    sock.bind(name)
    assert sock.getsockname() == name


def test_unbound_is_the_empty_str(net: Net) -> None:
    assert unix(net).getsockname() == ""


@pytest.mark.parametrize("empty", ["", b""])
def test_bind_to_nothing_gives_an_abstract_name(net: Net,
                                                empty: Any) -> None:
    sock = unix(net)
    sock.bind(empty)
    name = sock.getsockname()
    assert isinstance(name, bytes)
    assert len(name) == 6
    assert name[:1] == b"\0"


@pytest.mark.parametrize("name", ["/" + "x" * 108, b"\0" + b"x" * 108])
def test_name_that_is_too_long(net: Net, name: Any) -> None:
    for call in (unix(net).bind, unix(net).connect):
        with pytest.raises(OSError, match="AF_UNIX path too long") as caught:
            call(name)
        assert caught.value.errno is None


@pytest.mark.parametrize("address", [
    1, None, ("x",), pathlib.Path("/tmp/x"), [b"x"],
])
def test_address_of_the_wrong_type(net: Net, address: Any) -> None:
    for call in (unix(net).bind, unix(net).connect, unix(net).connect_ex):
        with pytest.raises(TypeError):
            call(address)


def test_connect_to_what_is_not_there(net: Net,
                                      tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "socket")
    with pytest.raises(FileNotFoundError):
        unix(net).connect(path)
    assert unix(net).connect_ex(path) == errno.ENOENT


def test_connect_to_who_does_not_listen(net: Net,
                                        tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "socket")
    unix(net).bind(path)
    with pytest.raises(ConnectionRefusedError):
        unix(net).connect(path)


def test_connect_to_the_wrong_type(net: Net, tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "socket")
    unix(net, socket.SOCK_DGRAM).bind(path)
    assert unix(net).connect_ex(path) == errno.EPROTOTYPE


def test_bind_to_a_path_that_exists(net: Net,
                                    tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "socket")
    unix(net).bind(path)
    with pytest.raises(OSError) as caught:
        unix(net).bind(path)
    assert caught.value.errno == errno.EADDRINUSE


def test_nonblocking_connect_to_a_full_listener(net: Net) -> None:
    server, name = unix(net), abstract_name()
    server.bind(name)
    server.listen(0)
    unix(net).connect(name)
    late = unix(net)
    late.setblocking(False)
    with pytest.raises(BlockingIOError) as caught:
        late.connect(name)
    assert caught.value.errno == errno.EAGAIN


# Datagrams ------------------------------------------------------------------


def test_datagram_with_a_sender(net: Net, tmp_path: pathlib.Path) -> None:
    path, name = str(tmp_path / "socket"), abstract_name()
    receiver = unix(net, socket.SOCK_DGRAM)
    sender = unix(net, socket.SOCK_DGRAM)
    receiver.bind(path)
    sender.bind(name)
    assert sender.sendto(b"hello", path) == 5
    assert receiver.recvfrom(10) == (b"hello", name)
    assert receiver.sendmsg([b"back"], [], 0, name) == 4
    assert sender.recvmsg(10) == (b"back", [], 0, path)


def test_sender_without_a_name_is_none(net: Net) -> None:
    name = abstract_name()
    receiver = unix(net, socket.SOCK_DGRAM)
    receiver.bind(name)
    sender = unix(net, socket.SOCK_DGRAM)
    for _ in range(2):
        sender.sendto(b"x", name)
    assert receiver.recvfrom(10) == (b"x", None)
    assert receiver.recvmsg(10) == (b"x", [], 0, None)


# Pairs ----------------------------------------------------------------------


def test_pair_by_default(net: Net) -> None:
    pair = net.socket.socketpair()
    assert isinstance(pair, tuple)
    first, second = map(net.keep, pair)
    for sock in (first, second):
        assert isinstance(sock, net.socket.socket)
        assert sock.family is socket.AF_UNIX
        assert sock.type is socket.SOCK_STREAM
        assert sock.proto == 0
        assert sock.gettimeout() is None
        assert sock.getsockname() == sock.getpeername() == ""
    first.sendall(b"there")
    assert second.recv(10) == b"there"
    second.sendall(b"back")
    assert first.recv(10) == b"back"


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_SEQPACKET])
def test_pair_that_keeps_boundaries(net: Net, kind: int) -> None:
    first, second = unix_pair(net, kind)
    assert first.type == kind
    first.send(b"one")
    first.send(b"two")
    assert second.recv(10) == b"one"
    assert second.recv(10) == b"two"


def test_pair_by_keywords(net: Net) -> None:
    first, second = net.socket.socketpair(
        family=socket.AF_UNIX, type=socket.SOCK_DGRAM, proto=0)
    net.keep(first)
    assert net.keep(second).type is socket.SOCK_DGRAM


def test_nonblocking_pair(net: Net) -> None:
    for sock in unix_pair(net, socket.SOCK_STREAM | socket.SOCK_NONBLOCK):
        assert sock.gettimeout() == 0.0
        assert sock.type is socket.SOCK_STREAM


def test_pair_of_another_family(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        net.socket.socketpair(socket.AF_INET)
    assert caught.value.errno == errno.EOPNOTSUPP


def test_stream_has_no_source(net: Net) -> None:
    first, second = unix_pair(net)
    first.sendall(b"abc")
    assert second.recvfrom(1) == (b"a", None)
    assert second.recvmsg(1) == (b"b", [], 0, None)
    assert second.recvfrom_into(bytearray(1)) == (1, None)


def test_credentials_of_the_peer(net: Net) -> None:
    first, _ = unix_pair(net)
    value = first.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    # pid, uid, gid: of this process here and of the daemon there.
    assert len(value) == 12
    assert int.from_bytes(value[:4], "little") > 0
    assert int.from_bytes(value[4:8], "little") == os.getuid()

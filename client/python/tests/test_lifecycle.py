"""Sockets from their making to their end."""

from __future__ import annotations

import errno
import fcntl
import io
import socket
from typing import Any

import pytest

from connections import (LOOPBACK, listener, receive_exactly,
                         refusing_address, tcp, tcp_pair, udp, unix_pair)
from net import Net
from workers import Worker

# Every method that needs a descriptor.
NEEDS_DESCRIPTOR: dict[str, Any] = {
    "accept": lambda sock: sock.accept(),
    "bind": lambda sock: sock.bind((LOOPBACK, 0)),
    "connect": lambda sock: sock.connect((LOOPBACK, 1)),
    "dup": lambda sock: sock.dup(),
    "get_inheritable": lambda sock: sock.get_inheritable(),
    "getpeername": lambda sock: sock.getpeername(),
    "getsockname": lambda sock: sock.getsockname(),
    "getsockopt": lambda sock: sock.getsockopt(socket.SOL_SOCKET,
                                               socket.SO_TYPE),
    "listen": lambda sock: sock.listen(),
    "recv": lambda sock: sock.recv(1),
    "recv_into": lambda sock: sock.recv_into(bytearray(1)),
    "recvfrom": lambda sock: sock.recvfrom(1),
    "recvfrom_into": lambda sock: sock.recvfrom_into(bytearray(1)),
    "recvmsg": lambda sock: sock.recvmsg(1),
    "recvmsg_into": lambda sock: sock.recvmsg_into([bytearray(1)]),
    "send": lambda sock: sock.send(b"x"),
    "sendall": lambda sock: sock.sendall(b"x"),
    "sendall nothing": lambda sock: sock.sendall(b""),
    "sendmsg": lambda sock: sock.sendmsg([b"x"]),
    "sendto": lambda sock: sock.sendto(b"x", (LOOPBACK, 1)),
    "set_inheritable": lambda sock: sock.set_inheritable(True),
    "setblocking": lambda sock: sock.setblocking(False),
    "setsockopt": lambda sock: sock.setsockopt(
        socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),
    "settimeout": lambda sock: sock.settimeout(1),
    "shutdown": lambda sock: sock.shutdown(socket.SHUT_RDWR),
}


# Making ---------------------------------------------------------------------


def test_defaults(net: Net) -> None:
    sock = net.keep(net.socket.socket())
    assert sock.family is socket.AF_INET
    assert sock.type is socket.SOCK_STREAM
    assert sock.proto == 0
    assert isinstance(sock.fileno(), int)
    assert sock.fileno() >= 0


@pytest.mark.parametrize("family, kind, proto", [
    (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP),
    (socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    (socket.AF_INET6, socket.SOCK_STREAM, 0),
    (socket.AF_UNIX, socket.SOCK_SEQPACKET, 0),
    (int(socket.AF_INET), int(socket.SOCK_DGRAM), 17),
])
def test_family_type_and_protocol(net: Net, family: int, kind: int,
                                  proto: int) -> None:
    by_position = net.keep(net.socket.socket(family, kind, proto))
    by_name = net.keep(net.socket.socket(proto=proto, type=kind,
                                         family=family, fileno=None))
    for sock in (by_position, by_name):
        assert (sock.family, sock.type, sock.proto) == (family, kind, proto)
        assert isinstance(sock.family, socket.AddressFamily)
        assert isinstance(sock.type, socket.SocketKind)


@pytest.mark.parametrize("arguments, number", [
    ((999,), errno.EAFNOSUPPORT),
    ((socket.AF_INET, 99), errno.EINVAL),
    ((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_UDP),
     errno.EPROTONOSUPPORT),
    ((socket.AF_INET, socket.SOCK_RDM), errno.ESOCKTNOSUPPORT),
])
def test_refused_by_the_kernel(net: Net, arguments: Any,
                               number: int) -> None:
    with pytest.raises(OSError) as caught:
        net.socket.socket(*arguments)
    assert caught.value.errno == number


@pytest.mark.parametrize("arguments", [
    ("AF_INET",), (2.0,), (None,), (2, "1"), (2, 1, "0"), (1, 1, 0, None, 0),
])
def test_arguments_of_the_wrong_type(net: Net, arguments: Any) -> None:
    with pytest.raises(TypeError):
        net.socket.socket(*arguments)


@pytest.mark.parametrize("kind", [
    socket.SOCK_STREAM, socket.SOCK_STREAM | socket.SOCK_CLOEXEC,
    socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK])
def test_cloexec_is_always_set_and_not_in_the_type(net: Net,
                                                   kind: int) -> None:
    sock = net.keep(net.socket.socket(socket.AF_INET, kind))
    assert sock.type is socket.SOCK_STREAM
    assert sock.get_inheritable() is False
    assert net.fcntl(sock, fcntl.F_GETFD) & fcntl.FD_CLOEXEC


def test_inheritable(net: Net) -> None:
    sock = tcp(net)
    assert sock.set_inheritable(True) is None
    assert sock.get_inheritable() is True
    assert net.fcntl(sock, fcntl.F_GETFD) == 0
    sock.set_inheritable(False)
    assert sock.get_inheritable() is False


# listen ---------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(), (0,), (1,), (-1,), (2**31 - 1,),
                                       (True,), (-2**31,)])
def test_listen(net: Net, arguments: Any) -> None:
    server = tcp(net)
    server.bind((LOOPBACK, 0))
    assert server.listen(*arguments) is None
    client = tcp(net)
    client.connect(server.getsockname())
    net.keep(server.accept()[0])


@pytest.mark.parametrize("backlog", [2**31, 2**70, -2**31 - 1])
def test_backlog_that_is_no_c_int(net: Net, backlog: int) -> None:
    with pytest.raises(OverflowError):
        tcp(net).listen(backlog)


def test_backlog_of_the_wrong_type(net: Net) -> None:
    for arguments in (("5",), (1.0,), (None,), (1, 2)):
        with pytest.raises(TypeError):
            tcp(net).listen(*arguments)
    with pytest.raises(TypeError):
        tcp(net).listen(backlog=5)


def test_listen_without_bind_chooses_a_port(net: Net) -> None:
    server = tcp(net)
    server.listen()
    host, port = server.getsockname()
    assert host == "0.0.0.0"
    assert port > 0


def test_listen_again_changes_the_backlog(net: Net) -> None:
    server = listener(net)
    assert server.listen(1) is None
    tcp(net).connect(server.getsockname())
    net.keep(server.accept()[0])


def test_listen_of_a_datagram_socket(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        udp(net).listen()
    assert caught.value.errno == errno.EOPNOTSUPP


# shutdown -------------------------------------------------------------------


def test_half_close(net: Net) -> None:
    client, server = tcp_pair(net)
    assert client.shutdown(socket.SHUT_WR) is None
    assert server.recv(10) == b""
    server.sendall(b"still there")
    assert client.recv(20) == b"still there"


def test_shutdown_of_reading(net: Net) -> None:
    first, second = unix_pair(net)
    first.shutdown(socket.SHUT_RD)
    assert first.recv(10) == b""
    with pytest.raises(BrokenPipeError):
        second.send(b"x")


def test_shutdown_of_both(net: Net) -> None:
    client, server = tcp_pair(net)
    client.shutdown(socket.SHUT_RDWR)
    assert client.recv(10) == b""
    with pytest.raises(BrokenPipeError):
        client.send(b"x")
    assert server.recv(10) == b""


def test_shutdown_of_an_unconnected_socket(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        tcp(net).shutdown(socket.SHUT_RDWR)
    assert caught.value.errno == errno.ENOTCONN


@pytest.mark.parametrize("how", [-1, 3, 2**31 - 1])
def test_shutdown_of_no_direction(net: Net, how: int) -> None:
    client, _ = tcp_pair(net)
    with pytest.raises(OSError) as caught:
        client.shutdown(how)
    assert caught.value.errno == errno.EINVAL


def test_shutdown_of_the_wrong_type(net: Net) -> None:
    client, _ = tcp_pair(net)
    for arguments in ((), ("2",), (None,), (1, 2)):
        with pytest.raises(TypeError):
            client.shutdown(*arguments)
    with pytest.raises(OverflowError):
        client.shutdown(2**31)


# close ----------------------------------------------------------------------


def test_close_is_idempotent(net: Net) -> None:
    sock = tcp(net)
    assert sock.close() is None
    assert sock.close() is None
    assert sock.fileno() == -1


@pytest.mark.parametrize("name", NEEDS_DESCRIPTOR)
def test_calls_after_close(net: Net, name: str) -> None:
    sock = tcp(net)
    sock.close()
    with pytest.raises(OSError) as caught:
        NEEDS_DESCRIPTOR[name](sock)
    assert caught.value.args == (errno.EBADF, "Bad file descriptor")


def test_attributes_after_close(net: Net) -> None:
    sock = tcp(net)
    sock.close()
    assert sock.family is socket.AF_INET
    assert sock.type is socket.SOCK_STREAM
    assert sock.proto == 0


def test_close_tells_the_peer_at_once(net: Net) -> None:
    client, server = tcp_pair(net)
    client.sendall(b"bye")
    client.close()
    # Whatever was sent comes first.
    assert receive_exactly(server, 10) == b"bye"


def test_what_was_sent_before_a_close_arrives(net: Net) -> None:
    client, server = tcp_pair(net)
    data = bytes(range(256)) * (1 << 12)
    reader = Worker(receive_exactly, server, len(data) + 1)
    client.sendall(data)
    client.close()
    assert reader.result() == data


def test_close_frees_the_port_at_once(net: Net) -> None:
    server = listener(net)
    address = server.getsockname()
    server.close()
    again = tcp(net)
    assert again.bind(address) is None
    assert again.getsockname() == address


def test_close_of_a_listener_refuses_connections(net: Net) -> None:
    server = listener(net)
    address = server.getsockname()
    server.close()
    # Nobody else gets the port meanwhile.
    tcp(net).bind(address)
    assert tcp(net).connect_ex(address) == errno.ECONNREFUSED


def test_with_closes(net: Net) -> None:
    sock = tcp(net)
    with sock as entered:
        assert entered is sock
    assert sock.fileno() == -1


def test_with_closes_after_an_error(net: Net) -> None:
    sock = tcp(net)
    with pytest.raises(ZeroDivisionError):
        with sock:
            raise ZeroDivisionError
    assert sock.fileno() == -1


def test_a_failed_connect_leaves_the_socket_open(net: Net) -> None:
    sock = tcp(net)
    with pytest.raises(ConnectionRefusedError):
        sock.connect(refusing_address(net))
    assert sock.fileno() >= 0


# close and makefile ---------------------------------------------------------


def test_close_waits_for_files(net: Net) -> None:
    client, server = tcp_pair(net)
    file = net.keep(client.makefile("rb"))
    client.close()
    # The descriptor is still there, for the socket, too.
    assert client.fileno() >= 0
    server.sendall(b"for the file\nfor the socket")
    assert file.readline() == b"for the file\n"
    assert client.getpeername() == server.getsockname()
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.recv(1)
    server.setblocking(True)
    file.close()
    assert client.fileno() == -1
    # Not all that was sent had been received.
    assert server.recv(1) == b""


def test_close_waits_for_the_last_of_several_files(net: Net) -> None:
    client, _ = tcp_pair(net)
    files = [client.makefile("rb"), client.makefile("wb")]
    client.close()
    files[0].close()
    assert client.fileno() >= 0
    files[1].close()
    assert client.fileno() == -1


def test_files_that_are_closed_first_close_nothing(net: Net) -> None:
    client, server = tcp_pair(net)
    for _ in range(2):
        client.makefile("rb").close()
    client.sendall(b"x")
    assert server.recv(1) == b"x"


def test_files_end_with_with(net: Net) -> None:
    client, _ = tcp_pair(net)
    with client, client.makefile("rb") as file:
        assert isinstance(file, io.BufferedReader)
    assert client.fileno() == -1

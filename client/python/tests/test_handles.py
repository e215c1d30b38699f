"""fileno and what takes its numbers: dup, detach, fromfd, fileno=, fcntl."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from typing import Any

import pytest

from connections import listener, tcp, tcp_pair, udp, unix_pair
from net import Net
from workers import Worker


def stale_handle(net: Net) -> int:
    """A number that no open socket has."""
    sock = tcp(net)
    handle: int = sock.fileno()
    sock.close()
    return handle


# dup ------------------------------------------------------------------------


def test_dup_is_the_same_connection(net: Net) -> None:
    client, server = tcp_pair(net)
    copy = net.keep(client.dup())
    assert copy is not client
    assert copy.fileno() != client.fileno()
    assert (copy.family, copy.type, copy.proto) == (
        client.family, client.type, client.proto)
    assert copy.getsockname() == client.getsockname()
    client.sendall(b"one ")
    client.close()
    copy.sendall(b"two")
    copy.close()
    assert server.recv(10, socket.MSG_WAITALL) == b"one two"
    assert server.recv(1) == b""


def test_a_copy_keeps_the_connection_open(net: Net) -> None:
    client, server = tcp_pair(net)
    copy = net.keep(client.dup())
    client.close()
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.recv(1)
    copy.close()
    server.setblocking(True)
    assert server.recv(1) == b""


def test_copies_share_the_kernels_socket(net: Net) -> None:
    sock = tcp(net)
    copy = net.keep(sock.dup())
    copy.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    # The flag is that of the open file description; the objects differ.
    sock.setblocking(False)
    assert copy.gettimeout() is None
    assert net.fcntl(copy, fcntl.F_GETFL) & os.O_NONBLOCK


def test_dup_is_not_inheritable(net: Net) -> None:
    sock = tcp(net)
    sock.set_inheritable(True)
    copy = net.keep(sock.dup())
    assert copy.get_inheritable() is False
    assert sock.get_inheritable() is True


def test_dup_of_the_module_returns_a_handle(net: Net) -> None:
    first, second = unix_pair(net)
    handle = net.socket.dup(first.fileno())
    assert isinstance(handle, int)
    assert handle not in (first.fileno(), second.fileno())
    copy = net.keep(net.socket.socket(fileno=handle))
    copy.sendall(b"x")
    assert second.recv(10) == b"x"


def test_dup_of_what_is_not_open(net: Net) -> None:
    for handle in (stale_handle(net), -1):
        with pytest.raises(OSError) as caught:
            net.socket.dup(handle)
        assert caught.value.errno == errno.EBADF


# detach ---------------------------------------------------------------------


def test_detach_gives_the_handle_away(net: Net) -> None:
    client, server = tcp_pair(net)
    before = client.fileno()
    handle = client.detach()
    assert handle == before
    assert client.fileno() == -1
    with pytest.raises(OSError) as caught:
        client.send(b"x")
    assert caught.value.errno == errno.EBADF
    # Neither this nor a later close closes what was given away.
    client.close()
    again = net.keep(net.socket.socket(fileno=handle))
    again.sendall(b"still open")
    assert server.recv(20) == b"still open"


def test_detach_closes_the_object(net: Net) -> None:
    sock = tcp(net)
    assert not getattr(sock, "_closed")
    handle = sock.detach()
    assert getattr(sock, "_closed")
    net.socket.close(handle)


def test_detach_of_a_closed_socket(net: Net) -> None:
    sock = tcp(net)
    sock.close()
    assert sock.detach() == -1


# socket(fileno=) and fromfd -------------------------------------------------


@pytest.mark.parametrize("make", [
    lambda net: tcp(net),
    lambda net: tcp(net, socket.AF_INET6),
    lambda net: udp(net),
    lambda net: listener(net),
    lambda net: unix_pair(net)[0],
    lambda net: unix_pair(net, socket.SOCK_SEQPACKET)[0],
], ids=["tcp", "tcp6", "udp", "listener", "unix", "seqpacket"])
def test_fileno_finds_out_what_it_is(net: Net, make: Any) -> None:
    sock = make(net)
    again = net.keep(net.socket.socket(fileno=sock.detach()))
    assert (again.family, again.type) == (sock.family, sock.type)
    assert isinstance(again.family, socket.AddressFamily)
    assert isinstance(again.type, socket.SocketKind)
    assert again.proto == again.getsockopt(socket.SOL_SOCKET,
                                           net.socket.SO_PROTOCOL)


def test_fileno_believes_what_it_is_told(net: Net) -> None:
    sock, _ = unix_pair(net)
    again = net.keep(net.socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 17,
                                       sock.detach()))
    assert (again.family, again.type, again.proto) == (
        socket.AF_INET, socket.SOCK_DGRAM, 17)


def test_fileno_is_the_number_itself(net: Net) -> None:
    sock, _ = unix_pair(net)
    handle = sock.detach()
    assert net.keep(net.socket.socket(fileno=handle)).fileno() == handle


def test_fileno_has_the_default_timeout(net: Net) -> None:
    sock, _ = unix_pair(net)
    sock.settimeout(1)
    assert net.keep(net.socket.socket(
        fileno=sock.detach())).gettimeout() is None
    sock, _ = unix_pair(net)
    net.socket.setdefaulttimeout(4)
    assert net.keep(net.socket.socket(
        fileno=sock.detach())).gettimeout() == 4.0


@pytest.mark.parametrize("fileno, error", [
    (-1, ValueError), (-5, ValueError), ("3", TypeError), (3.0, TypeError),
])
def test_refused_filenos(net: Net, fileno: Any,
                         error: type[Exception]) -> None:
    with pytest.raises(error):
        net.socket.socket(fileno=fileno)


def test_fileno_that_is_not_open(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        net.socket.socket(fileno=stale_handle(net))
    assert caught.value.errno == errno.EBADF


def test_fromfd_copies(net: Net) -> None:
    first, second = unix_pair(net)
    copy = net.keep(net.socket.fromfd(
        first.fileno(), socket.AF_UNIX, socket.SOCK_STREAM))
    assert isinstance(copy, net.socket.socket)
    assert copy.fileno() != first.fileno()
    first.close()
    copy.sendall(b"x")
    assert second.recv(10) == b"x"


def test_fromfd_takes_a_protocol(net: Net) -> None:
    copy = net.keep(net.socket.fromfd(
        tcp(net).fileno(), socket.AF_INET, socket.SOCK_STREAM,
        proto=socket.IPPROTO_TCP))
    assert copy.proto == socket.IPPROTO_TCP


def test_fromfd_of_what_is_not_open(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        net.socket.fromfd(stale_handle(net), socket.AF_INET,
                          socket.SOCK_STREAM)
    assert caught.value.errno == errno.EBADF


def test_fromfd_wants_a_number(net: Net) -> None:
    with pytest.raises(TypeError):
        net.socket.fromfd(tcp(net), socket.AF_INET, socket.SOCK_STREAM)


# close of the module --------------------------------------------------------


def test_close_of_a_handle(net: Net) -> None:
    client, server = tcp_pair(net)
    assert net.socket.close(client.detach()) is None
    assert server.recv(1) == b""


def test_close_of_a_socket_whose_handle_was_closed(net: Net) -> None:
    # Not to be kept: the kernel may give its number to another one.
    sock = net.socket.socket()
    net.socket.close(sock.fileno())
    with pytest.raises(OSError) as caught:
        sock.close()
    assert caught.value.errno == errno.EBADF
    # It is closed now, for all that it knows.
    assert sock.fileno() == -1
    sock.close()


def test_close_of_what_is_not_open(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        net.socket.close(stale_handle(net))
    assert caught.value.errno == errno.EBADF


def test_close_wants_a_number(net: Net) -> None:
    for argument in ("3", tcp(net), None):
        with pytest.raises(TypeError):
            net.socket.close(argument)


def test_calls_on_a_socket_whose_handle_was_closed(net: Net) -> None:
    sock = tcp(net)
    net.socket.close(sock.fileno())
    with pytest.raises(OSError) as caught:
        sock.getsockname()
    assert caught.value.errno == errno.EBADF
    # The object does not know it.
    assert sock.fileno() >= 0
    sock.detach()


# fcntl ----------------------------------------------------------------------


def test_fcntl_takes_sockets_and_handles(net: Net) -> None:
    sock = tcp(net)
    for target in (sock, sock.fileno()):
        flags = net.fcntl(target, fcntl.F_GETFL)
        assert isinstance(flags, int)
        assert flags & os.O_ACCMODE == os.O_RDWR
        assert not flags & os.O_NONBLOCK
    sock.setblocking(False)
    assert net.fcntl(sock.fileno(), fcntl.F_GETFL) & os.O_NONBLOCK


def test_fcntl_reads_the_descriptors_flags(net: Net) -> None:
    assert net.fcntl(tcp(net), fcntl.F_GETFD) == fcntl.FD_CLOEXEC


def test_fcntl_sets_the_descriptors_flags(net: Net) -> None:
    sock = tcp(net)
    for flags in (0, fcntl.FD_CLOEXEC):
        assert net.fcntl(sock, fcntl.F_SETFD, flags) == 0
        assert net.fcntl(sock.fileno(), fcntl.F_GETFD) == flags
        assert sock.get_inheritable() is (flags == 0)
        sock.set_inheritable(bool(flags))
        assert net.fcntl(sock, fcntl.F_GETFD) == fcntl.FD_CLOEXEC - flags


def test_fcntl_sets_the_mode(net: Net) -> None:
    first, _ = unix_pair(net)
    flags = net.fcntl(first, fcntl.F_GETFL)
    assert net.fcntl(first, fcntl.F_SETFL, flags | os.O_NONBLOCK) == 0
    assert net.fcntl(first, fcntl.F_GETFL) == flags | os.O_NONBLOCK
    with pytest.raises(BlockingIOError):
        first.recv(1)
    # The object does not know.
    assert first.getblocking() is True
    assert net.fcntl(first, fcntl.F_SETFL, flags) == 0
    assert net.fcntl(first, fcntl.F_GETFL) == flags
    worker = Worker(first.recv, 1)
    net.wait_blocked(worker)
    first.shutdown(socket.SHUT_RDWR)
    assert worker.result() == b""


def test_fcntl_and_a_timeout(net: Net) -> None:
    first, _ = unix_pair(net)
    first.settimeout(0.1)
    flags = net.fcntl(first, fcntl.F_GETFL)
    assert flags & os.O_NONBLOCK
    assert net.fcntl(first, fcntl.F_SETFL, flags) == 0
    with pytest.raises(TimeoutError):
        first.recv(1)


@pytest.mark.parametrize("command, argument", [
    (fcntl.F_SETFD, None), (fcntl.F_SETFL, None), (fcntl.F_SETFL, 1.0)])
def test_fcntl_of_no_number(net: Net, command: int, argument: Any) -> None:
    with pytest.raises(TypeError):
        net.fcntl(tcp(net), command, argument)


def test_fcntl_of_what_is_not_open(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        net.fcntl(stale_handle(net), fcntl.F_GETFL)
    assert caught.value.errno == errno.EBADF


def test_fcntl_of_a_closed_socket(net: Net) -> None:
    sock = tcp(net)
    sock.close()
    with pytest.raises(ValueError):
        net.fcntl(sock, fcntl.F_GETFL)

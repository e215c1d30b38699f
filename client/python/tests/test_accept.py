"""accept: what it returns, and what the new socket inherits."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from typing import Any

import pytest

from connections import LOOPBACK, listener, receive_exactly, tcp, udp
from net import Net
from workers import Worker


def connected(net: Net, server: Any) -> Any:
    """A client that waits in the listener's accept queue."""
    client = tcp(net)
    client.connect(server.getsockname())
    return client


def accepted(net: Net, server: Any) -> Any:
    """The socket that the listener accepts next."""
    sock, _ = server.accept()
    return net.keep(sock)


def test_returns_a_socket_and_the_peers_address(net: Net) -> None:
    server = listener(net)
    client = connected(net, server)
    answer = server.accept()
    assert isinstance(answer, tuple)
    sock, address = answer
    net.keep(sock)
    assert isinstance(sock, net.socket.socket)
    assert address == client.getsockname()
    assert sock.getpeername() == client.getsockname()
    assert sock.getsockname() == server.getsockname()
    client.sendall(b"hello")
    assert sock.recv(10) == b"hello"


def test_takes_connections_in_their_order(net: Net) -> None:
    server = listener(net)
    clients = [connected(net, server) for _ in range(4)]
    peers = [accepted(net, server).getpeername() for _ in clients]
    assert peers == [client.getsockname() for client in clients]


def test_waits_for_a_connection(net: Net) -> None:
    server = listener(net)
    worker = Worker(server.accept)
    net.wait_blocked(worker)
    client = connected(net, server)
    sock, address = worker.result()
    net.keep(sock)
    assert address == client.getsockname()


@pytest.mark.parametrize("timeout", [None, 0, 5])
def test_timeout_of_the_listener_is_not_inherited(
        net: Net, timeout: float | None) -> None:
    server = listener(net)
    connected(net, server)
    server.settimeout(timeout)
    sock = accepted(net, server)
    assert sock.gettimeout() is None
    assert sock.getblocking() is True
    assert not net.fcntl(sock, fcntl.F_GETFL) & os.O_NONBLOCK


@pytest.mark.parametrize("timeout", [None, 0, 5])
@pytest.mark.parametrize("default", [0.0, 3.0])
def test_default_timeout_is_inherited(net: Net, default: float,
                                      timeout: float | None) -> None:
    server = listener(net)
    connected(net, server)
    server.settimeout(timeout)
    net.socket.setdefaulttimeout(default)
    sock = accepted(net, server)
    assert sock.gettimeout() == default
    assert net.fcntl(sock, fcntl.F_GETFL) & os.O_NONBLOCK


def test_a_blocking_accepted_socket_waits(net: Net) -> None:
    server = listener(net)
    server.setblocking(False)
    client = connected(net, server)
    reader = Worker(accepted(net, server).recv, 5)
    net.wait_blocked(reader)
    client.sendall(b"hello")
    assert reader.result() == b"hello"


@pytest.mark.parametrize("proto", [0, socket.IPPROTO_TCP])
def test_inherits_family_type_and_protocol(net: Net, proto: int) -> None:
    server = net.keep(net.socket.socket(
        socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, proto))
    server.bind((LOOPBACK, 0))
    server.listen()
    connected(net, server)
    sock = accepted(net, server)
    assert sock.family is socket.AF_INET
    assert sock.type is socket.SOCK_STREAM
    assert sock.proto == proto


def test_is_not_inheritable(net: Net) -> None:
    server = listener(net)
    connected(net, server)
    sock = accepted(net, server)
    assert sock.get_inheritable() is False
    assert net.fcntl(sock, fcntl.F_GETFD) == fcntl.FD_CLOEXEC


def test_nonblocking_with_an_empty_queue(net: Net) -> None:
    server = listener(net)
    server.setblocking(False)
    with pytest.raises(BlockingIOError) as caught:
        server.accept()
    assert caught.value.errno == errno.EAGAIN


def test_of_a_socket_that_does_not_listen(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        tcp(net).accept()
    assert caught.value.args == (errno.EINVAL, "Invalid argument")


def test_of_a_datagram_socket(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        udp(net).accept()
    assert caught.value.errno == errno.EOPNOTSUPP


def test_takes_no_arguments(net: Net) -> None:
    with pytest.raises(TypeError):
        listener(net).accept(1)


def test_a_client_that_has_gone_is_accepted(net: Net) -> None:
    server = listener(net)
    client = connected(net, server)
    address = client.getsockname()
    client.sendall(b"bye")
    client.close()
    sock, peer = server.accept()
    net.keep(sock)
    assert peer == address
    assert receive_exactly(sock, 10) == b"bye"


def test_goes_on_after_an_accepted_socket_was_closed(net: Net) -> None:
    server = listener(net)
    connected(net, server)
    accepted(net, server).close()
    second = connected(net, server)
    assert accepted(net, server).getpeername() == second.getsockname()


def test_two_threads_accept_one_connection_each(net: Net) -> None:
    server = listener(net)
    workers = [Worker(server.accept) for _ in range(2)]
    net.wait_blocked(*workers)
    clients = [connected(net, server) for _ in workers]
    peers = set()
    for worker in workers:
        sock, address = worker.result()
        net.keep(sock)
        peers.add(address)
    assert peers == {client.getsockname() for client in clients}

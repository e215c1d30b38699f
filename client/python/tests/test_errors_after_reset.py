"""What the calls on a connection say after its peer has reset it."""

from __future__ import annotations

import errno
import select
import socket

import pytest

from calls import RECEIVES, SENDS
from connections import ABORT, reset_by_peer, tcp_pair
from net import Net
from workers import Worker


@pytest.mark.parametrize("name", RECEIVES)
def test_receive_fails_once_and_then_is_at_the_end(net: Net,
                                                   name: str) -> None:
    sock = reset_by_peer(net)
    with pytest.raises(ConnectionResetError) as caught:
        RECEIVES[name](sock)
    assert caught.value.args == (errno.ECONNRESET,
                                 "Connection reset by peer")
    for _ in range(2):
        assert sock.recv(10) == b""
    assert sock.recv_into(bytearray(10)) == 0


@pytest.mark.parametrize("name", SENDS)
def test_send_fails_once_and_then_the_pipe_is_broken(net: Net,
                                                     name: str) -> None:
    sock = reset_by_peer(net)
    with pytest.raises(ConnectionResetError):
        SENDS[name](sock)
    for _ in range(2):
        with pytest.raises(BrokenPipeError) as caught:
            SENDS[name](sock)
        assert caught.value.errno == errno.EPIPE


def test_receive_takes_the_error_from_send(net: Net) -> None:
    sock = reset_by_peer(net)
    with pytest.raises(ConnectionResetError):
        sock.recv(10)
    with pytest.raises(BrokenPipeError):
        sock.send(b"x")


def test_send_takes_the_error_from_receive(net: Net) -> None:
    sock = reset_by_peer(net)
    with pytest.raises(ConnectionResetError):
        sock.send(b"x")
    assert sock.recv(10) == b""


def test_so_error_takes_the_error_from_both(net: Net) -> None:
    sock = reset_by_peer(net)
    option = (socket.SOL_SOCKET, socket.SO_ERROR)
    assert sock.getsockopt(*option) == errno.ECONNRESET
    assert sock.getsockopt(*option) == 0
    assert sock.recv(10) == b""


@pytest.mark.parametrize("name", RECEIVES)
@pytest.mark.parametrize("timeout", [None, 60])
def test_reset_ends_a_blocked_receive(net: Net, timeout: float | None,
                                      name: str) -> None:
    client, server = tcp_pair(net)
    client.settimeout(timeout)
    worker = Worker(RECEIVES[name], client)
    net.wait_blocked(worker)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    server.close()
    with pytest.raises(ConnectionResetError):
        worker.result()


def test_reset_ends_a_blocked_sendall(net: Net) -> None:
    client, server = tcp_pair(net)
    worker = Worker(client.sendall, bytes(1 << 26))
    net.wait_blocked(worker)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    server.close()
    with pytest.raises(ConnectionResetError):
        worker.result()


def test_close_with_unread_data_is_a_reset(net: Net) -> None:
    client, server = tcp_pair(net)
    client.sendall(b"never read")
    assert server.recv(1, socket.MSG_PEEK) == b"n"
    server.close()
    with pytest.raises(ConnectionResetError):
        client.recv(10)


def test_data_from_before_the_reset_comes_first(net: Net) -> None:
    client, server = tcp_pair(net)
    server.sendall(b"in the queue")
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    server.close()
    assert client.recv(100) == b"in the queue"
    with pytest.raises(ConnectionResetError):
        client.recv(100)
    assert client.recv(100) == b""


def test_reset_socket_has_no_peer(net: Net) -> None:
    sock = reset_by_peer(net)
    with pytest.raises(OSError) as caught:
        sock.getpeername()
    assert caught.value.errno == errno.ENOTCONN
    with pytest.raises(OSError) as caught:
        sock.shutdown(socket.SHUT_WR)
    assert caught.value.errno == errno.ENOTCONN


def test_poll_tells_all_about_a_reset(net: Net) -> None:
    sock = reset_by_peer(net)
    poller = net.select.poll()
    poller.register(sock, select.POLLIN | select.POLLOUT)
    [(handle, events)] = poller.poll(60_000)
    assert handle == sock.fileno()
    assert events == (select.POLLIN | select.POLLOUT | select.POLLERR |
                      select.POLLHUP)

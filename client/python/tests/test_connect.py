"""connect and connect_ex, in each mode of waiting."""

from __future__ import annotations

import errno
import select
import socket
from typing import Any

import pytest

from connections import (LOOPBACK, await_events, listener, receive_exactly,
                         refusing_address, silent_address, silent_listener,
                         tcp, udp)
from net import Net
from workers import Worker


def test_connect_returns_none(net: Net) -> None:
    assert tcp(net).connect(listener(net).getsockname()) is None


def test_connect_ex_returns_0(net: Net) -> None:
    assert tcp(net).connect_ex(listener(net).getsockname()) == 0


def test_sets_both_addresses(net: Net) -> None:
    server, client = listener(net), tcp(net)
    client.connect(server.getsockname())
    assert client.getpeername() == server.getsockname()
    host, port = client.getsockname()
    assert host == LOOPBACK
    assert 0 < port < 65536


def test_from_a_bound_socket(net: Net) -> None:
    server, client = listener(net), tcp(net)
    client.bind(("127.0.0.2", 0))
    address = client.getsockname()
    client.connect(server.getsockname())
    assert client.getsockname() == address


@pytest.mark.parametrize("timeout", [None, 30])
def test_refused(net: Net, timeout: float | None) -> None:
    sock = tcp(net)
    sock.settimeout(timeout)
    with pytest.raises(ConnectionRefusedError) as caught:
        sock.connect(refusing_address(net))
    assert caught.value.args == (errno.ECONNREFUSED, "Connection refused")


@pytest.mark.parametrize("timeout", [None, 30])
def test_refused_ex(net: Net, timeout: float | None) -> None:
    sock = tcp(net)
    sock.settimeout(timeout)
    assert sock.connect_ex(refusing_address(net)) == errno.ECONNREFUSED


def test_a_refused_socket_may_connect_again(net: Net) -> None:
    sock = tcp(net)
    assert sock.connect_ex(refusing_address(net)) == errno.ECONNREFUSED
    assert sock.connect_ex(listener(net).getsockname()) == 0


@pytest.mark.parametrize("timeout", [None, 0, 30])
def test_of_a_connected_socket(net: Net, timeout: float | None) -> None:
    server = listener(net)
    sock = tcp(net)
    sock.connect(server.getsockname())
    sock.settimeout(timeout)
    assert sock.connect_ex(server.getsockname()) == errno.EISCONN
    with pytest.raises(OSError) as caught:
        sock.connect(server.getsockname())
    assert caught.value.errno == errno.EISCONN


def test_of_a_listener(net: Net) -> None:
    server = listener(net)
    assert server.connect_ex(server.getsockname()) == errno.EISCONN


def test_waits_for_the_peer(net: Net) -> None:
    server, sock = silent_listener(net), tcp(net)
    worker = Worker(sock.connect, server.getsockname())
    net.wait_blocked(worker)
    # Makes room for the SYN that is sent again, after about a second.
    net.keep(server.accept()[0])
    assert worker.result() is None
    assert sock.getpeername() == server.getsockname()


# connect_ex with a timeout --------------------------------------------------


def test_expired_connect_ex_returns_eagain(net: Net) -> None:
    sock, address = tcp(net), silent_address(net)
    sock.settimeout(0.1)
    assert sock.connect_ex(address) == errno.EAGAIN
    # The first one goes on in the kernel.
    assert sock.connect_ex(address) == errno.EALREADY


def test_connect_after_an_expired_connect(net: Net) -> None:
    sock, address = tcp(net), silent_address(net)
    sock.settimeout(0.1)
    with pytest.raises(TimeoutError):
        sock.connect(address)
    with pytest.raises(BlockingIOError) as caught:
        sock.connect(address)
    assert caught.value.args == (errno.EALREADY,
                                 "Operation already in progress")


def test_expired_connect_comes_about_later(net: Net) -> None:
    server, sock = silent_listener(net), tcp(net)
    sock.settimeout(0.1)
    assert sock.connect_ex(server.getsockname()) == errno.EAGAIN
    net.keep(server.accept()[0])
    await_events(net, sock, select.POLLOUT)
    assert sock.getpeername() == server.getsockname()


# Non-blocking ---------------------------------------------------------------


def test_nonblocking_is_in_progress(net: Net) -> None:
    sock = tcp(net)
    sock.setblocking(False)
    with pytest.raises(BlockingIOError) as caught:
        sock.connect(listener(net).getsockname())
    assert caught.value.args == (errno.EINPROGRESS,
                                 "Operation now in progress")


def test_nonblocking_ex_in_progress_then_done_then_connected(
        net: Net) -> None:
    server, sock = listener(net), tcp(net)
    sock.setblocking(False)
    address = server.getsockname()
    assert sock.connect_ex(address) == errno.EINPROGRESS
    await_events(net, sock, select.POLLOUT)
    assert sock.connect_ex(address) == 0
    assert sock.connect_ex(address) == errno.EISCONN


def test_nonblocking_ex_in_progress_then_already(net: Net) -> None:
    sock, address = tcp(net), silent_address(net)
    sock.setblocking(False)
    assert sock.connect_ex(address) == errno.EINPROGRESS
    assert sock.connect_ex(address) == errno.EALREADY
    assert sock.connect_ex(address) == errno.EALREADY


def test_nonblocking_refusal_is_in_so_error_once(net: Net) -> None:
    sock = tcp(net)
    sock.setblocking(False)
    # On loopback the refusal may well be there before connect returns.
    assert sock.connect_ex(refusing_address(net)) == errno.EINPROGRESS
    await_events(net, sock, select.POLLOUT)
    error = (socket.SOL_SOCKET, socket.SO_ERROR)
    assert sock.getsockopt(*error) == errno.ECONNREFUSED
    assert sock.getsockopt(*error) == 0


def test_nonblocking_refusal_is_told_by_the_next_connect(net: Net) -> None:
    sock, address = tcp(net), refusing_address(net)
    sock.setblocking(False)
    assert sock.connect_ex(address) == errno.EINPROGRESS
    await_events(net, sock, select.POLLOUT)
    assert sock.connect_ex(address) == errno.ECONNREFUSED


def test_nonblocking_carries_data_when_it_is_done(net: Net) -> None:
    server, sock = listener(net), tcp(net)
    sock.setblocking(False)
    sock.connect_ex(server.getsockname())
    await_events(net, sock, select.POLLOUT)
    sock.sendall(b"hello")
    peer = net.keep(server.accept()[0])
    assert receive_exactly(peer, 5) == b"hello"


# Errors that connect_ex raises, too ----------------------------------------


@pytest.mark.parametrize("address, error", [
    ((LOOPBACK,), TypeError),
    ([LOOPBACK, 1], TypeError),
    ("127.0.0.1:1", TypeError),
    ((LOOPBACK, "1"), TypeError),
    ((LOOPBACK, 65536), OverflowError),
    ((LOOPBACK, -1), OverflowError),
    (("::1", 1), socket.gaierror),
])
@pytest.mark.parametrize("method", ["connect", "connect_ex"])
def test_malformed_addresses_raise(net: Net, method: str, address: Any,
                                   error: type[Exception]) -> None:
    with pytest.raises(error):
        getattr(tcp(net), method)(address)


def test_connect_ex_of_a_closed_socket(net: Net) -> None:
    sock = tcp(net)
    sock.close()
    assert sock.connect_ex((LOOPBACK, 1)) == errno.EBADF


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
def test_takes_one_positional_argument(net: Net, method: str) -> None:
    call = getattr(tcp(net), method)
    with pytest.raises(TypeError):
        call()
    with pytest.raises(TypeError):
        call(LOOPBACK, 1)
    with pytest.raises(TypeError):
        call(address=(LOOPBACK, 1))


# Datagram sockets -----------------------------------------------------------


def test_udp_connects_at_once_and_anew(net: Net) -> None:
    first, second, sock = udp(net), udp(net), udp(net)
    sock.setblocking(False)
    for peer in (first, second):
        assert sock.connect_ex(peer.getsockname()) == 0
        assert sock.getpeername() == peer.getsockname()
        sock.send(b"x")
        assert peer.recv(10) == b"x"


# create_connection ----------------------------------------------------------


def test_create_connection(net: Net) -> None:
    server = listener(net)
    with net.socket.create_connection(server.getsockname()) as sock:
        assert isinstance(sock, net.socket.socket)
        assert sock.getpeername() == server.getsockname()
        assert sock.gettimeout() is None


def test_create_connection_resolves_names(net: Net) -> None:
    server = listener(net)
    address = ("localhost", server.getsockname()[1])
    with net.socket.create_connection(address=address) as sock:
        assert sock.getpeername() == server.getsockname()


def test_create_connection_with_a_source(net: Net) -> None:
    server = listener(net)
    with net.socket.create_connection(
            server.getsockname(), source_address=("127.0.0.3", 0)) as sock:
        assert sock.getsockname()[0] == "127.0.0.3"


def test_create_connection_keeps_the_timeout(net: Net) -> None:
    address = listener(net).getsockname()
    with net.socket.create_connection(address, 7.5) as sock:
        assert sock.gettimeout() == 7.5
    net.socket.setdefaulttimeout(9)
    with net.socket.create_connection(address) as sock:
        assert sock.gettimeout() == 9.0
    with net.socket.create_connection(address, timeout=None) as sock:
        assert sock.gettimeout() is None


def test_create_connection_expires(net: Net) -> None:
    with pytest.raises(TimeoutError) as caught:
        net.socket.create_connection(silent_address(net), timeout=0.1)
    assert caught.value.errno is None


def test_create_connection_refused(net: Net) -> None:
    with pytest.raises(ConnectionRefusedError):
        net.socket.create_connection(refusing_address(net))


def test_create_connection_tells_all_errors(net: Net) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        net.socket.create_connection(refusing_address(net), all_errors=True)
    errors = caught.value.exceptions
    assert [type(error) for error in errors] == [ConnectionRefusedError]


def test_create_connection_to_a_bad_name(net: Net) -> None:
    with pytest.raises(socket.gaierror):
        net.socket.create_connection(("fe80::1%none", 1))

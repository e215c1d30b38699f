"""What the kernel is asked, it answers: names, and what time there is to wait.

Each test has the same answer on a local socket and on a remote one.
"""

from __future__ import annotations

import array
import errno
import socket
import time
from typing import Any, Callable

import pytest
import standoff

from connections import (fill, listener, receive_exactly, silent_address, tcp,
                         tcp_pair, udp, unix_pair)
from net import Net, RemoteNet

TIMEOUT = 0.3
TCP_FASTOPEN_CONNECT = 30
TCP_FASTOPEN_NO_COOKIE = 34


def check_errno(call: Callable[[], Any], number: int) -> None:
    with pytest.raises(OSError) as caught:
        call()
    assert caught.value.errno == number


def check_times_out(call: Callable[[], Any]) -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        call()
    assert time.monotonic() - start >= TIMEOUT


# Names ------------------------------------------------------------------------


def test_peer_while_connecting(net: Net) -> None:
    sock = tcp(net)
    address = silent_address(net)
    sock.setblocking(False)
    assert sock.connect_ex(address) == errno.EINPROGRESS
    check_errno(sock.getpeername, errno.ENOTCONN)
    assert sock.getsockname()[1] != 0


def test_peer_after_a_connect_timed_out(net: Net) -> None:
    sock = tcp(net)
    sock.settimeout(0.1)
    with pytest.raises(TimeoutError):
        sock.connect(silent_address(net))
    check_errno(sock.getpeername, errno.ENOTCONN)


def test_peer_of_a_connect_that_was_put_off(net: Net) -> None:
    server = listener(net)
    sock = tcp(net)
    for option in TCP_FASTOPEN_NO_COOKIE, TCP_FASTOPEN_CONNECT:
        sock.setsockopt(socket.IPPROTO_TCP, option, 1)
    sock.connect(server.getsockname())
    check_errno(sock.getpeername, errno.ENOTCONN)


def test_peer_of_a_packet_socket(net: Net) -> None:
    try:
        sock = net.keep(net.socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
    except PermissionError:
        pytest.skip("not permitted")
    check_errno(sock.getpeername, errno.EOPNOTSUPP)


# With a timeout, a call waits first -------------------------------------------


def test_receive_below_the_low_water_mark(net: Net) -> None:
    client, server = tcp_pair(net)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 5)
    server.settimeout(TIMEOUT)
    client.send(b"abc")
    check_times_out(lambda: server.recv(10))
    client.send(b"de")
    assert server.recv(10) == b"abcde"


def test_send_with_little_room(net: Net) -> None:
    client, server = tcp_pair(net)
    fill(client)
    server.recv(1)
    client.settimeout(TIMEOUT)
    check_times_out(lambda: client.send(b"0123456789"))


def test_no_out_of_band_data(net: Net) -> None:
    _, server = tcp_pair(net)
    server.settimeout(TIMEOUT)
    check_times_out(lambda: server.recv(1, socket.MSG_OOB))


def test_out_of_band_data_alone(net: Net) -> None:
    client, server = tcp_pair(net)
    client.send(b"!", socket.MSG_OOB)
    server.settimeout(TIMEOUT)
    check_times_out(lambda: server.recv(1, socket.MSG_OOB))


def test_receive_on_a_listener(net: Net) -> None:
    server = listener(net)
    server.settimeout(TIMEOUT)
    check_times_out(lambda: server.recv(1))


def test_accept_on_a_datagram_socket(net: Net) -> None:
    sock = udp(net)
    sock.settimeout(TIMEOUT)
    check_times_out(sock.accept)


# Options and control messages that nobody knows -------------------------------


def test_unknown_options(net: Net) -> None:
    sock = tcp(net)
    for level in (socket.SOL_SOCKET, socket.IPPROTO_TCP):
        check_errno(lambda: sock.setsockopt(level, 9999, 1), errno.ENOPROTOOPT)
        check_errno(lambda: sock.getsockopt(level, 9999), errno.ENOPROTOOPT)


def test_unknown_control_message(net: Net) -> None:
    first, _ = unix_pair(net)
    ancdata = [(socket.SOL_SOCKET, 99, b"")]
    check_errno(lambda: first.sendmsg([b"x"], ancdata), errno.EINVAL)


# Passing sockets --------------------------------------------------------------


def test_a_passed_socket(net: Net) -> None:
    first, second = unix_pair(net)
    client, server = tcp_pair(net)
    rights = array.array("i", [client.fileno()])
    first.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    data, ancdata, flags, _ = second.recvmsg(10, socket.CMSG_LEN(4))
    assert data == b"x"
    assert flags & socket.MSG_CTRUNC == 0
    [(level, kind, content)] = ancdata
    assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
    [number] = array.array("i", content)
    assert number != client.fileno()
    copy = net.keep(net.socket.socket(fileno=number))
    assert copy.family == socket.AF_INET
    assert copy.type == socket.SOCK_STREAM
    assert copy.getsockname() == client.getsockname()
    copy.send(b"through")
    assert receive_exactly(server, 7) == b"through"


def test_the_functions_that_pass_them(net: Net) -> None:
    first, second = unix_pair(net)
    client, server = tcp_pair(net)
    net.socket.send_fds(first, [b"x"], [client.fileno(), server.fileno()])
    data, numbers, _, _ = net.socket.recv_fds(second, 10, 2)
    assert data == b"x"
    copies = [net.keep(net.socket.socket(fileno=n)) for n in numbers]
    assert copies[0].getsockname() == client.getsockname()
    assert copies[1].getsockname() == server.getsockname()


# What only remote sockets have ------------------------------------------------


@pytest.mark.parametrize("net", ["remote"], indirect=True)
def test_queues_and_mark(net: RemoteNet) -> None:
    first, second = unix_pair(net)
    first.send(b"abc")
    assert second.receive_queue() == 3
    assert first.send_queue() > 0
    assert second.send_queue() == 0
    check_errno(listener(net).receive_queue, errno.EINVAL)
    assert tcp_pair(net)[1].is_at_mark() is False
    check_errno(udp(net).is_at_mark, errno.ENOTTY)


@pytest.mark.parametrize("net", ["remote"], indirect=True)
def test_why_batches_wait(net: RemoteNet) -> None:
    first, second = unix_pair(net)
    receives = [
        net.host.actor(name).start(sock.receive_batch, 2, 10)
        for name, sock in (("anna", first), ("bert", second))
    ]
    standoff.wait(receives, condition="blocked")
    diagnosis = standoff.why([net.host])
    assert [call.method for call in diagnosis.blocked] == ["ReceiveBatch"] * 2
    assert {call.caller.actor for call in diagnosis.blocked} == {"anna", "bert"}
    assert all(call.reason is standoff.Reason.DEADLOCK
               for call in diagnosis.blocked)
    for receive in receives:
        receive.cancel()


@pytest.mark.parametrize("net", ["remote"], indirect=True)
def test_batches(net: RemoteNet) -> None:
    receiver = udp(net)
    address = receiver.getsockname()
    sender = udp(net)
    assert sender.send_batch(
        [(b"a", [], address), (b"bb", (), address)]
    ) == [1, 2]
    receiver.settimeout(5)
    received = receiver.receive_batch(2, 10)
    if len(received) == 1:
        received += receiver.receive_batch(1, 10)
    assert received == [
        (b"a", [], 0, sender.getsockname()),
        (b"bb", [], 0, sender.getsockname()),
    ]
    sender.connect(address)
    assert sender.send_batch([b"c", b""]) == [1, 0]
    receiver.settimeout(0.1)
    assert receiver.receive_batch(1, 10)[0][0] == b"c"
    assert receiver.receive_batch(1, 10)[0][0] == b""
    with pytest.raises(TimeoutError):
        receiver.receive_batch(1, 10)

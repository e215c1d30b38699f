"""getsockopt and setsockopt."""

from __future__ import annotations

import errno
import socket
import struct
import time
from typing import Any

import pytest

from connections import (await_events, fill, listener, tcp, tcp_pair, udp,
                         unix_pair)
from net import Net

TTL = (socket.IPPROTO_IP, socket.IP_TTL)
REUSE = (socket.SOL_SOCKET, socket.SO_REUSEADDR)
INT = struct.Struct("i")


# getsockopt -----------------------------------------------------------------


def test_without_a_length_it_is_an_int(net: Net) -> None:
    sock = tcp(net)
    sock.setsockopt(*TTL, 77)
    assert sock.getsockopt(*TTL) == 77
    assert type(sock.getsockopt(*TTL)) is int
    assert sock.getsockopt(*TTL, 0) == 77


@pytest.mark.parametrize("length, expected", [
    (4, INT.pack(77)),
    # The kernel's own cut of an int that is a byte.
    (1, b"\x4d"),
    (16, INT.pack(77)),
    (1024, INT.pack(77)),
])
def test_with_a_length_it_is_as_many_bytes_as_there_are(
        net: Net, length: int, expected: bytes) -> None:
    sock = tcp(net)
    sock.setsockopt(*TTL, 77)
    value = sock.getsockopt(*TTL, length)
    assert value == expected
    assert type(value) is bytes


@pytest.mark.parametrize("length", [-1, 1025, 2**31 - 1, -2**31])
def test_length_out_of_range(net: Net, length: int) -> None:
    with pytest.raises(OSError) as caught:
        tcp(net).getsockopt(*TTL, length)
    assert caught.value.args == ("getsockopt buflen out of range",)
    assert caught.value.errno is None


@pytest.mark.parametrize("arguments", [
    (), (0,), ("0", 2), (0, "IP_TTL"), (0, 2, "4"), (0, 2, None),
    (0, 2, 4, 4), (0, 2.0),
])
def test_get_arguments_of_the_wrong_type(net: Net, arguments: Any) -> None:
    with pytest.raises(TypeError):
        tcp(net).getsockopt(*arguments)


@pytest.mark.parametrize("arguments", [
    (0, 2, 2**31), (2**31, 2), (0, 2**40),
])
def test_numbers_that_are_no_c_int(net: Net, arguments: Any) -> None:
    with pytest.raises(OverflowError):
        tcp(net).getsockopt(*arguments)


def test_option_of_another_protocol(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        udp(net).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert caught.value.errno == errno.EOPNOTSUPP


# setsockopt -----------------------------------------------------------------


@pytest.mark.parametrize("value", [1, True, INT.pack(1), bytearray(
    INT.pack(1)), memoryview(INT.pack(1))])
def test_set(net: Net, value: Any) -> None:
    sock = tcp(net)
    assert sock.setsockopt(*REUSE, value) is None
    assert sock.getsockopt(*REUSE) == 1


def test_set_negative(net: Net) -> None:
    sock = tcp(net)
    # The default again.
    sock.setsockopt(*TTL, 5)
    sock.setsockopt(*TTL, -1)
    assert sock.getsockopt(*TTL) not in (5, -1)


def test_set_to_a_value_that_is_refused(net: Net) -> None:
    for value in (256, -2, b"x" * 0):
        with pytest.raises(OSError) as caught:
            tcp(net).setsockopt(*TTL, value)
        assert caught.value.errno == errno.EINVAL


def test_set_too_few_bytes(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        tcp(net).setsockopt(*REUSE, b"x")
    assert caught.value.errno == errno.EINVAL


def test_set_none_with_a_length(net: Net) -> None:
    # A null pointer, which few options take.
    with pytest.raises(OSError) as caught:
        tcp(net).setsockopt(*REUSE, None, 4)
    assert caught.value.args == (errno.EFAULT, "Bad address")


@pytest.mark.parametrize("arguments", [
    (), REUSE, (*REUSE, "1"), (*REUSE, 1.0), (*REUSE, None),
    # What is no C int is taken for bytes.
    (*REUSE, 2**31), (*REUSE, -2**31 - 1),
    (*REUSE, 1, 4), (*REUSE, b"1234", 4), (*REUSE, None, 4, 0),
    ("1", 2, 1), (1, None, 1),
])
def test_set_arguments_of_the_wrong_type(net: Net, arguments: Any) -> None:
    with pytest.raises(TypeError):
        tcp(net).setsockopt(*arguments)


# Options that matter --------------------------------------------------------


@pytest.mark.parametrize("level, option", [
    (socket.SOL_SOCKET, socket.SO_REUSEADDR),
    (socket.SOL_SOCKET, socket.SO_REUSEPORT),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    (socket.SOL_SOCKET, socket.SO_OOBINLINE),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY),
    (socket.IPPROTO_TCP, socket.TCP_CORK),
    (socket.IPPROTO_TCP, socket.TCP_QUICKACK),
])
def test_switches(net: Net, level: int, option: int) -> None:
    sock = tcp(net)
    for value in (1, 0):
        sock.setsockopt(level, option, value)
        assert sock.getsockopt(level, option) == value


@pytest.mark.parametrize("name", [
    "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_SYNCNT",
    "TCP_LINGER2", "TCP_USER_TIMEOUT"])
def test_numbers_of_tcp(net: Net, name: str) -> None:
    sock, option = tcp(net), getattr(net.socket, name)
    sock.setsockopt(socket.IPPROTO_TCP, option, 7)
    assert sock.getsockopt(socket.IPPROTO_TCP, option) == 7


@pytest.mark.parametrize("option", [socket.SO_RCVBUF, socket.SO_SNDBUF])
def test_buffers_are_doubled_by_the_kernel(net: Net, option: int) -> None:
    sock = tcp(net)
    sock.setsockopt(socket.SOL_SOCKET, option, 10_000)
    assert sock.getsockopt(socket.SOL_SOCKET, option) == 20_000


def test_facts_of_a_socket(net: Net) -> None:
    sock = udp(net)
    level = socket.SOL_SOCKET
    assert sock.getsockopt(level, socket.SO_TYPE) == socket.SOCK_DGRAM
    assert sock.getsockopt(level, net.socket.SO_DOMAIN) == socket.AF_INET
    assert sock.getsockopt(level, net.socket.SO_PROTOCOL) == (
        socket.IPPROTO_UDP)
    assert sock.getsockopt(level, socket.SO_ERROR) == 0
    assert sock.getsockopt(level, socket.SO_ACCEPTCONN) == 0
    assert listener(net).getsockopt(level, socket.SO_ACCEPTCONN) == 1


def test_facts_cannot_be_set(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        tcp(net).setsockopt(socket.SOL_SOCKET, socket.SO_TYPE, 2)
    assert caught.value.errno == errno.ENOPROTOOPT


def test_linger_is_a_structure(net: Net) -> None:
    sock = tcp(net)
    linger = struct.pack("ii", 1, 30)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == linger
    # Its first half.
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER) == 1


@pytest.mark.parametrize("option", [socket.SO_RCVTIMEO, socket.SO_SNDTIMEO])
def test_timeouts_of_the_kernel_are_structures(net: Net,
                                               option: int) -> None:
    sock = tcp(net)
    sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", 5, 250_000))
    value = sock.getsockopt(socket.SOL_SOCKET, option, 16)
    seconds, microseconds = struct.unpack("ll", value)
    # As coarse as the kernel's tick, and rounded up.
    assert seconds == 5
    assert 250_000 <= microseconds <= 270_000
    # No timeout of the socket object.
    assert sock.gettimeout() is None


@pytest.mark.parametrize("call, option", [
    (lambda sock: sock.recv(1), socket.SO_RCVTIMEO),
    (lambda sock: sock.sendall(b"x"), socket.SO_SNDTIMEO),
])
def test_timeouts_of_the_kernel_end_blocking_calls(
        net: Net, call: Any, option: int) -> None:
    first, _ = unix_pair(net)
    fill(first)
    first.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", 0, 200_000))
    start = time.monotonic()
    with pytest.raises(BlockingIOError) as caught:
        call(first)
    assert caught.value.errno == errno.EAGAIN
    # The kernel counts in ticks, of 10 ms at most.
    assert time.monotonic() - start >= 0.19


def test_congestion_control_is_a_name(net: Net) -> None:
    sock = tcp(net)
    option = (socket.IPPROTO_TCP, net.socket.TCP_CONGESTION)
    sock.setsockopt(*option, b"reno")
    assert sock.getsockopt(*option, 16) == b"reno".ljust(16, b"\0")
    with pytest.raises(OSError) as caught:
        sock.setsockopt(*option, b"no such thing")
    assert caught.value.errno == errno.ENOENT


def test_tcp_info_is_as_long_as_asked_for(net: Net) -> None:
    client, _ = tcp_pair(net)
    option = (socket.IPPROTO_TCP, socket.TCP_INFO)
    info = client.getsockopt(*option, 1024)
    assert 100 < len(info) < 1024
    established = 1
    assert info[0] == established
    assert len(client.getsockopt(*option, 8)) == 8


def test_device_that_is_not_bound_to_has_no_bytes(net: Net) -> None:
    assert tcp(net).getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                               16) == b""


def test_device(net: Net) -> None:
    sock = tcp(net)
    option = (socket.SOL_SOCKET, socket.SO_BINDTODEVICE)
    sock.setsockopt(*option, b"lo\0")
    assert sock.getsockopt(*option, 16) == b"lo\0"


def test_v6_only(net: Net) -> None:
    sock = tcp(net, socket.AF_INET6)
    option = (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    sock.setsockopt(*option, 1)
    assert sock.getsockopt(*option) == 1


def test_multicast(net: Net) -> None:
    sender = udp(net)
    receiver = net.keep(net.socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    receiver.bind(("", 0))
    group, loopback = (socket.inet_aton(host)
                       for host in ("239.1.2.3", "127.0.0.1"))
    receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                        group + loopback)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
    assert sender.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                             4) == loopback
    sender.sendto(b"all", ("239.1.2.3", receiver.getsockname()[1]))
    assert receiver.recvfrom(10) == (b"all", sender.getsockname())


def test_so_error_is_told_once(net: Net) -> None:
    sock, peer = udp(net), udp(net)
    sock.connect(peer.getsockname())
    peer.close()
    sock.send(b"x")
    await_events(net, sock, 0)
    option = (socket.SOL_SOCKET, socket.SO_ERROR)
    assert sock.getsockopt(*option) == errno.ECONNREFUSED
    assert sock.getsockopt(*option) == 0


# Attributes -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["family", "type", "proto"])
def test_attributes_are_read_only(net: Net, name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(tcp(net), name, 1)

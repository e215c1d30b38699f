"""Control messages: what sendmsg takes and recvmsg returns."""

from __future__ import annotations

import array
import errno
import os
import socket
import struct
from typing import Any

import pytest

from connections import LOOPBACK, await_events, tcp_pair, udp, unix_pair
from net import Net

# linux/in.h, linux/in6.h: the module has no names for them.
IP_PKTINFO = 8
IP_RECVERR = 11
IP_RECVTTL = 12
SO_EE_ORIGIN_ICMP = 2

INT = struct.Struct("i")
TTL_ROOM = socket.CMSG_SPACE(INT.size)


def ttl_pair(net: Net) -> tuple[Any, Any]:
    """A sender, and a receiver that is told the TTL."""
    sender, receiver = udp(net), udp(net)
    receiver.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
    sender.connect(receiver.getsockname())
    return sender, receiver


def ttl_message(ttl: int) -> tuple[int, int, bytes]:
    """The control message that has a TTL."""
    return (socket.IPPROTO_IP, socket.IP_TTL, INT.pack(ttl))


def test_ttl_is_sent_and_received(net: Net) -> None:
    sender, receiver = ttl_pair(net)
    assert sender.sendmsg([b"x"], [ttl_message(7)]) == 1
    data, control, flags, address = receiver.recvmsg(10, TTL_ROOM)
    assert (data, flags, address) == (b"x", 0, sender.getsockname())
    assert control == [ttl_message(7)]
    assert isinstance(control, list)
    level, kind, value = control[0]
    assert [type(level), type(kind), type(value)] == [int, int, bytes]


def test_ttl_of_the_message_is_for_it_alone(net: Net) -> None:
    sender, receiver = ttl_pair(net)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 33)
    sender.sendmsg([b"x"], [ttl_message(7)])
    sender.send(b"y")
    assert receiver.recvmsg(10, TTL_ROOM)[1] == [ttl_message(7)]
    assert receiver.recvmsg(10, TTL_ROOM)[1] == [ttl_message(33)]


def test_recvmsg_into_returns_control_messages(net: Net) -> None:
    sender, receiver = ttl_pair(net)
    sender.sendmsg([b"hello"], [ttl_message(9)])
    buffer = bytearray(10)
    assert receiver.recvmsg_into([buffer], TTL_ROOM) == (
        5, [ttl_message(9)], 0, sender.getsockname())


def test_several_messages_come_in_their_order(net: Net) -> None:
    sender, receiver = ttl_pair(net)
    receiver.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    receiver.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    tos = (socket.IPPROTO_IP, socket.IP_TOS, INT.pack(0x10))
    sender.sendmsg([b"x"], [ttl_message(5), tos])
    _, control, flags, _ = receiver.recvmsg(10, 1024)
    assert flags == 0
    assert [kind for _, kind, _ in control] == [
        IP_PKTINFO, socket.IP_TTL, socket.IP_TOS]
    # struct in_pktinfo: the interface, the local and the header's address.
    _, local, target = struct.unpack("i4s4s", control[0][2])
    assert local == target == socket.inet_aton(LOOPBACK)
    # One byte, though an int was sent.
    assert control[2][2] == b"\x10"


def test_pktinfo_chooses_the_source(net: Net) -> None:
    receiver = udp(net)
    sender = net.keep(net.socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sender.bind(("", 0))
    info = struct.pack("i4s4s", 0, socket.inet_aton("127.0.0.5"), bytes(4))
    sender.sendmsg([b"x"], [(socket.IPPROTO_IP, IP_PKTINFO, info)], 0,
                   receiver.getsockname())
    assert receiver.recvfrom(10)[1] == ("127.0.0.5",
                                        sender.getsockname()[1])


def test_hop_limit_of_ipv6(net: Net) -> None:
    sender = udp(net, socket.AF_INET6)
    receiver = udp(net, socket.AF_INET6)
    receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    message = (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT, INT.pack(11))
    sender.sendmsg([b"x"], [message], 0, receiver.getsockname())
    assert receiver.recvmsg(10, TTL_ROOM)[1] == [message]


def test_timestamp(net: Net) -> None:
    sender, receiver = udp(net), udp(net)
    so_timestamp = 29
    receiver.setsockopt(socket.SOL_SOCKET, so_timestamp, 1)
    sender.sendto(b"x", receiver.getsockname())
    control = receiver.recvmsg(10, 100)[1]
    assert [item[:2] for item in control] == [
        (socket.SOL_SOCKET, so_timestamp)]
    seconds, microseconds = struct.unpack("ll", control[0][2])
    assert seconds > 1_500_000_000
    assert 0 <= microseconds < 1_000_000


# Room -----------------------------------------------------------------------


def test_no_room_for_control_messages(net: Net) -> None:
    sender, receiver = ttl_pair(net)
    sender.send(b"x")
    assert receiver.recvmsg(10) == (
        b"x", [], socket.MSG_CTRUNC, sender.getsockname())


@pytest.mark.parametrize("room", [0, 1, 3, 4])
def test_a_message_is_cut_to_the_exact_room(net: Net, room: int) -> None:
    sender, receiver = ttl_pair(net)
    sender.sendmsg([b"x"], [ttl_message(0x11)])
    data, control, flags, _ = receiver.recvmsg(10, socket.CMSG_LEN(room))
    level, kind, value = ttl_message(0x11)
    assert data == b"x"
    assert control == [(level, kind, value[:room])]
    assert flags == (socket.MSG_CTRUNC if room < 4 else 0)


def test_room_that_holds_not_even_a_header(net: Net) -> None:
    sender, receiver = ttl_pair(net)
    sender.send(b"x")
    _, control, flags, _ = receiver.recvmsg(10, socket.CMSG_LEN(0) - 1)
    assert control == []
    assert flags == socket.MSG_CTRUNC


def test_room_for_the_first_of_two(net: Net) -> None:
    sender, receiver = ttl_pair(net)
    receiver.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    sender.sendmsg([b"x"], [ttl_message(3)])
    _, control, flags, _ = receiver.recvmsg(10, TTL_ROOM)
    assert control == [ttl_message(3)]
    assert flags == socket.MSG_CTRUNC


def test_largest_room(net: Net) -> None:
    sender, receiver = ttl_pair(net)
    sender.sendmsg([b"x"], [ttl_message(3)])
    assert receiver.recvmsg(10, 60_000)[1] == [ttl_message(3)]


# Data that is taken or refused ----------------------------------------------


@pytest.mark.parametrize("collect", [list, tuple, iter])
def test_ancillary_data_in_any_iterable(net: Net, collect: Any) -> None:
    sender, receiver = ttl_pair(net)
    sender.sendmsg([b"x"], collect([ttl_message(8)]))
    assert receiver.recvmsg(10, TTL_ROOM)[1] == [ttl_message(8)]


@pytest.mark.parametrize("convert", [
    bytearray, memoryview, lambda data: array.array("B", data)])
def test_ancillary_data_in_any_buffer(net: Net, convert: Any) -> None:
    sender, receiver = ttl_pair(net)
    level, kind, value = ttl_message(8)
    sender.sendmsg([b"x"], [(level, kind, convert(value))])
    assert receiver.recvmsg(10, TTL_ROOM)[1] == [ttl_message(8)]


@pytest.mark.parametrize("ancillary", [
    5, [5], [()], [(0, 2)], [(0, 2, b"", b"")], ["abc"], [(0, 2, "text")],
    [("0", 2, b"")], [(0, None, b"")], [(0, 2, 5)],
])
def test_ancillary_data_of_the_wrong_type(net: Net, ancillary: Any) -> None:
    with pytest.raises(TypeError):
        ttl_pair(net)[0].sendmsg([b"x"], ancillary)


def test_credentials(net: Net) -> None:
    first, second = unix_pair(net)
    second.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    first.sendall(b"x")
    data, control, flags, _ = second.recvmsg(10, socket.CMSG_SPACE(12))
    assert (data, flags) == (b"x", 0)
    assert [item[:2] for item in control] == [
        (socket.SOL_SOCKET, socket.SCM_CREDENTIALS)]
    # struct ucred
    assert struct.unpack("iii", control[0][2])[1] == os.getuid()


def test_errors_of_datagrams_are_in_the_error_queue(net: Net) -> None:
    sender, receiver = udp(net), udp(net)
    sender.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    address = receiver.getsockname()
    receiver.close()
    sender.sendto(b"lost", address)
    await_events(net, sender, 0)
    data, control, flags, target = sender.recvmsg(
        100, 512, socket.MSG_ERRQUEUE)
    assert data == b"lost"
    assert flags & socket.MSG_ERRQUEUE
    assert target == address
    assert control[0][:2] == (socket.IPPROTO_IP, IP_RECVERR)
    # struct sock_extended_err begins with the errno and the origin.
    number, origin = struct.unpack_from("IB", control[0][2])
    assert (number, origin) == (errno.ECONNREFUSED, SO_EE_ORIGIN_ICMP)


def test_streams_have_none(net: Net) -> None:
    client, server = tcp_pair(net)
    server.sendall(b"x")
    assert client.recvmsg(10, 1024) == (b"x", [], 0, None)


def test_sizes_of_control_messages(net: Net) -> None:
    for length in (0, 1, 4, 12, 100):
        assert net.socket.CMSG_LEN(length) == socket.CMSG_LEN(length)
        assert net.socket.CMSG_SPACE(length) == socket.CMSG_SPACE(length)
    for function in (net.socket.CMSG_LEN, net.socket.CMSG_SPACE):
        with pytest.raises(OverflowError):
            function(-1)

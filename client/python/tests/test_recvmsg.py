"""recvmsg and recvmsg_into, but for control messages."""

from __future__ import annotations

import array
import socket
from typing import Any

import pytest

from connections import tcp, tcp_pair, udp, unix_pair
from net import Net
from workers import Worker


def test_recvmsg_of_a_stream(net: Net) -> None:
    client, server = tcp_pair(net)
    server.sendall(b"hello")
    answer = client.recvmsg(3)
    assert isinstance(answer, tuple)
    assert answer == (b"hel", [], 0, None)
    assert client.recvmsg(10, 64, 0) == (b"lo", [], 0, None)


def test_recvmsg_of_a_datagram(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    sender.sendto(b"hello", receiver.getsockname())
    assert receiver.recvmsg(10) == (b"hello", [], 0, sender.getsockname())


def test_recvmsg_keeps_msg_trunc(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    for _ in range(3):
        sender.sendto(b"hello", receiver.getsockname())
    address = sender.getsockname()
    assert receiver.recvmsg(2) == (b"he", [], socket.MSG_TRUNC, address)
    # With the flag, only the into form can tell the length.
    assert receiver.recvmsg(2, 0, socket.MSG_TRUNC) == (
        b"he", [], socket.MSG_TRUNC, address)
    assert receiver.recvmsg_into([bytearray(2)], 0, socket.MSG_TRUNC) == (
        5, [], socket.MSG_TRUNC, address)


def test_recvmsg_of_a_record(net: Net) -> None:
    first, second = unix_pair(net, socket.SOCK_SEQPACKET)
    first.send(b"record")
    assert second.recvmsg(3) == (b"rec", [], socket.MSG_TRUNC, None)
    first.send(b"record")
    assert second.recvmsg(10) == (b"record", [], 0, None)


def test_recvmsg_of_an_empty_datagram(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    sender.sendto(b"", receiver.getsockname())
    assert receiver.recvmsg(10) == (b"", [], 0, sender.getsockname())


def test_recvmsg_at_the_end(net: Net) -> None:
    client, server = tcp_pair(net)
    server.close()
    assert client.recvmsg(10, 100) == (b"", [], 0, None)
    assert client.recvmsg_into([bytearray(3)]) == (0, [], 0, None)


@pytest.mark.parametrize("call", [
    lambda sock: sock.recvmsg(0),
    lambda sock: sock.recvmsg_into([]),
    lambda sock: sock.recvmsg_into([bytearray()]),
])
def test_of_0_bytes_waits(net: Net, call: Any) -> None:
    client, server = tcp_pair(net)
    worker = Worker(call, client)
    net.wait_blocked(worker)
    server.sendall(b"x")
    assert worker.result()[0] in (b"", 0)
    assert client.recv(1) == b"x"


def test_into_several_buffers(net: Net) -> None:
    client, server = tcp_pair(net)
    first, second, third = bytearray(2), array.array("H", [0]), bytearray(9)
    server.sendall(b"abcdefg")
    assert client.recvmsg_into([first, second, memoryview(third)[4:]]) == (
        7, [], 0, None)
    assert first == b"ab"
    assert second.tobytes() == b"cd"
    assert third == b"\0\0\0\0efg\0\0"


@pytest.mark.parametrize("collect", [list, tuple, iter, lambda it: (
    item for item in it)], ids=["list", "tuple", "iterator", "generator"])
def test_into_any_iterable(net: Net, collect: Any) -> None:
    client, server = tcp_pair(net)
    buffers = [bytearray(3), bytearray(3)]
    server.sendall(b"abcdef")
    assert client.recvmsg_into(collect(buffers))[0] == 6
    assert buffers == [b"abc", b"def"]


def test_into_a_buffer_that_stays_as_it_was_behind_the_data(
        net: Net) -> None:
    client, server = tcp_pair(net)
    buffers = [bytearray(b"...."), bytearray(b"....")]
    server.sendall(b"abcde")
    assert client.recvmsg_into(buffers) == (5, [], 0, None)
    assert buffers == [b"abcd", b"e..."]


@pytest.mark.parametrize("call, message", [
    (lambda sock: sock.recvmsg(-1), r"negative buffer size in recvmsg\(\)"),
    (lambda sock: sock.recvmsg(1, -1),
     "invalid ancillary data buffer length"),
    (lambda sock: sock.recvmsg(1, 2**40),
     "invalid ancillary data buffer length"),
    (lambda sock: sock.recvmsg_into([bytearray(1)], -1),
     "invalid ancillary data buffer length"),
])
def test_refused_sizes(net: Net, call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(tcp(net))


@pytest.mark.parametrize("call", [
    lambda sock: sock.recvmsg(),
    lambda sock: sock.recvmsg("1"),
    lambda sock: sock.recvmsg(1, "1"),
    lambda sock: sock.recvmsg(1, 0, "1"),
    lambda sock: sock.recvmsg(1, 0, 0, 0),
    lambda sock: sock.recvmsg(bufsize=1),
    lambda sock: sock.recvmsg_into(),
    lambda sock: sock.recvmsg_into(5),
    lambda sock: sock.recvmsg_into([b"abc"]),
    lambda sock: sock.recvmsg_into(["abc"]),
    # Its items are ints.
    lambda sock: sock.recvmsg_into(bytearray(3)),
    lambda sock: sock.recvmsg_into([memoryview(bytearray(8))[::2]]),
    lambda sock: sock.recvmsg_into(buffers=[bytearray(3)]),
])
def test_arguments_of_the_wrong_type(net: Net, call: Any) -> None:
    with pytest.raises(TypeError):
        call(tcp(net))

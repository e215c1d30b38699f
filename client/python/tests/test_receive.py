"""recv, recvfrom and recv_into, and what they share with their kin."""

from __future__ import annotations

import array
import ctypes
import errno
import mmap
import socket
from typing import Any

import pytest

from calls import RECEIVES
from connections import (await_events, receive_exactly, tcp, tcp_pair, udp,
                         unix_pair)
from net import Net
from workers import Worker


def test_recv_returns_bytes(net: Net) -> None:
    client, server = tcp_pair(net)
    server.sendall(b"hello")
    data = client.recv(100)
    assert data == b"hello"
    assert type(data) is bytes


def test_recv_takes_no_more_than_asked_for(net: Net) -> None:
    client, server = tcp_pair(net)
    server.sendall(b"hello")
    assert client.recv(2) == b"he"
    assert client.recv(3, 0) == b"llo"


@pytest.mark.parametrize("name", RECEIVES)
def test_waits_for_data(net: Net, name: str) -> None:
    client, server = tcp_pair(net)
    worker = Worker(RECEIVES[name], client)
    net.wait_blocked(worker)
    server.sendall(b"x")
    assert worker.result() in (
        b"x", 1, (b"x", None), (1, None), (b"x", [], 0, None),
        (1, [], 0, None))


def test_recv_of_0_bytes_makes_no_system_call(net: Net) -> None:
    unconnected = tcp(net)
    assert unconnected.recv(0) == b""
    client, server = tcp_pair(net)
    # Nothing is there to receive, and it does not wait.
    assert client.recv(0) == b""
    server.sendall(b"x")
    assert client.recv(0) == b""
    assert client.recv(1) == b"x"
    client.close()
    assert client.recv(0) == b""


def test_recv_into_nothing_makes_no_system_call(net: Net) -> None:
    assert tcp(net).recv_into(bytearray()) == 0
    client, _ = tcp_pair(net)
    assert client.recv_into(bytearray()) == 0
    assert client.recv_into(memoryview(bytearray(4))[4:]) == 0


def test_recvfrom_of_0_bytes_waits(net: Net) -> None:
    client, server = tcp_pair(net)
    worker = Worker(client.recvfrom, 0)
    net.wait_blocked(worker)
    server.sendall(b"x")
    assert worker.result() == (b"", None)
    assert client.recv(1) == b"x"


def test_recvfrom_of_0_bytes_needs_a_connection(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        tcp(net).recvfrom(0)
    assert caught.value.errno == errno.ENOTCONN


def test_end_of_file_is_empty_and_stays(net: Net) -> None:
    client, server = tcp_pair(net)
    server.sendall(b"last")
    server.shutdown(socket.SHUT_WR)
    assert receive_exactly(client, 100) == b"last"
    for _ in range(2):
        assert client.recv(10) == b""
        assert client.recv_into(bytearray(10)) == 0
        assert client.recvfrom(10) == (b"", None)


@pytest.mark.parametrize("name", RECEIVES)
def test_of_an_unconnected_stream(net: Net, name: str) -> None:
    with pytest.raises(OSError) as caught:
        RECEIVES[name](tcp(net))
    assert caught.value.args == (errno.ENOTCONN,
                                 "Transport endpoint is not connected")


# Sizes and other arguments --------------------------------------------------


@pytest.mark.parametrize("call, message", [
    (lambda sock: sock.recv(-1), "negative buffersize in recv"),
    (lambda sock: sock.recvfrom(-1), "negative buffersize in recvfrom"),
    (lambda sock: sock.recv_into(bytearray(3), -1),
     "negative buffersize in recv_into"),
    (lambda sock: sock.recvfrom_into(bytearray(3), -1),
     "negative buffersize in recvfrom_into"),
    (lambda sock: sock.recv_into(bytearray(3), 4),
     "buffer too small for requested bytes"),
    (lambda sock: sock.recvfrom_into(bytearray(3), 4),
     "nbytes is greater than the length of the buffer"),
])
def test_refused_sizes(net: Net, call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(tcp(net))


@pytest.mark.parametrize("call", [
    lambda sock: sock.recv(2**70),
    lambda sock: sock.recv(1, 2**40),
    lambda sock: sock.recvfrom(2**70),
    lambda sock: sock.recv_into(bytearray(1), 2**70),
    lambda sock: sock.recv_into(bytearray(1), 1, 2**40),
])
def test_numbers_that_fit_no_c_type(net: Net, call: Any) -> None:
    with pytest.raises(OverflowError):
        call(tcp(net))


@pytest.mark.parametrize("call", [
    lambda sock: sock.recv(),
    lambda sock: sock.recv("1"),
    lambda sock: sock.recv(1.0),
    lambda sock: sock.recv(None),
    lambda sock: sock.recv(1, None),
    lambda sock: sock.recv(1, 0, 0),
    lambda sock: sock.recv(bufsize=1),
    lambda sock: sock.recvfrom(bufsize=1),
    lambda sock: sock.recv_into(),
    lambda sock: sock.recv_into(b"abc"),
    lambda sock: sock.recv_into("abc"),
    lambda sock: sock.recv_into(5),
    lambda sock: sock.recv_into([0]),
    lambda sock: sock.recv_into(memoryview(b"abc")),
    lambda sock: sock.recv_into(memoryview(bytearray(8))[::2]),
    lambda sock: sock.recv_into(bytearray(1), 1.0),
    lambda sock: sock.recv_into(bytearray(1), size=1),
    lambda sock: sock.recvfrom_into(b"abc"),
])
def test_arguments_of_the_wrong_type(net: Net, call: Any) -> None:
    with pytest.raises(TypeError):
        call(tcp(net))


def test_room_for_more_than_there_will_ever_be(net: Net) -> None:
    client, server = tcp_pair(net)
    for method in (client.recv, lambda size: client.recvfrom(size)[0],
                   lambda size: client.recvmsg(size)[0]):
        server.sendall(b"x")
        assert method(1 << 27) == b"x"


def test_8_mib_in_one_call(net: Net) -> None:
    client, server = tcp_pair(net)
    data = bytes(range(256)) * (1 << 15)
    sender = Worker(server.sendall, data)
    assert client.recv(len(data), socket.MSG_WAITALL) == data
    assert sender.result() is None


# recv_into ------------------------------------------------------------------


@pytest.mark.parametrize("make", [
    lambda: bytearray(16),
    lambda: memoryview(bytearray(16)),
    lambda: array.array("B", bytes(16)),
    lambda: array.array("i", [0] * 4),
    lambda: array.array("d", [0.0, 0.0]),
    lambda: ctypes.create_string_buffer(16),
    lambda: (ctypes.c_uint32 * 4)(),
    lambda: mmap.mmap(-1, 16),
    lambda: memoryview(array.array("H", [0] * 8)),
    lambda: memoryview(bytearray(16)).cast("B", (4, 4)),
], ids=["bytearray", "memoryview", "array of bytes", "array of ints",
        "array of doubles", "string buffer", "array of ctypes", "mmap",
        "memoryview of shorts", "memoryview of two dimensions"])
def test_recv_into_buffers_of_many_kinds(net: Net, make: Any) -> None:
    client, server = tcp_pair(net)
    buffer = make()
    server.sendall(b"0123456789")
    # Bytes are counted, whatever the items are.
    assert client.recv_into(buffer) == 10
    assert bytes(memoryview(buffer).cast("B"))[:11] == b"0123456789\0"


def test_recv_into_fills_the_whole_buffer(net: Net) -> None:
    client, server = tcp_pair(net)
    data = b"0123456789abcdef"
    server.sendall(data + b"more")
    numbers = array.array("i", [0] * 4)
    assert client.recv_into(numbers, 0) == 16
    assert numbers.tobytes() == data
    assert client.recv(10) == b"more"


def test_recv_into_a_part_by_a_memoryview(net: Net) -> None:
    client, server = tcp_pair(net)
    buffer = bytearray(b"..........")
    server.sendall(b"abc")
    assert client.recv_into(memoryview(buffer)[4:]) == 3
    assert buffer == b"....abc..."


def test_recv_into_no_more_than_asked_for(net: Net) -> None:
    client, server = tcp_pair(net)
    buffer = bytearray(b"......")
    server.sendall(b"abcdef")
    assert client.recv_into(buffer, 2) == 2
    assert buffer == b"ab...."
    assert client.recv_into(buffer=buffer, nbytes=1, flags=0) == 1
    assert buffer == b"cb...."


def test_recv_into_holds_the_buffer_while_it_waits(net: Net) -> None:
    client, server = tcp_pair(net)
    buffer = bytearray(4)
    worker = Worker(client.recv_into, buffer)
    net.wait_blocked(worker)
    with pytest.raises(BufferError):
        buffer.extend(b"more")
    server.sendall(b"abcd")
    assert worker.result() == 4
    buffer.extend(b"more")
    assert buffer == b"abcdmore"


def test_recv_into_leaves_the_buffer_alone_when_it_fails(net: Net) -> None:
    client, _ = tcp_pair(net)
    client.setblocking(False)
    buffer = bytearray(b"untouched")
    with pytest.raises(BlockingIOError):
        client.recv_into(buffer)
    assert buffer == b"untouched"


# Datagrams ------------------------------------------------------------------


def test_recvfrom_tells_the_sender(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    sender.sendto(b"hello", receiver.getsockname())
    answer = receiver.recvfrom(100)
    assert isinstance(answer, tuple)
    assert answer == (b"hello", sender.getsockname())


def test_recvfrom_into_tells_the_sender(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    sender.sendto(b"hello", receiver.getsockname())
    sender.sendto(b"again", receiver.getsockname())
    buffer = bytearray(b"........")
    assert receiver.recvfrom_into(buffer) == (5, sender.getsockname())
    assert buffer == b"hello..."
    assert receiver.recvfrom_into(
        buffer=memoryview(buffer)[6:], nbytes=2,
        flags=0) == (2, sender.getsockname())
    assert buffer == b"hello.ag"


def test_a_datagram_is_cut_to_the_size(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    sender.sendto(b"hello", receiver.getsockname())
    sender.sendto(b"world", receiver.getsockname())
    assert receiver.recv(2) == b"he"
    assert receiver.recv(100) == b"world"


def test_an_empty_datagram_is_no_end(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    sender.sendto(b"", receiver.getsockname())
    sender.sendto(b"", receiver.getsockname())
    sender.sendto(b"after", receiver.getsockname())
    assert receiver.recv(10) == b""
    assert receiver.recvfrom(10) == (b"", sender.getsockname())
    assert receiver.recv(10) == b"after"


def test_recvfrom_of_0_bytes_takes_a_datagram(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    sender.sendto(b"lost", receiver.getsockname())
    sender.sendto(b"next", receiver.getsockname())
    assert receiver.recvfrom(0) == (b"", sender.getsockname())
    assert receiver.recv(10) == b"next"


def test_msg_trunc_returns_the_real_length(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    for _ in range(3):
        sender.sendto(b"hello", receiver.getsockname())
    buffer = bytearray(2)
    assert receiver.recv_into(buffer, 0, socket.MSG_TRUNC) == 5
    assert buffer == b"he"
    assert receiver.recvfrom_into(
        buffer, 0, socket.MSG_TRUNC) == (5, sender.getsockname())
    # As long as the datagram; what follows the first two is nobody's.
    data = receiver.recv(2, socket.MSG_TRUNC)
    assert data[:2] == b"he"
    assert len(data) == 5


# Flags ----------------------------------------------------------------------


@pytest.mark.parametrize("pair", [tcp_pair, unix_pair])
def test_msg_peek_leaves_the_data(net: Net, pair: Any) -> None:
    first, second = pair(net)
    first.sendall(b"hello")
    for _ in range(2):
        assert second.recv(3, socket.MSG_PEEK) == b"hel"
        assert second.recvmsg(3, 0, socket.MSG_PEEK)[0] == b"hel"
        assert second.recvfrom(3, socket.MSG_PEEK)[0] == b"hel"
    buffer = bytearray(5)
    assert second.recv_into(buffer, 0, socket.MSG_PEEK) == 5
    assert second.recv(10) == b"hello"


def test_urgent_data(net: Net) -> None:
    client, server = tcp_pair(net)
    assert server.send(b"!", socket.MSG_OOB) == 1
    await_events(net, client, net.select.POLLPRI)
    assert client.recv(1, socket.MSG_OOB) == b"!"


def test_flags_may_be_added(net: Net) -> None:
    client, server = tcp_pair(net)
    server.sendall(b"x")
    flags = socket.MSG_PEEK | socket.MSG_DONTWAIT
    assert client.recv(1, flags) == b"x"
    assert client.recv(1) == b"x"
    with pytest.raises(BlockingIOError):
        client.recv(1, flags)

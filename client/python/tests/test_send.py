"""send, sendall, sendto and sendmsg."""

from __future__ import annotations

import array
import errno
import socket
from typing import Any

import pytest

from calls import SENDS
from connections import (fill, receive_exactly, tcp, tcp_pair, udp, udp_pair,
                         unix_pair)
from net import Net
from workers import Worker


@pytest.mark.parametrize("data", [
    b"abcd", bytearray(b"abcd"), memoryview(b"abcd"),
    memoryview(b"__abcd__")[2:6], array.array("B", b"abcd"),
    array.array("i", [0x64636261]),
    memoryview(b"abcd").cast("B", (2, 2)),
], ids=["bytes", "bytearray", "memoryview", "slice", "array of bytes",
        "array of ints", "two dimensions"])
def test_sends_buffers_of_many_kinds(net: Net, data: Any) -> None:
    client, server = tcp_pair(net)
    assert client.send(data) == 4
    assert client.send(data, 0) == 4
    assert client.sendall(data) is None
    assert client.sendall(data, 0) is None
    assert client.sendmsg([data]) == 4
    assert receive_exactly(server, 20) == b"abcd" * 5


def test_empty_sends(net: Net) -> None:
    client, server = tcp_pair(net)
    assert client.send(b"") == 0
    assert client.sendall(b"") is None
    assert client.sendmsg([]) == 0
    assert client.sendmsg([b"", b""]) == 0
    client.close()
    assert server.recv(1) == b""


def test_empty_datagrams_are_sent(net: Net) -> None:
    first, second = udp_pair(net)
    assert first.send(b"") == 0
    assert first.sendto(b"", second.getsockname()) == 0
    assert first.sendmsg([]) == 0
    # There is one system call at least.
    assert first.sendall(b"") is None
    first.send(b"end")
    assert [second.recv(10) for _ in range(5)] == [b"", b"", b"", b"", b"end"]


@pytest.mark.parametrize("name", SENDS)
def test_waits_for_room(net: Net, name: str) -> None:
    first, second = unix_pair(net)
    filled = fill(first)
    worker = Worker(SENDS[name], first)
    net.wait_blocked(worker)
    receive_exactly(second, filled)
    assert worker.result() in (1, None)
    assert second.recv(10) == b"x"


def test_sendall_of_16_mib(net: Net) -> None:
    client, server = tcp_pair(net)
    data = bytes(range(256)) * (1 << 16)
    reader = Worker(receive_exactly, server, len(data))
    assert client.sendall(memoryview(data)) is None
    assert reader.result() == data


def test_blocking_send_sends_all(net: Net) -> None:
    first, second = unix_pair(net)
    data = bytes(range(256)) * (1 << 13)
    reader = Worker(receive_exactly, second, len(data))
    assert first.send(data) == len(data)
    assert reader.result() == data


@pytest.mark.parametrize("name", SENDS)
def test_of_an_unconnected_stream(net: Net, name: str) -> None:
    with pytest.raises(BrokenPipeError) as caught:
        SENDS[name](tcp(net))
    assert caught.value.args == (errno.EPIPE, "Broken pipe")


@pytest.mark.parametrize("name", SENDS)
def test_of_an_unconnected_datagram_socket(net: Net, name: str) -> None:
    with pytest.raises(OSError) as caught:
        SENDS[name](udp(net))
    assert caught.value.errno == errno.EDESTADDRREQ


@pytest.mark.parametrize("name", SENDS)
def test_after_shutdown(net: Net, name: str) -> None:
    client, _ = tcp_pair(net)
    client.shutdown(socket.SHUT_WR)
    with pytest.raises(BrokenPipeError):
        SENDS[name](client)


@pytest.mark.parametrize("call", [
    lambda sock: sock.send(),
    lambda sock: sock.send("text"),
    lambda sock: sock.send(5),
    lambda sock: sock.send(None),
    lambda sock: sock.send([1]),
    lambda sock: sock.send(b"x", None),
    lambda sock: sock.send(b"x", 0, 0),
    lambda sock: sock.send(data=b"x"),
    lambda sock: sock.sendall(),
    lambda sock: sock.sendall("text"),
    lambda sock: sock.sendall(data=b"x"),
    lambda sock: sock.sendto(b"x"),
    lambda sock: sock.sendto("text", ("127.0.0.1", 1)),
    lambda sock: sock.sendto(b"x", "0", ("127.0.0.1", 1)),
    lambda sock: sock.sendto(b"x", 0, ("127.0.0.1", 1), 0),
    lambda sock: sock.sendto(b"x", None),
    lambda sock: sock.sendmsg(),
    lambda sock: sock.sendmsg(5),
    lambda sock: sock.sendmsg("text"),
    lambda sock: sock.sendmsg(["text"]),
    # Its items are ints.
    lambda sock: sock.sendmsg(b"x"),
    lambda sock: sock.sendmsg(buffers=[b"x"]),
    lambda sock: sock.sendmsg([b"x"], 5),
    lambda sock: sock.sendmsg([b"x"], [], None),
])
def test_arguments_of_the_wrong_type(net: Net, call: Any) -> None:
    with pytest.raises(TypeError):
        call(tcp(net))


def test_messages_about_types(net: Net) -> None:
    sock = tcp(net)
    expected = "a bytes-like object is required, not 'str'"
    for call in (sock.send, sock.sendall):
        with pytest.raises(TypeError, match=expected):
            call("text")
    with pytest.raises(TypeError,
                       match=r"sendto\(\) takes 2 or 3 arguments \(1 given"):
        sock.sendto(b"x")


def test_data_with_gaps(net: Net) -> None:
    client, _ = tcp_pair(net)
    for call in (client.send, client.sendall):
        with pytest.raises(BufferError):
            call(memoryview(b"abcd")[::2])


def test_sendall_holds_the_buffer_while_it_waits(net: Net) -> None:
    first, second = unix_pair(net)
    filled = fill(first)
    data = bytearray(b"abcd")
    worker = Worker(first.sendall, data)
    net.wait_blocked(worker)
    with pytest.raises(BufferError):
        data.clear()
    receive_exactly(second, filled)
    assert worker.result() is None
    data.clear()
    assert second.recv(10) == b"abcd"


# sendto ---------------------------------------------------------------------


def test_sendto_with_and_without_flags(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    address = receiver.getsockname()
    assert sender.sendto(b"two", address) == 3
    assert sender.sendto(b"three", socket.MSG_DONTWAIT, address) == 5
    assert receiver.recv(10) == b"two"
    assert receiver.recv(10) == b"three"


def test_sendto_binds_the_sender(net: Net) -> None:
    sender = net.keep(net.socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    receiver = udp(net)
    sender.sendto(b"x", receiver.getsockname())
    _, address = receiver.recvfrom(10)
    assert address[1] == sender.getsockname()[1] > 0


def test_sendto_overrides_the_peer(net: Net) -> None:
    first, second = udp_pair(net)
    third = udp(net)
    first.sendto(b"elsewhere", third.getsockname())
    first.send(b"here")
    assert third.recv(10) == b"elsewhere"
    assert second.recv(10) == b"here"


def test_sendto_on_a_connection_ignores_the_address(net: Net) -> None:
    client, server = tcp_pair(net)
    assert client.sendto(b"x", ("127.0.0.1", 9)) == 1
    assert server.recv(10) == b"x"


@pytest.mark.parametrize("size", [65508, 1 << 20])
def test_datagram_that_is_too_long(net: Net, size: int) -> None:
    receiver, sender = udp(net), udp(net)
    with pytest.raises(OSError) as caught:
        sender.sendto(bytes(size), receiver.getsockname())
    assert caught.value.args == (errno.EMSGSIZE, "Message too long")


def test_longest_datagram(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    data = bytes(range(256)) * 256
    assert sender.sendto(data[:65507], receiver.getsockname()) == 65507
    assert receiver.recv(70000) == data[:65507]


# sendmsg --------------------------------------------------------------------


@pytest.mark.parametrize("collect", [list, tuple, iter, lambda it: (
    item for item in it)], ids=["list", "tuple", "iterator", "generator"])
def test_sendmsg_gathers_any_iterable(net: Net, collect: Any) -> None:
    client, server = tcp_pair(net)
    parts = [b"a", bytearray(b"bc"), memoryview(b"def"),
             array.array("B", b"gh")]
    assert client.sendmsg(collect(parts)) == 8
    assert receive_exactly(server, 8) == b"abcdefgh"


def test_sendmsg_makes_one_datagram(net: Net) -> None:
    first, second = udp_pair(net)
    assert first.sendmsg([b"one ", b"datagram"]) == 12
    assert second.recv(100) == b"one datagram"


def test_sendmsg_to_an_address(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    address = receiver.getsockname()
    assert sender.sendmsg([b"x"], [], 0, address) == 1
    assert sender.sendmsg([b"y"], (), socket.MSG_DONTWAIT, address) == 1
    assert receiver.recv(10) + receiver.recv(10) == b"xy"


def test_sendmsg_to_none_is_to_the_peer(net: Net) -> None:
    first, second = udp_pair(net)
    assert first.sendmsg([b"x"], [], 0, None) == 1
    assert second.recv(10) == b"x"


def test_sendmsg_has_flags(net: Net) -> None:
    first, _ = unix_pair(net)
    fill(first)
    with pytest.raises(BlockingIOError):
        first.sendmsg([b"x"], [], socket.MSG_DONTWAIT)


def test_sendmsg_takes_1024_buffers(net: Net) -> None:
    client, server = tcp_pair(net)
    assert client.sendmsg([b"x"] * 1024) == 1024
    assert receive_exactly(server, 1024) == b"x" * 1024
    # IOV_MAX
    with pytest.raises(OSError) as caught:
        client.sendmsg([b"x"] * 1025)
    assert caught.value.errno == errno.EMSGSIZE


# To nobody ------------------------------------------------------------------


def test_refusal_of_a_datagram_is_told_by_the_next_call_once(
        net: Net) -> None:
    sock, peer = udp_pair(net)
    peer.close()
    assert sock.send(b"x") == 1
    with pytest.raises(ConnectionRefusedError) as caught:
        sock.recv(10)
    assert caught.value.errno == errno.ECONNREFUSED
    sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        sock.recv(10)


def test_refusal_of_a_datagram_is_told_by_the_next_send_once(
        net: Net) -> None:
    sock, peer = udp_pair(net)
    peer.close()
    assert sock.send(b"x") == 1
    # The refusal is told to whoever asks first; poll only looks.
    poller = net.select.poll()
    poller.register(sock, 0)
    assert poller.poll(60_000) == [(sock.fileno(), net.select.POLLERR)]
    with pytest.raises(ConnectionRefusedError):
        sock.send(b"x")
    assert sock.send(b"x") == 1

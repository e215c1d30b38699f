"""Several threads on one socket, and many sockets at once."""

from __future__ import annotations

import errno
import socket
import time

import pytest

from connections import (fill, listener, receive_exactly, tcp, tcp_pair, udp,
                         udp_pair, unix_pair)
from net import Net
from workers import Worker


def test_recv_and_send_run_at_once(net: Net) -> None:
    client, server = tcp_pair(net)
    reader = Worker(client.recv, 10)
    net.wait_blocked(reader)
    assert client.send(b"ping") == 4
    assert server.recv(10) == b"ping"
    server.sendall(b"pong")
    assert reader.result() == b"pong"


def test_blocked_recv_and_blocked_send_on_one_socket(net: Net) -> None:
    first, second = unix_pair(net)
    filled = fill(first)
    reader = Worker(first.recv, 10)
    writer = Worker(first.sendall, b"more")
    net.wait_blocked(reader, writer)
    second.sendall(b"hello")
    assert reader.result() == b"hello"
    receive_exactly(second, filled)
    assert writer.result() is None
    assert second.recv(10) == b"more"


def test_both_directions_carry_much_at_once(net: Net) -> None:
    client, server = tcp_pair(net)
    data = bytes(range(256)) * (1 << 13)
    workers = []
    for sock in (client, server):
        workers.append(Worker(sock.sendall, data))
    readers = [Worker(receive_exactly, sock, len(data))
               for sock in (client, server)]
    assert [worker.result() for worker in workers] == [None, None]
    assert [reader.result() == data for reader in readers] == [True, True]


@pytest.mark.parametrize("how", [socket.SHUT_RD, socket.SHUT_RDWR])
@pytest.mark.parametrize("timeout", [None, 60])
def test_shutdown_ends_a_blocked_recv(net: Net, timeout: float | None,
                                      how: int) -> None:
    client, _ = tcp_pair(net)
    client.settimeout(timeout)
    reader = Worker(client.recv, 10)
    net.wait_blocked(reader)
    client.shutdown(how)
    assert reader.result() == b""


def test_shutdown_by_the_peer_ends_a_blocked_recv(net: Net) -> None:
    client, server = tcp_pair(net)
    reader = Worker(client.recv, 10)
    net.wait_blocked(reader)
    server.shutdown(socket.SHUT_WR)
    assert reader.result() == b""


def test_close_by_the_peer_ends_a_blocked_recv(net: Net) -> None:
    client, server = tcp_pair(net)
    reader = Worker(client.recv, 10)
    net.wait_blocked(reader)
    server.close()
    assert reader.result() == b""


def test_shutdown_ends_a_blocked_sendall(net: Net) -> None:
    client, _ = tcp_pair(net)
    writer = Worker(client.sendall, bytes(1 << 26))
    net.wait_blocked(writer)
    client.shutdown(socket.SHUT_WR)
    with pytest.raises(BrokenPipeError):
        writer.result()


@pytest.mark.parametrize("timeout", [None, 60])
def test_shutdown_ends_a_blocked_accept(net: Net,
                                        timeout: float | None) -> None:
    server = listener(net)
    server.settimeout(timeout)
    worker = Worker(server.accept)
    net.wait_blocked(worker)
    server.shutdown(socket.SHUT_RDWR)
    with pytest.raises(OSError) as caught:
        worker.result()
    assert caught.value.errno == errno.EINVAL


def test_a_copy_can_be_closed_while_the_other_waits(net: Net) -> None:
    client, server = tcp_pair(net)
    copy = client.dup()
    reader = Worker(client.recv, 10)
    net.wait_blocked(reader)
    copy.close()
    server.sendall(b"hello")
    assert reader.result() == b"hello"


def test_each_datagram_goes_to_one_reader(net: Net) -> None:
    first, second = udp_pair(net)
    readers = [Worker(second.recv, 10) for _ in range(3)]
    net.wait_blocked(*readers)
    sent = {b"one", b"two", b"three"}
    for data in sent:
        first.send(data)
    assert {reader.result() for reader in readers} == sent


def test_mode_changes_while_a_call_waits(net: Net) -> None:
    client, server = tcp_pair(net)
    client.settimeout(60)
    reader = Worker(client.recv, 10)
    net.wait_blocked(reader)
    # For the calls that follow.
    client.settimeout(0)
    with pytest.raises(BlockingIOError):
        client.recv(1)
    server.sendall(b"hello")
    assert reader.result() == b"hello"


def test_questions_are_answered_while_a_call_waits(net: Net) -> None:
    client, server = tcp_pair(net)
    reader = Worker(client.recv, 10)
    net.wait_blocked(reader)
    assert client.getpeername() == server.getsockname()
    assert client.gettimeout() is None
    assert client.fileno() >= 0
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    assert "laddr" in repr(client)
    assert reader.is_alive()
    server.sendall(b"x")
    assert reader.result() == b"x"


def test_64_blocked_calls_starve_nothing(net: Net) -> None:
    pairs = [unix_pair(net) for _ in range(64)]
    readers = [Worker(second.recv, 10) for _, second in pairs]
    net.wait_blocked(*readers)
    # All kinds of calls, those that wait included.
    client, server = tcp_pair(net)
    extra = Worker(server.recv, 10)
    client.sendall(b"ping")
    assert extra.result() == b"ping"
    server.settimeout(0.05)
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        server.recv(10)
    assert time.monotonic() - start < 30
    assert tcp(net).connect_ex(listener(net).getsockname()) == 0
    assert net.select.select([], [client], [], 60)[1] == [client]
    for index, (first, _) in enumerate(pairs):
        first.sendall(b"%d" % index)
    assert [reader.result() for reader in readers] == [
        b"%d" % index for index in range(64)]


def test_64_blocked_accepts(net: Net) -> None:
    server = listener(net, backlog=64)
    workers = [Worker(server.accept) for _ in range(64)]
    net.wait_blocked(*workers)
    clients = [tcp(net) for _ in workers]
    for client in clients:
        client.connect(server.getsockname())
    peers = set()
    for worker in workers:
        sock, address = worker.result()
        net.keep(sock)
        peers.add(address)
    assert peers == {client.getsockname() for client in clients}


def test_64_calls_with_timeouts_expire_together(net: Net) -> None:
    socks = [udp(net) for _ in range(64)]
    for sock in socks:
        sock.settimeout(0.5)
    start = time.monotonic()
    errors = [worker.error() for worker in
              [Worker(sock.recv, 1) for sock in socks]]
    elapsed = time.monotonic() - start
    assert all(type(error) is TimeoutError for error in errors)
    # One after the other they would take 32 s.
    assert 0.5 <= elapsed < 25

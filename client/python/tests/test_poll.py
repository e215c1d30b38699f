"""select.poll."""

from __future__ import annotations

import math
import select
import time
from typing import Any

import pytest

from connections import fill, reset_by_peer, tcp, tcp_pair, unix_pair
from net import Net
from workers import Worker

ALL = select.POLLIN | select.POLLPRI | select.POLLOUT


def test_constants_are_those_of_the_kernel(net: Net) -> None:
    names = [name for name in dir(select) if name.startswith("POLL")]
    assert names
    for name in names:
        assert getattr(net.select, name) == getattr(select, name), name


def test_nothing_registered(net: Net) -> None:
    poller = net.select.poll()
    assert poller.poll(0) == []
    start = time.monotonic()
    assert poller.poll(200) == []
    assert 0.2 <= time.monotonic() - start < 30


def test_returns_pairs_of_handle_and_events(net: Net) -> None:
    client, server = tcp_pair(net)
    server.sendall(b"x")
    poller = net.select.poll()
    assert poller.register(client, select.POLLIN) is None
    answer = poller.poll(60_000)
    assert answer == [(client.fileno(), select.POLLIN)]
    assert type(answer) is list
    assert [type(answer[0]), *map(type, answer[0])] == [tuple, int, int]


def test_registers_for_all_by_default(net: Net) -> None:
    first, second = unix_pair(net)
    second.sendall(b"x")
    poller = net.select.poll()
    poller.register(first)
    assert poller.poll(60_000) == [
        (first.fileno(), select.POLLIN | select.POLLOUT)]


def test_registers_handles_and_what_has_a_fileno(net: Net) -> None:
    first, second = unix_pair(net)
    poller = net.select.poll()
    poller.register(first.fileno(), select.POLLOUT)
    poller.register(second, select.POLLOUT)
    assert sorted(poller.poll(60_000)) == sorted(
        (sock.fileno(), select.POLLOUT) for sock in (first, second))
    # A socket and its handle are one.
    poller.unregister(first)
    assert poller.poll(60_000) == [(second.fileno(), select.POLLOUT)]
    poller.unregister(second.fileno())
    assert poller.poll(0) == []


def test_register_again_replaces(net: Net) -> None:
    first, second = unix_pair(net)
    second.sendall(b"x")
    poller = net.select.poll()
    poller.register(first, select.POLLIN)
    poller.register(first, select.POLLOUT)
    assert poller.poll(60_000) == [(first.fileno(), select.POLLOUT)]


def test_modify(net: Net) -> None:
    first, second = unix_pair(net)
    second.sendall(b"x")
    poller = net.select.poll()
    poller.register(first, select.POLLOUT)
    assert poller.modify(first, select.POLLIN) is None
    assert poller.poll(60_000) == [(first.fileno(), select.POLLIN)]


def test_unregister(net: Net) -> None:
    first, _ = unix_pair(net)
    poller = net.select.poll()
    poller.register(first)
    assert poller.unregister(first) is None
    assert poller.poll(0) == []


def test_modify_of_what_is_not_registered(net: Net) -> None:
    with pytest.raises(FileNotFoundError):
        net.select.poll().modify(tcp(net), select.POLLIN)


def test_unregister_of_what_is_not_registered(net: Net) -> None:
    sock = tcp(net)
    with pytest.raises(KeyError) as caught:
        net.select.poll().unregister(sock)
    assert caught.value.args == (sock.fileno(),)


def test_pollers_are_independent(net: Net) -> None:
    first, _ = unix_pair(net)
    one, other = net.select.poll(), net.select.poll()
    one.register(first, select.POLLOUT)
    assert other.poll(0) == []
    assert len(one.poll(0)) == 1


# Waiting --------------------------------------------------------------------


@pytest.mark.parametrize("timeout", [(), (None,), (-1,), (-0.5,), (60_000,)])
def test_waits(net: Net, timeout: Any) -> None:
    client, server = tcp_pair(net)
    poller = net.select.poll()
    poller.register(client, select.POLLIN)
    worker = Worker(poller.poll, *timeout)
    net.wait_blocked(worker)
    server.sendall(b"x")
    assert worker.result() == [(client.fileno(), select.POLLIN)]


@pytest.mark.parametrize("timeout, seconds", [(200, 0.2), (150.0, 0.15)])
def test_expires(net: Net, timeout: float, seconds: float) -> None:
    poller = net.select.poll()
    poller.register(tcp_pair(net)[0], select.POLLIN)
    start = time.monotonic()
    assert poller.poll(timeout) == []
    assert seconds <= time.monotonic() - start < 30


def test_one_thread_at_a_time(net: Net) -> None:
    client, server = tcp_pair(net)
    poller = net.select.poll()
    poller.register(client, select.POLLIN)
    worker = Worker(poller.poll)
    net.wait_blocked(worker)
    with pytest.raises(RuntimeError, match=r"concurrent poll\(\) invocation"):
        poller.poll(0)
    server.sendall(b"x")
    assert worker.result() == [(client.fileno(), select.POLLIN)]
    assert len(poller.poll(0)) == 1


# Events ---------------------------------------------------------------------


def test_room(net: Net) -> None:
    first, _ = unix_pair(net)
    poller = net.select.poll()
    poller.register(first, select.POLLOUT)
    assert poller.poll(0) == [(first.fileno(), select.POLLOUT)]
    fill(first)
    assert poller.poll(0) == []


def test_end_of_the_peer(net: Net) -> None:
    client, server = tcp_pair(net)
    poller = net.select.poll()
    poller.register(client, select.POLLIN | select.POLLRDHUP)
    assert poller.poll(0) == []
    server.close()
    assert poller.poll(60_000) == [
        (client.fileno(), select.POLLIN | select.POLLRDHUP)]


def test_hang_up_comes_unasked(net: Net) -> None:
    first, second = unix_pair(net)
    second.close()
    poller = net.select.poll()
    poller.register(first, 0)
    assert poller.poll(60_000) == [(first.fileno(), select.POLLHUP)]


def test_error_comes_unasked(net: Net) -> None:
    sock = reset_by_peer(net)
    poller = net.select.poll()
    poller.register(sock, 0)
    assert poller.poll(60_000) == [
        (sock.fileno(), select.POLLERR | select.POLLHUP)]


def test_new_socket_hangs_up(net: Net) -> None:
    sock = tcp(net)
    poller = net.select.poll()
    poller.register(sock, ALL)
    assert poller.poll(0) == [
        (sock.fileno(), select.POLLOUT | select.POLLHUP)]


def test_handle_of_a_closed_socket(net: Net) -> None:
    sock, other = tcp(net), unix_pair(net)[0]
    handle = sock.fileno()
    poller = net.select.poll()
    poller.register(sock, select.POLLIN)
    poller.register(other, select.POLLOUT)
    sock.close()
    assert sorted(poller.poll(60_000)) == sorted([
        (handle, select.POLLNVAL), (other.fileno(), select.POLLOUT)])
    # It can only be named by its handle now.
    with pytest.raises(ValueError):
        poller.unregister(sock)
    poller.unregister(handle)
    assert poller.poll(60_000) == [(other.fileno(), select.POLLOUT)]


# What is refused ------------------------------------------------------------


@pytest.mark.parametrize("call, error", [
    (lambda poller, sock: poller.register(sock, -1), ValueError),
    (lambda poller, sock: poller.register(sock, 1 << 16), OverflowError),
    (lambda poller, sock: poller.register(sock, "1"), TypeError),
    (lambda poller, sock: poller.register("x"), TypeError),
    (lambda poller, sock: poller.register(1.0), TypeError),
    (lambda poller, sock: poller.register(-1), ValueError),
    (lambda poller, sock: poller.register(), TypeError),
    (lambda poller, sock: poller.modify(sock), TypeError),
    (lambda poller, sock: poller.unregister("x"), TypeError),
    (lambda poller, sock: poller.poll("1"), TypeError),
    (lambda poller, sock: poller.poll(math.nan), ValueError),
    (lambda poller, sock: poller.poll(2**31), OverflowError),
    (lambda poller, sock: poller.poll(timeout=0), TypeError),
])
def test_refused(net: Net, call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call(net.select.poll(), tcp(net))


def test_register_of_a_closed_socket(net: Net) -> None:
    sock = tcp(net)
    sock.close()
    with pytest.raises(ValueError, match="cannot be a negative integer"):
        net.select.poll().register(sock)


def test_poll_itself_takes_no_arguments(net: Net) -> None:
    with pytest.raises(TypeError):
        net.select.poll(1)

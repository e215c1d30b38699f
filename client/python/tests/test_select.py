"""select.select."""

from __future__ import annotations

import errno
import math
import socket
import time
from typing import Any

import pytest

from connections import (fill, hung_up_and_full, listener, receive_exactly,
                         reset_by_peer, tcp, tcp_pair, udp, unix_pair)
from net import Net
from workers import Worker


def test_returns_three_lists_of_what_was_given(net: Net) -> None:
    first, second = unix_pair(net)
    second.sendall(b"x")
    answer = net.select.select([first, second], [first], [first], 60)
    assert isinstance(answer, tuple)
    assert [type(ready) for ready in answer] == [list, list, list]
    assert answer == ([first], [first], [])
    assert answer[0][0] is first


def test_keeps_the_order(net: Net) -> None:
    socks = [unix_pair(net)[0] for _ in range(4)]
    socks.reverse()
    assert net.select.select([], socks, [], 60)[1] == socks


def test_what_was_given_twice_comes_twice(net: Net) -> None:
    sock, _ = unix_pair(net)
    handle = sock.fileno()
    assert net.select.select([], [sock, handle, sock], [], 60) == (
        [], [sock, handle, sock], [])


def test_takes_handles(net: Net) -> None:
    client, server = tcp_pair(net)
    server.sendall(b"x")
    assert net.select.select([client.fileno()], [], [], 60) == (
        [client.fileno()], [], [])


def test_takes_what_has_a_fileno(net: Net) -> None:

    class Holder:

        def __init__(self, sock: Any) -> None:
            self.sock = sock

        def fileno(self) -> int:
            number: int = self.sock.fileno()
            return number

    holder = Holder(unix_pair(net)[0])
    file = net.keep(unix_pair(net)[0].makefile("wb"))
    assert net.select.select([], [holder, file], [], 60)[1] == [holder, file]


@pytest.mark.parametrize("collect", [tuple, set, iter, dict.fromkeys])
def test_takes_any_iterable(net: Net, collect: Any) -> None:
    sock, _ = unix_pair(net)
    assert net.select.select([], collect([sock]), (), 60) == ([], [sock], [])


def test_empty_lists_at_once(net: Net) -> None:
    assert net.select.select([], [], [], 0) == ([], [], [])


def test_empty_lists_are_a_sleep(net: Net) -> None:
    start = time.monotonic()
    assert net.select.select([], [], [], 0.2) == ([], [], [])
    assert 0.2 <= time.monotonic() - start < 30


def test_nothing_ready_at_once(net: Net) -> None:
    client, _ = tcp_pair(net)
    assert net.select.select([client], [], [client], 0) == ([], [], [])


def test_expires(net: Net) -> None:
    client, _ = tcp_pair(net)
    start = time.monotonic()
    assert net.select.select([client], [], [], 0.2) == ([], [], [])
    assert 0.2 <= time.monotonic() - start < 30


@pytest.mark.parametrize("timeout", [(), (None,), (60,), (60.5,)])
def test_waits_for_data(net: Net, timeout: Any) -> None:
    client, server = tcp_pair(net)
    worker = Worker(net.select.select, [client], [], [], *timeout)
    net.wait_blocked(worker)
    server.sendall(b"x")
    assert worker.result() == ([client], [], [])


def test_waits_for_one_of_many(net: Net) -> None:
    pairs = [unix_pair(net) for _ in range(20)]
    worker = Worker(net.select.select, [first for first, _ in pairs], [], [])
    net.wait_blocked(worker)
    first, second = pairs[13]
    second.sendall(b"x")
    assert worker.result() == ([first], [], [])


def test_waits_for_room(net: Net) -> None:
    first, second = unix_pair(net)
    filled = fill(first)
    assert net.select.select([], [first], [], 0) == ([], [], [])
    worker = Worker(net.select.select, [], [first], [])
    net.wait_blocked(worker)
    receive_exactly(second, filled)
    assert worker.result() == ([], [first], [])


def test_a_listener_is_readable(net: Net) -> None:
    server = listener(net)
    assert net.select.select([server], [], [], 0) == ([], [], [])
    worker = Worker(net.select.select, [server], [], [])
    net.wait_blocked(worker)
    tcp(net).connect(server.getsockname())
    assert worker.result() == ([server], [], [])


def test_the_end_is_readable(net: Net) -> None:
    client, server = tcp_pair(net)
    server.close()
    assert net.select.select([client], [], [], 60) == ([client], [], [])


def test_a_refused_connect_is_readable_and_writable(net: Net) -> None:
    bound, sock = tcp(net), tcp(net)
    bound.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    assert sock.connect_ex(bound.getsockname()) == errno.EINPROGRESS
    assert net.select.select([], [sock], [], 60) == ([], [sock], [])
    assert net.select.select([sock], [sock], [sock], 0) == (
        [sock], [sock], [])


def test_urgent_data_is_exceptional(net: Net) -> None:
    client, server = tcp_pair(net)
    server.send(b"!", socket.MSG_OOB)
    assert net.select.select([], [], [client], 60) == ([], [], [client])


def test_the_mode_of_a_socket_does_not_matter(net: Net) -> None:
    sock = udp(net)
    sock.settimeout(0)
    start = time.monotonic()
    assert net.select.select([sock], [], [], 0.1) == ([], [], [])
    assert time.monotonic() - start >= 0.1


# Errors and hang-ups that poll(2) would tell of unasked ----------------------


# Each with something that nobody asks for and that does not go away.
UNASKED: dict[str, Any] = {
    "unconnected": tcp,
    "reset": reset_by_peer,
    "hung up": lambda net: hung_up_and_full(net)[0],
}


@pytest.mark.parametrize("state", UNASKED)
def test_only_urgent_data_is_exceptional(net: Net, state: str) -> None:
    sock = UNASKED[state](net)
    assert net.select.select([], [], [sock], 0) == ([], [], [])
    start, used = time.monotonic(), time.process_time()
    assert net.select.select([], [], [sock], 0.5) == ([], [], [])
    assert 0.5 <= time.monotonic() - start < 30
    # It has not looked all the time.
    assert time.process_time() - used < 0.25


@pytest.mark.parametrize("state", UNASKED)
def test_waits_beside_what_nobody_asked_for(net: Net, state: str) -> None:
    sock = UNASKED[state](net)
    client, server = tcp_pair(net)
    worker = Worker(net.select.select, [client], [], [sock])
    worker.join(0.3)
    assert worker.is_alive()
    server.sendall(b"x")
    assert worker.result() == ([client], [], [])


def test_waits_for_room_of_what_has_hung_up(net: Net) -> None:
    first, second, filled = hung_up_and_full(net)
    idle, _ = tcp_pair(net)
    start = time.monotonic()
    assert net.select.select([idle], [first], [first], 0.2) == ([], [], [])
    assert 0.2 <= time.monotonic() - start < 30
    # For reading, it counts.
    assert net.select.select([first], [first], [], 60) == ([first], [], [])
    worker = Worker(net.select.select, [idle], [first], [])
    worker.join(0.2)
    assert worker.is_alive()
    # What it is waited for on is seen later, too.
    receive_exactly(second, filled)
    assert worker.result() == ([], [first], [])


def test_what_nobody_asked_for_may_go(net: Net) -> None:
    server, sock = listener(net), tcp(net)
    worker = Worker(net.select.select, [], [], [sock])
    worker.join(0.2)
    assert worker.is_alive()
    sock.connect(server.getsockname())
    accepted = net.keep(server.accept()[0])
    accepted.send(b"!", socket.MSG_OOB)
    assert worker.result() == ([], [], [sock])


def test_all_that_is_ready_is_told_beside_it(net: Net) -> None:
    sock, (first, second) = tcp(net), unix_pair(net)
    second.sendall(b"x")
    assert net.select.select([first], [sock, first], [sock], 60) == (
        [first], [sock, first], [])


# What is refused ------------------------------------------------------------


def test_negative_timeout(net: Net) -> None:
    with pytest.raises(ValueError, match="timeout must be non-negative"):
        net.select.select([], [], [], -1)


@pytest.mark.parametrize("timeout, error", [
    ("1", TypeError), (1j, TypeError), ([1], TypeError),
    (math.nan, ValueError), (math.inf, OverflowError), (1e18, OverflowError),
])
def test_refused_timeouts(net: Net, timeout: Any,
                          error: type[Exception]) -> None:
    with pytest.raises(error):
        net.select.select([], [], [], timeout)


def test_closed_socket(net: Net) -> None:
    sock = tcp(net)
    sock.close()
    with pytest.raises(ValueError, match=r"cannot be a negative integer"):
        net.select.select([sock], [], [], 0)


def test_handle_of_a_closed_socket(net: Net) -> None:
    sock = tcp(net)
    handle = sock.fileno()
    sock.close()
    with pytest.raises(OSError) as caught:
        net.select.select([handle], [], [], 0)
    assert caught.value.errno == errno.EBADF


@pytest.mark.parametrize("arguments", [
    (), ([], []), ([], [], [], 0, 0), (5, [], []), ([], None, []),
    (["x"], [], []), ([None], [], []), ([1.0], [], []),
])
def test_arguments_of_the_wrong_type(net: Net, arguments: Any) -> None:
    with pytest.raises(TypeError):
        net.select.select(*arguments)


def test_no_keywords(net: Net) -> None:
    with pytest.raises(TypeError):
        net.select.select([], [], [], timeout=0)


def test_error_is_oserror(net: Net) -> None:
    assert net.select.error is OSError

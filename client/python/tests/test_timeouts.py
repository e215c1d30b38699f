"""What happens when a timeout is over."""

from __future__ import annotations

import errno
import socket
import threading
import time
from typing import Any

import pytest

from calls import RECEIVES, SENDS
from connections import (fill, listener, receive_exactly, silent_address, tcp,
                         tcp_pair, udp, unix_pair)
from net import Net
from workers import Worker

TIMEOUT = 0.2


def check_expiry(call: Any, timeout: float = TIMEOUT) -> None:
    """The call raises what an expired timeout raises, and not too early."""
    start = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        call()
    elapsed = time.monotonic() - start
    assert type(caught.value) is TimeoutError
    assert caught.value.args == ("timed out",)
    assert str(caught.value) == "timed out"
    # That of the kernel has one.
    assert caught.value.errno is None
    assert timeout <= elapsed < 30


@pytest.mark.parametrize("name", RECEIVES)
def test_receive_from_a_stream(net: Net, name: str) -> None:
    client, _ = tcp_pair(net)
    client.settimeout(TIMEOUT)
    check_expiry(lambda: RECEIVES[name](client))


@pytest.mark.parametrize("name", RECEIVES)
def test_receive_of_datagrams(net: Net, name: str) -> None:
    sock = udp(net)
    sock.settimeout(TIMEOUT)
    check_expiry(lambda: RECEIVES[name](sock))


@pytest.mark.parametrize("name", SENDS)
def test_send_to_a_full_peer(net: Net, name: str) -> None:
    first, _ = unix_pair(net)
    fill(first)
    first.settimeout(TIMEOUT)
    check_expiry(lambda: SENDS[name](first))


def test_accept(net: Net) -> None:
    server = listener(net)
    server.settimeout(TIMEOUT)
    check_expiry(server.accept)


def test_connect(net: Net) -> None:
    sock = tcp(net)
    sock.settimeout(TIMEOUT)
    address = silent_address(net)
    check_expiry(lambda: sock.connect(address))


def test_timeout_of_a_nanosecond(net: Net) -> None:
    client, _ = tcp_pair(net)
    client.settimeout(1e-9)
    check_expiry(lambda: client.recv(1), timeout=0)


def test_expiry_is_known_by_its_old_name(net: Net) -> None:
    assert net.socket.timeout is TimeoutError
    client, _ = tcp_pair(net)
    client.settimeout(0.01)
    with pytest.raises(net.socket.timeout):
        client.recv(1)
    with pytest.raises(OSError):
        client.recv(1)


def test_a_socket_is_usable_after_expiry(net: Net) -> None:
    client, server = tcp_pair(net)
    client.settimeout(0.05)
    check_expiry(lambda: client.recv(10), timeout=0.05)
    server.sendall(b"late")
    client.settimeout(30)
    assert client.recv(10) == b"late"


def test_nothing_is_late_before_the_timeout(net: Net) -> None:
    client, server = tcp_pair(net)
    client.settimeout(60)
    reader = Worker(client.recv, 10)
    net.wait_blocked(reader)
    server.sendall(b"in time")
    assert reader.result() == b"in time"


def test_each_receive_has_the_timeout_anew(net: Net) -> None:
    client, _ = tcp_pair(net)
    client.settimeout(0.1)
    for _ in range(3):
        check_expiry(lambda: client.recv(1), timeout=0.1)


def test_error_of_the_kernel_has_its_number(net: Net) -> None:
    sock = tcp(net)
    # The kernel gives up after two unanswered SYNs, about three seconds.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
    sock.settimeout(60)
    with pytest.raises(TimeoutError) as caught:
        sock.connect(silent_address(net))
    assert caught.value.errno == errno.ETIMEDOUT
    assert caught.value.args == (errno.ETIMEDOUT, "Connection timed out")


def test_error_of_the_kernel_without_a_timeout(net: Net) -> None:
    sock = tcp(net)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
    assert sock.connect_ex(silent_address(net)) == errno.ETIMEDOUT


def test_sendall_has_one_budget(net: Net) -> None:
    first, second = unix_pair(net)
    fill(first)
    first.settimeout(0.5)
    stop = threading.Event()

    def read_slowly() -> None:
        # There always is progress within the timeout, so that a sendall that
        # began its time anew after each part would not expire.
        while not stop.wait(0.02):
            second.recv(4096, socket.MSG_DONTWAIT)

    reader = Worker(read_slowly)
    try:
        check_expiry(lambda: first.sendall(bytes(1 << 26)), timeout=0.5)
    finally:
        stop.set()
    reader.result()


def test_sendall_of_16_mib_within_its_budget(net: Net) -> None:
    client, server = tcp_pair(net)
    client.settimeout(60)
    data = bytes(range(256)) * (1 << 16)
    reader = Worker(receive_exactly, server, len(data))
    assert client.sendall(data) is None
    assert reader.result() == data


def test_sendall_that_expired_has_sent_a_part(net: Net) -> None:
    first, second = unix_pair(net)
    first.settimeout(TIMEOUT)
    check_expiry(lambda: first.sendall(bytes(1 << 22)))
    first.close()
    assert 0 < len(receive_exactly(second, 1 << 22)) < 1 << 22


def test_send_with_a_timeout_returns_what_went_out(net: Net) -> None:
    first, second = unix_pair(net)
    first.settimeout(60)
    sent = first.send(bytes(1 << 22))
    assert 0 < sent < 1 << 22
    first.close()
    assert len(receive_exactly(second, 1 << 22)) == sent


def test_nonblocking_sendall_raises_after_a_part(net: Net) -> None:
    first, second = unix_pair(net)
    first.setblocking(False)
    with pytest.raises(BlockingIOError) as caught:
        first.sendall(bytes(1 << 22))
    assert caught.value.errno == errno.EAGAIN
    first.close()
    assert 0 < len(receive_exactly(second, 1 << 22)) < 1 << 22


def test_dontwait_waits_with_a_timeout(net: Net) -> None:
    client, _ = tcp_pair(net)
    client.settimeout(TIMEOUT)
    check_expiry(lambda: client.recv(1, socket.MSG_DONTWAIT))


def test_dontwait_with_a_timeout_gets_what_comes(net: Net) -> None:
    client, server = tcp_pair(net)
    client.settimeout(60)
    reader = Worker(client.recv, 1, socket.MSG_DONTWAIT)
    net.wait_blocked(reader)
    server.sendall(b"x")
    assert reader.result() == b"x"


def test_dontwait_without_a_timeout_does_not_wait(net: Net) -> None:
    client, _ = tcp_pair(net)
    with pytest.raises(BlockingIOError) as caught:
        client.recv(1, socket.MSG_DONTWAIT)
    assert caught.value.errno == errno.EAGAIN


def test_waitall_with_a_timeout_returns_a_part(net: Net) -> None:
    client, server = tcp_pair(net)
    client.settimeout(60)
    server.sendall(b"abc")
    assert client.recv(10, socket.MSG_WAITALL) == b"abc"


def test_waitall_without_a_timeout_waits_for_all(net: Net) -> None:
    client, server = tcp_pair(net)
    server.sendall(b"abc")
    reader = Worker(client.recv, 6, socket.MSG_WAITALL)
    net.wait_blocked(reader)
    server.sendall(b"def")
    assert reader.result() == b"abcdef"


@pytest.mark.parametrize("name", RECEIVES)
def test_nonblocking_receive_raises_at_once(net: Net, name: str) -> None:
    client, _ = tcp_pair(net)
    client.setblocking(False)
    with pytest.raises(BlockingIOError) as caught:
        RECEIVES[name](client)
    assert caught.value.args == (errno.EAGAIN,
                                 "Resource temporarily unavailable")


@pytest.mark.parametrize("name", SENDS)
def test_nonblocking_send_raises_at_once(net: Net, name: str) -> None:
    first, _ = unix_pair(net)
    first.setblocking(False)
    fill(first)
    with pytest.raises(BlockingIOError) as caught:
        SENDS[name](first)
    assert caught.value.errno == errno.EAGAIN

"""Signals that come while the main thread waits in a call."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from typing import Any, Callable, Iterator

import pytest

from connections import (fill, listener, receive_exactly, silent_address, tcp,
                         tcp_pair, unix_pair)
from net import Net
from workers import PATIENCE, Worker


class Interrupted(Exception):
    """What the handler of a signal raises."""


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Restores the handlers that tests change."""
    before = {number: signal.getsignal(number)
              for number in (signal.SIGUSR1, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(name="handle")
def _handle() -> Callable[[Callable[[], None]], None]:
    """Sets the handler of SIGUSR1 for the test."""

    def handle(handler: Callable[[], None]) -> None:
        signal.signal(signal.SIGUSR1, lambda *_: handler())

    return handle


def give_up() -> None:
    """A handler that raises."""
    raise Interrupted


def interrupt(net: Net, number: int = signal.SIGUSR1) -> Worker:
    """Sends this process a signal as soon as its main thread is blocked.

    It is sent until it is handled, which is done once. On a busy machine the
    thread may have been blocked in an earlier call, and one that comes between
    Python's last look for signals and the system call ends neither.
    """
    handled = threading.Event()
    handler: Any = signal.getsignal(number)

    def handle_once(*arguments: Any) -> None:
        if not handled.is_set():
            handled.set()
            handler(*arguments)

    def send() -> None:
        net.wait_blocked(threading.main_thread())
        deadline = time.monotonic() + PATIENCE
        os.kill(os.getpid(), number)
        while not handled.wait(.5):
            assert time.monotonic() < deadline, "it is never handled"
            os.kill(os.getpid(), number)

    signal.signal(number, handle_once)
    return Worker(send)


def full_sender(net: Net) -> Any:
    """A socket that can't send."""
    first, _ = unix_pair(net)
    fill(first)
    return first


CALLS: dict[str, Callable[[Net], Any]] = {
    "recv": lambda net: tcp_pair(net)[0].recv(1),
    "recvfrom": lambda net: tcp_pair(net)[0].recvfrom(1),
    "recv_into": lambda net: tcp_pair(net)[0].recv_into(bytearray(1)),
    "recvmsg": lambda net: tcp_pair(net)[0].recvmsg(1),
    "send": lambda net: full_sender(net).send(b"x"),
    "sendall": lambda net: full_sender(net).sendall(b"x"),
    "accept": lambda net: listener(net).accept(),
    "connect": lambda net: tcp(net).connect(silent_address(net)),
    "select": lambda net: net.select.select([tcp_pair(net)[0]], [], []),
    "makefile": lambda net: tcp_pair(net)[0].makefile("rb").read(1),
}


@pytest.mark.parametrize("timeout", [None, 60])
@pytest.mark.parametrize("name", CALLS)
def test_a_handler_that_raises_ends_the_call(
        net: Net, handle: Any, name: str, timeout: float | None) -> None:
    handle(give_up)
    net.socket.setdefaulttimeout(timeout)
    sender = interrupt(net)
    with pytest.raises(Interrupted):
        CALLS[name](net)
    sender.result()


def test_an_ended_call_takes_no_data(net: Net, handle: Any) -> None:
    client, server = tcp_pair(net)
    handle(give_up)
    sender = interrupt(net)
    with pytest.raises(Interrupted):
        client.recv(10)
    sender.result()
    server.sendall(b"for the next one")
    assert client.recv(100) == b"for the next one"


def test_an_ended_accept_takes_no_connection(net: Net, handle: Any) -> None:
    server, client = listener(net), tcp(net)
    handle(give_up)
    sender = interrupt(net)
    with pytest.raises(Interrupted):
        server.accept()
    sender.result()
    client.connect(server.getsockname())
    sock, address = server.accept()
    net.keep(sock)
    assert address == client.getsockname()


def test_an_ended_sendall_has_sent_a_part(net: Net, handle: Any) -> None:
    first, second = unix_pair(net)
    handle(give_up)
    sender = interrupt(net)
    with pytest.raises(Interrupted):
        first.sendall(bytes(1 << 24))
    sender.result()
    first.close()
    assert 0 < len(receive_exactly(second, 1 << 24)) < 1 << 24


def test_ctrl_c_ends_the_call(net: Net) -> None:
    client, _ = tcp_pair(net)
    sender = interrupt(net, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        client.recv(10)
    sender.result()


def test_a_handler_that_returns_lets_the_call_go_on(net: Net,
                                                    handle: Any) -> None:
    client, server = tcp_pair(net)
    handled = threading.Event()
    handle(handled.set)
    sender = interrupt(net)

    def answer() -> None:
        sender.result()
        assert handled.wait(60)
        server.sendall(b"hello")

    worker = Worker(answer)
    assert client.recv(10) == b"hello"
    worker.result()


def test_a_handler_that_returns_does_not_extend_the_timeout(
        net: Net, handle: Any) -> None:
    client, _ = tcp_pair(net)
    client.settimeout(1.0)
    stop = threading.Event()
    count = 0

    def handler() -> None:
        nonlocal count
        count += 1

    def disturb() -> None:
        # Far more often than the timeout expires.
        while not stop.wait(0.05):
            os.kill(os.getpid(), signal.SIGUSR1)

    handle(handler)
    worker = Worker(disturb)
    start = time.monotonic()
    try:
        with pytest.raises(TimeoutError):
            client.recv(10)
    finally:
        elapsed = time.monotonic() - start
        stop.set()
        worker.result()
    assert 1.0 <= elapsed < 30
    assert count > 0


def test_a_handler_may_use_the_socket(net: Net, handle: Any) -> None:
    client, server = tcp_pair(net)
    handle(lambda: server.sendall(b"from the handler"))
    sender = interrupt(net)
    assert client.recv(100) == b"from the handler"
    sender.result()


def test_a_handler_ends_a_call_by_shutdown(net: Net, handle: Any) -> None:
    client, _ = tcp_pair(net)
    handle(lambda: client.shutdown(socket.SHUT_RDWR))
    sender = interrupt(net)
    assert client.recv(100) == b""
    sender.result()

"""Sockets in the states that tests begin with. `net` closes all of them."""

from __future__ import annotations

import select
import socket
import struct
from typing import Any

from net import Net

LOOPBACK = "127.0.0.1"
# struct linger: a close with this sends a reset.
ABORT = struct.pack("ii", 1, 0)


def tcp(net: Net, family: int = socket.AF_INET) -> Any:
    """A new stream socket."""
    return net.keep(net.socket.socket(family, socket.SOCK_STREAM))


def udp(net: Net, family: int = socket.AF_INET) -> Any:
    """A new datagram socket, bound to loopback."""
    sock = net.keep(net.socket.socket(family, socket.SOCK_DGRAM))
    sock.bind(("::1" if family == socket.AF_INET6 else LOOPBACK, 0))
    return sock


def listener(net: Net, backlog: int = 5) -> Any:
    """A listener on loopback."""
    sock = tcp(net)
    sock.bind((LOOPBACK, 0))
    sock.listen(backlog)
    return sock


def tcp_pair(net: Net) -> tuple[Any, Any]:
    """Both ends of a connection: the one that connected, the accepted one."""
    server = listener(net)
    client = tcp(net)
    client.connect(server.getsockname())
    accepted, _ = server.accept()
    server.close()
    return client, net.keep(accepted)


def udp_pair(net: Net) -> tuple[Any, Any]:
    """Two datagram sockets that are connected to each other."""
    first, second = udp(net), udp(net)
    first.connect(second.getsockname())
    second.connect(first.getsockname())
    return first, second


def unix_pair(net: Net,
              kind: int = socket.SOCK_STREAM) -> tuple[Any, Any]:
    """Two Unix sockets that are connected to each other."""
    first, second = net.socket.socketpair(socket.AF_UNIX, kind)
    return net.keep(first), net.keep(second)


def refusing_address(net: Net) -> Any:
    """An address that refuses connections for as long as the test runs."""
    # Bound, so that nobody else gets the port, and not listening.
    sock = tcp(net)
    sock.bind((LOOPBACK, 0))
    return sock.getsockname()


def await_events(net: Net, sock: Any, events: int) -> None:
    """Waits until poll tells one of these, an error or a hang-up.

    Loopback mostly delivers before the sending call returns, but does not
    promise it.
    """
    poller = net.select.poll()
    poller.register(sock, events)
    assert poller.poll(60_000)


def silent_listener(net: Net) -> Any:
    """A listener that does not answer: its accept queue is full."""
    server = listener(net, backlog=0)
    # One more than the backlog is admitted; whoever comes next gets no answer.
    tcp(net).connect(server.getsockname())
    await_events(net, server, select.POLLIN)
    return server


def silent_address(net: Net) -> Any:
    """An address that does not answer a connect."""
    return silent_listener(net).getsockname()


def fill(sock: Any) -> int:
    """Sends until a Unix stream takes no more; returns how many bytes."""
    total = 0
    while True:
        try:
            total += sock.send(bytes(1 << 16), socket.MSG_DONTWAIT)
        except BlockingIOError:
            return total


def receive_exactly(sock: Any, length: int) -> bytes:
    """Receives so many bytes of a stream, or less at its end."""
    data = bytearray()
    while len(data) < length:
        chunk = sock.recv(min(length - len(data), 1 << 20))
        if not chunk:
            break
        data += chunk
    return bytes(data)


def reset_by_peer(net: Net) -> Any:
    """A connected socket whose peer has just reset the connection."""
    client, server = tcp_pair(net)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    server.close()
    await_events(net, client, 0)
    return client


def hung_up_and_full(net: Net) -> tuple[Any, Any, int]:
    """A Unix stream that has hung up and has no room to send.

    Its peer, too, and how many bytes that has yet to receive.
    """
    first, second = unix_pair(net)
    filled = fill(first)
    second.shutdown(socket.SHUT_RDWR)
    await_events(net, first, 0)
    return first, second, filled

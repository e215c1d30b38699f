"""A socket as an object: repr, subclasses, references, its silent end."""

from __future__ import annotations

import copy
import gc
import pickle
import socket
import warnings
import weakref
from typing import Any

import pytest

from connections import LOOPBACK, listener, tcp, tcp_pair, udp, unix_pair
from net import Net
from workers import Worker


# repr -----------------------------------------------------------------------


def test_repr(net: Net) -> None:
    client, _ = tcp_pair(net)
    text = repr(client)
    assert text.startswith("<")
    assert text.endswith(">")
    for part in (f" fd={client.fileno()},", " family=2,", " type=1,",
                 " proto=0,", f" laddr={client.getsockname()},",
                 f" raddr={client.getpeername()}"):
        assert part in text
    assert "closed" not in text


def test_repr_without_addresses(net: Net) -> None:
    sock = udp(net)
    assert f" laddr={sock.getsockname()}" in repr(sock)
    assert "raddr" not in repr(sock)
    first, _ = unix_pair(net)
    assert "addr" not in repr(first)


def test_repr_of_a_closed_socket(net: Net) -> None:
    sock = tcp(net)
    sock.close()
    assert " [closed] fd=-1, family=2, type=1, proto=0" in repr(sock)


# Identity and references ----------------------------------------------------


def test_equality_is_identity(net: Net) -> None:
    sock = tcp(net)
    twin = net.keep(sock.dup())
    assert sock == sock  # pylint: disable=comparison-with-itself
    assert sock != twin
    assert len({sock, twin, sock}) == 2
    assert bool(sock) is True


def test_weak_references(net: Net) -> None:
    sock = net.socket.socket()
    reference = weakref.ref(sock)
    assert reference() is sock
    sock.close()
    del sock
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("function", [pickle.dumps, copy.copy,
                                      copy.deepcopy])
def test_is_not_copied(net: Net, function: Any) -> None:
    with pytest.raises(TypeError, match=r"cannot pickle '\w+' object"):
        function(tcp(net))


# Left open ------------------------------------------------------------------


def test_a_socket_left_open_is_warned_of(net: Net) -> None:
    server = listener(net)
    sock = net.socket.create_connection(server.getsockname())
    text = repr(sock)
    assert f"laddr={sock.getsockname()}, raddr={server.getsockname()}" in text
    with pytest.warns(ResourceWarning) as caught:
        del sock
        gc.collect()
    assert f"unclosed {text}" in [str(item.message) for item in caught]


def test_a_socket_left_open_in_a_cycle_is_warned_of(net: Net) -> None:
    # In a thread of its own, as a garbage collection may be in any.
    sock = tcp(net).dup()
    sock.bind((LOOPBACK, 0))
    text, cycle = repr(sock), [sock]
    cycle.append(cycle)
    del sock
    with pytest.warns(ResourceWarning) as caught:
        del cycle
        Worker(gc.collect).result()
    assert f"unclosed {text}" in [str(item.message) for item in caught]


def test_a_socket_left_open_is_closed(net: Net) -> None:
    server = listener(net)
    client = net.socket.create_connection(server.getsockname())
    accepted = net.keep(server.accept()[0])
    reader = Worker(accepted.recv, 10)
    net.wait_blocked(reader)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del client
        gc.collect()
    assert reader.result() == b""


def test_what_is_closed_or_detached_is_not_warned_of(net: Net) -> None:
    closed, detached = net.socket.socket(), net.socket.socket()
    closed.close()
    handle = detached.detach()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del closed, detached
        gc.collect()
    net.socket.close(handle)


def test_a_file_keeps_its_socket(net: Net) -> None:
    first, second = net.socket.socketpair()
    net.keep(second)
    file = net.keep(first.makefile("rb"))
    first.close()
    del first
    gc.collect()
    second.sendall(b"line\n")
    assert file.readline() == b"line\n"


# Subclasses -----------------------------------------------------------------


def make_subclass(net: Net) -> Any:
    """A class that overrides, adds, and has an attribute."""

    class Counting(net.socket.socket):  # type: ignore[name-defined,misc]
        """Counts what goes through send."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.sent = 0

        def send(self, data: Any, flags: int = 0) -> int:
            count: int = super().send(data, flags)
            self.sent += count
            return count

    return Counting


def test_subclass(net: Net) -> None:
    counting = make_subclass(net)
    server = listener(net)
    with counting(socket.AF_INET, socket.SOCK_STREAM) as sock:
        assert isinstance(sock, net.socket.socket)
        sock.connect(server.getsockname())
        assert sock.send(b"hello") == 5
        assert sock.sent == 5
        assert "Counting fd=" in repr(sock)
    assert sock.fileno() == -1


def test_subclass_of_a_handle(net: Net) -> None:
    first, second = unix_pair(net)
    sock = net.keep(make_subclass(net)(fileno=first.detach()))
    sock.send(b"x")
    assert second.recv(10) == b"x"


def test_subclass_in_dup_and_accept(net: Net) -> None:
    counting = make_subclass(net)
    server = net.keep(counting())
    server.bind((LOOPBACK, 0))
    server.listen()
    assert type(net.keep(server.dup())) is counting
    tcp(net).connect(server.getsockname())
    # accept makes plain sockets.
    accepted = net.keep(server.accept()[0])
    assert type(accepted) is not counting
    assert isinstance(accepted, net.socket.socket)


def test_subclass_makes_files_of_its_own_methods(net: Net) -> None:

    class Shouting(net.socket.socket):  # type: ignore[name-defined,misc]
        """Receives in capitals."""

        def recv_into(self, buffer: Any, nbytes: int = 0,
                      flags: int = 0) -> int:
            count: int = super().recv_into(buffer, nbytes, flags)
            buffer[:count] = bytes(buffer[:count]).upper()
            return count

    first, second = unix_pair(net)
    sock = net.keep(Shouting(fileno=first.detach()))
    second.sendall(b"hello\n")
    assert net.keep(sock.makefile("rb")).readline() == b"HELLO\n"

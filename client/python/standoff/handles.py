"""Handles: what a remote socket has for a descriptor.

A handle is a number by which code that wants descriptors tells sockets apart.
It is far above any descriptor's, so the kernel of this machine refuses it
(EBADF) where somebody uses it as one.
"""

from __future__ import annotations

import errno
import itertools
import operator
import os
import threading
import weakref
from typing import Any

FIRST = 1 << 30

_numbers = itertools.count(FIRST)
_lock = threading.Lock()


class RemoteSocket:
    """A socket on a host, by the name it has there.

    Attributes:
      host: the host.
      name: its name in the session.
      family, type, proto: what it is, as numbers.
      handle: what fileno() tells.
      inheritable: what set_inheritable() was told.
    """

    __slots__ = (
        "host", "name", "family", "type", "proto", "handle", "inheritable",
        "__weakref__",
    )

    def __init__(
        self, host: Any, name: str, family: int, type: int, proto: int
    ) -> None:
        # A standoff.Host or a standoff.aio.Host.
        self.host = host
        self.name = name
        self.family = family
        self.type = type
        self.proto = proto
        self.handle = next(_numbers)
        self.inheritable = False
        with _lock:
            _sockets[self.handle] = self


_sockets: weakref.WeakValueDictionary[int, RemoteSocket] = (
    weakref.WeakValueDictionary()
)
# Those that only their handle stands for.
_detached: dict[int, RemoteSocket] = {}


def bad_descriptor() -> OSError:
    """What the kernel says of a number that is no open descriptor."""
    return OSError(errno.EBADF, os.strerror(errno.EBADF))


def number_of(socket: Any) -> int:
    """The handle of a socket, of an object with fileno(), or of an int.

    ValueError for one that is closed, and TypeError for no such thing, as
    `select` raises them.
    """
    if not isinstance(socket, int):
        try:
            method = socket.fileno
        except AttributeError:
            raise TypeError(
                "argument must be an int, or have a fileno() method."
            ) from None
        socket = method()
        if not isinstance(socket, int):
            raise TypeError("fileno() returned a non-integer")
    number = operator.index(socket)
    if number < 0:
        raise ValueError(
            f"file descriptor cannot be a negative integer ({number})"
        )
    return number


def find(number: int) -> RemoteSocket:
    """The open socket of a handle. OSError (EBADF) if there is none."""
    with _lock:
        socket = _sockets.get(number)
    if socket is None:
        raise bad_descriptor()
    return socket


def open_on(host: Any) -> list[RemoteSocket]:
    """The open sockets that were made through a host's object."""
    with _lock:
        return [socket for socket in _sockets.values() if socket.host is host]


def is_open(number: int) -> bool:
    """Whether a handle stands for an open socket."""
    with _lock:
        return number in _sockets


def detach(socket: RemoteSocket) -> int:
    """Keeps a socket that only its handle stands for from now on."""
    with _lock:
        _detached[socket.handle] = socket
    return socket.handle


def adopt(number: int) -> RemoteSocket:
    """The socket of a handle, which somebody owns from now on."""
    socket = find(number)
    with _lock:
        _detached.pop(number, None)
    return socket


def forget(socket: RemoteSocket) -> bool:
    """Its handle stands for nothing any more: it is closed.

    False if it did not stand for anything before.
    """
    with _lock:
        _detached.pop(socket.handle, None)
        return _sockets.pop(socket.handle, None) is not None


def check_form(socket: RemoteSocket, form: str) -> None:
    """TypeError unless a socket is of this form of the package."""
    if socket.host._form != form:
        raise TypeError(
            f"a socket of {socket.host._form} can't be used with {form}"
        )


def _after_fork() -> None:
    # Another thread of the parent may have held it.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)

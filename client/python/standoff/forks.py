"""What becomes of connections in a process that is forked."""

from __future__ import annotations

import ctypes
import os
import weakref
from typing import Protocol


class Forked(Protocol):
    """What has to know that it is a copy in a forked process."""

    def after_fork(self) -> None:
        """Is called in the child, before anything else is done there."""


_watching: weakref.WeakSet[Forked] = weakref.WeakSet()


def watch(connection: Forked) -> None:
    """Has its after_fork() called in each child of this process."""
    _watching.add(connection)


def keep(channel: object) -> None:
    """Keeps an object of gRPC's from ever being collected, in a child.

    It would end a call or the connection, whose descriptor the parent has, too;
    also where the interpreter clears all modules at its end.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(channel))


def _after_fork() -> None:
    for connection in list(_watching):
        connection.after_fork()


os.register_at_fork(after_in_child=_after_fork)

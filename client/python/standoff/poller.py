"""`select.poll` for remote sockets."""

from __future__ import annotations

import math
import operator
import threading
from typing import Any

from standoff import handles
from standoff import selecting
from standoff.selecting import POLLIN, POLLOUT, POLLPRI


class Poll:
    """`select.poll` for remote sockets: of any of their hosts."""

    def __init__(self) -> None:
        self._events: dict[int, int] = {}
        self._waiting = threading.Lock()

    def register(
        self, fd: Any, eventmask: int = POLLIN | POLLPRI | POLLOUT, /
    ) -> None:
        """Adds a socket or handle, or changes what is waited for on it."""
        self._events[handles.number_of(fd)] = _mask(eventmask)

    def modify(self, fd: Any, eventmask: int, /) -> None:
        """Changes what is waited for. FileNotFoundError if it is not there."""
        number = handles.number_of(fd)
        if number not in self._events:
            raise FileNotFoundError(2, "No such file or directory")
        self._events[number] = _mask(eventmask)

    def unregister(self, fd: Any, /) -> None:
        """Takes a socket out. KeyError if it is not there."""
        number = handles.number_of(fd)
        if number not in self._events:
            raise KeyError(number)
        del self._events[number]

    def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]:
        """Waits, at most `timeout` milliseconds; for ever if None or negative.

        Returns (handle, events) for each socket that is ready.
        """
        seconds = None
        if timeout is not None:
            if not isinstance(timeout, float):
                try:
                    timeout = operator.index(timeout)
                except TypeError:
                    raise TypeError(
                        "timeout must be an integer or None"
                    ) from None
            if math.isnan(timeout):
                raise ValueError("Invalid value NaN (not a number)")
            if abs(timeout) > 2**31 - 1:
                raise OverflowError("timeout is too large")
            if timeout >= 0:
                seconds = math.ceil(timeout) / 1000
        if not self._waiting.acquire(blocking=False):
            raise RuntimeError("concurrent poll() invocation")
        try:
            ready = selecting.wait(dict(self._events), seconds)
        finally:
            self._waiting.release()
        return [
            (number, ready[number])
            for number in self._events
            if ready.get(number)
        ]


def _mask(events: int) -> int:
    number = operator.index(events)
    if number < 0:
        raise ValueError("value must be positive")
    if number > 0xFFFF:
        raise OverflowError(
            "Python int too large for C unsigned short"
        )
    return number

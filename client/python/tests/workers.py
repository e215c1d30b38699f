"""Threads that make one call each, and waiting for conditions."""

from __future__ import annotations

import pathlib
import platform
import threading
import time
from typing import Any, Callable

# For conditions that are sure to come true: a bound for broken code only.
PATIENCE = 60.0

# The number of futex(2).
FUTEX = {"aarch64": "98", "x86_64": "202"}[platform.machine()]


class Worker(threading.Thread):
    """A thread that makes one call, and keeps what it returned or raised."""

    def __init__(self, call: Callable[..., Any], *args: Any,
                 **kwargs: Any) -> None:
        # A daemon thread: a call that never ends fails its test and does not
        # keep the interpreter from exiting.
        super().__init__(daemon=True)
        self._call = call
        self._args = args
        self._kwargs = kwargs
        self._value: Any = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._value = self._call(*self._args, **self._kwargs)
        except BaseException as error:  # pylint: disable=broad-except
            self._error = error

    def error(self) -> BaseException | None:
        """Waits for the end of the call; returns what it raised, or None."""
        self.join(PATIENCE)
        assert not self.is_alive(), "the call has not ended"
        return self._error

    def result(self) -> Any:
        """Waits for the end of the call; returns its value or raises."""
        error = self.error()
        if error is not None:
            raise error
        return self._value


def eventually(condition: Callable[[], Any]) -> Any:
    """Polls until the condition is true; returns its value."""
    deadline = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.005)


def is_asleep(thread: threading.Thread) -> bool:
    """Whether a thread of this process sleeps in a system call.

    A thread that waits for the interpreter's lock or for another thread does
    not count: it sleeps in a futex.
    """
    # One file says both, so that they are of one moment (proc(5)): the number,
    # or "running".
    call = pathlib.Path("/proc/self/task", str(thread.native_id),
                        "syscall").read_text().split()[0]
    return call not in ("running", FUTEX)

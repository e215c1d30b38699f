"""Tells why a test hangs, while it does."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable

import pytest

from standoff.text_table import printable

# The settings of the ini-file: the plugin's own, and pytest's for tracebacks.
HANG_TIMEOUT = "standoff_hang_timeout"
_TRACEBACK_TIMEOUT = "faulthandler_timeout"

# For how long the end of pytest waits for what is being told of its last test.
_PATIENCE = 5.0


def hang_timeout(config: pytest.Config) -> float | None:
    """Returns after how many seconds a test hangs, or None if it never does.

    Raises:
        ValueError: The ini-file has something else; the message says where.
    """
    told = config.getini(HANG_TIMEOUT)
    if not told:
        try:
            told = config.getini(_TRACEBACK_TIMEOUT)
        except ValueError:
            return None  # It was run without the plugin that has it.
        # What it says of others is for that plugin.
        with contextlib.suppress(TypeError, ValueError):
            return float(told) if float(told) > 0 else None
        return None
    try:
        seconds = float(told)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= threading.TIMEOUT_MAX:
        raise ValueError(
            f'{HANG_TIMEOUT}: expected a number of seconds, 0 for none; got '
            f'"{printable(told)}"'
        )
    return seconds or None


class HangWatch:
    """A plugin that tells on the terminal what a test that hangs waits for."""

    def __init__(self, seconds: float, explain: Callable[[], str]) -> None:
        """Prepares it. To be made where pytest captures nothing.

        Args:
            seconds: How long a test may take.
            explain: Tells what is blocked. It is called in a thread of its own.
        """
        self._seconds = seconds
        self._explain = explain
        # While a test runs, standard error itself is captured.
        self._output = os.dup(2)
        # Of the test that runs, and the last one that there was.
        self._timer: threading.Timer | None = None
        self._last: threading.Timer | None = None

    def start(self, test: str) -> None:
        """Begins to count a test's time."""
        self._timer = threading.Timer(self._seconds, self._tell, [test])
        self._timer.name = "standoff-hang"
        self._timer.daemon = True
        self._timer.start()
        self._last = self._timer

    def end(self) -> None:
        """Notes that the test has ended: nothing is told of it any more."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Ends the watch."""
        self.end()
        if self._last is not None:
            self._last.join(_PATIENCE)
        os.close(self._output)

    def pytest_enter_pdb(self) -> None:
        # A person takes any time.
        self.end()

    def _tell(self, test: str) -> None:
        text = self._explain()
        if self._timer is not threading.current_thread():
            return
        head = f"standoff: {printable(test)} is not done after "
        head += f"{self._seconds:g} s"
        with contextlib.suppress(OSError), open(
            self._output, "w", closefd=False, errors="backslashreplace"
        ) as output:
            output.write(f"\n{head}\n{text}\n")

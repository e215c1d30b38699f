"""Timeouts as `socket` takes them: numbers of seconds, None for ever."""

from __future__ import annotations

import math
import operator
from typing import SupportsIndex, Union

Timeout = Union[float, SupportsIndex, None]

# CPython's clock is an int64 of nanoseconds.
_MAX_NANOSECONDS = 2**63 - 1
_TOO_LARGE = "timestamp too large to convert to C _PyTime_t"


def parse(value: Timeout) -> float | None:
    """The timeout that `socket.settimeout(value)` sets.

    It is rounded up to the nanosecond. ValueError, OverflowError or TypeError
    for the values for which CPython raises them.
    """
    if value is None:
        return None
    if isinstance(value, float):
        nanoseconds = _from_float(value)
    else:
        nanoseconds = operator.index(value) * 10**9
        if abs(nanoseconds) > _MAX_NANOSECONDS:
            raise OverflowError(_TOO_LARGE)
    if nanoseconds < 0:
        raise ValueError("Timeout value out of range")
    return nanoseconds / 1e9


def _from_float(seconds: float) -> int:
    if math.isnan(seconds):
        raise ValueError("Invalid value NaN (not a number)")
    scaled = seconds * 1e9
    if abs(scaled) > _MAX_NANOSECONDS:
        raise OverflowError(_TOO_LARGE)
    # Away from zero: a short time is not none at all.
    return math.ceil(scaled) if scaled >= 0 else math.floor(scaled)

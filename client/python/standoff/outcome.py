"""What the kernel said, as Python says it: values and exceptions."""

from __future__ import annotations

import errno
import os
import socket as local_socket

from standoff import errors
from standoff.v1 import outcome_pb2

_RETURNED = outcome_pb2.ENDING_RETURNED
_TIMED_OUT = outcome_pb2.ENDING_TIMED_OUT
_CANCELLED = outcome_pb2.ENDING_CANCELLED


def value_of(outcome: outcome_pb2.Outcome) -> int:
    """What the last system call returned, or the exception of `socket`."""
    if outcome.ending == _RETURNED:
        return outcome.value
    raise error_of(outcome)


def error_of(outcome: outcome_pb2.Outcome) -> Exception:
    """The exception for an outcome that is none of success.

    TimeoutError without an errno for the socket's timeout, gaierror for a
    failed look-up, else the OSError of the errno: BlockingIOError,
    ConnectionRefusedError, … A call that was ended on request is Cancelled.
    """
    if outcome.ending == _TIMED_OUT:
        return TimeoutError("timed out")
    if outcome.ending == _CANCELLED:
        return errors.Cancelled("the call was ended while it waited")
    if outcome.HasField("lookup_error"):
        return local_socket.gaierror(
            outcome.lookup_error.number, outcome.lookup_error.message
        )
    number = errno_of(outcome)
    return OSError(number, os.strerror(number))


def errno_of(outcome: outcome_pb2.Outcome) -> int:
    """The errno, by this machine's numbers, which need not be Linux's."""
    number: int = getattr(errno, outcome.error.name, outcome.error.number)
    return number

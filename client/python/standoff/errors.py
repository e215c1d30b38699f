"""Faults of the harness: of the control plane, never of a socket.

What the kernel says to a socket call is raised as Python's own exceptions, just
as `socket` raises them. Everything else is a HarnessError, which is no OSError:
`except OSError` around a socket call never swallows a daemon that is gone.
"""

from __future__ import annotations

import errno
import os
import re
from typing import Any, NoReturn

import grpc


class HarnessError(Exception):
    """A fault of the control plane, or of a request to it.

    Attributes:
      host: what the host is called; empty if none was concerned.
      code: the name of the gRPC status, "UNAVAILABLE"; empty if there is none.
      details: what the daemon or gRPC said about it.
    """

    def __init__(self, details: str, *, host: str = "", code: str = "") -> None:
        super().__init__(f"{host}: {details}" if host else details)
        self.host = host
        self.code = code
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        return (_remake, (type(self), self.details, self.__dict__))


def _remake(
    kind: type[HarnessError], details: str, state: dict[str, Any]
) -> HarnessError:
    error = kind.__new__(kind)
    Exception.__init__(error, details)
    error.__dict__.update(state)
    return error


class Unavailable(HarnessError):
    """The daemon can't be reached, or it is shutting down."""


class InvalidRequest(HarnessError):
    """The daemon refused the request; the details name the field."""


class NotFound(HarnessError):
    """There is no such socket, operation or session on the host (any more)."""


class SessionLost(NotFound):
    """The session is gone: its lease lapsed, or somebody deleted it."""


class LimitReached(HarnessError):
    """A limit of the daemon; the details name it and its flag."""


class PermissionDenied(HarnessError):
    """The client's certificate, or the lack of one, does not allow this.

    Or the daemon does not: the details name the flag that would.
    """


class Forbidden(PermissionDenied, PermissionError):
    """A rule of the daemon forbids a socket call; the details say which.

    It is about an option or control message that the daemon does not pass on
    to its kernel, and an OSError with EPERM: programs that try whether a kernel
    has an option go on without it.
    """

    errno = errno.EPERM
    strerror = os.strerror(errno)


class Unsupported(HarnessError, NotImplementedError):
    """Something of `socket` that can't be done to a remote socket."""


class WaitTimedOut(HarnessError):
    """The time that a wait for an operation was given is over.

    The operation goes on. (A socket's own timeout is Python's TimeoutError.)
    """


class OperationError(HarnessError):
    """An operation has no result of its own.

    Attributes:
      operation: the standoff.v1 message Operation, with what is known of it.
    """

    def __init__(
        self, details: str, *, host: str = "", code: str = "", operation: Any = None
    ) -> None:
        super().__init__(details, host=host, code=code)
        self.operation = operation


class Cancelled(OperationError):
    """The call was ended on request while it waited, or before it began.

    `operation.reply` has what it had done until then, bytes included.
    """


class Skipped(OperationError):
    """An earlier action of the program failed, so this one was not performed."""


class NeverBlocked(OperationError):
    """An operation that was waited for to block has ended instead."""


class PatternMismatch(HarnessError):
    """What was received is not what the pattern says.

    Attributes:
      position: where the first difference is, in bytes from the start of what
        was received.
      expected: the byte that the pattern has there.
      actual: the byte that was received.
      received: how many bytes were received in all.
    """

    def __init__(
        self,
        *,
        host: str,
        position: int,
        expected: int,
        actual: int,
        received: int,
    ) -> None:
        super().__init__(
            f"byte {position} of {received} received is {actual:#04x}, not "
            f"{expected:#04x} as the pattern says",
            host=host,
        )
        self.position = position
        self.expected = expected
        self.actual = actual
        self.received = received


# The field that a rule of socket calls is about.
_OF_SOCKET_CALL = re.compile(r"option: |(messages\[\d+\]\.)?control_messages\[")

_KINDS: dict[str, type[HarnessError]] = {
    "UNAVAILABLE": Unavailable,
    "DEADLINE_EXCEEDED": Unavailable,
    "INVALID_ARGUMENT": InvalidRequest,
    "OUT_OF_RANGE": InvalidRequest,
    "ALREADY_EXISTS": InvalidRequest,
    "FAILED_PRECONDITION": InvalidRequest,
    "NOT_FOUND": NotFound,
    "RESOURCE_EXHAUSTED": LimitReached,
    "PERMISSION_DENIED": PermissionDenied,
    "UNAUTHENTICATED": PermissionDenied,
    "CANCELLED": Cancelled,
}

# Flags that a daemon does not pass on to its kernel.
_REFUSED_FLAGS = re.compile(r"flags: \w+ is refused: ")


# What gRPC says of a reply that is no message.
_UNREADABLE = "Exception deserializing response!"


def error_of_status(code: str, details: str, host: str) -> HarnessError:
    """The error for a gRPC status: its code by name, its message."""
    if code == "PERMISSION_DENIED" and _OF_SOCKET_CALL.match(details):
        return Forbidden(details, host=host, code=code)
    if code == "NOT_FOUND" and "there is no session" in details:
        return SessionLost(details, host=host, code=code)
    if code == "INVALID_ARGUMENT" and _REFUSED_FLAGS.match(details):
        return Forbidden(details, host=host, code=code)
    return _KINDS.get(code, HarnessError)(details, host=host, code=code)


def fault_of(error: grpc.RpcError, host: str) -> HarnessError:
    """The error that one of gRPC's stands for."""
    details = error.details() or ""
    if details == _UNREADABLE:
        details = "invalid reply: it can't be read; is this a standoffd?"
    return error_of_status(error.code().name, details, host)


def raise_rpc_error(error: grpc.RpcError, host: str) -> NoReturn:
    """Raises the HarnessError that an error of gRPC's stands for."""
    raise fault_of(error, host) from None

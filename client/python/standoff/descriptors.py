"""What takes descriptors, for handles: fcntl(), close() and dup()."""

from __future__ import annotations

import fcntl as local_fcntl
from typing import Any

from standoff import errors
from standoff import handles
from standoff import outcome as outcomes
from standoff import rpc
from standoff.socket_arguments import c_int
from standoff.v1 import socket_service_pb2 as messages

# Of fcntl(2), what F_SETFL may change, with Linux's numbers.
_O_NONBLOCK = 0o4000
_SETTABLE = 0o2000 | _O_NONBLOCK | 0o20000 | 0o40000 | 0o1000000


def fcntl(fd: Any, cmd: int, arg: Any = 0, /) -> int:
    """Reads and sets a remote socket's flags.

    F_GETFL and F_SETFL have Linux's numbers, and O_NONBLOCK is what can be set.
    F_SETFD is remembered, and no more: in the daemon, which starts no programs,
    FD_CLOEXEC stays set. Others are Unsupported.
    """
    socket = _find(handles.number_of(fd))
    if cmd == local_fcntl.F_GETFD:
        return 0 if socket.inheritable else local_fcntl.FD_CLOEXEC
    if cmd == local_fcntl.F_SETFD:
        socket.inheritable = not c_int(arg) & local_fcntl.FD_CLOEXEC
        return 0
    if cmd == local_fcntl.F_SETFL:
        return _set_flags(socket, c_int(arg))
    if cmd != local_fcntl.F_GETFL:
        raise errors.Unsupported(
            "fcntl: of a remote socket only F_GETFL, F_SETFL, F_GETFD and "
            f"F_SETFD are known, not {cmd}",
            host=socket.host.name,
        )
    flags: int = _describe(socket).status_flags
    return flags


def _describe(socket: handles.RemoteSocket) -> Any:
    return socket.host._call(
        rpc.DESCRIBE, messages.DescribeRequest(socket=socket.name)
    ).socket


def _set_flags(socket: handles.RemoteSocket, flags: int) -> int:
    described = _describe(socket)
    changed = (flags ^ described.status_flags) & _SETTABLE
    if not changed:
        return 0
    # Without O_NONBLOCK, the timeout would not hold any more.
    if changed != _O_NONBLOCK or described.timeout_seconds:
        raise errors.Unsupported(
            "fcntl: of a remote socket F_SETFL sets O_NONBLOCK only, and does "
            "not clear it while there is a timeout",
            host=socket.host.name,
        )
    request = messages.SetBlockingRequest(
        socket=socket.name, blocking=not flags & _O_NONBLOCK
    )
    outcomes.value_of(
        socket.host._call(rpc.SET_BLOCKING, request).outcome
    )
    return 0


def close(fd: int) -> None:
    """Closes the socket of a handle. OSError (EBADF) if there is none."""
    socket = _find(_handle(fd))
    handles.forget(socket)
    socket.host._close_socket(socket)


def dup(fd: int) -> int:
    """Makes another handle for the socket of a handle."""
    socket = _find(_handle(fd))
    response = socket.host._call(
        rpc.DUPLICATE, messages.DuplicateRequest(socket=socket.name)
    )
    outcomes.value_of(response.outcome)
    return handles.detach(
        handles.RemoteSocket(
            socket.host,
            response.duplicate_socket,
            socket.family,
            socket.type,
            socket.proto,
        )
    )


def _find(number: int) -> handles.RemoteSocket:
    socket = handles.find(number)
    handles.check_form(socket, "standoff")
    return socket


def _handle(fd: object) -> int:
    if not isinstance(fd, int):
        raise TypeError(
            f"'{type(fd).__name__}' object cannot be interpreted as an integer"
        )
    return fd

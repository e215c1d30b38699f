"""Sockets passed over Unix sockets (SCM_RIGHTS): handles for names and back."""

from __future__ import annotations

import array
from typing import Any

from standoff import errors
from standoff import handles
from standoff.v1 import payload_pb2


def names_of(data: bytes, host: Any) -> list[str]:
    """The names of the sockets whose fileno() values are in an array of ints.

    Forbidden for one that is no open socket of this host and session.
    """
    numbers = array.array("i")
    numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
    names = []
    for number in numbers:
        try:
            socket = handles.find(number)
        except OSError:
            socket = None
        if socket is None or socket.host is not host:
            raise errors.Forbidden(
                f"SCM_RIGHTS: {number} is no open socket of this host; pass "
                "what fileno() tells of its sockets",
                host=host.name,
            )
        names.append(socket.name)
    return names


def handles_of(passed: payload_pb2.PassedSockets, host: Any) -> bytes:
    """An array of ints: handles for sockets that came, which nobody owns yet.

    `socket(fileno=handle)` makes an object for one.
    """
    numbers = array.array("i")
    for name in passed.sockets:
        # What they are is asked for when somebody owns them.
        socket = handles.RemoteSocket(host, name, -1, -1, -1)
        numbers.append(handles.detach(socket))
    return numbers.tobytes()

"""Opening sockets: what is asked of a host, and what it may refuse."""

from __future__ import annotations

import errno
import socket as local_socket
from typing import Any, NoReturn, SupportsIndex, cast

from standoff import errors
from standoff.socket_arguments import c_int, initial_timeout
from standoff.v1 import socket_service_pb2 as messages


def open_request(
    family: SupportsIndex,
    type: SupportsIndex,
    proto: SupportsIndex,
    timeout: float | None,
) -> messages.OpenRequest:
    """Asks for a socket. The arguments are those of `socket.socket`.

    `timeout` is the one that new sockets have by default.
    """
    kind = local_socket.SOCK_STREAM if type == -1 else c_int(type)
    return messages.OpenRequest(
        family=cast(
            Any, local_socket.AF_INET if family == -1 else c_int(family)
        ),
        type=cast(Any, kind),
        protocol=cast(Any, 0 if proto == -1 else c_int(proto)),
        timeout_seconds=initial_timeout(kind, timeout),
    )


def pair_request(
    family: SupportsIndex | None,
    type: SupportsIndex,
    proto: SupportsIndex,
    timeout: float | None,
) -> messages.OpenPairRequest:
    """Asks for two sockets, as `socket.socketpair`."""
    kind = c_int(type)
    return messages.OpenPairRequest(
        family=cast(
            Any, local_socket.AF_UNIX if family is None else c_int(family)
        ),
        type=cast(Any, kind),
        protocol=cast(Any, c_int(proto)),
        timeout_seconds=initial_timeout(kind, timeout),
    )


def timeout_of(
    request: messages.OpenRequest | messages.OpenPairRequest,
) -> float | None:
    """The timeout that the sockets have in the beginning."""
    if not request.HasField("timeout_seconds"):
        return None
    return request.timeout_seconds


def raise_refusal(error: errors.InvalidRequest) -> NoReturn:
    """Raises what an open raises that the daemon refuses.

    For a family that it lets nobody use it is OSError (EAFNOSUPPORT), as for
    one that the kernel does not have: programs know what to do then.
    """
    if error.details.startswith("family: ") and "is refused" in error.details:
        raise OSError(
            errno.EAFNOSUPPORT,
            "Address family not supported: refused by the daemon",
        ) from error
    raise error

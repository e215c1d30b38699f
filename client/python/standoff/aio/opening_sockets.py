"""Opening sockets on a host."""

from __future__ import annotations

import socket as local_socket
from typing import TYPE_CHECKING, Any, cast

from standoff import handles
from standoff import outcome as outcomes
from standoff import rpc
from standoff.aio import socket as sockets
from standoff.aio.socket import Socket
from standoff.socket_calls import c_int, initial_timeout, plain_type
from standoff.v1 import socket_service_pb2 as messages

if TYPE_CHECKING:
    from standoff.aio.host import Host


async def open_socket(
    host: Host, family: int, type: int, proto: int
) -> Socket:
    """Host.socket(): a new socket."""
    family = local_socket.AF_INET if family == -1 else c_int(family)
    kind = local_socket.SOCK_STREAM if type == -1 else c_int(type)
    proto = 0 if proto == -1 else c_int(proto)
    timeout = initial_timeout(kind, host.getdefaulttimeout())
    request = messages.OpenRequest(
        family=cast(Any, family),
        type=cast(Any, kind),
        protocol=cast(Any, proto),
        timeout_seconds=timeout,
    )
    response = await host._call(rpc.OPEN, request)
    outcomes.value_of(response.outcome)
    return sockets.make(
        host, response.socket, family, plain_type(kind), proto, timeout
    )


async def open_pair(
    host: Host, family: int | None, type: int, proto: int
) -> tuple[Socket, Socket]:
    """Host.socketpair()."""
    family = local_socket.AF_UNIX if family is None else c_int(family)
    kind, proto = c_int(type), c_int(proto)
    timeout = initial_timeout(kind, host.getdefaulttimeout())
    request = messages.OpenPairRequest(
        family=cast(Any, family),
        type=cast(Any, kind),
        protocol=cast(Any, proto),
        timeout_seconds=timeout,
    )
    response = await host._call(rpc.OPEN_PAIR, request)
    outcomes.value_of(response.outcome)
    first, second = (
        sockets.make(host, name, family, plain_type(kind), proto, timeout)
        for name in (response.first_socket, response.second_socket)
    )
    return first, second


async def adopt(
    host: Host, fileno: int, family: int, kind: int, proto: int
) -> Socket:
    """Host.socket(fileno=…): an object for the socket of a handle."""
    if isinstance(fileno, float):
        raise TypeError("integer argument expected, got float")
    number = handles.number_of(fileno)
    if not isinstance(handles.find(number).host, type(host)):
        raise TypeError("the handle is of no aio.Socket")
    timeout = host.getdefaulttimeout()
    made = sockets.own(handles.adopt(number), timeout)
    # What is given is believed, the rest asked for.
    if family != -1:
        made._family = c_int(family)
    if kind != -1:
        made._type = plain_type(c_int(kind))
    described = await made._perform(made._describe(lambda response: response))
    made._proto = described.socket.protocol if proto == -1 else c_int(proto)
    await made.settimeout(timeout)
    return made

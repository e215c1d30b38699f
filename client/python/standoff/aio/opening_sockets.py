"""Opening sockets on a host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standoff import errors
from standoff import handles
from standoff import open_requests
from standoff import outcome as outcomes
from standoff import rpc
from standoff.aio import socket as sockets
from standoff.aio.socket import Socket
from standoff.socket_arguments import c_int, plain_type

if TYPE_CHECKING:
    from standoff.aio.host import Host


async def open_socket(
    host: Host, family: int, type: int, proto: int
) -> Socket:
    """Host.socket(): a new socket."""
    request = open_requests.open_request(
        family, type, proto, host.getdefaulttimeout()
    )
    try:
        response = await host._call(rpc.OPEN, request)
    except errors.InvalidRequest as error:
        open_requests.raise_refusal(error)
    outcomes.value_of(response.outcome)
    return sockets.make(
        host,
        response.socket,
        request.family,
        plain_type(request.type),
        request.protocol,
        open_requests.timeout_of(request),
    )


async def open_pair(
    host: Host, family: int | None, type: int, proto: int
) -> tuple[Socket, Socket]:
    """Host.socketpair()."""
    request = open_requests.pair_request(
        family, type, proto, host.getdefaulttimeout()
    )
    try:
        response = await host._call(rpc.OPEN_PAIR, request)
    except errors.InvalidRequest as error:
        open_requests.raise_refusal(error)
    outcomes.value_of(response.outcome)
    first, second = (
        sockets.make(
            host,
            name,
            request.family,
            plain_type(request.type),
            request.protocol,
            open_requests.timeout_of(request),
        )
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
    handles.check_form(handles.find(number), host._form)
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

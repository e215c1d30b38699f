"""Methods that ask the host: calls of standoff.socket_calls as coroutines."""

from __future__ import annotations

import functools
import socket as local_socket
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Concatenate,
    Coroutine,
    ParamSpec,
    TypeVar,
    cast,
)

from standoff import addresses
from standoff.calls import Call, Known
from standoff.socket_base import SocketBase

if TYPE_CHECKING:
    from standoff.aio.socket import Socket

_P = ParamSpec("_P")
_R = TypeVar("_R")
_S = TypeVar("_S", bound=SocketBase)

_AF_PACKET = 17


def method(
    build: Callable[Concatenate[_S, _P], Call[_R] | Known[_R]],
    *,
    address: int | None = None,
    tells_address: bool = False,
) -> Callable[Concatenate[_S, _P], Coroutine[Any, Any, _R]]:
    """The coroutine that makes a call and waits for its end.

    Args:
      build: makes the call. It can't wait for a host, so what it asks of one is
        found out before.
      address: which argument is a socket's address.
      tells_address: whether its result has one.
    """

    async def prepare(
        self: _S, /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Call[_R] | Known[_R]:
        socket = cast("Socket", self)
        if address is not None:
            args = cast(Any, await _look_up(socket, args, address))
        if socket.family == _AF_PACKET and (
            tells_address or address is not None
        ):
            # Interfaces come and go.
            await socket.host.info()
        return build(self, *args, **kwargs)

    @functools.wraps(build)
    async def perform(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        call = await prepare(self, *args, **kwargs)
        if isinstance(call, Known):
            return call.result
        return await cast("Socket", self)._perform(call)

    perform.__name__ = build.__name__.removesuffix("_call")
    perform.__qualname__ = f"Socket.{perform.__name__}"
    # For actors, which perform the call later.
    perform.prepare = prepare  # type: ignore[attr-defined]
    return perform


async def _look_up(
    socket: Socket, args: tuple[Any, ...], position: int
) -> tuple[Any, ...]:
    """The arguments, with a literal in place of a name in an address."""
    try:
        address = args[position]
    except IndexError:
        return args
    name = _name_in(socket.family, address)
    if name is None or socket.fileno() < 0:
        return args
    literal = await socket.host._look_up(name, socket.family)
    changed = list(args)
    changed[position] = (literal, *address[1:])
    return tuple(changed)


def _name_in(family: int, address: addresses.AnyAddress) -> str | None:
    """The name in an address that the host has to look up.

    None if there is none; what is wrong with an address is said later.
    """
    if family not in (local_socket.AF_INET, local_socket.AF_INET6):
        return None
    if not isinstance(address, tuple) or not address:
        return None
    try:
        name = addresses.host_name(address[0])
        literal = addresses.literal_host(family, name)
    except (TypeError, OSError):
        return None
    return name if literal is None else None

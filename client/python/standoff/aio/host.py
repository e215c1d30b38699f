"""A host, for an event loop: one daemon, and what a script has there."""

from __future__ import annotations

import asyncio
import socket as local_socket
import time
import warnings
from typing import Any, Iterable, TypeVar

from google.protobuf.message import Message

from standoff import handles
from standoff import lookup
from standoff import looks
from standoff import rpc
from standoff import timeouts
from standoff.aio import connecting
from standoff.aio import opening_sockets
from standoff.aio import selecting
from standoff.aio import session as sessions
from standoff.aio.actor import Actor
from standoff.aio.connection import Connection
from standoff.aio.events import Events
from standoff.aio.opening import Opening
from standoff.aio.operation import Operation
from standoff.aio.socket import Socket
from standoff.connection import PATIENCE
from standoff.diagnosis import Diagnosis
from standoff.operation import OperationState, method_of
from standoff.session import Session
from standoff.v1 import host_service_pb2
from standoff.v1 import operation_pb2
from standoff.v1 import operation_service_pb2
from standoff.v1 import socket_service_pb2 as messages

_Request = TypeVar("_Request", bound=Message)
_Response = TypeVar("_Response", bound=Message)


class Host:
    """One daemon, in one session. Made by connect().

    An asynchronous context manager: close() ends the session, if it was made
    for this, and with it all sockets, actors and operations. To be used in the
    event loop in which it was connected.
    """

    # What messages call this form of the package.
    _form = "standoff.aio"

    def __init__(
        self,
        connection: Connection,
        session: Session,
        info: host_service_pb2.GetInfoResponse,
    ) -> None:
        self._connection = connection
        self._session = session
        # As of the last time that somebody asked.
        self._info = info
        self._closed = False
        self._default_timeout: float | None = None
        self._max_transfer = lookup.max_transfer(info)
        # Those that this made, to be closed with it in a session that stays.
        self._keeper = sessions.Keeper(connection, session)

    # The host itself.

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._connection.name

    @property
    def address(self) -> str:
        """Where its daemon listens."""
        return self._connection.address

    @property
    def session(self) -> Session:
        """The session in which its sockets are."""
        return self._session

    @property
    def max_transfer(self) -> int:
        """How many bytes one reply may return (--max_transfer)."""
        return self._max_transfer

    async def info(self) -> host_service_pb2.GetInfoResponse:
        """What the daemon and its host are, can do and have in use."""
        self._info = await self._call(
            rpc.GET_INFO, host_service_pb2.GetInfoRequest(), PATIENCE
        )
        return self._info

    async def clock(self) -> host_service_pb2.GetClockResponse:
        """The host's clocks."""
        return await self._call(
            rpc.GET_CLOCK, host_service_pb2.GetClockRequest(), PATIENCE
        )

    async def snapshot(
        self, all_sessions: bool = False, *, timeout: float = PATIENCE
    ) -> host_service_pb2.SnapshotResponse:
        """Sockets, actors, operations in progress, with the kernel's facts.

        Unavailable if the host has not told them in `timeout` seconds.
        """
        request = host_service_pb2.SnapshotRequest(all_sessions=all_sessions)
        return await self._call(rpc.SNAPSHOT, request, timeout)

    async def why(
        self,
        *,
        between: float = 0.2,
        settle: float = looks.SETTLING,
        processes: bool = False,
        timeout: float = looks.PATIENCE,
    ) -> Diagnosis:
        """Tells why calls are blocked here, as standoff.aio.why() does.

        What is at ends on other hosts is not known: give that all of them.
        """
        from standoff.aio import diagnosing

        return await diagnosing.why(
            self,
            between=between,
            settle=settle,
            processes=processes,
            timeout=timeout,
        )

    async def close(self) -> None:
        """Ends the session, or in one that stays closes this host's sockets.

        Calls that wait end. A daemon that can't be reached is left alone: the
        lease ends the session.
        """
        if self._ended:
            return
        self._closed = True
        if not self._session.owned:
            for socket in handles.open_on(self):
                self._keeper.close_later(socket.name)
        try:
            await self._keeper.stop()
            if self._session.owned:
                await sessions.delete(self._connection)
        finally:
            await self._connection.close()

    async def __aenter__(self) -> Host:
        return self

    async def __aexit__(self, *args: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        closed = " [closed]" if self._closed else ""
        return (
            f"<standoff.aio.Host{closed} {self.name} "
            f"session={self._session.name}>"
        )

    def __del__(self) -> None:
        if not hasattr(self, "_keeper") or self._ended:
            return
        warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self)
        # The lease ends the session: here, nobody can wait for a call.
        self._keeper.stop_later()

    # Actors and operations.

    def actor(self, name: str) -> Actor:
        """The actor of this name; its thread is made on first use."""
        return Actor(self, name)

    async def operation(self, id: int) -> Operation[Any]:
        """An operation by its id. Its result() is the response message."""
        response = await self._call(
            rpc.GET, operation_service_pb2.GetRequest(id=id), PATIENCE
        )
        return self._operation(response.operation)

    async def operations(
        self,
        states: Iterable[OperationState] | None = None,
        actor: str = "",
        socket: Socket | str = "",
        *,
        timeout: float = PATIENCE,
    ) -> list[Operation[Any]]:
        """The session's operations that fit all that is given, oldest first.

        Unavailable if the host has not told them in `timeout` seconds.
        """
        if isinstance(socket, Socket):
            socket = socket.name
        request = operation_service_pb2.OperationServiceListRequest(
            states=[state.value for state in states or ()],
            actor=actor,
            socket=socket,
        )
        deadline = time.monotonic() + timeout
        found: list[Operation[Any]] = []
        while True:
            left = max(0.0, deadline - time.monotonic())
            response = await self._call(rpc.LIST_OPERATIONS, request, left)
            found.extend(map(self._operation, response.operations))
            if not response.more:
                return found
            request.after_id = response.operations[-1].id

    def events(self, from_sequence: int = 0) -> Events:
        """Follows the changes of state of the session's operations.

        `async for event in host.events(1):`

        Args:
          from_sequence: the first event wanted; 0 for those to come, 1 for all
            that are kept.
        """
        return Events(self._connection, from_sequence)

    # Sockets.

    def socket(
        self,
        family: int = -1,
        type: int = -1,
        proto: int = -1,
        fileno: int | None = None,
    ) -> Opening[Socket]:
        """Opens a socket; the arguments are those of `socket.socket`.

        `sock = await host.socket()`, or `async with host.socket() as sock:`.
        With `fileno`, the handle of a socket that was detached, it makes an
        object for that.
        """
        if fileno is None:
            return Opening(
                opening_sockets.open_socket(self, family, type, proto)
            )
        return Opening(
            opening_sockets.adopt(self, fileno, family, type, proto)
        )

    async def socketpair(
        self,
        family: int | None = None,
        type: int = local_socket.SOCK_STREAM,
        proto: int = 0,
    ) -> tuple[Socket, Socket]:
        """Two sockets connected to each other, by default Unix streams."""
        return await opening_sockets.open_pair(self, family, type, proto)

    def create_connection(
        self,
        address: tuple[str | None, int],
        timeout: Any = ...,
        source_address: tuple[str, int] | None = None,
        *,
        all_errors: bool = False,
    ) -> Opening[Socket]:
        """Connects to a host and port, as `socket.create_connection`.

        To be awaited, or for `async with`.
        """
        return Opening(
            connecting.create_connection(
                self, address, timeout, source_address, all_errors
            )
        )

    def create_server(
        self,
        address: tuple[str, int],
        *,
        family: int = local_socket.AF_INET,
        backlog: int | None = None,
        reuse_port: bool = False,
        dualstack_ipv6: bool = False,
    ) -> Opening[Socket]:
        """A TCP listener bound to an address, as `socket.create_server`.

        To be awaited, or for `async with`.
        """
        return Opening(
            connecting.create_server(
                self, address, family, backlog, reuse_port, dualstack_ipv6
            )
        )

    async def has_dualstack_ipv6(self) -> bool:
        """Whether a socket of the host can serve IPv4 and IPv6 at once."""
        return await connecting.has_dualstack_ipv6(self)

    async def getaddrinfo(
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[lookup.AddressInfo]:
        """Looks addresses up on the host, as `socket.getaddrinfo`."""
        request = lookup.resolve_request(
            host, port, family, type, proto, flags
        )
        return lookup.read_addresses(await self._call(rpc.RESOLVE, request))

    def getdefaulttimeout(self) -> float | None:
        """The timeout of new sockets in seconds; None is blocking."""
        return self._default_timeout

    def setdefaulttimeout(self, timeout: timeouts.Timeout) -> None:
        """Sets the timeout of sockets that are opened and accepted later."""
        self._default_timeout = timeouts.parse(timeout)

    async def select(
        self,
        rlist: Iterable[Any],
        wlist: Iterable[Any],
        xlist: Iterable[Any],
        timeout: float | None = None,
        /,
    ) -> tuple[list[Any], list[Any], list[Any]]:
        """Waits until sockets are ready, as `select.select`.

        They may be of several hosts.
        """
        return await selecting.select(rlist, wlist, xlist, timeout)

    # For the other modules of the package.

    @property
    def _ended(self) -> bool:
        """Whether there are no sockets to close any more.

        They were closed with it, or are those of the parent process.
        """
        return self._closed or self._connection.forked

    async def _call(
        self,
        rpc: rpc.Rpc[_Request, _Response],
        request: _Request,
        timeout: float | None = None,
    ) -> _Response:
        return await self._connection.call(
            rpc, request, timeout, self._close_made
        )

    async def _close_socket(self, socket: handles.RemoteSocket) -> None:
        if self._ended:
            return
        try:
            await sessions.close_socket(self._connection, socket.name)
        except asyncio.CancelledError:
            # Its handle is gone: nobody could close it again.
            self._close_later(socket.name)
            raise

    def _close_later(self, name: str) -> None:
        if not self._ended:
            self._keeper.close_later(name)

    def _close_made(self, response: Message) -> None:
        """Closes what a call made whose task was cancelled."""
        for field in _MADE.get(type(response), ()):
            if name := getattr(response, field):
                self._close_later(name)

    async def _look_up(self, name: str, family: int) -> str:
        """The literal that a name in an address stands for. gaierror."""
        request = lookup.name_request(name, family)
        return lookup.read_literal(await self._call(rpc.RESOLVE, request))

    def _resolve_name(self, name: str, family: int) -> str:
        # Names were looked up before: this is a literal with a zone.
        return name

    def _interface_index(self, name: str) -> int:
        return lookup.interface_index(self._info, name)

    def _interface_name(self, index: int) -> str:
        return lookup.interface_name(self._info, index)

    def _operation(self, message: operation_pb2.Operation) -> Operation[Any]:
        return Operation(
            self, message.id, message.actor, method_of(message), None
        )


# The fields of responses that name a socket that was made.
_MADE: dict[type[Message], tuple[str, ...]] = {
    messages.AcceptResponse: ("accepted_socket",),
    messages.DuplicateResponse: ("duplicate_socket",),
    messages.OpenPairResponse: ("first_socket", "second_socket"),
    messages.OpenResponse: ("socket",),
}

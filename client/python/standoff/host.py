"""A host: one daemon, and what a script has there."""

from __future__ import annotations

import socket as local_socket
import threading
import time
import types
import warnings
from typing import TYPE_CHECKING, Any, Callable, Iterable, TypeVar

from google.protobuf.message import Message

from standoff import errors
from standoff import handles
from standoff import lookup
from standoff import looks
from standoff import open_requests
from standoff import outcome as outcomes
from standoff import rpc
from standoff import session as sessions
from standoff import timeouts
from standoff.actor import Actor
from standoff.connection import PATIENCE, Connection
from standoff.diagnosis import Diagnosis
from standoff.events import Events
from standoff.operation import Operation, OperationState, method_of
from standoff.socket import Socket
from standoff.socket_arguments import plain_type
from standoff.v1 import host_service_pb2
from standoff.v1 import operation_pb2
from standoff.v1 import operation_service_pb2

if TYPE_CHECKING:
    from standoff import poller
    from standoff import selector

_Request = TypeVar("_Request", bound=Message)
_Response = TypeVar("_Response", bound=Message)
_R = TypeVar("_R")


class Host:
    """One daemon, in one session. Made by standoff.connect().

    A context manager: close() ends the session, if it was made for this, and
    with it all sockets, actors and operations. Thread-safe.
    """

    # What messages call this form of the package.
    _form = "standoff"

    def __init__(
        self,
        connection: Connection,
        session: sessions.Session,
        info: host_service_pb2.GetInfoResponse,
    ) -> None:
        self._connection = connection
        self._session = session
        self._lock = threading.Lock()
        self._closed = False
        self._default_timeout: float | None = None
        self._modules: dict[str, types.ModuleType] = {}
        # Those that this made, to be closed with it in a session that stays.
        self._max_transfer = lookup.max_transfer(info)
        self._keeper = sessions.Keeper(connection, session)
        # A class of its own, so that isinstance() tells hosts apart and code
        # that wants the class `socket.socket` has it.
        self.socket: type[Socket] = type(
            "socket", (Socket,), {"_host": self, "__doc__": Socket.__doc__}
        )
        self.socket.__module__ = "standoff"

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
    def session(self) -> sessions.Session:
        """The session in which its sockets are."""
        return self._session

    @property
    def max_transfer(self) -> int:
        """How many bytes one reply may return (--max_transfer)."""
        return self._max_transfer

    def info(self) -> host_service_pb2.GetInfoResponse:
        """What the daemon and its host are, can do and have in use."""
        return self._call(
            rpc.GET_INFO, host_service_pb2.GetInfoRequest(), PATIENCE
        )

    def clock(self) -> host_service_pb2.GetClockResponse:
        """The host's clocks."""
        return self._call(
            rpc.GET_CLOCK, host_service_pb2.GetClockRequest(), PATIENCE
        )

    def snapshot(
        self, all_sessions: bool = False, *, timeout: float = PATIENCE
    ) -> host_service_pb2.SnapshotResponse:
        """Sockets, actors and operations in progress, with the kernel's facts.

        Unavailable if the host has not told them in `timeout` seconds.
        """
        request = host_service_pb2.SnapshotRequest(all_sessions=all_sessions)
        return self._call(rpc.SNAPSHOT, request, timeout)

    def why(
        self,
        *,
        between: float = 0.2,
        settle: float = looks.SETTLING,
        processes: bool = False,
        timeout: float = looks.PATIENCE,
    ) -> Diagnosis:
        """Tells why calls are blocked here, as standoff.why() does.

        What is at ends on other hosts is not known: give that all of them.
        """
        from standoff import diagnosing

        return diagnosing.why(
            self,
            between=between,
            settle=settle,
            processes=processes,
            timeout=timeout,
        )

    def close(self) -> None:
        """Ends the session, or in one that stays closes this host's sockets.

        Calls that wait end. A daemon that can't be reached is left alone: the
        lease ends the session.
        """
        with self._lock:
            if self._ended:
                return
            self._closed = True
        if not self._session.owned:
            for socket in handles.open_on(self):
                self._keeper.close_later(socket)
        self._keeper.stop()
        if self._session.owned:
            sessions.delete(self._connection)
        self._connection.close()

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def __repr__(self) -> str:
        closed = " [closed]" if self._closed else ""
        return (
            f"<standoff.Host{closed} {self.name} session={self._session.name}>"
        )

    def __del__(self) -> None:
        if not hasattr(self, "_keeper") or self._ended:
            return
        warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self)
        # The lease ends the session: this may be no moment for a call.
        self._keeper.stop_soon()

    # Actors and operations.

    def actor(self, name: str) -> Actor:
        """The actor of this name; its thread is made on first use."""
        return Actor(self, name)

    def operation(self, id: int) -> Operation[Any]:
        """An operation by its id. Its result() is the response message."""
        response = self._call(
            rpc.GET, operation_service_pb2.GetRequest(id=id), PATIENCE
        )
        return self._operation(response.operation)

    def operations(
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
            response = self._call(rpc.LIST_OPERATIONS, request, left)
            found.extend(map(self._operation, response.operations))
            if not response.more:
                return found
            request.after_id = response.operations[-1].id

    def events(self, from_sequence: int = 0) -> Events:
        """Follows the changes of state of the session's operations.

        The daemon watches when it returns.

        Args:
          from_sequence: the first event wanted; 0 for those to come, 1 for all
            that are kept.
        """
        return Events(self._connection, from_sequence)

    # Sockets.

    def socketpair(
        self, family: int | None = None, type: int = local_socket.SOCK_STREAM,
        proto: int = 0,
    ) -> tuple[Socket, Socket]:
        """Two sockets connected to each other, by default Unix streams."""
        request = open_requests.pair_request(
            family, type, proto, self._default_timeout
        )
        try:
            response = self._call(rpc.OPEN_PAIR, request)
        except errors.InvalidRequest as error:
            open_requests.raise_refusal(error)
        outcomes.value_of(response.outcome)
        pair = []
        for name in (response.first_socket, response.second_socket):
            made = self.socket.__new__(self.socket)
            made._become(
                handles.RemoteSocket(
                    self,
                    name,
                    request.family,
                    plain_type(request.type),
                    request.protocol,
                ),
                open_requests.timeout_of(request),
            )
            pair.append(made)
        return pair[0], pair[1]

    def create_connection(
        self,
        address: tuple[str | None, int],
        timeout: Any = ...,
        source_address: tuple[str, int] | None = None,
        *,
        all_errors: bool = False,
    ) -> Socket:
        """Connects to a host and port, as `socket.create_connection`."""
        from standoff import connecting

        return connecting.create_connection(
            self, address, timeout, source_address, all_errors
        )

    def create_server(
        self,
        address: tuple[str, int],
        *,
        family: int = local_socket.AF_INET,
        backlog: int | None = None,
        reuse_port: bool = False,
        dualstack_ipv6: bool = False,
    ) -> Socket:
        """A TCP listener bound to an address, as `socket.create_server`."""
        from standoff import connecting

        return connecting.create_server(
            self, address, family, backlog, reuse_port, dualstack_ipv6
        )

    def has_dualstack_ipv6(self) -> bool:
        """Whether a socket of the host can serve IPv4 and IPv6 at once."""
        from standoff import connecting

        return connecting.has_dualstack_ipv6(self)

    def getaddrinfo(
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
        return lookup.read_addresses(self._call(rpc.RESOLVE, request))

    def getdefaulttimeout(self) -> float | None:
        """The timeout of new sockets in seconds; None is blocking."""
        return self._default_timeout

    def setdefaulttimeout(self, timeout: timeouts.Timeout) -> None:
        """Sets the timeout of sockets that are opened and accepted later."""
        self._default_timeout = timeouts.parse(timeout)

    # Waiting for several sockets.

    def select(
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
        from standoff import selecting

        return selecting.select(rlist, wlist, xlist, timeout)

    def poll(self) -> poller.Poll:
        """An object to wait with for several sockets, as `select.poll`."""
        from standoff import poller

        return poller.Poll()

    def selector(self) -> selector.Selector:
        """A selector for remote sockets, as `selectors.DefaultSelector`."""
        from standoff import selector

        return selector.Selector()

    def fcntl(self, fd: Any, cmd: int, arg: Any = 0) -> int:
        """Reads and sets a socket's flags, as `fcntl.fcntl` does.

        F_GETFL, F_SETFL (O_NONBLOCK), F_GETFD and F_SETFD, with Linux's
        numbers. Others are Unsupported.
        """
        from standoff import descriptors

        return descriptors.fcntl(fd, cmd, arg)

    # Stand-ins for modules.

    def socket_module(self) -> types.ModuleType:
        """Stands in for the module `socket`: its sockets are on this host."""
        return self._module("socket")

    def select_module(self) -> types.ModuleType:
        """Stands in for the module `select`."""
        return self._module("select")

    def selectors_module(self) -> types.ModuleType:
        """Stands in for the module `selectors`."""
        return self._module("selectors")

    def fcntl_module(self) -> types.ModuleType:
        """Stands in for the module `fcntl`, as far as sockets need it."""
        return self._module("fcntl")

    def _module(self, name: str) -> types.ModuleType:
        from standoff import modules

        with self._lock:
            if name not in self._modules:
                self._modules[name] = modules.make(self, name)
            return self._modules[name]

    # For the other modules of the package.

    @property
    def _ended(self) -> bool:
        """Whether there are no sockets to close any more.

        They were closed with it, or are those of the parent process.
        """
        return self._closed or self._connection.forked

    def _call(
        self,
        rpc: rpc.Rpc[_Request, _Response],
        request: _Request,
        timeout: float | None = None,
    ) -> _Response:
        return self._connection.call(rpc, request, timeout)

    def _start(
        self,
        rpc: rpc.Rpc[_Request, _Response],
        request: _Request,
        timeout: float | None = None,
    ) -> Any:
        return self._connection.start(rpc, request, timeout)

    def _close_socket(self, socket: handles.RemoteSocket) -> None:
        if not self._ended:
            sessions.close_socket(self._connection, socket.name)

    def _close_later(self, socket: handles.RemoteSocket) -> None:
        if not self._ended:
            self._keeper.close_later(socket)

    def _ask(self, call: Callable[[], _R], timeout: float) -> _R | None:
        return None if self._ended else self._keeper.ask(call, timeout)

    def _resolve_name(self, name: str, family: int) -> str:
        request = lookup.name_request(name, family)
        return lookup.read_literal(self._call(rpc.RESOLVE, request))

    def _interface_index(self, name: str) -> int:
        return lookup.interface_index(self.info(), name)

    def _interface_name(self, index: int) -> str:
        return lookup.interface_name(self.info(), index)

    def _operation(self, message: operation_pb2.Operation) -> Operation[Any]:
        return Operation(
            self, message.id, message.actor, method_of(message), None
        )

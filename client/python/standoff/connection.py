"""A connection to one daemon, in one session: gRPC channels and their calls.

Python runs signal handlers in the main thread, between any two instructions of
gRPC's, too. One that raises there (Ctrl-C does) can leave a lock of the channel
taken for good, and whoever else uses the channel would wait for it for ever. So
the main thread has a channel of its own, and gives it up when an exception that
is not gRPC's comes out of a call.
"""

from __future__ import annotations

import threading
import time
from threading import get_ident
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from standoff import channel as channel_lib
from standoff import errors
from standoff import forks
from standoff import rpc as rpcs
from standoff import unary
from standoff.rpc import Rpc
from standoff.v1 import (
    host_service_pb2,
    operation_pb2,
    operation_service_pb2,
)

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)

# For calls that never wait on the host, in seconds. It is long: a deadline that
# lapses leaves open whether the daemon did what it was asked.
PATIENCE = 60.0

# For how long close() waits for another thread that closes a channel.
_CLOSING = 5.0
# For how long an interrupted call waits for its end on the host, in seconds.
_ENDING = 1.0

# What a call in the child of a process that had connected is told.
FORKED = (
    "this process was forked from the one that connected, which keeps the "
    "connection: fork first and connect then"
)

MAIN_THREAD = threading.main_thread().ident

_Methods = dict[Rpc[Any, Any], unary.Method]


def unreachable(
    reason: Any, address: str, name: str, timeout: float
) -> errors.HarnessError:
    """What to say when no daemon has answered: `reason` is gRPC's error."""
    return errors.error_of_status(
        reason.code().name,
        f"no daemon answers at {address} within {timeout:g} s: "
        f"{reason.details()}",
        "" if name == address else name,
    )


def _is_of(operation: operation_pb2.Operation, request: Message) -> bool:
    """Whether an operation does what a request asks for."""
    kind = operation.action.WhichOneof("request")
    return kind is not None and getattr(operation.action, kind) == request


class Connection:
    """Makes calls. Thread-safe."""

    def __init__(
        self,
        address: str,
        name: str,
        credentials: channel_lib.AnyCredentials,
    ) -> None:
        channel_lib.check_address(address)
        self.address = address
        self.name = name or address
        self._credentials = channel_lib.load_credentials(address, credentials)
        # Of the other threads, and of the main one. Made when they are needed.
        self._channels: list[grpc.Channel | None] = [None, None]
        self._methods: tuple[_Methods, _Methods] = ({}, {})
        self._metadata: tuple[tuple[str, str], ...] = ()
        # Guards the channels, and why there are to be none.
        self._lock = threading.Lock()
        self._refusal: str | None = None
        self._forked = False
        forks.watch(self)

    @property
    def forked(self) -> bool:
        """Whether this is the copy of a connection in a forked process."""
        return self._forked

    def use_session(self, session: str) -> None:
        """Further calls are in this session."""
        self._metadata = (("standoff-session", session),)

    def call(
        self,
        rpc: Rpc[Request, Response],
        request: Request,
        timeout: float | None = None,
    ) -> Response:
        """Makes a call and waits for its reply, by default for ever.

        An exception that a signal handler raises ends the call, on the host,
        too, before it is passed on.
        """
        methods = self._methods[get_ident() == MAIN_THREAD]
        method = methods.get(rpc) or self._method(rpc)
        try:
            response: Response = method(
                request, timeout=timeout, metadata=self._metadata
            )
        except grpc.RpcError as error:
            errors.raise_rpc_error(error, self.name)
        except ValueError:
            # gRPC's word for a channel that is closed, unless a handler's.
            if self._refusal is None:
                self._give_up()
                self._await_end(request)
                raise
            raise self._refused() from None
        except BaseException:
            self._give_up()
            self._await_end(request)
            raise
        return response

    def start(
        self,
        rpc: Rpc[Request, Response],
        request: Request,
        timeout: float | None = None,
    ) -> Any:
        """Makes a call without waiting: a grpc.Future of its response.

        Not for the main thread: see standoff.first.
        """
        assert get_ident() != MAIN_THREAD
        method = self._methods[False].get(rpc) or self._method(rpc)
        try:
            return method.full.future(
                request, timeout=timeout, metadata=self._metadata
            )
        except ValueError:
            if self._refusal is None:
                raise
            raise self._refused() from None

    def wait_until_ready(
        self, timeout: float
    ) -> host_service_pb2.GetInfoResponse:
        """Waits for the daemon. Unavailable after `timeout` seconds."""
        method = self._method(rpcs.GET_INFO).full
        request = host_service_pb2.GetInfoRequest()
        info: host_service_pb2.GetInfoResponse
        try:
            info = method(request, timeout=timeout, wait_for_ready=True)
            return info
        except grpc.RpcError as error:
            # With its patience, gRPC does not say why: an attempt without does.
            reason = error
            try:
                info = method(request, timeout=1.0)
                return info
            except grpc.RpcError as second:
                if second.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
                    reason = second
            raise unreachable(
                reason, self.address, self.name, timeout
            ) from None

    def stream(
        self, path: str, request: Message, response: type[Response]
    ) -> Any:
        """Starts an RPC that streams its responses: an iterator of them.

        Not for the main thread, as start().
        """
        assert get_ident() != MAIN_THREAD
        method = self._channel().unary_stream(
            path,
            request_serializer=type(request).SerializeToString,
            response_deserializer=rpcs.parser(response),
        )
        return method(request, metadata=self._metadata)

    def close(self) -> None:
        """Closes the channels; calls in progress end as Cancelled."""
        with self._lock:
            if self._refusal is not None:
                return
            self._refusal = "the connection was closed"
            channels, self._channels = self._channels, [None, None]
        for of_main, channel in enumerate(channels):
            if channel is not None:
                self._close_channel(channel, bool(of_main))

    def after_fork(self) -> None:
        """In the child: refuses calls, and leaves the parent's alone."""
        self._lock = threading.Lock()
        self._forked = True
        self._refusal = FORKED
        for methods in self._methods:
            methods.clear()
        for channel in self._channels:
            if channel is not None:
                forks.keep(channel)

    def _method(self, rpc: Rpc[Any, Any]) -> unary.Method:
        method = unary.Method(self._channel(), rpc)
        self._methods[get_ident() == MAIN_THREAD][rpc] = method
        return method

    def _channel(self) -> grpc.Channel:
        """The calling thread's kind of channel. Unavailable once closed."""
        of_main = get_ident() == MAIN_THREAD
        with self._lock:
            if self._refusal is not None:
                raise self._refused()
            channel = self._channels[of_main]
            if channel is None:
                channel = self._channels[of_main] = self._open_channel()
            return channel

    def _open_channel(self) -> grpc.Channel:
        if self._credentials is None:
            return grpc.insecure_channel(self.address, channel_lib.OPTIONS)
        return grpc.secure_channel(
            self.address, self._credentials, channel_lib.OPTIONS
        )

    def _give_up(self) -> None:
        """Ends what the main thread has begun, and has it begin anew.

        Its calls are such as don't need another thread to end, so that closing
        their channel does not wait.
        """
        if get_ident() != MAIN_THREAD:
            return
        self._methods[True].clear()
        with self._lock:
            channel, self._channels[True] = self._channels[True], None
        if channel is None or self._forked:
            return
        try:
            channel.close()
        except BaseException:
            # Another signal. What it has kept from being done is done now.
            channel.close()
            raise

    def _await_end(self, request: Message) -> None:
        """Waits until the daemon, too, has ended a call that was given up.

        Else it could still take what the program sends next. Not for long: the
        same call of another thread looks the same.
        """
        if get_ident() != MAIN_THREAD or self._forked:
            return
        in_progress = operation_service_pb2.OperationServiceListRequest(
            states=[
                operation_pb2.OPERATION_STATE_RUNNING,
                operation_pb2.OPERATION_STATE_BLOCKED,
            ],
            socket=getattr(request, "socket", ""),
        )
        deadline = time.monotonic() + _ENDING
        try:
            method = self._method(rpcs.LIST_OPERATIONS)
            while (left := deadline - time.monotonic()) > 0:
                response = method(
                    in_progress, timeout=left, metadata=self._metadata
                )
                if not any(
                    not operation.actor and _is_of(operation, request)
                    for operation in response.operations
                ):
                    return
        except (grpc.RpcError, errors.HarnessError, ValueError):
            pass  # The daemon is gone, and the call with it.
        except BaseException:
            # Another signal.
            self._give_up()
            raise

    def _close_channel(self, channel: grpc.Channel, of_main: bool) -> None:
        """Closes a channel in a thread of its kind.

        One of the other kind could leave its lock taken, or wait for a lock
        that was left so.
        """
        if of_main == (get_ident() == MAIN_THREAD):
            channel.close()
            return
        thread = threading.Thread(target=channel.close, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            channel.close()  # The interpreter is about to end.
        else:
            thread.join(_CLOSING)

    def _refused(self) -> errors.Unavailable:
        return errors.Unavailable(self._refusal or "", host=self.name)

"""A channel to one daemon, in one session, for an event loop."""

from __future__ import annotations

import asyncio
import weakref
from typing import Any, Callable, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from standoff import channel as channel_lib
from standoff import connection as connections
from standoff import errors
from standoff import forks
from standoff import rpc as rpcs
from standoff.rpc import Rpc
from standoff.v1 import host_service_pb2

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


class Connection:
    """Makes calls, in the event loop in which it was made."""

    def __init__(
        self,
        address: str,
        name: str,
        credentials: channel_lib.AnyCredentials,
    ) -> None:
        channel_lib.check_address(address)
        self.address = address
        self.name = name or address
        loaded = channel_lib.load_credentials(address, credentials)
        if loaded is None:
            self._channel = grpc.aio.insecure_channel(
                address, channel_lib.OPTIONS
            )
        else:
            self._channel = grpc.aio.secure_channel(
                address, loaded, channel_lib.OPTIONS
            )
        self._methods: dict[Rpc[Any, Any], Callable[..., Any]] = {}
        self._metadata: tuple[tuple[str, str], ...] = ()
        # Those in progress, for close(): left to itself, the channel would look
        # for them among all tasks of the process.
        self._calls: weakref.WeakSet[Any] = weakref.WeakSet()
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._forked = False
        forks.watch(self)

    @property
    def forked(self) -> bool:
        """Whether this is the copy of a connection in a forked process."""
        return self._forked

    def after_fork(self) -> None:
        """In the child: refuses calls, and leaves the parent's alone."""
        self._forked = True
        if self._channel is not None:
            forks.keep(self._channel)
        for call in list(self._calls):
            forks.keep(call)

    def use_session(self, session: str) -> None:
        """Further calls are in this session."""
        self._metadata = (("standoff-session", session),)

    async def call(
        self,
        rpc: Rpc[Request, Response],
        request: Request,
        timeout: float | None = None,
        lost: Callable[[Response], None] | None = None,
    ) -> Response:
        """Makes a call and waits for its reply, by default for ever.

        A task that is cancelled meanwhile ends the call, on the host, too. If
        the response had come by then, `lost` is given it.
        """
        call = self._begin(rpc, request, timeout)
        try:
            response: Response = await call
            return response
        except grpc.RpcError as error:
            fault = errors.fault_of(error, self.name)
        except asyncio.CancelledError as error:
            if not self._was_closed(call):
                if lost is not None and call.done() and not call.cancelled():
                    try:
                        # It is there: this does not wait.
                        lost(await call)
                    except grpc.RpcError:
                        pass
                raise error.with_traceback(None)
            fault = self._cancelled()
        finally:
            self._calls.discard(call)
            # An exception that is kept must not keep the call, and with it the
            # channel: see close().
            del call
        raise fault

    async def wait_until_ready(
        self, timeout: float
    ) -> host_service_pb2.GetInfoResponse:
        """Waits for the daemon. Unavailable after `timeout` seconds."""
        request = host_service_pb2.GetInfoRequest()
        info: host_service_pb2.GetInfoResponse
        try:
            info = await self._begin(
                rpcs.GET_INFO, request, timeout, wait_for_ready=True
            )
            return info
        except grpc.RpcError as error:
            # With its patience, gRPC does not say why: an attempt without does.
            reason = error
            try:
                info = await self._begin(rpcs.GET_INFO, request, 1.0)
                return info
            except grpc.RpcError as second:
                if second.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
                    reason = second
            raise connections.unreachable(
                reason, self.address, self.name, timeout
            ) from None

    def stream(
        self, path: str, request: Message, response: type[Response]
    ) -> Any:
        """Starts an RPC that streams its responses, for read()."""
        self._check_open()
        method = self._channel.unary_stream(
            path,
            request_serializer=type(request).SerializeToString,
            response_deserializer=rpcs.parser(response),
        )
        call = method(request, metadata=self._metadata)
        self._calls.add(call)
        return call

    async def read(self, stream: Any) -> Any:
        """The next response of a stream; None at its end.

        A task that is cancelled meanwhile ends the stream.
        """
        try:
            response = await stream.read()
            return None if response is grpc.aio.EOF else response
        except grpc.RpcError as error:
            fault = errors.fault_of(error, self.name)
        except asyncio.CancelledError as error:
            if not self._was_closed(stream):
                raise error.with_traceback(None)
            fault = self._cancelled()
        finally:
            del stream
        raise fault

    def end(self, stream: Any) -> None:
        """Ends a stream; who reads it is told Cancelled."""
        self._calls.discard(stream)
        stream.cancel()

    async def close(self) -> None:
        """Closes the channel; calls in progress end as Cancelled."""
        if self._forked:
            return
        self._closed = True
        calls, self._calls = list(self._calls), weakref.WeakSet()
        for call in calls:
            call.cancel()
        # gRPC's thread ends with the last channel of the process. One that is
        # kept would have later event loops hear of the calls of this one.
        self._methods.clear()
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()

    def _begin(
        self,
        rpc: Rpc[Any, Any],
        request: Message,
        timeout: float | None,
        wait_for_ready: bool | None = None,
    ) -> Any:
        self._check_open()
        method = self._methods.get(rpc)
        if method is None:
            method = self._methods[rpc] = self._channel.unary_unary(
                rpc.path,
                request_serializer=rpc.request.SerializeToString,
                response_deserializer=rpcs.parser(rpc.response),
            )
        call = method(
            request,
            timeout=timeout,
            metadata=self._metadata,
            wait_for_ready=wait_for_ready,
        )
        self._calls.add(call)
        return call

    def _check_open(self) -> None:
        if self._forked:
            raise errors.Unavailable(connections.FORKED, host=self.name)
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError(
                f"{self.name} was connected in another event loop"
            )
        if self._closed:
            raise errors.Unavailable(
                "the connection was closed", host=self.name
            )

    def _was_closed(self, call: Any) -> bool:
        """Whether a call was ended from here, and not with its task.

        gRPC raises CancelledError for both.
        """
        task = asyncio.current_task()
        return call not in self._calls and not (task and task.cancelling())

    def _cancelled(self) -> errors.Cancelled:
        return errors.Cancelled(
            "the connection was closed", host=self.name, code="CANCELLED"
        )

"""A channel to one daemon, in one session."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

import grpc
from google.protobuf.message import Message

from standoff import channel as channel_lib
from standoff import errors
from standoff.rpc import Rpc

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)

# For calls that never wait on the host, in seconds. It is long: a deadline that
# lapses leaves open whether the daemon did what it was asked.
PATIENCE = 60.0


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
        loaded = channel_lib.load_credentials(address, credentials)
        if loaded is None:
            self._channel = grpc.insecure_channel(address, channel_lib.OPTIONS)
        else:
            self._channel = grpc.secure_channel(
                address, loaded, channel_lib.OPTIONS
            )
        self._methods: dict[Rpc[Any, Any], Callable[..., Any]] = {}
        self._metadata: tuple[tuple[str, str], ...] = ()

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
        too.
        """
        method = self._methods.get(rpc) or self._method(rpc)
        try:
            response: Response = method(
                request, timeout=timeout, metadata=self._metadata
            )
        except grpc.RpcError as error:
            errors.raise_rpc_error(error, self.name)
        except ValueError:
            # gRPC's word for a channel that is closed.
            raise errors.Unavailable(
                "the connection was closed", host=self.name
            ) from None
        return response

    def start(
        self,
        rpc: Rpc[Request, Response],
        request: Request,
        timeout: float | None = None,
    ) -> Any:
        """Makes a call without waiting: a grpc.Future of its response."""
        method: Any = self._methods.get(rpc) or self._method(rpc)
        return method.future(request, timeout=timeout, metadata=self._metadata)

    def wait_until_ready(self, timeout: float) -> None:
        """Waits for the daemon. Unavailable after `timeout` seconds."""
        from standoff import rpc

        method: Any = self._method(rpc.GET_INFO)
        try:
            method(
                rpc.GET_INFO.request(), timeout=timeout, wait_for_ready=True
            )
        except grpc.RpcError as error:
            # With its patience, gRPC does not say why: an attempt without does.
            reason = error
            try:
                method(rpc.GET_INFO.request(), timeout=1.0)
                return
            except grpc.RpcError as second:
                if second.code() != grpc.StatusCode.DEADLINE_EXCEEDED:
                    reason = second
            raise unreachable(
                reason, self.address, self.name, timeout
            ) from None

    def stream(
        self, path: str, request: Message, response: type[Response]
    ) -> Any:
        """Starts an RPC that streams its responses: an iterator of them."""
        method = self._channel.unary_stream(
            path,
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        return method(request, metadata=self._metadata)

    def close(self) -> None:
        """Closes the channel; calls in progress end as Cancelled."""
        self._channel.close()

    def _method(self, rpc: Rpc[Any, Any]) -> Callable[..., Any]:
        method: Callable[..., Any] = self._channel.unary_unary(
            rpc.path,
            request_serializer=rpc.request.SerializeToString,
            response_deserializer=rpc.response.FromString,
        )
        self._methods[rpc] = method
        return method

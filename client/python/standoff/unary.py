"""Unary calls, made with as little as they need.

gRPC's own way from a blocking call to the C core builds what only futures and
interceptors look at, which takes a third of the call's time. Here its binding of
the core is called directly, as gRPC's own module does; where it is not as it is
known, gRPC's way is taken.
"""

from __future__ import annotations

import time
from typing import Any

import grpc
from google.protobuf.message import DecodeError, EncodeError

from standoff.rpc import Rpc, parser

try:
    from grpc._cython import cygrpc as _core

    _NO_FLAGS = 0
    _PROPAGATE = _core.PropagationConstants.GRPC_PROPAGATE_DEFAULTS
    _SendMetadata = _core.SendInitialMetadataOperation
    _SendMessage = _core.SendMessageOperation
    _SendClose = _core.SendCloseFromClientOperation
    _ReceiveMetadata = _core.ReceiveInitialMetadataOperation
    _ReceiveMessage = _core.ReceiveMessageOperation
    _ReceiveStatus = _core.ReceiveStatusOnClientOperation
except (ImportError, AttributeError):
    _core = None

_CODES = {code.value[0]: code for code in grpc.StatusCode}


class CallError(grpc.RpcError):  # type: ignore[misc]
    """The status of a call, other than OK."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(f"{code.name}: {details}")
        self._code = code
        self._details = details

    def code(self) -> grpc.StatusCode:
        """As grpc.Call has it."""
        return self._code

    def details(self) -> str:
        """As grpc.Call has it."""
        return self._details


class Method:
    """An RPC on a channel.

    Attributes:
      full: gRPC's own grpc.UnaryUnaryMultiCallable.
    """

    def __init__(self, channel: grpc.Channel, rpc: Rpc[Any, Any]) -> None:
        self._serialize = rpc.request.SerializeToString
        self._deserialize = parser(rpc.response)
        self._path = rpc.path.encode()
        self.full: Any = channel.unary_unary(
            rpc.path,
            request_serializer=self._serialize,
            response_deserializer=self._deserialize,
        )
        inner = getattr(channel, "_channel", None)
        self._start = _core and getattr(inner, "segregated_call", None)

    def __call__(
        self,
        request: Any,
        timeout: float | None = None,
        metadata: tuple[tuple[str, str], ...] = (),
    ) -> Any:
        """Makes a call and waits for its response. grpc.RpcError.

        ValueError once the channel is closed.
        """
        if self._start is None:
            return self.full(request, timeout=timeout, metadata=metadata)
        try:
            message = self._serialize(request)
        except (ValueError, EncodeError) as error:
            raise CallError(
                grpc.StatusCode.INTERNAL, f"the request can't be sent: {error}"
            ) from None
        reply = _ReceiveMessage(_NO_FLAGS)
        status = _ReceiveStatus(_NO_FLAGS)
        operations = (
            _SendMetadata(metadata, _NO_FLAGS),
            _SendMessage(message, _NO_FLAGS),
            _SendClose(_NO_FLAGS),
            _ReceiveMetadata(_NO_FLAGS),
            reply,
            status,
        )
        call = self._start(
            _PROPAGATE,
            self._path,
            None,
            None if timeout is None else time.time() + timeout,
            metadata,
            None,
            ((operations, None),),
        )
        # All of them are one batch, so this is its end.
        call.next_event()
        code = status.code()
        if code != 0:
            raise CallError(
                _CODES.get(code, grpc.StatusCode.UNKNOWN), status.details() or ""
            )
        try:
            return self._deserialize(reply.message())
        except (TypeError, DecodeError) as error:
            raise CallError(
                grpc.StatusCode.INTERNAL,
                f"invalid reply: it can't be read ({error}); is this a "
                "standoffd?",
            ) from None

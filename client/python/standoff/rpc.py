"""The RPCs of standoff.v1, each with its messages, in one table."""

from __future__ import annotations

import dataclasses
from typing import Callable, Generic, TypeVar

from google.protobuf.message import DecodeError, Message

from standoff.v1 import diagnosis_service_pb2 as diagnosis
from standoff.v1 import host_service_pb2 as host
from standoff.v1 import operation_service_pb2 as operation
from standoff.v1 import session_service_pb2 as session
from standoff.v1 import socket_service_pb2 as socket

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


def parser(kind: type[Response]) -> Callable[[bytes], Response]:
    """Returns what makes messages of bytes, and raises DecodeError.

    FromString() stops without a word at a stray end of a group.
    """

    def parse(data: bytes) -> Response:
        message: Response = kind()
        if message.MergeFromString(data) != len(data):
            raise DecodeError("not all of it could be read")
        return message

    return parse


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Rpc(Generic[Request, Response]):
    """A unary RPC.

    Attributes:
      path: what HTTP/2 calls it, "/standoff.v1.SocketService/Send".
      request: the type of its request.
      response: the type of its response.
      action: its field in Action and ActionReply; empty if it is no action.
    """

    path: str
    request: type[Request]
    response: type[Response]
    action: str = ""

    @property
    def name(self) -> str:
        """Its name in messages: "Send"."""
        return self.path.rpartition("/")[2]


def _socket(
    name: str, action: str, request: type[Request], response: type[Response]
) -> Rpc[Request, Response]:
    return Rpc(f"/standoff.v1.SocketService/{name}", request, response, action)


OPEN = _socket("Open", "open", socket.OpenRequest, socket.OpenResponse)
OPEN_PAIR = _socket(
    "OpenPair", "open_pair", socket.OpenPairRequest, socket.OpenPairResponse
)
DUPLICATE = _socket(
    "Duplicate", "duplicate", socket.DuplicateRequest, socket.DuplicateResponse
)
BIND = _socket("Bind", "bind", socket.BindRequest, socket.BindResponse)
LISTEN = _socket("Listen", "listen", socket.ListenRequest, socket.ListenResponse)
CONNECT = _socket(
    "Connect", "connect", socket.ConnectRequest, socket.ConnectResponse
)
ACCEPT = _socket("Accept", "accept", socket.AcceptRequest, socket.AcceptResponse)
SEND = _socket("Send", "send", socket.SendRequest, socket.SendResponse)
RECEIVE = _socket(
    "Receive", "receive", socket.ReceiveRequest, socket.ReceiveResponse
)
SHUTDOWN = _socket(
    "Shutdown", "shutdown", socket.ShutdownRequest, socket.ShutdownResponse
)
CLOSE = _socket("Close", "close", socket.CloseRequest, socket.CloseResponse)
SET_BLOCKING = _socket(
    "SetBlocking",
    "set_blocking",
    socket.SetBlockingRequest,
    socket.SetBlockingResponse,
)
SET_TIMEOUT = _socket(
    "SetTimeout",
    "set_timeout",
    socket.SetTimeoutRequest,
    socket.SetTimeoutResponse,
)
SET_OPTION = _socket(
    "SetOption", "set_option", socket.SetOptionRequest, socket.SetOptionResponse
)
GET_OPTION = _socket(
    "GetOption", "get_option", socket.GetOptionRequest, socket.GetOptionResponse
)
DESCRIBE = _socket(
    "Describe", "describe", socket.DescribeRequest, socket.DescribeResponse
)
LIST_SOCKETS = _socket(
    "List",
    "list",
    socket.SocketServiceListRequest,
    socket.SocketServiceListResponse,
)
POLL = _socket("Poll", "poll", socket.PollRequest, socket.PollResponse)
RESOLVE = _socket(
    "Resolve", "resolve", socket.ResolveRequest, socket.ResolveResponse
)
GET_LOCAL_ADDRESS = _socket(
    "GetLocalAddress",
    "get_local_address",
    socket.GetLocalAddressRequest,
    socket.GetLocalAddressResponse,
)
GET_PEER_ADDRESS = _socket(
    "GetPeerAddress",
    "get_peer_address",
    socket.GetPeerAddressRequest,
    socket.GetPeerAddressResponse,
)
GET_RECEIVE_QUEUE = _socket(
    "GetReceiveQueue",
    "get_receive_queue",
    socket.GetReceiveQueueRequest,
    socket.GetReceiveQueueResponse,
)
GET_SEND_QUEUE = _socket(
    "GetSendQueue",
    "get_send_queue",
    socket.GetSendQueueRequest,
    socket.GetSendQueueResponse,
)
IS_AT_MARK = _socket(
    "IsAtMark", "is_at_mark", socket.IsAtMarkRequest, socket.IsAtMarkResponse
)
SEND_BATCH = _socket(
    "SendBatch", "send_batch", socket.SendBatchRequest, socket.SendBatchResponse
)
RECEIVE_BATCH = _socket(
    "ReceiveBatch",
    "receive_batch",
    socket.ReceiveBatchRequest,
    socket.ReceiveBatchResponse,
)

_OPERATIONS = "/standoff.v1.OperationService/"
START = Rpc(
    _OPERATIONS + "Start", operation.StartRequest, operation.StartResponse
)
WAIT = Rpc(_OPERATIONS + "Wait", operation.WaitRequest, operation.WaitResponse)
CANCEL = Rpc(
    _OPERATIONS + "Cancel", operation.CancelRequest, operation.CancelResponse
)
GET = Rpc(_OPERATIONS + "Get", operation.GetRequest, operation.GetResponse)
LIST_OPERATIONS = Rpc(
    _OPERATIONS + "List",
    operation.OperationServiceListRequest,
    operation.OperationServiceListResponse,
)

_SESSIONS = "/standoff.v1.SessionService/"
CREATE = Rpc(_SESSIONS + "Create", session.CreateRequest, session.CreateResponse)
KEEP_ALIVE = Rpc(
    _SESSIONS + "KeepAlive", session.KeepAliveRequest, session.KeepAliveResponse
)
DELETE = Rpc(_SESSIONS + "Delete", session.DeleteRequest, session.DeleteResponse)
LIST_SESSIONS = Rpc(
    _SESSIONS + "List",
    session.SessionServiceListRequest,
    session.SessionServiceListResponse,
)

_HOST = "/standoff.v1.HostService/"
GET_INFO = Rpc(_HOST + "GetInfo", host.GetInfoRequest, host.GetInfoResponse)
GET_CLOCK = Rpc(_HOST + "GetClock", host.GetClockRequest, host.GetClockResponse)
SNAPSHOT = Rpc(_HOST + "Snapshot", host.SnapshotRequest, host.SnapshotResponse)

DIAGNOSE = Rpc(
    "/standoff.v1.DiagnosisService/Diagnose",
    diagnosis.DiagnoseRequest,
    diagnosis.DiagnoseResponse,
)

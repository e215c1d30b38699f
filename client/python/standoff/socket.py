"""A socket of a remote host that is used like a local one."""

from __future__ import annotations

import functools
import operator
import socket as local_socket
import threading
import warnings
from typing import (
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Callable,
    Concatenate,
    ParamSpec,
    TypeVar,
    cast,
)

from standoff import errors
from standoff import handles
from standoff import open_requests
from standoff import outcome as outcomes
from standoff import rpc
from standoff.calls import Call, Known
from standoff.pattern import Pattern
from standoff.socket_arguments import Payload, c_int, payload_size, plain_type
from standoff.socket_base import SocketBase
from standoff.socket_state import FILE_PIECE, Pieces, SocketState, is_real

if TYPE_CHECKING:
    from standoff.host import Host

# As it is now: a program may put a class of ours in the place of socket.socket.
_makefile: Any = local_socket.socket.makefile
_GiveupOnSendfile: type[Exception] = getattr(local_socket, "_GiveupOnSendfile")

# How long a destructor waits for the addresses in its warning, in seconds.
_PATIENCE_OF_DESTRUCTOR = 1.0

_P = ParamSpec("_P")
_R = TypeVar("_R")
_S = TypeVar("_S", bound=SocketBase)


def method(
    build: Callable[Concatenate[_S, _P], Call[_R] | Known[_R]],
) -> Callable[Concatenate[_S, _P], _R]:
    """The method that makes a call and waits for its end."""

    @functools.wraps(build)
    def perform(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        call = build(self, *args, **kwargs)
        if isinstance(call, Known):
            return call.result
        return cast("Socket", self)._perform(call)

    perform.__name__ = build.__name__.removesuffix("_call")
    perform.__qualname__ = f"Socket.{perform.__name__}"
    # For actors, which perform the call later.
    perform.build = build  # type: ignore[attr-defined]
    return perform


class Socket(SocketState):
    """A socket of a remote host: `socket.socket` with another home.

    Made by Host.socket(family, type, proto). Every call is made on the host;
    what the kernel there says is raised and returned as `socket` does. A fault
    of the control plane is a HarnessError, which is no OSError.

    Methods may be called from several threads at once. Calls that wait when the
    socket is closed end with OSError (EBADF).
    """

    # The class of a host's sockets has it.
    _host: Host

    def __init__(
        self,
        family: int = -1,
        type: int = -1,
        proto: int = -1,
        fileno: int | None = None,
    ) -> None:
        if not hasattr(self, "_host"):
            raise TypeError("a Socket is made by Host.socket()")
        timeout = self._host.getdefaulttimeout()
        if fileno is not None:
            self._adopt(fileno, timeout, family, type, proto)
            return
        request = open_requests.open_request(family, type, proto, timeout)
        try:
            response = self._host._call(rpc.OPEN, request)
        except errors.InvalidRequest as error:
            open_requests.raise_refusal(error)
        outcomes.value_of(response.outcome)
        self._become(
            handles.RemoteSocket(
                self._host,
                response.socket,
                request.family,
                plain_type(request.type),
                request.protocol,
            ),
            open_requests.timeout_of(request),
        )

    @property
    def host(self) -> Host:
        """The host on which it is."""
        return self._host

    def _adopt(
        self,
        fileno: int,
        timeout: float | None,
        family: int,
        kind: int,
        proto: int,
    ) -> None:
        if isinstance(fileno, float):
            raise TypeError("integer argument expected, got float")
        if operator.index(fileno) < 0:
            raise ValueError("negative file descriptor")
        handles.check_form(handles.find(fileno), self._host._form)
        remote = handles.adopt(fileno)
        # It may be of another host than the class.
        self._host = remote.host
        self._become(remote, timeout)
        # What is given is believed, the rest asked for.
        described = self._perform(self._describe(lambda response: response))
        self._family = (
            described.socket.family if family == -1 else c_int(family)
        )
        self._type = (
            described.socket.type if kind == -1 else plain_type(c_int(kind))
        )
        self._proto = (
            described.socket.protocol if proto == -1 else c_int(proto)
        )
        self.settimeout(timeout)

    accept = method(SocketState.accept_call)
    bind = method(SocketState.bind_call)
    connect = method(SocketState.connect_call)
    connect_ex = method(SocketState.connect_ex_call)
    dup = method(SocketState.dup_call)
    getpeername = method(SocketState.getpeername_call)
    getsockname = method(SocketState.getsockname_call)
    getsockopt = method(SocketState.getsockopt_call)
    is_at_mark = method(SocketState.is_at_mark_call)
    listen = method(SocketState.listen_call)
    receive_batch = method(SocketState.receive_batch_call)
    receive_queue = method(SocketState.receive_queue_call)
    recv = method(SocketState.recv_call)
    recv_into = method(SocketState.recv_into_call)
    recv_pattern = method(SocketState.recv_pattern_call)
    recvfrom = method(SocketState.recvfrom_call)
    recvfrom_into = method(SocketState.recvfrom_into_call)
    recvmsg = method(SocketState.recvmsg_call)
    recvmsg_into = method(SocketState.recvmsg_into_call)
    send = method(SocketState.send_call)
    send_batch = method(SocketState.send_batch_call)
    send_queue = method(SocketState.send_queue_call)
    _sendall = method(SocketState.sendall_call)
    sendmsg = method(SocketState.sendmsg_call)
    sendto = method(SocketState.sendto_call)
    setblocking = method(SocketState.setblocking_call)
    setsockopt = method(SocketState.setsockopt_call)
    settimeout = method(SocketState.settimeout_call)
    shutdown = method(SocketState.shutdown_call)

    def sendall(self, data: Payload, flags: int = 0, /) -> None:
        """Sends all of the bytes, or of a Pattern, within one timeout.

        After an exception there is no telling how much was sent.

        More bytes than Host.max_transfer go to the host piece by piece. Then
        the timeout holds for all of them, too, but one piece may wait for a
        whole timeout of its own; and an actor can't send them, since it is
        more than one socket call.
        """
        limit = self._host.max_transfer
        if isinstance(data, Pattern) or payload_size(data) <= limit:
            self._sendall(data, flags)
            return
        for piece in Pieces(data, limit, self._timeout):
            self._sendall(piece, flags)

    # For actors, as of the methods above.
    sendall.build = SocketState.sendall_call  # type: ignore[attr-defined]

    def detach(self) -> int:
        """Closes the object without closing the socket; returns its handle.

        Host.socket(fileno=handle) makes an object for it again. -1 if it is
        closed.
        """
        self._closed = True
        return super().detach()

    def sendmsg_afalg(self, *args: Any, **kwargs: Any) -> int:
        """Unsupported: AF_ALG sockets are refused by the daemon."""
        raise errors.Unsupported(
            "sendmsg_afalg: the daemon opens no AF_ALG sockets",
            host=self._host.name,
        )

    def makefile(
        self,
        mode: str = "r",
        buffering: int | None = None,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> Any:
        """A file object for the socket, as `socket.makefile` makes it.

        The socket is closed when it and all its files are.
        """
        return _makefile(
            self,
            mode,
            buffering,
            encoding=encoding,
            errors=errors,
            newline=newline,
        )

    def sendfile(
        self, file: BinaryIO, offset: int = 0, count: int | None = None
    ) -> int:
        """Sends a file of this machine until its end, or `count` bytes.

        Returns how many bytes were sent; the file's position is then behind
        them, also after an exception.
        """
        self._check_file(file, count)
        # Of a real file, its position does not matter.
        if offset or is_real(file):
            file.seek(offset)
        sent = 0
        try:
            while count is None or sent < count:
                size = FILE_PIECE
                if count is not None:
                    size = min(size, count - sent)
                piece = memoryview(file.read(size))
                if not piece:
                    break
                while piece:
                    taken = self.send(piece)
                    sent += taken
                    piece = piece[taken:]
        finally:
            if sent and hasattr(file, "seek"):
                file.seek(offset + sent)
        return sent

    # CPython's names for the two ways.
    _sendfile_use_send = sendfile

    def _sendfile_use_sendfile(
        self, file: BinaryIO, offset: int = 0, count: int | None = None
    ) -> int:
        raise _GiveupOnSendfile("there is no sendfile(2) between two machines")

    def _accept(self) -> tuple[int, Any]:
        """The same as accept(), but with a handle: as _socket.socket has it."""
        accepted, address = self.accept()
        return accepted.detach(), address

    def close(self) -> None:
        """Closes the socket, or when the last of its files is closed.

        Calls on it that wait in other threads end with OSError (EBADF). So does
        this if the socket was closed by its handle.
        """
        self._closed = True
        if self._io_refs <= 0:
            self._real_close()

    # makefile() calls it.
    def _decref_socketios(self) -> None:
        if self._io_refs > 0:
            self._io_refs -= 1
        if self._closed:
            self.close()

    def _real_close(self) -> None:
        with self._close_lock:
            remote = self._take()
        if remote is not None:
            self._host._close_socket(remote)

    def _perform(self, call: Call[_R]) -> _R:
        remote = self._remote
        try:
            return call.read(self._host._call(call.rpc, call.request))
        except (errors.Cancelled, errors.NotFound):
            # Another thread closed it meanwhile, or somebody its handle.
            if remote is not None and not handles.is_open(remote.handle):
                raise handles.bad_descriptor() from None
            raise

    def _make(self, name: str, timeout: float | None) -> Socket:
        return self._make_as(self._host.socket, name, timeout)

    def _make_as(
        self, kind: type, name: str, timeout: float | None
    ) -> Socket:
        made = cast(Socket, object.__new__(kind))
        made._host = self._host
        made._become(
            handles.RemoteSocket(
                self._host, name, self._family, self._type, self._proto
            ),
            timeout,
        )
        return made

    def _become(
        self, remote: handles.RemoteSocket, timeout: float | None
    ) -> None:
        """In place of __init__: stands for a socket that is there."""
        self._io_refs = 0
        self._closed = False
        self._close_lock = threading.Lock()
        self._set(remote, timeout)

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *args: object) -> None:
        if not self._closed:
            self.close()

    def __repr__(self) -> str:
        return self._describe_briefly(self._addresses())

    def _addresses(self) -> list[str]:
        """Both ends, where the host tells; never an exception."""
        parts: list[str] = []
        if self._remote is None:
            return parts
        for name, build in (
            ("laddr", self.getsockname_call),
            ("raddr", self.getpeername_call),
        ):
            try:
                call = build()
                response = self._host._call(call.rpc, call.request, 1.0)
                if address := call.read(response):
                    parts.append(f"{name}={address!r}")
            except (OSError, errors.HarnessError):
                pass
        return parts

    def _last_addresses(self) -> list[str]:
        # Not here: a garbage collection may be in the middle of a call.
        return self._host._ask(self._addresses, _PATIENCE_OF_DESTRUCTOR) or []

    def __del__(self) -> None:
        if getattr(self, "_remote", None) is None or self._host._ended:
            return
        try:
            warnings.warn(
                f"unclosed {self._describe_briefly(self._last_addresses())}",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )
        finally:
            remote, self._remote = self._remote, None
            if remote is not None and handles.forget(remote):
                self._host._close_later(remote)

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
from standoff import outcome as outcomes
from standoff import rpc
from standoff.calls import Call, Known
from standoff.socket_calls import (
    SocketCalls,
    c_int,
    initial_timeout,
    plain_type,
)
from standoff.v1 import socket_service_pb2 as messages

if TYPE_CHECKING:
    from standoff.host import Host

_P = ParamSpec("_P")
_R = TypeVar("_R")
_S = TypeVar("_S", bound=SocketCalls)

# How much of a file sendfile() reads at a time, in bytes.
FILE_PIECE = 256 * 1024


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


class SocketState(SocketCalls):
    """What a socket object tells without asking its host."""

    # The class of a host's sockets has it.
    _host: Host

    @property
    def host(self) -> Host:
        """The host on which it is."""
        return self._host

    @property
    def name(self) -> str:
        """Its name on the host. OSError (EBADF) if it is closed."""
        return self._name()

    @property
    def family(self) -> int:
        """The address family: an AddressFamily where Python has a name."""
        return _enum(self._family, local_socket.AddressFamily)

    @property
    def type(self) -> int:
        """The type: a SocketKind where Python has a name."""
        return _enum(self._type, local_socket.SocketKind)

    @property
    def proto(self) -> int:
        """The protocol as it was given."""
        return self._proto

    def gettimeout(self) -> float | None:
        """The timeout in seconds; None is blocking, 0.0 non-blocking."""
        return self._timeout

    @property
    def timeout(self) -> float | None:
        """The same as gettimeout()."""
        return self._timeout

    def getblocking(self) -> bool:
        """False if the socket is non-blocking; true with a timeout, too."""
        return self._timeout != 0.0

    def fileno(self) -> int:
        """A handle that stands for the socket; -1 if it is closed.

        It is no descriptor of this machine: see standoff.handles.
        """
        return -1 if self._remote is None else self._remote.handle

    def get_inheritable(self) -> bool:
        """What set_inheritable() said; False at first."""
        self._name()
        return self._remote is not None and self._remote.inheritable

    def set_inheritable(self, inheritable: bool) -> None:
        """Is remembered, and no more: the daemon starts no programs."""
        self._name()
        if self._remote is not None:
            self._remote.inheritable = bool(inheritable)

    def detach(self) -> int:
        """Closes the object without closing the socket; returns its handle.

        Host.socket(fileno=handle) makes an object for it again. -1 if it is
        closed.
        """
        remote, self._remote = self._remote, None
        return -1 if remote is None else handles.detach(remote)

    def _set(
        self, remote: handles.RemoteSocket, timeout: float | None
    ) -> None:
        self._remote = remote
        self._family = remote.family
        self._type = remote.type
        self._proto = remote.proto
        self._timeout = timeout

    def _take(self) -> handles.RemoteSocket | None:
        """The open socket, for whoever closes it; None if somebody did."""
        remote, self._remote = self._remote, None
        if remote is not None:
            handles.forget(remote)
        return remote

    def _describe_briefly(self, addresses: list[str]) -> str:
        closed = " [closed]" if self._remote is None else ""
        kind = type(self)
        parts = [
            f"fd={self.fileno()}",
            f"family={self.family}",
            f"type={self.type}",
            f"proto={self.proto}",
            *addresses,
            f"host={self._host.name}",
        ]
        if self._remote is not None:
            parts.append(f"name={self._remote.name}")
        return (
            f"<{kind.__module__}.{kind.__qualname__}{closed} "
            f"{', '.join(parts)}>"
        )

    def _check_file(self, file: BinaryIO, count: int | None) -> None:
        """Raises what sendfile() raises of its arguments."""
        if "b" not in getattr(file, "mode", "b"):
            raise ValueError("file should be opened in binary mode")
        if self._type != local_socket.SOCK_STREAM:
            raise ValueError("only SOCK_STREAM type sockets are supported")
        if count is not None:
            if not isinstance(count, int):
                raise TypeError(
                    f"count must be a positive integer (got {count!r})"
                )
            if count <= 0:
                raise ValueError(
                    f"count must be a positive integer (got {count!r})"
                )
        if self._timeout == 0.0:
            raise ValueError("non-blocking sockets are not supported")

    def __getstate__(self) -> None:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")


class Socket(SocketState):
    """A socket of a remote host: `socket.socket` with another home.

    Made by Host.socket(family, type, proto). Every call is made on the host;
    what the kernel there says is raised and returned as `socket` does. A fault
    of the control plane is a HarnessError, which is no OSError.

    Methods may be called from several threads at once. Calls that wait when the
    socket is closed end with OSError (EBADF).
    """

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
        family = local_socket.AF_INET if family == -1 else c_int(family)
        kind = local_socket.SOCK_STREAM if type == -1 else c_int(type)
        proto = 0 if proto == -1 else c_int(proto)
        timeout = initial_timeout(kind, timeout)
        request = messages.OpenRequest(
            family=cast(Any, family),
            type=cast(Any, kind),
            protocol=cast(Any, proto),
            timeout_seconds=timeout,
        )
        response = self._host._call(rpc.OPEN, request)
        outcomes.value_of(response.outcome)
        self._become(
            handles.RemoteSocket(
                self._host, response.socket, family, plain_type(kind), proto
            ),
            timeout,
        )

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
        remote = handles.adopt(fileno)
        # It may be of another host than the class.
        self._host = remote.host
        self._become(remote, timeout)
        # What is given is believed, the rest asked for.
        described = self._perform(self._describe(lambda response: response))
        self._family = remote.family if family == -1 else c_int(family)
        self._type = remote.type if kind == -1 else plain_type(c_int(kind))
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
    listen = method(SocketState.listen_call)
    recv = method(SocketState.recv_call)
    recv_into = method(SocketState.recv_into_call)
    recv_pattern = method(SocketState.recv_pattern_call)
    recvfrom = method(SocketState.recvfrom_call)
    recvfrom_into = method(SocketState.recvfrom_into_call)
    recvmsg = method(SocketState.recvmsg_call)
    recvmsg_into = method(SocketState.recvmsg_into_call)
    send = method(SocketState.send_call)
    sendall = method(SocketState.sendall_call)
    sendmsg = method(SocketState.sendmsg_call)
    sendto = method(SocketState.sendto_call)
    setblocking = method(SocketState.setblocking_call)
    setsockopt = method(SocketState.setsockopt_call)
    settimeout = method(SocketState.settimeout_call)
    shutdown = method(SocketState.shutdown_call)

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
        return local_socket.socket.makefile(
            cast(Any, self),
            cast(Any, mode),
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

    def close(self) -> None:
        """Closes the socket, or when the last of its files is closed.

        Calls on it that wait in other threads end with OSError (EBADF).
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
        made: Socket = kind.__new__(kind)
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

    def __del__(self) -> None:
        if getattr(self, "_remote", None) is None or self._host._ended:
            return
        try:
            warnings.warn(
                # Without its addresses, which would take a call.
                f"unclosed {self._describe_briefly([])}",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )
        finally:
            remote = self._take()
            if remote is not None:
                # Not here: a garbage collection may be in the middle of a call.
                self._host._close_later(remote)


def is_real(file: Any) -> bool:
    """Whether a file has a descriptor, which one in memory has not."""
    try:
        file.fileno()
    except (AttributeError, OSError):
        return False
    return True


def _enum(value: int, kind: Any) -> int:
    try:
        converted: int = kind(value)
    except ValueError:
        return value
    return converted

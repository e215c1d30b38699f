"""The asyncio socket: like `standoff.Socket`, with coroutines."""

from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from standoff import errors
from standoff import handles
from standoff.aio.method import method
from standoff.calls import Call
from standoff.pattern import Pattern
from standoff.socket_arguments import Payload, payload_size
from standoff.socket_state import FILE_PIECE, Pieces, SocketState, is_real

if TYPE_CHECKING:
    from standoff.aio.host import Host

_R = TypeVar("_R")


class Socket(SocketState):
    """A socket of a remote host, for the event loop of its host.

    Made by `await Host.socket(family, type, proto)`. Its methods are those of
    `standoff.Socket`: the ones that ask the host are coroutines; the others,
    gettimeout() and fileno() among them, are not.

    A task that is cancelled while it waits ends its system call on the host.
    What that had received by then is gone from the socket; the operation's
    record on the host has it (Host.operations()). To wait with a limit and lose
    nothing, use settimeout().

    Several tasks may wait on one socket. Calls that wait when it is closed end
    with OSError (EBADF). One that is left unclosed warns (ResourceWarning).
    """

    _host: Host

    def __init__(self) -> None:
        raise TypeError("a Socket is made by `await Host.socket()`")

    @property
    def host(self) -> Host:
        """The host on which it is."""
        return self._host

    accept = method(SocketState.accept_call, tells_address=True)
    bind = method(SocketState.bind_call, address=0)
    connect = method(SocketState.connect_call, address=0)
    connect_ex = method(SocketState.connect_ex_call, address=0)
    dup = method(SocketState.dup_call)
    getpeername = method(SocketState.getpeername_call, tells_address=True)
    getsockname = method(SocketState.getsockname_call, tells_address=True)
    getsockopt = method(SocketState.getsockopt_call)
    listen = method(SocketState.listen_call)
    recv = method(SocketState.recv_call)
    recv_into = method(SocketState.recv_into_call)
    recv_pattern = method(SocketState.recv_pattern_call)
    recvfrom = method(SocketState.recvfrom_call, tells_address=True)
    recvfrom_into = method(SocketState.recvfrom_into_call, tells_address=True)
    recvmsg = method(SocketState.recvmsg_call, tells_address=True)
    recvmsg_into = method(SocketState.recvmsg_into_call, tells_address=True)
    send = method(SocketState.send_call)
    _sendall = method(SocketState.sendall_call)
    sendmsg = method(SocketState.sendmsg_call, address=3)
    sendto = method(SocketState.sendto_call, address=-1)
    setblocking = method(SocketState.setblocking_call)
    setsockopt = method(SocketState.setsockopt_call)
    settimeout = method(SocketState.settimeout_call)
    shutdown = method(SocketState.shutdown_call)

    async def sendall(self, data: Payload, flags: int = 0, /) -> None:
        """Sends all of the bytes, or of a Pattern, within one timeout.

        After an exception there is no telling how much was sent.

        More bytes than Host.max_transfer go to the host piece by piece. Then
        the timeout holds for all of them, too, but one piece may wait for a
        whole timeout of its own; and an actor can't send them, since it is
        more than one socket call.
        """
        limit = self._host.max_transfer
        if isinstance(data, Pattern) or payload_size(data) <= limit:
            await self._sendall(data, flags)
            return
        for piece in Pieces(data, limit, self._timeout):
            await self._sendall(piece, flags)

    # For actors, as of the methods above.
    sendall.prepare = _sendall.prepare  # type: ignore[attr-defined]

    def sendmsg_afalg(self, *args: Any, **kwargs: Any) -> int:
        """Unsupported: AF_ALG sockets are refused by the daemon."""
        raise errors.Unsupported(
            "sendmsg_afalg: the daemon opens no AF_ALG sockets",
            host=self._host.name,
        )

    def makefile(self, *args: Any, **kwargs: Any) -> Any:
        """Unsupported: the methods of a file would hold up the event loop."""
        raise errors.Unsupported(
            "makefile: a file can't wait without holding up the event loop",
            host=self._host.name,
        )

    async def sendfile(
        self, file: BinaryIO, offset: int = 0, count: int | None = None
    ) -> int:
        """Sends a file of this machine until its end, or `count` bytes.

        Returns how many bytes were sent; the file's position is then behind
        them, also after an exception. The file is read in another thread.
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
                piece = memoryview(await asyncio.to_thread(file.read, size))
                if not piece:
                    break
                while piece:
                    taken = await self.send(piece)
                    sent += taken
                    piece = piece[taken:]
        finally:
            if sent and hasattr(file, "seek"):
                file.seek(offset + sent)
        return sent

    async def close(self) -> None:
        """Closes the socket.

        Calls on it that wait in other tasks end with OSError (EBADF).
        """
        remote = self._take()
        if remote is not None:
            await self._host._close_socket(remote)

    async def __aenter__(self) -> Socket:
        return self

    async def __aexit__(self, *args: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        # Without its addresses, which would take a call.
        return self._describe_briefly([])

    def __del__(self) -> None:
        if self._remote is None or self._host._ended:
            return
        try:
            warnings.warn(
                f"unclosed {self!r}",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )
        finally:
            remote, self._remote = self._remote, None
            if remote is not None and handles.forget(remote):
                self._host._close_later(remote.name)

    async def _perform(self, call: Call[_R]) -> _R:
        remote = self._remote
        try:
            return call.read(await self._host._call(call.rpc, call.request))
        except (errors.Cancelled, errors.NotFound):
            # Another task closed it meanwhile, or somebody its handle.
            if remote is not None and not handles.is_open(remote.handle):
                raise handles.bad_descriptor() from None
            raise

    def _make(self, name: str, timeout: float | None) -> Socket:
        return make(
            self._host, name, self._family, self._type, self._proto, timeout
        )

    def _make_as(self, kind: type, name: str, timeout: float | None) -> Socket:
        return self._make(name, timeout)


def make(
    host: Host,
    name: str,
    family: int,
    type: int,
    proto: int,
    timeout: float | None,
) -> Socket:
    """An object for a socket that was made on a host."""
    return own(
        handles.RemoteSocket(cast(Any, host), name, family, type, proto),
        timeout,
    )


def own(remote: handles.RemoteSocket, timeout: float | None) -> Socket:
    """An object for a socket that has a handle."""
    made = Socket.__new__(Socket)
    made._host = cast(Any, remote.host)
    made._set(remote, timeout)
    return made

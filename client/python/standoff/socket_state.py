"""What a socket object tells without asking its host."""

from __future__ import annotations

import socket as local_socket
import sys
import time
from typing import Any, BinaryIO, Iterator

from standoff import errors
from standoff import handles
from standoff.socket_arguments import Buffer
from standoff.socket_calls import SocketCalls

# How much of a file sendfile() reads at a time, in bytes.
FILE_PIECE = 256 * 1024


class SocketState(SocketCalls):
    """What a socket object tells without asking its host."""

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

        It is no descriptor of this machine: see standoff.handles. Unsupported
        if `ssl` asks for it, to make a local socket of it (wrap_socket).
        """
        if sys._getframe(1).f_globals.get("__name__") == "ssl":
            raise errors.Unsupported(
                "ssl can't wrap a remote socket: its wrap_socket() needs a "
                "descriptor of this machine. Use SSLContext.wrap_bio() with "
                "two ssl.MemoryBIO, and send and receive what they hold",
                host=self._host.name,
            )
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
        """The open socket, for whoever closes it; None if it is closed.

        OSError (EBADF) if somebody closed it by its handle.
        """
        remote, self._remote = self._remote, None
        if remote is not None and not handles.forget(remote):
            raise handles.bad_descriptor()
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


class Pieces:
    """The pieces in which more than one call can carry is sent.

    An iterator, which raises TimeoutError in place of a piece when the timeout
    for all of them is over.
    """

    def __init__(
        self, data: Buffer, size: int, timeout: float | None
    ) -> None:
        self._data = memoryview(data).cast("B")
        self._size = size
        self._deadline = (
            time.monotonic() + timeout if timeout else None
        )

    def __iter__(self) -> Iterator[memoryview]:
        with self._data as data:
            for start in range(0, data.nbytes, self._size):
                if (
                    start
                    and self._deadline is not None
                    and time.monotonic() >= self._deadline
                ):
                    raise TimeoutError("timed out")
                yield data[start : start + self._size]


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

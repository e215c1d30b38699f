"""The calls of a socket: one for each method of `socket.socket`.

Argument forms, results and exceptions are CPython's (`socket` in its library
reference); docs/python.md lists the differences.
"""

from __future__ import annotations

import errno
import operator
import os
import struct
from typing import TYPE_CHECKING, Any, Iterable, SupportsIndex, Union

from standoff import addresses
from standoff import errors
from standoff import handles
from standoff import outcome as outcomes
from standoff import rpc
from standoff import timeouts
from standoff.calls import Call, Known
from standoff.pattern import Pattern
from standoff.v1 import address_pb2
from standoff.v1 import outcome_pb2
from standoff.v1 import option_pb2
from standoff.v1 import socket_service_pb2 as messages

if TYPE_CHECKING:
    from standoff.host import Host

Buffer = Any  # bytes, bytearray, memoryview, array, …
ControlMessages = Iterable[tuple[int, int, Buffer]]
Payload = Union[Buffer, Pattern]

_INT_MAX = 2**31 - 1
# More room than any control message needs; the daemon takes no more.
_MAX_CONTROL_LENGTH = 65536
# Of buffers in one call (UIO_MAXIOV).
_MAX_BUFFERS = 1024
_DEFAULT_BACKLOG = 128
_SOL_SOCKET = 1
_SCM_RIGHTS = 1
_MSG_TRUNC = 0x20
# Of Linux, wherever this runs.
_SOCK_NONBLOCK = 0o4000
_SOCK_CLOEXEC = 0o2000000


def c_int(value: SupportsIndex) -> int:
    """An argument that C has as an int. OverflowError if it does not fit."""
    number = operator.index(value)
    if number > _INT_MAX:
        raise OverflowError("signed integer is greater than maximum")
    if number < -_INT_MAX - 1:
        raise OverflowError("signed integer is less than minimum")
    return number


def to_bytes(data: Buffer) -> bytes:
    """The bytes of a buffer. TypeError for what is none, as a str."""
    if isinstance(data, bytes):
        return data
    try:
        view = memoryview(data)
    except TypeError:
        raise TypeError(
            f"a bytes-like object is required, not '{type(data).__name__}'"
        ) from None
    with view:
        if not view.c_contiguous:
            raise BufferError(
                "memoryview: underlying buffer is not C-contiguous"
            )
        return view.tobytes()


def _hold(data: Payload) -> Any:
    """Keeps a buffer from being resized as long as a call is made with it."""
    return None if isinstance(data, (bytes, Pattern)) else memoryview(data)


def plain_type(type: int) -> int:
    """The type without the flags that an open takes with it."""
    return type & ~(_SOCK_NONBLOCK | _SOCK_CLOEXEC)


def initial_timeout(type: int, default: float | None) -> float | None:
    """The timeout of a socket that is opened so."""
    return 0.0 if type & _SOCK_NONBLOCK else default


class SocketCalls:
    """A socket as its calls see it. Each method builds one call."""

    _host: Host
    # None once the socket is closed or detached.
    _remote: handles.RemoteSocket | None = None
    _timeout: float | None = None
    _family = 0
    _type = 0
    _proto = 0

    def _name(self) -> str:
        """Its name on the host. OSError (EBADF) if it is closed."""
        remote = self._remote
        if remote is None:
            raise handles.bad_descriptor()
        return remote.name

    def _address(self, address: Any, method: str) -> address_pb2.Address:
        return addresses.to_proto(
            self._family,
            address,
            method,
            self._host._resolve_name,
            self._host._interface_index,
        )

    def _from_proto(self, address: address_pb2.Address) -> addresses.AnyAddress:
        return addresses.from_proto(address, self._host._interface_name)

    # Names and modes.

    def bind_call(self, address: addresses.AnyAddress, /) -> Call[None]:
        """Gives the socket its local address.

        Host names are looked up on the socket's host. An address in use:
        OSError with EADDRINUSE.
        """
        request = messages.BindRequest(
            socket=self._name(), address=self._address(address, "bind")
        )
        return Call(rpc.BIND, request, _read_nothing)

    def listen_call(
        self, backlog: SupportsIndex = _DEFAULT_BACKLOG, /
    ) -> Call[None]:
        """Makes the socket a listener.

        `backlog` is the limit of its accept queue, 128 by default; a negative
        one counts as 0. One connection more than this is admitted.
        """
        request = messages.ListenRequest(
            socket=self._name(), backlog=max(0, c_int(backlog))
        )
        return Call(rpc.LISTEN, request, _read_nothing)

    def connect_call(self, address: addresses.AnyAddress, /) -> Call[None]:
        """Connects the socket to a peer.

        ConnectionRefusedError, TimeoutError and so on; non-blocking, a
        connection in progress is BlockingIOError with EINPROGRESS. Host names
        are looked up on the socket's host.
        """
        request = messages.ConnectRequest(
            socket=self._name(), address=self._address(address, "connect")
        )
        return Call(rpc.CONNECT, request, _read_nothing)

    def connect_ex_call(
        self, address: addresses.AnyAddress, /
    ) -> Call[int] | Known[int]:
        """As connect, but returns the errno, or 0.

        EAGAIN when the timeout was over. What is no error of connect(2), such
        as an unknown host, is raised.
        """
        target = self._address(address, "connect_ex")
        if self._remote is None:
            return Known(errno.EBADF)
        request = messages.ConnectRequest(socket=self._name(), address=target)
        return Call(rpc.CONNECT, request, _read_errno)

    def accept_call(
        self,
    ) -> Call[tuple[Any, addresses.AnyAddress]]:
        """Takes a connection from the accept queue.

        Returns its socket and the peer's address. The socket has the default
        timeout (Host.setdefaulttimeout), whatever the listener's is.
        """
        timeout = self._host.getdefaulttimeout()
        request = messages.AcceptRequest(
            socket=self._name(), timeout_seconds=timeout
        )

        def read(
            response: messages.AcceptResponse,
        ) -> tuple[Any, addresses.AnyAddress]:
            outcomes.value_of(response.outcome)
            accepted = self._make(response.accepted_socket, timeout)
            if not response.HasField("peer_address"):
                return accepted, None
            return accepted, self._from_proto(response.peer_address)

        return Call(rpc.ACCEPT, request, read)

    def dup_call(self) -> Call[Any]:
        """Makes another object for the same socket, with the same timeout.

        Both are closed for themselves; the connection ends with the last.
        """
        request = messages.DuplicateRequest(socket=self._name())
        timeout = self._timeout

        def read(response: messages.DuplicateResponse) -> Any:
            outcomes.value_of(response.outcome)
            return self._make_as(
                type(self), response.duplicate_socket, timeout
            )

        return Call(rpc.DUPLICATE, request, read)

    def getsockname_call(self) -> Call[addresses.AnyAddress]:
        """The socket's own address."""

        def read(response: messages.DescribeResponse) -> addresses.AnyAddress:
            return self._from_proto(response.socket.local_address)

        return self._describe(read)

    def getpeername_call(self) -> Call[addresses.AnyAddress]:
        """The peer's address. OSError with ENOTCONN if there is none."""

        def read(response: messages.DescribeResponse) -> addresses.AnyAddress:
            if not response.socket.HasField("peer_address"):
                raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
            return self._from_proto(response.socket.peer_address)

        return self._describe(read)

    def setblocking_call(self, flag: SupportsIndex, /) -> Call[None]:
        """Makes the socket blocking or, if `flag` is false, non-blocking."""
        if not -(2**63) <= operator.index(flag) < 2**63:
            raise OverflowError("Python int too large to convert to C long")
        request = messages.SetBlockingRequest(
            socket=self._name(), blocking=bool(flag)
        )
        return self._set_timeout(
            rpc.SET_BLOCKING, request, None if flag else 0.0
        )

    def settimeout_call(self, value: timeouts.Timeout, /) -> Call[None]:
        """Sets the timeout in seconds: None for blocking, 0 for non-blocking.

        ValueError for a negative one or NaN, OverflowError for one that is
        infinite or too large, TypeError for no number.
        """
        timeout = timeouts.parse(value)
        request = messages.SetTimeoutRequest(
            socket=self._name(), timeout_seconds=timeout
        )
        return self._set_timeout(rpc.SET_TIMEOUT, request, timeout)

    def shutdown_call(self, how: SupportsIndex, /) -> Call[None]:
        """Shuts down receiving (SHUT_RD), sending (SHUT_WR) or both."""
        direction = c_int(how) + 1
        if direction not in messages.ShutdownDirection.values() or not direction:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        request = messages.ShutdownRequest(
            socket=self._name(),
            direction=messages.ShutdownDirection.Name(direction),
        )
        return Call(rpc.SHUTDOWN, request, _read_nothing)

    # Options.

    def getsockopt_call(
        self,
        level: SupportsIndex,
        optname: SupportsIndex,
        buflen: SupportsIndex = 0,
        /,
    ) -> Call[Any]:
        """Reads an option: an int or, with `buflen`, at most as many bytes.

        OSError without an errno for a `buflen` outside 0 to 1024.
        """
        length = c_int(buflen)
        if not 0 <= length <= 1024:
            raise OSError("getsockopt buflen out of range")
        request = messages.GetOptionRequest(
            socket=self._name(),
            option=_option(level, optname),
            length=length or struct.calcsize("i"),
        )

        def read(response: messages.GetOptionResponse) -> Any:
            outcomes.value_of(response.outcome)
            data = response.value.data
            if length:
                return data
            return struct.unpack("i", data.ljust(struct.calcsize("i"), b"\0"))[
                0
            ]

        return Call(rpc.GET_OPTION, request, read)

    def setsockopt_call(
        self,
        level: SupportsIndex,
        optname: SupportsIndex,
        value: SupportsIndex | Buffer | None,
        optlen: SupportsIndex | None = None,
        /,
    ) -> Call[None]:
        """Sets an option to an int, to bytes, or to None and a length.

        The last is a null pointer with that length, for the few options that
        take one.
        """
        request = messages.SetOptionRequest(
            socket=self._name(), option=_option(level, optname)
        )
        if value is None:
            if optlen is None:
                raise TypeError(
                    "setsockopt() with None takes a length as its last argument"
                )
            request.value.null_length = operator.index(optlen)
        elif optlen is not None:
            raise TypeError(
                "setsockopt() takes a length only with None, not "
                f"'{type(value).__name__}'"
            )
        else:
            request.value.data = _option_value(value)
        return Call(rpc.SET_OPTION, request, _read_nothing)

    # Sending.

    def send_call(
        self, data: Payload, flags: SupportsIndex = 0, /
    ) -> Call[int]:
        """Sends bytes, or a Pattern. Returns how many the kernel took."""
        return Call(rpc.SEND, self._send(data, flags), _read_size, _hold(data))

    def sendall_call(
        self, data: Payload, flags: SupportsIndex = 0, /
    ) -> Call[None]:
        """Sends all of the bytes, or of a Pattern, within one timeout.

        After an exception there is no telling how much was sent.
        """
        request = self._send(data, flags)
        request.all = True
        return Call(rpc.SEND, request, _read_nothing, _hold(data))

    def sendto_call(self, data: Payload, *arguments: Any) -> Call[int]:
        """sendto(data, [flags,] address): sends to an address."""
        if len(arguments) not in (1, 2):
            raise TypeError(
                "sendto() takes 2 or 3 arguments "
                f"({1 + len(arguments)} given)"
            )
        flags = arguments[0] if len(arguments) == 2 else 0
        request = self._send(data, flags)
        request.destination.CopyFrom(self._address(arguments[-1], "sendto"))
        return Call(rpc.SEND, request, _read_size, _hold(data))

    def sendmsg_call(
        self,
        buffers: Iterable[Buffer],
        ancdata: ControlMessages = (),
        flags: SupportsIndex = 0,
        address: addresses.AnyAddress = None,
        /,
    ) -> Call[int]:
        """Sends buffers one after the other, with control messages.

        `ancdata` has (level, type, bytes) for each. Descriptors can't be
        passed: Unsupported.
        """
        parts = [to_bytes(buffer) for buffer in buffers]
        if len(parts) > _MAX_BUFFERS:
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        request = self._send(b"".join(parts), flags)
        for item in ancdata:
            if not isinstance(item, tuple) or len(item) != 3:
                raise TypeError(
                    "[sendmsg() ancillary data items] must be (level, type, "
                    "data) tuples"
                )
            level, kind, data = item
            if (level, kind) == (_SOL_SOCKET, _SCM_RIGHTS):
                raise errors.Unsupported(
                    "SCM_RIGHTS: this machine's descriptors can't be passed "
                    "over a remote host's socket",
                    host=self._host.name,
                )
            request.control_messages.add(
                level=c_int(level), type=c_int(kind), data=to_bytes(data)
            )
        if address is not None:
            request.destination.CopyFrom(self._address(address, "sendmsg"))
        return Call(rpc.SEND, request, _read_size)

    # Receiving.

    def recv_call(
        self, bufsize: SupportsIndex, flags: SupportsIndex = 0, /
    ) -> Call[bytes] | Known[bytes]:
        """Receives at most `bufsize` bytes.

        b"" is the end of a stream, or an empty datagram.
        """
        size = _size(bufsize, "negative buffersize in recv")
        if size == 0:
            return Known(b"")
        read = _read_padded if c_int(flags) & _MSG_TRUNC else _read_data
        return Call(rpc.RECEIVE, self._receive(size, flags), read)

    def recvfrom_call(
        self, bufsize: SupportsIndex, flags: SupportsIndex = 0, /
    ) -> Call[tuple[bytes, addresses.AnyAddress]]:
        """As recv; returns the bytes and the sender's address, or None."""
        size = _size(bufsize, "negative buffersize in recvfrom")
        read_data = _read_padded if c_int(flags) & _MSG_TRUNC else _read_data

        def read(
            response: messages.ReceiveResponse,
        ) -> tuple[bytes, addresses.AnyAddress]:
            return read_data(response), self._source(response)

        return Call(rpc.RECEIVE, self._receive(size, flags), read)

    def recvmsg_call(
        self,
        bufsize: SupportsIndex,
        ancbufsize: SupportsIndex = 0,
        flags: SupportsIndex = 0,
        /,
    ) -> Call[tuple[bytes, list[tuple[int, int, bytes]], int, Any]]:
        """Receives bytes and control messages.

        Returns the bytes, a (level, type, bytes) for each control message, the
        flags of the message, and the sender's address or None. `ancbufsize` is
        the room for control messages, in bytes.
        """
        size = _size(bufsize, "negative buffer size in recvmsg()")
        request = self._receive_message(size, ancbufsize, flags)

        def read(
            response: messages.ReceiveResponse,
        ) -> tuple[bytes, list[tuple[int, int, bytes]], int, Any]:
            data = _read_data(response)
            return (data, *self._message(response))

        return Call(rpc.RECEIVE, request, read)

    def recv_into_call(
        self,
        buffer: Buffer,
        nbytes: SupportsIndex = 0,
        flags: SupportsIndex = 0,
    ) -> Call[int] | Known[int]:
        """Receives into a buffer: at most `nbytes`, or all of it.

        Returns how many bytes were received.
        """
        view = _writable(buffer, "recv_into")
        size = _size_into(view, nbytes, "recv_into")
        if size == 0:
            return Known(0)

        def read(response: messages.ReceiveResponse) -> int:
            return _fill([view], response)

        return Call(rpc.RECEIVE, self._receive(size, flags), read)

    def recvfrom_into_call(
        self,
        buffer: Buffer,
        nbytes: SupportsIndex = 0,
        flags: SupportsIndex = 0,
    ) -> Call[tuple[int, addresses.AnyAddress]]:
        """As recv_into; returns the count and the sender's address, or None."""
        view = _writable(buffer, "recvfrom_into")
        size = _size_into(view, nbytes, "recvfrom_into")

        def read(
            response: messages.ReceiveResponse,
        ) -> tuple[int, addresses.AnyAddress]:
            return _fill([view], response), self._source(response)

        return Call(rpc.RECEIVE, self._receive(size, flags), read)

    def recvmsg_into_call(
        self,
        buffers: Iterable[Buffer],
        ancbufsize: SupportsIndex = 0,
        flags: SupportsIndex = 0,
        /,
    ) -> Call[tuple[int, list[tuple[int, int, bytes]], int, Any]]:
        """As recvmsg, into buffers, one after the other.

        Returns how many bytes were received in place of the bytes.
        """
        views = [_writable(buffer, "recvmsg_into") for buffer in buffers]
        size = sum(view.nbytes for view in views)
        request = self._receive_message(size, ancbufsize, flags)

        def read(
            response: messages.ReceiveResponse,
        ) -> tuple[int, list[tuple[int, int, bytes]], int, Any]:
            count = _fill(views, response)
            return (count, *self._message(response))

        return Call(rpc.RECEIVE, request, read)

    def recv_pattern_call(
        self, pattern: Pattern, flags: SupportsIndex = 0, /
    ) -> Call[int]:
        """Receives `pattern.length` bytes and verifies them on the host.

        Goes on until they were received or the stream ended, within one
        timeout, and returns how many there were. PatternMismatch if one of
        them is not what the pattern says.
        """
        request = messages.ReceiveRequest(
            socket=self._name(),
            length=pattern.length,
            all=True,
            flags=_flags(flags),
            verify=pattern.to_proto(),
        )
        host = self._host.name

        def read(response: messages.ReceiveResponse) -> int:
            if response.HasField("mismatch"):
                mismatch = response.mismatch
                raise errors.PatternMismatch(
                    host=host,
                    position=mismatch.position,
                    expected=mismatch.expected,
                    actual=mismatch.actual,
                    received=response.bytes_received,
                )
            return outcomes.value_of(response.outcome)

        return Call(rpc.RECEIVE, request, read)

    # What the methods above have in common.

    def _make(self, name: str, timeout: float | None) -> Any:
        """An object for a socket like this one that was made on the host."""
        raise NotImplementedError

    def _make_as(self, kind: type, name: str, timeout: float | None) -> Any:
        """The same, of this class."""
        raise NotImplementedError

    def _describe(self, read: Any) -> Call[Any]:
        request = messages.DescribeRequest(socket=self._name())
        return Call(rpc.DESCRIBE, request, read)

    def _source(
        self, response: messages.ReceiveResponse
    ) -> addresses.AnyAddress:
        if not response.HasField("source"):
            return None
        return self._from_proto(response.source)

    def _message(
        self, response: messages.ReceiveResponse
    ) -> tuple[list[tuple[int, int, bytes]], int, Any]:
        flags = 0
        for bit in response.flags:
            flags |= bit
        return (
            [
                (message.level, message.type, message.data)
                for message in response.control_messages
            ],
            flags,
            self._source(response),
        )

    def _set_timeout(
        self, method: rpc.Rpc[Any, Any], request: Any, timeout: float | None
    ) -> Call[None]:
        def read(response: Any) -> None:
            outcomes.value_of(response.outcome)
            self._timeout = timeout

        return Call(method, request, read)

    def _send(
        self, data: Payload, flags: SupportsIndex
    ) -> messages.SendRequest:
        request = messages.SendRequest(socket=self._name(), flags=_flags(flags))
        if isinstance(data, Pattern):
            request.pattern.CopyFrom(data.to_proto())
            request.length = data.length
        else:
            request.data = to_bytes(data)
        return request

    def _receive(
        self, size: int, flags: SupportsIndex
    ) -> messages.ReceiveRequest:
        return messages.ReceiveRequest(
            socket=self._name(),
            # A stream may always return less; no datagram is so long.
            length=min(size, self._host.max_transfer),
            flags=_flags(flags),
        )

    def _receive_message(
        self, size: int, ancbufsize: SupportsIndex, flags: SupportsIndex
    ) -> messages.ReceiveRequest:
        room = operator.index(ancbufsize)
        if not 0 <= room <= _INT_MAX:
            raise ValueError("invalid ancillary data buffer length")
        request = self._receive(size, flags)
        request.control_length = min(room, _MAX_CONTROL_LENGTH)
        request.raw_control_messages = True
        return request


def _option(level: SupportsIndex, number: SupportsIndex) -> option_pb2.OptionKey:
    return option_pb2.OptionKey(
        number=option_pb2.OptionNumber(level=c_int(level), number=c_int(number))
    )


def _option_value(value: Any) -> bytes:
    try:
        return struct.pack("i", c_int(value))
    except (TypeError, OverflowError):
        return to_bytes(value)


def _flags(flags: SupportsIndex) -> list[Any]:
    number = c_int(flags)
    return [number] if number else []


def _size(size: SupportsIndex, message: str) -> int:
    number = operator.index(size)
    if number < 0:
        raise ValueError(message)
    if number > 2**63 - 1:
        raise OverflowError("Python int too large to convert to C ssize_t")
    return number


def _writable(buffer: Buffer, method: str) -> memoryview:
    try:
        view = memoryview(buffer)
    except TypeError:
        view = None
    if view is None or view.readonly:
        raise TypeError(
            f"{method}() argument 1 must be read-write bytes-like object, not "
            f"{type(buffer).__name__}"
        )
    return view.cast("B")


def _size_into(view: memoryview, nbytes: SupportsIndex, method: str) -> int:
    size = _size(nbytes, f"negative buffersize in {method}")
    if size > view.nbytes:
        raise ValueError(
            "buffer too small for requested bytes"
            if method == "recv_into"
            else "nbytes is greater than the length of the buffer"
        )
    return size or view.nbytes


def _read_nothing(response: Any) -> None:
    outcomes.value_of(response.outcome)


def _read_size(response: messages.SendResponse) -> int:
    return outcomes.value_of(response.outcome)


def _read_errno(response: messages.ConnectResponse) -> int:
    outcome = response.outcome
    if outcome.ending == outcome_pb2.ENDING_RETURNED:
        return 0
    if outcome.ending == outcome_pb2.ENDING_TIMED_OUT:
        return errno.EAGAIN
    if outcome.ending == outcome_pb2.ENDING_CANCELLED:
        raise outcomes.error_of(outcome)
    return outcomes.errno_of(outcome)


def _read_data(response: messages.ReceiveResponse) -> bytes:
    outcomes.value_of(response.outcome)
    return response.data


def _read_padded(response: messages.ReceiveResponse) -> bytes:
    """With MSG_TRUNC: as long as the datagram was, as in CPython.

    Where CPython has what stood in its memory, here are zeros.
    """
    value = outcomes.value_of(response.outcome)
    return response.data.ljust(value, b"\0")


def _fill(
    views: list[memoryview], response: messages.ReceiveResponse
) -> int:
    """Spreads the bytes over buffers. Returns what the kernel returned."""
    value = outcomes.value_of(response.outcome)
    data = memoryview(response.data)
    for view in views:
        part = data[: view.nbytes]
        view[: part.nbytes] = part
        data = data[part.nbytes :]
    return value

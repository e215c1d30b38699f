"""The calls of a socket: one for each method of `socket.socket`.

Argument forms, results and exceptions are CPython's (`socket` in its library
reference); docs/python.md lists the differences.
"""

from __future__ import annotations

import errno
import operator
import os
import struct
from typing import Any, SupportsIndex

from standoff import addresses
from standoff import outcome as outcomes
from standoff import rpc
from standoff import timeouts
from standoff.calls import Call, Known
from standoff.socket_arguments import Buffer, c_int, option, option_value
from standoff.socket_replies import (
    read_errno,
    read_mark,
    read_nothing,
    read_queue,
)
from standoff.transfer_calls import TransferCalls
from standoff.v1 import socket_service_pb2 as messages

_DEFAULT_BACKLOG = 128


class SocketCalls(TransferCalls):
    """A socket as its calls see it. Each method builds one call."""

    # Names and modes.

    def bind_call(self, address: addresses.AnyAddress, /) -> Call[None]:
        """Gives the socket its local address.

        Host names are looked up on the socket's host. An address in use:
        OSError with EADDRINUSE.
        """
        request = messages.BindRequest(
            socket=self._name(), address=self._address(address, "bind")
        )
        return Call(rpc.BIND, request, read_nothing)

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
        return Call(rpc.LISTEN, request, read_nothing)

    def connect_call(self, address: addresses.AnyAddress, /) -> Call[None]:
        """Connects the socket to a peer.

        ConnectionRefusedError, TimeoutError and so on; non-blocking, a
        connection in progress is BlockingIOError with EINPROGRESS. Host names
        are looked up on the socket's host.
        """
        request = messages.ConnectRequest(
            socket=self._name(), address=self._address(address, "connect")
        )
        return Call(rpc.CONNECT, request, read_nothing)

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
        return Call(rpc.CONNECT, request, read_errno)

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
        request = messages.GetLocalAddressRequest(socket=self._name())
        return Call(rpc.GET_LOCAL_ADDRESS, request, self._read_address)

    def getpeername_call(self) -> Call[addresses.AnyAddress]:
        """The peer's address. OSError with ENOTCONN if there is none."""
        request = messages.GetPeerAddressRequest(socket=self._name())
        return Call(rpc.GET_PEER_ADDRESS, request, self._read_address)

    # What `socket` has no methods for, and programs ask by ioctl(2).

    def receive_queue_call(self) -> Call[int]:
        """How many bytes are in the receive queue (SIOCINQ).

        Of a datagram socket, those of the first datagram. OSError with EINVAL
        of a listener.
        """
        request = messages.GetReceiveQueueRequest(socket=self._name())
        return Call(rpc.GET_RECEIVE_QUEUE, request, read_queue)

    def send_queue_call(self) -> Call[int]:
        """How many bytes are in the send queue (SIOCOUTQ).

        Of TCP, those that are not acknowledged. OSError with EINVAL of a
        listener.
        """
        request = messages.GetSendQueueRequest(socket=self._name())
        return Call(rpc.GET_SEND_QUEUE, request, read_queue)

    def is_at_mark_call(self) -> Call[bool]:
        """Whether the next byte follows the out-of-band mark (sockatmark(3)).

        OSError with ENOTTY where there are no out-of-band data.
        """
        request = messages.IsAtMarkRequest(socket=self._name())
        return Call(rpc.IS_AT_MARK, request, read_mark)

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
        if (
            direction not in messages.ShutdownDirection.values()
            or not direction
        ):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        request = messages.ShutdownRequest(
            socket=self._name(),
            direction=messages.ShutdownDirection.Name(direction),
        )
        return Call(rpc.SHUTDOWN, request, read_nothing)

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
            option=option(level, optname),
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
            socket=self._name(), option=option(level, optname)
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
            request.value.data = option_value(value)
        return Call(rpc.SET_OPTION, request, read_nothing)

    # What the methods above have in common.

    def _read_address(self, response: Any) -> addresses.AnyAddress:
        outcomes.value_of(response.outcome)
        return self._from_proto(response.address)

    def _make(self, name: str, timeout: float | None) -> Any:
        """An object for a socket like this one that was made on the host."""
        raise NotImplementedError

    def _make_as(self, kind: type, name: str, timeout: float | None) -> Any:
        """The same, of this class."""
        raise NotImplementedError

    def _describe(self, read: Any) -> Call[Any]:
        request = messages.DescribeRequest(socket=self._name())
        return Call(rpc.DESCRIBE, request, read)

    def _set_timeout(
        self, method: rpc.Rpc[Any, Any], request: Any, timeout: float | None
    ) -> Call[None]:
        def read(response: Any) -> None:
            outcomes.value_of(response.outcome)
            self._timeout = timeout

        return Call(method, request, read)

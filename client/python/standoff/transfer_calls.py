"""The calls that send and receive: one for each method of `socket.socket`."""

from __future__ import annotations

import errno
import operator
import os
from typing import Any, Iterable, SupportsIndex

from standoff import addresses
from standoff import errors
from standoff import outcome as outcomes
from standoff import passing
from standoff import rpc
from standoff.calls import Call, Known
from standoff.pattern import Pattern
from standoff.socket_arguments import (
    INT_MAX,
    Buffer,
    ControlMessages,
    Payload,
    buffer_size,
    c_int,
    flag_list,
    hold,
    payload_size,
    size_into,
    to_bytes,
    writable,
)
from standoff.socket_base import SocketBase
from standoff.socket_replies import (
    fill,
    read_data,
    read_nothing,
    read_padded,
    read_size,
    read_sizes,
)
from standoff.v1 import socket_service_pb2 as protos

# More room than any control message needs; the daemon takes no more.
_MAX_CONTROL_LENGTH = 65536
# Of buffers in one call (UIO_MAXIOV).
_MAX_BUFFERS = 1024
_SOL_SOCKET = 1
_SCM_RIGHTS = 1
_MSG_TRUNC = 0x20


class TransferCalls(SocketBase):
    """Each method builds one call that sends or receives."""

    # Sending.

    def send_call(
        self, data: Payload, flags: SupportsIndex = 0, /
    ) -> Call[int]:
        """Sends bytes, or a Pattern. Returns how many the kernel took."""
        return Call(rpc.SEND, self._send(data, flags), read_size, hold(data))

    def sendall_call(
        self, data: Payload, flags: SupportsIndex = 0, /
    ) -> Call[None]:
        """Sends all of the bytes, or of a Pattern, within one timeout.

        LimitReached for more bytes than one call can carry.
        """
        limit = self._host.max_transfer
        if not isinstance(data, Pattern) and payload_size(data) > limit:
            raise errors.LimitReached(
                f"sendall of {payload_size(data)} bytes takes more than one "
                f"socket call: the daemon takes {limit} bytes at once "
                "(--max_transfer)",
                host=self._host.name,
            )
        request = self._send(data, flags)
        request.all = True
        return Call(rpc.SEND, request, read_nothing, hold(data))

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
        return Call(rpc.SEND, request, read_size, hold(data))

    def sendmsg_call(
        self,
        buffers: Iterable[Buffer],
        ancdata: ControlMessages = (),
        flags: SupportsIndex = 0,
        address: addresses.AnyAddress = None,
        /,
    ) -> Call[int]:
        """Sends buffers one after the other, with control messages.

        `ancdata` has (level, type, bytes) for each. With SCM_RIGHTS, the bytes
        are an array of ints, as in `socket`: what fileno() tells of sockets of
        this host. Forbidden for any other number.
        """
        parts = [to_bytes(buffer) for buffer in buffers]
        if len(parts) > _MAX_BUFFERS:
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        request = self._send(b"".join(parts), flags)
        self._add_control(ancdata, request.control_messages)
        if address is not None:
            request.destination.CopyFrom(self._address(address, "sendmsg"))
        return Call(rpc.SEND, request, read_size)

    def send_batch_call(
        self, messages: Iterable[Any], flags: SupportsIndex = 0, /
    ) -> Call[list[int]]:
        """Sends several messages with one system call (sendmmsg(2)).

        Each is a buffer, or a tuple of one with what sendmsg() takes beside it:
        (buffer, ancdata) or (buffer, ancdata, address). Returns how many bytes
        of each were sent, for as many messages as were.
        """
        request = protos.SendBatchRequest(
            socket=self._name(), flags=flag_list(flags)
        )
        for item in messages:
            data, ancdata, address = (
                (*item, (), None)[:3]
                if isinstance(item, tuple) and len(item) < 3
                else item
                if isinstance(item, tuple)
                else (item, (), None)
            )
            message = request.messages.add(data=to_bytes(data))
            self._add_control(ancdata, message.control_messages)
            if address is not None:
                message.destination.CopyFrom(
                    self._address(address, "send_batch")
                )
        return Call(rpc.SEND_BATCH, request, read_sizes)

    # Receiving.

    def receive_batch_call(
        self,
        count: SupportsIndex,
        bufsize: SupportsIndex,
        ancbufsize: SupportsIndex = 0,
        flags: SupportsIndex = 0,
        /,
    ) -> Call[list[tuple[bytes, list[tuple[int, int, bytes]], int, Any]]]:
        """Receives several messages with one system call (recvmmsg(2)).

        At most `count`, each as recvmsg() returns it. A blocking socket waits
        for all of them, unless MSG_WAITFORONE (0x10000) is among the flags.
        """
        request = protos.ReceiveBatchRequest(
            socket=self._name(),
            count=c_int(count),
            length=buffer_size(bufsize, "negative buffer size"),
            flags=flag_list(flags),
            control_length=_control_room(ancbufsize),
            raw_control_messages=True,
        )

        def read(
            response: protos.ReceiveBatchResponse,
        ) -> list[tuple[bytes, list[tuple[int, int, bytes]], int, Any]]:
            outcomes.value_of(response.outcome)
            return [
                (message.data, *self._message(message))
                for message in response.messages
            ]

        return Call(rpc.RECEIVE_BATCH, request, read)

    def recv_call(
        self, bufsize: SupportsIndex, flags: SupportsIndex = 0, /
    ) -> Call[bytes] | Known[bytes]:
        """Receives at most `bufsize` bytes.

        b"" is the end of a stream, or an empty datagram.
        """
        size = buffer_size(bufsize, "negative buffersize in recv")
        if size == 0:
            return Known(b"")
        read = read_padded if c_int(flags) & _MSG_TRUNC else read_data
        return Call(rpc.RECEIVE, self._receive(size, flags), read)

    def recvfrom_call(
        self, bufsize: SupportsIndex, flags: SupportsIndex = 0, /
    ) -> Call[tuple[bytes, addresses.AnyAddress]]:
        """As recv; returns the bytes and the sender's address, or None."""
        size = buffer_size(bufsize, "negative buffersize in recvfrom")
        read_bytes = (
            read_padded if c_int(flags) & _MSG_TRUNC else read_data
        )

        def read(
            response: protos.ReceiveResponse,
        ) -> tuple[bytes, addresses.AnyAddress]:
            return read_bytes(response), self._source(response)

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
        size = buffer_size(bufsize, "negative buffer size in recvmsg()")
        request = self._receive_message(size, ancbufsize, flags)

        def read(
            response: protos.ReceiveResponse,
        ) -> tuple[bytes, list[tuple[int, int, bytes]], int, Any]:
            data = read_data(response)
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
        view = writable(buffer, "recv_into")
        size = size_into(view, nbytes, "recv_into")
        if size == 0:
            return Known(0)

        def read(response: protos.ReceiveResponse) -> int:
            return fill([view], response)

        return Call(rpc.RECEIVE, self._receive(size, flags), read)

    def recvfrom_into_call(
        self,
        buffer: Buffer,
        nbytes: SupportsIndex = 0,
        flags: SupportsIndex = 0,
    ) -> Call[tuple[int, addresses.AnyAddress]]:
        """As recv_into; returns the count and the sender's address, or None."""
        view = writable(buffer, "recvfrom_into")
        size = size_into(view, nbytes, "recvfrom_into")

        def read(
            response: protos.ReceiveResponse,
        ) -> tuple[int, addresses.AnyAddress]:
            return fill([view], response), self._source(response)

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
        views = [writable(buffer, "recvmsg_into") for buffer in buffers]
        size = sum(view.nbytes for view in views)
        request = self._receive_message(size, ancbufsize, flags)

        def read(
            response: protos.ReceiveResponse,
        ) -> tuple[int, list[tuple[int, int, bytes]], int, Any]:
            count = fill(views, response)
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
        request = protos.ReceiveRequest(
            socket=self._name(),
            length=pattern.length,
            all=True,
            flags=flag_list(flags),
            verify=pattern.to_proto(),
        )
        host = self._host.name

        def read(response: protos.ReceiveResponse) -> int:
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

    def _source(
        self, response: protos.ReceiveResponse | protos.IncomingMessage
    ) -> addresses.AnyAddress:
        if not response.HasField("source"):
            return None
        return self._from_proto(response.source)

    def _message(
        self, response: protos.ReceiveResponse | protos.IncomingMessage
    ) -> tuple[list[tuple[int, int, bytes]], int, Any]:
        flags = 0
        for bit in response.flags:
            flags |= bit
        return (
            [
                (
                    message.level,
                    message.type,
                    passing.handles_of(message.rights, self._host)
                    if message.HasField("rights")
                    else message.data,
                )
                for message in response.control_messages
            ],
            flags,
            self._source(response),
        )

    def _send(
        self, data: Payload, flags: SupportsIndex
    ) -> protos.SendRequest:
        request = protos.SendRequest(
            socket=self._name(), flags=flag_list(flags)
        )
        if isinstance(data, Pattern):
            request.pattern.CopyFrom(data.to_proto())
            request.length = data.length
        else:
            request.data = to_bytes(data)
        return request

    def _receive(
        self, size: int, flags: SupportsIndex
    ) -> protos.ReceiveRequest:
        return protos.ReceiveRequest(
            socket=self._name(),
            # A stream may always return less; no datagram is so long.
            length=min(size, self._host.max_transfer),
            flags=flag_list(flags),
        )

    def _receive_message(
        self, size: int, ancbufsize: SupportsIndex, flags: SupportsIndex
    ) -> protos.ReceiveRequest:
        room = _control_room(ancbufsize)
        request = self._receive(size, flags)
        request.control_length = room
        request.raw_control_messages = True
        return request

    def _add_control(self, ancdata: ControlMessages, to: Any) -> None:
        """Adds control messages to those of a request."""
        for item in ancdata:
            if not isinstance(item, tuple) or len(item) != 3:
                raise TypeError(
                    "[sendmsg() ancillary data items] must be (level, type, "
                    "data) tuples"
                )
            level, kind, data = item
            message = to.add(level=c_int(level), type=c_int(kind))
            if (level, kind) == (_SOL_SOCKET, _SCM_RIGHTS):
                message.rights.sockets.extend(
                    passing.names_of(to_bytes(data), self._host)
                )
            else:
                message.data = to_bytes(data)


def _control_room(ancbufsize: SupportsIndex) -> int:
    """The room for control messages to ask for."""
    room = operator.index(ancbufsize)
    if not 0 <= room <= INT_MAX:
        raise ValueError("invalid ancillary data buffer length")
    return min(room, _MAX_CONTROL_LENGTH)

"""Replies to socket calls: what their methods return or raise."""

from __future__ import annotations

import errno
from typing import Any

from standoff import outcome as outcomes
from standoff.v1 import outcome_pb2
from standoff.v1 import socket_service_pb2 as messages


def read_nothing(response: Any) -> None:
    """That it succeeded."""
    outcomes.value_of(response.outcome)


def read_size(response: messages.SendResponse) -> int:
    """How many bytes were sent."""
    return outcomes.value_of(response.outcome)


def read_errno(response: messages.ConnectResponse) -> int:
    """The errno, 0 for success, EAGAIN for a timeout."""
    outcome = response.outcome
    if outcome.ending == outcome_pb2.ENDING_RETURNED:
        return 0
    if outcome.ending == outcome_pb2.ENDING_TIMED_OUT:
        return errno.EAGAIN
    if outcome.ending == outcome_pb2.ENDING_CANCELLED:
        raise outcomes.error_of(outcome)
    return outcomes.errno_of(outcome)


def read_queue(
    response: (
        messages.GetReceiveQueueResponse | messages.GetSendQueueResponse
    ),
) -> int:
    """How many bytes there are."""
    outcomes.value_of(response.outcome)
    return response.bytes


def read_mark(response: messages.IsAtMarkResponse) -> bool:
    """Whether the socket is at the mark."""
    outcomes.value_of(response.outcome)
    return response.at_mark


def read_sizes(response: messages.SendBatchResponse) -> list[int]:
    """How many bytes of each message were sent."""
    outcomes.value_of(response.outcome)
    return list(response.bytes_sent)


def read_data(response: messages.ReceiveResponse) -> bytes:
    """The bytes that were received."""
    outcomes.value_of(response.outcome)
    return response.data


def read_padded(response: messages.ReceiveResponse) -> bytes:
    """With MSG_TRUNC: as long as the datagram was, as in CPython.

    Where CPython has what stood in its memory, here are zeros.
    """
    value = outcomes.value_of(response.outcome)
    return response.data.ljust(value, b"\0")


def fill(
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


def read_close(response: messages.CloseResponse) -> None:
    """That it is closed. OSError if the kernel had something to say of it."""
    try:
        outcomes.value_of(response.outcome)
    except ConnectionResetError:
        pass  # As in CPython: the socket is closed all the same.

"""Asks a host what a session has and waits for."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

from standoff import rpc
from standoff.connection import Connection
from standoff.state_report import MAX_ENTRIES, render_state
from standoff.v1 import (
    host_service_pb2,
    operation_pb2,
    operation_service_pb2,
)

_ENDED = (
    operation_pb2.OPERATION_STATE_DONE,
    operation_pb2.OPERATION_STATE_CANCELLED,
    operation_pb2.OPERATION_STATE_SKIPPED,
)


@dataclasses.dataclass(frozen=True)
class State:
    """What a session had and waited for.

    Attributes:
        snapshot: What it had.
        operations: Some of those that were queued, and the last that had ended.
    """

    snapshot: host_service_pb2.SnapshotResponse
    operations: Sequence[operation_pb2.Operation]

    @property
    def is_blocked(self) -> bool:
        """Whether any operation was blocked."""
        return any(
            operation.state == operation_pb2.OPERATION_STATE_BLOCKED
            for operation in self.snapshot.operations
        )

    def render(self) -> str:
        """Returns it as text; see `standoff.state_report`."""
        return render_state(self.snapshot, self.operations)


def capture_state(connection: Connection, timeout: float) -> State:
    """Returns what the connection's session has, within `timeout` seconds.

    Raises:
        HarnessError: The host does not tell.
    """
    deadline = time.monotonic() + timeout

    def left() -> float:
        return max(deadline - time.monotonic(), 0)

    def list_operations(
        states: Sequence[operation_pb2.OperationState],
        after: int = 0,
        size: int = 0,
        brief: bool = False,
    ) -> operation_service_pb2.OperationServiceListResponse:
        request = operation_service_pb2.OperationServiceListRequest(
            states=states, after_id=after, page_size=size, brief=brief
        )
        return connection.call(rpc.LIST_OPERATIONS, request, left())

    snapshot = connection.call(
        rpc.SNAPSHOT, host_service_pb2.SnapshotRequest(), left()
    )
    queued = list_operations(
        [operation_pb2.OPERATION_STATE_QUEUED], size=MAX_ENTRIES
    )
    # Pages begin with the oldest: only their ids tell which are the last.
    ids = [0]
    more = True
    while more:
        page = list_operations(_ENDED, after=ids[-1], brief=True)
        ids = [*ids, *(o.id for o in page.operations)][-MAX_ENTRIES - 1 :]
        more = page.more
    first = ids[0] if len(ids) > MAX_ENTRIES else 0
    ended = list_operations(_ENDED, after=first, size=MAX_ENTRIES)
    return State(snapshot, [*queued.operations, *ended.operations])

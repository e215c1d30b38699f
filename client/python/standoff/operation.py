"""Operations: socket calls that actors perform, seen from outside."""

from __future__ import annotations

import enum
import time
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Generic,
    Iterable,
    Literal,
    Sequence,
    TypeVar,
)

from standoff import errors
from standoff import first
from standoff import outcome as outcomes
from standoff import rpc
from standoff.v1 import operation_pb2
from standoff.v1 import operation_service_pb2 as messages
from standoff.v1 import outcome_pb2

if TYPE_CHECKING:
    from standoff.host import Host

_R = TypeVar("_R")

Condition = Literal["ended", "blocked"]

_CONDITIONS = {
    "ended": messages.WAIT_CONDITION_ENDED,
    "blocked": messages.WAIT_CONDITION_BLOCKED,
}


class OperationState(enum.Enum):
    """States of an operation (OperationState in operation.proto)."""

    QUEUED = operation_pb2.OPERATION_STATE_QUEUED
    RUNNING = operation_pb2.OPERATION_STATE_RUNNING
    BLOCKED = operation_pb2.OPERATION_STATE_BLOCKED
    DONE = operation_pb2.OPERATION_STATE_DONE
    CANCELLED = operation_pb2.OPERATION_STATE_CANCELLED
    SKIPPED = operation_pb2.OPERATION_STATE_SKIPPED

    @property
    def ended(self) -> bool:
        """Whether an operation in this state stays in it."""
        return self in _ENDED


_ENDED = (
    OperationState.DONE,
    OperationState.CANCELLED,
    OperationState.SKIPPED,
)


class OperationFacts(Generic[_R]):
    """Which operation it is, and how to read its reply."""

    def __init__(
        self,
        host: Any,
        id: int,
        actor: str,
        method: str,
        read: Callable[[Any], _R] | None,
        socket: Any = None,
    ) -> None:
        self._host = host
        self._id = id
        self._actor = actor
        self._method = method
        self._read = read
        # As a thread in its call would, it keeps the socket from being
        # collected, and so closed.
        self._socket = socket

    @property
    def id(self) -> int:
        """Its number, unique on its host."""
        return self._id

    @property
    def actor(self) -> str:
        """The name of the actor that performs it."""
        return self._actor

    @property
    def method(self) -> str:
        """What it does: the name of SocketService's RPC, "Receive"."""
        return self._method

    def __repr__(self) -> str:
        return (
            f"<standoff.Operation {self._id} {self._method} "
            f"actor={self._actor} host={self._host.name}>"
        )

    def _wait_request(
        self, condition: Condition, timeout: float | None
    ) -> messages.WaitRequest:
        return wait_request([self], condition, timeout, any=False)

    def _timed_out(self, message: Any) -> errors.WaitTimedOut:
        state = OperationState(message.state).name.lower()
        return errors.WaitTimedOut(
            f"the time to wait for operation {self._id} ({self._method}) is "
            f"over; it is {state}",
            host=self._host.name,
        )

    def _check_blocked(self, message: operation_pb2.Operation) -> None:
        state = OperationState(message.state)
        if state.ended:
            raise errors.NeverBlocked(
                f"operation {self._id} ({self._method}) is {state.name.lower()}"
                " and will not block any more",
                host=self._host.name,
                operation=message,
            )

    def _result(self, message: operation_pb2.Operation) -> _R:
        """What the reply of an operation that has ended says."""
        name = self._host.name
        what = f"operation {self._id} ({self._method})"
        if message.state == operation_pb2.OPERATION_STATE_SKIPPED:
            raise errors.Skipped(
                f"{what} was skipped: an earlier action of its program failed",
                host=name,
                operation=message,
            )
        if message.state == operation_pb2.OPERATION_STATE_CANCELLED:
            raise errors.Cancelled(
                f"{what} was cancelled", host=name, operation=message
            )
        kind = message.reply.WhichOneof("reply")
        reply = getattr(message.reply, kind)
        if kind == "refusal":
            raise errors.error_of_status(reply.code_name, reply.message, name)
        if self._read is None:
            outcomes.value_of(reply.outcome)
            return reply  # type: ignore[no-any-return]
        return self._read(reply)


class Operation(OperationFacts[_R]):
    """A socket call that an actor performs. `_R` is what the method returns.

    Made by Actor.start(). Thread-safe.
    """

    _host: Host

    @property
    def host(self) -> Host:
        """The host on which it is performed."""
        return self._host

    def describe(self) -> operation_pb2.Operation:
        """All about it: the message Operation of standoff.v1."""
        response = self._host._call(rpc.GET, messages.GetRequest(id=self._id))
        return response.operation

    @property
    def state(self) -> OperationState:
        """The state that it is in now."""
        return OperationState(self.describe().state)

    @property
    def block(self) -> operation_pb2.Block | None:
        """Where its thread sleeps; None if it does not."""
        return block_of(self.describe())

    @property
    def outcome(self) -> outcome_pb2.Outcome | None:
        """What the kernel said; None before the end, or of a refusal."""
        return outcome_of(self.describe())

    def wait_blocked(self, timeout: float | None = None) -> Operation[_R]:
        """Waits until its thread sleeps in the kernel. Returns the operation.

        NeverBlocked if it ends instead; WaitTimedOut after `timeout` seconds.
        """
        self._check_blocked(self._wait("blocked", timeout))
        return self

    def wait(self, timeout: float | None = None) -> Operation[_R]:
        """Waits until it has ended. WaitTimedOut after `timeout` seconds."""
        self._wait("ended", timeout)
        return self

    def result(self, timeout: float | None = None) -> _R:
        """Waits until it has ended and returns what the method returns.

        Or raises what the method raises. Cancelled or Skipped if it was;
        WaitTimedOut after `timeout` seconds.
        """
        return self._result(self._wait("ended", timeout))

    def cancel(self) -> Operation[_R]:
        """Ends it, or takes it out of its actor's queue.

        Returns when it has ended. One that has ended already stays as it is.
        """
        self._host._call(
            rpc.CANCEL, messages.CancelRequest(ids=[self._id], brief=True)
        )
        return self

    def _wait(
        self, condition: Condition, timeout: float | None
    ) -> operation_pb2.Operation:
        response = self._host._call(
            rpc.WAIT, self._wait_request(condition, timeout)
        )
        message: operation_pb2.Operation = response.operations[0]
        if response.timed_out:
            raise self._timed_out(message)
        return message


def block_of(
    message: operation_pb2.Operation,
) -> operation_pb2.Block | None:
    """Where an operation's thread sleeps; None if it does not."""
    return message.block if message.HasField("block") else None


def outcome_of(
    message: operation_pb2.Operation,
) -> outcome_pb2.Outcome | None:
    """What the kernel said; None before the end, or of a refusal."""
    kind = message.reply.WhichOneof("reply")
    outcome: outcome_pb2.Outcome | None = getattr(
        getattr(message.reply, kind or "", None), "outcome", None
    )
    return outcome


def method_of(message: operation_pb2.Operation) -> str:
    """What an operation does: the name of SocketService's RPC, "Receive"."""
    kind = message.action.WhichOneof("request") or ""
    return "".join(part.title() for part in kind.split("_"))


def wait_request(
    operations: Sequence[OperationFacts[Any]],
    condition: Condition,
    timeout: float | None,
    any: bool,
    brief: bool = False,
) -> messages.WaitRequest:
    """Asks to wait for operations of one host."""
    try:
        wanted = _CONDITIONS[condition]
    except KeyError:
        raise ValueError(
            f'condition must be "ended" or "blocked"; got {condition!r}'
        ) from None
    return messages.WaitRequest(
        ids=[operation.id for operation in operations],
        condition=wanted,
        timeout_seconds=None if timeout is None else max(0.0, timeout),
        any=any,
        brief=brief,
    )


def holds(
    message: operation_pb2.Operation, condition: Condition
) -> bool:
    """Whether an operation is as it was waited for to be."""
    state = OperationState(message.state)
    if condition == "ended":
        return state.ended
    return state.ended or state is OperationState.BLOCKED


def by_host(
    operations: Iterable[OperationFacts[Any]],
) -> dict[Any, list[Any]]:
    """The operations of each host, in their order."""
    groups: dict[Any, list[Any]] = {}
    for operation in operations:
        groups.setdefault(operation._host, []).append(operation)
    return groups


def remaining(deadline: float | None) -> float | None:
    """The time until a deadline of time.monotonic(), in seconds, 0 at least."""
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def too_late(count: int, condition: Condition) -> errors.WaitTimedOut:
    """What a wait for several operations says in the end."""
    return errors.WaitTimedOut(
        f"the time to wait is over; {count} operation"
        f"{'s are' if count != 1 else ' is'} not {condition} yet"
    )


def wait(
    operations: Iterable[Operation[Any]],
    timeout: float | None = None,
    condition: Condition = "ended",
    any: bool = False,
) -> list[Operation[Any]]:
    """Waits for operations, of one host or of several.

    Until all of them, or with `any` one of them, have ended, or are blocked:
    then one that has ended counts, too, since it never will be. On each host all
    are so at one moment.

    Returns those that are so, in their order. WaitTimedOut after `timeout`
    seconds.
    """
    listed = list(operations)
    deadline = None if timeout is None else time.monotonic() + timeout
    groups = by_host(listed)
    if len(groups) > 1 and any:
        return _wait_any(listed, groups, deadline, condition)
    ready: set[int] = set()
    for host, group in groups.items():
        response = host._call(
            rpc.WAIT,
            wait_request(
                group, condition, remaining(deadline), any, brief=True
            ),
        )
        found = {
            id(operation)
            for operation, message in zip(group, response.operations)
            if holds(message, condition)
        }
        if response.timed_out:
            raise too_late(len(group) - len(found), condition)
        ready |= found
    return [operation for operation in listed if id(operation) in ready]


def _wait_any(
    listed: list[Operation[Any]],
    groups: dict[Host, list[Operation[Any]]],
    deadline: float | None,
    condition: Condition,
) -> list[Operation[Any]]:
    left = remaining(deadline)
    responses = first.results(
        rpc.WAIT,
        [
            (host, wait_request(group, condition, left, any=True, brief=True))
            for host, group in groups.items()
        ],
        lambda response: not response.timed_out,
    )
    ready = {
        id(operation)
        for host, response in responses
        for operation, message in zip(groups[host], response.operations)
        if holds(message, condition)
    }
    if not ready:
        raise too_late(len(listed), condition)
    return [operation for operation in listed if id(operation) in ready]

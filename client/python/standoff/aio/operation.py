"""Operations: socket calls that actors perform, seen from an event loop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Iterable, TypeVar

from standoff import operation as operations
from standoff import rpc
from standoff.aio import first
from standoff.operation import Condition, OperationFacts, OperationState
from standoff.v1 import operation_pb2
from standoff.v1 import operation_service_pb2 as messages
from standoff.v1 import outcome_pb2

if TYPE_CHECKING:
    from standoff.aio.host import Host

_R = TypeVar("_R")


class Operation(OperationFacts[_R]):
    """A socket call that an actor performs. `_R` is what the method returns.

    Made by Actor.start(). A task that is cancelled while it waits for an
    operation leaves the operation alone: cancel() ends that.
    """

    _host: Host

    @property
    def host(self) -> Host:
        """The host on which it is performed."""
        return self._host

    async def describe(self) -> operation_pb2.Operation:
        """All about it: the message Operation of standoff.v1."""
        response = await self._host._call(
            rpc.GET, messages.GetRequest(id=self._id)
        )
        return response.operation

    async def state(self) -> OperationState:
        """The state that it is in now."""
        return OperationState((await self.describe()).state)

    async def block(self) -> operation_pb2.Block | None:
        """Where its thread sleeps; None if it does not."""
        return operations.block_of(await self.describe())

    async def outcome(self) -> outcome_pb2.Outcome | None:
        """What the kernel said; None before the end, or of a refusal."""
        return operations.outcome_of(await self.describe())

    async def wait_blocked(
        self, timeout: float | None = None
    ) -> Operation[_R]:
        """Waits until its thread sleeps in the kernel. Returns the operation.

        NeverBlocked if it ends instead; WaitTimedOut after `timeout` seconds.
        """
        self._check_blocked(await self._wait("blocked", timeout))
        return self

    async def wait(self, timeout: float | None = None) -> Operation[_R]:
        """Waits until it has ended. WaitTimedOut after `timeout` seconds."""
        await self._wait("ended", timeout)
        return self

    async def result(self, timeout: float | None = None) -> _R:
        """Waits until it has ended and returns what the method returns.

        Or raises what the method raises. Cancelled or Skipped if it was;
        WaitTimedOut after `timeout` seconds.
        """
        return self._result(await self._wait("ended", timeout))

    async def cancel(self) -> Operation[_R]:
        """Ends it, or takes it out of its actor's queue.

        Returns when it has ended. One that has ended already stays as it is.
        """
        await self._host._call(
            rpc.CANCEL, messages.CancelRequest(ids=[self._id], brief=True)
        )
        return self

    async def _wait(
        self, condition: Condition, timeout: float | None
    ) -> operation_pb2.Operation:
        response = await self._host._call(
            rpc.WAIT, self._wait_request(condition, timeout)
        )
        message: operation_pb2.Operation = response.operations[0]
        if response.timed_out:
            raise self._timed_out(message)
        return message


async def wait(
    ops: Iterable[Operation[Any]],
    timeout: float | None = None,
    condition: Condition = "ended",
    any: bool = False,
) -> list[Operation[Any]]:
    """Waits for operations, of one host or of several.

    Until all of them, or with `any` one of them, have ended, or are blocked:
    then one that has ended counts, too, since it never will be. On each host
    all are so at one moment.

    Returns those that are so, in their order. WaitTimedOut after `timeout`
    seconds.
    """
    listed = list(ops)
    deadline = None if timeout is None else time.monotonic() + timeout
    groups = operations.by_host(listed)
    if any:
        ready = await _wait_any(groups, deadline, condition)
    else:
        await _wait_all(groups, deadline, condition)
        ready = {id(operation) for operation in listed}
    if listed and not ready:
        raise operations.too_late(len(listed), condition)
    return [operation for operation in listed if id(operation) in ready]


async def _wait_all(
    groups: dict[Host, list[Operation[Any]]],
    deadline: float | None,
    condition: Condition,
) -> None:
    # What has ended stays so: hosts can be asked one after the other.
    for host, group in groups.items():
        response = await host._call(
            rpc.WAIT,
            operations.wait_request(
                group,
                condition,
                operations.remaining(deadline),
                any=False,
                brief=True,
            ),
        )
        if response.timed_out:
            late = [
                message
                for message in response.operations
                if not operations.holds(message, condition)
            ]
            raise operations.too_late(len(late), condition)


async def _wait_any(
    groups: dict[Host, list[Operation[Any]]],
    deadline: float | None,
    condition: Condition,
) -> set[int]:
    """The ids (of objects) of operations that are as wanted; none in time."""
    responses = await first.results(
        {
            host: host._call(
                rpc.WAIT,
                operations.wait_request(
                    group,
                    condition,
                    operations.remaining(deadline),
                    any=True,
                    brief=True,
                ),
            )
            for host, group in groups.items()
        },
        lambda response: not response.timed_out,
    )
    return {
        id(operation)
        for host, response in responses
        for operation, message in zip(groups[host], response.operations)
        if operations.holds(message, condition)
    }

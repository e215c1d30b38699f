"""Actors: threads of a host that perform socket calls in order."""

from __future__ import annotations

import dataclasses
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Coroutine,
    Generic,
    ParamSpec,
    TypeVar,
)

from standoff import actor as actors
from standoff import rpc
from standoff.actor import OnFailure
from standoff.aio.operation import Operation
from standoff.calls import Call
from standoff.v1 import operation_service_pb2 as messages

if TYPE_CHECKING:
    from standoff.aio.host import Host

_P = ParamSpec("_P")
_R = TypeVar("_R")

# A method of an aio.Socket and its arguments.
_Method = Callable[_P, Coroutine[Any, Any, _R]]


@dataclasses.dataclass(frozen=True, slots=True)
class Step(Generic[_R]):
    """A call for an actor's program. Made by step().

    Attributes:
      socket: the socket on which it is made.
      prepare: makes the call, when what it needs to know of the host is known.
    """

    socket: Any
    prepare: Callable[[], Coroutine[Any, Any, Call[_R]]]


def step(
    method: _Method[_P, _R], *args: _P.args, **kwargs: _P.kwargs
) -> Step[_R]:
    """A step of a program: a socket's method and its arguments.

    `step(sock.recv, 10)`. TypeError for a method that is not one socket call,
    such as sendfile. What the method says of its arguments is raised by
    Actor.program(), which also looks up the names in them.
    """
    socket = getattr(method, "__self__", None)
    function = getattr(method, "__func__", None)
    prepare: Any = getattr(function, "prepare", None)
    name = getattr(method, "__qualname__", repr(method))
    if socket is None or prepare is None:
        raise TypeError(
            f"{name} is no method of an aio.Socket that is one socket call"
        )

    async def build() -> Call[_R]:
        call = await prepare(socket, *args, **kwargs)
        if not isinstance(call, Call):
            raise TypeError(f"{name} with these arguments makes no socket call")
        return call

    return Step(socket, build)


class Actor:
    """A named thread of a host, which performs its operations one at a time.

    Made by Host.actor(); the thread is made on first use, and bears the name
    (`ps -T`).
    """

    def __init__(self, host: Host, name: str) -> None:
        self._host = host
        self._name = name

    @property
    def host(self) -> Host:
        """The host on which it is."""
        return self._host

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    async def start(
        self, method: _Method[_P, _R], *args: _P.args, **kwargs: _P.kwargs
    ) -> Operation[_R]:
        """Has the actor make a socket call, and does not wait for it.

        `await actor.start(sock.recv, 10)` takes what `sock.recv(10)` takes; the
        operation's result() returns what that returns.
        """
        started = await self.program(step(method, *args, **kwargs))
        operation: Operation[_R] = started[0]
        return operation

    async def program(
        self, *steps: Step[Any], on_failure: OnFailure = "skip"
    ) -> list[Operation[Any]]:
        """Has the actor perform several calls, back to back.

        `await actor.program(aio.step(a.send, b"x"), aio.step(a.recv, 10))`.
        When one fails, the rest is skipped, or performed all the same
        ("continue").
        """
        calls = [
            actors.Step(each.socket, await each.prepare()) for each in steps
        ]
        actors.check_hosts(self._name, self._host, tuple(calls))
        request = actors.start_request(self._name, tuple(calls), on_failure)
        response = await self._host._call(rpc.START, request)
        return [
            Operation(
                self._host,
                id,
                self._name,
                each.call.rpc.name,
                each.call.read,
                each.socket,
            )
            for id, each in zip(response.ids, calls)
        ]

    async def cancel(self) -> None:
        """Cancels all its operations, and returns when they have ended."""
        await self._host._call(
            rpc.CANCEL, messages.CancelRequest(actor=self._name, brief=True)
        )

    def __repr__(self) -> str:
        return f"<standoff.aio.Actor {self._name} host={self._host.name}>"

"""Actors: threads of a host that perform socket calls in order."""

from __future__ import annotations

import dataclasses
import uuid
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Generic,
    Literal,
    ParamSpec,
    TypeVar,
)

from standoff import rpc
from standoff.calls import Call, Known
from standoff.operation import Operation
from standoff.v1 import action_pb2
from standoff.v1 import operation_service_pb2 as messages

if TYPE_CHECKING:
    from standoff.host import Host

_P = ParamSpec("_P")
_R = TypeVar("_R")

OnFailure = Literal["skip", "continue"]

_POLICIES = {
    "skip": messages.FAILURE_POLICY_SKIP,
    "continue": messages.FAILURE_POLICY_CONTINUE,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Step(Generic[_R]):
    """A call for an actor's program. Made by step().

    Attributes:
      socket: the socket on which it is made.
      call: the call.
    """

    socket: Any
    call: Call[_R]

    @property
    def host(self) -> Any:
        """Where it is to be performed."""
        return self.socket._host


def step(
    method: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs
) -> Step[_R]:
    """A step of a program: a socket's method and its arguments.

    `step(sock.recv, 10)`. TypeError for a method that is not one socket call,
    such as makefile; what the method says of its arguments is raised here.
    """
    socket = getattr(method, "__self__", None)
    build = getattr(getattr(method, "__func__", None), "build", None)
    if socket is None or build is None:
        name = getattr(method, "__qualname__", repr(method))
        raise TypeError(
            f"{name} is no method of a remote socket that is one socket call"
        )
    call = build(socket, *args, **kwargs)
    if isinstance(call, Known):
        raise TypeError(
            f"{method.__qualname__} with these arguments makes no socket call"
        )
    return Step(socket, call)


def start_request(
    actor: str, steps: tuple[Step[Any], ...], on_failure: OnFailure
) -> messages.StartRequest:
    """Asks to append a program to an actor's queue."""
    try:
        policy = _POLICIES[on_failure]
    except KeyError:
        raise ValueError(
            f'on_failure must be "skip" or "continue"; got {on_failure!r}'
        ) from None
    request = messages.StartRequest(
        actor=actor, on_failure=policy, request_id=uuid.uuid4().hex
    )
    for each in steps:
        action = action_pb2.Action()
        getattr(action, each.call.rpc.action).CopyFrom(each.call.request)
        request.actions.append(action)
    return request


def check_hosts(actor: str, host: Any, steps: tuple[Step[Any], ...]) -> None:
    """ValueError unless all steps are on sockets of the actor's host."""
    for each in steps:
        if each.host is not host:
            raise ValueError(
                f"actor {actor} is on {host.name}; it can't use a socket of "
                f"{each.host.name}"
            )


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

    def start(
        self, method: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs
    ) -> Operation[_R]:
        """Has the actor make a socket call, and returns at once.

        `actor.start(sock.recv, 10)` takes what `sock.recv(10)` takes; the
        operation's result() returns what that returns.
        """
        operation: Operation[_R] = self.program(step(method, *args, **kwargs))[
            0
        ]
        return operation

    def program(
        self, *steps: Step[Any], on_failure: OnFailure = "skip"
    ) -> list[Operation[Any]]:
        """Has the actor perform several calls, back to back.

        `actor.program(step(a.send, b"x"), step(a.recv, 10))`. When one fails,
        the rest is skipped, or performed all the same ("continue").
        """
        check_hosts(self._name, self._host, steps)
        response = self._host._call(
            rpc.START, start_request(self._name, steps, on_failure)
        )
        return [
            Operation(
                self._host,
                id,
                self._name,
                each.call.rpc.name,
                each.call.read,
                each.socket,
            )
            for id, each in zip(response.ids, steps)
        ]

    def cancel(self) -> None:
        """Cancels all its operations, and returns when they have ended."""
        self._host._call(
            rpc.CANCEL, messages.CancelRequest(actor=self._name, brief=True)
        )

    def __repr__(self) -> str:
        return f"<standoff.Actor {self._name} host={self._host.name}>"

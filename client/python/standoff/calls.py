"""Socket calls as data: what is asked of a host, and how to read its reply.

A method of a socket makes one: it checks its arguments as `socket` does and
builds the request, without waiting for anything. Whoever has the call then
performs it: a socket at once, an asyncio socket when it is awaited, an actor
when its turn comes.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Generic, TypeVar

from standoff.rpc import Rpc

Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True, slots=True)
class Call(Generic[Result]):
    """A request to make.

    Attributes:
      rpc: which RPC.
      request: its request.
      read: turns the response into what the method returns, or raises what the
        method raises.
      held: what must live until the end: the buffer that is sent.
    """

    rpc: Rpc[Any, Any]
    request: Any
    read: Callable[[Any], Result]
    held: Any = None


@dataclasses.dataclass(frozen=True, slots=True)
class Known(Generic[Result]):
    """What a method returns without asking the host."""

    result: Result

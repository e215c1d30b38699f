"""What opens something that is to be closed: to await, or for `async with`."""

from __future__ import annotations

from typing import Any, Coroutine, Generator, Generic, Protocol, TypeVar


class Closable(Protocol):
    """Something with a close() to await."""

    async def close(self) -> None:
        """Closes it."""


_R = TypeVar("_R", bound=Closable)


class Opening(Coroutine[Any, Any, _R], Generic[_R]):
    """A coroutine whose result `async with` closes at its end.

    `sock = await host.socket()` leaves closing to the script;
    `async with host.socket() as sock:` does it. It can be made a task, too.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, _R]) -> None:
        self._coroutine = coroutine
        self._opened: _R | None = None

    def __await__(self) -> Generator[Any, Any, _R]:
        return self._coroutine.__await__()

    async def __aenter__(self) -> _R:
        self._opened = await self._coroutine
        return self._opened

    async def __aexit__(self, *args: object) -> None:
        if self._opened is not None:
            await self._opened.close()

    # What makes it a coroutine, for asyncio.create_task().

    def send(self, value: Any) -> Any:
        """Goes on, as a coroutine does."""
        return self._coroutine.send(value)

    def throw(self, *args: Any) -> Any:
        """Raises an exception where the coroutine waits."""
        return self._coroutine.throw(*args)

    def close(self) -> None:
        """Ends the coroutine. What it has opened stays open."""
        self._coroutine.close()

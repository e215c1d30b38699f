"""`selectors.DefaultSelector` and its like for remote sockets."""

from __future__ import annotations

import math
import selectors
from typing import Any, Mapping

from standoff import handles
from standoff import selecting
from standoff.selecting import POLLIN, POLLOUT


class Selector(selectors.BaseSelector):
    """`selectors.DefaultSelector` for remote sockets, of any of their hosts."""

    def __init__(self) -> None:
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._map = _Map(self)
        self._closed = False

    def register(
        self, fileobj: Any, events: int, data: Any = None
    ) -> selectors.SelectorKey:
        """Adds a socket. ValueError or KeyError as `selectors` raises them."""
        if not events or events & ~(
            selectors.EVENT_READ | selectors.EVENT_WRITE
        ):
            raise ValueError(f"Invalid events: {events!r}")
        number = self._number(fileobj)
        if number in self._keys:
            raise KeyError(f"{fileobj!r} (FD {number}) is already registered")
        key = selectors.SelectorKey(fileobj, number, events, data)
        self._keys[number] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Takes a socket out, also a closed one. KeyError if not there."""
        try:
            return self._keys.pop(self._number(fileobj))
        except KeyError:
            raise KeyError(f"{fileobj!r} is not registered") from None

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Waits, at most `timeout` seconds; not at all if it is 0 or less."""
        wanted = {
            number: (POLLIN if key.events & selectors.EVENT_READ else 0)
            | (POLLOUT if key.events & selectors.EVENT_WRITE else 0)
            for number, key in self._keys.items()
        }
        if timeout is not None:
            # To the millisecond, rounded up, as poll(2) has it.
            timeout = max(0.0, math.ceil(timeout * 1e3) * 1e-3)
        ready = []
        for number, found in self._wait(wanted, timeout).items():
            key = self._keys.get(number)
            if key is None:
                continue
            events = self._events_of(found)
            if events & key.events:
                ready.append((key, events & key.events))
        return ready

    def _wait(
        self, wanted: Mapping[int, int], timeout: float | None
    ) -> Mapping[int, int]:
        return selecting.wait(wanted, timeout)

    def _events_of(self, found: int) -> int:
        return (selectors.EVENT_WRITE if found & ~POLLIN else 0) | (
            selectors.EVENT_READ if found & ~POLLOUT else 0
        )

    def close(self) -> None:
        """Forgets all sockets, and leaves them open."""
        self._keys.clear()
        self._closed = True

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """The sockets that are registered, and their keys."""
        # None once it is closed, as in `selectors`.
        return None if self._closed else self._map  # type: ignore[return-value]

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        """The key of a socket. KeyError if it is not there."""
        if self._closed:
            raise RuntimeError("Selector is closed")
        return self._map[fileobj]

    def _number(self, fileobj: Any) -> int:
        try:
            return handles.number_of(fileobj)
        except (TypeError, ValueError) as error:
            # A socket that was closed while it was registered.
            for key in self._keys.values():
                if key.fileobj is fileobj:
                    return key.fd
            if isinstance(error, TypeError):
                raise ValueError(f"Invalid file object: {fileobj!r}") from None
            if isinstance(fileobj, int):
                raise ValueError(
                    f"Invalid file descriptor: {fileobj}"
                ) from None
            raise ValueError(
                f"Invalid file descriptor: {fileobj.fileno()}"
            ) from None


class SelectSelector(Selector):
    """`selectors.SelectSelector`: an event is what select(2) has for one."""

    def _wait(
        self, wanted: Mapping[int, int], timeout: float | None
    ) -> Mapping[int, int]:
        return selecting.check_open(selecting.wait_counted(wanted, timeout))

    def _events_of(self, found: int) -> int:
        return (
            selectors.EVENT_READ if found & selecting.READABLE else 0
        ) | (selectors.EVENT_WRITE if found & selecting.WRITABLE else 0)


class _Map(Mapping[Any, selectors.SelectorKey]):
    """What get_map() returns: keys by socket or by handle."""

    def __init__(self, selector: Selector) -> None:
        self._selector = selector

    def __len__(self) -> int:
        return len(self._selector._keys)

    def __getitem__(self, fileobj: Any) -> selectors.SelectorKey:
        try:
            return self._selector._keys[self._selector._number(fileobj)]
        except KeyError:
            raise KeyError(f"{fileobj!r} is not registered") from None

    def __iter__(self) -> Any:
        return iter(self._selector._keys)

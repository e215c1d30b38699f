"""Waiting for several remote sockets: select, poll, selectors."""

from __future__ import annotations

import math
import operator
import select as local_select
import selectors
import threading
import time
from typing import Any, Iterable, Mapping

from standoff import errors
from standoff import first
from standoff import handles
from standoff import outcome as outcomes
from standoff import rpc
from standoff import timeouts
from standoff.v1 import outcome_pb2
from standoff.v1 import socket_service_pb2 as messages

# poll(2), with Linux's numbers.
POLLIN = 0x001
POLLPRI = 0x002
POLLOUT = 0x004
POLLERR = 0x008
POLLHUP = 0x010
POLLNVAL = 0x020
POLLRDNORM = 0x040
POLLRDBAND = 0x080
POLLWRNORM = 0x100
POLLWRBAND = 0x200

# What select(2) takes for ready (fs/select.c).
_READABLE = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR
_WRITABLE = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR
_EXCEPTIONAL = POLLPRI

# Sockets as they were given, each with its handle.
Numbered = list[tuple[Any, int]]
# Sockets of one host, each with its handle.
Group = list[tuple[int, handles.RemoteSocket]]

# The longest that a wait of this machine may be, in seconds.
_LONGEST = threading.TIMEOUT_MAX


def select(
    rlist: Iterable[Any],
    wlist: Iterable[Any],
    xlist: Iterable[Any],
    timeout: float | None = None,
    /,
) -> tuple[list[Any], list[Any], list[Any]]:
    """Waits until sockets are ready: `select.select` for remote sockets.

    They may be of several hosts. Returns those of each list that are ready:
    for reading, for writing, with out-of-band data.
    """
    lists, events, seconds = check_lists(rlist, wlist, xlist, timeout)
    return ready_of(lists, wait(events, seconds))


def check_lists(
    rlist: Iterable[Any],
    wlist: Iterable[Any],
    xlist: Iterable[Any],
    timeout: float | None,
) -> tuple[list[Numbered], dict[int, int], float | None]:
    """What select() is to wait for.

    Returns the lists, the events of each handle in them, and the timeout.
    """
    if timeout is not None:
        if not hasattr(timeout, "__float__") and not hasattr(
            timeout, "__index__"
        ):
            raise TypeError("timeout must be a float or None")
        timeout = float(timeout)
        if timeout < 0:
            raise ValueError("timeout must be non-negative")
        timeout = timeouts.parse(timeout)
    lists = []
    events: dict[int, int] = {}
    for given, wanted in (
        (rlist, POLLIN),
        (wlist, POLLOUT),
        (xlist, POLLPRI),
    ):
        try:
            sockets = list(given)
        except TypeError:
            raise TypeError("arguments 1-3 must be sequences") from None
        numbers = [handles.number_of(socket) for socket in sockets]
        for number in numbers:
            events[number] = events.get(number, 0) | wanted
        lists.append(list(zip(sockets, numbers)))
    return lists, events, timeout


def ready_of(
    lists: list[Numbered], ready: Mapping[int, int]
) -> tuple[list[Any], list[Any], list[Any]]:
    """What select() returns. OSError (EBADF) if a socket is closed."""
    if any(found & POLLNVAL for found in ready.values()):
        raise handles.bad_descriptor()
    readable, writable, exceptional = (
        [socket for socket, number in each if ready.get(number, 0) & wanted]
        for each, wanted in zip(lists, (_READABLE, _WRITABLE, _EXCEPTIONAL))
    )
    return readable, writable, exceptional


def wait(
    events: Mapping[int, int], timeout: float | None
) -> dict[int, int]:
    """Waits for events of handles, at most `timeout` seconds, None for ever.

    Returns the handles that are ready, and for what: POLLNVAL for a handle that
    stands for no open socket.
    """
    ready, groups = by_host(events)
    if ready:
        timeout = 0.0
    if not groups:
        if not ready:
            _sleep(timeout)
        return ready
    requests = {
        host: poll_request(events, group, timeout)
        for host, group in groups.items()
    }
    try:
        responses = _poll(requests)
        if len(responses) < len(groups) or len(groups) > 1:
            # Readiness does not go away by waiting elsewhere.
            responses += _look(requests, responses)
    except errors.NotFound:
        # One was closed meanwhile: a look at the handles finds it.
        if all(handles.is_open(number) for number in events):
            raise
        return wait(events, timeout)
    for host, response in responses:
        ready.update(read_ready(groups[host], response))
    return ready


def by_host(
    events: Iterable[int],
) -> tuple[dict[int, int], dict[Any, Group]]:
    """The sockets of handles, by host; and POLLNVAL for those that have none."""
    ready: dict[int, int] = {}
    groups: dict[Any, Group] = {}
    for number in events:
        try:
            socket = handles.find(number)
        except OSError:
            ready[number] = POLLNVAL
        else:
            groups.setdefault(socket.host, []).append((number, socket))
    return ready, groups


def read_ready(
    group: Group, response: messages.PollResponse
) -> dict[int, int]:
    """The handles of one host's sockets that are ready, and for what."""
    numbers = {socket.name: number for number, socket in group}
    if response.outcome.ending != outcome_pb2.ENDING_TIMED_OUT:
        outcomes.value_of(response.outcome)
    ready: dict[int, int] = {}
    for result in response.ready:
        found = 0
        for bit in result.events:
            found |= bit
        ready[numbers[result.socket]] = found
    return ready


def poll_request(
    events: Mapping[int, int], group: Group, timeout: float | None
) -> messages.PollRequest:
    """Asks to wait for events of one host's sockets."""
    request = messages.PollRequest()
    if timeout is not None:
        request.timeout_seconds = min(timeout, _LONGEST)
    for number, socket in group:
        wanted: Any = [events[number]] if events[number] else []
        request.items.add(socket=socket.name, events=wanted)
    return request


def _poll(
    requests: Mapping[Any, messages.PollRequest],
) -> list[tuple[Any, messages.PollResponse]]:
    if len(requests) == 1:
        ((host, request),) = requests.items()
        return [(host, host._call(rpc.POLL, request))]
    return first.results(
        [
            (host, host._start(rpc.POLL, request))
            for host, request in requests.items()
        ],
        lambda response: len(response.ready) > 0,
    )


def _look(
    requests: Mapping[Any, messages.PollRequest],
    responses: list[tuple[Any, messages.PollResponse]],
) -> list[tuple[Any, messages.PollResponse]]:
    """Looks, without waiting, at the hosts that have not answered."""
    answered = {host for host, _ in responses}
    found = []
    for host, request in requests.items():
        if host not in answered:
            request.timeout_seconds = 0.0
            found.append((host, host._call(rpc.POLL, request)))
    return found


def _sleep(timeout: float | None) -> None:
    # As select(2) without descriptors. Signal handlers run meanwhile.
    if timeout is None:
        while True:
            time.sleep(3600.0)
    time.sleep(min(timeout, _LONGEST))


class Poll:
    """`select.poll` for remote sockets: of any of their hosts."""

    def __init__(self) -> None:
        self._events: dict[int, int] = {}
        self._waiting = threading.Lock()

    def register(
        self, fd: Any, eventmask: int = POLLIN | POLLPRI | POLLOUT, /
    ) -> None:
        """Adds a socket or handle, or changes what is waited for on it."""
        self._events[handles.number_of(fd)] = _mask(eventmask)

    def modify(self, fd: Any, eventmask: int, /) -> None:
        """Changes what is waited for. FileNotFoundError if it is not there."""
        number = handles.number_of(fd)
        if number not in self._events:
            raise FileNotFoundError(2, "No such file or directory")
        self._events[number] = _mask(eventmask)

    def unregister(self, fd: Any, /) -> None:
        """Takes a socket out. KeyError if it is not there."""
        number = handles.number_of(fd)
        if number not in self._events:
            raise KeyError(number)
        del self._events[number]

    def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]:
        """Waits, at most `timeout` milliseconds; for ever if None or negative.

        Returns (handle, events) for each socket that is ready.
        """
        seconds = None
        if timeout is not None:
            if not isinstance(timeout, float):
                try:
                    timeout = operator.index(timeout)
                except TypeError:
                    raise TypeError(
                        "timeout must be an integer or None"
                    ) from None
            if math.isnan(timeout):
                raise ValueError("Invalid value NaN (not a number)")
            if abs(timeout) > 2**31 - 1:
                raise OverflowError("timeout is too large")
            if timeout >= 0:
                seconds = math.ceil(timeout) / 1000
        if not self._waiting.acquire(blocking=False):
            raise RuntimeError("concurrent poll() invocation")
        try:
            ready = wait(dict(self._events), seconds)
        finally:
            self._waiting.release()
        return [
            (number, ready[number])
            for number in self._events
            if ready.get(number)
        ]


def _mask(events: int) -> int:
    number = operator.index(events)
    if number < 0:
        raise ValueError("value must be positive")
    if number > 0xFFFF:
        raise OverflowError(
            "Python int too large for C unsigned short"
        )
    return number


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
        """Takes a socket out, also one that is closed. KeyError if not there."""
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
        for number, found in wait(wanted, timeout).items():
            key = self._keys.get(number)
            if key is None:
                continue
            events = 0
            if found & ~POLLIN:
                events |= selectors.EVENT_WRITE
            if found & ~POLLOUT:
                events |= selectors.EVENT_READ
            if events & key.events:
                ready.append((key, events & key.events))
        return ready

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


# The exception of `select`, for the stand-in module.
error = local_select.error

"""Waiting for several remote sockets: select(), and what it shares.

standoff.poller and standoff.selector have the other forms.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any, Generator, Iterable, Mapping

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
READABLE = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR
WRITABLE = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR
EXCEPTIONAL = POLLPRI

# Sockets as they were given, each with its handle.
Numbered = list[tuple[Any, int]]
# Sockets of one host, each with its handle.
Group = list[tuple[int, handles.RemoteSocket]]

# What a wait asks for next: the events of handles, and for how long.
Round = tuple[Mapping[int, int], float | None]
# It is sent what Round found, and returns what select() is to know.
Rounds = Generator[Round, dict[int, int], dict[int, int]]

# The longest that a wait of this machine may be, in seconds.
_LONGEST = threading.TIMEOUT_MAX
# Between two looks at sockets with events that nobody asked for, in seconds.
_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.05


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
    return ready_of(lists, wait_counted(events, seconds))


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
    check_open(ready)
    readable, writable, exceptional = (
        [socket for socket, number in each if ready.get(number, 0) & wanted]
        for each, wanted in zip(lists, (READABLE, WRITABLE, EXCEPTIONAL))
    )
    return readable, writable, exceptional


def check_open(ready: Mapping[int, int]) -> Mapping[int, int]:
    """The same. OSError (EBADF) if a handle stands for no open socket."""
    if any(found & POLLNVAL for found in ready.values()):
        raise handles.bad_descriptor()
    return ready


def wait_counted(
    events: Mapping[int, int], timeout: float | None
) -> dict[int, int]:
    """As wait(), but only events that count for select(2) end it."""
    rounds = counted_rounds(events, timeout)
    found: dict[int, int] | None = None
    while True:
        try:
            wanted, seconds = rounds.send(found)  # type: ignore[arg-type]
        except StopIteration as end:
            ready: dict[int, int] = end.value
            return ready
        found = wait(wanted, seconds)


def counted_rounds(
    events: Mapping[int, int], timeout: float | None
) -> Rounds:
    """The rounds of a wait that only events that count for select(2) end.

    poll(2) tells of errors and hang-ups that nobody asked for, as long as they
    last. A socket that has only such ones is left out of the wait, and looked
    at now and then: what it is waited for on may still come.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    pause = _FIRST_PAUSE
    unasked: dict[int, int] = {}
    left = timeout
    while True:
        if unasked:
            quiet = {
                number: wanted
                for number, wanted in events.items()
                if number not in unasked
            }
            yield quiet, pause if left is None else min(pause, left)
            pause = min(2 * pause, _LONGEST_PAUSE)
            found = yield events, 0.0
        else:
            found = yield events, left
        ready = {
            number: counted
            for number, told in found.items()
            if (counted := told & (_counting(events[number]) | POLLNVAL))
        }
        if deadline is not None:
            left = max(0.0, deadline - time.monotonic())
        if ready or left == 0.0:
            return ready
        unasked = found


def _counting(wanted: int) -> int:
    """The events that make a socket ready in the lists that it is in."""
    return (
        (READABLE if wanted & POLLIN else 0)
        | (WRITABLE if wanted & POLLOUT else 0)
        | (EXCEPTIONAL if wanted & POLLPRI else 0)
    )


def wait(
    events: Mapping[int, int], timeout: float | None
) -> dict[int, int]:
    """Waits for events of handles, at most `timeout` seconds, None for ever.

    Returns the handles that are ready, and for what: POLLNVAL for a handle that
    stands for no open socket.
    """
    ready, groups = by_host(events, "standoff")
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
    events: Iterable[int], form: str
) -> tuple[dict[int, int], dict[Any, Group]]:
    """The sockets of handles, by host; and POLLNVAL for those that have none.

    TypeError for a socket of another form of the package, and Unsupported for
    an open descriptor of this machine.
    """
    ready: dict[int, int] = {}
    groups: dict[Any, Group] = {}
    for number in events:
        try:
            socket = handles.find(number)
        except OSError:
            _refuse_local(number)
            ready[number] = POLLNVAL
        else:
            handles.check_form(socket, form)
            groups.setdefault(socket.host, []).append((number, socket))
    return ready, groups


def _refuse_local(number: int) -> None:
    if number >= handles.FIRST:
        return
    try:
        os.fstat(number)
    except OSError:
        return
    raise errors.Unsupported(
        f"descriptor {number} is of this machine: it and remote sockets can't "
        "be waited for together"
    )


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
        rpc.POLL,
        list(requests.items()),
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

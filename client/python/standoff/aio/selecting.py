"""Waiting for several remote sockets at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Iterable, Mapping

from standoff import errors
from standoff import handles
from standoff import rpc
from standoff import selecting
from standoff.aio import first
from standoff.v1 import socket_service_pb2 as messages

if TYPE_CHECKING:
    from standoff.aio.host import Host


async def select(
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
    lists, events, seconds = selecting.check_lists(
        rlist, wlist, xlist, timeout
    )
    return selecting.ready_of(lists, await _wait_counted(events, seconds))


async def _wait_counted(
    events: Mapping[int, int], timeout: float | None
) -> dict[int, int]:
    """As _wait(), but only events that count for select(2) end it."""
    rounds = selecting.counted_rounds(events, timeout)
    found: dict[int, int] | None = None
    while True:
        try:
            wanted, seconds = rounds.send(found)  # type: ignore[arg-type]
        except StopIteration as end:
            ready: dict[int, int] = end.value
            return ready
        found = await _wait(wanted, seconds)


async def _wait(
    events: Mapping[int, int], timeout: float | None
) -> dict[int, int]:
    """Waits for events of handles. Returns the ready ones, and for what."""
    ready, groups = selecting.by_host(events, "standoff.aio")
    if ready:
        timeout = 0.0
    if not groups:
        if not ready:
            await _sleep(timeout)
        return ready
    requests = {
        host: selecting.poll_request(events, group, timeout)
        for host, group in groups.items()
    }
    try:
        responses = await _poll(requests)
        if len(groups) > 1:
            # Readiness does not go away by waiting elsewhere.
            responses += await _look(requests, responses)
    except errors.NotFound:
        # One was closed meanwhile: a look at the handles finds it.
        if all(handles.is_open(number) for number in events):
            raise
        return await _wait(events, timeout)
    for host, response in responses:
        ready.update(selecting.read_ready(groups[host], response))
    return ready


async def _poll(
    requests: Mapping[Host, messages.PollRequest],
) -> list[tuple[Host, messages.PollResponse]]:
    if len(requests) == 1:
        ((host, request),) = requests.items()
        return [(host, await host._call(rpc.POLL, request))]
    return await first.results(
        {
            host: host._call(rpc.POLL, request)
            for host, request in requests.items()
        },
        lambda response: len(response.ready) > 0,
    )


async def _look(
    requests: Mapping[Host, messages.PollRequest],
    responses: list[tuple[Host, messages.PollResponse]],
) -> list[tuple[Host, messages.PollResponse]]:
    """Looks, without waiting, at the hosts that have not answered."""
    answered = {host for host, _ in responses}
    found = []
    for host, request in requests.items():
        if host not in answered:
            request.timeout_seconds = 0.0
            found.append((host, await host._call(rpc.POLL, request)))
    return found


async def _sleep(timeout: float | None) -> None:
    # As select(2) without descriptors.
    if timeout is None:
        await asyncio.get_running_loop().create_future()
    else:
        await asyncio.sleep(timeout)

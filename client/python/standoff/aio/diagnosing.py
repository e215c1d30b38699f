"""Why is it blocked? Asks several hosts at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, TypeVar

from google.protobuf.message import Message

from standoff import errors
from standoff import looks
from standoff import rpc
from standoff.aio import first
from standoff.aio.host import Host
from standoff.diagnosis import Diagnosis

_Request = TypeVar("_Request", bound=Message)
_Response = TypeVar("_Response", bound=Message)


async def why(
    hosts: looks.Hosts[Host],
    *,
    between: float = 0.2,
    settle: float = looks.SETTLING,
    processes: bool = False,
    address_map: Mapping[str, str] | None = None,
    timeout: float = looks.PATIENCE,
) -> Diagnosis:
    """Tells why calls are blocked, and which of them are deadlocked.

    Arguments, result and exceptions are those of standoff.why().
    """
    named = looks.by_name(hosts, Host)
    looks.check_time("between", between)
    looks.check_time("settle", settle)
    request = looks.snapshot_request(processes)

    async def look() -> looks.Look:
        calls: dict[Any, Any] = {
            name: _ask(name, host, rpc.SNAPSHOT, request, timeout)
            for name, host in named.items()
        }
        snapshots = dict(await first.results(calls, lambda _: False))
        return {name: snapshots[name] for name in named}

    name, diagnoser = next(iter(named.items()))
    earlier = await look()
    deadline = time.monotonic() + settle
    while True:
        await asyncio.sleep(between)
        later = await look()
        asked = looks.diagnose_request(earlier, later, address_map)
        response = await _ask(name, diagnoser, rpc.DIAGNOSE, asked, timeout)
        found = response.diagnosis
        if looks.is_settled(found) or time.monotonic() >= deadline:
            return Diagnosis(found)
        earlier = later


async def _ask(
    name: str,
    host: Host,
    rpc: rpc.Rpc[_Request, _Response],
    request: _Request,
    timeout: float,
) -> _Response:
    try:
        return await host._call(rpc, request, timeout)
    except errors.HarnessError as error:
        raise looks.named_fault(error, name) from None

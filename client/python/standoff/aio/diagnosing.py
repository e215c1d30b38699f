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
from standoff.v1 import diagnosis_pb2

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
    observation = looks.Observation(named, processes, address_map)

    async def look(found: diagnosis_pb2.Diagnosis | None = None) -> None:
        calls: dict[Any, Any] = {
            name: _ask(named[name], rpc.SNAPSHOT, request, timeout)
            for name, request in observation.requests(found).items()
        }
        observation.add(dict(await first.results(calls, lambda _: False)))

    async def diagnose() -> diagnosis_pb2.Diagnosis:
        while True:
            name = observation.diagnoser()
            answer = await _ask(
                named[name], rpc.DIAGNOSE, observation.seen, timeout
            )
            if not isinstance(answer, errors.HarnessError):
                return answer.diagnosis
            observation.lose(name, answer)

    await look()
    found = await diagnose()
    deadline = None
    while True:
        await asyncio.sleep(between)
        await look(found)
        found = await diagnose()
        deadline = deadline or time.monotonic() + settle
        if time.monotonic() >= deadline or not observation.may_settle(found):
            return observation.finish(found)


async def _ask(
    host: Host,
    rpc: rpc.Rpc[_Request, _Response],
    request: _Request,
    timeout: float,
) -> _Response | errors.HarnessError:
    """What the host answers, or why it does not."""
    try:
        response: _Response = await host._call(rpc, request, timeout)
        return response
    except errors.HarnessError as error:
        return error

"""Why is it blocked? Asks several hosts at once."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

from standoff import errors
from standoff import first
from standoff import looks
from standoff import rpc
from standoff.diagnosis import Diagnosis
from standoff.host import Host


def why(
    hosts: looks.Hosts[Host],
    *,
    between: float = 0.2,
    settle: float = looks.SETTLING,
    processes: bool = False,
    address_map: Mapping[str, str] | None = None,
    timeout: float = looks.PATIENCE,
) -> Diagnosis:
    """Tells why calls are blocked, and which of them are deadlocked.

    It looks at all hosts at once, and again some time after all have answered:
    what stands still in between is a proof. All sessions are looked at. The
    first host's daemon makes the diagnosis.

    Args:
      hosts: a host, several, or a mapping of names to hosts. Those that it does
        not look at are strangers to it.
      between: how much time there is at least between two looks, in seconds.
      settle: for how many seconds it goes on looking while calls look
        deadlocked, and something still moves.
      processes: whether to look at the hosts' other processes, too; the daemons
        must run with --allow_processes.
      address_map: the hosts' names by further addresses at which others see
        them: those of an address translation, as "203.0.113.7".
      timeout: how long each host may take for each answer, in seconds.

    Raises:
      Unavailable: a host does not answer; the message names it.
      LimitReached: the snapshots are larger than the first daemon takes.
      HarnessError: a host refuses.
      ValueError: no hosts, two with the same name, or no such time.
    """
    named = looks.by_name(hosts, Host)
    looks.check_time("between", between)
    looks.check_time("settle", settle)
    request = looks.snapshot_request(processes)

    def look() -> looks.Look:
        return _look(named, request, timeout)

    name, diagnoser = next(iter(named.items()))
    earlier = look()
    deadline = time.monotonic() + settle
    while True:
        time.sleep(between)
        later = look()
        asked = looks.diagnose_request(earlier, later, address_map)
        try:
            found = diagnoser._call(rpc.DIAGNOSE, asked, timeout).diagnosis
        except errors.HarnessError as error:
            raise looks.named_fault(error, name) from None
        if looks.is_settled(found) or time.monotonic() >= deadline:
            return Diagnosis(found)
        earlier = later


@dataclasses.dataclass(frozen=True)
class _Asked:
    """A host to which calls are made in one go."""

    name: str
    host: Host
    timeout: float

    def _start(self, rpc: rpc.Rpc[Any, Any], request: Any) -> Any:
        try:
            return self.host._start(rpc, request, self.timeout)
        except errors.HarnessError as error:
            raise looks.named_fault(error, self.name) from None


def _look(
    hosts: Mapping[str, Host], request: Any, timeout: float
) -> looks.Look:
    """What all hosts have and wait for, asked at once."""
    calls = [
        (_Asked(name, host, timeout), request) for name, host in hosts.items()
    ]
    try:
        answers = first.results(rpc.SNAPSHOT, calls, lambda _: False)
    except errors.HarnessError as error:
        raise looks.named_fault(error, error.host) from None
    snapshots = {asked.name: answer for asked, answer in answers}
    return {name: snapshots[name] for name in hosts}

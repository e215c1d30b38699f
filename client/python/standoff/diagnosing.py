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
from standoff.v1 import diagnosis_pb2


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
    first host's daemon makes the diagnosis. A host that does not answer is
    named in `Diagnosis.unseen`, and the others are explained.

    Args:
      hosts: a host, several, or a mapping of names to hosts. Those that it does
        not look at are strangers to it.
      between: how much time there is at least between two looks, in seconds.
      settle: for how many seconds it goes on looking while something still
        moves that may come to rest as a deadlock.
      processes: whether to look at the hosts' other processes, too; the daemons
        must run with --allow_processes.
      address_map: the hosts' names by further addresses at which others see
        them: those of an address translation, as "203.0.113.7".
      timeout: how long each host may take for each answer, in seconds.

    Raises:
      Unavailable: no host answers; the message names the first one.
      LimitReached: the snapshots are larger than the first daemon takes.
      HarnessError: all hosts refuse.
      ValueError: no hosts, two with the same name, or no such time.
    """
    named = looks.by_name(hosts, Host)
    looks.check_time("between", between)
    looks.check_time("settle", settle)
    observation = looks.Observation(named, processes, address_map)

    def look(found: diagnosis_pb2.Diagnosis | None = None) -> None:
        calls = [
            (_Asked(name, named[name], timeout), request)
            for name, request in observation.requests(found).items()
        ]
        answers = first.results(rpc.SNAPSHOT, calls, lambda _: False, True)
        observation.add({asked.name: answer for asked, answer in answers})

    def diagnose() -> diagnosis_pb2.Diagnosis:
        while True:
            name = observation.diagnoser()
            try:
                return named[name]._call(
                    rpc.DIAGNOSE, observation.seen, timeout
                ).diagnosis
            except errors.HarnessError as error:
                observation.lose(name, error)

    look()
    found = diagnose()
    deadline = None
    while True:
        time.sleep(between)
        look(found)
        found = diagnose()
        deadline = deadline or time.monotonic() + settle
        if time.monotonic() >= deadline or not observation.may_settle(found):
            return observation.finish(found)


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

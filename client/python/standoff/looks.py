"""Looks at several hosts: what a diagnosis is made of."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar, Union

from standoff import errors
from standoff.diagnosis import Diagnosis
from standoff.host_entry import HostEntry, check_names_differ
from standoff.v1 import diagnosis_pb2
from standoff.v1 import diagnosis_service_pb2
from standoff.v1 import host_service_pb2

# How long a host may take for an answer, in seconds, unless told.
PATIENCE = 10.0
# How long a deadlock may take to come to rest, in seconds, unless told.
SETTLING = 5.0


class AnyHost(Protocol):
    """A host of either form of the package."""

    _form: str

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def address(self) -> str:
        """Where its daemon listens."""


_H = TypeVar("_H", bound=AnyHost)
# One host, several, or several by the names that they are to have.
Hosts = Union[_H, Iterable[_H], Mapping[str, _H]]

# What a host answered.
Answer = Union[host_service_pb2.SnapshotResponse, errors.HarnessError]

# As SnapshotRequest.look_ups.
_MAX_LOOK_UPS = 10_000
# In a command: which host it is for.
_HOST_FLAG = re.compile(r"--host ([A-Za-z0-9._-]+)(?= |$)")


def by_name(hosts: Hosts[_H], kind: type[_H]) -> dict[str, _H]:
    """The hosts by their names; `kind` is the class of each.

    A daemon that is there several times, in several sessions say, is so once,
    by the first name: a look at it shows all sessions.

    HostsError if two have the same name, TypeError for what is no host of that
    class, ValueError if there is none.
    """
    given: Any = [hosts] if isinstance(hosts, kind) else hosts
    if isinstance(given, Mapping):
        pairs = list(given.items())
    else:
        pairs = [(getattr(host, "name", ""), host) for host in given]
    daemons: dict[str, tuple[str, _H]] = {}
    for name, host in pairs:
        if not isinstance(host, kind):
            raise TypeError(f"expected a {kind._form}.Host; got {host!r}")
        daemons.setdefault(host.address, (name, host))
    if not daemons:
        raise ValueError("expected hosts to look at; got none")
    check_names_differ(
        HostEntry(name, address) for address, (name, _) in daemons.items()
    )
    return dict(daemons.values())


def check_time(name: str, seconds: float) -> None:
    """ValueError unless it is a time to wait, in seconds."""
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{name} is a number of seconds; got {seconds!r}")


class Observation:
    """What several hosts showed, looked at again and again."""

    def __init__(
        self,
        hosts: Mapping[str, AnyHost],
        processes: bool,
        address_map: Mapping[str, str] | None,
    ) -> None:
        self._addresses = {n: host.address for n, host in hosts.items()}
        self._processes = processes
        self._faults: list[errors.HarnessError] = []
        self._seen = diagnosis_service_pb2.DiagnoseRequest(
            hosts=[
                diagnosis_service_pb2.HostObservation(host=name)
                for name in hosts
            ],
            hints=[
                diagnosis_service_pb2.AddressHint(address=address, host=host)
                for address, host in (address_map or {}).items()
            ],
        )

    @property
    def seen(self) -> diagnosis_service_pb2.DiagnoseRequest:
        """Asks what the last two looks say."""
        return self._seen

    def requests(
        self, diagnosis: diagnosis_pb2.Diagnosis | None = None
    ) -> dict[str, host_service_pb2.SnapshotRequest]:
        """What to ask them now, by name.

        Args:
            diagnosis: that of the looks before, if there were any.
        """
        wanted = {
            host.host: host.connections[:_MAX_LOOK_UPS]
            for host in (diagnosis.look_ups if diagnosis else ())
        }
        return {
            host.host: host_service_pb2.SnapshotRequest(
                all_sessions=True,
                processes=self._processes,
                look_ups=wanted.get(host.host, ()),
            )
            for host in self._seen.hosts
            if not host.error
        }

    def add(self, answers: Mapping[str, Answer]) -> None:
        """Takes in a look: what each of them answered, by its name.

        HarnessError if no host has ever answered: that of the first one.
        """
        for host in self._seen.hosts:
            if host.error:
                continue
            if host.HasField("second"):
                host.first.CopyFrom(host.second)
                host.ClearField("second")
            answer = _checked(answers[host.host], host)
            if isinstance(answer, errors.HarnessError):
                host.error = answer.details
                self._faults.append(named_fault(answer, host.host))
            elif host.HasField("first"):
                host.second.CopyFrom(answer)
            else:
                host.first.CopyFrom(answer)
        if not any(host.HasField("first") for host in self._seen.hosts):
            raise self._faults[0]

    def diagnoser(self) -> str:
        """The host whose daemon is to make the diagnosis.

        HarnessError if none is left.
        """
        for host in self._seen.hosts:
            if not host.error:
                name: str = host.host
                return name
        raise self._faults[-1]

    def lose(self, name: str, error: errors.HarnessError) -> None:
        """Notes that a host did not make the diagnosis.

        HarnessError unless that is since it can't be reached any more.
        """
        fault = named_fault(error, name)
        if not isinstance(fault, errors.Unavailable):
            raise fault from None
        for host in self._seen.hosts:
            if host.host == name:
                host.error = fault.details
        self._faults.append(fault)

    def may_settle(self, diagnosis: diagnosis_pb2.Diagnosis) -> bool:
        """Whether two later looks may prove a deadlock.

        Where `diagnosis`, of these looks, does not: there is one of which only
        stillness is missing, or, as long as none is proved, a call that only
        others who are in calls themselves could end, with bytes under way that
        moved between the looks.
        """
        if any(map(_lacks_only_stillness, diagnosis.deadlocks)):
            return True
        if diagnosis.verdict == diagnosis_pb2.VERDICT_DEADLOCK:
            return False
        earlier = {
            (host.host, each.socket.inode): _counters(each.socket)
            for host in self._seen.hosts
            for each in (*host.first.sockets, *host.first.process_sockets)
        }

        def has_moved(ref: Any, state: Any) -> bool:
            now = _counters(state)
            return earlier.get((ref.host, ref.inode), now) != now

        return any(
            (each.state.send_queue or each.peer_state.send_queue)
            and _is_held_up(each)
            and (
                has_moved(each.socket, each.state)
                or has_moved(each.peer, each.peer_state)
            )
            for call in diagnosis.blocked
            if not call.ended_by
            for each in call.evidence
        )

    def finish(self, diagnosis: diagnosis_pb2.Diagnosis) -> Diagnosis:
        """Returns the diagnosis with commands that can be given from here."""
        for call in diagnosis.blocked:
            for i, way in enumerate(call.ways_out):
                call.ways_out[i] = _HOST_FLAG.sub(self._with_address, way)
        return Diagnosis(diagnosis)

    def _with_address(self, flag: re.Match[str]) -> str:
        name: str = flag[1]
        address = self._addresses.get(name, name)
        return f"--host {name}" + (f"={address}" if address != name else "")


def _checked(
    answer: Answer, host: diagnosis_service_pb2.HostObservation
) -> Answer:
    """The answer, or what is wrong with it as a look after the others."""
    if isinstance(answer, errors.HarnessError):
        return answer
    times = (0, answer.start_monotonic_ns, answer.end_monotonic_ns)
    if not answer.boot_id or not times[0] < times[1] <= times[2]:
        return errors.HarnessError(
            "invalid reply: it lacks its time or boot id; is this a standoffd?",
            host=host.host,
        )
    first = host.first
    if host.HasField("first") and (
        (answer.boot_id, answer.network_namespace)
        != (first.boot_id, first.network_namespace)
        or answer.start_monotonic_ns < first.end_monotonic_ns
    ):
        return errors.Unavailable(
            "another daemon, or the host was booted, between two looks",
            host=host.host,
        )
    return answer


def _lacks_only_stillness(deadlock: diagnosis_pb2.Deadlock) -> bool:
    missing = {lacks.premise for lacks in deadlock.missing_premises}
    return deadlock.proof == diagnosis_pb2.PROOF_NOT_STILL or (
        deadlock.proof == diagnosis_pb2.PROOF_PREMISE_MISSING
        and bool(missing)
        and missing
        <= {diagnosis_pb2.PREMISE_STILL, diagnosis_pb2.PREMISE_SAME_CALL}
    )


def _is_held_up(evidence: diagnosis_pb2.Evidence) -> bool:
    """Whether nobody at the other end of a connection is free to act."""
    return (
        evidence.standing == diagnosis_pb2.PEER_STANDING_FOUND
        and bool(evidence.parties)
        and all(
            party.activity == diagnosis_pb2.ACTIVITY_BLOCKED
            # Awake for a moment.
            or party.activity == diagnosis_pb2.ACTIVITY_RUNNING
            and party.operation_id
            for party in evidence.parties
        )
    )


def _counters(socket: Any) -> tuple[int, ...]:
    """What changes when bytes come or go."""
    return (
        socket.receive_queue,
        socket.send_queue,
        socket.tcp_info.bytes_acknowledged,
        socket.tcp_info.bytes_received,
    )


def named_fault(
    error: errors.HarnessError, host: str
) -> errors.HarnessError:
    """The same error, of a host by the name that it has here.

    gRPC does not know which flag of the daemon sets its limit.
    """
    details = error.details
    if isinstance(error, errors.LimitReached) and "larger than max" in details:
        details = (
            f"the snapshots are too large for its daemon ({details}): give it "
            "a larger --max_transfer"
        )
    return type(error)(details, host=host, code=error.code)

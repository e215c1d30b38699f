"""Looks at several hosts: what a diagnosis is asked to be made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar, Union

from standoff import errors
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

# The snapshot of each host, by its name.
Look = Mapping[str, host_service_pb2.SnapshotResponse]


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


def snapshot_request(processes: bool) -> host_service_pb2.SnapshotRequest:
    """Asks for all that a diagnosis can use."""
    return host_service_pb2.SnapshotRequest(
        all_sessions=True, processes=processes
    )


def diagnose_request(
    first: Look, second: Look, address_map: Mapping[str, str] | None
) -> diagnosis_service_pb2.DiagnoseRequest:
    """Asks what two looks at the same hosts say, the second one later."""
    return diagnosis_service_pb2.DiagnoseRequest(
        hosts=[
            diagnosis_service_pb2.HostObservation(
                host=name, first=snapshot, second=second[name]
            )
            for name, snapshot in first.items()
        ],
        hints=[
            diagnosis_service_pb2.AddressHint(address=address, host=host)
            for address, host in (address_map or {}).items()
        ],
    )


def is_settled(diagnosis: diagnosis_pb2.Diagnosis) -> bool:
    """Whether a further look could not make a proof of it.

    Calls that have just blocked may form a deadlock whose last bytes are still
    under way.
    """
    return all(
        deadlock.proof != diagnosis_pb2.PROOF_NOT_STILL
        for deadlock in diagnosis.deadlocks
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

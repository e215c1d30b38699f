"""Diagnoses: why calls are blocked, and which of them are deadlocked."""

from __future__ import annotations

import dataclasses
import enum
from typing import Sequence

from standoff import diagnosis_text
from standoff.v1 import diagnosis_pb2


class Verdict(enum.Enum):
    """What there is to say of all hosts together.

    DEADLOCK: at least one is proved. BLOCKED: calls are blocked, and no
    deadlock is proved.
    """

    NOTHING_BLOCKED = diagnosis_pb2.VERDICT_NOTHING_BLOCKED
    BLOCKED = diagnosis_pb2.VERDICT_BLOCKED
    DEADLOCK = diagnosis_pb2.VERDICT_DEADLOCK


class Reason(enum.Enum):
    """Why a call is blocked (Reason in diagnosis.proto has more about each).

    DEADLOCK: all who could end it wait for its own caller. PEER_IDLE: it is the
    script's turn. PEER_NOT_READING: queues are full. NETWORK: it does not
    deliver. BACKLOG_FULL: the listener's accept queue is. PEER_GONE: no known
    socket is the other end. PEER_BUSY: the other end's actor is at work, or
    blocked in something that can end. PEER_STOPPED: it is stopped, traced or
    frozen. NOT_ACCEPTED: nobody has accepted the connection. PARTLY_FILLED:
    fewer bytes are there than it waits for. BACKPRESSURE: neither end reads.
    UNKNOWN: anything else.
    """

    DEADLOCK = diagnosis_pb2.REASON_DEADLOCK
    PEER_IDLE = diagnosis_pb2.REASON_PEER_IDLE
    PEER_NOT_READING = diagnosis_pb2.REASON_PEER_NOT_READING
    NETWORK = diagnosis_pb2.REASON_NETWORK
    BACKLOG_FULL = diagnosis_pb2.REASON_BACKLOG_FULL
    PEER_GONE = diagnosis_pb2.REASON_PEER_GONE
    UNKNOWN = diagnosis_pb2.REASON_UNKNOWN
    PEER_BUSY = diagnosis_pb2.REASON_PEER_BUSY
    PEER_STOPPED = diagnosis_pb2.REASON_PEER_STOPPED
    NOT_ACCEPTED = diagnosis_pb2.REASON_NOT_ACCEPTED
    PARTLY_FILLED = diagnosis_pb2.REASON_PARTLY_FILLED
    BACKPRESSURE = diagnosis_pb2.REASON_BACKPRESSURE


class Proof(enum.Enum):
    """How certain a deadlock is.

    PROVED: it holds until somebody from outside acts. ONE_SNAPSHOT: there was
    only one of a host. NOT_STILL: something moved between two. PREMISE_MISSING:
    something that a proof needs could not be checked, or does not hold.
    """

    PROVED = diagnosis_pb2.PROOF_PROVED
    ONE_SNAPSHOT = diagnosis_pb2.PROOF_ONE_SNAPSHOT
    NOT_STILL = diagnosis_pb2.PROOF_NOT_STILL
    PREMISE_MISSING = diagnosis_pb2.PROOF_PREMISE_MISSING


@dataclasses.dataclass(frozen=True)
class Party:
    """Somebody who makes calls. str() is the title.

    Attributes:
      title: what messages call it: "left/anna"; "left/nightly/anna" where the
        host has several sessions; "a client's plain call on left";
        "python3 (pid 12) on left".
      host: the host.
      session: the session; empty for a process.
      actor: the actor; empty for a plain call and for a process.
      pid: the process's id; else 0.
      process: the process's name.
      thread_id: its thread; 0 if that is not known.
      operation_id: the operation that it performs; 0 if none, and for a
        process.
    """

    title: str
    host: str
    session: str
    actor: str
    pid: int
    process: str
    thread_id: int
    operation_id: int

    def __str__(self) -> str:
        return self.title


class BlockedCall:
    """A call that is blocked, and why. Part of a Diagnosis."""

    def __init__(
        self, proto: diagnosis_pb2.BlockedCall, among: Sequence[BlockedCall]
    ) -> None:
        self._proto = proto
        self._among = among

    @property
    def caller(self) -> Party:
        """Who made it."""
        party = self._proto.caller
        return Party(
            title=party.title,
            host=party.host,
            session=party.session,
            actor=party.actor,
            pid=party.pid,
            process=party.process,
            thread_id=party.thread_id,
            operation_id=party.operation_id,
        )

    @property
    def method(self) -> str:
        """What it does: the name of SocketService's RPC, "Receive".

        Empty for a process.
        """
        return self._proto.method

    @property
    def syscall(self) -> str:
        """The system call that its thread sleeps in, "recvfrom"."""
        return self._proto.syscall

    @property
    def elapsed(self) -> float | None:
        """For how many seconds it was blocked; None if that is not known."""
        return _seconds(self._proto, "elapsed")

    @property
    def reason(self) -> Reason:
        """Why it is blocked."""
        return Reason(self._proto.reason)

    @property
    def sentence(self) -> str:
        """It and its reason, in one English sentence."""
        return self._proto.sentence

    @property
    def ways_out(self) -> list[str]:
        """What would end it, the best way first: each an English sentence."""
        return list(self._proto.ways_out)

    @property
    def evidence(self) -> list[diagnosis_pb2.Evidence]:
        """What the kernels say of each socket that it waits on.

        The one that gave the reason is the first.
        """
        return list(self._proto.evidence)

    @property
    def waits_for(self) -> list[BlockedCall]:
        """The blocked calls that it waits for."""
        return [self._among[index] for index in self._proto.waits_for]

    @property
    def ended_by(self) -> str:
        """What ends it by itself: "timeout", "SO_RCVTIMEO", …; or nothing."""
        return self._proto.ended_by

    @property
    def ends_in(self) -> float | None:
        """In how many seconds that does; None if it is not known."""
        return _seconds(self._proto, "ends_in")

    @property
    def proto(self) -> diagnosis_pb2.BlockedCall:
        """All about it: the message BlockedCall of standoff.v1."""
        return self._proto

    def __repr__(self) -> str:
        return (
            f"<standoff.BlockedCall {self.method or self.syscall} "
            f"caller={self.caller} reason={self.reason.name}>"
        )


class Deadlock:
    """Callers who wait for each other and for nobody else."""

    def __init__(
        self, proto: diagnosis_pb2.Deadlock, among: Sequence[BlockedCall]
    ) -> None:
        self._proto = proto
        self._among = among

    @property
    def calls(self) -> list[BlockedCall]:
        """Their calls."""
        return [self._among[index] for index in self._proto.calls]

    @property
    def cycle(self) -> list[BlockedCall]:
        """A cycle among them: each waits for the next, the last for the first.

        A call that waits for itself is a cycle of one.
        """
        return [self._among[index] for index in self._proto.cycle]

    @property
    def proof(self) -> Proof:
        """How certain it is."""
        return Proof(self._proto.proof)

    @property
    def not_proved_because(self) -> str:
        """What is missing for a proof; empty if it is proved."""
        return self._proto.not_proved_because

    @property
    def missing_premises(self) -> list[str]:
        """The same, premise by premise: English sentences."""
        return [lacks.sentence for lacks in self._proto.missing_premises]

    @property
    def assumptions(self) -> list[str]:
        """What it relies on that no kernel can tell: English sentences."""
        return list(self._proto.assumptions)

    @property
    def sentence(self) -> str:
        """It, in one English sentence."""
        return self._proto.sentence

    @property
    def proto(self) -> diagnosis_pb2.Deadlock:
        """The message Deadlock of standoff.v1."""
        return self._proto

    def __repr__(self) -> str:
        cycle = " ".join(str(call.caller) for call in self.cycle)
        return f"<standoff.Deadlock {self.proof.name} cycle=[{cycle}]>"


class Diagnosis:
    """Why calls are blocked. Made by why(); str() is a report for people."""

    def __init__(self, proto: diagnosis_pb2.Diagnosis) -> None:
        self._proto = proto
        self._blocked: list[BlockedCall] = []
        for call in proto.blocked:
            self._blocked.append(BlockedCall(call, self._blocked))

    @property
    def verdict(self) -> Verdict:
        """What there is to say of all hosts together."""
        return Verdict(self._proto.verdict)

    @property
    def sentence(self) -> str:
        """The verdict, in one English sentence."""
        return self._proto.sentence

    @property
    def deadlocks(self) -> list[Deadlock]:
        """The deadlocks, the proved ones first."""
        return [
            Deadlock(deadlock, self._blocked)
            for deadlock in self._proto.deadlocks
        ]

    @property
    def blocked(self) -> list[BlockedCall]:
        """All calls that are blocked.

        Deadlocked ones first, then those that have been for the longest time.
        """
        return list(self._blocked)

    @property
    def unseen(self) -> list[str]:
        """What could not be looked at: English sentences.

        Hosts that can't be reached, processes that can't be looked into, other
        network namespaces.
        """
        return list(self._proto.unseen)

    @property
    def proto(self) -> diagnosis_pb2.Diagnosis:
        """The message Diagnosis of standoff.v1."""
        return self._proto

    def __str__(self) -> str:
        return diagnosis_text.render_diagnosis(self)

    def __repr__(self) -> str:
        return (
            f"<standoff.Diagnosis {self.verdict.name} "
            f"blocked={len(self._blocked)}>"
        )


def _seconds(
    message: diagnosis_pb2.BlockedCall, field: str
) -> float | None:
    if not message.HasField(field):
        return None
    duration = getattr(message, field)
    seconds: float = duration.seconds + duration.nanos / 1e9
    return seconds

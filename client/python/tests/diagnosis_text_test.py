"""A diagnosis as text."""

from __future__ import annotations

from typing import Any

from standoff import Diagnosis
from standoff.diagnosis_text import (
    MAX_COLUMNS,
    MAX_DEADLOCKED,
    MAX_DEADLOCKS,
    MAX_OTHERS,
)
from standoff.v1 import diagnosis_pb2 as messages


def call(caller: str, sentence: str = "It waits.",
         **fields: Any) -> messages.BlockedCall:
    """A call that is blocked."""
    fields.setdefault("reason", messages.REASON_PEER_IDLE)
    return messages.BlockedCall(caller=messages.Party(title=caller),
                                sentence=sentence, **fields)


def text(*blocked: messages.BlockedCall, **fields: Any) -> str:
    """The text of a diagnosis."""
    return str(Diagnosis(messages.Diagnosis(
        verdict=messages.VERDICT_BLOCKED,
        sentence="It is so.", blocked=blocked, **fields)))


def test_a_deadlock() -> None:
    calls = [call("left/anna", "Anna waits.", ways_out=["One."]),
             call("right/bert", "Bert waits.", ways_out=["Two."]),
             call("left/cleo", "Cleo waits.", ways_out=["Three."],
                  reason=messages.REASON_DEADLOCK, deadlock=0)]
    deadlock = messages.Deadlock(
        calls=[0, 1], cycle=[1, 0], proof=messages.PROOF_NOT_STILL,
        not_proved_because="it moves", assumptions=["Nobody comes."])
    assert text(*calls, deadlocks=[deadlock]) == """\
It is so.

Cycle: right/bert → left/anna → right/bert
  - Bert waits.
  - Anna waits.
Not proved: it moves.
It relies on this:
  - Nobody comes.
Ways out:
  - Two.

DEADLOCK: Cleo waits.
  - Three."""


def test_a_call_that_waits_for_itself() -> None:
    deadlock = messages.Deadlock(calls=[0], cycle=[0])
    assert "\nCycle: left/a → left/a\n" in text(
        call("left/a"), deadlocks=[deadlock])


def test_long_ones_are_cut() -> None:
    blocked = [call(f"left/a{i}") for i in range(100)]
    deadlock = messages.Deadlock(calls=range(60), cycle=range(60))
    found = text(*blocked, deadlocks=[deadlock] * 20)
    assert found.count("Cycle: ") == MAX_DEADLOCKS
    assert found.count("PEER_IDLE: ") == MAX_OTHERS
    assert f" → left/a{MAX_DEADLOCKED - 1} → … → left/a0\n" in found
    assert f"… and {60 - MAX_DEADLOCKED} more calls of this deadlock" in found
    assert f"… and {20 - MAX_DEADLOCKS} more deadlocks" in found
    assert found.endswith(f"… and {40 - MAX_OTHERS} more blocked calls")


def test_lines_are_short() -> None:
    found = text(call("left/a", "word " * 100,
                      ways_out=["very-long-" * 20, "word " * 30]))
    long = [line for line in found.splitlines() if len(line) > MAX_COLUMNS]
    # A name is not broken.
    assert [line.strip(" -") for line in long] == ["very-long-" * 19
                                                   + "very-long"]


def test_what_was_not_seen_is_told() -> None:
    found = text(call("left/a"), unseen=["gone was not seen: no answer.",
                                         "2 processes."])
    assert found.endswith("\n\nNot seen:\n  - gone was not seen: no answer."
                          "\n  - 2 processes.")


def test_numbers_keep_their_units() -> None:
    for length in range(60, 80):
        found = text(call("left/a", "x" * length + " has 571 kB, 3 min 2 s."))
        for part in ("571 kB,", "3 min", "2 s."):
            assert part in found, found


def test_a_command_has_a_line_of_its_own() -> None:
    command = "standoff cancel --host left=" + "x" * 60 + " 3"
    found = text(call("left/a", ways_out=[f"Cancel operation 3: {command}"]))
    assert found.endswith(f"\n  - Cancel operation 3:\n    {command}")


def test_nothing_steers_a_terminal() -> None:
    evil = "\x1b[31m\r\n\t\x9b"
    blocked = call(evil, f"{evil} waits.", ways_out=[evil])
    deadlock = messages.Deadlock(calls=[0], cycle=[0], assumptions=[evil])
    found = text(call("left/a"), blocked, deadlocks=[deadlock])
    found += text(blocked, deadlocks=[deadlock])
    assert "\\x1b[31m\\x0d\\x0a\\x09\\x9b waits." in found
    assert found.replace("\n", "").isprintable()

"""A diagnosis as text for people."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from standoff.text_table import printable

if TYPE_CHECKING:
    from standoff.diagnosis import BlockedCall, Deadlock, Diagnosis

# How long a report gets: deadlocks, calls of each, other calls, what was not
# seen, and characters of a line.
MAX_DEADLOCKS = 5
MAX_DEADLOCKED = 10
MAX_OTHERS = 20
MAX_UNSEEN = 20
MAX_COLUMNS = 80

# A unit, which stays with its number.
_UNIT = re.compile(
    r"(?<=\d) ((?:[mu]?s|min|h|bytes?|[kMGT]B)(?![A-Za-z0-9]))", re.ASCII
)
# No printable text has it.
_NO_BREAK = "\0"


def render_diagnosis(diagnosis: Diagnosis) -> str:
    """Tells the verdict, its deadlocks, and the other calls that are blocked.

    Of a deadlock: its cycle, its calls, and what would end the first of them.
    Of another call: its reason, and what would end it. At last what could not
    be seen.

    Returns:
        Lines, the last without a newline, without anything that could steer a
        terminal.
    """
    deadlocks = diagnosis.deadlocks
    members = {id(call) for each in deadlocks for call in each.calls}
    others = [call for call in diagnosis.blocked if id(call) not in members]
    lines = _wrap(diagnosis.sentence)
    for deadlock in deadlocks[:MAX_DEADLOCKS]:
        lines += ["", *_deadlock(deadlock)]
    lines += _more(len(deadlocks) - MAX_DEADLOCKS, "deadlocks")
    for call in others[:MAX_OTHERS]:
        lines += ["", *_wrap(f"{call.reason.name}: {call.sentence}")]
        lines += _items(call.ways_out)
    lines += _more(len(others) - MAX_OTHERS, "blocked calls")
    if unseen := diagnosis.unseen:
        lines += ["", "Not seen:", *_items(unseen[:MAX_UNSEEN])]
        lines += _more(len(unseen) - MAX_UNSEEN, "that was not seen")
    return "\n".join(lines)


def _deadlock(deadlock: Deadlock) -> list[str]:
    cycle = deadlock.cycle
    calls = cycle + [call for call in deadlock.calls if call not in cycle]
    lines = _wrap(f"Cycle: {_cycle(cycle)}")
    lines += _items(call.sentence for call in calls[:MAX_DEADLOCKED])
    lines += _more(len(calls) - MAX_DEADLOCKED, "calls of this deadlock")
    if deadlock.not_proved_because:
        lines += _wrap(f"Not proved: {deadlock.not_proved_because}.")
    if deadlock.assumptions:
        lines += ["It relies on this:", *_items(deadlock.assumptions)]
    if ways_out := [way for call in calls[:1] for way in call.ways_out]:
        lines += ["Ways out:", *_items(ways_out)]
    return lines


def _cycle(calls: Sequence[BlockedCall]) -> str:
    """Returns "a → b → a"."""
    names = [str(call.caller) for call in calls]
    if len(names) > MAX_DEADLOCKED:
        names[MAX_DEADLOCKED:] = ["…"]
    return " → ".join([*names, *names[:1]])


def _more(count: int, what: str) -> list[str]:
    return [f"… and {count} more {what}"] if count > 0 else []


def _items(sentences: Iterable[str]) -> list[str]:
    return [line for each in sentences for line in _wrap(each, "  - ")]


def _wrap(text: str, start: str = "") -> list[str]:
    sentence, command, arguments = text.partition(": standoff ")
    whole = _UNIT.sub(f"{_NO_BREAK}\\1", printable(sentence))
    if command:
        whole += ":"
    lines = textwrap.wrap(
        whole,
        MAX_COLUMNS,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        # So that names and addresses stay whole.
        break_long_words=False,
        break_on_hyphens=False,
    )
    if command:
        # On a line of its own, to be copied from.
        lines.append(f"{' ' * len(start)}standoff {printable(arguments)}")
    return [line.replace(_NO_BREAK, " ") for line in lines]

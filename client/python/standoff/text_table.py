"""Tables for people."""

from __future__ import annotations

import re
from collections.abc import Sequence

_GAP = "  "

# What could steer a terminal: the control characters of ASCII and Latin-1, and
# surrogates, which no terminal's encoding has.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def printable(text: str) -> str:
    """Returns the text with what could steer a terminal as "\\x1b"."""

    def escape(match: re.Match[str]) -> str:
        number = ord(match[0])
        return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"

    return _UNPRINTABLE.sub(escape, text)


def cut(text: str, columns: int) -> str:
    """Returns the text, or what of it fits into `columns` and an ellipsis."""
    return text if len(text) <= columns else text[: columns - 1] + "…"


def render_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    indent: int = 0,
    columns: int,
) -> list[str]:
    """Returns the lines of an aligned table without their newlines.

    Args:
        header: The columns' names.
        rows: The cells of each row, as many as there are columns. What could
            steer a terminal is made visible.
        indent: How many blanks each line begins with.
        columns: The longest line, in characters; longer ones are cut.

    Returns:
        A line for the header and one for each row. A column in which no row has
        a text is left out.
    """
    shown = [[printable(cell) for cell in row] for row in rows]
    used = [any(row[i] for row in shown) for i in range(len(header))]
    lines = [
        [cell for cell, use in zip(row, used) if use]
        for row in [list(header), *shown]
    ]
    widths = [max(map(len, column)) for column in zip(*lines)]
    margin = " " * indent
    rendered = []
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths)]
        rendered.append(cut((margin + _GAP.join(cells)).rstrip(), columns))
    return rendered

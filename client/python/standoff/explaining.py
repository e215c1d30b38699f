"""Why calls are blocked, as text for a report, whatever happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import standoff


def explain(
    hosts: Mapping[str, standoff.Host],
    silent: Mapping[str, Exception],
    address_map: Mapping[str, str],
    timeout: float,
) -> str:
    """Returns the diagnosis of the hosts, those left out that do not answer.

    Args:
        hosts: The hosts by name.
        silent: Those of them that are known not to answer, and what they said.
        address_map: For `standoff.why()`.
        timeout: How long each may take for each answer, in seconds.

    Returns:
        The text, the last line without a newline. It says which hosts are left
        out, or why there is no diagnosis.
    """
    from standoff.diagnosing import why
    from standoff.errors import Unavailable

    left_out = dict(silent)
    asked = {n: h for n, h in hosts.items() if n not in left_out}
    known = {a: n for a, n in address_map.items() if n in asked}
    text = "Why calls are blocked is not known: no host answers."
    try:
        if asked:
            text = str(why(asked, address_map=known, timeout=timeout))
    except Unavailable as error:
        left_out[error.host] = error
    # Of whatever kind: it must not stand in the way of what is reported.
    except Exception as error:
        return f"Why calls are blocked is not known: {_words(error)}"
    return "\n".join([text, *map(_note, left_out.items())])


def _note(left_out: tuple[str, Exception]) -> str:
    name, error = left_out
    return f"{name} is left out: {_words(error)}"


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"

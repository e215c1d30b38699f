"""The examples that docs/python.md prints are those that are there, and run."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys

# Not resolved: what Bazel lays beside this file.
ROOT = pathlib.Path(os.path.abspath(__file__)).parents[3]
EXAMPLES = ROOT / "client" / "python" / "examples"
PRINTED = re.compile(
    r"<!-- examples_test: (\S+) -->\n```python\n(.*?)```\n\n```\n(.*?)```",
    re.DOTALL,
)


def printed() -> list[tuple[str, str, str]]:
    """Each example in the page: its file, its text, its output."""
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    return PRINTED.findall(page)


def without_numbers(text: str) -> str:
    """What it says, but for how much of it there is each time."""
    # Which also changes where its lines are broken.
    text = " ".join(text.split())
    text = re.sub(r"\b[\d.]+ (bytes|[kM]B)", "N bytes", text)
    text = re.sub(r"unix:\S+", "unix:PATH", text)
    return re.sub(r"\b[\d.]+ s\b", "N s", text)


def test_page_prints_what_is_there() -> None:
    assert [name for name, _, _ in printed()] == ["deadlock.py", "tls.py"]
    for name, text, _ in printed():
        source = (EXAMPLES / name).read_text(encoding="utf-8")
        # All but the docstring.
        assert source.partition('"""\n\n')[2] == text


def test_deadlock_is_short() -> None:
    ((name, text, _), _) = printed()
    assert name == "deadlock.py"
    assert len(text.splitlines()) < 25
    assert "time" not in text.replace("timeout", "")


def test_examples_print_what_the_page_says() -> None:
    for name, _, output in printed():
        done = subprocess.run(
            [sys.executable, "-W", "error", str(EXAMPLES / name)],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        assert without_numbers(done.stdout) == without_numbers(output)

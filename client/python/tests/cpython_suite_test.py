"""CPython's own tests of timeouts, unchanged, against a daemon in a lab."""

from __future__ import annotations

import importlib.util
import pathlib
import re
import subprocess
import sys

import pytest

RUNNER = pathlib.Path(__file__).with_name("cpython_suite.py")
# All but one, which the suite itself skips.
AT_LEAST = 13


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    """Runs the runner to its end; prints what it printed."""
    done = subprocess.run([sys.executable, str(RUNNER), *argv], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    print(done.stdout)
    return done


def counts(output: str, module: str) -> tuple[int, int, int]:
    """The passed, failed and skipped that the last line tells."""
    match = re.fullmatch(
        rf"{re.escape(module)}: (\d+) passed, (\d+) failed, (\d+) skipped",
        output.splitlines()[-1])
    assert match, output
    passed, failed, skipped = map(int, match.groups())
    return passed, failed, skipped


@pytest.mark.skipif(importlib.util.find_spec("test.test_timeout") is None,
                    reason="CPython's test suite is not installed "
                    "(libpython3.11-testsuite)")
def test_timeouts() -> None:
    done = run("test.test_timeout")
    passed, failed, skipped = counts(done.stdout, "test.test_timeout")
    assert (failed, skipped) == (0, 1)
    assert passed >= AT_LEAST
    assert "need to replace these hosts; see bpo-35518" in done.stdout
    assert done.returncode == 0


# The runner itself: a module that fails is not taken for one that passes.


@pytest.mark.parametrize("body, expected", [
    ("self.fail()", (0, 1, 0)),
    ("raise OSError", (0, 1, 0)),
    ("self.skipTest('no reason')", (0, 0, 1)),
    ("self.skipTest(\"Resource '127.0.0.1' is not available\")", (0, 0, 1)),
    ("with self.subTest(1): self.fail()", (0, 1, 0)),
])
def test_failures_count(tmp_path: pathlib.Path, daemon_address: str,
                        monkeypatch: pytest.MonkeyPatch, body: str,
                        expected: tuple[int, int, int]) -> None:
    (tmp_path / "bad_suite.py").write_text(
        "import socket, unittest\n"
        "class Suite(unittest.TestCase):\n"
        f"  def test(self):\n    {body}\n")
    path = [str(tmp_path), str(RUNNER.parents[1])]
    monkeypatch.setenv("PYTHONPATH", ":".join(path))
    done = run(f"--host={daemon_address}", "bad_suite")
    assert counts(done.stdout, "bad_suite") == expected
    if body.startswith("self.skipTest('no"):
        assert "WITHOUT REASON" in done.stdout
    assert done.returncode == 1

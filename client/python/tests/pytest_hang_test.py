"""Tests of what standoff.pytest_plugin tells of a test that hangs."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from plugin_runs import host_options, run
from standoff.lab import Lab, find_daemon

pytest_plugins = ["pytester"]

# Hangs in a plain call, until it is interrupted.
_HANGS = """
def test_it(standoff_hosts):
    print("CAPTURED")
    a, b = standoff_hosts["left"].socketpair()
    b.recv(1)
"""

# For tests that take just as long as it takes to tell that they hang.
_TOLD = """
import threading

def wait_until_told():
    for thread in threading.enumerate():
        if thread.name == "standoff-hang":
            thread.join(60)
            assert not thread.is_alive()
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(["left", "right"]) as made:
        yield made


@pytest.fixture(autouse=True)
def _daemon_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # Wherever pytest runs, for the daemon of labs.
    monkeypatch.setenv("STANDOFFD", find_daemon())


class TestHang:
    @pytest.mark.parametrize(
        "setting", ["standoff_hang_timeout", "faulthandler_timeout"]
    )
    def test_is_told_while_it_lasts(
        self, lab: Lab, pytester: pytest.Pytester, setting: str
    ) -> None:
        pytester.makeini(f"[pytest]\n{setting} = 0.5\n")
        pytester.makepyfile(test_it=_HANGS)
        command = [
            *(sys.executable, "-m", "pytest", "-p", "standoff.pytest_plugin"),
            *("-p", "no:cacheprovider", *host_options(lab)),
        ]
        seen = []
        with pytester.popen(
            command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
        ) as process:
            for line in process.stderr:
                seen.append(line.decode())
                if seen[-1].startswith("PEER_IDLE: "):
                    break
            # It hangs still.
            assert process.poll() is None, "".join(seen)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
            assert process.returncode == pytest.ExitCode.INTERRUPTED
        text = "".join(seen)
        head = "\nstandoff: test_it.py::test_it is not done after 0.5 s\n"
        assert f"{head}1 call is blocked, and no deadlock" in text
        assert seen[-1].startswith(
            "PEER_IDLE: a client's plain call on left is blocked in Receive"
        )
        assert "CAPTURED" not in text

    def test_is_not_told_of_others(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        pytester.makeini("[pytest]\nstandoff_hang_timeout = 20\n")
        result = run(
            pytester,
            _TOLD
            + """
def test_with_hosts(standoff_hosts):
    pass

def test_without_hosts():
    # The one before is not watched any more, and this one never is.
    wait_until_told()
            """,
            *host_options(lab),
        )
        result.assert_outcomes(passed=2)
        assert "is not done" not in result.stderr.str()

    @pytest.mark.parametrize("value", ["0", "", "1e9"])
    def test_may_never_be(
        self, lab: Lab, pytester: pytest.Pytester, value: str
    ) -> None:
        pytester.makeini(f"[pytest]\nstandoff_hang_timeout = {value}\n")
        result = run(
            pytester, "def test_it(standoff_hosts): pass", *host_options(lab)
        )
        result.assert_outcomes(passed=1)

    @pytest.mark.parametrize("value", ["soon", "-1", "nan", "inf"])
    def test_wrong_times_are_an_error_of_usage(
        self, pytester: pytest.Pytester, value: str
    ) -> None:
        pytester.makeini(f"[pytest]\nstandoff_hang_timeout = {value}\n")
        result = run(pytester, "def test_it(): pass")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(
            ["ERROR: standoff_hang_timeout: expected a number of seconds*"]
        )

    def test_a_daemon_that_died_does_no_harm(
        self, pytester: pytest.Pytester
    ) -> None:
        pytester.makeini("[pytest]\nstandoff_hang_timeout = 0.2\n")
        result = run(
            pytester,
            _TOLD
            + """
import os, signal

def test_it(standoff_hosts, standoff_lab):
    os.kill(standoff_lab.pid("a"), signal.SIGKILL)
    wait_until_told()
            """,
            "--standoff-lab=a",
        )
        assert result.parseoutcomes()["passed"] == 1
        result.stderr.fnmatch_lines(
            [
                "standoff: test_it.py::test_it is not done after 0.2 s",
                "Why calls are blocked is not known: no host answers.",
                "a is left out: Unavailable: a: *",
            ]
        )

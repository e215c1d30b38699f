"""Runs of pytest with standoff.pytest_plugin."""

from __future__ import annotations

import pytest
from standoff.lab import Lab


def run(
    pytester: pytest.Pytester, test: str, *options: str
) -> pytest.RunResult:
    """Runs pytest on a file with that test."""
    pytester.makepyfile(test_it=test)
    plugin = ("-p", "standoff.pytest_plugin", "-p", "no:cacheprovider")
    return pytester.runpytest_subprocess(*plugin, *options, timeout=60)


def host_options(lab: Lab) -> list[str]:
    """The options for the hosts of a lab that runs already."""
    return [
        f"--standoff-host={name}={lab.control_address(name)}"
        for name in lab.names
    ]


def sessions_left(lab: Lab) -> set[str]:
    """The sessions of the tests that are left on a lab's hosts."""
    names = set()
    for name in lab.names:
        with lab.connect(name) as host:
            sessions = host.snapshot(all_sessions=True).sessions
            names |= {s.name for s in sessions if s.labels.get("test")}
    return names

"""Fixtures for pytest: hosts, and on a failure what they were doing.

    def test_a_receive_blocks(standoff_host):
        a, b = standoff_host.socketpair()
        reader = standoff_host.actor("reader").start(b.recv, 10)
        reader.wait_blocked(timeout=10)
        a.send(b"hello")
        assert reader.result(timeout=10) == b"hello"

Which hosts there are, pytest is told by the first of these that says something:

1. the command line: --standoff-host [NAME=]ADDRESS, as often as there are
   hosts, or --standoff-hosts-file FILE, or --standoff-lab NAME,NAME: network
   namespaces that are made for this run of pytest (see `standoff.lab`)
2. the environment variables STANDOFF_HOSTS and STANDOFF_HOSTS_FILE
3. the ini-file: standoff_hosts, a line for each; or standoff_hosts_file, a path
   that starts at the ini-file's folder; or standoff_lab

A lab needs the daemon: --standoffd PATH, or the environment variable STANDOFFD,
or standoffd in the ini-file, or standoffd on the PATH.

The report of a test that fails begins with the diagnosis of all hosts together:
why calls are blocked (see `standoff.why`). Then it has a section for each host:
what was blocked, where and since when, and which sockets were open. Of a test
that hangs the diagnosis is told while it does, on standard error, after as many
seconds as standoff_hang_timeout in the ini-file says, or faulthandler_timeout.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from standoff.explaining import explain
from standoff.host_entry import HostEntry
from standoff.lab import Lab, LabError
from standoff.pytest_hang import HangWatch, hang_timeout
from standoff.pytest_options import (
    ChoiceError,
    add_options,
    choose,
    daemon,
    from_command_line,
)

if TYPE_CHECKING:
    import standoff
    from standoff.state_capture import State

# For how many seconds a host may think about what it was doing.
_PATIENCE = 5.0

# The longest label that a session may have, in bytes.
_LONGEST_LABEL = 256


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options, and the settings of the ini-file."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Checks the options. What else is wrong matters to who uses a fixture."""
    try:
        choice = from_command_line(config)
        if choice is not None and choice.lab:
            choice.describe_lab()
        seconds = hang_timeout(config)
    except (ChoiceError, ValueError) as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[_WATCH] = watch = _Watch()
    config.pluginmanager.register(watch, "standoff_watch")
    if seconds is not None:
        watch.hang = HangWatch(seconds, watch.explain)
        config.add_cleanup(watch.hang.close)
        config.pluginmanager.register(watch.hang, "standoff_hang_watch")


@pytest.fixture(scope="session")
def standoff_lab(pytestconfig: pytest.Config) -> Iterator[Lab | None]:
    """The lab of this run of pytest; None if its hosts are no lab."""
    try:
        choice = choose(pytestconfig)
        if not choice.lab:
            yield None
            return
        lab = choice.describe_lab(daemon(pytestconfig))
    except ChoiceError as error:
        pytest.fail(str(error), pytrace=False)
    try:
        lab.start()
    except LabError as error:
        pytest.fail(f"{choice.source}: {error}", pytrace=False)
    with contextlib.closing(lab):
        yield lab


@pytest.fixture
def standoff_hosts(
    request: pytest.FixtureRequest, standoff_lab: Lab | None
) -> Iterator[Mapping[str, standoff.Host]]:
    """The hosts by name, in the order in which pytest was told.

    On each there is a session for this test, whose label "test" is the test's
    node id. It is deleted with all that is in it when the test has ended.
    """
    from standoff.errors import HarnessError

    if standoff_lab is not None:
        entries = [standoff_lab.entry(name) for name in standoff_lab.names]
    else:
        entries = list(choose(request.config).entries)
    node_id = request.node.nodeid.encode(errors="replace")
    label = node_id[:_LONGEST_LABEL].decode(errors="ignore")
    watch = request.config.stash[_WATCH]
    with contextlib.ExitStack() as stack:
        stack.callback(watch.forget)
        for entry in entries:
            try:
                # A session that a hosts file names is shared with others.
                host = entry.connect(session=None, labels={"test": label})
            except HarnessError as error:
                pytest.fail(f"can't connect to a host: {error}", pytrace=False)
            watch.add(entry, stack.enter_context(host))
        watch.start(request.node.nodeid)
        yield types.MappingProxyType(watch.hosts)
        watch.end()
        # What fails hereafter, as another fixture's end, is told it, too.
        watch.capture()


@pytest.fixture
def standoff_host(
    standoff_hosts: Mapping[str, standoff.Host]
) -> standoff.Host:
    """The only host, or the first one."""
    return next(iter(standoff_hosts.values()))


class _Watch:
    """Knows the hosts of the test that runs, and what they were doing."""

    def __init__(self) -> None:
        # Those whose sessions there are.
        self.hosts: dict[str, standoff.Host] = {}
        # If a test may hang.
        self.hang: HangWatch | None = None
        self._address_map: dict[str, str] = {}
        self._captured: dict[str, State | Exception] = {}
        self._why = ""
        self._interrupted: list[tuple[str, str]] = []

    def add(self, entry: HostEntry, host: standoff.Host) -> None:
        """Notes that a session was made."""
        self.hosts[entry.name] = host
        self._address_map |= dict.fromkeys(entry.known_as, entry.name)

    def start(self, test: str) -> None:
        """Notes that a test has all its hosts."""
        if self.hang is not None:
            self.hang.start(test)

    def end(self) -> None:
        """Notes that it needs them no more."""
        if self.hang is not None:
            self.hang.end()

    def forget(self) -> None:
        """Notes that the sessions are deleted."""
        self.hosts = {}

    def capture(self) -> None:
        """Asks the hosts what they are doing."""
        for name, host in self.hosts.items():
            # It takes its time to find out that a host does not answer.
            if not isinstance(self._captured.get(name), Exception):
                self._captured[name] = _capture(host)
        if self.hosts:
            self._why = self._explain_captured()

    def explain(self, silent: Mapping[str, Exception] = {}) -> str:
        """Asks the hosts why calls are blocked, but for the silent ones."""
        return explain(dict(self.hosts), silent, self._address_map, _PATIENCE)

    def _explain_captured(self) -> str:
        """Why the test's calls are blocked, if it has any."""
        states = self._captured
        if not any(
            isinstance(state, Exception) or state.is_blocked
            for state in states.values()
        ):
            # Others may have some, on the same hosts.
            return "Nothing is blocked."
        return self.explain(
            {n: s for n, s in states.items() if isinstance(s, Exception)}
        )

    def sections(self) -> list[tuple[str, str]]:
        """The sections of a report: titles and texts."""
        self.capture()
        if not self._captured:
            return []
        return [
            ("standoff: diagnosis", self._why),
            *(
                (f"standoff: {name}", _render(state))
                for name, state in self._captured.items()
            ),
        ]

    def pytest_runtest_logstart(self) -> None:
        self._captured = {}
        self._why = ""

    def _make_report(self) -> Generator[None, Any, None]:
        outcome = yield
        report = outcome.get_result()
        if report.failed:
            report.sections += self.sections()

    # No decorator: pytest's has no type, and would take this one's.
    pytest_runtest_makereport = pytest.hookimpl(hookwrapper=True)(_make_report)

    def pytest_keyboard_interrupt(self) -> None:
        # There will be no report of the test; its fixtures end hereafter.
        self._interrupted = self.sections()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for title, text in self._interrupted:
            terminalreporter.section(f"{title}, when interrupted", sep="-")
            terminalreporter.line(text.rstrip())


_WATCH = pytest.StashKey[_Watch]()


def _capture(host: standoff.Host) -> State | Exception:
    """What a host is doing, or why it does not tell."""
    from standoff.state_capture import capture_state

    try:
        return capture_state(host._connection, _PATIENCE)
    # Of whatever kind: it must not stand in the way of the test's own failure.
    except Exception as error:
        return error


def _render(state: State | Exception) -> str:
    if isinstance(state, Exception):
        return (
            "What this host was doing is not known. That is a fault of the "
            "control plane, apart from\nthe failure of the test: "
            f"{type(state).__name__}: {state}"
        )
    return state.render()

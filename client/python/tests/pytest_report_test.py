"""Tests of what standoff.pytest_plugin reports, with real daemons."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from plugin_runs import host_options, run, sessions_left
from standoff.lab import Lab, find_daemon

pytest_plugins = ["pytester"]

# What tests begin with that are about an operation that is blocked.
_BLOCKED = """
# Sockets that nobody has are closed.
kept = []

def block(host):
    a, b = host.socketpair()
    kept.extend([a, b])
    operation = host.actor("reader").start(b.recv, 10)
    operation.wait_blocked(timeout=20)
    return a, b
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(["left", "right"]) as made:
        yield made


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STANDOFF_HOSTS", raising=False)
    monkeypatch.delenv("STANDOFF_HOSTS_FILE", raising=False)
    # Wherever pytest runs, for the daemon of labs.
    monkeypatch.setenv("STANDOFFD", find_daemon())


def _section(result: pytest.RunResult, host: str) -> str:
    """The text of a host's section in the report."""
    output = result.stdout.str()
    match = re.search(
        rf"^-+ standoff: {host}\b.*-\n((?s:.*?))^(-+ |=+ )", output, re.M
    )
    assert match is not None, output
    return match[1]


class TestDiagnosis:
    def test_begins_the_report(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = run(
            pytester,
            """
def test_it(standoff_hosts):
    left, right = standoff_hosts["left"], standoff_hosts["right"]
    listener = right.create_server(("", 0))
    address = [a for i in right.info().interfaces for a in i.addresses
               if a.startswith("10.")][0]
    a = left.create_connection((address, listener.getsockname()[1]))
    b, _ = listener.accept()
    anna = left.actor("anna").start(a.recv, 1)
    bert = right.actor("bert").start(b.recv, 1)
    anna.wait_blocked(timeout=20)
    bert.wait_blocked(timeout=20)
    assert 1 == 2
            """,
            *host_options(lab),
        )
        result.assert_outcomes(failed=1)
        output = result.stdout.str()
        titles = re.findall(r"^-+ standoff: (\w+) -+$", output, re.M)
        assert titles == ["diagnosis", "left", "right"]
        section = _section(result, "diagnosis")
        assert section.startswith("A deadlock is proved: ")
        assert "\nCycle: left/anna → right/bert → left/anna\n" in section

    def test_tells_that_nothing_is_blocked(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = run(
            pytester,
            "def test_it(standoff_hosts): assert 1 == 2",
            *host_options(lab),
        )
        result.assert_outcomes(failed=1)
        assert _section(result, "diagnosis") == "Nothing is blocked.\n"

    def test_knows_addresses_of_the_hosts_file(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        (pytester.path / "hosts.yaml").write_text(
            f"""
hosts:
- {{name: left, address: "{lab.control_address("left")}"}}
- name: right
  address: "{lab.control_address("right")}"
  known_as: [10.83.0.77]
"""
        )
        result = run(
            pytester,
            """
import socket

def test_it(standoff_hosts):
    left = standoff_hosts["left"]
    a = left.socket(type=socket.SOCK_DGRAM)
    a.connect(("10.83.0.77", 1))
    reader = left.actor("reader").start(a.recv, 1)
    reader.wait_blocked(timeout=20)
    assert 1 == 2
            """,
            "--standoff-hosts-file=hosts.yaml",
        )
        result.assert_outcomes(failed=1)
        section = _section(result, "diagnosis")
        assert "\nUNKNOWN: left/reader is blocked " in section

    def test_leaves_out_a_daemon_that_died(
        self, pytester: pytest.Pytester
    ) -> None:
        result = run(
            pytester,
            _BLOCKED
            + """
import os, signal

def test_it(standoff_hosts, standoff_lab):
    block(standoff_hosts["b"])
    os.kill(standoff_lab.pid("a"), signal.SIGKILL)
    assert 1 == 2
            """,
            "--standoff-lab=a,b",
        )
        # The end of the lab is told, too.
        assert result.parseoutcomes()["failed"] == 1
        result.stdout.fnmatch_lines(["*assert 1 == 2*"])
        section = _section(result, "diagnosis")
        assert "PEER_IDLE: b/reader is blocked in Receive" in section
        assert "\na is left out: Unavailable: a: " in section

    def test_says_why_there_is_none(
        self, pytester: pytest.Pytester
    ) -> None:
        result = run(
            pytester,
            """
import os, signal

def test_it(standoff_hosts, standoff_lab):
    os.kill(standoff_lab.pid("a"), signal.SIGKILL)
    assert 1 == 2
            """,
            "--standoff-lab=a",
        )
        assert result.parseoutcomes()["failed"] == 1
        result.stdout.fnmatch_lines(["*assert 1 == 2*"])
        section = _section(result, "diagnosis")
        assert section.startswith(
            "Why calls are blocked is not known: no host answers.\n"
            "a is left out: Unavailable: a: "
        )


class TestReport:
    # What a section says of block().
    _READER = r"  reader +\d+ Receive +\S+ +\d+\.\d{3}\d* s +recvfrom +\w+"

    def test_of_a_call_tells_what_was_blocked(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = run(
            pytester,
            _BLOCKED
            + """
def test_it(standoff_hosts):
    a, b = block(standoff_hosts["right"])
    standoff_hosts["right"].actor("reader").start(b.recv, 10)
    standoff_hosts["right"].actor("writer").start(b.send, b"x" * 7).wait()
    print("NAME", b.name)
    assert 1 == 2
            """,
            *host_options(lab),
        )
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*assert 1 == 2*"])
        assert "blocked: none" in _section(result, "left")
        section = _section(result, "right")
        assert section.startswith("session ")
        assert "test=test_it.py::test_it" in section
        name = re.search("NAME (.*)", result.stdout.str())
        assert name is not None
        lines = section.splitlines()
        assert any(
            re.match(self._READER, line) and name[1] in line.split()
            for line in lines
        ), section
        assert "queued (1):" in section
        assert re.search(r"  writer +\d+ Send .* returned 7\n", section)
        assert "open sockets (2):" in section
        assert not sessions_left(lab)

    def test_of_a_setup_tells_it(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = run(
            pytester,
            _BLOCKED
            + """
import pytest

@pytest.fixture
def broken(standoff_host):
    block(standoff_host)
    assert 1 == 2

def test_it(broken): pass
            """,
            *host_options(lab),
        )
        result.assert_outcomes(errors=1)
        assert re.search(self._READER, _section(result, "left"))

    @pytest.mark.parametrize(
        "fixtures", ["broken, standoff_host", "standoff_host, broken"]
    )
    def test_of_a_teardown_tells_it(
        self, lab: Lab, pytester: pytest.Pytester, fixtures: str
    ) -> None:
        result = run(
            pytester,
            _BLOCKED
            + f"""
import pytest

@pytest.fixture
def broken():
    yield
    assert 1 == 2

def test_it({fixtures}):
    block(standoff_host)
            """,
            *host_options(lab),
        )
        result.assert_outcomes(passed=1, errors=1)
        assert re.search(self._READER, _section(result, "left"))

    def test_of_a_test_has_nothing_of_another(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = run(
            pytester,
            _BLOCKED
            + """
def test_one(standoff_hosts): block(standoff_hosts["left"])
def test_two(): assert 1 == 2
            """,
            *host_options(lab),
        )
        result.assert_outcomes(passed=1, failed=1)
        assert "standoff:" not in result.stdout.str()

    @pytest.mark.parametrize("number", ["SIGKILL", "SIGSTOP"])
    def test_survives_a_daemon_that_does_not_answer(
        self, pytester: pytest.Pytester, number: str
    ) -> None:
        result = run(
            pytester,
            _BLOCKED
            + f"""
import os, signal

def test_it(standoff_hosts, standoff_lab):
    block(standoff_hosts["b"])
    os.kill(standoff_lab.pid("a"), signal.{number})
    assert 1 == 2
            """,
            "--standoff-lab=a,b",
        )
        assert result.parseoutcomes()["failed"] == 1
        result.stdout.fnmatch_lines(["*assert 1 == 2*"])
        section = _section(result, "a")
        assert "What this host was doing is not known." in section
        assert "apart from\nthe failure of the test: Unavailable: a: " in (
            section
        )
        # The others are told nevertheless.
        assert re.search(self._READER, _section(result, "b"))

    def test_of_an_interrupt_tells_it(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = run(
            pytester,
            """
import os, signal, threading
from standoff import OperationState

def test_it(standoff_host):
    a, b = standoff_host.socketpair()

    def interrupt():
        # As Ctrl-C does, as soon as the receive is blocked.
        while not standoff_host.operations(states=[OperationState.BLOCKED]):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    standoff_host.actor("reader").start(b.recv, 10).result()
            """,
            *host_options(lab),
        )
        assert result.ret == pytest.ExitCode.INTERRUPTED
        result.stdout.fnmatch_lines(["*standoff: left, when interrupted*"])
        assert re.search(self._READER, _section(result, "left"))
        assert not sessions_left(lab)

    def test_of_a_timeout_tells_it(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = run(
            pytester,
            _BLOCKED
            + """
import pytest, signal

def test_it(standoff_host):
    # As plugins for timeouts do, from a signal handler.
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("too long"))
    a, b = block(standoff_host)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    standoff_host.actor("other").start(b.recv, 10).result()
            """,
            *host_options(lab),
        )
        result.assert_outcomes(failed=1)
        section = _section(result, "left")
        assert re.search(self._READER, section)
        assert "blocked (2):" in section
        assert not sessions_left(lab)

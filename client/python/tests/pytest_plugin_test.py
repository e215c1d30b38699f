"""Tests of standoff.pytest_plugin: pytest runs, with real daemons."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Iterator

import pytest
import standoff
from standoff.lab import Lab, find_daemon

pytest_plugins = ["pytester"]

# What tests begin with that are about an operation that is blocked.
_BLOCKED = """
def block(host):
    a, b = host.socketpair()
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


def _run(
    pytester: pytest.Pytester, test: str, *options: str
) -> pytest.RunResult:
    """Runs pytest on a file with that test."""
    pytester.makepyfile(test_it=test)
    plugin = ("-p", "standoff.pytest_plugin", "-p", "no:cacheprovider")
    return pytester.runpytest_subprocess(*plugin, *options, timeout=60)


def _hosts(lab: Lab) -> list[str]:
    """The options for the hosts of a lab that runs already."""
    return [
        f"--standoff-host={name}={lab.control_address(name)}"
        for name in lab.names
    ]


def _sessions(lab: Lab) -> set[str]:
    """The sessions of the tests that are left on a lab's hosts."""
    names = set()
    for name in lab.names:
        with lab.connect(name) as host:
            sessions = host.snapshot(all_sessions=True).sessions
            names |= {s.name for s in sessions if s.labels.get("test")}
    return names


def _section(result: pytest.RunResult, host: str) -> str:
    """The text of a host's section in the report."""
    output = result.stdout.str()
    match = re.search(
        rf"^-+ standoff: {host}\b.*-\n((?s:.*?))^(-+ |=+ )", output, re.M
    )
    assert match is not None, output
    return match[1]


class TestHosts:
    def test_each_test_has_sessions_of_its_own(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = _run(
            pytester,
            """
            import pytest

            seen = set()

            @pytest.mark.parametrize("x", [1, 2])
            def test_it(standoff_hosts, standoff_host, standoff_lab, x, request):
                assert list(standoff_hosts) == ["left", "right"]
                assert standoff_host is standoff_hosts["left"]
                assert standoff_lab is None
                for name, host in standoff_hosts.items():
                    assert host.name == name
                    sessions = host.snapshot().sessions
                    assert [s.name for s in sessions] == [host.session.name]
                    assert sessions[0].labels["test"] == request.node.nodeid
                    assert (name, host.session.name) not in seen
                    seen.add((name, host.session.name))
                    host.socket()
            """,
            *_hosts(lab),
        )
        result.assert_outcomes(passed=2)
        assert "standoff:" not in result.stdout.str()
        assert not _sessions(lab)

    def test_a_long_name_is_cut(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = _run(
            pytester,
            """
            import pytest

            @pytest.mark.parametrize("x", [1], ids=["\\u00fc" * 300])
            def test_it(standoff_host, x, request):
                label = standoff_host.snapshot().sessions[0].labels["test"]
                assert request.node.nodeid.startswith(label)
                assert 254 <= len(label.encode()) <= 256
            """,
            *_hosts(lab),
        )
        result.assert_outcomes(passed=1)

    def test_a_session_of_a_hosts_file_is_not_shared(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        file = pytester.path / "hosts.yaml"
        file.write_text(
            f"hosts: [{{name: one, address: '{lab.control_address('left')}', "
            "session: nightly}]"
        )
        result = _run(
            pytester,
            """
            def test_it(standoff_hosts):
                assert list(standoff_hosts) == ["one"]
                assert standoff_hosts["one"].session.name != "nightly"
            """,
            "--standoff-hosts-file=hosts.yaml",
        )
        result.assert_outcomes(passed=1)

    def test_a_host_that_is_not_there_is_told(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = _run(
            pytester,
            "def test_it(standoff_hosts): pass",
            _hosts(lab)[0],
            "--standoff-host=gone=unix:/no/such/socket",
        )
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*can't connect to a host: gone: *"])
        assert not _sessions(lab)


class TestChoice:
    _TEST = "def test_it(standoff_hosts): print('HOSTS', *standoff_hosts)"

    def test_without_hosts_the_options_are_named(
        self, pytester: pytest.Pytester
    ) -> None:
        result = _run(
            pytester,
            """
            def test_hosts(standoff_hosts): pass
            def test_host(standoff_host): pass
            def test_lab(standoff_lab): pass
            def test_other(): pass
            """,
        )
        result.assert_outcomes(errors=3, passed=1)
        result.stdout.fnmatch_lines(
            [
                "this test needs hosts, and pytest was not told any. *",
                "  --standoff-host NAME=ADDRESS *",
                "  --standoff-hosts-file FILE",
                "  --standoff-lab NAME,NAME *",
                "or set STANDOFF_HOSTS or STANDOFF_HOSTS_FILE *",
            ]
        )
        # No traceback: it is the user's mistake.
        assert "pytest_plugin.py" not in result.stdout.str()

    def test_the_first_that_says_something_counts(
        self,
        lab: Lab,
        pytester: pytest.Pytester,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        address = lab.control_address("left")

        def check(expected: str, *options: str) -> None:
            result = _run(pytester, self._TEST, "-s", *options)
            result.stdout.fnmatch_lines([f"*HOSTS {expected}*"])

        folder = pytester.path / "folder"
        folder.mkdir()
        for name in ("ini-file", "environment-file", "option-file"):
            (folder / f"{name}.yaml").write_text(
                f"hosts: [{{name: {name}, address: '{address}'}}]"
            )
        ini = pytester.makeini(
            "[pytest]\nstandoff_hosts_file = folder/ini-file.yaml"
        )
        check("ini-file")
        ini.write_text(f"[pytest]\nstandoff_hosts =\n  a={address}\n")
        check("a")
        file = folder / "environment-file.yaml"
        monkeypatch.setenv("STANDOFF_HOSTS_FILE", str(file))
        check("environment-file")
        monkeypatch.setenv("STANDOFF_HOSTS", f"one={address},two={address}")
        check("one two")
        file_option = "--standoff-hosts-file=folder/option-file.yaml"
        check("option-file", file_option)
        check("x", file_option, f"--standoff-host=x={address}")

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            (
                ["--standoff-host=left"],
                '--standoff-host: address "left" of a host: expected *',
            ),
            (
                ["--standoff-host=x=a:1", "--standoff-host=x=b:1"],
                '--standoff-host: two hosts are called "x": *',
            ),
            (
                ["--standoff-hosts-file=nil.yaml"],
                "--standoff-hosts-file: can't read */nil.yaml: No such file *",
            ),
            (
                ["--standoff-lab=a/b"],
                '--standoff-lab: "a/b" is no name: *',
            ),
            (
                ["--standoff-lab=a", "--standoff-host=a:1"],
                "--standoff-lab makes hosts of its own: *",
            ),
        ],
    )
    def test_wrong_options_are_an_error_of_usage(
        self, pytester: pytest.Pytester, options: list[str], problem: str
    ) -> None:
        result = _run(pytester, self._TEST, *options)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: {problem}"])

    def test_what_else_is_wrong_matters_to_who_uses_it(
        self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("STANDOFF_HOSTS", "left")
        test = f"{self._TEST}\ndef test_other(): pass"
        result = _run(pytester, test)
        result.assert_outcomes(errors=1, passed=1)
        result.stdout.fnmatch_lines(['STANDOFF_HOSTS: address "left" of *'])

    def test_the_help_tells_them(self, pytester: pytest.Pytester) -> None:
        result = _run(pytester, "", "--help")
        result.stdout.fnmatch_lines(
            [
                "*--standoff-host=[[]NAME=[]]ADDRESS*",
                "*--standoffd=PATH*",
                "*standoff_hosts (linelist)*",
            ]
        )


class TestLab:
    _TEST = """
        import os

        def test_one(standoff_hosts, standoff_lab):
            assert list(standoff_hosts) == standoff_lab.names == ["a", "b"]
            listener = standoff_hosts["a"].create_server(
                (standoff_lab.address("a"), 0))
            client = standoff_hosts["b"].create_connection(
                listener.getsockname())
            server, _ = listener.accept()
            client.sendall(b"hello")
            assert server.recv(10) == b"hello"

        def test_two(standoff_lab, request):
            pid = standoff_lab.pid("a")
            path = os.readlink(f"/proc/{pid}/exe")
            with open("found", "w") as file:
                print(pid, path, file=file)
            assert standoff_lab is request.getfixturevalue("standoff_lab")
    """

    def _check(self, pytester: pytest.Pytester, daemon: str) -> None:
        """Checks which daemon it was, and that it is gone."""
        pid, path = (pytester.path / "found").read_text().split()
        assert path == os.path.realpath(daemon)
        assert not os.path.exists(f"/proc/{pid}/exe")

    @pytest.mark.parametrize("names", ["a,b", "a, b"])
    def test_is_made_for_the_run(
        self, pytester: pytest.Pytester, names: str
    ) -> None:
        result = _run(pytester, self._TEST, f"--standoff-lab={names}")
        result.assert_outcomes(passed=2)
        self._check(pytester, find_daemon())

    def test_the_ini_file_may_say_it(
        self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        daemon = find_daemon()
        monkeypatch.delenv("STANDOFFD")
        (pytester.path / "daemon").symlink_to(daemon)
        pytester.makeini(
            "[pytest]\nstandoff_lab = a b\nstandoffd = ./daemon\n"
        )
        result = _run(pytester, self._TEST)
        result.assert_outcomes(passed=2)
        self._check(pytester, daemon)

    def test_one_that_cannot_be_made_is_told(
        self, pytester: pytest.Pytester
    ) -> None:
        result = _run(
            pytester,
            self._TEST,
            "--standoff-lab=a,b",
            "--standoffd=./no/such",
        )
        result.assert_outcomes(errors=2)
        result.stdout.fnmatch_lines(
            ['--standoff-lab: there is no standoffd at "*/no/such": give *']
        )

    def test_an_interrupt_removes_it(self, pytester: pytest.Pytester) -> None:
        test = f"{self._TEST}\n            raise KeyboardInterrupt\n"
        result = _run(pytester, test, "--standoff-lab=a,b")
        assert result.ret == pytest.ExitCode.INTERRUPTED
        self._check(pytester, find_daemon())


class TestReport:
    # What a section says of block().
    _READER = r"  reader +\d+ Receive +\S+ +\d+\.\d{3}\d* s +recvfrom +\w+"

    def test_of_a_call_tells_what_was_blocked(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = _run(
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
            *_hosts(lab),
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
        assert not _sessions(lab)

    def test_of_a_setup_tells_it(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = _run(
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
            *_hosts(lab),
        )
        result.assert_outcomes(errors=1)
        assert re.search(self._READER, _section(result, "left"))

    @pytest.mark.parametrize(
        "fixtures", ["broken, standoff_host", "standoff_host, broken"]
    )
    def test_of_a_teardown_tells_it(
        self, lab: Lab, pytester: pytest.Pytester, fixtures: str
    ) -> None:
        result = _run(
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
            *_hosts(lab),
        )
        result.assert_outcomes(passed=1, errors=1)
        assert re.search(self._READER, _section(result, "left"))

    def test_of_a_test_has_nothing_of_another(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = _run(
            pytester,
            _BLOCKED
            + """
def test_one(standoff_hosts): block(standoff_hosts["left"])
def test_two(): assert 1 == 2
            """,
            *_hosts(lab),
        )
        result.assert_outcomes(passed=1, failed=1)
        assert "standoff:" not in result.stdout.str()

    @pytest.mark.parametrize("number", ["SIGKILL", "SIGSTOP"])
    def test_survives_a_daemon_that_does_not_answer(
        self, pytester: pytest.Pytester, number: str
    ) -> None:
        result = _run(
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
        result = _run(
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
            *_hosts(lab),
        )
        assert result.ret == pytest.ExitCode.INTERRUPTED
        result.stdout.fnmatch_lines(["*standoff: left, when interrupted*"])
        assert re.search(self._READER, _section(result, "left"))
        assert not _sessions(lab)

    def test_of_a_timeout_tells_it(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = _run(
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
            *_hosts(lab),
        )
        result.assert_outcomes(failed=1)
        section = _section(result, "left")
        assert re.search(self._READER, section)
        assert "blocked (2):" in section
        assert not _sessions(lab)

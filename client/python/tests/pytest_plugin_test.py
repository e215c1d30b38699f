"""Tests of standoff.pytest_plugin: pytest runs, with real daemons."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from plugin_runs import host_options, run, sessions_left
from standoff.lab import Lab, find_daemon

pytest_plugins = ["pytester"]

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


class TestHosts:
    def test_each_test_has_sessions_of_its_own(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = run(
            pytester,
            """
            import pytest

            seen = set()

            @pytest.mark.parametrize("x", [1, 2])
            def test_it(
                standoff_hosts, standoff_host, standoff_lab, request, x
            ):
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
            *host_options(lab),
        )
        result.assert_outcomes(passed=2)
        assert "standoff:" not in result.stdout.str()
        assert not sessions_left(lab)

    def test_a_long_name_is_cut(
        self, lab: Lab, pytester: pytest.Pytester
    ) -> None:
        result = run(
            pytester,
            """
            import pytest

            @pytest.mark.parametrize("x", [1], ids=["\\u00fc" * 300])
            def test_it(standoff_host, x, request):
                label = standoff_host.snapshot().sessions[0].labels["test"]
                assert request.node.nodeid.startswith(label)
                assert 254 <= len(label.encode()) <= 256
            """,
            *host_options(lab),
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
        result = run(
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
        result = run(
            pytester,
            "def test_it(standoff_hosts): pass",
            host_options(lab)[0],
            "--standoff-host=gone=unix:/no/such/socket",
        )
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*can't connect to a host: gone: *"])
        assert not sessions_left(lab)


class TestChoice:
    _TEST = "def test_it(standoff_hosts): print('HOSTS', *standoff_hosts)"

    def test_without_hosts_the_options_are_named(
        self, pytester: pytest.Pytester
    ) -> None:
        result = run(
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
            result = run(pytester, self._TEST, "-s", *options)
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
        result = run(pytester, self._TEST, *options)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: {problem}"])

    def test_what_else_is_wrong_matters_to_who_uses_it(
        self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("STANDOFF_HOSTS", "left")
        test = f"{self._TEST}\ndef test_other(): pass"
        result = run(pytester, test)
        result.assert_outcomes(errors=1, passed=1)
        result.stdout.fnmatch_lines(['STANDOFF_HOSTS: address "left" of *'])

    def test_the_help_tells_them(self, pytester: pytest.Pytester) -> None:
        result = run(pytester, "", "--help")
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
        result = run(pytester, self._TEST, f"--standoff-lab={names}")
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
        result = run(pytester, self._TEST)
        result.assert_outcomes(passed=2)
        self._check(pytester, daemon)

    def test_one_that_cannot_be_made_is_told(
        self, pytester: pytest.Pytester
    ) -> None:
        result = run(
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
        result = run(pytester, test, "--standoff-lab=a,b")
        assert result.ret == pytest.ExitCode.INTERRUPTED
        self._check(pytester, find_daemon())



"""Tests of standoff.hosts, standoff.hosts_file and standoff.host_entry."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Callable
from typing import Any, cast

import pytest
from standoff.host_entry import check_host_name, check_session_name
from standoff.hosts import (
    HOSTS_FILE_VARIABLE,
    HOSTS_VARIABLE,
    HostEntry,
    HostsError,
    TlsFiles,
    find_hosts,
    parse_host_entry,
    parse_host_list,
    parse_hosts_file,
    read_hosts_file,
)
from standoff.hosts_file import MAX_HOSTS_FILE_BYTES

_PATH = "/etc/standoff/hosts.yaml"


def _problem(action: Callable[[], object]) -> str:
    with pytest.raises(HostsError) as caught:
        action()
    return str(caught.value)


def _parse(text: str) -> list[HostEntry]:
    return parse_hosts_file(text.encode(), _PATH)


class TestParseHostEntry:
    @pytest.mark.parametrize("text", ["localhost:7411", "unix:/a=b"])
    def test_takes_an_address(self, text: str) -> None:
        assert parse_host_entry(text) == HostEntry(name=text, address=text)

    def test_takes_a_name_before_it(self) -> None:
        entry = parse_host_entry("left=[::1]:7411")
        assert entry == HostEntry(name="left", address="[::1]:7411")
        entry = parse_host_entry("left=unix:/a=b")
        assert entry == HostEntry(name="left", address="unix:/a=b")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "left",
            "left=",
            "=",
            "left=localhost",
            "le ft=localhost:80x",
            "localhost:0",
            "localhost:65536",
            "localhost:+80",
            "localhost:8_0",
            "localhost:\u0663",
            "::1:80",
            ":80",
            "unix:",
        ],
    )
    def test_refuses_what_is_no_address(self, text: str) -> None:
        problem = _problem(lambda: parse_host_entry(text))
        assert "of a host: expected HOST:PORT or unix:PATH" in problem


class TestParseHostList:
    def test_takes_a_list(self) -> None:
        assert parse_host_list("left=10.1.0.1:7411, right=unix:/run/x") == [
            HostEntry(name="left", address="10.1.0.1:7411"),
            HostEntry(name="right", address="unix:/run/x"),
        ]

    @pytest.mark.parametrize(
        "text", ["", ",", "a:1,", "left=a:1,left=b:1", "a:1 b:1"]
    )
    def test_refuses_what_is_none(self, text: str) -> None:
        _problem(lambda: parse_host_list(text))

    def test_names_the_name_that_is_there_twice(self) -> None:
        problem = _problem(lambda: parse_host_list("left=a:1,left=b:1"))
        assert problem == (
            'two hosts are called "left": give each its own name'
        )


class TestCheckName:
    def test_knows_the_letters(self) -> None:
        check_host_name("a.B_9-")
        check_session_name("a.B_9-:")
        check_host_name("x" * 64)
        with pytest.raises(HostsError):
            check_session_name("a b")

    @pytest.mark.parametrize("name", ["", "x" * 65, "a b", "a:b", "ü", "a\0b"])
    def test_refuses_others(self, name: str) -> None:
        problem = _problem(lambda: check_host_name(name))
        assert 'is no name: expected 1 to 64 letters, digits and "._-"' in (
            problem
        )

    def test_a_message_cannot_steer_a_terminal(self) -> None:
        problem = _problem(lambda: check_host_name("\x1b\n\"ü"))
        assert problem.startswith('"\\x1b\\n\\"\\xc3\\xbc" is no name')


class TestFindHosts:
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: pathlib.Path) -> None:
        self.folder = tmp_path
        self.environment: dict[str, str] = {}

    def _file(self, name: str) -> str:
        """A hosts file with one host of that name."""
        path = self.folder / f"{name}.yaml"
        path.write_text(f"hosts: [{{name: {name}, address: 'a:1'}}]")
        return str(path)

    def _names(
        self, hosts: tuple[str, ...] = (), file: str | None = None
    ) -> list[str]:
        found = find_hosts(hosts, file, environment=self.environment)
        return [host.name for host in found]

    def test_the_first_that_says_something_counts(self) -> None:
        assert self._names() == ["127.0.0.1:7411"]
        self.environment[HOSTS_FILE_VARIABLE] = self._file("environment-file")
        assert self._names() == ["environment-file"]
        self.environment[HOSTS_VARIABLE] = "one=a:1,two=b:1"
        assert self._names() == ["one", "two"]
        file = self._file("flag-file")
        assert self._names(file=file) == ["flag-file"]
        assert self._names(("x=a:1", "b:1"), file) == ["x", "b:1"]

    def test_an_empty_variable_says_nothing(self) -> None:
        self.environment[HOSTS_FILE_VARIABLE] = ""
        self.environment[HOSTS_VARIABLE] = ""
        assert self._names() == ["127.0.0.1:7411"]

    def test_reads_the_environment_of_this_process(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(HOSTS_VARIABLE, "here=a:1")
        assert find_hosts() == [HostEntry(name="here", address="a:1")]

    def test_takes_a_single_host(self) -> None:
        assert find_hosts("x=a:1") == [HostEntry(name="x", address="a:1")]

    def test_may_do_without_a_default(self) -> None:
        assert find_hosts(default=None, environment={}) == []

    def test_says_whence_a_mistake_came(self) -> None:
        self.environment[HOSTS_FILE_VARIABLE] = "/no/such/file"
        assert _problem(self._names) == (
            "STANDOFF_HOSTS_FILE: can't read /no/such/file: "
            "No such file or directory"
        )
        self.environment[HOSTS_VARIABLE] = "left"
        assert _problem(self._names).startswith(
            'STANDOFF_HOSTS: address "left"'
        )
        assert _problem(lambda: self._names(("x=a:1", "x=b:1"))).startswith(
            '--host: two hosts are called "x"'
        )

    def test_a_flag_may_name_a_host_that_is_known(self) -> None:
        with pytest.raises(HostsError, match='^--host: "left" is neither an a'):
            find_hosts(["left"], environment={})
        environment = {HOSTS_VARIABLE: "left=a:1,right=b:1"}
        found = find_hosts(["right", "other=c:1"], environment=environment)
        assert [(host.name, host.address) for host in found] == [
            ("right", "b:1"), ("other", "c:1")]
        with pytest.raises(HostsError, match="there are: left, right$"):
            find_hosts("middle", environment=environment)

    def test_hosts_without_tls_files_get_those_of_the_flags(self) -> None:
        path = self.folder / "hosts.yaml"
        path.write_text(
            "hosts:\n- address: a:1\n- address: b:1\n  tls: {ca: /own.pem}\n"
        )
        first, second = find_hosts(file=path, tls=TlsFiles(ca="/flag.pem"))
        assert first.tls == TlsFiles(ca="/flag.pem")
        assert second.tls == TlsFiles(ca="/own.pem")


class TestParseHostsFile:
    def test_reads_all_fields(self) -> None:
        left, right = _parse(
            """
# Two hosts.
hosts:
  - name: left
    address: 10.1.0.1:7411
  - name: right
    address: "unix:/run/standoff"
    tls: {ca: ca.pem, cert: /abs/client.pem, key: sub/client.key}
    session: nightly:7
    known_as: [203.0.113.7, "2001:db8::7"]
"""
        )
        assert left == HostEntry(name="left", address="10.1.0.1:7411")
        assert right == HostEntry(
            name="right",
            address="unix:/run/standoff",
            tls=TlsFiles(
                ca="/etc/standoff/ca.pem",
                certificate="/abs/client.pem",
                key="/etc/standoff/sub/client.key",
            ),
            session="nightly:7",
            known_as=("203.0.113.7", "2001:db8::7"),
        )

    def test_a_name_is_not_required(self) -> None:
        assert _parse("hosts: [{address: 'h:1'}]")[0].name == "h:1"

    def test_numbers_and_dates_are_texts(self) -> None:
        entry = _parse("hosts: [{name: 012, address: 'h:1', session: 1e3}]")[0]
        assert (entry.name, entry.session) == ("012", "1e3")

    def test_anchors_and_aliases_are_fine(self) -> None:
        hosts = _parse(
            """
hosts:
  - name: left
    address: a:1
    tls: &tls {ca: ca.pem}
  - name: right
    address: b:1
    tls: *tls
"""
        )
        assert hosts[1].tls.ca == "/etc/standoff/ca.pem"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (
                "",
                "1: it is nothing: expected a mapping with the fields hosts",
            ),
            ("# nothing\n", "it is nothing"),
            ("just text", "1: it is a text: expected a mapping"),
            ("- a\n- b", "1: it is a list: expected a mapping"),
            ("{}", "1: hosts: it is missing"),
            (
                "host: []",
                "1: host: there is no such field: expected one of hosts",
            ),
            ("hosts:", "hosts: it is nothing: expected a list of hosts"),
            ("hosts: ~", "1: hosts: it is nothing: expected a list of hosts"),
            ("hosts: []", "1: hosts: it is empty"),
            ("hosts: left", "1: hosts: it is a text: expected a list"),
            (
                "hosts:\n  left: {address: 'a:1'}",
                "2: hosts: it is a mapping: expected a list",
            ),
            (
                "hosts:\n- a:1",
                "2: hosts[0]: it is a text: expected a mapping",
            ),
            ("hosts:\n- {}", "2: hosts[0]: address: it is missing"),
            (
                "hosts:\n- name: left",
                "2: hosts[0]: address: it is missing: expected HOST:PORT or "
                "unix:PATH",
            ),
            (
                "hosts:\n- address: a",
                '2: hosts[0].address: address "a" of a host: expected '
                "HOST:PORT or unix:PATH",
            ),
            (
                "hosts:\n- address:\n  - a:1",
                "3: hosts[0].address: it is a list: expected HOST:PORT",
            ),
            ("hosts:\n- address: ''", "2: hosts[0].address: it is empty"),
            (
                "hosts:\n- address: a:1\n  adress: b:1",
                "3: hosts[0].adress: there is no such field: expected one of "
                "name, address, tls, session, known_as",
            ),
            (
                "hosts:\n- address: a:1\n  address: b:1",
                "3: hosts[0].address: the field is there twice",
            ),
            (
                "hosts:\n- address: a:1\n  [x]: 1",
                "3: hosts[0].?: there is no such field",
            ),
            (
                "hosts:\n- address: a:1\n  <<: {name: x}",
                "3: hosts[0].<<: there is no such field",
            ),
            (
                "hosts:\n- address: a:1\n  name: 'le ft'",
                '3: hosts[0].name: "le ft" is no name: expected 1 to 64 '
                "letters, digits",
            ),
            (
                "hosts:\n- address: a:1\n  session: 'a/b'",
                '3: hosts[0].session: "a/b" is no name',
            ),
            (
                "hosts:\n- address: a:1\n  tls: ca.pem",
                "3: hosts[0].tls: it is a text: expected a mapping with the "
                "fields ca, cert, key",
            ),
            (
                "hosts:\n- address: a:1\n  tls:\n    key: k",
                "4: hosts[0].tls: cert and key go together",
            ),
            (
                "hosts:\n- address: a:1\n  tls:\n    ca: []",
                "4: hosts[0].tls.ca: it is a list: expected the path",
            ),
            (
                "hosts:\n- {name: x, address: 'a:1'}\n"
                "- {name: x, address: 'b:1'}",
                '3: hosts[1].name: two hosts are called "x"',
            ),
            (
                "hosts:\n- address: a:1\n  known_as: 203.0.113.7",
                "3: hosts[0].known_as: it is a text: expected a list, each a "
                "literal IP address",
            ),
            (
                "hosts:\n- address: a:1\n  known_as:\n  - 10.0.0.1\n  - left",
                '5: hosts[0].known_as[1]: "left" is none: expected a literal '
                "IP address",
            ),
            ("hosts:\n- address: a:1\n---\nhosts: []", "a second document"),
            ("hosts: [", "no YAML: "),
            ("hosts:\n\t- x", "2: no YAML: "),
            ("hosts: *nobody", "1: no YAML: "),
            ("a: b: c", "1: no YAML: "),
            ("hosts:\n- \0", "2: no YAML: "),
            # What could run code, were it not read as text.
            (
                "hosts:\n- !!python/object/apply:os.system ['false']",
                "2: hosts[0]: it is a list: expected a mapping",
            ),
        ],
    )
    def test_names_the_line_the_field_and_the_remedy(
        self, text: str, expected: str
    ) -> None:
        problem = _problem(lambda: _parse(text))
        assert problem.startswith(f"{_PATH}:")
        assert expected in problem.removeprefix(f"{_PATH}:")

    def test_expects_utf_8(self) -> None:
        problem = _problem(
            lambda: parse_hosts_file(b"hosts:\n- \xff\xfe", _PATH)
        )
        assert problem.startswith(f"{_PATH}:2: no YAML: ")

    @pytest.mark.parametrize("depth", [100, 10_000, 500_000])
    def test_survives_deep_nesting(self, depth: int) -> None:
        for text in (
            "[" * depth,
            "hosts: " + "{a: " * (depth // 4),
            "hosts: " + "- " * depth,
            "hosts:\n" + "- " * depth + "x",
            "? " * depth,
        ):
            assert _problem(lambda: _parse(text)).startswith(f"{_PATH}:")

    def test_survives_aliases_of_aliases(self) -> None:
        lines = ["x0: &x0 [a, b]"] + [
            f"x{i}: &x{i} [{f'*x{i - 1}, ' * 20}]" for i in range(1, 100)
        ]
        problem = _problem(lambda: _parse("\n".join(lines)))
        assert problem.startswith(f"{_PATH}:1: x0: there is no such field")
        problem = _problem(lambda: _parse("hosts: &x [*x]"))
        assert "expected a mapping" in problem

    def test_refuses_what_is_too_large(self) -> None:
        text = "#" * MAX_HOSTS_FILE_BYTES
        assert "it is nothing" in _problem(lambda: _parse(text))
        assert _problem(lambda: _parse(text + "#")) == (
            f"{_PATH}: larger than 1048576 bytes: no hosts file"
        )


class TestReadHostsFile:
    def test_reads_a_file(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "hosts.yaml"
        path.write_text("hosts:\n- {address: 'a:1', tls: {ca: ca.pem}}\n")
        assert read_hosts_file(path)[0].tls.ca == str(tmp_path / "ca.pem")

    def test_reads_no_more_than_the_limit(self) -> None:
        problem = _problem(lambda: read_hosts_file("/dev/zero"))
        assert problem.startswith("/dev/zero: larger than 1048576 bytes")

    def test_says_why_it_cannot(self, tmp_path: pathlib.Path) -> None:
        assert _problem(lambda: read_hosts_file("/no/such/file")) == (
            "can't read /no/such/file: No such file or directory"
        )
        problem = _problem(lambda: read_hosts_file(tmp_path))
        assert problem.endswith("Is a directory")

    def test_says_what_to_install(
        self, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "hosts.yaml"
        path.write_text("hosts: []")
        # Which makes importing it fail.
        monkeypatch.setitem(cast(dict[str, Any], sys.modules), "yaml", None)
        problem = _problem(lambda: read_hosts_file(path))
        assert "python3-yaml" in problem

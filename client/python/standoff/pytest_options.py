"""Which hosts pytest is told to use: its options and settings."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
from collections.abc import Sequence
from typing import NoReturn

import pytest

from standoff.host_entry import HostEntry, HostsError, parse_host_entries
from standoff.hosts import HOSTS_FILE_VARIABLE, HOSTS_VARIABLE, find_hosts
from standoff.hosts_file import read_hosts_file
from standoff.lab import DAEMON_VARIABLE, Lab, LabError
from standoff.pytest_hang import HANG_TIMEOUT

_NO_HOSTS = """\
this test needs hosts, and pytest was not told any. Give one of
  --standoff-host NAME=ADDRESS   as often as there are hosts
  --standoff-hosts-file FILE
  --standoff-lab NAME,NAME       network namespaces on this machine
or set STANDOFF_HOSTS or STANDOFF_HOSTS_FILE in the environment, or
standoff_hosts, standoff_hosts_file or standoff_lab in the ini-file"""


class ChoiceError(Exception):
    """What pytest was told can't be used; the message says where it was."""


def add_options(parser: pytest.Parser) -> None:
    """Adds the options, and the settings of the ini-file."""
    group = parser.getgroup("standoff", "hosts for tests (standoff)")
    group.addoption(
        "--standoff-host",
        metavar="[NAME=]ADDRESS",
        action="append",
        default=[],
        help="a host for tests: where its standoffd listens, HOST:PORT or "
        "unix:PATH; may be given several times",
    )
    group.addoption(
        "--standoff-hosts-file",
        metavar="FILE",
        help="a YAML file with the hosts for tests",
    )
    group.addoption(
        "--standoff-lab",
        metavar="NAME,NAME",
        help="hosts for tests: network namespaces that are made for this run",
    )
    group.addoption(
        "--standoffd",
        metavar="PATH",
        help="the daemon for --standoff-lab; by default that of the "
        "environment variable STANDOFFD, or on the PATH",
    )
    parser.addini(
        "standoff_hosts", "as --standoff-host, one a line", type="linelist"
    )
    parser.addini(
        "standoff_hosts_file", "as --standoff-hosts-file", type="string"
    )
    parser.addini("standoff_lab", "as --standoff-lab", type="string")
    parser.addini("standoffd", "as --standoffd", type="string")
    parser.addini(
        HANG_TIMEOUT,
        "after how many seconds to tell why a test that uses hosts hangs; by "
        "default faulthandler_timeout, 0 for never",
        type="string",
    )


@dataclasses.dataclass(frozen=True)
class Choice:
    """The hosts that pytest is told to use: a lab's or others.

    Attributes:
        entries: The hosts, if they are no lab's.
        lab: The names of the lab's hosts, if they are.
        source: Where that was told, for messages.
    """

    entries: Sequence[HostEntry] = ()
    lab: Sequence[str] = ()
    source: str = ""

    def describe_lab(self, standoffd: str | None = None) -> Lab:
        """Returns the lab, not yet made.

        Args:
            standoffd: The path of the daemon; None to look for it.

        Raises:
            ChoiceError: There can't be such a lab.
        """
        try:
            return Lab(self.lab, standoffd=standoffd)
        except LabError as error:
            raise ChoiceError(f"{self.source}: {error}") from error


def from_command_line(config: pytest.Config) -> Choice | None:
    """Returns what the command line says, or None if it says nothing.

    Raises:
        ChoiceError: It can't be read as hosts.
    """
    file = config.getoption("--standoff-hosts-file")
    return _read(
        config.getoption("--standoff-host"),
        _path(config.invocation_params.dir, file),
        config.getoption("--standoff-lab"),
        ("--standoff-host", "--standoff-hosts-file", "--standoff-lab"),
    )


def choose(config: pytest.Config) -> Choice:
    """Returns what the first of these says that says something.

    The command line, the environment, the ini-file.

    Raises:
        ChoiceError: That can't be read as hosts, or none says anything.
    """
    return (
        from_command_line(config)
        or _from_environment()
        or _from_ini(config)
        or _no_choice()
    )


def daemon(config: pytest.Config) -> str | None:
    """Returns the path of standoffd that pytest is told, or None.

    The command line, the environment (None, as find_daemon() reads that), the
    ini-file.
    """
    folder = config.invocation_params.dir
    told = config.getoption("--standoffd")
    if not told:
        if os.environ.get(DAEMON_VARIABLE):
            return None
        folder = _ini_folder(config)
        told = config.getini("standoffd")
    # A name without a slash is looked for on the PATH.
    return _path(folder, told) if told and os.sep in told else told or None


def _from_environment() -> Choice | None:
    try:
        entries = find_hosts(default=None)
    except HostsError as error:
        raise ChoiceError(str(error)) from error
    source = f"{HOSTS_VARIABLE} or {HOSTS_FILE_VARIABLE}"
    return Choice(entries=entries, source=source) if entries else None


def _from_ini(config: pytest.Config) -> Choice | None:
    file = config.getini("standoff_hosts_file")
    return _read(
        config.getini("standoff_hosts"),
        _path(_ini_folder(config), file),
        config.getini("standoff_lab"),
        ("standoff_hosts", "standoff_hosts_file", "standoff_lab"),
    )


def _no_choice() -> NoReturn:
    raise ChoiceError(_NO_HOSTS)


def _read(
    hosts: Sequence[str],
    file: str,
    lab: str | None,
    names: tuple[str, str, str],
) -> Choice | None:
    """Reads what is told in one place.

    Args:
        hosts: Each [NAME=]ADDRESS.
        file: The path of a hosts file; not read if there are `hosts`.
        lab: Names with commas or blanks between them.
        names: What these are called there.
    """
    if lab:
        if hosts or file:
            raise ChoiceError(
                f"{names[2]} makes hosts of its own: leave "
                f"{names[0]} and {names[1]} away"
            )
        return Choice(lab=re.split(r"[\s,]+", lab.strip(" ,")), source=names[2])
    source = names[0] if hosts else names[1]
    try:
        if hosts:
            return Choice(entries=parse_host_entries(hosts), source=source)
        if file:
            return Choice(entries=read_hosts_file(file), source=source)
    except HostsError as error:
        raise ChoiceError(f"{source}: {error}") from error
    return None


def _ini_folder(config: pytest.Config) -> pathlib.Path:
    return config.rootpath if config.inipath is None else config.inipath.parent


def _path(folder: pathlib.Path, path: str | None) -> str:
    """A path that starts at a folder; empty for none."""
    return os.path.join(folder, path) if path else ""

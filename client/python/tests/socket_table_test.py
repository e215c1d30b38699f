"""Holds docs/python-socket-table.md to what the stand-ins do."""

from __future__ import annotations

import dataclasses
import fcntl
import fnmatch
import os
import pathlib
import re
import select
import selectors
import socket
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import standoff
from standoff import socket_names

DOCUMENT = (pathlib.Path(__file__).resolve().parents[3] / "docs" /
            "python-socket-table.md")

# The real thing of each of the document's parts.
REAL: dict[str, Any] = {
    "The module `socket`": socket,
    "The class `socket.socket`": socket.socket,
    "The module `select`": select,
    "The module `selectors`": selectors,
    "The module `fcntl`": fcntl,
}
# What refuses, with arguments that it would take. Each gets the stand-in for
# `socket` and a socket.
REFUSALS: dict[str, Callable[[Any, Any], Any]] = {
    "gethostbyaddr": lambda module, sock: module.gethostbyaddr("127.0.0.1"),
    "sethostname": lambda module, sock: module.sethostname("name"),
    "sendmsg_afalg": lambda module, sock: sock.sendmsg_afalg(op=0),
}


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the document: some names of one thing."""

    part: str
    patterns: tuple[str, ...]
    verdict: str
    note: str

    def names(self) -> set[str]:
        """The public names of the real thing that it is about."""
        return {
            name for name in public(REAL[self.part])
            if any(fnmatch.fnmatchcase(name, pattern)
                   for pattern in self.patterns)
        }


def public(thing: Any) -> list[str]:
    """Names that aren't the thing's own affair."""
    return [name for name in dir(thing) if not name.startswith("_")]


def read_rows() -> Iterator[Row]:
    """The rows of the document's tables of names."""
    part = ""
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("## "):
            part = line[3:]
        if not part or not line.startswith("| `"):
            continue
        # In what a cell quotes, a bar would have to be escaped.
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == 3, line
        names = re.fullmatch(r"`[\w*]+`(?:, `[\w*]+`)*", cells[0])
        assert names, cells[0]
        yield Row(part, tuple(re.findall(r"[\w*]+", cells[0])), *cells[1:])


ROWS = list(read_rows())
ROW_IDS = [row.patterns[0] for row in ROWS]


@pytest.fixture(scope="module", name="host")
def _host(daemon_address: str) -> Iterator[standoff.Host]:
    with standoff.connect(daemon_address) as host:
        yield host


def stand_ins(host: standoff.Host) -> dict[str, types.ModuleType | type]:
    """What stands in for the real thing of each part."""
    return dict(zip(REAL, (host.socket_module(), host.socket,
                           host.select_module(), host.selectors_module(),
                           host.fcntl_module())))


def test_all_parts_are_there() -> None:
    assert {row.part for row in ROWS} == set(REAL)


@pytest.mark.parametrize("part", REAL)
def test_each_name_is_in_one_row(part: str) -> None:
    rows: dict[str, list[Row]] = {name: [] for name in public(REAL[part])}
    for row in ROWS:
        if row.part == part:
            for name in row.names():
                rows[name].append(row)
    for name, found in rows.items():
        assert len(found) == 1, name


@pytest.mark.parametrize("row", ROWS, ids=ROW_IDS)
def test_each_row_is_about_something(row: Row) -> None:
    assert row.verdict in ("works", "differs", "cannot")
    # What is not as it was is said.
    assert row.note or row.verdict == "works"
    names = public(REAL[row.part])
    for pattern in row.patterns:
        assert fnmatch.filter(names, pattern), pattern


@pytest.mark.parametrize("row", ROWS, ids=ROW_IDS)
def test_row_is_true(host: standoff.Host, row: Row) -> None:
    stand_in = stand_ins(host)[row.part]
    missing = row.verdict == "cannot" and row.note.startswith("missing")
    raises = row.verdict == "cannot" and row.note.startswith("raises: ")
    assert row.verdict != "cannot" or missing or raises
    for name in row.names():
        assert hasattr(stand_in, name) == (not missing), name
        if raises:
            with host.socket() as sock, pytest.raises(standoff.Unsupported):
                REFUSALS[name](host.socket_module(), sock)


@pytest.mark.parametrize("row", ROWS, ids=ROW_IDS)
def test_constants_that_work_are_the_same(host: standoff.Host,
                                          row: Row) -> None:
    stand_in = stand_ins(host)[row.part]
    for name in row.names():
        real = getattr(REAL[row.part], name)
        if row.verdict == "works" and isinstance(real, (int, str)):
            assert getattr(stand_in, name) == real, name


def test_stand_ins_have_nothing_else(host: standoff.Host) -> None:
    for part, stand_in in stand_ins(host).items():
        extra = set(public(stand_in)) - set(public(REAL[part]))
        if part == "The class `socket.socket`":
            # What a socket of a host has besides, and how calls are built.
            extra -= {"host", "name", "recv_pattern", "receive_queue",
                      "send_queue", "is_at_mark", "receive_batch",
                      "send_batch"}
            extra = {name for name in extra if not name.endswith("_call")}
        assert not extra, part


def test_names_have_the_fate_that_the_table_tells() -> None:
    told = {
        name: row for row in ROWS if row.part == "The module `socket`"
        for name in row.names()
    }
    for name, fate in socket_names.names().items():
        row = told[name]
        verdicts = {
            socket_names.Fate.SAME: ("works", "differs"),
            socket_names.Fate.HOST: ("works", "differs"),
            socket_names.Fate.LOCAL: ("differs",),
            socket_names.Fate.CANNOT: ("cannot",),
            socket_names.Fate.MISSING: ("cannot",),
        }[fate]
        assert row.verdict in verdicts, name
        if row.verdict == "cannot":
            refused = fate is socket_names.Fate.CANNOT
            assert row.note.startswith("raises") == refused, name


# What "differs" says, where a name alone does not tell -------------------------


def test_functions_that_differ(host: standoff.Host) -> None:
    module: Any = host.socket_module()
    assert module.SocketType is module.socket
    assert module.gethostbyname_ex("localhost")[1] == []
    with pytest.raises(standoff.Unsupported):
        module.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICSERV)
    with pytest.raises(OSError):
        module.getservbyname("http", "sctp")
    module.setdefaulttimeout(5)
    try:
        assert socket.getdefaulttimeout() is None
    finally:
        module.setdefaulttimeout(None)


def test_methods_that_differ(host: standoff.Host,
                             tmp_path: pathlib.Path) -> None:
    first, second = host.socketpair()
    with first, second:
        with pytest.raises(OSError, match="refused by the daemon"):
            host.socket(getattr(socket, "AF_ROUTE"), socket.SOCK_RAW)
        with pytest.raises(standoff.LimitReached):
            first.send(bytes(host.max_transfer + 1))
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, bytes(4))
        with pytest.raises(PermissionError, match="fileno"):
            first.sendmsg([b"x"], [rights])
        first.set_inheritable(True)
        assert first.get_inheritable()
        path = tmp_path / "file"
        path.write_bytes(b"text")
        with path.open("rb") as file:
            assert first.sendfile(file) == 4
        assert second.recv(1 << 40) == b"text"


def test_modules_that_differ(host: standoff.Host) -> None:
    reader, writer = os.pipe()
    try:
        with pytest.raises(standoff.Unsupported):
            host.select([reader], [], [], 0)
        poller = host.poll()
        poller.register(reader)
        with pytest.raises(standoff.Unsupported):
            poller.poll(0)
    finally:
        os.close(reader)
        os.close(writer)
    module: Any = host.selectors_module()
    assert module.DefaultSelector is module.PollSelector
    assert not hasattr(module.DefaultSelector, "fileno")
    with host.socket() as sock:
        assert host.fcntl(sock, fcntl.F_GETFD) == fcntl.FD_CLOEXEC
        for command in (fcntl.F_SETFL, fcntl.F_SETOWN):
            with pytest.raises(standoff.Unsupported):
                host.fcntl(sock, command, os.O_APPEND)
        sock.settimeout(1)
        with pytest.raises(standoff.Unsupported, match="timeout"):
            host.fcntl(sock, fcntl.F_SETFL, 0)

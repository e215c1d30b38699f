"""Files that say which hosts there are, in YAML.

    hosts:
      - name: left
        address: 10.1.0.1:7411
      - name: right
        address: 10.1.0.2:7411
        tls:                  # none of its files, and the channel is plain
          ca: ca.pem          # a path that is not absolute starts at the
          cert: client.pem    # folder of the file that names it
          key: client.key
        session: nightly      # that of who connects if it is left out
        known_as:             # addresses that others see instead of its own,
          - 203.0.113.7       # where addresses are translated

`address` is required; `name` is the address if it is left out. Any other field
is an error.
"""

from __future__ import annotations

import importlib
import ipaddress
import os
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from standoff.host_entry import (
    HostEntry,
    HostsError,
    TlsFiles,
    check_host_address,
    check_host_name,
    check_session_name,
    escape,
)

# The largest file that is read, in bytes.
MAX_HOSTS_FILE_BYTES = 1 << 20

# How much of a wrong text a message repeats.
_SHOWN = 64

_IP_ADDRESS = "a literal IP address"

_NULL_TAG = "tag:yaml.org,2002:null"


def read_hosts_file(path: str | os.PathLike[str]) -> list[HostEntry]:
    """Reads a hosts file. The files of `tls` are not looked at yet.

    Returns:
        The hosts, in the file's order: one at least.

    Raises:
        HostsError: The file can't be read, with the system's reason; is larger
            than MAX_HOSTS_FILE_BYTES; or is none, as "FILE:LINE: FIELD: what is
            wrong and what is expected": no YAML, an unknown or repeated field,
            a value of the wrong kind or form, two hosts of one name, no host.
    """
    path = os.fspath(path)
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_HOSTS_FILE_BYTES + 1)
    except OSError as error:
        raise HostsError(f"can't read {path}: {error.strerror}") from error
    return parse_hosts_file(content, path)


def parse_hosts_file(content: bytes, path: str) -> list[HostEntry]:
    """Does the same for the content of such a file.

    Args:
        content: What is in the file: YAML in UTF-8.
        path: Stands in messages, and is where relative paths start.
    """
    if len(content) > MAX_HOSTS_FILE_BYTES:
        raise HostsError(
            f"{path}: larger than {MAX_HOSTS_FILE_BYTES} bytes: no hosts file"
        )
    documents = _compose(content, path)
    if len(documents) > 1:
        _Place(path, "", documents[1]).fail(
            'a second document: expected one, without "---" in between'
        )
    place = _Place(path, "", documents[0] if documents else None)
    hosts = place.read_mapping({"hosts": _read_hosts}).get("hosts")
    if hosts is None:
        place.fail("hosts: it is missing: expected a list")
    return list(hosts)


def _compose(content: bytes, path: str) -> list[Any]:
    """Parses YAML to nodes: what safe_load() makes its values of.

    Nodes know their lines, and of a mapping's keys those that occur twice.
    """
    try:
        yaml: Any = importlib.import_module("yaml")
    except ImportError as error:
        raise HostsError(
            f"can't read {path}: the Python module yaml is missing: install "
            "Debian's python3-yaml, or PyYAML"
        ) from error
    line = 0
    try:
        text = content.decode()
        # Never yaml.Loader, which would run what the file asks for.
        return list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start)
        problem = f"{error.reason}: expected UTF-8"
    except RecursionError:
        problem = "it is nested too deeply"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line if mark is not None else 0
        problem = error.problem or str(error.context)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        problem = error.reason
    except yaml.YAMLError as error:
        problem = str(error)
    raise HostsError(f"{path}:{line + 1}: no YAML: {problem}")


class _Place:
    """A place in the file: what it is called, and its node, if any."""

    def __init__(self, path: str, field: str, node: Any) -> None:
        self.path = path
        self._field = field
        self.node = node

    @property
    def kind(self) -> str:
        if self.node is None or self.node.tag == _NULL_TAG:
            return "nothing"
        kinds = {
            "scalar": "a text",
            "sequence": "a list",
            "mapping": "a mapping",
        }
        return kinds[self.node.id]

    def fail(self, problem: str) -> NoReturn:
        line = 0 if self.node is None else self.node.start_mark.line
        field = f"{self._field}: " if self._field else ""
        raise HostsError(f"{self.path}:{line + 1}: {field}{problem}")

    def field(self, name: str, node: Any) -> _Place:
        name = f"{self._field}.{name}" if self._field else name
        return _Place(self.path, name, node)

    def elements(self) -> list[_Place]:
        """The elements of a list."""
        return [
            _Place(self.path, f"{self._field}[{index}]", node)
            for index, node in enumerate(self.node.value)
        ]

    def read_mapping(
        self, readers: Mapping[str, Callable[[_Place], Any]]
    ) -> dict[str, Any]:
        """Reads the values of a mapping's fields, in the file's order."""
        expected = ", ".join(readers)
        if self.kind != "a mapping":
            self.fail(
                f"it is {self.kind}: expected a mapping with the fields "
                f"{expected}"
            )
        values: dict[str, Any] = {}
        for key, value in self.node.value:
            scalar = key.id == "scalar"
            name = key.value if scalar else ""
            # The key's line: a value may be on the next.
            at = self.field(escape(name[:_SHOWN]) if scalar else "?", key)
            if name not in readers:
                at.fail(f"there is no such field: expected one of {expected}")
            if name in values:
                at.fail("the field is there twice: remove one")
            values[name] = readers[name](self.field(name, value))
        return values

    def read_text(self, expected: str) -> str:
        """Reads a text that is not empty."""
        kind = self.kind
        if kind == "a text" and not self.node.value:
            kind = "empty"
        if kind != "a text":
            self.fail(f"it is {kind}: expected {expected}")
        return str(self.node.value)


def _read_hosts(place: _Place) -> list[HostEntry]:
    elements = place.elements() if place.kind == "a list" else []
    if not elements:
        kind = "empty" if place.kind == "a list" else place.kind
        place.fail(
            f"it is {kind}: expected a list of hosts, each "
            '"- address: HOST:PORT" and more'
        )
    hosts: dict[str, HostEntry] = {}
    for element in elements:
        host = _read_host(element)
        if host.name in hosts:
            element.field("name", element.node).fail(
                f'two hosts are called "{host.name}": give each its own name'
            )
        hosts[host.name] = host
    return list(hosts.values())


def _read_host(place: _Place) -> HostEntry:
    fields = place.read_mapping(
        {
            "name": _text("what messages call the host", check_host_name),
            "address": _text("HOST:PORT or unix:PATH", check_host_address),
            "tls": _read_tls,
            "session": _text("the name of a session", check_session_name),
            "known_as": _read_known_as,
        }
    )
    if "address" not in fields:
        place.fail("address: it is missing: expected HOST:PORT or unix:PATH")
    return HostEntry(**({"name": fields["address"]} | fields))


def _read_tls(place: _Place) -> TlsFiles:
    fields = place.read_mapping(
        {"ca": _read_path, "cert": _read_path, "key": _read_path}
    )
    if ("cert" in fields) != ("key" in fields):
        place.fail("cert and key go together: give both or neither")
    return TlsFiles(
        ca=fields.get("ca", ""),
        certificate=fields.get("cert", ""),
        key=fields.get("key", ""),
    )


def _read_known_as(place: _Place) -> tuple[str, ...]:
    if place.kind != "a list":
        place.fail(f"it is {place.kind}: expected a list, each {_IP_ADDRESS}")
    read = _text(_IP_ADDRESS, _check_ip_address)
    return tuple(read(element) for element in place.elements())


def _check_ip_address(text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise HostsError(
            f'"{escape(text[:_SHOWN])}" is none: expected {_IP_ADDRESS}'
        ) from None


def _text(
    expected: str, check: Callable[[str], None]
) -> Callable[[_Place], str]:
    """Returns what reads a text that passes `check`."""

    def read(place: _Place) -> str:
        text = place.read_text(expected)
        try:
            check(text)
        except HostsError as error:
            place.fail(str(error))
        return text

    return read


def _read_path(place: _Place) -> str:
    file = place.read_text("the path of a PEM file")
    return os.path.join(os.path.dirname(place.path), file)

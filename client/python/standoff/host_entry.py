"""Hosts as users name them: [NAME=]ADDRESS."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import standoff

# Where a daemon listens unless it is told otherwise.
DEFAULT_ADDRESS = "127.0.0.1:7411"

_LONGEST_NAME = 64
_ALPHANUMERIC = frozenset(string.ascii_letters + string.digits)


class HostsError(ValueError):
    """What should say which hosts there are can't be read as that.

    The message says whence it came, what is wrong and what is expected.
    """


@dataclasses.dataclass(frozen=True)
class TlsFiles:
    """Files for TLS, in PEM format. With none of them the channel is plain.

    Attributes:
        ca: The path of certificates of the authorities that may sign the
            daemon's certificate; empty for the system's.
        certificate: The path of this client's certificate, for a daemon that
            asks for one (mutual TLS), or empty.
        key: The path of its private key. Goes with `certificate`: both or
            neither.
    """

    ca: str = ""
    certificate: str = ""
    key: str = ""

    def __bool__(self) -> bool:
        """Whether there is any of them."""
        return bool(self.ca or self.certificate or self.key)


@dataclasses.dataclass(frozen=True)
class HostEntry:
    """One host: what messages call it, and how to reach it.

    Attributes:
        name: What messages call the host.
        address: Where its daemon listens for control: HOST:PORT or unix:PATH.
        tls: The files for TLS.
        session: The session to be in; empty if that is left to who connects.
        known_as: IP addresses by which other hosts know it, though no interface
            of its own has them: those of an address translation.
    """

    name: str
    address: str
    tls: TlsFiles = TlsFiles()
    session: str = ""
    known_as: tuple[str, ...] = ()

    def connect(self, **options: Any) -> standoff.Host:
        """Connects to the host.

        Args:
            **options: For `standoff.connect()`, which tells them. Without
                `session`, it is the entry's; without that, a session of its
                own. Without `credentials`, they are the entry's TLS files,
                which do not count for a unix:PATH: its permissions guard it.

        Returns:
            The host, named as the entry is.

        Raises:
            standoff.HarnessError: As `standoff.connect()`.
        """
        # Hosts can be found without gRPC; only this needs it.
        import standoff

        settings: dict[str, Any] = {"name": self.name}
        if self.session:
            settings["session"] = self.session
        if self.tls and not self.address.startswith("unix:"):
            settings["credentials"] = standoff.Credentials(
                ca=self.tls.ca or None,
                certificate=self.tls.certificate or None,
                key=self.tls.key or None,
            )
        return standoff.connect(self.address, **(settings | options))


def is_host_name(text: str) -> bool:
    """Whether it is 1 to 64 letters, digits and "._-"."""
    return _is_name(text, "._-")


def check_host_name(name: str) -> None:
    """Raises HostsError unless it is 1 to 64 letters, digits and "._-"."""
    _check_name(name, "._-")


def check_session_name(name: str) -> None:
    """Raises HostsError unless it is 1 to 64 letters, digits and "._:-"."""
    _check_name(name, "._:-")


def check_host_address(address: str) -> None:
    """Checks the form of an address where a daemon listens for control.

    Raises:
        HostsError: It is neither HOST:PORT, with an IPv6 literal in brackets
            and a port from 1 to 65535, nor unix:PATH.
    """
    # gRPC takes other forms, too, and gives a host without a port the port 443.
    if address.startswith("unix:"):
        if address != "unix:":
            return
    else:
        host, colon, port = address.rpartition(":")
        if colon and _is_host(host) and _is_port(port):
            return
    raise HostsError(
        f'address "{address}" of a host: expected HOST:PORT or unix:PATH'
    )


def check_names_differ(hosts: Iterable[HostEntry]) -> None:
    """Raises HostsError if two of the hosts have the same name."""
    names: set[str] = set()
    for host in hosts:
        if host.name in names:
            raise HostsError(
                f'two hosts are called "{host.name}": give each its own name'
            )
        names.add(host.name)


def parse_host_entry(text: str) -> HostEntry:
    """Reads [NAME=]ADDRESS. Without a name, the address is the name, too.

    Raises:
        HostsError: The address is neither HOST:PORT nor unix:PATH.
    """
    name = address = text
    before, equals, after = text.partition("=")
    # A path may have an equals sign, too.
    if equals and is_host_name(before):
        name, address = before, after
    check_host_address(address)
    return HostEntry(name, address)


def parse_host_entries(texts: Iterable[str]) -> list[HostEntry]:
    """Reads several [NAME=]ADDRESS.

    Raises:
        HostsError: One can't be read, or two have the same name.
    """
    hosts = [parse_host_entry(text) for text in texts]
    check_names_differ(hosts)
    return hosts


def parse_host_list(text: str) -> list[HostEntry]:
    """Reads a list of [NAME=]ADDRESS with commas between them.

    That is the form of the environment variable STANDOFF_HOSTS. A path with a
    comma in it can't be written so.

    Raises:
        HostsError: One can't be read, two have the same name, or there is none.
    """
    return parse_host_entries(part.strip() for part in text.split(","))


def escape(text: str) -> str:
    """Returns the text with what could steer a terminal as in C: "\\x1b"."""
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    escaped = []
    for character in text:
        if character in named:
            escaped.append(named[character])
        elif character in "\"'\\":
            escaped.append("\\" + character)
        elif " " <= character <= "~":
            escaped.append(character)
        else:
            encoded = character.encode("utf-8", "surrogatepass")
            escaped.append("".join(f"\\x{byte:02x}" for byte in encoded))
    return "".join(escaped)


def _is_name(name: str, punctuation: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and all(
        character in _ALPHANUMERIC or character in punctuation
        for character in name
    )


def _check_name(name: str, punctuation: str) -> None:
    if not _is_name(name, punctuation):
        raise HostsError(
            f'"{escape(name[:_LONGEST_NAME])}" is no name: expected 1 to '
            f'{_LONGEST_NAME} letters, digits and "{punctuation}"'
        )


def _is_host(host: str) -> bool:
    if ":" not in host:
        return bool(host)
    return host.startswith("[") and host.endswith("]")


def _is_port(text: str) -> bool:
    # int() would take signs, spaces, underscores and other scripts' digits.
    return text.isascii() and text.isdigit() and 1 <= int(text) <= 65535

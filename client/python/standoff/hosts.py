"""Which hosts a program is to talk to."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping

from standoff.host_entry import (
    DEFAULT_ADDRESS,
    HostEntry,
    HostsError,
    TlsFiles,
    check_names_differ,
    is_host_name,
    parse_host_entries,
    parse_host_entry,
    parse_host_list,
)
from standoff.hosts_file import parse_hosts_file, read_hosts_file

__all__ = [
    "DEFAULT_ADDRESS",
    "HOSTS_FILE_VARIABLE",
    "HOSTS_VARIABLE",
    "HostEntry",
    "HostsError",
    "TlsFiles",
    "find_hosts",
    "parse_host_entries",
    "parse_host_entry",
    "parse_host_list",
    "parse_hosts_file",
    "read_hosts_file",
]

# The environment variables: hosts as parse_host_list() reads them, and the path
# of a hosts file.
HOSTS_VARIABLE = "STANDOFF_HOSTS"
HOSTS_FILE_VARIABLE = "STANDOFF_HOSTS_FILE"


def find_hosts(
    hosts: Iterable[str] | str = (),
    file: str | os.PathLike[str] | None = None,
    *,
    tls: TlsFiles = TlsFiles(),
    default: str | None = DEFAULT_ADDRESS,
    environment: Mapping[str, str] | None = None,
) -> list[HostEntry]:
    """Returns the hosts that the first of these tells that says something.

    1. `hosts`, of which each may be the name of one of those that there would
       be without it
    2. `file`
    3. the environment variable STANDOFF_HOSTS:
       "left=10.1.0.1:7411,right=unix:/run/standoff"
    4. the environment variable STANDOFF_HOSTS_FILE: the path of a hosts file
    5. `default`

    Args:
        hosts: Each [NAME=]ADDRESS, where ADDRESS is HOST:PORT or unix:PATH, or
            a NAME; what a program was told by flags called --host. Or a single
            one.
        file: The path of a hosts file (see `standoff.hosts_file`); None or
            empty for none.
        tls: For hosts that have no TLS files of their own.
        default: The host if nothing else says any, as in `hosts`; None for no
            host then.
        environment: The environment; None for that of this process. An empty
            variable says nothing.

    Returns:
        The hosts, in the order they were told.

    Raises:
        HostsError: What says something can't be read as hosts; the message
            says whence it came.
    """
    if environment is None:
        environment = os.environ
    if isinstance(hosts, str):
        hosts = [hosts]
    found = _find(list(hosts), file, default, environment)
    return [
        host if host.tls else dataclasses.replace(host, tls=tls)
        for host in found
    ]


def _find(
    hosts: list[str],
    file: str | os.PathLike[str] | None,
    default: str | None,
    environment: Mapping[str, str],
) -> list[HostEntry]:
    if not hosts:
        found = _find_elsewhere(file, environment)
        if found is not None:
            return found
        return parse_host_entries([] if default is None else [default])
    try:
        entries = []
        for text in hosts:
            # No address is a name: it has a colon.
            if is_host_name(text):
                known = _find_elsewhere(file, environment)
                entries.append(_with_name(text, known))
            else:
                entries.append(parse_host_entry(text))
        check_names_differ(entries)
        return entries
    except HostsError as error:
        raise HostsError(f"--host: {error}") from error.__cause__


def _find_elsewhere(
    file: str | os.PathLike[str] | None, environment: Mapping[str, str]
) -> list[HostEntry] | None:
    """What a hosts file or the environment says; None if nothing does."""
    source = ""
    try:
        if file:
            return read_hosts_file(file)
        if told := environment.get(HOSTS_VARIABLE):
            source = f"{HOSTS_VARIABLE}: "
            return parse_host_list(told)
        if told := environment.get(HOSTS_FILE_VARIABLE):
            source = f"{HOSTS_FILE_VARIABLE}: "
            return read_hosts_file(told)
        return None
    except HostsError as error:
        raise HostsError(f"{source}{error}") from error.__cause__


def _with_name(name: str, known: list[HostEntry] | None) -> HostEntry:
    for host in known or ():
        if host.name == name:
            return host
    if known is None:
        no = "is there a hosts file or STANDOFF_HOSTS with names"
    else:
        names = ", ".join(host.name for host in known)
        no = f"the name of a known host; there are: {names}"
    raise HostsError(
        f'"{name}" is neither an address (HOST:PORT or unix:PATH) nor {no}'
    )

"""Connecting and listening in one go, as the functions of `socket` do.

Each is given a host, or its stand-in for `socket`.
"""

from __future__ import annotations

import errno
import socket as local_socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from standoff.host import Host
    from standoff.socket import Socket


def create_connection(
    host: Host | ModuleType,
    address: tuple[str | None, int],
    timeout: Any,
    source_address: tuple[str, int] | None,
    all_errors: bool,
) -> Socket:
    """Host.create_connection(). Tries each address of the name in turn."""
    failures: list[OSError] = []
    made: Socket | None
    for family, kind, proto, _, target in host.getaddrinfo(
        address[0], address[1], 0, local_socket.SOCK_STREAM
    ):
        made = None
        try:
            made = host.socket(family, kind, proto)
            if timeout is not ...:
                made.settimeout(timeout)
            if source_address:
                made.bind(source_address)
            made.connect(target)
            return made
        except OSError as error:
            if not all_errors:
                failures.clear()
            failures.append(error)
            if made is not None:
                made.close()
        except BaseException:
            if made is not None:
                made.close()
            raise
    try:
        if not failures:
            raise OSError("getaddrinfo returns an empty list")
        if all_errors:
            raise ExceptionGroup("create_connection failed", failures)
        raise failures[0]
    finally:
        failures.clear()  # Else they and this frame hold each other.


def create_server(
    host: Host | ModuleType,
    address: tuple[str, int],
    family: int,
    backlog: int | None,
    reuse_port: bool,
    dualstack_ipv6: bool,
) -> Socket:
    """Host.create_server()."""
    if dualstack_ipv6:
        if not host.has_dualstack_ipv6():
            raise ValueError("dualstack_ipv6 not supported on this platform")
        if family != local_socket.AF_INET6:
            raise ValueError("dualstack_ipv6 requires AF_INET6 family")
    made: Socket = host.socket(family, local_socket.SOCK_STREAM)
    try:
        # So that a server can be started again while old connections linger.
        made.setsockopt(
            local_socket.SOL_SOCKET, local_socket.SO_REUSEADDR, 1
        )
        if reuse_port:
            made.setsockopt(
                local_socket.SOL_SOCKET, local_socket.SO_REUSEPORT, 1
            )
        if family == local_socket.AF_INET6:
            made.setsockopt(
                local_socket.IPPROTO_IPV6,
                local_socket.IPV6_V6ONLY,
                0 if dualstack_ipv6 else 1,
            )
        try:
            made.bind(address)
        except OSError as error:
            raise OSError(
                error.errno,
                f"{error.strerror} (while attempting to bind on address "
                f"{address!r})",
            ) from None
        if backlog is None:
            made.listen()
        else:
            made.listen(backlog)
        return made
    except BaseException:
        made.close()
        raise


def has_dualstack_ipv6(host: Host | ModuleType) -> bool:
    """Host.has_dualstack_ipv6()."""
    try:
        with host.socket(
            local_socket.AF_INET6, local_socket.SOCK_STREAM
        ) as made:
            made.setsockopt(
                local_socket.IPPROTO_IPV6, local_socket.IPV6_V6ONLY, 0
            )
            return True
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS):
            raise
        return False

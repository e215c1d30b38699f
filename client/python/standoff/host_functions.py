"""The functions of `socket` that act on a host, bound to one."""

from __future__ import annotations

import os
import socket as local_socket
from typing import TYPE_CHECKING, Any, cast

from standoff import addresses
from standoff import descriptors
from standoff import errors
from standoff import lookup
from standoff.socket_arguments import c_int

if TYPE_CHECKING:
    from standoff.host import Host
    from standoff.socket import Socket

# As it is now: a program may put a host's in its place.
_getnameinfo = local_socket.getnameinfo


def bound_to(host: Host) -> dict[str, Any]:
    """Each by its name."""
    functions = _Functions(host)
    return {
        "SocketType": host.socket,
        "close": descriptors.close,
        **_connecting(host),
        "dup": descriptors.dup,
        "fromfd": functions.fromfd,
        "getaddrinfo": host.getaddrinfo,
        "getdefaulttimeout": host.getdefaulttimeout,
        "getfqdn": functions.getfqdn,
        "gethostbyname": functions.gethostbyname,
        "gethostbyname_ex": functions.gethostbyname_ex,
        "gethostname": functions.gethostname,
        "getnameinfo": functions.getnameinfo,
        "getservbyname": functions.getservbyname,
        "if_indextoname": functions.if_indextoname,
        "if_nameindex": functions.if_nameindex,
        "if_nametoindex": functions.if_nametoindex,
        "setdefaulttimeout": host.setdefaulttimeout,
        "socket": host.socket,
        "socketpair": host.socketpair,
    }


def _connecting(host: Host) -> dict[str, Any]:
    """What makes sockets of the class that the stand-in has at that time.

    A program may have put one of its own there, as into the module `socket`.
    """
    from standoff import connecting

    # The mark for "no timeout given" that code may pass on.
    default = getattr(local_socket, "_GLOBAL_DEFAULT_TIMEOUT")

    def create_connection(
        address: tuple[str | None, int],
        timeout: Any = default,
        source_address: tuple[str, int] | None = None,
        *,
        all_errors: bool = False,
    ) -> Socket:
        """Connects to a host and port; tries each address of a name."""
        return connecting.create_connection(
            host.socket_module(),
            address,
            ... if timeout is default else timeout,
            source_address,
            all_errors,
        )

    def create_server(
        address: tuple[str, int],
        *,
        family: int = local_socket.AF_INET,
        backlog: int | None = None,
        reuse_port: bool = False,
        dualstack_ipv6: bool = False,
    ) -> Socket:
        """A TCP listener bound to an address."""
        return connecting.create_server(
            host.socket_module(),
            address,
            family,
            backlog,
            reuse_port,
            dualstack_ipv6,
        )

    def has_dualstack_ipv6() -> bool:
        """Whether a socket can serve IPv4 and IPv6 at once."""
        return connecting.has_dualstack_ipv6(host.socket_module())

    return {
        function.__name__: function
        for function in (create_connection, create_server, has_dualstack_ipv6)
    }


class _Functions:
    """What needs more than a call of the host's."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def fromfd(
        self, fd: int, family: int, type: int, proto: int = 0
    ) -> Socket:
        """A socket object for a duplicate of a handle's socket."""
        return self._host.socket(family, type, proto, fileno=descriptors.dup(fd))

    def gethostname(self) -> str:
        """The host's name."""
        return self._host.info().host_name

    def getfqdn(self, name: str = "") -> str:
        """A host's full name, as the host knows it; the name if it does not."""
        name = name.strip()
        if name in ("", "0.0.0.0", "::"):
            name = self.gethostname()
        try:
            found = self._host.getaddrinfo(
                name, None, flags=local_socket.AI_CANONNAME
            )
        except OSError:
            return name
        return found[0][3] or name

    def gethostbyname(self, hostname: str) -> str:
        """A host's first IPv4 address. gaierror if it has none."""
        name = addresses.host_name(hostname)
        literal = addresses.literal_host(local_socket.AF_INET, name)
        if literal is not None:
            return literal
        return self._host._resolve_name(name, local_socket.AF_INET)

    def gethostbyname_ex(
        self, hostname: str
    ) -> tuple[str, list[str], list[str]]:
        """A host's full name, no aliases, and its IPv4 addresses."""
        found = self._host.getaddrinfo(
            hostname,
            None,
            local_socket.AF_INET,
            local_socket.SOCK_STREAM,
            0,
            local_socket.AI_CANONNAME,
        )
        return (
            found[0][3] or hostname,
            [],
            [cast(str, info[4][0]) for info in found],
        )

    def getservbyname(
        self, servicename: str, protocolname: str | None = None, /
    ) -> int:
        """A service's port, as the host knows it. OSError if it does not."""
        kinds = {
            None: 0,
            "tcp": local_socket.SOCK_STREAM,
            "udp": local_socket.SOCK_DGRAM,
        }
        if protocolname not in kinds or servicename.isdigit():
            raise OSError("service/proto not found")
        try:
            found = self._host.getaddrinfo(
                None, servicename, 0, kinds[protocolname]
            )
        except local_socket.gaierror:
            raise OSError("service/proto not found") from None
        return cast(int, found[0][4][1])

    def getnameinfo(
        self, sockaddr: tuple[Any, ...], flags: int, /
    ) -> tuple[str, str]:
        """A literal address and port as text.

        TypeError, OverflowError and gaierror as `socket` raises them.
        Names by address are Unsupported: give NI_NUMERICHOST.
        """
        # What is wrong with the arguments is said first.
        _getnameinfo(
            cast(Any, sockaddr),
            local_socket.NI_NUMERICHOST | local_socket.NI_NUMERICSERV,
        )
        if not c_int(flags) & local_socket.NI_NUMERICHOST:
            raise errors.Unsupported(
                "getnameinfo: a host looks up addresses of names, not the "
                "reverse; give NI_NUMERICHOST",
                host=self._host.name,
            )
        # Without a look-up it is the same everywhere.
        return _getnameinfo(cast(Any, sockaddr), flags)

    def if_nameindex(self) -> list[tuple[int, str]]:
        """The host's network interfaces: (number, name)."""
        return [
            (interface.index, interface.name)
            for interface in self._host.info().interfaces
        ]

    def if_nametoindex(self, name: str | bytes, /) -> int:
        """An interface's number. OSError if there is none."""
        return lookup.interface_index(self._host.info(), os.fsdecode(name))

    def if_indextoname(self, index: int, /) -> str:
        """An interface's name. OSError if there is none."""
        if not isinstance(index, int):
            raise TypeError("an integer is required")
        if index < 0:
            raise OverflowError("can't convert negative value to unsigned int")
        if index >= 2**64:
            raise OverflowError(
                "Python int too large to convert to C unsigned long"
            )
        return lookup.interface_name(self._host.info(), index)

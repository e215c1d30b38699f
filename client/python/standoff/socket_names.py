"""What becomes of each name of the module `socket` in its stand-in.

docs/python.md shows it, and a test holds both to what the module has.
"""

from __future__ import annotations

import enum
import re
import socket as local_socket


class Fate(enum.Enum):
    """Where a name of the stand-in comes from."""

    # The same object: a constant, an exception, or a function that only
    # computes.
    SAME = "same"
    # A class or function that acts on the remote host.
    HOST = "host"
    # A function that reads this machine's tables (/etc/services).
    LOCAL = "local"
    # There, and raises Unsupported.
    CANNOT = "cannot"
    # Missing, so that code that asks for it by hasattr() does without.
    MISSING = "missing"


_HOST = frozenset({
    "SocketType", "close", "create_connection", "create_server", "dup",
    "fromfd", "getaddrinfo", "getdefaulttimeout", "getfqdn", "gethostbyname",
    "gethostbyname_ex", "gethostname", "getnameinfo", "getservbyname",
    "has_dualstack_ipv6", "if_indextoname", "if_nameindex", "if_nametoindex",
    "setdefaulttimeout", "socket", "socketpair",
})
_LOCAL = frozenset({"getprotobyname", "getservbyport"})
_CANNOT = frozenset({
    "gethostbyaddr", "sethostname",
})
# What goes with families that the daemon refuses, and with C.
_MISSING = re.compile(
    r"(AF|PF|SOL)_(ALG|BLUETOOTH|KEY|NETLINK|PPPOX|RDS|ROUTE)|SOL_HCI|CAPI"
    r"|(ALG|BDADDR|BTPROTO|HCI|NETLINK|RDS)_\w+"
    # Modules that `socket` itself imports.
    r"|array|errno|io|os|selectors|sys|IntEnum|IntFlag"
)


def fate(name: str) -> Fate:
    """What becomes of a public name of `socket`."""
    if name in _HOST:
        return Fate.HOST
    if name in _LOCAL:
        return Fate.LOCAL
    if name in _CANNOT:
        return Fate.CANNOT
    if _MISSING.fullmatch(name):
        return Fate.MISSING
    return Fate.SAME


def names() -> dict[str, Fate]:
    """All public names of this Python's `socket`."""
    return {
        name: fate(name)
        for name in dir(local_socket)
        if not name.startswith("_")
    }

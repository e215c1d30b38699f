"""Names of hosts, services and interfaces, as a remote host knows them."""

from __future__ import annotations

import operator
import socket as local_socket
from typing import Any, cast

from standoff import addresses
from standoff import outcome as outcomes
from standoff.v1 import host_service_pb2
from standoff.v1 import socket_service_pb2 as messages

AddressInfo = tuple[int, int, int, str, Any]


def _enum(value: int, kind: Any) -> int:
    try:
        return cast(int, kind(value))
    except ValueError:
        return value


def resolve_request(
    host: bytes | str | None,
    port: bytes | str | int | None,
    family: int = 0,
    type: int = 0,
    proto: int = 0,
    flags: int = 0,
) -> messages.ResolveRequest:
    """Asks for addresses as getaddrinfo() does. TypeError, gaierror."""
    if host is not None:
        if isinstance(host, str):
            # Unlike in a socket's address, also where it is ASCII.
            host = host.encode("idna")
        host = addresses.host_name(host)
        if host == "":
            raise local_socket.gaierror(
                local_socket.EAI_NONAME, "Name or service not known"
            )
    if isinstance(port, int):
        if not -(2**63) <= port < 2**63:
            raise OverflowError("Python int too large to convert to C long")
        service = str(port)
    elif isinstance(port, bytes):
        service = port.decode()
    elif port is None or isinstance(port, str):
        service = port or ""
    else:
        raise OSError("Int or String expected")
    return messages.ResolveRequest(
        host=host or "",
        service=service,
        family=cast(Any, operator.index(family)),
        type=cast(Any, operator.index(type)),
        protocol=cast(Any, operator.index(proto)),
        flags=[cast(Any, operator.index(flags))] if flags else [],
    )


def read_addresses(response: messages.ResolveResponse) -> list[AddressInfo]:
    """What getaddrinfo() returns. gaierror if nothing was found."""
    outcomes.value_of(response.outcome)
    return [
        (
            _enum(found.family, local_socket.AddressFamily),
            _enum(found.type, local_socket.SocketKind),
            found.protocol,
            response.canonical_name if number == 0 else "",
            addresses.from_proto(found.address, str),
        )
        for number, found in enumerate(response.addresses)
    ]


def name_request(name: str, family: int) -> messages.ResolveRequest:
    """Asks for the address that a name in a socket's address stands for."""
    return messages.ResolveRequest(host=name, family=cast(Any, family))


def read_literal(response: messages.ResolveResponse) -> str:
    """The first address that was found, with its zone. gaierror if none."""
    outcomes.value_of(response.outcome)
    ip = response.addresses[0].address.ip
    host: str = ip.host
    return f"{host}%{ip.scope_id}" if ip.scope_id else host


def interface_index(
    info: host_service_pb2.GetInfoResponse, name: str
) -> int:
    """The number of an interface. OSError if there is none."""
    for interface in info.interfaces:
        if interface.name == name:
            index: int = interface.index
            return index
    raise OSError("no interface with this name")


def interface_name(
    info: host_service_pb2.GetInfoResponse, index: int
) -> str:
    """The name of an interface. OSError if there is none."""
    for interface in info.interfaces:
        if interface.index == index:
            name: str = interface.name
            return name
    raise OSError("no interface with this index")


def max_transfer(info: host_service_pb2.GetInfoResponse) -> int:
    """The daemon's --max_transfer, in bytes."""
    for limit in info.limits:
        if limit.name == "transfer-bytes":
            size: int = limit.limit
            return size
    return 64 * 1024 * 1024

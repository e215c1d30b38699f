"""Socket addresses: the tuples and strings of `socket`, and standoff.v1's."""

from __future__ import annotations

import operator
import os
import socket as local_socket
import struct
from typing import Any, Callable

from standoff.v1 import address_pb2

# What bind(), connect(), … take and getsockname(), accept(), … return.
AnyAddress = Any

# Looks a host name up: (name, family) -> a literal. gaierror if there is none.
Resolver = Callable[[str, int], str]
# The number of an interface by its name. OSError if there is none.
InterfaceIndex = Callable[[str], int]
# The name of an interface by its number. OSError if there is none.
InterfaceName = Callable[[int], str]

_MAX_UNIX_NAME = 108
_AF_PACKET = 17
_AF_VSOCK = 40


def to_proto(
    family: int,
    address: AnyAddress,
    method: str,
    resolve: Resolver,
    interface_index: InterfaceIndex,
) -> address_pb2.Address:
    """What `socket` makes of an address for a socket of this family.

    `method` is the name of the socket's method, for messages. TypeError,
    OverflowError and OSError as `socket` raises them.
    """
    if family == local_socket.AF_INET:
        return _inet_to_proto(address, method, resolve)
    if family == local_socket.AF_INET6:
        return _inet6_to_proto(address, method, resolve)
    if family == local_socket.AF_UNIX:
        return _unix_to_proto(address)
    if family == _AF_VSOCK:
        return _vsock_to_proto(address)
    if family == _AF_PACKET:
        return _packet_to_proto(address, method, interface_index)
    raise OSError(f"{method}(): bad family")


def from_proto(
    address: address_pb2.Address, interface_name: InterfaceName
) -> AnyAddress:
    """The address as `socket` returns it."""
    kind = address.WhichOneof("address")
    if kind == "ip":
        ip = address.ip
        if ":" in ip.host:
            return (ip.host, ip.port, ip.flow_info, ip.scope_id)
        return (ip.host, ip.port)
    if kind == "raw":
        return _raw_from_proto(address.raw, interface_name)
    name = address.unix.WhichOneof("name")
    if name == "path":
        return address.unix.path
    if name == "path_bytes":
        return os.fsdecode(address.unix.path_bytes)
    if name == "abstract":
        return b"\0" + address.unix.abstract.encode()
    if name == "abstract_bytes":
        return b"\0" + address.unix.abstract_bytes
    return ""


def literal_host(family: int, name: str) -> str | None:
    """The literal that a host of AF_INET or AF_INET6 stands for by itself.

    None if it is a name, to be looked up on the host.
    """
    if name == "":
        return "0.0.0.0" if family == local_socket.AF_INET else "::"
    if name in ("<broadcast>", "255.255.255.255"):
        if family != local_socket.AF_INET:
            raise OSError("address family mismatched")
        return "255.255.255.255"
    try:
        local_socket.inet_pton(family, name)
    except (OSError, ValueError, UnicodeError):
        return None
    return name


def host_name(host: object) -> str:
    """A host in an address: str, bytes or bytearray."""
    if isinstance(host, str):
        if "\0" in host:
            raise TypeError("host name must not contain null character")
        if host.isascii():
            return host
        try:
            return host.encode("idna").decode("ascii")
        except UnicodeError:
            raise TypeError("encoding of hostname failed") from None
    if isinstance(host, (bytes, bytearray)):
        if 0 in host:
            raise TypeError("host name must not contain null character")
        return bytes(host).decode("latin-1")
    raise TypeError(
        f"str, bytes or bytearray expected, not {type(host).__name__}"
    )


def _index(value: object) -> int:
    return operator.index(value)  # type: ignore[arg-type]


def _port(port: object, method: str) -> int:
    number = _index(port)
    if not 0 <= number <= 0xFFFF:
        raise OverflowError(f"{method}(): port must be 0-65535.")
    return number


def _check_tuple(address: object, family: str, method: str) -> None:
    if not isinstance(address, tuple):
        raise TypeError(
            f"{method}(): {family} address must be tuple, not "
            f"{type(address).__name__}"
        )


def _inet_to_proto(
    address: Any, method: str, resolve: Resolver
) -> address_pb2.Address:
    _check_tuple(address, "AF_INET", method)
    if len(address) != 2:
        raise TypeError("AF_INET address must be a pair (host, port)")
    host, port = host_name(address[0]), _index(address[1])
    literal = _literal(local_socket.AF_INET, host, resolve)
    return address_pb2.Address(
        ip=address_pb2.IpAddress(host=literal, port=_port(port, method))
    )


def _inet6_to_proto(
    address: Any, method: str, resolve: Resolver
) -> address_pb2.Address:
    _check_tuple(address, "AF_INET6", method)
    if not 2 <= len(address) <= 4:
        raise TypeError(
            "AF_INET6 address must be a tuple "
            "(host, port[, flowinfo[, scopeid]])"
        )
    host, port = host_name(address[0]), _index(address[1])
    flow_info = _index(address[2]) if len(address) > 2 else 0
    scope_id = _index(address[3]) if len(address) > 3 else 0
    literal = _literal(local_socket.AF_INET6, host, resolve)
    port = _port(port, method)
    if not 0 <= flow_info <= 0xFFFFF:
        raise OverflowError(f"{method}(): flowinfo must be 0-1048575.")
    if "%" in literal:
        # A zone in the name counts less than a scope of its own, as in CPython.
        literal, _, zone = literal.partition("%")
        if scope_id == 0:
            return address_pb2.Address(
                ip=address_pb2.IpAddress(
                    host=f"{literal}%{zone}", port=port, flow_info=flow_info
                )
            )
    return address_pb2.Address(
        ip=address_pb2.IpAddress(
            host=literal,
            port=port,
            flow_info=flow_info,
            scope_id=scope_id & 0xFFFFFFFF,
        )
    )


def _literal(family: int, host: str, resolve: Resolver) -> str:
    literal = literal_host(family, host)
    return resolve(host, family) if literal is None else literal


def _unix_to_proto(address: Any) -> address_pb2.Address:
    if isinstance(address, str):
        name = os.fsencode(address)
    else:
        try:
            name = bytes(memoryview(address))
        except TypeError:
            raise TypeError(
                "a bytes-like object is required, not "
                f"'{type(address).__name__}'"
            ) from None
    unix = address_pb2.UnixAddress()
    if name.startswith(b"\0"):
        if len(name) > _MAX_UNIX_NAME:
            raise OSError("AF_UNIX path too long")
        unix.abstract_bytes = name[1:]
    elif name:
        if len(name) >= _MAX_UNIX_NAME:
            raise OSError("AF_UNIX path too long")
        # To the kernel a path ends at its first NUL.
        unix.path_bytes = name.partition(b"\0")[0]
    return address_pb2.Address(unix=unix)


def _vsock_to_proto(address: Any) -> address_pb2.Address:
    if not isinstance(address, tuple) or len(address) != 2:
        raise TypeError("getsockaddrarg: AF_VSOCK address must be tuple")
    cid, port = (_index(number) & 0xFFFFFFFF for number in address)
    return address_pb2.Address(
        raw=struct.pack("=HHII4x", _AF_VSOCK, 0, port, cid)
    )


def _packet_to_proto(
    address: Any, method: str, interface_index: InterfaceIndex
) -> address_pb2.Address:
    _check_tuple(address, "AF_PACKET", method)
    if not 2 <= len(address) <= 5:
        raise TypeError(
            "AF_PACKET address must be a tuple of two to five elements"
        )
    name, protocol, *rest = address
    packet_type, hardware_type, hardware, *_ = (*rest, 0, 0, b"")[:3]
    hardware = bytes(hardware or b"")
    if len(hardware) > 8:
        raise ValueError("Hardware address must be 8 bytes or less")
    number = _index(protocol)
    if not 0 <= number <= 0xFFFF:
        raise OverflowError(f"{method}(): proto argument must be 0-65535.")
    return address_pb2.Address(
        raw=struct.pack(
            "=H2siHBB8s",
            _AF_PACKET,
            number.to_bytes(2, "big"),
            interface_index(name),
            _index(hardware_type),
            _index(packet_type),
            len(hardware),
            hardware,
        )
    )


def _raw_from_proto(raw: bytes, interface_name: InterfaceName) -> AnyAddress:
    family = int.from_bytes(raw[:2], "little")
    if family == _AF_VSOCK and len(raw) >= 12:
        _, _, port, cid = struct.unpack_from("=HHII", raw)
        return (cid, port)
    if family == _AF_PACKET and len(raw) >= 12:
        _, protocol, index, hardware_type, packet_type, length, hardware = (
            struct.unpack("=H2siHBB8s", raw[:20].ljust(20, b"\0"))
        )
        try:
            name = interface_name(index)
        except OSError:
            name = ""
        return (
            name,
            int.from_bytes(protocol, "big"),
            packet_type,
            hardware_type,
            hardware[:length],
        )
    return (family, raw[2:])


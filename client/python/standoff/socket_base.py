"""What the calls of a socket know of it."""

from __future__ import annotations

from typing import Any, Protocol

from standoff import addresses
from standoff import handles
from standoff.v1 import address_pb2


class SocketHost(Protocol):
    """What the calls of a socket need of its host."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def max_transfer(self) -> int:
        """How many bytes one call may carry."""

    def getdefaulttimeout(self) -> float | None:
        """The timeout of new sockets."""

    def _resolve_name(self, name: str, family: int) -> str:
        """The literal that a name in an address stands for."""

    def _interface_index(self, name: str) -> int:
        """The number of an interface."""

    def _interface_name(self, index: int) -> str:
        """The name of an interface."""


class SocketBase:
    """A socket as its calls see it."""

    _host: SocketHost
    # None once the socket is closed or detached.
    _remote: handles.RemoteSocket | None = None
    _timeout: float | None = None
    _family = 0
    _type = 0
    _proto = 0

    def _name(self) -> str:
        """Its name on the host. OSError (EBADF) if it is closed."""
        remote = self._remote
        if remote is None:
            raise handles.bad_descriptor()
        return remote.name

    def _address(self, address: Any, method: str) -> address_pb2.Address:
        return addresses.to_proto(
            self._family,
            address,
            method,
            self._host._resolve_name,
            self._host._interface_index,
        )

    def _from_proto(self, address: address_pb2.Address) -> addresses.AnyAddress:
        return addresses.from_proto(address, self._host._interface_name)

"""Stand-ins for modules: code that imports them runs against a remote host."""

from __future__ import annotations

import fcntl as local_fcntl
import select as local_select
import selectors as local_selectors
import socket as local_socket
import types
from typing import TYPE_CHECKING, Any, Callable

from standoff import descriptors
from standoff import errors
from standoff import host_functions
from standoff import poller
from standoff import selecting
from standoff import selector
from standoff import socket_names

if TYPE_CHECKING:
    from standoff.host import Host


def make(host: Host, name: str) -> types.ModuleType:
    """The stand-in for `socket`, `select`, `selectors` or `fcntl`."""
    module = types.ModuleType(name, f"Stands in for {name}, on {host.name}.")
    contents = {
        "socket": _socket,
        "select": _select,
        "selectors": _selectors,
        "fcntl": _fcntl,
    }[name](host)
    module.__dict__.update(contents)
    module.__dict__["__all__"] = sorted(
        name for name in contents if not name.startswith("_")
    )
    return module


def _socket(host: Host) -> dict[str, Any]:
    bound = host_functions.bound_to(host)
    contents: dict[str, Any] = {}
    for name, fate in socket_names.names().items():
        if fate is socket_names.Fate.HOST:
            contents[name] = bound[name]
        elif fate is socket_names.Fate.CANNOT:
            contents[name] = _refuse(name, host)
        elif fate is not socket_names.Fate.MISSING:
            contents[name] = getattr(local_socket, name)
    for name in _PRIVATE:
        contents[name] = getattr(local_socket, name)
    return contents


# No public names, but others use them. They make their arguments' defaults of
# the first.
_PRIVATE = (
    "_GLOBAL_DEFAULT_TIMEOUT",
    "_GiveupOnSendfile",
    "_LOCALHOST",
    "_LOCALHOST_V6",
)

_REASONS = {
    "gethostbyaddr": "a host looks up addresses of names, not the reverse",
    "sethostname": "a session does not change its host's name",
}


def _refuse(name: str, host: Host) -> Callable[..., Any]:
    def refused(*args: Any, **kwargs: Any) -> Any:
        raise errors.Unsupported(f"{name}: {_REASONS[name]}", host=host.name)

    refused.__name__ = refused.__qualname__ = name
    refused.__doc__ = f"Unsupported: {_REASONS[name]}."
    return refused


def _select(host: Host) -> dict[str, Any]:
    contents = {
        name: getattr(local_select, name)
        for name in dir(local_select)
        if name.startswith("POLL") or name in ("PIPE_BUF", "error")
    }
    contents["select"] = selecting.select
    contents["poll"] = poller.Poll
    return contents


def _selectors(host: Host) -> dict[str, Any]:
    contents: dict[str, Any] = {
        name: getattr(local_selectors, name)
        for name in ("BaseSelector", "EVENT_READ", "EVENT_WRITE", "SelectorKey")
    }
    for name in ("DefaultSelector", "PollSelector"):
        contents[name] = selector.Selector
    contents["SelectSelector"] = selector.SelectSelector
    return contents


def _fcntl(host: Host) -> dict[str, Any]:
    contents: dict[str, Any] = {
        name: getattr(local_fcntl, name)
        for name in dir(local_fcntl)
        if name.isupper()
    }
    contents["fcntl"] = descriptors.fcntl
    return contents

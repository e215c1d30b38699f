"""Puts a host's stand-ins in the place of this interpreter's modules."""

from __future__ import annotations

import fcntl as local_fcntl
import importlib
import importlib.machinery
import select as local_select
import selectors as local_selectors
import socket as local_socket
import sys
import types
from typing import TYPE_CHECKING, Any, cast

from standoff import handles

if TYPE_CHECKING:
    from standoff.host import Host

# They talk to processes of this machine, so they stay with its modules.
_STAYING = (
    "multiprocessing.connection",
    "multiprocessing.forkserver",
    "multiprocessing.resource_sharer",
    "subprocess",
)
# What Host imports when it is first needed: it would find the stand-ins.
_LATE = (
    "standoff.connecting",
    "standoff.descriptors",
    "standoff.modules",
    "standoff.poller",
    "standoff.selecting",
    "standoff.selector",
)

# As it is now: a program may put the stand-in's in its place.
_fcntl_of_files = local_fcntl.fcntl

_REPLACED = (local_socket, local_select, local_selectors, local_fcntl)


def replace_modules(host: Host) -> None:
    """What is imported from now on finds the sockets of a remote host.

    `socket`, `select`, `selectors` and `fcntl` are the host's, for a program
    and for what it imports of the standard library: `socketserver`,
    `http.client`, `asyncio` and so on. Modules of others that are imported
    already keep the sockets of this machine. It is for good: for an interpreter
    that does nothing else.

    `fcntl` acts on files of this machine, too.
    """
    for name in _STAYING + _LATE:
        importlib.import_module(name)
    users = _users()
    for name in users:
        del sys.modules[name]
    if "asyncio" in users:
        # Its part in C is made once, and would go on with the classes of the
        # first asyncio. All of it is in Python, too.
        sys.modules["_asyncio"] = cast(Any, None)
    sys.modules["socket"] = host.socket_module()
    sys.modules["select"] = host.select_module()
    sys.modules["selectors"] = host.selectors_module()
    sys.modules["fcntl"] = _fcntl(host)
    importlib.invalidate_caches()


def _users() -> set[str]:
    """The library's modules that have the sockets of this machine.

    They were imported for gRPC. Who imports them again makes new ones.
    """
    staying = {name.partition(".")[0] for name in _STAYING}
    replaced = {module.__name__ for module in _REPLACED} | {"_socket"}
    candidates = {
        name: module
        for name, module in sys.modules.items()
        if name.partition(".")[0] not in staying
        and name not in replaced
        and _is_of_library(name, module)
    }
    users: set[str] = set()
    while True:
        # Who has something of a user is one, too, and a package is imported
        # again as a whole.
        packages = {name.partition(".")[0] for name in users}
        found = {
            name
            for name, module in candidates.items()
            if name not in users
            and (
                name.partition(".")[0] in packages
                or not _origins(module).isdisjoint(replaced | users)
            )
        }
        if not found:
            return users
        users |= found


def _is_of_library(name: str, module: types.ModuleType) -> bool:
    spec = getattr(module, "__spec__", None)
    return (
        name.partition(".")[0] in sys.stdlib_module_names
        and spec is not None
        # Those in C are made once.
        and isinstance(spec.loader, importlib.machinery.SourceFileLoader)
    )


def _origins(module: types.ModuleType) -> set[str]:
    """The names of the modules whence a module's contents are."""
    origins = set()
    for value in list(vars(module).values()):
        if isinstance(value, types.ModuleType):
            origin: Any = value.__name__
        else:
            origin = getattr(value, "__module__", None)
        if isinstance(origin, str):
            origins.add(origin)
    return origins


def _fcntl(host: Host) -> types.ModuleType:
    """The module `fcntl` for files of this machine and for remote sockets."""
    stand_in = host.fcntl_module()
    module = types.ModuleType("fcntl", stand_in.__doc__)
    for name, value in vars(local_fcntl).items():
        if not name.startswith("_"):
            setattr(module, name, value)

    def fcntl(fd: Any, cmd: int, arg: Any = 0, /) -> Any:
        """fcntl(2): of a file as ever, of a socket its flags."""
        if handles.number_of(fd) < handles.FIRST:
            return _fcntl_of_files(fd, cmd, arg)
        return stand_in.fcntl(fd, cmd, arg)

    setattr(module, "fcntl", fcntl)
    return module

"""The two sides that every test is run on: this host and a daemon's."""

from __future__ import annotations

import abc
import contextlib
import fcntl
import select
import selectors
import socket
import threading
from typing import Any

from workers import eventually, is_asleep


class Net(abc.ABC):
    """What a test sees of its side.

    Attributes:
      socket: the module `socket`, or what stands in for it.
      select: the module `select`, or what stands in for it.
      selectors: the module `selectors`, or what stands in for it.
      fcntl_module: the module `fcntl`, or what stands in for it.
    """

    def __init__(self, socket_module: Any, select_module: Any,
                 selectors_module: Any, fcntl_module: Any) -> None:
        self.socket = socket_module
        self.select = select_module
        self.selectors = selectors_module
        self.fcntl_module = fcntl_module
        self._kept = contextlib.ExitStack()

    def keep(self, sock: Any) -> Any:
        """Closes a socket (or a file) at the end of the test; returns it."""
        self._kept.callback(sock.close)
        return sock

    def close(self) -> None:
        """Closes all that was kept, the latest first."""
        self._kept.close()

    def fcntl(self, fd: Any, cmd: int, arg: Any = 0) -> Any:
        """fcntl.fcntl for descriptors of this side."""
        return self.fcntl_module.fcntl(fd, cmd, arg)

    @abc.abstractmethod
    def wait_blocked(self, *threads: threading.Thread) -> None:
        """Waits until these threads are asleep in a call on a socket.

        They must be the only ones of the test that wait on sockets.
        """


class LocalNet(Net):
    """The modules of the standard library."""

    def __init__(self) -> None:
        super().__init__(socket, select, selectors, fcntl)

    def wait_blocked(self, *threads: threading.Thread) -> None:
        eventually(lambda: all(is_asleep(thread) for thread in threads))


class RemoteNet(Net):
    """The modules that a host of the package `standoff` gives.

    Attributes:
      host: the host.
    """

    def __init__(self, host: Any) -> None:
        super().__init__(host.socket_module(), host.select_module(),
                         host.selectors_module(), host.fcntl_module())
        self.host = host

    def wait_blocked(self, *threads: threading.Thread) -> None:
        # Only the daemon can tell: here, the thread waits for a reply in any
        # case, also while the call still is on its way to the kernel.
        eventually(lambda: len(threads) <= sum(
            operation.state.name == "BLOCKED"
            for operation in self.host.operations()))

"""Network namespaces on this machine that stand in for hosts.

    with standoff.lab.Lab(["left", "right"]) as lab:
        left = lab.connect("left")
        right = lab.connect("right")
        listener = right.create_server((lab.address("right"), 7000))
        client = left.create_connection((lab.address("right"), 7000))

A lab needs the programs of util-linux and iproute2, and root or the right to
make user namespaces.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import types
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from standoff.host_entry import HostEntry, HostsError, check_host_name
from standoff.lab_network import MAX_HOSTS, Network, program
from standoff.lab_process import (
    Child,
    Children,
    LabError,
    dying_with_owner,
    find_program,
    run_on_lasting_thread,
)

if TYPE_CHECKING:
    import standoff

__all__ = ["DAEMON_VARIABLE", "Lab", "LabError", "find_daemon"]

# The environment variable: the path of standoffd.
DAEMON_VARIABLE = "STANDOFFD"

_PATIENCE = 10.0
# For daemons, which are killed if they go on.
_END_PATIENCE = 5.0

_NO_LAB = "the lab is not made yet, or closed"

_READY = "standoffd: listening on "

# Makes a folder and removes it when its input ends. In /tmp, as $TMPDIR may be
# too long for a Unix socket's path (108 bytes).
_FOLDER = """
trap '' HUP INT TERM
path=$(mktemp -d /tmp/standoff-XXXXXX) || exit 1
echo "$path"
cat >/dev/null
rm -rf -- "$path"
"""

_Self = TypeVar("_Self", bound="Lab")


def find_daemon(path: str | os.PathLike[str] | None = None) -> str:
    """Returns the path of standoffd, from the first that says something.

    1. `path`
    2. the environment variable STANDOFFD
    3. the PATH

    Raises:
        LabError: There is no program there.
    """
    given = os.environ.get(DAEMON_VARIABLE)
    if path is not None:
        found, source = find_program(os.fspath(path)), f'"{os.fspath(path)}"'
    elif given:
        found = find_program(given)
        source = f'{DAEMON_VARIABLE}="{given}"'
    else:
        found, source = find_program("standoffd"), "the PATH"
    if found is None:
        raise LabError(
            f"there is no standoffd at {source}: give its path as the argument "
            f"standoffd, or in the environment variable {DAEMON_VARIABLE}, or "
            "have it on the PATH"
        )
    return os.path.abspath(found)


class Lab:
    """Some hosts in one network, with a standoffd on each.

    Each is a network namespace; a bridge joins them (see
    `standoff.lab_network.Network`). Nothing of it is visible outside, so that
    labs with the same addresses stand side by side.

    Entering the context makes it, leaving it removes it. It goes, too, when
    this process dies, in whatever way, but for the commands that those of run()
    left in the background. Thread-safe once it is made.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        standoffd: str | os.PathLike[str] | None = None,
        flags: Sequence[str] = ("--log_level=warning",),
    ) -> None:
        """Describes a lab; start() makes it.

        Args:
            names: The hosts' names, each 1 to 64 letters, digits and "._-".
            standoffd: The daemon; see find_daemon().
            flags: The daemons' flags beside --listen.

        Raises:
            LabError: These are no names, twice the same, none, or too many.
        """
        if isinstance(names, str):
            names = [names]
        if not 1 <= len(names) <= MAX_HOSTS:
            raise LabError(f"a lab has 1 to {MAX_HOSTS} hosts")
        for name in names:
            try:
                check_host_name(name)
            except HostsError as error:
                raise LabError(str(error)) from error
        self._names = list(names)
        if len(set(names)) < len(names):
            raise LabError(f"hosts have the same name: {', '.join(names)}")
        self._standoffd = standoffd
        self._flags = list(flags)
        self._parts = _Parts()
        self._connected: weakref.WeakSet[standoff.Host] = weakref.WeakSet()
        # For a lab that nobody closed.
        self._closer = weakref.finalize(self, self._parts.close)

    def __enter__(self: _Self) -> _Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Makes the lab, and waits until its daemons can serve.

        Raises:
            LabError: It can't be made; nothing is left of it.
        """
        if self._parts.started or not self._closer.alive:
            raise LabError("a lab is made once")
        try:
            self._parts.make(
                self._names, find_daemon(self._standoffd), self._flags
            )
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Removes the lab; returns when nothing of it is left.

        That ends the daemons and all other processes on the hosts. Closing a
        closed lab does nothing.
        """
        self._closer()
        # With their daemons gone, nothing holds them up.
        for host in list(self._connected):
            host.close()

    @property
    def names(self) -> list[str]:
        """The hosts' names."""
        return list(self._names)

    def address(
        self, name: str, family: socket.AddressFamily = socket.AF_INET
    ) -> str:
        """Returns the address on which the others reach a host's sockets.

        Args:
            name: The host.
            family: AF_INET or AF_INET6.

        Returns:
            A literal: "10.83.0.1", "fd83::1".

        Raises:
            LabError: There is no such host, or hosts have no addresses of that
                family: IPv6 on a kernel without it.
        """
        host, network = self._index(name), self._parts.network
        if family == socket.AF_INET:
            return network.ipv4(host)
        if family == socket.AF_INET6 and network.has_ipv6:
            return network.ipv6(host)
        raise LabError(f"{name} has no address of the family {family!r}")

    def control_address(self, name: str) -> str:
        """Returns where a host's daemon listens for control: unix:PATH.

        A Unix socket is reached from any network namespace, and here by this
        user only.

        Raises:
            LabError: There is no such host, or the lab is closed.
        """
        self._index(name)
        return f"unix:{self._parts.socket_path(name)}"

    def entry(self, name: str) -> HostEntry:
        """Returns the host as find_hosts() would."""
        return HostEntry(name=name, address=self.control_address(name))

    def connect(self, name: str, **options: Any) -> standoff.Host:
        """Connects to a host. The connection ends with the lab, if not before.

        Args:
            name: The host.
            **options: For `standoff.connect()`, which tells them.

        Raises:
            LabError: There is no such host.
            standoff.HarnessError: As `standoff.connect()`.
        """
        host = self.entry(name).connect(**options)
        self._connected.add(host)
        return host

    def pid(self, name: str) -> int:
        """Returns the process id of a host's daemon."""
        self._index(name)
        return self._parts.daemon(name).pid

    def log(self, name: str) -> str:
        """Returns what a host's daemon wrote to its standard error so far."""
        self._index(name)
        return self._parts.daemon(name).errors

    def command(self, name: str, argv: Sequence[str]) -> list[str]:
        """Returns what runs a command on a host, as for subprocess.Popen.

        It gets SIGKILL when the thread that started it ends, or the lab.

        Args:
            name: The host.
            argv: The program and its arguments. A program without a slash is
                looked for on the PATH and in the system's folders.

        Raises:
            FileNotFoundError: There is no such program.
            LabError: There is no such host, or the lab is closed.
        """
        namespace = self._parts.network.hosts[self._index(name)]
        path = find_program(argv[0])
        if path is None:
            raise FileNotFoundError(f"there is no program {argv[0]}")
        return namespace.wrap(dying_with_owner([path, *argv[1:]]))

    def run(
        self,
        name: str,
        argv: Sequence[str],
        *,
        input: str = "",
        timeout: float | None = _PATIENCE,
        check: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command on a host to its end.

        Args:
            name: The host.
            argv: The program and its arguments; see command().
            input: What the command finds on its standard input.
            timeout: For how many seconds it may go on; None for ever.
            check: Whether a command that fails is an error.

        Returns:
            What it wrote to its standard output and standard error, and its
            exit status, or minus the number of the signal that ended it.

        Raises:
            subprocess.TimeoutExpired: It took too long, and was killed.
            subprocess.CalledProcessError: It failed, and `check` was given.
            FileNotFoundError, LabError: As command().
        """
        done = self._parts.children.run(
            self.command(name, argv), given=input.encode(), timeout=timeout
        )
        completed = subprocess.CompletedProcess(
            list(argv), done.status, done.output, done.errors
        )
        if check:
            completed.check_returncode()
        return completed

    def cut_link(self, name: str) -> None:
        """Unplugs a host's cable, at the switch.

        Packets vanish in silence at both ends. The host sees that its carrier
        is lost; addresses, routes and sockets stay as they are, on it and on
        the others. Cutting a cut one is no error.
        """
        self._parts.network.cut_link(self._index(name))

    def restore_link(self, name: str) -> None:
        """Plugs it in again, and waits until it carries packets."""
        self._parts.network.restore_link(self._index(name))

    def _index(self, name: str) -> int:
        if name not in self._names:
            raise LabError(
                f'there is no host "{name}" in this lab: it has '
                f"{', '.join(self._names)}"
            )
        return self._names.index(name)


class _Parts:
    """What a lab is made of."""

    def __init__(self) -> None:
        self.children = Children()
        self._daemons = Children(signal.SIGTERM, _END_PATIENCE)
        self._owner = os.getpid()
        self._network: Network | None = None
        self._folder = ""
        self._servers: dict[str, Child] = {}

    @property
    def started(self) -> bool:
        return bool(self._folder)

    @property
    def network(self) -> Network:
        if self._network is None:
            raise LabError(_NO_LAB)
        return self._network

    def daemon(self, name: str) -> Child:
        if name not in self._servers:
            raise LabError(_NO_LAB)
        return self._servers[name]

    def socket_path(self, name: str) -> str:
        if self._network is None:
            raise LabError(_NO_LAB)
        return f"{self._folder}/{name}.sock"

    def make(self, names: Sequence[str], daemon: str, flags: list[str]) -> None:
        keeper = self.children.start([program("sh"), "-c", _FOLDER])
        self._folder = keeper.await_line()
        self._network = Network(self.children, len(names))
        for name, namespace in zip(names, self._network.hosts):
            listen = f"--listen=unix:{self.socket_path(name)}"
            command = namespace.wrap(dying_with_owner([daemon, listen, *flags]))
            self._servers[name] = self._daemons.start(command)
        for name, server in self._servers.items():
            try:
                server.await_line(_READY)
            except LabError as error:
                raise LabError(
                    f"standoffd on {name} did not get ready: {error}"
                ) from error

    def close(self) -> None:
        # A process that was forked has no say in it.
        if os.getpid() == self._owner:
            run_on_lasting_thread(self._close)

    def _close(self) -> None:
        # What is closed can't be asked any more.
        self._servers.clear()
        self._daemons.close()
        if self._network is not None:
            self._network.kill_all()
        self._network = None
        self.children.close()

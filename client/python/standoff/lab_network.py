"""Network namespaces without names, and the network that joins them."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence

from standoff.lab_process import (
    Children,
    LabError,
    describe_status,
    dying_with_owner,
    find_program,
)

# The most hosts that a network has room for.
MAX_HOSTS = 254

_PATIENCE = 10.0

# "$0" is the path of `ip`. Being ended by the end of its input as well as by
# its owner's death, the namespace goes with either.
_HOLDER = '"$0" link set lo up && echo ready && exec cat'

# Numbers of capabilities(7).
_CAP_NET_ADMIN = 12
_CAP_SYS_ADMIN = 21

_REMEDY = (
    "Run as root (in a container: with the capabilities SYS_ADMIN and "
    "NET_ADMIN), or let users make user namespaces: sysctl "
    "user.max_user_namespaces, kernel.unprivileged_userns_clone (Debian), "
    "kernel.apparmor_restrict_unprivileged_userns (Ubuntu)"
)


class Namespace:
    """A network namespace with its loopback up, and a child that holds it.

    It goes with that child, as soon as no other process is in it.
    """

    def __init__(self, children: Children, parent: Namespace | None) -> None:
        """Makes one. Without `parent`, in a user namespace if need be.

        Args:
            children: The holder is to be one of these.
            parent: The other is to be in this one's user namespace, so that
                links can lead from one to the other.

        Raises:
            LabError: It can't be made.
        """
        self._children = children
        self._user: list[str] = []
        unshare = [program("unshare"), "--net", "--"]
        if parent is not None:
            self._user = parent._user
            if self._user:
                unshare = ["nsenter", *self._user, "--", *unshare]
        elif not _has_capabilities():
            unshare[1:1] = ["--user", "--map-root-user"]
        holder = ["/bin/sh", "-c", _HOLDER, program("ip")]
        self._holder = children.start([*unshare, *dying_with_owner(holder)])
        try:
            self._holder.await_line()
        except LabError as error:
            raise LabError(
                f"can't make network namespaces: {error}. {_REMEDY}"
            ) from error
        if "--user" in unshare:
            self._user = [
                f"--user=/proc/{self.pid}/ns/user",
                "--preserve-credentials",
            ]

    @property
    def pid(self) -> int:
        """The id of a process in it, for `ip link add … netns PID`."""
        return self._holder.pid

    def wrap(self, command: Sequence[str]) -> list[str]:
        """Returns what runs a command in it.

        That is in place of the process that executes it.
        """
        net = f"--net=/proc/{self.pid}/ns/net"
        return [program("nsenter"), *self._user, net, "--", *command]

    def run(self, *command: str, given: str = "") -> str:
        """Runs a command that must succeed in it; returns its output.

        Raises:
            LabError: It can't be run, fails, or takes more than a few seconds.
        """
        try:
            done = self._children.run(
                self.wrap(dying_with_owner(command)), given=given.encode()
            )
        except subprocess.TimeoutExpired as error:
            raise LabError(str(error)) from error
        if done.status != 0:
            raise LabError(
                f"{shlex.join(command)}: {describe_status(done.status)}: "
                f"{done.errors.strip()}\n{given}".rstrip()
            )
        return done.output

    def kill_all(self) -> None:
        """Kills all processes in it but the one that holds it."""
        try:
            name = os.readlink(f"/proc/{self.pid}/ns/net")
        except OSError:
            # Its holder is gone, and it with it.
            return
        # This process is in none that was made here.
        if name == os.readlink("/proc/self/ns/net"):
            return
        for pid in _processes_in(name):
            if pid != self.pid:
                _kill_in(pid, name)


class Network:
    """Hosts that are joined by a switch.

    Each host is a network namespace; its interface eth0 is one end of a veth
    pair, whose other end is a port of the switch: a bridge in a namespace of
    its own.

        host 0            the switch           host 1
        eth0 10.83.0.1 -- port0 -- br0 -- port1 -- eth0 10.83.0.2
             fd83::1                                    fd83::2

    Nothing of it is visible outside, so that networks with the same addresses
    stand side by side.

    Attributes:
        hosts: The hosts' namespaces.
        has_ipv6: Whether they have addresses of IPv6: whether the kernel has.
    """

    def __init__(self, children: Children, size: int) -> None:
        """Makes one of 1 to MAX_HOSTS hosts; waits until its links are up.

        Args:
            children: What holds the namespaces is to be among these. The
                network ends with them.
            size: The number of hosts.

        Raises:
            LabError: It can't be made.
        """
        self.has_ipv6 = os.path.exists("/proc/net/if_inet6")
        self.hosts: list[Namespace] = []
        self._switch = Namespace(children, parent=None)
        # Without a spanning tree, ports forward as soon as they are up.
        _ip(
            self._switch,
            "link add br0 type bridge stp_state 0 mcast_snooping 0",
            "link set br0 up",
        )
        for host in range(size):
            self.hosts.append(Namespace(children, parent=self._switch))
            self._plug_in(host)
        for host in range(size):
            self._await_link(host)

    def ipv4(self, host: int) -> str:
        """Returns a host's address of IPv4, a literal."""
        return str(ipaddress.IPv4Address("10.83.0.1") + host)

    def ipv6(self, host: int) -> str:
        """Returns a host's address of IPv6, a literal."""
        return str(ipaddress.IPv6Address("fd83::1") + host)

    def cut_link(self, host: int) -> None:
        """Unplugs a host's cable at the switch. A cut one stays cut."""
        _ip(self._switch, f"link set port{host} down")

    def restore_link(self, host: int) -> None:
        """Plugs it in again, and waits until it carries packets."""
        _ip(self._switch, f"link set port{host} up")
        self._await_link(host)

    def kill_all(self) -> None:
        """Kills all processes on the hosts but those that hold them."""
        for namespace in self.hosts:
            namespace.kill_all()

    def _plug_in(self, host: int) -> None:
        namespace = self.hosts[host]
        _ip(
            self._switch,
            f"link add port{host} type veth peer name eth0 "
            f"netns {namespace.pid}",
            f"link set port{host} master br0 up",
        )
        lines = [f"address add {self.ipv4(host)}/24 dev eth0"]
        if self.has_ipv6:
            # Without nodad, the address is of no use for the first second.
            lines.append(f"address add {self.ipv6(host)}/64 dev eth0 nodad")
        _ip(namespace, *lines, "link set eth0 up")

    def _await_link(self, host: int) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            show = ("ip", "-oneline", "link", "show", "eth0")
            link = self.hosts[host].run(*show)
            if "state UP" in link:
                return
            if time.monotonic() > deadline:
                raise LabError(f"host {host}: eth0 does not come up: {link}")


def program(name: str) -> str:
    """Returns the path of one of the programs that a lab needs.

    Raises:
        LabError: There is none.
    """
    path = find_program(name)
    if path is None:
        raise LabError(
            f"there is no program {name}: a lab needs those of util-linux and "
            "iproute2 (Debian: apt-get install util-linux iproute2)"
        )
    return path


def _ip(namespace: Namespace, *lines: str) -> None:
    """Runs `ip` with each of the lines for arguments, up to a failure."""
    namespace.run("ip", "-batch", "-", given="\n".join(lines))


def _has_capabilities() -> bool:
    """Whether this process may make network namespaces as it is."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            field, _, value = line.partition(":")
            if field == "CapEff":
                held = int(value, 16)
                return all(
                    held >> number & 1
                    for number in (_CAP_SYS_ADMIN, _CAP_NET_ADMIN)
                )
    return False


def _processes_in(name: str) -> Iterator[int]:
    """Yields the ids of the processes in a network namespace."""
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if entry.isdigit() and os.readlink(f"/proc/{entry}/ns/net") == name:
                yield int(entry)


def _kill_in(pid: int, name: str) -> None:
    """Kills a process if it is still the one in that namespace."""
    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(pid)
        try:
            # Its id could have become another's before it was opened.
            if os.readlink(f"/proc/{pid}/ns/net") == name:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)

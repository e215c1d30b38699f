"""Runs modules of CPython's own test suite against a daemon.

    python3 cpython_suite.py test.test_timeout

Each module is run whole and as it was installed (Debian: the package
libpython3.11-testsuite), in an interpreter of its own in which `socket`,
`select`, `selectors` and `fcntl` are a host's. The host is told by --host;
without it, it is one of a lab, whose other host is the internet: the names that
the suite asks for lead to it, and it accepts connections and says nothing.

A test may fail only if cpython_differences.py says why it can't pass, and be
skipped only

- for the same reason,
- if it is skipped with this machine's own `socket`, too, or
- if it needs the internet, and the host really has none.

Other skips count as failures, and so do tests that cpython_differences.py lists
and that pass. The exit status is 0 if nothing failed and something passed.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import errno
import faulthandler
import fcntl
import importlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cpython_differences import reason_of

# What tests ask of the internet.
INTERNET_NAMES = ("www.python.org", "www.python.org.")
INTERNET_PORT = 80
# Of test.support: what tests may use. Without it, they may use everything.
RESOURCES = ["network", "cpu", "walltime"]
VSOCK = "/dev/vsock"
# Runs a command for which there is no such device.
WITHOUT_VSOCK = ["unshare", "--mount", "sh", "-c",
                 f'mount --bind /dev/null {VSOCK} && exec "$@"', "sh"]
READY = "standoffd: listening on "


@dataclasses.dataclass
class Counts:
    """What became of a module's tests."""

    passed: int = 0
    failed: int = 0
    # How many can't pass, by the reason.
    differ: Mapping[str, int] = dataclasses.field(default_factory=dict)
    # The test's id, the reason, and why that is fair; empty if it is not.
    skipped: list[tuple[str, str, str]] = dataclasses.field(
        default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing failed, something passed and all skips are fair."""
        return (self.passed > 0 and self.failed == 0 and
                all(excuse for _, _, excuse in self.skipped))


class Result(unittest.TextTestResult):
    """Counts each test once, however many of its subtests fail."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.passed: set[str] = set()
        self.failed: set[str] = set()
        self.reasons: dict[str, str] = {}

    def addSuccess(self, test: Any) -> None:  # pylint: disable=invalid-name
        super().addSuccess(test)
        self.passed.add(test.id())

    def addExpectedFailure(  # pylint: disable=invalid-name
            self, test: Any, err: Any) -> None:
        super().addExpectedFailure(test, err)
        self.passed.add(test.id())

    def addUnexpectedSuccess(  # pylint: disable=invalid-name
            self, test: Any) -> None:
        super().addUnexpectedSuccess(test)
        self.failed.add(test.id())

    def addFailure(  # pylint: disable=invalid-name
            self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self.failed.add(test.id())

    def addError(  # pylint: disable=invalid-name
            self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self.failed.add(test.id())

    def addSubTest(  # pylint: disable=invalid-name
            self, test: Any, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.failed.add(test.id())

    def addSkip(  # pylint: disable=invalid-name
            self, test: Any, reason: str) -> None:
        super().addSkip(test, reason)
        # Of a subtest, the test's.
        self.reasons[getattr(test, "test_case", test).id()] = reason


def main(argv: Sequence[str] | None = None) -> int:
    """Runs what the arguments tell; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Runs modules of CPython's test suite against a daemon.")
    parser.add_argument("modules", metavar="MODULE", nargs="+",
                        help="as test.test_timeout")
    parser.add_argument("--host", metavar="ADDRESS",
                        help="the daemon, HOST:PORT or unix:PATH; it must run "
                        "on this machine; by default one in a lab")
    parser.add_argument("--limit", type=float, default=600.0,
                        metavar="SECONDS", help="for each module "
                        "(default: %(default)s)")
    parser.add_argument("--verbose", action="store_true",
                        help="tell each test")
    # What this does in an interpreter of its own.
    parser.add_argument("--part", choices=["skips", "run"],
                        help=argparse.SUPPRESS)
    parser.add_argument("--skips", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.part == "skips":
        skips = own_skips(arguments.modules[0])
        pathlib.Path(arguments.skips).write_text(json.dumps(skips))
        return 0
    if arguments.part == "run":
        skips = json.loads(pathlib.Path(arguments.skips).read_text())
        counts = run(arguments.modules[0], arguments.host, skips,
                     arguments.limit, 2 if arguments.verbose else 1)
        return 0 if counts.good else 1
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        if arguments.host is None:
            arguments.host = stack.enter_context(lab_host(folder))
        # All of them, also after one that fails.
        statuses = [run_part(module, arguments, folder)
                    for module in arguments.modules]
    return max(statuses)


def run_part(module: str, arguments: argparse.Namespace, folder: str) -> int:
    """Runs a module in interpreters of its own; returns the exit status."""
    command = [] if vsock_is_whole() else WITHOUT_VSOCK
    command = [*command, sys.executable, os.path.abspath(__file__), module,
               f"--skips={folder}/{module}.json"]
    done = subprocess.run([*command, "--part=skips"], cwd=folder, check=False)
    if done.returncode != 0:
        print(f"{module}: can't be imported here")
        return 1
    command += ["--part=run", f"--host={arguments.host}",
                f"--limit={arguments.limit}"]
    if arguments.verbose:
        command.append("--verbose")
    done = subprocess.run(command, cwd=folder, check=False)
    if done.returncode not in (0, 1):
        print(f"{module}: ended with status {done.returncode}")
    return 0 if done.returncode == 0 else 1


def vsock_is_whole() -> bool:
    """Whether test.test_socket can deal with this machine's AF_VSOCK.

    It takes a device that tells an address for a machine that reaches itself by
    that, and waits for ever where it does not.
    """
    try:
        with open(VSOCK, "rb") as device:
            told = fcntl.ioctl(device, socket.IOCTL_VM_SOCKETS_GET_LOCAL_CID,
                               bytes(4))
        with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as sock:
            sock.connect((int.from_bytes(told, sys.byteorder), 1))
    except OSError as error:
        return error.errno != errno.ENODEV
    return True


def own_skips(module: str) -> dict[str, str]:
    """The tests that are skipped with this machine's `socket`, and why."""
    suite = unittest.defaultTestLoader.loadTestsFromName(module)
    found = {}
    for test in flatten(suite):
        method = getattr(test, test._testMethodName)
        for marked in (type(test), method):
            if getattr(marked, "__unittest_skip__", False):
                found[test.id()] = marked.__unittest_skip_why__
    return found


def flatten(suite: unittest.TestSuite) -> Iterator[Any]:
    """Each test of a suite."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def run(module: str, address: str, own: dict[str, str], limit: float,
        verbosity: int) -> Counts:
    """Runs a module in this interpreter, and tells what came of it.

    `own` has the tests that are skipped anyway.
    """
    faulthandler.dump_traceback_later(limit, exit=True)
    # Not before: the part that looks for skips is to run without it.
    import standoff  # pylint: disable=import-outside-toplevel
    from standoff import replacing  # pylint: disable=import-outside-toplevel
    loaded = [name for name in sys.modules if name.startswith("test.")]
    assert not loaded, loaded
    with standoff.connect(address) as host:
        replacing.replace_modules(host)
        support = importlib.import_module("test.support")
        setattr(support, "use_resources", RESOURCES)
        suite = unittest.defaultTestLoader.loadTestsFromName(module)
        tested: Any = sys.modules[module]
        assert tested.socket is host.socket_module()
        runner = unittest.TextTestRunner(verbosity=verbosity,
                                         resultclass=Result)
        result: Any = runner.run(suite)
        reasons = {test: reason_of(module, test) for test in
                   result.passed | result.failed | set(result.reasons)}
        passed = result.passed - result.failed
        for test in sorted(passed):
            if reasons[test]:
                print(f"passed, and is said to differ: {test}: {reasons[test]}")
        counts = Counts(
            passed=sum(not reasons[test] for test in passed),
            failed=sum(bool(reasons[test]) == (test in passed)
                       for test in passed | result.failed),
            skipped=[(test, reason, excuse(host, test, reason, own))
                     for test, reason in result.reasons.items()
                     if not reasons[test]],
            differ=collections.Counter(
                reasons[test] for test in reasons
                if reasons[test] and test not in passed))
    faulthandler.cancel_dump_traceback_later()
    tell(module, counts)
    return counts


def excuse(host: Any, test: str, reason: str, own: dict[str, str]) -> str:
    """Why it is fair that a test was skipped; empty if it is not."""
    if own.get(test) == reason:
        return "so is it without a host"
    match = re.fullmatch(r"Resource '(.+)' is not available", reason)
    if match and not reaches(host, match[1]):
        return "the host can't reach it"
    return ""


def reaches(host: Any, name: str) -> bool:
    """Whether a host can connect to one of the internet."""
    try:
        host.create_connection((name, INTERNET_PORT), timeout=30).close()
    except OSError:
        return False
    return True


def tell(module: str, counts: Counts) -> None:
    """Prints what did not pass, that which is alike in a line, and counts."""
    alike = collections.Counter(
        (reason, excuse) for _, reason, excuse in counts.skipped)
    for test, reason, fair in counts.skipped:
        if alike[reason, fair] == 1 or not fair:
            print(f"skipped: {test}: {reason} ({fair or 'WITHOUT REASON'})")
    for (reason, fair), number in alike.items():
        if number > 1 and fair:
            print(f"skipped: {number} tests: {reason} ({fair})")
    for reason, number in counts.differ.items():
        print(f"differ: {number} tests: {reason}")
    differ = sum(counts.differ.values())
    print(f"{module}: {counts.passed} passed, {counts.failed} failed, "
          f"{len(counts.skipped)} skipped, {differ} differ", flush=True)


@contextlib.contextmanager
def lab_host(folder: str) -> Iterator[str]:
    """The address of a daemon in a lab whose other host is the internet.

    The daemon runs in the folder, as the tests do, so that the Unix sockets
    that they name are where they look for them.
    """
    # pylint: disable-next=import-outside-toplevel
    from standoff.lab import Lab, find_daemon
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(Lab(["tested", "internet"]))
        internet = stack.enter_context(lab.connect("internet"))
        address = lab.address("internet")
        hosts = pathlib.Path(folder, "hosts")
        hosts.write_text(
            pathlib.Path("/etc/hosts").read_text() +
            f"{address} {' '.join(INTERNET_NAMES)}\n")
        # Nobody accepts: the kernel completes the connections.
        stack.enter_context(
            internet.create_server((address, INTERNET_PORT), backlog=1000))
        listen = f"unix:{folder}/control"
        command = lab.command("tested", [
            "unshare", "--mount", "sh", "-c", 'mount --bind "$1" /etc/hosts && '
            'exec "$2" "--listen=$3" --log_level=warning', "sh",
            str(hosts), find_daemon(), listen])
        daemon = stack.enter_context(subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, text=True))
        stack.callback(daemon.terminate)
        assert daemon.stdout is not None
        line = daemon.stdout.readline()
        assert line.startswith(READY), line
        yield listen


if __name__ == "__main__":
    sys.exit(main())

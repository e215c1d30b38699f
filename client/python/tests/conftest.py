"""Runs each test with the fixture `net` on both sides, local and remote."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import pathlib
import signal
import socket
import subprocess
from typing import Any, Iterator

import pytest

from net import LocalNet, Net, RemoteNet

BUILT_DAEMON = pathlib.Path(
    __file__).parents[3] / "bazel-bin" / "server" / "standoffd"
READY = "standoffd: listening on "
# Seconds that a test may take, however busy the machine is, unless its mark
# `limit` says otherwise.
TEST_LIMIT = 90


def pytest_configure(config: pytest.Config) -> None:
    """Tells pytest of the mark."""
    config.addinivalue_line("markers", "limit(seconds): what a test may take")


@pytest.fixture(scope="session", name="daemon_address")
def _daemon_address() -> Iterator[str]:
    """The address of a daemon that lives as long as the run."""
    binary = os.environ.get("STANDOFFD", str(BUILT_DAEMON))
    with subprocess.Popen([binary, "--listen=127.0.0.1:0"],
                          stdout=subprocess.PIPE, text=True) as daemon:
        try:
            assert daemon.stdout is not None
            line = daemon.stdout.readline()
            assert line.startswith(READY), line
            yield line[len(READY):].strip()
        finally:
            daemon.terminate()
        # Else it has crashed, or a sanitizer has found something.
        assert daemon.wait() == 0


@pytest.fixture(params=["local", "remote"], name="net")
def _net(request: pytest.FixtureRequest) -> Iterator[Net]:
    """This host's modules or a host's stand-ins for them."""
    if request.param == "local":
        with contextlib.closing(LocalNet()) as net:
            yield net
        # The module keeps it for all that follow.
        socket.setdefaulttimeout(None)
        return
    # Only here, so that the local side runs without the package.
    import standoff  # pylint: disable=import-outside-toplevel
    address = request.getfixturevalue("daemon_address")
    with standoff.connect(address) as host:
        with contextlib.closing(RemoteNet(host)) as net:
            yield net


@pytest.fixture(autouse=True)
def _limit(request: pytest.FixtureRequest) -> Iterator[None]:
    """Ends a test that hangs in the main thread.

    First by an exception from a signal handler, which fails the test alone. If
    not even that ends the call, by the end of the run.
    """

    mark = request.node.get_closest_marker("limit")
    limit = mark.args[0] if mark else TEST_LIMIT

    def give_up(*_: Any) -> None:
        raise AssertionError(f"the test takes more than {limit} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, limit)
    faulthandler.dump_traceback_later(2 * limit, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

"""standoff.why() of programs that know nothing of it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

import standoff
from standoff import Proof, Verdict
from standoff.lab import Lab
from workers import eventually

_SERVER = """
import socket
with socket.create_server(("", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    connection, _ = listener.accept()
    connection.recv(1)
"""
_CLIENT = """
import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2]))).recv(1)
"""


@contextlib.contextmanager
def running(lab: Lab, host: str,
            *program: str) -> Iterator[subprocess.Popen[str]]:
    """Runs a program of Python on a host meanwhile."""
    command = lab.command(host, [sys.executable, "-c", *program])
    with subprocess.Popen(command, stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_of_two_who_receive() -> None:
    flags = ["--allow_processes", "--log_level=warning"]
    with Lab(["left", "right"], flags=flags) as lab:
        hosts = [lab.connect("left"), lab.connect("right")]
        assert standoff.why(hosts).verdict is Verdict.NOTHING_BLOCKED
        with running(lab, "right", _SERVER) as server:
            assert server.stdout is not None
            port = server.stdout.readline().strip()
            address = lab.address("right")
            with running(lab, "left", _CLIENT, address, port):
                diagnosis = eventually(lambda: proved(hosts))
        (deadlock,) = diagnosis.deadlocks
        assert deadlock.proof is Proof.PROVED
        assert deadlock.assumptions
        callers = [call.caller for call in deadlock.cycle]
        assert {caller.host for caller in callers} == {"left", "right"}
        for caller in callers:
            assert caller.pid and caller.process and not caller.session
            assert str(caller) == (
                f"{caller.process} (pid {caller.pid}) on {caller.host}")
        for call in deadlock.calls:
            assert call.method == "" and call.syscall == "recvfrom"
            assert call.elapsed is None


def proved(hosts: list[standoff.Host]) -> standoff.Diagnosis | None:
    """The diagnosis, if it has a proof."""
    diagnosis = standoff.why(hosts, processes=True)
    return diagnosis if diagnosis.verdict is Verdict.DEADLOCK else None


def test_is_up_to_the_daemon(daemon_address: str) -> None:
    with standoff.connect(daemon_address, name="closed") as host:
        with pytest.raises(standoff.PermissionDenied,
                           match="^closed: .*--allow_processes"):
            host.why(processes=True)

"""The wheel, installed in virtual environments."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import venv

import pytest

WHEEL = pathlib.Path(os.environ.get("WHEEL", "")).absolute()
DAEMON = str(pathlib.Path(os.environ.get("STANDOFFD", "")).absolute())

# Run by the environment's interpreter.
PROGRAM = """
import importlib.metadata
import subprocess
import sys
import standoff

with subprocess.Popen([sys.argv[1], "--listen=127.0.0.1:0"],
                      stdout=subprocess.PIPE, text=True) as daemon:
    try:
        address = daemon.stdout.readline().split()[-1]
        with standoff.connect(address) as host:
            a, b = host.socketpair()
            a.sendall(b"hello")
            assert b.recv(10) == b"hello"
            versions = {standoff.__version__, host.info().version,
                        importlib.metadata.version("standoff")}
    finally:
        daemon.terminate()
assert len(versions) == 1, versions
print(standoff.__file__)
"""


def make_environment(folder: pathlib.Path, debian: bool) -> pathlib.Path:
    """A virtual environment, with Debian's packages or bare: its python."""
    venv.create(folder, system_site_packages=debian, with_pip=True)
    return folder / "bin" / "python"


def run(*command: str | os.PathLike[str]) -> subprocess.CompletedProcess[str]:
    """Runs a program of an environment, without this one's import path."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON")
    }
    return subprocess.run(
        command,
        check=False,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def check_works(python: pathlib.Path, folder: pathlib.Path) -> None:
    """The package in the environment drives a daemon."""
    done = run(python, "-W", "error", "-c", PROGRAM, DAEMON)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].startswith(str(folder)), done.stdout


def test_with_debians_grpc(tmp_path: pathlib.Path) -> None:
    python = make_environment(tmp_path, debian=True)
    installed = run(python, "-m", "pip", "install", "--no-index", str(WHEEL))
    assert installed.returncode == 0, installed.stdout
    check_works(python, tmp_path)
    # pytest finds the plugin by itself.
    helped = run(python, "-m", "pytest", "--help")
    assert "--standoff-host" in helped.stdout


def test_with_the_registrys_grpc(tmp_path: pathlib.Path) -> None:
    python = make_environment(tmp_path, debian=False)
    installed = run(
        python, "-m", "pip", "--timeout=5", "--retries=0", "install", str(WHEEL)
    )
    if "No matching distribution found for grpcio" in installed.stdout:
        pytest.skip("there is no Python package registry here")
    assert installed.returncode == 0, installed.stdout
    check_works(python, tmp_path)


def test_has_what_it_should() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "--list", WHEEL],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    for name in (
        "standoff/__init__.py",
        "standoff/py.typed",
        "standoff/aio/__init__.py",
        "standoff/v1/socket_service_pb2.py",
        "standoff/v1/socket_service_pb2.pyi",
        "standoff/v1/socket_service_pb2_grpc.py",
    ):
        assert name in listed
    assert "tests/" not in listed

"""What tests of labs need: programs, and what becomes of processes."""

from __future__ import annotations

import contextlib
import os
import pathlib
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

# For what comes soon unless something is wrong, in seconds.
PATIENCE = 20.0


def children(pid: int) -> list[int]:
    """The ids of a process' children, and of theirs."""
    found: list[int] = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text().split():
                found += [int(child), *children(int(child))]
    return found


class Watch:
    """Waits for the end of processes."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._descriptors = [os.pidfd_open(pid) for pid in pids]

    def all_end(self) -> bool:
        """Whether they all end in time."""
        deadline = time.monotonic() + PATIENCE
        ended = True
        for descriptor in self._descriptors:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            left = max(deadline - time.monotonic(), 0)
            ended = bool(poll.poll(left * 1000)) and ended
            os.close(descriptor)
        return ended


def await_gone(path: str) -> None:
    """Waits until there is no such path any more."""
    deadline = time.monotonic() + PATIENCE
    while os.path.exists(path):
        assert time.monotonic() < deadline, f"{path} is still there"


def script(path: pathlib.Path, text: str) -> str:
    """A program in standoffd's place."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@contextlib.contextmanager
def python(
    program: str,
    *arguments: str,
    prefix: Sequence[str] = (),
    packages: Sequence[str] = sys.path,
) -> Iterator[subprocess.Popen[str]]:
    """Runs a program of Python meanwhile, with packages from these folders."""
    process = subprocess.Popen(
        [*prefix, sys.executable, "-c", program, *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(packages)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()

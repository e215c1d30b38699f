"""Running programs of their own, here or by standoff.run."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys
from types import TracebackType

import standoff
from workers import PATIENCE

# Where the generated modules are, too: not resolved, which would lead out of
# the folders that Bazel lays out.
PACKAGES = pathlib.Path(standoff.__file__).absolute().parents[1]
EXAMPLES = PACKAGES / "examples" / "echo"


@dataclasses.dataclass(frozen=True)
class Place:
    """Where programs run that talk to each other.

    Attributes:
      address: on which a server listens, and clients reach it.
      servers, clients: the control addresses of the hosts that servers and
        clients run against; empty for this machine's sockets.
    """

    address: str
    servers: str = ""
    clients: str = ""

    def server(self, *argv: str | os.PathLike[str]) -> Program:
        """Starts a program that tells its port in its first line, last."""
        return Program(self.servers, argv)

    def client(self, *argv: str | os.PathLike[str]) -> Program:
        """Starts a program."""
        return Program(self.clients, argv)


class Program:
    """A program that runs. It is killed when its context ends."""

    def __init__(self, control: str,
                 argv: tuple[str | os.PathLike[str], ...]) -> None:
        command = [sys.executable, "-u"]
        environment = dict(os.environ)
        # What runs here is to run without the package.
        environment.pop("PYTHONPATH", None)
        if control:
            command += ["-m", "standoff.run", f"--host={control}"]
            environment["PYTHONPATH"] = str(PACKAGES)
        self._process = subprocess.Popen(
            [*command, *argv], env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, kind: type[BaseException] | None,
                 error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self._process.kill()
        # Closes the pipes, too.
        _, errors = self._process.communicate()
        if kind is not None and errors:
            print(errors, file=sys.stderr)

    def kill(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        self._process.send_signal(number)

    def line(self) -> str:
        """Waits for the next line it prints; returns it without its end."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def port(self) -> str:
        """Waits for the line of a server that is ready; returns its port."""
        line = self.line()
        assert line, self.errors()
        match = re.search(r"(\d+)(?: \(http:.*)?$", line)
        assert match, line
        return match[1]

    def errors(self) -> str:
        """Waits until it has ended; returns what it said of errors."""
        return self._process.communicate(timeout=PATIENCE)[1]

    def end(self, status: int = 0) -> str:
        """Waits until it has ended well; returns what else it printed."""
        output, errors = self._process.communicate(timeout=PATIENCE)
        assert self._process.returncode == status, errors
        return output

"""Child processes that don't outlive their owner."""

from __future__ import annotations

import concurrent.futures
import os
import queue
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO, NamedTuple, TypeVar

_T = TypeVar("_T")

# Ordinary users don't have the folders for administrators on their PATH.
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# For what ends as soon as it is told to.
_PATIENCE = 10.0

# Closes a gap: this process may have died before the signal was asked for.
_EXEC_IF_OWNED = '[ "$PPID" = "$0" ] && exec "$@"'


def program_path() -> str:
    """Returns the folders in which programs are, as the value of a PATH."""
    path = os.environ.get("PATH")
    return f"{path}:{_SYSTEM_PATH}" if path else _SYSTEM_PATH


def find_program(name: str) -> str | None:
    """Returns the path of a program, or None if there is none.

    Looked for on the PATH and then in the system's folders. A name with a slash
    is a path already.
    """
    return shutil.which(name, path=program_path())


def dying_with_owner(command: Sequence[str]) -> list[str]:
    """Returns what runs a command that dies when this process does.

    It gets SIGKILL, in whatever way this process dies. Where a command enters
    a user namespace, this must come after that: entering one takes the request
    for the signal back (prctl(2), PR_SET_PDEATHSIG).
    """
    return [
        *("setpriv", "--pdeathsig", "KILL", "--"),
        *("/bin/sh", "-c", _EXEC_IF_OWNED, str(os.getpid())),
        *command,
    ]


class LabError(Exception):
    """A lab can't be made, or something in it does not work."""


def describe_status(status: int) -> str:
    """Returns how a process ended: "exit status 1", "ended by SIGKILL"."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"ended by signal {-status}"


class _LastingThread:
    """A thread that lasts as long as the process does.

    A child that asked for a signal at its parent's death gets it when the
    *thread* that made it ends: children made here outlive the threads that
    asked for them. Besides, KeyboardInterrupt is raised in the main thread
    only, and so never between a child's start and its being noted.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=self._loop, name="standoff-lab", daemon=True
        )
        self._thread.start()

    def run(self, work: Callable[[], _T]) -> _T:
        """Runs `work` there; returns or raises what it does."""
        # The garbage collector may call from anywhere.
        if threading.current_thread() is self._thread:
            return work()
        result: concurrent.futures.Future[_T] = concurrent.futures.Future()

        def do() -> None:
            try:
                result.set_result(work())
            except BaseException as error:
                result.set_exception(error)

        self._work.put(do)
        return result.result()

    def _loop(self) -> None:
        while True:
            self._work.get()()


_lasting_thread: _LastingThread | None = None
# The garbage collector may come in between, and close a lab.
_lasting_thread_lock = threading.RLock()


def run_on_lasting_thread(work: Callable[[], _T]) -> _T:
    """Runs `work` on the thread that makes all children, to its end.

    An exception that is raised in the caller meanwhile, as KeyboardInterrupt
    may be, ends the waiting and not the work.
    """
    global _lasting_thread
    with _lasting_thread_lock:
        # A process that was forked has none.
        if _lasting_thread is None or _lasting_thread.pid != os.getpid():
            _lasting_thread = _LastingThread()
        thread = _lasting_thread
    return thread.run(work)


class Child:
    """A child process in a process group of its own.

    So a Ctrl-C at the terminal goes to its owner only. What it writes to its
    standard error is kept in memory.
    """

    def __init__(self, command: Sequence[str]) -> None:
        """Starts it, with pipes for its input and output. For Children.

        Raises:
            LabError: It can't be started.
        """
        # Which, unlike a pipe, never makes the child wait for a reader.
        descriptor = os.memfd_create("standard-error")
        self._errors = os.fdopen(descriptor, "rb", buffering=0)
        self._unread = b""
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=os.environ | {"PATH": program_path()},
                process_group=0,
            )
        except OSError as error:
            self._errors.close()
            raise LabError(f"can't run {command[0]}: {error}") from error

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def errors(self) -> str:
        """What it wrote to its standard error so far. Not after release()."""
        content = bytearray()
        # Not read(): the offset is the writer's.
        while chunk := os.pread(self._errors.fileno(), 65536, len(content)):
            content += chunk
        return content.decode(errors="replace")

    def await_line(self, prefix: str = "", timeout: float = _PATIENCE) -> str:
        """Waits for a line of its output that starts with `prefix`.

        Returns:
            The line, without that and its newline.

        Raises:
            LabError: There is none, after `timeout` seconds or because it
                ended, with how it ended and what it wrote to standard error.
        """
        deadline = time.monotonic() + timeout
        try:
            while True:
                line = self._read_line(deadline)
                if line is None:
                    # It has ended or is about to.
                    problem = describe_status(self.wait(_PATIENCE))
                    break
                if line.startswith(prefix):
                    return line.removeprefix(prefix)
        except TimeoutError:
            problem = f"no line within {timeout:g} s"
        except subprocess.TimeoutExpired:
            problem = "its output ended, and it goes on"
        raise LabError(f"{problem}: {self.errors.strip()}")

    def _read_line(self, deadline: float) -> str | None:
        """Returns the next line of its output, or None at its end."""
        output = _pipe(self._process.stdout)
        poll = select.poll()
        poll.register(output, select.POLLIN)
        while b"\n" not in self._unread:
            if not poll.poll(max(deadline - time.monotonic(), 0) * 1000):
                raise TimeoutError
            chunk = os.read(output.fileno(), 4096)
            if not chunk:
                return None
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode(errors="replace")

    def finish(self, given: bytes, timeout: float | None) -> Finished:
        """Gives it its input and waits for its end.

        Raises:
            subprocess.TimeoutExpired: It goes on after `timeout` seconds.
        """
        output, _ = self._process.communicate(given, timeout)
        return Finished(
            self._process.returncode,
            output.decode(errors="replace"),
            self.errors,
        )

    def ask_to_end(self, number: int = 0) -> None:
        """Ends its input, and sends this signal if it is not 0."""
        _pipe(self._process.stdin).close()
        if number != 0:
            self._process.send_signal(number)
            # A stopped one could not act on it.
            self._process.send_signal(signal.SIGCONT)

    def wait(self, timeout: float) -> int:
        """Waits for its end.

        Returns:
            Its exit status, or minus the number of the signal that ended it.

        Raises:
            subprocess.TimeoutExpired: It goes on after `timeout` seconds.
        """
        return self._process.wait(timeout)

    def kill(self) -> None:
        """Kills it with its process group, unless it has ended, and waits."""
        if self._process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()

    def release(self) -> None:
        """Closes what leads to it."""
        _pipe(self._process.stdin).close()
        _pipe(self._process.stdout).close()
        self._errors.close()


class Finished(NamedTuple):
    """What became of a command.

    Attributes:
        status: Its exit status, or minus the number of the signal that ended
            it.
        output: What it wrote to its standard output.
        errors: What it wrote to its standard error.
    """

    status: int
    output: str
    errors: str


class Children:
    """The children of one owner. Thread-safe.

    A child that ends when its input does, as `cat`, ends when this process
    dies, in whatever way. Others should be started as dying_with_owner().
    """

    def __init__(self, ending: int = 0, patience: float = _PATIENCE) -> None:
        """Without any children.

        Args:
            ending: The signal that asks those of start() to end; by default,
                they end when their input does.
            patience: How many seconds they have for that.
        """
        self._ending = ending
        self._patience = patience
        self._children: list[Child] = []
        # Those that somebody waits for in run().
        self._running: list[Child] = []
        self._closed = False

    def start(self, command: Sequence[str]) -> Child:
        """Starts a child, which goes on until close(); see Child.

        Raises:
            LabError: It can't be started, or close() was called.
        """
        return self._start(command, self._children)

    def run(
        self,
        command: Sequence[str],
        *,
        given: bytes = b"",
        timeout: float | None = _PATIENCE,
    ) -> Finished:
        """Runs a command to its end, with `given` for its input.

        Raises:
            subprocess.TimeoutExpired: It goes on after `timeout` seconds; it is
                killed then, as after any exception.
            LabError: As start().
        """
        child = self._start(command, self._running)
        try:
            return child.finish(given, timeout)
        finally:
            run_on_lasting_thread(lambda: self._forget(child))

    def close(self) -> None:
        """Ends all.

        Kills those that run() waits for, asks the others to end, waits for
        that, and kills those that go on.
        """
        run_on_lasting_thread(self._close)

    def _close(self) -> None:
        self._closed = True
        for child in self._running:
            child.kill()
        for child in self._children:
            child.ask_to_end(self._ending)
        deadline = time.monotonic() + self._patience
        while self._children:
            child = self._children.pop()
            try:
                child.wait(max(deadline - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                child.kill()
            child.release()

    def _start(self, command: Sequence[str], among: list[Child]) -> Child:
        def start() -> Child:
            if self._closed:
                raise LabError("the lab is closed")
            child = Child(command)
            among.append(child)
            return child

        return run_on_lasting_thread(start)

    def _forget(self, child: Child) -> None:
        child.kill()
        child.release()
        self._running.remove(child)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream

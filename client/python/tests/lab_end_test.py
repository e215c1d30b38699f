"""Tests of how labs end, and of where none can be made."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence

import pytest
import standoff
from lab_support import PATIENCE, Watch, await_gone, children, python, script
from standoff.lab import Lab, LabError, find_daemon

# A program that makes a lab, tells the ids of all its processes and the folder,
# and waits to be killed.
_OWNER = """
import sys
from standoff.lab import Lab
with Lab(['left', 'right'], standoffd=sys.argv[1]) as lab:
  print(lab.control_address('left'), flush=True)
  lab.run('left', ['sleep', '1000'], timeout=None)
"""


def _names(pids: Sequence[int]) -> list[str]:
    names = []
    for pid in pids:
        with contextlib.suppress(OSError):
            exe = os.readlink(f"/proc/{pid}/exe")
            names.append(os.path.basename(exe))
    return names


class TestWhatIsLeft:
    """Nothing, in whatever way a lab ends."""

    def test_after_leaving_it(self) -> None:
        before = set(children(os.getpid()))
        with Lab(["left", "right"]) as lab:
            control = lab.control_address("left").removeprefix("unix:")
            assert os.path.exists(control)
            watch = Watch(sorted(set(children(os.getpid())) - before))
        assert watch.all_end()
        assert set(children(os.getpid())) <= before
        assert not os.path.exists(os.path.dirname(control))

    def test_after_a_daemon_that_does_not_get_ready(
        self, tmp_path: pathlib.Path
    ) -> None:
        before = set(children(os.getpid()))
        control = tmp_path / "control"
        daemon = script(
            tmp_path / "daemon",
            # Appended: both hosts' daemons write, and one may be killed.
            f'echo "$1" >>{control}; echo no luck >&2; exit 5',
        )
        with pytest.raises(
            LabError,
            match="standoffd on left did not get ready: exit status 5: no luck",
        ):
            Lab(["left", "right"], standoffd=daemon).start()
        listened = control.read_text().split()
        assert listened
        for flag in listened:
            path = flag.removeprefix("--listen=unix:")
            assert path.endswith(".sock")
            assert not os.path.exists(os.path.dirname(path))
        assert set(children(os.getpid())) <= before

    def test_after_a_daemon_that_cannot_end(self) -> None:
        with Lab(["alone"]) as lab:
            watch = Watch([lab.pid("alone")])
            os.kill(lab.pid("alone"), signal.SIGSTOP)
        assert watch.all_end()

    def test_after_it_was_forgotten(self) -> None:
        lab = Lab(["alone"])
        lab.start()
        watch = Watch([lab.pid("alone")])
        del lab
        assert watch.all_end()

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
    def test_after_its_owner_was_killed(self, number: int) -> None:
        with python(_OWNER, find_daemon()) as owner:
            _check_end_of_owner(owner, number)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another")
    def test_in_a_user_namespace(self) -> None:
        # Where that other may read it.
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            daemon = shutil.copy(find_daemon(), folder)
            package = pathlib.Path(standoff.__file__).parent
            shutil.copytree(package, pathlib.Path(folder, "standoff"))
            nobody = ["setpriv", "--reuid=65534", "--regid=65534"]
            nobody += ["--clear-groups", "--"]
            with python(
                _OWNER, daemon, prefix=nobody, packages=[folder]
            ) as owner:
                _check_end_of_owner(owner, signal.SIGKILL)

    def test_after_an_interrupt_half_way(self, tmp_path: pathlib.Path) -> None:
        fifo = tmp_path / "fifo"
        os.mkfifo(fifo)
        daemon = script(
            tmp_path / "daemon", f"echo $$ >{fifo}; exec sleep 1000"
        )
        program = "import sys; from standoff.lab import Lab\n"
        program += "Lab(['alone'], standoffd=sys.argv[1]).start()"
        with python(program, daemon) as owner:
            # When it starts, the lab waits for it to get ready.
            assert fifo.read_text().strip().isdigit()
            watch = Watch(children(owner.pid))
            owner.send_signal(signal.SIGINT)
            assert watch.all_end()
            _, errors = owner.communicate(timeout=PATIENCE)
            assert errors.endswith("KeyboardInterrupt\n")

    def test_a_forked_process_does_not_end_it(self) -> None:
        program = """
import os, sys
from standoff.lab import Lab
with Lab(['alone'], standoffd=sys.argv[1]) as lab:
  pid = os.fork()
  if pid == 0:
    lab.close()
    os._exit(0)
  os.waitpid(pid, 0)
  os.kill(lab.pid('alone'), 0)
  print(lab.run('alone', ['echo', 'here']).stdout)
"""
        with python(program, find_daemon()) as owner:
            output, errors = owner.communicate(timeout=PATIENCE)
        assert output.strip() == "here", errors


def _check_end_of_owner(owner: subprocess.Popen[str], number: int) -> None:
    """Kills a process that has a lab, and waits for all to be gone."""
    assert owner.stdout is not None
    line = owner.stdout.readline()
    if not line:
        pytest.fail(owner.communicate()[1])
    folder = os.path.dirname(line.strip().removeprefix("unix:"))
    deadline = time.monotonic() + PATIENCE
    # The command that it runs comes last.
    while "sleep" not in (names := _names(children(owner.pid))):
        assert time.monotonic() < deadline, names
    pids = children(owner.pid)
    assert names.count(os.path.basename(find_daemon())) == 2
    watch = Watch(pids)
    owner.send_signal(number)
    assert watch.all_end()
    owner.wait(PATIENCE)
    await_gone(folder)


class TestWithoutRights:
    def test_names_the_remedy(self) -> None:
        if os.geteuid() != 0:
            pytest.skip("needs a user namespace with a limit of its own")
        # In this one there are no more, and no capabilities.
        prefix = ["unshare", "--user", "--map-root-user", "--", "sh", "-c"]
        prefix += [
            "echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv "
            '--bounding-set=-all --inh-caps=-all -- "$@"',
            "sh",
        ]
        program = "import sys; from standoff.lab import Lab\n"
        program += "Lab(['alone'], standoffd=sys.argv[1]).start()"
        with python(program, find_daemon(), prefix=prefix) as owner:
            _, errors = owner.communicate(timeout=PATIENCE)
        assert "LabError: can't make network namespaces: exit status 1: " in (
            errors
        )
        assert "No space left on device" in errors
        assert "Run as root" in errors
        assert "user.max_user_namespaces" in errors

    def test_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
    ) -> None:
        monkeypatch.setattr("standoff.lab_process._SYSTEM_PATH", str(tmp_path))
        monkeypatch.setenv("PATH", str(tmp_path))
        for name in ("sh", "rm", "cat", "mktemp"):
            (tmp_path / name).symlink_to(f"/bin/{name}")
        daemon = script(tmp_path / "standoffd", "exit 0")
        with pytest.raises(LabError, match="apt-get install util-linux ipr"):
            Lab(["alone"], standoffd=daemon).start()

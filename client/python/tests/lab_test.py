"""Tests of standoff.lab, with real namespaces and daemons."""

from __future__ import annotations

import contextlib
import pathlib
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from lab_support import Watch, await_gone, script
from standoff.lab import Lab, LabError, find_daemon

# A program on a host that answers what it is sent over UDP, until its input
# ends. It says when it can.
_ECHO = """
import select, socket, sys
family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 7))
print('ready', flush=True)
while s in select.select([s, sys.stdin], [], [])[0]:
  data, source = s.recvfrom(100)
  s.sendto(data, source)
"""

# A program that sends a datagram and says whether it was answered in time.
_ASK = """
import socket, sys
family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.settimeout(float(sys.argv[2]))
s.connect((sys.argv[1], 7))
s.send(b'hello')
try:
  print(s.recv(100).decode())
except TimeoutError:
  print('silence')
"""

@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(["left", "right"]) as made:
        yield made


@contextlib.contextmanager
def _echo(lab: Lab, name: str, address: str) -> Iterator[None]:
    """Answers on a host meanwhile."""
    process = subprocess.Popen(
        lab.command(name, [sys.executable, "-c", _ECHO, address]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.kill()


def _ask(lab: Lab, name: str, address: str, seconds: float) -> str:
    argv = [sys.executable, "-c", _ASK, address, str(seconds)]
    return lab.run(name, argv, timeout=60, check=True).stdout.rstrip()


class TestLab:
    def test_has_the_addresses_that_it_says(self, lab: Lab) -> None:
        assert lab.names == ["left", "right"]
        assert lab.address("left") == "10.83.0.1"
        assert lab.address("right") == "10.83.0.2"
        assert lab.address("right", socket.AF_INET6) == "fd83::2"
        for name in lab.names:
            shown = lab.run(name, ["ip", "address", "show", "eth0"]).stdout
            assert f"{lab.address(name)}/24" in shown
            ipv6 = lab.address(name, socket.AF_INET6)
            assert f"{ipv6}/64 scope global nodad" in shown

    def test_refuses_other_families(self, lab: Lab) -> None:
        with pytest.raises(LabError, match="left has no address of"):
            lab.address("left", socket.AF_UNIX)

    @pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
    def test_hosts_reach_each_other(
        self, lab: Lab, family: socket.AddressFamily
    ) -> None:
        address = lab.address("right", family)
        with _echo(lab, "right", address):
            assert _ask(lab, "left", address, 10) == "hello"

    def test_a_cut_link_is_silent_and_may_be_restored(self, lab: Lab) -> None:
        address = lab.address("right")
        with _echo(lab, "right", address):
            # They know each other, so that the cut is all that there is.
            assert _ask(lab, "left", address, 10) == "hello"
            lab.cut_link("right")
            lab.cut_link("right")
            try:
                assert _ask(lab, "left", address, 0.1) == "silence"
                link = lab.run("right", ["ip", "link", "show", "eth0"]).stdout
                assert "NO-CARRIER" in link
            finally:
                lab.restore_link("right")
            assert _ask(lab, "left", address, 10) == "hello"

    def test_may_have_more_hosts(self) -> None:
        names = ["a", "b", ".", ".."]
        with Lab(names) as lab:
            address = lab.address("b")
            with _echo(lab, "b", address):
                for name in names:
                    assert _ask(lab, name, address, 10) == "hello"

    def test_labs_do_not_see_each_other(self, lab: Lab) -> None:
        with Lab(["left", "right"]) as other:
            address = lab.address("right")
            assert other.address("right") == address
            with _echo(lab, "right", address):
                assert _ask(lab, "left", address, 10) == "hello"
                # There, the port is closed: an error, and no silence.
                argv = [sys.executable, "-c", _ASK, address, "10"]
                refused = other.run("left", argv).stderr
                assert "ConnectionRefusedError" in refused

    @pytest.mark.parametrize(
        ("names", "problem"),
        [
            ([], "a lab has 1 to 254 hosts"),
            (["x"] * 255, "a lab has 1 to 254 hosts"),
            (["x", "x"], "hosts have the same name: x, x"),
            (["a/b"], '"a/b" is no name'),
        ],
    )
    def test_refuses_names_that_it_cannot_have(
        self, names: list[str], problem: str
    ) -> None:
        with pytest.raises(LabError, match=problem):
            Lab(names)

    def test_names_its_hosts_if_there_is_no_such(self, lab: Lab) -> None:
        problem = 'there is no host "middle" in this lab: it has left, right'
        actions: list[Callable[[str], object]] = [
            lab.address,
            lab.control_address,
            lab.connect,
            lab.pid,
            lab.log,
            lab.cut_link,
            lambda name: lab.run(name, ["true"]),
        ]
        for action in actions:
            with pytest.raises(LabError, match=problem):
                action("middle")

    def test_connects_to_its_daemons(self, lab: Lab) -> None:
        with lab.connect("left") as left, lab.connect("right") as right:
            assert (left.name, right.name) == ("left", "right")
            assert left.address == lab.control_address("left")
            assert left.info().pid == lab.pid("left")
            assert (
                left.info().network_namespace
                != right.info().network_namespace
            )
            listener = right.create_server((lab.address("right"), 0))
            client = left.create_connection(listener.getsockname())
            server, peer = listener.accept()
            assert peer[0] == lab.address("left")
            client.sendall(b"hello")
            assert server.recv(100) == b"hello"

    def test_keeps_its_daemons_logs(self, tmp_path: pathlib.Path) -> None:
        daemon = script(
            tmp_path / "daemon", f'echo hello >&2; exec {find_daemon()} "$@"'
        )
        with Lab(["alone"], standoffd=daemon) as lab:
            assert lab.log("alone").startswith("hello\n")

    def test_is_made_once(self) -> None:
        lab = Lab(["alone"])
        with pytest.raises(LabError, match="not made yet"):
            lab.run("alone", ["true"])
        with lab:
            with pytest.raises(LabError, match="made once"):
                lab.start()
        lab.close()
        with pytest.raises(LabError, match="closed"):
            lab.address("alone")
        with pytest.raises(LabError, match="closed"):
            lab.log("alone")
        with pytest.raises(LabError, match="made once"):
            lab.start()


class TestRun:
    def test_returns_what_a_command_wrote(self, lab: Lab) -> None:
        argv = ["sh", "-c", "cat; echo oh no >&2; exit 9"]
        done = lab.run("left", argv, input="héllo")
        assert (done.args, done.returncode) == (argv, 9)
        assert (done.stdout, done.stderr) == ("héllo", "oh no\n")
        with pytest.raises(subprocess.CalledProcessError, match="status 9"):
            lab.run("left", argv, check=True)

    def test_tells_the_signal_that_ended_it(self, lab: Lab) -> None:
        done = lab.run("left", ["sh", "-c", "kill -TERM $$"])
        assert done.returncode == -signal.SIGTERM

    def test_says_that_there_is_no_such_program(self, lab: Lab) -> None:
        with pytest.raises(FileNotFoundError, match="there is no program nil"):
            lab.run("left", ["nil"])

    def test_kills_what_takes_too_long(
        self, lab: Lab, tmp_path: pathlib.Path
    ) -> None:
        file = tmp_path / "pid"
        argv = ["sh", "-c", f"sleep 1000 & echo $! >{file}; wait"]
        with pytest.raises(subprocess.TimeoutExpired):
            lab.run("left", argv, timeout=0.5)
        # Its process group is killed, too; what is dead has none.
        await_gone(f"/proc/{file.read_text().strip()}/exe")

    def test_what_it_leaves_in_the_background_ends_with_the_lab(self) -> None:
        with Lab(["alone"]) as lab:
            argv = ["sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!"]
            pid = int(lab.run("alone", argv).stdout)
            watch = Watch([pid])
        assert watch.all_end()


class TestFindDaemon:
    @pytest.fixture(autouse=True)
    def _nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("STANDOFFD", raising=False)
        monkeypatch.setenv("PATH", "/nowhere")

    def test_the_first_that_says_something_counts(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
    ) -> None:
        paths = []
        for name in ("argument", "variable", "path"):
            (tmp_path / name).mkdir()
            paths.append(script(tmp_path / name / "standoffd", "exit 0"))
        monkeypatch.setenv("PATH", str(tmp_path / "path"))
        assert find_daemon() == paths[2]
        monkeypatch.setenv("STANDOFFD", paths[1])
        assert find_daemon() == paths[1]
        assert find_daemon(paths[0]) == paths[0]

    def test_says_where_it_may_be(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        remedy = (
            "give its path as the argument standoffd, or in the environment "
            "variable STANDOFFD, or have it on the PATH"
        )
        with pytest.raises(LabError) as caught:
            find_daemon()
        assert str(caught.value) == (
            f"there is no standoffd at the PATH: {remedy}"
        )
        monkeypatch.setenv("STANDOFFD", "/no/such")
        with pytest.raises(LabError, match='no standoffd at STANDOFFD="/no/su'):
            find_daemon()
        with pytest.raises(LabError, match='no standoffd at "/nor/this"'):
            Lab(["alone"], standoffd="/nor/this").start()

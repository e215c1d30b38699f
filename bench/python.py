"""How fast a remote socket is from Python, beside other ways.

  bazel run -c opt //bench:python

Pairs of send and recv of one byte a second, on two connected sockets of a
process on this machine, driven over the loopback: by this package, by an RPyC
classic connection, and by a bare gRPC echo with a Python server, for which a
pair is two calls. Each is driven by a process of its own, so that none has the
threads of another. Measured in turn, several times; the medians are compared.
Exit status 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from concurrent import futures
from typing import Any, Callable, Iterator

import grpc
import rpyc
import standoff

Pair = Callable[[], None]

# Name -> at least so many times as fast.
TARGETS = {"rpyc": 1.5, "echo": 0.8}
WHAT = {
    "rpyc": "an RPyC classic connection",
    "echo": "a bare gRPC echo, two calls",
}


def serve_echo() -> None:
    """Serves a bare echo until standard input ends."""
    handler = grpc.method_handlers_generic_handler(
        "Bare",
        {"Echo": grpc.unary_unary_rpc_method_handler(
            lambda request, context: request)},
    )
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(None)


def serve_rpyc() -> None:
    """Serves RPyC's classic mode until it is killed."""
    from rpyc.utils.server import ThreadedServer

    server = ThreadedServer(
        rpyc.core.service.ClassicService, hostname="127.0.0.1", port=0
    )
    print(server.port, flush=True)
    server.start()


@contextlib.contextmanager
def running(*command: str) -> Iterator[str]:
    """A server in a process of its own: the last word of its first line."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1]
        finally:
            process.kill()


def own_server(name: str) -> contextlib.AbstractContextManager[str]:
    """A server of this file."""
    return running(sys.executable, __file__, f"--serve={name}")


def sockets_pair(module: Any) -> Pair:
    """Sends and receives a byte, as any program would."""
    first, second = module.socketpair()

    def pair() -> None:
        first.send(b"x")
        assert second.recv(1) == b"x"

    return pair


@contextlib.contextmanager
def drive_standoff(daemon: str) -> Iterator[Pair]:
    with running(daemon, "--listen=127.0.0.1:0", "--log_level=off") as address:
        with standoff.connect(address) as host:
            yield sockets_pair(host.socket_module())


def connect_rpyc(port: int) -> Any:
    """Connects to RPyC's server, which tells its port before it listens."""
    deadline = time.monotonic() + 30.0
    while True:
        try:
            return rpyc.classic.connect("127.0.0.1", port)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


@contextlib.contextmanager
def drive_rpyc() -> Iterator[Pair]:
    with own_server("rpyc") as port:
        with connect_rpyc(int(port)) as connection:
            yield sockets_pair(connection.modules.socket)


@contextlib.contextmanager
def drive_echo() -> Iterator[Pair]:
    with own_server("echo") as port:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            echo = channel.unary_unary("/Bare/Echo")

            def pair() -> None:
                echo(b"x")
                assert echo(b"x") == b"x"

            yield pair


def rate(pair: Pair, seconds: float) -> float:
    """How many pairs a second, measured for so long."""
    count = 0
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        for _ in range(20):
            pair()
        count += 20
    return count / elapsed


DRIVERS = {
    "standoff": drive_standoff,
    "rpyc": lambda daemon: drive_rpyc(),
    "echo": lambda daemon: drive_echo(),
}


def drive(name: str, daemon: str) -> None:
    """Measures for as many seconds as each line of standard input says."""
    with DRIVERS[name](daemon) as pair:
        for line in sys.stdin:
            print(rate(pair, float(line)), flush=True)


class Driver:
    """A process that drives one of them."""

    def __init__(self, name: str, daemon: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, f"--drive={name}",
             f"--standoffd={daemon}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *exception: object) -> None:
        # The end of its input ends it, and its servers with it.
        self._process.communicate()

    def rate(self, seconds: float) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(seconds, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())


def measure(daemon: str, turns: int, seconds: float) -> dict[str, float]:
    """The median rate of each, measured in turn."""
    rates: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        drivers = {
            name: stack.enter_context(Driver(name, daemon)) for name in DRIVERS
        }
        for turn in range(-1, turns):
            # None is always the first one.
            names = list(drivers) if turn % 2 else list(reversed(drivers))
            for name in names:
                measured = drivers[name].rate(seconds)
                # The first turn warms up.
                if turn >= 0:
                    rates.setdefault(name, []).append(measured)
            if sys.stderr.isatty():
                print(f"\rturn {turn + 1} of {turns}", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return {name: statistics.median(each) for name, each in rates.items()}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument(
        "--seconds", type=float, default=1.0, help="for each measurement"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--standoffd",
        default=os.environ.get("STANDOFFD", "server/standoffd"),
        help="the daemon; by default the one that was built with this",
    )
    parser.add_argument("--serve", choices=["echo", "rpyc"],
                        help=argparse.SUPPRESS)
    parser.add_argument("--drive", choices=list(DRIVERS),
                        help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    daemon = os.path.abspath(arguments.standoffd)
    if arguments.serve:
        {"echo": serve_echo, "rpyc": serve_rpyc}[arguments.serve]()
        return 0
    if arguments.drive:
        drive(arguments.drive, daemon)
        return 0
    rates = measure(daemon, arguments.turns, arguments.seconds)
    ratios = {name: rates["standoff"] / rates[name] for name in TARGETS}
    if arguments.json:
        print(json.dumps({
            "pairs_per_second": rates,
            "ratios": ratios,
            "targets": TARGETS,
            "what": WHAT,
        }))
    else:
        print(f"{'send + recv, pairs a second':40} {rates['standoff']:8.0f}")
        for name, what in WHAT.items():
            missed = "" if ratios[name] >= TARGETS[name] else "  MISSED"
            print(
                f"{what:40} {rates[name]:8.0f}   ratio {ratios[name]:.2f}, "
                f"target {TARGETS[name]}{missed}"
            )
    return 0 if all(ratios[name] >= TARGETS[name] for name in TARGETS) else 1


if __name__ == "__main__":
    sys.exit(main())

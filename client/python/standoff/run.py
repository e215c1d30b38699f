"""Runs a program, unchanged, with the sockets of a remote host.

    python3 -m standoff.run --host 10.0.0.1:7411 server.py --port 7000
    python3 -m standoff.run --host 10.0.0.1:7411 -m http.server 7000

The program runs here: its files, threads, clock and standard streams are those
of this machine. What it does by `socket`, `select`, `selectors` and `fcntl` is
done on the host: itself, and by what it imports (`socketserver`, `http.client`,
`smtplib`, …). Modules that bring their own sockets, written in C, keep those of
this machine, and `ssl` can't wrap a remote socket. Children that the program
forks must leave sockets alone: the connection to the host is their parent's.

When the program ends, its session does, too, with the sockets it left open;
when it is killed, the session ends when its lease is over (--lease).
"""

from __future__ import annotations

import argparse
import atexit
import os
import runpy
import sys
from collections.abc import Sequence
from typing import NoReturn

from standoff import errors
from standoff import replacing
from standoff.host import Host
from standoff.host_entry import HostEntry, HostsError, TlsFiles
from standoff.hosts import HOSTS_FILE_VARIABLE, HOSTS_VARIABLE, find_hosts

# In seconds. It is short: a program that was killed has no sockets any more.
_LEASE = 10.0


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the program that the arguments tell, in this interpreter.

    Returns when the program does. Its exceptions, SystemExit among them, are
    raised here.
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    if not arguments.module and not arguments.program:
        parser.error("which program? Give its file, or -m and a module")
    if arguments.program and not os.path.exists(arguments.program[0]):
        parser.error(f"there is no file {arguments.program[0]}")
    try:
        entry = _find_host(arguments)
    except (HostsError, OSError) as error:
        parser.error(str(error))
    try:
        host = _connect(entry, arguments)
    except (errors.HarnessError, ValueError, OSError) as error:
        _fail(str(error))
    # Not before the program's threads have ended, nor before what it leaves to
    # the exit: those that were registered later are called earlier.
    atexit.register(host.close)
    replacing.replace_modules(host)
    if arguments.module:
        _run_module(arguments.module)
    else:
        _run_file(arguments.program)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m standoff.run",
        description="Runs a program, unchanged, with the sockets of a remote "
        "host: in it, and in what it imports, socket, select, selectors and "
        "fcntl are the host's.",
        usage="%(prog)s [options] (FILE | -m MODULE) [ARGUMENT ...]",
    )
    parser.add_argument(
        "--host",
        metavar="[NAME=]ADDRESS",
        help="where the host's standoffd listens: HOST:PORT or unix:PATH; or "
        f"the name of a host that {HOSTS_VARIABLE} or {HOSTS_FILE_VARIABLE} "
        "tells. By default the one host that they tell, or else "
        "127.0.0.1:7411",
    )
    parser.add_argument(
        "--session",
        help="the session to be in, which is made if there is none; by default "
        "one of its own",
    )
    parser.add_argument(
        "--lease",
        metavar="SECONDS",
        type=float,
        default=_LEASE,
        help="for how long the session outlives a program that is killed "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--ca", metavar="FILE", default="",
        help="for TLS to the daemon: who may sign its certificate (PEM)",
    )
    parser.add_argument(
        "--certificate", metavar="FILE", default="",
        help="for TLS: this client's certificate (PEM)",
    )
    parser.add_argument(
        "--key", metavar="FILE", default="",
        help="for TLS: the key of this client's certificate (PEM)",
    )
    parser.add_argument(
        "-m", dest="module", metavar="MODULE", nargs=argparse.REMAINDER,
        help="run a module instead of a file, as python3 -m does; its "
        "arguments follow",
    )
    parser.add_argument(
        "program", metavar="FILE", nargs=argparse.REMAINDER,
        help="the program, and its arguments",
    )
    return parser


def _find_host(arguments: argparse.Namespace) -> HostEntry:
    told: str | None = arguments.host
    tls = TlsFiles(arguments.ca, arguments.certificate, arguments.key)
    if told is not None and not _has_address(told):
        known = find_hosts(default=None, tls=tls)
        for entry in known:
            if entry.name == told:
                return entry
        names = ", ".join(entry.name for entry in known) or "none"
        raise HostsError(
            f'--host: "{told}" is no HOST:PORT and no unix:PATH, nor the name '
            f"of a host that {HOSTS_VARIABLE} or {HOSTS_FILE_VARIABLE} tells "
            f"(they tell {names})"
        )
    found = find_hosts([] if told is None else [told], tls=tls)
    if len(found) == 1:
        return found[0]
    names = ", ".join(entry.name for entry in found)
    raise HostsError(f"there are several hosts, say --host and one of: {names}")


def _has_address(told: str) -> bool:
    """Whether it is meant as an address, be it a wrong one, not as a name."""
    return ":" in told


def _connect(entry: HostEntry, arguments: argparse.Namespace) -> Host:
    options = {} if arguments.session is None else {
        "session": arguments.session
    }
    what = arguments.module or arguments.program
    return entry.connect(
        lease=arguments.lease,
        # Texts on a session are for people, and short.
        labels={"program": os.path.basename(what[0])[:60]},
        **options,
    )


def _fail(message: str) -> NoReturn:
    sys.exit(f"standoff.run: {message}")


def _run_file(argv: list[str]) -> None:
    sys.argv[:] = argv
    # As for a program that Python is started with: in place of the folder in
    # which this was started.
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(os.path.realpath(argv[0]))
    runpy.run_path(argv[0], run_name="__main__")


def _run_module(argv: list[str]) -> None:
    sys.argv[:] = argv
    runpy.run_module(argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

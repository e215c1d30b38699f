"""The echo programs of examples/echo, each server with each client.

They run here, with this machine's sockets, and unchanged against two hosts of a
lab, with only the modules replaced that they import.
"""

from __future__ import annotations

import ast
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import standoff
from standoff.lab import Lab

from programs import EXAMPLES, Place

SERVERS = ["blocking_server.py", "select_server.py", "poll_server.py",
           "selectors_server.py", "threaded_server.py", "timeout_server.py"]
CLIENTS = ["blocking_client.py", "timeout_client.py", "nonblocking_client.py"]
# They serve a client while another keeps quiet.
CONCURRENT = SERVERS[1:5]
# More than one segment, and more than one of the servers' receives.
LONG = "long " * 4000


@pytest.fixture(scope="module", name="lab")
def _lab() -> Iterator[Lab]:
    with Lab(["server", "client"]) as lab:
        yield lab


@pytest.fixture(params=["local", "remote"], name="place")
def _place(request: pytest.FixtureRequest) -> Place:
    if request.param == "local":
        return Place("127.0.0.1")
    lab = request.getfixturevalue("lab")
    return Place(lab.address("server"), lab.control_address("server"),
                 lab.control_address("client"))


@contextlib.contextmanager
def modules(control: str) -> Iterator[Any]:
    """The module `socket` of a place's host, for what a test itself does."""
    if not control:
        yield socket
        return
    with standoff.connect(control) as host:
        yield host.socket_module()


def test_programs_know_nothing_of_the_package() -> None:
    found = sorted(path.name for path in EXAMPLES.glob("*.py"))
    assert found == sorted(SERVERS + CLIENTS)
    for name in found:
        for node in ast.walk(ast.parse((EXAMPLES / name).read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "."]
            assert not any("standoff" in each for each in names), name


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("server", SERVERS)
def test_echo(place: Place, server: str, client: str) -> None:
    with place.server(EXAMPLES / server,
                      f"--address={place.address}") as serving:
        port = serving.port()
        with place.client(EXAMPLES / client, f"--address={place.address}",
                          f"--port={port}", "short", LONG) as calling:
            assert calling.end() == f"short\n{LONG}\n"
        assert serving.end() == "served 1\n"


@pytest.mark.parametrize("server", SERVERS)
def test_echo_for_several_clients(place: Place, server: str) -> None:
    with contextlib.ExitStack() as stack:
        serving = stack.enter_context(place.server(
            EXAMPLES / server, f"--address={place.address}",
            "--connections=3"))
        port = serving.port()
        # At the same time.
        calling = [
            stack.enter_context(place.client(
                EXAMPLES / client, f"--address={place.address}",
                f"--port={port}", "--", client)) for client in CLIENTS
        ]
        for client, each in zip(CLIENTS, calling):
            assert each.end() == f"{client}\n"
        assert serving.end() == "served 3\n"


@pytest.mark.parametrize("server", CONCURRENT)
def test_a_silent_client_does_not_keep_others_waiting(place: Place,
                                                      server: str) -> None:
    with place.server(EXAMPLES / server, f"--address={place.address}",
                      "--connections=2") as serving:
        port = serving.port()
        with modules(place.clients) as net:
            with net.create_connection((place.address, int(port))):
                with place.client(EXAMPLES / "blocking_client.py",
                                  f"--address={place.address}",
                                  f"--port={port}", "hello") as calling:
                    assert calling.end() == "hello\n"
        assert serving.end() == "served 2\n"


def test_a_silent_client_keeps_others_waiting(place: Place) -> None:
    with place.server(EXAMPLES / "blocking_server.py",
                      f"--address={place.address}",
                      "--connections=2") as serving:
        port = serving.port()
        with modules(place.clients) as net:
            with net.create_connection((place.address, int(port))):
                # It gets its connection from the kernel, and no answer.
                with place.client(EXAMPLES / "timeout_client.py",
                                  f"--address={place.address}",
                                  f"--port={port}",
                                  "--timeout=0.5") as calling:
                    assert "no answer within 0.5 s" in calling.errors()
        assert serving.end().endswith("served 2\n")


def test_a_reset_ends_no_server(place: Place) -> None:
    for server in SERVERS:
        with place.server(EXAMPLES / server, f"--address={place.address}",
                          "--connections=2") as serving:
            port = serving.port()
            with modules(place.clients) as net:
                sock = net.create_connection((place.address, int(port)))
                sock.sendall(b"x")
                assert sock.recv(1) == b"x"
                # A close with this sends a reset.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                b"\1\0\0\0\0\0\0\0")
                sock.close()
            with place.client(EXAMPLES / "blocking_client.py",
                              f"--address={place.address}",
                              f"--port={port}", "hello") as calling:
                assert calling.end() == "hello\n"
            assert serving.end().endswith("served 2\n")


def test_server_gives_up_on_a_silent_client(place: Place) -> None:
    with place.server(EXAMPLES / "timeout_server.py",
                      f"--address={place.address}",
                      "--timeout=0.5") as serving:
        port = serving.port()
        with modules(place.clients) as net:
            with net.create_connection((place.address, int(port))) as sock:
                # The server closes it.
                assert sock.recv(1) == b""
        assert serving.end() == ("dropped a client, silent for 0.5 s\n"
                                 "served 1\n")


def test_server_ends_when_nobody_connects(place: Place) -> None:
    with place.server(EXAMPLES / "timeout_server.py",
                      f"--address={place.address}",
                      "--timeout=0.2") as serving:
        serving.port()
        assert serving.end(1) == "nobody connected for 0.2 s, served 0\n"


def test_client_gives_up_on_a_silent_server(place: Place) -> None:
    with modules(place.servers) as net:
        with net.create_server((place.address, 0)) as listener:
            with place.client(EXAMPLES / "timeout_client.py",
                              f"--address={place.address}",
                              f"--port={listener.getsockname()[1]}",
                              "--timeout=0.2") as calling:
                assert calling.errors() == "no answer within 0.2 s\n"
                calling.end(1)


@pytest.mark.parametrize("client", CLIENTS)
def test_nobody_listens(place: Place, client: str) -> None:
    with modules(place.servers) as net:
        # Bound, and no listener: nobody else gets the port.
        with net.socket() as sock:
            sock.bind((place.address, 0))
            with place.client(EXAMPLES / client,
                              f"--address={place.address}",
                              f"--port={sock.getsockname()[1]}") as calling:
                assert "ConnectionRefusedError: [Errno 111]" in (
                    calling.errors())


def test_client_gives_up_on_a_network_that_is_cut(lab: Lab) -> None:
    place = Place(lab.address("server"), lab.control_address("server"),
                  lab.control_address("client"))
    with modules(place.servers) as net:
        with net.create_server((place.address, 0)) as listener:
            lab.cut_link("server")
            try:
                with place.client(EXAMPLES / "timeout_client.py",
                                  f"--address={place.address}",
                                  f"--port={listener.getsockname()[1]}",
                                  "--timeout=0.2") as calling:
                    assert calling.errors() == "no connection within 0.2 s\n"
            finally:
                lab.restore_link("server")

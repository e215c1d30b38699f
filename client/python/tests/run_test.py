"""standoff.run: programs, unchanged, with the sockets of a remote host.

Above all pairs of the standard library's servers and clients, each on a host of
its own in a lab.
"""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest
import standoff
from standoff import OperationState
from standoff.lab import Lab

from programs import PACKAGES, Place, Program
from workers import eventually

SOCKET_SERVER = """
    import socketserver, sys
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            for line in self.rfile:
                self.wfile.write(line.upper())
    class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
        pass
    with Server((sys.argv[1], 0), Handler) as server:
        print(server.server_address[1], flush=True)
        server.handle_request()
"""
SOCKET_CLIENT = """
    import socket, sys
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as sock:
        with sock.makefile("rw") as file:
            for line in ("one", "two"):
                print(line, file=file, flush=True)
                print(file.readline().strip())
"""
HTTP_CLIENT = """
    import http.client, sys
    connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]))
    for path in ("/page.txt", "/none"):
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        print(response.status, body.decode() if response.status == 200 else "")
    connection.close()
"""
URL_CLIENT = """
    import sys, urllib.error, urllib.request
    # Without what the environment says of proxies.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url = f"http://{sys.argv[1]}:{sys.argv[2]}"
    with opener.open(f"{url}/page.txt", timeout=20) as response:
        print(response.status, response.read().decode())
    try:
        opener.open(f"{url}/none")
    except urllib.error.HTTPError as error:
        print(error.code, "")
        error.close()
"""
XMLRPC_SERVER = """
    import sys, xmlrpc.server
    with xmlrpc.server.SimpleXMLRPCServer((sys.argv[1], 0),
                                          logRequests=False) as server:
        server.register_function(pow)
        print(server.server_address[1], flush=True)
        # One for each call.
        server.handle_request()
        server.handle_request()
"""
XMLRPC_CLIENT = """
    import sys, xmlrpc.client
    with xmlrpc.client.ServerProxy(
            f"http://{sys.argv[1]}:{sys.argv[2]}") as server:
        print(server.pow(2, 9))
        try:
            server.nothing()
        except xmlrpc.client.Fault as fault:
            print("fault", fault.faultCode)
"""
SMTP_SERVER = """
    import socketserver, sys
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 here\\r\\n")
            while line := self.rfile.readline():
                verb = line.split()[0].upper()
                if verb == b"DATA":
                    self.wfile.write(b"354 go on\\r\\n")
                    while (part := self.rfile.readline()) != b".\\r\\n":
                        print("got:" + part.decode().strip(), flush=True)
                elif verb == b"QUIT":
                    self.wfile.write(b"221 bye\\r\\n")
                    return
                self.wfile.write(b"250 fine\\r\\n")
    with socketserver.TCPServer((sys.argv[1], 0), Handler) as server:
        print(server.server_address[1], flush=True)
        server.handle_request()
"""
SMTP_CLIENT = """
    import smtplib, sys
    with smtplib.SMTP(sys.argv[1], int(sys.argv[2]), "localhost") as smtp:
        smtp.sendmail("a@example.com", ["b@example.com"], "Subject: x\\n\\nhi")
    print("sent")
"""
ASYNCIO_SERVER = """
    import asyncio, sys
    async def main():
        served = asyncio.Event()
        async def serve(reader, writer):
            while data := await reader.read(100):
                writer.write(data)
                await writer.drain()
            writer.close()
            await writer.wait_closed()
            served.set()
        server = await asyncio.start_server(serve, sys.argv[1], 0)
        async with server:
            print(server.sockets[0].getsockname()[1], flush=True)
            await served.wait()
    asyncio.run(main())
"""
ASYNCIO_CLIENT = """
    import asyncio, sys
    async def main():
        reader, writer = await asyncio.open_connection(sys.argv[1],
                                                       int(sys.argv[2]))
        try:
            async with asyncio.timeout(0.1):
                await reader.read(1)
        except TimeoutError:
            print("silence")
        writer.write(b"hello")
        print(await reader.readexactly(5))
        writer.close()
        await writer.wait_closed()
    asyncio.run(main())
"""


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


def write(folder: pathlib.Path, name: str, text: str) -> pathlib.Path:
    """Makes a program."""
    path = folder / name
    path.write_text(textwrap.dedent(text))
    return path


@pytest.mark.parametrize("server, client, expected, received", [
    pytest.param(SOCKET_SERVER, SOCKET_CLIENT, "ONE\nTWO\n", "",
                 id="socketserver"),
    pytest.param(XMLRPC_SERVER, XMLRPC_CLIENT, "512\nfault 1\n", "",
                 id="xmlrpc"),
    pytest.param(SMTP_SERVER, SMTP_CLIENT, "sent\n",
                 "got:Subject: x\ngot:\ngot:hi\n", id="smtplib"),
    pytest.param(ASYNCIO_SERVER, ASYNCIO_CLIENT, "silence\nb'hello'\n", "",
                 id="asyncio"),
])
def test_library(place: Place, tmp_path: pathlib.Path, server: str,
                 client: str, expected: str, received: str) -> None:
    with place.server(write(tmp_path, "server.py", server),
                      place.address) as serving:
        port = serving.port()
        with place.client(write(tmp_path, "client.py", client),
                          place.address, port) as calling:
            assert calling.end() == expected
        assert serving.end() == received


@pytest.mark.parametrize("client", [HTTP_CLIENT, URL_CLIENT],
                         ids=["http.client", "urllib"])
def test_http(place: Place, tmp_path: pathlib.Path, client: str) -> None:
    write(tmp_path, "page.txt", "the page")
    with place.server("-m", "http.server", "0",
                      f"--bind={place.address}",
                      f"--directory={tmp_path}") as serving:
        port = serving.port()
        with place.client(write(tmp_path, "client.py", client),
                          place.address, port) as calling:
            assert calling.end() == "200 the page\n404 \n"


# The program and the interpreter ----------------------------------------------


@pytest.fixture(name="folder")
def _folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with a module that programs in it can import."""
    write(tmp_path, "beside.py", "import socket")
    return tmp_path


def on_host(address: str, folder: pathlib.Path, text: str,
            *argv: str) -> Program:
    """Starts a program against a host."""
    return Program(address, (write(folder, "program.py", text), *argv))


def test_program_is_as_python_starts_it(daemon_address: str,
                                        folder: pathlib.Path) -> None:
    with on_host(daemon_address, folder, """
        import sys
        import beside
        print(__name__, sys.argv[1:], sys.argv[0] == __file__)
        print(sys.modules["__main__"].__dict__ is globals())
        print(beside.socket.socket.__module__)
        sys.exit(7)
    """, "--host", "-m", "x") as program:
        assert program.end(7) == (
            "__main__ ['--host', '-m', 'x'] True\nTrue\nstandoff\n")


def test_threads_and_exit_functions_have_the_host(
        daemon_address: str, folder: pathlib.Path) -> None:
    with on_host(daemon_address, folder, """
        import atexit, socket, threading
        first, second = socket.socketpair()
        def receive():
            threading.main_thread().join()
            print(second.recv(10), WORD)
        WORD = "said"
        @atexit.register
        def close():
            first.close()
            second.close()
            print("closed")
        threading.Thread(target=receive).start()
        first.send(b"it")
    """) as program:
        assert program.end() == "b'it' said\nclosed\n"


def test_what_is_of_this_machine(daemon_address: str,
                                 folder: pathlib.Path) -> None:
    with on_host(daemon_address, folder, """
        import fcntl, multiprocessing.pool, os, socket, subprocess, sys
        # Two pipes at once: it waits with a selector.
        done = subprocess.run([sys.executable, "-c", "print(input())"],
                              input="here", capture_output=True, text=True)
        print(done.stdout.strip())
        parent, child = multiprocessing.Pipe()
        parent.send("pipe")
        print(child.recv())
        with open(__file__) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            print(fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE)
        with socket.socket() as sock:
            sock.setblocking(False)
            print(fcntl.fcntl(sock, fcntl.F_GETFL) & os.O_NONBLOCK != 0)
    """) as program:
        assert program.end() == "here\npipe\n0\nTrue\n", program.errors()


def test_ssl_can_not_wrap_a_remote_socket(daemon_address: str,
                                          folder: pathlib.Path) -> None:
    # Its part in C takes sockets of this machine only; no plain text goes out.
    with on_host(daemon_address, folder, """
        import socket, ssl
        first, second = socket.socketpair()
        context = ssl.create_default_context()
        try:
            context.wrap_socket(first, server_hostname="localhost")
        except NotImplementedError as error:
            print(type(error).__name__)
        first.close()
        second.close()
    """) as program:
        assert program.end() == "Unsupported\n"


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_what_it_leaves_is_closed(daemon_address: str, folder: pathlib.Path,
                                  end: signal.Signals) -> None:
    with Program(daemon_address, ("--lease=1", write(folder, "program.py", """
        import signal, socket
        signal.signal(signal.SIGINT, signal.default_int_handler)
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        while True:
            listener.accept()[0].close()
    """))) as program:
        port = int(program.port())
        with standoff.connect(daemon_address) as host:
            host.create_connection(("127.0.0.1", port)).close()

            def listeners() -> list[str]:
                return [found.socket.name for found in
                        host.snapshot(all_sessions=True).sockets
                        if found.socket.HasField("accept_queue")
                        and found.socket.local_address.ip.port == port]

            def is_in_accept() -> bool:
                names = listeners()
                return any(operation.action.accept.socket in names
                           and operation.state == OperationState.BLOCKED.value
                           for operation in
                           host.snapshot(all_sessions=True).operations)

            # What interrupts a destructor is lost, as Python says it.
            eventually(is_in_accept)
            program.kill(end)
            eventually(lambda: not listeners())


def test_session(daemon_address: str, folder: pathlib.Path) -> None:
    with standoff.connect(daemon_address) as host:
        name = host.session.name
        with Program(daemon_address, (
                f"--session={name}", write(folder, "program.py", """
            import socket
            with socket.socket() as sock:
                print(sock.host.session.name)
        """))) as program:
            assert program.end() == f"{name}\n"
        # It is not the program's to end.
        assert host.info()


# Errors -----------------------------------------------------------------------


def refused(*argv: str, **environment: str) -> str:
    """What standoff.run says of arguments that it refuses."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("STANDOFF_")}
    done = subprocess.run(
        [sys.executable, "-m", "standoff.run", *argv],
        env={**kept, "PYTHONPATH": str(PACKAGES), **environment},
        check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    return done.stderr


def test_usage(folder: pathlib.Path) -> None:
    program = str(write(folder, "program.py", ""))
    assert "which program?" in refused()
    assert "no file nothing.py" in refused("nothing.py")
    assert '"x:y:0"' in refused("--host=x:y:0", program)
    assert "they tell none" in refused("--host=right", program)
    two = {"STANDOFF_HOSTS": "left=unix:/l,right=unix:/r"}
    assert "left, right" in refused("--host=middle", program, **two)
    assert "there are several hosts" in refused(program, **two)
    assert "STANDOFF_HOSTS: " in refused(program, STANDOFF_HOSTS="none")


def test_no_daemon(folder: pathlib.Path) -> None:
    program = str(write(folder, "program.py", ""))
    assert "right: no daemon answers" in refused(
        "--host=right", program,
        STANDOFF_HOSTS="left=unix:/none,right=unix:/nothing")


def test_a_name_of_the_environment(daemon_address: str, folder: pathlib.Path,
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDOFF_HOSTS", f"left={daemon_address},right=unix:/r")
    with on_host("left", folder, """
        import socket
        print(socket.socket.__module__)
    """) as program:
        assert program.end() == "standoff\n"

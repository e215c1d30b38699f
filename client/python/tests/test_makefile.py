"""makefile: a connection as a file."""

from __future__ import annotations

import errno
import io
from typing import Any

import pytest

from connections import (await_events, fill, receive_exactly, tcp, tcp_pair,
                         unix_pair)
from net import Net
from workers import Worker


@pytest.mark.parametrize("mode, kind, readable, writable", [
    ("r", io.TextIOWrapper, True, False),
    ("", io.TextIOWrapper, True, False),
    ("w", io.TextIOWrapper, False, True),
    ("rw", io.TextIOWrapper, True, True),
    ("rb", io.BufferedReader, True, False),
    ("br", io.BufferedReader, True, False),
    ("b", io.BufferedReader, True, False),
    ("wb", io.BufferedWriter, False, True),
    ("rwb", io.BufferedRWPair, True, True),
])
def test_modes(net: Net, mode: str, kind: Any, readable: bool,
               writable: bool) -> None:
    file = net.keep(tcp_pair(net)[0].makefile(mode))
    assert type(file) is kind
    assert file.readable() is readable
    assert file.writable() is writable
    assert file.seekable() is False


def test_mode_by_default_is_reading_text(net: Net) -> None:
    file = net.keep(tcp_pair(net)[0].makefile())
    assert isinstance(file, io.TextIOWrapper)
    assert file.mode == "r"


@pytest.mark.parametrize("mode", ["x", "rt", "r+", "a", "rbU"])
def test_refused_modes(net: Net, mode: str) -> None:
    with pytest.raises(ValueError, match=r"\(only r, w, b allowed\)"):
        tcp_pair(net)[0].makefile(mode)


def test_unbuffered_is_binary(net: Net) -> None:
    client, _ = tcp_pair(net)
    with pytest.raises(ValueError, match="unbuffered streams must be binary"):
        client.makefile("r", 0)
    file = net.keep(client.makefile("rb", 0))
    assert file.mode == "rb"
    assert isinstance(file, net.socket.SocketIO)
    assert isinstance(file, io.RawIOBase)


def test_name_is_the_descriptor(net: Net) -> None:
    client, _ = tcp_pair(net)
    file = net.keep(client.makefile("rb"))
    assert file.name == file.fileno() == client.fileno()


def test_encoding_and_the_like_are_keywords(net: Net) -> None:
    client, server = tcp_pair(net)
    with pytest.raises(TypeError):
        client.makefile("r", None, "utf-8")
    file = net.keep(client.makefile("w", 100, encoding="latin-1",
                                    errors="replace", newline="\r\n"))
    assert (file.encoding, file.errors) == ("latin-1", "replace")
    file.write("ü€\n")
    file.flush()
    assert receive_exactly(server, 4) == b"\xfc?\r\n"


# Reading --------------------------------------------------------------------


def test_lines_of_text(net: Net) -> None:
    client, server = tcp_pair(net)
    server.sendall("erste\nzwöte\r\nlast".encode())
    server.close()
    file = net.keep(client.makefile("r", encoding="utf-8"))
    assert file.readline() == "erste\n"
    assert list(file) == ["zwöte\n", "last"]
    assert file.readline() == ""


def test_reads_of_bytes(net: Net) -> None:
    client, server = tcp_pair(net)
    server.sendall(b"0123456789line\nrest")
    server.close()
    file = net.keep(client.makefile("rb"))
    assert file.read(3) == b"012"
    assert file.peek(1)[:1] == b"3"
    assert file.read1(2) == b"34"
    buffer = bytearray(5)
    assert file.readinto(buffer) == 5
    assert buffer == b"56789"
    assert file.readline() == b"line\n"
    assert file.read() == b"rest"
    assert file.read(1) == b""


def test_read_waits_for_all_of_it(net: Net) -> None:
    client, server = tcp_pair(net)
    file = net.keep(client.makefile("rb"))
    server.sendall(b"abc")
    worker = Worker(file.read, 6)
    net.wait_blocked(worker)
    server.sendall(b"def")
    assert worker.result() == b"abcdef"


def test_unbuffered_reads_are_receives(net: Net) -> None:
    client, server = tcp_pair(net)
    file = net.keep(client.makefile("rb", 0))
    server.sendall(b"abc")
    assert file.read(100) == b"abc"
    server.sendall(b"defg")
    buffer = bytearray(2)
    assert file.readinto(buffer) == 2
    assert buffer == b"de"
    # What a buffer would have taken is there.
    assert client.recv(10) == b"fg"


def test_much_is_read(net: Net) -> None:
    client, server = tcp_pair(net)
    data = bytes(range(256)) * (1 << 13)
    writer = Worker(lambda: (server.sendall(data), server.close()))
    file = net.keep(client.makefile("rb"))
    assert file.read() == data
    writer.result()


# Writing --------------------------------------------------------------------


def test_writes_are_buffered(net: Net) -> None:
    client, server = tcp_pair(net)
    file = net.keep(client.makefile("wb"))
    assert file.write(b"hello") == 5
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.recv(10)
    server.setblocking(True)
    assert file.flush() is None
    assert server.recv(10) == b"hello"


def test_close_flushes(net: Net) -> None:
    client, server = tcp_pair(net)
    with client.makefile("wb") as file:
        file.write(b"hello")
    assert server.recv(10) == b"hello"


def test_unbuffered_writes_are_sends(net: Net) -> None:
    first, second = unix_pair(net)
    file = net.keep(first.makefile("wb", 0))
    assert file.write(b"abc") == 3
    assert second.recv(10) == b"abc"
    first.settimeout(60)
    # As send does, it returns what went out.
    assert 0 < file.write(bytes(1 << 22)) < 1 << 22


def test_much_is_written(net: Net) -> None:
    client, server = tcp_pair(net)
    data = bytes(range(256)) * (1 << 13)
    reader = Worker(receive_exactly, server, len(data))
    with client.makefile("wb") as file:
        assert file.write(data) == len(data)
    assert reader.result() == data


def test_a_file_for_both_directions(net: Net) -> None:
    client, server = tcp_pair(net)
    with client.makefile("rwb") as ours, server.makefile("rwb") as theirs:
        ours.write(b"question\n")
        ours.flush()
        assert theirs.readline() == b"question\n"
        theirs.write(b"answer\n")
        theirs.flush()
        assert ours.readline() == b"answer\n"


def test_write_to_a_broken_pipe(net: Net) -> None:
    first, second = unix_pair(net)
    second.close()
    file = net.keep(first.makefile("wb", 0))
    with pytest.raises(BrokenPipeError):
        file.write(b"x")


# With a timeout -------------------------------------------------------------


@pytest.mark.parametrize("buffering", [0, -1])
def test_reads_no_more_after_a_timeout(net: Net, buffering: int) -> None:
    client, server = tcp_pair(net)
    client.settimeout(0.1)
    file = net.keep(client.makefile("rb", buffering))
    with pytest.raises(TimeoutError) as caught:
        file.read(1)
    assert caught.value.args == ("timed out",)
    # A buffer may have lost something: not even what comes now.
    server.sendall(b"late")
    client.settimeout(None)
    for _ in range(2):
        with pytest.raises(OSError) as refused:
            file.read(1)
        assert refused.value.args == ("cannot read from timed out object",)
        assert not isinstance(refused.value, TimeoutError)
    # The socket itself is not affected, nor is another file.
    assert net.keep(client.makefile("rb")).read(2) == b"la"


def test_write_expires(net: Net) -> None:
    first, _ = unix_pair(net)
    fill(first)
    first.settimeout(0.1)
    file = net.keep(first.makefile("wb", 0))
    with pytest.raises(TimeoutError):
        file.write(b"x")


# Non-blocking ---------------------------------------------------------------


def test_nonblocking_reads_are_none(net: Net) -> None:
    client, server = tcp_pair(net)
    client.setblocking(False)
    buffered = net.keep(client.makefile("rb"))
    raw = net.keep(client.makefile("rb", 0))
    assert buffered.read(1) is None
    assert raw.read(1) is None
    assert raw.readinto(bytearray(1)) is None
    server.sendall(b"ab")
    await_events(net, client, net.select.POLLIN)
    assert raw.read(1) == b"a"
    assert buffered.read(1) == b"b"


def test_nonblocking_raw_write_is_none(net: Net) -> None:
    first, _ = unix_pair(net)
    fill(first)
    first.setblocking(False)
    file = net.keep(first.makefile("wb", 0))
    assert file.write(b"x") is None


def test_nonblocking_buffered_write_tells_how_far_it_came(net: Net) -> None:
    first, second = unix_pair(net)
    filled = fill(first)
    first.setblocking(False)
    file = first.makefile("wb", 1000)
    with pytest.raises(BlockingIOError) as caught:
        file.write(bytes(5000))
    # Its errno is what the C library said last, of whatever: no part of this.
    assert caught.value.characters_written == 1000
    # What is in the buffer goes out with the close.
    receive_exactly(second, filled)
    file.close()
    assert receive_exactly(second, 1000) == bytes(1000)


# Its end --------------------------------------------------------------------


@pytest.mark.parametrize("buffering", [0, -1])
def test_closed_file(net: Net, buffering: int) -> None:
    file = tcp_pair(net)[0].makefile("rb", buffering)
    file.close()
    file.close()
    assert file.closed is True
    for call in (lambda: file.read(1), file.readable, file.fileno):
        with pytest.raises(ValueError):
            call()


def test_name_of_a_closed_raw_file(net: Net) -> None:
    file = tcp_pair(net)[0].makefile("rb", 0)
    file.close()
    assert file.name == -1


@pytest.mark.parametrize("mode, call", [
    ("rb", lambda file: file.write(b"x")),
    ("wb", lambda file: file.read(1)),
])
def test_the_wrong_direction(net: Net, mode: str, call: Any) -> None:
    for buffering in (0, -1):
        file = net.keep(tcp_pair(net)[0].makefile(mode, buffering))
        with pytest.raises(io.UnsupportedOperation):
            call(file)


def test_cannot_seek(net: Net) -> None:
    file = net.keep(tcp_pair(net)[0].makefile("rb", 0))
    for call in (lambda: file.seek(0), file.tell, file.truncate):
        with pytest.raises(io.UnsupportedOperation):
            call()


def test_of_an_unconnected_socket(net: Net) -> None:
    file = net.keep(tcp(net).makefile("rb"))
    with pytest.raises(OSError) as caught:
        file.read(1)
    assert caught.value.errno == errno.ENOTCONN

"""sendfile."""

from __future__ import annotations

import io
import pathlib
from typing import Any, BinaryIO, Iterator

import pytest

from connections import receive_exactly, tcp_pair, udp, unix_pair
from net import Net
from workers import Worker

DATA = b"0123456789"


@pytest.fixture(name="file", params=["file", "bytes"])
def _file(request: pytest.FixtureRequest,
          tmp_path: pathlib.Path) -> Iterator[BinaryIO]:
    """A regular file, and one that the kernel does not know."""
    if request.param == "bytes":
        yield io.BytesIO(DATA)
        return
    path = tmp_path / "file"
    path.write_bytes(DATA)
    with open(path, "rb") as file:
        yield file


@pytest.mark.parametrize("arguments, sent", [
    ((), DATA),
    ((3,), DATA[3:]),
    ((3, None), DATA[3:]),
    ((3, 4), DATA[3:7]),
    ((0, 100), DATA),
    ((8, 100), DATA[8:]),
    ((10,), b""),
    ((50,), b""),
])
def test_sends_a_part(net: Net, file: BinaryIO, arguments: Any,
                      sent: bytes) -> None:
    client, server = tcp_pair(net)
    assert client.sendfile(file, *arguments) == len(sent)
    client.close()
    assert receive_exactly(server, 100) == sent


def test_keywords(net: Net, file: BinaryIO) -> None:
    client, server = tcp_pair(net)
    assert client.sendfile(file=file, offset=1, count=2) == 2
    assert server.recv(10) == b"12"


def test_leaves_the_file_behind_what_was_sent(net: Net,
                                              file: BinaryIO) -> None:
    client, _ = tcp_pair(net)
    client.sendfile(file, 2, 3)
    assert file.tell() == 5
    client.sendfile(file, 7)
    assert file.tell() == 10


def test_without_an_offset_it_begins_at_the_start_of_a_file(
        net: Net, file: BinaryIO) -> None:
    client, _ = tcp_pair(net)
    file.seek(7)
    # What the kernel knows by no descriptor is read from where it is, and
    # left where it would be had it been read from its start.
    expected = 3 if isinstance(file, io.BytesIO) else 10
    assert client.sendfile(file) == expected
    assert file.tell() == expected


@pytest.mark.parametrize("timeout", [None, 60])
def test_much(net: Net, tmp_path: pathlib.Path,
              timeout: float | None) -> None:
    client, server = tcp_pair(net)
    client.settimeout(timeout)
    data = bytes(range(256)) * (1 << 14)
    path = tmp_path / "much"
    path.write_bytes(data)
    reader = Worker(receive_exactly, server, len(data))
    with open(path, "rb") as file:
        assert client.sendfile(file) == len(data)
    assert reader.result() == data


def test_expires(net: Net, tmp_path: pathlib.Path) -> None:
    first, _ = unix_pair(net)
    first.settimeout(0.2)
    path = tmp_path / "much"
    path.write_bytes(bytes(1 << 22))
    with open(path, "rb") as file:
        with pytest.raises(TimeoutError) as caught:
            first.sendfile(file)
        assert caught.value.args == ("timed out",)
        # As far as it came.
        assert 0 < file.tell() < 1 << 22


@pytest.mark.parametrize("count, error", [
    (0, ValueError), (-1, ValueError), (1.5, TypeError), ("1", TypeError),
])
def test_refused_counts(net: Net, file: BinaryIO, count: Any,
                        error: type[Exception]) -> None:
    with pytest.raises(error, match="count must be a positive integer"):
        tcp_pair(net)[0].sendfile(file, 0, count)


def test_of_a_nonblocking_socket(net: Net, file: BinaryIO) -> None:
    client, _ = tcp_pair(net)
    client.setblocking(False)
    with pytest.raises(ValueError, match="non-blocking sockets are not"):
        client.sendfile(file)


def test_of_a_datagram_socket(net: Net, file: BinaryIO) -> None:
    with pytest.raises(ValueError, match="only SOCK_STREAM type sockets"):
        udp(net).sendfile(file)


def test_of_a_text_file(net: Net, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "text"
    path.write_text("text")
    with open(path, encoding="utf-8") as file:
        with pytest.raises(ValueError, match="opened in binary mode"):
            tcp_pair(net)[0].sendfile(file)


def test_to_a_broken_pipe(net: Net, file: BinaryIO) -> None:
    first, second = unix_pair(net)
    second.close()
    with pytest.raises(BrokenPipeError):
        first.sendfile(file)

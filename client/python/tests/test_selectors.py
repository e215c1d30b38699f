"""selectors: each class that both sides have."""

from __future__ import annotations

import selectors
import time
from typing import Any, Iterator

import pytest

from connections import (fill, hung_up_and_full, listener, tcp, tcp_pair,
                         unix_pair)
from net import Net
from workers import Worker

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE


@pytest.fixture(name="selector", params=["DefaultSelector", "PollSelector",
                                         "SelectSelector"])
def _selector(net: Net, request: pytest.FixtureRequest) -> Iterator[Any]:
    selector = getattr(net.selectors, request.param)()
    yield selector
    selector.close()


def test_names_of_the_module(net: Net, selector: Any) -> None:
    assert net.selectors.EVENT_READ == READ
    assert net.selectors.EVENT_WRITE == WRITE
    assert net.selectors.SelectorKey is selectors.SelectorKey
    assert isinstance(selector, selectors.BaseSelector)
    assert isinstance(selector, net.selectors.BaseSelector)


def test_register_returns_the_key(net: Net, selector: Any) -> None:
    sock, data = tcp(net), object()
    key = selector.register(sock, READ | WRITE, data)
    assert isinstance(key, selectors.SelectorKey)
    assert key == (sock, sock.fileno(), READ | WRITE, data)
    assert key.fileobj is sock
    assert key.data is data
    assert selector.get_key(sock) == key


def test_register_by_keywords_and_without_data(net: Net,
                                               selector: Any) -> None:
    sock = tcp(net)
    key = selector.register(fileobj=sock, events=READ)
    assert key.data is None


def test_select_returns_keys_with_events(net: Net, selector: Any) -> None:
    client, server = tcp_pair(net)
    key = selector.register(client, READ, "data")
    assert selector.select(timeout=0) == []
    server.sendall(b"x")
    answer = selector.select(60)
    assert answer == [(key, READ)]
    assert isinstance(answer, list)
    assert answer[0][0].data == "data"
    assert answer[0][0].fileobj is client


def test_select_tells_only_what_was_asked_for(net: Net,
                                              selector: Any) -> None:
    first, second = unix_pair(net)
    second.sendall(b"x")
    for events in (READ, WRITE, READ | WRITE):
        key = selector.register(first, events)
        assert selector.select(60) == [(key, events)]
        selector.unregister(first)


def test_select_of_several(net: Net, selector: Any) -> None:
    pairs = [unix_pair(net) for _ in range(5)]
    for index, (first, _) in enumerate(pairs):
        selector.register(first, READ, index)
    for index in (1, 3):
        pairs[index][1].sendall(b"x")
    ready = {key.data for key, _ in selector.select(60)}
    assert ready == {1, 3}


def test_waits(net: Net, selector: Any) -> None:
    client, server = tcp_pair(net)
    key = selector.register(client, READ)
    worker = Worker(selector.select)
    net.wait_blocked(worker)
    server.sendall(b"x")
    assert worker.result() == [(key, READ)]


def test_expires(net: Net, selector: Any) -> None:
    selector.register(tcp_pair(net)[0], READ)
    start = time.monotonic()
    assert selector.select(0.2) == []
    assert 0.2 <= time.monotonic() - start < 30


@pytest.mark.parametrize("timeout", [0, -1, -0.5])
def test_does_not_wait(net: Net, selector: Any, timeout: float) -> None:
    # In the main thread: a wait would end by the limit of the test.
    selector.register(tcp_pair(net)[0], READ)
    assert selector.select(timeout) == []


def test_nothing_registered_is_a_sleep(net: Net, selector: Any) -> None:
    del net
    start = time.monotonic()
    assert selector.select(0.2) == []
    assert 0.2 <= time.monotonic() - start < 30


def test_a_full_socket_is_not_writable(net: Net, selector: Any) -> None:
    first, _ = unix_pair(net)
    fill(first)
    selector.register(first, WRITE)
    assert selector.select(0) == []


def test_a_listener_is_readable(net: Net, selector: Any) -> None:
    server = listener(net)
    key = selector.register(server, READ)
    tcp(net).connect(server.getsockname())
    assert selector.select(60) == [(key, READ)]


def test_the_end_is_readable(net: Net, selector: Any) -> None:
    client, server = tcp_pair(net)
    key = selector.register(client, READ)
    server.close()
    assert selector.select(60) == [(key, READ)]


def test_a_hang_up(net: Net, selector: Any) -> None:
    first, _, _ = hung_up_and_full(net)
    key = selector.register(first, WRITE)
    # select(2) takes a hang-up for the end of what there is to read, and for no
    # room to write.
    selects = isinstance(selector, net.selectors.SelectSelector)
    assert selector.select(0.1) == ([] if selects else [(key, WRITE)])
    key = selector.modify(first, READ | WRITE)
    assert selector.select(60) == [(key, READ if selects else READ | WRITE)]


def test_modify(net: Net, selector: Any) -> None:
    first, second = unix_pair(net)
    second.sendall(b"x")
    selector.register(first, READ, "old")
    key = selector.modify(first, WRITE, "new")
    assert key == (first, first.fileno(), WRITE, "new")
    assert selector.get_key(first) == key
    assert selector.select(60) == [(key, WRITE)]


def test_modify_of_the_data_alone(net: Net, selector: Any) -> None:
    sock = tcp(net)
    selector.register(sock, READ, "old")
    assert selector.modify(sock, READ, "new").data == "new"
    assert selector.get_key(sock).data == "new"


def test_unregister(net: Net, selector: Any) -> None:
    first, _ = unix_pair(net)
    key = selector.register(first, WRITE)
    assert selector.unregister(first) == key
    assert selector.select(0) == []
    with pytest.raises(KeyError):
        selector.get_key(first)


def test_register_of_a_handle(net: Net, selector: Any) -> None:
    first, _ = unix_pair(net)
    handle = first.fileno()
    key = selector.register(handle, WRITE)
    assert key == (handle, handle, WRITE, None)
    # It is the same descriptor.
    assert selector.get_key(first) == key
    assert selector.select(60) == [(key, WRITE)]


def test_map(net: Net, selector: Any) -> None:
    first, second = unix_pair(net)
    assert len(selector.get_map()) == 0
    keys = [selector.register(sock, READ) for sock in (first, second)]
    mapping = selector.get_map()
    assert len(mapping) == 2
    assert set(mapping) == {first.fileno(), second.fileno()}
    assert first in mapping
    assert tcp(net) not in mapping
    assert mapping[first] == keys[0]
    assert mapping[second.fileno()] == keys[1]
    assert list(mapping.values()) == keys
    with pytest.raises(KeyError):
        mapping[tcp(net)]  # pylint: disable=expression-not-assigned
    with pytest.raises(TypeError):
        mapping[first] = keys[1]


def test_with_and_close(net: Net, selector: Any) -> None:
    sock = tcp(net)
    with selector as entered:
        assert entered is selector
        selector.register(sock, READ)
    assert selector.get_map() is None
    with pytest.raises(RuntimeError, match="Selector is closed"):
        selector.get_key(sock)
    selector.close()
    # The sockets are somebody else's.
    assert sock.fileno() >= 0


# What is refused ------------------------------------------------------------


@pytest.mark.parametrize("events", [0, 4, READ | 8, -1])
def test_invalid_events(net: Net, selector: Any, events: int) -> None:
    with pytest.raises(ValueError, match="Invalid events"):
        selector.register(tcp(net), events)


def test_register_twice(net: Net, selector: Any) -> None:
    sock = tcp(net)
    selector.register(sock, READ)
    for again in (sock, sock.fileno()):
        with pytest.raises(KeyError, match="is already registered"):
            selector.register(again, WRITE)


@pytest.mark.parametrize("call", [
    lambda selector, sock: selector.unregister(sock),
    lambda selector, sock: selector.modify(sock, READ),
    lambda selector, sock: selector.get_key(sock),
])
def test_what_is_not_registered(net: Net, selector: Any, call: Any) -> None:
    with pytest.raises(KeyError, match="is not registered"):
        call(selector, tcp(net))


@pytest.mark.parametrize("fileobj", ["x", None, 1.5, -1])
def test_invalid_file_objects(net: Net, selector: Any, fileobj: Any) -> None:
    del net
    with pytest.raises(ValueError):
        selector.register(fileobj, READ)


def test_register_of_a_closed_socket(net: Net, selector: Any) -> None:
    sock = tcp(net)
    sock.close()
    with pytest.raises(ValueError):
        selector.register(sock, READ)


def test_unregister_after_close(net: Net, selector: Any) -> None:
    sock = tcp(net)
    key = selector.register(sock, READ, "data")
    sock.close()
    assert selector.unregister(sock) == key
    assert selector.select(0) == []

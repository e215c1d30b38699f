"""Names and addresses: getaddrinfo and its kin.

The daemon runs on this host, so that what this host answers is right on both
sides. None of the names needs a name server.
"""

from __future__ import annotations

import socket
from typing import Any

import pytest

from connections import LOOPBACK
from net import Net

STREAM = socket.SOCK_STREAM


def test_ipv4_literal(net: Net) -> None:
    [entry] = net.socket.getaddrinfo(LOOPBACK, 80, type=STREAM)
    assert entry == (socket.AF_INET, STREAM, socket.IPPROTO_TCP, "",
                     (LOOPBACK, 80))
    assert isinstance(entry, tuple)
    assert isinstance(entry[0], socket.AddressFamily)
    assert isinstance(entry[1], socket.SocketKind)


def test_ipv6_literal(net: Net) -> None:
    assert net.socket.getaddrinfo("::1", 80, type=STREAM) == [
        (socket.AF_INET6, STREAM, socket.IPPROTO_TCP, "", ("::1", 80, 0, 0))]


@pytest.mark.parametrize("arguments, keywords", [
    (("localhost", 80), {}),
    (("localhost", None), {}),
    ((LOOPBACK, 80), {}),
    (("::1", 80), {}),
    (("fe80::1%lo", 80), {}),
    (("127.1", 80), {}),
    ((None, 80), {}),
    ((None, 80), {"flags": socket.AI_PASSIVE}),
    ((LOOPBACK, "http"), {}),
    ((LOOPBACK, "80"), {}),
    ((b"127.0.0.1", b"80"), {}),
    ((LOOPBACK, 65536), {"type": STREAM}),
    ((LOOPBACK, 80, socket.AF_INET, STREAM, socket.IPPROTO_TCP,
      socket.AI_NUMERICHOST), {}),
    ((LOOPBACK, 80), {"type": socket.SOCK_DGRAM}),
    ((LOOPBACK, None), {"type": socket.SOCK_RAW}),
    ((LOOPBACK, 80), {"proto": socket.IPPROTO_UDP}),
    ((LOOPBACK, 80), {"flags": socket.AI_CANONNAME}),
    ((LOOPBACK, 80), {"family": socket.AF_INET6,
                      "flags": socket.AI_V4MAPPED}),
    (("localhost", 80), {"family": socket.AF_INET}),
    ((), {"host": LOOPBACK, "port": 80, "family": 0, "type": 0, "proto": 0,
          "flags": 0}),
], ids=lambda value: None)
def test_answers_what_the_host_answers(net: Net, arguments: Any,
                                       keywords: Any) -> None:
    expected = socket.getaddrinfo(*arguments, **keywords)
    assert expected
    assert net.socket.getaddrinfo(*arguments, **keywords) == expected


@pytest.mark.parametrize("arguments, keywords, number", [
    (("name", 80), {"flags": socket.AI_NUMERICHOST}, socket.EAI_NONAME),
    (("", 80), {}, socket.EAI_NONAME),
    ((None, None), {}, socket.EAI_NONAME),
    (("fe80::1%none", 80), {}, socket.EAI_NONAME),
    ((LOOPBACK, "none"), {}, socket.EAI_SERVICE),
    ((LOOPBACK, -1), {"type": STREAM}, socket.EAI_SERVICE),
    ((LOOPBACK, "http"), {"flags": socket.AI_NUMERICSERV},
     socket.EAI_NONAME),
    ((LOOPBACK, 80), {"family": 99}, socket.EAI_FAMILY),
    (("::1", 80), {"family": socket.AF_INET}, socket.EAI_ADDRFAMILY),
    ((LOOPBACK, 80), {"type": 99}, socket.EAI_SOCKTYPE),
    ((LOOPBACK, 80), {"flags": 1 << 30}, socket.EAI_BADFLAGS),
])
def test_errors(net: Net, arguments: Any, keywords: Any,
                number: int) -> None:
    with pytest.raises(socket.gaierror) as expected:
        socket.getaddrinfo(*arguments, **keywords)
    assert expected.value.errno == number
    with pytest.raises(socket.gaierror) as caught:
        net.socket.getaddrinfo(*arguments, **keywords)
    assert caught.value.args == expected.value.args


@pytest.mark.parametrize("arguments, error", [
    ((), TypeError),
    ((LOOPBACK,), TypeError),
    ((5, 80), TypeError),
    ((LOOPBACK, 80, "AF_INET"), TypeError),
    # Not TypeError.
    ((LOOPBACK, 80.0), OSError),
    ((LOOPBACK, [80]), OSError),
    ((LOOPBACK, 2**70), OverflowError),
    # The codec's own.
    (("x" * 70, 80), UnicodeError),
])
def test_refused_arguments(net: Net, arguments: Any,
                           error: type[Exception]) -> None:
    with pytest.raises(error):
        net.socket.getaddrinfo(*arguments)


def test_port_that_is_neither_int_nor_str(net: Net) -> None:
    with pytest.raises(OSError, match="Int or String expected") as caught:
        net.socket.getaddrinfo(LOOPBACK, object())
    assert caught.value.errno is None


def test_gethostbyname(net: Net) -> None:
    assert net.socket.gethostbyname("localhost") == LOOPBACK
    assert net.socket.gethostbyname("10.1.2.3") == "10.1.2.3"
    assert net.socket.gethostbyname("") == "0.0.0.0"
    with pytest.raises(socket.gaierror):
        net.socket.gethostbyname("::1")


def test_getnameinfo_of_numbers(net: Net) -> None:
    flags = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    assert net.socket.getnameinfo((LOOPBACK, 80), flags) == (LOOPBACK, "80")
    assert net.socket.getnameinfo(("::1", 80, 0, 0), flags) == ("::1", "80")


def test_services_and_protocols(net: Net) -> None:
    assert net.socket.getservbyname("http", "tcp") == 80
    assert net.socket.getservbyname("http") == 80
    assert net.socket.getprotobyname("tcp") == socket.IPPROTO_TCP
    with pytest.raises(OSError):
        net.socket.getservbyname("no such service")

"""The module itself: its names and its functions without sockets."""

from __future__ import annotations

import errno
import socket
import struct
from typing import Any

import pytest
from standoff.socket_names import Fate, fate

from connections import LOOPBACK
from net import Net, RemoteNet

# Names of the module that are no constants.
CLASSES = ["AddressFamily", "AddressInfo", "MsgFlag", "SocketKind", "error",
           "gaierror", "herror", "timeout"]
FUNCTIONS = [
    "CMSG_LEN", "CMSG_SPACE", "close", "create_connection", "create_server",
    "dup", "fromfd", "getaddrinfo", "getdefaulttimeout", "gethostbyname",
    "gethostname", "getnameinfo", "getservbyname", "has_dualstack_ipv6",
    "htonl", "htons", "inet_aton", "inet_ntoa", "inet_ntop", "inet_pton",
    "ntohl", "ntohs", "setdefaulttimeout", "socketpair",
]


def test_constants_are_the_same(net: Net) -> None:
    names = [name for name in dir(socket)
             if isinstance(getattr(socket, name), int)]
    assert len(names) > 300
    for name in names:
        if not hasattr(net.socket, name):
            # What goes with families that a daemon refuses.
            assert isinstance(net, RemoteNet), name
            assert fate(name) is Fate.MISSING, name
            continue
        value = getattr(net.socket, name)
        assert value == getattr(socket, name), name
        # Enums included: they show in repr.
        assert type(value) is type(getattr(socket, name)), name


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_the_same(net: Net, name: str) -> None:
    # So that who catches them need not know from where they come.
    assert getattr(net.socket, name) is getattr(socket, name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(net: Net, name: str) -> None:
    assert callable(getattr(net.socket, name))


def test_types(net: Net) -> None:
    assert isinstance(net.socket.socket, type)
    assert isinstance(net.socket.SocketIO, type)
    assert issubclass(net.socket.socket, net.socket.SocketType)
    assert net.socket.has_ipv6 is True


def test_what_linux_lacks_is_missing(net: Net) -> None:
    for name in ("fromshare", "ioctl", "SIO_RCVALL"):
        assert not hasattr(net.socket, name)
    for name in ("ioctl", "share"):
        assert not hasattr(net.socket.socket, name)


def test_name_of_the_host(net: Net) -> None:
    # The daemon runs on this one.
    assert net.socket.gethostname() == socket.gethostname()


@pytest.mark.parametrize("call", [
    lambda module: module.inet_aton("127.1"),
    lambda module: module.inet_ntoa(b"\x7f\0\0\1"),
    lambda module: module.inet_pton(socket.AF_INET6, "::1"),
    lambda module: module.inet_ntop(socket.AF_INET6, bytes(15) + b"\1"),
    lambda module: module.htons(0x1234),
    lambda module: module.ntohs(0x1234),
    lambda module: module.htonl(0x12345678),
    lambda module: module.ntohl(0x12345678),
])
def test_conversions(net: Net, call: Any) -> None:
    assert call(net.socket) == call(socket)


def test_conversions_by_value(net: Net) -> None:
    assert net.socket.inet_aton("10.0.0.255") == b"\n\0\0\xff"
    assert net.socket.inet_ntop(socket.AF_INET, b"\n\0\0\xff") == "10.0.0.255"
    assert struct.pack("=H", net.socket.htons(0x1234)) == b"\x12\x34"


@pytest.mark.parametrize("call, error", [
    (lambda module: module.inet_aton("256.1.1.1"), OSError),
    (lambda module: module.inet_aton(5), TypeError),
    (lambda module: module.inet_ntoa(b"123"), OSError),
    (lambda module: module.inet_pton(socket.AF_INET, "::1"), OSError),
    (lambda module: module.inet_pton(99, "::1"), OSError),
    (lambda module: module.inet_ntop(socket.AF_INET, b"1"), ValueError),
    (lambda module: module.htons(1 << 16), OverflowError),
    (lambda module: module.htons(-1), OverflowError),
])
def test_refused_conversions(net: Net, call: Any,
                             error: type[Exception]) -> None:
    with pytest.raises(error):
        call(net.socket)


@pytest.mark.parametrize("index, error", [
    ("x", TypeError), (1.0, TypeError), (None, TypeError),
    (-1, OverflowError), (1 << 64, OverflowError), (0xffff_fff0, OSError),
])
def test_index_that_is_no_interface(net: Net, index: Any,
                                    error: type[Exception]) -> None:
    with pytest.raises(error):
        net.socket.if_indextoname(index)


@pytest.mark.parametrize("address, flags, error", [
    ([LOOPBACK, 1], 0, TypeError),
    ((LOOPBACK,), 0, TypeError),
    ((LOOPBACK, "1"), 0, TypeError),
    ((1, 1), 0, TypeError),
    ((LOOPBACK, 1), "x", TypeError),
    (("::1", 1, 1 << 20), 0, OverflowError),
    (("::1", 1, -1), 0, OverflowError),
    (("name.invalid", 1), 0, socket.gaierror),
    ((LOOPBACK, 1, 2, 3), 0, OSError),
])
def test_getnameinfo_of_what_is_no_address(net: Net, address: Any, flags: Any,
                                           error: type[Exception]) -> None:
    with pytest.raises(error):
        net.socket.getnameinfo(address, flags)


def test_mark_of_no_timeout(net: Net) -> None:
    # Others make the defaults of their arguments of it, as http.client.
    mark = getattr(net.socket, "_GLOBAL_DEFAULT_TIMEOUT")
    assert mark is getattr(socket, "_GLOBAL_DEFAULT_TIMEOUT")
    net.socket.setdefaulttimeout(7)
    with net.socket.create_server((LOOPBACK, 0)) as server:
        with net.socket.create_connection(server.getsockname(),
                                          mark) as client:
            assert client.gettimeout() == 7.0
    assert "_GLOBAL_DEFAULT_TIMEOUT" not in net.socket.__all__


# create_server --------------------------------------------------------------


def test_create_server(net: Net) -> None:
    with net.socket.create_server((LOOPBACK, 0)) as server:
        assert isinstance(server, net.socket.socket)
        assert server.family is socket.AF_INET
        assert server.type is socket.SOCK_STREAM
        assert server.gettimeout() is None
        level = socket.SOL_SOCKET
        assert server.getsockopt(level, socket.SO_REUSEADDR) == 1
        assert server.getsockopt(level, socket.SO_REUSEPORT) == 0
        assert server.getsockopt(level, socket.SO_ACCEPTCONN) == 1
        address = server.getsockname()
        with net.socket.create_connection(address) as client:
            accepted, peer = server.accept()
            net.keep(accepted)
            assert peer == client.getsockname()


def test_create_server_that_shares_its_port(net: Net) -> None:
    with net.socket.create_server((LOOPBACK, 0), backlog=3,
                                  reuse_port=True) as first:
        with net.socket.create_server(first.getsockname(),
                                      reuse_port=True) as second:
            assert first.getsockname() == second.getsockname()


@pytest.mark.parametrize("dual", [True, False])
def test_create_server_of_ipv6(net: Net, dual: bool) -> None:
    # Any address: others make the kernel set the option.
    with net.socket.create_server(("::", 0), family=socket.AF_INET6,
                                  dualstack_ipv6=dual) as server:
        assert server.family is socket.AF_INET6
        assert server.getsockopt(socket.IPPROTO_IPV6,
                                 socket.IPV6_V6ONLY) == int(not dual)
        assert server.getsockname()[0] == "::"


def test_create_server_of_both_families(net: Net) -> None:
    assert net.socket.has_dualstack_ipv6() is True
    with net.socket.create_server(("", 0), family=socket.AF_INET6,
                                  dualstack_ipv6=True) as server:
        address = (LOOPBACK, server.getsockname()[1])
        with net.socket.create_connection(address):
            accepted, peer = server.accept()
            net.keep(accepted)
            assert peer[0] == "::ffff:127.0.0.1"


def test_create_server_of_both_families_with_one(net: Net) -> None:
    with pytest.raises(ValueError, match="requires AF_INET6 family"):
        net.socket.create_server(("", 0), dualstack_ipv6=True)


def test_create_server_on_a_port_in_use(net: Net) -> None:
    with net.socket.create_server((LOOPBACK, 0)) as server:
        with pytest.raises(OSError) as caught:
            net.socket.create_server(server.getsockname())
    # The message says where.
    assert caught.value.errno == errno.EADDRINUSE
    assert "while attempting to bind on address" in str(caught.value)
    assert LOOPBACK in str(caught.value)


def test_create_server_takes_its_options_by_name(net: Net) -> None:
    with pytest.raises(TypeError):
        net.socket.create_server((LOOPBACK, 0), socket.AF_INET)


def test_create_server_accepts_with_the_default_timeout(net: Net) -> None:
    net.socket.setdefaulttimeout(5)
    with net.socket.create_server((LOOPBACK, 0)) as server:
        assert server.gettimeout() == 5.0

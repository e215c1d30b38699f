"""IP addresses: what bind, connect and sendto take, and what comes back."""

from __future__ import annotations

import errno
import socket
from typing import Any, Callable

import pytest

from connections import LOOPBACK, listener, tcp, udp
from net import Net

AnyCall = Callable[[Any, Any], Any]

# The methods that take an address, with the name that their messages bear.
TAKERS: dict[str, AnyCall] = {
    "bind": lambda sock, address: sock.bind(address),
    "connect": lambda sock, address: sock.connect(address),
    "connect_ex": lambda sock, address: sock.connect_ex(address),
    "sendto": lambda sock, address: sock.sendto(b"x", address),
    "sendmsg": lambda sock, address: sock.sendmsg([b"x"], [], 0, address),
}


def udp4(net: Net) -> Any:
    """A datagram socket that is not bound."""
    return net.keep(net.socket.socket(socket.AF_INET, socket.SOCK_DGRAM))


def udp6(net: Net) -> Any:
    """The same for IPv6."""
    return net.keep(net.socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))


# What is taken --------------------------------------------------------------


@pytest.mark.parametrize("host", [
    "127.0.0.1", b"127.0.0.1", bytearray(b"127.0.0.1"), "127.1", "localhost",
    # International names are encoded, with compatibility forms.
    "ｌｏｃａｌｈｏｓｔ",
], ids=["str", "bytes", "bytearray", "short", "name", "wide name"])
def test_bind_takes_hosts_in_many_forms(net: Net, host: Any) -> None:
    sock = udp4(net)
    assert sock.bind((host, 0)) is None
    address, port = sock.getsockname()
    assert address == LOOPBACK
    assert 0 < port < 65536


def test_address_is_a_tuple_of_str_and_int(net: Net) -> None:
    address = udp(net).getsockname()
    assert [type(address), *map(type, address)] == [tuple, str, int]


def test_empty_host_is_any_address(net: Net) -> None:
    sock = udp4(net)
    sock.bind(("", 0))
    assert sock.getsockname()[0] == "0.0.0.0"


def test_empty_host_is_any_address_of_ipv6(net: Net) -> None:
    sock = udp6(net)
    sock.bind(("", 0))
    assert sock.getsockname()[0] == "::"


@pytest.mark.parametrize("host", ["<broadcast>", "255.255.255.255"])
def test_broadcast(net: Net, host: str) -> None:
    sock = udp4(net)
    sock.bind((host, 0))
    assert sock.getsockname()[0] == "255.255.255.255"


def test_broadcast_is_not_for_ipv6(net: Net) -> None:
    with pytest.raises(OSError, match="address family mismatched") as caught:
        udp6(net).bind(("<broadcast>", 0))
    assert caught.value.errno is None


def test_connect_resolves_names(net: Net) -> None:
    server, sock = listener(net), tcp(net)
    sock.connect(("localhost", server.getsockname()[1]))
    assert sock.getpeername() == server.getsockname()


def test_sendto_resolves_names(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    sender.sendto(b"x", ("localhost", receiver.getsockname()[1]))
    assert receiver.recvfrom(10) == (b"x", sender.getsockname())


def test_sendmsg_resolves_names(net: Net) -> None:
    receiver, sender = udp(net), udp(net)
    address = ("localhost", receiver.getsockname()[1])
    assert sender.sendmsg([b"x"], [], 0, address) == 1
    assert receiver.recvfrom(10) == (b"x", sender.getsockname())


def test_port_may_be_what_can_be_used_as_an_int(net: Net) -> None:

    class Port:

        def __init__(self, number: int) -> None:
            self.number = number

        def __index__(self) -> int:
            return self.number

    receiver, sender = udp(net), udp(net)
    host, port = receiver.getsockname()
    sender.sendto(b"x", (host, Port(port)))
    assert receiver.recv(10) == b"x"


def test_unbound_address(net: Net) -> None:
    assert tcp(net).getsockname() == ("0.0.0.0", 0)
    assert tcp(net, socket.AF_INET6).getsockname() == ("::", 0, 0, 0)


def test_getpeername_without_a_peer(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        tcp(net).getpeername()
    assert caught.value.errno == errno.ENOTCONN


# What is refused ------------------------------------------------------------


@pytest.mark.parametrize("port", [-1, 65536, 2**31, 2**70, -2**70])
@pytest.mark.parametrize("taker", TAKERS)
def test_port_out_of_range(net: Net, taker: str, port: int) -> None:
    with pytest.raises(OverflowError,
                       match=r"^\w+\(\): port must be 0-65535\.$"):
        TAKERS[taker](udp4(net), (LOOPBACK, port))


@pytest.mark.parametrize("address, message", [
    ([LOOPBACK, 1], r"\(\): AF_INET address must be tuple, not list"),
    (LOOPBACK, r"\(\): AF_INET address must be tuple, not str"),
    (1, r"\(\): AF_INET address must be tuple, not int"),
    ((LOOPBACK,), r"AF_INET address must be a pair \(host, port\)"),
    ((LOOPBACK, 1, 0, 0), r"AF_INET address must be a pair \(host, port\)"),
    ((), r"AF_INET address must be a pair \(host, port\)"),
    ((LOOPBACK, "1"), "'str' object cannot be interpreted as an integer"),
    ((LOOPBACK, 1.0), "'float' object cannot be interpreted as an integer"),
    ((LOOPBACK, None), "'NoneType' object cannot be interpreted as an int"),
    ((None, 1), "str, bytes or bytearray expected, not NoneType"),
    ((1, 1), "str, bytes or bytearray expected, not int"),
    (("a\0b", 1), "host name must not contain null character"),
    (("\ud800", 1), "encoding of hostname failed"),
    (("é" * 70, 1), "encoding of hostname failed"),
])
@pytest.mark.parametrize("taker", TAKERS)
def test_address_of_the_wrong_type(net: Net, taker: str, address: Any,
                                   message: str) -> None:
    with pytest.raises(TypeError, match=message):
        TAKERS[taker](udp4(net), address)


def test_messages_name_the_method(net: Net) -> None:
    for method in ("bind", "connect", "connect_ex", "sendto", "sendmsg"):
        with pytest.raises(TypeError, match=rf"^{method}\(\): AF_INET"):
            TAKERS[method](udp4(net), [])


@pytest.mark.parametrize("taker", TAKERS)
def test_ipv6_literal_on_an_ipv4_socket(net: Net, taker: str) -> None:
    with pytest.raises(socket.gaierror) as caught:
        TAKERS[taker](udp4(net), ("::1", 1))
    assert caught.value.errno == socket.EAI_ADDRFAMILY
    assert caught.value.strerror == (
        "Address family for hostname not supported")


@pytest.mark.parametrize("taker", TAKERS)
def test_ipv4_literal_on_an_ipv6_socket(net: Net, taker: str) -> None:
    with pytest.raises(socket.gaierror) as caught:
        TAKERS[taker](udp6(net), (LOOPBACK, 1))
    assert caught.value.errno == socket.EAI_ADDRFAMILY


def test_name_that_is_none(net: Net) -> None:
    with pytest.raises(socket.gaierror) as caught:
        udp4(net).bind(("x" * 70, 0))
    assert caught.value.args == (socket.EAI_NONAME,
                                 "Name or service not known")


# IPv6 -----------------------------------------------------------------------


@pytest.mark.parametrize("rest", [(), (0,), (0, 0), (0xfffff,), (0, 1)])
def test_ipv6_takes_two_to_four_items(net: Net, rest: Any) -> None:
    sock = udp6(net)
    sock.bind(("::1", 0, *rest))
    host, port, flow_info, scope_id = sock.getsockname()
    assert (host, flow_info, scope_id) == ("::1", 0, 0)
    assert port > 0


@pytest.mark.parametrize("flow_info", [-1, 1 << 20, 2**31])
@pytest.mark.parametrize("taker", TAKERS)
def test_flow_info_out_of_range(net: Net, taker: str,
                                flow_info: int) -> None:
    with pytest.raises(OverflowError,
                       match=r"^\w+\(\): flowinfo must be 0-1048575\.$"):
        TAKERS[taker](udp6(net), ("::1", 1, flow_info))


@pytest.mark.parametrize("address", [
    ("::1",), ("::1", 1, 0, 0, 0), ["::1", 1], "::1", ("::1", "1"),
    ("::1", 1, "0"), ("::1", 1, 0, "lo"), ("::1", 1, None), (None, 1),
])
@pytest.mark.parametrize("taker", TAKERS)
def test_ipv6_address_of_the_wrong_type(net: Net, taker: str,
                                        address: Any) -> None:
    with pytest.raises(TypeError):
        TAKERS[taker](udp6(net), address)


@pytest.mark.parametrize("port", [-1, 65536])
def test_ipv6_port_out_of_range(net: Net, port: int) -> None:
    with pytest.raises(OverflowError):
        udp6(net).bind(("::1", port))


def test_ipv6_stream(net: Net) -> None:
    server = tcp(net, socket.AF_INET6)
    server.bind(("::1", 0))
    server.listen()
    client = tcp(net, socket.AF_INET6)
    client.connect(server.getsockname())
    accepted, address = server.accept()
    net.keep(accepted)
    assert accepted.family is socket.AF_INET6
    assert address == client.getsockname()
    assert len(address) == 4
    accepted.sendall(b"six")
    assert client.recv(10) == b"six"


def test_ipv6_datagrams(net: Net) -> None:
    first, second = udp(net, socket.AF_INET6), udp(net, socket.AF_INET6)
    assert first.sendto(b"six", second.getsockname()) == 3
    assert second.recvfrom(10) == (b"six", first.getsockname())
    assert second.sendmsg([b"x"], [], 0, first.getsockname()) == 1
    assert first.recvmsg(10)[3] == second.getsockname()


def test_flow_info_goes_with_the_peers_address(net: Net) -> None:
    receiver, sender = udp(net, socket.AF_INET6), udp6(net)
    port = receiver.getsockname()[1]
    # Without IPV6_FLOWINFO_SEND the kernel takes no notice of it.
    assert sender.connect(("::1", port, 0x12345)) is None
    assert sender.getpeername() == ("::1", port, 0, 0)


def test_ipv4_peer_of_a_dual_stack_listener(net: Net) -> None:
    server = tcp(net, socket.AF_INET6)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", 0))
    server.listen()
    client = tcp(net)
    client.connect((LOOPBACK, server.getsockname()[1]))
    accepted, address = server.accept()
    net.keep(accepted)
    port = client.getsockname()[1]
    assert address == ("::ffff:127.0.0.1", port, 0, 0)


# Errors of the kernel -------------------------------------------------------


def test_bind_to_an_address_of_another_host(net: Net) -> None:
    with pytest.raises(OSError) as caught:
        # Kept for documentation: nobody's (RFC 5737).
        tcp(net).bind(("203.0.113.254", 0))
    assert caught.value.errno == errno.EADDRNOTAVAIL


def test_bind_to_a_port_in_use(net: Net) -> None:
    server = listener(net)
    with pytest.raises(OSError) as caught:
        tcp(net).bind(server.getsockname())
    assert caught.value.args == (errno.EADDRINUSE, "Address already in use")


def test_bind_twice(net: Net) -> None:
    sock = udp(net)
    with pytest.raises(OSError) as caught:
        sock.bind((LOOPBACK, 0))
    assert caught.value.errno == errno.EINVAL


@pytest.mark.parametrize("call", [
    lambda sock: sock.bind(),
    lambda sock: sock.bind(LOOPBACK, 0),
    lambda sock: sock.bind(address=(LOOPBACK, 0)),
    lambda sock: sock.getsockname(1),
    lambda sock: sock.getpeername(1),
])
def test_arguments_are_positional_and_counted(net: Net, call: Any) -> None:
    with pytest.raises(TypeError):
        call(tcp(net))

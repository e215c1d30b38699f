"""Sockets that are neither TCP, UDP nor Unix: ICMP, packets, netlink."""

from __future__ import annotations

import os
import socket
import struct
from typing import Any


import pytest

from connections import LOOPBACK, udp
from net import Net

needs_root = pytest.mark.skipif(os.geteuid() != 0,
                                reason="raw sockets need CAP_NET_RAW")

ETH_P_IP = 0x0800
ARPHRD_LOOPBACK = 772


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo_request(identifier: int, payload: bytes) -> bytes:
    """An ICMP echo request."""
    header = struct.pack("!BBHHH", 8, 0, 0, identifier, 1)
    total = checksum(header + payload)
    return struct.pack("!BBHHH", 8, 0, total, identifier, 1) + payload


def receive_until(receive: Any, wanted: Any) -> Any:
    """Receives until it is what is wanted: others share these sockets."""
    while True:
        received = receive()
        if wanted(received):
            return received


@needs_root
def test_icmp_echo(net: Net) -> None:
    sock = net.keep(net.socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                      socket.IPPROTO_ICMP))
    sock.settimeout(60)
    # In place of a port it has the protocol.
    assert sock.getsockname() == ("0.0.0.0", socket.IPPROTO_ICMP)
    payload = os.urandom(16)
    request = echo_request(0x1234, payload)
    assert sock.sendto(request, (LOOPBACK, 0)) == len(request)
    reply, address = receive_until(
        lambda: sock.recvfrom(2000),
        lambda got: got[0].endswith(payload) and got[0][20] == 0)
    assert address == (LOOPBACK, 0)
    # With the IP header; the reply differs in type and checksum.
    assert reply[0] == 0x45
    assert reply[24:] == request[4:]


@needs_root
def test_packets(net: Net) -> None:
    sock = net.keep(net.socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                      socket.htons(ETH_P_IP)))
    sock.settimeout(60)
    sock.bind(("lo", ETH_P_IP))
    assert sock.getsockname() == (
        "lo", ETH_P_IP, 0, ARPHRD_LOOPBACK, bytes(6))
    receiver, sender = udp(net), udp(net)
    payload = os.urandom(16)
    sender.sendto(payload, receiver.getsockname())
    _, address = receive_until(lambda: sock.recvfrom(2000),
                               lambda got: got[0].endswith(payload))
    name, protocol, _, hardware, _ = address
    assert (name, protocol, hardware) == ("lo", ETH_P_IP, ARPHRD_LOOPBACK)


@needs_root
def test_packets_of_an_interface_that_is_none(net: Net) -> None:
    sock = net.keep(net.socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM))
    assert sock.getsockname() == ("", 0, 0, 0, b"")
    with pytest.raises(OSError):
        sock.bind(("none", ETH_P_IP))

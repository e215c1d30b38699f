"""Timeouts and blocking modes: which values are taken, and what they set."""

from __future__ import annotations

import decimal
import fcntl
import fractions
import math
import os
import socket
from typing import Any

import pytest

from connections import tcp, unix_pair
from net import Net


class Index:
    """Something that is no int but can be used as one."""

    def __index__(self) -> int:
        return 3


def is_nonblocking(net: Net, sock: Any) -> bool:
    """What the kernel has for the descriptor."""
    return bool(net.fcntl(sock, fcntl.F_GETFL) & os.O_NONBLOCK)


def test_blocking_is_the_default(net: Net) -> None:
    sock = tcp(net)
    assert sock.gettimeout() is None
    assert sock.timeout is None
    assert sock.getblocking() is True
    assert not is_nonblocking(net, sock)


def test_timeout_of_zero_is_nonblocking(net: Net) -> None:
    sock = tcp(net)
    assert sock.settimeout(0) is None
    assert sock.gettimeout() == 0.0
    assert isinstance(sock.gettimeout(), float)
    assert sock.getblocking() is False
    assert is_nonblocking(net, sock)


def test_setblocking_false_is_a_timeout_of_zero(net: Net) -> None:
    sock = tcp(net)
    assert sock.setblocking(False) is None
    assert sock.gettimeout() == 0.0
    assert sock.getblocking() is False
    assert is_nonblocking(net, sock)


def test_setblocking_true_is_no_timeout(net: Net) -> None:
    sock = tcp(net)
    sock.settimeout(1.5)
    sock.setblocking(True)
    assert sock.gettimeout() is None
    assert sock.getblocking() is True
    assert not is_nonblocking(net, sock)


def test_timeout_sets_the_flag_and_stays_blocking(net: Net) -> None:
    sock = tcp(net)
    sock.settimeout(1.5)
    assert sock.gettimeout() == 1.5
    assert sock.timeout == 1.5
    assert sock.getblocking() is True
    assert is_nonblocking(net, sock)


def test_none_takes_the_timeout_away(net: Net) -> None:
    sock = tcp(net)
    sock.settimeout(1.5)
    sock.settimeout(None)
    assert sock.gettimeout() is None
    assert not is_nonblocking(net, sock)


@pytest.mark.parametrize("value, timeout", [
    (True, 1.0),
    (False, 0.0),
    (7, 7.0),
    (Index(), 3.0),
    (-0.0, 0.0),
    (9223372036, 9223372036.0),
    # Nanoseconds, rounded up.
    (1e-10, 1e-9),
    (1.23456789012, 1.234567891),
    (0.5, 0.5),
])
def test_taken_values(net: Net, value: Any, timeout: float) -> None:
    sock = tcp(net)
    sock.settimeout(value)
    assert sock.gettimeout() == timeout
    assert isinstance(sock.gettimeout(), float)


# pytest shows these in the tests' names.
REFUSED = [
    (-1, ValueError, "Timeout value out of range"),
    (-0.5, ValueError, "Timeout value out of range"),
    # Rounded away from zero: not 0.
    (-1e-10, ValueError, "Timeout value out of range"),
    (math.nan, ValueError, "Invalid value NaN"),
    (math.inf, OverflowError, "timestamp too large"),
    (-math.inf, OverflowError, "timestamp too large"),
    (1e20, OverflowError, "timestamp too large"),
    (9223372037.0, OverflowError, "timestamp too large"),
    (2**63, OverflowError, "timestamp too large"),
    (10**30, OverflowError, "timestamp too large"),
    ("1", TypeError, "'str' object cannot be interpreted as an integer"),
    (b"1", TypeError, "'bytes' object cannot be interpreted as an integer"),
    (1j, TypeError, "'complex' object cannot be interpreted as an integer"),
    ([1], TypeError, "'list' object cannot be interpreted as an integer"),
    (fractions.Fraction(1, 2), TypeError, "'Fraction' object cannot be"),
    (decimal.Decimal(1), TypeError, "'decimal.Decimal' object cannot be"),
]


@pytest.mark.parametrize("value, error, message", REFUSED)
def test_refused_values(net: Net, value: Any, error: type[Exception],
                        message: str) -> None:
    sock = tcp(net)
    sock.settimeout(4.5)
    with pytest.raises(error, match=message):
        sock.settimeout(value)
    assert sock.gettimeout() == 4.5


@pytest.mark.parametrize("value, error, message", REFUSED)
def test_refused_defaults(net: Net, value: Any, error: type[Exception],
                          message: str) -> None:
    net.socket.setdefaulttimeout(4.5)
    with pytest.raises(error, match=message):
        net.socket.setdefaulttimeout(value)
    assert net.socket.getdefaulttimeout() == 4.5


@pytest.mark.parametrize("value, blocking", [
    (True, True), (1, True), (-1, True), (2**31, True),
    (False, False), (0, False),
])
def test_setblocking_goes_by_truth(net: Net, value: Any,
                                   blocking: bool) -> None:
    sock = tcp(net)
    sock.setblocking(not blocking)
    sock.setblocking(value)
    assert sock.getblocking() is blocking
    assert is_nonblocking(net, sock) is not blocking


def test_setblocking_looks_at_all_bits(net: Net) -> None:
    sock = tcp(net)
    sock.settimeout(1.0)
    # Its lower half is 0. What CPython tells the kernel then depends on its
    # version, so the descriptor is not looked at.
    sock.setblocking(2**32)
    assert sock.getblocking() is True
    assert sock.gettimeout() is None


@pytest.mark.parametrize("call", [
    lambda sock: sock.settimeout(),
    lambda sock: sock.settimeout(1, 2),
    lambda sock: sock.settimeout(value=1),
    lambda sock: sock.setblocking(),
    lambda sock: sock.setblocking(True, True),
    lambda sock: sock.setblocking(flag=True),
    lambda sock: sock.gettimeout(1),
    lambda sock: sock.getblocking(1),
])
def test_arguments_are_positional_and_counted(net: Net, call: Any) -> None:
    with pytest.raises(TypeError):
        call(tcp(net))


def test_timeout_attribute_is_read_only(net: Net) -> None:
    sock = tcp(net)
    with pytest.raises(AttributeError):
        sock.timeout = 1.0
    assert sock.gettimeout() is None


def test_a_closed_socket_tells_its_timeout(net: Net) -> None:
    timed, plain = tcp(net), tcp(net)
    timed.settimeout(2.5)
    timed.close()
    plain.close()
    assert timed.gettimeout() == 2.5
    assert timed.getblocking() is True
    assert plain.gettimeout() is None


def test_default_is_none(net: Net) -> None:
    assert net.socket.getdefaulttimeout() is None


def test_default_is_that_of_new_sockets(net: Net) -> None:
    before = tcp(net)
    assert net.socket.setdefaulttimeout(2) is None
    assert net.socket.getdefaulttimeout() == 2.0
    assert isinstance(net.socket.getdefaulttimeout(), float)
    after = tcp(net)
    assert before.gettimeout() is None
    assert after.gettimeout() == 2.0
    assert is_nonblocking(net, after)
    net.socket.setdefaulttimeout(None)
    assert net.socket.getdefaulttimeout() is None
    assert tcp(net).gettimeout() is None


def test_default_of_zero_makes_nonblocking_sockets(net: Net) -> None:
    net.socket.setdefaulttimeout(0)
    sock = tcp(net)
    assert sock.gettimeout() == 0.0
    assert sock.getblocking() is False
    assert is_nonblocking(net, sock)


def test_default_holds_for_pairs(net: Net) -> None:
    net.socket.setdefaulttimeout(3)
    for sock in unix_pair(net):
        assert sock.gettimeout() == 3.0
        assert is_nonblocking(net, sock)


@pytest.mark.parametrize("timeout", [None, 0, 1.25])
def test_dup_copies_the_timeout(net: Net, timeout: float | None) -> None:
    sock = tcp(net)
    sock.settimeout(timeout)
    # The default is not asked.
    net.socket.setdefaulttimeout(9)
    copy = net.keep(sock.dup())
    assert copy.gettimeout() == timeout
    assert is_nonblocking(net, copy) is (timeout is not None)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_type_with_sock_nonblock(net: Net, kind: int) -> None:
    sock = net.keep(net.socket.socket(
        socket.AF_INET, kind | socket.SOCK_NONBLOCK))
    assert sock.type == kind
    assert sock.gettimeout() == 0.0
    assert sock.getblocking() is False
    assert is_nonblocking(net, sock)


def test_sock_nonblock_outranks_the_default(net: Net) -> None:
    net.socket.setdefaulttimeout(5)
    sock = net.keep(net.socket.socket(
        socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
    assert sock.gettimeout() == 0.0


def test_type_is_unchanged_by_the_mode(net: Net) -> None:
    sock = tcp(net)
    for timeout in (0, 1.0, None):
        sock.settimeout(timeout)
        assert sock.type is socket.SOCK_STREAM

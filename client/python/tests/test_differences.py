"""Where remote sockets differ from local ones, on purpose.

These tests have one side only.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import ssl
import time
from typing import Any

import pytest
import standoff

from calls import RECEIVES
from connections import (fill, listener, silent_address, tcp, tcp_pair,
                         unix_pair)
from net import RemoteNet
from workers import Worker

pytestmark = pytest.mark.parametrize("net", ["remote"], indirect=True)


# close ends calls that wait -------------------------------------------------
#
# On Linux, the close of a descriptor does not wake a thread that waits on it:
# locally, these calls would wait on, and could even return what comes later.


def check_ended_by_close(net: RemoteNet, sock: Any, call: Any) -> None:
    """The call waits until the socket is closed."""
    worker = Worker(call)
    net.wait_blocked(worker)
    sock.close()
    with pytest.raises(OSError) as caught:
        worker.result()
    assert caught.value.errno in (errno.EBADF, errno.ECANCELED)


@pytest.mark.parametrize("timeout", [None, 60])
@pytest.mark.parametrize("name", RECEIVES)
def test_close_ends_receive(net: RemoteNet, name: str,
                            timeout: float | None) -> None:
    client, _ = tcp_pair(net)
    client.settimeout(timeout)
    check_ended_by_close(net, client, lambda: RECEIVES[name](client))


def test_close_ends_sendall(net: RemoteNet) -> None:
    first, _ = unix_pair(net)
    fill(first)
    check_ended_by_close(net, first, lambda: first.sendall(b"x"))


def test_close_ends_accept(net: RemoteNet) -> None:
    server = listener(net)
    check_ended_by_close(net, server, server.accept)


def test_close_ends_connect(net: RemoteNet) -> None:
    sock, address = tcp(net), silent_address(net)
    check_ended_by_close(net, sock, lambda: sock.connect(address))


def test_close_ends_all_calls_of_a_socket(net: RemoteNet) -> None:
    client, server = tcp_pair(net)
    workers = [Worker(client.recv, 1) for _ in range(8)]
    net.wait_blocked(*workers)
    client.close()
    for worker in workers:
        assert isinstance(worker.error(), OSError)
    assert server.recv(1) == b""


# Handles --------------------------------------------------------------------


def test_handles_are_no_descriptors(net: RemoteNet) -> None:
    sock = tcp(net)
    handle = sock.fileno()
    assert 1 << 30 <= handle < 1 << 31
    # What takes it for one fails and does not touch another file.
    for function in (os.fstat, os.close, os.get_blocking, os.ttyname):
        with pytest.raises(OSError) as caught:
            function(handle)
        assert caught.value.errno == errno.EBADF
    with pytest.raises((OSError, ValueError)):
        select.select([handle], [], [], 0)


def test_handles_are_not_used_again(net: RemoteNet) -> None:
    # The kernel would give the lowest free number.
    seen = set()
    for _ in range(3):
        sock = tcp(net)
        seen.add(sock.fileno())
        sock.close()
    assert len(seen) == 3


def test_descriptors_of_this_process_are_not_taken(net: RemoteNet) -> None:
    here, there = socket.socketpair()
    with here, there:
        number = here.fileno()
        calls: list[Any] = [lambda: net.socket.socket(fileno=number),
                            lambda: net.socket.dup(number),
                            lambda: net.socket.close(number)]
        for call in calls:
            with pytest.raises((OSError, ValueError)):
                call()
        # It is as it was.
        here.sendall(b"x")
        assert there.recv(1) == b"x"


def test_local_and_remote_are_not_waited_for_together(net: RemoteNet) -> None:
    sock = tcp(net)
    here, there = socket.socketpair()
    with here, there:
        poller = net.select.poll()
        poller.register(sock)
        poller.register(here)
        selector = net.selectors.DefaultSelector()
        selector.register(here, net.selectors.EVENT_READ)
        calls: list[Any] = [
            lambda: net.select.select([sock, here], [], [], 0),
            lambda: net.select.select([], [here.fileno()], []),
            lambda: poller.poll(0), lambda: selector.select(0)]
        for call in calls:
            with pytest.raises(standoff.Unsupported, match="this machine"):
                call()
    # What is not open stays what it is.
    number = (1 << 30) - 1
    with pytest.raises(OSError) as caught:
        net.select.select([sock, number], [], [], 0)
    assert caught.value.errno == errno.EBADF
    poller = net.select.poll()
    poller.register(number)
    assert poller.poll(0) == [(number, select.POLLNVAL)]


def test_descriptors_are_not_sent(net: RemoteNet) -> None:
    # One of this process means nothing on another host, and its number may
    # be that of something of the daemon's.
    first, second = unix_pair(net)
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, b"\0\0\0\0")
    with pytest.raises(Exception) as caught:
        first.sendmsg([b"x"], [rights])
    # A refusal, no accident.
    assert not isinstance(caught.value, (AttributeError, TypeError))
    second.setblocking(False)
    with pytest.raises(BlockingIOError):
        second.recv(1)


def test_epoll_is_missing(net: RemoteNet) -> None:
    # It would need a descriptor that lives on the other host.
    for name in ("epoll", "kqueue", "devpoll"):
        assert not hasattr(net.select, name)
    assert not hasattr(net.selectors, "EpollSelector")


@pytest.mark.parametrize("server_side", [False, True])
def test_ssl_gets_no_descriptor(net: RemoteNet, server_side: bool) -> None:
    client, server = tcp_pair(net)
    context = ssl.create_default_context()
    context.check_hostname = False
    for sock in (client, tcp(net)):
        with pytest.raises(standoff.Unsupported, match="ssl.MemoryBIO"):
            context.wrap_socket(sock, server_side=server_side)
    # It is as it was.
    server.sendall(b"x")
    assert client.recv(1) == b"x"
    assert client.fileno() >= 1 << 30


# The control channel --------------------------------------------------------


def test_no_deadline_of_the_channel_ends_a_call(net: RemoteNet,
                                                daemon_address: str) -> None:
    import standoff  # pylint: disable=import-outside-toplevel
    del net
    with standoff.connect(daemon_address, timeout=0.5, lease=1.0) as host:
        first, second = host.socketpair()
        reader = Worker(second.recv, 10)
        # Several times longer than anything that has a limit here.
        start = time.monotonic()
        reader.join(5)
        assert time.monotonic() - start >= 5
        assert reader.is_alive()
        first.sendall(b"at last")
        assert reader.result() == b"at last"


# What a daemon refuses --------------------------------------------------------
#
# The kernel would have a word of its own for these; a daemon does not let them
# get there, since the like could reach its own memory or descriptors.


def test_unknown_option(net: RemoteNet) -> None:
    sock = tcp(net)
    for method, *value in ((sock.getsockopt,), (sock.getsockopt, 10),
                           (sock.setsockopt, 1), (sock.setsockopt, b"1234")):
        with pytest.raises(OSError) as caught:
            method(socket.SOL_SOCKET, 9999, *value)
        assert caught.value.errno == errno.ENOPROTOOPT
    # What the daemon can't be sure that the kernel does not know.
    with pytest.raises(PermissionError, match="--allow_unknown_options") as told:
        sock.setsockopt(99, 9999, 1)
    assert told.value.errno == errno.EPERM
    assert isinstance(told.value, standoff.Forbidden)
    assert "pointer" not in str(told.value)


def test_unknown_control_message(net: RemoteNet) -> None:
    first, _ = unix_pair(net)
    with pytest.raises(OSError) as caught:
        first.sendmsg([b"x"], [(socket.SOL_SOCKET, 99, b"")])
    assert caught.value.errno == errno.EINVAL
    with pytest.raises(PermissionError, match="level 99"):
        first.sendmsg([b"x"], [(99, 99, b"")])


def test_passing_descriptors(net: RemoteNet) -> None:
    first, _ = unix_pair(net)
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, b"\0\0\0\0")]
    with pytest.raises(PermissionError, match="SCM_RIGHTS"):
        first.sendmsg([b"x"], rights)


@pytest.mark.parametrize("family", ["AF_NETLINK", "AF_ALG", "AF_ROUTE"])
def test_refused_family(net: RemoteNet, family: str) -> None:
    assert not hasattr(net.socket, family)
    for function in (net.socket.socket, net.socket.socketpair):
        # As of a family that the kernel does not have.
        with pytest.raises(OSError, match="refused by the daemon") as caught:
            function(getattr(socket, family), socket.SOCK_RAW)
        assert caught.value.errno == errno.EAFNOSUPPORT


def test_refused_flag(net: RemoteNet) -> None:
    first, second = unix_pair(net)
    for send in (first.send, first.sendall):
        with pytest.raises(PermissionError, match="MSG_ZEROCOPY") as caught:
            send(b"x", 0x4000000)
        assert caught.value.errno == errno.EPERM
    first.sendall(b"x")
    assert second.recv(10) == b"x"


def test_malformed_requests_are_no_oserror(net: RemoteNet) -> None:
    # The program's mistake, and no word of a kernel or a policy.
    with pytest.raises(standoff.InvalidRequest) as caught:
        tcp(net).recv_pattern(standoff.Pattern(seed=1, length=1),
                              socket.MSG_PEEK)
    assert not isinstance(caught.value, OSError)

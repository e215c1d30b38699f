"""A process that makes socket calls as it is told.

Each line of its standard input is a Python expression, by rule a call of one of
these functions; it prints what that gives.
"""

import ctypes
import os
import select
import signal
import socket
import sys
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
KINDS = {
    "tcp4": (socket.AF_INET, socket.SOCK_STREAM, 0),
    "tcp6": (socket.AF_INET6, socket.SOCK_STREAM, 0),
    "mptcp": (socket.AF_INET, socket.SOCK_STREAM, 262),
    "udp": (socket.AF_INET, socket.SOCK_DGRAM, 0),
    "unix_stream": (socket.AF_UNIX, socket.SOCK_STREAM, 0),
    "unix_seqpacket": (socket.AF_UNIX, socket.SOCK_SEQPACKET, 0),
    "unix_datagram": (socket.AF_UNIX, socket.SOCK_DGRAM, 0),
}
SECONDS = 3600

# By name.
ends = {}
# Kept open.
others = []


def make(name, kind, option=None, value=0, local=None):
    """Makes a socket, binds it, and returns its port."""
    end = ends[name] = socket.socket(*KINDS[kind])
    if option is not None:
        level = (
            socket.IPPROTO_TCP if option.startswith("TCP_") else socket.SOL_SOCKET
        )
        end.setsockopt(level, getattr(socket, option), value)
    if local is None:
        return 0
    end.bind(local)
    return end.getsockname()[1] if isinstance(local, tuple) else 0


def listen(name, backlog):
    ends[name].listen(backlog)


def connect(name, address):
    ends[name].connect(address)


def accept(listener, name):
    ends[name], _ = ends[listener].accept()
    close(listener)


def wait_for_more(name, count):
    ends[name].setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)


def send_some(name):
    ends[name].send(b"some")


def close(name):
    ends.pop(name).close()


def call(what, *names):
    """Makes a call that does not end."""
    end = ends[names[0]] if names else None
    if what == "receive":
        end.recv(100)
    elif what == "receive all":
        end.recv(10, socket.MSG_WAITALL)
    elif what == "receive for a time":
        end.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, SECONDS.to_bytes(16, "little")
        )
        end.recv(100)
    elif what == "send":
        size = 64 << 20 if end.type == socket.SOCK_STREAM else 1000
        while True:
            end.sendall(bytes(size))
    elif what == "accept":
        end.accept()
    elif what in ("poll", "poll for a time"):
        poll = select.poll()
        for name in names:
            poll.register(ends[name], select.POLLIN)
        poll.poll(SECONDS * 1000 if what != "poll" else None)
    elif what == "epoll":
        epoll = select.epoll()
        for name in names:
            epoll.register(ends[name], select.EPOLLIN)
        epoll.poll()
    elif what == "connect":
        end.connect(names[1])
    elif what == "hold":
        threading.Event().wait()
    elif what == "nap":
        time.sleep(SECONDS)
    elif what == "read":
        os.read(0, 1)
    elif what == "end":
        LIBC.syscall(60, 0)
    sys.exit(f"{what} {names} has ended")


def thread(own_descriptors, what, *names):
    """Has a thread make the call; returns its id."""
    ids = []
    started = threading.Event()

    def run():
        if own_descriptors:
            assert LIBC.unshare(0x400) == 0
        ids.append(threading.get_native_id())
        started.set()
        call(what, *names)

    threading.Thread(target=run, daemon=True).start()
    started.wait()
    return ids[0]


def fork(what, *names):
    """Has a child that inherits all ends make the call; returns its id."""
    child = os.fork()
    if child == 0:
        LIBC.prctl(1, signal.SIGKILL)
        call(what, *names)
    return child


def keep(name):
    others.append(ends[name].dup())


def replace(old, new):
    """Makes the number of one end another one's."""
    os.dup2(ends[new].fileno(), ends[old].fileno())


def post(name):
    """Puts an end on its way to whoever receives it: this one's family."""
    here, there = socket.socketpair()
    socket.send_fds(here, [b"x"], [ends[name].fileno()])
    others.append(there)
    here.close()
    close(name)


def alarm():
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)


def timer():
    others.append(ctypes.c_void_p())
    assert LIBC.timer_create(1, None, ctypes.byref(others[-1])) == 0


def ring():
    LIBC.syscall(425, 8, ctypes.create_string_buffer(120))


for line in sys.stdin:
    print(eval(line), flush=True)  # pylint: disable=eval-used

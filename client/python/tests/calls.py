"""The calls that receive and those that send, each in its simplest form."""

from __future__ import annotations

from typing import Any, Callable

Call = Callable[[Any], Any]

# Each receives at most one byte.
RECEIVES: dict[str, Call] = {
    "recv": lambda sock: sock.recv(1),
    "recv_into": lambda sock: sock.recv_into(bytearray(1)),
    "recvfrom": lambda sock: sock.recvfrom(1),
    "recvfrom_into": lambda sock: sock.recvfrom_into(bytearray(1)),
    "recvmsg": lambda sock: sock.recvmsg(1),
    "recvmsg_into": lambda sock: sock.recvmsg_into([bytearray(1)]),
}

# Each sends one byte on a connected socket.
SENDS: dict[str, Call] = {
    "send": lambda sock: sock.send(b"x"),
    "sendall": lambda sock: sock.sendall(b"x"),
    "sendmsg": lambda sock: sock.sendmsg([b"x"]),
}

"""Standoff for asyncio: the sockets of remote hosts, without threads.

    from standoff import aio

    async with aio.connect("10.0.0.1:7411") as host:
        async with host.socket() as sock:
            await sock.settimeout(0.5)
            await sock.connect(("10.0.0.2", 7000))

The objects are those of the package `standoff`, with the same arguments,
results and exceptions; methods that ask a host are coroutines. A task that is
cancelled while it waits, by asyncio.timeout() say, takes its call back: on the
host, too, the system call ends. (The timeout of a socket is a TimeoutError just
as that of asyncio is: give one of the two.)

All objects belong to the event loop in which their host was connected. A
process that runs several event loops at once, each in a thread, works, but gRPC
has them log a BlockingIOError now and then.
"""

from standoff.aio.actor import Actor, Step, step
from standoff.aio.connect_host import connect
from standoff.aio.diagnosing import why
from standoff.aio.events import Events
from standoff.aio.host import Host
from standoff.aio.opening import Opening
from standoff.aio.operation import Operation, wait
from standoff.aio.selecting import select
from standoff.aio.socket import Socket

__all__ = [
    "Actor",
    "Events",
    "Host",
    "Opening",
    "Operation",
    "Socket",
    "Step",
    "connect",
    "select",
    "step",
    "wait",
    "why",
]

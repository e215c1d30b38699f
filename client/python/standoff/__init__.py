"""Standoff: the sockets of remote hosts, as if they were local.

    import standoff

    with standoff.connect("10.0.0.1:7411") as host:
        sock = host.socket()
        sock.settimeout(0.5)
        sock.connect(("10.0.0.2", 7000))

A Host is one daemon; its sockets have the methods, results and exceptions of
`socket.socket`. Actors (Host.actor) make calls that others wait for, look at
and cancel; why() tells what keeps such calls from going on. Faults of the
control plane are HarnessErrors, never OSErrors.
docs/python.md is the manual; standoff.aio has the same for asyncio.
"""

from standoff._version import __version__
from standoff.actor import Actor, Step, step
from standoff.channel import Credentials
from standoff.connect_host import connect
from standoff.diagnosing import why
from standoff.diagnosis import (
    BlockedCall,
    Deadlock,
    Diagnosis,
    Party,
    Proof,
    Reason,
    Verdict,
)
from standoff.errors import (
    Cancelled,
    Forbidden,
    HarnessError,
    InvalidRequest,
    LimitReached,
    NeverBlocked,
    NotFound,
    OperationError,
    PatternMismatch,
    PermissionDenied,
    SessionLost,
    Skipped,
    Unavailable,
    Unsupported,
    WaitTimedOut,
)
from standoff.host import Host
from standoff.operation import Operation, OperationState, wait
from standoff.pattern import Pattern
from standoff.poller import Poll
from standoff.selecting import select
from standoff.selector import Selector
from standoff.session import Session
from standoff.socket import Socket

__all__ = [
    "Actor",
    "BlockedCall",
    "Cancelled",
    "Credentials",
    "Deadlock",
    "Diagnosis",
    "Forbidden",
    "HarnessError",
    "Host",
    "InvalidRequest",
    "LimitReached",
    "NeverBlocked",
    "NotFound",
    "Operation",
    "OperationError",
    "OperationState",
    "Party",
    "Pattern",
    "PatternMismatch",
    "PermissionDenied",
    "Poll",
    "Proof",
    "Reason",
    "Selector",
    "Session",
    "SessionLost",
    "Skipped",
    "Socket",
    "Step",
    "Unavailable",
    "Unsupported",
    "Verdict",
    "WaitTimedOut",
    "__version__",
    "connect",
    "select",
    "step",
    "wait",
    "why",
]

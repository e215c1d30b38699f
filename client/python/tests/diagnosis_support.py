"""What the tests of diagnoses have in common."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import standoff
from aio_support import LOOPBACK, daemon
from workers import PATIENCE


@contextlib.contextmanager
def two_hosts() -> Iterator[tuple[standoff.Host, standoff.Host]]:
    """Two daemons of their own, and a host of each: "left" and "right"."""
    with daemon() as (left, _), daemon() as (right, _):
        with (standoff.connect(left, name="left") as first,
              standoff.connect(right, name="right") as second):
            yield first, second


def connected(left: standoff.Host,
              right: standoff.Host) -> tuple[standoff.Socket, standoff.Socket]:
    """The ends of a connection from one host to the other."""
    with right.create_server((LOOPBACK, 0)) as server:
        client = left.create_connection(server.getsockname())
        accepted, _ = server.accept()
    return client, accepted


def all_blocked(*operations: standoff.Operation[Any]) -> None:
    """Waits until they all sleep in the kernel."""
    for operation in operations:
        operation.wait_blocked(timeout=PATIENCE)

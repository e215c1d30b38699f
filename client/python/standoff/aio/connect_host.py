"""Connecting to a daemon: how a Host is made."""

from __future__ import annotations

from typing import Mapping

from standoff import channel as channel_lib
from standoff.aio import session as sessions
from standoff.aio.connection import Connection
from standoff.aio.host import Host
from standoff.aio.opening import Opening
from standoff.connect_host import DEFAULT_ADDRESS


def connect(
    address: str = DEFAULT_ADDRESS,
    *,
    credentials: channel_lib.AnyCredentials = None,
    session: str | None = None,
    labels: Mapping[str, str] | None = None,
    lease: float = 30.0,
    timeout: float = 10.0,
    name: str | None = None,
) -> Opening[Host]:
    """Connects to a daemon and enters a session there.

    `host = await aio.connect(…)`, or `async with aio.connect(…) as host:`.
    Arguments, result and exceptions are those of standoff.connect().

    The lease is renewed by a task: an event loop that is held up for longer
    than the lease loses the session.
    """
    return Opening(
        _connect(address, credentials, session, labels, lease, timeout, name)
    )


async def _connect(
    address: str,
    credentials: channel_lib.AnyCredentials,
    session: str | None,
    labels: Mapping[str, str] | None,
    lease: float,
    timeout: float,
    name: str | None,
) -> Host:
    connection = Connection(address, name or "", credentials)
    try:
        info = await connection.wait_until_ready(timeout)
        entered = await sessions.enter(connection, session, labels, lease)
        return Host(connection, entered, info)
    except BaseException:
        await connection.close()
        raise

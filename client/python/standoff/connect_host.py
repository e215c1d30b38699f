"""Connecting to a daemon: how a Host is made."""

from __future__ import annotations

from typing import Mapping

from standoff import channel as channel_lib
from standoff import session as sessions
from standoff.connection import Connection
from standoff.host import Host

DEFAULT_ADDRESS = "127.0.0.1:7411"


def connect(
    address: str = DEFAULT_ADDRESS,
    *,
    credentials: channel_lib.AnyCredentials = None,
    session: str | None = None,
    labels: Mapping[str, str] | None = None,
    lease: float = 30.0,
    timeout: float = 10.0,
    name: str | None = None,
) -> Host:
    """Connects to a daemon and enters a session there.

    Args:
      address: HOST:PORT, or unix:PATH.
      credentials: for TLS; none for a plain connection.
      session: None for a new one, which ends with the connection. A name for
        that session, which is made if there is none, and then ends with the
        connection, too. "default" for the one that is always there.
      labels: what to write on a session that is made, for people to read.
      lease: for a session that is made: after how many seconds without a sign
        of life from here the host ends it, and all that is in it. It is renewed
        in the background.
      timeout: how long to wait for the daemon, in seconds.
      name: what messages call the host; by default its address.

    Returns:
      the host, a context manager.

    Raises:
      Unavailable: no daemon answers at the address.
      HarnessError: the address, the credentials or the session are wrong.
    """
    connection = Connection(address, name or "", credentials)
    try:
        info = connection.wait_until_ready(timeout)
        entered = sessions.enter(connection, session, labels, lease)
        return Host(connection, entered, info)
    except BaseException:
        connection.close()
        raise

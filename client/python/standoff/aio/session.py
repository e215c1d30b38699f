"""Entering and leaving a session, and the task that keeps it alive."""

from __future__ import annotations

import asyncio
from typing import Mapping

from standoff import errors
from standoff import rpc
from standoff.aio.connection import Connection
from standoff.connection import PATIENCE
from standoff.session import DEFAULT, GOODBYE, Session, create_request
from standoff.socket_replies import read_close
from standoff.v1 import session_service_pb2 as messages
from standoff.v1 import socket_service_pb2 as socket_messages


async def enter(
    connection: Connection,
    name: str | None,
    labels: Mapping[str, str] | None,
    lease: float,
) -> Session:
    """Makes the session, or joins it. Further calls are in it."""
    if name == DEFAULT:
        connection.use_session(DEFAULT)
        return Session(DEFAULT, 0.0, owned=False)
    try:
        response = await connection.call(
            rpc.CREATE, create_request(name, labels, lease), PATIENCE
        )
        owned, made = True, response.session
    except errors.InvalidRequest as error:
        if name is None or error.code != "ALREADY_EXISTS":
            raise
        joined = await connection.call(
            rpc.KEEP_ALIVE, messages.KeepAliveRequest(name=name), PATIENCE
        )
        owned, made = False, joined.session
    connection.use_session(made.name)
    return Session(made.name, made.lease_seconds, owned)


class Keeper:
    """A task that renews the lease, and closes sockets that were lost.

    It knows the connection and not the host, so that a host that nobody has any
    more can go.
    """

    def __init__(self, connection: Connection, session: Session) -> None:
        self._connection = connection
        self._session = session
        self._lost: asyncio.Queue[str | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(
            self._run(), name=f"standoff-{session.name}"
        )

    def close_later(self, name: str) -> None:
        """Closes a socket soon. For the garbage collector, in any thread."""
        self._put(name)

    def stop_later(self) -> None:
        """Ends the task soon. For the garbage collector, in any thread."""
        self._put(None)

    async def stop(self) -> None:
        """Ends the task, when it has closed what it was given."""
        self._put(None)
        try:
            await asyncio.wait([self._task], timeout=GOODBYE)
        finally:
            self._task.cancel()

    def _put(self, name: str | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._lost.put_nowait, name)
        except RuntimeError:
            pass  # The loop is closed, and with it the connection.

    async def _run(self) -> None:
        pause = self._session.lease / 3
        due = self._loop.time() + pause if pause else None
        while True:
            try:
                async with asyncio.timeout_at(due):
                    name = await self._lost.get()
            except TimeoutError:
                wait = await self._renew(pause)
                due = None if wait is None else self._loop.time() + wait
                continue
            if name is None:
                return
            try:
                await close_socket(self._connection, name, GOODBYE)
            except (OSError, errors.HarnessError):
                pass  # Nobody is there to hear of it.

    async def _renew(self, pause: float) -> float | None:
        """Renews the lease. Returns when to do so again, in seconds."""
        try:
            await self._connection.call(
                rpc.KEEP_ALIVE, messages.KeepAliveRequest(), pause
            )
        except errors.NotFound:
            # It is gone for good, and each further call says so.
            return None
        except errors.HarnessError:
            return pause / 10
        return pause


async def close_socket(
    connection: Connection, name: str, timeout: float | None = None
) -> None:
    """Closes a socket by its name. One that is not there is closed."""
    try:
        response = await connection.call(
            rpc.CLOSE, socket_messages.CloseRequest(socket=name), timeout
        )
    except errors.NotFound:
        return
    read_close(response)


async def delete(connection: Connection) -> None:
    """Ends the connection's session; the lease does if the host is gone."""
    try:
        await connection.call(rpc.DELETE, messages.DeleteRequest(), GOODBYE)
    except (errors.Unavailable, errors.NotFound, errors.Cancelled):
        pass

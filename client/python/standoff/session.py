"""The session in which a host's sockets are, and what keeps it alive."""

from __future__ import annotations

import dataclasses
import functools
import queue
import sys
import threading
import time
from typing import Any, Callable, Mapping, TypeVar

from standoff import errors
from standoff import handles
from standoff import rpc
from standoff.connection import PATIENCE, Connection
from standoff.socket_replies import read_close
from standoff.v1 import session_service_pb2 as messages
from standoff.v1 import socket_service_pb2 as socket_messages

_R = TypeVar("_R")

DEFAULT = "default"

# For saying goodbye, in seconds: a host that is gone must not hold up a script.
GOODBYE = 10.0


@dataclasses.dataclass(frozen=True)
class Session:
    """The owner of what a script makes on a host.

    Attributes:
      name: its name.
      lease: after how many seconds without a call it ends, with all that is in
        it; 0.0 for the session `default`, which has no lease.
      owned: whether it was made for this connection, and ends with it.
    """

    name: str
    lease: float
    owned: bool


def create_request(
    name: str | None, labels: Mapping[str, str] | None, lease: float
) -> messages.CreateRequest:
    """Asks for a session, with a name that the daemon gives if it is None."""
    return messages.CreateRequest(
        name=name or "", labels=dict(labels or {}), lease_seconds=lease
    )


def enter(
    connection: Connection,
    name: str | None,
    labels: Mapping[str, str] | None,
    lease: float,
) -> Session:
    """Makes the session, or joins one that is there. Further calls are in it."""
    if name == DEFAULT:
        connection.use_session(DEFAULT)
        return Session(DEFAULT, 0.0, owned=False)
    try:
        response = connection.call(
            rpc.CREATE, create_request(name, labels, lease), PATIENCE
        )
        owned, made = True, response.session
    except errors.InvalidRequest as error:
        if name is None or error.code != "ALREADY_EXISTS":
            raise
        joined = connection.call(
            rpc.KEEP_ALIVE, messages.KeepAliveRequest(name=name), PATIENCE
        )
        owned, made = False, joined.session
    connection.use_session(made.name)
    return Session(made.name, made.lease_seconds, owned)


class Keeper:
    """A thread that renews the lease, and does what a destructor may not.

    It knows the connection and not the host, so that a host that nobody has any
    more can go.
    """

    def __init__(self, connection: Connection, session: Session) -> None:
        self._connection = connection
        self._session = session
        self._work: queue.SimpleQueue[Callable[[], Any] | None] = (
            queue.SimpleQueue()
        )
        # Where the answer goes that it did not give in time.
        self._late: queue.SimpleQueue[Any] | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"standoff-{session.name}", daemon=True
        )
        self._thread.start()

    def close_later(self, socket: handles.RemoteSocket) -> None:
        """Closes a socket soon. May be called by the garbage collector."""
        self._work.put(
            functools.partial(
                close_socket, self._connection, socket.name, GOODBYE
            )
        )

    def ask(self, call: Callable[[], _R], timeout: float) -> _R | None:
        """What a call returns that the thread makes; None if it does not.

        May be called by the garbage collector, which may be in the middle of a
        call of its own thread. Waits for at most `timeout` seconds.
        """
        if (
            sys.is_finalizing()
            or (self._late is not None and self._late.empty())
            or not self._thread.is_alive()
            or threading.current_thread() is self._thread
        ):
            return None
        answer: queue.SimpleQueue[_R] = queue.SimpleQueue()
        self._work.put(lambda: answer.put(call()))
        try:
            return answer.get(timeout=timeout)
        except queue.Empty:
            # Others are not to wait for the same.
            self._late = answer
            return None

    def stop(self) -> None:
        """Ends the thread, when it has done what it was given."""
        self.stop_soon()
        if threading.current_thread() is not self._thread:
            self._thread.join(GOODBYE)

    def stop_soon(self) -> None:
        """The same, without waiting. May be called by the garbage collector."""
        self._work.put(None)

    def _run(self) -> None:
        pause = self._session.lease / 3 if self._session.lease else None
        due = time.monotonic() + pause if pause else None
        while True:
            try:
                wait = None if due is None else max(0.0, due - time.monotonic())
                work = self._work.get(timeout=wait)
            except queue.Empty:
                assert pause is not None
                due = time.monotonic() + self._renew(pause)
                continue
            if work is None:
                return
            try:
                work()
            except Exception:
                pass  # Nobody is there to hear of it.
            # It may have the last reference to a host.
            del work

    def _renew(self, pause: float) -> float:
        """Renews the lease. Returns when to do so again, in seconds."""
        try:
            self._connection.call(
                rpc.KEEP_ALIVE, messages.KeepAliveRequest(), pause
            )
        except errors.NotFound:
            # It is gone for good, and each further call says so.
            return threading.TIMEOUT_MAX
        except errors.HarnessError:
            return pause / 10
        return pause


def close_socket(
    connection: Connection, name: str, timeout: float | None = None
) -> None:
    """Closes a socket by its name. One that is not there is closed."""
    try:
        response = connection.call(
            rpc.CLOSE, socket_messages.CloseRequest(socket=name), timeout
        )
    except errors.NotFound:
        return
    read_close(response)


def delete(connection: Connection) -> None:
    """Ends the connection's session. A host that is gone is left to the lease."""
    try:
        connection.call(rpc.DELETE, messages.DeleteRequest(), GOODBYE)
    except (errors.Unavailable, errors.NotFound, errors.Cancelled):
        pass

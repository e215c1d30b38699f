"""Following what happens to a session's operations."""

from __future__ import annotations

import _thread
import collections
import queue
from typing import Any, Iterator

import grpc

from standoff import errors
from standoff import forks
from standoff.connection import FORKED, Connection
from standoff.v1 import operation_pb2
from standoff.v1 import operation_service_pb2 as messages

_WATCH = "/standoff.v1.OperationService/Watch"


class Events(Iterator[operation_pb2.OperationEvent]):
    """Changes of state of operations, as they come. Made by Host.events().

    An iterator, which ends with the connection, or by close(). The daemon
    watches from the moment on when it is made, so that nothing that is done
    later is missed. A context manager, which closes it. For one thread at a
    time.
    """

    def __init__(self, connection: Connection, from_sequence: int) -> None:
        self._lost = 0
        self._pending: collections.deque[operation_pb2.OperationEvent] = (
            collections.deque()
        )
        self._watch: _Watch | None = _Watch(
            connection, messages.WatchRequest(from_sequence=from_sequence)
        )
        # The first response comes at once, also without events.
        self._receive()

    @property
    def lost(self) -> int:
        """How many events are missing among those that were received so far.

        They had left the daemon's memory (--max_events) before they could be
        sent.
        """
        return self._lost

    def __next__(self) -> operation_pb2.OperationEvent:
        while not self._pending:
            self._receive()
        return self._pending.popleft()

    def close(self) -> None:
        """Ends the watch, and with it the iteration."""
        self._pending.clear()
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.end()

    def __enter__(self) -> Events:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_watch", None) is not None:
            self.close()

    def _receive(self) -> None:
        if self._watch is None:
            raise StopIteration
        try:
            response = self._watch.receive()
        except errors.HarnessError:
            self._watch = None
            raise
        if response is None:
            self._watch = None
            raise StopIteration
        self._lost += response.lost
        self._pending.extend(response.events)


class _Watch:
    """A stream of responses, which a thread of its own reads when asked to.

    The main thread must not: a signal handler that raises could come between
    gRPC's locks (see standoff.connection).
    """

    def __init__(
        self, connection: Connection, request: messages.WatchRequest
    ) -> None:
        self._connection = connection
        self._request = request
        # True for each response that is wanted, False at the end.
        self._wishes: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._responses: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._asked = False
        self._forked = False
        self._stream: Any = None
        forks.watch(self)
        _thread.start_new_thread(self._run, ())

    def after_fork(self) -> None:
        """In the child: there is no thread, and the stream is the parent's."""
        self._forked = True
        forks.keep(self._stream)

    def receive(self) -> messages.WatchResponse | None:
        """Waits for the next response; None at the end. HarnessError."""
        if self._forked:
            raise errors.Unavailable(FORKED, host=self._connection.name)
        if not self._asked:
            self._asked = True
            self._wishes.put(True)
        response: Any = self._responses.get()
        self._asked = False
        if isinstance(response, BaseException):
            raise response
        found: messages.WatchResponse | None = response
        return found

    def end(self) -> None:
        """Ends the stream."""
        if self._forked:
            return
        self._wishes.put(False)
        if self._asked and self._stream is not None:
            # The thread waits for a response that nobody wants any more.
            try:
                _thread.start_new_thread(self._stream.cancel, ())
            except RuntimeError:
                pass  # The interpreter ends, and the connection with it.

    def _run(self) -> None:
        try:
            self._stream = self._connection.stream(
                _WATCH, self._request, messages.WatchResponse
            )
            while self._wishes.get():
                self._responses.put(next(self._stream, None))
            self._stream.cancel()
        except grpc.RpcError as error:
            self._responses.put(errors.fault_of(error, self._connection.name))
        except BaseException as error:
            self._responses.put(error)

"""Following what happens to a session's operations."""

from __future__ import annotations

import collections
from typing import AsyncIterator

from standoff import errors
from standoff.aio.connection import Connection
from standoff.v1 import operation_pb2
from standoff.v1 import operation_service_pb2 as messages


class Events(AsyncIterator[operation_pb2.OperationEvent]):
    """Changes of state of operations, as they come. Made by Host.events().

    `async for event in host.events(1):` iterates over them; it ends only with
    the connection, or by aclose(). `async with host.events() as events:` has
    the daemon watch before the body begins, so that nothing that is done there
    is missed, and ends the watch at its end.

    A task that is cancelled while it waits for an event ends the watch.
    """

    def __init__(self, connection: Connection, from_sequence: int) -> None:
        self._connection = connection
        self._pending: collections.deque[operation_pb2.OperationEvent] = (
            collections.deque()
        )
        self._ended = False
        self._lost = 0
        self._stream = connection.stream(
            "/standoff.v1.OperationService/Watch",
            messages.WatchRequest(from_sequence=from_sequence),
            messages.WatchResponse,
        )

    @property
    def lost(self) -> int:
        """How many events are missing among those that were received so far.

        They had left the daemon's memory (--max_events) before they could be
        sent.
        """
        return self._lost

    async def __anext__(self) -> operation_pb2.OperationEvent:
        while not self._pending:
            await self._receive()
        return self._pending.popleft()

    async def aclose(self) -> None:
        """Ends the watch. Who waits for an event is told that it is over."""
        self._ended = True
        self._pending.clear()
        stream, self._stream = self._stream, None
        if stream is not None:
            self._connection.end(stream)

    async def __aenter__(self) -> Events:
        # The first response comes at once, also without events.
        await self._receive()
        return self

    async def __aexit__(self, *args: object) -> None:
        await self.aclose()

    async def _receive(self) -> None:
        if self._ended:
            raise StopAsyncIteration
        try:
            response = await self._connection.read(self._stream)
        except BaseException as error:
            closed = self._ended
            self._ended, self._stream = True, None
            if closed and isinstance(error, errors.Cancelled):
                raise StopAsyncIteration from None
            raise
        if response is None:
            self._ended, self._stream = True, None
            raise StopAsyncIteration
        self._lost += response.lost
        self._pending.extend(response.events)

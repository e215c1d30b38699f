"""The first of several calls to different hosts that has something to say."""

from __future__ import annotations

import queue
from typing import Any, Callable, Sequence

import grpc

from standoff import errors


def results(
    calls: Sequence[tuple[Any, Any]], wanted: Callable[[Any], bool]
) -> list[tuple[Any, Any]]:
    """Waits until one call has a wanted response, or all have ended.

    Args:
      calls: each host, and a grpc.Future of its response. Those that are left
        over are cancelled.
      wanted: whether a response ends the wait.

    Returns:
      the hosts and responses of the calls that have ended until then.

    Raises:
      HarnessError: a call failed.
    """
    ended: queue.SimpleQueue[tuple[Any, Any]] = queue.SimpleQueue()
    found: list[tuple[Any, Any]] = []
    try:
        for host, call in calls:
            call.add_done_callback(
                lambda call, host=host: ended.put((host, call))
            )
        for _ in calls:
            host, call = ended.get()
            try:
                response = call.result()
            except grpc.RpcError as error:
                errors.raise_rpc_error(error, host.name)
            found.append((host, response))
            if wanted(response):
                break
    finally:
        for _, call in calls:
            call.cancel()
    return found

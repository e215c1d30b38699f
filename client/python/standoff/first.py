"""The first of several calls to different hosts that has something to say."""

from __future__ import annotations

import _thread
import queue
from threading import get_ident
from typing import Any, Callable, Sequence

import grpc

from standoff import errors
from standoff.connection import MAIN_THREAD
from standoff.rpc import Rpc

# To each host, this request.
Calls = Sequence[tuple[Any, Any]]
Results = list[tuple[Any, Any]]


class _Stopped(Exception):
    """Nobody waits any more."""


def results(
    rpc: Rpc[Any, Any],
    calls: Calls,
    wanted: Callable[[Any], bool],
    failures: bool = False,
) -> Results:
    """Waits until one call has a wanted response, or all have ended.

    Args:
      rpc: which call to make.
      calls: each host, and the request to it. Calls that are left over are
        cancelled.
      wanted: whether a response ends the wait.
      failures: whether a call's HarnessError counts as its response.

    Returns:
      the hosts and responses of the calls that have ended until then.

    Raises:
      HarnessError: a call failed.
    """
    ended: queue.SimpleQueue[tuple[Any, Any] | None] = queue.SimpleQueue()
    if get_ident() != MAIN_THREAD:
        return _results(rpc, calls, wanted, failures, ended)
    # A signal handler that raises must not come between gRPC's locks (see
    # standoff.connection), so another thread makes the calls.
    answer: queue.SimpleQueue[Results | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            answer.put(_results(rpc, calls, wanted, failures, ended))
        except BaseException as error:
            answer.put(error)

    try:
        _thread.start_new_thread(run, ())
        found = answer.get()
    except BaseException:
        ended.put(None)
        raise
    if isinstance(found, BaseException):
        raise found
    return found


def _results(
    rpc: Rpc[Any, Any],
    calls: Calls,
    wanted: Callable[[Any], bool],
    failures: bool,
    ended: queue.SimpleQueue[tuple[Any, Any] | None],
) -> Results:
    found: Results = []
    started = []
    try:
        for host, request in calls:
            try:
                call = host._start(rpc, request)
            except errors.HarnessError as error:
                if not failures:
                    raise
                found.append((host, error))
                continue
            started.append(call)
            call.add_done_callback(
                lambda call, host=host: ended.put((host, call))
            )
        for _ in started:
            item = ended.get()
            if item is None:
                raise _Stopped
            host, call = item
            try:
                response = call.result()
            except grpc.RpcError as error:
                fault = errors.fault_of(error, host.name)
                if not failures:
                    raise fault from None
                found.append((host, fault))
                continue
            found.append((host, response))
            if wanted(response):
                break
    finally:
        for call in started:
            call.cancel()
    return found

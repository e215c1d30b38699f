"""The first of several calls to different hosts that has something to say."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Coroutine, Mapping


async def results(
    calls: Mapping[Any, Coroutine[Any, Any, Any]],
    wanted: Callable[[Any], bool],
) -> list[tuple[Any, Any]]:
    """Waits until one call has a wanted response, or all have ended.

    Args:
      calls: the call to each host. Those that are left over are cancelled.
      wanted: whether a response ends the wait.

    Returns:
      the hosts and responses of the calls that have ended until then.

    Raises:
      HarnessError: a call failed.
    """
    hosts = {asyncio.ensure_future(call): host for host, call in calls.items()}
    pending = set(hosts)
    found: list[tuple[Any, Any]] = []
    try:
        while pending:
            ended, pending = await asyncio.wait(
                pending, return_when=asyncio.FIRST_COMPLETED
            )
            responses = [(hosts[task], task.result()) for task in ended]
            found += responses
            if any(wanted(response) for _, response in responses):
                break
    finally:
        for task in pending:
            task.cancel()
        # So that no exception goes unread, and no call outlives the wait.
        await asyncio.gather(*hosts, return_exceptions=True)
    return found

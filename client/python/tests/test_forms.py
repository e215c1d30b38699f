"""The two forms of the package, with threads and with asyncio, don't mix.

These tests have one side only.
"""

from __future__ import annotations

import asyncio
from typing import Any, Callable

import pytest
import standoff
from standoff import aio

WHERE: dict[str, Callable[[standoff.Host, Any], Any]] = {
    "select": lambda host, sock: standoff.select([sock], [], [], 0),
    "fileno": lambda host, sock: host.socket(fileno=sock.fileno()),
    "close": lambda host, sock: host.socket_module().close(sock.fileno()),
    "dup": lambda host, sock: host.socket_module().dup(sock.fileno()),
    "fcntl": lambda host, sock: host.fcntl(sock, 3),
}


@pytest.mark.parametrize("name", WHERE)
def test_a_socket_of_aio_is_refused(daemon_address: str, name: str) -> None:
    async def main() -> None:
        async with aio.connect(daemon_address) as other:
            async with other.socket() as sock:
                with standoff.connect(daemon_address) as host:
                    with pytest.raises(TypeError, match="standoff.aio"):
                        WHERE[name](host, sock)
                # It is as it was.
                assert await sock.getsockopt(1, 2) == 0

    asyncio.run(main())


def test_aio_refuses_other_sockets(daemon_address: str) -> None:
    async def main() -> None:
        async with aio.connect(daemon_address) as other:
            with standoff.connect(daemon_address) as host:
                with host.socket() as sock:
                    with pytest.raises(TypeError, match="with standoff.aio"):
                        await aio.select([sock], [], [], 0)
                    with pytest.raises(TypeError, match="with standoff.aio"):
                        await other.socket(fileno=sock.fileno())
                    assert sock.getsockopt(1, 2) == 0

    asyncio.run(main())


def test_one_kind_of_thread_needs_one_channel(daemon_address: str) -> None:
    # A thread that connects and calls, and a main thread that does not.
    with standoff.connect(daemon_address) as host:
        host.info()
        channels = getattr(host, "_connection")._channels
        assert [channel is None for channel in channels] == [True, False]

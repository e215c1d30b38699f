"""standoff.aio.why(), with real daemons."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import standoff
from aio_support import LOOPBACK, daemon, on_host, run_clean
from standoff import Proof, Reason, Verdict, aio

pytestmark = pytest.mark.filterwarnings("error")


def test_two_receive() -> None:
    async def main(left: aio.Host, right: aio.Host) -> None:
        async with right.create_server((LOOPBACK, 0)) as server:
            a = await left.create_connection(await server.getsockname())
            b, _ = await server.accept()
        async with a, b:
            receives = [
                await left.actor("anna").start(a.recv, 1),
                await right.actor("bert").start(b.recv, 1),
            ]
            await aio.wait(receives, condition="blocked")
            check(await aio.why([left, right, left]))
            check(await aio.why({"left": left, "right": right}))
            # Of one alone little can be said.
            (call,) = (await left.why()).blocked
            assert call.reason is Reason.UNKNOWN

    def check(diagnosis: standoff.Diagnosis) -> None:
        assert diagnosis.verdict is Verdict.DEADLOCK
        (deadlock,) = diagnosis.deadlocks
        assert deadlock.proof is Proof.PROVED
        names = {(call.caller.host, call.caller.actor)
                 for call in deadlock.cycle}
        assert names == {("left", "anna"), ("right", "bert")}
        assert "left/anna" in str(diagnosis)

    async def connected() -> None:
        with daemon() as (left, _), daemon() as (right, _):
            async with (aio.connect(left, name="left") as first,
                        aio.connect(right, name="right") as second):
                await main(first, second)

    run_clean(connected)


@on_host
async def test_nothing_is_blocked(host: aio.Host) -> None:
    diagnosis = await host.why(between=0)
    assert diagnosis.verdict is Verdict.NOTHING_BLOCKED
    assert str(diagnosis) == "Nothing is blocked."


@on_host
async def test_a_task_is_cancelled(host: aio.Host) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await aio.why(host, between=60)


@on_host
async def test_a_host_is_gone(host: aio.Host) -> None:
    with daemon() as (address, process):
        async with aio.connect(address, name="gone") as gone:
            process.kill()
            process.wait()
            with pytest.raises(standoff.Unavailable, match="^other: "):
                await aio.why({"other": gone})
            diagnosis = await aio.why({"other": gone, "one": host})
            assert diagnosis.verdict is Verdict.NOTHING_BLOCKED
            (unseen,) = diagnosis.unseen
            assert unseen.startswith("other was not seen: ")


@on_host
async def test_no_host(host: aio.Host) -> None:
    with pytest.raises(ValueError):
        await aio.why([])
    with pytest.raises(ValueError, match="between"):
        await aio.why(host, between=-1)
    given: Any = host
    with pytest.raises(TypeError, match="expected a standoff.Host; got"):
        standoff.why([given])

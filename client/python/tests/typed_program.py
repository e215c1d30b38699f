"""A program that uses the package, for type checkers: nobody runs it."""

from __future__ import annotations

import standoff


def receive(address: str) -> bytes:
    """What a user would write, each type inferred."""
    with standoff.connect(address, labels={"why": "types"}) as host:
        a, b = host.socketpair()
        timeout: float | None = b.gettimeout()
        b.settimeout(timeout)
        operation = host.actor("reader").start(b.recv, 10)
        operation.wait_blocked(timeout=5.0)
        sent: int = a.send(b"x")
        assert sent == 1
        data: bytes = operation.result()
        data, address_of_sender = b.recvfrom(10)
        steps = (standoff.step(a.sendall, b"x"), standoff.step(b.recv, 1))
        for each in host.actor("both").program(*steps, on_failure="continue"):
            each.wait()
        diagnosis = standoff.why({"left": host}, between=0.1)
        verdict: standoff.Verdict = host.why().verdict
        assert verdict is standoff.Verdict.NOTHING_BLOCKED
        for call in diagnosis.blocked:
            ends_in: float | None = call.ends_in
            ways_out: list[str] = call.ways_out
            print(call.caller.actor, call.reason.name, ends_in, ways_out)
        return data


def mistakes(host: standoff.Host) -> None:
    """Each line with a mark is wrong, and a type checker must say so."""
    a, _ = host.socketpair()
    host.actor("a").start(a.recv, "ten")  # type: ignore[arg-type]
    host.actor("a").start(a.recv)  # type: ignore[call-arg]
    count: str = a.send(b"x")  # type: ignore[assignment]
    operation = host.actor("a").start(a.send, b"x")
    text: str = operation.result()  # type: ignore[assignment]
    standoff.why(["left"])  # type: ignore[list-item]
    print(count, text)

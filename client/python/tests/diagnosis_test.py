"""standoff.why(), with real daemons."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

import standoff
from aio_support import LOOPBACK, daemon
from diagnosis_support import (
    all_blocked,
    connected,
    fake_daemon,
    two_hosts,
)
from standoff import OperationState, Proof, Reason, Verdict
from standoff.host_entry import HostsError
from standoff.lab import Lab
from standoff.v1 import diagnosis_pb2
from workers import PATIENCE, Worker, eventually

IPPROTO_MPTCP = 262
Pair = tuple[standoff.Host, standoff.Host]
# More than all buffers hold.
MUCH = standoff.Pattern(seed=1, length=64 << 20)


@pytest.fixture(name="hosts")
def _hosts() -> Iterator[Pair]:
    with two_hosts() as hosts:
        yield hosts


def callers(calls: list[standoff.BlockedCall]) -> list[tuple[str, str]]:
    """Who made calls: host and actor."""
    return [(call.caller.host, call.caller.actor) for call in calls]


def check_deadlock(diagnosis: standoff.Diagnosis) -> standoff.Deadlock:
    """A proved deadlock of left's anna and right's bert, and no more."""
    assert diagnosis.verdict is Verdict.DEADLOCK
    (deadlock,) = diagnosis.deadlocks
    assert deadlock.proof is Proof.PROVED
    assert not deadlock.not_proved_because
    both = {("left", "anna"), ("right", "bert")}
    assert len(deadlock.calls) == len(deadlock.cycle) == 2
    assert set(callers(deadlock.calls)) == set(callers(deadlock.cycle)) == both
    anna, bert = sorted(diagnosis.blocked, key=lambda call: call.caller.actor)
    assert anna.waits_for == [bert] and bert.waits_for == [anna]
    for call in (anna, bert):
        assert call.reason is Reason.DEADLOCK
        assert call.ways_out
        assert call.ended_by == "" and call.ends_in is None
    return deadlock


class TestDeadlock:
    def test_of_two_who_receive(self, hosts: Pair) -> None:
        left, right = hosts
        a, b = connected(left, right)
        receives = [
            left.actor("anna").start(a.recv, 1),
            right.actor("bert").start(b.recv, 1),
        ]
        all_blocked(*receives)
        diagnosis = standoff.why(hosts)
        deadlock = check_deadlock(diagnosis)
        for call in diagnosis.blocked:
            assert call.method == "Receive" and call.syscall == "recvfrom"
            assert call.elapsed is not None and call.elapsed > 0
            (evidence,) = call.evidence
            assert (evidence.standing
                    == diagnosis_pb2.PEER_STANDING_FOUND)
        ids = {call.caller.operation_id for call in deadlock.calls}
        assert ids == {operation.id for operation in receives}
        threads = {call.caller.thread_id for call in deadlock.calls}
        assert all(threads)
        text = str(diagnosis)
        assert text.startswith("A deadlock is proved: left/anna and right/bert")
        cycle = ("Cycle: left/anna → right/bert → left/anna",
                 "Cycle: right/bert → left/anna → right/bert")
        assert set(cycle) & set(text.splitlines())
        # It is enough that one of them goes on.
        b.send(b"x")
        assert receives[0].result(timeout=PATIENCE) == b"x"
        diagnosis = standoff.why(hosts)
        assert diagnosis.verdict is Verdict.BLOCKED
        assert callers(diagnosis.blocked) == [("right", "bert")]

    def test_of_two_who_send(self, hosts: Pair) -> None:
        left, right = hosts
        a, b = connected(left, right)
        all_blocked(
            left.actor("anna").start(a.sendall, MUCH),
            right.actor("bert").start(b.sendall, MUCH),
        )
        # What they have sent may still be under way.
        diagnosis = standoff.why(hosts, settle=PATIENCE)
        check_deadlock(diagnosis)
        for call in diagnosis.blocked:
            assert call.method == "Send"
            assert call.evidence[0].state.send_queue > 0
            assert call.evidence[0].peer_state.receive_queue > 0

    @pytest.mark.parametrize("protocol", [0, IPPROTO_MPTCP])
    def test_of_two_who_have_just_blocked(
        self, hosts: Pair, protocol: int
    ) -> None:
        left, right = hosts
        for _ in range(4):
            try:
                server = right.socket(proto=protocol)
            except OSError:
                pytest.skip("no MPTCP here")
            with server, left.socket(proto=protocol) as a:
                server.bind((LOOPBACK, 0))
                server.listen()
                a.connect(server.getsockname())
                b, _ = server.accept()
                sends = [left.actor("anna").start(a.sendall, MUCH),
                         right.actor("bert").start(b.sendall, MUCH)]
                all_blocked(*sends)
                # Their last bytes are still under way.
                check_deadlock(standoff.why(hosts, settle=PATIENCE))
                for send in sends:
                    send.cancel()
                b.close()

    def test_of_others_who_wait_for_it(self, hosts: Pair) -> None:
        left, right = hosts
        a, b = connected(left, right)
        c, d = connected(left, right)
        all_blocked(
            left.actor("anna").start(a.recv, 1),
            right.actor("bert").start(b.recv, 1),
        )
        # Bert would have to act for it, too.
        right.actor("bert").start(d.send, b"x")
        all_blocked(left.actor("cleo").start(c.recv, 1))
        diagnosis = standoff.why(hosts)
        (deadlock,) = diagnosis.deadlocks
        assert deadlock.proof is Proof.PROVED
        assert len(deadlock.calls) == 2
        cleo = diagnosis.blocked[-1]
        assert cleo.caller.actor == "cleo"
        assert cleo.reason is Reason.DEADLOCK
        assert "DEADLOCK: left/cleo is blocked" in str(diagnosis)

    def test_is_none_when_a_client_could_act(self, hosts: Pair) -> None:
        left, right = hosts
        a, b = connected(left, right)
        all_blocked(left.actor("anna").start(a.recv, 1))
        # A plain call: the script has other threads.
        plain = Worker(b.recv, 1)
        eventually(lambda: right.operations([OperationState.BLOCKED]))
        diagnosis = standoff.why(hosts)
        assert diagnosis.verdict is Verdict.BLOCKED
        assert not diagnosis.deadlocks
        assert set(callers(diagnosis.blocked)) == {
            ("left", "anna"), ("right", "")}
        (call,) = [c for c in diagnosis.blocked if not c.caller.actor]
        assert str(call.caller) == "a client's plain call on right"
        a.send(b"x")
        assert plain.result() == b"x"

    def test_is_none_when_a_timeout_ends_it(self, hosts: Pair) -> None:
        left, right = hosts
        a, b = connected(left, right)
        a.settimeout(1000)
        all_blocked(
            left.actor("anna").start(a.recv, 1),
            right.actor("bert").start(b.recv, 1),
        )
        diagnosis = standoff.why(hosts)
        assert diagnosis.verdict is Verdict.BLOCKED
        assert not diagnosis.deadlocks
        anna, bert = sorted(diagnosis.blocked, key=lambda c: c.caller.actor)
        assert anna.ended_by == "timeout"
        assert anna.ends_in is not None
        assert 1000 - PATIENCE < anna.ends_in <= 1000
        assert "(timeout)" in anna.sentence
        assert bert.ended_by == "" and bert.ends_in is None
        assert bert.reason is Reason.PEER_BUSY


class TestReasons:
    def test_nothing_is_blocked(self, hosts: Pair) -> None:
        connected(*hosts)
        diagnosis = standoff.why(hosts)
        assert diagnosis.verdict is Verdict.NOTHING_BLOCKED
        assert not diagnosis.blocked and not diagnosis.deadlocks
        assert str(diagnosis) == diagnosis.sentence == "Nothing is blocked."
        assert repr(diagnosis) == (
            "<standoff.Diagnosis NOTHING_BLOCKED blocked=0>")

    def test_it_is_the_script_s_turn(self, hosts: Pair) -> None:
        left, right = hosts
        a, b = connected(left, right)
        reader = left.actor("reader").start(a.recv, 1)
        all_blocked(reader)
        diagnosis = standoff.why(hosts)
        assert diagnosis.verdict is Verdict.BLOCKED
        (call,) = diagnosis.blocked
        assert call.reason is Reason.PEER_IDLE
        assert not call.waits_for
        assert call.evidence[0].socket.socket == a.name
        assert call.evidence[0].peer.socket == b.name
        text = str(diagnosis)
        assert "\n\nPEER_IDLE: left/reader is blocked in Receive " in text
        assert call.ways_out
        for way in call.ways_out:
            # But for the sessions, which it leaves out.
            assert f"  - {way[:10]}" in text

    def test_nobody_reads(self, hosts: Pair) -> None:
        left, right = hosts
        a, _ = connected(left, right)
        all_blocked(left.actor("writer").start(a.sendall, MUCH))
        (call,) = standoff.why(hosts).blocked
        assert call.reason is Reason.PEER_NOT_READING

    def test_a_host_by_itself(self, hosts: Pair) -> None:
        left, right = hosts
        a, b = left.socketpair()
        all_blocked(left.actor("reader").start(b.recv, 1))
        assert right.why().verdict is Verdict.NOTHING_BLOCKED
        (call,) = left.why(between=0).blocked
        assert call.reason is Reason.PEER_IDLE

    def test_an_address_may_be_another_host_s(self) -> None:
        with Lab(["left", "right"]) as lab:
            left, right = lab.connect("left"), lab.connect("right")
            sock = left.socket(type=2)
            # Nobody has it.
            sock.connect(("10.83.0.77", 1))
            all_blocked(left.actor("reader").start(sock.recv, 1))
            (call,) = standoff.why([left, right]).blocked
            assert call.reason is Reason.UNKNOWN
            hints = {"10.83.0.77": "right"}
            (call,) = standoff.why([left, right], address_map=hints).blocked
            # A process there that is not shown may have the other end.
            assert call.reason is Reason.UNKNOWN
            assert list(call.evidence[0].peer_hosts) == ["right"]


class TestLooks:
    @pytest.mark.parametrize("between", [0, 0.3])
    def test_are_as_far_apart_as_told(
        self, hosts: Pair, between: float
    ) -> None:
        observed = standoff.why(hosts, between=between).proto.hosts
        assert [host.host for host in observed] == ["left", "right"]
        for host in observed:
            apart = host.between_snapshots
            assert apart.seconds + apart.nanos / 1e9 >= between

    def test_are_at_all_sessions(self, hosts: Pair) -> None:
        left, _ = hosts
        with standoff.connect(left.address, session="other") as other:
            pairs = [left.socketpair(), other.socketpair()]
            all_blocked(
                left.actor("one").start(pairs[0][1].recv, 1),
                other.actor("two").start(pairs[1][1].recv, 1),
            )
            diagnosis = left.why()
            assert {str(call.caller) for call in diagnosis.blocked} == {
                f"left/{left.session.name}/one", "left/other/two"}

    def test_are_once_at_each_daemon(self, hosts: Pair) -> None:
        left, right = hosts
        a, b = connected(left, right)
        all_blocked(
            left.actor("anna").start(a.recv, 1),
            right.actor("bert").start(b.recv, 1),
        )
        with standoff.connect(left.address) as again:
            check_deadlock(standoff.why([left, right, again]))
            check_deadlock(standoff.why([left, left, right]))

    def test_may_name_the_hosts_otherwise(self, hosts: Pair) -> None:
        left, right = hosts
        observed = standoff.why({"a": left, "b": right}).proto.hosts
        assert [host.host for host in observed] == ["a", "b"]

    def test_ask_in_any_thread(self, hosts: Pair) -> None:
        diagnosis = Worker(standoff.why, hosts).result()
        assert diagnosis.verdict is Verdict.NOTHING_BLOCKED


class TestFaults:
    def test_a_host_is_gone(self, hosts: Pair) -> None:
        left, _ = hosts
        with daemon() as (address, process):
            with standoff.connect(address, name="gone") as gone:
                process.kill()
                process.wait()
                with pytest.raises(standoff.Unavailable) as caught:
                    standoff.why([gone])
                assert caught.value.host == "gone"
                assert str(caught.value).startswith("gone: ")
                # The others are explained, whichever is the first one.
                a, b = left.socketpair()
                all_blocked(left.actor("reader").start(b.recv, 1))
                # By the name that it has here.
                diagnosis = standoff.why({"other": gone, "left": left})
                assert callers(diagnosis.blocked) == [("left", "reader")]
                (unseen,) = diagnosis.unseen
                assert unseen.startswith("other was not seen: ")
                assert f"Not seen:\n  - {unseen[:20]}" in str(diagnosis)
                errors = [host.error for host in diagnosis.proto.hosts]
                assert errors[0] and not errors[1]
                a.send(b"x")
                diagnosis = standoff.why([left, gone])
                assert diagnosis.verdict is Verdict.NOTHING_BLOCKED
                assert str(diagnosis).startswith(
                    "Nothing that could be seen is blocked.\n\nNot seen:\n")
            (unseen,) = standoff.why([left, gone]).unseen
            assert "closed" in unseen

    def test_a_host_does_not_answer(self, hosts: Pair) -> None:
        left, _ = hosts
        with daemon() as (address, process):
            with standoff.connect(address, name="slow") as slow:
                process.send_signal(signal.SIGSTOP)
                try:
                    (unseen,) = standoff.why([slow, left], timeout=3).unseen
                    assert unseen.startswith("slow was not seen: ")
                finally:
                    process.send_signal(signal.SIGCONT)

    @pytest.mark.parametrize("reply", [b"hello", b""])
    def test_a_reply_is_no_message(self, hosts: Pair, reply: bytes) -> None:
        left, _ = hosts
        with fake_daemon(reply) as address:
            with standoff.connect(address, name="fake", session="default") as fake:
                uses: list[Any] = [fake.why]
                if reply:
                    uses.append(lambda: next(iter(fake.events(1))))
                for use in uses:
                    with pytest.raises(standoff.HarnessError, match="^fake: in"
                                                                    "valid rep"):
                        use()
                (unseen,) = standoff.why([left, fake]).unseen
                assert unseen.startswith("fake was not seen: invalid reply")

    def test_two_hosts_have_one_name(self, hosts: Pair) -> None:
        left, right = hosts
        with standoff.connect(right.address, name="left") as other:
            with pytest.raises(HostsError, match='two hosts are called "left"'):
                standoff.why([left, other])

    @pytest.mark.parametrize("time", [-1, float("nan"), float("inf")])
    def test_no_time(self, hosts: Pair, time: float) -> None:
        for name in ("between", "settle"):
            arguments: Any = {name: time}
            with pytest.raises(ValueError, match=f"^{name} is a number of s"):
                standoff.why(hosts, **arguments)

    def test_no_hosts(self) -> None:
        with pytest.raises(ValueError, match="got none"):
            standoff.why([])
        for wrong in (["left"], {"left": None}, "left"):
            given: Any = wrong
            with pytest.raises(TypeError, match="expected a standoff.Host"):
                standoff.why(given)

    def test_a_hint_is_wrong(self, hosts: Pair) -> None:
        with pytest.raises(standoff.InvalidRequest, match="^left: hints"):
            standoff.why(hosts, address_map={"left": "192.0.2.1"})

    def test_much_is_there(self) -> None:
        with daemon("--max_transfer=1") as (address, _):
            with standoff.connect(address, name="full") as host:
                # Each session is large.
                labels = {f"{i:064}": "x" * 256 for i in range(64)}
                others = []
                try:
                    # One snapshot goes through; the request with two does not.
                    while host.snapshot(True).ByteSize() < 600_000:
                        others.append(standoff.connect(address, labels=labels))
                    with pytest.raises(
                        standoff.LimitReached, match="^full: .*--max_transfer"
                    ):
                        host.why()
                    # No snapshot goes through.
                    for _ in range(len(others)):
                        others.append(standoff.connect(address, labels=labels))
                    with pytest.raises(
                        standoff.LimitReached, match="^full: .*--max_transfer"
                    ):
                        host.why()
                finally:
                    for other in others:
                        other.close()

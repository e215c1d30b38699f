"""Tests of standoff.state_report, and of the words and tables it uses."""

from __future__ import annotations

import pytest
from google.protobuf import text_format
from standoff.message_text import (
    action_name,
    action_sockets,
    address_text,
    outcome_text,
    reply_text,
    seconds_text,
)
from standoff.state_report import MAX_COLUMNS, render_state
from standoff.text_table import render_table
from standoff.v1.action_pb2 import Action
from standoff.v1.address_pb2 import Address
from standoff.v1.host_service_pb2 import SnapshotResponse
from standoff.v1.operation_pb2 import (
    OPERATION_STATE_BLOCKED,
    OPERATION_STATE_DONE,
    Operation,
)
from standoff.v1.operation_service_pb2 import OperationServiceListResponse
from standoff.v1.outcome_pb2 import Outcome


def _snapshot(text: str) -> SnapshotResponse:
    message: SnapshotResponse = text_format.Parse(text, SnapshotResponse())
    return message


def _operations(text: str) -> list[Operation]:
    listed = text_format.Parse(text, OperationServiceListResponse())
    return list(listed.operations)


# Two connected sockets, one listener and a datagram socket; three operations
# blocked, one running, one queued, one idle actor.
_EXAMPLE = """
start_monotonic_ns: 100000000000
end_monotonic_ns: 100001000000
sessions {
  name: "t1"
  labels { key: "test" value: "a_test.py::test_it" }
  labels { key: "by" value: "ci" }
}
sockets {
  session: "t1"
  socket {
    name: "s1"
    family: FAMILY_INET
    type: SOCKET_TYPE_STREAM
    protocol: PROTOCOL_TCP
    mode: WAITING_MODE_BLOCKING
    local_address { ip { host: "10.1.0.1" port: 5000 } }
    peer_address { ip { host: "10.1.0.2" port: 7000 } }
    receive_queue: 0
    send_queue: 2626560
    tcp_info { state: TCP_STATE_ESTABLISHED send_window: 0 probes: 3 }
  }
}
sockets {
  session: "t1"
  socket {
    name: "l"
    family: FAMILY_INET6
    protocol: PROTOCOL_TCP
    mode: WAITING_MODE_TIMEOUT
    timeout_seconds: 0.5
    local_address { ip { host: "::1" port: 80 } }
    listening: true
    receive_queue: 2
    accept_queue { length: 2 limit: 5 }
    tcp_info { state: TCP_STATE_LISTEN }
  }
}
sockets {
  session: "t1"
  socket {
    name: "u"
    family: FAMILY_UNIX
    type: SOCKET_TYPE_DATAGRAM
    mode: WAITING_MODE_NON_BLOCKING
    receive_queue: 5
    send_queue: 0
  }
}
sockets { session: "other" socket { name: "hidden" } }
actors {
  name: "a"
  session: "t1"
  current_operation_id: 7
  queued_operations: 1
}
actors { name: "b" session: "t1" }
actors { name: "c" session: "t1" current_operation_id: 9 }
operations {
  id: 9
  session: "t1"
  actor: "c"
  state: OPERATION_STATE_RUNNING
  action { resolve { host: "x" } }
  start_monotonic_ns: 100000500000
}
operations {
  id: 8
  session: "t1"
  state: OPERATION_STATE_BLOCKED
  action { poll { items { socket: "l" } items { socket: "gone" } } }
  block {
    syscall: "ppoll"
    wait_channel: "do_sys_poll"
    since_monotonic_ns: 99501000000
    deadline_monotonic_ns: 100251000000
  }
}
operations {
  id: 7
  session: "t1"
  actor: "a"
  state: OPERATION_STATE_BLOCKED
  action { send { socket: "s1" } }
  block {
    syscall: "sendto"
    wait_channel: "wait_woken"
    since_monotonic_ns: 87656000000
  }
}
"""

_OTHERS = """
operations {
  id: 6
  session: "t1"
  state: OPERATION_STATE_CANCELLED
  action { receive { socket: "s1" } }
  end_monotonic_ns: 99000000000
}
operations {
  id: 5
  session: "t1"
  actor: "b"
  state: OPERATION_STATE_DONE
  action { connect { socket: "s1" } }
  reply {
    connect {
      outcome {
        ending: ENDING_FAILED
        value: -1
        error { number: 111 name: "ECONNREFUSED" message: "Connection refused" }
        syscall: "connect"
        elapsed { nanos: 113000 }
      }
    }
  }
  end_monotonic_ns: 98000000000
}
operations {
  id: 10
  session: "t1"
  actor: "a"
  state: OPERATION_STATE_QUEUED
  action { receive { socket: "s1" } }
}
operations { id: 7 session: "t1" actor: "a" state: OPERATION_STATE_DONE }
operations { id: 3 session: "other" state: OPERATION_STATE_DONE }
"""


class TestRenderState:
    def test_tells_all_that_there_is(self) -> None:
        assert render_state(_snapshot(_EXAMPLE), _operations(_OTHERS)) == """\
session t1, by=ci, test=a_test.py::test_it
blocked (2):
  ACTOR  OPERATION  SOCKET  FOR       SYSCALL  WAIT CHANNEL  TCP          RECV-Q  SEND-Q     DETAIL
  a      7 Send     s1      12.345 s  sendto   wait_woken    ESTABLISHED  0       2,626,560  10.1.0.1:5000 > 10.1.0.2:7000, inet tcp, blocking, zero window, 3 probes unanswered
  -      8 Poll     l       0.500 s   ppoll    do_sys_poll   LISTEN       2 of 5             [::1]:80, inet6 tcp, timeout 0.5 s, ends in 0.250 s
                    gone
running (1):
  ACTOR  OPERATION  FOR
  c      9 Resolve  0.000500 s
queued (1):
  ACTOR  OPERATION   SOCKET
  a      10 Receive  s1
the last that ended, in this order (2):
  ACTOR  OPERATION  SOCKET  ENDED        OUTCOME
  b      5 Connect  s1      2.001 s ago  ECONNREFUSED (Connection refused), said by connect after 0.000113 s
  -      6 Receive  s1      1.001 s ago  cancelled before it began
idle actors (1): b
open sockets (3):
  SOCKET  TCP          RECV-Q  SEND-Q     DETAIL
  s1      ESTABLISHED  0       2,626,560  10.1.0.1:5000 > 10.1.0.2:7000, inet tcp, blocking, zero window, 3 probes unanswered
  l       LISTEN       2 of 5             [::1]:80, inet6 tcp, timeout 0.5 s
  u                    5       0          unix datagram, non-blocking
"""

    def test_says_that_there_is_nothing(self) -> None:
        assert render_state(_snapshot('sessions { name: "t" }')) == (
            "session t\nblocked: none\nopen sockets: none\n"
        )

    def test_counts_what_is_queued_if_it_does_not_know_it(self) -> None:
        text = render_state(
            _snapshot(
                """
                sessions { name: "t" }
                actors { name: "a" session: "t" queued_operations: 3 }
                """
            )
        )
        assert "queued (3):\n  … and 3 more\n" in text

    def test_tells_sessions_apart(self) -> None:
        text = render_state(
            _snapshot(
                """
                sessions { name: "t" }
                sessions { name: "other" }
                sockets { session: "other" socket { name: "s1" } }
                """
            )
        )
        assert text.startswith(
            "session t\nblocked: none\nopen sockets: none\n"
            "session other\nblocked: none\nopen sockets (1):\n"
        )

    def test_is_bounded(self) -> None:
        snapshot = SnapshotResponse(end_monotonic_ns=10**12)
        for number in range(100):
            name = f"session-{number}"
            snapshot.sessions.add(name=name).labels["x"] = "y" * 1000
            for i in range(50):
                snapshot.actors.add(name=f"{i}", session=name)
                socket = snapshot.sockets.add(session=name).socket
                socket.name = "n" * 64 + f"{i}"
                socket.local_address.unix.path = "\x1b" * 107
                operation = snapshot.operations.add(id=i, session=name)
                operation.state = OPERATION_STATE_BLOCKED
                operation.block.syscall = "ppoll"
                for j in range(100):
                    operation.action.poll.items.add(socket=f"{j}")
        ended = [
            Operation(
                id=10**6 + i,
                session="session-0",
                state=OPERATION_STATE_DONE,
            )
            for i in range(1000)
        ]
        lines = render_state(snapshot, ended).splitlines()
        assert max(map(len, lines)) == MAX_COLUMNS
        assert len(lines) < 2000
        assert lines[-1] == "… and 90 more sessions"
        assert lines.count("  … and 30 more") == 20
        assert "… and 95 more" in (line.strip() for line in lines)
        assert "the last that ended, in this order (20):" in lines

    def test_what_hosts_say_cannot_steer_the_terminal(self) -> None:
        text = render_state(
            _snapshot(
                r"""
                sessions { name: "t" labels { key: "x" value: "\033[2J\n" } }
                sockets {
                  session: "t"
                  socket {
                    name: "s"
                    local_address { unix { path: "/a\033\302\233b" } }
                  }
                }
                """
            )
        )
        assert "x=\\x1b[2J\\x0a\n" in text
        assert "unix:/a\\x1b\\x9bb" in text
        assert text.replace("\n", "").isprintable()


class TestOutcomeText:
    @pytest.mark.parametrize(
        ("outcome", "expected"),
        [
            ("ending: ENDING_RETURNED value: 5", "returned 5"),
            (
                """
                ending: ENDING_FAILED value: -1 syscall: "connect"
                error { number: 111 name: "ECONNREFUSED" message: "Refused" }
                elapsed { nanos: 113000 }
                """,
                "ECONNREFUSED (Refused), said by connect after 0.000113 s",
            ),
            (
                """
                ending: ENDING_FAILED syscall: "getaddrinfo"
                lookup_error { number: -2 name: "EAI_NONAME" message: "No" }
                elapsed { nanos: 20000000 }
                """,
                "EAI_NONAME (No), said by getaddrinfo after 0.020 s",
            ),
            (
                """
                ending: ENDING_FAILED value: 4096
                error { number: 599 }
                elapsed { seconds: 1 }
                """,
                "errno 599, after 1.000 s, having moved 4096 bytes",
            ),
            (
                'ending: ENDING_WOULD_BLOCK error { name: "EAGAIN" }',
                "would block (EAGAIN)",
            ),
            (
                "ending: ENDING_TIMED_OUT value: 1 elapsed { nanos: 500000000 }",
                "timed out after 0.500 s, having moved 1 byte",
            ),
            (
                "ending: ENDING_CANCELLED elapsed { seconds: 1 }",
                "cancelled after 1.000 s",
            ),
            ("", "an ending unknown to this client (0)"),
        ],
    )
    def test_is_one_line(self, outcome: str, expected: str) -> None:
        message = text_format.Parse(outcome, Outcome())
        assert outcome_text(message) == expected


class TestReplyText:
    @pytest.mark.parametrize(
        ("operation", "expected"),
        [
            (
                """
                state: OPERATION_STATE_DONE
                reply { refusal { code_name: "NOT_FOUND" message: "no x" } }
                """,
                "refused: NOT_FOUND: no x",
            ),
            (
                """
                state: OPERATION_STATE_CANCELLED
                reply { receive { outcome { ending: ENDING_CANCELLED } } }
                """,
                "cancelled after 0.000 s",
            ),
            ("state: OPERATION_STATE_CANCELLED", "cancelled before it began"),
            (
                "state: OPERATION_STATE_SKIPPED",
                "skipped: an earlier action of its program failed",
            ),
            ("state: OPERATION_STATE_DONE reply { list {} }", "done"),
        ],
    )
    def test_tells_what_came_of_it(
        self, operation: str, expected: str
    ) -> None:
        message = text_format.Parse(operation, Operation())
        assert reply_text(message) == expected


class TestAddressText:
    @pytest.mark.parametrize(
        ("address", "expected"),
        [
            ('ip { host: "1.2.3.4" port: 5 }', "1.2.3.4:5"),
            ('ip { host: "fe80::1" port: 5 scope_id: 2 }', "[fe80::1%2]:5"),
            ('unix { path: "/run/x" }', "unix:/run/x"),
            (r'unix { path_bytes: "/\377" }', "unix:/\\xff"),
            ('unix { abstract: "x" }', "unix-abstract:x"),
            (r'unix { abstract_bytes: "\000x" }', "unix-abstract:\\x00x"),
            ("unix {}", "unix:"),
            ("", "unix:"),
            (r'raw: "\001\377"', "raw:01ff"),
        ],
    )
    def test_is_as_people_write_it(self, address: str, expected: str) -> None:
        assert address_text(text_format.Parse(address, Address())) == expected


class TestAction:
    @pytest.mark.parametrize(
        ("action", "name", "sockets"),
        [
            ("", "", []),
            ('open { name: "x" }', "Open", ["x"]),
            ("open {}", "Open", []),
            ('open_pair { second_name: "b" }', "OpenPair", ["b"]),
            ("list {}", "List", []),
            ('set_timeout { socket: "s" }', "SetTimeout", ["s"]),
            (
                'poll { items { socket: "a" } items { socket: "b" } }',
                "Poll",
                ["a", "b"],
            ),
        ],
    )
    def test_has_a_name_and_sockets(
        self, action: str, name: str, sockets: list[str]
    ) -> None:
        message = text_format.Parse(action, Action())
        assert action_name(message) == name
        assert action_sockets(message) == sockets


class TestSecondsText:
    @pytest.mark.parametrize(
        ("nanoseconds", "expected"),
        [
            (0, "0.000 s"),
            (113_000, "0.000113 s"),
            (9_999_999, "0.010000 s"),
            (10_000_000, "0.010 s"),
            (12_345_000_000, "12.345 s"),
        ],
    )
    def test_is_exact_where_it_is_short(
        self, nanoseconds: int, expected: str
    ) -> None:
        assert seconds_text(nanoseconds) == expected


class TestRenderTable:
    def test_aligns_and_leaves_empty_columns_out(self) -> None:
        rows = [("1", "", "x"), ("123", "", "")]
        lines = render_table(("A", "B", "C"), rows, indent=1, columns=80)
        assert lines == [" A    C", " 1    x", " 123"]

    def test_cuts_lines(self) -> None:
        lines = render_table(("A",), [("12345",), ("1234",)], columns=4)
        assert lines == ["A", "123…", "1234"]

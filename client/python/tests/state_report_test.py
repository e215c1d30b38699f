"""Tests of standoff.state_report, on messages built by hand."""

from __future__ import annotations

from google.protobuf import text_format
from standoff.state_report import MAX_COLUMNS, render_state
from standoff.v1.host_service_pb2 import SnapshotResponse
from standoff.v1.operation_pb2 import (
    OPERATION_STATE_BLOCKED,
    OPERATION_STATE_DONE,
    Operation,
)
from standoff.v1.operation_service_pb2 import OperationServiceListResponse


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

"""Tests of standoff.message_text, and of the tables it is shown in."""

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
from standoff.text_table import render_table
from standoff.v1.action_pb2 import Action
from standoff.v1.address_pb2 import Address
from standoff.v1.operation_pb2 import Operation
from standoff.v1.outcome_pb2 import Outcome


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
                "ending: ENDING_TIMED_OUT value: 1 elapsed { seconds: 2 }",
                "timed out after 2.000 s, having moved 1 byte",
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

"""Seeds of the targets that convert one value."""

import socket
import struct

from tests.fuzz.make_seeds.encoding import message, text, write


def address():
    for name, host in [
        ("ip4", b"192.0.2.1"),
        ("ip6", b"2001:db8::1"),
        ("mapped", b"::ffff:192.0.2.1"),
        ("zone_name", b"fe80::1%lo"),
        ("zone_number", b"fe80::1%1"),
    ]:
        write("address", name, struct.pack("=BHII", 0, 80, 0, 0) + host)
    write("address", "scope", struct.pack("=BHII", 0, 80, 7, 1) + b"fe80::1")
    write("address", "unix", b"\x01/run/a.sock")
    write("address", "unix_nul", b"\x01a\0b\xff")
    write(
        "address",
        "raw_ip4",
        struct.pack("=BHH", 2, socket.AF_INET, 80) + bytes([127, 0, 0, 1]) + bytes(8),
    )
    write(
        "address",
        "raw_ip6",
        struct.pack("=BHHI", 2, socket.AF_INET6, 80, 5) + bytes(15) + b"\x01" + bytes(4),
    )
    write("address", "raw_unix", struct.pack("=BH", 2, socket.AF_UNIX) + b"/tmp/a\0b")
    write("address", "raw_vsock", struct.pack("=BHHII", 2, 40, 0, 9, 2))
    write("address", "proto_ip", b"\x03" + message("Address", 'ip {host: "::1" port: 7}'))
    write(
        "address",
        "proto_abstract",
        b"\x03" + message("Address", 'unix {abstract_bytes: "a\\377"}'),
    )


def option():
    write("option", "name", b"\x00SO_RCVTIMEO")
    write("option", "alias", b"\x00IPV6_JOIN_GROUP")
    write("option", "level", b"\x00IPPROTO_IPV6:MCAST_JOIN_GROUP")
    write("option", "near", b"\x00so_recvbuf")
    write("option", "key_name", b"\x01" + message("OptionKey", 'name: "SO_LINGER"'))
    write(
        "option",
        "key_number",
        b"\x01" + message("OptionKey", "number {level: 1 number: 26}"),
    )
    for name, kind, value in [
        ("integer", 0, "integer: 1"),
        ("unsigned", 1, "integer: 4294967295"),
        ("unsigned64", 2, "integer: -1"),
        ("duration", 3, "duration {seconds: 1 nanos: 500000001}"),
        ("linger", 4, "linger {on: true seconds: 5}"),
        ("text", 5, 'text: "cubic"'),
        ("data", 6, 'data: "\\000\\001"'),
    ]:
        write("option", "value_" + name, bytes([2, kind]) + message("OptionValue", value))
    write("option", "bytes_timeval", struct.pack("=BBqq", 3, 3, 1, 999_999))
    write("option", "bytes_linger", struct.pack("=BBii", 3, 4, 1, 5))
    write("option", "bytes_text", b"\x03\x05cubic\0\0\0")
    write("option", "time", struct.pack("=Bq", 4, 1_500_000_001))


def control_message():
    def sent(*messages):
        return b"\x00" + b"".join(
            text(message("ControlMessage", item)) for item in messages
        )

    def received(room, *messages):
        return bytes([1, room]) + b"".join(
            struct.pack("=ii", level, kind) + text(data)
            for level, kind, data in messages
        )

    write(
        "control_message",
        "sent",
        sent(
            'name: "IP_TTL" integer: 5',
            'name: "IPV6_PKTINFO" packet_info {interface_index: 1 address: "::1"}',
            'level: 1 type: 36 data: "\\001\\000\\000\\000"',
        ),
    )
    write(
        "control_message",
        "sent_refused",
        sent('name: "SCM_RIGHTS" data: "1234"', 'name: "IP_T"', "timestamp {}"),
    )
    write(
        "control_message",
        "received",
        received(
            128,
            (0, 2, struct.pack("=i", 64)),
            (0, 8, struct.pack("=iII", 1, 0x0100007F, 0x0100007F)),
            (1, 35, struct.pack("=qq", 1_700_000_000, 5)),
        ),
    )
    write(
        "control_message",
        "received_cut",
        received(30, (41, 50, bytes(16) + struct.pack("=i", 1))),
    )
    write("control_message", "received_tos", received(64, (0, 1, b"\x10")))
    write(
        "control_message",
        "received_descriptors",
        received(44, (1, 1, struct.pack("=iii", -1, -1, -1)), (1, 2, bytes(12))),
    )


def pattern():
    for name, seed, offset, size, place, change in [
        ("small", 1, 0, 10, 3, 1),
        ("words", 0, 5, 1500, 700, 0x80),
        ("far", 2**64 - 1, 2**63, 2047, 2046, 0),
        ("last", 7, 2**64 - 1, 600, 0, 255),
    ]:
        write(
            "pattern",
            name,
            struct.pack("=QQHHB", seed, offset, size, place, change) + b"rest",
        )


def outcome():
    write(
        "outcome",
        "refused",
        struct.pack("=BBqiiB", 0, 1, -1, 111, 0, 1)
        + struct.pack("=qqqq", 10**18, 5, 113_000, 100_000),
    )
    write(
        "outcome",
        "look_up",
        struct.pack("=BBqiiB", 0, 1, -1, 0, -2, 0) + struct.pack("=qqqq", 0, 0, -1, 1),
    )
    for name, value in [
        ("returned", "ending: ENDING_RETURNED value: 5 elapsed {nanos: 9}"),
        ("timed_out", "ending: ENDING_TIMED_OUT value: 10 elapsed {seconds: -1}"),
        ("error", 'ending: ENDING_FAILED error {number: 999 name: "E"} syscall: "send"'),
        ("long", "elapsed {seconds: 9223372036854775807 nanos: 2147483647}"),
    ]:
        write("outcome", name, b"\x01" + message("Outcome", value))
    for name, seconds in [("half", 0.5), ("longest", 9223372036.0), ("nan", float("nan"))]:
        write("outcome", "timeout_" + name, struct.pack("=Bd", 2, seconds))

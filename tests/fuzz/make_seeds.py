#!/usr/bin/python3
"""Writes the seeds of the fuzz targets that are no plain text.

Usage, from the workspace: tests/fuzz/make_seeds.py

Needs protoc. The seeds of client_address, control_address, flags, host_entry and
hosts_file are written by hand.
"""

import pathlib
import re
import socket
import struct
import subprocess

HERE = pathlib.Path(__file__).parent
SEEDS = HERE / "seeds"


def write(target, name, data):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def message(kind, text):
    """A message of standoff.v1, from its text form."""
    return subprocess.run(
        [
            "protoc",
            "--proto_path=proto",
            f"--encode=standoff.v1.{kind}",
            *sorted(map(str, pathlib.Path("proto/standoff/v1").glob("*.proto"))),
        ],
        input=text.encode(),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout


def text(data):
    """What Input::Text() reads."""
    return struct.pack("=H", len(data)) + data


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


def proc_files():
    files = {
        "status": b"\x00Name:\tcat\nState:\tS (sleeping)\nUid:\t0\t7\t0\t0\n"
        b"VmSize:\t 5000 kB\nvoluntary_ctxt_switches:\t12\n"
        b"nonvoluntary_ctxt_switches:\t3\n",
        "status_zombie": b"\x00Name:\ta\\nb\nState:\tZ (zombie)\nUid:\t0\n",
        "syscall": b"\x01" + b"45 0x3 0x7ffd5 0x400 0x0 0x0 0x0 0x7ffd4 0x7f11\n",
        "syscall_none": b"\x01" + b"-1 0x7ffd4 0x7f11\n",
        "syscall_running": b"\x01running\n",
        "epoll": b"\x02pos:\t0\nflags:\t02\ntfd:        5 events: 80000001 data: "
        b"               5  pos:0 ino:1f2 sdev:8\n",
        "epoll_old": b"\x02tfd:        5 events:       19 data:                5\n",
        "auxv": b"\x03" + struct.pack("=QQQQ", 3, 0x400040, 4, 56),
        "auxv_32": b"\x03" + struct.pack("=IIII", 3, 0x400040, 4, 32),
        "link": b"\x04socket:[12345]",
        "link_other": b"\x04anon_inode:[eventpoll]",
        "text": "\x05\x28ps\0-ef\0 \x1b[31mä\x85€\t\n".encode(),
        "text_latin": b"\x05\x10caf\xe9 \xc2\x85 \xf0\x9f\x98\x80",
    }
    for name, data in files.items():
        write("proc_files", name, data)


# Kinds of an argument of thread_waits.
RAW, SMALL, SOCKET, EPOLL, MINUS_ONE, MEMORY = range(6)


def thread_waits():
    calls = re.findall(
        r"SYS_\w+",
        re.search(
            r"kCalls\[\] = \{(.*?)\};", (HERE / "thread_waits_fuzz.cc").read_text(), re.S
        ).group(1),
    )
    # One of them is the condition for the last three.
    calls.remove("SYS_poll")

    def call(name, memory, *arguments, limit=64):
        data = bytes([limit]) + text(memory)
        data += bytes([0, calls.index("SYS_" + name)])
        for kind, value in arguments:
            data += bytes([kind])
            if kind == RAW:
                data += struct.pack("=Q", value)
            elif kind not in (EPOLL, MINUS_ONE):
                data += bytes([value])
        return data

    pollfds = b"".join(struct.pack("=ihh", fd, 1, 0) for fd in range(3, 9))
    time = struct.pack("=qq", 1, 500_000_000)
    for name, data in {
        "recvfrom": call("recvfrom", b"", (SOCKET, 0)),
        "sendto": call("sendto", b"", (SOCKET, 1)),
        "read_other": call("read", b"", (SMALL, 0)),
        "poll": call("poll", pollfds, (MEMORY, 0), (SMALL, 6), (SMALL, 250)),
        "poll_many": call("poll", pollfds, (MEMORY, 0), (SMALL, 6), (MINUS_ONE, 0), limit=2),
        "ppoll": call("ppoll", time + pollfds, (MEMORY, 16), (SMALL, 6), (MEMORY, 0)),
        "select": call(
            "select",
            b"\xf8\x01" + bytes(6) + time,
            (SMALL, 9),
            (MEMORY, 0),
            (SMALL, 0),
            (MEMORY, 0),
            (MEMORY, 8),
        ),
        "pselect6": call(
            "pselect6", b"\xff" * 8, (SMALL, 64), (SMALL, 0), (MEMORY, 0), (RAW, 2**63)
        ),
        "epoll_wait": call(
            "epoll_wait", b"", (EPOLL, 0), (SMALL, 0), (SMALL, 1), (MINUS_ONE, 0)
        ),
        "epoll_pwait2": call(
            "epoll_pwait2", time, (EPOLL, 0), (SMALL, 0), (SMALL, 1), (MEMORY, 0)
        ),
        "splice": call("splice", b"", (SOCKET, 0)),
    }.items():
        write("thread_waits", name, data)


def netlink(kind, payload, flags=2):
    size = 16 + len(payload)
    data = struct.pack("=IHHII", size, kind, flags, 1, 1) + payload
    return data + bytes(-size % 4)


def attribute(kind, value):
    size = 4 + len(value)
    return struct.pack("=HH", size, kind) + value + bytes(-size % 4)


def socket_diag():
    done = netlink(3, struct.pack("=i", 0))

    def inet(family, state, attributes=b""):
        return netlink(
            20,
            struct.pack("=BBBB", family, state, 0, 0)
            + struct.pack(">HH", 8000, 9000)
            + bytes([10, 0, 0, 1] + 12 * [0] + [10, 0, 0, 2] + 12 * [0])
            + struct.pack("=III", 1, 5, 6)
            + struct.pack("=IIIII", 0, 3, 4, 1000, 77)
            + attributes,
        )

    def unix(kind, state, *attributes):
        return netlink(
            20,
            struct.pack("=BBBBIII", 1, kind, state, 0, 55, 1, 2)
            + b"".join(attribute(*item) for item in attributes),
        )

    info = bytes([1, 0, 2, 3, 1, 0, 0x77, 0]) + bytes(range(1, 233))
    write("socket_diag", "tcp", b"\0\x01" + text(inet(2, 1, attribute(2, info)) + done) + text(done))
    write("socket_diag", "listener", b"\0\x01" + text(done) + text(inet(10, 10) + done))
    write("socket_diag", "udp", b"\0\x02" + text(inet(2, 7)) + text(done) + text(done))
    write(
        "socket_diag",
        "unix",
        b"\0\0"
        + text(
            unix(1, 1, (0, b"/run/a\0"), (2, struct.pack("=I", 56)), (4, bytes(8)))
            + unix(1, 10, (0, b"\0abstract"), (4, struct.pack("=II", 1, 128)), (7, bytes(4)))
            + done
        ),
    )
    write("socket_diag", "error", b"\0\x01" + text(netlink(2, struct.pack("=i", -2) + bytes(16))))
    write(
        "socket_diag",
        "interrupted",
        b"\0\x01" + 6 * text(netlink(3, struct.pack("=i", 0), flags=0x12)),
    )
    write("socket_diag", "tcp_info", b"\x01" + info)
    write("socket_diag", "tcp_info_old", b"\x01" + info[:104])


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


# A host with an actor that is blocked on a connection to the other one.
def snapshot(host, start, blocked, peer):
    ends = f'local_address {{ip {{host: "10.0.0.{host}" port: 7}}}}'
    ends += f' peer_address {{ip {{host: "10.0.0.{peer}" port: 7}}}}'
    return f"""
  start_monotonic_ns: {start} end_monotonic_ns: {start + 10}
  host_name: "h{host}" network_namespace: 4 boot_id: "boot{host}"
  interfaces {{index: 2 name: "eth0" addresses: "10.0.0.{host}" up: true}}
  sessions {{name: "default"}}
  sockets {{
    session: "default"
    socket {{
      name: "s" family: FAMILY_INET type: SOCKET_TYPE_STREAM protocol: PROTOCOL_TCP
      mode: WAITING_MODE_BLOCKING inode: 9 {ends}
      tcp_info {{state: TCP_STATE_ESTABLISHED send_window: 100}}
      last_use {{actor: "a" operation_id: 1}}
    }}
  }}
  actors {{name: "a" session: "default" thread_id: 5 current_operation_id: 1}}
  operations {{
    id: 1 actor: "a" session: "default" state: OPERATION_STATE_BLOCKED
    action {{ {blocked} }}
    block {{syscall: "recvfrom" wait_channel: "wait_woken" since_monotonic_ns: 1}}
  }}
"""


def two_hosts(first, second):
    result = ""
    for host, peer, blocked in [(1, 2, first), (2, 1, second)]:
        result += f"""
hosts {{
  host: "h{host}"
  first {{ {snapshot(host, 100, blocked, peer)} }}
  second {{ {snapshot(host, 1000, blocked, peer)} }}
}}
"""
    return result


def diagnose():
    receive = 'receive {socket: "s" length: 10}'
    send = 'send {socket: "s" data: "abc"}'
    poll = 'poll {items {socket: "s" events: POLL_EVENT_IN} timeout_seconds: 5}'
    for name, value in [
        ("deadlock", two_hosts(receive, receive)),
        ("send", two_hosts(send, receive)),
        ("poll", two_hosts(poll, receive)),
        (
            "hint",
            two_hosts(receive, "list {}")
            + 'hints {address: "203.0.113.7" host: "h2"}',
        ),
        (
            "process",
            """hosts {
  host: "p"
  first {
    start_monotonic_ns: 1 end_monotonic_ns: 2 boot_id: "b"
    interfaces {addresses: "10.0.0.1"}
    processes {
      pid: 12 name: "cat\\033[0m" sockets: 7
      threads {thread_id: 12 syscall: "recvfrom" waits {inode: 7 events: POLL_EVENT_IN}}
    }
    process_sockets {
      socket {
        family: FAMILY_INET inode: 7 protocol: PROTOCOL_TCP type: SOCKET_TYPE_STREAM
        local_address {ip {host: "10.0.0.1" port: 5}}
        peer_address {ip {host: "10.0.0.1" port: 6}}
      }
    }
  }
}""",
        ),
        ("nameless", "hosts {}"),
        ("control", two_hosts(receive, receive).replace('"h1"', '"h\\0331"')),
    ]:
        write("diagnose", name, message("DiagnoseRequest", value))


def request():
    methods = re.findall(
        r'"(\w+)\.(\w+)"',
        re.search(
            r"kMethods\[\] = \{(.*?)\};", (HERE / "request_fuzz.cc").read_text(), re.S
        ).group(1),
    )
    numbers = {f"{service}.{method}": i for i, (service, method) in enumerate(methods)}
    kinds = {
        "SocketService.List": "SocketServiceListRequest",
        "OperationService.List": "OperationServiceListRequest",
        "SessionService.List": "SessionServiceListRequest",
    }

    def calls(*items):
        data = b""
        for method, value in items:
            method = method if "." in method else "SocketService." + method
            if isinstance(value, str):
                kind = kinds.get(method, method.partition(".")[2] + "Request")
                value = message(kind, value)
            data += bytes([numbers[method]]) + text(value)
        return data

    any_port = 'ip {host: "127.0.0.1"}'
    for name, items in {
        "tcp": [
            ("Open", 'name: "l" timeout_seconds: 0.01'),
            ("Bind", 'socket: "l" address {ip {host: "127.0.0.1" port: 7500}}'),
            ("Listen", 'socket: "l" backlog: 1'),
            ("Open", 'name: "c"'),
            ("Connect", 'socket: "c" address {ip {host: "127.0.0.1" port: 7500}}'),
            ("Accept", 'socket: "l" name: "s" timeout_seconds: 0'),
            ("Send", 'socket: "c" data: "hello"'),
            ("Receive", 'socket: "s" length: 100'),
        ],
        "pair": [
            ("OpenPair", 'first_name: "a" second_name: "b" timeout_seconds: 0.01'),
            ("Send", 'socket: "a" pattern {seed: 1} length: 10000 all: true'),
            ("Receive", 'socket: "b" length: 10000 all: true verify {seed: 1}'),
            ("Shutdown", 'socket: "a" direction: SHUTDOWN_DIRECTION_WRITE'),
            ("Poll", 'items {socket: "b" events: POLL_EVENT_IN} timeout_seconds: 0.01'),
            ("Duplicate", 'socket: "b" name: "d"'),
            ("Describe", 'socket: "d"'),
            ("Close", 'socket: "b"'),
        ],
        "waits": [
            ("OpenPair", 'first_name: "a" second_name: "b"'),
            ("Receive", 'socket: "a" length: 1'),
            ("SetBlocking", 'socket: "a" blocking: false'),
            ("Receive", 'socket: "a" length: 1'),
            ("SetTimeout", 'socket: "a" timeout_seconds: 0.005'),
            ("Receive", 'socket: "a" length: 1'),
            ("List", ""),
        ],
        "udp": [
            ("Open", 'name: "u" type: SOCKET_TYPE_DATAGRAM timeout_seconds: 0.01'),
            ("Bind", 'socket: "u" address {' + any_port + "}"),
            ("SetOption", 'socket: "u" option {name: "IP_RECVTTL"} value {integer: 1}'),
            (
                "Send",
                'socket: "u" data: "x" destination {ip {host: "127.0.0.1" port: 9}}'
                ' control_messages {name: "IP_TTL" integer: 5}',
            ),
            ("Receive", 'socket: "u" length: 9 control_length: 64 flags: MESSAGE_FLAG_PEEK'),
            ("GetOption", 'socket: "u" option {name: "SO_ERROR"}'),
            ("GetOption", 'socket: "u" option {number {level: 0 number: 2}} length: 4'),
        ],
        "unix": [
            ("Open", 'name: "u" family: FAMILY_UNIX'),
            ("Bind", 'socket: "u" address {unix {path: "a.sock"}}'),
            ("Open", 'name: "v" family: FAMILY_UNIX type: SOCKET_TYPE_SEQPACKET'),
            ("Bind", 'socket: "v" address {}'),
            ("Connect", 'socket: "v" address {unix {abstract: "none"}}'),
        ],
        "raw": [
            ("Open", 'name: "r" type: SOCKET_TYPE_RAW protocol: PROTOCOL_ICMP'),
            (
                "Send",
                'socket: "r" data: "\\010\\000\\377\\367" '
                'destination {ip {host: "127.0.0.1"}}',
            ),
            ("Receive", 'socket: "r" length: 100'),
            ("Open", 'name: "k" family: 16'),
            ("Open", 'name: "p" family: 17 type: SOCKET_TYPE_RAW'),
        ],
        "resolve": [
            ("Resolve", 'host: "127.0.0.1" service: "80"'),
            ("Resolve", 'host: "a name" family: FAMILY_INET6'),
        ],
        "operations": [
            ("OpenPair", 'first_name: "a" second_name: "b"'),
            (
                "OperationService.Start",
                'actor: "x" request_id: "r" on_failure: FAILURE_POLICY_CONTINUE '
                'actions {receive {socket: "a" length: 4}} '
                'actions {send {socket: "a" data: "abcd"}}',
            ),
            ("OperationService.Wait", "ids: 2 condition: WAIT_CONDITION_BLOCKED timeout_seconds: 0.02"),
            ("Send", 'socket: "b" data: "abcd"'),
            ("OperationService.Get", "id: 2"),
            ("OperationService.List", 'actor: "x" brief: true page_size: 2'),
            ("OperationService.Cancel", 'actor: "x"'),
            ("OperationService.Watch", "from_sequence: 1"),
        ],
        "execute": [
            (
                "OperationService.Execute",
                'actions {open_pair {first_name: "a" second_name: "b"}} '
                'actions {send {socket: "a" data: "x"}} '
                'actions {receive {socket: "b" length: 1}} actions {} '
                'actions {close {socket: "c"}}',
            ),
        ],
        "sessions": [
            ("SessionService.Create", 'name: "n" lease_seconds: 0.1 labels {key: "k" value: "v"}'),
            ("SessionService.KeepAlive", 'name: "n"'),
            ("SessionService.List", ""),
            ("SessionService.Delete", 'name: "n"'),
            ("SessionService.Delete", ""),
            ("Open", 'name: "late"'),
        ],
        "host": [
            ("HostService.GetInfo", ""),
            ("HostService.GetClock", ""),
            ("Open", 'name: "s"'),
            ("HostService.Snapshot", "all_sessions: true"),
            ("HostService.Snapshot", "processes: true"),
            ("DiagnosisService.Diagnose", 'hosts {host: "h" first {}}'),
        ],
        "refused": [
            ("Open", 'name: "no name"'),
            ("Open", "timeout_seconds: -1"),
            ("Receive", 'socket: "none" length: -1'),
            ("Bind", 'address {ip {host: "example.com" port: 70000}}'),
            ("OperationService.Start", 'actor: "x"'),
            ("OperationService.Wait", ""),
            ("SessionService.Create", "lease_seconds: 1e9"),
            ("DiagnosisService.Diagnose", 'hints {address: "x"}'),
        ],
        "malformed": [
            ("Open", b"\x0a\x64 and no more"),
            ("Send", b"\x0b" * 200),
            ("OperationService.Execute", b"\xff\xff\xff\xff"),
            ("HostService.GetInfo", b"\x0f"),
        ],
        "options": [
            ("Open", 'name: "s"'),
            ("SetOption", 'socket: "s" option {name: "SO_LINGER"} value {linger {on: true seconds: 1}}'),
            ("SetOption", 'socket: "s" option {name: "SO_RCVTIMEO"} value {duration {nanos: 1000}}'),
            ("SetOption", 'socket: "s" option {name: "TCP_CONGESTION"} value {text: "reno"}'),
            ("GetOption", 'socket: "s" option {name: "TCP_INFO"}'),
            ("SetOption", 'socket: "s" option {name: "SO_ATTACH_FILTER"} value {data: "12345678"}'),
            ("SetOption", 'socket: "s" option {name: "SO_RCVBUF"} value {null_length: 4}'),
        ],
    }.items():
        write("request", name, calls(*items))


def main():
    address()
    option()
    control_message()
    pattern()
    proc_files()
    thread_waits()
    socket_diag()
    outcome()
    diagnose()
    request()


if __name__ == "__main__":
    main()

"""Seeds of the target that serves whole requests."""

import re

from tests.fuzz.make_seeds.encoding import constants, message, text, write


def request():
    methods = re.findall(r'"([\w.]+)\.(\w+)"', constants("request", "kMethods"))
    numbers = {f"{service}.{method}": i for i, (service, method) in enumerate(methods)}
    kinds = {
        "SocketService.List": "SocketServiceListRequest",
        "OperationService.List": "OperationServiceListRequest",
        "SessionService.List": "SessionServiceListRequest",
    }

    reflect = "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo"

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
            (
                "OperationService.Execute",
                'actions {send {socket: "b" data: "y"}} '
                'actions {receive {socket: "a" length: 1}}',
            ),
            ("OperationService.Execute", 'actions {send {socket: "b" data: "z"}}'),
        ],
        "execute_waits": [
            ("OpenPair", 'first_name: "a" second_name: "b"'),
            ("OperationService.Execute", 'actions {receive {socket: "a" length: 1}}'),
            ("OperationService.Execute", 'actions {send {socket: "b" data: "z"}}'),
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
        # list_services, file_containing_symbol, all_extension_numbers_of_type.
        "reflection": [
            (reflect, b"\x3a\x00"),
            (reflect, b"\x22\x19standoff.v1.SocketService"),
            (reflect, b"\x32\x04none"),
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

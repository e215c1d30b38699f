"""Seeds of the targets that diagnose, and show, what hosts tell."""

from tests.fuzz.make_seeds.encoding import message, write


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


def shown():
    receive = 'receive {socket: "s" length: 10}'
    poll = 'poll {items {socket: "s" events: POLL_EVENT_IN} timeout_seconds: 5}'
    for name, blocked in [("receive", receive), ("poll", poll)]:
        what = message("SnapshotResponse", snapshot(1, 100, blocked, 2))
        write("shown", name, b"\0\x50" + what)
    done = """
  sequence: 3 operation_id: 1 state: OPERATION_STATE_DONE monotonic_ns: 5
  actor: "a\\033b" method: "Connect" socket: "s" ending: ENDING_FAILED
  error: "ECONNREFUSED"
"""
    write("shown", "event", b"\1\x0a" + message("OperationEvent", done))

"""Seeds of the targets that read what the kernel tells."""

import re
import struct

from tests.fuzz.make_seeds.encoding import constants, text, write


# Kinds of an argument of thread_waits.
RAW, SMALL, SOCKET, EPOLL, MINUS_ONE, MEMORY = range(6)


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
        "stat": b"\x062501 (a) Z (b) S 2499 2501 2499 34816 2501 4194304 106 0 0 0 0 0 0 0 "
        b"20 0 3 0 1053216 3133440 409 18446744073709551615 1 1\n",
        "stat_short": b"\x061 (a",
        "unix_socket": b"\x07pos:\t0\nflags:\t02\nmnt_id:\t10\nino:\t12345\nscm_fds: 3\n",
        "cgroups": b"\x088:pids:/\n6:cpu,freezer:/a:b\n0::/user.slice/x\n",
        "cgroup_mounts": b"\x0830 24 0:26 / /sys/fs/cgroup/a\\040b rw shared:9 - cgroup2 c rw\n"
        b"31 24 0:27 /docker/x /sys/fs/cgroup/freezer ro master:7 - cgroup c rw,freezer\n",
        "tracked": b"\x09ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 "
        b"sport=50000 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=50000 [ASSURED]",
        "tracked_6": b"\x09ipv6 10 tcp 6 9 X src=fd00::1 dst=fd00::2 sport=5 dport=80 "
        b"src=fd00::3 dst=fd00::1 sport=8080 dport=5",
        "text_latin": b"\x05\x10caf\xe9 \xc2\x85 \xf0\x9f\x98\x80",
    }
    for name, data in files.items():
        write("proc_files", name, data)


def thread_waits():
    calls = re.findall(r"SYS_\w+", constants("thread_waits", "kCalls"))
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
        "readv": call(
            "readv", struct.pack("=QQQQ", 0, 5, 0, 6), (SOCKET, 0), (MEMORY, 0), (SMALL, 2)
        ),
        "recvmsg": call("recvmsg", bytes(56), (SOCKET, 0), (MEMORY, 0), (SMALL, 2)),
        "recvmmsg": call("recvmmsg", b"", (SOCKET, 0), (RAW, 1), (SMALL, 1), (SMALL, 2)),
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
    write("socket_diag", "look_up", b"\0\x05" + text(inet(2, 1, attribute(2, info))))
    write("socket_diag", "look_up_none", b"\0\x05" + text(netlink(2, struct.pack("=i", -2) + bytes(16))))
    write("socket_diag", "error", b"\0\x01" + text(netlink(2, struct.pack("=i", -2) + bytes(16))))
    lowest = netlink(2, struct.pack("=i", -(2**31)) + bytes(16))
    write("socket_diag", "error_lowest", b"\0\x01" + text(lowest))
    write(
        "socket_diag",
        "interrupted",
        b"\0\x01" + 6 * text(netlink(3, struct.pack("=i", 0), flags=0x12)),
    )
    write("socket_diag", "tcp_info", b"\x01" + info)
    write("socket_diag", "tcp_info_old", b"\x01" + info[:104])

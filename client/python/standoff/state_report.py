"""What a session has and waits for, as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from standoff.message_text import (
    action_name,
    action_sockets,
    addresses_text,
    kind_text,
    mode_text,
    reply_text,
    seconds_text,
    tcp_state_text,
)
from standoff.text_table import cut, printable, render_table
from standoff.v1 import (
    host_service_pb2,
    operation_pb2,
    session_service_pb2,
    socket_pb2,
)

# How long a report gets: sessions, entries of each of their tables, sockets of
# one poll, and characters of a line.
MAX_SESSIONS = 10
MAX_ENTRIES = 20
MAX_POLLED = 5
MAX_COLUMNS = 180

_ENDED = (
    operation_pb2.OPERATION_STATE_DONE,
    operation_pb2.OPERATION_STATE_CANCELLED,
    operation_pb2.OPERATION_STATE_SKIPPED,
)

_WHO = ("ACTOR", "OPERATION", "SOCKET")
_STATE = ("TCP", "RECV-Q", "SEND-Q", "DETAIL")

# A cell for each column of a table.
_Row = tuple[str, ...]


def render_state(
    snapshot: host_service_pb2.SnapshotResponse,
    operations: Iterable[operation_pb2.Operation] = (),
) -> str:
    """Tells what a snapshot shows, and what else is known of operations.

    For each session, of each operation that is blocked: its actor, what it does
    on which socket, for how long it has been blocked in which system call and
    kernel function, and the TCP state, queues and addresses of its sockets.
    Then operations that are running and queued; the last ones that have ended,
    and what came of them; idle actors; and open sockets.

    Args:
        snapshot: From HostService.Snapshot.
        operations: Queued and ended ones, from OperationService.List: a
            snapshot has none. Those that it has are taken from it.

    Returns:
        Lines, each ended by a newline, without anything that could steer a
        terminal. No table is longer than MAX_ENTRIES entries, no line longer
        than MAX_COLUMNS characters.
    """
    present = {operation.id for operation in snapshot.operations}
    others = [o for o in operations if o.id not in present]
    lines: list[str] = []
    for session in snapshot.sessions[:MAX_SESSIONS]:
        lines += _SessionReport(snapshot, session, others).render()
    if len(snapshot.sessions) > MAX_SESSIONS:
        more = len(snapshot.sessions) - MAX_SESSIONS
        lines.append(f"… and {more} more sessions")
    return "".join(f"{line}\n" for line in lines)


class _SessionReport:
    """What there is to tell of one session."""

    def __init__(
        self,
        snapshot: host_service_pb2.SnapshotResponse,
        session: session_service_pb2.Session,
        others: Iterable[operation_pb2.Operation],
    ) -> None:
        name = session.name
        self._session = session
        self._now = snapshot.end_monotonic_ns
        self._actors = [a for a in snapshot.actors if a.session == name]
        self._others = [o for o in others if o.session == name]
        self._in_progress = [
            operation
            for operation in snapshot.operations
            if operation.session == name
        ]
        self._sockets = {
            s.socket.name: s.socket
            for s in snapshot.sockets
            if s.session == name
        }

    def render(self) -> list[str]:
        labels = [f"{k}={v}" for k, v in sorted(self._session.labels.items())]
        head = ", ".join([f"session {self._session.name}", *labels])
        return [
            _line(head),
            *self._blocked(),
            *self._running(),
            *self._queued(),
            *self._ended(),
            *self._idle(),
            *self._open_sockets(),
        ]

    def _in_state(self, state: int) -> list[operation_pb2.Operation]:
        """Those in progress in that state, the longest first."""
        found = [o for o in self._in_progress if o.state == state]
        return sorted(found, key=_since)

    def _for(self, operation: operation_pb2.Operation) -> str:
        return seconds_text(max(self._now - _since(operation), 0))

    def _blocked(self) -> list[str]:
        blocked = self._in_state(operation_pb2.OPERATION_STATE_BLOCKED)
        if not blocked:
            return ["blocked: none"]
        header = (*_WHO, "FOR", "SYSCALL", "WAIT CHANNEL", *_STATE)
        entries = [self._blocked_entry(o) for o in blocked]
        return _table("blocked", header, entries, len(blocked))

    def _blocked_entry(self, operation: operation_pb2.Operation) -> list[_Row]:
        """A row, and for a poll one for each more socket."""
        names = action_sockets(operation.action) or [""]
        block = operation.block
        ends = ""
        if block.HasField("deadline_monotonic_ns"):
            left = max(block.deadline_monotonic_ns - self._now, 0)
            ends = f"ends in {seconds_text(left)}"
        rows: list[_Row] = [
            (
                *_who(operation, names[0]),
                *(self._for(operation), block.syscall, block.wait_channel),
                *_state(self._sockets.get(names[0]), ends),
            )
        ]
        for name in names[1:MAX_POLLED]:
            state = _state(self._sockets.get(name))
            rows.append(("", "", name, "", "", "", *state))
        if len(names) > MAX_POLLED:
            more = f"… and {len(names) - MAX_POLLED} more"
            rows.append(("", "", more, "", "", "", *_state(None)))
        return rows

    def _running(self) -> list[str]:
        running = self._in_state(operation_pb2.OPERATION_STATE_RUNNING)
        entries = [[(*_who(o), self._for(o))] for o in running]
        return _table("running", (*_WHO, "FOR"), entries, len(running))

    def _queued(self) -> list[str]:
        queued = [
            o
            for o in self._others
            if o.state == operation_pb2.OPERATION_STATE_QUEUED
        ]
        # Actors know how many they have, if not all were listed.
        total = sum(actor.queued_operations for actor in self._actors)
        entries = [[_who(o)] for o in queued]
        return _table("queued", _WHO, entries, max(total, len(queued)))

    def _ended(self) -> list[str]:
        ended = [o for o in self._others if o.state in _ENDED]
        ended.sort(key=lambda o: (o.end_monotonic_ns, o.id))
        last = ended[-MAX_ENTRIES:]
        entries = []
        for operation in last:
            ago = seconds_text(max(self._now - operation.end_monotonic_ns, 0))
            row = (*_who(operation), f"{ago} ago", reply_text(operation))
            entries.append([row])
        header = (*_WHO, "ENDED", "OUTCOME")
        title = "the last that ended, in this order"
        return _table(title, header, entries, len(last))

    def _idle(self) -> list[str]:
        idle = [
            actor.name
            for actor in self._actors
            if not actor.current_operation_id and not actor.queued_operations
        ]
        names = _line(", ".join(idle))
        return [_line(f"idle actors ({len(idle)}): {names}")] if idle else []

    def _open_sockets(self) -> list[str]:
        if not self._sockets:
            return ["open sockets: none"]
        entries: list[list[_Row]] = [
            [(name, *_state(socket))] for name, socket in self._sockets.items()
        ]
        header = ("SOCKET", *_STATE)
        return _table("open sockets", header, entries, len(entries))


def _line(text: str) -> str:
    return cut(printable(text), MAX_COLUMNS)


def _table(
    title: str,
    header: Sequence[str],
    entries: Sequence[Sequence[_Row]],
    total: int,
) -> list[str]:
    """Returns the lines of a table; none if there is nothing to show.

    Args:
        title: What its entries are.
        header: The columns' names.
        entries: Its entries, each of one or several rows.
        total: How many there are, which may be more than `entries`.
    """
    if total == 0:
        return []
    lines = [f"{title} ({total}):"]
    shown = entries[:MAX_ENTRIES]
    if shown:
        rows = [row for entry in shown for row in entry]
        lines += render_table(header, rows, indent=2, columns=MAX_COLUMNS)
    if total > len(shown):
        lines.append(f"  … and {total - len(shown)} more")
    return lines


def _who(
    operation: operation_pb2.Operation, sockets: str | None = None
) -> _Row:
    """What stands under _WHO; all sockets unless others are given."""
    if sockets is None:
        names = action_sockets(operation.action)
        if len(names) > MAX_POLLED:
            names[MAX_POLLED:] = ["…"]
        sockets = " ".join(names)
    name = action_name(operation.action)
    return (operation.actor or "-", f"{operation.id} {name}", sockets)


def _state(
    socket: socket_pb2.SocketDescription | None, more: str = ""
) -> _Row:
    """What stands under _STATE.

    Args:
        socket: The socket; None if there is none (any more).
        more: What is to be said, too.
    """
    if socket is None:
        return ("", "", "", more)
    receive = send = ""
    if socket.HasField("accept_queue"):
        receive = f"{socket.accept_queue.length} of {socket.accept_queue.limit}"
    else:
        if socket.HasField("receive_queue"):
            receive = f"{socket.receive_queue:,}"
        if socket.HasField("send_queue"):
            send = f"{socket.send_queue:,}"
    return (tcp_state_text(socket), receive, send, _detail(socket, more))


def _detail(socket: socket_pb2.SocketDescription, more: str) -> str:
    tcp = socket.tcp_info
    parts = [addresses_text(socket), kind_text(socket), mode_text(socket)]
    if (
        tcp.state == socket_pb2.TCP_STATE_ESTABLISHED
        and tcp.HasField("send_window")
        and tcp.send_window == 0
    ):
        parts.append("zero window")
    if tcp.retransmits:
        parts.append(f"{tcp.retransmits} retransmits in a row")
    if tcp.probes:
        parts.append(f"{tcp.probes} probes unanswered")
    return ", ".join(part for part in [*parts, more] if part)


def _since(operation: operation_pb2.Operation) -> int:
    """When it blocked or began, in nanoseconds of the host's clock."""
    if operation.HasField("block"):
        return operation.block.since_monotonic_ns
    return operation.start_monotonic_ns

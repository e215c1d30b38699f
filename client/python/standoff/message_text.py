"""What messages of standoff.v1 say, in words for people."""

from __future__ import annotations

import string

from standoff.v1 import (
    action_pb2,
    address_pb2,
    operation_pb2,
    outcome_pb2,
    socket_pb2,
)

_PRINTABLE_ASCII = frozenset(
    string.ascii_letters + string.digits + string.punctuation + " "
)


def seconds_text(nanoseconds: int) -> str:
    """Returns "0.500 s"; to the microsecond below 10 ms: "0.000113 s"."""
    if nanoseconds != 0 and abs(nanoseconds) < 10_000_000:
        return f"{nanoseconds / 1e9:.6f} s"
    return f"{nanoseconds / 1e9:.3f} s"


def state_text(state: int) -> str:
    """Returns "blocked" for OPERATION_STATE_BLOCKED."""
    names = operation_pb2.OperationState
    return _short(names, state, "OPERATION_STATE_")


def address_text(address: address_pb2.Address) -> str:
    """Returns "10.0.0.1:80", "[::1]:80", "unix:/run/x", "unix-abstract:x"."""
    kind = address.WhichOneof("address")
    if kind == "ip":
        ip = address.ip
        scope = f"%{ip.scope_id}" if ip.scope_id else ""
        host = f"{ip.host}{scope}"
        return f"[{host}]:{ip.port}" if ":" in host else f"{host}:{ip.port}"
    if kind == "raw":
        return f"raw:{address.raw.hex()}"
    name = address.unix.WhichOneof("name") if kind == "unix" else None
    if name is None:
        return "unix:"
    content: str | bytes = getattr(address.unix, name)
    if isinstance(content, bytes):
        content = _bytes_text(content)
    scheme = "unix" if name.startswith("path") else "unix-abstract"
    return f"{scheme}:{content}"


def addresses_text(socket: socket_pb2.SocketDescription) -> str:
    """Returns "LOCAL > PEER", of those that the socket has."""
    text = ""
    if socket.HasField("local_address"):
        text = address_text(socket.local_address)
    if socket.HasField("peer_address"):
        text += f" > {address_text(socket.peer_address)}"
    return text.strip()


def kind_text(socket: socket_pb2.SocketDescription) -> str:
    """Returns what a socket is: "inet tcp", "unix stream"."""
    family = _short(socket_pb2.Family, socket.family, "FAMILY_")
    if socket.protocol == socket_pb2.PROTOCOL_UNSPECIFIED:
        kind = _short(socket_pb2.SocketType, socket.type, "SOCKET_TYPE_")
    else:
        kind = _short(socket_pb2.Protocol, socket.protocol, "PROTOCOL_")
    return f"{family} {kind}"


def mode_text(socket: socket_pb2.SocketDescription) -> str:
    """Returns "blocking", "non-blocking" or "timeout 0.5 s"."""
    if socket.mode == socket_pb2.WAITING_MODE_TIMEOUT:
        return f"timeout {socket.timeout_seconds:.3g} s"
    mode = _short(socket_pb2.WaitingMode, socket.mode, "WAITING_MODE_")
    return mode.replace("_", "-")


def tcp_state_text(socket: socket_pb2.SocketDescription) -> str:
    """Returns "ESTABLISHED"; nothing if it is no TCP socket."""
    if not socket.HasField("tcp_info"):
        return ""
    names = socket_pb2.TcpState
    return _short(names, socket.tcp_info.state, "TCP_STATE_").upper()


def action_name(action: action_pb2.Action) -> str:
    """Returns what an action does: the name of SocketService's RPC, "Send".

    Empty for one that does nothing.
    """
    field = action.WhichOneof("request")
    if field is None:
        return ""
    return "".join(word.capitalize() for word in field.split("_"))


def action_sockets(action: action_pb2.Action) -> list[str]:
    """Returns the sockets that an action names, in its order.

    None, one, or those of a poll. An open names those that it makes, if it
    chose their names.
    """
    field = action.WhichOneof("request")
    if field is None:
        return []
    request = getattr(action, field)
    if field == "poll":
        return [item.socket for item in request.items]
    fields = {"open": ["name"], "open_pair": ["first_name", "second_name"]}
    names = fields.get(field, ["socket"])
    return [name for name in (getattr(request, n, "") for n in names) if name]


def reply_text(operation: operation_pb2.Operation) -> str:
    """Returns what came of an operation that has ended.

    As outcome_text(), or "refused: NOT_FOUND: …", "cancelled before it began",
    "skipped: …".
    """
    field = operation.reply.WhichOneof("reply")
    if field == "refusal":
        refusal = operation.reply.refusal
        return f"refused: {refusal.code_name}: {refusal.message}"
    if field is not None:
        response = getattr(operation.reply, field)
        # Describe and List have none.
        if "outcome" in response.DESCRIPTOR.fields_by_name:
            return outcome_text(response.outcome)
    if operation.state == operation_pb2.OPERATION_STATE_CANCELLED:
        return "cancelled before it began"
    if operation.state == operation_pb2.OPERATION_STATE_SKIPPED:
        return "skipped: an earlier action of its program failed"
    return state_text(operation.state)


def outcome_text(outcome: outcome_pb2.Outcome) -> str:
    """Returns what the kernel said:

        returned 5
        ECONNREFUSED (Connection refused), said by connect after 0.113 s
        would block (EAGAIN)
        timed out after 0.500 s
        cancelled after 1.250 s

    After a call that moved a part of its bytes before it failed, timed out or
    was cancelled: "…, having moved 4096 bytes".
    """
    elapsed = outcome.elapsed.seconds * 1_000_000_000 + outcome.elapsed.nanos
    after = f" after {seconds_text(elapsed)}"
    if outcome.ending == outcome_pb2.ENDING_RETURNED:
        return f"returned {outcome.value}"
    moved = ""
    if outcome.value > 0:
        unit = "byte" if outcome.value == 1 else "bytes"
        moved = f", having moved {outcome.value} {unit}"
    if outcome.ending == outcome_pb2.ENDING_FAILED:
        by = f", said by {outcome.syscall}" if outcome.syscall else ","
        return f"{_error_text(outcome)}{by}{after}{moved}"
    if outcome.ending == outcome_pb2.ENDING_WOULD_BLOCK:
        name = f" ({outcome.error.name})" if outcome.error.name else ""
        return f"would block{name}{moved}"
    if outcome.ending == outcome_pb2.ENDING_TIMED_OUT:
        return f"timed out{after}{moved}"
    if outcome.ending == outcome_pb2.ENDING_CANCELLED:
        return f"cancelled{after}{moved}"
    return f"an ending unknown to this client ({outcome.ending})"


def _error_text(outcome: outcome_pb2.Outcome) -> str:
    error: outcome_pb2.Errno | outcome_pb2.LookupError
    if outcome.HasField("lookup_error"):
        error, kind = outcome.lookup_error, "look-up error"
    elif outcome.HasField("error"):
        error, kind = outcome.error, "errno"
    else:
        return "failed"
    name = error.name or f"{kind} {error.number}"
    return f"{name} ({error.message})" if error.message else name


def _short(names: object, number: int, prefix: str) -> str:
    """Returns the name of an enum's value in lower case.

    Args:
        names: The enum: what has Name().
        number: The value. One without a name is returned as it is.
        prefix: What the enum's names begin with, which is left out.
    """
    try:
        name: str = getattr(names, "Name")(number)
    except ValueError:
        return str(number)
    return name.removeprefix(prefix).lower()


def _bytes_text(content: bytes) -> str:
    return "".join(
        chr(byte) if chr(byte) in _PRINTABLE_ASCII else f"\\x{byte:02x}"
        for byte in content
    )

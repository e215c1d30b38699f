"""Arguments of a socket's methods: checked and converted as CPython does."""

from __future__ import annotations

import operator
import struct
from typing import Any, Iterable, SupportsIndex, Union

from standoff.pattern import Pattern
from standoff.v1 import option_pb2

Buffer = Any  # bytes, bytearray, memoryview, array, …
ControlMessages = Iterable[tuple[int, int, Buffer]]
Payload = Union[Buffer, Pattern]

INT_MAX = 2**31 - 1
# Of Linux, wherever this runs.
_SOCK_NONBLOCK = 0o4000
_SOCK_CLOEXEC = 0o2000000


def c_int(value: SupportsIndex) -> int:
    """An argument that C has as an int. OverflowError if it does not fit."""
    number = operator.index(value)
    if number > INT_MAX:
        raise OverflowError("signed integer is greater than maximum")
    if number < -INT_MAX - 1:
        raise OverflowError("signed integer is less than minimum")
    return number


def to_bytes(data: Buffer) -> bytes:
    """The bytes of a buffer. TypeError for what is none, as a str."""
    if isinstance(data, bytes):
        return data
    try:
        view = memoryview(data)
    except TypeError:
        raise TypeError(
            f"a bytes-like object is required, not '{type(data).__name__}'"
        ) from None
    with view:
        if not view.c_contiguous:
            raise BufferError(
                "memoryview: underlying buffer is not C-contiguous"
            )
        return view.tobytes()


def payload_size(data: Payload) -> int:
    """How many bytes there are to send. TypeError for what is no buffer."""
    if isinstance(data, bytes):
        return len(data)
    if isinstance(data, Pattern):
        return data.length
    try:
        with memoryview(data) as view:
            return view.nbytes
    except TypeError:
        raise TypeError(
            f"a bytes-like object is required, not '{type(data).__name__}'"
        ) from None


def hold(data: Payload) -> Any:
    """Keeps a buffer from being resized as long as a call is made with it."""
    return None if isinstance(data, (bytes, Pattern)) else memoryview(data)


def plain_type(type: int) -> int:
    """The type without the flags that an open takes with it."""
    return type & ~(_SOCK_NONBLOCK | _SOCK_CLOEXEC)


def initial_timeout(type: int, default: float | None) -> float | None:
    """The timeout of a socket that is opened so."""
    return 0.0 if type & _SOCK_NONBLOCK else default


def option(level: SupportsIndex, number: SupportsIndex) -> option_pb2.OptionKey:
    """An option, by its level and number."""
    return option_pb2.OptionKey(
        number=option_pb2.OptionNumber(level=c_int(level), number=c_int(number))
    )


def option_value(value: Any) -> bytes:
    """What an option is set to: the bytes of an int, or of a buffer."""
    try:
        return struct.pack("i", c_int(value))
    except (TypeError, OverflowError):
        return to_bytes(value)


def flag_list(flags: SupportsIndex) -> list[Any]:
    """The flags of a call, as messages have them."""
    number = c_int(flags)
    return [number] if number else []


def buffer_size(size: SupportsIndex, message: str) -> int:
    """How much is to be received. ValueError with the message if negative."""
    number = operator.index(size)
    if number < 0:
        raise ValueError(message)
    if number > 2**63 - 1:
        raise OverflowError("Python int too large to convert to C ssize_t")
    return number


def writable(buffer: Buffer, method: str) -> memoryview:
    """The bytes of a buffer to receive into. TypeError if it is none."""
    try:
        view = memoryview(buffer)
    except TypeError:
        view = None
    if view is None or view.readonly:
        raise TypeError(
            f"{method}() argument 1 must be read-write bytes-like object, not "
            f"{type(buffer).__name__}"
        )
    return view.cast("B")


def size_into(view: memoryview, nbytes: SupportsIndex, method: str) -> int:
    """How much is to be received into a buffer."""
    size = buffer_size(nbytes, f"negative buffersize in {method}")
    if size > view.nbytes:
        raise ValueError(
            "buffer too small for requested bytes"
            if method == "recv_into"
            else "nbytes is greater than the length of the buffer"
        )
    return size or view.nbytes

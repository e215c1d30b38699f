"""Payloads that are made and verified on the hosts (docs/patterns.md)."""

from __future__ import annotations

import dataclasses
import struct

from standoff.v1 import payload_pb2

_MASK = 2**64 - 1
_STEP = 0x9E3779B97F4A7C15


@dataclasses.dataclass(frozen=True)
class Pattern:
    """A stretch of the endless row of bytes that a seed stands for.

    Sockets send it in place of bytes, `sock.sendall(Pattern(7, length=1 << 30))`,
    without its crossing the control channel, and `recv_pattern` verifies it.

    Attributes:
      seed: chooses the row, 0 to 2**64 - 1.
      length: how many bytes.
      offset: where in the row the stretch starts, in bytes.
    """

    seed: int
    length: int
    offset: int = 0

    def __post_init__(self) -> None:
        for name, value in (("seed", self.seed), ("offset", self.offset)):
            if not 0 <= value <= _MASK:
                raise ValueError(f"{name} must be 0 to 2**64 - 1; got {value}")
        if not 0 <= self.length < 2**63:
            raise ValueError(
                f"length must be 0 to 2**63 - 1; got {self.length}"
            )

    def __len__(self) -> int:
        return self.length

    def after(self, size: int) -> Pattern:
        """What is left when the first `size` bytes are gone."""
        if not 0 <= size <= self.length:
            raise ValueError(f"size must be 0 to {self.length}; got {size}")
        return Pattern(
            self.seed, self.length - size, (self.offset + size) & _MASK
        )

    def bytes(self) -> bytes:
        """Makes the bytes here, to compare or to send by other means."""
        word = self.offset // 8
        count = (self.offset % 8 + self.length + 7) // 8
        first = _mix(self.seed) + word * _STEP
        row = b"".join(
            struct.pack("<Q", (first + i * _STEP) & _MASK)
            for i in range(count)
        )
        start = self.offset % 8
        return row[start : start + self.length]

    def to_proto(self) -> payload_pb2.Pattern:
        """The message of standoff.v1, which has no length."""
        return payload_pb2.Pattern(seed=self.seed, offset=self.offset)


def _mix(seed: int) -> int:
    # The finalizer of SplitMix64.
    seed = (seed + _STEP) & _MASK
    seed = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    seed = ((seed ^ (seed >> 27)) * 0x94D049BB133111EB) & _MASK
    return seed ^ (seed >> 31)

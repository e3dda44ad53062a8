"""What messages of ICMP carry: the head of a packet, addresses and options, or other bytes."""

from __future__ import annotations

import struct
from random import Random

from interfuse.io.capture import frames
from interfuse.io.capture.frames import Ends

ERRORS = {4: (3, 4, 5, 11, 12), 6: (1, 2, 3, 4)}
"""By version, messages that hold the head of the packet that they are about."""
_GROUP = bytes.fromhex("ff0200000000000000000001ff000001")
_BEFORE = {133: b"", 134: bytes(8), 135: None, 136: None, 137: None}
"""Of neighbour discovery (RFC 4861), what comes before options; None for addresses."""


def cause(ends: Ends, back: bool, size: int) -> bytes:
    """The head of a datagram that the sender of an error got, cut to a size."""
    about = ends._replace(protocol=17, ports=(40_000, 33_434))
    room = max(size - ends.head - 8, 0)
    datagram = frames.udp(about, not back, bytes(room))
    return frames.packet(about, not back, datagram, 1)[:size]


def contents(ends: Ends, kind: int, size: int, random: Random) -> tuple[bytes, bytes]:
    """The four bytes behind the checksum, and those behind them.

    Args:
        ends: of the message.
        kind: its type.
        size: bytes behind the first eight.
        random: of all draws.
    """
    if ends.version == 6:
        if kind in _BEFORE:
            before = _BEFORE[kind]
            if before is None:
                before = ends.addresses[1] * (2 if kind == 137 else 1)
            if size >= len(before):
                return bytes(4), before + _options(size - len(before), random)
        if kind in (130, 131, 132) and size >= 16:
            return bytes(4), bytes(16) + bytes(size - 16)
        if kind == 143 and size >= 20 and size % 4 == 0:
            words = min((size - 20) // 4, 255)
            record = struct.pack("!BBH", 4, words, 0) + _GROUP
            return b"\0\0\0\1", record + bytes(size - 20)
    return bytes(4), bytes(i & 0xFF for i in range(size))


def _options(size: int, random: Random) -> bytes:
    """Nonces (RFC 3971) of whole units of eight bytes."""
    out, left = b"", size
    while left >= 8:
        units = min(left // 8, 255)
        out += bytes((14, units)) + random.randbytes(units * 8 - 2)
        left -= units * 8
    return out + bytes(left)

"""Classic pcap, and what every capture gives: where frames lie, when they came, how long they were.

A file is a header of 24 bytes and records of 16 bytes and a frame:

    magic 4, version 2 + 2, zone 4, accuracy 4, snap length 4, link type 4
    seconds 4, fraction 4, bytes here 4, bytes on the wire 4, bytes ...

The magic number says the order of bytes and whether the fraction counts micro- or nanoseconds
(draft-ietf-opsawg-pcap). Only the walk from record to record is a loop; every field is gathered by
index, so that memory and time per packet are those of a few numbers. A plain file is mapped, not
loaded.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interfuse.errors import DataError
from interfuse.io.capture.octets import Ints, Octets

HEADER, RECORD = 24, 16
MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
"""By the first bytes, the order of bytes and the nanoseconds of a unit of the fraction."""
MOST_FRAME = 1 << 24
"""Bytes of a frame. Longer ones do not occur; such a length says that the file is damaged."""


class Capture(NamedTuple):
    """The frames of a capture, in the order of the file.

    Attributes:
        octets: the file.
        at: (n,) where each frame begins.
        captured: (n,) bytes of it that are there.
        length: (n,) bytes that it had on the wire.
        time: (n,) nanoseconds since 1970.
        link: (n,) link type.
        nanoseconds: whether times are finer than a microsecond.
        notes: what was cut, for people.
    """

    octets: Octets
    at: Ints
    captured: Ints
    length: Ints
    time: Ints
    link: Ints
    nanoseconds: bool
    notes: tuple[str, ...]


def mapped(source: Path | bytes) -> NDArray[np.uint8]:
    """The bytes of a file, not loaded, or of its content."""
    if isinstance(source, bytes):
        return np.frombuffer(source, np.uint8)
    return np.memmap(source, np.uint8, "r")


def read_pcap(data: NDArray[np.uint8], where: str) -> Capture:
    """Find the frames of a classic capture.

    Args:
        data: the file; its magic number is one of `MAGIC`.
        where: how messages call it.

    Raises:
        DataError: the header is cut, or of a version that is not 2.
    """
    if len(data) < HEADER:
        raise DataError(
            f"{where}: has {len(data)} bytes; a pcap file has a header of {HEADER}. It is cut "
            "short: fetch it again."
        )
    order, unit = MAGIC[data[:4].tobytes()]
    major, _, _, _, _, link = struct.unpack(order + "HHiIII", data[4:HEADER].tobytes())
    if major != 2:
        raise DataError(
            f"{where}: is pcap of version {major}; expected 2. Write it anew: editcap old new"
        )
    places, left = _walk(data, order)
    notes = (_cut(left, len(places)),) if left else ()
    octets, n = Octets(data), len(places)
    number = octets.little if order == "<" else octets.number
    at = np.array(places, np.int64)
    return Capture(
        octets,
        at + RECORD,
        number(at + 8, 4),
        number(at + 12, 4),
        number(at, 4) * 1_000_000_000 + number(at + 4, 4) * unit,
        np.full(n, link & 0x0FFFFFFF, np.int64),
        unit == 1,
        notes,
    )


def _walk(data: NDArray[np.uint8], order: str) -> tuple[list[int], int]:
    """Where whole records begin, and the bytes behind the last of them."""
    length = struct.Struct(order + "I").unpack_from
    view, end, at = data.data, len(data), HEADER
    places: list[int] = []
    add = places.append
    while at + RECORD <= end:
        (size,) = length(view, at + 8)
        following = at + RECORD + size
        if following > end or size > MOST_FRAME:
            break
        add(at)
        at = following
    return places, end - at


def _cut(left: int, packets: int) -> str:
    return (
        f"the capture is cut short or damaged behind packet {packets:,}: its last {left:,} bytes "
        "are no whole packet and are left out"
    )

"""pcapng: blocks of several interfaces, each with a link type and a clock of its own.

A block is its type, its length, a body and its length once more. A section header (0x0A0D0D0A) says
the order of bytes; interface descriptions (1) follow, with the link type and among their options
the unit of time (if_tsresol, 9) and its offset (if_tsoffset, 14); enhanced (6), simple (3) and
obsolete (2) packets hold frames (draft-ietf-opsawg-pcapng). Other blocks are passed over. A file
may have several sections; interfaces count anew in each.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interfuse.errors import DataError
from interfuse.io.capture.files import MOST_FRAME, Capture
from interfuse.io.capture.octets import Octets

SECTION, INTERFACE, PACKET, SIMPLE, ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
MAGIC = b"\n\r\r\n"
_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_RESOLUTION, _OFFSET = 9, 14


class Interface(NamedTuple):
    """Where packets come from.

    Attributes:
        link: its type.
        snap: bytes of a frame that are kept; 0 for all.
        units: of time in a second.
        offset: seconds that are added to times.
    """

    link: int
    snap: int
    units: int
    offset: int


@dataclass
class _Frames:
    """What has been found so far."""

    rows: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    interfaces: list[Interface] = field(default_factory=list)
    fine: bool = False
    timeless: int = 0
    homeless: int = 0


def read_pcapng(data: NDArray[np.uint8], where: str) -> Capture:
    """Find the frames of a pcapng capture.

    Args:
        data: the file; it begins with `MAGIC`.
        where: how messages call it.

    Raises:
        DataError: its first block is no section header.
    """
    view, end, at, order = data.data, len(data), 0, ""
    found = _Frames()
    while at + 12 <= end:
        if bytes(view[at : at + 4]) == MAGIC:
            order = _ORDERS.get(bytes(view[at + 8 : at + 12]), "")
            found.interfaces = []
        if not order:
            break
        kind, size = struct.unpack_from(order + "II", view, at)
        if size < 12 or size % 4 or at + size > end:
            break
        _block(found, view, order, kind, at + 8, at + size - 4)
        at += size
    if not order:
        raise DataError(
            f"{where}: begins as pcapng but its first block is no section header. It is damaged: "
            "fetch it again."
        )
    return _capture(found, Octets(data), end - at)


def _capture(found: _Frames, octets: Octets, left: int) -> Capture:
    notes = []
    if left:
        notes.append(
            f"the capture is cut short or damaged behind packet {len(found.rows):,}: its last "
            f"{left:,} bytes are no whole block and are left out"
        )
    if found.timeless:
        notes.append(
            f"{found.timeless:,} packets have no time (simple packet blocks) and take that of the "
            "packet before"
        )
    if found.homeless:
        notes.append(
            f"{found.homeless:,} packets name an interface that the capture does not describe, or "
            "are longer than their block; they are left out"
        )
    columns = np.array(found.rows, np.int64).reshape(-1, 5).T
    at, captured, length, time, link = columns
    return Capture(octets, at, captured, length, time, link, found.fine, tuple(notes))


def _block(found: _Frames, view: memoryview, order: str, kind: int, at: int, end: int) -> None:
    if kind == INTERFACE and end - at >= 8:
        link, _, snap = struct.unpack_from(order + "HHI", view, at)
        found.interfaces.append(_interface(view, order, at + 8, end, link, snap))
    elif kind == ENHANCED and end - at >= 20:
        which, high, low, size, length = struct.unpack_from(order + "IIIII", view, at)
        _packet(found, which, high << 32 | low, at + 20, end, size, length)
    elif kind == PACKET and end - at >= 20:
        which, _, high, low, size, length = struct.unpack_from(order + "HHIIII", view, at)
        _packet(found, which, high << 32 | low, at + 20, end, size, length)
    elif kind == SIMPLE and end - at >= 4:
        (length,) = struct.unpack_from(order + "I", view, at)
        snap = found.interfaces[0].snap if found.interfaces else 0
        _packet(found, 0, None, at + 4, end, min(length, snap or length), length)


def _packet(
    found: _Frames, which: int, clock: int | None, at: int, end: int, size: int, length: int
) -> None:
    if which >= len(found.interfaces) or at + size > end or size > MOST_FRAME:
        found.homeless += 1
        return
    interface = found.interfaces[which]
    if clock is None:
        found.timeless += 1
        time = found.rows[-1][3] if found.rows else 0
    else:
        found.fine |= interface.units > 1_000_000 and clock * 1_000_000 % interface.units > 0
        time = clock * 1_000_000_000 // interface.units + interface.offset * 1_000_000_000
    time = min(max(time, 0), (1 << 63) - 1)
    found.rows.append((at, size, length, time, interface.link))


def _interface(view: memoryview, order: str, at: int, end: int, link: int, snap: int) -> Interface:
    units, offset = 1_000_000, 0
    while at + 4 <= end:
        code, size = struct.unpack_from(order + "HH", view, at)
        at += 4
        if code == 0 or at + size > end:
            break
        if code == _RESOLUTION and size == 1:
            power = view[at]
            units = 2 ** (power & 0x7F) if power & 0x80 else 10**power
        elif code == _OFFSET and size == 8:
            (offset,) = struct.unpack_from(order + "q", view, at)
        at += size + -size % 4
    return Interface(link, snap, units, offset)

"""A table of flows as a file of packets: pcap or pcapng.

Rows are put right first (`mend`), flows told apart (`schedule`), and what was changed or left out
is said. Packets are made while they are due: only flows that last are in memory.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

import polars as pl

from interfuse.errors import DataError, note
from interfuse.io.capture.blocks import ENHANCED, INTERFACE, SECTION
from interfuse.io.capture.mend import NEEDED, mend
from interfuse.io.capture.meter import ACTIVE, IDLE
from interfuse.io.capture.payload import PAYLOADS, payload_named
from interfuse.io.capture.schedule import apart, flows_of, in_order
from interfuse.io.capture.sender import Sent
from interfuse.io.format import Mended

SNAP = 262_144
_LINK = 1  # Ethernet
_MICRO, _NANO = 1_000_000, 1_000_000_000


def check_flows(schema: pl.Schema, where: str) -> None:
    """Check that rows with these columns are flows.

    Raises:
        DataError: columns are missing, or of types that cannot be read as what they are.
    """
    missing = [name for name in NEEDED if name not in schema]
    if missing:
        raise DataError(
            f"{where}: packets are made of flows, and column {', '.join(map(repr, missing))} is "
            "not there. Write another format, such as Parquet, or fit a capture, whose table has "
            f"{', '.join(NEEDED)}."
        )
    if not isinstance(schema["start"], pl.Datetime):
        raise DataError(
            f"{where}: column 'start' holds {schema['start']}; expected times. Say so in the "
            "schema when the data is fitted."
        )


class FlowWriter:
    """Keeps rows until all are there, because packets of different flows alternate.

    Args:
        file: open and empty.
        first: rows with the types of all.
        asked: `idle_timeout` and `active_timeout` in seconds, `payload`, `seed`.
        write: of a file format.
    """

    def __init__(
        self,
        file: IO[bytes],
        first: pl.DataFrame,
        asked: Mapping[str, Any],
        write: Callable[[IO[bytes], Iterable[Sent], bool], None],
    ) -> None:
        self.payload = payload_named(asked.get("payload") or PAYLOADS[0])
        self.idle = float(asked.get("idle_timeout") or IDLE)
        self.active = float(asked.get("active_timeout") or ACTIVE)
        self.seed = int(asked.get("seed") or 0)
        self.file, self.write = file, write
        self.fine = getattr(first.schema["start"], "time_unit", "us") == "ns"
        self.rows: list[pl.DataFrame] = []

    def put(self, chunk: pl.DataFrame) -> None:
        """Keep rows."""
        self.rows.append(chunk)

    def drop(self) -> None:
        """Forget them: there will be no file."""
        self.rows = []

    def close(self) -> None:
        """Write the packets of all of them."""
        ticks = _NANO if self.fine else _MICRO
        rows = pl.concat(self.rows)
        bare = [n for n in ("src_port", "dst_port") if n not in rows.columns]
        rows = rows.with_columns(pl.lit(None, pl.Int64).alias(name) for name in bare)
        mended = mend(rows, (), self.idle, self.active)
        changed, left = mended.changed, Counter[str]()
        flows = flows_of(mended.frame, ticks, left)
        sent = in_order(
            apart(flows, round(self.idle * ticks), changed), self.payload, ticks, self.seed
        )
        self.write(self.file, sent, self.fine)
        note([f"{n:,} flow{'s' * (n != 1)} left out: {why}" for why, n in left.items()])
        if changed:
            note(Mended.words(changed))


def write_pcap(file: IO[bytes], packets: Iterable[Sent], fine: bool) -> None:
    """Classic pcap, in microseconds or, if `fine`, nanoseconds."""
    magic, ticks = (0xA1B23C4D, _NANO) if fine else (0xA1B2C3D4, _MICRO)
    file.write(struct.pack("<IHHiIII", magic, 2, 4, 0, 0, SNAP, _LINK))
    head = struct.Struct("<IIII").pack
    for sent in packets:
        second, fraction = divmod(sent.time, ticks)
        file.write(head(second, fraction, len(sent.data), sent.length) + sent.data)


def write_pcapng(file: IO[bytes], packets: Iterable[Sent], fine: bool) -> None:
    """Pcapng with one section and one interface."""
    file.write(_block(SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
    resolution = struct.pack("<HHB3xHH", 9, 1, 9 if fine else 6, 0, 0)
    file.write(_block(INTERFACE, struct.pack("<HHI", _LINK, 0, SNAP) + resolution))
    head = struct.Struct("<IIIII").pack
    for sent in packets:
        high, low = divmod(sent.time, 1 << 32)
        body = head(0, high, low, len(sent.data), sent.length) + sent.data
        file.write(_block(ENHANCED, body + bytes(-len(body) % 4)))


def _block(kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)

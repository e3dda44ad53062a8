"""pcap and pcapng as formats: read as a table of flows, written from one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO, Any

import polars as pl

from interfuse.errors import DataError, OptionError
from interfuse.io.capture import blocks, files
from interfuse.io.capture.blocks import read_pcapng
from interfuse.io.capture.files import Capture, mapped, read_pcap
from interfuse.io.capture.flows import flow_table
from interfuse.io.capture.mend import mend
from interfuse.io.capture.meter import ACTIVE, IDLE, meter
from interfuse.io.capture.network import decode
from interfuse.io.capture.writer import FlowWriter, check_flows, write_pcap, write_pcapng
from interfuse.io.format import Format, Mended, Sink
from interfuse.io.sheet import Reading, Sheet
from interfuse.io.written import Writing


class Pcap(Format):
    """What tcpdump and Wireshark keep: packets, metered to flows (`meter`)."""

    name = "pcap"
    suffixes = (".pcap",)
    others = (".cap", ".dmp")
    alike = ("pcapng",)
    certain = True
    writes = True
    takes = frozenset({"payload"})
    _write = staticmethod(write_pcap)

    def starts(self, start: bytes) -> bool:
        """Its magic number, in either order of bytes, of micro- or nanoseconds."""
        return start[:4] in files.MAGIC

    def read(self, source: Path | bytes, where: str, how: Reading) -> Sheet:
        """Meter the flows."""
        capture = self.frames(source, where)
        decoded = decode(capture)
        if not len(decoded.packets):
            raise DataError(_nothing(where, len(capture.at), decoded.left_out))
        idle = _seconds("idle_timeout", how.file, IDLE)
        active = _seconds("active_timeout", how.file, ACTIVE)
        flows = meter(decoded.packets, idle, active)
        notes = [
            f"{where}: {_many(len(decoded.packets), 'packet')} in {_many(len(flows.first), 'flow')}"
            f", with time-outs of {idle:g} s without a packet and {active:g} s in all",
            *(f"{where}: {text}" for text in capture.notes),
            *(f"{where}: {_many(n, 'frame')} left out: {w}" for w, n in decoded.left_out.items()),
        ]
        said = {"format": self.name, "idle_timeout": idle, "active_timeout": active}
        frame = flow_table(decoded, flows, capture.nanoseconds)
        return Sheet(frame.lazy(), {"": said}, notes=tuple(notes))

    def frames(self, source: Path | bytes, where: str) -> Capture:
        """Where the frames are."""
        return read_pcap(mapped(source), where)

    def mend(self, frame: pl.DataFrame, fixed: Collection[str], said: Mapping[str, Any]) -> Mended:
        """Rows that can be flows; see `mend`."""
        idle, active = said.get("idle_timeout", IDLE), said.get("active_timeout", ACTIVE)
        return mend(frame, fixed, float(idle), float(active))

    def check(self, schema: pl.Schema, where: str) -> None:
        """Check that rows are flows."""
        check_flows(schema, where)

    def open(self, file: IO[bytes], first: pl.DataFrame, writing: Writing) -> Sink:
        """Packets, once all flows are there."""
        flows = FlowWriter(file, first, writing.file, self._write)
        return Sink(flows.put, flows.close, flows.drop)


class Pcapng(Pcap):
    """The same in blocks, of several interfaces."""

    name = "pcapng"
    suffixes = (".pcapng",)
    others = (".ntar",)
    alike = ("pcap",)
    _write = staticmethod(write_pcapng)

    def starts(self, start: bytes) -> bool:
        """A section header."""
        return start[:4] == blocks.MAGIC

    def frames(self, source: Path | bytes, where: str) -> Capture:
        """Where the frames are."""
        return read_pcapng(mapped(source), where)


FORMATS = (Pcap(), Pcapng())


def _seconds(name: str, said: Any, default: float) -> float:
    value = said.get(name)
    value = default if value is None else value
    if not isinstance(value, int | float) or not 0 < value < 1e9:
        flag = "--" + name.replace("_", "-")
        raise OptionError(f"{flag}: is {value!r}; expected a number of seconds above 0.")
    return float(value)


def _many(count: int, unit: str) -> str:
    return f"{count:,} {unit}{'s' * (count != 1)}"


def _nothing(where: str, frames: int, left_out: dict[str, int]) -> str:
    if not frames:
        return f"{where}: is a capture without a packet. Expected at least one packet of IP."
    why = "; ".join(f"{many:,} {words}" for words, many in left_out.items())
    return (
        f"{where}: none of its {frames:,} frames is a whole packet of IP ({why}). Capture others."
    )

"""Rows that can be flows: what a drawn row breaks is put right by the smallest change.

A model draws each number by itself, near what fits and not always on it: three bytes short of the
headers of its packets, a gap longer than the flow. What no packets can have is changed, in this
order, and counted:

    protocol    ends of one version, no group as source; ports where there are some; ICMP likewise
    packets     at least one from the source, none from a group; without any no flags, no bytes
    bytes       headers <= bytes; bytes - headers - payload is of options: none but in TCP, there
                whole words, at most 40 bytes a packet; messages hold what they must (`least`)
    sizes       min <= bytes / packets <= max, so that packets of such sizes have that sum
    times       iat_max <= duration <= iat_max * (packets - 1), within both time-outs

What follows from other columns (means, the state of TCP) is computed from them. A column that was
given stays as it is; a row that cannot hold with it is counted too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from interfuse.io.capture.ends import as_host, is_group, is_message, mapped
from interfuse.io.capture.flows import (
    COLUMNS,
    FLAG_TEXTS,
    HEADERS,
    STATES,
    WAYS,
    flag_bits,
    state_of,
    with_means,
)
from interfuse.io.capture.least import UNIT, least_content
from interfuse.io.capture.meter import ACK, ACTIVE, FIN, IDLE, RST, SYN
from interfuse.io.capture.octets import Ints
from interfuse.io.capture.script import LARGEST
from interfuse.io.format import Mended

PORTED = ("tcp", "udp", "sctp", "dccp", "udplite")
OPTIONS = 40
"""Most bytes of options in a TCP header: its length counts to 15 words, 5 are the header."""
_EPHEMERAL = 49_152
NEEDED = (
    "start", "duration", "src_ip", "dst_ip", "protocol",
    "fwd_packets", "bwd_packets", "fwd_bytes", "bwd_bytes",
)  # fmt: skip
"""Columns without which a row is no flow; others are made up."""


@dataclass
class _Rows:
    """Columns as arrays, while they are put right."""

    columns: dict[str, np.ndarray]
    fixed: frozenset[str]
    changed: Counter[str] = field(default_factory=Counter)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def put(self, name: str, values: np.ndarray, what: str) -> None:
        """Change a column where `values` differ from it, unless it is given."""
        old = self.columns.get(name)
        if old is None:
            self.columns[name] = values
            return
        unlike = old != values
        if not unlike.any():
            return
        if name in self.fixed:
            self.changed[f"{what}: not changed, since {name} is given"] += int(unlike.sum())
            return
        self.changed[what] += int(unlike.sum())
        self.columns[name] = np.where(unlike, values, old)


def mend(
    frame: pl.DataFrame,
    fixed: Collection[str] = (),
    idle: float = IDLE,
    active: float = ACTIVE,
) -> Mended:
    """Put rows right.

    Args:
        frame: with the columns of `flows.COLUMNS`, or some of them.
        fixed: columns that stay as they are.
        idle: seconds without a packet after which a flow has ended.
        active: the longest flow, in seconds.

    Returns:
        The same columns in the same order; a frame without the columns that make a flow as it is.
    """
    if not set(NEEDED) <= set(frame.columns) or frame.is_empty():
        return Mended(frame, Counter())
    rows = _Rows(_arrays(frame), frozenset(fixed))
    version = _protocols(rows)
    _states(rows)
    for way in WAYS:
        _counts(rows, way)
        _flags(rows, way)
        _bytes(rows, way, version)
        _sizes(rows, way, version)
    _times(rows, idle, active, frame.schema["start"])
    return Mended(_frame(rows, frame), rows.changed)


def _arrays(frame: pl.DataFrame) -> dict[str, np.ndarray]:
    """Numbers as int64 with -1 for missing ones, ticks for seconds, flags as bits, text as text."""
    out: dict[str, np.ndarray] = {}
    ticks = 1e9 if getattr(frame.schema["start"], "time_unit", "us") == "ns" else 1e6
    for name in COLUMNS:
        if name not in frame.columns:
            continue
        column = frame[name]
        if name.endswith("_flags"):
            texts = column.cast(pl.String).fill_null("")
            bits = {text: flag_bits(text) for text in texts.unique().to_list()}
            out[name] = np.array([bits[text] for text in texts.to_list()], np.int64)
        elif name in ("duration", "iat_max"):
            seconds = column.cast(pl.Float64).fill_null(-1.0).fill_nan(-1.0).to_numpy()
            out[name] = np.round(np.clip(seconds, -1 / ticks, 1e9) * ticks).astype(np.int64)
        elif column.dtype.is_numeric():
            whole = column.cast(pl.Float64).fill_nan(None).round().clip(-1, 2.0**53)
            out[name] = whole.cast(pl.Int64).fill_null(-1).to_numpy().copy()
        elif column.dtype.is_temporal():
            continue
        else:
            out[name] = column.cast(pl.String).fill_null("").to_numpy().astype(object)
    return out


def _protocols(rows: _Rows) -> Ints:
    """Protocol, addresses, ports and messages; the version of each row."""
    _groups(rows)
    six = [_texts(rows[name], lambda a: ":" in a) for name in ("src_ip", "dst_ip")]
    mixed = six[0] != six[1]
    for name, is_six in zip(("src_ip", "dst_ip"), six, strict=True):
        in_six = _texts(rows[name], mapped)
        rows.put(name, np.where(mixed & ~is_six, in_six, rows[name]), "ends of two versions of IP")
    v6 = six[0] | six[1]
    flags = rows.columns.get("fwd_flags", np.zeros(len(v6), np.int64)) > 0
    ports = rows.columns.get("dst_port", np.full(len(v6), -1, np.int64)) >= 0
    likely = np.where(flags, "tcp", np.where(ports, "udp", "icmp")).astype(object)
    protocol = np.where(rows["protocol"] == "", likely, rows["protocol"])
    rows.put("protocol", protocol, "a protocol where none was drawn")
    protocol = rows["protocol"]
    icmp = np.isin(protocol, ("icmp", "ipv6-icmp"))
    right = np.where(icmp, np.where(v6, "ipv6-icmp", "icmp"), protocol).astype(object)
    rows.put("protocol", right, "ICMP of the other version of IP")
    protocol = rows["protocol"]
    ported = np.isin(protocol, PORTED)
    spare = _EPHEMERAL + np.arange(len(ported)) * 7919 % 16_384
    for name in ("src_port", "dst_port"):
        if name not in rows.columns:
            continue  # a capture without ports has no such columns
        port = np.where(rows[name] < 0, spare, np.minimum(rows[name], LARGEST))
        rows.put(name, np.where(ported, port, -1), "ports of a protocol with, or without them")
    message = rows.columns.get("icmp", np.full(len(icmp), "", object))
    default = np.where(v6, "128/0", "8/0")
    theirs = _texts(message, is_message)
    kind = np.array(
        [int(m.split("/")[0]) if ok else 0 for m, ok in zip(message, theirs, strict=True)]
    )
    fits = theirs & np.where(v6, (kind >= 128) | (kind > 0) & (kind <= 4), kind < 128)
    right = np.where(icmp, np.where(fits, message, default), "").astype(object)
    rows.put("icmp", right, "messages of ICMP")
    return np.where(v6, 6, 4)


def _groups(rows: _Rows) -> None:
    """No group as a source, nor of TCP: the ends are turned, or a group becomes a host."""
    if {"src_ip", "dst_ip"} & rows.fixed:
        return  # which may be what was asked for
    here, there = (_texts(rows[name], is_group) for name in ("src_ip", "dst_ip"))
    tcp, words = rows["protocol"] == "tcp", "a group as the source, or of TCP"
    for name, groups in (("src_ip", here & (there | tcp)), ("dst_ip", there & tcp)):
        hosts = _texts(np.where(groups, rows[name], "10.0.0.1"), as_host)
        rows.put(name, np.where(groups, hosts, rows[name]), words)
    source, target, turned = rows["src_ip"], rows["dst_ip"], here & ~there & ~tcp
    rows.put("src_ip", np.where(turned, target, source), words)
    rows.put("dst_ip", np.where(turned, source, target), words)


def _texts(values: np.ndarray, of: object) -> np.ndarray:
    """A function of each text; asked once of each."""
    known = {text: of(text) for text in set(values.tolist())}  # type: ignore[operator]
    found = [known[text] for text in values.tolist()]
    return np.array(found, bool if isinstance(next(iter(known.values())), bool) else object)


def _states(rows: _Rows) -> None:
    """Where the state is given, the flags that mean it."""
    for way in WAYS:
        rows.columns.setdefault(f"{way}_flags", np.full(len(rows["protocol"]), ACK, np.int64))
    if "state" not in rows.columns or "state" not in rows.fixed:
        return
    answered = np.where(rows["bwd_packets"] > 0, rows["bwd_flags"], 0)
    found = state_of(rows["fwd_flags"], answered)
    unlike = (rows["protocol"] == "tcp") & (found != rows["state"])
    for state, (ours, theirs) in STATES.items():
        these = unlike & (rows["state"] == state)
        free, forward, backward = ~(SYN | FIN | RST), rows["fwd_flags"], rows["bwd_flags"]
        rows.put("fwd_flags", np.where(these, forward & free | ours, forward), "flags of a state")
        back = (backward & free | theirs) if theirs else 0
        rows.put("bwd_flags", np.where(these, back, backward), "flags of a state")
        least = np.where(
            these, np.maximum(rows["bwd_packets"], 1) if theirs else 0, rows["bwd_packets"]
        )
        rows.put("bwd_packets", least, "packets of a state")


def _counts(rows: _Rows, way: str) -> None:
    """A packet at least from the source, and none from a group or from all."""
    count = np.maximum(rows[f"{way}_packets"], 1 if way == "fwd" else 0)
    if way == "bwd":
        count = np.where(_texts(rows["dst_ip"], is_group), 0, count)
    rows.put(f"{way}_packets", count, "packets: one from the source, none from a group")


def _flags(rows: _Rows, way: str) -> None:
    """Flags of TCP alone, and of packets that are there."""
    name, count, tcp = f"{way}_flags", rows[f"{way}_packets"], rows["protocol"] == "tcp"
    rows.put(name, np.where(tcp & (count > 0), rows[name], 0), "flags where there are none")


def _bare(rows: _Rows, way: str) -> np.ndarray:
    """Where no packet of TCP acknowledges: what opens, or refuses, carries nothing."""
    bits = rows[f"{way}_flags"]
    return (rows["protocol"] == "tcp") & (bits & ACK == 0) & (bits & (SYN | RST) > 0)


def _bytes(rows: _Rows, way: str, version: Ints) -> None:
    """Bytes and payload, so that what is neither is headers."""
    count, protocol = rows[f"{way}_packets"], rows["protocol"]
    tcp, lone = protocol == "tcp", _bare(rows, way) & (rows[f"{way}_packets"] == 1)
    head = header(version, protocol) * count
    # Of TCP, so that the packets which have options can take as much as all others.
    largest = np.where(tcp, LARGEST - OPTIONS - 24, LARGEST)
    total = np.minimum(np.maximum(rows[f"{way}_bytes"], head), largest * count)
    total = np.where(lone, np.minimum(total, head + OPTIONS), total)
    least, unit = least_content(version, rows.columns)
    total = np.maximum(total, head + least * count)
    each = (total - head) // np.maximum(count, 1)
    each = least + (each - least) // UNIT * UNIT
    total = np.where(unit & (count > 0), head + each * count, total)
    payload = rows.columns.get(f"{way}_payload", np.maximum(total - head, 0))
    payload = np.where(lone, 0, np.maximum(payload, 0))
    if f"{way}_payload" in rows.fixed:
        total = np.clip(total, head + payload, head + payload + OPTIONS * count * tcp)
    most = total - head
    least = np.where(tcp, np.maximum(most - OPTIONS * count, 0), most)
    payload = np.clip(payload, least, most)
    odd = np.where(tcp, (most - payload) % 4, 0)
    # Where there is none, a byte of payload would be more of a change than one less of options.
    empty = (payload == 0) & (f"{way}_bytes" not in rows.fixed)
    total -= np.where(empty, odd, 0)
    payload += np.where(empty, 0, odd)
    rows.put(f"{way}_bytes", total, "bytes, which hold the headers of all packets")
    rows.put(f"{way}_payload", payload, "payload, which is what headers leave of bytes")
    says = _bare(rows, way) & (count > 1) & (payload > 0)
    bits = rows[f"{way}_flags"]
    rows.put(f"{way}_flags", np.where(says, bits | ACK, bits), "flags of packets with payload")


def header(version: Ints, protocol: np.ndarray) -> Ints:
    """Bytes of the shortest headers of IP and transport in a packet."""
    transport = _texts(protocol, lambda name: HEADERS.get(name, 0)).astype(np.int64)
    return np.where(version == 6, 40, 20) + transport


def _sizes(rows: _Rows, way: str, version: Ints) -> None:
    """Smallest and largest packets whose number and sum are those of the row."""
    count, total = rows[f"{way}_packets"], rows[f"{way}_bytes"]
    some = np.maximum(count, 1)
    content, unit = least_content(version, rows.columns)
    head = header(version, rows["protocol"]) + content
    least = rows.columns.get(f"{way}_size_min", head)
    floor = np.maximum(np.minimum(head, total // some), total - (some - 1) * LARGEST)
    least = np.where(unit, total // some, np.clip(least, floor, total // some))
    others = np.maximum(some - 1, 1)
    low = np.where(some > 1, -(-(total - least) // others), total)
    high = np.minimum(total - (some - 1) * least, LARGEST)
    most = np.clip(rows.columns.get(f"{way}_size_max", high), low, np.maximum(high, low))
    none = count == 0
    rows.put(f"{way}_size_min", np.where(none, -1, least), "sizes, whose sum is bytes")
    rows.put(f"{way}_size_max", np.where(none, -1, most), "sizes, whose sum is bytes")


def _times(rows: _Rows, idle: float, active: float, start: pl.DataType) -> None:
    """Durations that gaps between packets can add up to."""
    ticks = 1e9 if getattr(start, "time_unit", "us") == "ns" else 1e6
    idle, active = round(idle * ticks), round(active * ticks)
    gaps = rows["fwd_packets"] + rows["bwd_packets"] - 1
    # Gaps in numbers that no flow has would not fit into 64 bits.
    most = np.minimum(np.minimum(gaps, active // max(idle, 1) + 1) * idle, active)
    duration = np.clip(rows["duration"], 0, most)
    rows.put("duration", duration, "duration, which time-outs bound")
    duration = np.maximum(rows["duration"], 0)
    some = np.maximum(gaps, 1)
    longest = rows.columns.get("iat_max", duration // some)
    low = -(-duration // some)
    longest = np.clip(longest, low, np.maximum(np.minimum(duration, idle), low))
    rows.put("iat_max", np.where(gaps > 0, longest, -1), "the longest gap, which is in the flow")


def _frame(rows: _Rows, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as they came, with what follows from them."""
    ns = getattr(frame.schema["start"], "time_unit", "us") == "ns"
    ticks, digits = (1e9, 9) if ns else (1e6, 6)
    tcp, out = rows["protocol"] == "tcp", []
    for name in frame.columns:
        if name not in rows.columns or name in rows.fixed or name == "state":
            continue
        values, dtype = rows[name], frame.schema[name]
        if name.endswith("_flags"):
            texts = [
                FLAG_TEXTS[b] if t else None for b, t in zip(values.tolist(), tcp, strict=True)
            ]
            out.append(pl.Series(name, texts, pl.String).cast(dtype))
        elif name in ("duration", "iat_max"):
            series = pl.Series(name, np.round(values / ticks, digits))
            out.append(series.set(pl.Series(values < 0), None).cast(dtype))
        elif values.dtype == object:
            series = pl.Series(name, values.tolist(), pl.String)
            out.append(series.replace("", None).cast(dtype, strict=False))
        else:
            out.append(pl.Series(name, values).set(pl.Series(values < 0), None).cast(dtype))
    states = state_of(rows["fwd_flags"], rows["bwd_flags"])
    if "state" in frame.columns and "state" not in rows.fixed:
        texts = [s if t else None for s, t in zip(states.tolist(), tcp, strict=True)]
        out.append(pl.Series("state", texts, pl.String).cast(frame.schema["state"]))
    new = frame.with_columns(out)
    means = [n for n in frame.columns if n.endswith("_mean") and n not in rows.fixed]
    whole = {*NEEDED} <= set(new.columns)
    if whole and means:
        computed = with_means(new)
        new = new.with_columns(
            computed[n].cast(frame.schema[n]) for n in means if n in computed.columns
        )
    return new

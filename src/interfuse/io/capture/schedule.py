"""Rows as flows that can be told apart, and their packets in the order of time."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random

import polars as pl

from interfuse.io.capture.flows import NUMBERS, WAYS, flag_bits
from interfuse.io.capture.frames import Ends
from interfuse.io.capture.meter import FIN, RST, SYN
from interfuse.io.capture.script import Way
from interfuse.io.capture.sender import Flow, Sent, send

_PAIRED = (8, 13, 15, 17, 128)
"""Messages of ICMP with an identifier."""


def flows_of(frame: pl.DataFrame, ticks: int, left: Counter[str]) -> list[Flow]:
    """Flows of rows that have been put right, in the order of their start.

    Args:
        frame: `mend` gave it.
        ticks: in a second.
        left: counts rows that are left out, by words for why.
    """
    out = []
    unit = "ns" if ticks == 1_000_000_000 else "us"
    starts = frame["start"].dt.timestamp(unit)
    rows = frame.with_columns(start=starts).sort("start", maintain_order=True)
    for row in rows.iter_rows(named=True):
        protocol = NUMBERS.get(row["protocol"] or "", -1)
        if protocol < 0 and (row["protocol"] or "").isdecimal():
            protocol = int(row["protocol"])
        if row["start"] is None or not 0 <= row["start"] < ticks << 32:
            left["a time that a capture cannot hold"] += 1
        elif not 0 <= protocol < 256:
            left["a protocol that has no number"] += 1
        else:
            try:
                ports = (row["src_port"] or 0, row["dst_port"] or 0)
                ends = Ends.of(row["src_ip"] or "", row["dst_ip"] or "", ports, protocol)
            except ValueError:
                left["an address that is none"] += 1
                continue
            out.append(_flow(row, ends, ticks))
    return out


def _flow(row: dict, ends: Ends, ticks: int) -> Flow:
    kind, _, code = (row.get("icmp") or "0/0").partition("/")
    one, other = (_way(row, name) for name in WAYS)
    duration, longest = (round((row.get(n) or 0) * ticks) for n in ("duration", "iat_max"))
    return Flow(row["start"], duration, longest, ends, (one, other), (int(kind), int(code)), 0)


def _way(row: dict, name: str) -> Way:
    counted = ("packets", "bytes", "payload", "size_min", "size_max")
    numbers = [row.get(f"{name}_{what}") or 0 for what in counted]
    return Way._make([*numbers, flag_bits(row.get(f"{name}_flags") or "")])


def apart(flows: Iterable[Flow], idle: int, changed: Counter[str]) -> Iterator[Flow]:
    """Flows that a meter tells apart.

    Args:
        flows: in the order of their start.
        idle: ticks without a packet that end a flow.
        changed: counts what was changed, by words for it.
    """
    taken: dict[tuple, tuple[int, bool]] = {}
    asked: Counter[tuple] = Counter()
    for flow in flows:
        ends = flow.ends
        if ends.protocol in (1, 58):
            key = (*_sides(ends), flow.message[0])
            if flow.message[0] in _PAIRED:
                asked[key] += 1
                flow = flow._replace(exchange=asked[key] & 0xFFFF)
                key = (*key, flow.exchange)
        else:
            key = _sides(ends)
        if _meets(taken.get(key), flow, idle) and ends.ports != (0, 0):
            ends = _moved(ends, taken)
            flow, key = flow._replace(ends=ends), _sides(ends)
            changed["source port, which another flow of the same ends has at the time"] += 1
        elif _meets(taken.get(key), flow, idle):
            changed["nothing, though they read as one with another flow of the same ends"] += 1
        closed = bool((flow.ways[0].flags | flow.ways[1].flags) & (FIN | RST))
        taken[key] = flow.start + flow.duration, closed
        yield flow


def _sides(ends: Ends) -> tuple:
    sides = sorted(zip(ends.addresses, ends.ports, strict=True))
    return ends.protocol, *sides


def _meets(before: tuple[int, bool] | None, flow: Flow, idle: int) -> bool:
    """Whether a flow reads as one with another that has ended, or not yet."""
    if before is None or flow.start - before[0] > idle:
        return False
    opens = flow.ends.protocol == 6 and flow.ways[0].flags & SYN > 0
    return not (before[1] and opens and flow.start > before[0])


def _moved(ends: Ends, taken: dict[tuple, tuple[int, bool]]) -> Ends:
    port, other = ends.ports
    least = 1024 if port >= 1024 else 1
    for _ in range(1 << 16):
        port = port + 1 if port < 65_535 else least
        moved = ends._replace(ports=(port, other))
        if _sides(moved) not in taken:
            return moved
    return ends


def in_order(flows: Iterable[Flow], payload: str, ticks: int, seed: int) -> Iterator[Sent]:
    """The packets of all flows in the order of time.

    Args:
        flows: in the order of their start.
        payload: one of `PAYLOADS`.
        ticks: in a second.
        seed: of all draws; flow i depends on it and on i alone.
    """
    going: list[tuple[int, int, Sent, Iterator[Sent]]] = []
    for i, flow in enumerate(flows):
        while going and going[0][0] < flow.start:
            yield _next(going)
        packets = send(flow, payload, ticks, Random(f"{seed}/{i}"))
        first = next(packets, None)
        if first is not None:
            heapq.heappush(going, (first.time, i, first, packets))
    while going:
        yield _next(going)


def _next(going: list[tuple[int, int, Sent, Iterator[Sent]]]) -> Sent:
    _, i, sent, packets = going[0]
    following = next(packets, None)
    if following is None:
        heapq.heappop(going)
    else:
        heapq.heapreplace(going, (following.time, i, following, packets))
    return sent

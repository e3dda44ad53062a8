"""From packets to bidirectional flows.

Packets belong together that have the same two ends, ports and protocol, whichever way they go
(RFC 5103). Of ICMP a message and its reply belong together by their identifier, as in Linux'
conntrack. The sender of the first packet is the source. A flow ends

* when nothing comes for longer than the idle time-out;
* when it has lasted for longer than the active time-out: the next packet begins another;
* of TCP, when a SYN follows a FIN or RST: the ports are used again.

Both time-outs change how many flows there are. The defaults, 120 s and 1,800 s, are those of
nfstream; 1,800 s is also Cisco's active time-out, whose idle one is 15 s.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interfuse.io.capture.network import NONE, TCP, Packets
from interfuse.io.capture.octets import Ints, Mask

IDLE, ACTIVE = 120.0, 1800.0
"""Seconds."""
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Ways(NamedTuple):
    """What is measured of the packets that go one way, by flow; -1 where there are none.

    Attributes:
        packets, size, payload: how many, and their bytes in all.
        least, most: bytes of the smallest and largest.
        flags: all that were seen.
    """

    packets: Ints
    size: Ints
    payload: Ints
    least: Ints
    most: Ints
    flags: Ints


class Flows(NamedTuple):
    """Bidirectional flows, in the order of their first packets.

    Attributes:
        first: the row of the first packet.
        start, duration, longest: nanoseconds; the last is the longest gap between two packets.
        forward, backward: what the source sent, and what it got.
    """

    first: Ints
    start: Ints
    duration: Ints
    longest: Ints
    forward: Ways
    backward: Ways


def meter(packets: Packets, idle: float = IDLE, active: float = ACTIVE) -> Flows:
    """Meter flows.

    Args:
        packets: at least one, in any order.
        idle: seconds without a packet after which a flow has ended.
        active: the longest flow, in seconds.
    """
    ends, ports, turned = _keys(packets)
    # Of equal times the order is that of the capture: lexsort is stable.
    order = np.lexsort((packets.time, ports, ends))
    time = packets.time[order]
    new = np.ones(len(order), bool)
    same = (ends[order][1:] == ends[order][:-1]) & (ports[order][1:] == ports[order][:-1])
    new[1:] = ~same | (np.diff(time) > round(idle * 1e9))
    tcp, flags = packets.protocol[order] == TCP, packets.flags[order]
    opens = tcp & (flags & (SYN | ACK) == SYN)
    closed = np.cumsum(tcp & (flags & (FIN | RST) > 0))
    _split(time, new, opens, np.concatenate([[0], closed[:-1]]), round(active * 1e9))
    at = np.flatnonzero(new)
    flow = np.cumsum(new) - 1
    forward = turned[order] == turned[order][at][flow]
    last = np.append(at[1:], len(order)) - 1
    gaps = np.diff(time, prepend=time[0])
    gaps[at] = 0
    flows = Flows(
        order[at],
        time[at],
        time[last] - time[at],
        np.maximum.reduceat(gaps, at),
        _way(packets, order, at, forward),
        _way(packets, order, at, ~forward),
    )
    return _by_start(flows)


def _keys(packets: Packets) -> tuple[Ints, Ints, Mask]:
    """Two numbers that both ways of a flow share, and which way a packet goes."""
    source, target = packets.source, packets.target
    here, there = packets.source_port + 1, packets.target_port + 1
    turned = (source > target) | ((source == target) & (here > there))
    low, high = np.where(turned, target, source), np.where(turned, source, target)
    one, other = np.where(turned, there, here), np.where(turned, here, there)
    many = int(max(target.max(), source.max())) + 1
    exchange = np.where(packets.exchange == NONE, 0, packets.exchange + 1)
    # Messages of ICMP have no ports, and nothing else has an exchange.
    ports = ((one << 17 | other) + exchange) << 8 | packets.protocol
    return low * many + high, ports, turned


def _split(time: Ints, new: Mask, opens: Mask, ends: Ints, active: int) -> None:
    """End flows of the same ports that a SYN begins anew, and those longer than the time-out.

    Args:
        time: of packets, flow after flow.
        new: where a flow begins; beginnings are added.
        opens: where a SYN is.
        ends: FIN and RST before each packet.
        active: the time-out.
    """
    begins = np.flatnonzero(new)
    stops = np.append(begins[1:], len(time))
    # A SYN begins another connection if there was an end since the last one, or since the start.
    marks = np.flatnonzero(opens | new)
    since = np.zeros(len(time), np.int64)
    since[marks[1:]] = np.diff(ends[marks])
    again = opens & (since > 0) & ~new
    new |= again
    for i in np.flatnonzero(time[stops - 1] - time[begins] > active).tolist():
        # What the time-out cuts off has no ends before it, which may make a SYN no beginning.
        start, stop = int(begins[i]), int(stops[i])
        new[start + 1 : stop] = False
        asked = start + np.flatnonzero(opens[start:stop])
        anew = asked[again[asked]]
        while start < stop:
            due = start + int(np.searchsorted(time[start:stop], time[start] + active, "right"))
            at = int(np.searchsorted(asked, start, "right"))
            first = asked[at : at + 1]
            others = anew[np.searchsorted(anew, first[0], "right") :][:1] if len(first) else first
            start = int(min([*first[ends[first] > ends[start]], *others, due]))
            if start < stop:
                new[start] = True


def _way(packets: Packets, order: Ints, at: Ints, which: Mask) -> Ways:
    sizes, huge = packets.size[order], np.iinfo(np.int64).max
    count = np.add.reduceat(which.astype(np.int64), at)
    flags = np.where(which, np.maximum(packets.flags[order], 0), 0)
    none = count == 0
    least = np.minimum.reduceat(np.where(which, sizes, huge), at)
    most = np.maximum.reduceat(np.where(which, sizes, NONE), at)
    return Ways(
        count,
        np.add.reduceat(np.where(which, sizes, 0), at),
        np.add.reduceat(np.where(which, packets.payload[order], 0), at),
        np.where(none, NONE, least),
        most,
        np.bitwise_or.reduceat(flags, at),
    )


def _by_start(flows: Flows) -> Flows:
    order = np.lexsort((flows.first, flows.start))
    forward, backward = (
        Ways(*(part[order] for part in way)) for way in (flows.forward, flows.backward)
    )
    return Flows(
        flows.first[order],
        flows.start[order],
        flows.duration[order],
        flows.longest[order],
        forward,
        backward,
    )

"""From IPv4 and IPv6 headers to packets: addresses, protocol, ports, flags, sizes.

Sizes are those that headers state, so that a capture of the first bytes of each packet (a snap
length) has the same flows as a whole one, and padding of Ethernet is no payload. A length of zero,
which packets have that the network card was to cut into segments, is that of the frame.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from interfuse.io.capture.files import Capture
from interfuse.io.capture.link import IPV4, IPV6, network_of
from interfuse.io.capture.octets import Ints, Mask, Octets

ICMP, TCP, UDP, FRAGMENT, AH, ICMP6, NO_NEXT = 1, 6, 17, 44, 51, 58, 59
WITH_PORTS = (6, 17, 33, 132, 136)
"""TCP, UDP, DCCP, SCTP, UDP-Lite: two ports come first."""
_EXTENSIONS = (0, 43, 60, 135, 139, 140)
"""Of IPv6, in units of 8 bytes: hop by hop, routing, destination, mobility, HIP, shim."""
_REPLIES = {(ICMP, 0): 8, (ICMP, 14): 13, (ICMP, 16): 15, (ICMP, 18): 17, (ICMP6, 129): 128}
"""By protocol and type of a reply, the type of what it answers (conntrack of Linux has these)."""
NONE = -1


@dataclass
class Packets:
    """One row a packet; -1 is none.

    Attributes:
        time: nanoseconds since 1970.
        version: 4 or 6.
        source, target: rows of the addresses.
        protocol: number.
        source_port, target_port: of protocols that have them.
        size: bytes from the IP header on.
        payload: bytes behind the transport header.
        flags: the eight bits of TCP.
        message: of ICMP, 256 times the type and the code.
        exchange: of ICMP what belongs together: the type asked, and the identifier.
    """

    time: Ints
    version: Ints
    source: Ints
    target: Ints
    protocol: Ints
    source_port: Ints
    target_port: Ints
    size: Ints
    payload: Ints
    flags: Ints
    message: Ints
    exchange: Ints

    def __len__(self) -> int:
        return len(self.time)

    def rows(self, which: Ints | Mask) -> Packets:
        """Some of them."""
        return Packets(*(getattr(self, f.name)[which] for f in fields(self)))


class Decoded(NamedTuple):
    """What a capture holds.

    Attributes:
        packets: of IP.
        addresses: (k, 16) bytes; the first four are those of IPv4.
        left_out: by words for why, how many frames are no packets.
    """

    packets: Packets
    addresses: np.ndarray
    left_out: dict[str, int]


class _Heads(NamedTuple):
    """The network headers of packets of one version."""

    rows: Ints
    protocol: Ints
    body: Ints
    stop: Ints
    size: Ints
    fragment: Ints
    ident: Ints
    addresses: np.ndarray


def decode(capture: Capture) -> Decoded:
    """All packets of a capture."""
    octets, at = capture.octets, capture.at
    end = at + capture.captured
    network, unknown = network_of(octets, capture.link, at, end)
    wire = np.maximum(capture.length - (network.at - at), 0)
    left: dict[str, int] = {f"of link type {k}, which is not known": v for k, v in unknown.items()}
    n = len(at)
    packets = Packets(*(np.full(n, NONE, np.int64) for _ in fields(Packets)))
    packets.time = capture.time
    ends = np.zeros((n, 2, 16), np.uint8)
    body, first = np.full(n, NONE, np.int64), np.zeros(n, np.int64)
    ident = np.zeros(n, np.int64)
    for version, read in ((4, _heads4), (6, _heads6)):
        rows = np.flatnonzero(network.kind == (IPV4 if version == 4 else IPV6))
        heads = read(octets, rows, network.at[rows], end[rows], wire[rows])
        rows = heads.rows
        packets.version[rows], packets.protocol[rows] = version, heads.protocol
        packets.size[rows] = heads.size
        packets.payload[rows] = np.maximum(heads.stop - heads.body, 0)
        ends[rows, :, : heads.addresses.shape[2]] = heads.addresses
        body[rows], first[rows], ident[rows] = heads.body, heads.fragment, heads.ident
    known = packets.version > 0
    others = int((~known).sum()) - sum(unknown.values())
    if others:
        left["not of IP, or with a broken or cut IP header"] = others
    _transport(octets, packets, np.flatnonzero(known & (first <= 0)), body, end, known, left)
    packets.source, packets.target, addresses = _interned(packets.version, ends)
    _join_fragments(packets, known, first, ident, left)
    return Decoded(packets.rows(known), addresses, left)


def _heads4(octets: Octets, rows: Ints, at: Ints, end: Ints, wire: Ints) -> _Heads:
    head = (octets.number(at) & 15) * 4
    good = (octets.number(at) >> 4 == 4) & (head >= 20) & (at + 20 <= end)
    rows, at, wire, head = rows[good], at[good], wire[good], head[good]
    size = octets.number(at + 2, 2)
    size = np.where(size == 0, wire, size)
    whole = size >= head
    rows, at, head, size = rows[whole], at[whole], head[whole], size[whole]
    place = octets.number(at + 6, 2)
    offset, more = (place & 0x1FFF) * 8, place & 0x2000 > 0
    addresses = octets.block(at + 12, 8).reshape(-1, 2, 4)
    fragment = np.where(offset > 0, offset, np.where(more, 0, NONE))
    protocol, ident = octets.number(at + 9), octets.number(at + 4, 2)
    return _Heads(rows, protocol, at + head, at + size, size, fragment, ident, addresses)


def _heads6(octets: Octets, rows: Ints, at: Ints, end: Ints, wire: Ints) -> _Heads:
    good = (octets.number(at) >> 4 == 6) & (at + 40 <= end)
    rows, at, end, wire = rows[good], at[good], end[good], wire[good]
    size = octets.number(at + 4, 2) + 40
    size = np.where(size == 40, np.maximum(wire, 40), size)
    following, body = octets.number(at + 6), at + 40
    fragment, ident = np.full_like(at, NONE), np.zeros_like(at)
    for _ in range(8):
        more = (
            np.isin(following, (*_EXTENSIONS, FRAGMENT, AH)) & (body + 8 <= end) & (fragment <= 0)
        )
        if not more.any():
            break
        split = more & (following == FRAGMENT)
        place = octets.number(body + 2, 2)
        part = np.where(place & 0xFFF8 > 0, place & 0xFFF8, np.where(place & 1, 0, NONE))
        fragment, ident = (
            np.where(split, part, fragment),
            np.where(split, octets.number(body + 4, 4), ident),
        )
        units = octets.number(body + 1)
        length = np.select([split, following == AH], [8, (units + 2) * 4], (units + 1) * 8)
        following = np.where(more, octets.number(body), following)
        body = np.where(more, body + length, body)
    addresses = octets.block(at + 8, 32).reshape(-1, 2, 16)
    return _Heads(rows, following, body, at + size, size, fragment, ident, addresses)


def _transport(
    octets: Octets,
    packets: Packets,
    rows: Ints,
    body: Ints,
    end: Ints,
    known: Mask,
    left: dict[str, int],
) -> None:
    """Read ports, flags and messages of the packets that have a transport header."""
    protocol, at, end = packets.protocol[rows], body[rows], end[rows]
    ports = np.isin(protocol, WITH_PORTS)
    need = np.select([protocol == TCP, ports, np.isin(protocol, (ICMP, ICMP6))], [14, 4, 2], 0)
    cut = at + need > end
    # The size that the header states is no excuse either: such a packet has no ports.
    short = packets.payload[rows] < need
    if (cut | short).any():
        left["of IP, but cut or malformed before their ports"] = int((cut | short).sum())
        known[rows[cut | short]] = False
    good = ~(cut | short)
    rows, at, protocol, ports = rows[good], at[good], protocol[good], ports[good]
    packets.source_port[rows[ports]] = octets.number(at[ports], 2)
    packets.target_port[rows[ports]] = octets.number(at[ports] + 2, 2)
    head = np.zeros_like(at)
    tcp = protocol == TCP
    packets.flags[rows[tcp]] = octets.number(at[tcp] + 13)
    head[tcp] = np.maximum((octets.number(at[tcp] + 12) >> 4) * 4, 20)
    head[np.isin(protocol, (UDP, 136, ICMP, ICMP6))] = 8
    head[np.isin(protocol, (33, 132))] = 12
    packets.payload[rows] = np.maximum(packets.payload[rows] - head, 0)
    icmp = np.isin(protocol, (ICMP, ICMP6))
    rows, at, protocol = rows[icmp], at[icmp], protocol[icmp]
    kind = octets.number(at)
    packets.message[rows] = kind * 256 + octets.number(at + 1)
    asked = kind.copy()
    for (which, reply), question in _REPLIES.items():
        asked[(protocol == which) & (kind == reply)] = question
    pairs = np.isin(protocol * 256 + asked, [p * 256 + q for (p, _), q in _REPLIES.items()])
    pairs &= at + 6 <= end[good][icmp]
    packets.exchange[rows] = asked << 16 | np.where(pairs, octets.number(at + 4, 2), 0)


def _interned(version: Ints, ends: np.ndarray) -> tuple[Ints, Ints, np.ndarray]:
    """Rows of addresses for both ends; IPv4 and IPv6 have rows of their own."""
    n = len(ends)
    out = np.full((n, 2), NONE, np.int64)
    tables, before = [], 0
    for one, size in ((4, 4), (6, 16)):
        rows = np.flatnonzero(version == one)
        flat = np.ascontiguousarray(ends[rows, :, :size]).reshape(-1, size)
        as_one = flat.view(">u4").ravel() if size == 4 else flat.view("V16").ravel()
        unique, inverse = np.unique(as_one, return_inverse=True)
        out[rows] = inverse.reshape(-1, 2) + before
        table = np.zeros((len(unique), 16), np.uint8)
        table[:, :size] = unique.view(np.uint8).reshape(-1, size)
        tables.append(table)
        before += len(unique)
    return out[:, 0], out[:, 1], np.concatenate(tables)


def _join_fragments(
    packets: Packets, known: Mask, first: Ints, ident: Ints, left: dict[str, int]
) -> None:
    """Give later fragments the ports of the first one; leave out those without one."""
    if not (known & (first > 0)).any():
        return
    begun: dict[tuple[int, ...], int] = {}
    lost = 0
    for row in np.flatnonzero(known & (first >= 0)).tolist():
        ends = packets.source[row], packets.target[row], packets.protocol[row], ident[row]
        key = tuple(int(part) for part in ends)
        if first[row] == 0:
            begun[key] = row
            continue
        source = begun.get(key)
        if source is None:
            known[row] = False
            lost += 1
            continue
        packets.source_port[row] = packets.source_port[source]
        packets.target_port[row] = packets.target_port[source]
        packets.exchange[row] = packets.exchange[source]
    packets.flags[known & (first > 0) & (packets.protocol == TCP)] = 0
    if lost:
        left["fragments whose first part is not in the capture before them"] = lost

"""From frames to what they carry: a function for each link type (https://www.tcpdump.org/linktypes.html).

Each takes where frames begin and end, and gives where the network layer begins and its EtherType;
0 is a frame that carries none. Behind Ethernet there may be any stack of VLAN tags, MPLS labels and
PPPoE.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from interfuse.io.capture.octets import Ints, Mask, Octets

IPV4, IPV6 = 0x0800, 0x86DD
_VLAN = (0x8100, 0x88A8, 0x9100, 0x9200, 0x9300)
_MPLS = (0x8847, 0x8848)
_PPPOE, _VNTAG, _BACKBONE = 0x8864, 0x8926, 0x88E7
_STACKED = (*_VLAN, *_MPLS, _PPPOE, _VNTAG, _BACKBONE)
_RAW = -1  # the version is in the first half of the first byte
_DEEPEST = 12
"""Tags that may stand in one another: more is no traffic but a test of parsers."""


class Network(NamedTuple):
    """The network layer of frames.

    Attributes:
        at: (n,) where it begins.
        kind: (n,) `IPV4`, `IPV6`, another EtherType, or 0.
    """

    at: Ints
    kind: Ints


def network_of(octets: Octets, link: Ints, at: Ints, end: Ints) -> tuple[Network, dict[int, int]]:
    """The network layer of frames of any link types.

    Args:
        octets: the capture.
        link: (n,) link types.
        at: (n,) where frames begin.
        end: (n,) where what was captured of them ends.

    Returns:
        It, and how many frames there are of link types that are not known.
    """
    start, kind = at.copy(), np.zeros_like(at)
    unknown: dict[int, int] = {}
    for one in np.unique(link).tolist():
        where = slice(None) if (link == one).all() else link == one
        found = LINKS.get(one)
        if found is None:
            unknown[one] = int((link == one).sum())
            continue
        start[where], kind[where] = unstacked(
            octets, *found(octets, at[where], end[where]), end[where]
        )
    kind[start >= end] = 0
    return Network(start, kind), unknown


def unstacked(octets: Octets, at: Ints, kind: Ints, end: Ints) -> Network:
    """What lies behind tags and labels."""
    at, kind = at.copy(), kind.copy()
    for _ in range(_DEEPEST):
        tagged = np.isin(kind, (*_STACKED, _RAW)) & (at < end)
        if not tagged.any():
            break
        rows = np.flatnonzero(tagged)
        for one in np.unique(kind[rows]).tolist():
            these = rows[kind[rows] == one]
            at[these], kind[these] = _behind(octets, one, at[these])
    return Network(at, kind)


def _behind(octets: Octets, kind: int, at: Ints) -> Network:
    if kind in _VLAN:
        return Network(at + 4, octets.number(at + 2, 2))
    if kind == _PPPOE:
        return Network(at + 8, _of_ppp(octets.number(at + 6, 2)))
    if kind == _VNTAG:
        return Network(at + 6, octets.number(at + 4, 2))
    if kind == _BACKBONE:  # 802.1ah: a whole frame of Ethernet behind its tag
        return Network(at + 18, octets.number(at + 16, 2))
    if kind == _RAW:
        version = octets.number(at) >> 4
        return Network(at, np.select([version == 4, version == 6], [IPV4, IPV6], 0))
    last = octets.number(at + 2) & 1 == 1  # the bottom of the stack of labels
    return Network(at + 4, np.where(last, _RAW, kind))


def _of_ppp(protocol: Ints) -> Ints:
    return np.select(
        [protocol == 0x21, protocol == 0x57, protocol == 0x281], [IPV4, IPV6, 0x8847], 0
    )


def _ethernet(octets: Octets, at: Ints, end: Ints) -> Network:
    kind = octets.number(at + 12, 2)
    return _or_llc(octets, at + 14, kind, kind < 0x600)


def _or_llc(octets: Octets, at: Ints, kind: Ints, short: Mask) -> Network:
    """An EtherType; where it is a length, what an LLC header of 3 bytes (IP) or 8 (SNAP) says."""
    if not short.any():
        return Network(at, kind)
    head = octets.number(at, 3)
    snap = short & (head == 0xAAAA03)
    plain = short & (head == 0x060603)
    kind = np.select([snap, plain, short], [octets.number(at + 6, 2), IPV4, 0], kind)
    return Network(at + np.select([snap, plain], [8, 3], 0), kind)


def _llc(octets: Octets, at: Ints, end: Ints) -> Network:
    return _or_llc(octets, at, np.zeros_like(at), np.ones(len(at), bool))


def _null(octets: Octets, at: Ints, end: Ints) -> Network:
    """A family of addresses in the captor's order of bytes; only its low byte is used."""
    family = np.maximum(octets.number(at), octets.number(at + 3))
    kind = np.select([family == 2, np.isin(family, (10, 24, 28, 30))], [IPV4, IPV6], 0)
    return Network(at + 4, kind)


def _raw(octets: Octets, at: Ints, end: Ints) -> Network:
    return Network(at, np.full_like(at, _RAW))


def _ipv4(octets: Octets, at: Ints, end: Ints) -> Network:
    return Network(at, np.full_like(at, IPV4))


def _ipv6(octets: Octets, at: Ints, end: Ints) -> Network:
    return Network(at, np.full_like(at, IPV6))


def _ppp(octets: Octets, at: Ints, end: Ints) -> Network:
    """With address and control bytes (HDLC) or without."""
    at = at + 2 * (octets.number(at, 2) == 0xFF03)
    wide = octets.number(at) & 1 == 0
    protocol = np.where(wide, octets.number(at, 2), octets.number(at))
    return Network(at + 1 + wide, _of_ppp(protocol))


def _fddi(octets: Octets, at: Ints, end: Ints) -> Network:
    return _llc(octets, at + 13, end)


def _cooked(octets: Octets, at: Ints, end: Ints) -> Network:
    kind = octets.number(at + 14, 2)
    return _or_llc(octets, at + 16, kind, kind == 4)


def _cooked2(octets: Octets, at: Ints, end: Ints) -> Network:
    kind = octets.number(at, 2)
    return _or_llc(octets, at + 20, kind, kind == 4)


def _wireless(octets: Octets, at: Ints, end: Ints) -> Network:
    """Data frames of 802.11 that are not encrypted: 24 bytes, 6 more between bridges, 2 of QoS."""
    control, flags = octets.number(at), octets.number(at + 1)
    bridged = flags & 3 == 3
    quality = control & 0x80 == 0x80
    ordered = quality & (flags & 0x80 == 0x80)
    size = 24 + 6 * bridged + 2 * quality + 4 * ordered
    data = (control & 0x0C == 0x08) & (control & 0x40 == 0) & (flags & 0x40 == 0)
    found = _llc(octets, at + size, end)
    return Network(found.at, np.where(data, found.kind, 0))


def _radiotap(octets: Octets, at: Ints, end: Ints) -> Network:
    return _wireless(octets, at + octets.little(at + 2, 2), end)


def _nflog(octets: Octets, at: Ints, end: Ints) -> Network:
    """Family, version, resource; fields of length and type in the captor's order: 9 is data."""
    kind = np.select([octets.number(at) == 2, octets.number(at) == 10], [IPV4, IPV6], 0)
    field = at + 4
    found = np.zeros_like(at)
    for _ in range(64):
        size, what = octets.little(field, 2), octets.little(field + 2, 2) & 0x7FFF
        found = np.where((found == 0) & (what == 9), field + 4, found)
        going = (found == 0) & (size >= 4) & (field + 4 < end)
        if not going.any():
            break
        field = np.where(going, field + size + -size % 4, field)
    return Network(found, np.where(found > 0, kind, 0))


LINKS: dict[int, Callable[[Octets, Ints, Ints], Network]] = {
    0: _null,
    1: _ethernet,
    9: _ppp,
    10: _fddi,
    12: _raw,
    14: _raw,
    50: _ppp,
    101: _raw,
    105: _wireless,
    108: _null,
    113: _cooked,
    127: _radiotap,
    228: _ipv4,
    229: _ipv6,
    239: _nflog,
    276: _cooked2,
}
"""By number of the link type."""

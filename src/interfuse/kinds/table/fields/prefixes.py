"""Prefixes in conditions: `src_ip in 10.0.0.0/8`."""

from __future__ import annotations

import ipaddress

import numpy as np
import polars as pl

from interfuse.internet import Addresses, written
from interfuse.kinds.table.fields.hosttext import Parts
from interfuse.kinds.table.fields.networks import Networks

Prefix = ipaddress.IPv4Network | ipaddress.IPv6Network


def inside(networks: Networks, asked: Prefix) -> np.ndarray:
    """Which networks may stand for the addresses of a prefix.

    Those that are drawn inside it; if there are none, the one that its first address is known to
    be in.
    """
    out = within(networks, asked)
    if not out.any():
        high, low = _halves(int(asked.network_address))
        code = int(networks.known(_one(asked.version, high, low))[0][0])
        if code >= 0:
            out[code] = True
    return out


def within(networks: Networks, asked: Prefix) -> np.ndarray:
    """Which networks are drawn inside a prefix."""
    high, low = _halves(int(asked.network_address))
    out = np.zeros(len(networks), bool)
    for i, n in enumerate(networks.table):
        if n.length >= asked.prefixlen:
            first = _one(n.family, n.high, n.low)
            out[i] = first.within(asked.version, high, low, asked.prefixlen)[0]
    return out


def turned(parts: Parts, asked: Prefix, whole: bool) -> pl.Series:
    """The values, addresses of a prefix put into its neighbour: the prefix's last bit turned."""
    first, bit = int(asked.network_address), 1 << (asked.max_prefixlen - asked.prefixlen)
    there = parts.found.within(asked.version, *_halves(first), asked.prefixlen)
    turn = _halves(bit if asked.prefixlen else 0)
    high, low = (
        np.where(there, part ^ np.uint64(own), part)
        for part, own in zip(parts.found[1:], turn, strict=True)
    )
    made = Addresses(parts.found.family, high, low)
    texts = pl.Series(made.low) if whole else written(made, parts.forms).fill_null(parts.texts)
    return texts.gather(np.maximum(parts.place, 0))


def moved(parts: Parts, asked: Prefix, whole: bool) -> pl.Series:
    """The values, addresses outside of a prefix put inside, their own last bits kept.

    Args:
        parts: of a column.
        asked: the prefix.
        whole: as whole numbers.
    """
    first, mask = int(asked.network_address), int(asked.hostmask)
    there = parts.found.within(asked.version, *_halves(first), asked.prefixlen)
    halves = zip(parts.found[1:], _halves(mask), _halves(first), strict=True)
    high, low = (
        np.where(there, part, (part & np.uint64(own)) | np.uint64(new)) for part, own, new in halves
    )
    made = Addresses(np.full(len(there), asked.version, np.uint8), high, low)
    texts = pl.Series(made.low) if whole else written(made, parts.forms)
    return texts.gather(np.maximum(parts.place, 0))


def _one(family: int, high: int, low: int) -> Addresses:
    kinds = (np.uint8, np.uint64, np.uint64)
    return Addresses(*(np.array([x], t) for x, t in zip((family, high, low), kinds, strict=True)))


def _halves(number: int) -> tuple[int, int]:
    return number >> 64, number & (2**64 - 1)

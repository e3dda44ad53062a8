"""How addresses are put into networks, and what is kept of these; see `fields.networks`."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

from interfuse.internet import BITS, CLASSES, Addresses
from interfuse.kinds.table.fields.pseudonyms import Network, digest, new_prefix, scrambled

FEW = 20
"""Values that fewer rows have are never stored as they are."""
LEVELS = {4: (24, 16), 6: (64, 48), 48: (24,)}
TAG_BITS = {(4, 24): 16, (4, 16): 12, (6, 64): 32, (6, 48): 24, (48, 24): 48}
FEW_BITS, MORE_BITS = 12, 16
"""Of the tags of hosts: of networks of 256 addresses, and of larger ones."""
MOST = 400
"""Networks of one length that a space has."""
_ALL = np.uint64(2**64 - 1)
_SHARE = 5_000
_TURNS, _MANY = 32, 2_000


def idents(a: Addresses) -> np.ndarray:
    """(n,) a number for each address, the same for no two of a table."""
    return scrambled(scrambled(a.high ^ a.family.astype(np.uint64) << np.uint64(56)) ^ a.low)


def grouped(
    found: Addresses, counts: np.ndarray
) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    """The group of each address; of each group family, length, prefix and class."""
    kinds = found.classes()
    opened = np.array([c.open for c in CLASSES])[kinds] if len(kinds) else np.zeros(0, bool)
    label = np.full(len(kinds), -1, np.int64)
    prefixes: list[tuple[int, int, int, int]] = []
    least = max(FEW, int(counts.sum()) // _SHARE)
    for i in np.flatnonzero(~opened & (counts >= FEW)).tolist():
        family = int(found.family[i])
        whole = int(found.high[i]) << 64 | int(found.low[i])
        label[i] = len(prefixes)
        prefixes.append((family, BITS[family], whole, int(kinds[i])))
    for family, levels in LEVELS.items():
        for length in levels:
            rows = np.flatnonzero((found.family == family) & opened & (label < 0))
            pairs = np.stack([kinds[rows].astype(np.uint64), found.prefix(length)[rows]], 1)
            if not len(rows):
                continue
            some, inverse = np.unique(pairs, axis=0, return_inverse=True)
            mass = np.bincount(inverse.ravel(), counts[rows], len(some))
            longer = np.array([CLASSES[int(k)].length < length for k in some[:, 0]])
            wanted = (mass >= least) & longer
            if wanted.sum() > MOST:
                wanted &= mass >= np.sort(mass[wanted])[-MOST]
            for j in np.flatnonzero(wanted).tolist():
                label[rows[inverse.ravel() == j]] = len(prefixes)
                prefixes.append((family, length, int(some[j, 1]), int(some[j, 0])))
    for kind in np.unique(kinds[label < 0]).tolist():
        one = CLASSES[kind]
        label[(label < 0) & (kinds == kind)] = len(prefixes)
        whole = one.high << 64 | one.low
        prefixes.append((one.family, one.length, whole >> (BITS[one.family] - one.length), kind))
    return label, prefixes


def renumbered(secret: bytes, prefixes: list[tuple[int, int, int, int]]) -> list[int]:
    """New prefixes: of a few keys, by the one that makes the fewest prefixes that are real too.

    A small class has no room for many: 192.168.0.0/16 holds 256 networks.
    """
    real, best = {p[:3] for p in prefixes if _renumbers(p)}, None
    for turn in range(_TURNS):
        key = hashlib.blake2b(f"turn {turn}".encode(), key=secret, digest_size=32).digest()
        made = [
            new_prefix(key, CLASSES[kind], value, length) if _renumbers(p) else value
            for p in prefixes
            for _, length, value, kind in [p]
        ]
        common = len(real & {(p[0], p[1], v) for p, v in zip(prefixes, made, strict=True)})
        if best is None or common < best[0]:
            best = common, made
        if not common or len(prefixes) > _MANY:
            break
    return best[1] if best else []


def _renumbers(p: tuple[int, int, int, int]) -> bool:
    family, length, _, kind = p
    levelled = (family, length) in TAG_BITS and length > CLASSES[kind].length
    return levelled and CLASSES[kind].open and family != 48


def secret_of(found: Addresses, counts: np.ndarray) -> bytes:
    """The key of new prefixes: a hash of all addresses and their counts."""
    total = hashlib.blake2b(b"interfuse: networks and hosts", digest_size=32)
    for part in (*found, counts.astype(np.int64)):
        total.update(np.ascontiguousarray(part).tobytes())
    return total.digest()


def network_tag(key: bytes, family: int, length: int, prefix: int) -> int:
    """The tag of a real prefix."""
    bits = TAG_BITS[family, length]
    return digest(key, "network", family, length, prefix) & ((1 << bits) - 1)


def host_tags_of(key: bytes, some: Addresses, code: np.ndarray, table: list[Network]) -> np.ndarray:
    """Tags of hosts by the bits behind their network's prefix: they tell nothing of that."""
    own = scrambled(code.astype(np.uint64) ^ np.uint64(digest(key, "tags")))
    free = np.array([min(BITS[n.family] - n.length, 64) for n in table], np.uint64)[code]
    low = some.low & (_ALL >> (np.uint64(64) - free))
    low = np.where(free == 0, np.uint64(0), low)
    bits = np.where(free <= 8, np.uint64(FEW_BITS), np.uint64(MORE_BITS))
    return (scrambled(low ^ own) & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)


def counted(sketch: pl.DataFrame) -> tuple[pl.Series, np.ndarray]:
    """Values that are not missing, and their rows, of a frame of `value` and `len`."""
    some = sketch.filter(pl.col("value").is_not_null())
    return some["value"], some["len"].to_numpy().astype(np.int64)

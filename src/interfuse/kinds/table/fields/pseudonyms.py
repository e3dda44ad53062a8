r"""New prefixes for networks, and new hosts inside them.

**Networks.** Let a_1 ... a_L be the bits of a prefix and F_k a keyed pseudo-random bit. Crypto-PAn
(Xu et al. 2002, doi 10.1109/ICNP.2002.1181415) maps bit i to

.. math:: a_i \oplus F_k(a_1 \ldots a_{i-1}),

a bijection under which two prefixes share as many leading bits as before. Here a bit stays as it is
where the addresses that begin with a_1 ... a_{i-1} are not all of one class (`interfuse.internet`):
so private stays private, and no address enters or leaves a special range. The first octet of public
IPv4, where nearly every node holds a special range, is permuted as a whole instead, among the
octets that are wholly public. F is BLAKE2b under the key.

**Hosts.** The r-th host of a network is the r-th address of a keyed permutation of its range that
is no other network's, nor (of IPv4) one that ends in 0 or 255 as long as there are others. The
permutation is a Feistel network of four rounds (Luby & Rackoff 1988, doi 10.1137/0217022). In IPv6
the low bits are 64 pseudo-random ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from interfuse.internet import BITS, CLASSES, Addresses, Class

_ROUNDS = 4
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


class Network(NamedTuple):
    """One code.

    Attributes:
        family: of its addresses; 4, 6 or 48.
        length: bits of its prefix.
        high, low: the prefix that its addresses have when they are drawn.
        kind: index into `interfuse.internet.CLASSES`.
        size: how many hosts it has.
        heavy: how many of them have `FEW` values or more.
        tag: of its real prefix; -1 if it has none.
        cast: rank of its broadcast address, which stays one; -1 if it has none.
    """

    family: int
    length: int
    high: int
    low: int
    kind: int
    size: int
    heavy: int
    tag: int
    cast: int


def scrambled(x: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele et al. 2014, doi 10.1145/2660193.2660195)."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(_MIX[0])
        x = (x ^ (x >> np.uint64(30))) * np.uint64(_MIX[1])
        x = (x ^ (x >> np.uint64(27))) * np.uint64(_MIX[2])
        return x ^ (x >> np.uint64(31))


def uniform(seed: int, stream: int, rows: np.ndarray) -> np.ndarray:
    """(n,) uniform draws in [0, 1): the same for the same seed, stream and row."""
    start = scrambled(np.array([seed & (2**64 - 1)], np.uint64) ^ np.uint64(stream))
    return (scrambled(start ^ rows.astype(np.uint64)) >> np.uint64(11)) * 2.0**-53


def digest(key: bytes, *parts: object) -> int:
    """64 bits of BLAKE2b under a key."""
    text = "|".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, key=key, digest_size=8).digest(), "big")


def new_prefix(key: bytes, one: Class, value: int, length: int) -> int:
    """The pseudonym of a prefix of an open class.

    Args:
        key: secret.
        one: the prefix's class.
        value: its bits, as a number below 2^length.
        length: how many, at least the class's.
    """
    bits = [value >> (length - 1 - i) & 1 for i in range(length)]
    out, at = list(bits), one.length
    if one.family == 4 and not one.length and length >= 8:
        first = value >> (length - 8)
        moved = _octets(key).get(first, first)
        out[:8] = [moved >> (7 - i) & 1 for i in range(8)]
        at = 8
    for i in range(at, length):
        if _alike(one, value >> (length - i), i):
            out[i] ^= digest(key, one.family, i, value >> (length - i)) & 1
    return sum(bit << (length - 1 - i) for i, bit in enumerate(out))


@cache
def _octets(key: bytes) -> dict[int, int]:
    """The first octets that are wholly public, permuted."""
    public = next(c for c in CLASSES if c.family == 4 and not c.length)
    whole = [octet for octet in range(256) if _alike(public, octet, 8)]
    return dict(zip(whole, sorted(whole, key=lambda o: digest(key, "octet", o)), strict=True))


@cache
def _narrower(one: Class) -> tuple[tuple[int, int], ...]:
    """Prefixes and lengths of the classes inside a class."""
    bits = BITS[one.family]
    inside = [c for c in CLASSES if c.family == one.family and c.length > one.length]
    return tuple(((c.high << 64 | c.low) >> (bits - c.length), c.length) for c in inside)


def _alike(one: Class, prefix: int, length: int) -> bool:
    """Whether all addresses under a prefix of a class are of that class."""
    for other, longer in _narrower(one):
        if longer >= length:
            if other >> (longer - length) == prefix:
                return False
        elif prefix >> (length - longer) == other:
            return False
    return True


def feistel(key: int, bits: int, x: np.ndarray) -> np.ndarray:
    """A permutation of the numbers below 2^bits, `bits` even."""
    half = np.uint64(bits // 2)
    mask = np.uint64((1 << bits // 2) - 1)
    left, right = x >> half, x & mask
    for turn in range(_ROUNDS):
        salt = np.uint64((key ^ (turn + 1) * _MIX[1]) & (2**64 - 1))
        left, right = right, left ^ (scrambled(right ^ salt) & mask)
    return left << half | right


def hosts(
    key: int, network: Network, own: Callable[[Addresses], np.ndarray] | None = None
) -> Addresses:
    """The hosts of a network, as many as it has; fewer if its range has no more.

    Args:
        key: of the network.
        network: its range and size.
        own: which addresses of the range are no other network's; None for all.
    """
    family, length, count = network.family, network.length, network.size
    if family == 6:
        return _long_hosts(key, network)
    free = BITS[family] - length
    wide = free + free % 2
    good, late, start = [], [], 0
    while start < 1 << wide and sum(map(len, good)) < count:
        stop = min(start + 2 * count + 64, 1 << wide)
        tail = feistel(key, wide, np.arange(start, stop, dtype=np.uint64))
        low = tail[tail < 1 << free] | np.uint64(network.low)
        made = Addresses(np.full(len(low), family, np.uint8), np.zeros(len(low), np.uint64), low)
        made = made if own is None else made.take(own(made))
        last = made.low & np.uint64(255)
        edge = (family == 4) & ((last == 0) | (last == 255))
        good.append(made.low[~edge])
        late.append(made.low[edge])
        start = stop
    found = np.concatenate([*good, *late])[:count] if good else np.zeros(0, np.uint64)
    if 0 <= network.cast < len(found):
        found[network.cast] = np.uint64(network.low | 255)
    return Addresses(np.full(len(found), family, np.uint8), np.zeros_like(found), found)


def _long_hosts(key: int, network: Network) -> Addresses:
    high, low, length, count = network.high, network.low, network.length, network.size
    ranks = np.arange(count, dtype=np.uint64)
    first = scrambled(ranks ^ np.uint64(key))
    upper = np.full(count, high, np.uint64)
    if length == 128:
        return Addresses(np.full(1, 6, np.uint8), upper[:1], np.full(1, low, np.uint64))
    if length < 64:
        upper |= scrambled(first) >> np.uint64(length) if length else scrambled(first)
    if length > 64:
        first = np.uint64(low) | first >> np.uint64(length - 64)
    return Addresses(np.full(count, 6, np.uint8), upper, first)

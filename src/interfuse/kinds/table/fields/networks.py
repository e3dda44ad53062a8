"""Networks and hosts of a table's addresses: learned, made anew, known again.

**Networks.** Of the addresses in classes that number hosts (`interfuse.internet`), every prefix of
the family's finest length (/24 of IPv4, /64 of IPv6, 24 bits of a hardware address) with
max(`FEW`, n / 5,000) of n values or more is a network; of the rest every coarser prefix (/16, /48);
the rest of each class is one. An address that says what it is for, such as 224.0.0.251, is a
network of its own from `FEW` values on. The commonest network is code 0.

**Hosts** are the rank of the address in its network, by values, ties in a keyed order.

**What is kept.** Of each network its new prefix (`fields.pseudonyms`), how many hosts it has, and
how many of these have `FEW` values or more; never an address, nor a prefix, but of networks that
say what an address is for, and under `real`. The key is a hash of all addresses and their counts:
who has the data can make it again and nobody else, and the same data give the same networks.

**What is known again.** Rows that are asked about hold real addresses. So that their networks are
seen, each network keeps a tag: the first bits of a salted hash of its real prefix, so few that 256
of all /24, and 16 of all /16, have the same one; each host of `FEW` values or more keeps one of its
low bits, salted by its network's code. A suspicion can be tested by a tag, with that many false
positives; a prefix cannot be read from it. Without `recognise` no tags are kept. Addresses drawn
from the model are known too, by their new prefix.
"""

from __future__ import annotations

import hashlib
from functools import cached_property, partial
from typing import Any

import numpy as np

from interfuse.internet import BITS, CLASSES, Addresses, none_of
from interfuse.kinds.table.fields.pseudonyms import Network, digest, hosts, scrambled
from interfuse.kinds.table.fields.tags import (
    FEW,
    LEVELS,
    TAG_BITS,
    grouped,
    host_tags_of,
    idents,
    network_tag,
    renumbered,
    secret_of,
)


class Networks:
    """The networks of a space.

    Args:
        table: the networks, by code.
        key: makes hosts; no secret.
        host_tags: (m, 3) int64 network, rank and tag of the hosts that are known again.
    """

    def __init__(self, table: list[Network], key: bytes, host_tags: np.ndarray) -> None:
        self.table, self.key, self.host_tags = table, key, host_tags
        self.sizes = np.array([n.size for n in table], np.int64)
        self.heavy = np.array([n.heavy for n in table], np.int64)
        self._rest = {n.kind: i for i, n in enumerate(table) if n.length == _class_length(n)}
        self._made: tuple[Addresses, np.ndarray, np.ndarray] | None = None
        self._exact: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self.table)

    def hosts_of(self, code: np.ndarray) -> np.ndarray:
        """How many hosts networks have, 1 at least; also of codes that are none."""
        sizes = np.append(np.maximum(self.sizes, 1), 1)
        return sizes[np.where((code >= 0) & (code < len(self)), code, len(self))]

    @cached_property
    def _prefixes(self) -> dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]:
        """By length and family the drawn prefixes in order, the first 64 bits, and their codes."""
        found: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for i, n in enumerate(self.table):
            if i != self._rest.get(n.kind):
                shift = BITS[n.family] - min(n.length, 64)
                first = (n.high << 64 | n.low) >> shift
                found.setdefault((n.length, n.family), []).append((first, i))
        out = {}
        for key, some in found.items():
            prefix, at = zip(*sorted(some), strict=True)
            out[key] = np.array(prefix, np.uint64), np.array(at, np.int64)
        return out

    @classmethod
    def learn(cls, found: Addresses, counts: np.ndarray, real: bool, recognise: bool) -> Networks:
        """Learn them.

        Args:
            found: (m,) distinct addresses.
            counts: (m,) values of each.
            real: keep prefixes as they are.
            recognise: keep tags.
        """
        order = np.lexsort((found.low, found.high, found.family))
        found, counts = found.take(order), counts[order]
        secret = secret_of(found, counts)
        key = hashlib.blake2b(b"hosts", key=secret, digest_size=16).digest()
        label, prefixes = grouped(found, counts)
        rows = np.bincount(label, counts, len(prefixes)).astype(np.int64)
        code_of = np.empty(len(prefixes), np.int64)
        code_of[np.lexsort((np.arange(len(prefixes)), -rows))] = np.arange(len(prefixes))
        code = code_of[label]
        tie = scrambled(idents(found) ^ np.uint64(digest(secret, "tie")))
        order = np.lexsort((tie, -counts, code))
        rank = np.empty(len(code), np.int64)
        begin = np.concatenate([[0], np.cumsum(np.bincount(code, minlength=len(prefixes)))[:-1]])
        rank[order] = np.arange(len(code)) - begin[code[order]]
        size = np.bincount(code, minlength=len(prefixes))
        heavy = np.bincount(code, counts >= FEW, len(prefixes)).astype(np.int64)
        table: list[Any] = [None] * len(prefixes)
        new = [p[2] for p in prefixes] if real else renumbered(secret, prefixes)
        for (family, length, old, kind), value, at in zip(
            prefixes, new, code_of.tolist(), strict=True
        ):
            levelled = (family, length) in TAG_BITS and length > CLASSES[kind].length
            tagged = levelled and recognise and not real
            tag = network_tag(key, family, length, old) if tagged else -1
            whole = value << (BITS[family] - length)
            parts = whole >> 64, whole & (2**64 - 1)
            table[at] = Network(
                family, length, *parts, kind, int(size[at]), int(heavy[at]), tag, -1
            )
        ends = (found.family == 4) & (found.low & np.uint64(255) == 255)
        for at, place in zip(code[ends].tolist(), rank[ends].tolist(), strict=True):
            if table[at].length == 24 and CLASSES[table[at].kind].name.startswith("private"):
                table[at] = table[at]._replace(cast=place)
        kept = np.flatnonzero(counts >= FEW) if recognise else np.zeros(0, np.int64)
        some = found.take(kept)
        tags = np.stack([code[kept], rank[kept], host_tags_of(key, some, code[kept], table)], 1)
        made = cls(table, key, tags.astype(np.int64))
        ident = idents(found)
        order = np.argsort(ident)
        made._exact = ident[order], code[order], rank[order]
        return made

    def exactly(self, asked: Addresses) -> tuple[np.ndarray, np.ndarray]:
        """Codes and ranks of addresses as they were learned from; else as `known`.

        A model that was stored has forgotten them.
        """
        if self._exact is None:
            return self.known(asked)
        ident, codes, ranks = self._exact
        at, seen = _find(ident, idents(asked))
        seen &= asked.family > 0
        code, rank = (np.full(len(seen), -1, np.int64) for _ in range(2))
        code[seen], rank[seen] = codes[at[seen]], ranks[at[seen]]
        if not seen.all():
            code[~seen], rank[~seen] = self.known(asked.take(~seen))
        return code, rank

    def known(self, asked: Addresses) -> tuple[np.ndarray, np.ndarray]:
        """Codes, and ranks of the hosts that are known again, -1 for others, of any addresses."""
        code, tagged = self._by_tags(asked)
        code = np.where(tagged, code, self.locate(asked))
        rank = np.full(len(code), -1, np.int64)
        if not len(self):
            return code, rank
        # Of a network that keeps its prefix, real and drawn hosts lie side by side: tags go first.
        places = np.flatnonzero(tagged | (code >= 0)) if len(self.host_tags) else np.zeros(0, int)
        if len(places):
            pairs = _pair(self.host_tags[:, 0], self.host_tags[:, 2])
            order = np.argsort(pairs, kind="stable")
            tags = host_tags_of(self.key, asked.take(places), code[places], self.table)
            at, seen = _find(pairs[order], _pair(code[places], tags))
            rank[places[seen]] = self.host_tags[order[at[seen]], 1]
        drawn, codes, ranks = self._inverse
        at, seen = _find(drawn, idents(asked))
        seen &= ~tagged & (codes[at] == code)
        rank[seen] = np.where(rank[seen] < 0, ranks[at[seen]], rank[seen])
        light = (code < 0) | (rank >= self.heavy[np.maximum(code, 0)])
        return code, np.where(light, -1, rank)

    def _by_tags(self, asked: Addresses) -> tuple[np.ndarray, np.ndarray]:
        """Codes of the networks whose tag the real prefix has, and where one was found."""
        code = np.full(len(asked.low), -1, np.int64)
        kinds = asked.classes()
        for (family, length), _ in sorted(TAG_BITS.items(), key=lambda item: -item[0][1]):
            here = {(n.kind, n.tag): i for i, n in reversed(list(enumerate(self.table)))
                    if (n.family, n.length) == (family, length) and n.tag >= 0}  # fmt: skip
            rows = np.flatnonzero((asked.family == family) & (code < 0))
            if not here or not len(rows):
                continue
            prefix, inverse = np.unique(asked.prefix(length)[rows], return_inverse=True)
            tags = [network_tag(self.key, family, length, p) for p in prefix.tolist()]
            for i, at in enumerate(inverse.tolist()):
                code[rows[i]] = here.get((int(kinds[rows[i]]), tags[at]), -1)
        return code, code >= 0

    def locate(self, asked: Addresses) -> np.ndarray:
        """Codes of addresses by the prefixes that are drawn; -1 where there is none."""
        kinds = asked.classes()
        code = np.full(len(kinds), -1, np.int64)
        for kind, at in self._rest.items():
            code[kinds == kind] = at
        for (length, family), some in sorted(self._prefixes.items()):
            if length > 64:
                for i in some[1].tolist():
                    n = self.table[i]
                    code[asked.within(family, n.high, n.low, length)] = i
                continue
            prefix, at = some
            place, seen = _find(prefix, asked.prefix(length))
            seen &= asked.family == family
            code[seen] = at[place[seen]]
        return code

    def address(self, code: np.ndarray, rank: np.ndarray) -> Addresses:
        """The drawn addresses of networks and ranks; a rank beyond the last host is the last."""
        made, begin, have = self._hosts()
        none = have[code] == 0
        at = begin[code] + np.minimum(rank, np.maximum(have[code] - 1, 0))
        if not len(made.low):
            return none_of(len(code))
        out = made.take(np.where(none, 0, at))
        return Addresses(np.where(none, 0, out.family).astype(np.uint8), out.high, out.low)

    def _hosts(self) -> tuple[Addresses, np.ndarray, np.ndarray]:
        """All drawn addresses, network by network; where each begins, and how many there are."""
        if self._made is None:
            parts = []
            for code, n in enumerate(self.table):
                key = digest(self.key, "host", code)
                if n.family == 48 and n.length == 0:
                    parts.append(_stations(key, n.size))
                    continue
                finest = n.length >= LEVELS[n.family][0]
                mine = None if finest else partial(self._is, code)
                parts.append(hosts(key, n, mine))
            have = np.array([len(p.low) for p in parts], np.int64)
            begin = np.cumsum(have) - have
            whole = [np.concatenate(x) for x in zip(*parts, strict=True)] if parts else none_of(0)
            self._made = Addresses(*whole), begin, have
        return self._made

    def _is(self, code: int, asked: Addresses) -> np.ndarray:
        return self.locate(asked) == code

    @cached_property
    def _inverse(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        made, begin, have = self._hosts()
        code = np.repeat(np.arange(len(have)), have)
        rank = np.arange(len(code)) - begin[code] if len(code) else code
        ident = idents(made)
        order = np.argsort(ident, kind="stable")
        return ident[order], code[order], rank[order]

    def names(self) -> list[str]:
        """What each code stands for, for people: a class, or the prefix that is drawn."""
        out = []
        for i, n in enumerate(self.table):
            shown = CLASSES[n.kind].name
            out.append(shown if i == self._rest.get(n.kind) else f"{shown}: network {i + 1}")
        return out

    def arrays(self) -> dict[str, np.ndarray]:
        """What is stored."""
        columns = list(zip(*self.table, strict=True)) or [()] * len(Network._fields)
        wide = {"high", "low"}
        out = {
            name: np.array(c, np.uint64 if name in wide else np.int64)
            for name, c in zip(Network._fields, columns, strict=True)
        }
        return {**out, "host_tags": self.host_tags}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray], key: bytes) -> Networks:
        """The inverse of `arrays`.

        Raises:
            ValueError: they are not what `arrays` gives.
        """
        columns = [arrays[name] for name in Network._fields]
        if any(c.ndim != 1 or c.dtype.kind not in "iu" for c in columns):
            raise ValueError("the networks are of other shapes or types")
        table = [Network(*map(int, row)) for row in zip(*columns, strict=True)]
        tags = arrays["host_tags"].astype(np.int64).reshape(-1, 3)
        sound = all(
            n.family in BITS and 0 <= n.length <= BITS[n.family] and 0 <= n.kind < len(CLASSES)
            and 0 <= n.heavy <= n.size < 1 << 40 for n in table
        )  # fmt: skip
        if not sound or (len(tags) and not 0 <= tags[:, 0].min() <= tags[:, 0].max() < len(table)):
            raise ValueError("the networks are not what a fit stores")
        return cls(table, key, tags)


def _class_length(n: Network) -> int:
    return CLASSES[n.kind].length


def _pair(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a.astype(np.int64) << 32 | b.astype(np.int64)


def _find(table: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where values are in a sorted array, and whether."""
    if not len(table):
        return np.zeros(len(values), np.int64), np.zeros(len(values), bool)
    at = np.minimum(np.searchsorted(table, values), len(table) - 1)
    return at, table[at] == values


def _stations(key: int, count: int) -> Addresses:
    """Hardware addresses of no maker: locally administered, of one station."""
    low = scrambled(np.arange(count, dtype=np.uint64) ^ np.uint64(key)) & np.uint64((1 << 48) - 1)
    low = low & ~np.uint64(3 << 40) | np.uint64(2 << 40)
    return Addresses(np.full(count, 48, np.uint8), np.zeros(count, np.uint64), low)

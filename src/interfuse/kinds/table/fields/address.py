"""Addresses of hosts and networks: where they are, how busy they are, and never who they are.

Three category cells:

* the **network** of the address (`fields.networks`), a text of `FEW` rows or more that is none
  ("-", "localhost"), or missing. Other texts are counted, said, and come back missing;
* the **rank** of the host in its network by rows: a code for each of the busiest, then bins that
  grow by a quarter. So a drawn column has as many busy hosts, in the same networks;
* the **form** of the text (`interfuse.internet`), if there are several.

Drawn addresses are made by a keyed permutation of the network's own range, so that none is a real
one but by chance; and the network has a new number in its class, unless the option `real` says
otherwise. All address columns of one type are one space, with the same hosts and networks; the
option `space` sets columns apart.

A rank beyond the hosts of its network is taken for its last bin: cells are drawn one by one, and
the permutation has no more hosts to give.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import polars as pl

from interfuse.errors import InterfuseWarning, SchemaError
from interfuse.internet import ADDRESS, BITS, CLASSES, Addresses, none_of
from interfuse.kinds.table.fields.byprefix import AskedByPrefix
from interfuse.kinds.table.fields.cells import TEXTS, Arrays, Cell, Encoded
from interfuse.kinds.table.fields.hosttext import edges_of, formed, forms_of, parts_of, texts_of
from interfuse.kinds.table.fields.networks import Networks
from interfuse.kinds.table.fields.pseudonyms import uniform
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Claim, Facts, Spec
from interfuse.kinds.table.fields.tags import FEW, counted, idents
from interfuse.visible import cut

MOSTLY = 0.99
NEW = ": networks and hosts get new numbers, --real-networks keeps the networks"
_NAMED = (
    r"(?i)(^|[_\-. ])(ip|ipv?[46]|ip_?addr(ess)?|addr(ess)?|(orig|resp)_h)$"
    r"|^(s|d|src|dst|source|dest)_?(ip|addr)$"
)
_VERSIONS = r"(?i)version|release|build|firmware"


@register_field
class AddressField(AskedByPrefix):
    """A column of addresses as network, rank and form.

    Args:
        name: the column.
        dtype: its type; text, or whole numbers that are IPv4 addresses.
        networks: of its space.
        edges: (b + 1,) first rank of each bin, and the end.
        literals: texts that are no address.
        forms: how addresses are written, with the families that are so; the commonest first.
        missing: whether values may be missing.
    """

    kind = "address"
    words = "addresses of hosts (IPv4, IPv6): their networks and how busy they are; hosts made anew"
    role = "identifier"
    remade = True
    together = True
    families: ClassVar[tuple[int, ...]] = (4, 6)
    options: ClassVar[Mapping[str, str]] = {
        "space": "columns of one space share their networks and hosts",
        "real": "true keeps the prefixes of networks as they are; hosts are made anew all the same",
        "recognise": "false keeps no tags, by which the networks of rows asked about are known",
    }

    def __init__(
        self,
        name: str,
        dtype: pl.DataType,
        networks: Networks,
        edges: np.ndarray,
        literals: list[str],
        forms: list[tuple[str, tuple[int, ...]]],
        missing: bool,
    ) -> None:
        super().__init__(name, dtype)
        self.networks, self.edges, self.missing = networks, edges, missing
        self.literals, self.forms = literals, forms
        # Of networks; other texts, and missing, are classes of their own.
        others = len(CLASSES) + np.arange(len(literals) + missing)
        self.classes = [n.kind for n in networks.table] + others.tolist()
        self.coarser = [n.family for n in networks.table] + (others + max(BITS)).tolist()

    @classmethod
    def check_options(cls, name: str, options: Mapping[str, Any]) -> None:
        """Check that switches are switches.

        Raises:
            SchemaError: one is not.
        """
        super().check_options(name, options)
        for key in ("real", "recognise"):
            if not isinstance(options.get(key, True), bool):
                raise SchemaError(
                    f"schema: column {name!r} has {key} {options[key]!r}; expected true or false."
                )

    @classmethod
    def holds(cls, dtype: pl.DataType) -> bool:
        """Text, and whole numbers of more than 16 bits."""
        return dtype in TEXTS or dtype in (pl.Int32, pl.Int64, pl.UInt32, pl.UInt64)

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """How many values are addresses, and have the length of a prefix."""
        if dtype in (pl.Int64, pl.UInt32, pl.UInt64):
            return {"whole": ((column > 2**24) & (column < 2**32)).mean(), "low": column.min()}
        if dtype != pl.String:
            return {}
        like = column.str.contains(ADDRESS)
        return {"like": like.mean(), "length": (like & column.str.contains("/")).mean()}

    @classmethod
    def recognise(cls, facts: Facts) -> Claim | None:
        """Text of which nearly all is an address; whole numbers that could be, if named so."""
        named = pl.Series([facts.name]).str.contains(_NAMED)[0]
        if (facts.values.get("whole") or 0) > 0.9 and named and facts.values["low"] >= 0:
            return Claim(
                0.9, "whole numbers that are IPv4 addresses, by their name and range" + NEW
            )
        like = facts.values.get("like") or 0
        if like < MOSTLY or pl.Series([facts.name]).str.contains(_VERSIONS)[0]:
            return None
        prefix = (facts.values.get("length") or 0) >= MOSTLY
        return Claim(0.9, f"{like:.1%} are addresses{NEW}") if not prefix else None

    @classmethod
    def finish(cls, sketch: pl.DataFrame | None, spec: Spec) -> AddressField:
        """Networks, hosts, forms and other texts of the values counted.

        Raises:
            SchemaError: most values are no addresses.
        """
        tally = cls.tallied(sketch, spec)
        values, rows = counted(tally)
        parts = parts_of(values, cls.families)
        rows = rows[np.argsort(parts.place)]  # the parts are in the order of their texts
        there = parts.found.family > 0
        if rows[there].sum() < rows.sum() / 2:
            other = parts.texts.filter(pl.Series(~there))[0]
            raise SchemaError(
                f"column {spec.name!r} is of kind {cls.kind!r} but holds {cut(repr(other))} and "
                "others that are none. Use kind 'category' or 'text'."
            )
        ident, first, inverse = np.unique(
            idents(parts.found.take(there)), return_index=True, return_inverse=True
        )
        mass = np.bincount(inverse, rows[there], len(ident)).astype(np.int64)
        networks = Networks.learn(
            parts.found.take(there).take(first),
            mass,
            bool(spec.options.get("real", False)),
            bool(spec.options.get("recognise", True)),
        )
        often = pl.Series(~there & (rows >= FEW))
        rare = int(rows[~there & (rows < FEW)].sum())
        if rare:
            warnings.warn(
                f"column {spec.name!r}: {rare:,} value{'s are' if rare > 1 else ' is'} no "
                f"{cls.kind}, each in fewer than {FEW} rows: taken for missing",
                InterfuseWarning,
                stacklevel=2,
            )
        forms = forms_of(parts, rows, cls.families)
        missing = bool(rare) or tally["value"].null_count() > 0
        edges = edges_of(int(networks.sizes.max(initial=1)))
        literals = parts.texts.filter(often).to_list()
        return cls(spec.name, spec.dtype, networks, edges, literals, forms, missing)

    @property
    def _missing_code(self) -> int:
        return len(self.networks) + len(self.literals)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Network, rank, and form if there are several."""
        cells = (
            Cell(self.name, self._missing_code + self.missing),
            Cell(f"{self.name} (rank)", len(self.edges) - 1),
        )
        return (*cells, Cell(f"{self.name} (form)", len(self.forms))) if self._formed else cells

    @property
    def _formed(self) -> bool:
        return len(self.forms) > 1

    def encode(self, column: pl.Series) -> Encoded:
        """Cells; of a model that was stored, the rank of a host that is not known is the last."""
        code, rank, form = self._cells(column, exact=True)
        last = self.networks.hosts_of(code) - 1
        rank = np.where((rank < 0) & (code < len(self.networks)), last, rank)
        return self._encoded(code, np.maximum(rank, 0), form)

    def known_cells(self, column: pl.Series) -> tuple[np.ndarray, np.ndarray]:
        """Codes; the rank is -1, unknown, of hosts of few rows."""
        code, rank, form = self._cells(self.readable(column), exact=False)
        cells = self._encoded(code, np.maximum(rank, 0), form).codes.astype(np.int64)
        unknown = (rank < 0) & (code < len(self.networks))
        cells[:, 1] = np.where(unknown | (code < 0), -1, cells[:, 1])
        return cells, np.zeros((len(cells), 0))

    def _encoded(self, code: np.ndarray, rank: np.ndarray, form: np.ndarray) -> Encoded:
        place = np.searchsorted(self.edges, rank, side="right") - 1
        place = np.clip(place, 0, len(self.edges) - 2)
        columns = [code, place, form] if self._formed else [code, place]
        none = np.zeros((len(code), 0), np.float32)
        return Encoded(np.stack(columns, 1).astype(np.int32), none, none)

    def _cells(self, column: pl.Series, exact: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Codes of networks, ranks and codes of forms."""
        parts = parts_of(column, self.families)
        ask = self.networks.exactly if exact else self.networks.known
        code, rank = ask(parts.found)
        texts = {text: len(self.networks) + i for i, text in enumerate(self.literals)}
        other = self._missing_code if self.missing else -1
        for i in np.flatnonzero(parts.found.family == 0).tolist():
            code[i], rank[i] = texts.get(parts.texts[i], other if exact else -1), 0
        forms = {form: i for i, (form, _) in enumerate(self.forms)}
        form = np.array([forms.get(f, 0) for f in parts.forms], np.int64)
        some = np.maximum(parts.place, 0)
        if not len(code):
            none = np.full(len(some), other)
            return none, np.zeros(len(some), np.int64), np.zeros(len(some), np.int64)
        gone = parts.place < 0
        return (
            np.where(gone, other, code[some]),
            np.where(gone, 0, rank[some]),
            np.where(gone, 0, form[some]),
        )

    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """Hosts of the networks; which host of its bin, the row and the seed say."""
        code, place = codes[:, 0].astype(np.int64), codes[:, 1].astype(np.int64)
        hosts = code < len(self.networks)
        size = self.networks.hosts_of(code)
        last = np.searchsorted(self.edges, size - 1, side="right") - 1
        place = np.minimum(place, last)
        low, high = self.edges[place], np.minimum(self.edges[place + 1], size)
        u = uniform(seed, zlib.crc32(self.name.encode()), rows)
        rank = low + np.floor(u * (high - low)).astype(np.int64)
        found = none_of(len(code))
        if hosts.any():
            some = self.networks.address(code[hosts], rank[hosts])
            for part, made in zip(found, some, strict=True):
                part[hosts] = made
        form = codes[:, 2].astype(np.int64) if self._formed else np.zeros(len(code), np.int64)
        forms = formed(found, form, self.forms)
        out = texts_of(self._shown(found, forms), forms, self.dtype.is_integer())
        literal = np.flatnonzero(~hosts & (code < self._missing_code))
        if len(literal):
            texts = pl.Series(self.literals, dtype=pl.String)
            out = out.scatter(literal, texts.gather(code[literal] - len(self.networks)))
        return out.cast(self.dtype).alias(self.name)

    def _shown(self, found: Addresses, forms: pl.Series) -> Addresses:
        """The addresses as their forms show them."""
        return found

    def to_json(self) -> dict[str, Any]:
        """All but the networks."""
        return {
            "key": self.networks.key.hex(),
            "edges": self.edges.tolist(),
            "literals": self.literals,
            "forms": [[form, list(families)] for form, families in self.forms],
            "missing": self.missing,
        }

    def arrays(self) -> Arrays:
        """The networks."""
        return self.networks.arrays()

    @classmethod
    def from_json(
        cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays
    ) -> AddressField:
        """The inverse of `to_json` and `arrays`."""
        networks = Networks.from_arrays(arrays, bytes.fromhex(d["key"]))
        edges = np.array(d["edges"], np.int64)
        if len(edges) < 2 or edges[0] != 0 or (np.diff(edges) <= 0).any():
            raise ValueError(f"column {name!r} has ranks that are not in order")
        forms = [(str(form), tuple(map(int, families))) for form, families in d["forms"]]
        return cls(name, dtype, networks, edges, list(d["literals"]), forms, bool(d["missing"]))

    # Questions

    def refusal(self, column: pl.Series, asked: object) -> str | None:
        """A text that is no address, or an address of a class that was never seen."""
        codes, _ = self.known_cells(column)
        if (codes[:, 0] >= 0).all():
            return None
        if parts_of(column, self.families).found.family.any():
            seen = ", ".join(sorted({CLASSES[n.kind].name for n in self.networks.table}))
            return f"{cut(repr(asked))} is of a class never seen; it knows {seen}."
        return f"{cut(repr(asked))} is no {self.kind} and was never seen."

    def _has_own_code(self, codes: np.ndarray) -> bool:
        """Missing is a code of the first cell, and nothing else."""
        return True

    def alike(self, column: pl.Series) -> pl.Series:
        """The networks: real addresses and drawn ones have the same."""
        codes, _ = self.known_cells(column)
        names = pl.concat([self.labels(), pl.Series(["unseen"])])
        return names.gather(codes[:, 0] % len(names)).alias(column.name)

    def labels(self) -> pl.Series:
        """Classes and numbers of networks."""
        missing = ["missing"] * self.missing
        return pl.Series([*self.networks.names(), *self.literals, *missing], dtype=pl.String)

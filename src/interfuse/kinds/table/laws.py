"""Bounds and cases as codes that a cell cannot have beside those of other cells.

`rules` knows columns and values; a record is drawn cell by cell. Whenever a category cell is drawn,
the codes that would break a bound or a case with what is visible already get no probability, and
the others share it as they did:

    p(x_j | visible) with p = 0 where x_j beside what is visible breaks a rule.

Whichever cell of a rule comes last, it is held to it. That a code leaves a hidden cell none is not
looked for (asked of every code of a flow's 36 cells it took twenty times as long as the drawing). A
bound a <= b between bins rules out pairs of bins of which the least value of a is above the
greatest of b; what remains inside of two bins that overlap is put right by `placed`. Where nothing
would be left, because known cells break a rule, the cell is drawn as if there were none: what is
known wins. What is apart (`learn.apart`) is made unlikely in the same way.

A case can be held where its values have a code to themselves. What follows from a chain of cases
(a gives b, b gives c) is held too, in whatever order the three appear.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import product
from typing import NamedTuple

import numpy as np
import polars as pl
import torch
from torch import Tensor

from interfuse.kinds.table.apart import Apart
from interfuse.kinds.table.beside import tables_of
from interfuse.kinds.table.fields import Field
from interfuse.kinds.table.links import Links, Place
from interfuse.kinds.table.rules.bounds import Bounds
from interfuse.kinds.table.rules.cases import Case, Is

_LEAST = 1e-9
"""Of the probability so much must be allowed by the laws; with less, known cells break them."""
_SELDOM = 0.01
"""What is apart is so much less likely: where all are, the one that is so least often is drawn."""
_FAR = 8.0
"""A score at the end of a bin."""


_Code = tuple[int, int]
"""A cell and one of its codes."""


class Joints(NamedTuple):
    """What codes of two and more other cells together rule out of one cell.

    Attributes:
        tables: by other cell, which columns of a matrix of conditions are about it, and (k + 1, m)
            whether each of its codes is one of theirs; the last row is that of a hidden cell.
        parts: (joints, most) the conditions of each; the last column of the matrix always holds.
        bad: (joints, k) 1 for codes that the cell cannot have where they all hold.
    """

    tables: tuple[tuple[int, Tensor, Tensor], ...]
    parts: Tensor
    bad: Tensor

    @classmethod
    def of(
        cls, cell: int, joints: Collection[tuple[tuple[int, ...], tuple[np.ndarray, ...]]]
    ) -> Joints:
        """Those of a cell, of codes that may not be together."""
        number: dict[tuple[int, bytes], int] = {}
        masks: dict[int, np.ndarray] = {}
        ruled: dict[tuple[int, ...], np.ndarray] = {}
        for cells, bad in joints:
            own, given = np.zeros(0, bool), []
            for other, mask in zip(cells, bad, strict=True):
                if other == cell:
                    own = mask
                    continue
                at = number.setdefault((other, mask.tobytes()), len(number))
                masks[at] = np.append(mask, False)
                given.append(at)
            key = tuple(sorted(given))
            ruled[key] = ruled[key] | own if key in ruled else own
        parts = np.full((len(ruled), max(map(len, ruled))), len(number))
        for row, key in zip(parts, ruled, strict=True):
            row[: len(key)] = key
        tables = []
        for other in sorted({c for c, _ in number}):
            at = [i for (c, _), i in number.items() if c == other]
            table = np.stack([masks[i] for i in at], 1)
            tables.append((other, torch.tensor(at), torch.from_numpy(table)))
        bad = torch.from_numpy(np.stack(list(ruled.values()))).float()
        return cls(tuple(tables), torch.from_numpy(parts), bad)

    def to(self, device: torch.device) -> Joints:
        """The same on a device."""
        tables = tuple((c, at.to(device), table.to(device)) for c, at, table in self.tables)
        return Joints(tables, self.parts.to(device), self.bad.to(device))

    def ruled_out(self, codes: Tensor) -> Tensor:
        """(n, k) whether the visible cells rule a code out."""
        columns = sum(len(at) for _, at, _ in self.tables)
        holds = torch.ones(len(codes), columns + 1, dtype=torch.bool, device=codes.device)
        for other, at, table in self.tables:
            holds[:, at] = table[codes[:, other]]
        return holds[:, self.parts].all(2).float() @ self.bad > 0


class Laws:
    """What the codes of a record rule out.

    Args:
        sizes: values of each category cell.
        pairs: by two cells the pairs of codes that may be, (k_a, k_b) booleans.
        joints: codes of three and more cells that may not be together.
        apart: the same as `pairs`, of what seldom is.
    """

    def __init__(
        self,
        sizes: tuple[int, ...],
        pairs: Mapping[tuple[int, int], np.ndarray],
        joints: Collection[tuple[tuple[int, ...], tuple[np.ndarray, ...]]],
        apart: Mapping[tuple[int, int], np.ndarray] | None = None,
    ) -> None:
        self.sizes = sizes
        self._given = dict(pairs), tuple(joints)
        self._pairs, self._apart = tables_of(pairs), tables_of(apart or {}, _SELDOM)
        named = {cell for cells, _ in joints for cell in cells}
        self._joints = {c: Joints.of(c, [j for j in joints if c in j[0]]) for c in sorted(named)}

    @classmethod
    def of(
        cls,
        bounds: Bounds,
        cases: Collection[Case],
        fields: Mapping[str, Field],
        places: Mapping[str, Place],
        links: Links,
    ) -> Laws | None:
        """The laws of a table; None if it has none that cells could keep."""
        known = _Cells(fields, places, links)
        pairs: dict[tuple[int, int], np.ndarray] = {}

        def add(a: int, b: int, may: np.ndarray) -> None:
            a, b, may = (a, b, may) if a < b else (b, a, may.T)
            pairs[a, b] = pairs[a, b] & may if (a, b) in pairs else may

        for bound in bounds.early:
            low, high = known.ends(bound.low), known.ends(bound.high)
            if low is not None and high is not None:
                may = ~(low[1][:, None] * bound.factor > high[2][None])
                if not may.all():
                    add(low[0], high[0], may)
        joints = []
        for given, said in known.closed(cases):
            last, own = said
            masks = {c: np.arange(known.sizes[c]) == code for c, code in given.items()}
            masks[last] = (np.arange(known.sizes[last]) != own) & ~known.nothing[last]
            if len(masks) == 2:
                (a, x), (b, y) = masks.items()
                add(a, b, ~(x[:, None] & y[None]))
            else:
                joints.append((tuple(masks), tuple(masks.values())))
        if not pairs and not joints:
            return None
        return cls(tuple(known.sizes[j] for j in range(len(known.sizes))), pairs, joints)

    @classmethod
    def together(
        cls, laws: Laws | None, sizes: tuple[int, ...], apart: Collection[Apart]
    ) -> Laws | None:
        """Laws, and values that are apart; None if there are neither."""
        if not apart:
            return laws
        pairs, joints = ({}, ()) if laws is None else laws._given
        return cls(sizes, pairs, joints, {(one.a, one.b): one.may(sizes) for one in apart})

    def to(self, device: torch.device) -> Laws:
        """Itself, with everything on a device."""
        self._pairs, self._apart = (
            {cell: one.to(device) for cell, one in tables.items()}
            for tables in (self._pairs, self._apart)
        )
        self._joints = {cell: joints.to(device) for cell, joints in self._joints.items()}
        return self

    def about(self, cell: int) -> bool:
        """Whether anything is said of a cell."""
        return cell in self._pairs or cell in self._joints or cell in self._apart

    def kept(self, share: Tensor, cell: int, codes: Tensor) -> Tensor:
        """The probabilities of a cell without those of codes that the visible cells rule out.

        Args:
            share: (n, k or more) probabilities.
            cell: which.
            codes: (n, q) codes, -1 where hidden.
        """
        if not self.about(cell):
            return share
        k = self.sizes[cell]
        out = share.clone()
        out[:, :k] = _within(share[:, :k], self._may(cell, codes))
        if cell in self._apart:
            out[:, :k] = _within(out[:, :k], self._apart[cell].may(codes))
        return out

    def _may(self, cell: int, codes: Tensor) -> Tensor:
        """(n, k) 1 where a code of a cell breaks nothing with the visible cells, else 0."""
        if cell in self._pairs:
            may = self._pairs[cell].may(codes)
        else:
            may = torch.ones(len(codes), self.sizes[cell], device=codes.device)
        if cell in self._joints:
            may.masked_fill_(self._joints[cell].ruled_out(codes), 0.0)
        return may


def _within(share: Tensor, may: Tensor) -> Tensor:
    """(n, k) shares of what may be; as they are where nothing may."""
    left = share * may
    total = left.sum(1, keepdim=True)
    return torch.where(total > _LEAST, left / total.clamp_min(_LEAST), share)


class _Cells:
    """Columns whose one category cell says what can be compared."""

    def __init__(
        self, fields: Mapping[str, Field], places: Mapping[str, Place], links: Links
    ) -> None:
        self.fields, self.places, self.links = fields, places, links
        self.sizes: dict[int, int] = {}
        self.nothing: dict[int, np.ndarray] = {}
        for name, field in fields.items():
            own = [cell.size for cell in field.cells if cell.size]
            for cell, size in zip(range(places[name].codes.start, 10**9), own, strict=False):
                self.sizes[cell] = size
                self.nothing[cell] = np.zeros(size, bool)

    def ends(self, name: str) -> tuple[int, np.ndarray, np.ndarray] | None:
        """The cell of a column with the least and the greatest value of each code.

        Codes that say no value, or another column's, are NaN, with which no comparison is true.
        """
        field = self.fields.get(name)
        if field is None or self._cell(name) is None or not field.ordered:
            return None
        cell = self.places[name].codes.start
        size = self.sizes[cell]
        both = []
        for z in (-_FAR, _FAR):
            scores = np.full((size, self._numbers(name)), z)
            column = field.decode(np.arange(size)[:, None], scores, np.arange(size), 0)
            column = column.to_physical() if column.dtype.is_temporal() else column
            value = column.cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
            if name in self.links.rules:
                value[self.links.first(name) :] = np.nan
            both.append(value)
        return cell, both[0], both[1]

    def code(self, one: Is) -> tuple[int, int] | None:
        """The cell and the code that say that a column has a value; None if no code says just it.

        Codes that say that there is none are noted in `nothing`.
        """
        field, cell = self.fields.get(one.name), self._cell(one.name)
        if field is None or cell is None:
            return None
        value = pl.Series(one.name, [one.value]).cast(field.dtype, strict=False)
        if value.null_count():
            return None
        code = int(field.encode(value).codes[0, 0])
        if code < 0:
            return None
        for z in (-_FAR, _FAR):
            scores = np.full((1, self._numbers(one.name)), z)
            back = field.decode(np.array([[code]]), scores, np.zeros(1, int), 0)
            if not back.equals(value):
                return None
        size = self.sizes[cell]
        scores = np.zeros((size, self._numbers(one.name)))
        every = field.decode(np.arange(size)[:, None], scores, np.arange(size), 0)
        self.nothing[cell] = every.is_null().to_numpy().copy()
        if one.name in self.links.rules:
            self.nothing[cell][self.links.first(one.name) :] = True
        return cell, code

    def closed(self, cases: Collection[Case]) -> list[tuple[dict[int, int], _Code]]:
        """The cases between codes, and all that follows from chains of them."""
        told: dict[frozenset[_Code], dict[_Code, None]] = {}
        for case in cases:
            given, said = [self.code(one) for one in case.given], self.code(case.said)
            if said is None or any(one is None for one in given):
                continue
            told.setdefault(frozenset(one for one in given if one), {})[said] = None
        known = {given: self._follow(given, told) for given in told}
        alone = [(next(iter(given)), said) for given, said in known.items() if len(given) == 1]
        # Who gives a condition stands for it: the one may be visible before the other.
        for given in [g for g in told if len(g) > 1]:
            choices = [[one, *(x for x, said in alone if one in said)] for one in given]
            for other in product(*choices):
                if len({cell for cell, _ in other}) == len(other):
                    known.setdefault(frozenset(other), self._follow(other, told) | known[given])
        out = []
        for given, said in known.items():
            cells = {cell for cell, _ in given}
            out += [(dict(given), one) for one in said if one[0] not in cells]
        return out

    @staticmethod
    def _follow(
        given: Collection[_Code], told: Mapping[frozenset[_Code], Collection[_Code]]
    ) -> dict[_Code, None]:
        """All that follows from some codes, with themselves."""
        known = dict.fromkeys(given)
        while True:
            more = [s for g, said in told.items() if g <= known.keys() for s in said]
            new = dict.fromkeys(s for s in more if s not in known)
            if not new:
                return known
            known |= new

    def _cell(self, name: str) -> int | None:
        """The category cell of a column that has one, and one alone."""
        place = self.places.get(name)
        if place is None or place.codes.stop - place.codes.start != 1:
            return None
        return place.codes.start

    def _numbers(self, name: str) -> int:
        place = self.places[name].numbers
        return place.stop - place.start

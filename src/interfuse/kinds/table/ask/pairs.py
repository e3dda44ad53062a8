"""Two missing columns of an exact rule whose result is known.

Where `total = a + b` is known and both parts are missing, only pairs on a line are possible. With K
all else that is known,

    p(a, b | K, total) ~ p(a | K) p(b | a, K),    b = total - a.

The model knows the probability of every whole number: that of its bin, times that of its place in
the bin (`place_in_bin`). Candidates for a are drawn from p(a | K) and from p(b | K), a = total - b,
and one from every bin of both, so that a spike of either and what lies in the tails are among them.
With lambda(a) = C p(a | K) + p(a | bin of a) + C p(b | K) + p(b | bin of b), the mean number of
candidates at a, each has the weight p(a | K) p(b | a, K) / lambda(a) (multiple importance sampling,
balance heuristic: Veach & Guibas 1995, doi 10.1145/218380.218498). A draw takes one by weight; the
row's other cells are then drawn with both parts known.

Where no candidate is within the ranges seen, the one that leaves them least is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from scipy.special import ndtri

from interfuse.core import RowNoise
from interfuse.core.seeds import Purpose, seed_of
from interfuse.kinds.table.ask.known import Known, RowReader
from interfuse.kinds.table.ask.rows import RowSampler
from interfuse.kinds.table.fields.base import Field
from interfuse.kinds.table.rules import Sum

CANDIDATES = 32
_PICK = 4  # stream of the choice among candidates
_GOLDEN = (5**0.5 - 1) / 2
_MOST_ROWS = 1 << 15  # in one evaluation


def place_in_bin(field: Field, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bin of whole numbers, and the probability of each inside its bin.

    Args:
        field: the column's transform.
        values: whole numbers of any shape.

    Returns:
        Bins, and probabilities: 0 outside the range seen and between the multiples of the grid.
    """
    assert field.quantiles is not None
    knots, step = field.quantiles.knots, field.grid[1] if field.grid else 1
    flat = values.ravel()
    low, high = field.range or (0, 0)
    bins, _, _ = field.quantiles.to_cells(np.clip(flat, low, high).astype(knots.value.dtype))
    mass = np.zeros(len(flat))
    for b in np.unique(bins):
        own, at = knots.bin == b, bins == b
        x, p = knots.value[own].astype(np.float64), knots.p[own]
        below, above = (np.interp(flat[at] + side * step / 2, x, p, 0.0, 1.0) for side in (-1, 1))
        mass[at] = flat[at] == x[0] if x[0] == x[-1] else above - below
    origin = field.grid[0] if field.grid else 0
    mass[(flat < low) | (flat > high) | ((flat - origin) % step != 0)] = 0.0
    return bins.reshape(values.shape), mass.reshape(values.shape)


@dataclass(frozen=True)
class Pairs:
    """Candidates for two columns in k rows.

    Attributes:
        names: the columns.
        values: (k, M) whole numbers of each.
        total: (k, M) weights, summed up to each candidate.
        pick: (k,) where draw 0 picks by weight.
        possible: (k,) whether any candidate is within the ranges seen.
    """

    names: tuple[str, str]
    values: tuple[np.ndarray, np.ndarray]
    total: np.ndarray
    pick: np.ndarray
    possible: np.ndarray

    def draw(self, row: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The pairs of some draws of some rows; those of a row are spread evenly."""
        level = np.modf(self.pick[row] + d * _GOLDEN)[0]
        total = self.total[row]
        at = (total < level[:, None] * total[:, -1:]).sum(1)
        return self.values[0][row, at], self.values[1][row, at]


class PairSampler:
    """Finds candidates for two missing columns.

    Args:
        reader: of the rows.
        sampler: knows the probabilities.
    """

    def __init__(self, reader: RowReader, sampler: RowSampler) -> None:
        self.reader = reader
        self.codec = reader.codec
        self.sampler = sampler

    def pairs(
        self,
        frame: pl.DataFrame,
        name: str,
        rule: Sum,
        names: tuple[str, str],
        number: torch.Tensor,
    ) -> Pairs:
        """Candidates and their weights.

        Args:
            frame: (k) rows where the two are missing.
            name: the column that the rule gives.
            rule: of whole numbers.
            names: the two columns.
            number: (k,) numbers of the rows, which choose the noise.
        """
        sign = {n: s for s, n in rule.terms}
        rest = Sum(((1, name), *((-s, n) for s, n in rule.terms if n not in names)))
        goal = rest.apply(frame).cast(pl.Int64).to_numpy()[:, None]
        known = self.reader.read(frame, quiet=True)
        codes, z = torch.from_numpy(known.codes), torch.from_numpy(known.z).float()
        noise = RowNoise(number ^ (seed_of(self.sampler.seed, Purpose.PAIRS) & ~0xFFFFFFFF))
        sides = []
        for i, n in enumerate(names):
            field, cell = self._field(n), self.codec.places[n].codes.start
            bins = self.sampler.share(codes, z, cell)[:, : field.bins].double().cpu().numpy()
            bins = (bins + 1e-30) / (bins + 1e-30).sum(1, keepdims=True)
            sides.append((field, bins, _propose(field, bins, noise, 2 * i)))
        (first, p_first, some), (second, p_second, others) = sides
        a = np.concatenate([some, sign[names[0]] * (goal - sign[names[1]] * others)], 1)
        b = sign[names[1]] * (goal - sign[names[0]] * a)
        (a_bin, a_in), (b_bin, b_in) = place_in_bin(first, a), place_in_bin(second, b)
        own, other = (np.take_along_axis(p, k, 1) for p, k in ((p_first, a_bin), (p_second, b_bin)))
        given = self._given(frame, known, names, a, b_bin, (a_in > 0) & (b_in > 0))
        count = CANDIDATES * own * a_in + a_in + CANDIDATES * other * b_in + b_in
        weight = own * a_in * given * b_in
        weight = np.divide(weight, count, out=np.zeros_like(weight), where=count > 0)
        possible = weight.sum(1) > 0
        # Nothing is left to weigh: the least that either leaves its range by.
        out = [_outside(f, v) for f, v in ((first, a), (second, b))]
        nearest = np.argmin(out[0] + out[1], 1)
        weight[~possible] = np.eye(weight.shape[1])[nearest[~possible]]
        pick = noise.uniform((1,), stream=_PICK)[:, 0].double().numpy()
        return Pairs(names, (a, b), weight.cumsum(1), pick, possible)

    def _field(self, name: str) -> Field:
        return self.codec.fields[name]

    def _given(
        self,
        frame: pl.DataFrame,
        known: Known,
        names: tuple[str, str],
        a: np.ndarray,
        b_bin: np.ndarray,
        wanted: np.ndarray,
    ) -> np.ndarray:
        """The probability of the second's bin given the first, where it is wanted."""
        field, place = self._field(names[0]), self.codec.places[names[0]]
        second = self.codec.places[names[1]].codes.start
        out = np.zeros(a.shape)
        row, column = wanted.nonzero()
        for start in range(0, len(row), _MOST_ROWS):
            r, c = row[start : start + _MOST_ROWS], column[start : start + _MOST_ROWS]
            cells = field.encode(pl.Series(names[0], a[r, c]).cast(frame.schema[names[0]]))
            codes, z = torch.from_numpy(known.codes[r]), torch.from_numpy(known.z[r]).float()
            codes[:, place.codes] = torch.from_numpy(cells.codes).long()
            low, high = torch.from_numpy(cells.low), torch.from_numpy(cells.high)
            z[:, place.numbers] = (low + high) / 2
            share = self.sampler.share(codes, z, second).double().cpu().numpy()
            bins = share[:, : self._field(names[1]).bins]
            out[r, c] = bins[np.arange(len(r)), b_bin[r, c]] / bins.sum(1)
        return out


def _propose(field: Field, bins: np.ndarray, noise: RowNoise, stream: int) -> np.ndarray:
    """`CANDIDATES` whole numbers by their probabilities, then one from every bin."""
    n, size = bins.shape
    total = bins.cumsum(1)
    shift = noise.uniform((1,), stream=stream).double().numpy()
    level = (np.arange(CANDIDATES) + shift) / CANDIDATES * total[:, -1:]
    drawn = np.stack([np.searchsorted(t, u) for t, u in zip(total, level, strict=True)])
    codes = np.concatenate([np.minimum(drawn, size - 1), np.tile(np.arange(size), (n, 1))], 1)
    rank = noise.uniform((codes.shape[1],), stream=stream + 1).double().numpy()
    z = ndtri(np.clip(rank, 2.0**-26, 1 - 2.0**-26))
    values = field.decode(codes.reshape(-1, 1), z.reshape(-1, 1), np.zeros(codes.size, int), 0)
    return values.cast(pl.Int64).to_numpy().reshape(codes.shape)


def _outside(field: Field, values: np.ndarray) -> np.ndarray:
    low, high = field.range or (0, 0)
    return np.maximum(np.maximum(low - values, values - high), 0)

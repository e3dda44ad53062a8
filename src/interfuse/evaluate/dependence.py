r"""Whether pairs of columns depend as strongly as in the real table: one exact test of all pairs.

Joint frequencies over a few cuts (`association`) hardly see a correlation that lives in the tails.
So the statistics that people look at are tested themselves: Pearson's r of each pair of numbers,
and Cramér's V of each other pair that depends strongly (at least `LEAST_V` in both tables pooled,
numbers cut at the deciles of both). Their errors have no simple law where tails are heavy, so

* the labels "real" and "synthetic" are permuted over the pooled rows, `PERMUTATIONS` times;
* :math:`d_p` = statistic of the real less that of the synthetic rows is divided by its root mean
  square over all permutations and the observed labels, pair by pair;
* a pair differs where its :math:`|d_p|` is above the largest one of all pairs in all permutations.

Were the synthetic rows fresh real ones, all labellings would be as likely as the observed one, so
that this happens to any pair with probability 1 / (`PERMUTATIONS` + 1) at most, whatever the laws
and however the pairs depend on one another (Westfall and Young 1993, max-T). Pairs are chosen and
cut by the pooled rows alone, which no permutation changes.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from interfuse.evaluate.association import cut_by
from interfuse.evaluate.chance import PERMUTATION
from interfuse.evaluate.table import Floats, Index, Table
from interfuse.evaluate.trends import STRONG_ASSOCIATION, cramers_v

PERMUTATIONS = round(1 / PERMUTATION) - 1
MOST_ROWS = 4_000
"""Rows of either table; fewer of a wide one."""
MOST_NUMBERS = 200
MOST_STRONG = 60
"""Pairs with a category whose V is tested, those of greatest V."""
LEAST_V = STRONG_ASSOCIATION
"""V of fewer rows is larger by chance; that of weak pairs most, which would accuse a bootstrap."""

_LEAST_ROWS = 20
_WORK = 6.4e7
_TINY = 1e-12


@dataclass(frozen=True)
class Changed:
    """A pair that depends otherwise than chance explains.

    Attributes:
        first: Column name.
        second: Column name.
        measure: What was compared, for people.
        real: Pearson's r or Cramér's V in the real rows.
        synthetic: The same in the synthetic rows.
        chance: The difference that chance hardly exceeds.
    """

    first: str
    second: str
    measure: str
    real: float
    synthetic: float
    chance: float


def changed(real: Table, synthetic: Table, *, seed: int = 0) -> tuple[Changed, ...]:
    """Return the pairs whose dependence differs; none with under 20 rows on either side.

    Args:
        real: The real table.
        synthetic: Another one, encoded together with it.
        seed: Seed of sampling and of the permutations.
    """
    if min(real.rows, synthetic.rows) < _LEAST_ROWS or len(real.kinds) < 2:
        return ()
    rng = np.random.default_rng([seed, 16])
    numbers = list(real.numbers)[:MOST_NUMBERS]
    size = int(min(MOST_ROWS, max(200, _WORK / max(1, len(numbers)) ** 2)))
    real, synthetic = real.sample(size, rng), synthetic.sample(size, rng)
    pooled = joined(real, synthetic)
    statistics = [_Correlations(pooled, numbers), _Strengths(pooled)]
    names: list[tuple[str, str, str]] = [pair for one in statistics for pair in one.names]
    if not names:
        return ()
    labels = np.arange(pooled.rows) < real.rows
    sides = [np.concatenate([one.of(side) for one in statistics]) for side in (labels, ~labels)]
    drawn = [sides[0] - sides[1]]
    for _ in range(PERMUTATIONS):
        mixed = rng.permutation(labels)
        drawn.append(np.concatenate([one.of(mixed) - one.of(~mixed) for one in statistics]))
    gaps = np.abs(np.nan_to_num(np.array(drawn)))
    scale = np.sqrt((gaps**2).mean(0))
    varies = scale > _TINY
    most = float((gaps[1:] / np.where(varies, scale, np.inf)).max())
    a, b = sides
    return tuple(
        Changed(*names[i], real=float(a[i]), synthetic=float(b[i]), chance=float(most * scale[i]))
        for i in np.flatnonzero(varies & (gaps[0] > most * scale))
    )


def joined(real: Table, synthetic: Table) -> Table:
    """Return the rows of two tables, encoded together, as one table."""
    return Table(
        real.kinds,
        {n: np.concatenate([v, synthetic.numbers[n]]) for n, v in real.numbers.items()},
        {n: np.concatenate([v, synthetic.codes[n]]) for n, v in real.codes.items()},
        real.labels,
        real.temporal,
        real.rows + synthetic.rows,
    )


class _Correlations:
    """Pearson's r of all pairs of numbers, over the rows where both are present."""

    def __init__(self, pooled: Table, numbers: list[str]) -> None:
        columns = [pooled.numbers[name] for name in numbers]
        x = np.column_stack(columns) if columns else np.empty((pooled.rows, 0))
        present = np.isfinite(x)
        x = np.where(present, x, 0.0)
        count = np.maximum(present.sum(0), 1)
        # In two steps, so that squares of huge values stay finite.
        x = np.where(present, x - x.sum(0) / count, 0.0)
        x /= np.maximum(np.abs(x).max(0, initial=0.0), 1e-300)
        x /= np.maximum(np.sqrt((x**2).sum(0) / count), 1e-300)
        self.x, self.squares, self.m = x, x**2, present.astype(np.float64)
        self.whole = bool(present.all())
        self.places = np.triu_indices(len(numbers), 1)
        pairs = zip(*self.places, strict=True)
        self.names = [(numbers[i], numbers[j], "the correlation") for i, j in pairs]

    def of(self, rows: NDArray[np.bool_]) -> Floats:
        """Return r of the pairs in some rows, NaN where a column is constant there."""
        x = self.x[rows]
        if self.whole:
            n = float(len(x))
            mean = x.sum(0) / n
            variance = self.squares[rows].sum(0) / n - mean**2
            covariance = x.T @ x / n - np.outer(mean, mean)
            both = np.outer(variance, variance)
            steady = np.minimum.outer(variance, variance)
        else:
            m = self.m[rows]
            n = np.maximum(m.T @ m, 1.0)
            sums, squares = x.T @ m, self.squares[rows].T @ m
            variance = squares / n - (sums / n) ** 2
            covariance = x.T @ x / n - sums * sums.T / n**2
            both, steady = variance * variance.T, np.minimum(variance, variance.T)
        with np.errstate(invalid="ignore", divide="ignore"):
            r = np.where(steady > _TINY, covariance / np.sqrt(both), np.nan)
        return np.clip(r[self.places], -1.0, 1.0)


class _Strengths:
    """Cramér's V (`trends.cramers_v`) of the pairs with a category that depend most, all at once.

    The cells, rows and columns of all contingency tables are numbered through, those without a
    pooled row left out.
    """

    def __init__(self, pooled: Table) -> None:
        cuts = {name: cut_by(name, pooled, pooled) for name in pooled.kinds}
        found = []
        for a, b in combinations(pooled.kinds, 2):
            if a in pooled.numbers and b in pooled.numbers:
                continue
            width = int(cuts[b].max()) + 1
            cells = cuts[a].astype(np.int64) * width + cuts[b]
            v = cramers_v(*_counted(cells), width)
            if v >= LEAST_V:
                found.append((v, (a, b), cells, width))
        found.sort(key=lambda one: -one[0])
        found = found[:MOST_STRONG]
        self.names = [(*one[1], "Cramér's V") for one in found]
        places, rows, columns, pairs = [], _Numbers(), _Numbers(), []
        for k, (_, _, cells, width) in enumerate(found):
            known, place = np.unique(cells, return_inverse=True)
            places.append(place + len(pairs))
            pairs += [k] * len(known)
            rows.add(known // width)
            columns.add(known % width)
        self.places = np.column_stack(places) if places else np.empty((pooled.rows, 0), np.int64)
        self.pairs = np.array(pairs, dtype=np.int64)
        self.rows, self.columns = rows.all(), columns.all()
        self.row_pairs, self.column_pairs = rows.pairs(), columns.pairs()

    def of(self, rows: NDArray[np.bool_]) -> Floats:
        """Return V of the pairs in some rows, NaN where a column is constant there."""
        counts = np.bincount(self.places[rows].ravel(), minlength=len(self.pairs))
        o = counts.astype(np.float64)
        r = np.bincount(self.rows, o, len(self.row_pairs))
        c = np.bincount(self.columns, o, len(self.column_pairs))
        n = len(self.names)
        smaller = np.minimum(
            np.bincount(self.row_pairs, r > 0, n), np.bincount(self.column_pairs, c > 0, n)
        )
        expected = np.maximum(r[self.rows] * c[self.columns], 1.0)  # less where no row is
        phi = np.bincount(self.pairs, o * o / expected, n) - 1.0
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(smaller < 2, np.nan, np.sqrt(np.maximum(phi, 0.0) / (smaller - 1)))


class _Numbers:
    """Lines (rows or columns) of contingency tables, numbered through as they are added."""

    def __init__(self) -> None:
        self._each: list[Index] = []
        self._lines: list[int] = []

    def add(self, lines: Index) -> None:
        """Add the lines of one table's cells."""
        known, place = np.unique(lines, return_inverse=True)
        self._each.append(place + sum(self._lines))
        self._lines.append(len(known))

    def all(self) -> Index:
        """Return the number of the line of each cell of all tables."""
        return np.concatenate([np.empty(0, np.int64), *self._each])

    def pairs(self) -> Index:
        """Return the table of each line."""
        return np.repeat(np.arange(len(self._lines)), np.array(self._lines, dtype=np.int64))


def _counted(cells: Index) -> tuple[Index, Index]:
    counts = np.bincount(cells)
    return np.arange(len(counts)), counts

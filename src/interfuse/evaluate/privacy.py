r"""Privacy: are synthetic rows nearer to the rows that were trained on than to others?

**Distance.** Numbers are divided by their range in the training table and compared by absolute
difference; a category that differs costs 2 (its one-hot vectors differ in two places); a missing
number stands at the training median and costs 1 more against a present one. The distance of two
rows is the sum over the columns (L1), that of the published tables (TabSyn, arXiv:2310.09656).

**Share nearer to training rows** (`Closest.share`). Let d_T and d_H be the distances of a synthetic
row to its closest training and its closest hold-out row, among *equally many* of each (the larger
side is sampled down, so the ideal is 1/2 whatever the split):

.. math:: \mathrm{share} = P(d_T < d_H) + \tfrac12 P(d_T = d_H)

0.5 = synthetic rows know nothing of single training rows; 1 = every one leans on a training row.
Its standard error treats synthetic rows with the same closest row as one observation.

**Copies.** The share of synthetic rows equal to a training row in every column, beside the same
share for hold-out rows (in a table of few columns honest rows coincide too).

**Nearness.** The 5th percentile of d_T over synthetic rows, beside that of hold-out rows; without a
hold-out, beside that of training rows to *other* training rows. Much smaller = suspicious.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import manhattan_distances

from interfuse.evaluate.table import Codes, Floats, Index, Table, row_hashes

ROW_LIMIT = 20_000
"""At most this many rows on each side of a distance search; more are sampled."""

_PERCENTILE = 5.0
_TIE = 1e-9
_BLOCK_CELLS = 4_000_000
_ONE_HOT_WIDTH = 1_000


@dataclass(frozen=True)
class Closest:
    """Distances of synthetic rows to real ones.

    Attributes:
        share: Share of synthetic rows nearer to training than to hold-out rows, ties half; None
            without a hold-out.
        error: Standard error of `share`; None without a hold-out.
        nearness: 5th percentile of the distance to the closest training row.
        reference: The same for real rows: of the hold-out, else of training rows to the others.
        rows: Synthetic rows used.
        against: Training rows used; with a hold-out, those used for `share`, on either side.
    """

    share: float | None
    error: float | None
    nearness: float
    reference: float
    rows: int
    against: int


@dataclass(frozen=True)
class Copies:
    """Shares of rows equal to a training row in every compared column.

    Attributes:
        synthetic: Share among synthetic rows.
        reference: Share among hold-out rows; without one, share of training rows that occur twice.
    """

    synthetic: float
    reference: float


def exact_copies(train: Table, synthetic: Table, holdout: Table | None = None) -> Copies:
    """Return the shares of exact copies; equality is by a 64-bit hash of the whole row."""
    known, counts = np.unique(row_hashes(train), return_counts=True)
    share = float(np.isin(row_hashes(synthetic), known).mean())
    if holdout is None:
        return Copies(share, float(counts[counts > 1].sum() / train.rows))
    return Copies(share, float(np.isin(row_hashes(holdout), known).mean()))


def closest(
    train: Table,
    synthetic: Table,
    holdout: Table | None = None,
    *,
    seed: int = 0,
    limit: int = ROW_LIMIT,
) -> Closest:
    """Measure the distances of synthetic rows to their closest training and hold-out rows.

    Exact within the rows used; time grows with rows times `against` times columns, memory does not.

    Args:
        train: The rows that the synthesiser was trained on.
        synthetic: Its rows, encoded together with `train`.
        holdout: Real rows that it has not seen.
        seed: Seed of all sampling.
        limit: Most rows on each side.
    """
    rng = np.random.default_rng(seed)
    rows = synthetic.sample(limit, rng)
    known = train.take(rng.permutation(train.rows)[:limit])
    space = _Space(train)
    queries, points = space.place(rows), space.place(known)
    if holdout is None:
        near, _, _ = _nearest(queries, points)
        twin, _, _ = _nearest(points, points, skip_self=True)
        return Closest(None, None, _low(near), _low(twin), rows.rows, known.rows)
    size = min(known.rows, holdout.rows)
    held = space.place(holdout.take(rng.permutation(holdout.rows)[:size]))
    near, near_train, at_train = _nearest(queries, points, first=size)
    near_held, _, at_held = _nearest(queries, held)
    gap = near_train - near_held
    won = np.where(np.abs(gap) <= _TIE, 0.5, (gap < 0).astype(np.float64))
    share = float(won.mean())
    cluster = np.where(gap <= 0, at_train, size + at_held)
    sums = np.bincount(cluster, weights=won - share)
    error = float(np.sqrt((sums**2).sum()) / len(won))
    between, _, _ = _nearest(held, points)
    return Closest(share, error, _low(near), _low(between), rows.rows, size)


class _Space:
    """Scales fixed by the training table."""

    def __init__(self, train: Table) -> None:
        self.scales: dict[str, tuple[float, float]] = {}
        for name, values in train.numbers.items():
            known = values[np.isfinite(values)]
            span = float(known.max() - known.min()) if len(known) else 0.0
            self.scales[name] = (float(np.median(known)) if len(known) else 0.0, span or 1.0)

    def place(self, table: Table) -> tuple[Floats, Codes]:
        columns = []
        for name, values in table.numbers.items():
            median, span = self.scales[name]
            present = np.isfinite(values)
            columns.append((np.where(present, values, median) - median) / span)
            columns.append((~present).astype(np.float64))
        numbers = np.column_stack(columns) if columns else np.empty((table.rows, 0))
        codes = np.empty((table.rows, 0), dtype=np.int32)
        if table.codes:
            codes = np.column_stack(list(table.codes.values()))
        return numbers, codes


def _low(distances: Floats) -> float:
    return float(np.percentile(distances, _PERCENTILE))


def _nearest(
    queries: tuple[Floats, Codes],
    points: tuple[Floats, Codes],
    *,
    first: int | None = None,
    skip_self: bool = False,
) -> tuple[Floats, Floats, Index]:
    """Return the least distance to all points, and to the `first` points the least and its place.

    Blocks of queries bound the memory.
    """
    (x, a), (y, b) = queries, points
    used = (x != 0).any(0) | (y != 0).any(0)
    x, y = np.ascontiguousarray(x[:, used]), np.ascontiguousarray(y[:, used])
    differ = _Mismatch(a, b)
    overall, best = np.empty(len(x)), np.empty(len(x))
    where = np.empty(len(x), dtype=np.int64)
    step = max(1, _BLOCK_CELLS // max(1, len(y)))
    for start in range(0, len(x), step):
        block = slice(start, min(start + step, len(x)))
        rows = np.arange(block.stop - start)
        distance = np.zeros((len(rows), len(y)))
        if x.shape[1]:
            distance += manhattan_distances(x[block], y)
        differ.add(distance, block)
        if skip_self:
            distance[rows, rows + start] = np.inf
        where[block] = distance[:, :first].argmin(1)
        best[block] = distance[rows, where[block]]
        overall[block] = best[block] if first is None else distance.min(1)
    return overall, best, where


class _Mismatch:
    """Adds 2 for each category column in which two rows differ.

    Few labels in all: agreements are a product of one-hot matrices. Many: columns one by one.
    """

    def __init__(self, a: Codes, b: Codes) -> None:
        self.a, self.b = a, b
        sizes = [int(max(a[:, j].max(), b[:, j].max())) + 2 for j in range(a.shape[1])]
        self.width = sum(sizes)
        self.starts = np.cumsum([0, *sizes[:-1]]) + 1 if sizes else np.empty(0, np.int64)
        self.hot = self._one_hot(b) if 0 < self.width <= _ONE_HOT_WIDTH else None

    def _one_hot(self, codes: Codes) -> NDArray[np.float32]:
        hot = np.zeros((len(codes), self.width), dtype=np.float32)
        np.put_along_axis(hot, codes + self.starts, np.float32(1.0), axis=1)
        return hot

    def add(self, distance: Floats, block: slice) -> None:
        a = self.a[block]
        if self.hot is not None:
            agree = self._one_hot(a) @ self.hot.T
            distance += 2.0 * a.shape[1] - 2.0 * agree
            return
        for j in range(a.shape[1]):
            distance += 2.0 * (a[:, j, None] != self.b[None, :, j])

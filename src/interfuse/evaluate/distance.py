"""Distances between rows of a mixed table, exact, in blocks that bound the memory.

Numbers are divided by their range in the training table and compared by absolute difference; a
category that differs costs 2 (its one-hot vectors differ in two places); a missing number stands at
the training median and costs 1 more against a present one. The distance of two rows is the sum over
the columns (L1), that of the published tables (TabSyn, arXiv:2310.09656).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import manhattan_distances

from interfuse.evaluate.table import Codes, Floats, Index, Table

Points = tuple[Floats, Codes]
"""Scaled numbers with their missing flags, and codes."""

_BLOCK_CELLS = 4_000_000
_ONE_HOT_WIDTH = 1_000


class Space:
    """Scales fixed by the training table.

    Args:
        train: The table that ranges and medians come from.
        without: A column that distances leave out.
    """

    def __init__(self, train: Table, *, without: str | None = None) -> None:
        self.without = without
        self.scales: dict[str, tuple[float, float]] = {}
        for name, values in train.numbers.items():
            known = values[np.isfinite(values)]
            span = float(known.max() - known.min()) if len(known) else 0.0
            self.scales[name] = (float(np.median(known)) if len(known) else 0.0, span or 1.0)

    def place(self, table: Table) -> Points:
        """Return the rows of a table, encoded together with the training table, as points."""
        columns = []
        for name, values in table.numbers.items():
            if name == self.without:
                continue
            median, span = self.scales[name]
            present = np.isfinite(values)
            columns.append((np.where(present, values, median) - median) / span)
            columns.append((~present).astype(np.float64))
        numbers = np.column_stack(columns) if columns else np.empty((table.rows, 0))
        codes = np.empty((table.rows, 0), dtype=np.int32)
        kept = [values for name, values in table.codes.items() if name != self.without]
        if kept:
            codes = np.column_stack(kept)
        return numbers, codes


class Blocks:
    """The distances of queries to points, a block of queries at a time."""

    def __init__(self, queries: Points, points: Points) -> None:
        (x, a), (y, b) = queries, points
        used = (x != 0).any(0) | (y != 0).any(0)
        self.x, self.y = (np.ascontiguousarray(m[:, used]) for m in (x, y))
        self.differ = _Mismatch(a, b)
        self.step = max(1, _BLOCK_CELLS // max(1, len(y)))

    def __iter__(self) -> Iterator[tuple[slice, Floats]]:
        """Yield (slice of the queries, their distances to all points)."""
        for start in range(0, len(self.x), self.step):
            block = slice(start, min(start + self.step, len(self.x)))
            distance = np.zeros((block.stop - start, len(self.y)))
            if self.x.shape[1]:
                distance += manhattan_distances(self.x[block], self.y)
            self.differ.add(distance, block)
            yield block, distance


def nearest(
    queries: Points, points: Points, *, first: int | None = None, skip_self: bool = False
) -> tuple[Floats, Floats, Index]:
    """Return the two least distances to all points, and to the `first` points the least.

    Args:
        queries: Rows asked for.
        points: Rows that are searched.
        first: How many of the points count for the last two results, None = all.
        skip_self: Whether query i must not find point i.

    Returns:
        Distances of shape (rows, 2), inf where there is no second point; the least distance to the
        first points, and its place, both of shape (rows,).
    """
    rows = len(queries[0])
    two, best = np.full((rows, 2), np.inf), np.empty(rows)
    where = np.empty(rows, dtype=np.int64)
    for block, distance in Blocks(queries, points):
        inside = np.arange(len(distance))
        if skip_self:
            distance[inside, inside + block.start] = np.inf
        where[block] = distance[:, :first].argmin(1)
        best[block] = distance[inside, where[block]]
        two[block, : min(2, distance.shape[1])] = smallest(distance, 2)
    return two, best, where


def smallest(distance: Floats, k: int) -> Floats:
    """Return the k least entries of each row in ascending order (fewer if there are fewer)."""
    if distance.shape[1] <= k:
        return np.sort(distance, axis=1)
    return np.sort(np.partition(distance, k - 1, axis=1)[:, :k], axis=1)


def k_nearest(queries: Points, points: Points, k: int) -> Floats:
    """Return the distances to the k closest points, ascending, shape (rows, min(k, points))."""
    out = np.empty((len(queries[0]), min(k, len(points[0]))))
    for block, distance in Blocks(queries, points):
        out[block] = smallest(distance, k)
    return out


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

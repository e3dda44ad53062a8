"""Bounds with a factor: `40 * packets <= bytes`, in every row.

The factor is read off the data: with r the ratios of b to a in rows where a > 0, it is the end of
their distribution, 2 r_(1) - r_(2) (Robson & Whitlock 1964, doi 10.1093/biomet/51.1-2.33), or half
of r_(1) if that is more, down to two digits; so it tells of no row to the last digit. A bound must
say

* enough: in `ROWS` rows a > 0. A row beyond the end of so many is met once in `ROWS` at most;
* something: with one column shuffled it breaks in `TELLING` of the rows and in `MIN_ROWS`;
* that there is an edge. The least of n ratios of any two columns that rise together is a bound as
  well, of the sample and not of the columns. One in a hundred ratios must lie within `NEAR` times
  the factor, and of the logarithms of the ratios the quantiles towards the edge must crowd,

      (q_.1 - q_.01) / (q_.5 - q_.1) <= `CROWDED`,  or  (q_.01 - q_.001) / (q_.1 - q_.01) <= `FAR`,

  the first up to `SURE` from `SURE_ROWS` on, the second from `FAR_ROWS` on. They are .82 and .73 of
  normal logarithms, 1.4 and 1 of exponential ones, .3 and .1 of ratios that are uniform from the
  edge on. Of 240 pairs of normal columns, in logarithms and not, the least were .49 and .23 of
  1,000 rows, .56 and .32 of 3,000, .63 and .41 of 10,000.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
import polars as pl

from interfuse.kinds.table.rules.bounds import Bound
from interfuse.kinds.table.rules.search.ends import floored
from interfuse.kinds.table.rules.search.ledger import MIN_ROWS, Ledger

MOST_COLUMNS, MOST_BOUNDS = 60, 100
ROWS = 500
TELLING = 0.01
NEAR = 2.0
CROWDED, SURE, FAR = 0.4, 0.5, 0.3
SURE_ROWS = 3_000
FAR_ROWS = 10_000
"""One in a thousand of these is more than the least ones."""


def find_scaled(ledger: Ledger, names: list[str], known: Collection[Bound]) -> list[Bound]:
    """Bounds with factors between columns of numbers.

    Args:
        ledger: of the table.
        names: the columns.
        known: bounds without factors; of their columns none is looked for.
    """
    names = names[:MOST_COLUMNS]
    done = {bound.columns for bound in known}
    x = [ledger.columns[n].x for n in names]
    rng = np.random.default_rng(3)
    mixed = rng.permutation(len(x[0])) if x else np.zeros(0, int)
    fit = [bool((v[~np.isnan(v)] >= 0).all() and (v > 0).sum() >= MIN_ROWS) for v in x]
    out: list[Bound] = []
    for i, low in enumerate(names):
        for j, high in enumerate(names):
            if i == j or not (fit[i] and fit[j]) or (low, high) in done:
                continue
            if not _may_have(x[i], x[j], mixed):
                continue
            factor = _factor(ledger, low, high)
            if factor is not None:
                out.append(Bound(low, high, factor))
                if len(out) == MOST_BOUNDS:
                    return out
    return out


def _may_have(a: np.ndarray, b: np.ndarray, mixed: np.ndarray) -> bool:
    """Whether a sample has a bound that says something, and an edge."""
    with np.errstate(invalid="ignore", divide="ignore"):
        there = (a > 0) & ~np.isnan(b)
        ratio = b[there] / a[there]
        if len(ratio) < MIN_ROWS or not ratio.min() > 0:
            return False
        least = ratio.min()
        if np.quantile(ratio, 0.01) > NEAR * least * 1.5:
            return False
        other = b[mixed]
        odd = int((other[there & (other > 0)] < least * a[there & (other > 0)]).sum())
    return odd >= max(MIN_ROWS, TELLING * len(ratio))


def _factor(ledger: Ledger, low: str, high: str) -> float | None:
    """The factor by all rows; None if they have no edge."""
    frame = ledger.whole([low, high]).select(pl.col(low, high).cast(pl.Float64))
    frame = frame.filter((pl.col(low) > 0) & pl.col(high).is_not_null() & ~pl.col(high).is_nan())
    ratio = (frame[high] / frame[low]).to_numpy()
    ratio = ratio[np.isfinite(ratio)]
    if len(ratio) < ROWS:
        return None
    least, second = np.partition(ratio, 1)[:2].tolist()
    factor = floored(max(2 * least - second, least / 2))
    if factor <= 0 or not has_edge(ratio, factor):
        return None
    return factor


def has_edge(ratio: np.ndarray, factor: float) -> bool:
    """Whether ratios crowd at their lower end.

    Args:
        ratio: (n,) above 0.
        factor: that end.
    """
    far, near, tenth, half, most = np.log(np.quantile(ratio, (0.001, 0.01, 0.1, 0.5, 0.9)))
    half = half if half > tenth else most  # half of the rows have one ratio
    if near - math.log(factor) > math.log(NEAR):
        return False
    crowded = SURE if len(ratio) >= SURE_ROWS else CROWDED
    if tenth - near <= crowded * (half - tenth):
        return True
    return len(ratio) >= FAR_ROWS and bool(near - far <= FAR * (tenth - near))

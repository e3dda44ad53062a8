"""The part of a number's bins that lies between two ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from interfuse.errors import ConditionError
from interfuse.kinds.table.fields.limit import LEAST, Range
from interfuse.kinds.table.fields.quantiles import BinnedQuantiles


class Between(NamedTuple):
    """What lies between the ends.

    Attributes:
        weight: (bins,) share of each bin; all 0 if no value of the range was seen.
        low: (bins,) lowest rank inside each bin.
        high: (bins,) highest rank.
        ends: least and greatest physical value of the range within those seen.
        nearest: the value of the range that is nearest to those seen.
    """

    weight: np.ndarray
    low: np.ndarray
    high: np.ndarray
    ends: tuple[float | int, float | int]
    nearest: float | int


def between(
    name: str,
    quantiles: BinnedQuantiles,
    grid: tuple[int, int] | None,
    asked: Range,
    low: float | int | None,
    high: float | int | None,
    bounds: tuple[float | int, float | int],
) -> Between:
    """The parts of the bins between two ends.

    Args:
        name: the column, for messages.
        quantiles: its bins.
        grid: its grid; see `fields.number`.
        asked: for messages, and which ends are open.
        low: the lower end in the column's physical unit; None if there is none.
        high: the upper end.
        bounds: least and greatest value of the column's type.

    Raises:
        ConditionError: no value satisfies the range.
    """
    knots, seen = quantiles.knots, quantiles.range
    least, most, half = _on_grid(name, quantiles, grid, asked, low, high)
    if least > most or least > bounds[1] or most < bounds[0]:
        raise ConditionError(f"column {name!r}: no value has {asked}. Mend the condition.")
    least, most = max(least, bounds[0]), min(most, bounds[1])
    k = quantiles.bins
    weight, a, b = np.zeros(k), np.zeros(k), np.ones(k)
    for code in range(k):
        at = knots.bin == code
        p, value = knots.p[at], knots.value[at]
        if quantiles.single[code]:
            weight[code] = float(least <= value[0] <= most)
            continue
        a[code] = _rank(value, p, least - half, "left") if least > value[0] else 0.0
        b[code] = _rank(value, p, most + half, "right") if most < value[-1] else 1.0
        weight[code] = max(b[code] - a[code], 0.0)
    weight[weight < LEAST] = 0.0
    nearest = min(max(seen[0], least), most) if least > seen[0] or most < seen[0] else seen[0]
    return Between(weight, a, b, (max(least, seen[0]), min(most, seen[1])), nearest)


def infinities(
    special: Sequence[str], asked: Range, low: float | int | None, high: float | int | None
) -> np.ndarray:
    """Share of each special value that lies in a range; infinities are its far ends."""
    least, most = -math.inf if low is None else low, math.inf if high is None else high
    open_low, open_high = asked.open_low and low is not None, asked.open_high and high is not None
    above = most == math.inf and not open_high and not (least == math.inf and open_low)
    below = least == -math.inf and not open_low and not (most == -math.inf and open_high)
    found = {"inf": above, "-inf": below}
    return np.array([float(found.get(name, False)) for name in special])


def nothing_of(quantiles: BinnedQuantiles) -> Between:
    """None of the bins; what was asked for lies outside of them."""
    none, seen = np.zeros(quantiles.bins), quantiles.range
    return Between(none, none, none + 1, seen, seen[0])


def _on_grid(
    name: str,
    quantiles: BinnedQuantiles,
    grid: tuple[int, int] | None,
    asked: Range,
    low: float | int | None,
    high: float | int | None,
) -> tuple[float | int, float | int, float]:
    """Least and greatest value of the range on the column's grid, and half of the grid's step."""
    first, last = quantiles.range
    whole = quantiles.knots.value.dtype.kind != "f"
    far = [-math.inf if low is None else low, math.inf if high is None else high]
    if whole:
        origin, step = grid or (0, 1)
        # An end far outside is as good as one just outside; infinities have no place on a grid.
        least, most = first, last
        if math.isfinite(far[0]):
            up = -((-(far[0] - origin)) // step)
            least = int(origin + up * step)
            least += step if asked.open_low and least == far[0] else 0
        elif far[0] > 0:
            raise ConditionError(f"column {name!r}: no value has {asked}.")
        if math.isfinite(far[1]):
            most = int(origin + (far[1] - origin) // step * step)
            most -= step if asked.open_high and most == far[1] else 0
        elif far[1] < 0:
            raise ConditionError(f"column {name!r}: no value has {asked}.")
        least = least if low is not None else min(first, most)
        most = most if high is not None else max(last, least)
        return least, most, step / 2
    least, most = far
    if grid is not None:
        unit = 10.0 ** -grid[1]
        coarse = 2.0**52 * unit  # beyond it all numbers lie on the grid
        if abs(least) < coarse:
            up = math.ceil(round(least / unit, 6))
            up += asked.open_low and math.isclose(up * unit, least, rel_tol=1e-12, abs_tol=1e-300)
            least = round(up * unit, grid[1])
        if abs(most) < coarse:
            down = math.floor(round(most / unit, 6))
            down -= asked.open_high and math.isclose(
                down * unit, most, rel_tol=1e-12, abs_tol=1e-300
            )
            most = round(down * unit, grid[1])
        if max(abs(least), abs(most)) < coarse:
            return least, most, unit / 2
    # Integers beyond 2^53 are compared as they were given, floats as they are.
    if asked.open_low and least == far[0]:
        least = math.nextafter(least, math.inf)
    if asked.open_high and most == far[1]:
        most = math.nextafter(most, -math.inf)
    return least, most, 0.0


def _rank(value: np.ndarray, p: np.ndarray, at: float, side: str) -> float:
    """P(v < at) for "left", P(v <= at) for "right", inside a bin."""
    i = int(np.searchsorted(value, at, side=side))  # type: ignore[call-overload]
    if i == 0:
        return 0.0
    if i == len(value):
        return 1.0
    left, right = float(value[i - 1]), float(value[i])
    share = (at - left) / (right - left) if right > left else 1.0
    return float(p[i - 1] + min(max(share, 0.0), 1.0) * (p[i] - p[i - 1]))

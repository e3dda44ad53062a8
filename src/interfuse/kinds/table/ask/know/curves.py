"""How a target moves with a driver: plainly, and with all else as it is.

Of driver b at level v the plain mean is E[y | b = v] as the network says it with b alone known.
Beside it stands the mean over rows of E[y | b = v, R], R the row's other columns, over the rows
where p(b = v | R) is at least `SUPPORT`: no row is asked for what cannot be. (A partial dependence
asks for every v in every row, and the answer there is made up.) Of a category y is the probability
of one value, of a number its mean by bins.

**Threshold.** The boundary between levels of b with most variance of y between its two sides
(Fisher 1958), and the middle 95 % of where it comes to lie in `TIMES` bootstraps of the rows.
**Direction.** Spearman's rank correlation of the supported curve.

Nothing here is causal: what else differs between the rows at v and the others, and is in no column,
moves the curve too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from interfuse.kinds.table.ask.know.levels import Levels, levels_of, values_of_codes, words_of_codes
from interfuse.kinds.table.ask.know.view import Rows, View
from interfuse.language import t

SUPPORT = 0.01
ROWS = 512
FEWEST = 20
TIMES = 200
CURVES = 6


@dataclass(frozen=True)
class Curve:
    """A target against one driver.

    Attributes:
        column: the driver.
        outcome: what is on the other axis: a value of the target, or its mean.
        levels: of the driver.
        plain, supported: (levels,) E[y | b] and E[y | b, R]; NaN where too few rows support it.
        share: (levels,) of the rows that support the level.
        threshold, low, high: level before which the target changes most, and its interval; as
            numbers of the driver, NaN without one.
        direction: rank correlation, NaN for a driver without order.
    """

    column: int
    outcome: str
    levels: Levels
    plain: np.ndarray
    supported: np.ndarray
    share: np.ndarray
    threshold: float
    low: float
    high: float
    direction: float


def outcome_of(view: View, rows: Rows, target: int, event: str | None = None) -> Outcome:
    """What is averaged of a target: a number's value, else whether it is one of its values.

    Args:
        view: the columns.
        rows: that say which value is the rarer of two.
        target: the column.
        event: a value of it; None for the rarer of two, the commonest of more.
    """
    value = values_of_codes(view, target)
    if event is None and view.fields[target].bins > 2:
        return Outcome(
            t("mean of {name}", name=view.names[target]),
            np.nan_to_num(value, nan=0.0),
            value == value,
        )
    words = words_of_codes(view, target)
    count = np.bincount(np.maximum(view.first_codes(rows, target), 0), minlength=len(words))
    seen = np.flatnonzero(count)
    at = words.index(event) if event in words else None
    if at is None:
        at = int(seen[count[seen].argmin()] if len(seen) == 2 else count.argmax())
    worth = np.zeros(len(words))
    worth[at] = 1.0
    return Outcome(f"{view.names[target]} = {words[at]}", worth, np.ones(len(words), bool))


@dataclass(frozen=True)
class Outcome:
    """A number for each code of the target.

    Attributes:
        words: what it is.
        worth: (k,).
        counts: (k,) whether the code has one.
    """

    words: str
    worth: np.ndarray
    counts: np.ndarray

    def mean(self, shares: np.ndarray) -> np.ndarray:
        """(n,) expected worth under distributions (n, k)."""
        mass = shares[:, self.counts]
        return mass @ self.worth[self.counts] / np.maximum(mass.sum(1), 1e-12)

    def of(self, codes: np.ndarray) -> np.ndarray:
        """(n,) of rows; NaN where the code has none."""
        fine = (codes >= 0) & self.counts[np.maximum(codes, 0)]
        return np.where(fine, self.worth[np.maximum(codes, 0)], np.nan)


def curve(
    view: View,
    rows: Rows,
    target: int,
    driver: int,
    outcome: Outcome,
    *,
    context: tuple[int, ...] = (),
    seed: int = 0,
) -> Curve:
    """The curve of one driver whose values are one cell, or a bin."""
    levels = levels_of(view, driver, view.first_codes(rows, driver))
    few = rows.at_most(ROWS, seed)
    likely = view.ask.shares(few.codes, view.all_but(target, driver), driver)
    plain, supported, share = [], [], []
    start = view.only(driver, *context)
    cell = view.ask.cells[driver][0]
    for level, code in enumerate(levels.code):
        moved = few.codes.copy()
        moved[:, list(view.ask.cells[driver])] = -1
        moved[:, cell] = code
        fine = likely[:, levels.of == level].sum(1) >= SUPPORT
        alone = moved if context else moved[:1]
        plain.append(float(outcome.mean(view.ask.shares(alone, start, target)).mean()))
        share.append(float(fine.mean()))
        if fine.sum() < FEWEST:
            supported.append(np.nan)
            continue
        said = view.ask.shares(moved[fine], view.all_but(target), target)
        supported.append(float(outcome.mean(said).mean()))
    at, low, high = _threshold(view, rows, target, driver, outcome, levels, seed)
    return Curve(
        driver, outcome.words, levels, np.array(plain), np.array(supported), np.array(share),
        at, low, high, _direction(levels, np.array(supported)),
    )  # fmt: skip


def _direction(levels: Levels, supported: np.ndarray) -> float:
    fine = np.isfinite(supported) & np.isfinite(levels.value)
    if not levels.ordered or fine.sum() < 3 or np.ptp(supported[fine]) == 0:
        return np.nan
    found: Any = spearmanr(levels.value[fine], supported[fine])
    return float(found.statistic)


def _threshold(
    view: View,
    rows: Rows,
    target: int,
    driver: int,
    outcome: Outcome,
    levels: Levels,
    seed: int,
) -> tuple[float, float, float]:
    """The boundary of most variance between its sides, and a bootstrap interval."""
    code = view.first_codes(rows, driver)
    y = outcome.of(view.first_codes(rows, target))
    value = values_of_codes(view, driver)
    fine = np.isfinite(y) & (code >= 0) & np.isfinite(value[np.maximum(code, 0)])
    if not levels.ordered or len(np.unique(code[fine])) < 2:
        return np.nan, np.nan, np.nan
    code, y = code[fine], y[fine]
    rng = np.random.default_rng([seed, 27])
    k = view.fields[driver].bins
    found = []
    for turn in range(TIMES + 1):
        times = np.ones(len(y)) if turn == 0 else rng.multinomial(len(y), [1 / len(y)] * len(y))
        found.append(_cut(np.bincount(code, times, k), np.bincount(code, times * y, k)))
    middle = [(value[c] + value[c + 1]) / 2 if c + 1 < k else value[c] for c in found]
    low, high = np.quantile(middle[1:], [0.025, 0.975])
    return float(middle[0]), float(low), float(high)


def _cut(count: np.ndarray, total: np.ndarray) -> int:
    """The last code of the lower side."""
    n, s = count.cumsum()[:-1], total.cumsum()[:-1]
    m = count.sum() - n
    gap = np.divide(s, n, out=np.zeros_like(s), where=n > 0)
    gap -= np.divide(total.sum() - s, m, out=np.zeros_like(s), where=m > 0)
    return int((n * m * gap**2).argmax())

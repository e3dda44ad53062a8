"""Rivals that fill missing cells: each is fitted on training rows and draws values.

All see the same matrix: numbers as float64, categories as codes, NaN where missing. All give some
draws of each missing cell, and a point of their own.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer

ROWS = 4_000
LEVELS = 15


@dataclass
class Matrix:
    """A table as numbers.

    Attributes:
        values: (n, c) float64; codes of categories, NaN where missing.
        levels: (c,) number of levels, 0 for numbers.
    """

    values: np.ndarray
    levels: list[int]


class ImputerFailed(Exception):
    """A rival could not be fitted or gave no draws; the message says why."""


class Imputer(Protocol):
    """A fitted rival."""

    def draw(self, rows: np.ndarray, draws: int) -> tuple[np.ndarray, np.ndarray]:
        """Draws (m, n, c), and points (n, c)."""
        ...


def simple(train: Matrix) -> np.ndarray:
    """Means and modes."""
    out = np.zeros(len(train.levels))
    for j, k in enumerate(train.levels):
        column = train.values[:, j]
        column = column[~np.isnan(column)]
        out[j] = np.bincount(column.astype(int), minlength=k).argmax() if k else column.mean()
    return out


class MeanMode:
    """The mean of a number, the most frequent category; draws are values of other rows."""

    def __init__(self, train: Matrix, seed: int) -> None:
        self.point, self.train = simple(train), train.values
        self.rng = np.random.default_rng(seed)

    def draw(self, rows: np.ndarray, draws: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Imputer`."""
        gone = np.isnan(rows)
        out = np.repeat(rows[None], draws, 0)
        for j in range(rows.shape[1]):
            column = self.train[:, j]
            column = column[~np.isnan(column)]
            out[:, gone[:, j], j] = self.rng.choice(column, (draws, int(gone[:, j].sum())))
        return out, np.where(gone, self.point, rows)


class Neighbours:
    """The nearest rows in what is observed: |difference| / sd of numbers, 0 or 1 of categories."""

    def __init__(self, train: Matrix, seed: int) -> None:
        rng = np.random.default_rng(seed)
        n = len(train.values)
        self.train = train.values[rng.permutation(n)[: 2 * ROWS]]
        self.levels = np.array(train.levels)
        self.sd = np.nanstd(self.train, 0) + 1e-12
        self.filled = np.where(np.isnan(self.train), simple(train), self.train)

    def draw(self, rows: np.ndarray, draws: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Imputer`."""
        gone = np.isnan(rows)
        out = np.repeat(rows[None], draws, 0)
        number = self.levels == 0
        scaled = self.filled[:, number] / self.sd[number]
        codes = self.filled[:, ~number]
        for i in range(len(rows)):
            seen = ~gone[i]
            a = np.abs(scaled[:, seen[number]] - rows[i, number & seen] / self.sd[number & seen])
            b = codes[:, seen[~number]] != rows[i, ~number & seen]
            distance = np.minimum(a, 3).sum(1) + b.sum(1)
            near = np.argpartition(distance, draws)[:draws]
            out[:, i, gone[i]] = self.filled[near][:, gone[i]]
        point = np.where(gone, 0, rows)
        for j, k in enumerate(self.levels):
            point[gone[:, j], j] = point_of(out[:, gone[:, j], j], k)
        return out, point


class Chained:
    """scikit-learn's IterativeImputer (Bayesian ridge), categories as indicators."""

    def __init__(self, train: Matrix, seed: int) -> None:
        self.levels = train.levels
        self.fill = simple(train)
        rng = np.random.default_rng(seed)
        part = train.values[rng.permutation(len(train.values))[:ROWS]]
        self.low, self.high = np.nanmin(train.values, 0), np.nanmax(train.values, 0)
        self.imputer = IterativeImputer(max_iter=4, sample_posterior=True, random_state=seed)
        x = self._widen(part)
        holes = np.random.default_rng(seed).random(x.shape) < 0.1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.imputer.fit(np.where(holes, np.nan, x))

    def _widen(self, rows: np.ndarray) -> np.ndarray:
        parts = []
        for j, k in enumerate(self.levels):
            column = rows[:, j : j + 1]
            if k:
                hot = (column == np.arange(min(k, LEVELS))).astype(float)
                parts.append(np.where(np.isnan(column), np.nan, hot))
            else:
                parts.append(column)
        return np.concatenate(parts, 1)

    def draw(self, rows: np.ndarray, draws: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Imputer`."""
        wide, gone = self._widen(rows), np.isnan(rows)
        out = np.repeat(rows[None], draws, 0)
        mean = np.zeros_like(wide)
        for d in range(draws):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                full = np.asarray(self.imputer.transform(wide))
            mean += full / draws
            out[d][gone] = self._narrow(full)[gone]
        return out, np.where(gone, self._narrow(mean), rows)

    def _narrow(self, wide: np.ndarray) -> np.ndarray:
        out, at = np.zeros((len(wide), len(self.levels))), 0
        for j, k in enumerate(self.levels):
            width = min(k, LEVELS) if k else 1
            part = wide[:, at : at + width]
            out[:, j] = part.argmax(1) if k else np.clip(part[:, 0], self.low[j], self.high[j])
            at += width
        return out


class Forests:
    """Random forests column by column, as MissForest does; draws are training values of the leaves.

    A forest predicts each column from all others; missing predictors start at means and modes and
    are replaced by predictions, `rounds` times: this is the point. A draw goes on from there: each
    cell becomes that of a random training row in the leaf that a random tree puts the row in, given
    the draws of the other cells, as many times (Doove et al. 2014, doi 10.1016/j.csda.2013.10.025).
    """

    def __init__(self, train: Matrix, seed: int, trees: int = 40, rounds: int = 3) -> None:
        self.levels, self.rounds = train.levels, rounds
        self.rng = np.random.default_rng(seed)
        part = train.values[self.rng.permutation(len(train.values))[:ROWS]]
        self.start = simple(train)
        full = np.where(np.isnan(part), self.start, part)
        self.models = []
        for j, k in enumerate(self.levels):
            kind: Any = RandomForestClassifier if k else RandomForestRegressor
            known = ~np.isnan(part[:, j])
            forest = kind(trees, min_samples_leaf=3, max_features=0.4, random_state=seed)
            x = np.delete(full, j, 1)[known]
            y = part[known, j]
            forest.fit(x, y.astype(int) if k else y)
            order = [np.argsort(leaf, kind="stable") for leaf in forest.apply(x).T]
            leaves = [np.sort(leaf) for leaf in forest.apply(x).T]
            self.models.append((forest, y, order, leaves))

    def draw(self, rows: np.ndarray, draws: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Imputer`."""
        gone = np.isnan(rows)
        full = np.where(gone, self.start, rows)
        for _ in range(self.rounds):
            for j in range(rows.shape[1]):
                if gone[:, j].any():
                    x = np.delete(full, j, 1)[gone[:, j]]
                    full[gone[:, j], j] = self.models[j][0].predict(x)
        out = np.stack([self._chain(rows, gone, full) for _ in range(draws)])
        return out, full

    def _chain(self, rows: np.ndarray, gone: np.ndarray, start: np.ndarray) -> np.ndarray:
        """One draw: every missing cell from a leaf, given the draws of the others."""
        out = start.astype(np.float32)
        for _ in range(self.rounds):
            for j, (forest, y, order, leaves) in enumerate(self.models):
                at = gone[:, j]
                if not at.any():
                    continue
                tree = int(self.rng.integers(len(forest.estimators_)))
                x = np.ascontiguousarray(np.delete(out[at], j, 1))
                leaf = forest.estimators_[tree].tree_.apply(x)
                low = np.searchsorted(leaves[tree], leaf, "left")
                high = np.searchsorted(leaves[tree], leaf, "right")
                pick = low + (self.rng.random(len(low)) * (high - low)).astype(int)
                out[at, j] = y[order[tree][pick]]
        return np.where(gone, out, rows)


def point_of(draws: np.ndarray, levels: int) -> np.ndarray:
    """Means of numbers, modes of categories: of (m, n) draws (n,) points."""
    if not levels:
        return draws.mean(0)
    counts = np.stack([(draws == code).sum(0) for code in range(levels)])
    return counts.argmax(0)


RIVALS = {
    "mean or mode": MeanMode,
    "nearest rows": Neighbours,
    "IterativeImputer": Chained,
    "random forests": Forests,
}

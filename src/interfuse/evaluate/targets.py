"""Every target: models of each column, trained on real and on synthetic rows; see `utility`."""

from dataclasses import dataclass

import numpy as np

from interfuse.evaluate.interval import spread
from interfuse.evaluate.table import Index, Table
from interfuse.evaluate.utility import MOST_CLASSES, Predicted, importance_agreement, predictions


@dataclass(frozen=True)
class Target:
    """How well one column is predicted by models trained on real and on synthetic rows.

    Attributes:
        name: The column.
        real: Skill of the model trained on real rows.
        synthetic: Skill of that trained on synthetic rows.
        agreement: See `importance_agreement`.
    """

    name: str
    real: float
    synthetic: float
    agreement: float


def possible_targets(table: Table, most: int) -> list[str]:
    """Return the columns that can be predicted, at most `most`, evenly spread over the table."""
    if len(table.kinds) < 2:
        return []
    out = []
    for name in table.kinds:
        values = table.column(name)
        classes = len(np.unique(values[np.isfinite(values)]))
        if classes >= 2 and (name in table.numbers or classes <= MOST_CLASSES):
            out.append(name)
    if len(out) > most:
        out = [out[i] for i in np.linspace(0, len(out) - 1, most).round().astype(int)]
    return out


@dataclass(frozen=True)
class Targets:
    """All targets.

    Attributes:
        each: Target by target.
        loss: Mean of real - synthetic skill.
        loss_sd: Bootstrap standard deviation of `loss` over the test rows.
    """

    each: tuple[Target, ...]
    loss: float
    loss_sd: float


class EveryTarget:
    """Real models of every target, against which tables are held.

    Args:
        train: Real training rows.
        test: Real test rows.
        names: The targets.
        trees: Boosting rounds of each model.
        seed: Seed of the trees.
        threads: Threads to use, None = all.
    """

    def __init__(
        self,
        train: Table,
        test: Table,
        names: list[str],
        *,
        trees: int = 30,
        seed: int = 0,
        threads: int | None = None,
    ) -> None:
        self.ladders = {n: np.sort(v[np.isfinite(v)]) for n, v in train.numbers.items()}
        self.test = test
        self.options = {"trees": trees, "seed": seed, "threads": threads}
        self.real = {name: self._predicted(train, name) for name in names}

    def measure(self, table: Table, *, draws: int = 0, seed: int = 0) -> Targets:
        """Train on a table for every target.

        Args:
            table: Synthetic rows, encoded together with the real ones.
            draws: Bootstrap draws of the test rows, 0 = none.
            seed: Seed of the draws.
        """
        pairs = {}
        for name, real in self.real.items():
            other = self._predicted(table, name)
            if real is not None and other is not None:
                pairs[name] = real, other
        each = []
        for name, (real, other) in pairs.items():
            agreement = importance_agreement(real, other)
            each.append(Target(name, real.skill(), other.skill(), agreement))
        gaps = [t.real - t.synthetic for t in each if np.isfinite(t.real - t.synthetic)]
        loss = float(np.mean(gaps)) if gaps else float("nan")
        deviation = float("nan")
        if draws and pairs:

            def lost(rows: Index) -> float:
                # A target with missing values has fewer test rows: its own part of the draw.
                found = [a.skill(_own(rows, a)) - b.skill(_own(rows, b)) for a, b in pairs.values()]
                return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")

            deviation = spread(lost, self.test.rows, draws=draws, seed=seed)
        return Targets(tuple(each), loss, deviation)

    def _predicted(self, table: Table, name: str) -> Predicted | None:
        train, test = (self._ranked(t, name) for t in (table, self.test))
        return predictions(train, test, name, **self.options)

    def _ranked(self, table: Table, name: str) -> Table:
        """Return the table with a number target as its ranks among the real training values."""
        if name not in table.numbers:
            return table
        values, ladder = table.numbers[name], self.ladders[name]
        low, high = (np.searchsorted(ladder, values, side=side) for side in ("left", "right"))
        ranks = np.where(np.isnan(values), np.nan, (low + high) / (2 * max(1, len(ladder))))
        return Table(
            table.kinds,
            table.numbers | {name: ranks},
            table.codes,
            table.labels,
            table.temporal,
            table.rows,
        )


def _own(rows: Index, found: Predicted) -> Index:
    return rows[rows < len(found.truth)]

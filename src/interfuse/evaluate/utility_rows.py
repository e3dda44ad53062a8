"""The rows of a report's tables on utility: each figure beside its floor and its baseline."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from interfuse.evaluate.figures import figure
from interfuse.evaluate.interval import spread
from interfuse.evaluate.measure import Limits, floor_tables
from interfuse.evaluate.rows import Rows, mean_and_spread
from interfuse.evaluate.table import Index, Table
from interfuse.evaluate.utility import (
    EveryTarget,
    Predicted,
    importance_agreement,
    metric_names,
    possible_targets,
    predictions,
)

MOST_RESAMPLED = 5_000
"""Test rows of which a bootstrap is drawn; its deviation is scaled to all of them."""

LEAST_FOR_TARGETS = 50
_DRAWS = 100


@dataclass(frozen=True)
class Split:
    """Real rows for models of utility: those that train, those that test, and what they are."""

    train: Table
    test: Table
    note: str


def split_for_utility(train: Table, held: Table | None, *, limit: int, seed: int) -> Split:
    """Return the rows to train and to test on, at most `limit` of each.

    Without a hold-out, a seeded fifth of the real rows is the test and the rest the real training
    rows; the synthesiser may have seen that fifth.
    """
    rng = np.random.default_rng([seed, 3])
    if held is not None:
        note = f"Utility: tested on {held.rows:,} hold-out rows."
        return Split(train, held.sample(limit, rng), note)
    order = rng.permutation(train.rows)
    cut = max(1, train.rows // 5)
    note = (
        f"Utility: tested on a fifth of the real rows ({cut:,}), left out of the real training "
        "rows; the synthetic table may know them, which flatters it. Give a hold-out."
    )
    return Split(train.take(order[cut:]), train.take(order[:cut]).sample(limit, rng), note)


def utility_rows(
    split: Split,
    copy: Table,
    baselines: Mapping[str, Table],
    target: str,
    *,
    grid: bool,
    limits: Limits,
    seed: int,
    threads: int | None,
) -> tuple[Rows, dict[str, Any]]:
    """Return the figures of one target and their details.

    Args:
        split: Real rows.
        copy: The synthetic rows.
        baselines: Tables by the name of their column in the report.
        target: The column to predict.
        grid: The published protocol.
        limits: Row limits and draws.
        seed: Seed of everything random.
        threads: Threads for the boosted trees.
    """
    rng = np.random.default_rng([seed, 3])

    def ask(table: Table) -> Predicted | None:
        rows = table.sample(limits.utility, rng)
        return predictions(rows, split.test, target, grid=grid, seed=seed, threads=threads)

    def main(found: Predicted | None) -> float:
        return found.score().main if found is not None else float("nan")

    def agreement(found: Predicted | None) -> float:
        if real is None or found is None:
            return float("nan")
        return importance_agreement(real, found)

    metric, second = metric_names(split.train, target)
    higher = target in split.train.codes
    sign = 1.0 if higher else -1.0
    real, mine = ask(split.train), ask(copy)
    draws = [ask(t) for t in floor_tables(split.train, copy.rows, draws=limits.draws, seed=seed)]
    mean, deviation = mean_and_spread([main(found) for found in draws])
    rest = {name: ask(table) for name, table in baselines.items()}
    others = {name: main(found) for name, found in rest.items()}
    own_error, gap_error = _errors(real, mine, seed)
    agreed = mean_and_spread([agreement(found) for found in draws])
    rows = [
        figure(
            "utility.synthetic",
            main(mine),
            floor=mean,
            spread=deviation,
            error=own_error,
            changes={
                "name": f"{metric}, trained on synthetic rows",
                "better": "higher" if higher else "lower",
            },
            baselines=others,
        ),
        figure(
            "utility.gap",
            sign * (main(real) - main(mine)),
            floor=sign * (main(real) - mean),
            spread=deviation,
            error=gap_error,
            changes={"name": f"{metric} lost against real training rows"},
            baselines={name: sign * (main(real) - value) for name, value in others.items()},
        ),
    ]
    if np.isfinite(agreement(mine)):
        rows.append(
            figure(
                "utility.importance",
                agreement(mine),
                floor=agreed[0],
                spread=agreed[1],
                error=_agreement_error(real, mine, seed),
                baselines={name: agreement(found) for name, found in rest.items()},
            )
        )
    details = {
        "target": target,
        "metric": metric,
        "real": main(real),
        "synthetic": main(mine),
        "second_metric": second,
        "second_real": real.score().second if real else None,
        "second_synthetic": mine.score().second if mine else None,
        "grid": grid,
        "test_rows": split.test.rows,
    }
    return rows, details


def _errors(real: Predicted | None, mine: Predicted | None, seed: int) -> tuple[float, float]:
    """Return the bootstrap deviations, over test rows, of the score and of its gap to real rows."""
    if real is None or mine is None:
        return float("nan"), float("nan")
    rows, step = len(mine.truth), max(1, len(mine.truth) // MOST_RESAMPLED)
    scale = 1 / np.sqrt(step)
    size = rows // step
    own = spread(lambda i: mine.score(i).main, size, draws=_DRAWS, seed=seed)
    gap = spread(lambda i: real.score(i).main - mine.score(i).main, size, draws=_DRAWS, seed=seed)
    return own * scale, gap * scale


def _agreement_error(real: Predicted | None, mine: Predicted | None, seed: int) -> float:
    """Return the bootstrap deviation, over columns, of the rank correlation of importances."""
    if real is None or mine is None:
        return float("nan")
    a, b = real.importance(), mine.importance()

    def rank(i: Index) -> float:
        x, y = a[i], b[i]
        if len(np.unique(x)) < 2 or len(np.unique(y)) < 2:
            return float("nan")
        return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])

    return spread(rank, len(a), draws=_DRAWS, seed=seed)


def target_rows(
    split: Split,
    copy: Table,
    baselines: Mapping[str, Table],
    *,
    limits: Limits,
    seed: int,
    threads: int | None,
) -> tuple[Rows, Rows]:
    """Return the figure over all targets, and a row per target.

    Args:
        split: Real rows.
        copy: The synthetic rows.
        baselines: Tables by the name of their column in the report.
        limits: Row limits.
        seed: Seed of everything random.
        threads: Threads for the boosted trees.
    """
    rng = np.random.default_rng([seed, 14])
    names = possible_targets(split.train, limits.most_targets)
    if not names or split.train.rows < LEAST_FOR_TARGETS:
        return [], []
    train, test = (t.sample(limits.targets, rng) for t in (split.train, split.test))
    every = EveryTarget(train, test, names, seed=seed, threads=threads)
    mine = every.measure(copy.sample(limits.targets, rng), draws=20, seed=seed)
    floor = every.measure(split.train.bootstrap(train.rows, rng))
    rest = {
        name: every.measure(table.sample(limits.targets, rng)).loss
        for name, table in baselines.items()
    }
    row = figure(
        "utility.every_target",
        mine.loss,
        floor=floor.loss,
        spread=mine.loss_sd,
        error=mine.loss_sd,
        baselines=rest,
    )
    known = {target.name: target for target in floor.each}
    listed = [
        {
            "name": target.name,
            "real": target.real,
            "synthetic": target.synthetic,
            "floor": known[target.name].synthetic if target.name in known else None,
            "agreement": target.agreement,
        }
        for target in mine.each
    ]
    return [row], sorted(listed, key=lambda r: r["synthetic"] - r["real"])

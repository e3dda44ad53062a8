"""Utility: whether models trained on synthetic rows serve on real ones."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import rankdata

from interfuse.evaluate.figure import Figure, Measurement, Words, register
from interfuse.evaluate.interval import spread
from interfuse.evaluate.study import Study, mean_and_spread
from interfuse.evaluate.table import Index, Table
from interfuse.evaluate.targets import EveryTarget, Targets, possible_targets
from interfuse.evaluate.utility import (
    Predicted,
    default_target,
    importance_agreement,
    metric_names,
    predictions,
)
from interfuse.language import t

MOST_RESAMPLED = 5_000
"""Test rows of which a bootstrap is drawn; its deviation is scaled to all of them."""

LEAST_FOR_TARGETS = 50
_DRAWS = 100
_FLOOR = "trained on a bootstrap of the real rows"


@dataclass(frozen=True)
class Split:
    """Real rows for models of utility: those that train, those that test, and what they are."""

    train: Table
    test: Table
    note: str


class Task(NamedTuple):
    """Models of one target: of real rows, synthetic ones, bootstraps and baselines."""

    target: str
    split: Split
    real: Predicted | None
    mine: Predicted | None
    draws: list[Predicted | None]
    others: Mapping[str, Predicted | None]
    metric: str
    second: str
    higher: bool

    @property
    def floor(self) -> tuple[float, float]:
        """Mean and deviation of the score over the bootstraps."""
        return mean_and_spread([main(found) for found in self.draws])

    @property
    def sign(self) -> float:
        """1 where a higher score is better, else -1."""
        return 1.0 if self.higher else -1.0

    def agreement(self, found: Predicted | None) -> float:
        """Return how far two models agree on what matters."""
        if self.real is None or found is None:
            return float("nan")
        return importance_agreement(self.real, found)


@register
class OnSynthetic(Figure):
    """Score of a model trained on synthetic rows."""

    key = "utility.synthetic"
    words = Words(
        "Trained on synthetic, tested on real",
        "How well a model trained on synthetic rows predicts the target of unseen real rows.",
        better="higher",
        floor=_FLOOR,
    )
    bounds = (0.0, float("inf"))

    def measure(self, study: Study) -> Measurement | None:
        """Return the score of the synthetic rows' model; None without a target."""
        task = study.once(one_target)
        if task is None:
            return None
        mean, deviation = task.floor
        return Measurement(
            value=main(task.mine),
            error=study.once(_errors)[0],
            floor=mean,
            floor_sd=deviation,
            others={name: main(found) for name, found in task.others.items()},
            words=replace(
                self.words,
                name=t("{metric}, trained on synthetic rows", metric=task.metric),
                better="higher" if task.higher else "lower",
            ),
        )

    def notes(self, study: Study) -> list[str]:
        """Return what the target is, and what the models are tested on."""
        task = study.once(one_target)
        if task is None:
            return [t("Utility: not measured; no column varies enough to be predicted.")]
        by_default = t("by default the last category column of 2 to 20 classes")
        chosen = t("given") if study.target else by_default
        said = t("Utility: the target is {target!r} ({chosen}).", target=task.target, chosen=chosen)
        return [said, task.split.note]


@register
class Gap(Figure):
    """What that model loses against one of real rows."""

    key = "utility.gap"
    words = Words(
        "Loss against real training rows",
        "What that model loses against the same model trained on real rows.",
        floor=_FLOOR,
    )
    bounds = (-float("inf"), float("inf"))

    def measure(self, study: Study) -> Measurement | None:
        """Return the loss; None without a target."""
        task = study.once(one_target)
        if task is None:
            return None
        (mean, deviation), real, sign = task.floor, main(task.real), task.sign
        return Measurement(
            value=sign * (real - main(task.mine)),
            error=study.once(_errors)[1],
            floor=sign * (real - mean),
            floor_sd=deviation,
            others={name: sign * (real - main(found)) for name, found in task.others.items()},
            words=replace(
                self.words, name=t("{metric} lost against real training rows", metric=task.metric)
            ),
        )


@register
class Importance(Figure):
    """Whether both models rest on the same columns."""

    key = "utility.importance"
    words = Words(
        "Agreement on what matters",
        "Rank correlation of the columns' importance in models of synthetic and of real rows.",
        better="higher",
        floor=_FLOOR,
    )
    bounds = (-1.0, 1.0)

    def measure(self, study: Study) -> Measurement | None:
        """Return the rank correlation; None where it is not defined."""
        task = study.once(one_target)
        value = float("nan") if task is None else task.agreement(task.mine)
        if task is None or not np.isfinite(value):
            return None
        mean, deviation = mean_and_spread([task.agreement(found) for found in task.draws])
        return Measurement(
            value=value,
            error=_agreement_error(task.real, task.mine, study.seed),
            floor=mean,
            floor_sd=deviation,
            others={name: task.agreement(found) for name, found in task.others.items()},
        )


@register
class EveryTargetLoss(Figure):
    """What models of every column lose."""

    key = "utility.every_target"
    words = Words(
        "Skill lost over all targets",
        "What models of every column lose by synthetic training rows; 1 is all that can be known.",
        floor=_FLOOR,
    )
    bounds = (-1.0, 1.0)

    def measure(self, study: Study) -> Measurement | None:
        """Return the mean loss over the targets; None with too few rows or targets."""
        found = study.once(all_targets)
        if found is None:
            return None
        mine, floor, others = found
        return Measurement(
            value=mine.loss,
            error=mine.loss_sd,
            floor=floor.loss,
            floor_sd=mine.loss_sd,
            others=others,
        )


def main(found: Predicted | None) -> float:
    """Return the main score of a model, NaN without one."""
    return found.score().main if found is not None else float("nan")


def one_target(study: Study) -> Task | None:
    """Train a model of the target on every table; None without a target."""
    target = study.target or default_target(study.real)
    if target is None:
        return None
    split = study.once(split_rows)
    rng = np.random.default_rng([study.seed, 3])

    def ask(table: Table) -> Predicted | None:
        rows = table.sample(study.limits.utility, rng)
        return predictions(rows, split.test, target, seed=study.seed, threads=study.threads)

    metric, second = metric_names(split.train, target)
    real, mine = ask(split.train), ask(study.synthetic)
    draws = [ask(table) for table in study.bootstraps(split.train)]
    others = {name: ask(table) for name, table in study.baselines.items()}
    higher = target in split.train.codes
    return Task(target, split, real, mine, draws, others, metric, second, higher)


def details(study: Study) -> dict[str, Any]:
    """Return what a report says of the target; empty without one."""
    task = study.once(one_target)
    if task is None:
        return {}
    return {
        "target": task.target,
        "metric": task.metric,
        "real": main(task.real),
        "synthetic": main(task.mine),
        "second_metric": task.second,
        "second_real": task.real.score().second if task.real else None,
        "second_synthetic": task.mine.score().second if task.mine else None,
        "test_rows": task.split.test.rows,
    }


def split_rows(study: Study) -> Split:
    """Return the rows to train and to test on.

    Without a hold-out, a seeded fifth of the real rows is the test and the rest the real training
    rows; the synthesiser may have seen that fifth.
    """
    train, held, limit = study.real, study.held, study.limits.utility
    rng = np.random.default_rng([study.seed, 3])
    if held is not None:
        note = t("Utility: tested on {rows:,} hold-out rows.", rows=held.rows)
        return Split(train, held.sample(limit, rng), note)
    order = rng.permutation(train.rows)
    cut = max(1, train.rows // 5)
    note = t(
        "Utility: tested on a fifth of the real rows ({rows:,}), left out of the real training "
        "rows; the synthetic table may know them, which flatters it. Give a hold-out.",
        rows=cut,
    )
    return Split(train.take(order[cut:]), train.take(order[:cut]).sample(limit, rng), note)


def all_targets(study: Study) -> tuple[Targets, Targets, dict[str, float | None]] | None:
    """Return what synthetic rows, a bootstrap and the baselines lose over all targets."""
    split, limits = study.once(split_rows), study.limits
    rng = np.random.default_rng([study.seed, 14])
    names = possible_targets(split.train, limits.most_targets)
    if study.once(one_target) is None or not names or split.train.rows < LEAST_FOR_TARGETS:
        return None
    train, test = (t.sample(limits.targets, rng) for t in (split.train, split.test))
    every = EveryTarget(train, test, names, seed=study.seed, threads=study.threads)
    mine = every.measure(study.synthetic.sample(limits.targets, rng), draws=20, seed=study.seed)
    floor = every.measure(split.train.bootstrap(train.rows, rng))
    others: dict[str, float | None] = {
        name: every.measure(table.sample(limits.targets, rng)).loss
        for name, table in study.baselines.items()
    }
    return mine, floor, others


def target_rows(study: Study) -> list[dict[str, Any]]:
    """Return a row per target, that which loses most first."""
    found = study.once(all_targets)
    if found is None:
        return []
    mine, floor, _ = found
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
    return sorted(listed, key=lambda r: r["synthetic"] - r["real"])


def _errors(study: Study) -> tuple[float, float]:
    """Return the bootstrap deviations, over test rows, of the score and of its gap to real rows."""
    task, seed = study.once(one_target), study.seed
    if task is None or task.real is None or task.mine is None:
        return float("nan"), float("nan")
    real, mine = task.real, task.mine
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

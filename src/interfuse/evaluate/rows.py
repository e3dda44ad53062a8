"""The rows of a report's tables: each figure beside its floor and its baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from interfuse.evaluate.figures import figure
from interfuse.evaluate.findings import Faults, privacy_faults
from interfuse.evaluate.inference import Inference, attribute_inference
from interfuse.evaluate.interval import Z, spread, wilson
from interfuse.evaluate.measure import Limits, Measured, floor_tables
from interfuse.evaluate.membership import Membership, membership
from interfuse.evaluate.privacy import closest, exact_copies
from interfuse.evaluate.rules import Kept, Rule, broken_share
from interfuse.evaluate.support import Cloud, Support, support
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

BASELINE_ROWS = 3_000
"""Rows of a baseline whose distances are measured."""

LEAST_FOR_TARGETS = 50
_DRAWS = 100

Rows = list[dict[str, Any]]


def mean_and_spread(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and standard deviation (n - 1) of the finite values, NaN where undefined."""
    known = np.array([value for value in values if np.isfinite(value)])
    mean = float(known.mean()) if len(known) else float("nan")
    return mean, float(known.std(ddof=1)) if len(known) > 1 else float("nan")


def fidelity_rows(
    measured: Measured,
    floors: Sequence[Measured],
    others: Mapping[str, Measured],
    errors: Mapping[str, float],
) -> Rows:
    """Return the figures of fidelity and detection; those of missing values only if there are any.

    Args:
        measured: The synthetic table.
        floors: The bootstraps.
        others: Baselines by the name of their column in the report.
        errors: Standard deviation of the synthetic table's figures.
    """
    out = []
    for key, value in measured.figures.items():
        if "missing" in key and not measured.missing.shares:
            continue
        mean, deviation = mean_and_spread([f.figures[key] for f in floors])
        out.append(
            figure(
                key,
                value,
                floor=mean,
                spread=deviation,
                baselines={name: one.figures[key] for name, one in others.items()},
                error=errors.get(key),
            )
        )
    return out


def support_rows(
    train: Table, copy: Table, baselines: Mapping[str, Table], *, limit: int, seed: int
) -> Rows:
    """Return alpha-precision and beta-recall: tables of one size against as many real rows.

    Args:
        train: The real rows; one half is imitated, the other is the floor.
        copy: The synthetic rows.
        baselines: Tables by the name of their column in the report.
        limit: Most rows of a table.
        seed: Seed of the sampling and of the bootstraps.
    """
    size = min(limit, train.rows // 2, copy.rows)
    if size < 2:
        return []
    rng = np.random.default_rng([seed, 13])
    order = rng.permutation(train.rows)
    half, other = train.take(order[:size]), train.take(order[size : 2 * size])
    cloud = Cloud(half)
    x = cloud.place(half)

    def found(table: Table, draws: int = 0) -> Support:
        return support(x, cloud.place(table.sample(size, rng)), draws=draws, seed=seed)

    mine, floor = found(copy, 100), found(other, 100)
    rest = {name: found(table) for name, table in baselines.items()}
    return [
        figure(
            f"fidelity.{key}",
            100 * getattr(mine, field),
            floor=100 * getattr(floor, field),
            spread=100 * getattr(floor, f"{field}_sd"),
            error=100 * getattr(mine, f"{field}_sd"),
            baselines={name: 100 * getattr(one, field) for name, one in rest.items()},
        )
        for key, field in (("alpha_precision", "precision"), ("beta_recall", "recall"))
    ]


def rule_row(
    rules: list[Rule], copy: Table, floors: Sequence[float], baselines: Mapping[str, Table]
) -> Rows:
    """Return the share of rows that break a rule; nothing without rules.

    Args:
        rules: Rules of the real table.
        copy: The synthetic rows.
        floors: The share of bootstraps of the real rows, in percent.
        baselines: Tables by the name of their column in the report.
    """
    rules = [rule for rule in rules if rule.kind not in ("sorted", "range")]
    if not rules:
        return []
    share = broken_share(rules, copy)
    mean, deviation = mean_and_spread(floors)
    return [
        figure(
            "fidelity.rules",
            100 * share,
            floor=mean,
            spread=deviation,
            changes=_of_share(share, copy.rows),
            baselines={name: 100 * broken_share(rules, table) for name, table in baselines.items()},
        )
    ]


def _of_share(share: float, rows: int) -> dict[str, float]:
    """Return Wilson's interval of a share, in percent: right for shares of 0 too."""
    centre, half = wilson(share * rows, rows)
    return {"low": 100 * max(0.0, centre - half), "high": 100 * min(1.0, centre + half)}


def rule_table(kept: Sequence[Kept]) -> Rows:
    """Return a row per rule, those that are broken most first; ranges only if they are broken."""
    out = []
    for one in kept:
        (k, n), (j, m) = one.real, one.synthetic
        if one.rule.kind == "range" and not j:
            continue
        out.append(
            {
                "text": one.rule.text,
                "kind": one.rule.kind,
                "columns": list(one.rule.columns),
                "real": 1 - k / n if n else None,
                "synthetic": 1 - j / m if m else None,
                "broken": j,
                "rows": m,
            }
        )
    return sorted(out, key=lambda row: 2.0 if row["synthetic"] is None else row["synthetic"])


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


@dataclass(frozen=True)
class Private:
    """What was found about privacy.

    Attributes:
        rows: The figures.
        secrets: A row per secret.
        faults: The findings.
    """

    rows: Rows
    secrets: Rows
    faults: Faults


def privacy_rows(
    train: Table,
    copy: Table,
    held: Table | None,
    baselines: Mapping[str, Table],
    secrets: Sequence[str],
    *,
    limits: Limits,
    seed: int,
    level: float,
) -> Private:
    """Measure privacy.

    Args:
        train: The real rows.
        copy: The synthetic rows.
        held: Unseen real rows, or None.
        baselines: Tables by the name of their column in the report.
        secrets: Columns that an attacker wants to know; needs `held`.
        limits: Row limits.
        seed: Seed of all sampling.
        level: Probability with which chance explains a single finding.
    """
    space = {"seed": seed, "limit": limits.closest}
    near = closest(train, copy, held, **space)
    copies = exact_copies(train, copy, held)
    chance = {name: exact_copies(train, table, held) for name, table in baselines.items()}
    # Fewer rows of a baseline look for theirs: its figures need no small error.
    rng = np.random.default_rng([seed, 15])
    baselines = {name: table.sample(BASELINE_ROWS, rng) for name, table in baselines.items()}
    far = {name: closest(train, table, held, **space) for name, table in baselines.items()}
    rows: Rows = []
    if near.share is not None and near.error is not None:
        shares = {name: one.share for name, one in far.items()}
        rows.append(
            figure(
                "privacy.dcr_share",
                near.share,
                floor=0.5,
                spread=near.error,
                error=near.error,
                baselines=shares,
            )
        )
    others = {} if held else {"floor_is": "the same of other real rows"}
    share = copies.synthetic
    rows.append(
        figure(
            "privacy.copies",
            100 * share,
            floor=100 * copies.reference,
            changes=others | _of_share(share, copy.rows),
            baselines={name: 100 * one.synthetic for name, one in chance.items()},
        )
    )
    rows.append(
        figure(
            "privacy.nearness",
            near.nearness,
            floor=near.reference,
            error=near.nearness_sd,
            changes=others,
            baselines={name: one.nearness for name, one in far.items()},
        )
    )
    rows.append(
        figure(
            "privacy.nearest_ratio",
            near.ratio,
            floor=near.ratio_reference,
            error=near.ratio_sd,
            changes=others,
            baselines={name: one.ratio for name, one in far.items()},
        )
    )
    attack: Membership | None = None
    guesses: list[Inference] = []
    if held is not None:
        attack = membership(train, copy, held, seed=seed, limit=limits.attacked)
        if attack is not None:
            rest = {
                name: membership(train, table, held, seed=seed, limit=limits.attacked)
                for name, table in baselines.items()
            }
            for how in ("distance", "density"):
                area, error = getattr(attack, how)
                loose = {n: getattr(one, how)[0] for n, one in rest.items() if one is not None}
                key = f"privacy.membership_{how}"
                rows.append(figure(key, area, floor=0.5, error=error, baselines=loose))
        few = {"seed": seed, "attacks": limits.secrets, "limit": limits.closest}
        guesses = [attribute_inference(train, copy, held, name, **few) for name in secrets]
        if guesses:
            worst = max(guesses, key=lambda guess: guess.risk)
            loose = {
                name: attribute_inference(train, table, held, worst.secret, **few).risk
                for name, table in baselines.items()
            }
            rows.append(
                figure(
                    "privacy.inference",
                    worst.risk,
                    floor=0.0,
                    error=worst.error / Z,
                    changes={"name": f"Attribute inference risk ({worst.secret})"},
                    baselines=loose,
                )
            )
    faults = privacy_faults(
        copies,
        near,
        attack,
        guesses,
        rows=copy.rows,
        reference_rows=held.rows if held else train.rows,
        level=level,
    )
    return Private(rows, [asdict(guess) for guess in guesses], faults)


def column_rows(
    measured: Measured, floors: Sequence[Measured], others: Mapping[str, Measured]
) -> Rows:
    """Return a row per column, in the table's order."""
    out = []
    loose = others.get("independent")
    for i, column in enumerate(measured.shapes.columns):
        mean, spread = mean_and_spread([100 * (1 - f.shapes.columns[i].score) for f in floors])
        out.append(
            {
                "name": column.name,
                "metric": column.metric,
                "score": column.score,
                "error": 100 * (1 - column.score),
                "floor": mean,
                "floor_sd": spread,
                "independent": loose and 100 * (1 - loose.shapes.columns[i].score),
                "absent": [list(item) for item in column.absent],
                "invented": column.invented,
                "missing": list(measured.missing.shares.get(column.name, (0.0, 0.0))),
            }
        )
    return out


def pair_rows(
    measured: Measured, floors: Sequence[Measured], others: Mapping[str, Measured]
) -> Rows:
    """Return a row per pair of columns, worst first, pairs that cannot be scored last."""
    out = []
    loose = others.get("independent")
    for i, pair in enumerate(measured.trends.pairs):
        mean, spread = mean_and_spread([100 * (1 - f.trends.pairs[i].score) for f in floors])
        out.append(
            {
                "first": pair.first,
                "second": pair.second,
                "metric": pair.metric,
                "score": pair.score,
                "error": 100 * (1 - pair.score),
                "floor": mean,
                "floor_sd": spread,
                "independent": loose and 100 * (1 - loose.trends.pairs[i].score),
                "real": pair.real,
                "synthetic": pair.synthetic,
                "strong": pair.strong,
            }
        )
    return sorted(out, key=lambda row: row["score"] if np.isfinite(row["score"]) else 2.0)

"""The rows of a report's tables on fidelity: each figure beside its floor and its baseline."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from interfuse.evaluate.figures import figure
from interfuse.evaluate.interval import wilson
from interfuse.evaluate.measure import Measured
from interfuse.evaluate.rules import Kept, Rule, broken_share
from interfuse.evaluate.support import Cloud, Support, support
from interfuse.evaluate.table import Table

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
            changes=of_share(share, copy.rows),
            baselines={name: 100 * broken_share(rules, table) for name, table in baselines.items()},
        )
    ]


def of_share(share: float, rows: int) -> dict[str, float]:
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

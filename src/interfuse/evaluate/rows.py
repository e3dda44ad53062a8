"""The rows of a report's tables: each figure beside its floor and its baseline."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from interfuse.evaluate.figures import figure
from interfuse.evaluate.findings import privacy_findings
from interfuse.evaluate.measure import Limits, Measured, floor_tables, independent_table
from interfuse.evaluate.privacy import closest, exact_copies
from interfuse.evaluate.table import Table
from interfuse.evaluate.utility import metric_names, utility

Rows = list[dict[str, Any]]


def mean_and_spread(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and standard deviation (n - 1) of the finite values, NaN where undefined."""
    known = np.array([value for value in values if np.isfinite(value)])
    mean = float(known.mean()) if len(known) else float("nan")
    return mean, float(known.std(ddof=1)) if len(known) > 1 else float("nan")


def fidelity_rows(measured: Measured, floors: Sequence[Measured], loose: Measured) -> Rows:
    """Return the figures of fidelity and detection; those of missing values only if there are any.

    Args:
        measured: The synthetic table.
        floors: The bootstraps.
        loose: The independent columns.
    """
    out = []
    for key, value in measured.figures.items():
        if "missing" in key and not measured.missing.shares:
            continue
        mean, spread = mean_and_spread([f.figures[key] for f in floors])
        out.append(figure(key, value, floor=mean, spread=spread, independent=loose.figures[key]))
    return out


def utility_rows(
    train: Table,
    copy: Table,
    held: Table | None,
    target: str,
    *,
    grid: bool,
    limits: Limits,
    seed: int,
    threads: int | None,
) -> tuple[Rows, dict[str, Any]]:
    """Return the figures of utility and their details (`note` says what the test rows are).

    Without a hold-out, a seeded fifth of the real rows is the test and the rest the real training
    rows; the synthesiser may have seen that fifth.
    """
    rng = np.random.default_rng([seed, 3])
    note = f"Utility: tested on {held.rows:,} hold-out rows." if held else ""
    if held is None:
        order = rng.permutation(train.rows)
        cut = max(1, train.rows // 5)
        held, train = train.take(order[:cut]), train.take(order[cut:])
        note = (
            f"Utility: tested on a fifth of the real rows ({cut:,}), left out of the real training "
            "rows; the synthetic table may know them, which flatters it. Give a hold-out."
        )
    test = held.sample(limits.utility, rng)

    def score(table: Table) -> tuple[float, float]:
        rows = table.sample(limits.utility, rng)
        found = utility(rows, test, target, grid=grid, seed=seed, threads=threads)
        return found.main, found.second

    main, second = metric_names(train, target)
    higher = target in train.codes
    sign = 1.0 if higher else -1.0
    real, synthetic = score(train), score(copy)
    draws = [score(t)[0] for t in floor_tables(train, copy.rows, draws=limits.draws, seed=seed)]
    mean, spread = mean_and_spread(draws)
    base = score(independent_table(train, copy.rows, seed=seed))[0]
    rows = [
        figure(
            "utility.synthetic",
            synthetic[0],
            floor=mean,
            spread=spread,
            independent=base,
            changes={
                "name": f"{main}, trained on synthetic rows",
                "better": "higher" if higher else "lower",
            },
        ),
        figure(
            "utility.gap",
            sign * (real[0] - synthetic[0]),
            floor=sign * (real[0] - mean),
            spread=spread,
            independent=sign * (real[0] - base),
            changes={"name": f"{main} lost against real training rows"},
        ),
    ]
    details = {
        "target": target,
        "metric": main,
        "real": real[0],
        "synthetic": synthetic[0],
        "second_metric": second,
        "second_real": real[1],
        "second_synthetic": synthetic[1],
        "grid": grid,
        "test_rows": test.rows,
        "note": note,
    }
    return rows, details


def privacy_rows(
    train: Table, copy: Table, held: Table | None, shuffled: Table, *, seed: int, limit: int
) -> tuple[Rows, list[str]]:
    """Return the figures of privacy, and the findings about it.

    Args:
        train: The real rows.
        copy: The synthetic rows.
        held: Unseen real rows, or None.
        shuffled: The independent columns.
        seed: Seed of all sampling.
        limit: Most rows of a distance search on each side.
    """
    near, far = (closest(train, t, held, seed=seed, limit=limit) for t in (copy, shuffled))
    copies, chance = (exact_copies(train, t, held) for t in (copy, shuffled))
    rows: Rows = []
    if near.share is not None and near.error is not None and far.share is not None:
        rows.append(
            figure(
                "privacy.dcr_share",
                near.share,
                floor=0.5,
                spread=near.error,
                independent=far.share,
            )
        )
    others = {} if held else {"floor_is": "the same of other real rows"}
    rows.append(
        figure(
            "privacy.copies",
            100 * copies.synthetic,
            floor=100 * copies.reference,
            independent=100 * chance.synthetic,
            changes=others,
        )
    )
    rows.append(
        figure(
            "privacy.nearness",
            near.nearness,
            floor=near.reference,
            independent=far.nearness,
            changes=others,
        )
    )
    reference_rows = held.rows if held else train.rows
    return rows, privacy_findings(copies, near, copy.rows, reference_rows)


def column_rows(measured: Measured, floors: Sequence[Measured], loose: Measured) -> Rows:
    """Return a row per column, in the table's order."""
    out = []
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
                "independent": 100 * (1 - loose.shapes.columns[i].score),
                "absent": [list(item) for item in column.absent],
                "invented": column.invented,
                "missing": list(measured.missing.shares.get(column.name, (0.0, 0.0))),
            }
        )
    return out


def pair_rows(measured: Measured, floors: Sequence[Measured], loose: Measured) -> Rows:
    """Return a row per pair of columns, worst first, pairs that cannot be scored last."""
    out = []
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
                "independent": 100 * (1 - loose.trends.pairs[i].score),
                "real": pair.real,
                "synthetic": pair.synthetic,
                "strong": pair.strong,
            }
        )
    return sorted(out, key=lambda row: row["score"] if np.isfinite(row["score"]) else 2.0)

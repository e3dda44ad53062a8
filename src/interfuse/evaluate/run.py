"""One call that measures everything: `evaluate`."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from interfuse.evaluate import findings, pictures, verdict
from interfuse.evaluate.association import associations
from interfuse.evaluate.columns import as_polars
from interfuse.evaluate.detection import CELL_LIMIT, one_hot_width
from interfuse.evaluate.measure import Limits, floor_tables, independent_table, measure
from interfuse.evaluate.report import FORMAT, Report
from interfuse.evaluate.rows import (
    column_rows,
    fidelity_rows,
    pair_rows,
    privacy_rows,
    utility_rows,
)
from interfuse.evaluate.table import Table, encode
from interfuse.evaluate.utility import check_target, default_target

MOST_PAIRS = 1_000


def evaluate(
    real: Any,
    synthetic: Any,
    holdout: Any = None,
    *,
    schema: Any = None,
    target: str | None = None,
    seed: int = 0,
    training_curve: Sequence[Sequence[float | None]] | None = None,
    training_unit: str = "seconds",
    rules: Iterable[tuple[str, float, float]] | None = None,
    grid: bool = False,
    limits: Limits | None = None,
    threads: int | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Report:
    """Measure how close, how useful and how private a synthetic table is.

    Args:
        real: The table that was trained on; a polars, pandas or Arrow frame.
        synthetic: The synthetic table, with the same columns.
        holdout: Real rows that were not trained on. Without them there is no share of nearer rows,
            and utility is tested on a fifth of the real rows, which the synthesiser may have seen.
        schema: Kinds of the columns; see `columns.kinds_of`.
        target: The column that the utility figures predict; default: see
            `utility.default_target`.
        seed: Seed of everything random. The same call gives the same report.
        training_curve: Rows (progress, training loss, held-out loss or None) to draw.
        training_unit: What progress is counted in.
        rules: Declared rules to show: (text, share of real rows, share of synthetic rows) that
            keep it.
        grid: The published 36-point protocol for utility (slow) instead of one setting.
        limits: Row limits of the slow steps, None = the defaults.
        threads: Threads for the boosted trees, None = all.
        progress: Called as (what is measured now, share done in [0, 1]).

    Raises:
        DataError: See `table.encode`; or the target cannot be predicted.
        SchemaError: See `columns.kinds_of`.
    """
    limits = limits or Limits()
    tell = progress or (lambda _what, _share: None)
    steps = limits.draws + 5
    tell("reading", 0.0)
    first = as_polars(real, "real")
    train, copy, held = encode(first, synthetic, holdout, schema=schema)
    rng = np.random.default_rng([seed, 4])
    notes = _notes(train, copy, held, limits)
    if target is not None:
        check_target(train, target)
    run = {"limits": limits, "seed": seed, "threads": threads}

    tell("synthetic table", 1 / steps)
    measured = measure(train, copy, **run)
    tell("independent columns", 2 / steps)
    shuffled = independent_table(train, copy.rows, seed=seed)
    loose = measure(train, shuffled, **run)
    floors = []
    for i, table in enumerate(floor_tables(train, copy.rows, draws=limits.draws, seed=seed)):
        tell("sampling floor", (3 + i) / steps)
        floors.append(measure(train, table, **run))
    together = associations(train.sample(limits.trends, rng), copy.sample(limits.trends, rng))
    figures = fidelity_rows(measured, floors, loose)

    tell("utility", (3 + limits.draws) / steps)
    wanted = target or default_target(train)
    details: dict[str, Any] = {}
    if wanted is None:
        notes.append("Utility: not measured; no column varies enough to be predicted.")
    else:
        chosen = "given" if target else "by default the last category column of 2 to 20 classes"
        notes.append(f"Utility: the target is {wanted!r} ({chosen}).")
        rows, details = utility_rows(train, copy, held, wanted, grid=grid, **run)
        figures += rows
        notes.append(details.pop("note"))

    tell("distances", (4 + limits.draws) / steps)
    rows, suspicions = privacy_rows(train, copy, held, shuffled, seed=seed, limit=limits.closest)
    figures += rows
    kept = [{"text": t, "real": float(a), "synthetic": float(b)} for t, a, b in rules or ()]
    by_key = {row["key"]: row for row in figures}
    data = {
        "format": FORMAT,
        "tables": {
            "real": train.rows,
            "synthetic": copy.rows,
            "holdout": held.rows if held else None,
            "columns": len(train.kinds),
            "ignored": [name for name in first.columns if name not in train.kinds],
        },
        "seed": seed,
        "verdict": verdict.sentences(by_key, details, bool(suspicions)),
        "findings": findings.found(measured, together, train.rows, copy.rows, kept) + suspicions,
        "figures": figures,
        "columns": column_rows(measured, floors, loose),
        "pairs": pair_rows(measured, floors, loose)[:MOST_PAIRS],
        "detection": {
            "engine": measured.detection.engine,
            "fold_sd": measured.detection.spread,
            "columns": [list(item) for item in measured.detection.columns],
        },
        "utility": details,
        "missing": {
            "real_patterns": measured.missing.pattern_count,
            "columns": {name: list(pair) for name, pair in measured.missing.shares.items()},
        },
        "rules": kept,
        "pictures": {
            "marginals": pictures.marginals(train, copy, measured.shapes),
            "association": pictures.association(together),
            "training": [list(row) for row in training_curve or ()],
            "training_unit": training_unit,
        },
        "notes": notes,
    }
    tell("done", 1.0)
    return Report(_plain(data))


def _notes(train: Table, copy: Table, held: Table | None, limits: Limits) -> list[str]:
    most = max(train.rows, copy.rows, held.rows if held else 0)
    out = [
        f"Floor: {limits.draws} bootstraps of the real rows, of the synthetic table's size; "
        "mean ± standard deviation.",
    ]
    if held is None:
        out.append(
            "No hold-out was given: the share of rows nearer to training rows cannot be told, and "
            "real rows are compared with the other real rows instead of with unseen ones."
        )
    for what, limit in (
        ("Shapes and trends", limits.trends),
        ("Detection", limits.detection),
        ("Utility", limits.utility),
        ("Distances", limits.closest),
    ):
        if most > limit:
            out.append(f"{what}: tables over {limit:,} rows are sampled down to that.")
    if min(most, limits.detection) * 2 * one_hot_width(train) > CELL_LIMIT:
        out.append(
            "Logistic detection: rows are sampled further, so that its one-hot matrix has at most "
            f"{CELL_LIMIT:,} cells."
        )
    pairs = len(train.kinds) * (len(train.kinds) - 1) // 2
    if pairs > MOST_PAIRS:
        out.append(f"Pairs: the {MOST_PAIRS:,} that are furthest off of {pairs:,} are listed.")
    return out


def _plain(value: Any) -> Any:
    """Return `value` as JSON holds it: Python scalars, null for what is not finite."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

"""What a report lists beside its figures: a row per column, per pair, per rule."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from interfuse.evaluate.rules import Kept
from interfuse.evaluate.study import Study, mean_and_spread

Rows = list[dict[str, Any]]


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


def column_rows(study: Study) -> Rows:
    """Return a row per column, in the table's order."""
    out = []
    measured, floors, others = study.pair, study.floors, study.others
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


def pair_rows(study: Study) -> Rows:
    """Return a row per pair of columns, worst first, pairs that cannot be scored last."""
    out = []
    measured, floors, others = study.pair, study.floors, study.others
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

"""The figures of a report: what each is called, which way is better, what it means."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from interfuse.evaluate.interval import Z

Better = Literal["lower", "higher", "to 0.5"]


@dataclass(frozen=True)
class Meaning:
    """What a figure is.

    Attributes:
        name: For people.
        unit: ``%`` or empty.
        better: Which way is better.
        line: What it measures, in a line.
        floor: What stands in the floor's column.
    """

    name: str
    unit: str
    better: Better
    line: str
    floor: str = "bootstrap of the real rows"


FIGURES: dict[str, Meaning] = {
    "fidelity.shape": Meaning(
        "Column shape error",
        "%",
        "lower",
        "How far single columns are from the real ones on average; 0 is the same distribution.",
    ),
    "fidelity.trend": Meaning(
        "Pair trend error",
        "%",
        "lower",
        "How far the dependence of two columns is from the real one, averaged over all pairs.",
    ),
    "fidelity.trend_strong": Meaning(
        "Pair trend error, strong pairs",
        "%",
        "lower",
        "The same over pairs that depend strongly in the real table (|r| > 0.5 or V > 0.3).",
    ),
    "fidelity.missing": Meaning(
        "Missing share error",
        "%",
        "lower",
        "Average difference between the missing shares of real and synthetic columns.",
    ),
    "fidelity.missing_patterns": Meaning(
        "Missing pattern error",
        "%",
        "lower",
        "How far the sets of columns that are missing together are from the real ones.",
    ),
    "fidelity.alpha_precision": Meaning(
        "Alpha-precision",
        "%",
        "higher",
        "Whether synthetic rows lie where real ones do, at every distance from their middle.",
        "other real rows",
    ),
    "fidelity.beta_recall": Meaning(
        "Beta-recall",
        "%",
        "higher",
        "Whether real rows have a synthetic one as near as the next real one; half of them can.",
        "other real rows",
    ),
    "fidelity.rules": Meaning(
        "Rows that break a rule",
        "%",
        "lower",
        "Share of rows that break a rule which every real row keeps.",
    ),
    "detection.logistic": Meaning(
        "Logistic detection",
        "",
        "higher",
        "1 when a linear classifier cannot tell synthetic rows from real ones, 0 when it can.",
    ),
    "detection.boosted": Meaning(
        "Boosted-tree detection (AUC)",
        "",
        "to 0.5",
        "How often 100 boosted trees pick the synthetic one of two rows; 0.5 is a coin toss.",
    ),
    "utility.synthetic": Meaning(
        "Trained on synthetic, tested on real",
        "",
        "higher",
        "How well a model trained on synthetic rows predicts the target of unseen real rows.",
        "trained on a bootstrap of the real rows",
    ),
    "utility.gap": Meaning(
        "Loss against real training rows",
        "",
        "lower",
        "What that model loses against the same model trained on real rows.",
        "trained on a bootstrap of the real rows",
    ),
    "utility.importance": Meaning(
        "Agreement on what matters",
        "",
        "higher",
        "Rank correlation of the columns' importance in models of synthetic and of real rows.",
        "trained on a bootstrap of the real rows",
    ),
    "utility.every_target": Meaning(
        "Skill lost over all targets",
        "",
        "lower",
        "What models of every column lose by synthetic training rows; 1 is all that can be known.",
        "trained on a bootstrap of the real rows",
    ),
    "privacy.dcr_share": Meaning(
        "Nearer to training rows",
        "",
        "to 0.5",
        "Share of synthetic rows nearer to a training row than to an unseen one, of as many.",
        "ideal",
    ),
    "privacy.copies": Meaning(
        "Exact copies",
        "%",
        "lower",
        "Share of synthetic rows that equal a training row in every column.",
        "the same of unseen real rows",
    ),
    "privacy.nearness": Meaning(
        "Distance to the closest record",
        "",
        "higher",
        "5th percentile of the distance to the closest training row; numbers in ranges, "
        "2 for each category that differs.",
        "the same of unseen real rows",
    ),
    "privacy.nearest_ratio": Meaning(
        "Nearest-neighbour distance ratio",
        "",
        "higher",
        "5th percentile of the distance to the closest over that to the second training row; "
        "near 0 a row singles one out.",
        "the same of unseen real rows",
    ),
    "privacy.membership_distance": Meaning(
        "Membership attack by distance (AUC)",
        "",
        "to 0.5",
        "How often a training row is nearer to the synthetic ones than an unseen row.",
        "ideal",
    ),
    "privacy.membership_density": Meaning(
        "Membership attack by density (AUC)",
        "",
        "to 0.5",
        "The same by the density of synthetic rows against that of other unseen rows.",
        "ideal",
    ),
    "privacy.inference": Meaning(
        "Attribute inference risk",
        "",
        "lower",
        "What a row of the table gives away about a training row's secret, beyond the population.",
        "ideal",
    ),
}


BOUNDS: dict[str, tuple[float, float]] = {
    **{key: (0.0, 100.0) for key, meaning in FIGURES.items() if meaning.unit == "%"},
    **{key: (0.0, 1.0) for key in FIGURES if key.startswith(("detection.", "privacy."))},
    "privacy.copies": (0.0, 100.0),
    "privacy.inference": (-1.0, 1.0),
    "privacy.nearness": (0.0, math.inf),
    "utility.gap": (-math.inf, math.inf),
    "utility.every_target": (-1.0, 1.0),
    "utility.importance": (-1.0, 1.0),
}
"""Where a figure can lie; it is never negative unless said here."""


def figure(
    key: str,
    value: float,
    *,
    floor: float | None = None,
    spread: float | None = None,
    baselines: Mapping[str, float | None] | None = None,
    error: float | None = None,
    changes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return one row of a report.

    Args:
        key: A key of `FIGURES`.
        value: The figure of the synthetic table.
        floor: What `Meaning.floor` says, for comparison.
        spread: Standard deviation of `floor` (of `value` for a share that has a standard error).
        baselines: The figures of the ``independent`` columns and of the Gaussian ``copula``.
        error: Standard deviation of `value`, for its 95% interval ``low`` to ``high``.
        changes: Entries of the row to replace.
    """
    meaning = FIGURES[key]
    known = error is not None and math.isfinite(error) and math.isfinite(value)
    half = Z * error if known and error is not None else None
    low, high = (None, None) if half is None else (value - half, value + half)
    least, most = BOUNDS.get(key, (0.0, math.inf))
    row = {
        "key": key,
        "name": meaning.name,
        "value": value,
        "low": None if low is None else min(value, max(least, low)),
        "high": None if high is None else max(value, min(most, high)),
        "floor": floor,
        "floor_sd": spread,
        "independent": (baselines or {}).get("independent"),
        "copula": (baselines or {}).get("copula"),
        "better": meaning.better,
        "unit": meaning.unit,
        "meaning": meaning.line,
        "floor_is": meaning.floor,
    }
    return row | dict(changes or {})


def interval(row: Mapping[str, Any]) -> str:
    """Return the 95% interval of a row as text, empty for none."""
    if row.get("low") is None:
        return ""
    low, high = (shown(row[side], row["unit"]).removesuffix("%") for side in ("low", "high"))
    return f"{low} to {high}{row['unit']}"


def shown(value: float | None, unit: str = "") -> str:
    """Return a figure as text: three significant places at most, an en dash for none."""
    if value is None or value != value:
        return "–"
    if unit == "%":
        return f"{value:.2f}%"
    return f"{value:.3f}" if abs(value) < 1_000 else f"{value:,.0f}"

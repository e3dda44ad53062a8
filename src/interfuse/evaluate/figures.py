"""The figures of a report: what each is called, which way is better, what it means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

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
}


def figure(
    key: str,
    value: float,
    *,
    floor: float | None = None,
    spread: float | None = None,
    independent: float | None = None,
    changes: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return one row of a report.

    Args:
        key: A key of `FIGURES`.
        value: The figure of the synthetic table.
        floor: What `Meaning.floor` says, for comparison.
        spread: Standard deviation of `floor` (of `value` for a share that has a standard error).
        independent: The figure of independent columns.
        changes: Entries of the row to replace.
    """
    meaning = FIGURES[key]
    row = {
        "key": key,
        "name": meaning.name,
        "value": value,
        "floor": floor,
        "floor_sd": spread,
        "independent": independent,
        "better": meaning.better,
        "unit": meaning.unit,
        "meaning": meaning.line,
        "floor_is": meaning.floor,
    }
    return row | dict(changes or {})


def shown(value: float | None, unit: str = "") -> str:
    """Return a figure as text: three significant places at most, an en dash for none."""
    if value is None or value != value:
        return "–"
    if unit == "%":
        return f"{value:.2f}%"
    return f"{value:.3f}" if abs(value) < 1_000 else f"{value:,.0f}"

"""Most rows of a table that a step of the evaluation uses, and what a report says of it."""

from dataclasses import dataclass, field, fields
from typing import Any

from interfuse.evaluate.inference import ATTACKS
from interfuse.evaluate.privacy import ROW_LIMIT
from interfuse.evaluate.support import SUPPORT_ROWS
from interfuse.language import t


def _rows(default: int, note: str) -> Any:
    return field(default=default, metadata={"note": note})


@dataclass(frozen=True)
class Limits:
    """Most rows of a table that a step uses; beyond it, rows are sampled with the report's seed.

    Attributes:
        trends: Shapes, trends, missing patterns. One million rows of 20 columns take seconds.
        detection: Both detections, on either side.
        utility: Training rows and test rows.
        closest: Distance search, on either side (quadratic).
        support: Alpha-precision and beta-recall, on either side (quadratic).
        targets: Training and test rows of each target's models.
        most_targets: Targets that are asked for.
        attacked: Rows attacked by membership inference; twice as many synthetic rows searched.
        secrets: Rows attacked for each secret.
        draws: Bootstrap draws of the floor; with 0 there is none.
        baselines: Whether independent columns and the Gaussian copula are measured.
    """

    trends: int = _rows(1_000_000, "Shapes and trends")
    detection: int = _rows(50_000, "Detection")
    utility: int = _rows(100_000, "Utility")
    closest: int = _rows(ROW_LIMIT, "Distances")
    support: int = _rows(SUPPORT_ROWS, "Alpha-precision and beta-recall")
    targets: int = _rows(3_000, "Every target")
    most_targets: int = 20
    attacked: int = _rows(5_000, "Membership attacks")
    secrets: int = ATTACKS
    draws: int = 5
    baselines: bool = True

    @classmethod
    def thorough(cls) -> "Limits":
        """Return limits for figures with smaller errors: about six times the time."""
        return cls(
            detection=200_000,
            utility=400_000,
            closest=40_000,
            support=15_000,
            targets=20_000,
            most_targets=100,
            attacked=20_000,
            secrets=10_000,
            draws=10,
        )

    def notes(self, rows: int) -> list[str]:
        """Return a sentence for each step that samples tables of up to `rows` rows."""
        limited = [(item.metadata["note"], getattr(self, item.name)) for item in _limited]
        return [
            t(
                "{what}: tables over {limit:,} rows are sampled down to that.",
                what=t(what),
                limit=limit,
            )
            for what, limit in limited
            if rows > limit
        ]


_limited = [item for item in fields(Limits) if "note" in item.metadata]

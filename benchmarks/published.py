"""Published figures and the targets set from them, each with its source.

All are of the protocol in `benchmarks.protocol`. "Checked" means read in the authors' own files or
in a reprint of the paper's table; "recalled" means that no copy of the table was at hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Better = Literal["lower", "higher", "to 0.5"]

REPRINT = (
    "arXiv 2602.22586v1, tables 6, 7 and 11, which reprint those of TabDiff and TabSyn; checked"
)
TABNAT = "TabNAT repository at f8df4d18, eval/density; checked, one run"
RECALLED = "TabDiff, arXiv 2410.20626; recalled, not checked"


@dataclass(frozen=True)
class Published:
    """The best published value of a figure.

    Attributes:
        value: the figure.
        method: whose it is.
        source: where it stands.
    """

    value: float
    method: str
    source: str


@dataclass(frozen=True)
class Goal:
    """A figure of the benchmark: what it is, what is to be reached, what others reached.

    Attributes:
        name: for people.
        better: which way is better.
        reach: the bound to reach; None where there is none.
        best: the best published value, if any.
        within: instead of `reach`, how far the figure may be from that of real rows.
    """

    name: str
    better: Better
    reach: float | None = None
    best: Published | None = None
    within: float | None = None

    def bound(self, real: float | None) -> float | None:
        """What is to be reached where real rows have the figure `real`."""
        if self.within is None or real is None:
            return self.reach
        return real - self.within if self.better == "higher" else real + self.within

    def reached(self, value: float | None, real: float | None = None) -> bool | None:
        """Whether a value keeps the bound; None where there is no bound or no value."""
        bound = self.bound(real)
        if bound is None or value is None:
            return None
        return value >= bound if self.better == "higher" else value <= bound


UTILITY_GAP = 0.005
SHAPE, TREND = "Shape error, %", "Trend error, %"
LOGISTIC, BOOSTED = "Logistic detection (1 = none)", "Boosted-tree detection, AUC"
GRID, UTILITY = "Utility, AUC, 36-point grid", "Utility, AUC, one setting"
DCR = "Nearer to training rows, share"
STRICT = "The same, as published: ties not nearer"

GOALS: dict[str, dict[str, Goal]] = {
    "shoppers": {
        "shape": Goal(SHAPE, "lower", 0.75, Published(1.11, "TabNAT", TABNAT)),
        "trend": Goal(TREND, "lower", 1.15, Published(1.67, "TabNAT", TABNAT)),
        "logistic": Goal(LOGISTIC, "higher", 0.99, Published(0.9843, "TabDiff", RECALLED)),
        "boosted": Goal(BOOSTED, "to 0.5", 0.54),
        "utility_grid": Goal(
            GRID, "higher", best=Published(0.921, "TabDiff", REPRINT), within=UTILITY_GAP
        ),
        "utility": Goal(UTILITY, "higher"),
        "copies": Goal("Exact copies, %", "lower"),
        "dcr_share": Goal(DCR, "to 0.5", 0.515),
        "dcr_share_strict": Goal(STRICT, "to 0.5", 0.515),
        "rows_per_second": Goal("Rows a second, generate", "higher", 10_000),
    },
    "adult": {
        "shape": Goal(SHAPE, "lower", 0.50, Published(0.63, "TabDiff", REPRINT)),
        "trend": Goal(TREND, "lower", 1.10, Published(1.49, "TabDiff", REPRINT)),
        "logistic": Goal(LOGISTIC, "higher", 0.99, Published(0.9950, "TabDiff", RECALLED)),
        "boosted": Goal(BOOSTED, "to 0.5", 0.54),
        "utility_grid": Goal(
            GRID, "higher", best=Published(0.912, "TabDiff", REPRINT), within=UTILITY_GAP
        ),
        "utility": Goal(UTILITY, "higher"),
        "copies": Goal("Exact copies, %", "lower"),
        "dcr_share": Goal(DCR, "to 0.5", 0.515),
        "dcr_share_strict": Goal(STRICT, "to 0.5", 0.515),
        "rows_per_second": Goal("Rows a second, generate", "higher", 10_000),
    },
}

"""Rules of a table: exact ones, which were found at the fit, and what follows nearly always."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import binomtest

from interfuse.kinds.table.ask.know.determine import Determined
from interfuse.kinds.table.ask.know.view import View
from interfuse.kinds.table.codec import TableCodec
from interfuse.language import t

NEARLY = 0.05
"""A column follows from others if at most this share of the rows is wrong,"""
FEWER = 0.5
"""and at most this part of what the commonest value alone gets wrong."""


@dataclass(frozen=True)
class Follows:
    """A rule.

    Attributes:
        column: what is said.
        of: the columns that it is said from.
        words: the rule.
        share, low, high: of the rows that keep it, and Wilson's interval; 1 for exact ones.
        exact: whether it holds in every row that was fitted.
    """

    column: str
    of: tuple[str, ...]
    words: str
    share: float
    low: float
    high: float
    exact: bool


def rules_of(codec: TableCodec, view: View, found: list[Determined]) -> list[Follows]:
    """Exact rules first, then what follows nearly always, most surely first."""
    out = []
    for name, rule in codec.rules.items():
        words = f"{name} = {rule}"
        if name in view.ruled:
            out.append(Follows(name, tuple(rule.columns), words, 1.0, 1.0, 1.0, True))
    near = []
    for one in found:
        if one.by and one.wrong_by <= NEARLY and one.wrong_by <= FEWER * one.blind:
            hits = round((1 - one.wrong_by) * one.rows)
            low, high = binomtest(hits, one.rows).proportion_ci(method="wilson")
            names = tuple(view.names[b] for b in one.by)
            name = view.names[one.column]
            words = t("{name} follows from {names}", name=name, names=t(", ").join(names))
            near.append(Follows(name, names, words, hits / one.rows, low, high, False))
    return out + sorted(near, key=lambda r: -r.share)

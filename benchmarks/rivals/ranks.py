"""Mean ranks: where a method stands, over data sets and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.rivals.methods import METHODS

RANKED = ("shape", "trend", "detection", "gap")
"""The figures that are ranked; lower is better in each as `distance` gives it."""


def distance(figure: str, found: Mapping[str, Any], real: Mapping[str, Any]) -> float | None:
    """A figure so that lower is better: detection as its distance from 1/2, utility as its gap."""
    if figure == "gap":
        ours, theirs = found.get("utility"), real.get("utility")
        return None if ours is None or theirs is None else theirs - ours
    value = found.get(figure)
    if value is None:
        return None
    return abs(value - 0.5) if figure == "detection" else value


def mean_ranks(results: Mapping[str, Any], variant: str = "") -> dict[str, tuple[float, int, int]]:
    """The mean rank of each ranked method, over every figure of every data set.

    A method without rows on a data set shares the last ranks there; equal figures share their mean
    rank. Data sets on which not all methods have been tried yet are left out.

    Args:
        results: of data sets.
        variant: a method that takes the place of the one that it is a variant of.

    Returns:
        Method to mean rank, data sets with rows, data sets; best first.
    """
    tried = {key for found in results.values() for key in found.get("methods", {})}
    taken = METHODS[variant].instead_of if variant else ""
    keys = [
        key
        for key, method in METHODS.items()
        if key in tried and ((method.ranked and key != taken) or key == variant)
    ]
    sets = [f for f in results.values() if keys and set(keys) <= set(f.get("methods", {}))]
    if not sets:
        return {}
    sums = dict.fromkeys(keys, 0.0)
    for found in sets:
        for figure in RANKED:
            values = {key: distance(figure, found["methods"][key], found["real"]) for key in keys}
            as_last = {k: float("inf") if v is None else v for k, v in values.items()}
            for key, value in as_last.items():
                below = sum(other < value for other in as_last.values())
                equal = sum(other == value for other in as_last.values())
                sums[key] += below + (equal + 1) / 2
    ended = {key: sum("failed" not in f["methods"][key] for f in sets) for key in keys}
    count = max(len(sets) * len(RANKED), 1)
    means = {key: (sums[key] / count, ended[key], len(sets)) for key in keys}
    return dict(sorted(means.items(), key=lambda item: item[1][0]))

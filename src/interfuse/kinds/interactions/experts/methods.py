"""The methods that experts come from, with the settings that are tried of each.

The graph filter is there twice: with little weight against popular items, which ranks best alone,
and with more, which brings more to the others.

Grids are short: a setting is chosen on held-out touches, and what is left between settings is
smaller than what a second expert brings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from interfuse.kinds.interactions.experts import closed, order
from interfuse.kinds.interactions.experts.forms import Expert, Known

MOST_DENSE = 6_000
"""Items up to which a matrix of items by items is inverted: 3 s and 150 MB; time grows with the
cube."""
MOST_LOCAL = 60_000
"""Items up to which each has a ridge of its own: about a minute."""
MOST_FACTORS, MOST_TRIED = 1_000_000, 300_000
"""Touches up to which factors of users and items are alternated, and more than one setting of it is
tried: each less than a minute."""
MOST_WEIGHTS = 20_000_000
"""Weights that a sparse expert keeps at most: 160 MB."""
TAUS = (None, 30.0, 10.0, 3.0)
Setting = dict[str, Any]


@dataclass(frozen=True)
class Method:
    """A way to fit an expert.

    Attributes:
        name: for people and in the run folder.
        fit: of touches, a seed and a setting.
        settings: that are tried.
        taus: that are tried where there is an order.
    """

    name: str
    fit: Callable[[Known, int, Mapping[str, Any]], Expert]
    settings: tuple[Setting, ...]
    taus: tuple[float | None, ...] = TAUS


def neighbours(items: int) -> int:
    """Weights a row of a sparse expert."""
    return int(min(max(MOST_WEIGHTS // max(items, 1), 20), 500))


def methods(items: int, touches: int, ordered: bool) -> list[Method]:
    """Those that are in reach.

    Args:
        items: how many.
        touches: how many.
        ordered: whether they have an order.
    """
    k = neighbours(items)
    found = [
        Method(
            "graph filter",
            lambda x, seed, s: closed.graph(x, k, **s),
            ({"a": 0.5, "b": 0.7, "c": 0.3}, {"a": 0.5, "b": 0.9, "c": 0.2}),
        ),
        Method(
            "even graph filter",
            lambda x, seed, s: closed.graph(x, k, **s),
            ({"a": 0.5, "b": 0.5, "c": 0.5}, {"a": 0.5, "b": 0.3, "c": 0.5}),
        ),
        Method(
            "low-pass filter",
            lambda x, seed, s: closed.low_pass(x, s["rank"], seed),
            tuple({"rank": r} for r in ((64, 256) if items <= MOST_LOCAL else (64,))),
        ),
    ]  # fmt: skip
    if touches <= MOST_FACTORS:
        grid = ((10.0, 30.0), (30.0, 100.0), (5.0, 5.0))[: 3 if touches <= MOST_TRIED else 1]
        found.append(
            Method(
                "iALS",
                lambda x, seed, s: closed.ials(x, s["rank"], s["alpha"], s["reg"], seed),
                tuple({"rank": 64, "alpha": alpha, "reg": reg} for alpha, reg in grid),
            )
        )
    if items <= MOST_DENSE:
        found.append(
            Method(
                "EDLAE",
                lambda x, seed, s: closed.edlae(x, s["ridge"], s["dropped"]),
                tuple({"ridge": r, "dropped": d} for r, d in ((10.0, 0.5), (100.0, 0.3))),
            )
        )
    elif items <= MOST_LOCAL:
        found.append(
            Method(
                "local ridge",
                lambda x, seed, s: closed.local_ridge(x, s["k"], s["ridge"]),
                ({"k": 50, "ridge": 3.0},),
            )
        )
    return [*found, *_of_order(items, k)] if ordered else found


def _of_order(items: int, k: int) -> list[Method]:
    found = [
        Method(
            "Markov",
            lambda x, seed, s: order.markov(x, k, s["gamma"], s["a"], s["c"]),
            ({"gamma": 0.5, "a": 0.5, "c": 0.3}, {"gamma": 0.7, "a": 0.5, "c": 0.5}),
            (1.0, 3.0, 10.0),
        ),
        Method(
            "next item",
            lambda x, seed, s: order.markov(x, k, 0.0, s["a"], s["c"]),
            ({"a": 1.0, "c": 0.0}, {"a": 0.5, "c": 0.3}),
            (0.3,),
        ),
    ]
    if items <= MOST_DENSE:
        found.append(
            Method(
                "directed ridge",
                lambda x, seed, s: order.directed_ridge(x, s["ridge"], s["tau"]),
                tuple({"ridge": 100.0, "tau": tau} for tau in (5.0, 30.0)),
                (5.0, 30.0),
            )
        )
    return found

"""Drawn users beside the real ones, with a floor and a baseline in the same table.

The floor are real users that were held out, where there are some: no drawn ones can be asked to be
nearer. The baseline are users of the real lengths whose items are drawn by popularity alone.
Figures are those of `judge.drawn`; `nearest` and `recommender` need held-out users.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import DataError, note
from interfuse.kinds.interactions.ask.reading import asked
from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.fitted import Fitted
from interfuse.kinds.interactions.judge import drawn
from interfuse.kinds.interactions.learn.choose import part

FEWEST = 100
HIDDEN = 0.2
SEEN = {"popularity": 0.0, "lengths": 0.0, "pairs": 1.0, "trees": 0.5, "nearest": 0.5}
"""What is best of each; of the recommender, what real users reach."""


def compared(
    model: Fitted, made: Any, real: Any, holdout: Any = None, *, seed: int = 0
) -> pl.DataFrame:
    """Figures of drawn users.

    Args:
        model: says which column is what, and which items there are.
        made: touches of drawn users.
        real: those that were fitted.
        holdout: touches of other real users.
        seed: of what is drawn and split.

    Returns:
        A row for each figure: `figure`, `drawn`, `held_out`, `by_popularity` and `best`.

    Raises:
        DataError: something cannot be read, or there are fewer than `FEWEST` users of either.
    """
    rng = np.random.default_rng(seed)
    names = ("the drawn users", "the real users", "the held-out users")
    found = [
        None if data is None else _users(model, data, where)
        for data, where in zip((made, real, holdout), names, strict=True)
    ]
    ours, them, rest = found
    assert ours is not None
    assert them is not None
    popular = np.bincount(them.items, minlength=them.size).astype(float)
    alone = _alone(them, popular / popular.sum(), rng)
    figures: dict[str, Callable[[Baskets], float]] = {
        "popularity": lambda b: drawn.popularity_distance(them, b),
        "lengths": lambda b: drawn.length_distance(them, b),
        "pairs": lambda b: drawn.pair_correlation(them, b),
        "trees": lambda b: drawn.tell_apart(them, b, seed),
    }
    best: dict[str, float | None] = dict(SEEN)
    if rest is not None:
        known, wanted = part(rest, HIDDEN, False, rng)
        there = np.flatnonzero((wanted.lengths > 0) & (known.lengths > 0))
        known, wanted = known.take(there), wanted.take(there)
        figures["nearest"] = lambda b: drawn.nearest_is_fitted(them, rest, b, seed)
        figures["recommender"] = lambda b: drawn.recommender(b, known, wanted)
        best["recommender"] = drawn.recommender(them, known, wanted)
    rows = []
    for name, figure in figures.items():
        floor = None
        if rest is not None and name not in ("nearest", "recommender"):
            floor = figure(rest)
        rows.append((name, figure(ours), floor, figure(alone), best[name]))
    columns = ["figure", "drawn", "held_out", "by_popularity", "best"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def _users(model: Fitted, data: Any, where: str) -> Baskets:
    baskets, _, _ = asked(model, data, where)
    for line in baskets.notes:
        note(f"{where}: {line}.", stacklevel=5)
    baskets = baskets.take(np.flatnonzero(baskets.lengths))
    if len(baskets) < FEWEST:
        raise DataError(
            f"{where}: {len(baskets):,} of them touched known items; expected at least {FEWEST}. "
            "Draw, or give, more."
        )
    return baskets


def _alone(real: Baskets, share: np.ndarray, rng: np.random.Generator) -> Baskets:
    """As many users of the same lengths, whose items are drawn by popularity."""
    keys = np.log(np.maximum(share, 1e-300))
    lists = [np.argpartition(-(keys + rng.gumbel(size=real.size)), n - 1)[:n] for n in real.lengths]
    return Baskets(real.indptr, np.concatenate(lists).astype(np.int32), real.size)

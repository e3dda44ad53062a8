"""Series of one model have one step: others are an error that says what to do."""

from __future__ import annotations

from typing import Any

import numpy as np

from interfuse.errors import DataError
from interfuse.kinds.series.data.grid import Grid, duration

LONGER = 1.9
FEWEST = 8
"""Stamps from which a series shows a step of its own."""
MOST_SERIES = 5_000


def refuse_steps(
    grid: Grid, stamps: np.ndarray, codes: np.ndarray, names: tuple[Any, ...], where: str
) -> None:
    """Raise if some series have a longer step of their own than the grid.

    On the grid of the shorter step eleven of twelve values of an hourly series would be missing, a
    day ahead would be two hours ahead, and lines across the gaps would tell of what comes.

    Args:
        grid: that all series would lie on.
        stamps: (R,) of the rows.
        codes: (R,) series of each.
        names: of the series.
        where: what the data is called in errors.

    Raises:
        DataError: see above; the message names the steps and both ways out.
    """
    if grid.kind != "even" or not 1 < len(names) <= MOST_SERIES:
        return
    order = np.lexsort((stamps, codes))
    s, c = stamps[order], codes[order]
    own: dict[int, list[Any]] = {}
    for part, i in zip(np.split(s, np.flatnonzero(np.diff(c)) + 1), np.unique(c), strict=True):
        moves = np.diff(part)
        moves = moves[moves > 0]
        if len(moves) + 1 < FEWEST:
            continue
        least = float(np.quantile(moves, 0.1))
        step = max(round(least / grid.step), 1) * grid.step
        steady = np.mean(np.abs(moves / step - np.rint(moves / step)) < 0.1) >= 0.9
        longer = least >= LONGER * grid.step and steady
        own.setdefault(step if longer else grid.step, []).append(names[int(i)])
    if len(own) < 2:
        return
    told = "; ".join(
        f"{duration(step)}: {', '.join(map(repr, some[:3]))}{', ...' if len(some) > 3 else ''}"
        for step, some in sorted(own.items())
    )
    longest = duration(max(own)).replace(" ", "").removesuffix("s")
    raise DataError(
        f"{where}: series have different steps ({told}); those of one model have one, so that a "
        "horizon means the same for all. Fit them apart, a file for each step, or bring all to the "
        f"longest by means: every={longest!r} (--every {longest})."
    )

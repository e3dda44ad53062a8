"""Where new series lie: like which fitted one, and when."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from interfuse.core.seeds import Purpose, generator_for
from interfuse.errors import ConditionError
from interfuse.kinds.series.data import SeriesSchema, SeriesSet, grid_of


def pick_series(names: Sequence[str | None], n: int, like: object, seed: int) -> list[int]:
    """Which fitted series each new one is like.

    Args:
        names: of the fitted series.
        n: how many new ones.
        like: the name of the one that all are like; None draws one for each.
        seed: of the draws; that of series i depends on the seed and on i only.

    Raises:
        ConditionError: no series is called `like`.
    """
    if like is not None and str(like) not in names:
        some = ", ".join(map(repr, names[:8])) + (", ..." if len(names) > 8 else "")
        raise ConditionError(f"like: {str(like)!r} was never seen; expected one of {some}.")
    if like is not None:
        return [names.index(str(like))] * n
    return [int(_uniform(seed, i)[0] * len(names)) for i in range(n)]


def blank_series(
    schema: SeriesSchema,
    names: Sequence[str | None],
    length: int,
    origins: Sequence[tuple[int, int]],
    seed: int,
) -> SeriesSet:
    """Series of which nothing is known, somewhere within the times of fitted ones.

    Args:
        schema: of the model.
        names: of the new series.
        length: steps of each.
        origins: first stamp and length of the fitted series that each is like.
        seed: of the places.
    """
    grid, n = grid_of(schema), len(names)
    starts = [
        int(grid.at(first, int(_uniform(seed, i)[1] * max(size - length, 1))))
        for i, (first, size) in enumerate(origins)
    ]
    blank = np.full((length, len(schema.channels)), np.nan)
    k = len(schema.covariates)
    return SeriesSet(
        schema,
        tuple(names),
        np.array(starts, np.int64),
        [blank] * n,
        [np.full((length, k), np.nan)] * n,
        [np.empty((0, k))] * n,
        np.full((n, len(schema.statics)), np.nan),
    )


def _uniform(seed: int, i: int) -> list[float]:
    """Two numbers of series i: which one it is like, and its place in time."""
    g = generator_for(seed, Purpose.ORIGINS, i)
    return torch.rand(2, generator=g, dtype=torch.float64).tolist()

"""Scores of series by the base: see `base.odd`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from interfuse.kinds.series.answer import SeriesScores
from interfuse.kinds.series.base.forecast import Base
from interfuse.kinds.series.base.odd import Usual, foresee, points
from interfuse.kinds.series.codec import SeriesCodec
from interfuse.kinds.series.data import SeriesSet
from interfuse.kinds.series.data.quiet import mean_over


def scores_by_base(
    base: Base,
    usual: Usual,
    codec: SeriesCodec,
    series: SeriesSet,
    window: int | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> SeriesScores:
    """Scores of every row of the data, with the band that was expected.

    Args:
        base: the base.
        usual: what scores are compared with.
        codec: of the series that were fitted.
        series: to be scored.
        window: steps of the running mean; None for several together.
        tell: called with series done and in all.
    """
    parts, scored, bands = [], [], []
    for i, values in enumerate(series.values):
        said = foresee(base, values)
        owner = codec.identity(series.names[i])
        ratio = usual.compared(said, owner - 1 if owner else None)
        parts.append(mean_over(ratio, 2))
        scored.append(points(mean_over(ratio, 1), usual, base.periods, window))
        # The first step has no past: nothing can be expected of it but what is usual.
        blank = np.where(np.isfinite(values), values, codec.scale(series.names[i], values).middle)
        band = [np.where(np.isfinite(x), x, blank) for x in (said.low, said.middle, said.high)]
        bands.append(codec.bound(np.stack(band, 1)))
        if tell is not None:
            tell(i + 1, len(series))
    first = np.cumsum(series.lengths) - series.lengths
    held = usual.score if window is None else np.zeros(0)
    return SeriesScores.of(
        series, first, np.concatenate(scored), np.concatenate(parts), bands, held
    )

"""Scores of series by the base: see `base.odd`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from interfuse.kinds.series.answer import SeriesScores
from interfuse.kinds.series.ask.few import coded, surprises
from interfuse.kinds.series.base.forecast import Base
from interfuse.kinds.series.base.odd import Usual, foresee, points, together
from interfuse.kinds.series.codec import SeriesCodec
from interfuse.kinds.series.data import SeriesSet
from interfuse.kinds.series.data.quiet import mean_over
from interfuse.kinds.series.discrete.channel import Discrete


def scores_by_base(
    base: Base,
    usual: Usual,
    codec: SeriesCodec,
    series: SeriesSet,
    window: int | None = None,
    tell: Callable[[int, int], None] | None = None,
    few: Sequence[Discrete] = (),
) -> SeriesScores:
    """Scores of every row of the data, with the band that was expected.

    Args:
        base: the base.
        usual: what scores are compared with.
        codec: of the series that were fitted.
        series: to be scored, with all channels.
        window: steps of the running mean; None for several together.
        tell: called with series done and in all.
        few: channels of few values, of which states are scored by what was expected of them.
    """
    parts, scored, bands = [], [], []
    odd, likely = surprises(few, codec, series)
    names, numeric = [*series.schema.numbers.names], series.numeric()
    states = [c.place for c in few if c.is_state]
    if coded(series):
        names = []
    names += [series.schema.names[j] for j in states]
    for i, values in enumerate(numeric.values):
        said = foresee(base, values)
        owner = codec.identity(series.names[i])
        ratio = usual.compared(said, owner - 1 if owner else None)
        if coded(series):
            ratio = ratio[:, :0]
        parts.append(np.concatenate([mean_over(ratio, 2), odd[i]], 1))
        scored.append(points(together(ratio, odd[i]), usual, base.periods, window))
        # The first step has no past: nothing can be expected of it but what is usual.
        blank = np.where(np.isfinite(values), values, codec.scale(series.names[i], values).middle)
        band = [np.where(np.isfinite(x), x, blank) for x in (said.low, said.middle, said.high)]
        own = codec.bound(np.stack(band, 1))[..., : ratio.shape[1]]
        bands.append(np.concatenate([own, np.full((len(own), 3, odd[i].shape[1]), np.nan)], 2))
        if tell is not None:
            tell(i + 1, len(series))
    first = np.cumsum(series.lengths) - series.lengths
    held = usual.score if window is None else np.zeros(0)
    made = SeriesScores.of(
        series, first, np.concatenate(scored), np.concatenate(parts), bands, held
    )
    if not states:
        return made
    expected = {
        series.schema.names[j]: [
            np.array(series.schema.channels[j].levels, object)[np.asarray(x[:, k], np.int64)]
            for x in likely
        ]
        for k, j in enumerate(states)
    }
    return replace(made, channels=tuple(names), states=expected)

"""Fit the channels of few values: states, and counts that are mostly zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from interfuse.core.seeds import Purpose, seed_of
from interfuse.kinds.series.base.draws import quantiles_after
from interfuse.kinds.series.base.forecast import Base
from interfuse.kinds.series.base.weights import LEVELS, pinball
from interfuse.kinds.series.data import SeriesSchema, SeriesSet
from interfuse.kinds.series.data.zones import DAY
from interfuse.kinds.series.discrete.channel import Discrete, fit_channel
from interfuse.kinds.series.discrete.codes import is_sparse

DRAWS = 60
MOST_SEASONS = 3
CYCLES = 3


def seasons_of(schema: SeriesSchema, longest: int) -> tuple[int, ...]:
    """Seasons of such channels in steps: those that were found, a day and a week.

    What is rare shows no season to a test; what a day or a week adds is weighed.
    """
    found = list(schema.periods)
    if schema.calendar and schema.grid == "even":
        for unit in (DAY, 7 * DAY):
            p, rest = divmod(unit, schema.step)
            if not rest and p > 1 and CYCLES * p <= longest and p not in found:
                found.append(p)
    return tuple(sorted(found)[:MOST_SEASONS])


def fit_few(series: SeriesSet, seed: int) -> tuple[Discrete, ...]:
    """All channels of states, and those of counts that are mostly zero."""
    schema = series.schema
    out = []
    periods = seasons_of(schema, int(series.lengths.max()))
    ticks = [int(start // schema.step) for start in series.starts]
    for j, channel in enumerate(schema.channels):
        values = [v[:, j] for v in series.values]
        if not channel.levels and not (channel.integer and is_sparse(values)):
            continue
        own = seed_of(seed, Purpose.FEW_WEIGHTS, j)
        made = fit_channel(j, len(channel.levels), values, ticks, periods, own)
        if made is not None:
            out.append(made)
    return tuple(out)


def kept(
    few: Sequence[Discrete], base: Base, series: SeriesSet,
    blocks: Sequence[tuple[int, int, int]], seed: int,
) -> tuple[Discrete, ...]:  # fmt: skip
    """Those of counts whose answers are better than the base's on what was held out, and states.

    Counts may be zero by night and in their thousands by day: that is a season, and the base's.

    Args:
        few: channels.
        base: fitted without what is held out.
        series: all of them.
        blocks: series, beginning and end of each stretch that is held out.
        seed: of the draws.
    """
    inner = {name: k for k, name in enumerate(series.schema.numbers.names)}
    numeric = series.numeric()
    out = []
    for channel in few:
        if channel.is_state:
            out.append(channel)
            continue
        k = inner[series.schema.names[channel.place]]
        losses = np.zeros(2)
        for n, (i, a, b) in enumerate(blocks):
            said = quantiles_after(base, numeric.values[i][:a, k : k + 1], b - a)
            if said is None:
                continue
            truth = series.values[i][a:b, channel.place]
            there = np.isfinite(truth)
            rng = np.random.default_rng(seed_of(seed, Purpose.FEW_WEIGHTS, channel.place, n))
            drawn = channel.ahead(series.values[i][:a, channel.place], i, b - a, DRAWS, rng)
            own = np.quantile(drawn, LEVELS, axis=0).T
            unit = max(float(np.nanmean(series.values[i][:, channel.place])), 1e-9)
            rounded = np.maximum(np.round(said[:, 0]), 0.0)
            each = [pinball(truth[there], q[there]).sum() / unit for q in (own, rounded)]
            losses += each
        if losses[0] <= losses[1]:
            out.append(channel)
    return tuple(out)

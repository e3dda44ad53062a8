"""Gaps of series, by base and network together.

The middle of a gap's draws is moved to g median + (1 - g) base, with the share g of `ask.gate`; how
they go together and how wide they are stays the network's. With g = 1 they are the network's to the
bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from interfuse.kinds.series.ask.fill import Filler, name_keys
from interfuse.kinds.series.ask.gate import LONE, Gate
from interfuse.kinds.series.ask.wide import fill_all
from interfuse.kinds.series.base.forecast import Base
from interfuse.kinds.series.base.gaps import complete
from interfuse.kinds.series.base.panel import FEWEST_CHANNELS, complete_panel
from interfuse.kinds.series.codec import SeriesCodec
from interfuse.kinds.series.data import SeriesSet

SEED = 0
"""Of the holes that the base learns from: its answer is the same for all seeds of draws."""


def base_between(values: np.ndarray, periods: Sequence[int], seed: int) -> np.ndarray:
    """(T, c) with all gaps filled by the base.

    Args:
        values: (T, c), NaN missing.
        periods: seasons in steps.
        seed: of the holes that are cut to learn from.
    """
    if values.shape[1] >= FEWEST_CHANNELS:
        return complete_panel(values, seed)
    return np.stack([complete(x, periods, seed) for x in values.T], 1)


def share_of(values: np.ndarray, gate: Gate) -> np.ndarray:
    """(T, c) the network's share of each missing cell; 1 before the first and after the last value.

    Args:
        values: (T, c), NaN missing.
        gate: the shares.
    """
    there = np.isfinite(values)
    place = np.arange(len(values))[:, None]
    left = np.maximum.accumulate(np.where(there, place, -1), 0)
    right = np.minimum.accumulate(np.where(there, place, len(values))[::-1], 0)[::-1]
    inner = (left >= 0) & (right < len(values))
    lone, long = gate.gap
    return np.where(inner, np.where(right - left - 1 <= LONE, lone, long), 1.0)


def drawn_between(
    codec: SeriesCodec,
    filler: Filler,
    base: Base | None,
    gate: Gate,
    series: SeriesSet,
    draws: int,
    seed: int,
    tell: Callable[[int, int], None] | None = None,
) -> list[np.ndarray]:
    """(draws, T, c) of each series: what is missing drawn, what is known as it is.

    Args:
        codec: of the series that were fitted.
        filler: the network.
        base: None in older runs.
        gate: the network's shares.
        series: with gaps.
        draws: of each gap.
        seed: of all draws.
        tell: called with windows done and in all.
    """
    rows, scales, _ = codec.pack(series)
    values = [np.repeat(v[None], 1, 0) for v in series.values]
    for i, filled in fill_all(filler, rows, draws, seed, name_keys(series.names), tell=tell):
        whole = np.repeat(series.values[i][None], draws, 0)
        drawn = codec.bound(scales[i].decode(filled.draws.astype(np.float64)))
        there = np.isfinite(series.values[i][filled.times])
        whole[:, filled.times] = np.where(there, whole[:, filled.times], drawn)
        if base is not None:
            periods = series.schema.periods
            whole = with_base(whole, series.values[i], gate, periods, codec.bound)
        values[i] = whole
    return [v if len(v) == draws else np.repeat(v, draws, 0) for v in values]


def with_base(
    drawn: np.ndarray,
    values: np.ndarray,
    gate: Gate,
    periods: Sequence[int],
    bound: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Draws with their middles where both together say; what is known stays.

    Args:
        drawn: (draws, T, c) of the network.
        values: (T, c), NaN missing.
        gate: the network's shares.
        periods: seasons in steps.
        bound: brings draws within bounds and decimals.
    """
    share = share_of(values, gate)
    gap = ~np.isfinite(values) & (share < 1)
    if not gap.any():
        return drawn
    base = base_between(values, periods, SEED)
    shift = np.where(gap, (1 - share) * (base - np.median(drawn, 0)), 0.0)
    return np.where(gap, bound(drawn + shift), drawn)

"""What follows series, by base and network: draws in their own units."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from interfuse.kinds.series.ask.fill import Filler, name_keys
from interfuse.kinds.series.ask.gate import Gate, combined
from interfuse.kinds.series.ask.wide import fill_all
from interfuse.kinds.series.base.draws import paths_after, quantiles_after
from interfuse.kinds.series.base.forecast import Base
from interfuse.kinds.series.codec import SeriesCodec
from interfuse.kinds.series.data import SeriesSet

Tell = Callable[[int, int], None]


def drawn_ahead(
    codec: SeriesCodec,
    filler: Filler,
    base: Base | None,
    gate: Gate,
    series: SeriesSet,
    horizon: int,
    draws: int,
    seed: int,
    known: list[np.ndarray] | None = None,
    tell: Tell | None = None,
) -> list[np.ndarray]:
    """Draw what follows by base and network together.

    What is told of the future is the network's alone, and so is a history that is too short for the
    base. See `network_ahead` for the arguments.

    Returns:
        (draws, horizon, c) of each series, within its bounds.
    """
    said: list[np.ndarray | None] = [None] * len(series)
    if base is not None and known is None:
        said = [quantiles_after(base, values, horizon) for values in series.values]
    share = gate.at(horizon)
    asked = [i for i, quantiles in enumerate(said) if quantiles is None or share.any()]
    own: list[np.ndarray] = []
    if asked:
        told = None if known is None else [known[i] for i in asked]
        own = network_ahead(codec, filler, series.some(asked), horizon, draws, seed, told, tell)
    drawn = dict(zip(asked, own, strict=True))
    out = []
    for i, (quantiles, key) in enumerate(zip(said, name_keys(series.names), strict=True)):
        if quantiles is None or base is None:
            out.append(drawn[i])
            continue
        paths = codec.bound(paths_after(base, quantiles, draws, seed, int(key)))
        out.append(codec.bound(combined(drawn[i], paths, share)) if i in drawn else paths)
        if tell is not None and not asked:  # else the network has told how far it is
            tell(i + 1, len(series))
    return out


def network_ahead(
    codec: SeriesCodec,
    filler: Filler,
    series: SeriesSet,
    horizon: int,
    draws: int,
    seed: int,
    known: Sequence[np.ndarray | None] | None = None,
    tell: Tell | None = None,
) -> list[np.ndarray]:
    """Draw what follows.

    Args:
        codec: of the series that were fitted.
        filler: the network.
        series: histories.
        horizon: steps.
        draws: of each.
        seed: of all draws.
        known: (horizon, c) values of the future that hold, NaN where not.
        tell: called with windows done and in all.

    Returns:
        (draws, horizon, c) of each series, within its bounds.
    """
    looker = filler.looker
    keep = looker.before + looker.length
    rows, scales, begin = codec.pack(series, horizon=horizon, keep=keep, given=known)
    lengths = series.lengths - begin
    wanted = [np.arange(n + horizon) >= n for n in lengths]
    values: list[np.ndarray] = [np.empty(0)] * len(series)
    for i, filled in fill_all(
        filler, rows, draws, seed, name_keys(series.names), wanted=wanted, tell=tell
    ):
        start = int(rows.first[i])
        future = slice(start + int(lengths[i]), start + int(lengths[i]) + horizon)
        base = np.where(rows.seen[future], rows.values[future], np.nan)
        drawn = np.repeat(base[None].astype(np.float32), draws, 0)
        drawn[:, filled.times - int(lengths[i])] = filled.draws
        out = codec.bound(scales[i].decode(drawn.astype(np.float64)))
        own = None if known is None else known[i]
        values[i] = out if own is None else np.where(np.isfinite(own), own, out)
    for i, v in enumerate(values):
        own = None if known is None else known[i]
        if not v.size and own is not None:  # all of it was given
            values[i] = np.repeat(own[None], draws, 0)
    return values

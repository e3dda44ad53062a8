"""Fill series whose network sees one channel at a time.

A window of a hundred channels has a hundred times the cells of one: the network of wide series is
one of single channels, each a series with an identity of its own (`learn.view.apart`). Time and
memory are linear in channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from interfuse.kinds.series.ask.fill import Filled, Filler
from interfuse.kinds.series.learn.view import SeriesRows, apart


def fill_all(
    filler: Filler,
    rows: SeriesRows,
    draws: int,
    seed: int,
    ids: np.ndarray,
    wanted: list[np.ndarray] | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[int, Filled]]:
    """`Filler.fill`, also where the network sees fewer channels than the series have."""
    channels = rows.values.shape[1]
    if filler.net.channels == channels:
        yield from filler.fill(rows.to(filler.device), draws, seed, ids, wanted, tell)
        return
    each = np.repeat(ids, channels) * channels + np.tile(np.arange(channels), len(ids))
    want = None if wanted is None else [w for w in wanted for _ in range(channels)]
    parts: dict[int, list[Filled]] = {}
    single = apart(rows).to(filler.device)
    for k, filled in filler.fill(single, draws, seed, each, want, tell):
        i = k // channels
        parts.setdefault(i, []).append(filled)
        if len(parts[i]) == channels:
            yield i, _together(rows, i, parts.pop(i), draws)


def _together(rows: SeriesRows, i: int, parts: list[Filled], draws: int) -> Filled:
    """The channels of a series, at all times at which any was filled."""
    times = np.unique(np.concatenate([part.times for part in parts])).astype(np.int64)
    start = int(rows.first[i])
    known = rows.values[start + times].cpu().numpy().astype(np.float32)
    out = np.repeat(known[None], draws, 0)
    for j, part in enumerate(parts):
        out[:, np.searchsorted(times, part.times), j] = part.draws[..., 0]
    return Filled(times, out)

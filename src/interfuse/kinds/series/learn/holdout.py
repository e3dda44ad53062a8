"""Windows of series to train on, and blocks of time that decide when to stop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from interfuse.core.seeds import Purpose, seed_of
from interfuse.kinds.series.learn.view import SeriesRows

HELD_SHARE = 0.1
MOST_WINDOWS = 200_000
HELD_WINDOWS = 8
FEWEST_TIMES = 200


def split_windows(rows: SeriesRows, length: int, seed: int) -> tuple[SeriesRows, SeriesRows]:
    """Windows at every place to train on, and windows about blocks that are held out.

    A window may begin half its length before its series and end as much after it. Blocks of
    half a window make up a tenth of all times, each series with a probability that goes with
    its length; fewer than 200 times keep none. Places are thinned to `MOST_WINDOWS` evenly, and
    training moves each window by a random number of rows up to the next place.

    Args:
        rows: one entry a series.
        length: steps of a window.
        seed: of the blocks.
    """
    rng = np.random.default_rng(seed_of(seed, Purpose.HELD_OUT_BLOCKS))
    first, last = rows.first.numpy(), rows.last.numpy()
    total = int((last - first).sum())
    shift = max(-(-total // MOST_WINDOWS), 1)
    held = rows.held.numpy().copy()
    block = max(length // 2, 1)
    places, owners, held_places, held_owners = [], [], [], []
    for i, (a, b) in enumerate(zip(first, last, strict=True)):
        margin = min(length // 2, (b - a) // 2)
        begin = np.arange(a - length + margin, b - margin + 1, shift)
        places.append(begin)
        owners.append(np.full(len(begin), i))
        wanted = HELD_SHARE * (b - a) / block if total >= FEWEST_TIMES else 0.0
        count = int(wanted) + int(rng.random() < wanted - int(wanted))
        for k in range(count):
            # One block in each of `count` equal parts of the series.
            at = a + int((k + rng.random()) * (b - a) / count)
            at = max(min(at, b - block), a)
            held[at : at + block] = True
            lag = rng.integers(0, length - block + 1, HELD_WINDOWS)
            held_places.append(at - lag)
            held_owners.append(np.full(HELD_WINDOWS, i))

    def windows(starts: list[np.ndarray], of: list[np.ndarray]) -> SeriesRows:
        who = torch.from_numpy(np.concatenate([*of, np.zeros(0, np.int64)]).astype(np.int64))
        at = torch.from_numpy(np.concatenate([*starts, np.zeros(0, np.int64)]).astype(np.int64))
        return replace(rows.take(who), start=at, held=torch.from_numpy(held))

    train = replace(windows(places, owners), shift=shift)
    return train, replace(windows(held_places, held_owners), score_held=True)


def split_apart(
    rows: SeriesRows, channels: int, length: int, seed: int
) -> tuple[SeriesRows, SeriesRows]:
    """The same where channels are series of their own: all of a series hold out the same times.

    What is held out of one channel must not be trained on in another that goes with it.

    Args:
        rows: entries as `view.apart` has them.
        channels: of a series.
        length: steps of a window.
        seed: of the blocks.
    """
    leading = torch.arange(0, len(rows), channels)
    train, _ = split_windows(rows, length, seed)
    first, held = split_windows(rows.take(leading), length, seed)
    mask = first.held.clone()
    for a, b in zip(rows.first[leading].tolist(), rows.last[leading].tolist(), strict=True):
        own = mask[a:b].clone()
        mask[a : a + (b - a) * channels] = own.repeat(channels)
    # Held-out windows lie in all channels in turn.
    turn = torch.arange(len(held)) % channels
    entry = torch.searchsorted(rows.first, held.first, right=True) - 1 + turn
    moved = replace(rows.take(entry), start=held.start + turn * (held.last - held.first))
    return replace(train, held=mask), replace(moved, held=mask, score_held=True)

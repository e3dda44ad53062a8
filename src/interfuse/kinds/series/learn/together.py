"""The base of a fit, and the network's share of forecasts, measured on what was held out.

Origins are the beginnings of held-out blocks of the later half of each series: the network is asked
for the block given all before it, and so is the base, which was fitted without the block. How much
is measured goes with how much was trained, so that it takes a tenth of a fit, whatever its length;
a network that has hardly begun has no share.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from interfuse.core.seeds import Purpose, seed_of
from interfuse.kinds.series.ask.ahead import network_ahead
from interfuse.kinds.series.ask.between import base_between
from interfuse.kinds.series.ask.fill import Filler, name_keys
from interfuse.kinds.series.ask.gate import LONE, Gate, measure_gap, measure_gate
from interfuse.kinds.series.ask.wide import fill_all
from interfuse.kinds.series.ask.widths import ROUNDS
from interfuse.kinds.series.base.draws import quantiles_after
from interfuse.kinds.series.base.fit import PAIRS
from interfuse.kinds.series.base.forecast import Base, fit_base, with_paths
from interfuse.kinds.series.base.paths import Paths, score_of
from interfuse.kinds.series.codec import SeriesCodec
from interfuse.kinds.series.data import SeriesSet

ORIGINS, DRAWS = 24, 40
BETWEEN, BETWEEN_DRAWS, MOST_WIDE = 12, 20, 64
"""Held-out blocks that gaps are measured on, draws there, and channels of which series are."""
SCATTERED = 0.3
PATHS = 32
WHOLE = 20_000
"""Examples from which a fit is measured with all origins."""
FEWEST = 6
"""Blocks that a share is measured on. On one a network of 1,709 examples got all of a link's gaps
of six hours: mean absolute errors of .289 for .150."""
BEGUN = 1_000
"""Examples below which a network is not asked: it has hardly left the simple answers."""
PER_WINDOW, FEWEST_WINDOWS = 600, 8
MOST_SERIES = 200
"""Channels of series that the base is fitted to; of more, some are drawn."""
FEW_PAIRS, QUICK = 1_500, 5.0
"""Pairs of a block where less than `QUICK` seconds are to be spent."""


def effort(examples: int, most: int, least: int = 1) -> int:
    """How much of `most` is measured after so many examples; `least` once a network has begun."""
    return 0 if examples < BEGUN else max(least, min(most, most * examples // WHOLE))


def windows_measured(examples: int, most: int) -> tuple[int, int]:
    """Rounds, and windows in each, that the width of bands is measured on.

    A window is drawn 40 times, which takes as long as some 60 are trained: one for every
    `PER_WINDOW` examples takes about a tenth of the time of training.

    Args:
        examples: that the network was trained on.
        most: windows in a round.
    """
    if examples < BEGUN:
        return 0, most
    batch = min(most, max(examples // PER_WINDOW, FEWEST_WINDOWS))
    return max(1, min(ROUNDS, examples // PER_WINDOW // batch)), batch


def base_of(series: SeriesSet, held: torch.Tensor, seed: int, seconds: float | None) -> Base | None:
    """Fit the base to what is not held out.

    Args:
        series: all of them.
        held: (m,) bool, the times that are held out, one series after another.
        seed: of the fit.
        seconds: of the whole fit.
    """
    parts = np.split(~held.cpu().numpy(), np.cumsum(series.lengths)[:-1])
    width = len(series.schema.channels)
    pairs = FEW_PAIRS if seconds is not None and seconds < QUICK else PAIRS
    which = np.arange(len(parts) * width)
    seed = seed_of(seed, Purpose.BASE_PAIRS)
    if len(which) > MOST_SERIES:
        which = np.sort(np.random.default_rng(seed).choice(which, MOST_SERIES, replace=False))
    chosen = [series.values[k // width][:, k % width] for k in which]
    free = [parts[k // width] for k in which]
    seen = [k for k, x in enumerate(chosen) if np.isfinite(x).sum() > 1]
    if not seen:
        return None
    made = fit_base(
        [chosen[k] for k in seen], [free[k] for k in seen], series.schema.periods, seed, pairs,
        width,
    )  # fmt: skip
    return None if made is None else made[0]


def held_blocks(series: SeriesSet, held: torch.Tensor, most: int) -> list[tuple[int, int, int]]:
    """Series, beginning and end of blocks that are held out, in later halves where there are such.

    Args:
        series: all of them.
        held: (m,) bool, one series after another.
        most: how many blocks.
    """
    out = []
    for i, part in enumerate(np.split(held.cpu().numpy(), np.cumsum(series.lengths)[:-1])):
        edge = np.flatnonzero(np.diff(np.concatenate([[False], part, [False]]).astype(int)))
        out += [(i, int(a), int(b)) for a, b in edge.reshape(-1, 2) if a > 0]
    late = [block for block in out if block[1] >= len(series.values[block[0]]) // 2]
    chosen = late or out
    if len(chosen) <= most:
        return chosen
    return [chosen[k] for k in np.linspace(0, len(chosen) - 1, most).round().astype(int)]


def with_measured_paths(base: Base, series: SeriesSet, held: torch.Tensor) -> Base:
    """The base with how the errors of held-out paths go together."""
    blocks = held_blocks(series, held, PATHS)
    scores = []
    for i, a, b in blocks:
        said = quantiles_after(base, series.values[i][:a], b - a)
        if said is not None:
            scores.append(score_of(said, series.values[i][a:b]))
    if not scores:
        return base
    longest = max(map(len, scores))
    z = np.full((len(scores), longest, scores[0].shape[1]), np.nan)
    for path, score in zip(z, scores, strict=True):
        path[: len(score)] = score
    return with_paths(base, Paths.of(z))


def gate_of(
    base: Base, codec: SeriesCodec, filler: Filler, series: SeriesSet, held: torch.Tensor,
    examples: int, seed: int,
) -> Gate:  # fmt: skip
    """The network's share of forecasts.

    Args:
        base: fitted without what is held out.
        codec: of the series.
        filler: the network.
        series: all of them.
        held: (m,) bool, one series after another.
        examples: that the network was trained on.
        seed: of the draws.
    """
    if series.schema.covariates:
        return Gate(share=(1.0,), gap=(1.0, 1.0))  # the base knows nothing of them
    network, said, truth = [], [], []
    for k, (i, a, b) in enumerate(held_blocks(series, held, effort(examples, ORIGINS, FEWEST))):
        quantiles = quantiles_after(base, series.values[i][:a], b - a)
        if quantiles is None:
            continue
        drawn = network_ahead(
            codec, filler, series.until(i, a), b - a, DRAWS, seed_of(seed, Purpose.GATE_DRAWS, k)
        )
        # In units of the series, so that a large one does not decide alone.
        unit = codec.scales[i].spread
        network.append(drawn[0] / unit)
        said.append(quantiles / unit[:, None])
        truth.append(series.values[i][a:b] / unit)
    gate = measure_gate(network, said, truth)
    if len(series.schema.channels) > MOST_WIDE:
        return gate  # a panel's gaps are the base's: the network of wide series sees no others
    return replace(gate, gap=gap_gate_of(codec, filler, series, held, examples, seed))


def gap_gate_of(
    codec: SeriesCodec, filler: Filler, series: SeriesSet, held: torch.Tensor, examples: int,
    seed: int,
) -> tuple[float, float]:  # fmt: skip
    """The network's share of lone gaps and of long ones, on held-out blocks with holes cut in.

    Args:
        codec: of the series.
        filler: the network.
        series: all of them.
        held: (m,) bool, one series after another.
        examples: that the network was trained on.
        seed: of holes and draws.
    """
    found: list[list[np.ndarray]] = [[], []]
    length = filler.looker.length
    rng = np.random.default_rng(seed_of(seed, Purpose.GATE_DRAWS))
    for i, a, b in held_blocks(series, held, effort(examples, BETWEEN, FEWEST)):
        begin, end = max(a - length, 0), min(b + length, len(series.values[i]))
        part = series.between(i, begin, end)
        values = part.values[0]
        size = max((b - a) // 3, LONE + 1)
        start = int(rng.integers(a - begin, max(b - begin - size, a - begin) + 1))
        long = np.zeros(len(values), bool)
        long[start : start + size] = True
        lone = np.zeros(len(values), bool)
        lone[a - begin : b - begin] = rng.random(b - a) < SCATTERED
        for k, hole in enumerate((lone, long)):
            cut = np.where(hole[:, None], np.nan, values)
            asked = replace(part, values=[cut])
            rows, scales, _ = codec.pack(asked)
            wanted = [hole]
            ids = name_keys(asked.names)
            answers = list(fill_all(filler, rows, BETWEEN_DRAWS, seed, ids, wanted=wanted))
            if not answers:
                continue
            filled = answers[0][1]
            middle = scales[0].decode(np.median(filled.draws, 0).astype(np.float64))
            base = base_between(cut, series.schema.periods, seed)[filled.times]
            truth = values[filled.times]
            there = np.isfinite(truth) & hole[filled.times][:, None]
            unit = np.broadcast_to(codec.scales[i].spread, truth.shape)
            found[k].append(np.stack([(x / unit)[there] for x in (middle, base, truth)]))
    lone, long = (measure_gap(part) for part in found)
    return lone, long

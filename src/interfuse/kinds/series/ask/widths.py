"""Measure how much wider bands must be: the factor tau of `questions.temper`.

Random questions are asked about held-out blocks, as in training, and answered by draws. With m the
median of a cell's draws and w the distance from it to the 5 % or 95 % quantile, on the side where
the truth x lies, a band tau times as wide holds nine of ten held-out cells if

    tau = 90 % quantile of |x - m| / w.

Beyond what is known (forecasts) its square root is taken: the whole of it is right for link traffic
and too wide for exchange rates and requests, where the end of the series was easier to foresee than
blocks in its midst. Blocks are those of the later half of each series, since it is recent data that
a model is asked about.

It is measured in `KNOTS` classes of log g, g the length of the gap, for cells between known ones
and for the others. Classes with few cells are drawn towards all cells of their side together.
"""

from __future__ import annotations

import numpy as np
import torch

from interfuse.core.seeds import Purpose, generator_for, seed_of
from interfuse.kinds.series.ask.fill import Filler, mirrored
from interfuse.kinds.series.ask.temper import Temper, is_between
from interfuse.kinds.series.learn.objective import NoisyWindows, SeriesObjective
from interfuse.kinds.series.learn.view import SeriesRows

COVERAGE = 0.9
KNOTS = 6
ROUNDS, BATCH, DRAWS = 6, 32, 40
FEWEST = 500
"""Cells at which a class counts as much as all together: cells of a block go together."""
LARGEST = 4.0


def measure_temper(
    filler: Filler,
    objective: SeriesObjective,
    held: SeriesRows,
    seed: int,
    rounds: int = ROUNDS,
    batch: int = BATCH,
) -> Temper:
    """Measure on windows about held-out blocks; no correction where too little was held out.

    Args:
        filler: with the final weights and without a temper.
        objective: draws the questions.
        held: the windows.
        seed: of questions and draws.
        rounds: how many batches.
        batch: windows in each.
    """
    asked = SeriesObjective(objective.looker, objective.gaussian, louder=0.0)
    late = torch.nonzero(held.start >= (held.first + held.last) // 2).flatten()
    held = held.take(late) if len(late) else held
    gaps, ratios, sides = [], [], []
    for k in range(rounds if len(held) else 0):
        generator = generator_for(seed, Purpose.MEASURED_CELLS, k, device=filler.device)
        index = (torch.arange(batch, device=filler.device) + k * batch) % len(held)
        noisy = asked.corrupt(held.take(index), generator)
        score = noisy.score
        gaps.append(noisy.view.gap[score].log().float().cpu().numpy())
        ratios.append(_ratio(filler, noisy, seed, k)[score].float().cpu().numpy())
        sides.append(is_between(noisy.view)[score].cpu().numpy())
    if not gaps or sum(map(len, gaps)) < 50:
        return Temper()
    gap, ratio, between = (np.concatenate(x) for x in (gaps, ratios, sides))
    edges = np.linspace(gap.min(), gap.max() + 1e-6, KNOTS + 1)
    which = np.digitize(gap, edges[1:-1])
    return Temper(
        tuple(((edges[1:] + edges[:-1]) / 2).tolist()),
        tuple(_log_tau(ratio[between], which[between])),
        tuple(value / 2 for value in _log_tau(ratio[~between], which[~between])),
    )


def _ratio(filler: Filler, noisy: NoisyWindows, seed: int, k: int) -> torch.Tensor:
    """|x - m| / w of every cell of a batch: (n, length, c)."""
    said = filler.say(noisy.view)
    batch = len(noisy.target)
    keys = [seed_of(seed, Purpose.MEASURED_DRAWS, k, j // 2) for j in range(batch * DRAWS)]
    sign = mirrored(DRAWS).to(filler.device).repeat(batch)
    window = torch.arange(batch, device=filler.device).repeat_interleave(DRAWS)
    keyed = torch.tensor(keys, device=filler.device)
    some, steps = filler.draw(noisy.view, said, keyed, window, sign)
    shape = (batch, DRAWS, *noisy.target.shape[1:])
    drawn = noisy.view.x[:, None].expand(shape).clone()
    drawn[:, :, steps] = some.reshape(batch, DRAWS, len(steps), -1)
    ends = torch.tensor([0.5 - COVERAGE / 2, 0.5, 0.5 + COVERAGE / 2]).to(drawn)
    low, middle, high = torch.quantile(drawn, ends, dim=1)
    off = noisy.target - middle
    return off.abs() / torch.where(off > 0, high - middle, middle - low).clamp_min(1e-6)


def _log_tau(ratio: np.ndarray, which: np.ndarray) -> list[float]:
    """Log tau of each class."""
    every = np.quantile(ratio, COVERAGE) if len(ratio) else 1.0
    out = []
    for k in range(KNOTS):
        own = ratio[which == k]
        there = np.quantile(own, COVERAGE) if len(own) else every
        share = len(own) / (len(own) + FEWEST)
        tau = share * there + (1 - share) * every
        out.append(float(np.log(np.clip(tau, 1 / LARGEST, LARGEST))))
    return out

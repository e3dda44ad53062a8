"""Measure how much wider bands must be: the factor tau of `questions.temper`.

Random questions are asked about held-out blocks, as in training, and answered by draws. With m the
median of a cell's draws and w the distance from it to the 5 % or 95 % quantile, on the side where
the truth x lies, a band tau times as wide holds nine of ten held-out cells if

    tau = 90 % quantile of |x - m| / w,

of which the square root is taken: there are few blocks, and on link traffic, requests and exchange
rates the end of the series, which is what is asked about, was easier than blocks in its midst.

It is measured in `KNOTS` classes of log g, g the length of the gap. Classes with few cells are
drawn towards all cells together.
"""

from __future__ import annotations

import numpy as np
import torch

from interfuse.questions.fill import Filler
from interfuse.questions.temper import Temper
from interfuse.training.series import SeriesObjective
from interfuse.training.state import generator_for, seed_of
from interfuse.training.windows import SeriesRows

COVERAGE = 0.9
KNOTS = 6
WINDOWS, BATCH, DRAWS = 192, 32, 40
FEWEST = 500
"""Cells at which a class counts as much as all together: cells of a block go together."""
LARGEST = 4.0
_HELD, _KEYS = 53, 54  # purposes of random streams


def measure_temper(
    filler: Filler, objective: SeriesObjective, held: SeriesRows, seed: int
) -> Temper:
    """Measure on windows about held-out blocks; no correction where too little was held out.

    Args:
        filler: with the final weights and without a temper.
        objective: draws the questions.
        held: the windows.
        seed: of questions and draws.
    """
    asked = SeriesObjective(objective.looker, objective.gaussian, louder=0.0)
    gaps, ratios = [], []
    for k in range(WINDOWS // BATCH if len(held) else 0):
        generator = generator_for(seed, _HELD, k, device=filler.device)
        index = (torch.arange(BATCH, device=filler.device) + k * BATCH) % len(held)
        noisy = asked.corrupt(held.take(index), generator)
        said = filler.say(noisy.view)
        keys = [seed_of(seed, _KEYS, k, j) for j in range(BATCH * DRAWS)]
        window = torch.arange(BATCH, device=filler.device).repeat_interleave(DRAWS)
        some, steps = filler.draw(
            noisy.view, said, torch.tensor(keys, device=filler.device), window
        )
        shape = (BATCH, DRAWS, *noisy.target.shape[1:])
        drawn = noisy.view.x[:, None].expand(shape).clone()
        drawn[:, :, steps] = some.reshape(BATCH, DRAWS, len(steps), -1)
        low, middle, high = torch.quantile(
            drawn, torch.tensor([0.5 - COVERAGE / 2, 0.5, 0.5 + COVERAGE / 2]).to(drawn), dim=1
        )
        off = noisy.target - middle
        width = torch.where(off > 0, high - middle, middle - low).clamp_min(1e-6)
        gaps.append(noisy.view.gap[noisy.score].log().float().cpu().numpy())
        ratios.append((off.abs() / width)[noisy.score].float().cpu().numpy())
    if not gaps or sum(map(len, gaps)) < 50:
        return Temper()
    gap, ratio = np.concatenate(gaps), np.concatenate(ratios)
    every = np.quantile(ratio, COVERAGE)
    edges = np.linspace(gap.min(), gap.max() + 1e-6, KNOTS + 1)
    which = np.digitize(gap, edges[1:-1])
    value = []
    for k in range(KNOTS):
        own = ratio[which == k]
        there = np.quantile(own, COVERAGE) if len(own) else every
        share = len(own) / (len(own) + FEWEST)
        tau = np.clip(share * there + (1 - share) * every, 1 / LARGEST, LARGEST)
        value.append(float(np.log(tau)) / 2)
    return Temper(tuple(((edges[1:] + edges[:-1]) / 2).tolist()), tuple(value))

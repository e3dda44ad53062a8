"""What a cell is told of those beside it, by the plain definition; which windows weigh what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from interfuse.kinds.series.learn.gaps import FORECAST_SHARE, draw_hidden
from interfuse.kinds.series.learn.view import Clock
from interfuse.kinds.series.learn.windows import FEW, SPANS, TYPICAL, Looker
from interfuse.kinds.series.net.simple import NEIGHBOURS, nearest_known
from interfuse.kinds.series.net.temporal import neighbours

LENGTH = 160


def test_patches_that_are_left_out_are_patches_of_zeros():
    patch, place = 4, torch.tensor([0, 1, 3])
    z = torch.randn(3, 12, 2, generator=torch.Generator().manual_seed(0))
    whole = torch.zeros(3, 16, 2)
    kept = [*range(8), *range(12, 16)]
    whole[:, kept] = z
    found = neighbours(z, place, patch)
    torch.testing.assert_close(found, neighbours(whole, torch.arange(4), patch)[:, kept])
    # The cell itself, then those before and after it, less the cell.
    at, k = 5, NEIGHBOURS
    around = [at + j for j in (*range(-k, 0), *range(1, k + 1))]
    wanted = torch.stack([whole[:, j] if 0 <= j < 16 else 0 * z[:, 0] for j in around], -1)
    torch.testing.assert_close(found[:, at, :, 0], z[:, at])
    torch.testing.assert_close(found[:, at, :, 1:] + z[:, at, :, None], wanted)


def test_roughness_is_a_mean_of_steps_near_the_gap():
    """Against loops: the mean of |x(t) - x(t - 1)| over known pairs within a span of the known
    cells on either side, `FEW` steps of the next longer span's mean added."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=80), 10 * rng.normal(size=80)]).cumsum()
    known = rng.random(LENGTH) < 0.6
    known[30:50] = known[100:130] = known[-10:] = False
    tensor = torch.from_numpy(x)[None, :, None]
    mask = torch.from_numpy(known)[None, :, None]
    pair = mask[:, 1:] & mask[:, :-1]
    moves = (tensor[:, 1:] - tensor[:, :-1]).abs() * pair
    looker = Looker(Clock((), ()), LENGTH)
    unit, calm = looker._unit(moves, pair, nearest_known(mask))
    for t in range(LENGTH):
        left = max((k for k in range(t + 1) if known[k]), default=0)
        right = min((k for k in range(t, LENGTH) if known[k]), default=LENGTH - 1)
        base, logs = TYPICAL, []
        for span in (LENGTH, *SPANS):
            ends = [*range(max(left - span, 0) + 1, left + 1)]
            ends += range(right + 1, min(right + span, LENGTH - 1) + 1)
            size = [abs(x[k] - x[k - 1]) for k in ends if known[k] and known[k - 1]]
            base = (sum(size) + FEW * base) / (len(size) + FEW)
            logs.append(np.log(base))
        assert float(unit[0, t, 0]) == pytest.approx(logs[0], abs=1e-9)
        np.testing.assert_allclose(calm[0, t, 0], np.array(logs[1:]) - logs[0], atol=1e-9)


def test_a_window_in_which_nothing_is_known_has_the_typical_roughness():
    none = torch.zeros(1, LENGTH, 1, dtype=torch.bool)
    pair = none[:, 1:]
    unit, calm = Looker(Clock((), ()), LENGTH)._unit(0.0 * pair, pair, nearest_known(none))
    np.testing.assert_allclose(unit, np.log(TYPICAL), rtol=1e-6)
    np.testing.assert_allclose(calm, 0.0, atol=1e-6)


def test_short_and_long_futures_are_both_asked_for():
    """Half of the lengths are uniform up to 3/4 of a window of 160, half log-uniform: shorter than
    12 are log 12 / log 119 / 2 + .05 = .31 of them. 4,000 of 9,000 windows: a standard error of
    .007, and some blocks and scattered cells that look like futures."""
    generator = torch.Generator().manual_seed(1)
    out, _ = draw_hidden(9_000, LENGTH, 1, 0, 0, generator)
    ahead = out.sum(1)
    future = (out[:, 1:] >= out[:, :-1]).all(1) & out[:, -1] & ~out[:, 0]
    assert float(future.float().mean()) == pytest.approx(FORECAST_SHARE, abs=0.04)
    short = float((ahead[future] < 12).float().mean())
    assert short == pytest.approx(np.log(12) / np.log(119) / 2 + 0.05, abs=0.04)


def test_a_window_of_few_unknown_cells_is_not_drowned(model):
    """Windows of n cells weigh sqrt(n): the loss of two kinds together is their weighted mean."""
    from interfuse.kinds.series.learn.objective import SeriesObjective

    rows, _, _ = model.codec.pack(model.read(known_rows()))
    rows = replace(rows.take(torch.tensor([0, 1])), start=rows.first)
    objective = SeriesObjective(model.looker)
    noisy = objective.corrupt(rows, torch.Generator().manual_seed(3))
    counts = noisy.score.sum((1, 2))
    with torch.no_grad():
        both = objective.loss(model.net, noisy)
        alone = []
        for i in range(2):
            score = noisy.score.clone()
            score[1 - i] = False
            alone.append(objective.loss(model.net, replace(noisy, score=score)).cells())
    weight = counts.double().sqrt()
    assert float(both.count) == pytest.approx(float(weight.sum()), rel=1e-5)
    wanted = (torch.stack(alone).double() * weight[:, None]).sum(0) / weight.sum()
    # float32 sums of some 100 terms.
    torch.testing.assert_close(both.cells().double(), wanted, rtol=1e-4, atol=1e-4)


def known_rows():
    """The series of the fitted model."""
    from tiny_series import known_pair

    return known_pair()

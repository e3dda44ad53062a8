r"""How odd each point of a series is, by the base alone.

Two things are odd, each in a way of its own:

    unforeseen   (x_t - ridge(x_{t-1}, ...))^2     it does not follow from what came before
    displaced    (x_t - median of earlier seasons at its phase)^2    it is not where it usually is

The first sees lone points and the edges of outages, the second what lasts. Each is divided by its
mean over the data that was fitted and ends at `MOST_RATIO`; a cell's score is their mean, and each
of both has its mean over the channels. Where fewer than `FEWEST_COPIES` seasons came before, nobody
can say where a point usually is, and the first alone counts: a median of one or two copies called
whatever came next displaced (12 servers, VUS-PR .44; with two copies asked for, .61).

No single window suits lone points and long outages alike: the score is the mean of running means
of both over `WINDOWS` and half a season, each over its own 99 % quantile, divided by what is usual
of it. P-values are conformal, by the scores of blocks that were held out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from interfuse.kinds.series.base.answers import Answers, Asked
from interfuse.kinds.series.base.draws import channels_of
from interfuse.kinds.series.base.fit import scale_of
from interfuse.kinds.series.base.forecast import Base
from interfuse.kinds.series.base.past import VIEWS, Past, Sums
from interfuse.kinds.series.base.weights import HIGH, LOW
from interfuse.kinds.series.data.quiet import mean_over, running_mean

WINDOWS = (3, 36)
RARE = 0.99
MOST_RATIO = 1e3
LEAST_USUAL, UNSEEN = 1e-9, 1e30
"""The least that is divided by; what stands for what the data never showed."""
CHUNK = 20_000
MOST_CELLS, FEW_CELLS = 1_000_000, 60_000
"""Cells that what is usual is measured on, about 3 s; of a short fit. Means of squares are of a few
large ones: 263 steps of each server, in place of all 4,300, left VUS-PR at .25 for .44."""
STRETCHES = 8
"""Stretches of each series that they are of, where they are not all."""
COPIES, FEWEST_COPIES = 8, 3
A_DAY = 24
"""Steps that the season is long, at least, whose median points are held against, if any is."""
KINDS = 2
LEVELS = 513
FEWEST = 20


class Foreseen(NamedTuple):
    """Of every step of a series: (T, c) each; NaN where missing or without a past."""

    low: np.ndarray
    middle: np.ndarray
    high: np.ndarray
    kinds: np.ndarray  # (T, c, KINDS) squares in units of `scale`
    scale: np.ndarray  # (c,) what the series was divided by: it goes with how long the series is


@dataclass(frozen=True)
class Usual:
    """What oddity is compared with.

    Attributes:
        mean: (series, channels, KINDS) of the data that was fitted.
        tail: (windows, KINDS) 99 % quantiles of running means.
        unit: the mean of the scores.
        score: (LEVELS,) sorted scores of held-out points; empty where nothing was held out.
        scale: (series, channels) the units of `mean`; empty of older runs.
    """

    mean: np.ndarray
    tail: np.ndarray
    unit: float
    score: np.ndarray
    scale: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))

    def compared(self, said: Foreseen, series: int | None) -> np.ndarray:
        """(T, c, KINDS) how much more than usual.

        The last day of a series is scored as it would be behind all that came before: its own
        unit, which is that of the longest season it can hold, is taken to that of the fit.

        Args:
            said: of one series.
            series: which of those that were fitted; None for another, which is held against what
                is typical of them, in its own units.
        """
        if series is None:
            return ratios(said.kinds, np.median(self.mean, 0))
        known = self.scale[series] if len(self.scale) else said.scale
        return ratios(said.kinds * ((said.scale / known) ** 2)[:, None], self.mean[series])

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Its arrays by name."""
        unit = np.array([self.unit])
        own = {"mean": self.mean, "tail": self.tail, "unit": unit, "score": self.score}
        return {**own, "scale": self.scale} if len(self.scale) else own

    @classmethod
    def from_arrays(cls, a: Mapping[str, np.ndarray]) -> Usual:
        """The inverse of `to_arrays`."""
        tail = a["tail"]  # of older runs one for both
        tail = np.stack([tail] * KINDS, 1) if tail.ndim == 1 else tail
        scale = {"scale": a["scale"]} if "scale" in a else {}
        return cls(a["mean"], tail, float(a["unit"][0]), a["score"], **scale)


def windows_of(periods: Sequence[int]) -> tuple[int, ...]:
    """Steps of the running means."""
    return (*WINDOWS, *(max(_season(periods) // 2, 1) for _ in periods[:1]))


def _season(periods: Sequence[int]) -> int:
    return next((p for p in periods if p >= A_DAY), periods[-1])


def foresee(base: Base, values: np.ndarray, steps: np.ndarray | None = None) -> Foreseen:
    """What the base says of steps of one series, each given all before it.

    Args:
        base: the base.
        values: (T, c), NaN missing.
        steps: which; all if None. What is not asked is NaN.
    """
    length, channels = values.shape
    steps = np.arange(length) if steps is None else steps
    past = Past.of(channels_of([values]), base.periods)
    number, view = 0, VIEWS[0]
    answers = Answers(Sums(past, view, base.periods), base.periods, base.reach)
    block = base.blocks[0]
    ridge = next(e for e in block.experts if e.view == number and e.place < 0)
    out = np.full((4, length, channels), np.nan)
    kinds = np.full((length, channels, KINDS), np.nan)
    for j in range(channels):
        own = steps[steps > 0]
        for part in np.split(own, range(CHUNK, len(own), CHUNK)):
            at = past.first[j] + part
            asked = Asked(np.full(len(at), j), at - 1, np.ones(len(at), np.int64))
            said = answers.of(asked)
            middle = said.anchor + said.features @ block.beta[number]
            rough = (said.rough - block.middle[number]) / block.unit[number]
            wide = scale_of(rough, ridge.spread)
            ends = [middle + wide * ridge.errors[k] for k in (LOW, HIGH)]
            usual = _usual(answers, past, base.periods, j, at)
            out[:3, part, j] = np.stack([ends[0], middle, ends[1]]) * past.scale[j]
            x = past.x[at]
            kinds[part, j, 0], kinds[part, j, 1] = (x - middle) ** 2, (x - usual) ** 2
        if steps[:1].tolist() == [0]:
            # The first step has no past: it is held against what is usual.
            usual = float(np.median(past.x[past.first[j] : past.last[j]]))
            out[:3, 0, j] = usual * past.scale[j]
            kinds[0, j, 0] = (past.x[past.first[j]] - usual) ** 2
    kinds[~np.isfinite(values)] = np.nan
    return Foreseen(out[0], out[1], out[2], kinds, past.scale)


def _usual(
    answers: Answers, past: Past, periods: Sequence[int], j: int, at: np.ndarray
) -> np.ndarray:
    """The median of earlier seasons at the phase of steps, NaN where there are too few of them.

    Of a series without seasons the mean of all before.
    """
    if not periods:
        return answers.sums.mean(np.full(len(at), j), at - 1, len(past.x))
    season = _season(periods)
    before = np.stack([at - (k + 1) * season for k in range(COPIES)])
    there = before >= past.first[j]
    copies = np.where(there, past.x[np.maximum(before, 0)], np.nan)
    count = there.sum(0)
    ranked = np.sort(copies, 0)  # NaN goes last
    pick = [np.take_along_axis(ranked, np.maximum(i, 0)[None], 0)[0]
            for i in ((count - 1) // 2, count // 2 - (count == 0))]  # fmt: skip
    return np.where(count >= FEWEST_COPIES, (pick[0] + pick[1]) / 2, np.nan)


def ratios(kinds: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """(T, c, KINDS) how much more than usual; NaN where it cannot be said."""
    return np.minimum(kinds / np.maximum(usual, LEAST_USUAL), MOST_RATIO)


def together(ratio: np.ndarray, states: np.ndarray) -> np.ndarray:
    """(T, KINDS) means over numbers and states; states are odd in the first way alone.

    Args:
        ratio: (T, c, KINDS) of numbers.
        states: (T, s) how odd states are.
    """
    if not states.shape[1]:
        return mean_over(ratio, 1)
    own = np.full((*states.shape, KINDS), np.nan)
    own[..., 0] = np.minimum(states, MOST_RATIO)
    return mean_over(np.concatenate([ratio, own], 1), 1)


def points(raw: np.ndarray, usual: Usual, periods: Sequence[int], window: int | None) -> np.ndarray:
    """(T,) scores of points: over one window, or over all of them.

    Args:
        raw: (T, KINDS) means of `ratios` over the channels.
        usual: what they are compared with.
        periods: of the series.
        window: steps of the running mean; None for all.
    """
    if window is not None:
        out = running_mean(mean_over(raw, 1), window)
    else:
        parts = [
            running_mean(raw[:, k], width) / tail
            for width, tails in zip(windows_of(periods), usual.tail, strict=True)
            for k, tail in enumerate(tails)
        ]
        out = np.mean(parts, 0) / usual.unit
    return np.where(np.isfinite(raw).any(1), out, np.nan)


def measure_usual(
    base: Base,
    series: Sequence[np.ndarray],
    blocks: Sequence[tuple[int, int, int]],
    seed: int,
    most: int = MOST_CELLS,
    beside: Sequence[np.ndarray] = (),
    alone: bool = False,
) -> Usual:
    """Measure the data that was fitted.

    Args:
        base: fitted without the blocks.
        series: (T_i, c) each.
        blocks: series, beginning and end of what was held out.
        seed: of the stretches that are looked at where there are many steps.
        most: cells that are looked at.
        beside: (T_i, s) of each, how odd the states of its steps are; none if empty.
        alone: whether these say all, as there are no numbers but their codes.
    """
    rng = np.random.default_rng(seed)
    most = max(most // (series[0].shape[1] * len(series)), 50)
    means, raws, scales = [], list[np.ndarray](), []
    extra = beside or [np.zeros((len(values), 0)) for values in series]
    for values, states in zip(series, extra, strict=True):
        stretches = stretches_of(len(values), most, rng)
        said = foresee(base, values, np.concatenate(stretches))
        kinds = said.kinds
        scales.append(said.scale)
        mean = mean_over(kinds[np.concatenate(stretches)], 0)
        mean = np.where(np.isfinite(mean) & (mean > 0), mean, 1.0)
        means.append(mean)
        seen = kinds[:, :0] if alone else kinds
        own = mean[:0] if alone else mean
        raws += [together(ratios(seen[steps], own), states[steps]) for steps in stretches]
    widths = windows_of(base.periods)
    made = Usual(np.stack(means), _tails(raws, widths), 1.0, np.zeros(0), np.stack(scales))
    every = np.concatenate([points(r, made, base.periods, None) for r in raws])
    unit = float(np.nanmean(every)) if np.isfinite(every).any() else 1.0
    made = replace(made, unit=unit or 1.0)
    held = []
    for i, a, b in blocks:
        room = max(widths) // 2
        steps = np.arange(max(a - room, 1), min(b + room, len(series[i])))
        kinds = foresee(base, series[i], steps).kinds
        ratio = ratios(kinds[steps], made.mean[i])
        raw = together(ratio[:, :0] if alone else ratio, extra[i][steps])
        scores = points(raw, made, base.periods, None)[(steps >= a) & (steps < b)]
        held.append(scores[np.isfinite(scores)])
    some = np.concatenate(held) if held else np.zeros(0)
    if len(some) < FEWEST:
        return made
    score = np.quantile(some, (np.arange(LEVELS) + 0.5) / LEVELS)
    return replace(made, score=np.sort(score))


def stretches_of(length: int, most: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Steps that are looked at: all, or stretches at random places of equal parts of the series."""
    if length <= most:
        return [np.arange(length)]
    many = min(STRETCHES, max(most // (2 * max(WINDOWS)), 1))
    part, size = length // many, most // many
    begins = np.arange(many) * part + rng.integers(0, part - size + 1, many)
    return [np.arange(begin, begin + size) for begin in begins.tolist()]


def _tails(raws: Sequence[np.ndarray], widths: Sequence[int]) -> np.ndarray:
    """(windows, KINDS) the 99 % quantiles of running means over stretches."""
    found = np.full((len(widths), KINDS), UNSEEN)
    for k in range(KINDS):
        if not any(np.isfinite(r[:, k]).any() for r in raws):
            continue
        for i, width in enumerate(widths):
            every = np.concatenate([running_mean(r[:, k], width) for r in raws])
            found[i, k] = max(float(np.nanquantile(every, RARE)), LEAST_USUAL)
    return found

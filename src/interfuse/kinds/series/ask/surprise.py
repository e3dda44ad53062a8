"""How odd each point of a series is, given the others.

A point and all that follows are hidden, and the encoder says where it should lie: mean and scale.
Three things are odd, each in a way of its own:

    far       (x - mean)^2                 it is not where it was foreseen
    unlikely  ((x - mean) / scale)^2       and the foresight was sure
    rare      x^2                          it is far from where the series usually is

x in the series' own spread about its median. Each is divided by its mean over the data that was
fitted, by series and channel, so that 1 is usual, and

    score of a cell    the mean of the three
    score of a point   that of its oddest channel, then a running mean over `window` steps:
                       outages, bursts and shifts last

Squares are right where bursts are short: one value far off says more than many that are a bit off.
P-values are conformal, by the scores of blocks that were held out of the fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from interfuse.kinds.series.answer import SeriesScores
from interfuse.kinds.series.ask.fill import Filler
from interfuse.kinds.series.data import SeriesSet
from interfuse.kinds.series.data.quiet import running_mean
from interfuse.kinds.series.data.scaling import Scaling
from interfuse.kinds.series.learn.view import SeriesRows

AHEAD_PATCHES = 2
"""How far ahead points are foreseen, at most."""
WINDOWS = 64
LEVELS = 513
BAND = 0.9
MOST_UNLIKELY = 30.0
LEAST_USUAL = 1e-3
MOST_RATIO = 1e3
KINDS = 3


@dataclass(frozen=True)
class Calibration:
    """What oddity is compared with.

    Attributes:
        off: (LEVELS,) quantiles of held-out (x - mean) / scale.
        usual: (series, channels, KINDS) means over the data that was fitted.
        score: (LEVELS,) sorted scores of held-out points; empty where nothing was held out.
    """

    off: np.ndarray
    usual: np.ndarray
    score: np.ndarray

    @classmethod
    def none(cls, channels: int) -> Calibration:
        """Of the Laplace density, where nothing was held out."""
        share = (np.arange(LEVELS) + 0.5) / LEVELS
        laplace = -np.sign(share - 0.5) * np.log1p(-2 * np.abs(share - 0.5))
        return cls(laplace, np.ones((1, channels, KINDS)), np.zeros(0))

    def arrays(self) -> dict[str, np.ndarray]:
        """Its arrays by name."""
        return {"off": self.off, "usual": self.usual, "score": self.score}


def quantiles(x: np.ndarray) -> np.ndarray:
    """LEVELS quantiles of values."""
    return np.quantile(x, (np.arange(LEVELS) + 0.5) / LEVELS)


class Surprise:
    """Scores series.

    Args:
        filler: the network and what it sees.
        calibration: what `off` is compared with.
    """

    def __init__(self, filler: Filler, calibration: Calibration) -> None:
        self.filler = filler
        self.calibration = calibration

    def foresee(
        self, rows: SeriesRows, tell: Callable[[int, int], None] | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the encoder says of every cell when it and its future are hidden.

        Args:
            rows: one entry a series, on the filler's device.
            tell: called with windows done and in all.

        Returns:
            x (NaN where not seen), mean and scale: (m, c) each.
        """
        looker, p = self.filler.looker, self.filler.net.patch
        m, c = rows.values.shape
        mean, scale = np.zeros((m, c), np.float32), np.ones((m, c), np.float32)
        step = min(AHEAD_PATCHES * p, looker.length)
        left = looker.length - step
        bounds = list(zip(rows.first.tolist(), rows.last.tolist(), strict=True))
        jobs = [(i, s) for i, (a, b) in enumerate(bounds) for s in range(a - left, b - left, step)]
        total = looker.before + looker.length + looker.after
        hide = torch.arange(total, device=self.filler.device) - looker.before >= left
        for k in range(0, len(jobs), WINDOWS):
            part = jobs[k : k + WINDOWS]
            index = torch.tensor([i for i, _ in part], device=self.filler.device)
            start = torch.tensor([s for _, s in part], device=self.filler.device)
            view, said = self.filler.look(
                replace(rows.take(index), start=start), hide.expand(len(part), -1)
            )
            where = (view.anchor + said.mean)[:, left:].float().cpu().numpy()
            wide = said.log_scale[:, left:].exp().float().cpu().numpy()
            for j, (i, begin) in enumerate(part):
                a, b = begin + left, min(begin + looker.length, bounds[i][1])
                mean[a:b], scale[a:b] = where[j, : b - a], wide[j, : b - a]
            if tell is not None:
                tell(k + len(part), len(jobs))
        x = np.where(rows.seen.cpu().numpy(), rows.values.cpu().numpy(), np.nan)
        return x, mean, scale

    def kinds(self, x: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """(m, c, KINDS): far, unlikely and rare."""
        far = x - mean
        unlikely = np.clip(far / scale, -MOST_UNLIKELY, MOST_UNLIKELY)
        return np.stack([far**2, unlikely**2, x**2], axis=-1)

    def calibrate(self, rows: SeriesRows) -> Calibration:
        """Measure the data that was fitted.

        Args:
            rows: one entry a series, with the times that were held out.
        """
        x, mean, scale = self.foresee(rows)
        kinds = self.kinds(x, mean, scale)
        bounds = zip(rows.first.tolist(), rows.last.tolist(), strict=True)
        with np.errstate(invalid="ignore"):
            usual = np.stack([_mean(kinds[a:b], 0) for a, b in bounds])
        usual = np.where(np.isfinite(usual), usual, 1.0)
        held = rows.held.cpu().numpy()
        off = ((x - mean) / scale)[held]
        off = off[np.isfinite(off)]
        laplace = Calibration.none(rows.values.shape[1])
        made = replace(laplace, usual=usual, off=quantiles(off) if len(off) >= 20 else laplace.off)
        again = Surprise(self.filler, made)
        points = again.points(again.cells(kinds, rows), rows, None)
        points = points[held & np.isfinite(points)]
        return replace(made, score=np.sort(quantiles(points))) if len(points) >= 20 else made

    def cells(self, kinds: np.ndarray, rows: SeriesRows) -> np.ndarray:
        """(m, c) scores of cells; NaN where not seen. 1 is usual."""
        own = self.calibration.usual
        out = np.empty(kinds.shape[:2])
        series = zip(rows.first.tolist(), rows.last.tolist(), rows.owner.tolist(), strict=True)
        for a, b, owner in series:
            usual = own[owner - 1] if 0 < owner <= len(own) else np.median(own, axis=0)
            ratio = kinds[a:b] / np.maximum(usual, LEAST_USUAL)
            out[a:b] = np.minimum(ratio, MOST_RATIO).mean(-1)
        return out

    def points(self, cells: np.ndarray, rows: SeriesRows, window: int | None) -> np.ndarray:
        """(m,) scores of points; NaN where nothing was seen.

        Args:
            cells: (m, c) their scores.
            rows: one entry a series.
            window: steps of the running mean; None for half of the shortest season, or an eighth
                of the network's window where there is none.
        """
        seasons = self.filler.looker.clock.seasons
        if window is None:
            window = max((seasons[0] // 2) if seasons else self.filler.looker.length // 8, 1)
        there = np.isfinite(cells)
        raw = np.where(there.any(1), np.where(there, cells, -1.0).max(1), np.nan)
        out = np.full(len(raw), np.nan)
        for a, b in zip(rows.first.tolist(), rows.last.tolist(), strict=True):
            out[a:b] = running_mean(raw[a:b], window)
        return np.where(np.isfinite(raw), out, np.nan)

    def scores(
        self,
        series: SeriesSet,
        rows: SeriesRows,
        scales: list[Scaling],
        bound: Callable[[np.ndarray], np.ndarray],
        window: int | None = None,
        tell: Callable[[int, int], None] | None = None,
    ) -> SeriesScores:
        """Scores of every row of the data, with the band that was expected."""
        x, mean, scale = self.foresee(rows, tell)
        cell = self.cells(self.kinds(x, mean, scale), rows)
        point = self.points(cell, rows, window)
        tail = (1 - BAND) / 2
        q = np.quantile(self.calibration.off, [tail, 0.5, 1 - tail])
        bands = []
        for i, (a, b) in enumerate(zip(rows.first.tolist(), rows.last.tolist(), strict=True)):
            y = mean[a:b, None] + scale[a:b, None] * q[:, None]
            bands.append(bound(scales[i].decode(y.astype(np.float64))))
        first = rows.first.cpu().numpy()
        held = self.calibration.score if window is None else np.zeros(0)
        return SeriesScores.of(series, first, point, cell, bands, held)


def _mean(x: np.ndarray, axis: int) -> np.ndarray:
    """Means of what is there; NaN where nothing is."""
    there = np.isfinite(x)
    count = there.sum(axis)
    return np.where(count, np.where(there, x, 0.0).sum(axis) / np.maximum(count, 1), np.nan)

"""Simple rivals of `benchmarks.series`, in the benchmark's own environment.

A forecaster takes one history and gives draws (100, horizon): 100 evenly spaced quantiles of its
predictive distribution, which is the best that 100 draws can do. A filler does the same for the
holes of a week. A detector gives a score for every point.

**Forecasters.** Seasonal naive: the value one season ago, plus the quantiles of what a season
changed over the recent past; with season 1 the last value plus the quantiles of the changes over as
many steps. `point` leaves the spread out.

**Fillers.** Linear interpolation, cubic spline, the same time of the nearest known day; each plus
the quantiles of its own errors, by distance to the nearest known point, in the four weeks before
with holes of the same pattern.

**Detectors**, as TSB-AD defines and tunes them (Liu and Paparrizos 2024): Sub-PCA (windows of a
period, columns standardised, distance to all components by their shares of the variance), POLY
(degree 4 through ten periods around a block of one, error of the block), IForest (200 trees,
windows of 100). Windowed Gaussian is NAB's: distance from the mean in standard deviations of the
points before.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import uniform_filter1d
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest

from benchmarks.series_data import DAY, WEEK, Floats, GapTask, Labelled, week_of_holes
from interfuse.kinds.series.judge import period_length

DRAWS = 100
SPREAD = (np.arange(DRAWS) + 0.5) / DRAWS
RECENT = 28  # seasons whose changes are looked at

Forecaster = Callable[[Floats, int], Floats]
Filler = Callable[[Floats], Floats]
Detector = Callable[[Labelled], Floats]


def seasonal_naive(season: int, *, point: bool = False) -> Forecaster:
    """The value one season ago."""

    def forecast(history: Floats, horizon: int) -> Floats:
        step = np.arange(horizon)
        middle = history[len(history) - season + step % season]
        if point:
            return middle[None]
        past = history[-RECENT * season - horizon :] if season > 1 else history
        out = np.empty((DRAWS, horizon))
        for h in range(horizon):
            lag = season * (1 + h // season) if season > 1 else h + 1
            if season > 1 and h % season:
                out[:, h] = out[:, h - 1]
            else:
                out[:, h] = np.quantile(past[lag:] - past[:-lag], SPREAD)
        return middle + out

    return forecast


def mean_of_seasons(season: int, count: int) -> Forecaster:
    """The mean of the same time in the last seasons, plus quantiles of what such means missed."""

    def forecast(history: Floats, horizon: int) -> Floats:
        table = history[len(history) % season :].reshape(-1, season)
        middle = table[-count:].mean(0)[np.arange(horizon) % season]
        missed = [table[k] - table[k - count : k].mean(0) for k in range(count, len(table))]
        return middle + np.quantile(np.concatenate(missed[-RECENT:]), SPREAD)[:, None]

    return forecast


FORECASTERS: dict[str, dict[str, Forecaster]] = {
    "exchange": {
        "random walk": seasonal_naive(1),
        "random walk, point": seasonal_naive(1, point=True),
    },
    "a5m": {
        "seasonal naive, day": seasonal_naive(DAY),
        "seasonal naive, day, point": seasonal_naive(DAY, point=True),
        "seasonal naive, week": seasonal_naive(WEEK),
        "seasonal naive, week, point": seasonal_naive(WEEK, point=True),
        "mean of 3 weeks": mean_of_seasons(WEEK, 3),
    },
    "nasa": {
        "random walk": seasonal_naive(1),
        "seasonal naive, day": seasonal_naive(1440),
        "seasonal naive, day, point": seasonal_naive(1440, point=True),
        "seasonal naive, week": seasonal_naive(10_080),
        "mean of 7 days": mean_of_seasons(1440, 7),
    },
}


def linear(values: Floats) -> Floats:
    """A straight line between the neighbours."""
    known = ~np.isnan(values)
    place = np.arange(len(values))
    return np.interp(place, place[known], values[known])


def spline(values: Floats) -> Floats:
    """A cubic spline through the known points."""
    known = np.flatnonzero(~np.isnan(values))
    return CubicSpline(known, values[known])(np.arange(len(values)))


def seasonal_copy(values: Floats) -> Floats:
    """The same time of the nearest earlier day that is known."""
    out = values.copy()
    for t in np.flatnonzero(np.isnan(values)):
        out[t] = out[t - DAY]
    return out


def linear_and_season(values: Floats) -> Floats:
    """The day before, its own holes by lines, plus its difference from now by lines."""
    before = np.concatenate([np.full(DAY, np.nan), linear(values)[:-DAY]])
    return before + linear(values - before)


FILLERS: dict[str, Filler] = {
    "linear": linear,
    "cubic spline": spline,
    "seasonal copy": seasonal_copy,
    "day before + linear": linear_and_season,
}


def fill(task: GapTask, filler: Filler, seed: int = 0) -> Floats:
    """Draws (100, holes) of the holes."""
    edges = np.array([2, 3, 4, 7, 13, 25])
    missed: list[Floats] = []
    places: list[NDArray[np.int64]] = []
    for k in range(1, 5):
        begin = task.start - k * WEEK
        week = task.whole[: begin + WEEK].copy()
        week[begin:][week_of_holes(task.pattern, seed + 1000 * k)] = np.nan
        gone = np.isnan(week)
        missed.append((task.whole[: begin + WEEK] - filler(week))[gone])
        places.append(np.digitize(_distance(gone)[gone], edges))
    error, place = np.concatenate(missed), np.concatenate(places)
    middle = filler(task.values)[task.gone]
    asked = np.digitize(_distance(task.gone)[task.gone], edges)
    out = np.empty((DRAWS, len(middle)))
    for p in np.unique(asked):
        near = np.argsort(np.abs(place - p), kind="stable")[: max(50, int((place == p).sum()))]
        out[:, asked == p] = middle[asked == p] + np.quantile(error[near], SPREAD)[:, None]
    return out


def _distance(gone: NDArray[np.bool_]) -> NDArray[np.int64]:
    known = np.flatnonzero(~gone)
    place = np.arange(len(gone))
    after = np.searchsorted(known, place)
    right = known[np.minimum(after, len(known) - 1)]
    left = known[np.maximum(after - 1, 0)]
    return np.minimum(np.abs(place - left), np.abs(right - place))


def windowed_gaussian(series: Labelled, window: int = 6400, step: int = 100) -> Floats:
    """NAB's: mean and deviation of the last 6,400 points, renewed every 100."""
    x = series.values[:, 0]
    out = np.zeros(len(x))
    for begin in range(step, len(x), step):
        past = x[max(0, begin - window) : begin]
        now = x[begin : begin + step]
        out[begin : begin + step] = np.abs(now - past.mean()) / max(past.std(), 1e-6)
    return out


def sub_pca(series: Labelled, window: int | None = None, share: float | None = None) -> Floats:
    """Windows along their principal components; windows of `train` are fitted if there are any."""
    w = window or period_length(series.values[:, 0])
    test, fitted = _windows(series, w)
    mean, scale = fitted.mean(0), fitted.std(0)
    keep = scale > 0
    if not keep.any():
        return np.zeros(len(series.values))
    fitted = (fitted[:, keep] - mean[keep]) / scale[keep]
    test = (test[:, keep] - mean[keep]) / scale[keep]
    pca = PCA(share, random_state=0).fit(fitted)
    weight = np.maximum(pca.explained_variance_ratio_, 1e-300)
    return _spread(
        np.sum(cdist(test, np.asarray(pca.components_)) / weight, axis=1), len(series.values), w
    )


def smooth(score: Floats, width: int) -> Floats:
    """The mean of log(1 + score) over `width` points around each."""
    return uniform_filter1d(np.log1p(score), width)


def residual_pca(series: Labelled, share: float = 0.9) -> Floats:
    """Rows' squared distance from the components that hold a share of the training variance."""
    fitted = series.values if series.train is None else series.train
    mean, scale = fitted.mean(0), np.maximum(fitted.std(0), 1e-3)
    pca = PCA(share, random_state=0).fit((fitted - mean) / scale)
    z = (series.values - mean) / scale
    return np.sum((z - pca.inverse_transform(pca.transform(z))) ** 2, axis=1)


def iforest(series: Labelled, window: int = 100, trees: int = 200) -> Floats:
    """An isolation forest on windows; on rows with window 1."""
    test, fitted = _windows(series, window)
    model = IsolationForest(n_estimators=trees, random_state=0, n_jobs=1).fit(fitted)
    return _spread(-model.score_samples(test), len(series.values), window)


def poly(series: Labelled, power: int = 4) -> Floats:
    """Root mean square error of each block about a polynomial through what surrounds it."""
    x = series.values[:, 0]
    n, w = len(x), period_length(x)
    wide = min(max(10 * w, 100), n)
    spread = np.ptp(x)
    x = (x - x.min()) / (spread if spread > 0 else 1.0)
    out = np.zeros(n)
    first = math.ceil(min(500, int(0.1 * n)) / w)
    for k in range(first, n // w + 1):
        begin, end = k * w, min((k + 1) * w, n)
        if begin >= n:
            break
        low = min(max(0, begin - wide // 2), n - wide)
        place = np.concatenate([np.arange(low, begin), np.arange(end, low + wide)])
        if len(place) <= power:
            continue
        middle, reach = low + wide / 2, wide / 2
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = np.polyfit((place - middle) / reach, x[place], power)
        rest = x[begin:end] - np.polyval(fit, (np.arange(begin, end) - middle) / reach)
        out[begin:end] = np.sqrt(np.mean(rest**2))
    return out


def _windows(series: Labelled, w: int) -> tuple[Floats, Floats]:
    test = sliding_window_view(series.values, w, axis=0).reshape(len(series.values) - w + 1, -1)
    if series.train is None:
        scale = test.std(0)
        test = (test - test.mean(0)) / np.where(scale > 0, scale, 1.0)
        return test, test
    train = sliding_window_view(series.train, w, axis=0).reshape(len(series.train) - w + 1, -1)
    return test, train


def _spread(score: Floats, n: int, w: int) -> Floats:
    """A window's score belongs to its middle; the ends repeat the first and the last."""
    if len(score) == n:
        return score
    return np.pad(score, (math.ceil((w - 1) / 2), (w - 1) // 2), mode="edge")


NAB_DETECTORS: dict[str, Detector] = {
    "windowed Gaussian": windowed_gaussian,
    "Sub-PCA": sub_pca,
    "POLY": poly,
    "IForest": iforest,
    "POLY, mean of 60": lambda series: smooth(poly(series), 60),
}
ASD_DETECTORS: dict[str, Detector] = {
    "PCA, residual beyond 90 %": residual_pca,
    "PCA, residual beyond 99 %": lambda series: residual_pca(series, 0.99),
    "PCA, residual beyond 99 %, mean of 5": lambda series: smooth(residual_pca(series, 0.99), 5),
    "PCA of rows": lambda series: sub_pca(series, 1),
    "IForest of rows": lambda series: iforest(series, 1),
    "PCA of windows of 20": lambda series: sub_pca(series, 20, 0.25),
    "IForest of windows of 20": lambda series: iforest(series, 20),
}

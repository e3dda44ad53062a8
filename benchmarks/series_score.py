"""Figures of `benchmarks.series`, the same for us and for rivals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from benchmarks.series_data import Floats, Labelled
from interfuse.kinds.series.judge import (
    average_precision,
    coverage,
    crps,
    mase,
    mean_absolute_error,
    period_length,
    volumes,
    weighted_quantile_loss,
    width,
)

LEVEL = 0.9


def score_forecast(
    draws: ArrayLike,
    truth: ArrayLike,
    histories: Sequence[ArrayLike] | None = None,
    season: int = 1,
) -> dict[str, float]:
    """Figures of forecasts or fillings.

    Args:
        draws: (m, ...) draws; one is a point forecast, and has no interval.
        truth: (...) what came true.
        histories: the pasts of (n, h) truths, for the MASE.
        season: steps of a season of the MASE.
    """
    x, y = np.asarray(draws, float), np.asarray(truth, float)
    middle = np.median(x, 0)
    out = {
        "wql": weighted_quantile_loss(x, y),
        "crps": float(np.nanmean(crps(x, y))),
        "mae": mean_absolute_error(middle, y),
    }
    if len(x) > 1:
        out |= {"coverage": coverage(x, y, LEVEL), "width": width(x, LEVEL)}
    if histories is not None:
        out["mase"] = mase(middle, y, histories, season)
    return out


def score_detection(series: Labelled, score: ArrayLike) -> dict[str, float]:
    """AUC-PR of points and volumes of one series; its own period is the window."""
    s = np.nan_to_num(np.asarray(score, float), nan=np.nanmin(np.asarray(score, float)))
    found = volumes(s, series.label, period_length(series.values[:, 0]))
    return {
        "auc_pr": average_precision(s, series.label),
        "vus_pr": found.pr,
        "vus_roc": found.roc,
    }


def score_detections(series: Sequence[Labelled], scores: Sequence[Floats]) -> dict[str, Any]:
    """Means over the series that have an odd point, by group, and each series."""
    each = {
        one.name: score_detection(one, score)
        for one, score in zip(series, scores, strict=True)
        if one.label.any()
    }
    group = {one.name: one.group for one in series}
    groups = sorted({group[name] for name in each})
    return {
        "mean": means(list(each.values())),
        "groups": {g: means([f for name, f in each.items() if group[name] == g]) for g in groups},
        "each": each,
    }


def means(figures: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of every figure."""
    return {key: float(np.mean([f[key] for f in figures])) for key in figures[0]}

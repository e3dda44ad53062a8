"""Time series: forecasts with their bands, and odd stretches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from interfuse.canvas import INK, MODEL, ODD, REAL, axes, legend, mark_times, short
from interfuse.errors import DataError, OptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def fan(
    ax: Axes | None,
    times: Any,
    history: Any,
    draws: Any,
    *,
    truth: Any = None,
    coverages: Sequence[float] = (0.5, 0.9),
    name: str = "",
) -> Axes:
    """A forecast: what was, then the median of the draws and bands that hold the stated shares.

    Quantiles are Weibull's, as those of `Draws`.

    Args:
        ax: where to draw; None for new axes.
        times: (n + h,) of the history and of the horizon: numbers or times.
        history: (n,) values, NaN where missing.
        draws: (m, h) futures.
        truth: (h,) what came, if it is known.
        coverages: of the bands.
        name: of the series.

    Raises:
        DataError: the lengths do not fit together.
        OptionError: a coverage is outside (0, 1).
    """
    times, history, draws = np.asarray(times), _values(history), _values(draws)
    if draws.ndim != 2 or len(times) != len(history) + draws.shape[1]:
        raise DataError(
            f"fan: {len(times)} times, {len(history)} values of history and draws of shape "
            f"{draws.shape}; expected draws (m, h) and as many times as history and horizon."
        )
    if wrong := [c for c in coverages if not 0 < c < 1]:
        raise OptionError(f"coverages: holds {wrong[0]!r}; expected shares between 0 and 1.")
    ax = axes(ax, (7.6, 3.4))
    n = len(history)
    ax.plot(times[:n], history, color=REAL, lw=1.3, label="history")
    # Bands start at the last value, so that no gap is left between past and future.
    known = n > 0 and np.isfinite(history[-1])
    at = times[n - 1 :] if known else times[n:]

    def quantile(q: float) -> np.ndarray:
        values = np.quantile(draws, q, axis=0, method="weibull")
        return np.concatenate([history[-1:], values]) if known else values

    for i, coverage in enumerate(sorted(coverages, reverse=True)):
        ax.fill_between(
            at,
            quantile((1 - coverage) / 2),
            quantile((1 + coverage) / 2),
            color=MODEL,
            alpha=0.16 + 0.14 * i,
            lw=0,
            label=f"{100 * coverage:g} %",
        )
    ax.plot(at, quantile(0.5), color=MODEL, lw=1.5, label="median")
    if truth is not None:
        ax.plot(times[n:], _values(truth), color=INK, lw=1.1, ls="--", label="truth")
    ax.set_ylabel(short(name, 40))
    mark_times(ax, times)
    legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=6)
    return ax


def anomalies(
    ax: Axes | None,
    times: Any,
    values: Any,
    scores: Any,
    *,
    threshold: float | None = None,
    truth: Any = None,
    name: str = "",
) -> Axes:
    """A series with its odd points marked.

    Args:
        ax: where to draw; None for new axes.
        times: (n,) numbers or times.
        values: (n,), NaN where missing.
        scores: (n,), higher = odder.
        threshold: points that score as high are marked; None for the hundredth part that scores
            highest.
        truth: (n,) which points are known to be odd; shaded.
        name: of the series.

    Raises:
        DataError: the lengths differ.
    """
    times, values, scores = np.asarray(times), _values(values), _values(scores)
    if not len(times) == len(values) == len(scores):
        raise DataError(
            f"anomalies: {len(times)} times, {len(values)} values and {len(scores)} scores; "
            "expected as many of each."
        )
    ax = axes(ax, (7.6, 3.0))
    if truth is not None:
        for start, end in _spans(np.asarray(truth, dtype=bool)):
            ax.axvspan(times[start], times[end], color=REAL, alpha=0.25, lw=0)
    ax.plot(times, values, color=REAL, lw=1.0, label="series")
    finite = scores[np.isfinite(scores)]
    if len(finite):
        least = np.quantile(finite, 0.99) if threshold is None else threshold
        odd = np.nan_to_num(scores, nan=-np.inf) >= least
        ax.plot(times[odd], values[odd], ".", ms=5, color=ODD, label=f"odd: score ≥ {least:.3g}")
    ax.set_ylabel(short(name, 40))
    mark_times(ax, times)
    legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    return ax


def _values(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)


def _spans(odd: np.ndarray) -> list[tuple[int, int]]:
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], odd, [False]]).astype(np.int8)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]

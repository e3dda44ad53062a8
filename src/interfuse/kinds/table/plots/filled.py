"""Cells that were drawn: numbers with their intervals, categories with their shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from interfuse.canvas import INK, MODEL, REAL, SOFT, axes, legend, mark_times, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CLASSES = 6
_PALETTE = ("#d1581f", "#1f5fae", "#5b8c3e", "#8a5aa8", "#c39a22", "#2c8f8f")


def intervals(
    rows: Sequence[Any],
    low: Any,
    median: Any,
    high: Any,
    *,
    draws: Any = None,
    truth: Any = None,
    coverage: float | None = None,
    name: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Numbers with their intervals, one below the other.

    Args:
        rows: (k,) what to call each cell.
        low: (k,) lower ends.
        median: (k,) middles.
        high: (k,) upper ends.
        draws: (m, k) single draws, as faint dots.
        truth: (k,) true values, as crosses.
        coverage: of the intervals, for the legend.
        name: of the column.
        ax: where to draw.
    """
    at = np.arange(len(rows))
    ax = axes(ax, (6.0, 1.2 + 0.24 * len(rows)))
    low, median, high = (np.asarray(v) for v in (low, median, high))
    if draws is not None:
        values = np.asarray(draws)
        ax.scatter(values.ravel(), np.tile(at, len(values)), s=5, color=REAL, alpha=0.35, lw=0)
    share = "interval" if coverage is None else f"{100 * coverage:g} % interval"
    ax.hlines(at, low, high, color=MODEL, lw=2.2, alpha=0.55, label=share)
    ax.plot(median, at, "o", ms=4.5, color=MODEL, label="median")
    if truth is not None:
        ax.plot(np.asarray(truth), at, "x", ms=6, mew=1.5, color=INK, label="truth")
    ax.set_yticks(at, [short(r) for r in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set(xlabel=short(name, 40), ylabel="row")
    mark_times(ax, median)
    legend(ax, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return ax


def shares(
    rows: Sequence[Any],
    draws: Sequence[Sequence[Any]],
    *,
    truth: Sequence[Any] | None = None,
    name: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Categories with the shares of the draws that gave them, one row below the other.

    Args:
        rows: (k,) what to call each cell.
        draws: m draws of k values.
        truth: (k,) true values, written at the right.
        name: of the column.
        ax: where to draw.
    """
    text = [[str(v) for v in draw] for draw in draws]
    values, counts = np.unique(np.array(text), return_counts=True)
    order = values[np.argsort(-counts, kind="stable")]
    shown = list(order[:_CLASSES])
    table = np.array(text)
    at = np.arange(len(rows))
    ax = axes(ax, (6.0, 1.2 + 0.24 * len(rows)))
    left = np.zeros(len(rows))
    for value, color in zip(shown, _PALETTE, strict=False):
        width = 100 * (table == value).mean(axis=0)
        ax.barh(at, width, 0.7, left=left, color=color, label=short(value))
        left += width
    if len(order) > len(shown):
        label = f"{len(order) - len(shown)} others"
        ax.barh(at, 100 - left, 0.7, left=left, color=REAL, label=label)
    ax.set_yticks(at, [short(r) for r in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(0, 100)
    if truth is not None:
        for i, value in enumerate(truth):
            ax.text(101, i, short(value), va="center", size=8, color=SOFT)
    ax.set(xlabel=f"{short(name, 30)}: % of draws", ylabel="row")
    legend(ax, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4)
    return ax

"""Bars of what is known, with whiskers of two standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from interfuse.canvas import MODEL, SOFT, axes, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 15


def bars_of(rows: Sequence[tuple[str, float | None, float | None]], *, ax: Any = None) -> Axes:
    """Horizontal bars in nats, the first on top.

    Args:
        rows: a name, a value and its standard error.
        ax: where to draw; new axes unless given.
    """
    rows = rows[:MOST]
    ax = axes(ax, (6.4, 0.8 + 0.28 * max(len(rows), 1)))
    at = list(range(len(rows)))
    errors = [2 * (e or 0.0) for _, _, e in rows]
    ax.barh(at, [v or 0.0 for _, v, _ in rows], xerr=errors, color=MODEL, ecolor=SOFT)
    ax.set_yticks(at, [short(name, 34) for name, _, _ in rows])
    ax.invert_yaxis()
    ax.set_xlabel("nats")
    return ax

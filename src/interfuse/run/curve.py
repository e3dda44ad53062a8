"""The training curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from interfuse.canvas import MODEL, REAL, SOFT, axes, legend
from interfuse.errors import DataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def training(
    curve: Sequence[Sequence[float | None]], *, best: int | None = None, ax: Axes | None = None
) -> Axes:
    """Training and held-out loss against the examples seen.

    Args:
        curve: (examples, seconds, training loss, held-out loss) at each evaluation, as in
            `model.record["training"]["curve"]`.
        best: examples at which the weights were kept; marked if given.
        ax: where to draw.

    Raises:
        DataError: the curve is empty.
    """
    if not len(curve):
        raise DataError(
            "the training curve is empty: the fit ended before its first evaluation. "
            "Fit with a larger budget to see one."
        )
    points = np.array([[np.nan if x is None else x for x in row] for row in curve], dtype=float)
    ax = axes(ax)
    marker = "." if len(points) < 40 else None
    ax.plot(points[:, 0], points[:, 2], color=REAL, marker=marker, label="training")
    if np.isfinite(points[:, 3]).any():
        ax.plot(points[:, 0], points[:, 3], color=MODEL, marker=marker, label="held out")
    if best:
        ax.axvline(best, color=SOFT, lw=0.8, ls=":", label=f"kept, after {best:,}")
    low, high = np.nanmin(points[:, 2:]), np.nanpercentile(points[:, 2:], 97)
    if high > low:  # the first losses of a fit would flatten the rest
        ax.set_ylim(low - 0.05 * (high - low), high + 0.1 * (high - low))
    ax.xaxis.set_major_formatter(lambda x, _: _count(x))
    ax.set(xlabel="examples", ylabel="loss (nats)")
    legend(ax)
    return ax


def _count(x: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(x) >= size:
            return f"{x / size:g} {letter}"
    return f"{x:g}"

"""The oddest records, and the cells in which their oddity lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from interfuse.canvas import INK, axes, short
from interfuse.errors import OptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WRITTEN = 0.15  # a cell of a larger share shows what was found


def odd_cells(
    score: np.ndarray,
    shares: pl.DataFrame,
    found: pl.DataFrame,
    *,
    p_value: np.ndarray | None = None,
    rows: int = 12,
    cells: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """A map of the oddest records: a row each, a column for each cell that is odd somewhere.

    The darker, the larger the cell's share of its record's oddity; what was found is written in it.

    Args:
        score: (n,), higher = odder.
        shares: by cell (n,), a record sums to 1.
        found: by column (n,) the values; cells without a column are left empty.
        p_value: (n,), written beside the score.
        rows: how many records, oddest first.
        cells: how many cells, those of the largest shares first.
        ax: where to draw.

    Raises:
        OptionError: `rows` or `cells` is below 1, or there is nothing to draw.
    """
    if rows < 1 or cells < 1:
        raise OptionError(f"rows, cells: are {rows} and {cells}; expected 1 or more of each.")
    if not len(score) or not shares.width:
        raise OptionError("scores: there is no record or no cell to draw. Score some rows first.")
    top = np.argsort(-score, kind="stable")[:rows]
    part = shares[top].to_numpy()
    order = np.argsort(-part.max(0), kind="stable")[:cells]
    names = [shares.columns[j] for j in order]
    part = np.nan_to_num(part[:, order])
    ax = axes(ax, (1.8 + 0.95 * len(names), 1.3 + 0.3 * len(top)))
    ax.imshow(part, cmap="Oranges", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    for i, j in np.argwhere(part >= _WRITTEN):
        if names[j] in found.columns:
            value = found[names[j]][int(top[i])]
            color = "white" if part[i, j] > 0.55 else INK
            word = "missing" if value is None else _value(value)
            ax.text(j, i, short(word, 12), ha="center", va="center", size=7, color=color)
    labels = [f"row {r}: {score[r]:.3g}" for r in top]
    if p_value is not None:
        labels = [f"{label}, p {p_value[r]:.2g}" for label, r in zip(labels, top, strict=True)]
    ax.set_yticks(np.arange(len(top)), labels)
    ax.set_xticks(np.arange(len(names)), [short(n, 16) for n in names])
    ax.tick_params(axis="x", rotation=35, length=0, labeltop=True, labelbottom=False)
    for label in ax.get_xticklabels():
        label.set(ha="left", rotation_mode="anchor")
    ax.tick_params(axis="y", length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_xlabel("share of the row's oddity: pale none, dark all of it")
    return ax


def _value(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

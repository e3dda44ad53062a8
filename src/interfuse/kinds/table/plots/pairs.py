"""How columns hang together, in two tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from interfuse.canvas import many_axes, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMES = 30  # more do not fit beside the map


def correlations(real: Any, synthetic: Any, *, schema: Any = None, ax: Any = None) -> list[Axes]:
    """Three maps: real, synthetic, and the second less the first.

    Two numbers are compared by Pearson's correlation, other pairs by Cramér's V.

    Args:
        real: a frame.
        synthetic: a frame with the same columns.
        schema: what the columns are; see `interfuse.evaluate`.
        ax: three axes.
    """
    from interfuse.evaluate.association import associations
    from interfuse.evaluate.table import encode

    a, b, _ = encode(real, synthetic, schema=schema)
    found = associations(a, b)
    side = min(max(2.6, 0.18 * len(found.names) + 1.6), 7.0)
    drawn = many_axes(3, 3, side, ax)
    gap = found.synthetic - found.real
    most = max(float(np.nanmax(np.abs(gap), initial=0.0)), 0.05)
    maps = (
        ("real", found.real, 1.0),
        ("synthetic", found.synthetic, 1.0),
        ("difference", gap, most),
    )
    for i, (one, (title, values, scale)) in enumerate(zip(drawn, maps, strict=True)):
        image = one.imshow(values, cmap="RdBu_r", vmin=-scale, vmax=scale, interpolation="nearest")
        one.set_title(title)
        for spine in one.spines.values():
            spine.set_visible(False)
        at = np.arange(len(found.names))
        few = len(at) <= _NAMES
        one.set_xticks(at if few else [], [short(n, 16) for n in found.names] if few else [])
        one.set_yticks(
            at if few and i == 0 else [],
            [short(n, 16) for n in found.names] if few and i == 0 else [],
        )
        one.tick_params(axis="x", rotation=90, length=0, labelsize=7)
        one.tick_params(axis="y", length=0, labelsize=7)
        if i == 0:  # the second has the same scale
            continue
        bar = one.figure.colorbar(image, ax=one, shrink=0.7, pad=0.02)
        bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
        bar.ax.tick_params(labelsize=7, length=2)
    return drawn

"""Images side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from interfuse.canvas import SOFT, axes, short
from interfuse.errors import DataError, OptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GAP = 1  # pixel


def image_grid(
    images: Any,
    *,
    columns: int = 8,
    titles: Sequence[object] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Images in rows, as many as are given.

    Args:
        images: uint8, (n, height, width) or (n, height, width, channels) of 1, 3 or 4 channels.
        columns: images a row.
        titles: (n,) words above each.
        ax: where to draw.

    Raises:
        DataError: the array has another shape, or holds no image.
        OptionError: `columns` is below 1.
    """
    pixels = np.asarray(images)
    if pixels.ndim == 4 and pixels.shape[-1] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim not in (3, 4) or (pixels.ndim == 4 and pixels.shape[-1] not in (3, 4)):
        raise DataError(
            f"images: the array is {pixels.shape}; expected (n, height, width), or with 1, 3 or 4 "
            "channels as its last axis."
        )
    if not len(pixels):
        raise DataError("images: there is none. Draw at least one.")
    if columns < 1:
        raise OptionError(f"columns: is {columns}; expected 1 or more.")
    n, h, w = pixels.shape[:3]
    columns = min(columns, n)
    down = -(-n // columns)
    gap = _GAP if titles is None else max(_GAP, round(0.3 * h))
    canvas = np.full(
        (down * (h + gap) - _GAP, columns * (w + _GAP) - _GAP, *pixels.shape[3:]), 255, np.uint8
    )
    top = gap - _GAP
    for i, image in enumerate(pixels):
        y, x = divmod(i, columns)
        y, x = top + y * (h + gap), x * (w + _GAP)
        canvas[y : y + h, x : x + w] = image
    ax = axes(ax, (0.9 * columns, 0.9 * columns * canvas.shape[0] / canvas.shape[1]))
    ax.imshow(canvas, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    for i, title in enumerate(titles or ()):
        y, x = divmod(i, columns)
        ax.text(
            x * (w + _GAP) + w / 2 - 0.5,
            top + y * (h + gap) - 0.06 * h - 0.5,
            short(title, 12),
            ha="center",
            va="bottom",
            size=7,
            color=SOFT,
        )
    ax.set_axis_off()
    return ax

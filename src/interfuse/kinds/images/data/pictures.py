"""Many images in one picture, and pictures that move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from interfuse.errors import DataError
from interfuse.io.files import replacing
from interfuse.kinds.images.data.decode import need_pillow, to_image

MOVING = (".webp", ".gif")
GAP = 2
SEEN_SIDE = 56
_LAST_FRAME_MS = 1500


def grid(pixels: np.ndarray, columns: int | None = None, scale: int | None = None) -> np.ndarray:
    """Images side by side, row by row, each pixel `scale` wide, on white.

    Args:
        pixels: (n, c, h, w) uint8.
        columns: images in a row; about as many as there are rows if None.
        scale: by default such that an image is at least `SEEN_SIDE` wide.

    Returns:
        (c, height, width).
    """
    n, c, h, w = pixels.shape
    columns = columns or math.ceil(math.sqrt(n))
    scale = scale or max(1, -(-SEEN_SIDE // max(h, w)))
    rows = -(-n // columns)
    high, wide = h * scale + GAP, w * scale + GAP
    out = np.full((c, rows * high + GAP, columns * wide + GAP), 255, np.uint8)
    for i, image in enumerate(pixels.repeat(scale, 2).repeat(scale, 3)):
        top, left = (i // columns) * high + GAP, (i % columns) * wide + GAP
        out[:, top : top + h * scale, left : left + w * scale] = image
    return out


def animation(frames: Sequence[np.ndarray], path: str | Path, milliseconds: int = 80) -> None:
    """Write pictures (c, h, w) as a WebP, without loss, or a GIF; the last stays for a while.

    Raises:
        DataError: the name is of another format.
    """
    need_pillow()
    path = Path(path)
    check_moving(path)
    first, *others = [to_image(frame) for frame in frames]
    times = [milliseconds] * len(others) + [_LAST_FRAME_MS]
    options = {"lossless": True} if path.suffix.lower() == ".webp" else {}
    with replacing(path) as temporary:
        first.save(
            temporary,
            format=path.suffix[1:].upper(),
            save_all=True,
            append_images=others,
            duration=times if others else milliseconds,
            loop=0,
            **options,
        )


def check_moving(path: str | Path) -> None:
    """Check that a name is that of a format which can move.

    Raises:
        DataError: it is not.
    """
    if Path(path).suffix.lower() not in MOVING:
        raise DataError(f"{path}: expected a name that ends in {' or '.join(MOVING)}.")

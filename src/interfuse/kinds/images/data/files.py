"""Images to files that appear whole or not at all: PNG, a folder of them, or .npz."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from interfuse.io.files import replacing
from interfuse.kinds.images.data.decode import need_pillow, to_image


def write_png(pixels: np.ndarray, path: str | Path) -> None:
    """Write one image (c, h, w); exactly, PNG loses nothing."""
    need_pillow()
    with replacing(path) as temporary:
        to_image(pixels).save(temporary, format="PNG")


def write_npz(path: str | Path, **arrays: np.ndarray) -> None:
    """Write arrays under their names, packed."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

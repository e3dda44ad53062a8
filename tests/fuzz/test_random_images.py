"""Random images: each set goes all the way, from the fit to every question, or is refused.

Arrays of any type, order and range, and folders of files of other modes, sizes and endings, broken
ones among them.

    INTERFUSE_FUZZ=300 python -m pytest tests/fuzz/test_random_images.py    so many, not few
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import interfuse
from interfuse.errors import InterfuseError

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from whole_fits import all_the_way  # noqa: E402

from tiny_images import small_network  # noqa: E402

TRIED = int(os.environ.get("INTERFUSE_FUZZ", "12"))
CHUNKS = 4
MODES = ("L", "RGB", "RGBA", "1", "P", "I;16", "LA", "CMYK")
ENDINGS = (".png", ".PNG", ".bmp", ".tiff", ".webp", ".jpg")


def array(rng: np.random.Generator) -> np.ndarray:
    n, h, w = int(rng.choice([0, 1, 2, 40])), int(rng.choice([1, 3, 8])), int(rng.choice([2, 8]))
    shape = [(n, h, w), (n, h, w, 1), (n, h, w, 3), (n, 3, h, w), (h, w), (n, h, w, 2)]
    made = rng.random(shape[rng.integers(len(shape))])
    match rng.integers(7):
        case 0:
            return (made * 65_535).astype(np.uint16)
        case 1:
            return made > 0.5
        case 2:
            return np.where(made > 0.9, np.nan, made)
        case 3:
            return (made * 2 - 1).astype(np.float32)
        case 4:
            return (made * 300 - 20).astype(np.int64)
    return (made * 255).astype(np.uint8)


def folder(rng: np.random.Generator, root: Path) -> Path:
    """Files of one or two classes, some of which are no images."""
    modes = rng.choice(MODES, 1 if rng.random() < 0.6 else 2)
    for i in range(int(rng.choice([1, 12, 30]))):
        place = root / str(rng.choice(["a b", "日本"])) if rng.random() < 0.7 else root
        place.mkdir(parents=True, exist_ok=True)
        side = (8, 8) if rng.random() < 0.8 else (int(rng.integers(1, 20)), 5)
        pixels = rng.integers(0, 256, (side[1], side[0], 3), dtype=np.uint8)
        image, ending = Image.fromarray(pixels), str(rng.choice(ENDINGS))
        mode = str(rng.choice(modes))
        image = (
            Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)
            if mode == "I;16"
            else image.convert(mode)
        )
        path = place / f"{i}{ending}"
        try:
            image.save(path)
        except (OSError, ValueError):  # this format has no such mode
            image.convert("RGB").save(path)
        if rng.random() < 0.05:
            path.write_bytes(path.read_bytes()[: int(rng.integers(0, 60))])
    return root


def try_one(seed: int, root: Path) -> str:
    """Fit and ask; what was refused, or nothing."""
    rng = np.random.default_rng(seed)
    data: Any = array(rng) if seed % 2 else folder(rng, root / f"{seed} in")
    try:
        model = interfuse.fit(data, kind="images", examples=32)
    except InterfuseError as error:
        return str(error)
    drawn = model.generate(2, seed=1, steps=3)
    again = interfuse.load(model.save(root / str(seed)), kind="images")
    np.testing.assert_array_equal(again.generate(2, seed=1, steps=3), drawn)
    mask = np.ones(drawn.shape[1:3], bool)
    mask[0] = False
    filled = model.impute(drawn, mask, seed=1)
    np.testing.assert_array_equal(filled[:, mask], drawn[:, mask])
    assert np.isfinite(np.asarray(model.detect(drawn).score)).all()
    return ""


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_images_go_all_the_way_or_are_refused(chunk, tmp_path):
    with small_network():
        refused = all_the_way(try_one, range(chunk, TRIED, CHUNKS), tmp_path)
    assert all(len(said.splitlines()) <= 1 for said in refused), refused

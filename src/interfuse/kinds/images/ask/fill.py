"""Holes of images filled, a block at a time; and how odd images are."""

from __future__ import annotations

import numpy as np
import torch

from interfuse.kinds.images.answer import as_array
from interfuse.kinds.images.ask.sampler import BLOCK, ImageSampler
from interfuse.kinds.images.data import ImageSchema


def fill(
    sampler: ImageSampler,
    schema: ImageSchema,
    pixels: np.ndarray,
    known: np.ndarray,
    place: int,
) -> np.ndarray:
    """Draw unknown pixels given the known ones.

    Args:
        sampler: of the model.
        schema: of the model.
        pixels: (n, c, h, w) uint8.
        known: (n, 1, h, w) bool.
        place: of the class of all of them.

    Returns:
        (n, c, h, w) uint8; known pixels as they were.
    """
    out = np.empty_like(pixels)
    for start in range(0, len(pixels), BLOCK):
        part = slice(start, min(start + BLOCK, len(pixels)))
        k = part.stop - start
        c, h, w = schema.shape
        full = np.zeros((BLOCK, c, h, w), np.uint8)
        mask = np.zeros((BLOCK, 1, h, w), bool)
        full[:k] = schema.extend(pixels[part])
        mask[:k, :, : schema.height, : schema.width] = known[part]
        drawn = sampler.batch(
            start // BLOCK,
            labels=torch.full((BLOCK,), place),
            pixels=torch.from_numpy(full),
            known=torch.from_numpy(mask),
        )
        out[part] = schema.cut(as_array(drawn)[:k])
    return out


def score_pixels(sampler: ImageSampler, pixels: np.ndarray) -> np.ndarray:
    """(n,) scores of images (n, *shape)."""
    scores = sampler.score(torch.from_numpy(np.ascontiguousarray(pixels)))
    return scores.double().cpu().numpy()

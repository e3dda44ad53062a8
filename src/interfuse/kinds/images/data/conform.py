"""Images that a question is put about, as those of the fit."""

from __future__ import annotations

import warnings

import numpy as np

from interfuse.errors import DataError, InterfuseWarning
from interfuse.kinds.images.data.arrays import PixelArray
from interfuse.kinds.images.data.decode import needs, to_image
from interfuse.kinds.images.data.schema import CHANNELS, ImageSchema


def pixels_for(schema: ImageSchema, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """(n, c, h, w) of the model's size, and (n, h, w) alpha that is no channel of the model."""
    read = PixelArray(np.asarray(images), "images", schema.levels)
    for text in read.notes:
        warnings.warn(f"images: {text}.", InterfuseWarning, stacklevel=3)
    if read.size != schema.size:
        h, w = schema.size
        raise DataError(
            f"images: are {read.size[1]} x {read.size[0]} pixels; the model was fitted to "
            f"{w} x {h}. Resize them, or read them with model.read(path)."
        )
    pixels, alpha = read.chunk(0, len(read)), None
    c = schema.channels
    if pixels.shape[1] == 4 and c < 4:
        pixels, alpha = pixels[:, :3], pixels[:, 3]
        if c == 1 and all(needs(to_image(image)) == 1 for image in pixels):
            pixels = pixels[:, :1]
    if pixels.shape[1] != c:
        raise DataError(
            f"images: have {pixels.shape[1]} channels; the model was fitted to "
            f"{CHANNELS[c]} images ({c}). Convert them first."
        )
    return np.ascontiguousarray(pixels), alpha

"""Images with holes: which pixels are known.

A hole is where the mask is white (128 or more), or, without a mask, where an image's alpha is 0. A
mask has the size of its image; one mask serves all images, or a folder holds one for each under the
same name. Where an image is resized its mask goes with it, and a pixel that a hole had any part in
is a hole.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from interfuse.errors import DataError
from interfuse.kinds.images.data.decode import (
    Unreadable,
    decode,
    decoding,
    resized,
    to_image,
    to_pixels,
    with_channels,
)
from interfuse.kinds.images.data.read import ImageSet, Skipped, notes_of
from interfuse.kinds.images.data.schema import ImageSchema
from interfuse.kinds.images.data.sources import Array, find

if TYPE_CHECKING:
    from PIL.Image import Image

_HOLE = 128


def read_with_holes(
    data: str | Path, schema: ImageSchema, mask: str | Path | None = None
) -> tuple[ImageSet, np.ndarray]:
    """Read images whose holes are to be filled.

    Args:
        data: an image, or a set of them.
        schema: of the model.
        mask: an image or a folder; None where alpha says it.

    Returns:
        The images, and (n, h, w) of the pixels that are known.

    Raises:
        DataError: a mask is missing, cannot be read, or has another size than its image; or there
            is nothing to go by.
    """
    source = find(data, levels=schema.levels)
    pixels, known, names = [], [], []
    skipped = Skipped()
    with decoding():
        shared = _mask(Path(mask)) if mask is not None and not Path(mask).is_dir() else None
        items = (
            ((i, to_image(image)) for i, image in enumerate(source.pixels.chunk(0, len(source))))
            if isinstance(source, Array)
            else source.every()
        )
        for i, item in items:
            name = source.names[i]
            try:
                image = (
                    decode(item, levels=schema.levels) if isinstance(item, Path | bytes) else item
                )
            except Unreadable as reason:
                skipped.add(name, str(reason))
                continue
            hole = shared
            if mask is not None and hole is None:
                hole = _mask(_beside(Path(mask), name))
            here = _known(image, hole, name, schema, has_mask=mask is not None)
            if mask is None and image.mode == "RGBA":
                # What lies under a hole must not bleed into its edge as white.
                image = image if schema.channels == 4 else _opaque(image)
            small = resized(image, schema.size, schema.resize)
            pixels.append(to_pixels(with_channels(small, schema.channels)))
            known.append(here)
            names.append(name)
    if not pixels:
        lines = "; ".join(f"{name} {why}" for name, why in skipped.first[:3])
        raise DataError(f"{data}: no image can be read: {lines}.")
    labels = np.full(len(pixels), len(schema.classes), np.int64)
    return ImageSet(
        np.stack(pixels), labels, names, schema, skipped, notes=notes_of(source)
    ), np.stack(known)


def _known(
    image: Image, hole: Image | None, name: str, schema: ImageSchema, has_mask: bool
) -> np.ndarray:
    """(h, w) of an image's known pixels, at the schema's size."""
    if hole is None:
        if image.mode != "RGBA":
            raise DataError(
                f"{name}: has no alpha, so it has no holes. Make pixels transparent, or give a "
                "mask that is white where there are holes (--mask)."
            )
        hole = to_image(np.where(np.asarray(image)[..., 3] == 0, 255, 0).astype(np.uint8)[None])
    elif hole.size != image.size:
        raise DataError(
            f"{name}: is {image.width} x {image.height} pixels and its mask {hole.width} x "
            f"{hole.height}; expected the same. Resize one of them."
        )
    binary = to_image(np.where(np.asarray(hole) >= _HOLE, 255, 0).astype(np.uint8)[None])
    return np.asarray(resized(binary, schema.size, schema.resize)) == 0


def _opaque(image: Image) -> Image:
    """The colours alone, where alpha was a mask."""
    pixels = np.asarray(image)
    if (pixels[..., 3] % 255 == 0).all():
        return image.convert("RGB")
    return with_channels(image, 3)


def _mask(path: Path) -> Image:
    try:
        return with_channels(decode(path), 1)
    except Unreadable as reason:
        raise DataError(f"{path}: this mask {reason}.") from None


def _beside(folder: Path, name: str) -> Path:
    path = folder / name
    if path.is_file():
        return path
    png = path.with_suffix(".png")
    if png.is_file():
        return png
    raise DataError(f"{folder}: has no mask named {name}; expected one for each image.")

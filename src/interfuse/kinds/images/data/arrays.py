"""Arrays of images: their layout and values, by stated rules.

A layout is (n, h, w), (n, h, w, c) or (n, c, h, w) with c of 1, 3 or 4; where the last two both
fit, channels are last. Values, brought to 0 ... 255:

| dtype | rule |
|---|---|
| uint8 | as they are |
| bool | 0 and 255 |
| uint16 | v / 257, rounded |
| other integers | as they are, if none lies outside 0 ... 255 |
| floats | 255 v, rounded, if all lie in 0 ... 1 |

Anything else is an error: a scale cannot be guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from interfuse.errors import DataError
from interfuse.kinds.images.data.schema import CHANNELS

CHUNK = 1024


class PixelArray:
    """An array, perhaps on disk, read as images a chunk at a time.

    Args:
        values: see the module.
        where: what it is called in errors.

    Raises:
        DataError: its shape or its values are no images.
    """

    def __init__(self, values: np.ndarray, where: str) -> None:
        self.values, self.where = values, where
        self.layout = _layout(values.shape, where)
        if values.dtype.kind not in "buif" or values.dtype.itemsize > 8:
            raise DataError(
                f"{where}: is of type {values.dtype}; expected numbers: uint8, or floats of 0 to 1."
            )
        if values.dtype not in (np.uint8, np.bool_, np.uint16):
            self._check_range()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def channels(self) -> int:
        """1, 3 or 4."""
        return {"nhw": 1, "nhwc": self.values.shape[-1], "nchw": self.values.shape[1]}[self.layout]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        shape = self.values.shape
        return (shape[2], shape[3]) if self.layout == "nchw" else (shape[1], shape[2])

    def chunk(self, start: int, stop: int) -> np.ndarray:
        """(k, c, h, w) uint8 of images start ... stop - 1."""
        part = np.asarray(self.values[start:stop])
        if part.dtype == np.bool_:
            part = part * np.uint8(255)
        elif part.dtype == np.uint16:
            part = ((part.astype(np.uint32) + 128) // 257).astype(np.uint8)
        elif part.dtype.kind == "f":
            part = np.rint(part.astype(np.float64) * 255).astype(np.uint8)
        part = part.astype(np.uint8, copy=False)
        if self.layout == "nhw":
            return part[:, None]
        return part.transpose(0, 3, 1, 2) if self.layout == "nhwc" else part

    def _check_range(self) -> None:
        top = 1 if self.values.dtype.kind == "f" else 255
        low, high = np.inf, -np.inf
        for start in range(0, len(self), CHUNK):
            part = np.asarray(self.values[start : start + CHUNK])
            low, high = np.minimum(low, part.min()), np.maximum(high, part.max())  # keep a NaN
            if not (low >= 0 and high <= top):
                raise DataError(
                    f"{self.where}: {self.values.dtype} values from {low:g} to {high:g}; expected "
                    f"0 to {top}. Scale them, or store uint8."
                )


def _layout(shape: tuple[int, ...], where: str) -> str:
    if 0 in shape:
        raise DataError(f"{where}: has shape {shape}: there are no images in it.")
    if len(shape) == 3:
        return "nhw"
    if len(shape) == 4 and shape[3] in CHANNELS:
        return "nhwc"
    if len(shape) == 4 and shape[1] in CHANNELS:
        return "nchw"
    raise DataError(
        f"{where}: has shape {shape}; expected (images, height, width), or with 1, 3 or 4 channels "
        "last or second."
    )


def to_names(labels: Any, count: int, where: str) -> list[str | None]:
    """The class of each image as text; None where there is none.

    Args:
        labels: (count,) whole numbers, texts or truth values.
        count: how many images there are.
        where: what the labels are called in errors.

    Raises:
        DataError: another length, or values that name no classes.
    """
    values: Sequence[Any] = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    shape = np.shape(labels) if hasattr(labels, "shape") else (len(values),)
    if len(shape) != 1 or len(values) != count:
        found = f"{len(values):,} labels" if len(shape) == 1 else f"labels of shape {shape}"
        raise DataError(
            f"{where}: {found} for {count:,} images; expected one label for each image, in order."
        )
    return [_name(value, where) for value in values]


def _name(value: Any, where: str) -> str | None:
    if value is None or value != value or value == "":
        return None
    if isinstance(value, float):
        if value != int(value):
            raise DataError(
                f"{where}: label {value:g} is not a class; expected whole numbers or texts."
            )
        value = int(value)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return str(value)

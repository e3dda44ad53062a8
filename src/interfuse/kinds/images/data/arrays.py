"""Arrays of images: their layout and values, by stated rules.

A layout is (n, h, w), (n, h, w, c) or (n, c, h, w) with c of 1, 3 or 4; where the last two both
fit, channels are last. Values, brought to 0 ... 255:

| dtype | rule |
|---|---|
| uint8 | as they are; if all are 0 or 1, 255 v |
| bool | 0 and 255 |
| uint16 | 255 v / w, rounded; w is the white of the bits that are used (`data.levels`) |
| other integers | as they are, if none lies outside 0 ... 255; if none is above 31, as uint16 |
| floats | 255 v, rounded, if all lie in 0 ... 1 |

Anything else is an error: a scale cannot be guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from interfuse.errors import DataError
from interfuse.kinds.images.data.levels import DEEP, FULL, Levels, scaled, told, white_of
from interfuse.kinds.images.data.schema import CHANNELS

CHUNK = 1024
DARK = 0.1
FEW = 32


class PixelArray:
    """An array, perhaps on disk, read as images a chunk at a time.

    Args:
        values: see the module.
        where: what it is called in errors.
        levels: of the model that is asked.

    Attributes:
        levels: what is white, found or given.
        notes: what was found to be white, for people.

    Raises:
        DataError: its shape or its values are no images.
    """

    def __init__(self, values: np.ndarray, where: str, levels: Levels = Levels()) -> None:  # noqa: B008
        self.values, self.where = values, where
        self.layout = _layout(values.shape, where)
        if values.dtype.kind not in "buif" or values.dtype.itemsize > 8:
            raise DataError(
                f"{where}: is of type {values.dtype}; expected numbers: uint8, or floats of 0 to 1."
            )
        self.notes: list[str] = []
        self._white = FULL
        if values.dtype.kind == "b":
            self.levels = Levels(eight=1)
        elif values.dtype.kind == "f":
            self.levels = Levels()
            high = self._range(1)[1]
            if 0 < high < DARK:
                self.notes.append(f"no value is above {high:.2g} of 1: the images are dark")
        elif values.dtype == np.uint8:
            self.levels = self._of_eight(levels)
        else:
            self.levels = self._of_more(levels)

    def _of_eight(self, levels: Levels) -> Levels:
        if levels.eight != FULL and self._binary():
            self._white = 1
        found = Levels(eight=levels.eight or self._white)
        self.notes += told(found, None) if levels.eight is None else []
        return found

    def _of_more(self, levels: Levels) -> Levels:
        short = self.values.dtype == np.uint16
        top = levels.deep or (DEEP if short else FULL)
        peak = int(self._range(top)[1])
        self._white = levels.deep or (white_of(peak) if short or peak < FEW else FULL)
        found = Levels(deep=self._white)
        usual = DEEP if short else FULL
        if levels.deep is None and self._white != usual:
            self.notes += told(found, peak)
        return found

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
        elif part.dtype.kind == "f":
            part = np.rint(part.astype(np.float64) * 255).astype(np.uint8)
        else:
            part = scaled(part, self._white)
        if self.layout == "nhw":
            return part[:, None]
        return part.transpose(0, 3, 1, 2) if self.layout == "nhwc" else part

    def _binary(self) -> bool:
        """Whether 0 and 1 are all there is, and 1 is among it."""
        high = 0
        for start in range(0, len(self), CHUNK):
            high = max(high, int(np.asarray(self.values[start : start + CHUNK]).max()))
            if high > 1:
                return False
        return high == 1

    def _range(self, top: int) -> tuple[float, float]:
        """The least and the greatest value."""
        low, high = np.inf, -np.inf
        for start in range(0, len(self), CHUNK):
            part = np.asarray(self.values[start : start + CHUNK])
            low, high = np.minimum(low, part.min()), np.maximum(high, part.max())  # keep a NaN
            if np.isnan(low):
                raise DataError(
                    f"{self.where}: holds NaN; expected 0 to {top}. Fill these pixels, or leave "
                    "their images out."
                )
            if not (low >= 0 and high <= top):
                raise DataError(
                    f"{self.where}: {self.values.dtype} values from {low:g} to {high:g}; expected "
                    f"0 to {top}. Scale them, or store uint8."
                )
        return float(low), float(high)


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

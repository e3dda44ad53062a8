"""Images of any origin to one array of one size.

Two passes. The first looks at up to `SURVEY` images to settle size and channels, unless a schema
says them. The second decodes one image at a time into its place, so that beside the names only the
array of results is held: images x channels x height x width bytes, which must fit in memory.

A file that cannot be used is named, counted and left out; the set is an error only if nothing is
left of it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from interfuse.errors import DataError
from interfuse.io.memory import require
from interfuse.kinds.images.data import schema as schemas
from interfuse.kinds.images.data.arrays import CHUNK
from interfuse.kinds.images.data.decode import (
    Unreadable,
    decode,
    decoding,
    needs,
    resized,
    to_image,
    to_pixels,
    with_channels,
)
from interfuse.kinds.images.data.schema import ImageSchema
from interfuse.kinds.images.data.sources import (
    Array,
    Column,
    Folder,
    find,
    is_images,
)

__all__ = ["ImageSet", "Skipped", "fingerprint", "is_images", "read_images"]

SURVEY = 1000
NAMED = 20
TELL_SECONDS = 1.0

Told = Callable[[int, int], None]


@dataclass
class Skipped:
    """Images that could not be used.

    Attributes:
        count: how many.
        first: name and reason of the first `NAMED` of them.
    """

    count: int = 0
    first: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, why: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.first) < NAMED:
            self.first.append((name, why))

    def lines(self, most: int = 5) -> list[str]:
        """For people: the first few, and how many there are."""
        lines = [f"skipped {name}: {why}" for name, why in self.first[:most]]
        if self.count > most:
            lines.append(f"skipped {self.count:,} images in all")
        return lines


@dataclass(frozen=True)
class ImageSet:
    """Images that are ready for a model.

    Attributes:
        pixels: (n, c, h, w) uint8.
        labels: (n,) int64; `len(schema.classes)` where an image has no class.
        names: (n,) of the files, or numbers.
        schema: what they are.
        skipped: what was left out.
        reduced: images that showed more than the schema's channels hold.
    """

    pixels: np.ndarray
    labels: np.ndarray
    names: list[str]
    schema: ImageSchema
    skipped: Skipped
    reduced: int = 0

    def __len__(self) -> int:
        return len(self.pixels)


def read_images(
    data: Any,
    *,
    labels: Any = None,
    schema: ImageSchema | None = None,
    size: tuple[int, int] | None = None,
    column: str | None = None,
    tell: Told | None = None,
) -> ImageSet:
    """Read a folder, a file or an array of images.

    Args:
        data: see `interfuse.kinds.images.data.sources`.
        labels: classes: a CSV, .npy or idx file, or a sequence; else found beside the images.
        schema: size, channels and classes; settled by the images unless given.
        size: height and width; in place of those that would be settled.
        column: of a Parquet file with several columns of images.
        tell: called now and then with the number of images done and the number of all.

    Raises:
        DataError: there are no images, none of them can be read, or they do not fit in memory.
        SchemaError: they do not fit the schema.
    """
    source = find(data, labels, column)
    with decoding():
        given = schema
        schema = given or _survey(
            source, str(data) if not isinstance(data, np.ndarray) else "array"
        )
        if size is not None:
            schema = replace(schema, height=size[0], width=size[1], note="set by hand")
        c, (h, w) = schema.channels, schema.size
        where = f"{len(source):,} images of {w} x {h}"
        advice = "Make the images smaller (--size), or take fewer."
        require(len(source) * c * h * w, where, advice, DataError)
        out = np.empty((len(source), c, h, w), np.uint8)
        kept, skipped, reduced = _fill(out, source, schema, tell)
    if not len(kept):
        lines = "; ".join(f"{name} {why}" for name, why in skipped.first[:3])
        raise DataError(f"{data}: none of {len(source):,} images can be read: {lines}.")
    schema, at = schema.labelled([source.labels[i] for i in kept])
    names = [source.names[i] for i in kept]
    return ImageSet(out[: len(kept)], at, names, schema, skipped, reduced)


def fingerprint(images: ImageSet) -> str:
    """SHA-256 of what a model is fitted to: size, classes, labels and pixels."""
    digest = hashlib.sha256()
    s = images.schema
    digest.update(repr((s.channels, s.height, s.width, s.classes)).encode())
    digest.update(images.labels.tobytes())
    for start in range(0, len(images), CHUNK):
        digest.update(np.ascontiguousarray(images.pixels[start : start + CHUNK]).tobytes())
    return digest.hexdigest()


def _survey(source: Folder | Column | Array, where: str) -> ImageSchema:
    n = len(source)
    index = sorted({i * n // min(n, SURVEY) for i in range(min(n, SURVEY))})
    if isinstance(source, Array):
        pixels = source.pixels
        most = 1
        if pixels.channels > 1:
            step = max(1, n // SURVEY)
            for start in range(0, n, step * CHUNK):
                part = pixels.chunk(start, start + step * CHUNK)[::step]
                most = max(most, *(needs(to_image(image)) for image in part))
                if most == pixels.channels:
                    break
        return schemas.infer([pixels.size], most)
    sizes, most = [], 1
    for _, data in source.at(index):
        try:
            image = decode(data)
        except Unreadable:
            continue
        sizes.append((image.height, image.width))
        most = max(most, needs(image)) if most < 4 else 4
    if not sizes:
        raise DataError(
            f"{where}: none of {len(index):,} images looked at can be read: {_why(source)}"
        )
    return schemas.infer(sizes, most)


def _why(source: Folder | Column) -> str:
    """The reason of the first image."""
    for i, data in source.at([0]):
        try:
            decode(data)
        except Unreadable as reason:
            return f"{source.names[i]} {reason}."
    return "they were changed while they were read."


def _fill(
    out: np.ndarray, source: Folder | Column | Array, schema: ImageSchema, tell: Told | None
) -> tuple[list[int], Skipped, int]:
    """Decode all images into `out`; returns which of them there are."""
    kept: list[int] = []
    skipped, reduced = Skipped(), 0
    said = time.monotonic()

    def told(done: int) -> None:
        nonlocal said
        if tell is not None and (now := time.monotonic()) - said >= TELL_SECONDS:
            tell(done, len(source))
            said = now

    if isinstance(source, Array):
        pixels = source.pixels
        plain = pixels.size == schema.size and pixels.channels == schema.channels
        for start in range(0, len(source), CHUNK):
            part = pixels.chunk(start, start + CHUNK)
            if plain:
                out[start : start + len(part)] = part
            else:
                for k, image in enumerate(part):
                    small = resized(to_image(image), schema.size, schema.resize)
                    reduced += needs(small) > schema.channels
                    out[start + k] = to_pixels(with_channels(small, schema.channels))
            told(start + len(part))
        return list(range(len(source))), skipped, reduced
    for i, data in source.every():
        try:
            small = resized(decode(data, schema.size), schema.size, schema.resize)
        except Unreadable as reason:
            skipped.add(source.names[i], str(reason))
            continue
        reduced += small.mode != "L" and schema.channels < 4 and needs(small) > schema.channels
        out[len(kept)] = to_pixels(with_channels(small, schema.channels))
        kept.append(i)
        told(i + 1)
    return kept, skipped, reduced

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
from typing import TYPE_CHECKING, Any

import numpy as np

from interfuse.errors import DataError
from interfuse.io.memory import require
from interfuse.kinds.images.data import schema as schemas
from interfuse.kinds.images.data.arrays import CHUNK
from interfuse.kinds.images.data.decode import (
    CUT,
    PEAK,
    SEVERAL,
    Unreadable,
    decode,
    decoding,
    needs,
    peak_of,
    resized,
    to_image,
    to_pixels,
    with_channels,
)
from interfuse.kinds.images.data.levels import DEEP, FULL, Levels, told, white_of
from interfuse.kinds.images.data.schema import ImageSchema
from interfuse.kinds.images.data.sources import (
    Array,
    Column,
    Folder,
    called,
    find,
    is_images,
)

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["ImageSet", "Skipped", "fingerprint", "is_images", "read_images"]

SURVEY, FEWER = 1000, 100
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
        notes: what was left out and what was decided, for people.
    """

    pixels: np.ndarray
    labels: np.ndarray
    names: list[str]
    schema: ImageSchema
    skipped: Skipped
    reduced: int = 0
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pixels)

    def lines(self) -> list[str]:
        """All that people should know of how the images were read."""
        return [*self.notes, *self.skipped.lines()]


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
    source = find(data, labels, column, schema.levels if schema is not None else Levels())
    with decoding():
        settled, notes = _settled(source, schema, called(data))
        if size is not None:
            settled = replace(settled, height=size[0], width=size[1], note="set by hand")
        c, (h, w) = settled.channels, settled.size
        what = f"{len(source):,} images of {w} x {h}"
        advice = "Make the images smaller (--size), or take fewer."
        require(len(source) * c * h * w, what, advice, DataError)
        out = np.empty((len(source), c, h, w), np.uint8)
        kept, skipped, seen = _fill(out, source, settled, tell)
    if not len(kept):
        lines = "; ".join(f"{name} {why}" for name, why in skipped.first[:3])
        raise DataError(f"{called(data)}: none of {len(source):,} images can be read: {lines}.")
    settled, at = settled.labelled([source.labels[i] for i in kept])
    names = [source.names[i] for i in kept]
    notes += seen.lines(settled)
    return ImageSet(out[: len(kept)], at, names, settled, skipped, seen.reduced, tuple(notes))


def notes_of(source: Folder | Column | Array) -> tuple[str, ...]:
    """What a source left out, or took for white."""
    if isinstance(source, Array):
        return tuple(source.pixels.notes)
    return source.notes if isinstance(source, Folder) else ()


def fingerprint(images: ImageSet) -> str:
    """SHA-256 of what a model is fitted to: size, classes, labels and pixels."""
    digest = hashlib.sha256()
    s = images.schema
    digest.update(repr((s.channels, s.height, s.width, s.classes)).encode())
    digest.update(images.labels.tobytes())
    for start in range(0, len(images), CHUNK):
        digest.update(np.ascontiguousarray(images.pixels[start : start + CHUNK]).tobytes())
    return digest.hexdigest()


@dataclass
class Seen:
    """Counts of images that were changed while they were read.

    Attributes:
        reduced: showed more than the schema's channels hold.
        cut: had values above white.
        several: the first of several pictures in a file.
    """

    reduced: int = 0
    cut: int = 0
    several: int = 0

    def count(self, image: Image) -> None:
        """Add an image as it was decoded."""
        self.cut += bool(image.info.get(CUT))
        self.several += bool(image.info.get(SEVERAL))

    def lines(self, schema: ImageSchema) -> list[str]:
        """For people; `reduced` has a line of its own."""
        lines = []
        if self.cut:
            lines.append(
                f"{self.cut:,} images have values below 0 or above {schema.levels.deep or DEEP:,}, "
                "which was taken for white: they were cut"
            )
        if self.several:
            lines.append(f"{self.several:,} files hold several pictures: the first was taken")
        return lines


def _settled(
    source: Folder | Column | Array, given: ImageSchema | None, where: str
) -> tuple[ImageSchema, list[str]]:
    """The schema, what it does not say found in the images; and notes."""
    notes = list(notes_of(source))
    if isinstance(source, Array):
        schema = given or schemas.infer([source.pixels.size], _channels_of(source))
        levels = schema.levels.known(source.pixels.levels)
        return replace(schema, levels=levels.known(Levels(FULL))), notes
    if given is not None and given.levels.eight and given.levels.deep:
        return given, notes
    sizes, most, found, peak = _survey(source, where, needed=given is None)
    schema = given or schemas.infer(sizes, most)
    mine = schema.levels
    fresh = Levels(None if mine.eight else found.eight, None if mine.deep else found.deep)
    notes += told(fresh, peak)
    return replace(schema, levels=schema.levels.known(found).known(Levels(FULL))), notes


def _channels_of(source: Array) -> int:
    """As few channels as hold all that the surveyed images of an array show."""
    pixels, n, most = source.pixels, len(source), 1
    if pixels.channels == 1:
        return 1
    step = max(1, n // SURVEY)
    for start in range(0, n, step * CHUNK):
        part = pixels.chunk(start, start + step * CHUNK)[::step]
        most = max(most, *(needs(to_image(image)) for image in part))
        if most == pixels.channels:
            break
    return most


def _survey(
    source: Folder | Column, where: str, needed: bool
) -> tuple[list[tuple[int, int]], int, Levels, int | None]:
    """Sizes, channels, what is white and the greatest value of more than 8 bits."""
    n = len(source)
    many = min(n, SURVEY if needed else FEWER)
    index = sorted({i * n // many for i in range(many)})
    sizes, most, eight = [], 1, None
    deep: int | None = None
    for _, data in source.at(index):
        try:
            image = decode(data)
        except Unreadable:
            continue
        sizes.append((image.height, image.width))
        most = max(most, needs(image)) if most < 4 else 4
        if PEAK in image.info:
            deep = max(deep or 0, image.info[PEAK])
        elif eight is None or eight <= 1:
            eight = max(eight or 0, peak_of(image))
    if not sizes and needed:
        raise DataError(
            f"{where}: none of {len(index):,} images looked at can be read: {_why(source)}"
        )
    white = Levels(1 if eight == 1 else FULL, None if deep is None else white_of(deep))
    return sizes, most, white, deep


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
) -> tuple[list[int], Skipped, Seen]:
    """Decode all images into `out`; returns which of them there are."""
    kept: list[int] = []
    skipped, seen = Skipped(), Seen()
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
                    seen.reduced += needs(small) > schema.channels
                    out[start + k] = to_pixels(with_channels(small, schema.channels))
            told(start + len(part))
        return list(range(len(source))), skipped, seen
    for i, data in source.every():
        try:
            image = decode(data, schema.size, schema.levels)
            small = resized(image, schema.size, schema.resize)
        except Unreadable as reason:
            skipped.add(source.names[i], str(reason))
            continue
        seen.count(image)
        wide = small.mode != "L" and schema.channels < 4
        seen.reduced += wide and needs(small) > schema.channels
        out[len(kept)] = to_pixels(with_channels(small, schema.channels))
        kept.append(i)
        told(i + 1)
    return kept, skipped, seen

"""What a set of images is fitted as: size, channels, classes. People may edit it.

**Size.** By default all images are brought to the median height and the median width of those
surveyed (up to 1,000, evenly spaced), made smaller where the longer side exceeds 64. A set in
which all images have one size of at most 64 is therefore left as it is, pixel by pixel. Sides go
from 1 to 128.

**Resizing** keeps proportions unless told otherwise:

    crop     scaled to cover the size, what stands over is cut off on both sides alike
    pad      scaled to fit inside, the rest is black, or transparent where there is an alpha
    stretch  scaled to the size, whatever becomes of the proportions

**Edges.** The network halves a side twice, so it works on sides that are multiples of 4 and at
least 8. Images are extended to that below and on the right by repeating their last row and column,
and what is drawn is cut back: users see their own size only.

**Channels** are 1 (grey), 3 (RGB) or 4 (RGB and alpha): as few as hold all that the surveyed images
show. Colours that are all grey, and an alpha that is 255 everywhere, need no channel. Images that
hold more than the set are converted: colour to grey by luma (ITU-R 601), alpha laid over white.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from interfuse.errors import SchemaError
from interfuse.io.jsonschema import json_schema, one_of
from interfuse.io.records import checked, short
from interfuse.io.schemafile import COMPLETES, SchemaFile
from interfuse.kinds.images.data.levels import DEEP, FULL, Levels

VERSION = 1
MOST_SIDE = 128
DEFAULT_SIDE = 64
FEWEST_SIDE = 8
MULTIPLE = 4
MOST_CLASSES = 1000
CHANNELS = {1: "grey", 3: "rgb", 4: "rgba"}
RESIZE = ("crop", "pad", "stretch")
Side = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": MOST_SIDE})]
"""The schema itself says what is out of range, wherever it comes from."""
White = Annotated[int, Meta(ge=1, le=DEEP)]
Whites = tuple[White | None, White | None]


@dataclass(frozen=True)
class ImageSchema(SchemaFile):
    """How images are read.

    Attributes:
        height: of every image.
        width: of every image.
        channels: 1, 3 or 4.
        classes: their names, in order; an image's label is a place in it, or its length if the
            image has no class.
        counts: images of each class, and last those without one.
        resize: "crop", "pad" or "stretch".
        note: why this size and these channels, for people.
        levels: which value is white; see `data.levels`.
    """

    height: Side
    width: Side
    channels: int
    classes: tuple[str, ...] = ()
    counts: tuple[Annotated[int, Meta(ge=0, le=2**53)], ...] = (0,)
    resize: Annotated[str, one_of(RESIZE)] = "crop"
    note: str = ""
    kind: str = "images"
    levels: Levels = Levels()  # noqa: RUF009

    def __post_init__(self) -> None:
        for name, side in (("height", self.height), ("width", self.width)):
            if isinstance(side, bool) or not isinstance(side, int) or not 1 <= side <= MOST_SIDE:
                raise SchemaError(
                    f"schema: {name} is {side!r}; expected a whole number of 1 to {MOST_SIDE} "
                    "pixels. Choose a smaller size."
                )
        if self.channels not in CHANNELS:
            known = ", ".join(map(repr, CHANNELS.values()))
            raise SchemaError(f"schema: channels is {self.channels!r}; expected one of {known}.")
        if self.resize not in RESIZE:
            known = ", ".join(map(repr, RESIZE))
            raise SchemaError(f"schema: resize is {self.resize!r}; expected one of {known}.")
        if len(set(self.classes)) < len(self.classes):
            raise SchemaError("schema: a class is listed twice; list each once.")
        if len(self.classes) > MOST_CLASSES:
            raise SchemaError(
                f"schema: {len(self.classes):,} classes; expected at most {MOST_CLASSES:,}. Are "
                "the sub-folders, or the labels, really classes?"
            )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.height, self.width

    @property
    def images(self) -> int:
        """How many there are."""
        return sum(self.counts)

    @property
    def shape(self) -> tuple[int, int, int]:
        """What the network sees of one image: channels, and sides extended to multiples of 4."""
        h, w = (max(-(-side // MULTIPLE) * MULTIPLE, FEWEST_SIDE) for side in self.size)
        return self.channels, h, w

    def extend(self, pixels: np.ndarray) -> np.ndarray:
        """(n, c, height, width) to (n, *shape), by repeating the last row and column."""
        _, h, w = self.shape
        if (h, w) == self.size:
            return pixels
        wide = ((0, 0), (0, 0), (0, h - self.height), (0, w - self.width))
        return np.pad(pixels, wide, mode="edge")

    def cut(self, pixels: np.ndarray) -> np.ndarray:
        """The inverse of `extend`."""
        return pixels[..., : self.height, : self.width]

    def labelled(self, labels: Sequence[str | None]) -> tuple[ImageSchema, np.ndarray]:
        """This schema with the classes of `labels` and their counts, and each image's place.

        Classes that the schema has already are kept, in their order.

        Raises:
            SchemaError: an image is of a class that the schema does not list.
        """
        there = Counter(labels)
        names = self.classes or _in_order([name for name in there if name is not None])
        unknown = sorted(str(n) for n in there if n is not None and n not in set(names))
        if unknown:
            raise SchemaError(
                f"schema: class {unknown[0]!r} is not listed; it has "
                f"{', '.join(map(repr, names[:8]))}. Add it to 'classes', or take its images away."
            )
        place = {name: i for i, name in enumerate(names)}
        at = np.array([len(names) if n is None else place[n] for n in labels], dtype=np.int64)
        counts = tuple(np.bincount(at, minlength=len(names) + 1).tolist())
        return replace(self, classes=tuple(names), counts=counts), at

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "version": VERSION,
            "kind": self.kind,
            "height": self.height,
            "width": self.width,
            "channels": CHANNELS[self.channels],
            "resize": self.resize,
            "classes": list(self.classes),
            "counts": list(self.counts),
            "note": self.note,
            "white": [self.levels.eight, self.levels.deep],
        }

    @classmethod
    def from_json(cls, d: Any) -> ImageSchema:
        """The inverse of `to_json`.

        Raises:
            SchemaError: malformed.
        """
        given = cls.entries(d, "images", VERSION)
        by_name = {name: c for c, name in CHANNELS.items()}
        channels = d.get("channels")
        count = by_name.get(channels) if isinstance(channels, str) else channels
        if type(count) is not int or count not in CHANNELS:
            known = ", ".join(map(repr, by_name))
            raise SchemaError(f"schema: channels is {short(channels)}; expected one of {known}.")
        # Runs of before the levels were kept took 8 bits at their full range.
        eight, deep = checked(d.get("white", [FULL, None]), Whites, "schema: white", SchemaError)
        given.pop("white", None)
        found = checked({**given, "channels": count}, cls, "schema", SchemaError)
        return replace(found, levels=Levels(eight, deep))

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """What editors complete from."""
        out = json_schema(cls)
        del out["properties"]["levels"]
        white = {"type": ["integer", "null"], "minimum": 1, "maximum": DEEP}
        out["properties"] |= {
            COMPLETES: {"type": "string"},
            "version": {"const": VERSION},
            "kind": {"const": "images"},
            "channels": {"enum": list(CHANNELS.values())},
            "white": {"type": "array", "items": white, "minItems": 2, "maxItems": 2},
        }
        out["required"] = ["kind", *out["required"]]
        return out


def infer(sizes: Sequence[tuple[int, int]], channels: int) -> ImageSchema:
    """The default schema for images of these sizes; see the module.

    Args:
        sizes: height and width of the surveyed images.
        channels: the most that any of them needs.
    """
    h, w = (median(side) for side in zip(*sizes, strict=True))
    scale = min(1.0, DEFAULT_SIDE / max(h, w))
    target = tuple(max(1, round(side * scale)) for side in (h, w))
    same = len(set(sizes)) == 1
    if same and scale == 1:
        why = "all images have this size"
    elif same:
        why = f"all images are {w:g} x {h:g}; made smaller"
    else:
        low, high = min(sizes), max(sizes)
        why = (
            f"{len(set(sizes)):,} sizes from {low[1]} x {low[0]} to {high[1]} x {high[0]}, "
            f"median {w:g} x {h:g}"
        )
    return ImageSchema(target[0], target[1], channels, note=why)


def describe(schema: ImageSchema) -> list[tuple[str, str]]:
    """Rows (name, value) for printing."""
    how = {"crop": "cropped to fit", "pad": "padded to fit", "stretch": "stretched to fit"}
    rows = [
        ("Images", f"{schema.images:,}"),
        ("Size", f"{schema.width} x {schema.height} ({schema.note or 'set by hand'})"),
        ("Other sizes", how[schema.resize]),
        ("Channels", CHANNELS[schema.channels]),
    ]
    if schema.levels.deep not in (None, DEEP):
        rows.append(("White", f"{schema.levels.deep:,} of more than 8 bits"))
    if schema.levels.eight == 1:
        rows.append(("White", "1 of 0 and 1"))
    if schema.classes:
        pairs = list(zip(schema.classes, schema.counts, strict=False))
        some = ", ".join(f"{name} {count:,}" for name, count in pairs[:12])
        more = f" and {len(pairs) - 12:,} more" if len(pairs) > 12 else ""
        rows.append(("Classes", f"{len(pairs):,}: {some}{more}"))
        if schema.counts[-1]:
            rows.append(("No class", f"{schema.counts[-1]:,}"))
    return rows


def _in_order(names: list[str]) -> list[str]:
    """Whole numbers by value, other names by text."""
    if all(name.removeprefix("-").isascii() and name.removeprefix("-").isdigit() for name in names):
        return sorted(names, key=lambda name: (int(name), name))
    return sorted(names)

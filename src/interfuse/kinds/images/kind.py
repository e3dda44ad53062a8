"""Images, as the rest of interfuse sees them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interfuse.kinds.kind import Kind, Words
from interfuse.kinds.option import DEVICE, ROWS, SEED, STEPS, Option
from interfuse.kinds.verb import Verb, late

if TYPE_CHECKING:
    from interfuse.kinds.images.job import ImageJob
    from interfuse.kinds.images.model import ImageModel

DRAWN = 16
"""Images that `reproduce` draws of both models."""
_CLI = "interfuse.kinds.images.cli"

OPTIONS = (
    Option(
        "labels",
        "Their classes, in a CSV, .npy or idx file.",
        Path,
        metavar="FILE",
    ),
    Option(
        "size",
        "32, or 48x32 (width x height); else inferred.",
        metavar="W[xH]",
        read=late(_CLI, "parse_size"),
    ),
    Option("column", "In Parquet: which column.", metavar="NAME"),
)

GUIDANCE = Option("guidance", "Above 1, more typical of the class; default 1.", float, least=0)

OF_CLASS = Option(
    "given", "Of this class: class=VALUE, as in the labels.", metavar="class=VALUE", many=True
)

GENERATE = Verb(
    "generate",
    "Draw new images.",
    "Of images: 64, unless -n says otherwise; --given class=VALUE is all that can be given.",
    ("interfuse generate digits-run -n 64 -o sevens.png --given class=7 --guidance 2",),
    late(_CLI, "generate"),
    (ROWS, OF_CLASS, GUIDANCE, SEED, STEPS, DEVICE),
    ending="png",
)

ANIMATE = Verb(
    "animate",
    "Show how a model of images draws: from noise to images, step by step.",
    "With --forward, the other way: real images of yours, walked through the forward chain until "
    "they are noise; what is left of them is printed.",
    (
        "interfuse animate run -o denoising.webp",
        "interfuse animate run -o sevens.gif --given class=7 --guidance 2 -n 9",
        "interfuse animate run -o noising.webp --forward photos",
    ),
    late("interfuse.kinds.images.animate", "animate"),
    (
        Option(
            "forward",
            "Show these images being noised by the chain of 1,000 steps instead.",
            Path,
            metavar="IMAGES",
        ),
        Option("images", "How many, side by side; default 16.", int, short="-n", least=1),
        OF_CLASS,
        GUIDANCE,
        SEED,
        Option("steps", "Of the sampler, and of the picture; default 40.", int, least=1),
        DEVICE,
    ),
    target="A .webp or a .gif.",
    ending="webp",
)

IMPUTE = Verb(
    "impute",
    "Fill the holes of images.",
    "Of images: known pixels come back as they were.",
    ("interfuse impute photos-run photos -o filled --mask mask.png",),
    late(_CLI, "impute"),
    (
        Option(
            "mask",
            "White where there are holes, or a folder with one for each image; default: a hole is "
            "where alpha is 0.",
            metavar="IMAGE",
        ),
        SEED,
        STEPS,
        DEVICE,
    ),
    ("DATA", "An image, a folder, or another set of images."),
    ending="png",
)

DETECT = Verb(
    "detect",
    "Say how odd each image is.",
    "",
    ("interfuse detect photos-run photos -o scores.csv",),
    late(_CLI, "detect"),
    (DEVICE,),
    ("DATA", "An image, a folder, or another set of images."),
)


class Images(Kind):
    """Pictures of one size: folders, arrays, idx files, and columns of encoded images."""

    name = "images"
    words = Words(
        "images", "images", "of images", "images", "images", "pixels",
        "size, channels or classes",
    )  # fmt: skip
    options = OPTIONS
    verbs = (GENERATE, ANIMATE, IMPUTE, DETECT)

    def looks(self, data: Any) -> float:
        """Folders, arrays of three or four dimensions, and files of images are surely images."""
        from interfuse.kinds.images.data import is_images

        return float(is_images(data))

    def job(self, **options: Any) -> ImageJob:
        """One fit."""
        from interfuse.kinds.images.job import ImageJob

        named = {option.name: option.default for option in OPTIONS}
        return ImageJob(**{**named, **options})

    def open(
        self, folder: Path, record: dict[str, Any], parts: Mapping[str, dict[str, Any]]
    ) -> ImageModel:
        """A model from its parts."""
        from interfuse.kinds.images.model import open_images

        return open_images(folder, record, parts)

    def again(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Where the classes are, and which column was fitted; sizes are in the schema."""
        given = record["data"]
        return {"labels": given.get("labels"), "column": given.get("column"), "size": None}

    def apart(self, first: Any, again: Any) -> tuple[float, float]:
        """Share of equal pixels, and the largest difference of two as a share of 255."""
        import numpy as np

        one, two = (m.generate(DRAWN, seed=0).astype(np.int16) for m in (first, again))
        return float((one == two).mean()), float(np.abs(one - two).max()) / 255

    def print_schema(self, schema: Any, found: str) -> None:
        """Size, channels and classes."""
        from interfuse.kinds.images.cli import print_image_schema

        print_image_schema(schema)

    def holds(self) -> str:
        """What of the data is in a run folder."""
        return (
            "It holds the size of images, the names of classes and how many images each "
            "has; no image."
        )

    def show(self, run: Path, model: Any) -> list[tuple[str, str]]:
        """The network, the schema, what was skipped, and previews."""
        from interfuse.kinds.images.cli import show_images

        return [*super().show(run, model), *show_images(run, model)]

    def next_commands(self, data: str, run: str, rows: int) -> list[str]:
        """Draw, watch, find what is odd."""
        return [
            f"interfuse generate {run} -n 64 -o grid.png",
            f"interfuse animate {run} -o denoising.webp",
            f"interfuse detect {run} {data} -o scores.csv",
        ]


KIND = Images()

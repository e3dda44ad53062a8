"""A fitted model of images: immutable, and able to answer.

A record is a class and the pixels of an image. A question says which of them are known: nothing
(`generate`), the class (`generate(given=...)`), or all pixels but those of holes (`impute`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from interfuse.core.solvers import steps_of
from interfuse.errors import DataError, OptionError, note
from interfuse.kinds.images.answer import ImageScores, as_array, shown
from interfuse.kinds.images.ask.classes import draw_classes, place_of
from interfuse.kinds.images.ask.fill import fill, score_pixels
from interfuse.kinds.images.ask.generation import ImageGeneration
from interfuse.kinds.images.ask.sampler import BLOCK, ImageSampler
from interfuse.kinds.images.data import ImageSchema, ImageSet, read_images
from interfuse.kinds.images.data.conform import pixels_for
from interfuse.kinds.images.fitted import Fitted
from interfuse.kinds.images.folder import read_folder, write_folder
from interfuse.kinds.images.learn import sampling_of
from interfuse.kinds.images.net import UNet
from interfuse.run import store
from interfuse.run.model import BaseModel

NO_CLASS = "none"
SCORE_SEED = 0
"""Of the noise of scores: theirs and those of the held-out images must have the same."""


@dataclass(frozen=True)
class ImageModel(BaseModel):
    """One fitted diffusion model of images.

    Make one with `interfuse.fit` or `interfuse.load`. Nothing here changes after fitting; every
    question takes a seed and gives the same answer for the same seed. Images go in and come out as
    uint8 arrays, (n, height, width) if they are grey, (n, height, width, channels) if not.

    Attributes:
        schema: size, channels and classes.
        net: the network with its averaged weights.
        scores: of the images that were held out, sorted; what `detect` compares with.
        record: seed, budget, data hash, versions, training curve: what `interfuse show` prints.
    """

    parts: ClassVar[tuple[str, ...]] = store.NET_PARTS

    schema: ImageSchema
    net: UNet
    scores: tuple[float, ...] = field(repr=False)
    record: dict[str, Any] = field(repr=False)

    def generate(
        self,
        n: int,
        *,
        given: dict[str, object] | None = None,
        seed: int = 0,
        steps: int | None = None,
        guidance: float = 1.0,
        device: str | None = None,
    ) -> np.ndarray:
        """Draw `n` new images.

        Args:
            n: how many.
            given: `{"class": 7}` to hold the class. Otherwise each image's class is drawn first,
                as often as it was in the data, and `labels` tells which.
            seed: image i depends on the seed and on i only: a longer draw starts with the same.
            steps: of the sampler; None for the default.
            guidance: 1 draws from what was learned; above it images become more typical of their
                class and less varied; 0 takes no notice of the class.
            device: "cpu", "cuda", "mps" or None for the best there is.

        Returns:
            (n, height, width) or (n, height, width, channels) uint8.

        Raises:
            ConditionError: `given` names something else than a class that there is.
            OptionError: `n`, `steps` or `guidance` is out of range.
        """
        drawn = self.generation(
            given=given, seed=seed, steps=steps, guidance=guidance, device=device
        )
        parts = [shown(pixels) for pixels, _ in drawn.batches(n)]
        empty = shown(np.zeros((0, self.schema.channels, *self.schema.size), np.uint8))
        return np.concatenate(parts) if parts else empty

    def generate_batches(
        self,
        n: int,
        *,
        given: dict[str, object] | None = None,
        seed: int = 0,
        steps: int | None = None,
        guidance: float = 1.0,
        device: str | None = None,
    ) -> Iterator[np.ndarray]:
        """Draw `n` images as arrays of up to `BLOCK` each, in constant memory.

        The images are those of `generate` with the same arguments.
        """
        drawn = self.generation(
            given=given, seed=seed, steps=steps, guidance=guidance, device=device
        )
        return (shown(pixels) for pixels, _ in drawn.batches(n))

    def labels(
        self, n: int, *, given: dict[str, object] | None = None, seed: int = 0
    ) -> list[str | None]:
        """The classes of the images that `generate` draws with the same arguments."""
        at = draw_classes(self.schema, np.arange(n), place_of(self.schema, given), seed)
        return [self.class_name(label) for label in at]

    def generation(
        self,
        *,
        given: dict[str, object] | None = None,
        seed: int = 0,
        steps: int | None = None,
        guidance: float = 1.0,
        device: str | None = None,
    ) -> ImageGeneration:
        """The prepared question behind `generate`, for drawing in constant memory."""
        sampler = self.sampler(seed=seed, steps=steps, guidance=guidance, device=device)
        return ImageGeneration(self.schema, place_of(self.schema, given), sampler, seed)

    def denoising(
        self,
        n: int = 16,
        *,
        given: dict[str, object] | None = None,
        seed: int = 0,
        steps: int | None = None,
        guidance: float = 1.0,
        device: str | None = None,
    ) -> list[np.ndarray]:
        """How `generate` gets to its first images: from noise, step by step.

        Args:
            n: how many images, at most `BLOCK`.
            given: see `generate`, as the other arguments.
            seed: of the draws.
            steps: of the sampler, one picture each.
            guidance: above 1, more typical of the class.
            device: where to compute.

        Returns:
            Steps + 1 pictures of `n` images, (n, c, h, w) uint8; the last is the result.

        Raises:
            OptionError: `n` or another option is out of range.
        """
        if not 1 <= n <= BLOCK:
            raise OptionError(f"n: is {n}; expected 1 to {BLOCK} images in a moving picture.")
        drawn = self.generation(
            given=given, seed=seed, steps=steps, guidance=guidance, device=device
        )
        labels = torch.from_numpy(drawn.labels_of(0))
        frames = drawn.sampler.trajectory(0, labels=labels)[:, :n]
        return [self.schema.cut(as_array(frame)) for frame in frames]

    def impute(
        self,
        images: np.ndarray,
        known: np.ndarray | None = None,
        *,
        given: dict[str, object] | None = None,
        seed: int = 0,
        steps: int | None = None,
        guidance: float = 1.0,
        device: str | None = None,
    ) -> np.ndarray:
        """Fill holes: draw the unknown pixels given the known ones, which come back bit-equal.

        Args:
            images: of the model's size; if the model has no alpha they may have one.
            known: (h, w) or (n, h, w), true where a pixel is known; None where alpha is above 0.
            given: `{"class": 7}` where the class is known too.
            seed: of the draws; another seed gives other draws.
            steps: of the sampler; None for the default.
            guidance: see `generate`.
            device: "cpu", "cuda", "mps" or None for the best there is.

        Returns:
            Images of the same shape, an alpha that was a mask left out.

        Raises:
            DataError: the images or the mask have another size, or no hole is given.
        """
        pixels, alpha = pixels_for(self.schema, images)
        n = len(pixels)
        if known is None:
            if alpha is None:
                raise DataError(
                    "impute: no holes are given; pass known=, true where a pixel is known, or "
                    "images whose alpha is 0 in the holes."
                )
            known = alpha > 0
        known = _mask(known, self.schema, n)
        sampler = self.sampler(seed=seed, steps=steps, guidance=guidance, device=device)
        label = place_of(self.schema, given)
        place = len(self.schema.classes) if label is None else label
        return shown(fill(sampler, self.schema, pixels, known, place))

    def detect(self, images: np.ndarray, *, device: str | None = None) -> ImageScores:
        """Score how odd images are; higher is odder.

        The score is a part of the bound on minus the log-likelihood, in nats a pixel and channel.
        It has the same noise for every image, and is compared with those of images held out of the
        fit.

        Args:
            images: of the model's size.
            device: "cpu", "cuda", "mps" or None for the best there is.

        Raises:
            DataError: the images have another size.
        """
        pixels, _ = pixels_for(self.schema, images)
        sampler = self.sampler(seed=SCORE_SEED, device=device)
        score = score_pixels(sampler, self.schema.extend(pixels))
        held = np.array(self.scores)
        at_least = len(held) - np.searchsorted(held, score, side="left")
        p = (1 + at_least) / (1 + len(held)) if len(held) else np.full(len(score), np.nan)
        return ImageScores(score, p)

    def sampler(
        self,
        *,
        seed: int = 0,
        steps: int | None = None,
        guidance: float = 1.0,
        device: str | None = None,
    ) -> ImageSampler:
        """The sampler of this model.

        Raises:
            OptionError: an option is out of range.
        """
        steps = steps_of(steps, sampling_of(self.net).steps)
        if not 0 <= guidance < float("inf"):
            raise OptionError(f"guidance: is {guidance}; expected 0 or more. The default is 1.")
        return ImageSampler(
            self.net, self.schema.shape, len(self.schema.classes), seed, steps, guidance, device
        )

    def class_name(self, label: int) -> str | None:
        """The name of a class by its place; None for "no class"."""
        return self.schema.classes[label] if label < len(self.schema.classes) else None

    def read(self, source: str | Path) -> ImageSet:
        """Read images as those of the fit were read; their classes do not matter."""
        bare = ImageSchema(
            self.schema.height,
            self.schema.width,
            self.schema.channels,
            resize=self.schema.resize,
            levels=self.schema.levels,
        )
        found = read_images(source, schema=bare)
        note(found.lines())
        return found

    def write_parts(self, folder: Path) -> None:
        """Write all parts but `run.json`."""
        write_folder(Fitted(self.schema, self.net, self.scores), folder)


def _mask(known: np.ndarray, schema: ImageSchema, n: int) -> np.ndarray:
    """(n, 1, h, w), true where a pixel is known.

    Raises:
        DataError: a mask of another shape.
    """
    known = np.asarray(known)
    h, w = schema.size
    if known.shape not in ((h, w), (n, h, w)):
        raise DataError(
            f"impute: known has shape {known.shape}; expected ({h}, {w}) or ({n}, {h}, {w}), "
            "as the images."
        )
    return np.broadcast_to(known.astype(bool), (n, h, w))[:, None]


def open_images(
    folder: Path, record: dict[str, Any], parts: Mapping[str, dict[str, Any]]
) -> ImageModel:
    """A model from the checked parts of a run folder.

    Raises:
        RunError: the parts do not fit together.
    """
    f = read_folder(folder, parts)
    return ImageModel(*f, record)

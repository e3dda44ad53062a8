"""A fitted model of images: immutable, and able to answer.

A record is a class and the pixels of an image. A question says which of them are known: nothing
(`generate`), the class (`generate(given=...)`), or all pixels but those of holes (`impute`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from interfuse.core import RowNoise
from interfuse.core.kernel import Gaussian
from interfuse.core.seeds import Purpose, seed_of
from interfuse.errors import ConditionError, DataError, OptionError, RunError
from interfuse.io.files import write_atomically, write_json
from interfuse.kinds.images.ask.sampler import BLOCK, STEPS, ImageSampler
from interfuse.kinds.images.data import ImageSchema, ImageSet, read_images
from interfuse.kinds.images.data.arrays import PixelArray
from interfuse.kinds.images.data.decode import needs, to_image
from interfuse.kinds.images.data.schema import CHANNELS
from interfuse.kinds.images.learn import kernel_of
from interfuse.kinds.images.net import NETWORKS
from interfuse.run import store
from interfuse.run.model import BaseModel

CLASS = "class"
NO_CLASS = "none"
SCORE_SEED = 0
"""Of the noise of scores: theirs and those of the held-out images must have the same."""


@dataclass(frozen=True)
class ImageScores:
    """How odd images are.

    Attributes:
        score: (n,), higher is odder.
        p_value: (n,) share of held-out images that are at least as odd, (1 + k) / (1 + m), so that
            a small one means odd; NaN where no images were held out.
    """

    score: np.ndarray
    p_value: np.ndarray

    def __len__(self) -> int:
        return len(self.score)


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
    net: nn.Module
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
        at = self._labels(np.arange(n), self._given(given), seed)
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
        return ImageGeneration(self, self._given(given), sampler, seed)

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
        return [self.schema.cut(_array(frame)) for frame in frames]

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
        pixels, alpha = self._pixels(images)
        n = len(pixels)
        if known is None:
            if alpha is None:
                raise DataError(
                    "impute: no holes are given; pass known=, true where a pixel is known, or "
                    "images whose alpha is 0 in the holes."
                )
            known = alpha > 0
        known = np.asarray(known)
        if known.shape not in (self.schema.size, (n, *self.schema.size)):
            h, w = self.schema.size
            raise DataError(
                f"impute: known has shape {known.shape}; expected ({h}, {w}) or ({n}, {h}, {w}), "
                "as the images."
            )
        known = np.broadcast_to(known.astype(bool), (n, *self.schema.size))[:, None]
        sampler = self.sampler(seed=seed, steps=steps, guidance=guidance, device=device)
        label = self._given(given)
        place = len(self.schema.classes) if label is None else label
        out = np.empty_like(pixels)
        for start in range(0, n, BLOCK):
            part = slice(start, min(start + BLOCK, n))
            k = part.stop - start
            c, h, w = self.schema.shape
            full = np.zeros((BLOCK, c, h, w), np.uint8)
            mask = np.zeros((BLOCK, 1, h, w), bool)
            full[:k] = self.schema.extend(pixels[part])
            mask[:k, :, : self.schema.height, : self.schema.width] = known[part]
            drawn = sampler.batch(
                start // BLOCK,
                labels=torch.full((BLOCK,), place),
                pixels=torch.from_numpy(full),
                known=torch.from_numpy(mask),
            )
            out[part] = self.schema.cut(_array(drawn)[:k])
        return shown(out)

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
        pixels, _ = self._pixels(images)
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
        steps = STEPS if steps is None else steps
        if steps < 1:
            raise OptionError(f"steps: is {steps}; expected 1 or more. The default is {STEPS}.")
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
        )
        return read_images(source, schema=bare)

    def write_parts(self, folder: Path) -> None:
        """Write all parts but `run.json`."""
        self.schema.save(folder / "schema.json")
        config = {
            "kind": self.schema.kind,
            "network": {"name": "unet", **self.net.config()},  # type: ignore[operator]
            "kernel": kernel_of(self.net).to_json(),
            "scores": list(self.scores),
        }
        write_json(folder / "config.json", config)
        # Copies: in training they are views of one long vector.
        weights = {name: p.detach().cpu().clone() for name, p in self.net.named_parameters()}
        weights = {name: p.contiguous() for name, p in weights.items()}
        write_atomically(folder / "weights.safetensors", save(weights))

    def _given(self, given: dict[str, object] | None) -> int | None:
        """The place of a class that is asked for."""
        if not given:
            return None
        classes = self.schema.classes
        for name in given:
            if name != CLASS:
                raise ConditionError(
                    f"given: {name!r} is unknown; a model of images knows {CLASS!r} alone."
                )
        asked = given[CLASS]
        if not classes:
            raise ConditionError(
                "given: the images were fitted without classes. Fit a folder of sub-folders, or "
                "give labels."
            )
        if asked is None:
            return len(classes)
        if str(asked) not in classes:
            some = ", ".join(map(repr, classes[:12])) + (", ..." if len(classes) > 12 else "")
            raise ConditionError(
                f"given: class {str(asked)!r} was never seen; expected one of {some}."
            )
        return classes.index(str(asked))

    def _labels(self, rows: np.ndarray, given: int | None, seed: int) -> np.ndarray:
        """The place of each image's class: the one asked for, or a draw."""
        if given is not None:
            return np.full(len(rows), given)
        counts = np.array(self.schema.counts, dtype=np.float64)
        if len(counts) < 2 or not counts.sum():
            return np.full(len(rows), len(self.schema.classes))
        keys = torch.from_numpy(rows) ^ (seed_of(seed, Purpose.CLASSES) & ~0xFFFFFFFF)
        uniform = RowNoise(keys).uniform((1,), stream=0)[:, 0].double().numpy()
        total = counts.cumsum() / counts.sum()
        return np.searchsorted(total, uniform, side="right").clip(max=len(counts) - 1)

    def _pixels(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """(n, c, h, w) of the model's size, and (n, h, w) alpha that is no channel of the model."""
        read = PixelArray(np.asarray(images), "images")
        if read.size != self.schema.size:
            h, w = self.schema.size
            raise DataError(
                f"images: are {read.size[1]} x {read.size[0]} pixels; the model was fitted to "
                f"{w} x {h}. Resize them, or read them with model.read(path)."
            )
        pixels, alpha = read.chunk(0, len(read)), None
        c = self.schema.channels
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


class ImageGeneration:
    """A prepared question: what is asked for, ready to be drawn in any number of images."""

    def __init__(
        self, model: ImageModel, given: int | None, sampler: ImageSampler, seed: int
    ) -> None:
        self.model = model
        self.given = given
        self.sampler = sampler
        self.seed = seed

    def batches(self, n: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Draw images 0 ... n - 1, some at a time: (k, c, h, w) uint8, and (k,) places of classes.

        Raises:
            OptionError: `n` is no number of images.
        """
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
            raise OptionError(f"n: is {n!r}; expected a whole number of images, 0 or more.")
        return self._blocks(int(n))

    def _blocks(self, n: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for index in range(-(-n // BLOCK)):
            labels = self.labels_of(index)
            k = min(BLOCK, n - index * BLOCK)
            pixels = self.sampler.batch(index, labels=torch.from_numpy(labels))
            yield self.model.schema.cut(_array(pixels)[:k]), labels[:k]

    def labels_of(self, index: int) -> np.ndarray:
        """(BLOCK,) places of the classes of one block."""
        rows = np.arange(index * BLOCK, (index + 1) * BLOCK)
        return self.model._labels(rows, self.given, self.seed)


def shown(pixels: np.ndarray) -> np.ndarray:
    """(n, c, h, w) as people have it: (n, h, w) if grey, else channels last."""
    return pixels[:, 0] if pixels.shape[1] == 1 else pixels.transpose(0, 2, 3, 1)


def _array(pixels: Tensor) -> np.ndarray:
    return pixels.cpu().numpy()


def score_pixels(sampler: ImageSampler, pixels: np.ndarray) -> np.ndarray:
    """(n,) scores of images (n, *shape)."""
    scores = sampler.score(torch.from_numpy(np.ascontiguousarray(pixels)))
    return scores.double().cpu().numpy()


def open_images(
    folder: Path, record: dict[str, Any], parts: dict[str, dict[str, Any]]
) -> ImageModel:
    """A model of images from the checked parts of a run folder.

    Raises:
        RunError: the parts do not fit together.
    """
    try:
        config = parts["config.json"]
        schema = ImageSchema.from_json(parts["schema.json"])
        network = dict(config["network"])
        net = NETWORKS[network.pop("name")](**network)
        if "kernel" in config:
            net.kernel = Gaussian.from_json(config["kernel"])
        net.load_state_dict(load_file(folder / "weights.safetensors"), strict=True)
        scores = tuple(float(s) for s in config["scores"])
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError, OptionError) as error:
        raise RunError(
            f"{folder}: its parts do not fit together ({type(error).__name__}: {error}). Fit again."
        ) from error
    return ImageModel(schema, net.eval(), scores, record)

"""New images, some at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from interfuse.errors import OptionError
from interfuse.kinds.images.answer import as_array
from interfuse.kinds.images.ask.classes import draw_classes
from interfuse.kinds.images.ask.sampler import BLOCK, ImageSampler
from interfuse.kinds.images.data import ImageSchema


class ImageGeneration:
    """A prepared question: what is asked for, ready to be drawn in any number of images."""

    def __init__(
        self, schema: ImageSchema, given: int | None, sampler: ImageSampler, seed: int
    ) -> None:
        self.schema = schema
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
            yield self.schema.cut(as_array(pixels)[:k]), labels[:k]

    def labels_of(self, index: int) -> np.ndarray:
        """(BLOCK,) places of the classes of one block."""
        rows = np.arange(index * BLOCK, (index + 1) * BLOCK)
        return draw_classes(self.schema, rows, self.given, self.seed)

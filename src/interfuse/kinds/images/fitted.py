"""What a run folder holds of a model of images."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from interfuse.kinds.images.data import ImageSchema


class Fitted(NamedTuple):
    """All of a model but the record of its fit; see `ImageModel`."""

    schema: ImageSchema
    net: nn.Module
    scores: tuple[float, ...]

"""What a run folder holds of a model of images."""

from __future__ import annotations

from typing import NamedTuple

from interfuse.kinds.images.data import ImageSchema
from interfuse.kinds.images.net import UNet


class Fitted(NamedTuple):
    """All of a model but the record of its fit; see `ImageModel`."""

    schema: ImageSchema
    net: UNet
    scores: tuple[float, ...]

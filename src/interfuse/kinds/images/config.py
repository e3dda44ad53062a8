"""The `config.json` of a model of images."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from interfuse.run.config import Count, Layers, NetworkConfig, Share, Some

Levels = Meta(min_length=1, max_length=16)


class Network(Struct, tag_field="name", tag="unet", forbid_unknown_fields=True):
    """The arguments of `net.UNet`."""

    channels: Some
    size: tuple[Some, Some]
    classes: Count
    width: Some
    multiples: Annotated[list[Some], Levels]
    blocks: Annotated[list[Layers], Levels]
    patch: Annotated[int, Meta(ge=1, le=128)]
    attention: Count
    dropout: Share


class ImagesConfig(NetworkConfig, kw_only=True):
    """All of it."""

    network: Network
    scores: list[float]
    kind: Literal["images"] = "images"

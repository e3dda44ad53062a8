"""The parts of a model of images in a run folder, all but `run.json`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interfuse.io.files import write_json
from interfuse.kinds.images.config import ImagesConfig
from interfuse.kinds.images.data import ImageSchema
from interfuse.kinds.images.fitted import Fitted
from interfuse.kinds.images.learn import image_gaussian
from interfuse.kinds.images.net import NETWORKS
from interfuse.run.config import fits, put_together, read_config
from interfuse.run.network import network_entries, read_network
from interfuse.run.weights import WEIGHTS, tensor_shapes, write_weights


def write_folder(model: Fitted, folder: Path) -> None:
    """Write all parts but `run.json`."""
    model.schema.save(folder / "schema.json")
    config = {
        "kind": model.schema.kind,
        **network_entries(model.net, "unet", image_gaussian()),
        "scores": list(model.scores),
    }
    write_json(folder / "config.json", config)
    write_weights(folder, model.net)


def read_folder(folder: Path, parts: Mapping[str, dict[str, Any]]) -> Fitted:
    """What a model is made of, from the checked parts of a run folder.

    Raises:
        RunError: the parts do not fit together.
    """
    with put_together(folder):
        config = read_config(folder, parts, ImagesConfig)
        schema = ImageSchema.from_json(parts["schema.json"])
        shape = config.network
        tensors = len(tensor_shapes(folder / WEIGHTS))
        fits(
            folder,
            (sum(shape.blocks) <= tensors, "the blocks of config.json and weights"),
            ((shape.channels, *shape.size) == schema.shape, "the sizes of images and network"),
            (shape.classes == len(schema.classes), "the classes of schema and network"),
            (len(shape.multiples) == len(shape.blocks), "the levels of the network"),
            (len(schema.counts) == len(schema.classes) + 1, "the classes and their counts"),
        )
        net = read_network(folder, config, NETWORKS)
        return Fitted(schema, net, tuple(config.scores))

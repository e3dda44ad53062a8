"""The parts of a model of images in a run folder, all but `run.json`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save

from interfuse.core.kernel import Gaussian
from interfuse.errors import OptionError, RunError
from interfuse.io.files import write_atomically, write_json
from interfuse.kinds.images.data import ImageSchema
from interfuse.kinds.images.fitted import Fitted
from interfuse.kinds.images.learn import kernel_of
from interfuse.kinds.images.net import NETWORKS


def write_folder(model: Fitted, folder: Path) -> None:
    """Write all parts but `run.json`."""
    model.schema.save(folder / "schema.json")
    config = {
        "kind": model.schema.kind,
        "network": {"name": "unet", **model.net.config()},  # type: ignore[operator]
        "kernel": kernel_of(model.net).to_json(),
        "scores": list(model.scores),
    }
    write_json(folder / "config.json", config)
    # Copies: in training they are views of one long vector.
    weights = {name: p.detach().cpu().clone() for name, p in model.net.named_parameters()}
    weights = {name: p.contiguous() for name, p in weights.items()}
    write_atomically(folder / "weights.safetensors", save(weights))


def read_folder(folder: Path, parts: Mapping[str, dict[str, Any]]) -> Fitted:
    """What a model is made of, from the checked parts of a run folder.

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
    return Fitted(schema, net.eval(), scores)

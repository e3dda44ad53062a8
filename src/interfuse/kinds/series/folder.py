"""The parts of a model of series in a run folder, all but `run.json`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save as save_arrays
from safetensors.torch import load_file, save

from interfuse.core.kernel import Gaussian
from interfuse.errors import OptionError, RunError
from interfuse.io.files import write_atomically, write_json
from interfuse.kinds.series.ask.surprise import Calibration
from interfuse.kinds.series.ask.temper import Temper
from interfuse.kinds.series.codec import SeriesCodec
from interfuse.kinds.series.data import SeriesSchema
from interfuse.kinds.series.fitted import Fitted
from interfuse.kinds.series.learn.objective import series_gaussian
from interfuse.kinds.series.net import NETWORKS


def write_folder(model: Fitted, folder: Path) -> None:
    """Write all parts but `run.json`."""
    model.schema.save(folder / "schema.json")
    config = {
        "kind": "series",
        "network": {"name": "series", **model.net.config()},
        "kernel": (model.net.kernel or series_gaussian()).to_json(),
        "origins": [list(pair) for pair in model.origins],
        "temper": model.temper.to_json(),
    }
    write_json(folder / "config.json", config)
    write_json(folder / "codec.json", model.codec.to_json())
    write_atomically(folder / "codec.safetensors", save_arrays(_arrays(model)))
    weights = {k: p.detach().cpu().clone() for k, p in model.net.named_parameters()}
    write_atomically(folder / "weights.safetensors", save(weights))


def _arrays(model: Fitted) -> dict[str, np.ndarray]:
    kept = {f"calibration/{k}": v for k, v in model.calibration.arrays().items()}
    return model.codec.arrays() | kept


def read_folder(folder: Path, parts: Mapping[str, dict[str, Any]]) -> Fitted:
    """What a model is made of, from the checked parts of a run folder.

    Raises:
        RunError: the parts do not fit together.
    """
    try:
        config = parts["config.json"]
        schema = SeriesSchema.from_json(parts["schema.json"])
        arrays = load_arrays(folder / "codec.safetensors")
        codec = SeriesCodec.from_parts(schema, parts["codec.json"], arrays)
        network = dict(config["network"])
        net = NETWORKS[network.pop("name")](**network)
        if "kernel" in config:
            net.kernel = Gaussian.from_json(config["kernel"])
        net.load_state_dict(load_file(folder / "weights.safetensors"), strict=True)
        origins = tuple((int(a), int(b)) for a, b in config["origins"])
        temper = Temper.from_json(config["temper"])
        calibration = Calibration(
            **{k: arrays[f"calibration/{k}"] for k in ("off", "usual", "score")}
        )
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError, OptionError) as error:
        raise RunError(
            f"{folder}: its parts do not fit together ({type(error).__name__}: {error}). Fit again."
        ) from error
    return Fitted(schema, codec, net.eval(), origins, temper, calibration)

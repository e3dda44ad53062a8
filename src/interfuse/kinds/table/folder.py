"""The parts of a model of a table in a run folder, all but `run.json`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save as save_arrays
from safetensors.torch import load_file, save

from interfuse.core.kernel import Gaussian
from interfuse.errors import OptionError, RunError
from interfuse.io.files import write_atomically, write_json
from interfuse.kinds.table.ask.odd.reference import Reference
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fitted import Fitted
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.objective import table_gaussian
from interfuse.kinds.table.net import NETWORKS
from interfuse.kinds.table.schema import Schema
from interfuse.run import store


def write_folder(model: Fitted, folder: Path) -> None:
    """Write all parts but `run.json`."""
    model.schema.save(folder / "schema.json")
    kept = save_arrays(model.reference.arrays()) if model.reference else None
    config = {
        "kind": model.schema.kind,
        "network": {"name": "table", **model.net.config()},
        "kernel": (model.net.kernel or table_gaussian()).to_json(),
        "layout": model.layout.to_json(),
        "reference": hashlib.sha256(kept).hexdigest() if kept else None,
    }
    if kept:
        write_atomically(folder / store.REFERENCE, kept)
    else:
        (folder / store.REFERENCE).unlink(missing_ok=True)
    write_json(folder / "config.json", config)
    write_json(folder / "codec.json", model.codec.to_json())
    write_atomically(folder / "codec.safetensors", save_arrays(model.codec.arrays()))
    weights = {name: p.detach().cpu().contiguous() for name, p in model.net.named_parameters()}
    write_atomically(folder / "weights.safetensors", save(weights))


def read_folder(folder: Path, parts: Mapping[str, dict[str, Any]]) -> Fitted:
    """What a model is made of, from the checked parts of a run folder.

    Raises:
        RunError: the parts do not fit together.
    """
    try:
        config = parts["config.json"]
        schema = Schema.from_json(parts["schema.json"])
        arrays = load_arrays(folder / "codec.safetensors")
        codec = TableCodec.from_json(schema, parts["codec.json"], arrays)
        layout = Layout.from_json(config["layout"])
        network = dict(config["network"])
        net = NETWORKS[network.pop("name")](**network)
        if "kernel" in config:
            net.kernel = Gaussian.from_json(config["kernel"])
        net.load_state_dict(load_file(folder / "weights.safetensors"), strict=True)
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError, OptionError) as error:
        raise RunError(
            f"{folder}: its parts do not fit together ({type(error).__name__}: {error}). Fit again."
        ) from error
    net.eval()
    return Fitted(schema, codec, layout, net, _reference(folder, config.get("reference")))


def _reference(folder: Path, checksum: str | None) -> Reference | None:
    """The rows kept for `detect`. Whoever must not pass them on may delete their file."""
    path = folder / store.REFERENCE
    if checksum is None or not path.exists():
        return None
    if store.sha256(path) != checksum:
        raise RunError(
            f"{path}: its content is not what the fit wrote (checksum differs): cut short or "
            "changed. Restore the file, or delete it: `detect` then goes by rows drawn from the "
            "model."
        )
    return Reference(**load_arrays(path))

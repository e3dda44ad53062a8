"""A fitted model: immutable, and able to answer."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save as save_arrays
from safetensors.torch import load_file, save

from interfuse import store
from interfuse.data import Schema, TableCodec, from_polars
from interfuse.errors import RunError
from interfuse.files import write_atomically, write_json
from interfuse.networks import NETWORKS, TableNet
from interfuse.questions.conditions import Condition, parse_conditions
from interfuse.questions.generate import Generation, generate_table
from interfuse.training.layout import Layout


@dataclass(frozen=True)
class Model:
    """One fitted diffusion model and the transforms of its columns.

    Make one with `interfuse.fit` or `interfuse.load`. Nothing here changes after fitting; every
    question takes a seed and gives the same answer for the same seed.

    Attributes:
        schema: the columns as they were fitted.
        codec: each column's transform to cells and back.
        layout: the cells.
        net: the network with its averaged weights.
        record: seed, budget, data hash, versions, training curve: what `interfuse show` prints.
    """

    schema: Schema
    codec: TableCodec
    layout: Layout
    net: TableNet
    record: dict[str, Any] = field(repr=False)

    def generate(
        self,
        n: int,
        *,
        given: dict[str, object] | None = None,
        seed: int = 0,
        steps: int | None = None,
        device: str | None = None,
    ) -> Any:
        """Draw `n` new rows.

        Args:
            n: how many.
            given: columns to hold at a value, such as `{"label": "ddos"}`. The rows are drawn from
                the conditional distribution directly; nothing is rejected, so a rare value costs
                what a common one costs.
            seed: row i depends on the seed and on i only: a longer draw starts with the same rows.
            steps: steps of the numbers' sampler; None for the default.
            device: "cpu", "cuda", "mps" or None for the best there is.

        Returns:
            A frame of the kind the model was fitted on (pandas, polars or Arrow), with its columns
            in their order and types.

        Raises:
            ConditionError: `given` names an unknown column or a value never seen.
            OptionError: `n` or `steps` is out of range.

        Examples:
            >>> import interfuse, polars as pl
            >>> flows = pl.DataFrame({"port": [80, 443, 53] * 100, "tcp": [1, 1, 0] * 100})
            >>> model = interfuse.fit(flows, examples=20_000)
            >>> model.generate(5, given={"port": 53}).shape
            (5, 2)
        """
        import polars as pl

        generation = self.generation(given=given, seed=seed, steps=steps, device=device)
        frames = list(generation.frames(n))
        frame = pl.concat(frames) if frames else generation.empty()
        return from_polars(frame, self.schema.origin)

    def generate_batches(
        self,
        n: int,
        *,
        given: dict[str, object] | None = None,
        seed: int = 0,
        steps: int | None = None,
        device: str | None = None,
    ) -> Iterator[Any]:
        """Draw `n` rows as polars frames of a few thousand rows each, in constant memory.

        The rows are those of `generate` with the same arguments.
        """
        return self.generation(given=given, seed=seed, steps=steps, device=device).frames(n)

    def generation(
        self,
        *,
        given: dict[str, object] | None = None,
        seed: int = 0,
        steps: int | None = None,
        device: str | None = None,
    ) -> Generation:
        """The prepared question behind `generate`; its `warnings` say what is unusual about it."""
        condition = parse_conditions(given or {}, self.codec) if given else Condition.none()
        return generate_table(self, condition, seed=seed, steps=steps, device=device)

    def save(self, folder: str | Path) -> Path:
        """Write the model to a new run folder.

        Raises:
            RunError: the folder holds something already.
        """
        folder = Path(folder)
        store.prepare(folder, resume=False, overwrite=False)
        with store.locked(folder):
            self.write_parts(folder)
            store.finish(folder, self.record)
        return folder

    def write_parts(self, folder: Path) -> None:
        """Write all parts but `run.json`."""
        self.schema.save(folder / "schema.json")
        config = {
            "kind": self.schema.kind,
            "network": {"name": "table", **self.net.config()},
            "layout": self.layout.to_json(),
        }
        write_json(folder / "config.json", config)
        write_json(folder / "codec.json", self.codec.to_json())
        write_atomically(folder / "codec.safetensors", save_arrays(self.codec.arrays()))
        weights = {name: p.detach().cpu().contiguous() for name, p in self.net.named_parameters()}
        write_atomically(folder / "weights.safetensors", save(weights))


def load(folder: str | Path) -> Model:
    """Open a run folder. Nothing in it is executed.

    Args:
        folder: what `interfuse fit -o` or `Model.save` wrote.

    Raises:
        RunError: the folder is missing, unfinished, damaged or of a newer version.
    """
    folder = Path(folder)
    record, parts = store.open_run(folder)
    try:
        config = parts["config.json"]
        schema = Schema.from_json(parts["schema.json"])
        arrays = load_arrays(folder / "codec.safetensors")
        codec = TableCodec.from_json(schema, parts["codec.json"], arrays)
        layout = Layout.from_json(config["layout"])
        network = dict(config["network"])
        net = NETWORKS[network.pop("name")](**network)
        net.load_state_dict(load_file(folder / "weights.safetensors"), strict=True)
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise RunError(
            f"{folder}: its parts do not fit together ({type(error).__name__}: {error}). Fit again."
        ) from error
    net.eval()
    body = {k: v for k, v in record.items() if k not in ("format", "status", "sha256")}
    return Model(schema, codec, layout, net, body)


def versions() -> dict[str, str]:
    """Versions that a result may depend on."""
    from importlib.metadata import version

    names = ("interfuse", "torch", "numpy", "polars")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def machine() -> dict[str, object]:
    """Where a fit ran."""
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "threads": torch.get_num_threads(),
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }


def to_line(value: dict[str, object]) -> str:
    """One line of `events.jsonl`."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"

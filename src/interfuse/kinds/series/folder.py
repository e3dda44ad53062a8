"""The parts of a model of series in a run folder, all but `run.json`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from safetensors.numpy import save as save_arrays

from interfuse.errors import RunError
from interfuse.io.files import write_atomically, write_json
from interfuse.io.records import checked
from interfuse.kinds.series.ask.gate import Gate
from interfuse.kinds.series.ask.surprise import KINDS, Calibration
from interfuse.kinds.series.ask.temper import Temper
from interfuse.kinds.series.base.forecast import Base
from interfuse.kinds.series.base.odd import KINDS as KINDS_ODD
from interfuse.kinds.series.base.odd import Usual, windows_of
from interfuse.kinds.series.codec import SeriesCodec
from interfuse.kinds.series.config import CodecEntry, SeriesConfig
from interfuse.kinds.series.data import SeriesSchema
from interfuse.kinds.series.discrete.channel import Discrete, arrays_of, channels_from
from interfuse.kinds.series.fitted import Fitted
from interfuse.kinds.series.learn.objective import series_gaussian
from interfuse.kinds.series.learn.windows import Looker
from interfuse.kinds.series.net import NETWORKS
from interfuse.run.config import fits, put_together, read_config
from interfuse.run.network import network_entries, read_network
from interfuse.run.record import ADVICE
from interfuse.run.weights import read_arrays, write_weights

_BASE, _ODD, _FEW = "base/", "odd/", "few/"
_CALIBRATION = ("off", "usual", "score")


def write_folder(model: Fitted, folder: Path) -> None:
    """Write all parts but `run.json`."""
    model.schema.save(folder / "schema.json")
    config = {
        "kind": "series",
        **network_entries(model.net, "series", series_gaussian()),
        "origins": [list(pair) for pair in model.origins],
        "temper": model.temper.to_json(),
    }
    if model.base is not None:
        config["gate"] = model.gate.to_json()
    write_json(folder / "config.json", config)
    write_json(folder / "codec.json", model.codec.to_json())
    write_atomically(folder / "codec.safetensors", save_arrays(_arrays(model)))
    write_weights(folder, model.net)


def _arrays(model: Fitted) -> dict[str, np.ndarray]:
    kept = {f"calibration/{k}": v for k, v in model.calibration.arrays().items()}
    own = {} if model.base is None else model.base.to_arrays()
    odd = {} if model.usual is None else model.usual.to_arrays()
    own = own | {f"{_ODD}{k}": v for k, v in odd.items()}
    based = {f"{_BASE}{k}": np.ascontiguousarray(v) for k, v in own.items()}
    few = {f"{_FEW}{k}": v for k, v in arrays_of(model.few).items()}
    return model.codec.arrays() | kept | based | few


def read_folder(folder: Path, parts: Mapping[str, dict[str, Any]]) -> Fitted:
    """What a model is made of, from the checked parts of a run folder.

    Raises:
        RunError: the parts do not fit together.
    """
    with put_together(folder):
        config = read_config(folder, parts, SeriesConfig)
        every = SeriesSchema.from_json(parts["schema.json"])
        schema = every.numbers
        arrays = read_arrays(folder / "codec.safetensors")
        stored = checked(
            parts["codec.json"], CodecEntry, str(folder / "codec.json"), RunError, ADVICE
        )
        _check_arrays(folder, schema, stored, arrays)
        codec = SeriesCodec.from_parts(schema, msgspec.to_builtins(stored), arrays)
        _check_network(folder, config, codec)
        net = read_network(folder, config, NETWORKS)
        calibration = Calibration(*(arrays[f"calibration/{k}"] for k in _CALIBRATION))
        temper = Temper.from_json(msgspec.structs.asdict(config.temper))
        shape = (len(codec.names), len(schema.channels))
        base, gate, usual = _base(folder, config, arrays, shape)
        origins = tuple(config.origins)
        few = _few(folder, every, arrays, len(codec.names))
        return Fitted(every, codec, net, origins, temper, calibration, base, gate, usual, few)


def _base(
    folder: Path, config: SeriesConfig, arrays: Mapping[str, np.ndarray], shape: tuple[int, int]
) -> tuple[Base | None, Gate, Usual | None]:
    """The closed-form base and what goes with it; older runs have none."""
    own = {k.removeprefix(_BASE): v for k, v in arrays.items() if k.startswith(_BASE)}
    if not own and config.gate is None:
        return None, Gate(), None
    fits(folder, (bool(own) and config.gate is not None, "the base and its gate"))
    base = Base.from_arrays(own)
    gate = Gate(tuple(config.gate.edge), tuple(config.gate.share), config.gate.gap)  # type: ignore[union-attr]
    fits(
        folder,
        (len(gate.share) == len(gate.edge) + 1, "the blocks of the gate"),
        (len(base.paths.loading) == shape[1], "the channels of schema and base"),
    )
    odd = {k.removeprefix(_ODD): v for k, v in own.items() if k.startswith(_ODD)}
    if not odd:
        return base, gate, None
    usual = Usual.from_arrays(odd)
    fits(
        folder,
        (usual.mean.shape == (*shape, KINDS_ODD), "the series of the base and its scores"),
        (usual.tail.shape == (len(windows_of(base.periods)), KINDS_ODD), "the windows of scores"),
        (usual.score.ndim == 1 and usual.unit > 0, "the shapes of scores"),
        (len(usual.scale) == 0 or usual.scale.shape == shape, "the units of scores"),
    )
    return base, gate, usual


def _few(
    folder: Path, schema: SeriesSchema, arrays: Mapping[str, np.ndarray], series: int
) -> tuple[Discrete, ...]:
    """Channels of few values; older runs have none."""
    few = channels_from({k.removeprefix(_FEW): v for k, v in arrays.items() if k.startswith(_FEW)})
    places = [c.place for c in few]
    levels = {j: len(c.levels) for j, c in enumerate(schema.channels)}
    fits(
        folder,
        (all(levels.get(c.place) == c.levels for c in few), "the states of schema and channels"),
        (len(set(places)) == len(places), "channels that are there once"),
        (set(schema.states) <= set(places), "the states of the schema"),
        (all(len(c.codings) in (0, series) for c in few), "the series and their counts"),
    )
    return few


def _check_arrays(
    folder: Path, schema: SeriesSchema, stored: CodecEntry, arrays: Mapping[str, np.ndarray]
) -> None:
    """Check shapes and values of `codec.safetensors`."""
    shape = (len(stored.names), len(schema.channels))
    middle, spread = arrays["middle"], arrays["spread"]
    off, usual, score = (arrays[f"calibration/{k}"] for k in _CALIBRATION)
    kinds = {a.dtype.kind for a in arrays.values()}
    fits(
        folder,
        (kinds == {"f"}, "the types of arrays"),
        (all(np.isfinite(a).all() for a in arrays.values()), "finite numbers and arrays"),
        (middle.shape == spread.shape == shape, "the scales and the series"),
        (shape[0] > 0 and bool((spread > 0).all()), "positive numbers and spreads"),
        (off.ndim == score.ndim == 1 and len(off) > 0, "the shapes of calibration"),
        (usual.ndim == 3 and usual.shape[1:] == (shape[1], KINDS), "the channels of calibration"),
        (len(usual) in (1, shape[0]), "the series of calibration"),
    )


def _check_network(folder: Path, config: SeriesConfig, codec: SeriesCodec) -> None:
    """Check that the network is one for such series."""
    net, schema = config.network, codec.schema
    looker = Looker(codec.clock, net.length)
    temper = config.temper
    fits(
        folder,
        (net.length % net.patch == 0 and net.length >= net.patch, "the patches and their window"),
        (net.channels in (1, len(schema.channels)), "the channels of schema and network"),
        (net.cell_features == looker.cell_features, "what cells have and the network takes"),
        (net.local_features == looker.local_features, "what places have and the network takes"),
        (
            net.step_features == looker.step_features(codec.covariates.width),
            "what steps have and the network takes",
        ),
        (len(net.priors) == looker.answers, "the simple answers and their weights"),
        (
            net.owners == len(codec.names) * len(schema.channels) // net.channels,
            "the series of codec and network",
        ),
        (net.statics == codec.statics.width, "the statics of codec and network"),
        (len(config.origins) == len(codec.names), "the series and their origins"),
        (
            len(temper.place) == len(temper.between) == len(temper.beyond)
            and all(a < b for a, b in pairwise(temper.place)),
            "the knots of the temper",
        ),
        *(
            (
                len(part.levels) == len(part.mean) == len(part.std) == len(columns),
                f"the {name} of schema and codec",
            )
            for name, part, columns in (
                ("statics", codec.statics, schema.statics),
                ("covariates", codec.covariates, schema.covariates),
            )
        ),
    )

"""The parts of a model of interactions in a run folder, all but `run.json`.

What is stored of the data: the names of items that at least `fewest_users` users touched and how
many did; weights between pairs of such items, or factors of items; grouped distributions
(`learn.habits`, `ask.usual`); and the denoiser's weights. No name of a user, no user's row and no
factor of a user. A weight of a pair may rest on one user of both items: `learn.choose` says how to
raise `fewest_users`, and the documentation what that leaves open.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
from msgspec import Meta, Struct
from safetensors.numpy import save as save_arrays
from scipy import sparse

from interfuse.errors import RunError
from interfuse.io.dtypes import dtype_from_json, dtype_to_json
from interfuse.io.files import write_atomically, write_json
from interfuse.io.memory import require
from interfuse.io.records import checked
from interfuse.kinds.interactions.ask.usual import Usual
from interfuse.kinds.interactions.data.attributes import Attribute, Attributes
from interfuse.kinds.interactions.experts.forms import Sparse, expert_of
from interfuse.kinds.interactions.experts.panel import Panel, Voice
from interfuse.kinds.interactions.fitted import Fitted
from interfuse.kinds.interactions.learn.cold import Cold
from interfuse.kinds.interactions.learn.habits import Habits
from interfuse.kinds.interactions.learn.ratings import Ratings
from interfuse.kinds.interactions.learn.traits import Traits
from interfuse.kinds.interactions.net import BasketNet
from interfuse.kinds.interactions.schema import InteractionsSchema
from interfuse.run.config import Count, Some, fits, put_together
from interfuse.run.record import ADVICE
from interfuse.run.weights import read_arrays, read_weights, write_weights

Weight = Annotated[float, Meta(ge=0, le=1e6)]


class VoiceEntry(Struct):
    """One expert; its arrays are in `codec.safetensors`."""

    name: str
    form: str
    tau: float | None
    weight: Weight
    setting: dict[str, float]


class NetEntry(Struct):
    """The arguments of `net.BasketNet`."""

    items: Some
    experts: Some
    rank: Count


class Config(Struct):
    """`config.json`."""

    network: NetEntry
    ordered: bool
    ratings: bool


class AttributeEntry(Struct):
    """One attribute of users or items."""

    name: str
    dtype: Any
    form: Literal["category", "number", "tags"]
    values: list[str]
    other: bool
    means: list[float]
    edges: list[float]


class Codec(Struct):
    """`codec.json`."""

    voices: list[VoiceEntry]
    items: Any
    attributes: dict[str, list[AttributeEntry]] = {}


def write_folder(model: Fitted, folder: Path) -> None:
    """Write all parts but `run.json`."""
    panel = model.panel
    model.schema.save(folder / "schema.json")
    config = {"network": model.net.config(), "ordered": panel.ordered,
              "ratings": model.ratings is not None}  # fmt: skip
    write_json(folder / "config.json", config)
    voices = [
        {"name": v.name, "form": v.expert.form, "tau": v.tau, "weight": v.weight,
         "setting": v.setting or {}}
        for v in panel.voices
    ]  # fmt: skip
    attributes = {of: [asdict(a) for a in t.attributes.columns] for of, t in model.traits.items()}
    write_json(folder / "codec.json", {"voices": voices, "items": dtype_to_json(model.names.dtype),
                                       "attributes": attributes})  # fmt: skip
    arrays: dict[str, Any] = {"popularity": panel.popularity}
    groups: dict[str, Mapping[str, Any]] = {
        "habits": model.habits.arrays(),
        "usual": model.usual.arrays(),
        **{f"voice{i}": v.expert.arrays() for i, v in enumerate(panel.voices)},
    }
    groups["names"] = _bytes(model.names)
    groups |= {f"traits-{of}": t.arrays() for of, t in model.traits.items()}
    if model.cold is not None:
        groups["cold"] = {**_bytes(model.cold.names), **Sparse(model.cold.like).arrays()}
    if model.ratings is not None:
        groups["ratings"] = model.ratings.arrays()
    for name, group in groups.items():
        arrays |= {f"{name}.{key}": np.ascontiguousarray(value) for key, value in group.items()}
    write_atomically(folder / "codec.safetensors", save_arrays(arrays))
    write_weights(folder, model.net)


def read_folder(folder: Path, parts: Mapping[str, dict[str, Any]]) -> Fitted:
    """What a model is made of, from the checked parts of a run folder.

    Raises:
        RunError: the parts do not fit together.
    """
    with put_together(folder):
        config, codec = (
            checked(parts[name], kind, str(folder / name), RunError, ADVICE)
            for name, kind in (("config.json", Config), ("codec.json", Codec))
        )
        assert isinstance(config, Config)
        assert isinstance(codec, Codec)
        schema = InteractionsSchema.from_json(parts["schema.json"])
        require(
            2 * (folder / "codec.safetensors").stat().st_size, f"{folder}: the experts",
            "Open it on a larger machine.", RunError,
        )  # fmt: skip
        arrays = read_arrays(folder / "codec.safetensors")
        dtype = dtype_from_json(codec.items)
        names = _names(_group(arrays, "names"), dtype)
        traits = {
            of: Traits.from_arrays(Attributes(tuple(map(_attribute, entries))),
                                   _group(arrays, f"traits-{of}"))
            for of, entries in codec.attributes.items()
        }  # fmt: skip
        width = len(names) + (traits["user"].attributes.size if "user" in traits else 0)
        popularity = arrays["popularity"]
        voices = tuple(
            Voice(v.name, expert_of(v.form, _group(arrays, f"voice{i}"), width), v.tau,
                  v.weight, v.setting, len(names))
            for i, v in enumerate(codec.voices)
        )  # fmt: skip
        fits(
            folder,
            (len(names) == config.network.items, "the items of config.json and codec"),
            (popularity.shape == (len(names),), "the items and how many users they have"),
            (bool(np.isfinite(popularity).all()), "the users of items and numbers"),
            (len(voices) == config.network.experts, "the experts of config.json and codec"),
            (any(v.weight > 0 for v in voices), "the experts and their weights"),
            (config.ratings == any(n.startswith("ratings.") for n in arrays), "the ratings"),
        )
        entry = config.network
        net = read_weights(folder, lambda: BasketNet(entry.items, entry.experts, entry.rank))
        ratings = (
            Ratings.from_arrays(_group(arrays, "ratings"), len(names)) if config.ratings else None
        )
        return Fitted(
            schema,
            names,
            Panel(voices, popularity.astype(np.float32), config.ordered),
            net.eval(),
            Habits.from_arrays(_group(arrays, "habits")),
            Usual.from_arrays(_group(arrays, "usual")),
            ratings,
            traits,
            _cold(_group(arrays, "cold"), dtype, len(names)),
        )


def _attribute(entry: AttributeEntry) -> Attribute:
    """An attribute from its entry.

    Raises:
        ValueError: it cannot be.
    """
    numbers = (*entry.means, *entry.edges)
    ordered = all(
        list(v) == sorted(v) and all(map(math.isfinite, v)) for v in (entry.means, entry.edges)
    )
    if not ordered or bool(numbers) != (entry.form == "number") or not (numbers or entry.values):
        raise ValueError(f"attribute {entry.name!r} is none")
    dtype_from_json(entry.dtype)
    return Attribute(entry.name, entry.dtype, entry.form, tuple(entry.values), entry.other,
                     tuple(entry.means), tuple(entry.edges))  # fmt: skip


def _cold(arrays: dict[str, np.ndarray], dtype: pl.DataType, items: int) -> Cold | None:
    """Cold items."""
    if not arrays:
        return None
    names = _names(arrays, dtype)
    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    like = sparse.csr_matrix(parts, shape=(len(names), items))
    like.check_format(full_check=True)
    if not np.isfinite(like.data).all():
        raise ValueError("a cold item has a weight that is not finite")
    return Cold(names, like)


def _bytes(names: pl.Series) -> dict[str, np.ndarray]:
    """Items as they stood in the data."""
    text = names.to_physical().cast(pl.String)
    return {
        "bytes": np.frombuffer("".join(text).encode(), np.uint8),
        "ends": np.cumsum(text.str.len_bytes().to_numpy().astype(np.int64)),
    }


def _group(arrays: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    return {key.partition(".")[2]: value for key, value in arrays.items()
            if key.partition(".")[0] == name}  # fmt: skip


def _names(arrays: dict[str, np.ndarray], dtype: pl.DataType) -> pl.Series:
    """The items, as they stood in the data."""
    content, ends = arrays["bytes"].tobytes(), arrays["ends"]
    starts = np.concatenate([[0], ends[:-1]])
    text = [content[a:b].decode() for a, b in zip(starts, ends, strict=True)]
    if dtype.is_temporal():
        return pl.Series(text).cast(pl.Int64).cast(dtype)
    return pl.Series(text, dtype=pl.String).cast(dtype)

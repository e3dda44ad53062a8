"""The `config.json` and `codec.json` of a model of series."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from interfuse.run.config import Count, Layers, NetworkConfig, Share, Some

Positive = Annotated[float, Meta(gt=0)]
Log = Annotated[float, Meta(ge=-1_000, le=1_000)]
Stamp = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class Network(Struct, tag_field="name", tag="series", forbid_unknown_fields=True):
    """The arguments of `net.temporal.SeriesNet`."""

    channels: Some
    length: Some
    patch: Some
    cell_features: Count
    local_features: Count
    step_features: Count
    priors: list[Positive]
    owners: Count
    statics: Count
    width: Some
    depth: Layers
    small: Some
    shallow: Layers
    dropout: Share


class TemperEntry(Struct):
    """See `ask.temper.Temper`."""

    place: list[Log]
    between: list[Log]
    beyond: list[Log]


class GateEntry(Struct):
    """See `ask.gate.Gate`."""

    edge: list[Some]
    share: list[Share]
    gap: tuple[Share, Share] = (0.0, 0.0)


class SeriesConfig(NetworkConfig, kw_only=True):
    """All of it. Older runs have no base, and so no gate."""

    network: Network
    origins: list[tuple[Stamp, Count]]
    temper: TemperEntry
    gate: GateEntry | None = None
    kind: Literal["series"] = "series"


class ExtrasEntry(Struct):
    """See `data.extras.Extras`."""

    levels: list[Count]
    mean: list[float]
    std: list[Positive]


class CodecEntry(Struct):
    """All of `codec.json`."""

    names: list[str]
    statics: ExtrasEntry
    covariates: ExtrasEntry

"""The `config.json` of a table's model."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from interfuse.kinds.table.apart import Apart
from interfuse.kinds.table.layout import Gate, Layout
from interfuse.run.config import Count, Layers, NetworkConfig, Share, Some

Open = Annotated[int, Meta(ge=0, le=1)]
Score = Annotated[float, Meta(ge=-40, le=40)]
"""A normal score of a share in float64 lies within these."""


class Network(Struct, tag_field="name", tag="table", forbid_unknown_fields=True):
    """The arguments of `net.network.TableNet`."""

    sizes: list[Some]
    numbers: Count
    ordered: list[Count]
    width: Some
    depth: Layers
    inner: Some
    dropout: Share
    paired: bool = False
    scores: list[list[Score]] = []
    crossing: Count = 0
    pairing: list[Count] = []


class LayoutEntry(Struct):
    """The cells; see `layout.Layout`."""

    names: list[str]
    sizes: list[Some]
    ordered: list[Count]
    category_column: list[Count]
    number_column: list[Count]
    gates: list[tuple[Count, list[Open]] | None]
    apart: list[tuple[Count, Count, list[Count], list[list[Count]]]] = []

    def layout(self) -> Layout:
        """The cells."""
        gates = (None if g is None else Gate(g[0], tuple(map(bool, g[1]))) for g in self.gates)
        return Layout(
            tuple(self.names),
            tuple(self.sizes),
            tuple(self.ordered),
            tuple(self.category_column),
            tuple(self.number_column),
            tuple(gates),
            apart=tuple(
                Apart(a, b, tuple(values), tuple(map(tuple, others)))
                for a, b, values, others in self.apart
            ),
        )


class TableConfig(NetworkConfig, kw_only=True):
    """All of it."""

    network: Network
    layout: LayoutEntry
    kind: Literal["table"] = "table"
    reference: str | None = None

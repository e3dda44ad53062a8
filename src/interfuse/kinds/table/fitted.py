"""What the questions to a table need of a fitted model."""

from __future__ import annotations

from typing import NamedTuple

from interfuse.kinds.table.ask.odd.reference import Reference
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.net.network import TableNet
from interfuse.kinds.table.schema import Schema


class Fitted(NamedTuple):
    """A fitted model without its methods: `Model.fitted`.

    The methods of a model ask questions and questions ask this, so that no question knows a model.

    Attributes:
        schema: the columns as they were fitted.
        codec: each column's transform to cells and back.
        layout: the cells.
        net: the network with its averaged weights.
        reference: rows that `detect` compares with; None if they were left out.
    """

    schema: Schema
    codec: TableCodec
    layout: Layout
    net: TableNet
    reference: Reference | None = None

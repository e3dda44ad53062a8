"""A table that is ready to be trained on, in memory or on a disk."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import torch

from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.large.shuffle import StoredRows
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.calibrate import Whole
from interfuse.kinds.table.learn.objective import Rows
from interfuse.kinds.table.learn.setup import bin_scores, layout_of
from interfuse.kinds.table.schema import Schema
from interfuse.train.hold_out import hold_out
from interfuse.train.order import BlockOrder


@dataclass(frozen=True)
class Prepared:
    """Encoded rows and what was learned of them.

    Attributes:
        codec: each column's transform.
        layout: the cells.
        scores: of the bins of ordered cells.
        rows: to train on.
        held_out: the others, in memory.
        order: in which rows are visited; None for any.
        sample: of the rows to train on, in memory: what is asked of rows as a whole after training.
        whole: what all rows say, where the sample is not all of them.
    """

    codec: TableCodec
    layout: Layout
    scores: list[list[float]]
    rows: Rows | StoredRows
    held_out: Rows
    order: BlockOrder | None = None
    sample: Rows | None = None
    whole: Whole | None = None


def in_memory(frame: pl.DataFrame, schema: Schema, seed: int) -> Prepared:
    """Learn and encode a table."""
    codec = TableCodec.fit(frame, schema)
    cells = codec.encode(frame)
    layout = layout_of(codec, cells.codes, cells.low)
    tensors = (torch.from_numpy(part) for part in (cells.codes, cells.low, cells.high))
    rows, held_out = hold_out(Rows(*tensors), seed)
    return Prepared(codec, layout, bin_scores(layout, cells.codes), rows, held_out)

"""From a table of any number of rows to encoded rows on a disk."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.large.learn import learn_codec
from interfuse.kinds.table.large.pieces import Pieces
from interfuse.kinds.table.large.shuffle import (
    BLOCK,
    Shuffler,
    bytes_needed,
    no_room,
    record_type,
)
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.calibrate import Whole
from interfuse.kinds.table.learn.setup import counts_of, layout_of, scores_of
from interfuse.kinds.table.prepared import Prepared
from interfuse.kinds.table.schema import Schema
from interfuse.train.hold_out import how_many
from interfuse.train.order import BlockOrder

SAMPLE = 1 << 18
"""Rows that pairs, correlations and the rows kept for `detect` are of; single values are of all."""


def sizes_of(codec: TableCodec) -> tuple[tuple[int, ...], int]:
    """Values of each category cell, and how many number cells there are."""
    cells = [cell for field in codec.fields.values() for cell in field.cells]
    return tuple(cell.size for cell in cells if cell.size), sum(not cell.size for cell in cells)


def require_room(place: Path, rows: int, codec: TableCodec) -> int:
    """Bytes of the disk that encoded rows take.

    Raises:
        DataError: there are fewer.
    """
    needed = bytes_needed(rows, record_type(*sizes_of(codec)))
    free = shutil.disk_usage(place).free
    if needed > free:
        raise no_room(place, needed, free)
    return needed


def out_of_core(pieces: Pieces, schema: Schema, rows: int, seed: int, folder: Path) -> Prepared:
    """Learn and encode a table piece by piece.

    Args:
        pieces: the rows, with the columns of the schema.
        schema: the columns.
        rows: how many there are.
        seed: of the order, and of which rows are held out.
        folder: an empty one for the encoded rows.

    Raises:
        DataError: a file changed, or the disk is full.
    """
    codec = learn_codec(pieces, schema)
    require_room(folder, rows, codec)
    shuffler = Shuffler(folder, *sizes_of(codec), rows, seed)
    layout: Layout | None = None
    counts: list[np.ndarray] = []
    for piece in pieces:
        cells = codec.encode(piece)
        here = layout_of(codec, cells.codes, cells.low)
        layout = here if layout is None else layout.joined(here)
        own = counts_of(here, cells.codes)
        counts = [a + b for a, b in zip(counts, own, strict=True)] if counts else own
        shuffler.add(cells, shuffler.written)
    assert layout is not None
    stored = shuffler.finish()
    held = how_many(rows)
    train = replace(stored, start=held)
    shares = [torch.from_numpy(c).double() / rows for c in counts]
    return Prepared(
        codec,
        layout,
        scores_of(layout, counts),
        train,
        stored.part(0, held),
        BlockOrder(seed, len(train), BLOCK),
        train.part(0, SAMPLE),
        Whole(rows, torch.cat(shares) if shares else torch.zeros(0, dtype=torch.float64)),
    )

"""Whether a table is fitted out of core."""

from __future__ import annotations

from typing import Any

import polars as pl

from interfuse.io.memory import free_memory
from interfuse.kinds.table.estimate import CODE_COPIES
from interfuse.kinds.table.large.pieces import Pieces

SHARE = 0.5
"""Of the free memory that a table in memory may take: beyond that it goes out of core."""
_LOOKED_AT = 10_000
_CELL = 12
"""Bytes of a number's code and interval."""
_SMALL = 64
"""Files of less than one part in so many of the free memory are not looked into."""


def too_large(data: Any, lazy: pl.DataFrame | pl.LazyFrame) -> bool:
    """Whether a table would take more than `SHARE` of the free memory.

    Tables that are in memory already, and packed files, which are unpacked there, stay.
    """
    if isinstance(lazy, pl.DataFrame):
        return False
    pieces, free = Pieces.of(data, lazy), free_memory()
    if not pieces.files or sum(size for _, size, _ in pieces.files) * _SMALL < free:
        return False
    rows = lazy.select(pl.len()).collect(engine="streaming").item()
    head = lazy.head(_LOOKED_AT).collect(engine="streaming")
    each = head.estimated_size() / max(head.height, 1) + CODE_COPIES * _CELL * head.width
    return rows * each > SHARE * free

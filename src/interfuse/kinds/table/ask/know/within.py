"""Which rows of a frame meet conditions as they are written for `--given`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from interfuse.kinds.table.ask.expressions import Except, Range, parse_expressions
from interfuse.kinds.table.ask.typed import as_column, ends_of
from interfuse.kinds.table.ask.wanted import Wanted
from interfuse.kinds.table.codec import TableCodec


def keeps(codec: TableCodec, frame: pl.DataFrame, given: Sequence[str]) -> np.ndarray:
    """(n,) whether rows meet all of some conditions.

    Args:
        codec: of the model, which knows how values are written.
        frame: rows in the model's types.
        given: conditions of values, sets and ranges; words such as a prefix of addresses are not
            known here.

    Raises:
        ConditionError: a condition cannot be read.
    """
    out = np.ones(frame.height, bool)
    for name, asked in parse_expressions(list(given), codec.schema.names).items():
        column = frame[name] if name in frame.columns else None
        if isinstance(asked, Range):
            met = Wanted(name, None, asked, *ends_of(name, asked, codec))
            out &= met.inside(_column(column, name, frame, codec))
            continue
        values = asked.values if isinstance(asked, Except) else asked
        some = list(values) if isinstance(values, list | tuple) else [values]
        wanted = pl.concat([as_column(name, one, codec) for one in some])
        own = _column(column, name, frame, codec)
        if own.dtype != wanted.dtype:
            own = own.cast(wanted.dtype, strict=False)
        gone = own.is_null().to_numpy()
        inside = own.is_in(wanted.drop_nulls().implode()).fill_null(False).to_numpy()
        inside |= gone & bool(wanted.null_count())
        out &= ~inside & ~gone if isinstance(asked, Except) else inside
    return out


def _column(
    column: pl.Series | None, name: str, frame: pl.DataFrame, codec: TableCodec
) -> pl.Series:
    if column is not None:
        return column
    return pl.Series(name, [None] * frame.height, dtype=codec.schema[name].dtype)

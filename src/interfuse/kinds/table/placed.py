"""Values that break a bound inside of their bins, drawn anew from the rest of these."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import polars as pl

from interfuse.kinds.table.fields import Field
from interfuse.kinds.table.fields.normal import ndtr, ndtri
from interfuse.kinds.table.rules.bounds import Bound


def placed(
    frame: pl.DataFrame,
    bound: Bound,
    fields: Mapping[str, Field],
    cells: Mapping[str, tuple[np.ndarray, np.ndarray]],
    fixed: Collection[str],
) -> pl.DataFrame:
    """The frame in which values that break a bound are drawn anew in the rest of their bins.

    Of a value with rank u in its bin, of which the ranks above r keep the bound, u / r is uniform
    where it is broken, so that r + (1 - r) u / r is a draw from the allowed part: rejection without
    a second draw. First the greater column moves up, then, where its bin ends too low, the
    lesser one down. Where both would have to move nothing is done: `Bounds.keep` moves one onto
    the other.

    Args:
        frame: the columns, decoded.
        bound: which.
        fields: of the columns.
        cells: by column its (n,) codes and (n,) scores.
        fixed: columns that stay as they are.
    """
    for moved, up in ((bound.high, True), (bound.low, False)):
        rows = np.flatnonzero(bound.broken_in(frame))
        if not len(rows):
            break
        if moved in fixed or moved not in cells:
            continue
        field, (codes, z) = fields[moved], cells[moved]
        edge = frame[bound.low if up else bound.high][rows]
        if bound.factor != 1 or edge.dtype != field.dtype:
            edge = edge.cast(pl.Float64)
            edge = edge * bound.factor if up else edge / bound.factor
            if field.dtype.is_integer():
                edge = edge.ceil() if up else edge.floor()
        said = field.encode(edge.cast(field.dtype, strict=False).alias(moved))
        ends = ndtr((said.low if up else said.high)[:, 0].astype(np.float64))
        here = (said.codes[:, 0] == codes[rows]) & (ends > 0) & (ends < 1)
        rank = ndtr(z[rows])
        below = np.where(up, rank, 1 - rank), np.where(up, ends, 1 - ends)
        share = np.clip(below[0] / np.where(here, below[1], 1.0), 0.0, 1.0)
        new = below[1] + (1 - below[1]) * share
        score = ndtri(np.clip(new if up else 1 - new, 2**-40, 1 - 2**-40))
        rows, score = rows[here], score[here]
        if not len(rows):
            continue
        values = field.decode(codes[rows][:, None], score[:, None], rows, 0)
        at = np.arange(len(frame))
        at[rows] = len(frame) + np.arange(len(rows))
        column = pl.concat([frame[moved], values.cast(frame.schema[moved])]).gather(at)
        frame = frame.with_columns(column.alias(moved))
    return frame

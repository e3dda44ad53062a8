"""Missing cells that rules determine: a column from its parts, and a part from the others."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.rules.formula import Formula
from interfuse.kinds.table.rules.inverse import solved
from interfuse.kinds.table.rules.leftover import Leftover
from interfuse.kinds.table.rules.sums import Sum

_ROUNDS = 3


def solve(frame: pl.DataFrame, codec: TableCodec, fill: Collection[str]) -> pl.DataFrame:
    """Fill what rules say about a single missing column.

    Args:
        frame: rows.
        codec: of the model, with its rules.
        fill: the columns that may be filled.
    """
    for _ in range(_ROUNDS):
        before = sum(frame.null_count().row(0)) if frame.width else 0
        if not before:
            break
        for left in codec.derived.values():
            frame = _by_rule(frame, left, codec, fill)
        if sum(frame.null_count().row(0)) == before:
            break
    return frame


def _by_rule(
    frame: pl.DataFrame, left: Leftover, codec: TableCodec, fill: Collection[str]
) -> pl.DataFrame:
    rule, name = left.rule, left.name
    for part, kept in left.keeps:
        if part in fill and {part, *kept.columns} <= set(frame.columns):
            frame = _filled(frame, part, kept.apply(frame))
            frame = _parts(frame, part, kept, codec, fill)
    names = (name, *rule.columns)
    if not set(names) <= set(frame.columns):
        return frame
    if left.hidden():
        return frame
    if name in fill and frame[name].null_count():
        frame = _filled(frame, name, rule.apply(frame))
    if isinstance(rule, Sum):
        # Sums of floats are not solved: (a + b) - b is not a, to the last bit.
        parts = rule.columns if all(frame.schema[n].is_integer() for n in names) else ()
        for part in parts:
            if part in fill and frame[part].null_count():
                frame = _filled(frame, part, rule.solved(name, part).apply(frame))
        return frame
    return _parts(frame, name, rule, codec, fill)


def _parts(
    frame: pl.DataFrame, name: str, rule: Sum | Formula, codec: TableCodec, fill: Collection[str]
) -> pl.DataFrame:
    """The columns of a formula, each from the others and what it gives."""
    if not isinstance(rule, Formula):
        return frame
    for part in rule.columns:
        field = codec.fields.get(part)
        if part in fill and field is not None and frame[part].null_count():
            frame = _filled(
                frame, part, solved(rule, part, frame, frame[name], field.grid, only=True)
            )
    return frame


def _filled(frame: pl.DataFrame, name: str, value: pl.Series) -> pl.DataFrame:
    value = value.cast(frame.schema[name], strict=False)
    return frame.with_columns(pl.col(name).fill_null(value))

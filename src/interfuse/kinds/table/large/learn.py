"""The transform of every column, learned in passes over pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from interfuse.kinds.table.codec import Space, TableCodec, field_specs, with_hidden
from interfuse.kinds.table.fields.coarse import ALL, FEWEST, MOST, PASSES
from interfuse.kinds.table.large.pieces import Pieces
from interfuse.kinds.table.rules.order import derived_of
from interfuse.kinds.table.schema import Schema


def learn_codec(pieces: Pieces, schema: Schema, most: int | None = None) -> TableCodec:
    """What `TableCodec.fit` learns, in memory that does not grow with the rows.

    Where no column of numbers has more than `most` different values it is the same to the bit. One
    pass over the rows; up to `fields.coarse.PASSES` more over columns of which some values are in
    many rows.

    Args:
        pieces: the rows.
        schema: the columns.
        most: ranges that the values of a column of numbers may be counted in; by default as many
            as `ALL` allow for each, `FEWEST` to `MOST`.

    Raises:
        SchemaError: a column cannot be what the schema says, or has more values than can be kept.
    """
    spaces = Space.all_of(schema)
    if most is None:
        most = min(max(ALL // max(len(spaces), 1), FEWEST), MOST)
    sketches: list[Any] = [space.sketch() for space in spaces]
    for piece in _with_hidden(pieces, schema):
        for i, space in enumerate(spaces):
            sketches[i] = _updated(space, sketches[i], piece, most)
    for _ in range(PASSES):
        closer = [space.field.closer(s) for space, s in zip(spaces, sketches, strict=True)]
        again = [i for i, sketch in enumerate(closer) if sketch is not None]
        if not again:
            break
        for piece in _with_hidden(pieces, schema):
            for i in again:
                closer[i] = _updated(spaces[i], closer[i], piece, most)
        for i in again:
            sketches[i] = spaces[i].field.joined(sketches[i], closer[i])
    fields = {}
    for space, sketch in zip(spaces, sketches, strict=True):
        fields |= space.finish(sketch)
    return TableCodec(schema, {spec.name: fields[spec.name] for spec in field_specs(schema)})


def _updated(space: Space, sketch: Any, piece: pl.DataFrame, most: int) -> Any:
    for name in space.names:
        sketch = space.field.update(sketch, piece[name])
        sketch = space.field.held(sketch, space.first, most)
    return sketch


def _with_hidden(pieces: Pieces, schema: Schema) -> Iterator[pl.DataFrame]:
    derived = derived_of(schema.columns)
    for piece in pieces:
        yield with_hidden(piece, derived)

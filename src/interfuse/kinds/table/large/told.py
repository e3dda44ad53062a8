"""What each column is, told by a sample of the rows and held against all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import replace

import polars as pl

from interfuse.io.origin import Origin
from interfuse.kinds.table.codec import with_hidden
from interfuse.kinds.table.infer import RISING, counts_rows, kinds_of, with_rules
from interfuse.kinds.table.large.pieces import Pieces
from interfuse.kinds.table.large.survey import Survey
from interfuse.kinds.table.rules.bounds import Bound
from interfuse.kinds.table.rules.cases import Case
from interfuse.kinds.table.rules.leftover import alike
from interfuse.kinds.table.rules.order import derived_of
from interfuse.kinds.table.schema import ColumnSpec, Schema


def told(
    pieces: Pieces,
    origin: Origin,
    seed: int,
    put: Callable[[Schema], Schema],
    learned: Collection[str] = (),
    until: float = math.inf,
) -> tuple[Schema, list[str]]:
    """The schema of a table of any number of rows, and what people should know of it.

    Args:
        pieces: the rows.
        origin: where they came from.
        seed: of the sample.
        put: what a person says of columns, put into the schema.
        learned: columns that are to be learned whatever is found.
        until: when the search for rules ends, by `time.monotonic`.
    """
    survey = Survey.of(pieces, seed)
    schema = put(with_counters(kinds_of(survey.sample, origin), survey))
    schema, only = with_checked_rules(pieces, survey, schema, learned, until)
    return replace(schema, rows=survey.rows), survey.remarks(only)


def with_counters(schema: Schema, survey: Survey) -> Schema:
    """The schema with whole numbers that rise in all rows as keys, and no others.

    Args:
        schema: kinds as the sample tells them.
        survey: of all rows.
    """
    return replace(schema, columns=tuple(_counter(c, survey) for c in schema.columns))


def _counter(column: ColumnSpec, survey: Survey) -> ColumnSpec:
    if not column.dtype.is_integer() or column.kind not in ("number", "key"):
        return column
    low, high = survey.sample.select(
        pl.col(column.name).min().alias("low"), pl.col(column.name).max().alias("high")
    ).row(0)
    rises = column.name in survey.rising and counts_rows(low, high, survey.rows)
    if rises and column.kind == "number":
        return replace(column, kind="key", note=RISING)
    if not rises and column.kind == "key" and column.note == RISING:
        return replace(column, kind="number", note=f"whole numbers, {low:,} to {high:,}")
    return column


def with_checked_rules(
    pieces: Pieces,
    survey: Survey,
    schema: Schema,
    learned: Collection[str],
    until: float = math.inf,
) -> tuple[Schema, list[str]]:
    """The schema with the rules of the sample that hold in all rows.

    Args:
        pieces: all rows.
        survey: with the sample.
        schema: without rules.
        learned: columns that are to be learned whatever is found.
        until: when the search for them ends, by `time.monotonic`.

    Returns:
        The schema, and what held in the sample alone.
    """
    ruled = with_rules(survey.sample, schema, learned, until)
    derived = derived_of(ruled.columns)
    bounds = [Bound.parse(text) for text in ruled.bounds]
    cases = [Case.parse(text) for text in ruled.cases]
    if survey.rows == survey.sample.height or not (derived or bounds or cases):
        return ruled, []
    left: set[str] = set(derived)
    outside: set[Bound | Case] = set()
    for piece in pieces:
        whole = with_hidden(piece, derived)
        for name in sorted(left):
            if not alike(piece[name], derived[name].join(whole)).all():
                left.discard(name)
        outside |= {law for law in (*bounds, *cases) if law.broken_in(piece).any()}
    own = {c.name: c for c in schema.columns}
    columns = tuple(
        own[c.name] if c.kind == "derived" and c.name not in left else c for c in ruled.columns
    )
    wrong = [f"{n!r} is {derived[n].rule}" for n in derived if n not in left]
    wrong += [str(one) for one in (*bounds, *cases) if one in outside]
    return replace(
        ruled,
        columns=columns,
        bounds=tuple(str(one) for one in bounds if one not in outside),
        cases=tuple(str(one) for one in cases if one not in outside),
    ), wrong

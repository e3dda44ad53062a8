"""Columns that are another column's value in a share of the rows: `paid == billed` in 15 %.

Such a column has a code of its own for each *link*, beside the codes for missing and the like:
"is `billed`". A row has it where the column is what the link's rule says, to the last bit, and its
value is not common enough to have a bin to itself. The code says all, so that the number is absent,
and the value is computed from the row's other columns when a table is put together again. So links
are drawn, given and filled as any other value of a category is.

A column's links are in its schema, most telling first:

    "options": {"equals": ["billed", "owed - refunded"]}

and each names columns that are learned as numbers or times. No column leads back to itself: links
are solved in one order, references first. What a link computes is put on the column's own grid and
within the range seen, as any other value is.

`"follows": ["balance_1"]` says that a column lies closer to another one than its bins are wide. It
gives no code; the network is told where in the column's bin the other one lies (`net.cross`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.equals import EQUALS, FOLLOWS
from interfuse.kinds.table.fields import Field
from interfuse.kinds.table.fields.physical import from_physical, on_grid, to_physical
from interfuse.kinds.table.rules import Sum
from interfuse.kinds.table.schema import Schema


@dataclass(frozen=True)
class Place:
    """Where the cells of a column are: category cells `codes`, number cells `numbers`."""

    codes: slice
    numbers: slice


class Links:
    """The links of a table.

    Args:
        schema: the columns.
        fields: the transform of each column that has one.
        places: where their cells are.

    Attributes:
        rules: by column its links; references come before those who refer to them.

    Raises:
        SchemaError: links lead in a circle.
        ValueError: a field has other links than the schema.
    """

    def __init__(
        self, schema: Schema, fields: Mapping[str, Field], places: Mapping[str, Place]
    ) -> None:
        self.fields, self.places = fields, places
        self.rules = rules_of(schema)
        options = {c.name: c.options for c in schema.columns}
        for name, field in fields.items():
            # What a rule leaves over has no column in the schema, and no link.
            texts = tuple(options.get(name, {}).get(EQUALS, ()))
            if field.links != texts:
                raise ValueError(f"column {name!r} has the links {field.links}, not {texts}")
        # A column without a finite value equals nothing.
        self.rules = {n: r for n, r in self.rules.items() if fields[n].quantiles is not None}

    def __bool__(self) -> bool:
        return bool(self.rules)

    def code(self, name: str, k: int) -> int:
        """The code of a column's link number k."""
        return self.first(name) + k

    def first(self, name: str) -> int:
        """The code of a column's first link; those of the others follow."""
        return self.fields[name].cells[0].size - len(self.rules[name])

    def value(self, name: str, rule: Sum, frame: pl.DataFrame) -> pl.Series:
        """What a link says that a column is; missing where one of its columns is."""
        field = self.fields[name]
        said = rule.apply(frame.select(rule.columns))
        if field.dtype.is_integer() and said.dtype.is_float():
            said = said.round()
        said = said.cast(field.dtype, strict=False)
        values, state = to_physical(said.alias(name))
        assert field.quantiles is not None
        knots = field.quantiles.knots.value
        held = np.clip(values.astype(knots.dtype), knots.min(), knots.max())
        return from_physical(name, on_grid(held, field.grid), state >= 0, field.dtype)

    def mark(self, frame: pl.DataFrame, codes: np.ndarray, *numbers: np.ndarray) -> None:
        """Give rows that satisfy a link its code, in place.

        Args:
            frame: (n rows); a link with a column that is not there is one that no row satisfies.
            codes: (n, q) codes of the rows as their fields give them.
            numbers: what the rows have in number cells, (n, p), which becomes NaN.
        """
        for name, rules in self.rules.items():
            if name not in frame.columns:
                continue
            field, place = self.fields[name], self.places[name]
            cell = place.codes.start
            assert field.quantiles is not None
            single = np.append(field.quantiles.single, True)
            code = codes[:, cell]
            free = ~single[np.where((code >= 0) & (code < field.bins), code, field.bins)]
            for k, rule in enumerate(rules):
                if not free.any() or any(n not in frame.columns for n in rule.columns):
                    continue
                same = self.value(name, rule, frame) == frame[name]
                here = free & same.fill_null(False).to_numpy()
                codes[here, cell] = self.code(name, k)
                for part in numbers:
                    part[here, place.numbers] = np.nan
                free &= ~here

    def fill(self, frame: pl.DataFrame, codes: np.ndarray) -> pl.DataFrame:
        """The frame with the values of all links in it.

        Args:
            frame: (n rows) decoded column by column; with a column its references are there.
            codes: (n, q) their codes.
        """
        for name in self.rules:
            if name in frame.columns:
                frame = frame.with_columns(
                    self.filled(name, frame, codes[:, self.places[name].codes.start])
                )
        return frame

    def filled(self, name: str, frame: pl.DataFrame, codes: np.ndarray) -> pl.Series:
        """A column with the values of its links in it.

        Args:
            name: the column.
            frame: (n rows) in which its references are as they shall be.
            codes: (n,) codes of its category cell.
        """
        column = frame[name]
        for k, rule in enumerate(self.rules[name]):
            here = codes == self.code(name, k)
            if here.any():
                said = self.value(name, rule, frame)
                # A reference without a value leaves what the field itself made of the code.
                use = pl.Series(here) & said.is_not_null()
                column = said.zip_with(use, column.cast(said.dtype, strict=False)).alias(name)
        return column


def rules_of(schema: Schema) -> dict[str, tuple[Sum, ...]]:
    """The links of each column that has some, references before those who refer to them.

    Raises:
        SchemaError: links lead in a circle.
    """
    links = {
        c.name: tuple(Sum.parse(text) for text in c.options[EQUALS])
        for c in schema.columns
        if c.options.get(EQUALS)
    }
    out: dict[str, tuple[Sum, ...]] = {}
    while len(out) < len(links):
        left = [n for n in links if n not in out]
        ready = [n for n in left if not any(m in left for rule in links[n] for m in rule.columns)]
        if not ready:
            raise SchemaError(
                f"schema: the columns {', '.join(map(repr, left))} equal one another in a circle. "
                "Take one of them out of the 'equals' of another."
            )
        out |= {n: links[n] for n in ready}
    return out


def without_broken(schema: Schema) -> Schema:
    """The schema without links to columns that are no longer learned as numbers or times.

    They are found without being told, so that whoever drops a column need not know of them.
    """
    learned = {c.name for c in schema.columns if c.role in ("number", "time")}
    columns = []
    for c in schema.columns:
        options = dict(c.options)
        for key in (EQUALS, FOLLOWS):
            kept = [t for t in options.get(key, ()) if set(Sum.parse(t).columns) <= learned]
            options.pop(key, None)
            options |= {key: kept} if kept else {}
        columns.append(replace(c, options=options) if options != c.options else c)
    return replace(schema, columns=tuple(columns))

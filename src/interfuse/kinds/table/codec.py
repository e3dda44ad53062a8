"""A table to cells and back: one field a column, their cells side by side.

Category cells of all columns come first, then number cells, both in the order of the columns.
Columns of kind `derived` are computed from the others, exactly, when a table is put together again.
They have no cells but those of what their rule leaves over (`rules.leftover`): hidden columns that
stand in the place of the derived one and are never shown. Values that are another column's
(`links`) have a code but no number, and are computed as well. Columns of kind `drop` do not come
back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.fields import Encoded, Field, field_class
from interfuse.kinds.table.fields.cells import TEXTS
from interfuse.kinds.table.fields.registry import NOT_FIELDS
from interfuse.kinds.table.fields.spec import PlainSpec
from interfuse.kinds.table.laws import Laws
from interfuse.kinds.table.links import Links, Place
from interfuse.kinds.table.placed import placed
from interfuse.kinds.table.rules import Rule
from interfuse.kinds.table.rules.bounds import Bound, Bounds
from interfuse.kinds.table.rules.cases import Case, cases_of
from interfuse.kinds.table.rules.leftover import Leftover
from interfuse.kinds.table.rules.order import derived_of
from interfuse.kinds.table.schema import ColumnSpec, Schema

_CHUNK = 1 << 18


class TableCodec:
    """The transforms of all columns of a table.

    Args:
        schema: the columns.
        fields: the transform of each column that has one.
    """

    def __init__(self, schema: Schema, fields: dict[str, Field]) -> None:
        self.schema = schema
        self.fields = fields
        self.derived = derived_of(schema.columns)
        self.rules: dict[str, Rule] = {name: d.rule for name, d in self.derived.items()}
        self.hidden = {n: d.name for d in self.derived.values() for n in d.hidden()}
        types = {c.name: c.dtype for c in schema.columns}
        self.bounds = Bounds.of(schema.bounds, self.derived, types)
        self.cases = cases_of(schema.cases, types)
        self.places: dict[str, Place] = {}
        q = p = 0
        for name, field in fields.items():
            categories = sum(cell.size > 0 for cell in field.cells)
            numbers = len(field.cells) - categories
            self.places[name] = Place(slice(q, q + categories), slice(p, p + numbers))
            q, p = q + categories, p + numbers
        self.categories, self.numbers = q, p
        self.links = Links(schema, fields, self.places)
        self.laws = Laws.of(self.bounds, self.cases, fields, self.places, self.links)

    @classmethod
    def fit(cls, frame: pl.DataFrame, schema: Schema) -> TableCodec:
        """Learn the transform of every column; columns of one space together.

        Args:
            frame: the table, with at least the columns of the schema.
            schema: the columns.

        Raises:
            SchemaError: a column cannot be what the schema says.
        """
        frame = with_hidden(frame, derived_of(schema.columns))
        fields: dict[str, Field] = {}
        for space in Space.all_of(schema):
            sketch = space.sketch()
            for name in space.names:
                sketch = space.field.update(sketch, frame[name])
            fields |= space.finish(sketch)
        return cls(schema, {spec.name: fields[spec.name] for spec in field_specs(schema)})

    def encode(self, frame: pl.DataFrame) -> Encoded:
        """Cells of a table; columns may be in any order.

        Args:
            frame: (n rows) with the columns of the schema.
        """
        n, frame = len(frame), with_hidden(frame, self.derived)
        codes = np.empty((n, self.categories), np.int32)
        low = np.empty((n, self.numbers), np.float32)
        high = np.empty((n, self.numbers), np.float32)
        for name, field in self.fields.items():
            place = self.places[name]
            # In chunks: the work arrays of a long column would outweigh its cells.
            for start in range(0, n, _CHUNK):
                rows = slice(start, min(start + _CHUNK, n))
                cells = field.encode(frame[name][rows])
                codes[rows, place.codes] = cells.codes
                low[rows, place.numbers] = cells.low
                high[rows, place.numbers] = cells.high
        self.links.mark(frame, codes, low, high)
        return Encoded(codes, low, high)

    def decode(
        self,
        codes: np.ndarray,
        z: np.ndarray,
        rows: np.ndarray,
        seed: int = 0,
        keys: bool = True,
        put: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
        fixed: Collection[str] = (),
    ) -> pl.DataFrame:
        """The table of these cells, with columns in the schema's order.

        Args:
            codes: see `columns_of`; so are those up to `keys`.
            z: scores.
            rows: their numbers.
            seed: chooses the keys.
            keys: whether to make keys.
            put: what is known of some columns, put in before links and rules are applied.
            fixed: columns that rules leave as they are.
        """
        frame = self.columns_of(codes, z, rows, seed, keys)
        frame = self.links.fill(frame if put is None else put(frame), codes)
        for bound in self.bounds.early:
            frame = placed(frame, bound, self.fields, self._scored(bound.columns, codes, z), fixed)
        return self.complete(frame, fixed)

    def beyond(self, frame: pl.DataFrame, fixed: Collection[str] = ()) -> np.ndarray:
        """(n,) the rows of which a computed column, unless fixed, is beyond its range."""
        out = np.zeros(len(frame), bool)
        for name, left in self.derived.items():
            if left.range is not None and name not in fixed and name in frame.columns:
                inside = frame[name].is_between(*left.range).fill_null(True)
                out |= ~inside.to_numpy()
        return out

    def laws_broken(self, frame: pl.DataFrame) -> dict[Bound | Case, int]:
        """How many rows break each bound and each case whose columns are all there and known."""
        out: dict[Bound | Case, int] = {}
        for law in (*self.bounds.early, *self.bounds.late, *self.cases):
            if frame.height and set(law.columns) <= set(frame.columns):
                count = int(law.broken_in(frame).sum())
                out |= {law: count} if count else {}
        return out

    def _scored(
        self, names: Collection[str], codes: np.ndarray, z: np.ndarray
    ) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """The codes and scores of those columns that are one cell of each sort."""
        out = {}
        for name in names:
            place = self.places.get(name)
            if place and all(s.stop - s.start == 1 for s in (place.codes, place.numbers)):
                out[name] = codes[:, place.codes.start], z[:, place.numbers.start]
        return out

    def columns_of(
        self,
        codes: np.ndarray,
        z: np.ndarray,
        rows: np.ndarray,
        seed: int = 0,
        keys: bool = True,
    ) -> pl.DataFrame:
        """The columns that have cells, the hidden ones too, before any rule is applied.

        Args:
            codes: (n, q) category codes.
            z: (n, p) float64 scores; NaN where a number is absent.
            rows: (n,) row numbers, which make the keys.
            seed: chooses the keys.
            keys: whether to make keys; missing if not.
            put: writes what is given into the frame before other columns are computed from it.
        """
        columns = []
        for name, field in self.fields.items():
            if field.invented and not keys:
                columns.append(pl.Series(name, [None] * len(rows), dtype=field.dtype))
                continue
            place = self.places[name]
            columns.append(field.decode(codes[:, place.codes], z[:, place.numbers], rows, seed))
        return pl.DataFrame(columns)

    def remarks(self, rows: int) -> tuple[str, ...]:
        """What people should know of so many new rows."""
        said = {name: field.remark(rows) for name, field in self.fields.items()}
        return tuple(f"column {name!r} {words}." for name, words in said.items() if words)

    def complete(self, frame: pl.DataFrame, fixed: Collection[str] = ()) -> pl.DataFrame:
        """The frame with bounds kept and derived columns computed anew, in the schema's order.

        Args:
            frame: with the columns that have cells; the hidden ones may be absent.
            fixed: columns that are to stay as they are.
        """
        frame = self.bounds.keep(frame, fixed)
        for name, derived in self.derived.items():
            frame = derived.restate(frame.with_columns(derived.join(frame).alias(name)), fixed)
        frame = self.bounds.keep(frame, fixed, late=True)
        return frame.select(c.name for c in self.schema.columns if c.kind != "drop")

    def alike(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows as distances between them compare their columns; see `Field.alike`."""
        columns = (self.fields[n].alike(frame[n]) for n in frame.columns if n in self.fields)
        return frame.with_columns(*columns)

    def to_json(self) -> dict[str, Any]:
        """Small state, by column."""
        return {
            name: {"field": _stored(type(field)), **field.to_json()}
            for name, field in self.fields.items()
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Large state; "3/knots" is the array `knots` of the fourth column."""
        return {
            f"{i}/{key}": np.ascontiguousarray(array)
            for i, field in enumerate(self.fields.values())
            for key, array in field.arrays().items()
        }

    @classmethod
    def from_json(
        cls, schema: Schema, d: dict[str, Any], arrays: dict[str, np.ndarray]
    ) -> TableCodec:
        """The inverse of `to_json` and `arrays`."""
        own: dict[int, dict[str, np.ndarray]] = {}
        for key, array in arrays.items():
            i, name = key.split("/", 1)
            own.setdefault(int(i), {})[name] = array
        fields, specs = {}, {c.name: c for c in field_specs(schema)}
        for i, (name, state) in enumerate(d.items()):
            spec: ColumnSpec = specs[name]
            field = field_class(spec.kind)
            if state["field"] != _stored(field):
                raise ValueError(f"column {name!r} of kind {spec.kind!r} is a {state['field']!r}")
            fields[name] = field.from_json(name, spec.dtype, state, own.get(i, {}))
        return cls(schema, fields)


def field_specs(schema: Schema) -> list[ColumnSpec]:
    """The columns that have cells: those of the schema, hidden ones in place of derived ones."""
    out = []
    for column in schema.columns:
        if column.kind == "derived":
            left = Leftover.of(column.name, column.dtype, column.options).hidden()
            out += [ColumnSpec(name, kind, dtype) for name, (kind, dtype) in left.items()]
        elif column.kind not in NOT_FIELDS:
            out.append(column)
    return out


def with_hidden(frame: pl.DataFrame, derived: Mapping[str, Leftover]) -> pl.DataFrame:
    """The frame with the hidden columns of rows of which all is known."""
    for left in derived.values():
        if left.hidden():
            frame = frame.with_columns(left.split(frame))
    return frame


def _stored(field: type[Field]) -> str:
    """The name that a field's state goes by."""
    return field.stored or field.kind


@dataclass(frozen=True)
class Space:
    """Columns that are learned together, with the options of each.

    Attributes:
        field: what they are learned as.
        first: the column that the sketch is of.
        plain: of each column what its field is finished with.
    """

    field: type[Field]
    first: ColumnSpec
    plain: tuple[PlainSpec, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(spec.name for spec in self.plain)

    @classmethod
    def all_of(cls, schema: Schema) -> list[Space]:
        """The spaces of a schema.

        Raises:
            SchemaError: columns of one space that are of different kinds or types.
        """
        specs = field_specs(schema)
        classes = {c.name: field_class(c.kind) for c in specs}
        alike = Counter(_stored(field) for field in classes.values())
        out = []
        for members in _spaces(specs).values():
            field = classes[members[0].name]
            more = field.defaults(alike[_stored(field)])
            plain = [PlainSpec(s.name, s.kind, s.dtype, {**more, **s.options}) for s in members]
            out.append(cls(field, members[0], tuple(plain)))
        return out

    def sketch(self) -> Any:
        """Nothing seen yet."""
        return self.field.sketch(self.first)

    def finish(self, sketch: Any) -> dict[str, Field]:
        """The field of each column."""
        return {spec.name: self.field.finish(sketch, spec) for spec in self.plain}


def _spaces(specs: list[ColumnSpec]) -> dict[tuple[str, str], list[ColumnSpec]]:
    """The columns that are learned together: those of one space, and each other on its own.

    Kinds that are `together` are one space by themselves, where their options are the same.

    Raises:
        SchemaError: columns of one space that are of different kinds or types.
    """
    out: dict[tuple[str, str], list[ColumnSpec]] = {}
    for spec in specs:
        space = spec.options.get("space")
        key = ("space", space) if space else ("column", spec.name)
        if not space and field_class(spec.kind).together:
            sort = "text" if spec.dtype in TEXTS else str(spec.dtype)
            key = ("kind", f"{spec.kind} {sort} {sorted(spec.options.items())}")
        members = out.setdefault(key, [])
        if members:
            first = members[0]
            same = first.dtype == spec.dtype or (first.dtype in TEXTS and spec.dtype in TEXTS)
            if first.kind != spec.kind or not same:
                raise SchemaError(
                    f"schema: columns {first.name!r} and {spec.name!r} share the space {space!r}, "
                    f"but are {first.kind!r} of {first.dtype} and {spec.kind!r} of {spec.dtype}. "
                    "Give both one kind and type, or one of them another space."
                )
        members.append(spec)
    return out

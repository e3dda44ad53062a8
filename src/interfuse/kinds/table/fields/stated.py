"""Columns that are not learned but follow a stated rule: constants, empty columns, keys, text."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Self

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.fields.base import Field
from interfuse.kinds.table.fields.cells import (
    TEXTS,
    Arrays,
    Cell,
    Encoded,
    array_to_series,
    series_to_array,
)
from interfuse.kinds.table.fields.keyform import KeyForm
from interfuse.kinds.table.fields.learned import Columns
from interfuse.kinds.table.fields.physical import bounds
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Spec
from interfuse.visible import cut

ROOM = 1_000_000
"""A form is roomy if it spans this many times the keys seen: a new key then repeats an old one with
a chance below one in a million. Of a narrower form the keys seen are kept out; without
room for that it gets numbers, or digits, that no key has."""
ROOM_OF_ADDRESSES = 1_000
"""The same of IPv4 addresses, which have no room to grow."""
_SAMPLE = 10_000


class _Cellless(Field):
    """A column without cells."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """None."""
        return ()

    def encode(self, column: pl.Series) -> Encoded:
        """Nothing."""
        return Encoded.empty(len(column))


@register_field
class ConstantField(_Cellless):
    """One value, everywhere."""

    kind = "constant"
    words = "one value"
    role = "constant"
    merges = True

    def __init__(self, name: str, dtype: pl.DataType, value: pl.Series) -> None:
        super().__init__(name, dtype)
        self.value = value

    @classmethod
    def sketch(cls, spec: Spec) -> pl.Series | None:
        """No value; afterwards the distinct values."""
        return None

    @classmethod
    def update(cls, sketch: pl.Series | None, column: pl.Series) -> pl.Series:
        """Keep the distinct values of a column."""
        values = column.cast(pl.String) if _dictionary(column) else column
        one = values.n_unique() <= 1
        return cls.merge(sketch, values.head(1) if one else values.unique())

    @classmethod
    def merge(cls, a: pl.Series | None, b: pl.Series | None) -> pl.Series:
        """The distinct values of both."""
        some = [x for x in (a, b) if x is not None]
        if len(some) == 1:
            return some[0]
        both = pl.concat(some)
        return both.head(1) if both.n_unique() <= 1 else both.unique()

    @classmethod
    def finish(cls, sketch: pl.Series | None, spec: Spec) -> ConstantField:
        """Take the value.

        Raises:
            SchemaError: there are several.
        """
        value = pl.Series(spec.name, [], dtype=spec.dtype) if sketch is None else sketch
        if len(value) > 1:
            raise SchemaError(
                f"column {spec.name!r} is of kind 'constant' but has {len(value)} distinct values "
                "(missing counts as one). Use kind 'category' or 'number'."
            )
        return cls(spec.name, spec.dtype, value)

    def refusal(self, column: pl.Series, asked: object) -> str | None:
        """Any other value."""
        always = self.decode(np.zeros((1, 0)), np.zeros((1, 0)), np.zeros(1, int), 0)
        if column.eq_missing(always).all():
            return None
        return f"{cut(repr(asked))} was never seen; it is always {always[0]!r}."

    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """The value, once a row."""
        return self.value.gather(np.zeros(len(rows), int)).cast(self.dtype).alias(self.name)

    def to_json(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def arrays(self) -> Arrays:
        """The value."""
        return {"value": series_to_array(self.value)}

    @classmethod
    def from_json(
        cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays
    ) -> ConstantField:
        """The inverse of `arrays`."""
        return cls(name, dtype, array_to_series(arrays["value"]))


@register_field
class MissingField(_Cellless):
    """A column without values: comes back missing."""

    kind = "empty"
    words = "always missing"
    role = "ignored"
    stored = "empty"
    merges = True
    filled = False
    unaskable = "empty in the data"

    @classmethod
    def sketch(cls, spec: Spec) -> None:
        """Nothing, and no more after any column."""

    @classmethod
    def update(cls, sketch: None, column: pl.Series) -> None:
        """Nothing to learn."""

    @classmethod
    def merge(cls, a: None, b: None) -> None:
        """Nothing."""

    @classmethod
    def finish(cls, sketch: None, spec: Spec) -> Self:
        """A field of this name and type."""
        return cls(spec.name, spec.dtype)

    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """Missing values of the column's type."""
        return pl.repeat(None, len(rows), dtype=self.dtype, eager=True).alias(self.name)

    def to_json(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    @classmethod
    def from_json(cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays) -> Self:
        """A field of this name and type."""
        return cls(name, dtype)


@register_field
class TextField(MissingField):
    """Free text, which comes back missing too."""

    kind = "text"
    words = "free text: not learned, comes back missing"
    reads = False
    unaskable = "free text, which is not learned"

    def remark(self, rows: int) -> str:
        """New rows have none."""
        return "is free text, which is not learned: new rows have none"


@register_field
class KeyField(_Cellless):
    """A new name for every row, in the form of the keys seen; no two rows share one.

    Integers go on behind the largest key seen. Text keeps the form that the keys have in common
    (`fields.keyform`). Row i is given the number (a i + b) mod m, m being how many
    new texts the form has and a coprime to m, which is another number for each i < m. Rows behind
    the m-th have longer keys.
    """

    kind = "key"
    words = "a name of its own for every row; new names are made, none is copied"
    role = "ignored"
    invented = True
    reads = False
    unaskable = "a key, made anew for every row"

    def __init__(self, name: str, dtype: pl.DataType, first: int, form: KeyForm | None) -> None:
        super().__init__(name, dtype)
        self.first = first
        self.form = form
        self.grown = False

    @classmethod
    def held(cls, sketch: Columns, spec: Spec, most: int) -> Columns:
        """The largest number; of text the first `_SAMPLE` keys, which tell the form."""
        column = pl.concat(sketch)
        if column.dtype.is_integer():
            return (pl.Series(column.name, [column.max()], dtype=column.dtype),)
        return (column.drop_nulls().head(_SAMPLE),)

    @classmethod
    def finish(cls, sketch: Columns, spec: Spec) -> KeyField:
        """Learn the form of the keys; of text, from the first `_SAMPLE` in the pieces' order.

        Raises:
            SchemaError: they are neither text nor whole numbers.
        """
        column = pl.concat(sketch) if sketch else pl.Series(spec.name, [], dtype=spec.dtype)
        keys = column.drop_nulls()
        if column.dtype.is_integer():
            return cls(spec.name, spec.dtype, int(keys.max() or 0) + 1, None)  # type: ignore[arg-type]
        if not (column.dtype == pl.String or _dictionary(column)):
            raise SchemaError(
                f"column {spec.name!r} is of kind 'key' but holds {column.dtype}; keys are text or "
                "whole numbers. Use another kind."
            )
        texts = keys.cast(pl.String).to_list() or [""]
        form = KeyForm.of(texts[:_SAMPLE])
        room = ROOM_OF_ADDRESSES if form.is_address else ROOM
        roomy = form.span >= room * len(texts)
        field = cls(
            spec.name, spec.dtype, 0, form if roomy else form.roomier(ROOM * len(texts), texts)
        )
        field.grown = len(field.form.elements) > len(form.elements)  # type: ignore[union-attr]
        return field

    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """A key for each row number; the seed chooses which."""
        if self.form is None:
            return self._numbered(rows)
        form, before, out = self.form, 0, []
        step = _coprime(seed, form.room)
        for i in rows.tolist():
            if not before <= i < before + form.room:
                form, before = self._form_of(i)
                step = _coprime(seed, form.room)
            out.append(form.text((step * (i - before) + seed) % form.room))
        return self.series(out)

    def _form_of(self, row: int) -> tuple[KeyForm, int]:
        """The form of the key of a row, and how many rows have keys of shorter forms."""
        assert self.form is not None
        form, before = self.form, 0
        while form.more and row >= before + form.room:
            form, before = form.longer(), before + form.room
        return form, before if form.more else row - row % form.room

    @property
    def room(self) -> int | None:
        """How many whole numbers of the type lie behind the largest key; text has no end."""
        if self.form is not None or not self.dtype.is_integer():
            return None
        return max(int(bounds(self.dtype)[1]) - self.first + 1, 0)

    def remark(self, rows: int) -> str | None:
        """New keys that are longer than those seen, or cannot be made."""
        if self.room is not None and self.room < rows:
            return (
                f"is a key of type {self.dtype}, which has room for {self.room:,} new keys behind "
                "the largest: no more rows than that can be drawn. Cast it to Int64, or make it "
                "'number' or 'drop' in the schema"
            )
        if self.form is not None and (self.grown or (self.form.more and self.form.room < rows)):
            last = self.decode(np.empty((1, 0)), np.empty((1, 0)), np.array([rows - 1]), 0)[0]
            return (
                f"is a key, and its form has no room for {rows:,} new ones: some are longer, such "
                f"as {cut(repr(last))}"
            )
        return None

    def _numbered(self, rows: np.ndarray) -> pl.Series:
        last = self.first + int(rows.max(initial=-1))
        largest = int(bounds(self.dtype)[1])
        if len(rows) and last > largest:
            wide = self.dtype in (pl.Int64, pl.UInt64)
            advice = "Use kind 'number'" if wide else "Cast the column to Int64"
            raise SchemaError(
                f"column {self.name!r} of kind 'key' is {self.dtype}, which ends at {largest:,}; "
                f"the next new key is {last:,}. {advice} and fit again."
            )
        return pl.Series(self.name, [self.first + int(i) for i in rows], dtype=self.dtype)

    def to_json(self) -> dict[str, Any]:
        """The form, or the first new number."""
        form = self.form or KeyForm(())
        said = {"first": str(self.first), "pattern": list(form.elements)}
        return said | ({"open": list(form.open), "more": form.more} if form.more else {})

    @classmethod
    def from_json(
        cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays
    ) -> KeyField:
        """The inverse of `to_json`."""
        elements = [e if isinstance(e, str) else (int(e[0]), int(e[1])) for e in d["pattern"]]
        runs = tuple((int(a), int(b)) for a, b in d.get("open", ()))
        form = KeyForm(tuple(elements), runs, int(d.get("more", 0)))
        bounds = pairwise([(0, -1), *runs, (form.span, form.span)])
        if any(b >= c for (_, b), (c, _) in bounds) or any(a > b for a, b in runs):
            raise ValueError("the open keys are in no order")
        if form.more < bool(runs):
            raise ValueError(f"keys are {form.more} digits longer")
        if elements and form.room < 1:
            raise ValueError("no key has the form of the keys")
        return cls(name, dtype, int(d["first"]), form if elements else None)


def _coprime(seed: int, many: int) -> int:
    """A number that is coprime to this many, from the seed on."""
    step = seed | 1
    while math.gcd(step, many) > 1:
        step += 2
    return step


def _dictionary(column: pl.Series) -> bool:
    return column.dtype in TEXTS[1:]

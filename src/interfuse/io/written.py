"""Frames in the form of the file that they are about: `interfuse.io.forms` on the way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from interfuse.io.forms import BooleanForm, Form, form_from_json
from interfuse.io.numbers import NumberForm
from interfuse.io.origin import Origin
from interfuse.io.times import TimeForm


class Writing:
    """How the columns of a file are written.

    Args:
        columns: of the `Origin` of a file.
        like: further columns that are written as another is, by name.

    Attributes:
        beside: by the number of a row of what is written, the cells that hold text in place of a
            value of their column, for formats that have room for it (`Format.mixed`).
    """

    def __init__(self, columns: Mapping[str, Any], like: Mapping[str, str] | None = None) -> None:
        named = {n: form_from_json(n, said) for n, said in columns.items() if n}
        self.forms: dict[str, Form] = {n: f for n, f in named.items() if f is not None}
        self.forms |= {n: self.forms[o] for n, o in (like or {}).items() if o in self.forms}
        special = columns.get("")
        special = special if isinstance(special, dict) else {}
        said, numbers = special.get("delimiter"), special.get("numbers")
        self.numbers = frozenset(map(str, numbers if isinstance(numbers, list) else ()))
        self.delimiter: str | None = said if said in (";", "|") else None
        self.file: dict[str, Any] = dict(special) if isinstance(special, dict) else {}
        self.beside: dict[int, dict[str, str]] = {}

    def asked(self, **options: Any) -> Writing:
        """This, and what is asked of the file as a whole; what is None is left as it is."""
        self.file |= {name: value for name, value in options.items() if value is not None}
        return self

    @property
    def like(self) -> str | None:
        """The name of the format that the file has, where it is one of its own."""
        name = self.file.get("format")
        return name if isinstance(name, str) else None

    @classmethod
    def of(cls, origin: Origin | None, like: Mapping[str, str] | None = None) -> Writing:
        """That of a file; nothing particular for any other frame."""
        return cls(origin.columns if origin is not None and origin.library == "file" else {}, like)

    def frame(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with the columns that have a form as text in it."""
        return frame.with_columns(self.column(frame[n]) for n in frame.columns if n in self.forms)

    def column(self, column: pl.Series) -> pl.Series:
        """A column as text in its form; as it is if it has none or is of another sort."""
        form, dtype = self.forms.get(column.name), column.dtype
        if form is None or not _same_sort(form, dtype):
            return column
        if isinstance(form, NumberForm) and form.whole and dtype.is_float():
            form = replace(form, whole=False, decimals=-1)  # a mean of whole numbers
        try:
            return form.text(column)
        except pl.exceptions.PolarsError:
            return column

    def times(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with its times alone in their forms, for a file that has numbers and texts."""
        out = []
        for name in frame.columns:
            form = self.forms.get(name)
            if isinstance(form, TimeForm) and frame.schema[name].is_temporal():
                text = self.column(frame[name])
                if (form.epoch or name in self.numbers) and text.dtype == pl.String:
                    text = text.cast(pl.Float64 if form.epoch and form.digits else pl.Int64)
                out.append(text)
        return frame.with_columns(out)

    def words(self, name: str, dtype: pl.DataType, texts: pl.Series) -> pl.Series:
        """Texts that say values of a column, as "a to b" or "a (50 %)", with these in its form."""
        if name not in self.forms:
            return texts
        parts = texts.str.extract_groups(r"^(.+?)(?: to (.+?))?( \(\d+ %\))?$").struct.unnest()
        first, last = (self._one(parts[n].alias(name), dtype) for n in ("1", "2"))
        made = pl.DataFrame([first.alias("a"), last.alias("b"), parts["3"].alias("c")])
        said = pl.concat_str(
            "a", pl.when(pl.col("b").is_not_null()).then(" to " + pl.col("b")).fill_null(""),
            pl.col("c").fill_null(""),
        )  # fmt: skip
        return made.select(said.alias(texts.name)).to_series()

    def _one(self, texts: pl.Series, dtype: pl.DataType) -> pl.Series:
        """Texts of values in the form of the column that they are named after; others stay."""
        try:
            if dtype == pl.Boolean:
                values = texts.replace_strict(
                    {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
                )
            elif isinstance(dtype, pl.Datetime | pl.Date | pl.Time):
                values = texts.str.strptime(dtype, strict=False)
            else:
                values = texts.cast(dtype, strict=False)
            new = self.column(values)
        except pl.exceptions.PolarsError:
            return texts
        return new.zip_with(new.is_not_null(), texts) if new.dtype == pl.String else texts


def _same_sort(form: Form, dtype: pl.DataType) -> bool:
    if isinstance(form, BooleanForm):
        return dtype == pl.Boolean
    if isinstance(form, NumberForm):
        return dtype.is_numeric() and not isinstance(dtype, pl.Decimal)
    return dtype.base_type() == form.dtype.base_type()


def observed_kept(
    frame: pl.DataFrame, text: pl.DataFrame, given: pl.DataFrame, names: Iterable[str]
) -> pl.DataFrame:
    """An answer about rows of a file, in which every cell that was there has the text it had.

    Args:
        frame: the answer as text.
        text: the same rows as they stand in the file.
        given: the same rows, typed: what is missing there may have been filled.
        names: the columns that came in.
    """
    out = []
    for name in names:
        if name in frame.columns and name in text.columns:
            filled = given[name].is_null() & frame[name].is_not_null()
            new = frame[name].cast(pl.String)
            out.append(new.zip_with(filled, text[name]).alias(name))
    return frame.with_columns(out)

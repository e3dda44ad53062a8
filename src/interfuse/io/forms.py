"""How a column of text is written: read and written in one form, and that form as JSON.

A form has `dtype`; `value(text)`, an expression that is missing where a text is not in the form;
`text(column)`, its inverse; `to_json`. It stands in `Origin.columns` of a table from a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from interfuse.errors import SchemaError
from interfuse.io.durations import DurationForm
from interfuse.io.numbers import NumberForm
from interfuse.io.times import TimeForm

_TRUE = ("true", "t")
_FALSE = ("false", "f")


class Form(Protocol):
    """How a column is written."""

    @property
    def dtype(self) -> pl.DataType:
        """Of the values."""
        ...

    def value(self, text: pl.Expr) -> pl.Expr:
        """Values of texts without blanks around them; missing where one is not in this form."""
        ...

    def text(self, column: pl.Series) -> pl.Series:
        """Values written in this form."""
        ...

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `form_from_json` is the inverse."""
        ...


@dataclass(frozen=True)
class BooleanForm:
    """True and false as the column spells them, in whatever case they are read.

    Attributes:
        yes: true.
        no: false.
    """

    yes: str = "true"
    no: str = "false"

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {"boolean": [self.yes, self.no]}

    @property
    def dtype(self) -> pl.DataType:
        """Boolean."""
        return pl.Boolean()

    def value(self, text: pl.Expr) -> pl.Expr:
        """Booleans of texts."""
        low = text.str.to_lowercase()
        is_true, is_false = low == self.yes.lower(), low == self.no.lower()
        return pl.when(is_true).then(True).when(is_false).then(False)

    def text(self, column: pl.Series) -> pl.Series:
        """Booleans as text."""
        words = {True: self.yes, False: self.no}
        return column.replace_strict(words, default=None, return_dtype=pl.String)


def booleans(texts: pl.Series) -> list[BooleanForm]:
    """The form of true and false that all of some texts have; yes and no are words."""
    seen = texts.alias("text").value_counts(sort=True).to_series().to_list()
    for yes, no in zip(_TRUE, _FALSE, strict=True):
        if {s.lower() for s in seen} == {yes, no}:
            spelled = [next(s for s in seen if s.lower() == word) for word in (yes, no)]
            return [BooleanForm(*spelled)]
    return []


def form_from_json(name: str, said: Any) -> Form | None:
    """The form that stands in `Origin.columns`; None if that says something else.

    Raises:
        SchemaError: malformed.
    """
    if not isinstance(said, dict) or len(said) != 1:
        return None
    ((kind, value),) = said.items()
    try:
        if kind == "time":
            return TimeForm.from_json(value)
        if kind == "duration":
            return DurationForm.from_json(value)
        if kind == "number":
            return NumberForm.from_json(value)
        if kind == "boolean":
            yes, no = value
            if not isinstance(yes, str) or not isinstance(no, str) or yes == no:
                raise ValueError(f"{value!r} is no pair of words")
            return BooleanForm(yes, no)
    except (TypeError, ValueError) as error:
        raise SchemaError(f"schema: the form of column {name!r} is malformed: {error}.") from None
    return None

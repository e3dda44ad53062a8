"""Durations as people and programs write them: 30:15:00, 1 days 02:03:04, 05:10.489, PT3H5M.

Hours, minutes and seconds below 24 hours are a time of day as well; which of the two a column is,
its other values say (`interfuse.io.textforms`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

_CLOCK = r"(\d{1,2}):([0-5]\d):([0-5]\d)(?:[.,](\d{1,9}))?"
SHAPES = {
    "clock": r"^(-?)()(\d+):([0-5]\d):([0-5]\d)(?:[.,](\d{1,9}))?$",
    "days": rf"^()(-?\d+) days?,? \+?{_CLOCK}$",
    "minutes": r"^(-?)()()(\d+):([0-5]\d)[.,](\d{1,9})$",
    "iso": r"^(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,9}))?S)?)?$",
}
"""Groups: sign, days, hours, minutes, seconds, fraction."""
_BARE = r"^-?PT?$"


@dataclass(frozen=True)
class DurationForm:
    """How a column writes its durations.

    Attributes:
        shape: one of `SHAPES`.
        digits: of a fraction of a second.
        width: how many digits the first number has at least, with zeros before it.
    """

    shape: str
    digits: int = 0
    width: int = 1

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {"duration": vars(self)}

    @classmethod
    def from_json(cls, said: Any) -> DurationForm:
        """The inverse of `to_json`.

        Raises:
            ValueError: malformed.
        """
        form = cls(**said)
        numbers = (form.digits, form.width)
        if form.shape not in SHAPES or not all(type(n) is int and 0 <= n <= 9 for n in numbers):
            raise ValueError(f"{said!r} is no form of durations")
        return form

    @property
    def dtype(self) -> pl.DataType:
        """Of the values."""
        return pl.Duration(self._unit)

    @property
    def _unit(self) -> Literal["us", "ns"]:
        return "ns" if self.digits > 6 else "us"

    def value(self, text: pl.Expr) -> pl.Expr:
        """Durations of texts without blanks around them; missing where one is not in this form."""
        groups = [text.str.extract(SHAPES[self.shape], i) for i in range(1, 7)]
        sign, *numbers, fraction = groups
        total = pl.lit(0, pl.Int64)
        for number, many in zip(numbers, (1, 24, 60, 60), strict=True):
            total = total * many + number.cast(pl.Int64, strict=False).fill_null(0)
        places = 9 if self._unit == "ns" else 6
        rest = fraction.str.slice(0, places).str.pad_end(places, "0")
        total = total * 10**places + rest.cast(pl.Int64, strict=False).fill_null(0)
        total = pl.when(sign == "-").then(-total).otherwise(total)
        fits = text.str.contains(SHAPES[self.shape]) & ~text.str.contains(_BARE)
        return pl.when(fits).then(total.cast(self.dtype))

    def text(self, column: pl.Series) -> pl.Series:
        """Durations written in this form."""
        column = column.cast(self.dtype)
        if self.shape == "iso":
            return column.dt.to_string("iso")
        many = 10**9 if self._unit == "ns" else 10**6
        said = [None if v is None else self._one(v, many) for v in column.to_physical().to_list()]
        return pl.Series(column.name, said, dtype=pl.String)

    def _one(self, value: int, many: int) -> str:
        sign = "" if self.shape == "days" or value >= 0 else "-"
        whole, rest = divmod(value if self.shape == "days" else abs(value), many)
        fraction = f"{rest:0{len(str(many)) - 1}d}"[: self.digits]
        minutes, seconds = divmod(whole, 60)
        end = f"{seconds:02d}" + ("." + fraction if self.digits else "")
        if self.shape == "minutes":
            return f"{sign}{minutes:0{self.width}d}:{end}"
        hours, minutes = divmod(minutes, 60)
        if self.shape == "clock":
            return f"{sign}{hours:0{self.width}d}:{minutes:02d}:{end}"
        days, hours = divmod(hours, 24)
        plus = "+" * (days < 0)
        return f"{days} days {plus}{hours:02d}:{minutes:02d}:{end}"


def forms_of_durations(texts: pl.Series) -> list[DurationForm]:
    """The forms that most of some texts may be in.

    Args:
        texts: of one column, without blanks around them and without words for missing values.
    """
    out = []
    for shape, expression in SHAPES.items():
        fits = texts.filter(texts.str.contains(expression) & ~texts.str.contains(_BARE))
        if not len(texts) or 2 * len(fits) <= len(texts):
            continue
        digits = fits.str.extract(expression, 6).str.len_chars().max() or 0
        first = fits.str.extract(r"^-?(\d+):", 1).drop_nulls()
        zeros = bool(first.str.starts_with("0").any()) and len(first) > 0
        width = int(first.str.len_chars().min() or 1) if zeros else 1  # type: ignore[arg-type]
        out.append(DurationForm(shape, int(digits), width))  # type: ignore[arg-type]
    return out

"""Durations as people and programs write them: 30:15:00, 1 days 02:03:04, 05:10.489, PT3H5M, 1h30m.

Hours, minutes and seconds below 24 hours are a time of day as well; which of the two a column is,
its other values say (`interfuse.io.textforms`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

_CLOCK = r"(\d{1,2}):([0-5]\d):([0-5]\d)(?:[.,](\d{1,9}))?"
SHAPES = {
    "clock": r"^(-?)()(\d+):([0-5]\d):([0-5]\d)(?:[.,](\d{1,9}))?$",
    "days": rf"^()(-?\d+) days?,? \+?{_CLOCK}$",
    "minutes": r"^(-?)()()(\d+):([0-5]\d)[.,](\d{1,9})$",
    "units": (
        r"^(-?)(?:(\d+)\s?d(?:ays?)?[,\s]*)?(?:(\d+)\s?h(?:(?:ou)?rs?)?[,\s]*)?"
        r"(?:(\d+)\s?m(?:in(?:ute)?s?)?[,\s]*)?"
        r"(?:(\d+)(?:[.,](\d{1,9}))?\s?s(?:ec(?:ond)?s?)?)?$"
    ),
    "iso": r"^(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,9}))?S)?)?$",
}
"""Groups: sign, days, hours, minutes, seconds, fraction."""
_BARE = r"^-?(PT?)?$"
_UNITS = ("d", "h", "m", "s")
_PART = re.compile(r"(\d+)(\s?[a-z]+)([,\s]*)")
_TWO = r"\d\s?[a-z]+[,\s]*\d"
_MANY = 0.1
"""Of durations in units this share has two at least: 5 m and 3 s alone are lengths, or codes."""


@dataclass(frozen=True)
class DurationForm:
    """How a column writes its durations.

    Attributes:
        shape: one of `SHAPES`.
        digits: of a fraction of a second.
        width: how many digits the first number has at least, with zeros before it.
        pattern: of durations in units, all of them as most are written, a # for each number.
        short: whether units that are zero are left out.
    """

    shape: str
    digits: int = 0
    width: int = 1
    pattern: str = ""
    short: bool = False

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        own = vars(self)
        if self.shape != "units":
            own = {k: v for k, v in own.items() if k not in ("pattern", "short")}
        return {"duration": own}

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
        fine = isinstance(form.pattern, str) and isinstance(form.short, bool)
        if not fine or (form.shape == "units") != bool(fine and form._written()):
            raise ValueError(f"{said!r} is no form of durations")
        return form

    def _written(self) -> list[tuple[str, str]]:
        """The units of the pattern, each with what stands behind its number; none if malformed."""
        parts = _PART.findall(self.pattern.replace("#", "0"))
        units = [word.strip()[0] for _, word, _ in parts]
        whole = "".join(f"#{word}{gap}" for _, word, gap in parts)
        if whole != self.pattern or units != [u for u in _UNITS if u in units]:
            return []
        return [(unit, word + gap) for unit, (_, word, gap) in zip(units, parts, strict=True)]

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

    def _in_units(self, value: int, many: int) -> str:
        """Each unit of the pattern; the first takes what is more, the last what is less."""
        written = self._written()
        left, rest = divmod(abs(value), many)
        sizes = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
        numbers = []
        for unit, _ in written:
            number, left = divmod(left, sizes[unit])
            numbers.append(number)
        fraction = f"{rest:0{len(str(many)) - 1}d}"[: self.digits]
        kept = [i for i, n in enumerate(numbers) if n or not self.short]
        if written[-1][0] == "s" and fraction.strip("0") and len(numbers) - 1 not in kept:
            kept.append(len(numbers) - 1)
        out = ""
        for i in kept or [len(numbers) - 1]:
            last = written[i][0] == "s" and self.digits
            text = f"{numbers[i]:0{self.width if i else 1}d}" + ("." + fraction if last else "")
            out += text + written[i][1]
        return "-" * (value < 0) + out.rstrip(", ")

    def _one(self, value: int, many: int) -> str:
        if self.shape == "units":
            return self._in_units(value, many)
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
        pattern, short = _in_units(fits) if shape == "units" else ("", False)
        if shape == "units" and not pattern:
            continue
        digits = fits.str.extract(expression, 6).str.len_chars().max() or 0
        first = fits.str.extract(r"^-?(\d+):", 1).drop_nulls()
        zeros = bool(first.str.starts_with("0").any()) and len(first) > 0
        width = int(first.str.len_chars().min() or 1) if zeros else 1  # type: ignore[arg-type]
        if pattern:
            later = fits.str.extract_all(r"[a-z,\s]\d+").explode().drop_nulls().str.slice(1)
            width = 2 if later.str.contains(r"^0\d$").any() else 1
        out.append(DurationForm(shape, int(digits), width, pattern, short))  # type: ignore[arg-type]
    return out


def _in_units(texts: pl.Series) -> tuple[str, bool]:
    """The pattern of durations in units, and whether some lack a unit; nothing if few have two."""
    if texts.str.contains(_TWO).sum() < _MANY * len(texts):
        return "", False
    plain = texts.str.strip_prefix("-").str.replace_all(r"[.,]\d+", "")
    found = plain.str.replace_all(r"\d+", "#")
    ways = found.value_counts(sort=True, name="many").rows()
    # All units that occur, each as it is written most often.
    behind: dict[str, tuple[str, str]] = {}
    for way, _ in ways:
        for _, word, gap in _PART.findall(way.replace("#", "0")):
            old = behind.get(word.strip()[0], ("", ""))
            behind[word.strip()[0]] = old[0] or word, old[1] or gap
    units = [u for u in _UNITS if u in behind]
    parts = [f"#{behind[u][0]}" + (behind[u][1] if u != units[-1] else "") for u in units]
    return "".join(parts), any(way.count("#") < len(units) for way, _ in ways)

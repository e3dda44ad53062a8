"""The one reader and writer of times in text, for every kind of data.

A column writes its times in one form, `TimeForm`: a pattern (`interfuse.io.timepatterns`) and the
small things that a pattern leaves open. `form.value` reads texts, `form.text` writes times in it,
and `interfuse.io.timeguess` finds it. What can be read in several ways:

* day and month, where no value settles it: that order by which the values lie closer together; by
  the same measure two digits of a year before or behind the day. `form.open` then says so.
* two digits of a year are 1969 to 2068.
* no year (syslog): 2000, a leap year.
* zones differ from row to row: all instants are kept, in UTC, and written with the commonest zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import polars as pl

from interfuse.io.monthnames import NAMES
from interfuse.io.textvalues import escaped
from interfuse.io.timeparts import (
    CALENDAR,
    clock_of,
    day_of,
    is_midnight,
    minutes_from_utc,
    minutes_of,
)
from interfuse.io.timepatterns import ZONES

Unit = Literal["ms", "us", "ns"]
_SIGN = re.compile(r"%[a-zA-Z]")
_GROUPS = {
    "Y": r"\d{4}", "y": r"\d\d", "m": r"\d\d?", "d": r"\d\d?", "o": r"\d\d?(?:st|nd|rd|th)",
    "b": r"[^\W\d_]{3,}\.?", "B": r"[^\W\d_]{3,}\.?", "a": r"[A-Za-z]{3,}", "A": r"[A-Za-z]{3,}",
    "H": r"\d\d?", "I": r"\d\d?", "M": r"\d\d", "S": r"\d\d", "f": r"\d{1,9}",
    "p": r"[AaPp]\.?[Mm]\.?", "j": r"\d{3}", "G": r"\d{4}", "V": r"\d\d", "u": r"\d", "Q": "[1-4]",
    "z": r"Z|z|(?:UTC|GMT)?[+-]\d\d?(?::?\d\d)?|" + "|".join(ZONES), "s": r"-?\d+(?:\.\d+)?",
}  # fmt: skip
_CLOCK = frozenset("HIs")
EPOCHS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


@dataclass(frozen=True)
class TimeForm:
    """How a column writes its times.

    Attributes:
        pattern: see `interfuse.io.timepatterns`.
        digits: of a fraction of a second, as written.
        padded: what stands before a day or month of one digit: "0", " " or nothing, "1".
        hours: the same of hours.
        upper: whether names of months and days are in capitals; None if as names usually are.
        half: how AM is written: AM, am, A.M. or a.m.
        zone: the commonest, as written; empty if there is none.
        varies: whether zones differ.
        epoch: what `%s` counts: s, ms, us or ns.
        open: another pattern that reads all values as well.
        also: a pattern of the values that are not in the first, where a column has two.
        more: patterns of the values that are in neither.
        language: of the names of months, where that is not English.
    """

    pattern: str
    digits: int = 0
    padded: str = "0"
    hours: str = "0"
    upper: bool | None = None
    half: str = "AM"
    zone: str = ""
    varies: bool = False
    epoch: str = ""
    open: str = ""
    also: str = ""
    more: tuple[str, ...] = ()
    language: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON object of what differs from the default."""
        blank = TimeForm("")
        said = {k: v for k, v in vars(self).items() if k in _FIELDS and v != getattr(blank, k)}
        return {"time": said | ({"more": list(self.more)} if self.more else {})}

    @classmethod
    def from_json(cls, said: Any) -> TimeForm:
        """The inverse of `to_json`.

        Raises:
            ValueError: malformed.
        """
        types = {"digits": int, "varies": bool, "upper": bool, "more": list}
        if not isinstance(said, dict) or not isinstance(said.get("pattern"), str):
            raise ValueError(f"{said!r} has no pattern")
        for key, value in said.items():
            if key not in _FIELDS or not isinstance(value, types.get(key, str)):
                raise ValueError(f"{key!r} is {value!r}")
        more = tuple(said.get("more", ()))
        form = cls(**{**said, "more": more})
        signs = form.signs
        if not signs or any(s not in _GROUPS for s in signs) or not 0 <= form.digits <= 9:
            raise ValueError(f"{form.pattern!r} is no pattern of times")
        if ("s" in signs) != (form.epoch in EPOCHS) or {form.padded, form.hours} - {"0", " ", "1"}:
            raise ValueError(f"{said!r} is no form of times")
        if form.half not in ("AM", "am", "A.M.", "a.m.") or form.language not in ("", *NAMES):
            raise ValueError(f"{said!r} is no form of times")
        for other in form.others:
            if not joins(form, cls.from_json({"pattern": other})):
                raise ValueError(f"{other!r} cannot stand beside {form.pattern!r}")
        return form

    @property
    def others(self) -> tuple[str, ...]:
        """The patterns besides the first."""
        return ((self.also,) if self.also else ()) + self.more

    @property
    def signs(self) -> list[str]:
        """The letters of the pattern's signs."""
        return [s[1] for s in _SIGN.findall(self.pattern)]

    @property
    def yearless(self) -> bool:
        """Whether it has a day or a month but no year."""
        signs = set(self.signs)
        return bool(signs & set("mbBdo")) and not signs & set("Yy")

    @property
    def dtype(self) -> pl.DataType:
        """Of the values."""
        signs = set(self.signs)
        if not signs & CALENDAR and "s" not in signs:
            return pl.Time()
        if not signs & _CLOCK:
            return pl.Date()
        return pl.Datetime(self._unit, self._zone_name)

    @property
    def _unit(self) -> Unit:
        if self.epoch:
            return "ns" if EPOCHS[self.epoch] * 10**self.digits > 10**6 else "us"
        return "ns" if self.digits > 6 else "ms" if self.digits == 3 else "us"

    @property
    def _zone_name(self) -> str | None:
        if "z" not in self.signs:
            return None
        minutes = 0 if self.varies else minutes_of(self.zone) or 0
        # The sign of these names is that of the correction, not of the offset.
        whole = minutes % 60 == 0 and abs(minutes) <= 720 and minutes != 0
        return f"Etc/GMT{-minutes // 60:+d}" if whole else "UTC"

    @cached_property
    def expression(self) -> str:
        """A regular expression with a group for each part."""
        parts, at, number = [], 0, 0
        found = list(_SIGN.finditer(self.pattern))
        for i, sign in enumerate(found):
            parts.append(escaped(self.pattern[at : sign.start()]))
            letter, form = sign[0][1], _GROUPS[sign[0][1]]
            joined = (i and found[i - 1].end() == sign.start()) or (
                i + 1 < len(found) and found[i + 1].start() == sign.end()
            )
            if joined and form == r"\d\d?":
                form = r"\d\d"  # no mark says where it ends
            if letter == "f" and self.pattern[at : sign.start()] in (".", ","):
                parts[-1] = f"(?:[.,](?P<{letter}{number}>{form}))?"
            else:
                parts.append(f"(?P<{letter}{number}>{form})")
            at, number = sign.end(), number + 1
        return "^" + "".join(parts) + escaped(self.pattern[at:]) + "$"

    def value(self, text: pl.Expr) -> pl.Expr:
        """Times of texts without blanks around them; missing where a text is not in this form."""
        return pl.coalesce(
            self._value(text), *(self._by_other(text, other) for other in self.others)
        )

    def _by_other(self, text: pl.Expr, pattern: str) -> pl.Expr:
        """Times of texts in another pattern, in the type of the first."""
        other, dtype = replace(self, pattern=pattern, also="", more=()), self.dtype
        more = other._value(text)
        if isinstance(dtype, pl.Datetime):
            theirs = getattr(other.dtype, "time_zone", None)
            more = more.cast(pl.Datetime(self._unit, theirs))
            if dtype.time_zone and not theirs:
                more = more.dt.replace_time_zone("UTC")
            if dtype.time_zone:
                more = more.dt.convert_time_zone(dtype.time_zone)
        return more

    def _value(self, text: pl.Expr) -> pl.Expr:
        groups = text.str.extract_groups(self.expression)
        part = {s: groups.struct.field(f"{s}{i}") for i, s in enumerate(self.signs)}
        if "s" in part:
            return self._since_1970(part["s"])
        late = None
        if "H" in part and set(part) & CALENDAR:
            late = is_midnight(part)
            part["H"] = pl.when(late).then(pl.lit("0")).otherwise(part["H"])
        day, clock = day_of(part), clock_of(part)
        if day is None:
            return clock.str.to_time("%H:%M:%S%.9f", strict=False)
        if not set(part) & _CLOCK:
            return day.str.to_date("%Y-%m-%d", strict=False)
        stamp = (day + " " + clock).str.to_datetime(
            "%Y-%m-%d %H:%M:%S%.9f", strict=False, time_unit=self._unit
        )
        if late is not None:
            stamp += pl.duration(days=late.fill_null(False).cast(pl.Int64), time_unit=self._unit)
        if "z" not in part:
            return stamp
        stamp = stamp - pl.duration(minutes=minutes_from_utc(part["z"]), time_unit=self._unit)
        stamp = stamp.dt.replace_time_zone("UTC")
        zone = self._zone_name or "UTC"
        return stamp if zone == "UTC" else stamp.dt.convert_time_zone(zone)

    def _since_1970(self, number: pl.Expr) -> pl.Expr:
        many = (10**9 if self._unit == "ns" else 10**6) // EPOCHS[self.epoch]
        whole = number.str.extract(r"^(-?\d+)").cast(pl.Int64, strict=False)
        digits = len(str(many)) - 1
        rest = number.str.extract(r"\.(\d+)").str.slice(0, digits).str.pad_end(digits, "0")
        fraction = rest.cast(pl.Int64, strict=False).fill_null(0) if digits else pl.lit(0)
        sign = pl.when(number.str.starts_with("-")).then(-1).otherwise(1)
        return (whole * many + sign * fraction).cast(pl.Datetime(self._unit))

    def text(self, column: pl.Series) -> pl.Series:
        """Times written in this form.

        Args:
            column: of `dtype`, or another that can be cast to it.
        """
        column = column.cast(self.dtype)
        if self.epoch:
            return self._seconds(column)
        minutes = 0
        if "z" in self.signs:
            minutes = minutes_of(self.zone) or 0
            column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            column = column.dt.offset_by(f"{minutes}m")
        pieces: list[pl.Expr | str] = []
        at = 0
        for sign in _SIGN.finditer(self.pattern):
            pieces.append(self.pattern[at : sign.start()])
            pieces.append(self._part(sign[0][1], pl.col(column.name)))
            at = sign.end()
        pieces.append(self.pattern[at:])
        exprs = [pl.lit(p) if isinstance(p, str) else p for p in pieces]
        return column.to_frame().select(pl.concat_str(exprs).alias(column.name)).to_series()

    def _part(self, letter: str, when: pl.Expr) -> pl.Expr:
        """What a sign stands for."""
        if letter == "z":
            return pl.lit(self.zone)
        if letter == "Q":
            return when.dt.quarter().cast(pl.String)
        if letter == "f":
            return (
                when.dt.nanosecond().cast(pl.String).str.zfill(9).str.slice(0, max(self.digits, 1))
            )
        if letter == "p":
            morning = when.dt.hour() < 12
            evening = self.half.replace("A", "P").replace("a", "p")
            return pl.when(morning).then(pl.lit(self.half)).otherwise(pl.lit(evening))
        if letter == "o":
            day = when.dt.day()
            end = (day % 10).replace_strict({1: "st", 2: "nd", 3: "rd"}, default="th")
            end = pl.when(day.is_between(11, 13)).then(pl.lit("th")).otherwise(end)
            return day.cast(pl.String) + end
        if letter in "bBaA":
            text = when.dt.to_string(f"%{letter}")
            if self.language and letter in "bB":
                names = dict(enumerate(NAMES[self.language][letter == "b"], 1))
                text = when.dt.month().replace_strict(names, return_dtype=pl.String)
            return text if self.upper is None else (
                text.str.to_uppercase() if self.upper else text.str.to_lowercase())  # fmt: skip
        padded = self.padded if letter in "md" else self.hours
        if letter in "mdHI" and padded != "0":
            return when.dt.to_string(f"%-{letter}").str.pad_start(2 if padded == " " else 1)
        return when.dt.to_string(f"%{letter}")

    def _seconds(self, column: pl.Series) -> pl.Series:
        many = (10**9 if self._unit == "ns" else 10**6) // EPOCHS[self.epoch]
        number = column.to_physical()
        whole = (number // many).cast(pl.String)
        if not self.digits:
            return whole
        rest = (number % many).cast(pl.String).str.zfill(len(str(many)) - 1)
        return (whole + "." + rest.str.slice(0, self.digits).str.pad_end(self.digits, "0")).alias(
            column.name
        )


def joins(form: TimeForm, other: TimeForm) -> bool:
    """Whether a second pattern's times are of the first one's type, or may become so.

    A day may become midnight, and a time without a zone one in UTC; never the other way round.
    """
    if form.epoch or other.epoch:
        return False
    first, second = form.dtype, other.dtype
    if not isinstance(first, pl.Datetime):
        return first == second
    if second == pl.Date():
        return True
    return isinstance(second, pl.Datetime) and (
        first.time_zone is not None or second.time_zone is None
    )


def turned(pattern: str, other: str) -> bool:
    """Whether two patterns differ in the places of day and month alone."""
    swapped = pattern.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
    return pattern != other and swapped == other


_FIELDS = frozenset(TimeForm.__dataclass_fields__)

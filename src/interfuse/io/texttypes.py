"""Types for columns of text, by rules that look at every value.

A column takes the first type of this list that *all* its values fit; what of the others
`interfuse.io.textforms` makes, it says itself. Surrounding blanks and the
missing tokens (`MISSING`) do not count as values for any type but text:

1. whole numbers (no leading zero and no plus before seven digits, unless there is a minus too, so
   that postal codes and telephones stay text): Int64, else UInt64 where that
   holds them all; larger ones stay text, because no float would give them back;
2. numbers that polars reads as Float64, `inf` included, none with a leading zero before a digit;
3. booleans: `true` and `false`, in one of the spellings true, True, TRUE;
4. ISO 8601 dates, times, dates with times, with one zone or none, and durations, if every value
   written back in the one form of the column gives the same text. `Z` and `+00:00` become UTC; a
   constant offset of whole hours becomes the zone of that offset; mixed offsets stay text;
5. text otherwise. Here an empty field is missing, but `NA`, `?` and the like are values: in a
   column of words they may well be words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from interfuse.io.textvalues import MISSING, value_of
from interfuse.io.wide import facts_of

__all__ = ["MISSING", "casts", "typed"]

_HEAD = 1000
_WHOLE = r"^[+-]?(0|[1-9][0-9]*)$"
_ZERO_FIRST = r"^[+-]?0[0-9]"
_PHONE = r"^\+[0-9]{7,}$"
_NUMBER = r"^[+-]?([0-9]|\.[0-9]|inf)"
_BOOLEANS = (("true", "false"), ("True", "False"), ("TRUE", "FALSE"))
_TEMPORAL = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)?(?P<gap>[T ])?(?P<time>\d\d:\d\d)?(?P<second>:\d\d)?"
    r"(?P<digits>\.(\d{9}|\d{6}|\d{3}))?(?P<zone>Z|[+-]\d\d:00)?"
)
_FRACTIONS: tuple[tuple[Literal["ms", "us", "ns"], str], ...] = (
    ("us", ""), ("ms", "%.3f"), ("us", "%.6f"), ("ns", "%.9f"),
)  # fmt: skip
_DURATION = r"^(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?$"


@dataclass(frozen=True)
class _Candidate:
    """A type a column may have.

    Attributes:
        value: its values.
        fits: one boolean that says whether all fit.
        needed: one that says whether a column of such values is of this type.
    """

    value: pl.Expr
    fits: pl.Expr
    needed: pl.Expr | None = None

    @property
    def holds(self) -> pl.Expr:
        """Whether it is of this type."""
        return self.fits if self.needed is None else self.fits & self.needed


def typed(lazy: pl.LazyFrame, names: list[str], *, only_times: bool = False) -> pl.LazyFrame:
    """The frame with its text columns `names` cast to the types that all their values fit."""
    return lazy.with_columns(casts(lazy, names, only_times=only_times).values())


def casts(lazy: pl.LazyFrame, names: list[str], *, only_times: bool = False) -> dict[str, pl.Expr]:
    """By column the expression that types it; columns that stay text are left out.

    Args:
        lazy: the frame.
        names: its columns of text.
        only_times: consider dates, times and durations alone, as for JSON, which marks the rest.
    """
    if not names:
        return {}
    head = lazy.select(value_of(n).alias(n) for n in names).head(_HEAD)
    head = head.collect(engine="streaming")
    first = _first_values(lazy, head)
    options = {n: _candidates(pl.col(n), v, only_times) for n, v in first.items() if v is not None}
    # What some rows rule out need not be looked for in all of them.
    part = head.height == _HEAD
    every = {n: range(len(found)) for n, found in options.items()}
    held = _held(head.lazy(), options, every, part=part)
    if part:
        texts = {n: value_of(n) for n in names}
        best = _held(lazy, options, {n: which[:1] for n, which in held.items()}, texts)
        others = {n: which[1:] for n, which in held.items() if n not in best}
        held = best | _held(lazy, options, others, texts)
    out = {}
    for name, which in held.items():
        found = _candidates(value_of(name), str(first[name]), only_times)
        out[name] = found[which[0]].value.alias(name)
    return out


def _held(
    lazy: pl.LazyFrame,
    options: Mapping[str, Sequence[_Candidate]],
    asked: Mapping[str, Sequence[int]],
    texts: Mapping[str, pl.Expr] | None = None,
    part: bool = False,
) -> dict[str, list[int]]:
    """Which of the candidates asked for hold, or may hold as far as a part of the rows says.

    Columns with none are left out.
    """
    checks = {
        n: [(c.fits if part else c.holds).alias(f"{i}:{j}") for j in which for c in [options[n][j]]]
        for i, (n, which) in enumerate(asked.items())
    }
    fit = facts_of(lazy, checks, texts)
    held = {n: [j for j in which if fit[f"{i}:{j}"]] for i, (n, which) in enumerate(asked.items())}
    return {n: which for n, which in held.items() if which}


def _first_values(lazy: pl.LazyFrame, head: pl.DataFrame) -> dict[str, str | None]:
    found: dict[str, Any] = {c.name: c.drop_nulls().first() for c in head.iter_columns()}
    late = [n for n in found if found[n] is None]
    if not late or head.height < _HEAD:
        return found
    asked = {n: [value_of(n).drop_nulls().first().alias(n)] for n in late}
    return found | facts_of(lazy, asked)


def _candidates(text: pl.Expr, first: str, only_times: bool) -> list[_Candidate]:
    """The types worth a look for a column that starts with `first`, best first."""
    if only_times:
        return _times(text, first)
    for yes, no in _BOOLEANS:
        if first in (yes, no):
            return [_Candidate(text == yes, _all(text, text.is_in([yes, no])))]
    if re.match(_NUMBER, first.lower()):
        return [*_numbers(text), *_times(text, first)]
    return _times(text, first)


def _all(text: pl.Expr, fits: pl.Expr) -> pl.Expr:
    return (text.is_null() | fits.fill_null(False)).all()


def _numbers(text: pl.Expr) -> list[_Candidate]:
    whole, digits = text.str.contains(_WHOLE), text.str.strip_prefix("+")
    phone = text.str.contains(_PHONE).any() & ~text.str.starts_with("-").any()
    out = []
    for dtype in (pl.Int64(), pl.UInt64()):
        value = digits.cast(dtype, strict=False)
        out.append(_Candidate(value, _all(text, whole & value.is_not_null()) & ~phone))
    value = text.cast(pl.Float64, strict=False)
    fits = value.is_not_nan() & ~text.str.contains(_ZERO_FIRST)
    # Whole numbers that got this far are too large to be exact.
    out.append(_Candidate(value, _all(text, fits), ~whole.all()))
    return out


def _times(text: pl.Expr, first: str) -> list[_Candidate]:
    if first.startswith(("P", "-P")):
        return [_duration(text, "us", 6), _duration(text, "ns", 9)]
    part = _TEMPORAL.fullmatch(first)
    if part is None or not (part["date"] or part["second"]):
        return []
    date, time, gap = part["date"] is not None, part["time"] is not None, part["gap"]
    if date and not time:
        if first != part["date"]:
            return []
        value = text.str.to_date("%Y-%m-%d", strict=False)
        return [_Candidate(value, _all(text, value.dt.to_string("%Y-%m-%d") == text))]
    if date != (gap is not None) or (part["zone"] and not date):
        return []
    form = ("%Y-%m-%d" + gap if date else "") + "%H:%M" + (":%S" if part["second"] else "")
    end = part["zone"] or ""
    out = []
    for unit, digits in _FRACTIONS:
        if date:
            value = text.str.to_datetime(
                form + "%.f" * bool(digits) + end, time_unit=unit, strict=False
            )
        else:
            value = text.str.to_time(form + "%.f" * bool(digits), strict=False)
        same = value.dt.to_string(form + end) == text
        if digits:
            same = same | (value.dt.to_string(form + digits + end) == text)
        zone = _zone(end)
        out.append(
            _Candidate(value.dt.replace_time_zone(zone) if zone else value, _all(text, same))
        )
        if not part["second"]:
            break
    return out


def _zone(end: str) -> str | None:
    if not end:
        return None
    hours = 0 if end == "Z" else int(end[:3])
    # The sign of these names is that of the correction, not of the offset.
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"


def _duration(text: pl.Expr, unit: Literal["us", "ns"], digits: int) -> _Candidate:
    def group(i: int) -> pl.Expr:
        return text.str.extract(_DURATION, i)

    total = pl.lit(0, pl.Int64)
    for i, factor in ((2, 1), (3, 24), (4, 60), (5, 60)):
        total = total * factor + group(i).cast(pl.Int64, strict=False).fill_null(0)
    fraction = group(6).str.pad_end(digits, "0").cast(pl.Int64, strict=False).fill_null(0)
    total = total * 10**digits + fraction
    value = pl.when(group(1).is_null()).then(total).otherwise(-total).cast(pl.Duration(unit))
    value = pl.when(text.is_not_null()).then(value)
    return _Candidate(value, _all(text, value.dt.to_string("iso") == text))

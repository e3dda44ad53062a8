"""The parts of times in text: a day and a clock as in ISO 8601, minutes of a zone."""

from __future__ import annotations

import re

import polars as pl

from interfuse.io.monthnames import NUMBERS
from interfuse.io.timepatterns import ZONES

CALENDAR = frozenset("YyGmbBdjo")
"""The letters of signs that say something of a day."""


def minutes_of(zone: str) -> int | None:
    """Minutes of a zone from UTC; None if it has none."""
    if zone.upper() in ZONES:
        return ZONES[zone.upper()]
    found = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d\d?)(?::?(\d\d))?", zone)
    if found is None:
        return None
    minutes = 60 * int(found[2]) + int(found[3] or 0)
    return -minutes if found[1] == "-" else minutes


def day_of(part: dict[str, pl.Expr]) -> pl.Expr | None:
    """Year, month and day as in ISO 8601; None if there is none of them."""
    if not set(part) & CALENDAR:
        return None
    if "G" in part:
        # Monday of week 1 is the one before 5 January.
        first = (part["G"] + "-01-04").str.to_date("%Y-%m-%d", strict=False)
        monday = first - pl.duration(days=first.dt.weekday().cast(pl.Int64) - 1)
        week = part["V"].cast(pl.Int64, strict=False)
        day = part["u"].cast(pl.Int64, strict=False) if "u" in part else pl.lit(1)
        fine = week.is_between(1, 53) & day.is_between(1, 7)
        out = monday + pl.duration(days=7 * (week - 1) + day - 1)
        return pl.when(fine).then(out.dt.to_string("%Y-%m-%d"))
    year: pl.Expr = pl.lit("2000")
    if "Y" in part:
        year = part["Y"]
    elif "y" in part:
        late = part["y"].cast(pl.Int64, strict=False) >= 69
        year = pl.when(late).then(pl.lit("19")).otherwise(pl.lit("20")) + part["y"]
    if "j" in part:
        number = part["j"].cast(pl.Int64, strict=False)
        first = (year + "-01-01").str.to_date("%Y-%m-%d", strict=False)
        out = first + pl.duration(days=number - 1)
        return pl.when(out.dt.year() == first.dt.year()).then(out.dt.to_string("%Y-%m-%d"))
    if "Q" in part:
        month = (part["Q"].cast(pl.Int64, strict=False) * 3 - 2).cast(pl.String)
    elif "m" in part:
        month = part["m"]
    else:
        name = (part["b"] if "b" in part else part["B"]).str.to_lowercase().str.strip_chars_end(".")
        names = {n: str(i) for n, i in NUMBERS.items()}
        month = name.replace_strict(names, default=None, return_dtype=pl.String)
    day = part["o"].str.extract(r"(\d+)") if "o" in part else part.get("d", pl.lit("1"))
    return year + "-" + month + "-" + day


def clock_of(part: dict[str, pl.Expr]) -> pl.Expr:
    """Hour, minute, second and its fraction as in ISO 8601."""
    hour = part.get("H", pl.lit("0"))
    if "I" in part:
        clock = part["I"].cast(pl.Int64, strict=False)
        hour = pl.when(clock.is_between(1, 12)).then(clock % 12)
        if "p" in part:
            hour = hour + 12 * part["p"].str.to_lowercase().str.starts_with("p").cast(pl.Int64)
        hour = hour.cast(pl.String)
    fraction = part["f"].fill_null("0") if "f" in part else pl.lit("0")
    minute, second = part.get("M", pl.lit("00")), part.get("S", pl.lit("00"))
    return hour + ":" + minute + ":" + second + "." + fraction.str.pad_end(9, "0")


def is_midnight(part: dict[str, pl.Expr]) -> pl.Expr:
    """Whether a clock says 24:00, by which ISO 8601 means the end of the day."""
    rest = [part[s].str.contains("^0+$") for s in "MSf" if s in part]
    return (part["H"] == "24") & pl.all_horizontal(*(r.fill_null(True) for r in rest), pl.lit(True))


def minutes_from_utc(zone: pl.Expr) -> pl.Expr:
    """Minutes of zones from UTC."""
    names = zone.str.to_uppercase().replace_strict(ZONES, default=None, return_dtype=pl.Int64)
    hours = zone.str.extract(r"[+-](\d\d?)").cast(pl.Int64, strict=False)
    minutes = zone.str.extract(r"[+-]\d\d?:?(\d\d)").cast(pl.Int64, strict=False).fill_null(0)
    west = zone.str.contains("-", literal=True)
    total = hours * 60 + minutes
    return pl.coalesce(names, pl.when(west).then(-total).otherwise(total))

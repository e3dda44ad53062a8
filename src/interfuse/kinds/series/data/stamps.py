"""Columns of time to int64 and back, in the form that the user wrote.

A form is a text:

    datetime[us]            date and time, of this unit; with a zone `datetime[us, Europe/Vienna]`
    date                    a date
    duration[us]            since an unnamed beginning
    str:%d.%m.%Y %H:%M      text in this format
    text:{"pattern": ...}   text in another form that `interfuse.io.times` reads
    epoch[s]:Int64          seconds, ms, us or ns since 1970, whole or not
    ymd:Int64               20240131
    int:Int16, float:Float64  numbers that are no dates
    rows                    no column: the number of the row

Numbers are read as `epoch` if all lie in the years 1990 to 2100 of one unit, and as `ymd` if all
are dates of those years and the column's name sounds of time. Floats that are no dates are counted
in units of 1e-9.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import DataError
from interfuse.io.textvalues import value_of
from interfuse.io.timeguess import forms_of_texts
from interfuse.io.times import TimeForm
from interfuse.kinds.series.data.zones import DAY, to_wall

_NAMES = re.compile(
    r"(?i)^(t|ts|ds|dt|time|times|timestamps?|date|dates|datetime|date_?time|day|hour|minute|"
    r"second|seconds|week|month|year|epoch|step|index|tick|period|unix_?time|.*_(time|date|at|ts)|"
    r".*(timestamp|datetime).*|(time|date)_.*|zeit|datum|zeitstempel)$"
)
_PART = re.compile(
    r"(?i)^(hour|hours|hr|hh|stunde|minute|minutes|min|mm|second|seconds|sec|half_?hour|quarter|"
    r"quarter_?hour|slot|period|interval|time|time_?of_?day|tod|clock|(.*_)?(hour|minute|second)|"
    r"(hour|minute|second)_.*)$"
)
_CLOCK = re.compile(r"^\s*\d{1,2}:\d{2}")
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_FROM, _TO = 631_152_000, 4_102_444_800  # 1990 and 2100
_CLOCKS = ("", " %H:%M:%S%.f", " %H:%M", "T%H:%M:%S%.f", "T%H:%M", " %I:%M:%S %p", " %I:%M %p")
_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y",
          "%m/%d/%y", "%d/%m/%y", "%Y%m%d", "%d-%b-%Y", "%d %b %Y", "%b %d %Y",
          "%d/%b/%Y")  # fmt: skip
_MORE = ("%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M:%S%.fZ",
         "%Y-%m-%d %H:%M:%S%.fZ", "%Y-%m-%d %H:%M:%S%.f UTC", "%d/%b/%Y:%H:%M:%S %z",
         "%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z", "%a %b %d %H:%M:%S %Y")  # fmt: skip
_FORMATS = tuple(d + c for c in _CLOCKS for d in _DATES) + _MORE
_MONTHS = ("%Y-%m", "%b %Y", "%B %Y", "%m/%Y")
_LOOK = 200
# Sums of stamps and steps must stay in int64.
_MOST = 8.7e18


def sounds_like_time(name: str) -> bool:
    """Whether a column of numbers with this name may be time."""
    return _NAMES.match(name) is not None


def is_part_of_time(column: pl.Series) -> bool:
    """Whether a column holds hours, minutes or times of day, by its type, name or form."""
    if column.dtype == pl.Time or isinstance(column.dtype, pl.Duration):
        return True
    if column.dtype in (pl.String, pl.Categorical) or isinstance(column.dtype, pl.Enum):
        text = column.drop_nulls().head(50).cast(pl.String)
        return len(text) > 0 and all(_CLOCK.match(t) for t in text)
    if _PART.match(column.name) is None or not column.dtype.is_numeric():
        return False
    return bool(column.min() >= 0 and column.max() < 1440)  # type: ignore[operator]


def form_of(column: pl.Series) -> str | None:
    """The form of a column, as it would be if it is time; None if it can't be.

    Args:
        column: of any type. A number is a time if its name sounds so; else it must be asked for.
    """
    kind = column.dtype
    if isinstance(kind, pl.Datetime):
        return f"datetime[{kind.time_unit}{', ' + kind.time_zone if kind.time_zone else ''}]"
    if kind == pl.Date:
        return "date"
    if isinstance(kind, pl.Duration):
        return f"duration[{kind.time_unit}]"
    if kind in (pl.String, pl.Categorical) or isinstance(kind, pl.Enum):
        found = _format(column.cast(pl.String))
        return _shared_form(column.cast(pl.String)) if found is None else f"str:{found}"
    if not kind.is_numeric() or isinstance(kind, pl.Decimal):
        return None
    values = column.drop_nulls().cast(pl.Float64).drop_nans()
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())  # type: ignore[arg-type]
    for unit, many in _PER_SECOND.items():
        if _FROM * many <= low and high <= _TO * many:
            return f"epoch[{unit}]:{kind}"
    if kind.is_integer():
        ymd = low >= 19_900_101 and high <= 21_001_231 and sounds_like_time(column.name)
        if ymd and _parsed(column.cast(pl.String), "%Y%m%d").null_count() == column.null_count():
            return f"ymd:{kind}"
        return f"int:{kind}"
    return f"float:{kind}"


def is_calendar(form: str) -> bool:
    """Whether stamps of a form are dates."""
    return form.startswith(("datetime", "date", "str:", "text:", "epoch", "ymd"))


def is_local(form: str) -> bool:
    """Whether stamps of a form are readings of a clock rather than instants."""
    if form.startswith("str:"):
        return not form.endswith(("z", "Z", "UTC"))
    if form.startswith("text:"):
        written = _shared(form)
        return "z" not in written.signs and not written.epoch
    return form.startswith(("date", "ymd")) and "," not in form


def zone_of(form: str) -> str | None:
    """The zone that a form names."""
    found = re.match(r"datetime\[\w+, (.+)\]$", form)
    return found.group(1) if found else None


def read_stamps(column: pl.Series, form: str) -> tuple[np.ndarray, np.ndarray]:
    """The column as int64, and which rows have no stamp.

    Local readings are not made instants here; see `zones.instants_of`.

    Raises:
        DataError: a stamp lies outside of the years 1700 to 2240, or a number beyond 4e18.
    """
    head, _, rest = form.partition(":")
    if head == "int":
        most = float(column.cast(pl.Float64).abs().max() or 0)  # type: ignore[arg-type]
        if most > _MOST / 2:
            raise DataError(
                f"column {column.name!r}: holds {most:g} as time; expected numbers below 4e18."
            )
        values = column.cast(pl.Int64)
        return values.fill_null(0).to_numpy().copy(), values.is_null().to_numpy()
    if head == "float":
        values = column.cast(pl.Float64)
        values = values.set(~values.is_finite().fill_null(False), None)
        most = float(values.abs().max() or 0)  # type: ignore[arg-type]
        if most > 4e9:
            raise DataError(
                f"column {column.name!r}: holds {most:g} as time; expected numbers below 4e9. "
                "Write whole numbers, or dates."
            )
        values = (values * 1e9).round().cast(pl.Int64)
        return values.fill_null(0).to_numpy().copy(), values.is_null().to_numpy()
    if head.startswith("epoch"):
        ns = 1_000_000_000 // _PER_SECOND[head[6:-1]]
        exact = column.dtype.is_integer()
        values = column.cast(pl.Int64) * ns if exact else (column.fill_nan(None) * ns).round()
        return values.cast(pl.Int64).fill_null(0).to_numpy().copy(), values.is_null().to_numpy()
    if head == "ymd":
        column = _parsed(column.cast(pl.String), "%Y%m%d")
    elif head == "str":
        column = _parsed(column.cast(pl.String), rest)
    elif head == "text":
        text = value_of(column.name)
        frame = column.cast(pl.String).to_frame()
        column = frame.select(_shared(form).value(text).alias(column.name)).to_series()
    if column.dtype == pl.Date:
        days = column.to_physical().cast(pl.Int64)
        _check_years(column, days, DAY)
        return (days * DAY).fill_null(0).to_numpy().copy(), days.is_null().to_numpy()
    unit = getattr(column.dtype, "time_unit", "us")
    many, values = 1_000_000_000 // _PER_SECOND[unit], column.to_physical()
    _check_years(column, values, many)
    return (values * many).fill_null(0).to_numpy().copy(), values.is_null().to_numpy()


def write_stamps(stamps: np.ndarray, form: str, zone: str | None, name: str) -> pl.Series:
    """The inverse of `read_stamps`, local readings in the zone."""
    stamps = np.ascontiguousarray(stamps, dtype=np.int64)
    head, _, rest = form.partition(":")
    if head in ("int", "rows"):
        return pl.Series(name, stamps).cast(_type(rest or "Int64"))
    if head == "float":
        return pl.Series(name, stamps / 1e9).cast(_type(rest))
    if head.startswith("epoch"):
        many = 1_000_000_000 // _PER_SECOND[head[6:-1]]
        kind = _type(rest)
        values = stamps // many if kind.is_integer() else stamps / many
        return pl.Series(name, values).cast(kind)
    if head.startswith("duration"):
        unit: Any = head[9:-1]
        return pl.Series(name, stamps // (1_000_000_000 // _PER_SECOND[unit])).cast(
            pl.Duration(unit)
        )
    if is_local(form):
        stamps = to_wall(stamps, zone)
    if head == "date" or head == "ymd":
        days = pl.Series(name, (stamps // DAY).astype(np.int32)).cast(pl.Date)
        return days if head == "date" else days.dt.to_string("%Y%m%d").cast(_type(rest))
    if head == "str":
        return _written(stamps, rest, zone).rename(name)
    if head == "text":
        written = _shared(form)
        own = pl.Datetime("ns", getattr(written.dtype, "time_zone", None) and "UTC")
        return written.text(pl.Series(name, stamps).cast(own))
    unit = head[9:].split(",")[0].rstrip("]")
    values = pl.Series(name, stamps // (1_000_000_000 // _PER_SECOND[unit]))
    return values.cast(pl.Datetime(unit, zone_of(form)))


def _shared_form(column: pl.Series) -> str | None:
    """A form of dates that most texts are in, of the reader that all kinds of data share."""
    frame = column.to_frame()
    texts = frame.select(value_of(column.name).alias("t")).to_series().drop_nulls()
    found = [f for f in forms_of_texts(texts, column.name) if f.dtype != pl.Time]
    if not found:
        return None
    return "text:" + json.dumps(found[0].to_json()["time"])


def _shared(form: str) -> TimeForm:
    return TimeForm.from_json(json.loads(form.removeprefix("text:")))


def _type(name: str) -> Any:
    return getattr(pl, name)()


def _check_years(column: pl.Series, values: pl.Series, many: int) -> None:
    away = values.cast(pl.Float64).abs()
    i = away.arg_max()
    if i is None or float(away[i]) * many <= _MOST:
        return
    year = 1970 + values[i] * many / 1e9 / 31_556_952
    stamp = str(column[i]) if 1 < year < 9999 else f"of the year {year:.0f}"
    raise DataError(
        f"column {column.name!r}: row {i} has the stamp {stamp}; expected years of 1700 to 2240. "
        "Correct it, or leave the row out."
    )


def _format(column: pl.Series) -> str | None:
    """The first format that all texts have.

    Where the order of day and month is open, it is the one in which time goes on evenly.
    """
    text = column.drop_nulls()
    if not len(text):
        return None
    some = text.gather(np.unique(np.linspace(0, len(text) - 1, _LOOK).astype(int)))
    if not some.str.contains(r"\d").all():
        return None
    fits = []
    for f in (*_FORMATS, *_MONTHS):
        if _fits(some, f) and _fits(text, f):
            fits.append(f)
            if "%d" not in f or "%m" not in f or f.startswith("%Y"):
                break
    if len(fits) < 2:
        return fits[0] if fits else None

    def order(f: str) -> float:
        moves = np.diff(_parsed(text, f).to_physical().to_numpy())
        moves = moves[moves != 0]
        if not len(moves):
            return 0.0
        common = np.unique(moves, return_counts=True)[1].max()
        return float(common + np.abs(np.sign(moves).sum())) / len(moves)

    return max(fits, key=order)


def _fits(text: pl.Series, form: str) -> bool:
    """Whether all texts are dates of this form, in years of four digits."""
    found = _parsed(text, form)
    return found.null_count() == 0 and int(found.dt.year().min() or 0) >= 1000  # type: ignore[arg-type]


def _parsed(text: pl.Series, form: str) -> pl.Series:
    """Dates of texts; null where a text is not of this form."""
    text = text.str.strip_chars()
    if form in _MONTHS:
        return ("01 " + text).str.to_date("%d " + form, strict=False)
    if "%H" not in form and "%I" not in form:
        return text.str.to_date(form, strict=False)
    try:
        found = text.str.to_datetime(form, strict=False, time_unit="ns")
    except pl.exceptions.PolarsError:
        return pl.Series(text.name, [None] * len(text), pl.Datetime("ns"))
    return found


def _written(stamps: np.ndarray, form: str, zone: str | None) -> pl.Series:
    kind = pl.Datetime("ns", "UTC" if form.endswith("z") else None)
    column = pl.Series(stamps).cast(kind)
    if form.endswith("z") and zone is not None:
        column = column.dt.convert_time_zone(zone)
    if (stamps % 1_000_000_000 == 0).all():
        form = form.replace("%.f", "")
    elif (stamps % 1_000_000 == 0).all():
        form = form.replace("%.f", "%.3f")
    else:
        form = form.replace("%.f", "%.6f")
    return column.dt.to_string(form)

"""Which column of a frame is what: time, series, channels, statics, covariates.

What the user names is taken as named. The rest, in this order:

* Time is the only column of dates; else the only one of text that reads as dates; else of
  durations; else the only number whose name sounds of time and which tells the rows (of each
  series) apart. Two of a sort are an error. With none, the number of the row is the time.
* The series of a row is told by a column of text or categories that varies, or by a number named as
  an identifier where stamps repeat without it; of several, the one that leaves the fewest repeats.
* Covariates are those of `known_future`.
* Other columns that are constant within every series are statics: text always, numbers if they
  differ between series and are not all there is.
* All other numbers are channels, unless the user listed these, and so are booleans and text of few
  words, as states (`states`). Other text is an error, and other dates are not used. Columns without
  values are not used.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from interfuse.errors import DataError
from interfuse.kinds.series.data.stamps import form_of, is_part_of_time, sounds_like_time
from interfuse.kinds.series.data.states import may_be_states, one_clock

_IDENTIFIER = re.compile(
    r"(?i)^(id|.*[_ ]?id|series|item|store|shop|key|host|server|node|link|sensor|device|machine|"
    r"name|group|entity|cell|station|location|customer|user|product|sku|.*_(id|key|no|nr))$"
)
_YEARS = (1500, 2500)
_PARTS = {
    _YEARS: re.compile(r"(?i)years?|yr|yyyy|jahr|ann[ée]e|an|a[ñn]o|ano|год|年"),
    (1, 12): re.compile(r"(?i)months?|mon|mm|monat|mois|mes|m[êe]s|месяц|月"),
    (1, 53): re.compile(r"(?i)weeks?|kw|woche|semaine|semana|quarters?|qtr|quartal|trimestre|周"),
    (1, 366): re.compile(r"(?i)days?|dd|doy|dom|tag|jour|d[íi]a|день|日"),
    (0, 24): re.compile(r"(?i)hours?|hr|hh|stunde|heure|hora|час|时"),
}
_ENOUGH = 0.99


@dataclass(frozen=True)
class Roles:
    """Names of columns; see `schema.SeriesSchema`. `form` is that of time."""

    time: str | None
    form: str
    series: str | None
    channels: list[str]
    statics: list[str] = field(default_factory=list)
    covariates: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sounds_like_identifier(name: str) -> bool:
    """Whether a column of whole numbers with this name may tell series apart."""
    return _IDENTIFIER.match(name) is not None


def is_text(dtype: pl.DataType) -> bool:
    """Whether a column holds text or categories."""
    return dtype in (pl.String, pl.Categorical) or isinstance(dtype, pl.Enum)


def is_number(dtype: pl.DataType) -> bool:
    """Whether a column can be a channel."""
    return dtype.is_numeric() or dtype == pl.Boolean


def find_roles(
    frame: pl.DataFrame,
    where: str,
    *,
    time: str | None = None,
    series: str | None = None,
    channels: Sequence[str] | None = None,
    known_future: Sequence[str] = (),
) -> Roles:
    """The roles of all columns.

    Raises:
        DataError: a named column is not there or cannot be what it is named as; there are two
            columns of time; a channel holds text; no channel is left.
    """
    kinds = dict(frame.schema)  # once: polars makes it anew every time
    listed = [channels] if isinstance(channels, str) else channels
    known = [known_future] if isinstance(known_future, str) else list(known_future)
    named = [*(listed or []), *known]
    for name in [*(n for n in (time, series) if n is not None), *named]:
        if name not in frame.columns:
            raise DataError(no_column(name, frame.columns, where))
    for name in named:
        if named.count(name) > 1 or name in (time, series):
            raise DataError(f"{where}: column {name!r} is named for two things. Name it for one.")
    empty = [n for n in frame.columns if n not in named and frame[n].null_count() == frame.height]
    rest = [n for n in frame.columns if n not in (time, series, *named, *empty)]
    form = "rows"
    if time is None:
        time = find_time(frame, rest, series, where)
    if time is not None:
        form = _form(frame, time, where)
        rest = [n for n in rest if n != time]
    several = [n for n in rest if is_text(kinds[n])]
    if series is None and (listed or len(several) > 1 or any(is_number(kinds[n]) for n in rest)):
        alone = one_clock(frame, time, form)
        named = [n for n in rest if not (alone and is_text(kinds[n]) and not _names(frame[n]))]
        series = _find_series(frame, named, time)
        rest = [n for n in rest if n != series]
    constant = _constant(frame, rest, series)
    statics = [n for n in rest if is_text(kinds[n]) and n in constant]
    varied = {n for n in rest if frame[n].drop_nulls().n_unique() > 1} if series else set()
    statics += [n for n in rest if is_number(kinds[n]) and n in constant & varied]
    spoken = [n for n in rest if is_text(kinds[n]) and n not in statics]
    states = [n for n in spoken if may_be_states(frame[n])] if time is not None else []
    found = [n for n in rest if (is_number(kinds[n]) and n not in statics) or n in states]
    if not found and listed is None:
        found = [n for n in statics if is_number(kinds[n])]
        statics = [n for n in statics if n not in found]
    if listed is None:
        if time is None:
            for name in rest:
                if is_text(kinds[name]) and sounds_like_time(name):
                    _form(frame, name, where)
        unclear = [n for n in rest if n not in statics]
        _refuse_text(frame, unclear, states, series, time, where)
    chosen = list(listed) if listed is not None else found
    ignored = [n for n in rest if n not in (*statics, *chosen)]
    for name in chosen:
        if not is_number(kinds[name]) and not (is_text(kinds[name]) and may_be_states(frame[name])):
            raise DataError(_not_a_number(frame, name, where))
    if not chosen and any(is_number(kinds[n]) for n in empty):
        raise DataError(
            f"{where}: no channel holds a value: {_listed(empty)}. Expected some that are not "
            "missing."
        )
    if not chosen:
        have = ", ".join(f"{n} {d}" for n, d in list(kinds.items())[:8])
        raise DataError(f"{where}: no column can be a channel; expected numbers. It has {have}.")
    notes = []
    if empty:
        notes.append(f"columns without any value are left out: {_listed(empty)}")
    if ignored:
        notes.append(f"columns not used: {_listed(ignored)}")
    if time is None and listed is None:
        _refuse_parts(frame, chosen, where)
    if time is None and (series is not None or len(chosen) > 1):
        notes.append("there is no column of time: the order of the rows is taken as time")
    statics = [n for n in frame.columns if n in statics]
    return Roles(time, form, series, chosen, statics, known, [*empty, *ignored], notes)


def no_column(name: str, names: Sequence[str], where: str) -> str:
    """A message for a column that is not there, with the nearest one that is."""
    plain = {n.casefold(): n for n in names}
    close = difflib.get_close_matches(name.casefold(), plain, 1)
    hint = f" Did you mean {plain[close[0]]!r}?" if close else ""
    return f"{where}: there is no column {name!r}; it has {_listed(names)}.{hint}"


def _listed(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(map(repr, names[:most])) + (", ..." if len(names) > most else "")


def _form(frame: pl.DataFrame, time: str, where: str) -> str:
    column = frame[time]
    if column.null_count() == len(column):
        raise DataError(f"{where}: column {time!r} is to be time but holds no value.")
    form = form_of(column)
    if form is None:
        raise DataError(
            f"{where}: column {time!r} is to be time but holds {column.dtype} such as "
            f"{column.drop_nulls()[0]!r}; expected dates, or numbers. Write them as 2024-02-29 "
            "23:59:58."
        )
    return form


def find_time(frame: pl.DataFrame, rest: list[str], series: str | None, where: str) -> str | None:
    """The column of time; None if there is none."""
    dtypes = dict(frame.schema)
    dates = [n for n in rest if isinstance(dtypes[n], pl.Datetime) or dtypes[n] == pl.Date]
    texts = [n for n in rest if is_text(dtypes[n]) and not dates and form_of(frame[n])]
    spans = [n for n in rest if isinstance(dtypes[n], pl.Duration)]
    others = [n for n in rest if is_text(dtypes[n]) and n not in texts]
    keys = others if series is None else [series]
    numbers = []
    if not dates and not texts and not spans:
        sounding = [
            n
            for n in rest
            if dtypes[n].is_numeric() and sounds_like_time(n) and not frame[n].null_count()
        ]
        for name in sounding:
            enough = len([n for n in rest if is_number(dtypes[n]) and n != name]) > 0
            apart = frame.select(pl.struct(*keys, name).n_unique()).item()
            if enough and apart >= _ENOUGH * frame.height and frame[name].n_unique() > 1:
                numbers.append(name)
    for sort in (dates, texts, spans, numbers):
        if len(sort) > 1:
            raise DataError(
                f"{where}: columns {_listed(sort)} could all be the time. Name one: "
                f"time={sort[0]!r} (--time {sort[0]})."
            )
        if sort:
            return sort[0]
    return None


def _find_series(frame: pl.DataFrame, rest: list[str], time: str | None) -> str | None:
    rows, kinds = frame.height, dict(frame.schema)
    texts = [n for n in rest if is_text(kinds[n])]
    if time is not None:  # a time of day names no series
        texts = [n for n in texts if not is_part_of_time(frame[n])]
    texts = [n for n in texts if 1 < frame[n].n_unique() <= max(rows // 2, 1)]
    if time is None:
        return max(texts, key=lambda n: frame[n].n_unique(), default=None)

    def repeats(*keys: str) -> int:
        return rows - frame.select(pl.struct(*keys, time).n_unique()).item()

    if texts:
        named = {n: _IDENTIFIER.match(n) is None for n in texts}
        return min(texts, key=lambda n: (repeats(n), frame[n].n_unique(), named[n]))
    alone = repeats()
    numbers = [n for n in rest if kinds[n].is_integer() and _IDENTIFIER.match(n)]
    numbers = [n for n in numbers if 1 < frame[n].n_unique() <= max(rows // 2, 1)]
    if alone < 0.1 * rows or not numbers:
        return None
    best = min(numbers, key=lambda n: (repeats(n), frame[n].n_unique()))
    return best if repeats(best) < 0.5 * alone else None


def _constant(frame: pl.DataFrame, rest: list[str], series: str | None) -> set[str]:
    """The columns that have at most one value in every series."""
    many = [pl.col(n).drop_nulls().n_unique() <= 1 for n in rest]
    if not rest:
        return set()
    if series is None:
        found = frame.select(many).row(0)
        return {n for n, c in zip(rest, found, strict=True) if c}
    grouped = frame.group_by(series).agg(pl.len().alias(""), *many)
    if grouped[""].max() == 1:  # type: ignore[comparison-overlap]
        return {n for n in rest if is_text(frame[n].dtype)}
    return {n for n in rest if grouped[n].all()}


def _names(column: pl.Series) -> bool:
    """Whether a column of text on one clock tells series apart all the same."""
    return sounds_like_identifier(column.name) or not may_be_states(column)


def _refuse_text(
    frame: pl.DataFrame, names: list[str], states: list[str], series: str | None,
    time: str | None, where: str,
) -> None:  # fmt: skip
    for name in names:
        if not is_text(frame[name].dtype):
            continue
        if time is not None and is_part_of_time(frame[name]):
            raise DataError(
                f"{where}: column {name!r} holds times of day, such as {frame[name][0]!r}, beside "
                f"{time!r}; expected the whole time in one column. Make one of the two, such as "
                "2024-02-29 23:00, or list the channels to use: channels=[...] (--channels)."
            )
        if series is not None and time is not None:
            rows, pairs = frame.height, frame.select(pl.struct(series, time).n_unique()).item()
            if frame.select(pl.struct(series, time, name).n_unique()).item() == rows > pairs:
                raise DataError(
                    f"{where}: rows of one {series!r} share stamps and differ in {name!r}; "
                    "expected one column that names the series. Join the two in one, or make the "
                    f"values of {name!r} columns (pivot)."
                )
        if name not in states:
            raise DataError(_not_a_number(frame, name, where))


def _refuse_parts(frame: pl.DataFrame, names: list[str], where: str) -> None:
    """Raise if a column of years stands beside one of months, weeks or days."""
    parts = []
    for name in names:
        for (low, high), words in _PARTS.items():
            inside = frame[name].dtype.is_integer() and words.fullmatch(name.strip())
            if inside and frame[name].drop_nulls().is_between(low, high).all():
                parts.append(name)
                break
    if len(parts) > 1 and any(_PARTS[_YEARS].fullmatch(n.strip()) for n in parts):
        raise DataError(
            f"{where}: columns {_listed(parts)} hold parts of the time; expected the whole time in "
            "one column. Make one of them, such as 2024-02-29, or list the channels to use: "
            "channels=[...] (--channels)."
        )


def _not_a_number(frame: pl.DataFrame, name: str, where: str) -> str:
    column = frame[name].drop_nulls()
    bad = column
    if is_text(column.dtype):
        text = column.cast(pl.String)
        bad = text.filter(text.str.strip_chars().cast(pl.Float64, strict=False).is_null())
    some = f"such as {bad[0]!r}" if len(bad) else f"such as {column[0]!r}" if len(column) else ""
    return (
        f"{where}: column {name!r} holds {column.dtype} {some}; expected numbers in a channel. "
        "Mend these values, or list the channels to use: channels=[...] (--channels)."
    )

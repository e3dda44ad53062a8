"""Rows of any times to one row a step: events counted, measurements averaged.

**Events.** A row is something that happened, at a time of its own, and what there is to forecast is
how many there are. They are counted from the first whole step of all series to the last: a step
without events is a zero, not a gap. The step is the shortest round one that holds `ENOUGH` of them
on average, unless it is named: with fewer, the counts are hardly more than zeros and ones, with
more, what a log says of minutes is lost.

**Measurements.** Numbers of a step are averaged, whole ones too; of states the last one counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from interfuse.errors import DataError, OptionError
from interfuse.kinds.series.data.grid import duration
from interfuse.kinds.series.data.layout import ROUND
from interfuse.kinds.series.data.roles import find_roles, find_time, is_number, is_text
from interfuse.kinds.series.data.source import Table
from interfuse.kinds.series.data.stamps import form_of, is_calendar, read_stamps, write_stamps
from interfuse.kinds.series.data.zones import DAY

EVENTS = "events"
ENOUGH = 4.0
FEWEST_STEPS, FEWEST_EVENTS = 50, 30
MOST_STEPS = 50_000_000
IRREGULAR = 0.3
"""Spread of the gaps between rows over their mean from which they keep no clock."""
_SECOND = 1_000_000_000
_ROUND = [step for step in ROUND if _SECOND <= step <= DAY]
_UNITS = {"ms": 1_000_000, "s": _SECOND, "sec": _SECOND, "min": 60 * _SECOND, "m": 60 * _SECOND,
          "h": 3_600 * _SECOND, "hour": 3_600 * _SECOND, "hours": 3_600 * _SECOND,
          "d": DAY, "day": DAY, "days": DAY, "week": 7 * DAY, "w": 7 * DAY}  # fmt: skip


@dataclass(frozen=True)
class Gathering:
    """How rows become steps.

    Attributes:
        every: nanoseconds of a step; 0 where rows are steps already.
        events: the name of the channel that counts rows; None where their numbers are averaged.
        time: the column of time.
        series: the column that names the series, if there are several.
    """

    every: int = 0
    events: str | None = None
    time: str | None = None
    series: str | None = None


def step_of(text: str) -> int:
    """Nanoseconds of "5min", "1 h", "30 s".

    Raises:
        OptionError: it is no such length.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*", text.lower())
    unit = _UNITS.get(found[2]) if found else None
    step = round(float(found[1]) * unit) if found and unit else 0
    if step < 1:
        raise OptionError(
            f"every: is {text!r}; expected a length of time such as 30s, 5min, 1h or 1d."
        )
    return step


def chosen_step(stamps: np.ndarray) -> int:
    """The step that events are counted in: see the module.

    Args:
        stamps: (R,) of all events of all series together.
    """
    span = max(int(stamps.max() - stamps.min()), 1)
    wanted = ENOUGH * span / len(stamps)
    longest = max(span / FEWEST_STEPS, _ROUND[0])
    fits = [r for r in _ROUND if r <= longest]
    return next((r for r in fits if r >= wanted), fits[-1])


def keeps_no_clock(stamps: np.ndarray) -> bool:
    """Whether rows come at times of their own, and not by a clock."""
    moves = np.diff(np.sort(stamps))
    if len(moves) < 8 or not moves.mean() > 0:
        return False
    usual = np.unique(moves, return_counts=True)[1].max() / len(moves)
    return bool(moves.std() > IRREGULAR * moves.mean() and usual < 0.5)


def gathered(found: Table, how: Gathering, notes: list[str], used: Sequence[str] = ()) -> Table:
    """A table with one row a step.

    Args:
        found: the rows.
        how: what is done.
        notes: what was done is added.
        used: columns that are averaged; all numbers and states if empty.

    Raises:
        DataError: there is no time, or there would be too many steps.
    """
    frame, time, series = found.frame, how.time, how.series
    missing = [n for n in (time, series) if n is not None and n not in frame.columns]
    if time is None or missing:
        name = repr(missing[0]) if missing else "of time"
        raise DataError(f"{found.where}: has no column {name}, by which its rows are gathered.")
    form = form_of(frame[time])
    if form is None or not is_calendar(form):
        raise DataError(
            f"{found.where}: column {time!r} holds no dates; rows are gathered by steps of time "
            "alone. Write the times as 2024-02-29 23:59:58."
        )
    stamps, gone = read_stamps(frame[time], form)
    keep = ~gone if series is None else ~gone & frame[series].is_not_null().to_numpy()
    if (~keep).any():
        notes.append(f"rows without a time were left out: {int((~keep).sum()):,}")
    frame, stamps = frame.filter(pl.Series(keep)), stamps[keep]
    if not len(stamps):
        raise DataError(f"{found.where}: no row has a time. Expected at least one.")
    step = stamps // how.every
    if int(step.max() - step.min()) > MOST_STEPS:
        raise DataError(
            f"{found.where}: would have {int(step.max() - step.min()):,} steps of "
            f"{duration(how.every)}. Name a longer one: every=... (--every)."
        )
    keyed = frame.with_columns(pl.Series("\0", step))
    if how.events is None:
        made = _averaged(keyed, time, series, used)
        notes.append(f"rows were averaged over steps of {duration(how.every)}")
    else:
        made = _counted(keyed, stamps, how, notes)
    written = write_stamps(made["\0"].to_numpy() * how.every, _plain(form), None, time)
    columns = [written, *(made[n] for n in made.columns if n not in ("\0", time))]
    return replace(
        found,
        frame=pl.DataFrame(columns),
        origin=replace(found.origin.without_rows(), text=None, unread=None),
    )


def _counted(
    keyed: pl.DataFrame, stamps: np.ndarray, how: Gathering, notes: list[str]
) -> pl.DataFrame:
    name = how.events or EVENTS
    low, high = int(keyed["\0"].min()), int(keyed["\0"].max())  # type: ignore[arg-type]
    cut = high - low >= 4
    if cut:  # the log begins and ends within a step
        low += bool(stamps.min() % how.every)
        high -= 1
    groups = ["\0"] if how.series is None else [how.series, "\0"]
    counts = keyed.group_by(groups).agg(pl.len().cast(pl.Int64).alias(name))
    every = pl.DataFrame({"\0": np.arange(low, high + 1)})
    if how.series is not None:
        names = keyed.select(pl.col(how.series).unique(maintain_order=True))
        every = names.join(every, how="cross")
    made = every.join(counts, on=groups, how="left", maintain_order="left")
    notes.append(
        f"{keyed.height:,} events were counted in steps of {duration(how.every)} "
        f"(every=..., --every), as the channel {name!r}"
        + (": the first and the last step, of which a part is seen, are left out" if cut else "")
    )
    return made.with_columns(pl.col(name).fill_null(0))


def _averaged(
    keyed: pl.DataFrame, time: str, series: str | None, used: Sequence[str]
) -> pl.DataFrame:
    groups = ["\0"] if series is None else [series, "\0"]
    rest = [n for n in keyed.columns if n not in (time, *groups) and (not used or n in used)]
    kept = []
    for name in rest:
        dtype = keyed[name].dtype
        if dtype.is_numeric():
            kept.append(pl.col(name).mean())
        elif dtype == pl.Boolean or is_text(dtype):
            kept.append(pl.col(name).drop_nulls().last())
    return keyed.sort("\0", maintain_order=True).group_by(groups, maintain_order=True).agg(kept)


def _plain(form: str) -> str:
    """The form without what a step of time cannot be written in."""
    return "datetime[us]" if form.startswith(("date", "ymd")) and "datetime" not in form else form


def planned(
    found: Table, where: str, *, time: str | None, series: str | None, every: str | None,
    events: bool, notes: list[str],
) -> Gathering | None:  # fmt: skip
    """How a table is gathered; None where its rows are taken as they are.

    Rows without a number or a state that keep no clock are events, without being asked.

    Args:
        found: the table.
        where: what it is called in errors.
        time: the column of time, if it is named.
        series: the column of the series, if it is named.
        every: the length of a step, as text.
        events: whether rows are to be counted.
        notes: what was found is added.
    """
    frame = found.frame
    rest = [n for n in frame.columns if n != series]
    numbers = [n for n in rest if n != time and is_number(frame[n].dtype)]
    if every is not None and not events and numbers:
        roles = find_roles(frame, where, time=time, series=series)
        return Gathering(step_of(every), None, roles.time, roles.series)
    if numbers and not events:
        return None
    if time is None:
        time = find_time(frame, rest, series, where)
    form = None if time is None else form_of(frame[time])
    if time is None or form is None or not is_calendar(form):
        if not events:
            return None
        raise DataError(f"{where}: has no column of dates; events need one. Name it: --time.")
    stamps, gone = read_stamps(frame[time], form)
    stamps = stamps[~gone]
    if not events and (len(stamps) < FEWEST_EVENTS or not keeps_no_clock(stamps)):
        return None
    if not len(stamps):
        raise DataError(f"{where}: no row has a time. Expected at least one.")
    name = EVENTS
    while name in frame.columns:
        name += "_"
    if not events:
        notes.append("no column holds numbers, and rows keep no clock: each is taken for an event")
    left = [n for n in frame.columns if n not in (time, series)]
    if left:
        notes.append(
            f"columns not used: {', '.join(map(repr, left[:8]))}; to count each value of one "
            "apart, name it: series=... (--series)"
        )
    step = chosen_step(stamps) if every is None else step_of(every)
    return Gathering(step, name, time, series)


def hinted(stamps: np.ndarray, codes: np.ndarray) -> list[str]:
    """A note where the rows of most series keep no clock."""
    order = np.lexsort((stamps, codes))
    s, c = stamps[order], codes[order]
    parts = np.split(s, np.flatnonzero(np.diff(c)) + 1)[:50]
    odd = [keeps_no_clock(part) for part in parts]
    if 2 * sum(odd) <= len(odd):
        return []
    return [
        "rows keep no clock: if each is an event, count them (--events); else --every gives the "
        "step that they are averaged over"
    ]

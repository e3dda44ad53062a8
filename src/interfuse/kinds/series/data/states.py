"""Which columns of text are channels of states, such as up and down, beside numbers.

Text that stands on a regular clock, one row a point, and is one of few words is what something was
in at that time; it tells no series apart. A name that says otherwise (host, sensor, item) wins.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from interfuse.errors import DataError
from interfuse.kinds.series.data.stamps import is_calendar, is_part_of_time, read_stamps

MOST_LEVELS = 32
FEWEST_EACH = 4
"""Rows for each level, on average, from which words are states and no remarks."""
_REGULAR, _REPEATED = 0.9, 0.01


def may_be_states(column: pl.Series) -> bool:
    """Whether a column of text holds few words, none of them a number or a time of day."""
    text = column.drop_nulls().cast(pl.String)
    each = text.unique()
    if not 2 <= len(each) <= min(MOST_LEVELS, max(len(text) // FEWEST_EACH, 2)):
        return False
    numbers = each.str.strip_chars().cast(pl.Float64, strict=False).is_not_null()
    return not bool(numbers.any()) and not is_part_of_time(column)


def one_clock(frame: pl.DataFrame, time: str | None, form: str) -> bool:
    """Whether all rows lie on one regular clock, one row a point: those of one series."""
    if time is None:
        return False
    try:
        stamps, gone = read_stamps(frame[time], form)
    except DataError:  # whoever reads the stamps says what is wrong with them
        return False
    moves = np.diff(np.sort(stamps[~gone]))
    if len(moves) < FEWEST_EACH or (moves == 0).mean() > _REPEATED:
        return False
    moves = moves[moves > 0]
    usual = float(np.median(moves))
    off = 0.1 * usual if is_calendar(form) else 0.0
    return bool((np.abs(moves - usual) <= off).mean() >= _REGULAR)

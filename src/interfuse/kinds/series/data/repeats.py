"""Rows of one series at one time: few are averaged, many are refused.

Rows that share a stamp are a slip of the clock if they are few. If they are more than `MOST` of all
rows, they are mostly rows of several series that no column was named for, or of times of which a
part stands in another column; averaging them would make one series of many. The error names the
fewest columns that tell them apart. Copies, rows that are the same in every column, are no loss.
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import polars as pl

from interfuse.errors import DataError
from interfuse.kinds.series.data.roles import Roles, sounds_like_identifier
from interfuse.kinds.series.data.stamps import is_part_of_time

MOST = 0.1
_LEFT = 0.01
_ROWS = 200_000
_COLUMNS, _TOGETHER = 12, 3
_STAMP, _SERIES = "\0stamp", "\0series"  # no column has such a name


def refuse_repeats(
    frame: pl.DataFrame, roles: Roles, stamps: np.ndarray, codes: np.ndarray, repeated: int,
    where: str,
) -> None:  # fmt: skip
    """Raise if too many rows share the stamp of another of their series.

    Args:
        frame: the rows.
        roles: of its columns.
        stamps: (rows,) their times.
        codes: (rows,) their series.
        repeated: how many rows are not the first of their series at their time.
        where: what the data is called in errors.

    Raises:
        DataError: they are too many; the message names what tells them apart.
    """
    rows = frame.height
    if repeated <= MOST * rows or frame.n_unique() == rows - repeated:
        return
    keys = frame.with_columns(pl.Series(_STAMP, stamps), pl.Series(_SERIES, codes))
    names = tells_apart(keys, [n for n in frame.columns if n not in (roles.time, roles.series)])
    whose = "" if roles.series is None else f" of one {roles.series!r}"
    said = f"{where}: {repeated:,} of {rows:,} rows{whose} share their stamp with another"
    if not names:
        raise DataError(
            f"{said}, and no column tells them apart; expected one row for each time. Make one of "
            "those of a time (their mean, or the last), or name the column of the series: "
            "series=... (--series)."
        )
    listed = " and ".join(map(repr, names))
    parts = [n for n in names if is_part_of_time(frame[n])]
    if parts:
        together = " and ".join(map(repr, [roles.time, *parts]))
        raise DataError(
            f"{said} and differ in {listed}; expected the whole time in one column. Make one of "
            f"{together}, such as 2024-02-29 23:00, and name it: time=... (--time)."
        )
    if roles.series is None and len(names) == 1:
        raise DataError(
            f"{said} and differ in {listed}; expected a column that names the series. Name it: "
            f"series={names[0]!r} (--series {names[0]}), or make its values columns (pivot)."
        )
    joined = names if roles.series is None else [roles.series, *names]
    raise DataError(
        f"{said} and differ in {listed}; expected one column that names the series. Join "
        f"{' and '.join(map(repr, joined))} in one and name it: series=... (--series); or make the "
        f"values of {listed} columns (pivot)."
    )


def tells_apart(keys: pl.DataFrame, names: list[str]) -> list[str]:
    """At most three columns that, with series and stamp, tell all but 1 % of the rows apart.

    Of several choices the one of the fewest combinations: a key has few values, a measurement many,
    by which it tells a few rows of one time apart as well.
    """
    if keys.height > _ROWS:  # all rows of some stamps
        share = -(-keys.height // _ROWS)
        keys = keys.filter(pl.col(_STAMP).rank("dense") % share == 0)
    rows = keys.height
    few: dict[str, int] = {}
    for name in names:
        count = keys[name].n_unique()
        if 1 < count <= max(rows // 2, 2) and _may_be_key(keys[name]):
            few[name] = count
    order = sorted(few, key=lambda n: (not sounds_like_identifier(n), few[n]))[:_COLUMNS]
    choices = [c for size in range(1, _TOGETHER + 1) for c in combinations(order, size)]
    for some in sorted(choices, key=lambda some: math.prod(few[n] for n in some)):
        left = rows - keys.select(pl.struct(_STAMP, _SERIES, *some).n_unique()).item()
        if left <= _LEFT * rows:
            return sorted(some, key=names.index)
    return []


def _may_be_key(column: pl.Series) -> bool:
    """Whether a column has values that name something: text, whole numbers, dates."""
    if column.dtype.is_float():
        values = column.drop_nulls().drop_nans()
        return bool((values == values.round()).all())
    return not isinstance(column.dtype, pl.Decimal)

"""Times that are other times and a duration: `end = start + seconds(elapsed)`.

For times a, b and a number or duration x: b - a is x in microseconds, seconds, ... to the last
tick, and then b is computed; or x is b - a rounded, and then x is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from interfuse.kinds.table.rules.formula import quoted
from interfuse.kinds.table.rules.search.columns import Column
from interfuse.kinds.table.rules.search.ledger import Ledger, Proposal
from interfuse.kinds.table.rules.values import UNITS

MOST_TIMES = 24
_ROUND = ("round", "floor", "ceil")


def find_times(ledger: Ledger) -> Iterator[Sequence[Proposal]]:
    """Proposals: a later time from an earlier one, or the number between them."""
    stated = [c for c in ledger.columns.values() if c.role == "time" and c.distinct > 2]
    times = [c for c in stated if isinstance(c.series.dtype, pl.Datetime | pl.Date)][:MOST_TIMES]
    between = [c for c in stated if c.series.dtype == pl.Duration]
    for i, start in enumerate(times):
        for end in times[:i] + times[i + 1 :]:
            gap = (_ticks(end) - _ticks(start)) / 1e6
            if np.nanmedian(gap) < 0 or not (np.abs(np.nan_to_num(gap)) > 0).any():
                continue
            a, b = quoted(start.name), quoted(end.name)
            for x in between:
                if _mostly(_ticks(x) / 1e6 == gap):
                    yield [Proposal(end.name, f"{a} + {quoted(x.name)}")]
            for x in ledger.numbers():
                yield from _numbered(a, b, end, gap, x)


def _numbered(
    a: str, b: str, end: Column, gap: np.ndarray, x: Column
) -> Iterator[Sequence[Proposal]]:
    for unit, seconds in UNITS.items():
        apart = np.abs(x.x * seconds - gap)
        name = quoted(x.name)
        near = np.maximum(1e-6, seconds * 10.0 ** -(x.decimals if x.decimals is not None else 9))
        if not _mostly(apart <= near):
            continue
        places = "" if not x.decimals else f", {x.decimals}"
        out = [Proposal(end.name, f"{a} + {unit}({name})")]
        if x.decimals is not None:
            out += [Proposal(x.name, f"{how}(in_{unit}({b} - {a}){places})") for how in _ROUND]
        else:
            out += [Proposal(x.name, f"in_{unit}({b} - {a})")]
        yield out


def _ticks(column: Column) -> np.ndarray:
    """(n,) microseconds, NaN where missing."""
    dtype = column.series.dtype
    wide = pl.Duration("us") if dtype == pl.Duration else pl.Datetime("us")
    series = column.series
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return series.cast(wide).to_physical().cast(pl.Float64).fill_null(np.nan).to_numpy()


def _mostly(same: np.ndarray) -> bool:
    return bool(same.mean() > 0.5)

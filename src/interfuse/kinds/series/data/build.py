"""Rows onto grids.

Rows are sorted by series and time; series keep the order of their first rows. A grid (`layout`) is
found, unless the schema has one, and every row goes to the grid point nearest to it. Rows that meet
at one are averaged, channel by channel, over what is not missing; whole numbers are rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from interfuse.errors import DataError
from interfuse.kinds.series.data.grid import Grid, about
from interfuse.kinds.series.data.layout import find_grid, starts_of

MOST_GAPS = 50
_SPARE = 1000
_LONGEST = 9_150_000_000_000_000_000


@dataclass(frozen=True)
class Placed:
    """Where rows are.

    Attributes:
        grid: that all series lie on.
        starts: (N,) stamps.
        lengths: (N,) grid points.
        series: (R,) of each row.
        place: (R,) grid point of each row.
        shared: whether rows share grid points.
        span: of the longest series, in the unit of the step.
        notes: what was done.
        repeated: rows that are not the first of their series at their stamp.
    """

    grid: Grid
    starts: np.ndarray
    lengths: np.ndarray
    series: np.ndarray
    place: np.ndarray
    shared: bool
    span: int
    notes: list[str]
    repeated: int = 0

    def fill(
        self, values: np.ndarray, whole: list[bool], states: Sequence[int] = ()
    ) -> list[np.ndarray]:
        """(R, C) values of rows to (T_i, C) of grid points, those of each series.

        Args:
            values: with NaN for missing.
            whole: which columns are rounded where rows are averaged.
            states: columns that have no mean: of several rows the last counts.
        """
        offset = np.concatenate([[0], np.cumsum(self.lengths)])
        flat = offset[self.series] + self.place
        out = np.full((offset[-1], values.shape[1]), np.nan)
        if not self.shared:
            out[flat] = values
        else:
            for c in range(values.shape[1]):
                seen = ~np.isnan(values[:, c])
                count = np.bincount(flat[seen], minlength=offset[-1])
                total = np.bincount(flat[seen], values[seen, c], minlength=offset[-1])
                some = count > 0
                out[some, c] = total[some] / count[some]
                # A sum and its division may be inexact; one value, or copies of it, must come
                # through as they are.
                last = np.full(offset[-1], np.nan)
                last[flat[seen]] = values[seen, c]
                same = np.bincount(
                    flat[seen], values[seen, c] == last[flat[seen]], minlength=offset[-1]
                )
                copies = some & (same == count)
                if c in states:
                    copies = some
                out[copies, c] = last[copies]
                if whole[c]:
                    out[count > 1, c] = np.rint(out[count > 1, c])
        return np.split(out, offset[1:-1])


def place_rows(
    stamps: np.ndarray | None,
    codes: np.ndarray,
    names: tuple[Any, ...],
    where: str,
    *,
    dates: bool,
    zone: str | None,
    grid: Grid | None,
) -> Placed:
    """Find every row's grid point.

    Args:
        stamps: (R,) or None where the number of the row is the time.
        codes: (R,) series of each row, 0 ... N - 1.
        names: of the series.
        where: what the data is called in errors.
        dates: whether stamps are nanoseconds.
        zone: of the calendar.
        grid: to use; found if None.

    Raises:
        DataError: no series has two stamps, or a stamp is so far out that the grid would be more
            than 50 times longer than there are rows.
    """
    many = len(names)
    if stamps is None:
        return _numbered(codes, many, zone)
    early, late = int(stamps.min()), int(stamps.max())
    if late - early >= _LONGEST:
        shown = [_shown(s, dates) for s in (early, late)]
        raise DataError(
            f"{where}: stamps go from {shown[0]} to {shown[1]}; expected them closer together, "
            "dates within 290 years. Correct those that are wrong."
        )
    notes: list[str] = []
    same = np.diff(codes) == 0
    if bool((np.diff(codes) < 0).any()) or bool((np.diff(stamps)[same] < 0).any()):
        order = np.lexsort((stamps, codes))
        if bool((np.diff(stamps)[same] < 0).any()):
            notes.append("rows were sorted by time")
    else:
        order = None
    s, c = (stamps, codes) if order is None else (stamps[order], codes[order])
    new = np.concatenate([[True], (np.diff(s) != 0) | (np.diff(c) != 0)])
    repeated = int(len(s) - new.sum())
    su, cu = (s, c) if not repeated else (s[new], c[new])
    known = grid is not None
    grid = grid or find_grid(su, cu, zone, dates)
    if grid is None:
        raise DataError(
            f"{where}: no series has two stamps that differ ({len(stamps):,} rows, {many:,} series)"
            ", so the step is unknown. Expected a series of at least two; is the right column time?"
        )
    first = np.searchsorted(cu, np.arange(many + 1))
    starts = starts_of(grid, su, first)
    k, off = grid.nearest(starts[codes], stamps)
    low = np.full(many, np.iinfo(np.int64).max)
    np.minimum.at(low, codes, k)
    if (low != 0).any():
        starts, k = grid.at(starts, low), k - low[codes]
    lengths = np.zeros(many, np.int64)
    np.maximum.at(lengths, codes, k + 1)
    _guard(grid, su, first, lengths, names, where, dates)
    offset = np.concatenate([[0], np.cumsum(lengths)])
    points = int(np.count_nonzero(np.bincount(offset[codes] + k, minlength=offset[-1])))
    shared = points < len(stamps)
    if repeated:
        notes.append(f"{repeated:,} repeated stamp{'s were' if repeated > 1 else ' was'} averaged")
    if (met := len(stamps) - points - repeated) > 0:
        notes.append(
            f"{met:,} more row{'s' * (met > 1)} fell on the grid point of another: averaged"
        )
    notes += _moved(grid, off, dates, known)
    notes += _others(grid, su, first, dates)
    span = int((su[first[1:] - 1] - su[first[:-1]]).max())
    return Placed(grid, starts, lengths, codes, k, shared, span, notes, repeated)


def _numbered(codes: np.ndarray, many: int, zone: str | None) -> Placed:
    lengths = np.bincount(codes, minlength=many)
    if many == 1:
        place = np.arange(len(codes))
    else:
        order = np.argsort(codes, kind="stable")
        place = np.empty(len(codes), np.int64)
        begin = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        place[order] = np.arange(len(codes)) - begin[codes[order]]
    starts = np.zeros(many, np.int64)
    grid = Grid("rows", 1, zone)
    return Placed(grid, starts, lengths, codes, place, False, int(lengths.max() - 1), [])


def _guard(
    grid: Grid, stamps: np.ndarray, first: np.ndarray, lengths: np.ndarray, names: tuple[Any, ...],
    where: str, dates: bool,
) -> None:  # fmt: skip
    """Raise if a grid is out of proportion, and name the stamp that makes it so."""
    rows = np.diff(first)
    wide = np.flatnonzero(lengths > MOST_GAPS * rows + _SPARE)
    if not len(wide):
        return
    i = wide[lengths[wide].argmax()]
    own = stamps[first[i] : first[i + 1]]
    moves = np.diff(own)
    which = f"series {names[i]!r}" if names[i] is not None else "the series"
    much = f"{which} has {rows[i]:,} stamps but would have {lengths[i]:,} points, {grid.name} apart"
    if np.median(moves) > MOST_GAPS * grid.step:
        raise DataError(
            f"{where}: {much}. Its own step is {_far(float(np.median(moves)), dates)}: fit it "
            "apart from the others, or bring all to one step."
        )
    at = int(moves.argmax())
    # The few stamps before or after the longest gap are the strange ones.
    strange = own[at] if at + 1 <= len(own) - at - 1 else own[at + 1]
    shown = _shown(int(strange), dates)
    raise DataError(
        f"{where}: {much}. The stamp {shown} lies {_far(float(moves[at]), dates)} from its "
        "neighbour. Correct it or leave the row out."
    )


def _shown(stamp: int, dates: bool) -> str:
    return str(np.datetime64(stamp, "ns"))[:19] if dates else f"{stamp}"


def _far(much: float, dates: bool) -> str:
    return about(much) if dates else f"{much:g}"


def _moved(grid: Grid, off: np.ndarray, dates: bool, known: bool) -> list[str]:
    away = np.abs(off[off != 0])
    if not len(away):
        return []
    most, usual = _far(float(away.max()), dates), _far(float(np.median(away)), dates)
    share = len(away) / len(off)
    how = "the" if known else "a"
    return [
        f"{len(away):,} stamps ({share:.1%}) were moved onto {how} grid of {grid.name}: by {usual} "
        f"as a rule, {most} at most"
    ]


def _others(grid: Grid, stamps: np.ndarray, first: np.ndarray, dates: bool) -> list[str]:
    """A note on series whose own steps are longer."""
    if len(first) > 5000:
        return []
    rare: list[float] = []
    for a, b in pairwise(first):
        if b - a > 2:
            moves = np.diff(stamps[a:b])
            if np.quantile(moves, 0.1) >= 1.9 * grid.step:
                rare.append(float(np.median(moves)))
    if len(first) < 3 or not rare or grid.kind not in ("even", "rows"):
        return []
    low, high = (_far(f(rare), dates) for f in (min, max))
    between = low if low == high else f"{low} to {high}"
    return [
        f"{len(rare):,} of {len(first) - 1:,} series have longer steps of their own ({between}): "
        f"on the grid of {grid.name} they have missing values in between"
    ]

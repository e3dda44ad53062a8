"""One pass over all rows, after which a sample of them tells what each column is.

The sample is the rows of the smallest keys (`shuffle.keys`), uniform and the same for the same
seed, whatever the pieces. With it are the rows that hold each column's smallest and largest value,
its first missing and its first present one: what has one value, or none, in the sample has so in
all rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interfuse.kinds.table.large.pieces import Pieces
from interfuse.kinds.table.large.shuffle import row_keys

SAMPLE = 1 << 17


@dataclass(frozen=True)
class Survey:
    """What one pass saw.

    Attributes:
        rows: how many there are.
        sample: some of them, in their order.
        rising: columns of whole numbers, each larger than the one before, none missing.
    """

    rows: int
    sample: pl.DataFrame
    rising: tuple[str, ...]

    @classmethod
    def of(cls, pieces: Pieces, seed: int, size: int = SAMPLE) -> Survey:
        """Go over all rows once."""
        first = 0
        kept: pl.DataFrame | None = None
        ends: dict[tuple[str, str], tuple[object, pl.DataFrame]] = {}
        last: dict[str, int | None] = {}
        for piece in pieces:
            numbers = np.arange(first, first + piece.height, dtype=np.uint64)
            here = piece.with_columns(
                pl.Series(_ROW, numbers), pl.Series(_KEY, row_keys(numbers, seed))
            )
            kept = here if kept is None else pl.concat([kept, here.bottom_k(size, by=_KEY)])
            kept = kept.bottom_k(size, by=_KEY)
            for name in piece.columns:
                _ends(here, name, ends)
                _rise(piece[name], name, last, first == 0)
            first += piece.height
        assert kept is not None
        parts = [kept, *(row for _, row in ends.values())]
        sample = pl.concat(parts).unique(_ROW, keep="first").sort(_ROW)
        rising = tuple(name for name, value in last.items() if value is not None)
        return cls(first, sample.drop(_ROW, _KEY), rising)

    def remarks(self, only: list[str]) -> list[str]:
        """What people should know of kinds and rules that were told by a sample.

        Args:
            only: rules that hold in the sample alone.
        """
        if self.rows == self.sample.height:
            return []
        words = [
            f"kinds of columns, and rules between them, were looked for in {self.sample.height:,} "
            f"of {self.rows:,} rows; every rule that is used holds in all of them."
        ]
        some = ", ".join(only[:4]) + (", ..." if len(only) > 4 else "")
        if only:
            words.append(f"true in that sample but not in all rows, and not used: {some}.")
        return words


_ROW, _KEY = "\0row", "\0key"  # no column has such a name


def _ends(
    here: pl.DataFrame, name: str, ends: dict[tuple[str, str], tuple[object, pl.DataFrame]]
) -> None:
    """Keep the rows of a piece that hold what no row before held."""
    column = here[name]
    for what, there in (("missing", column.is_null()), ("present", column.is_not_null())):
        if (name, what) not in ends and there.any():
            ends[name, what] = None, _row(here, there)
    if column.dtype.is_nested() or column.dtype == pl.Binary:
        return
    work = column.cast(pl.String) if column.dtype in (pl.Categorical, pl.Enum) else column
    work = work.fill_nan(None) if work.dtype.is_float() else work
    for what, value in (("least", work.min()), ("most", work.max())):
        before = ends.get((name, what))
        if value is None or (before is not None and not _beyond(what, value, before[0])):
            continue
        ends[name, what] = value, _row(here, work == value)


def _row(here: pl.DataFrame, where: pl.Series) -> pl.DataFrame:
    """The first such row, without the piece that it is from: a slice would keep that in memory."""
    at = where.arg_max()
    return here[[] if at is None else [at]]


def _beyond(what: str, value: Any, before: Any) -> bool:
    return bool(value < before if what == "least" else value > before)


def _rise(column: pl.Series, name: str, last: dict[str, int | None], first: bool) -> None:
    """Note the last value of a column that rises; None once it has not."""
    if not column.dtype.is_integer() or (not first and last.get(name) is None):
        return
    values = column.to_numpy() if not column.null_count() else np.zeros(2, np.int64)
    before = last.get(name)
    rises = bool((values[1:] > values[:-1]).all()) and (before is None or values[0] > before)
    last[name] = int(values[-1]) if rises else None

"""Cells of a file whose text is no value of their column, such as `<0.05` among numbers.

They count as missing for whoever asks what the column holds, and are not nothing: a question that
fills what is missing leaves them as they are, unless it is asked to fill them too. Words for what
is missing (`interfuse.io.textvalues.MISSING`) are no such cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from interfuse.io.textvalues import value_of


@dataclass(frozen=True)
class Unread:
    """Such cells of some rows.

    Attributes:
        cells: by column their rows, in order, and what stands there.
    """

    cells: Mapping[str, tuple[np.ndarray, pl.Series]] = field(default_factory=dict)

    @classmethod
    def of(cls, unread: pl.LazyFrame | None, names: Iterable[str]) -> Unread:
        """Those in columns of these names of what was read (`Sheet.unread`)."""
        if unread is None:
            return cls()
        wanted, out = set(names), {}
        for name in [n for n in unread.collect_schema().names() if n in wanted]:
            column = unread.select(name).collect().to_series()
            rows = column.is_not_null().arg_true()
            if len(rows):
                out[name] = rows.to_numpy().astype(np.int64), column.gather(rows)
        return cls(out)

    def __bool__(self) -> bool:
        return bool(self.cells)

    def among(self, name: str, first: int, many: int) -> tuple[np.ndarray, pl.Series]:
        """Those of a column in some rows, which are counted from 0, and what stands there."""
        if name not in self.cells:
            return np.zeros(0, np.int64), pl.Series(name, [], dtype=pl.String)
        rows, texts = self.cells[name]
        a, b = (int(i) for i in np.searchsorted(rows, [first, first + many]))
        return rows[a:b] - first, texts[a:b]

    def texts(self, first: int, many: int) -> pl.DataFrame:
        """Some rows of the columns that have such cells: their texts, all else missing."""
        out = []
        for name in self.cells:
            at = np.full(many, -1)
            rows, texts = self.among(name, first, many)
            at[rows] = np.arange(len(rows))
            place = pl.Series(at).set(pl.Series(at < 0), None)
            out.append(texts.gather(place).alias(name))
        return pl.DataFrame(out)

    def emptied(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows without what was drawn there."""
        out = []
        for name in [n for n in self.cells if n in frame.columns]:
            at = np.zeros(frame.height, bool)
            at[self.cells[name][0]] = True
            out.append(frame[name].set(pl.Series(at), None))
        return frame.with_columns(out)

    def notes(self) -> tuple[str, ...]:
        """What people should know of them."""
        out = []
        for name, (rows, texts) in self.cells.items():
            one = len(rows) == 1
            many = "1 cell holds" if one else f"{len(rows):,} cells hold"
            stays = "it stays as it is and is" if one else "they stay as they are and are"
            out.append(
                f"column {name!r}: {many} text that is no value of it, such as {texts[0]!r}; "
                f"{stays} filled only with the option unread."
            )
        return tuple(out)


def texts_without_value(
    frame: pl.LazyFrame, text: pl.LazyFrame, names: Sequence[str]
) -> pl.LazyFrame | None:
    """`Sheet.unread`, of rows and the same rows as they stand in a file."""
    names = list(dict.fromkeys(names))
    if not names:
        return None
    read = frame.select(pl.col(n).is_not_null().alias(f"\0{n}") for n in names)
    both = pl.concat([text.select(names), read], how="horizontal")
    return both.select(
        pl.when(value_of(n).is_not_null() & ~pl.col(f"\0{n}")).then(pl.col(n)).alias(n)
        for n in names
    )


def beside(*parts: pl.LazyFrame | None) -> pl.LazyFrame | None:
    """The columns of several `Sheet.unread` of the same rows."""
    there = [part for part in parts if part is not None]
    return pl.concat(there, how="horizontal") if there else None


def below(parts: Sequence[tuple[pl.LazyFrame, pl.LazyFrame | None]]) -> pl.LazyFrame | None:
    """`Sheet.unread` of several files, one below the other, each beside its rows."""
    if all(unread is None for _, unread in parts):
        return None
    out = []
    for frame, unread in parts:
        rows = frame.select(pl.len()).collect().item() if unread is None else 0
        out.append(pl.LazyFrame({"": [None] * rows}) if unread is None else unread)
    return pl.concat(out, how="diagonal_relaxed")

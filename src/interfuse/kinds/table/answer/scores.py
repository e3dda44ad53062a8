"""`Scores`: how odd each record of a table is, and where.

`score` is in nats of surprise, higher = odder. `p_value` is the share of normal rows that score as
high. `shares` says which cells the oddity lies in, and `expected` what the model would have
expected there given the rest of the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import OptionError
from interfuse.io.dtypes import to_text
from interfuse.io.frames import from_polars
from interfuse.io.origin import Origin
from interfuse.io.written import Writing

MISSING = "missing"


@dataclass(frozen=True)
class Scores:
    """The answer of `detect` for n rows.

    Attributes:
        score: (n,) nats, higher = odder.
        p_value: (n,) of the hypothesis that the row is normal.
        table: the rows, as polars.
        shares: by column (n,), each cell's part of its row's oddity; a row sums to 1.
        expected: by column, text for each row.
        origin: the kind of frame that `frame` gives back.
    """

    score: np.ndarray
    p_value: np.ndarray
    table: pl.DataFrame
    shares: pl.DataFrame
    expected: pl.DataFrame
    origin: Origin = Origin()  # noqa: RUF009

    def __len__(self) -> int:
        return len(self.score)

    @property
    def cells(self) -> pl.DataFrame:
        """Every cell: row, cell, share, found and expected, a row of the table after the other."""
        names = self.shares.columns
        parts = []
        for name in names:
            parts.append(
                pl.DataFrame(
                    {
                        "row": np.arange(len(self)),
                        "cell": pl.Series([name] * len(self), dtype=pl.String),
                        "share": self.shares[name],
                        "found": self._found(name),
                        "expected": self.expected[name],
                    }
                )
            )
        return pl.concat(parts).sort("row", maintain_order=True) if parts else pl.DataFrame()

    def _found(self, name: str) -> pl.Series:
        if name not in self.table.columns:
            return pl.Series([MISSING] * len(self), dtype=pl.String)
        return to_text(self.table[name]).fill_null(MISSING)

    @property
    def worst(self) -> pl.DataFrame:
        """By row the cell of the largest share: cell, found, expected."""
        names = self.shares.columns
        n = len(self)
        if not names or not n:
            none = pl.Series([None] * n, dtype=pl.String)
            return pl.DataFrame({"cell": none, "found": none, "expected": none})
        top = self.shares.to_numpy().argmax(1)
        cell = pl.Series(names).gather(top)
        found = np.full(n, MISSING, object)
        expected = np.full(n, "", object)
        for j in np.unique(top):
            at = np.flatnonzero(top == j)
            found[at] = self._found(names[j]).gather(at).to_numpy()
            expected[at] = self.expected[names[j]].gather(at).to_numpy()
        columns = {"cell": cell, "found": found.tolist(), "expected": expected.tolist()}
        return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))

    def frame(self) -> Any:
        """The rows with `score`, `p_value`, `cell`, `found`, `expected` beside them.

        A column of the table that has one of these names keeps it; ours is then given a `_`. Rows
        of a pandas frame keep their index.
        """
        return from_polars(self.polars(), self.origin)

    def polars(self) -> pl.DataFrame:
        """The same as a polars frame."""
        return self._beside(self.table, self.worst)

    def polars_as(self, text: pl.DataFrame, writing: Writing) -> pl.DataFrame:
        """The same with cells as they stand in a file of text, and what was expected alike.

        Args:
            text: the rows as they stand in the file.
            writing: the forms of its columns.
        """
        worst = self.worst
        found, expected = worst["found"].to_numpy().copy(), worst["expected"].to_numpy().copy()
        for name in worst["cell"].drop_nulls().unique():
            at = np.flatnonzero((worst["cell"] == name).to_numpy())
            if name in text.columns:
                stands = text[name].gather(at)
                missing = self.table[name].gather(at).is_null()
                found[at] = stands.set(missing, MISSING).to_numpy()
                dtype = self.table.schema[name]
                expected[at] = writing.words(name, dtype, worst["expected"].gather(at)).to_numpy()
        new = {"found": found.tolist(), "expected": expected.tolist()}
        columns = [pl.Series(n, v, dtype=pl.String) for n, v in new.items()]
        return self._beside(text, worst.with_columns(columns))

    def _beside(self, rows: pl.DataFrame, worst: pl.DataFrame) -> pl.DataFrame:
        added = {"score": pl.Series(self.score), "p_value": pl.Series(self.p_value)}
        added |= {s.name: s for s in worst.iter_columns()}
        out = rows
        for name, column in added.items():
            while name in out.columns:
                name += "_"
            out = out.with_columns(column.alias(name))
        return out

    def top(self, n: int = 10) -> Any:
        """The n oddest rows, oddest first, as `frame` shows them.

        Raises:
            OptionError: `n` is below 1.
        """
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
            raise OptionError(f"n: is {n!r}; expected a whole number of rows, 1 or more.")
        order = np.argsort(-self.score, kind="stable")[:n]
        return from_polars(self.polars()[order], self.origin.at(order))

    def plot(self, *, rows: int = 12, cells: int = 10, ax: Any = None) -> Any:
        """Draw the oddest rows and their odd cells; see `interfuse.plots.odd_cells`."""
        from interfuse.kinds.table.plots.cells import odd_cells

        return odd_cells(
            self.score,
            self.shares,
            self.table,
            p_value=self.p_value,
            rows=rows,
            cells=cells,
            ax=ax,
        )

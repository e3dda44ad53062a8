"""`Draws`: a table of which some cells were drawn several times.

Observed cells are held once, as they were given, and are in every answer bit for bit. For a filled
cell the table holds `len(draws)` values and, where the model has it in closed form, the cell's own
distribution given what was observed (`Marginal`); means, medians and intervals come from that, and
are then free of the noise of drawing. Draws of the same number belong together: questions about
several cells at once must be put to `frame(i)`.

Exact rules between columns hold in every draw, unless parts of a known sum of real numbers were
missing. So that they hold in means, medians and modes as
well, the result of a rule is computed from what its columns have there; where the result was
observed and several of its columns were not, the last of these is.

Quantiles of plain draws x_(1) <= ... <= x_(m) are those of Weibull, F(x_(k)) = k / (m + 1): the
interval of coverage c then holds a fresh value of the same distribution with probability c, however
few draws there are (as long as (1 - c) / 2 >= 1 / (m + 1)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import OptionError
from interfuse.io.dtypes import to_text
from interfuse.io.frames import from_polars
from interfuse.io.origin import Origin
from interfuse.kinds.table.answer.filled import Filled
from interfuse.kinds.table.rules import Rule, Sum


class Draws:
    """Draws of the unknown cells of a table; `len` is their number.

    Args:
        table: the table as given, missing where filled.
        filled: by column.
        draws: how many.
        origin: the kind of frame to give back.
        warnings: what is unusual about the table, for people.
        rules: exact rules that the rows follow, by the column that they compute.
    """

    def __init__(
        self,
        table: pl.DataFrame,
        filled: Mapping[str, Filled],
        draws: int,
        origin: Origin | None = None,
        warnings: tuple[str, ...] = (),
        rules: Mapping[str, Rule] | None = None,
    ) -> None:
        self._rules = dict(rules or {})
        self._table = table
        self._filled = dict(filled)
        self._draws = draws
        self._origin = origin or Origin()
        self.warnings = warnings

    def __len__(self) -> int:
        return self._draws

    def __repr__(self) -> str:
        cells = sum(len(f.rows) for f in self._filled.values())
        rows, columns = self._table.shape
        return f"<Draws: {self._draws} of {cells:,} cells in a table of {rows:,} x {columns}>"

    def frame(self, i: int) -> Any:
        """Draw i: the whole table, one value in each filled cell.

        Raises:
            OptionError: there is no such draw.
        """
        if isinstance(i, bool) or not isinstance(i, int) or not -self._draws <= i < self._draws:
            raise OptionError(f"frame: is {i!r}; there are draws 0 to {self._draws - 1}.")
        return self._put(lambda f: f.draws[i])

    def frames(self) -> Iterator[Any]:
        """Every draw in turn."""
        return (self.frame(i) for i in range(self._draws))

    def mean(self) -> Any:
        """Means of numbers and times, modes of categories. Whole numbers become Float64."""
        changed = {
            name: pl.Float64()
            for name, f in self._filled.items()
            if f.marginal.ordered and self._table[name].dtype.is_integer()
        }
        return self._put(_mean, changed, lawful=True)

    def median(self) -> Any:
        """Medians of numbers and times, modes of categories."""
        return self._quantile(0.5, lawful=True)

    def mode(self) -> Any:
        """Most likely values; of a number, the middle of its most likely bin."""
        return self._put(lambda f: f.marginal.mode(), lawful=True)

    def quantile(self, q: float) -> Any:
        """Quantiles of numbers and times, modes of categories.

        Raises:
            OptionError: `q` is outside [0, 1].
        """
        _check_share("quantile", q)
        return self._quantile(q)

    def _quantile(self, q: float, lawful: bool = False) -> Any:
        return self._put(
            lambda f: f.marginal.quantile(q) if f.marginal.ordered else f.marginal.mode(),
            lawful=lawful,
        )

    def interval(self, coverage: float = 0.9) -> tuple[Any, Any]:
        """Two tables, low and high, between which a filled number lies with this probability.

        Categories have no interval: where one was filled both tables are missing. Observed cells
        are as observed.

        Raises:
            OptionError: `coverage` is outside [0, 1].
        """
        _check_share("interval", coverage)

        def bound(q: float) -> Any:
            return self._put(lambda f: f.marginal.quantile(q) if f.marginal.ordered else _blank(f))

        return bound((1 - coverage) / 2), bound((1 + coverage) / 2)

    def uncertainty(self) -> Any:
        """How unsure each cell is, Float64: 0 where observed.

        The standard deviation of a filled number (of a time, in its physical unit), and the chance
        that the mode of a filled category is wrong.
        """
        zeros = {name: np.zeros(self._table.height) for name in self._table.columns}
        for name, f in self._filled.items():
            zeros[name][f.rows] = f.marginal.uncertainty()
        return from_polars(pl.DataFrame(zeros), replace(self._origin, columns={}))

    def polars(self, summary: str = "median") -> pl.DataFrame:
        """One of median, mean, mode and uncertainty as a polars frame."""
        plain = Draws(self._table, self._filled, self._draws, rules=self._rules)
        return getattr(plain, summary)()

    def plot(
        self,
        column: str | None = None,
        *,
        coverage: float = 0.9,
        rows: int = 30,
        truth: Any = None,
        ax: Any = None,
    ) -> Any:
        """Draw filled cells: numbers with their intervals, categories with shares of the draws.

        Args:
            column: which one; None for the first that was filled.
            coverage: of the intervals.
            rows: at most so many cells, the first ones.
            truth: the column's true values, for all rows of the table.
            ax: matplotlib axes; None for new ones.

        Raises:
            OptionError: nothing was filled in this column, or `rows` or `coverage` is out of range.
        """
        from interfuse.kinds.table.plots.filled import intervals, shares

        _check_share("interval", coverage)
        filled = [name for name, f in self._filled.items() if len(f.rows)]
        name = column if column is not None or not filled else filled[0]
        if name not in filled:
            some = ", ".join(map(repr, filled)) or "none"
            raise OptionError(f"column: no cell of {name!r} was filled; filled columns: {some}.")
        if rows < 1:
            raise OptionError(f"rows: is {rows}; expected 1 or more.")
        f, options = self._filled[name], {"name": name, "ax": ax}
        labels = f.rows[:rows].tolist()
        if truth is not None:
            options["truth"] = [truth[int(i)] for i in labels]
        draws = [d.head(rows) for d in f.draws]
        if not f.marginal.ordered:
            return shares(labels, [to_text(d).to_list() for d in draws], **options)
        low, median, high = (
            f.marginal.quantile(q).head(rows).to_numpy()
            for q in ((1 - coverage) / 2, 0.5, (1 + coverage) / 2)
        )
        dots = np.stack([d.to_numpy() for d in draws])
        return intervals(labels, low, median, high, draws=dots, coverage=coverage, **options)

    def bounds(self, coverage: float) -> dict[str, tuple[pl.Series, pl.Series]]:
        """Low and high of every column that is in order: missing where nothing was filled."""
        low_q, high_q = (1 - coverage) / 2, (1 + coverage) / 2
        blank = self._table.clear(self._table.height)
        out = {}
        for name, f in self._filled.items():
            if f.marginal.ordered:
                ends = (f.marginal.quantile(q) for q in (low_q, high_q))
                low, high = (_placed(blank[name], f.rows, end) for end in ends)
                out[name] = low, high
        return out

    def _put(
        self,
        value: Callable[[Filled], pl.Series],
        changed: Mapping[str, pl.DataType] | None = None,
        lawful: bool = False,
    ) -> Any:
        columns = []
        changed = changed or {}
        for column in self._table.iter_columns():
            f = self._filled.get(column.name)
            if f is not None and len(f.rows):
                column = column.cast(changed.get(column.name, column.dtype))
                column = _placed(column, f.rows, value(f))
            columns.append(column)
        origin = self._origin
        if changed:
            kept = {n: t for n, t in origin.columns.items() if n not in changed}
            origin = replace(origin, columns=kept)
        table = pl.DataFrame(columns)
        return from_polars(self._by_rules(table) if lawful else table, origin)

    def _by_rules(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table with filled columns of rules such that the rules hold."""
        for name, rule in self._rules.items():
            names = [name, *rule.columns]
            if not set(names) <= set(table.columns):
                continue
            gone = {n: np.zeros(table.height, bool) for n in names}
            for n in set(names) & set(self._filled):
                gone[n][self._filled[n].rows] = True
            table = _computed(table, name, rule, gone[name])
            whole = all(self._table.schema[n].is_integer() for n in names)
            if isinstance(rule, Sum) and whole:
                parts = np.stack([gone[n] for n in rule.columns])
                open_ = ~gone[name] & (parts.sum(0) > 1)
                last = len(parts) - 1 - parts[::-1].argmax(0)
                for j, part in enumerate(rule.columns):
                    table = _computed(table, part, rule.solved(name, part), open_ & (last == j))
        return table


def _mean(f: Filled) -> pl.Series:
    if not f.marginal.ordered:
        return f.marginal.mode()
    mean, dtype = f.marginal.mean(), f.draws[0].dtype
    if dtype.is_integer():
        return pl.Series(mean)
    if dtype.is_temporal():
        whole = pl.Int32 if dtype == pl.Date else pl.Int64
        return pl.Series(np.rint(mean)).cast(whole).cast(dtype)
    return pl.Series(mean).cast(dtype)


def _blank(f: Filled) -> pl.Series:
    return pl.Series([None] * len(f.rows), dtype=f.draws[0].dtype)


def _computed(table: pl.DataFrame, name: str, rule: Rule, where: np.ndarray) -> pl.DataFrame:
    """The table with a column as the rule gives it, in some rows."""
    rows = np.flatnonzero(where)
    if not len(rows):
        return table
    return table.with_columns(_placed(table[name], rows, rule.apply(table).gather(rows)))


def _placed(column: pl.Series, rows: np.ndarray, values: pl.Series) -> pl.Series:
    """The column with `values` at `rows`."""
    at = np.arange(len(column))
    at[rows] = len(column) + np.arange(len(rows))
    both = pl.concat([column, values.cast(column.dtype).alias(column.name)])
    return both.gather(at)


def _check_share(where: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise OptionError(f"{where}: is {value!r}; expected a share between 0 and 1.")

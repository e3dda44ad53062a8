"""Filled cells made to obey the rules, draw by draw; what is known stays."""

from __future__ import annotations

import numpy as np
import polars as pl

from interfuse.kinds.table.answer import Empirical, Filled
from interfuse.kinds.table.ask.known import Known
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.rules.bounds import Bound
from interfuse.kinds.table.rules.formula import Formula
from interfuse.kinds.table.rules.inverse import solved
from interfuse.kinds.table.rules.leftover import Leftover


class Lawful:
    """The columns of some rows in every draw, put right by the rules.

    Args:
        codec: of the model.
        known: the rows.
        filled: by column the drawn cells, hidden columns too; changed in place.
        draws: how many draws there are.
    """

    def __init__(
        self, codec: TableCodec, known: Known, filled: dict[str, Filled], draws: int
    ) -> None:
        self.codec, self.known, self.filled, self.draws = codec, known, filled, draws
        table = pl.concat([known.table, known.hidden], how="horizontal")
        self._whole = {n: self._columns(table[n], n) for n in self._named() if n in table.columns}

    def _named(self) -> dict[str, None]:
        """All columns that rules and bounds speak of."""
        out = dict.fromkeys(n for bound in self._bounds() for n in bound.columns)
        for name, left in self.codec.derived.items():
            out |= dict.fromkeys((name, *left.rule.columns, *left.hidden()))
            out |= dict.fromkeys(n for part, rule in left.keeps for n in (part, *rule.columns))
        return out

    def _bounds(self) -> tuple[Bound, ...]:
        return (*self.codec.bounds.early, *self.codec.bounds.late)

    def _columns(self, column: pl.Series, name: str) -> list[pl.Series]:
        """A column in every draw."""
        f = self.filled.get(name)
        if f is None:
            return [column] * self.draws
        at = np.arange(len(column))
        at[f.rows] = len(column) + np.arange(len(f.rows))
        return [pl.concat([column, d.cast(column.dtype).alias(name)]).gather(at) for d in f.draws]

    def _asked(self, name: str) -> np.ndarray:
        """The rows in which a column is to be filled."""
        return self.known.asked.get(name, np.zeros(0, int))

    def _frame(self, i: int, *names: str) -> pl.DataFrame | None:
        """Some columns in one draw; None if one is not there."""
        if any(n not in self._whole for n in names):
            return None
        return pl.DataFrame({n: self._whole[n][i] for n in names})

    def apply(self) -> None:
        """Keep bounds, then solve and compute, in the order of the rules."""
        for bound in self.codec.bounds.early:
            self._bound(bound)
        for left in self.codec.derived.values():
            if isinstance(left.rule, Formula) and not left.hidden():
                self._solve(left)
            self._compute(left)
        for bound in self.codec.bounds.late:
            self._bound(bound)

    def _put(self, name: str, values: list[pl.Series]) -> None:
        """Take the values of the rows that are asked for."""
        rows = self._asked(name)
        if not len(rows) or name not in self._whole:
            return
        at = np.arange(self.known.table.height)
        at[rows] = len(at) + rows
        dtype = self.known.table.schema[name]
        values = [v.cast(dtype, strict=False).alias(name) for v in values]
        self._whole[name] = [
            pl.concat([old, new]).gather(at)
            for old, new in zip(self._whole[name], values, strict=True)
        ]
        draws = [column.gather(rows) for column in self._whole[name]]
        ordered = dtype.is_numeric() or dtype.is_temporal()
        self.filled[name] = Filled(rows, draws, Empirical(draws, ordered=ordered))

    def _bound(self, bound: Bound) -> None:
        for moved in bound.columns:
            if not len(self._asked(moved)):
                continue
            frames = [self._frame(i, *bound.columns) for i in range(self.draws)]
            there = [f for f in frames if f is not None]
            if any(bound.broken_in(f).any() for f in there):
                self._put(moved, [bound.kept(f, moved)[moved] for f in there])

    def _compute(self, left: Leftover) -> None:
        """A derived column, and those of which its rules are kept."""
        hidden = [n for n in left.hidden() if n in self._whole]
        kept_names = [n for part, rule in left.keeps for n in (part, *rule.columns)]
        names = dict.fromkeys((*left.rule.columns, *hidden, *kept_names))
        names.pop(left.name, None)
        if left.name not in self._whole:
            return
        if len(self._asked(left.name)):
            frames = [self._frame(i, *names) for i in range(self.draws)]
            self._put(left.name, [left.join(f) for f in frames if f is not None])
        for part, rule in left.keeps:
            if len(self._asked(part)):
                frames = [self._frame(i, part, *rule.columns) for i in range(self.draws)]
                said = [rule.apply(f) for f in frames if f is not None]
                if len(said) == self.draws:
                    old = self._whole[part]
                    said = [s.cast(o.dtype, strict=False) for s, o in zip(said, old, strict=True)]
                    self._put(
                        part,
                        [s.zip_with(s.is_not_null(), o) for s, o in zip(said, old, strict=True)],
                    )

    def _solve(self, left: Leftover) -> None:
        """Where the result is known and parts are not: the last of them from the others."""
        rule = left.rule
        assert isinstance(rule, Formula)
        if left.name not in self._whole or not any(len(self._asked(n)) for n in rule.columns):
            return
        table = self.known.table
        gone = {n: np.isin(np.arange(table.height), self._asked(n)) for n in rule.columns}
        open_ = table[left.name].is_not_null().to_numpy().copy()
        open_[self._asked(left.name)] = False
        for part in reversed(rule.columns):
            rows = open_ & gone[part]
            field = self.codec.fields.get(part)
            if not rows.any() or field is None:
                continue
            values, done = [], rows.copy()
            for i in range(self.draws):
                frame = self._frame(i, left.name, *rule.columns)
                if frame is None:
                    return
                value = solved(rule, part, frame, frame[left.name], field.grid)
                fine = pl.Series(rows) & value.is_not_null()
                done &= fine.to_numpy()
                values.append(value.zip_with(fine, self._whole[part][i]))
            self._put(part, values)
            open_ &= ~done

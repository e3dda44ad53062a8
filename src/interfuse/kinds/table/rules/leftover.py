"""What a rule leaves to be learned of its column.

A derived column c with the rule f has no cells, unless its schema names one of these, each of which
is a hidden column that is learned like any other and never shown:

* `exceptions`: the value where it is not what the rule says, missing where it is. The code for
  missing is so the code "as the rule says", and the network learns where it holds.
* `missing`: whether c is missing though the rule says a value.
* `remainder`: r = c - f, a number. Of a quotient q = round(a / b) that is stored beside a and b,
  q and b are learned and a = q b + r is derived: computed from a and b as they are drawn, each a
  little wrong, q would be far wrong, and learned apart, a would lose its tie to b.

`keeps` are the rules that hold of columns that c is computed from, q = round(a / b) above. r is
drawn without regard to them and shrunk towards 0 where they would break, by bisection; where no r
mends that (q = 0.33 for b = 2), they are computed anew.

`range` is what c may be in a drawn row. Columns drawn each a little wrong, a rate of 1,001 packets
in a microsecond, make values that no row ever had; such rows are drawn again (`ask.again`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from interfuse.kinds.table.rules.formula import Formula
from interfuse.kinds.table.rules.sums import Sum, parse_rule

NEAR, NEAR_SINGLE = 1e-12, 2e-7
"""Floats are alike up to this share: the order of two multiplications moves the last bits."""
_HALVINGS = 24


def alike(one: pl.Series, other: pl.Series) -> np.ndarray:
    """(n,) whether the values of two columns of one type are the same, missing ones too."""
    same = one.eq_missing(other).to_numpy().copy()
    if one.dtype.is_float() and not same.all():
        a, b = (s.cast(pl.Float64).fill_null(np.nan).to_numpy() for s in (one, other))
        near = (NEAR_SINGLE if one.dtype == pl.Float32 else NEAR) * np.abs(a)
        with np.errstate(invalid="ignore"):
            same |= (np.abs(a - b) <= near) & np.isfinite(a)  # all is near infinity
    return same


@dataclass(frozen=True)
class Leftover:
    """The hidden columns of one derived column.

    Attributes:
        name: the derived column.
        dtype: its type.
        rule: what it is computed by.
        exceptions: kind of the hidden column of its exceptions; None without one.
        missing: whether it may be missing by itself.
        decimals: of its remainder, 0 for whole numbers; None without one.
        least: what a remainder may not take it below; None without such a value.
        keeps: rules of columns that it is computed from.
        range: the least and the most that it may be in drawn rows; None for whatever it is.
    """

    name: str
    dtype: pl.DataType
    rule: Sum | Formula
    exceptions: str | None = None
    missing: bool = False
    decimals: int | None = None
    least: int | None = None
    keeps: tuple[tuple[str, Sum | Formula], ...] = ()
    range: tuple[float, float] | None = None

    @classmethod
    def of(cls, name: str, dtype: pl.DataType, options: Mapping[str, Any]) -> Leftover:
        """What the options of a derived column say."""
        keeps, ends = options.get("keeps", {}), options.get("range")
        return cls(
            name,
            dtype,
            parse_rule(options["rule"]),
            options.get("exceptions"),
            bool(options.get("missing", False)),
            options.get("remainder"),
            options.get("least"),
            tuple((column, parse_rule(text)) for column, text in keeps.items()),
            None if ends is None else (ends[0], ends[1]),
        )

    def hidden(self) -> dict[str, tuple[str, pl.DataType]]:
        """By hidden column its kind and type."""
        out: dict[str, tuple[str, pl.DataType]] = {}
        if self.decimals is not None:
            whole = self.dtype.is_integer()
            out[self._named("remainder")] = "number", pl.Int64() if whole else pl.Float64()
        if self.exceptions is not None:
            out[self._named("exception")] = self.exceptions, self.dtype
        if self.missing:
            out[self._named("missing")] = "category", pl.Boolean()
        return out

    def _named(self, part: str) -> str:
        return f"{self.name} ({part})"

    def said(self, frame: pl.DataFrame) -> pl.Series:
        """What the rule alone says, in the column's type."""
        return self.rule.apply(frame).cast(self.dtype, strict=False).alias(self.name)

    def split(self, frame: pl.DataFrame) -> list[pl.Series]:
        """The hidden columns of rows of which all is known."""
        said, column, out = self.said(frame), frame[self.name], []
        if self.decimals is not None:
            wide = pl.Int64 if self.dtype.is_integer() else pl.Float64
            left = (column.cast(wide) - said.cast(wide)).alias(self._named("remainder"))
            out.append(left if self.dtype.is_integer() else left.round(self.decimals))
        if self.exceptions is not None:
            odd = pl.Series(~alike(column, said)) & column.is_not_null()
            shown = pl.when(odd).then(column).alias(self._named("exception"))
            out.append(pl.select(shown).to_series())
        if self.missing:
            out.append((column.is_null() & said.is_not_null()).alias(self._named("missing")))
        return out

    def join(self, frame: pl.DataFrame) -> pl.Series:
        """The column, from those that it is computed from and the hidden ones.

        Args:
            frame: rows; hidden columns that it lacks count as nothing left.
        """
        out = self.said(frame)
        left = self._named("remainder")
        if left in frame.columns:
            out = self._with_remainder(frame, out, frame[left])
        odd = self._named("exception")
        if odd in frame.columns:
            out = (
                frame[odd].cast(self.dtype).alias(self.name).zip_with(frame[odd].is_not_null(), out)
            )
        gone = self._named("missing")
        if gone in frame.columns:
            there = ~frame[gone].fill_null(False)
            out = pl.select(pl.when(there).then(out).alias(self.name)).to_series()
        return out

    def _with_remainder(self, frame: pl.DataFrame, said: pl.Series, left: pl.Series) -> pl.Series:
        out = self._plus(said, left)
        for name, rule in self.keeps:
            bad = self._breaks(frame, name, rule, out)
            if not len(bad):
                continue
            rows, base, whole = frame[bad], said.gather(bad), left.gather(bad).cast(pl.Float64)
            low, high = np.zeros(len(bad)), np.ones(len(bad))
            for _ in range(_HALVINGS):
                middle = (low + high) / 2
                again = self._breaks(rows, name, rule, self._plus(base, whole * pl.Series(middle)))
                wrong = np.zeros(len(bad), bool)
                wrong[again] = True
                low, high = np.where(wrong, low, middle), np.where(wrong, middle, high)
            out = out.scatter(pl.Series(bad), self._plus(base, whole * pl.Series(low)))
        return out

    def _plus(self, said: pl.Series, left: pl.Series) -> pl.Series:
        if self.dtype.is_integer():
            total = said.cast(pl.Int64) + left.fill_null(0).cast(pl.Float64).round().cast(pl.Int64)
        else:
            assert self.decimals is not None
            total = (said.cast(pl.Float64) + left.fill_null(0.0)).round(self.decimals)
        total = total if self.least is None else total.clip(lower_bound=self.least)
        return total.cast(self.dtype, strict=False).alias(self.name)

    def _breaks(
        self, frame: pl.DataFrame, name: str, rule: Sum | Formula, column: pl.Series
    ) -> np.ndarray:
        """The rows where a rule that is to be kept is not."""
        frame = frame.with_columns(column)
        got = rule.apply(frame).cast(frame.schema[name], strict=False)
        return np.flatnonzero(~alike(frame[name], got) & column.is_not_null().to_numpy())

    def restate(self, frame: pl.DataFrame, fixed: Collection[str] = ()) -> pl.DataFrame:
        """The frame with the columns of `keeps` computed anew, but for those that are fixed."""
        for name, rule in self.keeps:
            if name in fixed or not {name, *rule.columns} <= set(frame.columns):
                continue
            got = rule.apply(frame).cast(frame.schema[name], strict=False).alias(name)
            frame = frame.with_columns(got.zip_with(got.is_not_null(), frame[name]))
        return frame

    def without(self, *parts: str) -> Leftover:
        """The same without some parts."""
        return replace(self, **dict.fromkeys(parts))  # pyright: ignore[reportArgumentType]

"""Ports: services keep theirs, and ports that a system gave out are drawn from its range.

A number (`fields.number`) whose bins are of ports: each port of at least `SHARE` of the values, and
`FEWEST` of them, has a bin of its own, and so have the `SERVICES` busiest of the well-known ones,
however rare: between 80 and 123 lies no service that a drawn flow could mean. The others are cut at
the ends of the ranges that systems give out ports from (`RANGES`: RFC 6335, Linux, the BSDs and old
Windows), and inside a range into bins of equal mass. So no service is drawn as its neighbour, and
no port moves into another range.

Ports as text are read as whole numbers and come back as text.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import polars as pl

from interfuse.errors import ConditionError, InterfuseWarning, SchemaError
from interfuse.kinds.table.fields.cells import TEXTS, Cell, Encoded
from interfuse.kinds.table.fields.coarse import Coarse
from interfuse.kinds.table.fields.counts import Counted
from interfuse.kinds.table.fields.limit import Limit, Range
from interfuse.kinds.table.fields.marginals import NumberMarginal
from interfuse.kinds.table.fields.number import BINS, NumberField
from interfuse.kinds.table.fields.physical import SPECIAL, grid_of
from interfuse.kinds.table.fields.quantiles import BIN_ROWS, FEW_VALUES, BinnedQuantiles, make_knots
from interfuse.kinds.table.fields.registry import register_field
from interfuse.kinds.table.fields.spec import Claim, Facts, Spec
from interfuse.kinds.table.fields.union import joined

SHARE, FEWEST = 0.002, 3
MANY, SERVICES = 100, 64
RANGES = (0, 1024, 5001, 32768, 49152, 61000)
"""First ports of the ranges."""
CLASSES = {
    "well-known": (0, 1023),
    "registered": (1024, 49151),
    "ephemeral": (49152, 65535),
}
"""Of RFC 6335, as conditions name them."""
_NAMED = re.compile(
    r"(?i)(^|[_\-. ])((src|dst|source|dest|destination|orig|resp|client|server|local|remote)?"
    r"[_\-. ]?port|(id\.)?(orig|resp)_p)$|^d?sport$|^dport$|^[sd]p(r?t)?$|(?-i:[a-z]Port$)"
)
_MOST = 65535


@register_field
class PortField(NumberField):
    """A column of ports as bin and normal score."""

    kind = "port"
    words = "ports of TCP and UDP: services as categories, others new in their range"
    role = "number"
    options: ClassVar[Mapping[str, str]] = NumberField.options

    def __init__(
        self,
        name: str,
        dtype: pl.DataType,
        quantiles: BinnedQuantiles | None,
        special: tuple[str, ...],
        grid: tuple[int, int] | None,
        links: tuple[str, ...] = (),
    ) -> None:
        super().__init__(name, dtype, quantiles, special, grid, links)
        self.ordered = dtype not in TEXTS  # type: ignore[misc]

    @classmethod
    def holds(cls, dtype: pl.DataType) -> bool:
        """Whole numbers and text."""
        return dtype.is_integer() or dtype in TEXTS

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """The share of values that could be ports, and how many there are."""
        if dtype == pl.String:
            whole = column.cast(pl.Int64, strict=False)
            like = whole.is_between(0, _MOST).fill_null(False).filter(column.is_not_null()).mean()
        elif dtype.is_integer():
            like = column.is_between(0, _MOST).mean()
        else:
            return {}
        return {"like": like, "distinct": column.drop_nulls().n_unique()}

    @classmethod
    def recognise(cls, facts: Facts) -> Claim | None:
        """Whole numbers up to 65535, if named so.

        Of `MANY` different ones or fewer a number does: most have a bin of their own, and models of
        such tables stay as they were.
        """
        like = facts.values.get("like") or 0
        text = facts.dtype == pl.String
        few = not text and facts.values.get("distinct", 0) <= MANY
        if like < (0.99 if text else 1) or few or not _NAMED.search(facts.name):
            return None
        return Claim(0.9, f"ports, by name and range: {facts.values['distinct']:,} different")

    @classmethod
    def update(cls, sketch: Counted | Coarse, column: pl.Series) -> Counted | Coarse:
        """Count the values of a column, text as whole numbers."""
        whole = _whole(column)
        lost = whole.null_count() - column.null_count()
        if lost > (len(column) - column.null_count()) / 2:
            raise SchemaError(
                f"column {column.name!r} is of kind 'port' but most of its values are none. Use "
                "kind 'category'."
            )
        if lost:
            warnings.warn(
                f"column {column.name!r}: {lost:,} value{'s are' if lost > 1 else ' is'} no port: "
                "taken for missing",
                InterfuseWarning,
                stacklevel=2,
            )
        return super().update(sketch, whole)

    @classmethod
    def finish(cls, sketch: Counted | Coarse, spec: Spec) -> Self:
        """Bins, ranks and grid of the ports counted.

        Raises:
            SchemaError: one is below 0 or above 65535.
        """
        special = tuple(s for s, seen in zip(SPECIAL, sketch.special, strict=True) if seen)
        values, links = sketch.values, tuple(spec.options.get("equals", ()))
        if values is None or not len(values):
            return cls(spec.name, spec.dtype, None, special or ("missing",), None)
        if values[0] < 0 or values[-1] > _MOST:
            wrong = values[0] if values[0] < 0 else values[-1]
            raise SchemaError(
                f"column {spec.name!r} is of kind 'port' but holds {wrong}; ports are 0 to "
                f"{_MOST}. Use kind 'number' or 'category'."
            )
        label = _bins(values, sketch.counts, int(spec.options.get("bins", BINS)))
        quantiles = BinnedQuantiles(make_knots(values, sketch.counts, label))
        return cls(spec.name, spec.dtype, quantiles, special, grid_of(values), links)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The bin, a category without order, and the score inside it."""
        return tuple(replace(cell, ordered=0) for cell in super().cells)

    def encode(self, column: pl.Series) -> Encoded:
        """Cells of a column, text as whole numbers."""
        return super().encode(_whole(column))

    def limit_between(
        self, asked: Range, low: float | int | None, high: float | int | None
    ) -> tuple[Limit | None, pl.Series]:
        """As of numbers; text has no ends to be held at."""
        limit, nearest = super().limit_between(asked, low, high)
        text = limit is not None and self.dtype in TEXTS
        return (replace(limit, ends=None) if text else limit), nearest  # type: ignore[type-var]

    def word(self, text: str) -> Limit | None:
        """A class of ports."""
        return self._held(text, [CLASSES[text.lower()]]) if text.lower() in CLASSES else None

    def word_except(self, text: str) -> Limit | None:
        """The other classes."""
        others = [ends for name, ends in CLASSES.items() if name != text.lower()]
        return self._held(text, others) if text.lower() in CLASSES else None

    def _held(self, text: str, ranges: Sequence[tuple[int, int]]) -> Limit:
        found = [self.limit_between(Range(*ends), *ends)[0] for ends in ranges]
        limits = [limit for limit in found if limit is not None]
        if not limits:
            raise ConditionError(f"column {self.name!r}: no such port was seen ({text}).")
        return joined(self.name, limits)

    def marginal(self, shares: np.ndarray) -> NumberMarginal | None:
        """As of numbers; text has none."""
        return super().marginal(shares) if self.ordered else None


def _whole(column: pl.Series) -> pl.Series:
    """Ports as whole numbers."""
    if column.dtype not in TEXTS:
        return column
    return column.cast(pl.String).str.strip_chars().cast(pl.Int64, strict=False)


def _bins(values: np.ndarray, counts: np.ndarray, bins: int) -> np.ndarray:
    """Bin number of each distinct port, bins numbered by their smallest port."""
    total = int(counts.sum())
    if len(values) <= FEW_VALUES and total >= 2 * len(values):
        return np.arange(len(values))
    heavy = counts >= max(FEWEST, SHARE * total)
    known = np.flatnonzero(values <= CLASSES["well-known"][1])
    heavy[known[np.argsort(-counts[known], kind="stable")[:SERVICES]]] = True
    label = np.full(len(values), -1)
    part = np.searchsorted(RANGES, values, side="right")
    made = 0
    for one in np.unique(part[~heavy]):
        at = np.flatnonzero((part == one) & ~heavy)
        mass = counts[at]
        wanted = max(1, min(round(bins * mass.sum() / total), int(mass.sum()) // BIN_ROWS))
        middle = np.cumsum(mass) - mass / 2
        own = np.minimum((middle / mass.sum() * wanted).astype(np.int64), wanted - 1)
        _, own = np.unique(own, return_inverse=True)
        label[at] = made + own
        made += int(own.max()) + 1
    label[heavy] = made + np.arange(int(heavy.sum()))
    _, where, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(where), np.int64)
    rank[np.argsort(where, kind="stable")] = np.arange(len(where))
    return rank[inverse]

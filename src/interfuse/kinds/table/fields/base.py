"""The contract of a kind of column: a field is one file and its test.

**Cells.** A `Field` turns one column into *cells* of two sorts:

* a category cell holds a code in {0, ..., size - 1};
* a number cell holds a value that is standard normal by construction. What the data fixes is only
  the interval (low, high) of z that a value stands for; a training draw is
  z = ndtri(U(ndtr(low), ndtr(high))). NaN means that the number is not in this record,
  which the category cell before it tells.

decode(encode(column)) is the column: its type and missing values always, every value exactly as
long as a bin of numbers has at most 512 knots; beyond that a value moves by less than the gap
between two knots. Fields that are `remade` give another of the sort where few rows have a value.

**Learning.** A field is learned from a *sketch*, which pieces of the data are added to:

    sketch(spec)             nothing seen yet
    update(sketch, column)   with these values too; the sketch that was given stays as it was
    merge(a, b)              what was seen by either
    finish(sketch, spec)     the field

`fit` is one update and a finish. Where `merges` is true any pieces, updated and merged in any
order, give the same field; else (keys, and fields that keep `learned.Columns`) the order of the
pieces may show. A sketch may hold the whole column: those of today are exact. `noisy` is the place
for a field that is learned from a noisy summary instead (differential privacy); none offers it yet.

Columns may share one space, such as source and destination address: where the field lists the
option `space`, all columns that name one space update one sketch, and each gets its own field of
it, which knows values that the column itself never had. Categories offer it.

**Questions.** What is asked of a model asks the field, never its class; of a field with one
category cell the defaults say all but `role`:

* conditions (`given=`): `refusal`, `known_cells`, `word`, `limit_to`, `limit_between`, `range`,
  `unaskable`;
* imputation: `filled`, `invented`, `reads`, `readable`, `beyond`, `values_only`, `usual`,
  `ordered`, `marginal`;
* detection, evaluation, pictures: `expected`, `labels`, `alike`, `role`;
* calibration and exact rules: `bins`, `quantiles`, `grid`, `classes`.

**Recognition.** `measure` names aggregates over all values that inference is to compute, and
`recognise` may claim the column by them; `holds` says which types a person may declare it for.

**Joining in.** `@register_field` on the class, or from another package the entry point group
`interfuse.fields`, whose entries name such a class or the module that registers it.

**Storing.** `to_json` goes to JSON, `arrays` to safetensors; `from_json` executes nothing of them.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from interfuse.errors import SchemaError
from interfuse.io.dtypes import to_text
from interfuse.kinds.table.fields.cells import TEXTS, Arrays, Cell, Encoded
from interfuse.kinds.table.fields.learned import Learned
from interfuse.kinds.table.fields.limit import Limit, Range, limit_to_values
from interfuse.kinds.table.fields.marginals import Marginal
from interfuse.kinds.table.fields.quantiles import BinnedQuantiles
from interfuse.kinds.table.fields.spec import Claim, Facts, Role
from interfuse.visible import cut

if TYPE_CHECKING:
    from torch import Tensor


class Field(Learned):
    """One column's transform, and what questions need to know of it.

    Attributes:
        kind: its name in schemas.
        words: what the kind is, for people who choose.
        role: see `Role`.
        stored: the name that its state goes by in a run folder; `kind` if not given.
        options: what a schema may set of it, and what that means.
        filled: whether a missing cell may get a value.
        invented: whether its values are made anew for each row, so that a missing one is filled
            only in rows that are wholly new.
        reads: whether the values of rows that are given mean anything; if not they may be of any
            type, and stay as they are.
        ordered: whether values are in order, so that there are medians and intervals.
        unaskable: why no condition may name the column; empty if one may.
        remade: whether what few rows have comes back as new values of its sort.
        together: whether all columns of this kind and type are one space.
        name: of the column.
        dtype: of the column.
    """

    words: ClassVar[str] = ""
    role: ClassVar[Role] = "category"
    stored: ClassVar[str] = ""
    options: ClassVar[Mapping[str, str]] = {}
    filled: ClassVar[bool] = True
    invented: ClassVar[bool] = False
    reads: ClassVar[bool] = True
    ordered: ClassVar[bool] = False
    unaskable: ClassVar[str] = ""
    remade: ClassVar[bool] = False
    together: ClassVar[bool] = False

    def __init__(self, name: str, dtype: pl.DataType) -> None:
        self.name = name
        self.dtype = dtype

    # What it is

    @property
    @abc.abstractmethod
    def cells(self) -> tuple[Cell, ...]:
        """Category cells first, then number cells."""

    @abc.abstractmethod
    def encode(self, column: pl.Series) -> Encoded:
        """Cells of a column that may hold values never seen."""

    @abc.abstractmethod
    def decode(self, codes: np.ndarray, z: np.ndarray, rows: np.ndarray, seed: int) -> pl.Series:
        """The column of these cells.

        Args:
            codes: (n, q) codes.
            z: (n, p) float64.
            rows: (n,) row numbers, for fields that make a new value for each row.
            seed: of the same.
        """

    @abc.abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Small state."""

    def arrays(self) -> Arrays:
        """Large state."""
        return {}

    @classmethod
    @abc.abstractmethod
    def from_json(cls, name: str, dtype: pl.DataType, d: dict[str, Any], arrays: Arrays) -> Field:
        """The inverse of `to_json` and `arrays`."""

    def series(self, values: Any) -> pl.Series:
        """Values as a column of this field's name and type."""
        return pl.Series(self.name, values).cast(self.dtype)

    def remark(self, rows: int) -> str | None:
        """What people should know of this column in so many new rows, behind its name."""
        return None

    # Schemas and inference

    @classmethod
    def check_options(cls, name: str, options: Mapping[str, Any]) -> None:
        """Check what a person may have edited; the names of the options are known to be right.

        Raises:
            SchemaError: a value that the option cannot have.
        """
        space = options.get("space", "x")
        if not isinstance(space, str) or not space:
            raise SchemaError(
                f"schema: column {name!r} has space {space!r}; expected the name of a space, a "
                "text, which other columns may share."
            )

    @classmethod
    def holds(cls, dtype: pl.DataType) -> bool:
        """Whether a column of this type may be declared of this kind."""
        return True

    @classmethod
    def measure(cls, column: pl.Expr, dtype: pl.DataType) -> dict[str, pl.Expr]:
        """Aggregates over all values that `recognise` goes by, by name; none for other types."""
        return {}

    @classmethod
    def recognise(cls, facts: Facts) -> Claim | None:
        """Claim a column, or leave it."""
        return None

    # Conditions

    def known_cells(self, column: pl.Series) -> tuple[np.ndarray, np.ndarray]:
        """Codes (n, q) int64, -1 in all cells of a value never seen, and scores (n, p), NaN there.

        Args:
            column: values, perhaps of another type of the same sort.
        """
        cells = self.encode(self.readable(column))
        codes = cells.codes.astype(np.int64)
        known = np.all(codes >= 0, axis=1)[:, None]
        return np.where(known, codes, -1), np.where(known, cells.scores, np.nan)

    def refusal(self, column: pl.Series, asked: object) -> str | None:
        """Why no row can have this value; None if one can.

        Args:
            column: the value, one row of the column's type.
            asked: as it was given, for the message.
        """
        if (self.encode(column).codes < 0).any():
            return f"{cut(repr(asked))} was never seen."
        return None

    @property
    def range(self) -> tuple[float, float] | None:
        """Smallest and largest value seen, in the column's physical unit; None without order."""
        return None

    def describe_range(self) -> str:
        """The range seen, in the column's own terms."""
        return f"{self.range}"

    def limit_to(self, values: pl.Series) -> Limit:
        """Hold the column in a set.

        Args:
            values: distinct values, none of them refused.

        Raises:
            ConditionError: a column of these cells cannot be held in a set.
        """
        encoded = self.encode(values)
        return limit_to_values(self.name, self.cells, encoded, values, self.ordered)

    def limit_except(self, values: pl.Series) -> Limit:
        """Hold the column outside of a set; a missing value is in none.

        Args:
            values: distinct values, none of them refused.
        """
        allowed = self.values_only()
        weight = np.ones(self.cells[0].size) if allowed is None else allowed.astype(np.float64)
        weight[self.encode(values).codes[:, 0]] = 0.0
        return Limit(self.name, 0, weight)

    def limit_between(
        self, asked: Range, low: float | int | None, high: float | int | None
    ) -> tuple[Limit | None, pl.Series]:
        """Hold a field that has a `range` between two ends.

        Args:
            asked: for messages, and which ends are open.
            low: the lower end in the column's physical unit; None if there is none.
            high: the upper end.

        Returns:
            The limit, or None if no value of the range was seen; and the value of the range that is
            nearest to what was seen.

        Raises:
            ConditionError: no value satisfies the range.
        """
        raise NotImplementedError(f"field {self.kind!r} has a range and no limit_between")

    def word(self, text: str) -> Limit | None:
        """What a word that is no value stands for in a condition; None if it stands for nothing."""
        return None

    def word_except(self, text: str) -> Limit | None:
        """All that a word does not stand for; None if it stands for nothing."""
        return None

    # Imputation

    def readable(self, column: pl.Series) -> pl.Series:
        """Values of another type of the same sort as `encode` reads them."""
        return column if self.dtype in TEXTS else column.cast(self.dtype, strict=False)

    def beyond(self, column: pl.Series) -> np.ndarray:
        """(n,) whether each value lies outside of the range seen."""
        return np.zeros(len(column), bool)

    def values_only(self) -> np.ndarray | None:
        """(k,) codes of the first cell that stand for a value; None where all do."""
        if not self.cells or self.cells[0].size == 0:
            return None
        none = self.encode(pl.Series(self.name, [None], dtype=self.dtype)).codes[0]
        if none[0] < 0:
            return None
        allowed = np.ones(self.cells[0].size, bool)
        allowed[none[0]] = not self._has_own_code(none)
        return allowed if allowed.any() else None

    def _has_own_code(self, codes: np.ndarray) -> bool:
        """Whether the first of these codes (q,) stands for the value alone."""
        return len(codes) == 1

    def usual(self) -> Any:
        """The value for a draw that came out missing where one is wanted; None if there is none.

        `values_only` keeps such draws away, but for a missing value among rare ones.
        """
        return None

    def marginal(self, shares: np.ndarray) -> Marginal | None:
        """The cells' own distribution where it has a closed form; else draws stand for it.

        Args:
            shares: (k, codes) probabilities of the codes of the only category cell.
        """
        return None

    # Detection

    def alike(self, column: pl.Series) -> pl.Series:
        """The column as distances between rows compare it; categories in place of unique values."""
        return column

    def labels(self) -> pl.Series:
        """(k,) what the codes of the first cell stand for, as text."""
        size = self.cells[0].size
        if len(self.cells) > 1:
            return pl.Series([f"value {code}" for code in range(size)])
        codes = np.arange(size)[:, None]
        values = self.decode(codes, np.zeros((size, 0)), np.zeros(size, np.int64), 0)
        return to_text(values).fill_null("missing")

    def expected(self, shares: Tensor) -> pl.Series:
        """(n,) what was expected in a cell, as text.

        Args:
            shares: (n, k) probabilities of the codes of the first cell, on any device.
        """
        best, code = shares.max(1)
        percent = pl.Series((100 * best).round().int().cpu().numpy()).cast(pl.String)
        return self.labels().gather(code.cpu().numpy()) + " (" + percent + " %)"

    # Calibration and exact rules

    @property
    def bins(self) -> int:
        """How many of the first codes of the first cell are bins of numbers, in order."""
        return self.quantiles.bins if self.quantiles is not None else 0

    grid: tuple[int, int] | None = None
    """Of a number (origin, step) of integers, (0, decimals) of real numbers; None without one."""

    classes: Sequence[int] = ()
    coarser: Sequence[int] = ()
    """By code of the first cell its class, for `learn.pairs`, and a coarser one, for `apart`."""
    links: tuple[str, ...] = ()
    """What a number equals in a share of the rows, a code each, the last (`kinds.table.links`)."""

    quantiles: BinnedQuantiles | None = None
    """The transform inside the bins of a number (`fields.quantiles`); None for anything else."""

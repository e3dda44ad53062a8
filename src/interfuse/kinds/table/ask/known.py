"""Rows that are known in part: frames to known and unknown cells.

* A missing value in a column to fill is unknown. In another column it is known to be missing, if
  the training data had such; otherwise it is unknown, and left missing.
* A number beyond the range seen is taken at the nearest bin, its score beyond the last rank. A
  category never seen tells nothing: its cell is drawn and the draw thrown away. Both stay as they
  are in the answer, with a warning.
* Of the columns of a rule (`delta = added - deleted`) a single missing one is computed (`solve`).
* What a rule leaves over (`rules.leftover`) is known where all of its columns are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from interfuse.errors import DataError, OptionError
from interfuse.kinds.table.ask.solve import solve
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields import Field
from interfuse.kinds.table.fields.physical import BEYOND, within_calendar
from interfuse.kinds.table.rules import Rule, Sum
from interfuse.kinds.table.schema import unknown_column

_TEXT = (pl.String, pl.Categorical, pl.Enum)


@dataclass(frozen=True)
class Known:
    """Some rows, and what is known of them.

    Attributes:
        table: the rows as they come back: observed cells as given, in the answer's types.
        codes: (n, q) known codes, -1 where unknown.
        z: (n, p) scores of known numbers, NaN where unknown or absent.
        asked: by column, the rows to fill; hidden ones too.
        hidden: the hidden columns of the rows.
    """

    table: pl.DataFrame
    codes: np.ndarray
    z: np.ndarray
    asked: dict[str, np.ndarray]
    hidden: pl.DataFrame


class RowReader:
    """Reads rows of one table; the columns are checked once.

    Args:
        codec: of the fitted model.
        types: the table's columns.
        fill: the columns to fill; None for all.
        subset: whether columns of the model may be absent: wholly unknown, and added.

    Raises:
        DataError: a column that the model does not know, one too few, or one of another type.
        OptionError: `fill` names a column that is not there.
    """

    def __init__(
        self,
        codec: TableCodec,
        types: dict[str, pl.DataType],
        fill: Sequence[str] | None = None,
        subset: bool = False,
    ) -> None:
        self.codec = codec
        self.schema = codec.schema
        self.subset = subset
        self._seen: dict[str, tuple[int, object]] = {}
        self._beyond: dict[str, tuple[int, object]] = {}
        self._clash: dict[str, int] = {}
        self._broken: dict[str, int] = {}
        self.types: dict[str, pl.DataType] = {}
        for name, dtype in types.items():
            if name not in self.schema.names:
                raise DataError(f"the rows: {unknown_column(name, self.schema.names)}")
            self.types[name] = dtype
        shown = {n: f for n, f in codec.fields.items() if n not in codec.hidden}
        needed = [n for n, f in shown.items() if f.cells and n not in types]
        if needed and not subset:
            raise DataError(
                f"the rows: column {needed[0]!r} is not there. Add it, with missing values if it "
                "is to be filled."
            )
        if isinstance(fill, str):
            fill = [fill]
        if fill is not None and (wrong := [n for n in fill if n not in types]):
            raise OptionError(f"columns: {unknown_column(wrong[0], list(types))}")
        self.fill = set(self.schema.names if fill is None else fill)

    def cast(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame in the types that it comes back in; the whole table at once, or its types.

        Raises:
            DataError: a column of another type.
        """
        columns = []
        for column in frame.iter_columns():
            columns.append(self._own_type(column))
        return pl.DataFrame(columns)

    def _own_type(self, column: pl.Series) -> pl.Series:
        """A column of another type of the same sort in the model's type, where that is exact."""
        name, wanted, found = column.name, self.schema[column.name].dtype, column.dtype
        field = self.codec.fields.get(name)
        read = name in self.codec.rules if field is None else field.reads
        if found == wanted or not read:
            return column
        if column.null_count() == len(column):
            return pl.Series(name, [None] * len(column), dtype=wanted)
        same = (found in _TEXT and wanted in _TEXT) or (found.is_numeric() and wanted.is_numeric())
        zones = [getattr(t, "time_zone", None) is None for t in (found, wanted)]
        same |= (
            isinstance(found, pl.Datetime)
            and isinstance(wanted, pl.Datetime)
            and len(set(zones)) == 1
        )
        same |= found == pl.Duration and wanted == pl.Duration
        same |= found == pl.Boolean and wanted.is_numeric()
        if not same:
            raise DataError(
                f"the rows: column {name!r} holds {found}; the model was fitted on {wanted}. Cast "
                "the column, or read the file with that type."
            )
        try:
            cast = column.cast(wanted)
            back = cast.cast(found)
        except pl.exceptions.PolarsError:
            return column
        return cast if back.eq_missing(column).all() else column

    def read(self, frame: pl.DataFrame, quiet: bool = False) -> Known:
        """The cells of some rows.

        Args:
            frame: rows from `cast`.
            quiet: leave no warning of these rows.
        """
        frame, n = solve(frame, self.codec, self.fill), frame.height
        hidden, unknown = self._hidden(frame)
        codes = np.full((n, self.codec.categories), -1, np.int64)
        z = np.full((n, self.codec.numbers), np.nan)
        asked: dict[str, np.ndarray] = {}
        for name, field in self.codec.fields.items():
            inside = name in hidden.columns
            column = hidden[name] if inside else frame[name]
            if field.reads and not within_calendar(column).all():
                raise DataError(
                    f"the rows: column {name!r} holds {BEYOND}; expected times that a calendar "
                    "has. Mend them, or leave them missing."
                )
            gone = unknown[name] if inside else column.is_null().to_numpy()
            wanted = name in self.fill and field.filled and (self.subset or not field.invented)
            if inside or wanted:
                asked[name] = np.flatnonzero(gone)
            if not field.cells:
                continue
            place = self.codec.places[name]
            found, scores = field.known_cells(column)
            if inside or name in self.fill:
                found[gone], scores[gone] = -1, np.nan
            codes[:, place.codes], z[:, place.numbers] = found, scores
            if not quiet and not inside:
                self._note(name, column, field, (found[:, :1] >= 0).all(1) | gone)
        self.codec.links.mark(frame, codes, z)
        if not quiet:
            for law, count in self.codec.laws_broken(frame).items():
                self._broken[str(law)] = self._broken.get(str(law), 0) + count
        for name, rule in self.codec.rules.items():
            if name in frame.columns and name in self.fill:
                asked[name] = np.flatnonzero(frame[name].is_null().to_numpy())
            if name in frame.columns and not quiet and not self._solvable(name, rule):
                self._note_clash(name, rule, frame)
        return Known(frame, codes, z, asked, hidden)

    def _hidden(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, np.ndarray]]:
        """The hidden columns of some rows, and where each is unknown."""
        columns: list[pl.Series] = []
        unknown: dict[str, np.ndarray] = {}
        for name, left in self.codec.derived.items():
            hidden = left.hidden()
            if not hidden:
                continue
            names = dict.fromkeys((name, *left.rule.columns))
            absent = [
                pl.Series(n, [None] * frame.height, dtype=self.schema[n].dtype)
                for n in names
                if n not in frame.columns
            ]
            wide = frame.with_columns(absent)
            columns += left.split(wide)
            gone = np.zeros(frame.height, bool)
            for n in names:
                if n in self.fill or n not in frame.columns:
                    gone |= wide[n].is_null().to_numpy()
            unknown |= dict.fromkeys(hidden, gone)
        return pl.DataFrame(columns), unknown

    def clashes(self, frame: pl.DataFrame) -> dict[str, np.ndarray]:
        """By derived column the rows where it is known and several columns of its rule are not.

        Rules that cannot be solved for their columns are left out.
        """
        out = {}
        for name, rule in self.codec.rules.items():
            if name in frame.columns and isinstance(rule, Sum) and self._solvable(name, rule):
                gone = pl.sum_horizontal(pl.col(list(rule.columns)).is_null())
                at = frame.select((gone > 1) & pl.col(name).is_not_null()).to_series().arg_true()
                if len(at):
                    out[name] = at.to_numpy().astype(np.int64)
        return out

    def _solvable(self, name: str, rule: Rule) -> bool:
        """Whether a rule is a sum of whole numbers that are all filled, columns with bins."""
        if not isinstance(rule, Sum) or self.codec.derived[name].hidden():
            return False
        types = [self.types.get(n, self.schema[n].dtype) for n in (name, *rule.columns)]
        # Sums are computed as Int64.
        whole = all(dtype.is_integer() and dtype != pl.UInt64 for dtype in types)
        fields = [self.codec.fields.get(n) for n in rule.columns]
        numbers = all(f is not None and f.quantiles is not None for f in fields)
        return whole and numbers and set(rule.columns) <= self.fill

    def _note(self, name: str, column: pl.Series, field: Field, fine: np.ndarray) -> None:
        wrong = np.flatnonzero(~fine)
        if len(wrong):
            count, some = self._seen.get(name, (0, column[int(wrong[0])]))
            self._seen[name] = (count + len(wrong), some)
        out = np.flatnonzero(field.beyond(column))
        if len(out):
            count, some = self._beyond.get(name, (0, column[int(out[0])]))
            self._beyond[name] = (count + len(out), some)

    def _note_clash(self, name: str, rule: Rule, frame: pl.DataFrame) -> None:
        if all(n in frame.columns for n in rule.columns):
            gone = frame.select(pl.any_horizontal(pl.col(list(rule.columns)).is_null())).to_series()
            count = int((gone & frame[name].is_not_null()).sum())
            if count:
                self._clash[name] = self._clash.get(name, 0) + count

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was unusual in the rows read so far."""
        out = []
        for name, (count, some) in self._seen.items():
            out.append(
                f"column {name!r}: {_values(count)} never seen in fitting, such as {some!r}; kept "
                "as given, and taken to say nothing about the other columns."
            )
        for name, (count, some) in self._beyond.items():
            field = self.codec.fields[name]
            out.append(
                f"column {name!r}: {_values(count)} outside the range seen, "
                f"{field.describe_range()}, such as {some}; kept as given, and the others are "
                "drawn as if it stood at the edge or just beyond."
            )
        for law, count in self._broken.items():
            out.append(
                f"{_rows(count)} {law!r}, which holds in every row that was fitted; what is known "
                "stays, and the rest is drawn beside it."
            )
        for name, count in self._clash.items():
            out.append(
                f"column {name!r}: {_values(count)} known where several columns of its rule "
                f"'{self.codec.rules[name]}' are missing; those are drawn, and follow it only "
                "where one of them can be computed from the others."
            )
        return tuple(out)


def _values(count: int) -> str:
    return f"{count:,} value{'s' if count != 1 else ''} {'are' if count != 1 else 'is'}"


def _rows(count: int) -> str:
    return f"{count:,} row{'s break' if count != 1 else ' breaks'}"


def may_be_drawn(codec: TableCodec, fill: set[str]) -> list[np.ndarray | None]:
    """For each category cell the codes that stand for a value; None where all do.

    Args:
        codec: of the fitted model.
        fill: the columns that must get a value.
    """
    out: list[np.ndarray | None] = [None] * codec.categories
    for name, field in codec.fields.items():
        if name in fill and field.cells and field.cells[0].size:
            out[codec.places[name].codes.start] = field.values_only()
    return out

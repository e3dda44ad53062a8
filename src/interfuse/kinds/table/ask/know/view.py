"""A fitted table as columns that can be asked about, and the rows that they are asked of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import DataError, OptionError, note
from interfuse.io.frames import to_polars
from interfuse.io.many import is_on_disk
from interfuse.io.read import fingerprint
from interfuse.kinds.table.ask.conditionals import Conditionals, NetworkSays
from interfuse.kinds.table.ask.know.within import keeps
from interfuse.kinds.table.ask.known import RowReader
from interfuse.kinds.table.fields import Field
from interfuse.kinds.table.fitted import Fitted
from interfuse.kinds.table.schema import unknown_column
from interfuse.language import t
from interfuse.train.precision import choose_device

FEWEST = 200
MOST = 4096
"""Rows that are asked: errors fall with their root, work grows with them."""
MANY_VALUES = 1_000


@dataclass(frozen=True)
class View:
    """Columns of a model that have cells.

    Attributes:
        names: of the columns, in the schema's order; what a rule leaves over goes by the name of
            the column that the rule computes.
        fields: the transform of each column's first cell.
        ask: their conditionals.
        ruled: columns that an exact rule computes wholly, with the rule: they are no cells.
    """

    names: tuple[str, ...]
    fields: tuple[Field, ...]
    ask: Conditionals
    ruled: dict[str, str]

    @classmethod
    def of(cls, model: Fitted, device: str | None = None) -> View:
        """The columns of a model.

        Raises:
            DataError: fewer than two columns have cells.
        """
        codec, cells = model.codec, {}
        for name, field in codec.fields.items():
            own = codec.places[name].codes
            if own.stop > own.start and field.filled:
                shown = codec.hidden.get(name, name)
                before = cells.get(shown, (field, ()))
                cells[shown] = before[0], (*before[1], *range(own.start, own.stop))
        names = tuple(n for n in codec.schema.names if n in cells)
        if len(names) < 2:
            raise DataError(
                f"the model: {len(names)} of its columns can be asked about; expected 2 or more "
                "columns of numbers, categories or times."
            )
        ruled = {n: str(r) for n, r in codec.rules.items() if n not in cells}
        where = choose_device(device)
        said = NetworkSays(model.net.to(where), where)
        ask = Conditionals(said, tuple(model.layout.sizes), tuple(cells[n][1] for n in names))
        return cls(names, tuple(cells[n][0] for n in names), ask, ruled)

    def at(self, name: str, option: str) -> int:
        """The place of a column.

        Raises:
            OptionError: there is none of that name, or a rule computes it.
        """
        if name in self.names:
            return self.names.index(name)
        if name in self.ruled:
            raise OptionError(
                f"{option}: column {name!r} is computed by the rule '{name} = {self.ruled[name]}', "
                "so nothing is left to explain. Ask about a column of the rule."
            )
        raise OptionError(f"{option}: {unknown_column(name, list(self.names))}")

    def target(self, name: str) -> int:
        """The place of a column that can be explained.

        Raises:
            OptionError: there is none, or it has too many values.
        """
        at = self.at(name, "target")
        size = math.prod(self.ask.sizes[j] for j in self.ask.cells[at])
        if self.fields[at].bins == 0 and size > MANY_VALUES:
            raise OptionError(
                f"target: column {name!r} has up to {size:,} values; expected at most "
                f"{MANY_VALUES:,}. Ask about a coarser column."
            )
        return at

    def none(self) -> np.ndarray:
        """(d,) no column is shown."""
        return np.zeros(len(self.names), bool)

    def only(self, *shown: int) -> np.ndarray:
        """(d,) no column is shown but some."""
        return ~self.all_but(*shown)

    def all_but(self, *hidden: int) -> np.ndarray:
        """(d,) all columns are shown but some."""
        shown = np.ones(len(self.names), bool)
        shown[list(hidden)] = False
        return shown

    def first_codes(self, rows: Rows, column: int) -> np.ndarray:
        """(n,) codes of the first cell of a column."""
        return rows.codes[:, self.ask.cells[column][0]]


@dataclass(frozen=True)
class Rows:
    """Rows that the model was not fitted to.

    Attributes:
        frame: as they are, in the model's types.
        codes: (n, q), -1 where a value is unknown.
        said: where they are from, for people.
        blocks: (n,) rows of one number are not independent of each other; None if all are.
        absent: columns of the model that the rows do not have.
        z: (n, p) scores of their numbers, by which `check_fresh` knows rows again.
    """

    frame: pl.DataFrame
    codes: np.ndarray
    said: str
    blocks: np.ndarray | None = None
    absent: tuple[str, ...] = ()
    z: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def blocked(self, blocks: np.ndarray) -> Rows:
        """The same rows in blocks."""
        return replace(self, blocks=blocks)

    def some(self, at: np.ndarray) -> Rows:
        """Rows at some places."""
        blocks = None if self.blocks is None else self.blocks[at]
        return replace(self, frame=self.frame[at], codes=self.codes[at], blocks=blocks)

    def at_most(self, most: int, seed: int) -> Rows:
        """A random part of so many rows, in their order; all where there are no more."""
        return self if len(self) <= most else self.some(self.places(most, seed))

    def places(self, most: int, seed: int) -> np.ndarray:
        """Those of `at_most`."""
        if len(self) <= most:
            return np.arange(len(self))
        rng = np.random.default_rng([seed, 25])
        return np.sort(rng.choice(len(self), most, replace=False))


def held_out(model: Fitted) -> Rows:
    """The rows that the fit held out.

    Raises:
        DataError: the model keeps none, or too few.
    """
    kept = model.reference
    if kept is None or len(kept.held_codes) < FEWEST:
        found = 0 if kept is None else len(kept.held_codes)
        raise DataError(
            f"the run: keeps {found} rows that it was not fitted to; expected {FEWEST} or more. "
            "Give fresh rows as DATA, or fit more rows, without --no-reference."
        )
    frame = kept.frames(model.codec)[1]
    codes = kept.held_codes.astype(np.int64)
    return Rows(frame, codes, t("{rows:,} rows that the fit held out", rows=len(codes)))


def read_rows(
    model: Fitted,
    data: Any,
    blocks: str | None = None,
    subset: bool = False,
    name: str | None = None,
) -> Rows:
    """Rows of a frame or a file as cells of the model.

    Args:
        model: the fitted model.
        data: a frame or a path; columns that the model does not have are left out.
        blocks: a column of it.
        subset: whether columns of the model may be absent: they are then unknown, and said.
        name: what the rows are of, for people; None for that of the file.

    Raises:
        DataError: they cannot be read, columns differ, or there are too few.
        OptionError: the column of blocks is not there.
    """
    lazy, _ = to_polars(data, model.schema.said(), nested=True, file=model.schema.origin.file)
    table = lazy.lazy().collect()
    own = None
    if blocks is not None:
        if blocks not in table.columns:
            raise OptionError(f"blocks: {unknown_column(blocks, table.columns)}")
        own = table[blocks].rank("dense").fill_null(0).to_numpy().astype(np.int64)
    more = [n for n in table.columns if n not in model.schema.names and n != blocks]
    if more:
        note(f"the rows: {listed(more)} of them the model does not know, and is left out.", 5)
    table = table.select(n for n in table.columns if n in model.schema.names)
    absent = [n for n, f in model.codec.fields.items() if f.cells and n not in table.columns]
    absent = [n for n in absent if n not in model.codec.hidden]
    if absent and subset:
        if len(absent) >= len([n for n in model.codec.fields if n not in model.codec.hidden]):
            raise DataError("the rows: have no column of the model. Give rows of the same table.")
        note(f"the rows: do not have {listed(absent)} of the model, which is not compared.", 5)
        gone = [pl.Series(n, [None] * table.height, dtype=model.schema[n].dtype) for n in absent]
        table = table.with_columns(gone)
    reader = RowReader(model.codec, dict(table.schema), ())
    frame = reader.cast(table)
    if frame.height < FEWEST:
        raise DataError(
            f"the rows: {frame.height} in all; expected {FEWEST} or more, as an estimate of fewer "
            "is mostly chance. Give more rows."
        )
    known = reader.read(frame, quiet=True)
    codes = known.codes
    for gone in absent if subset else ():
        codes[:, model.codec.places[gone].codes] = -1
    of = name or (Path(data).name if isinstance(data, str | Path) else t("the frame"))
    said = t("{rows:,} rows of {name}", rows=frame.height, name=of)
    shown = frame.drop(absent) if subset else frame
    return Rows(shown, codes, said, own, tuple(absent), known.z)


def warn_of_order(frame: pl.DataFrame, name: str, blocks: str | None) -> None:
    """Warn of rows in the order of time: neighbours may be alike, and no permutation is fair."""
    if blocks is not None:
        return
    for column in frame.iter_columns():
        few = column.null_count() or column.n_unique() < min(len(column), 20)
        if column.dtype.is_temporal() and not few and column.is_sorted():
            note(
                f"{name}: stand in the order of {column.name!r}; rows near in time may be alike, "
                "and then a change is found too often. Name what they share: --blocks COLUMN.",
                5,
            )
            return


def listed(names: Sequence[str]) -> str:
    """Columns as people are told of them, at most six."""
    words = ", ".join(map(repr, names[:6])) + (", ..." if len(names) > 6 else "")
    return f"column{'s' if len(names) > 1 else ''} {words}"


def check_fresh(model: Fitted, rows: Rows, record: Mapping[str, Any], data: Any) -> None:
    """Refuse rows that the model was fitted to: it knows them better than it knows the world.

    The very table is known by its hash. Of another, n fitted rows of which r are kept: fitted rows
    are among these with a share of about r / n, on top of what rows that were held out have by
    chance, as tables have rows that are alike.

    Args:
        model: what was fitted.
        rows: what is given.
        record: of the fit.
        data: what was given, as it was.

    Raises:
        DataError: they are the fitted ones, or many of them are.
    """
    about = record["data"]
    same = is_on_disk(data) and str(data) != "-" and fingerprint(data) == about["sha256"]
    kept = model.reference
    if not same and (kept is None or not len(kept.held_codes) or rows.z is None):
        return
    chance = found = 1.0
    if not same and kept is not None and rows.z is not None:
        seen = set(_texts(kept.codes, kept.z))
        chance, found = (
            float(np.mean([text in seen for text in _texts(*pair)]))
            for pair in ((kept.held_codes, kept.held_z), (rows.codes, rows.z))
        )
        expected = (1 - chance) * min(len(kept.codes) / max(int(about["rows"]), 1), 1.0)
        many = 1 / len(rows) + 1 / len(kept.held_codes)
        error = np.sqrt(max(chance * (1 - chance), 1e-4) * many)
        same = expected > 0.02 and found - chance > max(0.5 * expected, 5 * error)
    if same:
        told = "all" if found == 1 else f"{found:.0%} ({chance:.0%} would be by chance)"
        raise DataError(
            f"the rows: {told} of them are rows that the model was fitted to, and of those it "
            "knows too much. Give rows that it never saw, or none, to ask of the rows that the fit "
            "held out."
        )


def _texts(codes: np.ndarray, z: np.ndarray) -> list[bytes]:
    """Rows as bytes by which they are equal or not."""
    parts = codes.astype(np.int64), np.round(np.nan_to_num(z.astype(float)) * 1e4).astype(np.int64)
    return [row.tobytes() for row in np.ascontiguousarray(np.concatenate(parts, 1))]


def within(model: Fitted, rows: Rows, given: Sequence[str]) -> Rows:
    """The rows that meet some conditions.

    Raises:
        ConditionError: a condition cannot be read.
        DataError: too few rows meet them.
    """
    if not given:
        return rows
    kept = rows.some(np.flatnonzero(keeps(model.codec, rows.frame, given)))
    words = " and ".join(given)
    if len(kept) < FEWEST:
        raise DataError(
            f"given: {len(kept)} of {rows.said} have {words}; expected {FEWEST} or more. Give "
            "more rows, or a wider condition."
        )
    said = t("{rows:,} rows with {words}, of {of}", rows=len(kept), words=words, of=rows.said)
    return replace(kept, said=said)

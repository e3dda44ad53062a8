"""Impute: fill missing cells by draws from their joint distribution given the observed ones.

Any pattern will do, also one that training never saw: training draws its known columns at random.
Missing cells of the training data were a code of their own; here its logit is masked, so that a
value is drawn. What a model cannot know stays missing: keys, free text, empty columns.

Rows are read in blocks of `ROWS` by their number in the table, whatever chunks they come in: the
same seed gives the same answer.

**When to stop.** Draw d is the same however many follow. With a tolerance, the first block is drawn
10, 20, 40, ... times, until one more doubling moves the ends of the intervals of plain draws by
less than this share of their widths, and the shares of categories by less than it. All rows are
then drawn as often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import torch

from interfuse.core.solvers import steps_of
from interfuse.errors import OptionError
from interfuse.io.frames import to_polars
from interfuse.io.origin import Origin
from interfuse.io.scratch import on_disk
from interfuse.io.unread import Unread
from interfuse.kinds.table.answer import Draws, Filled
from interfuse.kinds.table.ask.deciding import choose_deciding
from interfuse.kinds.table.ask.filling import Filler, joined, moved
from interfuse.kinds.table.ask.known import Known, RowReader, may_be_drawn
from interfuse.kinds.table.ask.rows import ROWS, Drawn, RowSampler
from interfuse.kinds.table.ask.sources import Sources
from interfuse.kinds.table.ask.sums import Exact, Sums
from interfuse.kinds.table.fitted import Fitted
from interfuse.train.precision import choose_device

DRAWS = 20
FIRST_DRAWS = 10
_SCAN = 1 << 16
Progress = Callable[[int, int], None]


class Imputation:
    """A prepared question: which table, how many draws.

    Args:
        model: the fitted model.
        data: a frame, or a path to a file.
        draws: values for each missing cell, at most if `tolerance` is given.
        columns: the columns to fill; None for all.
        seed: of all draws.
        tolerance: stop drawing when intervals move by less than this share of their widths.
        steps: steps of the numbers' sampler.
        device: where to compute.
        subset: whether the table may have some of the model's columns only.
        values: whether every unknown cell gets a value, even where the training data had missing.
        unread: whether cells of a file whose text is no value of their column are filled as well;
            they say nothing of the other cells either way.

    Raises:
        DataError: the table cannot be read, or its columns are not those of the model.
        OptionError: an option is out of range.
    """

    def __init__(
        self,
        model: Fitted,
        data: Any,
        *,
        draws: int = DRAWS,
        columns: Sequence[str] | None = None,
        seed: int = 0,
        tolerance: float | None = None,
        steps: int | None = None,
        device: str | None = None,
        subset: bool = False,
        values: bool = True,
        unread: bool = False,
    ) -> None:
        if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 1:
            raise OptionError(f"draws: is {draws!r}; expected a whole number, 1 or more.")
        if tolerance is not None and not 0 < tolerance < 1:
            raise OptionError(f"tolerance: is {tolerance!r}; expected a share between 0 and 1.")
        steps = steps_of(steps, model.net.sampling.fill)
        self.model = model
        frame, self._given_origin = to_polars(
            data, model.schema.said(), nested=True, file=model.schema.origin.file
        )
        self._lazy = frame.lazy()
        types = dict(self._lazy.collect_schema())
        self.reader = RowReader(model.codec, types, columns, subset)
        kept = [n for n in types if not (unread and n in self.reader.fill)]
        self.unread = Unread.of(self._given_origin.unread, kept)
        self.rows: int = self._lazy.select(pl.len()).collect().item()
        self.draws = int(draws)
        self.tolerance = tolerance
        barred = may_be_drawn(model.codec, self.reader.fill) if values else None
        allowed = [None if a is None else torch.from_numpy(a) for a in barred] if barred else None
        self.sampler = RowSampler(
            model.layout, model.net, seed, choose_device(device), allowed, steps
        )
        self.sources = Sources(self.reader, self.sampler)
        self.sums = Sums(self.reader, self.sampler)
        self._values = values
        self._subset = subset
        self._settled = tolerance is None
        self.origin = Origin()

    @property
    def text(self) -> pl.LazyFrame | None:
        """The rows as they stand in the file, if that is delimited text."""
        return self._given_origin.text

    @property
    def given(self) -> pl.LazyFrame:
        """The rows before anything is filled."""
        return self._lazy

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was unusual in the rows read so far, for people."""
        return self.unread.notes() + self.reader.warnings + self.sums.warnings

    @property
    def ordered(self) -> tuple[str, ...]:
        """The table's columns of numbers and times that are to be filled."""
        codec, fill = self.model.codec, self.reader.fill
        names = [n for n in self.reader.types if n in fill]
        ordered = {n for n, f in codec.fields.items() if f.ordered}
        kinds = {n: self.reader.types[n] for n in names if n in codec.rules}
        derived = {n for n, t in kinds.items() if t.is_numeric() or t.is_temporal()}
        return tuple(n for n in names if n in derived or n in ordered)

    def answer(self, tell: Progress | None = None) -> Draws:
        """The whole table's draws, in memory.

        Args:
            tell: called with rows done and rows in all after each block.
        """
        frame = self._widen(self.reader.cast(self._lazy.collect()))
        self.origin = self._origin_for(frame)
        parts = []
        for start in range(0, frame.height, ROWS):
            parts.append(self._block(frame[start : start + ROWS], start))
            if tell:
                tell(min(start + ROWS, frame.height), frame.height)
        return self._join(parts)

    def batches(self, tell: Progress | None = None) -> Iterator[Draws]:
        """The same draws, some hundred rows at a time, in constant memory, as polars frames."""
        with on_disk(self._lazy) as lazy:
            types = self._types(lazy)
            for start in range(0, self.rows, ROWS):
                frame = self.reader.cast(lazy.slice(start, ROWS).collect())
                frame = self._widen(frame.cast(types))  # type: ignore[arg-type]
                yield self._join([self._block(frame, start)])
                if tell:
                    tell(min(start + ROWS, self.rows), self.rows)

    def completions(self) -> Iterator[pl.DataFrame]:
        """Every row as often as there are draws, in the model's columns, a row's together."""
        for draws in self.batches():
            frames = [f.with_row_index("\0row") for f in draws.frames()]
            rows = pl.concat(frames).sort("\0row", maintain_order=True).drop("\0row")
            yield rows

    def _widen(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with all columns of the model, those it lacks missing, if it may lack some."""
        if not self._subset:
            return frame
        schema = self.model.schema
        columns = [
            frame[c.name]
            if c.name in frame.columns
            else pl.Series(c.name, [None] * frame.height, dtype=c.dtype)
            for c in schema.columns
            if c.kind != "drop"
        ]
        return pl.DataFrame(columns)

    def _types(self, lazy: pl.LazyFrame) -> dict[str, pl.DataType]:
        """The types of the answer's columns, by all rows: those of a block might fit another."""
        types: dict[str, pl.DataType] = {}
        for start in range(0, self.rows, _SCAN):
            part = lazy.slice(start, _SCAN).collect()
            cast = self.reader.cast(part)
            for before, after in zip(part.iter_columns(), cast.iter_columns(), strict=True):
                kept = after.dtype == before.dtype and before.null_count() < len(before)
                if kept or before.name not in types:
                    types[before.name] = after.dtype
        return types

    def _origin_for(self, frame: pl.DataFrame) -> Origin:
        """The user's kind of frame; columns that changed their type come in the model's."""
        given, fitted = self._given_origin, self.model.schema.origin
        columns = {}
        before = dict(self._lazy.collect_schema())
        for name in frame.columns:
            same = before.get(name) == frame.schema[name]
            if same and name in given.columns:
                columns[name] = given.columns[name]
            elif given.library == fitted.library and name in fitted.columns:
                columns[name] = fitted.columns[name]
        return replace(given, columns=columns)

    def _block(self, frame: pl.DataFrame, first: int) -> tuple[pl.DataFrame, dict[str, Filled]]:
        known = self._asked(self.reader.read(frame), first)
        codes, z = torch.from_numpy(known.codes), torch.from_numpy(known.z).float()
        if not self._settled:
            self.draws = self._settle(known, codes, z, first)
            self._settled = True
        drawn = self.sampler.draw(first, codes, z, range(self.draws))
        choose_deciding(self.model.codec, known, drawn, first, self.sampler.seed)
        exact = (
            self.sources.settle(known, drawn, first),
            self.sums.settle(known, drawn, first),
        )
        return known.table, self._filled(known, drawn, first, exact)

    def _asked(self, known: Known, first: int) -> Known:
        """The rows, of which cells whose text is no value are not to be filled."""
        asked = dict(known.asked)
        for name in set(asked) & set(self.unread.cells):
            kept, _ = self.unread.among(name, first, known.table.height)
            asked[name] = np.setdiff1d(asked[name], kept)
        return replace(known, asked=asked)

    def _settle(self, known: Known, codes: torch.Tensor, z: torch.Tensor, first: int) -> int:
        m = min(FIRST_DRAWS, self.draws)
        drawn = self.sampler.draw(first, codes, z, range(m))
        while m < self.draws:
            more = min(2 * m, self.draws)
            extra = self.sampler.draw(first, codes, z, range(m, more))
            both = Drawn(
                torch.cat([drawn.codes, extra.codes]), torch.cat([drawn.z, extra.z]), drawn.shares
            )
            pair = [self._filled(known, d, first, (), plain=True) for d in (drawn, both)]
            if moved(*pair) < (self.tolerance or 0):
                return more
            drawn, m = both, more
        return m

    def _filled(
        self,
        known: Known,
        drawn: Drawn,
        first: int,
        exact: Sequence[Exact],
        plain: bool = False,
    ) -> dict[str, Filled]:
        filler = Filler(self.model.codec, self.sampler.seed, self.draws, self._values)
        return filler.fill(known, drawn, first, exact, plain)

    def _join(self, parts: list[tuple[pl.DataFrame, dict[str, Filled]]]) -> Draws:
        table = pl.concat([table for table, _ in parts])
        filled: dict[str, Filled] = {}
        starts = np.cumsum([0, *(t.height for t, _ in parts)])
        for name in {n: None for _, f in parts for n in f}:
            some = [(s, f[name]) for s, (_, f) in zip(starts, parts, strict=False) if name in f]
            rows = np.concatenate([f.rows + s for s, f in some])
            draws = [pl.concat([f.draws[i] for _, f in some]) for i in range(self.draws)]
            filled[name] = Filled(rows, draws, joined([f.marginal for _, f in some], draws))
        derived = self.model.codec.derived
        rules = {n: left.rule for n, left in derived.items() if left.decimals is None}
        return Draws(table, filled, self.draws, self.origin, self.warnings, rules)


def impute_table(model: Fitted, data: Any, tell: Progress | None = None, **options: Any) -> Draws:
    """See `Model.impute`."""
    return Imputation(model, data, **options).answer(tell)

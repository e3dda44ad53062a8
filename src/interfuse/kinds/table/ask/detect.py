"""Detect: how odd is each record, with what probability would a normal one be as odd, and where.

Nothing is known and nothing is drawn: the record's cells are hidden group by group and the network
says what it expected (`ask.odd.cells`); denoisers in closed form say how far the
record lies from the rows seen (`ask.odd.views`); `ask.odd.detector`
puts them together.

A model keeps up to 8,192 training rows for this. Without them, `DRAWN` rows drawn from the model
take their place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import DataError
from interfuse.io.frames import to_polars
from interfuse.io.origin import Origin
from interfuse.io.scratch import on_disk
from interfuse.io.unread import Unread
from interfuse.kinds.table.answer.scores import Scores
from interfuse.kinds.table.ask.conditions import Condition
from interfuse.kinds.table.ask.generation import generate_table
from interfuse.kinds.table.ask.known import RowReader
from interfuse.kinds.table.ask.odd.cells import Cells, oddest
from interfuse.kinds.table.ask.odd.detector import Detector
from interfuse.kinds.table.ask.odd.features import Features
from interfuse.kinds.table.fitted import Fitted
from interfuse.train.precision import choose_device

ROWS = 4096
DRAWN = 4096
WIDE, FEWER = 64, 4096
Progress = Callable[[int, int], None]


@dataclass
class Judge:
    """A model made ready to score rows.

    Args:
        model: the fitted model.
        clean: whether the rows that it was fitted on were all normal.
        device: where to compute.
    """

    model: Fitted
    clean: bool = True
    device: str | None = None

    def __post_init__(self) -> None:
        model = self.model
        kept = model.reference
        if kept is not None:
            rows, held = kept.frames(model.codec)
        else:
            drawn = pl.concat(
                list(
                    generate_table(model, Condition.none(), seed=0).frames(
                        DRAWN + DRAWN // 4, keys=False
                    )
                )
            )
            rows, held = drawn[:DRAWN], drawn[DRAWN:]
        features = Features.fit(model.codec.alike(rows), model.schema)
        if not features.width:
            raise DataError(
                "the model: no column says how odd a row is; all are keys, free text or empty. Fit "
                "one with numbers, categories or times."
            )
        if features.width > WIDE:
            rows = rows.gather_every(-(-rows.height // FEWER))  # a search costs rows x width
        self.cells = Cells(
            model.codec, model.layout, model.net, features, rows.height, choose_device(self.device)
        )
        normal = held if held.height else rows
        self.usual = self._nats(normal).mean(0)
        # A likelihood of rows that were trained on is not that of others.
        network = self._network if self.cells.columns and self.clean else None
        self.detector = Detector(features, rows, held, network, self.clean, model.codec.alike)

    def _nats(self, frame: pl.DataFrame) -> np.ndarray:
        known = RowReader(self.model.codec, dict(frame.schema), ()).read(frame)
        return self.cells.ask(frame, known, words=False).nats

    def _network(self, frame: pl.DataFrame) -> np.ndarray:
        return oddest(self._nats(frame))

    def scores(self, table: pl.DataFrame, reader: RowReader, origin: Origin) -> Scores:
        """The scores of some rows.

        Args:
            table: rows as they were given.
            reader: checked their columns.
            origin: the kind of frame to give back.
        """
        frame = reader.cast(table)
        known = reader.read(frame)
        said = self.cells.ask(frame, known)
        nats = oddest(said.nats) if said.nats.shape[1] else None
        score = self.detector.score(frame, nats)
        excess = np.maximum(said.nats - self.usual, 0)
        total = excess.sum(1, keepdims=True)
        # Nothing stands out: every cell has its part of the surprise.
        plain = said.nats + 1e-12
        share = np.where(
            total > 1e-9, excess / np.maximum(total, 1e-9), plain / plain.sum(1, keepdims=True)
        )
        shares = pl.DataFrame({n: share[:, j] for j, n in enumerate(self.cells.columns)})
        return Scores(
            score=score,
            p_value=self.detector.p_value(score),
            table=table,
            shares=shares,
            expected=said.expected,
            origin=origin,
        )


class Detection:
    """A prepared question: which rows.

    Args:
        model: the fitted model.
        data: a frame, or a path to a file.
        clean: whether the rows that the model was fitted on were all normal.
        device: where to compute.

    Raises:
        DataError: the table cannot be read, or its columns are not those of the model.
    """

    def __init__(
        self, model: Fitted, data: Any, *, clean: bool = True, device: str | None = None
    ) -> None:
        frame, self.origin = to_polars(
            data, model.schema.said(), nested=True, file=model.schema.origin.file
        )
        self._lazy = frame.lazy()
        self.reader = RowReader(model.codec, dict(self._lazy.collect_schema()), ())
        self.rows: int = self._lazy.select(pl.len()).collect(engine="streaming").item()
        self.judge = judge_of(model, clean, device)

    @property
    def text(self) -> pl.LazyFrame | None:
        """The rows as they stand in the file, if that is delimited text."""
        return self.origin.text

    @cached_property
    def unread(self) -> Unread:
        """Cells of the file whose text is no value of their column."""
        return Unread.of(self.origin.unread, self.reader.types)

    def answer(self) -> Scores:
        """All rows' scores, in memory."""
        table = self._lazy.collect()
        parts = [
            self.judge.scores(table[start : start + ROWS], self.reader, self.origin)
            for start in range(0, max(table.height, 1), ROWS)
        ]
        return Scores(
            score=np.concatenate([p.score for p in parts]),
            p_value=np.concatenate([p.p_value for p in parts]),
            table=table,
            shares=pl.concat([p.shares for p in parts]),
            expected=pl.concat([p.expected for p in parts]),
            origin=self.origin,
        )

    def batches(self) -> Iterator[Scores]:
        """The same scores, some thousand rows at a time, in constant memory."""
        with on_disk(self._lazy) as lazy:
            for start in range(0, self.rows, ROWS):
                table = lazy.slice(start, ROWS).collect()
                yield self.judge.scores(table, self.reader, Origin())


_JUDGES: dict[tuple[int, bool, str | None], Judge] = {}


def judge_of(model: Fitted, clean: bool, device: str | None) -> Judge:
    """The model made ready; the last two are kept, since making one costs more than a few rows."""
    key = (id(model), clean, device)
    kept = _JUDGES.get(key)
    if kept is None or kept.model is not model:
        while len(_JUDGES) > 1:
            _JUDGES.pop(next(iter(_JUDGES)))
        kept = _JUDGES[key] = Judge(model, clean, device)
    return kept

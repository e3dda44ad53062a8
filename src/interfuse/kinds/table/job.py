"""One fit of a table from beginning to end: read, encode, train, calibrate, keep.

`interfuse.run.job` states what every fit does alike.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from interfuse.core.plan import planned
from interfuse.errors import DataError, OptionError
from interfuse.io.frames import to_polars
from interfuse.io.many import is_on_disk
from interfuse.io.read import fingerprint
from interfuse.io.scratch import ROWS, temporary
from interfuse.kinds.table.ask.odd.reference import Reference
from interfuse.kinds.table.asked import Asked, advice, typed_as
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.estimate import estimate
from interfuse.kinds.table.following import cross_of
from interfuse.kinds.table.infer import kinds_of, with_rules
from interfuse.kinds.table.large.choose import too_large
from interfuse.kinds.table.large.pieces import PIECE, PIECES_AT_ONCE, Pieces
from interfuse.kinds.table.large.prepare import out_of_core, require_room
from interfuse.kinds.table.large.told import told
from interfuse.kinds.table.learn.apart import held_apart
from interfuse.kinds.table.learn.balance import Balanced, balanced_cell
from interfuse.kinds.table.learn.calibrate import calibrate
from interfuse.kinds.table.learn.objective import TableObjective, table_gaussian
from interfuse.kinds.table.learn.rounds import Plan
from interfuse.kinds.table.learn.setup import layout_of
from interfuse.kinds.table.learn.shrink import shrink_numbers
from interfuse.kinds.table.learn.sizes import network_and_settings
from interfuse.kinds.table.linksearch import skipped
from interfuse.kinds.table.model import Model
from interfuse.kinds.table.prepared import Prepared, in_memory
from interfuse.kinds.table.previews import Previews, sample
from interfuse.kinds.table.rowcount import rows_of
from interfuse.kinds.table.schema import Schema, fit_to_frame
from interfuse.run.fitting import FitStopped, Notice, as_given, watched
from interfuse.run.job import BaseJob, Ready, source_of, whole_record
from interfuse.train.budget import Budget
from interfuse.train.precision import choose_device, choose_precision
from interfuse.train.ranks import ranks
from interfuse.train.trainer import HELD_OUT_DRAWS, Trainer

__all__ = ["FitStopped", "Job", "Notice"]

SEARCHING, MEASURING = 0.5, 0.25
"""Of a budget in seconds: when the search for rules ends at the latest; and of what is left when
training begins, what is kept for calibration, which makes as many rounds as there is time for. One
core, a tenth and a quarter: NSL-KDD after 200 s 1 and 16 rounds of pairs, the same held-out loss,
boosted trees .738 and .718; Wikipedia after 80 s 1 and 18, .613 and .597."""
_SAMPLE_ROWS = 10_000
_CAPTURES = "captures, whose packets are metered to flows"
OF_FILES = {
    "event_type": "files of several sorts of events, as Suricata's eve.json is",
    "idle_timeout": _CAPTURES,
    "active_timeout": _CAPTURES,
}
"""Options that say how files of some formats are read."""


@dataclass(frozen=True)
class Table:
    """What was loaded: the columns to be fitted, their schema, and words for `run.json`."""

    frame: pl.DataFrame | Pieces
    schema: Schema
    words: dict[str, Any]


@dataclass(kw_only=True)
class Job(BaseJob[Table, Model]):
    """The arguments of one fit; see `interfuse.fit`.

    `kinds` says of columns what they are (`interfuse.kinds.table.asked`), `event_type` which events
    of a file that holds several sorts are read, the time-outs when flows of a capture end
    (`interfuse.io.capture.meter`). `calibration`, the rounds of an earlier one, are made again when
    a fit is repeated, with batches and a network of the same size. `balance` names a column whose
    rare values get more of the training (`learn.balance`), `focus` one that is asked about
    (`learn.objective`). `out_of_core` keeps encoded rows on the disk (`large`); None where they are
    too many for memory.
    """

    data: Any
    schema: Schema | str | Path | None
    keep_rows: bool = True
    real_networks: bool = False
    kinds: Mapping[str, str] | None = None
    event_type: str | None = None
    idle_timeout: float | None = None
    active_timeout: float | None = None
    calibration: Plan | None = None
    batch: int | None = None
    width: int | None = None
    balance: str | None = None
    focus: str | None = None
    out_of_core: bool | None = None
    _on_disk: ExitStack = field(default_factory=ExitStack, repr=False)
    _real: pl.DataFrame | None = field(default=None, repr=False)

    together: ClassVar[bool] = True

    def run(self) -> Model:
        """Fit without a folder."""
        with self._on_disk:
            return super().run()

    def run_in(self, folder: Path, *, again: bool) -> Model:
        """Fit in a folder that is locked and prepared; go on with what is there if `again`."""
        with self._on_disk:
            return super().run_in(folder, again=again)

    def beside(self, folder: Path | None) -> None:
        """Train as one of several processes but the first."""
        with self._on_disk:
            super().beside(folder)

    def fingerprint(self) -> str:
        """SHA-256 of the data as `run.json` has it."""
        if is_on_disk(self.data) and str(self.data) != "-":
            return fingerprint(self.data)
        return self._load().words["sha256"]

    def _recall(self, folder: Path, before: dict[str, Any]) -> None:
        self.schema, self.kinds = Schema.load(folder / "schema.json"), None
        self.keep_rows = self.keep_rows and before.get("keep_rows", True)
        self.balance = before.get("balance")
        self.out_of_core = before["data"].get("out_of_core", False)

    def _load(self) -> Table:
        is_path = is_on_disk(self.data)
        asked = Asked.of(self.kinds)
        given = self.schema
        if given is not None and not isinstance(given, Schema):
            given = Schema.load(given)
        said = (given.said() if given is not None else {}) | asked.said
        file = given.origin.file if given is not None else {}
        asked_of = {name: getattr(self, name) for name in OF_FILES}
        file |= {name: value for name, value in asked_of.items() if value is not None}
        lazy, origin = to_polars(self.data, said, nested=True, advice=advice, file=file)
        for name, value in asked_of.items():
            if value is not None and name not in origin.file:
                raise OptionError(
                    f"{name}: is of {OF_FILES[name]}; the data is none. Leave it out."
                )
        lazy = lazy if is_path else typed_as(lazy, said)
        types = dict(lazy.lazy().collect_schema())
        if self.out_of_core is None:
            self.out_of_core = bool(ranks().agreed(too_large(self.data, lazy))[0])
        pieces = Pieces.of(self.data, lazy.lazy()) if self.out_of_core else None

        def put(schema: Schema) -> Schema:
            schema = asked.put(schema, types)
            return schema.with_option("real", True) if self.real_networks else schema

        until = self.clock.until(self.seconds, SEARCHING)
        if given is not None:
            schema = put(fit_to_frame(given, types))
        elif pieces is not None:
            schema, words = told(pieces, origin, self.seed, put, asked.kinds, until)
            for said_of_it in words:
                self.listener(Notice("warning", said_of_it))
        else:
            schema = with_rules(lazy, put(kinds_of(lazy, origin)), asked.kinds, until)
        # Answers come back as the kind of this frame, not of the one that a schema was made from.
        schema = replace(schema, origin=replace(origin.without_rows(), text=None))
        self.listener(Notice("schema", f"{len(schema.columns)} columns", schema))
        wanted = [c.name for c in schema.columns if c.name in types and c.kind != "drop"]
        if origin.index:
            words = (
                f"{origin.index} is no column and is left out; frame.reset_index() makes it one."
            )
            self.listener(Notice("warning", words))
        if self.schema is None:
            for column in schema.columns:
                if column.kind == "drop":
                    words = f"column {column.name!r}: {column.note}; it is left out."
                    self.listener(Notice("warning", words))
            numbers = sum(c.role in ("number", "time") for c in schema.columns)
            if left_out := skipped(numbers):
                words = f"the table has {numbers} columns of numbers: {left_out}."
                self.listener(Notice("warning", words))
        if not wanted:
            raise DataError(
                "the data has no column to learn: all are left out. Give numbers, text, booleans, "
                "dates or times."
            )
        rows = rows_of(lazy.lazy(), {name: types[name] for name in wanted})
        if rows < 2:
            raise DataError(f"the data has {rows} row; expected at least 2. Add rows.")
        self._estimate(lazy.lazy().select(wanted), schema, rows)
        if pieces is not None:
            frame = pieces.select(wanted)
        else:
            frame = lazy.lazy().select(wanted).collect(engine="streaming")
        from_disk = is_path and str(self.data) != "-"
        whole = frame.lazy if isinstance(frame, Pieces) else frame
        words = {
            "source": source_of(self.data),
            "rows": rows,
            "sha256": fingerprint(self.data if from_disk else whole),
            **as_given(path=self.data),
            **({"out_of_core": True} if self.out_of_core else {}),
        }
        return Table(frame, schema, words)

    def _budget(self, loaded: Table) -> Budget:
        return Budget.of(self.seconds, self.examples, loaded.words["rows"])

    def _words(self, loaded: Table) -> dict[str, Any]:
        balance = {} if self.balance is None else {"balance": self.balance}
        return {"keep_rows": self.keep_rows, "data": loaded.words, **balance}

    def _estimate(self, lazy: pl.LazyFrame, schema: Schema, rows: int) -> None:
        """Say what the fit will cost, judged by its first rows."""
        from_file = is_on_disk(self.data)
        sample = lazy.head(_SAMPLE_ROWS).collect()
        device = choose_device(self.device)
        codec = TableCodec.fit(sample, schema)
        cells = codec.encode(sample.head(2))
        layout = layout_of(codec, cells.codes, cells.low)
        precision = choose_precision(self.precision, device)
        budget = Budget.of(self.seconds, self.examples, rows)
        cells_of = layout, rows, self.seed, (), None
        net, settings = planned(
            lambda: network_and_settings(
                *cells_of, budget, precision, device, self.width, self.batch
            )
        )
        disk = require_room(Path(tempfile.gettempdir()), rows, codec) if self.out_of_core else 0
        loaded = PIECES_AT_ONCE * min(PIECE, rows) if self.out_of_core else rows
        cost = estimate(
            rows,
            len(sample.columns),
            sample.estimated_size() * loaded / len(sample) if from_file else 0,
            net,
            settings.batch,
            budget,
            precision,
            disk,
        )
        self._tell_cost(cost, "Fit a part of the rows, or leave columns out (kind drop).")

    def _prepare(self, loaded: Table, budget: Budget) -> Ready[Model]:
        schema, count = loaded.schema, loaded.words["rows"]
        if isinstance(loaded.frame, Pieces):
            made = out_of_core(loaded.frame, schema, count, self.seed, self._room())
        else:
            made = in_memory(loaded.frame, schema, self.seed)
        codec, layout = made.codec, made.layout
        rows: Any = made.rows  # in memory or not, what is taken of them is `Rows`
        for said in codec.remarks(count):
            self.listener(Notice("warning", said))
        cell = None
        if self.balance is not None:
            cell = balanced_cell(codec, self.balance, bool(self.out_of_core))
        focus = None if self.focus is None else codec.places[self.focus].codes.start
        device = choose_device(self.device)
        precision = choose_precision(self.precision, device)
        kernel = table_gaussian(self.noise_schedule())
        cells = layout, len(rows), self.seed, made.scores, cross_of(codec, kernel)
        net, settings = network_and_settings(
            *cells, budget, precision, device, self.width, self.batch
        )
        net.kernel = kernel
        if isinstance(loaded.frame, pl.DataFrame) and watched(self.listener):
            self._real = sample(loaded.frame)
        trainer = Trainer(
            net=net,
            objective=TableObjective(layout, net.kernel, balanced=cell, focus=focus),
            rows=rows if cell is None else Balanced.by(rows, cell),
            held_out=made.held_out,
            settings=settings,
            budget=self.clock.training(budget, MEASURING),
            device=device,
            order=made.order,
            ranks=ranks(),
        )
        self._codec = codec
        return Ready(trainer, schema, partial(self._model, schema, made, trainer))

    def _room(self) -> Path:
        """A folder for encoded rows, which is removed when the fit ends."""
        place = Path(tempfile.gettempdir())
        return self._on_disk.enter_context(temporary(place, ROWS, folder=True))

    def _between(self, folder: Path, ready: Ready[Model]) -> Previews | None:
        if self._real is None:
            return None
        layout = ready.trainer.objective.layout
        return Previews(self._codec, layout, ready.trainer, self._real, self.listener)

    def _model(
        self, schema: Schema, made: Prepared, trainer: Trainer, record: dict[str, Any]
    ) -> Model:
        """The averaged weights of the lowest held-out loss, calibrated, and how they came to be."""
        self.listener(Notice("calibrate", "putting the marginals right"))
        trainer.use_best()
        codec, net, seed = made.codec, trainer.net.eval(), trainer.settings.seed
        draws = trainer.settings.held_out_draws or HELD_OUT_DRAWS
        shrink_numbers(net, trainer.objective, trainer.held_out, draws, seed, trainer.device)
        trained = trainer.rows.once() if made.sample is None else made.sample
        budget = record["budget"]["seconds"]
        every = trained.and_also(trainer.held_out)
        examples = trainer.progress.examples
        layout = held_apart(net, made.layout, codec, every.codes.numpy(), examples, seed)
        done = calibrate(
            net,
            layout,
            codec,
            every,
            examples,
            seed,
            trainer.device,
            seconds=self.clock.left(budget) if budget else None,
            again=self.calibration,
            whole=made.whole,
        )
        if done.plain:
            names = [layout.names[j] for j in done.plain]
            words = ", ".join(map(repr, names[:6])) + (", ..." if len(names) > 6 else "")
            self.listener(
                Notice(
                    "warning",
                    f"the table has {net.values:,} values and bins, more than pairs of all are put "
                    f"right for: those of {words} stay as they were learned. Give categories fewer "
                    "values or numbers fewer bins.",
                )
            )
        full = whole_record(
            record,
            trainer,
            calibration=done.plan._asdict(),
            marginal_error_before_calibration=done.before,
            width=net.width,
        )
        kept = Reference.of(trained, trainer.held_out, seed) if record["keep_rows"] else None
        return Model(schema, codec, layout, net.cpu(), full, kept)

"""One fit of a table from beginning to end: read, encode, train, calibrate, keep.

`interfuse.fitting` states what every fit does alike.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import torch

from interfuse import store
from interfuse.data import Origin, Schema, TableCodec, fingerprint, infer_schema, read, to_polars
from interfuse.data.schema import fit_to_frame
from interfuse.errors import DataError
from interfuse.estimate import estimate
from interfuse.fitting import (
    CHECKPOINT_SECONDS,
    FitStopped,
    Listener,
    Notice,
    as_given,
    drive,
    machine,
    resume,
    same_data,
    start,
    training_record,
    versions,
)
from interfuse.model import Model
from interfuse.questions.calibrate import calibrate
from interfuse.questions.odd.reference import Reference
from interfuse.training.budget import Budget
from interfuse.training.objective import Rows, TableObjective, table_gaussian
from interfuse.training.precision import choose_device, choose_precision
from interfuse.training.setup import hold_out, layout_of, network_for, settings_for
from interfuse.training.state import Checkpoint
from interfuse.training.trainer import Trainer

__all__ = ["CHECKPOINT_SECONDS", "FitStopped", "Job", "Notice"]

TRAINING_SHARE = 0.9
"""Of a budget in seconds; calibration makes as many rounds as the rest has time for."""
_SAMPLE_ROWS = 10_000


@dataclass
class Job:
    """The arguments of one fit; see `interfuse.fit`.

    A `budget` and a number of `rounds` of calibration take the place of the default.
    """

    data: Any
    schema: Schema | str | Path | None
    seconds: float | None
    examples: int | None
    seed: int
    device: str | None
    precision: str
    listener: Listener
    keep_rows: bool = True
    budget: Budget | None = None
    rounds: int | None = None

    def run(self) -> Model:
        """Fit without a folder."""
        frame, schema, data = self._load()
        budget = self.budget or Budget.of(self.seconds, self.examples, data["rows"])
        record = self._record(budget, data)
        trainer, codec = self._prepare(frame, schema, budget)
        self._train(trainer, None)
        return self._model(schema, codec, trainer, record)

    def run_in(self, folder: Path, *, again: bool) -> Model:
        """Fit in a folder that is locked and prepared; go on with what is there if `again`."""
        checkpoint, before = None, None
        if again:
            before = store.unfinished(folder)
            checkpoint = Checkpoint.load(folder / store.CHECKPOINT)
            self.seed = int(before["seed"])
            self.schema = Schema.load(folder / "schema.json")
            self.seconds, self.examples = before["budget"]["seconds"], before["budget"]["examples"]
            self.keep_rows = self.keep_rows and before.get("keep_rows", True)
        frame, schema, data = self._load()
        budget = self.budget or Budget.of(self.seconds, self.examples, data["rows"])
        record = self._record(budget, data)
        if before is not None:
            same_data(folder, before, data)
        trainer, codec = self._prepare(frame, schema, budget)
        del frame
        if checkpoint is not None:
            resume(trainer, checkpoint, self.listener)
        else:
            start(folder, schema, record)
        self._train(trainer, folder)
        model = self._model(schema, codec, trainer, record)
        model.write_parts(folder)
        store.finish(folder, model.record)
        return model

    def fingerprint(self) -> str:
        """SHA-256 of the data as `run.json` has it."""
        if isinstance(self.data, str | Path) and str(self.data) != "-":
            return fingerprint(self.data)
        return self._load()[2]["sha256"]

    def _record(self, budget: Budget, data: dict[str, Any]) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "budget": asdict(budget),
            "keep_rows": self.keep_rows,
            "data": data,
        }

    def _load(self) -> tuple[pl.DataFrame, Schema, dict[str, Any]]:
        """The columns to be fitted, their schema, and what the data was."""
        is_path = isinstance(self.data, str | Path)
        lazy, origin = (read(self.data), Origin("file")) if is_path else to_polars(self.data)
        types = dict(lazy.lazy().collect_schema())
        if self.schema is None:
            schema = infer_schema(lazy if is_path else self.data)
        else:
            given = self.schema
            given = given if isinstance(given, Schema) else Schema.load(given)
            schema = fit_to_frame(given, types)
        # Answers come back as the kind of this frame, not of the one that a schema was made from.
        schema = replace(schema, origin=origin)
        self.listener(Notice("schema", f"{len(schema.columns)} columns", schema))
        wanted = [c.name for c in schema.columns if c.name in types and c.kind != "drop"]
        rows = lazy.lazy().select(pl.len()).collect().item()
        if rows < 2:
            raise DataError(f"the data has {rows} row; expected at least 2. Add rows.")
        self._estimate(lazy.lazy().select(wanted), schema, rows)
        frame = lazy.lazy().select(wanted).collect(engine="streaming")
        from_disk = is_path and str(self.data) != "-"
        return (
            frame,
            schema,
            {
                "source": Path(self.data).name
                if is_path
                else type(self.data).__module__.split(".")[0],
                "rows": rows,
                "sha256": fingerprint(self.data if from_disk else frame),
                **as_given(path=self.data),
            },
        )

    def _estimate(self, lazy: pl.LazyFrame, schema: Schema, rows: int) -> None:
        """Say what the fit will cost, judged by its first rows."""
        sample = lazy.head(_SAMPLE_ROWS).collect()
        device = choose_device(self.device)
        codec = TableCodec.fit(sample, schema)
        cells = codec.encode(sample.head(2))
        with torch.device("meta"):
            net = network_for(layout_of(codec, cells.codes, cells.low), rows, self.seed)
        cost = estimate(
            rows,
            len(sample.columns),
            sample.estimated_size() * rows / len(sample),
            net,
            settings_for(rows, self.seed, "fp32").batch,
            Budget.of(self.seconds, self.examples, rows),
            choose_precision(self.precision, device),
        )
        self.listener(Notice("estimate", str(cost), cost))

    def _prepare(
        self, frame: pl.DataFrame, schema: Schema, budget: Budget
    ) -> tuple[Trainer, TableCodec]:
        codec = TableCodec.fit(frame, schema)
        cells = codec.encode(frame)
        layout = layout_of(codec, cells.codes, cells.low)
        tensors = (torch.from_numpy(part) for part in (cells.codes, cells.low, cells.high))
        rows, held_out = hold_out(Rows(*tensors), self.seed)
        device = choose_device(self.device)
        precision = choose_precision(self.precision, device)
        settings = settings_for(len(rows), self.seed, precision, layout.categories)
        trainer = Trainer(
            net=network_for(layout, len(rows), self.seed),
            objective=TableObjective(layout, table_gaussian()),
            rows=rows,
            held_out=held_out,
            settings=settings,
            budget=replace(budget, seconds=TRAINING_SHARE * budget.seconds)
            if budget.seconds
            else budget,
            device=device,
        )
        return trainer, codec

    def _train(self, trainer: Trainer, folder: Path | None) -> None:
        drive(trainer, folder, self.listener, every=CHECKPOINT_SECONDS)
        self.listener(Notice("calibrate", "putting the marginals right"))

    def _model(
        self, schema: Schema, codec: TableCodec, trainer: Trainer, record: dict[str, Any]
    ) -> Model:
        """The averaged weights of the lowest held-out loss, calibrated, and how they came to be."""
        trainer.use_best()
        layout, net = trainer.objective.layout, trainer.net.eval()
        rows = trainer.rows.and_also(trainer.held_out)
        seed, examples = trainer.settings.seed, trainer.progress.examples
        budget = record["budget"]["seconds"]
        done = calibrate(
            net,
            layout,
            codec,
            rows,
            examples,
            seed,
            trainer.device,
            seconds=budget - trainer.progress.seconds if budget else None,
            rounds=self.rounds,
        )
        training = {
            **training_record(trainer),
            "calibration_rounds": done.rounds,
            "marginal_error_before_calibration": done.before,
        }
        full = {**record, "versions": versions(), "machine": machine(), "training": training}
        kept = Reference.of(trainer.rows, trainer.held_out, seed) if record["keep_rows"] else None
        return Model(schema, codec, layout, net.cpu(), full, kept)

"""One fit from beginning to end: read, encode, train, keep.

A run folder is filled in this order, so that whatever ends the fit, what was learned can be used:
`run.json` with status "fitting" (seed, budget and data hash: what `--resume` must find again) and
`schema.json`; then `checkpoint.safetensors` every `CHECKPOINT_SECONDS` and on an interrupt; at the
end the model's parts and `run.json` with status "complete".
"""

from __future__ import annotations

import contextlib
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import polars as pl
import torch

from interfuse import store
from interfuse.data import Origin, Schema, TableCodec, fingerprint, infer_schema, read, to_polars
from interfuse.data.schema import fit_to_frame
from interfuse.errors import DataError, RunError
from interfuse.estimate import estimate
from interfuse.files import write_json
from interfuse.model import Model, machine, to_line, versions
from interfuse.questions.calibrate import calibrate
from interfuse.training.budget import Budget
from interfuse.training.objective import Rows, TableObjective, table_gaussian
from interfuse.training.precision import choose_device, choose_precision
from interfuse.training.setup import hold_out, layout_of, network_for, settings_for
from interfuse.training.state import Checkpoint
from interfuse.training.trainer import Event, Trainer

CHECKPOINT_SECONDS = 30.0
TRAINING_SHARE = 0.9
"""Of a budget in seconds; the rest is for calibration."""
_SAMPLE_ROWS = 10_000


class FitStopped(Exception):
    """A fit was interrupted on request; its checkpoint, if it has a folder, is saved."""


@dataclass(frozen=True)
class Notice:
    """What a fit says before it trains.

    Attributes:
        stage: "schema", "estimate", "resumed" or "calibrate".
        message: for people.
        value: the schema or the estimate.
    """

    stage: str
    message: str
    value: Any = None


Listener = Callable[[Notice | Event], None]


@dataclass
class Job:
    """The arguments of one fit; see `interfuse.fit`."""

    data: Any
    schema: Schema | str | Path | None
    seconds: float | None
    examples: int | None
    seed: int
    device: str | None
    precision: str
    listener: Listener

    def run(self) -> Model:
        """Fit without a folder."""
        frame, schema, data = self._load()
        budget = Budget.of(self.seconds, self.examples, data["rows"])
        record = {"seed": self.seed, "budget": asdict(budget), "data": data}
        trainer, codec = self._prepare(frame, schema, budget)
        self._train(trainer, None)
        return _model(schema, codec, trainer, record)

    def run_in(self, folder: Path, *, resume: bool) -> Model:
        """Fit in a folder that is locked and prepared; go on with what is there if `resume`."""
        checkpoint = None
        if resume:
            before = store.unfinished(folder)
            checkpoint = Checkpoint.load(folder / store.CHECKPOINT)
            self.seed = int(before["seed"])
            self.schema = Schema.load(folder / "schema.json")
            self.seconds, self.examples = before["budget"]["seconds"], before["budget"]["examples"]
        frame, schema, data = self._load()
        budget = Budget.of(self.seconds, self.examples, data["rows"])
        record = {"seed": self.seed, "budget": asdict(budget), "data": data}
        if resume and data["sha256"] != before["data"]["sha256"]:
            raise RunError(
                f"{folder}: the fit was started on other data (checksum differs). Resume with the "
                "same file or frame, or fit without --resume."
            )
        trainer, codec = self._prepare(frame, schema, budget)
        del frame
        if checkpoint is not None:
            trainer.restore(checkpoint)
            done = f"going on after {trainer.progress.examples:,} examples"
            self.listener(Notice("resumed", done, trainer.progress))
        else:
            store.clear(folder)
            schema.save(folder / "schema.json")
            write_json(folder / "run.json", {"format": store.FORMAT, "status": "fitting", **record})
        self._train(trainer, folder)
        model = _model(schema, codec, trainer, record)
        model.write_parts(folder)
        store.finish(folder, model.record)
        return model

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
        settings = settings_for(len(rows), self.seed, choose_precision(self.precision, device))
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
        """Drive the trainer: tell the listener, write events and checkpoints, mind Ctrl-C."""
        with _interruptible(trainer), _events(folder, trainer.progress.examples) as log:
            saved = time.monotonic()
            for event in trainer.run():
                self.listener(event)
                log(event)
                due = time.monotonic() - saved >= CHECKPOINT_SECONDS
                if folder and due and not trainer.progress.reason:
                    trainer.checkpoint().save(folder / store.CHECKPOINT)
                    saved = time.monotonic()
        if trainer.progress.reason:
            if folder:
                trainer.checkpoint().save(folder / store.CHECKPOINT)
            self.listener(Notice("calibrate", "putting the marginals right"))
        else:
            if folder is None:
                raise FitStopped("interrupted; a fit without a folder keeps nothing.")
            trainer.checkpoint().save(folder / store.CHECKPOINT)
            raise FitStopped(
                f"interrupted after {trainer.progress.examples:,} examples; all of it is saved. "
                f"Go on with: interfuse fit DATA -o {folder} --resume"
            )


def _model(schema: Schema, codec: TableCodec, trainer: Trainer, record: dict[str, Any]) -> Model:
    """The fitted model: averaged weights of the lowest held-out loss, and how they came to be."""
    p = trainer.progress
    trainer.use_best()
    layout, net = trainer.objective.layout, trainer.net.eval()
    codes = torch.cat([trainer.rows.codes, trainer.held_out.codes])
    seed = trainer.settings.seed
    off = calibrate(net, layout, codec, codes, p.examples, seed, trainer.device)
    training = {
        "examples": p.examples,
        "seconds": round(p.seconds, 3),
        "reason": p.reason,
        "held_out_loss": p.best if p.best < float("inf") else None,
        "best_examples": p.best_examples,
        "held_out_rows": len(trainer.held_out),
        "skipped_steps": p.skipped,
        "curve": [[_finite(x) for x in point] for point in p.curve],
        "settings": asdict(trainer.settings),
        "device": trainer.device.type,
        "marginal_error_before_calibration": off,
    }
    full = {**record, "versions": versions(), "machine": machine(), "training": training}
    return Model(schema, codec, layout, net.cpu(), full)


def _finite(x: float) -> float | None:
    return x if abs(x) < float("inf") else None


@contextlib.contextmanager
def _interruptible(trainer: Trainer) -> Iterator[None]:
    """Let the first Ctrl-C or termination end training after the step at hand."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if trainer.stop_requested:
            raise KeyboardInterrupt
        trainer.stop_requested = True

    before = {s: signal.signal(s, stop) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _events(folder: Path | None, examples: int) -> Iterator[Callable[[Event], None]]:
    """Append events to the folder's log, which first forgets those after `examples`."""
    if folder is None:
        yield lambda event: None
        return
    path = folder / store.EVENTS
    kept = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):  # the last line may be cut
                if json.loads(line)["examples"] <= examples:
                    kept.append(line + "\n")
    with path.open("w", encoding="utf-8", buffering=1) as f:
        f.writelines(kept)

        def write(event: Event) -> None:
            p = event.progress
            last = p.curve[-1] if p.curve else None
            line = {
                "event": event.kind,
                "step": p.step,
                "examples": p.examples,
                "seconds": round(p.seconds, 3),
                "loss": event.loss,
                "held_out_loss": _finite(last[3]) if last and event.kind != "tick" else None,
                "rows_per_second": round(event.rows_per_second),
                "remaining_seconds": round(event.remaining, 1),
                "message": event.message,
            }
            f.write(to_line(line))

        yield write

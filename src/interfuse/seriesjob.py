"""One fit of time series from beginning to end: read, train, calibrate, keep.

`interfuse.fitting` states what every fit does alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from interfuse import store
from interfuse.data.series import SeriesSchema, SeriesSet, read_series
from interfuse.errors import DataError, OptionError
from interfuse.fitting import (
    CHECKPOINT_SECONDS,
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
from interfuse.questions.fill import Filler
from interfuse.questions.surprise import Calibration, Surprise
from interfuse.questions.widths import measure_temper
from interfuse.seriesmodel import SeriesModel
from interfuse.training.budget import Budget
from interfuse.training.holdout import split_windows
from interfuse.training.pack import SeriesCodec
from interfuse.training.precision import choose_device, choose_precision
from interfuse.training.series import (
    SeriesObjective,
    series_network_for,
    series_settings_for,
    window_for,
)
from interfuse.training.state import Checkpoint
from interfuse.training.trainer import Trainer
from interfuse.training.windows import Looker, SeriesRows

EXAMPLES = 60_000
RUNTIME_BYTES = 350e6
ROW_BYTES = 24
WEIGHT_COPIES = 8


@dataclass(frozen=True)
class SeriesEstimate:
    """Expected cost of a fit.

    Attributes:
        memory: bytes at the peak, activations of a batch left out.
        window: steps that the network sees at once.
        examples: windows that will be seen, at most; None where the budget is in seconds.
        seconds: of training, at most; None where the budget is in examples.
    """

    memory: float
    window: int
    examples: int | None
    seconds: float | None

    def __str__(self) -> str:
        most = f"{self.examples:,} windows" if self.seconds is None else f"{self.seconds:.0f} s"
        return (
            f"about {self.memory / 1e9:.1f} GB of memory, windows of {self.window} steps, "
            f"training for at most {most}"
        )


@dataclass
class SeriesJob:
    """The arguments of one fit; see `interfuse.fit`."""

    data: Any
    schema: SeriesSchema | str | Path | None
    time: str | None
    series: str | None
    channels: Sequence[str] | None
    known_future: Sequence[str]
    zone: str | None
    seconds: float | None
    examples: int | None
    seed: int
    device: str | None
    precision: str
    listener: Listener
    budget: Budget | None = None
    _budget: Budget = field(init=False)

    def run(self) -> SeriesModel:
        """Fit without a folder."""
        series = self._load()
        record = self._record(series)
        trainer, codec = self._prepare(series)
        drive(trainer, None, self.listener)
        return self._model(series, codec, trainer, record)

    def run_in(self, folder: Path, *, again: bool) -> SeriesModel:
        """Fit in a folder that is locked and prepared; go on with what is there if `again`."""
        checkpoint, before = None, None
        if again:
            before = store.unfinished(folder)
            checkpoint = Checkpoint.load(folder / store.CHECKPOINT)
            self.seed = int(before["seed"])
            self.schema = SeriesSchema.load(folder / "schema.json")
            self.seconds, self.examples = before["budget"]["seconds"], before["budget"]["examples"]
        series = self._load()
        record = self._record(series)
        if before is not None:
            same_data(folder, before, record["data"])
        trainer, codec = self._prepare(series)
        if checkpoint is not None:
            resume(trainer, checkpoint, self.listener)
        else:
            start(folder, series.schema, record)
        drive(trainer, folder, self.listener, every=CHECKPOINT_SECONDS)
        model = self._model(series, codec, trainer, record)
        model.write_parts(folder)
        store.finish(folder, model.record)
        return model

    def _load(self) -> SeriesSet:
        """The series, and words about what they are."""
        schema = self.schema
        if schema is not None and not isinstance(schema, SeriesSchema):
            schema = SeriesSchema.load(schema)
        self.listener(Notice("reading", "reading the series"))
        options: dict[str, Any] = {
            "time": self.time,
            "series": self.series,
            "channels": self.channels,
            "known_future": self.known_future,
            "zone": self.zone,
        }
        for name, value in options.items() if schema else ():
            if value not in (None, ()):
                raise OptionError(
                    f"{name}: the schema says already what each column is. Leave {name} out."
                )
        series = read_series(self.data, schema=schema, **({} if schema else options))
        many, total = len(series), int(series.lengths.sum())
        self.listener(Notice("schema", f"{many:,} series, {total:,} steps", series.schema))
        for note in series.notes:
            self.listener(Notice("warning", note))
        if total < 4:
            raise DataError(
                f"the series have {total} steps in all; expected at least 4. Add observations."
            )
        return series

    def fingerprint(self) -> str:
        """SHA-256 of the data as `run.json` has it."""
        return self._load().fingerprint()

    def _record(self, series: SeriesSet) -> dict[str, Any]:
        """What `run.json` says of the beginning; also settles the budget."""
        examples = self.examples
        if self.seconds is None and examples is None:
            examples = EXAMPLES
        self._budget = self.budget or Budget(self.seconds, examples)
        is_path = isinstance(self.data, str | Path)
        source = Path(self.data).name if is_path else type(self.data).__module__.split(".")[0]
        return {
            "kind": "series",
            "seed": self.seed,
            "budget": asdict(self._budget),
            "data": {
                "source": source,
                "rows": int(series.lengths.sum()),
                "series": len(series),
                "sha256": series.fingerprint(),
                **as_given(path=self.data),
            },
        }

    def _prepare(self, series: SeriesSet) -> tuple[Trainer, SeriesCodec]:
        device = choose_device(self.device)
        precision = choose_precision(self.precision, device)
        codec = SeriesCodec.fit(series)
        channels = len(series.schema.channels)
        length, patch = window_for(int(series.lengths.max()), series.schema.periods, channels)
        looker = Looker(codec.clock, length)
        rows, _, _ = codec.pack(series, scales=codec.scales)
        net = series_network_for(
            channels,
            length,
            patch,
            looker,
            codec.covariates.width,
            codec.statics.width,
            len(series),
            int(rows.seen.sum()),
            self.seed,
        )
        size = 4.0 * sum(p.numel() for p in net.parameters()) * WEIGHT_COPIES
        cost = SeriesEstimate(
            RUNTIME_BYTES + size + float(ROW_BYTES * len(rows.values) * channels),
            length,
            self._budget.examples,
            self._budget.seconds,
        )
        self.listener(Notice("estimate", str(cost), cost))
        train, held = split_windows(rows, length, self.seed)
        trainer = Trainer(
            net=net,
            objective=SeriesObjective(looker),
            rows=train.to(device),
            held_out=held.to(device),
            settings=series_settings_for(length * channels, self.seed, precision),
            budget=self._budget,
            device=device,
        )
        return trainer, codec

    def _model(
        self,
        series: SeriesSet,
        codec: SeriesCodec,
        trainer: Trainer,
        record: dict[str, Any],
    ) -> SeriesModel:
        """The fitted model: averaged weights of the lowest held-out loss, and how they came."""
        trainer.use_best()
        net = trainer.net.eval()
        self.listener(Notice("calibrate", "scoring what was held out"))
        looker = Looker(codec.clock, net.length)
        plain = Filler(net, looker, device=trainer.device)
        temper = measure_temper(plain, trainer.objective, trainer.held_out, self.seed)
        filler = Filler(net, looker, device=trainer.device, temper=temper)
        calibration = Surprise(filler, Calibration.none(len(series.schema.channels))).calibrate(
            self._whole(codec, series, trainer.rows.held)
        )
        full = {
            **record,
            "versions": versions(),
            "machine": machine(),
            "training": training_record(trainer),
        }
        origins = tuple(zip(series.starts.tolist(), series.lengths.tolist(), strict=True))
        return SeriesModel(series.schema, codec, net.cpu(), origins, temper, calibration, full)

    def _whole(self, codec: SeriesCodec, series: SeriesSet, held: torch.Tensor) -> SeriesRows:
        """All series, one entry each, with the times that were held out."""
        rows, _, _ = codec.pack(series, scales=codec.scales)
        return replace(rows, held=held.cpu()).to(held.device)

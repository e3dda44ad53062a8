"""One fit of time series from beginning to end: read, train, calibrate, keep.

`interfuse.run.job` states what every fit does alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from interfuse.errors import DataError, OptionError
from interfuse.kinds.series.ask.fill import Filler
from interfuse.kinds.series.ask.surprise import Calibration, Surprise
from interfuse.kinds.series.ask.widths import measure_temper
from interfuse.kinds.series.codec import SeriesCodec
from interfuse.kinds.series.data import SeriesSchema, SeriesSet, read_series
from interfuse.kinds.series.learn.holdout import split_windows
from interfuse.kinds.series.learn.objective import (
    SeriesObjective,
    series_gaussian,
    series_network_for,
    series_settings_for,
    window_for,
)
from interfuse.kinds.series.learn.view import SeriesRows
from interfuse.kinds.series.learn.windows import Looker
from interfuse.kinds.series.model import SeriesModel
from interfuse.run.cost import activation_bytes, peak, weights_bytes
from interfuse.run.fitting import Notice, as_given
from interfuse.run.job import BaseJob, Ready, source_of, whole_record
from interfuse.train.budget import Budget
from interfuse.train.precision import choose_device, choose_precision
from interfuse.train.trainer import Trainer

EXAMPLES = 60_000
ROW_BYTES = 24


@dataclass(frozen=True)
class SeriesEstimate:
    """Expected cost of a fit.

    Attributes:
        memory: bytes at the peak.
        window: steps that the network sees at once.
        budget: in windows that will be seen, in seconds of training, or both.
    """

    memory: float
    window: int
    budget: Budget

    def __str__(self) -> str:
        most = self.budget.limit("windows")
        return (
            f"about {self.memory / 1e9:.1f} GB of memory, windows of {self.window} steps, "
            f"training for at most {most}"
        )


@dataclass(kw_only=True)
class SeriesJob(BaseJob[SeriesSet, SeriesModel]):
    """The arguments of one fit; see `interfuse.fit`."""

    data: Any
    schema: SeriesSchema | str | Path | None
    time: str | None
    series: str | None
    channels: Sequence[str] | None
    known_future: Sequence[str]
    zone: str | None

    def _recall(self, folder: Path, before: dict[str, Any]) -> None:
        self.schema = SeriesSchema.load(folder / "schema.json")

    def _load(self) -> SeriesSet:
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

    def _budget(self, loaded: SeriesSet) -> Budget:
        nothing_asked = self.seconds is None and self.examples is None
        return Budget(self.seconds, EXAMPLES if nothing_asked else self.examples)

    def _words(self, loaded: SeriesSet) -> dict[str, Any]:
        data = {
            "source": source_of(self.data),
            "rows": int(loaded.lengths.sum()),
            "series": len(loaded),
            "sha256": loaded.fingerprint(),
            **as_given(path=self.data),
        }
        return {"kind": "series", "data": data}

    def _prepare(self, loaded: SeriesSet, budget: Budget) -> Ready[SeriesModel]:
        device = choose_device(self.device)
        precision = choose_precision(self.precision, device)
        codec = SeriesCodec.fit(loaded)
        channels = len(loaded.schema.channels)
        length, patch = window_for(int(loaded.lengths.max()), loaded.schema.periods, channels)
        looker = Looker(codec.clock, length)
        rows, _, _ = codec.pack(loaded, scales=codec.scales)
        net = series_network_for(
            channels,
            length,
            patch,
            looker,
            codec.covariates.width,
            codec.statics.width,
            len(loaded),
            int(rows.seen.sum()),
            self.seed,
        )
        net.kernel = series_gaussian(self.noise_schedule())
        train, held = split_windows(rows, length, self.seed)
        objective = SeriesObjective(looker, net.kernel)
        settings = series_settings_for(length * channels, self.seed, precision)
        step = activation_bytes(net, objective, train, settings, device)
        packed = float(ROW_BYTES * len(rows.values) * channels)
        cost = SeriesEstimate(peak(weights_bytes(net) + packed + step), length, budget)
        self._tell_cost(cost, "Fit fewer series, or a part of their past.")
        trainer = Trainer(
            net=net,
            objective=objective,
            rows=train.to(device),
            held_out=held.to(device),
            settings=settings,
            budget=budget,
            device=device,
        )
        return Ready(trainer, loaded.schema, partial(self._model, loaded, codec, trainer))

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
        full = whole_record(record, trainer)
        origins = tuple(zip(series.starts.tolist(), series.lengths.tolist(), strict=True))
        return SeriesModel(series.schema, codec, net.cpu(), origins, temper, calibration, full)

    def _whole(self, codec: SeriesCodec, series: SeriesSet, held: torch.Tensor) -> SeriesRows:
        """All series, one entry each, with the times that were held out."""
        rows, _, _ = codec.pack(series, scales=codec.scales)
        return replace(rows, held=held.cpu()).to(held.device)

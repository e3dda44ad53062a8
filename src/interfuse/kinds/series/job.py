"""One fit of time series from beginning to end: read, train, calibrate, keep.

`interfuse.run.job` states what every fit does alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import torch

from interfuse.core.seeds import Purpose, seed_of
from interfuse.errors import DataError, OptionError
from interfuse.kinds.series.ask.few import coded, surprises
from interfuse.kinds.series.ask.fill import Filler
from interfuse.kinds.series.ask.gate import Gate
from interfuse.kinds.series.ask.surprise import Calibration, Surprise
from interfuse.kinds.series.ask.widths import BATCH, measure_temper
from interfuse.kinds.series.base.forecast import Base, with_paths
from interfuse.kinds.series.base.odd import FEW_CELLS, MOST_CELLS, measure_usual
from interfuse.kinds.series.codec import SeriesCodec
from interfuse.kinds.series.data import SeriesSchema, SeriesSet, read_series
from interfuse.kinds.series.discrete.channel import Discrete
from interfuse.kinds.series.learn.few import fit_few, kept
from interfuse.kinds.series.learn.holdout import split_apart, split_windows
from interfuse.kinds.series.learn.objective import (
    SeriesObjective,
    series_gaussian,
    series_network_for,
    series_settings_for,
    window_for,
)
from interfuse.kinds.series.learn.together import (
    base_of,
    gate_of,
    held_blocks,
    windows_measured,
    with_measured_paths,
)
from interfuse.kinds.series.learn.view import SeriesRows, apart
from interfuse.kinds.series.learn.windows import Looker
from interfuse.kinds.series.model import SeriesModel
from interfuse.run.cost import activation_bytes, peak, weights_bytes
from interfuse.run.fitting import Notice, as_given
from interfuse.run.job import BaseJob, Ready, source_of, whole_record
from interfuse.train.budget import Budget
from interfuse.train.precision import choose_device, choose_precision
from interfuse.train.settings import Settings
from interfuse.train.trainer import Trainer

EXAMPLES = 60_000
ROW_BYTES = 24
MOST_TOGETHER = 24
"""Channels that the network sees together. Cells of a window, and so time and memory of a step, go
with them: 144 channels took 20 s a step. More of them are series of their own to it."""
MOST_JUDGED = 12
"""Held-out blocks that counts of few values are held against the base on, at most."""
ODD_BLOCKS = 24
"""Held-out blocks that p-values are measured on, at most."""
MEASURING, MOST_KEPT = 0.15, 0.6
"""Of the time that is left when training begins: what measuring takes at the end; that and fitting
the base again, to what was held out, too, at most."""
SHORT, FEW_HELD = 20.0, 32
"""Fits of fewer seconds score so few held-out windows at a time."""


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
    events: bool = False
    every: str | None = None

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
            "events": self.events,
            "every": self.every,
        }
        for name, value in options.items() if schema else ():
            if value not in (None, (), False):
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
        every, loaded = loaded, loaded.numeric()
        few = fit_few(every, self.seed)
        codec = SeriesCodec.fit(loaded)
        channels = len(loaded.schema.channels)
        seen_together = channels if channels <= MOST_TOGETHER else 1
        length, patch = window_for(int(loaded.lengths.max()), loaded.schema.periods, seen_together)
        looker = Looker(codec.clock, length)
        whole, _, _ = codec.pack(loaded, scales=codec.scales)
        rows = whole if seen_together == channels else apart(whole)
        net = series_network_for(
            seen_together,
            length,
            patch,
            looker,
            codec.covariates.width,
            codec.statics.width,
            len(loaded) * channels // seen_together,
            int(rows.seen.sum()),
            self.seed,
        )
        net.kernel = series_gaussian(self.noise_schedule())
        settings = series_settings_for(length * seen_together, self.seed, precision)
        if seen_together == channels:
            train, held = split_windows(rows, length, self.seed)
        else:
            train, held = split_apart(rows, channels, length, self.seed)
        objective = SeriesObjective(looker, net.kernel)
        step = activation_bytes(net, objective, train, settings, device)
        packed = float(ROW_BYTES * len(whole.values) * channels)
        cost = SeriesEstimate(peak(weights_bytes(net) + packed + step), length, budget)
        self._tell_cost(cost, "Fit fewer series, or a part of their past.")
        times = _times_held(train.held, whole, channels // seen_together)
        begun = monotonic()
        base = base_of(loaded, times, self.seed, self._limit)
        again = monotonic() - begun if budget.seconds else 0.0  # it is fitted twice
        trainer = Trainer(
            net=net,
            objective=objective,
            rows=train.to(device),
            held_out=held.to(device),
            settings=self._quickened(settings),
            budget=self.clock.training(budget, self._measuring(budget, again)),
            device=device,
        )
        finish = partial(self._model, every, few, codec, trainer, base, times)
        return Ready(trainer, every.schema, finish)

    def _measuring(self, budget: Budget, again: float) -> float:
        """Share of what is left that is kept for measuring, and for fitting the base again."""
        if budget.seconds is None or self._short:
            return MEASURING
        return min(MEASURING + again / max(self.clock.left(budget.seconds), again, 1e-9), MOST_KEPT)

    @property
    def _short(self) -> bool:
        return self._limit is not None and self._limit < SHORT

    def _quickened(self, settings: Settings) -> Settings:
        """Fewer held-out windows where a short fit would do little but score them."""
        if not self._short or settings.held_out_draws is None:
            return settings
        return replace(settings, held_out_draws=min(settings.held_out_draws, FEW_HELD))

    def _model(
        self,
        every: SeriesSet,
        few: tuple[Discrete, ...],
        codec: SeriesCodec,
        trainer: Trainer,
        base: Base | None,
        held: torch.Tensor,
        record: dict[str, Any],
    ) -> SeriesModel:
        """The fitted model: averaged weights of the lowest held-out loss, and how they came."""
        series = every.numeric()
        trainer.use_best()
        net = trainer.net.eval()
        self.listener(Notice("calibrate", "scoring what was held out"))
        looker = Looker(codec.clock, net.length)
        plain = Filler(net, looker, device=trainer.device)
        examples = trainer.progress.examples
        # Windows of several channels that are seen apart say as much as more windows of one.
        less = self._short or net.channels < len(series.schema.channels)
        rounds, batch = windows_measured(examples, BATCH // 4 if less else BATCH)
        held_out = trainer.held_out
        temper = measure_temper(plain, trainer.objective, held_out, self.seed, rounds, batch)
        filler = Filler(net, looker, device=trainer.device, temper=temper)
        gate, usual = Gate(), None
        calibration = Calibration.none(len(series.schema.channels))
        if base is not None:
            base = with_measured_paths(base, series, held)
            gate = gate_of(base, codec, filler, series, held, examples, self.seed)
            blocks = held_blocks(series, held, ODD_BLOCKS)
            seed = seed_of(self.seed, Purpose.BASE_PAIRS, 1)
            cells = FEW_CELLS if self._short else MOST_CELLS
            odd, _ = surprises(few, codec, every)
            usual = measure_usual(base, series.values, blocks, seed, cells, odd, coded(every))
            few = kept(few, base, every, blocks[:MOST_JUDGED], self.seed)
            if not self._short:
                nothing = torch.zeros_like(held)
                last = base_of(series, nothing, self.seed, self._limit)
                base = base if last is None else with_paths(last, base.paths)
        elif net.channels == len(series.schema.channels):
            whole = self._whole(codec, series, held)
            calibration = Surprise(filler, calibration).calibrate(whole)
        full = whole_record(record, trainer)
        origins = tuple(zip(series.starts.tolist(), series.lengths.tolist(), strict=True))
        return SeriesModel(
            every.schema, codec, net.cpu(), origins, temper, calibration, full, base, gate, usual,
            few,
        )  # fmt: skip

    def _whole(self, codec: SeriesCodec, series: SeriesSet, held: torch.Tensor) -> SeriesRows:
        """All series, one entry each, with the times that were held out."""
        rows, _, _ = codec.pack(series, scales=codec.scales)
        return replace(rows, held=held.cpu()).to(held.device)


def _times_held(held: torch.Tensor, rows: SeriesRows, times: int) -> torch.Tensor:
    """(m,) which times of the series are held out, where each of them stands `times` times."""
    if times == 1:
        return held
    parts, at = [], 0
    for a, b in zip(rows.first.tolist(), rows.last.tolist(), strict=True):
        parts.append(held[at : at + b - a])
        at += (b - a) * times
    return torch.cat(parts)

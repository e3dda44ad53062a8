"""An estimator and a predictor with the interface of GluonTS (Alexandrov et al. 2020, JMLR 21:116).

    from interfuse.gluonts import Estimator

    predictor = Estimator(prediction_length=24, seconds=120).train(dataset.train)
    forecasts = predictor.predict(dataset.test, num_samples=100)   # SampleForecast, one an entry

Entries hold `start` (a pandas Period) and `target`, (T,) or (channels, T), and perhaps `item_id`,
`feat_dynamic_real` (features, T, or T + prediction_length when asked), `feat_static_real` and
`feat_static_cat`; other fields are not looked at. Both classes are of GluonTS's own bases, so that
its evaluation takes them and its `Predictor.deserialize` reads them. GluonTS and pandas must be
installed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from interfuse.errors import DataError, OptionError, RunError
from interfuse.io.files import write_json
from interfuse.kinds.series.kind import KIND

try:
    from gluonts.model import estimator, predictor  # pyright: ignore[reportMissingImports]
except ImportError as error:
    raise ImportError(
        "interfuse.gluonts: GluonTS is not installed. Install it: pip install gluonts pandas"
    ) from error

if TYPE_CHECKING:
    from interfuse.kinds.series.model import SeriesModel

ITEM, TIME = "item_id", "time"
AT_ONCE = 64
_SETTINGS = "predictor.json"


class Predictor(predictor.Predictor):
    """A fitted model of series with the interface of a GluonTS predictor.

    Args:
        model: from `Estimator.train`, or fitted to frames in the long layout whose columns are
            `item_id`, `time` and the channels.
        prediction_length: how many steps to forecast.
        seed: of all draws.
        steps: of the sampler; see `SeriesModel.forecast`.
        device: where to compute.
    """

    def __init__(
        self,
        model: SeriesModel,
        prediction_length: int,
        *,
        seed: int = 0,
        steps: int | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(_length(prediction_length))
        self.model = model
        self.seed = seed
        self.steps = steps
        self.device = device

    def predict(
        self, dataset: Iterable[Mapping[str, Any]], num_samples: int = 100, **kwargs: Any
    ) -> Iterator[Any]:
        """A `gluonts.model.forecast.SampleForecast` of what follows each entry, in order.

        Args:
            dataset: entries; each may be a series that was never seen.
            num_samples: how many draws of each.
            kwargs: not looked at; there for other predictors.

        Raises:
            DataError: an entry has other channels, features or steps than what was fitted.
        """
        from gluonts.model.forecast import (  # pyright: ignore[reportMissingImports]
            SampleForecast,
        )

        for names, entries in _groups(dataset):
            frame, ends = _frame(names, entries, self.model.schema)
            known = bool(self.model.schema.covariates)
            # Steps at the end that hold features and no target count as future.
            open_ends = [_open_end(e["target"]) if known else 0 for e in entries]
            answer = self.model.forecast(
                frame,
                self.prediction_length + max(open_ends),
                draws=num_samples,
                seed=self.seed,
                steps=self.steps,
                device=self.device,
            )
            place = {str(name): i for i, name in enumerate(answer.names)}
            for name, entry, end, skip in zip(names, entries, ends, open_ends, strict=True):
                values = answer.values[place[name]][:, skip : skip + self.prediction_length]
                yield SampleForecast(
                    samples=values if np.ndim(entry["target"]) > 1 else values[..., 0],
                    start_date=end,
                    item_id=entry.get(ITEM),
                    info=entry.get("info"),
                )

    def serialize(self, path: str | Path) -> None:
        """Write the predictor to a folder.

        Raises:
            RunError: there is a run in it.
        """
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        super().serialize(folder)
        self.model.save(folder / "run")
        settings = {
            "prediction_length": self.prediction_length,
            "seed": self.seed,
            "steps": self.steps,
        }
        write_json(folder / _SETTINGS, settings)

    @classmethod
    def deserialize(cls, path: str | Path, device: str | None = None, **kwargs: Any) -> Predictor:
        """Read what `serialize` wrote.

        Raises:
            RunError: it is missing or damaged.
        """
        from interfuse.api import load

        place = Path(path) / _SETTINGS
        try:
            settings = json.loads(place.read_text(encoding="utf-8"))
            kept = {k: settings[k] for k in ("prediction_length", "seed", "steps")}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RunError(
                f"{place}: cannot be read as the settings of a predictor ({error}). Serialize it "
                "again."
            ) from error
        return cls(load(Path(path) / "run", kind=KIND.name), device=device, **kept)


class Estimator(estimator.Estimator):
    """Fits a diffusion model of series to a GluonTS data set.

    Args:
        prediction_length: how many steps the predictor forecasts.
        seconds: budget of the fit; see `interfuse.fit`.
        examples: the same in windows; repeatable.
        seed: of the fit and of all draws.
        steps: of the sampler.
        device: where to compute.
        listener: told how the fit goes.
    """

    def __init__(
        self,
        prediction_length: int,
        *,
        seconds: float | None = None,
        examples: int | None = None,
        seed: int = 0,
        steps: int | None = None,
        device: str | None = None,
        listener: Any = None,
    ) -> None:
        super().__init__()
        self.prediction_length = _length(prediction_length)
        self.seconds = seconds
        self.examples = examples
        self.seed = seed
        self.steps = steps
        self.device = device
        self.listener = listener

    def train(
        self, training_data: Iterable[Mapping[str, Any]], validation_data: Any = None, **kwargs: Any
    ) -> Predictor:
        """Fit to all entries.

        Args:
            training_data: entries.
            validation_data: not looked at: times are held out of the training data itself.
            kwargs: not looked at.

        Raises:
            DataError: the entries cannot be used.
        """
        from interfuse.api import fit

        entries = list(training_data)
        if not entries:
            raise DataError("training_data: has no entry. Give at least one series.")
        names = [_name(entry, k) for k, entry in enumerate(entries)]
        twice = next((name for name, many in Counter(names).items() if many > 1), None)
        if twice is not None:
            raise DataError(
                f"training_data: item_id {twice!r} is that of two entries. Give each its own."
            )
        frame, _ = _frame(names, entries, None)
        channels = [n for n in frame.columns if n.startswith("target")]
        model = fit(
            frame,
            kind=KIND.name,
            time=TIME,
            series=ITEM,
            channels=channels,
            known_future=[n for n in frame.columns if n.startswith("known_")],
            seconds=self.seconds,
            examples=self.examples,
            seed=self.seed,
            device=self.device,
            listener=self.listener,
        )
        return Predictor(
            model, self.prediction_length, seed=self.seed, steps=self.steps, device=self.device
        )


def _length(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise OptionError(f"prediction_length: is {value!r}; expected a whole number, 1 or more.")
    return int(value)


def _name(entry: Mapping[str, Any], k: int) -> str:
    """What the series of an entry is called."""
    return str(entry[ITEM]) if entry.get(ITEM) is not None else str(k)


def _groups(
    dataset: Iterable[Mapping[str, Any]],
) -> Iterator[tuple[list[str], list[Mapping[str, Any]]]]:
    """Names and entries, some at a time, no two of one series: rolling windows share a name."""
    names: list[str] = []
    entries: list[Mapping[str, Any]] = []
    for k, entry in enumerate(dataset):
        name = _name(entry, k)
        if len(entries) == AT_ONCE or name in names:
            yield names, entries
            names, entries = [], []
        names.append(name)
        entries.append(entry)
    if entries:
        yield names, entries


def _open_end(target: Any) -> int:
    """How many steps at the end have no value."""
    wide = np.atleast_2d(np.asarray(target, np.float64))
    seen = np.flatnonzero(np.isfinite(wide).any(axis=0))
    return wide.shape[1] - 1 - int(seen[-1]) if len(seen) else wide.shape[1]


def _frame(
    names: list[str], entries: list[Mapping[str, Any]], schema: Any
) -> tuple[pl.DataFrame, list[Any]]:
    """Entries as a frame in the long layout, and the period that follows each.

    Args:
        names: of their series.
        entries: as GluonTS has them.
        schema: of the fitted model; None at the fit.
    """
    import pandas as pd

    parts, ends = [], []
    for name, entry in zip(names, entries, strict=True):
        target = np.atleast_2d(np.asarray(entry["target"], np.float64))
        start = entry["start"]
        if not isinstance(start, pd.Period):
            raise DataError(
                f"entry {name!r}: start is {start!r}; expected a pandas Period with a frequency."
            )
        length = target.shape[1]
        dynamic = entry.get("feat_dynamic_real")
        features = np.zeros((0, length)) if dynamic is None else np.atleast_2d(
            np.asarray(dynamic, np.float64))  # fmt: skip
        total = max(features.shape[1], length)
        stamps = _stamps(start, total)
        if schema is not None:
            _check(entry, name, schema, target, features, stamps)
        wide = np.full((len(target), total), np.nan)
        wide[:, :length] = target
        columns: dict[str, Any] = {ITEM: [name] * total, TIME: stamps}
        for j, row in enumerate(wide):
            columns["target" if len(wide) == 1 else f"target_{j}"] = row
        for j, row in enumerate(features):
            known = np.full(total, np.nan)
            known[: len(row)] = row
            columns[f"known_{j}"] = known
        for j, value in enumerate(np.ravel(entry.get("feat_static_real", ()))):
            columns[f"real_{j}"] = [float(value)] * total
        for j, value in enumerate(np.ravel(entry.get("feat_static_cat", ()))):
            columns[f"cat_{j}"] = [f"c{value}"] * total
        parts.append(pl.DataFrame(columns, nan_to_null=True))
        ends.append(start + length)
    kinds = {tuple(p.columns) for p in parts}
    if len(kinds) > 1:
        some = sorted(set(chain(*kinds)) - set.intersection(*map(set, kinds)))
        raise DataError(
            f"the entries: some have {', '.join(some[:4])} and others do not. Give all the same "
            "fields and channels."
        )
    frame = pl.concat(parts)
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None)), ends


def _stamps(start: Any, length: int) -> np.ndarray:
    import pandas as pd

    periods = pd.period_range(start, periods=length, freq=start.freq)
    return periods.to_timestamp().to_numpy().astype("datetime64[us]")


def _check(
    entry: Mapping[str, Any],
    name: str,
    schema: Any,
    target: np.ndarray,
    features: np.ndarray,
    stamps: np.ndarray,
) -> None:
    """Raise where an entry is of another make than what was fitted."""
    for what, found, wanted in (
        ("channels", len(target), len(schema.channels)),
        ("dynamic features", len(features), len(schema.covariates)),
    ):
        if found != wanted:
            raise DataError(
                f"entry {name!r}: has {found} {what}; the model was fitted to {wanted}."
            )
    if schema.grid == "even" and len(stamps) > 1:
        step = int((stamps[1] - stamps[0]).astype("timedelta64[ns]").astype(np.int64))
        if step != schema.step:
            raise DataError(
                f"entry {name!r}: has a frequency of {entry['start'].freqstr}; the model was "
                f"fitted to steps of {schema.step_name}. Resample it, or fit again."
            )

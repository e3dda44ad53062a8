"""Our side of `benchmarks.series`: a thin adapter, one function a question."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

import interfuse
from benchmarks.series_data import STARTS, Floats, ForecastTask, GapTask, Labelled, frame_of

DRAWS = 100


def fitted(name: str, frame: pl.DataFrame, options: argparse.Namespace) -> tuple[Any, float]:
    """A model and the seconds it took, from the folder of models if it is there."""
    folder = (
        options.models / f"{name}-{options.minutes:g}-{options.seed}" if options.models else None
    )
    if folder is not None and folder.exists():
        return interfuse.load(folder), 0.0
    begin = time.monotonic()
    roles: dict[str, Any] = {r: r for r in ("time", "series") if r in frame.columns}
    seconds = 60 * options.minutes
    model = interfuse.fit(frame, kind="series", seconds=seconds, seed=options.seed, **roles)
    took = time.monotonic() - begin
    if folder is not None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        model.save(folder)
    return model, took


def forecast(task: ForecastTask, options: argparse.Namespace) -> tuple[Floats, dict[str, float]]:
    """Draws (100, origins x series, horizon), and how long it took."""
    start = STARTS[task.name]
    model, fit = fitted(task.name, frame_of(task.train, start, task.every), options)
    begin, out = time.monotonic(), []
    for origin in task.origins:
        history = frame_of(origin.history, start, task.every)
        answer = model.forecast(history, horizon=task.horizon, draws=DRAWS, seed=options.seed)
        out.append(np.asarray(answer.array)[..., 0])
    seconds = {"seconds_to_fit": fit, "seconds": time.monotonic() - begin}
    return np.concatenate(out, 1), seconds


def forecast_channels(
    tasks: Sequence[ForecastTask], options: argparse.Namespace
) -> list[tuple[Floats, dict[str, float]]]:
    """The same of tasks that share the training part, whose rows are channels of one series."""
    start = STARTS["l2c"]
    name = tasks[0].name.rpartition(" ")[0]
    model, fit = fitted(name, channels_of(tasks[0].train, start, tasks[0].every), options)
    out = []
    for task in tasks:
        begin, draws = time.monotonic(), []
        for origin in task.origins:
            history = channels_of(origin.history, start, task.every)
            answer = model.forecast(history, horizon=task.horizon, draws=DRAWS, seed=options.seed)
            draws.append(np.asarray(answer.array)[:, 0].transpose(0, 2, 1))
        seconds = {"seconds_to_fit": fit, "seconds": time.monotonic() - begin}
        out.append((np.concatenate(draws, 1), seconds))
    return out


def channels_of(values: Floats, start: datetime, every: str) -> pl.DataFrame:
    """Rows of an array as columns beside their time."""
    frame = frame_of(values[:1], start, every).select("time")
    return frame.with_columns(pl.Series(f"v{c}", row) for c, row in enumerate(values))


def impute(
    task: GapTask, train: ForecastTask, options: argparse.Namespace
) -> tuple[Floats, dict[str, float]]:
    """Draws (100, holes) by the model of the forecasts."""
    start = STARTS["a5m"]
    model, fit = fitted("a5m", frame_of(train.train, start, train.every), options)
    begin = time.monotonic()
    frame = frame_of(task.values[None], start, train.every)
    array = np.asarray(model.impute(frame, draws=DRAWS, seed=options.seed).array)
    seconds = {"seconds_to_fit": fit, "seconds": time.monotonic() - begin}
    return array[:, 0][:, task.gone, 0], seconds


def detect(
    name: str, series: Sequence[Labelled], options: argparse.Namespace
) -> tuple[list[Floats], dict[str, float]]:
    """A score of every point of every series, from one model of all of them."""
    whole = pl.concat(_rows(one, one.values, 0) for one in series)
    past = [_rows(one, one.train, -len(one.train)) for one in series if one.train is not None]
    train = pl.concat(past) if past else whole
    model, fit = fitted(name, train, options)
    begin = time.monotonic()
    score = np.asarray(model.detect(whole).score, float)
    seconds = {"seconds_to_fit": fit, "seconds": time.monotonic() - begin}
    return np.split(score, np.cumsum([len(one.values) for one in series])[:-1]), seconds


def generate(
    task: ForecastTask, count: int, length: int, options: argparse.Namespace
) -> tuple[Floats, dict[str, float]]:
    """Windows (count, length, channels)."""
    train = frame_of(task.train, STARTS[task.name], task.every)
    model, fit = fitted(task.name, train, options)
    begin = time.monotonic()
    array = np.asarray(model.generate(count, length=length, seed=options.seed).array)[0]
    return array, {"seconds_to_fit": fit, "seconds": time.monotonic() - begin}


def speed(values: Floats, horizon: int, options: argparse.Namespace) -> dict[str, float]:
    """Seconds of a forecast of many series."""
    frame = frame_of(values, STARTS["a5m"], "1h")
    model, fit = fitted("speed", frame, options)
    begin = time.monotonic()
    array = np.asarray(model.forecast(frame, horizon=horizon, draws=DRAWS, seed=options.seed).array)
    seconds = time.monotonic() - begin
    return {
        "seconds_to_fit": fit,
        "seconds": seconds,
        "series": array.shape[1],
        "draws": array.shape[0],
        "horizon": array.shape[2],
        "values_per_second": array.size / seconds,
    }


def _rows(one: Labelled, values: Floats, first: int) -> pl.DataFrame:
    """A long frame: time, series, and a column for each channel."""
    if one.times is not None:
        times = one.times.alias("time")
    else:
        minutes = 5 * (np.arange(len(values)) + first)
        offset = pl.Series(minutes).cast(pl.Duration("us")) * 60_000_000
        times = (pl.Series([STARTS["asd12"]]).cast(pl.Datetime("us")) + offset).alias("time")
    columns = {f"v{c}": values[:, c] for c in range(values.shape[1])}
    return pl.DataFrame({"time": times, "series": [one.name] * len(values), **columns})

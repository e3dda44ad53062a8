"""Rivals of `benchmarks.series` that need packages of their own; run by their environment's Python.

    python series_models.py --task TASK.npz --model NAME --out ANSWER.npz --seconds 120 --seed 0

A task file holds what is asked (`kind` "forecast" or "gaps"); the answer holds `draws`, `seconds`
and `note`, what was capped. This file imports nothing of ours.

* **statsforecast** (AutoETS, AutoARIMA, Theta, MSTL + AutoETS): a model per origin on the recent
  past (`CAPS`): their cost grows with the length, and AutoETS and AutoARIMA cannot hold seasons of
  hundreds of steps, so that seasons are left to MSTL (a season whose two copies the past does not
  hold is left out).
* **statsmodels** (Kalman smoothing): local linear trend and AR(1), with and without a daily cycle
  of harmonics, fitted to two weeks before the holes and smoothed through them.
* **GluonTS** (DeepAR, PatchTST; torch on the CPU): trained once on the training part for the same
  seconds, 100 draws an origin.

Quantiles of Gaussian answers stand for draws: 100, evenly spaced.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

DRAWS = 100
SPREAD = (np.arange(DRAWS) + 0.5) / DRAWS
CAPS = {
    ("exchange", "AutoETS"): 1000,
    ("exchange", "AutoARIMA"): 1000,
    ("exchange", "Theta"): 1000,
    ("a5m", "AutoETS"): 576,
    ("a5m", "AutoARIMA"): 576,
    ("a5m", "Theta"): 14 * 288,
    ("a5m", "MSTL + AutoETS"): 28 * 288,
    ("nasa", "AutoETS"): 1440,
    ("nasa", "AutoARIMA"): 720,
    ("nasa", "Theta"): 3 * 1440,
}
"""Points of the past that a model sees; MSTL takes over 5 s an origin of `nasa`: it has none."""


def main() -> None:
    """Answer one task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    with np.load(options.task) as file:
        task = {key: file[key] for key in file.files}
    begin = time.monotonic()
    if str(task["kind"]) == "gaps":
        draws, note = kalman(task, options.model)
    elif options.model in ("DeepAR", "PatchTST"):
        with tempfile.TemporaryDirectory() as folder:
            draws, note = deep(task, options.model, options.seconds, options.seed, folder)
    else:
        draws, note = statistical(task, options.model)
    part = options.out.with_suffix(".part.npz")
    np.savez_compressed(part, draws=draws, seconds=time.monotonic() - begin, note=note)
    os.replace(part, options.out)


def rows(task: dict[str, Any]) -> list[np.ndarray]:
    """The histories: prefixes of the whole series."""
    return [task["whole"][k][:end] for end in task["ends"] for k in range(len(task["whole"]))]


def statistical(task: dict[str, Any], name: str) -> tuple[np.ndarray, str]:
    """One of statsforecast's models for each history."""
    from statsforecast.models import (  # pyright: ignore[reportMissingImports]
        MSTL,
        AutoARIMA,
        AutoETS,
        AutoTheta,
    )

    cap = CAPS[str(task["name"]), name]
    horizon, seasons = int(task["horizon"]), [int(s) for s in task["seasons"] if s > 1]
    held = [s for s in seasons if 2 * s <= cap]
    make = {
        "AutoETS": lambda: AutoETS(season_length=1),
        "AutoARIMA": lambda: AutoARIMA(season_length=1, approximation=True),
        "Theta": lambda: AutoTheta(season_length=held[0] if held else 1, model="DOTM"),
        "MSTL + AutoETS": lambda: MSTL(held, trend_forecaster=AutoETS(model="ZZN")),
    }[name]
    levels = sorted({round(100 * abs(2 * p - 1), 6) for p in SPREAD})
    out = []
    for history in rows(task):
        answer = make().forecast(y=history[-cap:].astype(float), h=horizon, level=levels)
        below = [answer[f"lo-{level}"] for level in reversed(levels)]
        above = [answer[f"hi-{level}"] for level in levels]
        out.append(np.stack([*below, *above]))
    used = {"Theta": held[:1], "MSTL + AutoETS": held}.get(name, [])
    return np.stack(out, 1), f"last {cap} points, seasons {used or 'none'}"


def kalman(task: dict[str, Any], name: str) -> tuple[np.ndarray, str]:
    """Gaussian draws of the holes from a structural model."""
    from scipy.stats import norm
    from statsmodels.tsa.statespace.structural import (  # pyright: ignore[reportMissingImports]
        UnobservedComponents,
    )

    values, start, day = task["values"], int(task["start"]), int(task["day"])
    before = values[start - 14 * day : start]
    options: dict[str, Any] = {"level": "local linear trend", "autoregressive": 1}
    if name == "Kalman, daily harmonics":
        options["freq_seasonal"] = [{"period": day, "harmonics": 4}]
    if name == "Kalman, level":
        options = {"level": "local level"}
    fitted = UnobservedComponents(before, **options).fit(disp=False, maxiter=50)
    series = values[start - 14 * day :]
    smooth = UnobservedComponents(series, **options).smooth(fitted.params)
    design = smooth.model.ssm["design"][0]
    noise = smooth.model.ssm["obs_cov"].ravel()[0]
    middle = design @ smooth.smoothed_state
    spread = np.einsum("i,ijt,j->t", design, smooth.smoothed_state_cov, design) + noise
    gone = np.isnan(series)
    z = norm.ppf(SPREAD)[:, None]
    draws = middle[gone] + z * np.sqrt(np.maximum(spread[gone], 0))
    return draws, f"{options}, fitted to 14 days"


def deep(
    task: dict[str, Any], name: str, seconds: float, seed: int, folder: str
) -> tuple[np.ndarray, str]:
    """A network of GluonTS, trained for a number of seconds."""
    import lightning.pytorch as pl  # pyright: ignore[reportMissingImports]
    import pandas as pd
    import torch
    from gluonts.dataset.common import ListDataset
    from gluonts.torch import DeepAREstimator, PatchTSTEstimator

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    pl.seed_everything(seed, verbose=False)
    horizon, step = int(task["horizon"]), str(task["every"])
    freq = {"1d": "B", "5m": "5min", "1m": "1min"}[step]
    begin = pd.Period(str(task["start"]), freq=freq)
    trainer = {
        "max_time": {"seconds": seconds},
        "max_epochs": 100_000,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "logger": False,
        "accelerator": "cpu",
        "default_root_dir": folder,
    }
    context = {"exchange": 60, "a5m": 576, "nasa": 240}[str(task["name"])]
    common = {"prediction_length": horizon, "trainer_kwargs": trainer, "batch_size": 32}
    if name == "DeepAR":
        estimator = DeepAREstimator(freq=freq, context_length=min(context, 288), **common)
    else:
        patch = 24 if horizon > 100 else 16
        estimator = PatchTSTEstimator(
            context_length=context, patch_len=patch, stride=patch // 2, **common
        )
    train = [{"start": begin, "target": row} for row in task["whole"][:, : task["ends"][0]]]
    predictor = estimator.train(ListDataset(train, freq=freq))
    asked = [{"start": begin, "target": row} for row in rows(task)]
    torch.manual_seed(seed)
    forecasts = predictor.predict(ListDataset(asked, freq=freq), num_samples=DRAWS)
    out = []
    forecast: Any  # `samples` and `to_sample_forecast` are those of its subclasses
    for forecast in forecasts:
        sample = forecast if hasattr(forecast, "samples") else forecast.to_sample_forecast(DRAWS)
        out.append(np.asarray(sample.samples, float))
    return np.stack(out, 1), f"{seconds:g} s of training, context {context}"


if __name__ == "__main__":
    main()

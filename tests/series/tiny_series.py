"""Series whose distribution is known, and a small network, for tests that fit a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import torch

from interfuse.kinds.series.net.temporal import SeriesNet
from interfuse.train.settings import Settings

START = datetime(2024, 1, 1)
HOUR = timedelta(hours=1)
DAY = 24
BATCH, RATE = 32, 4e-3
LEVEL, SWING, NOISE = 10.0, 3.0, 0.5


def waves(n: int, seed: int = 0, level: float = LEVEL, swing: float = SWING) -> np.ndarray:
    """A day's sine and independent normal noise: x(t) = level + swing sin(2 pi t / 24) + .5 e."""
    rng = np.random.default_rng(seed)
    return truth(np.arange(n), level, swing) + rng.normal(0, NOISE, n)


def truth(t: np.ndarray, level: float = LEVEL, swing: float = SWING) -> np.ndarray:
    """The mean of `waves`."""
    return level + swing * np.sin(2 * np.pi * t / DAY)


def hours(n: int, first: int = 0) -> list[datetime]:
    """Stamps an hour apart."""
    return [START + HOUR * (first + i) for i in range(n)]


def frame(values: np.ndarray, first: int = 0, **more: object) -> pl.DataFrame:
    """One series as a frame."""
    return pl.DataFrame({"time": hours(len(values), first), "load": values, **more})


def hosts(n: int = 480) -> pl.DataFrame:
    """Two servers in the long layout: counts of requests, and a load that follows them."""
    parts = []
    for k, (host, level) in enumerate((("a", 40.0), ("b", 400.0))):
        rng = np.random.default_rng(k)
        mean = level * (1.5 + np.sin(2 * np.pi * np.arange(n) / DAY))
        requests = rng.poisson(mean)
        load = requests / level + rng.normal(0, 0.1, n)
        parts.append(
            pl.DataFrame({"host": [host] * n, "time": hours(n), "requests": requests, "load": load})
        )
    return pl.concat(parts)


def use_tiny_network() -> None:
    """Let fits of this process use a small network, which learns these series in seconds."""
    import interfuse.kinds.series.job
    import interfuse.kinds.series.learn.objective

    usual = interfuse.kinds.series.learn.objective.series_network_for

    def tiny(*arguments: Any, **options: Any) -> SeriesNet:
        shape = usual(*arguments, **options).config()
        seed = options.get("seed", arguments[-1])
        with torch.random.fork_rng():
            torch.manual_seed(int(seed))
            return SeriesNet(
                **{**shape, "width": 32, "depth": 1, "small": 32, "shallow": 1, "dropout": 0.0}
            )

    settings = interfuse.kinds.series.learn.objective.series_settings_for

    def quick(*arguments: Any, **options: Any) -> Settings:
        return replace(settings(*arguments, **options), batch=BATCH, rate=RATE, warm_up=500)

    interfuse.kinds.series.job.series_network_for = tiny
    interfuse.kinds.series.job.series_settings_for = quick
    interfuse.kinds.series.learn.objective.HELD_OUT_DRAWS = 64


@contextmanager
def small_network() -> Iterator[None]:
    """`use_tiny_network` and one thread until the block ends: no other test may notice."""
    import interfuse.kinds.series.job as job
    import interfuse.kinds.series.learn.objective as training

    before = job.series_network_for, job.series_settings_for, training.HELD_OUT_DRAWS
    threads = torch.get_num_threads()
    use_tiny_network()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        job.series_network_for, job.series_settings_for, training.HELD_OUT_DRAWS = before
        torch.set_num_threads(threads)


PHI = 0.8
STEPS = 1_500


def autoregression(n: int, seed: int = 0, start: float | None = None) -> np.ndarray:
    """x(t) = .8 x(t - 1) + e, from its stationary distribution N(0, 1 / (1 - .64))."""
    rng = np.random.default_rng(seed)
    e = rng.normal(size=n)
    x = np.empty(n)
    x[0] = e[0] / np.sqrt(1 - PHI**2) if start is None else start
    for t in range(1, n):
        x[t] = PHI * x[t - 1] + e[t]
    return x


def known_pair(n: int = STEPS, seed: int = 0) -> pl.DataFrame:
    """`waves` and an `autoregression`, one below the other."""
    named = (("wave", waves(n, seed)), ("ar", autoregression(n, seed + 100)))
    parts = [frame(x).with_columns(pl.lit(name).alias("name")) for name, x in named]
    return pl.concat(parts)

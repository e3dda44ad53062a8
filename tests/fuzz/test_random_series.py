"""Random series: each goes all the way, from the fit to every question, or is refused.

INTERFUSE_FUZZ=300 python -m pytest tests/fuzz/test_random_series.py    so many instead of the few
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.errors import InterfuseError

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "series"))
from tiny_series import small_network  # noqa: E402
from whole_fits import all_the_way  # noqa: E402

TRIED = int(os.environ.get("INTERFUSE_FUZZ", "12"))
CHUNKS = 4
VALUES = {
    "wave": lambda rng, n: np.sin(np.arange(n) / 5) + rng.normal(size=n) * 0.1,
    "nothing": lambda rng, n: np.zeros(n),
    "huge": lambda rng, n: rng.normal(size=n) * 1e300,
    "subnormal": lambda rng, n: rng.normal(size=n) * 1e-310,
    "infinite": lambda rng, n: np.where(rng.random(n) < 0.3, np.inf, 1.0),
    "missing": lambda rng, n: np.full(n, np.nan),
    "counts": lambda rng, n: rng.integers(0, 9, n).astype(float),
    "holes": lambda rng, n: np.where(rng.random(n) < 0.5, np.nan, rng.normal(size=n)),
    "whole": lambda rng, n: rng.integers(-(2**62), 2**62, n),
}


def stamps(rng: np.random.Generator, n: int) -> list[dt.datetime]:
    """Times of one series: even, with gaps, late, twice, shuffled."""
    step = int(rng.choice([1, 60, 900, 3600, 86_400]))
    start = dt.datetime(int(rng.choice([1850, 1970, 2024, 2200])), int(rng.choice([1, 3, 10])), 26)
    times = [start + dt.timedelta(seconds=step * i) for i in range(n)]
    match rng.choice(["even", "gaps", "late", "twice", "shuffled"]):
        case "gaps":
            return [t for t in times if rng.random() < 0.7] or times[:1]
        case "late":
            return [t + dt.timedelta(seconds=rng.uniform(-0.3, 0.3) * step) for t in times]
        case "twice":
            return times + times[: max(1, n // 4)]
        case "shuffled":
            return [times[i] for i in rng.permutation(n)]
    return times


def frame(rng: np.random.Generator) -> pl.DataFrame:
    n, ids = int(rng.choice([1, 3, 30, 120])), int(rng.choice([0, 1, 2, 5]))
    kinds = rng.choice(list(VALUES), int(rng.integers(1, 3)))
    parts = []
    for k in range(max(ids, 1)):
        times = stamps(rng, n)
        part = {"time": pl.Series(times, dtype=pl.Datetime("us"))}
        if ids:
            part["host"] = pl.Series([f"{rng.choice(['h', '日', '<b>', ''])}{k}"] * len(times))
        for j, kind in enumerate(kinds):
            part[f"x{j}"] = pl.Series(VALUES[kind](rng, len(times)))
        parts.append(pl.DataFrame(part))
    made = pl.concat(parts)
    if rng.random() < 0.3:
        made = made.with_columns(pl.col("time").dt.replace_time_zone("UTC"))
    return made


def try_one(seed: int, folder: Path) -> str:
    """Fit and ask; what was refused, or nothing."""
    table = frame(np.random.default_rng(seed))
    data = table.to_pandas() if seed % 2 else table
    try:
        model = interfuse.fit(data, kind="series", examples=64)
    except InterfuseError as error:
        return str(error)
    drawn = model.generate(2, length=5, seed=1)
    model.forecast(data, 3, draws=2, seed=1).median()
    model.impute(data, draws=2).median()
    assert np.isfinite(np.asarray(model.detect(data).score, float)).any()
    again = interfuse.load(model.save(folder / str(seed)), kind="series")
    np.testing.assert_array_equal(again.generate(2, length=5, seed=1).array, drawn.array)
    return ""


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_series_go_all_the_way_or_are_refused(chunk, tmp_path):
    with small_network():
        refused = all_the_way(try_one, range(chunk, TRIED, CHUNKS), tmp_path)
    assert all(len(said.splitlines()) <= 1 for said in refused), refused

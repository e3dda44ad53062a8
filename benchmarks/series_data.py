"""The data of `benchmarks.series` and what is asked of them.

* `exchange`: exchange_rate_nips as in GluonTS: 8 series, 6,071 training points of business days,
  five rolling windows of 30.
* `a5m`: bits on a transatlantic link every 5 minutes; the last 7 days are held out and asked for
  24 hours at a time, each time given all before.
* gaps of the same 7 days: 10 % or 50 % of the points at random, or 6 hours of each day; all other
  points of the series are known.
* `nasa`: requests to a web server, summed to minutes; the hour after each of 48 origins spread over
  the last 7 days. The outage in the middle stays zero.
* `l2c`: seven metrics of a business process, every 5 minutes (5T) and as hourly means (H), with
  GIFT-Eval's horizons and windows: the last windows of the series, as many as a tenth of its length
  holds, at most 20. One model a frequency, fitted to what is before the first window of any term.
* `nab`: 58 series of the Numenta Anomaly Benchmark; no labels are seen.
* `asd12`: 12 servers with 19 measures; train, test and labels of the test.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY = 288  # steps of A5M
WEEK = 7 * DAY
HOUR = 60  # steps of NASA
BLOCK = 72  # steps of a 6-hour gap of A5M
L2C_HORIZONS = {"short": 48, "medium": 480, "long": 720}
PATTERNS = ("10 %", "50 %", "6 h")
STARTS = {
    "exchange": datetime(1990, 1, 1),
    "a5m": datetime(2005, 6, 7, 6, 57),
    "nasa": datetime(1995, 7, 1),
    "asd12": datetime(2020, 1, 1),
    "l2c": datetime(2020, 11, 1),
}
UNDATED = (STARTS["exchange"], STARTS["a5m"])
"""Series whose rows are numbered in the source: business days, and 5 minutes with rows left out (a
day of A5M is 283 rows, not 288), so that no calendar fits them."""
"""The first time of each; of asd12 the source says only that steps are 5 minutes."""


@dataclass(frozen=True)
class Origin:
    """A moment at which the future is asked for.

    Attributes:
        history: (series, steps before it).
        truth: (series, horizon).
    """

    history: Floats
    truth: Floats


@dataclass(frozen=True)
class ForecastTask:
    """A data set with its origins.

    Attributes:
        name: its name.
        train: (series, steps) to fit; ends where the first truth begins.
        origins: in order of time.
        seasons: steps of a season, shortest first; 1 where there is none.
        every: time between steps as polars writes it.
    """

    name: str
    train: Floats
    origins: tuple[Origin, ...]
    seasons: tuple[int, ...]
    every: str

    @property
    def horizon(self) -> int:
        """Steps asked for."""
        return self.origins[0].truth.shape[1]

    @property
    def truth(self) -> Floats:
        """(origins x series, horizon), the order of `histories`."""
        return np.concatenate([origin.truth for origin in self.origins])

    @property
    def histories(self) -> list[Floats]:
        """One for each row of `truth`."""
        return [row for origin in self.origins for row in origin.history]


@dataclass(frozen=True)
class GapTask:
    """A week with holes.

    Attributes:
        pattern: one of `PATTERNS`.
        values: (steps,) the whole series with NaN in the holes.
        whole: (steps,) the truth.
        start: where the week begins; all before is known.
    """

    pattern: str
    values: Floats
    whole: Floats
    start: int

    @property
    def gone(self) -> NDArray[np.bool_]:
        """(steps,) the holes."""
        return np.isnan(self.values)


@dataclass(frozen=True)
class Labelled:
    """A series whose odd points are known.

    Attributes:
        name: its name.
        group: what it is of.
        values: (steps, channels).
        label: (steps,) 1 = odd.
        train: (steps, channels) of an earlier time, without labels; None where there is none.
        times: (steps,) of each point; None where steps are even.
    """

    name: str
    group: str
    values: Floats
    label: NDArray[np.int64]
    train: Floats | None = None
    times: pl.Series | None = None


def load_exchange(folder: Path) -> ForecastTask:
    """Exchange rates, as GluonTS splits them."""
    with tarfile.open(_file(folder, "exchange_rate_nips.tar.gz")) as archive:
        train, test = (
            [
                np.array(json.loads(line)["target"], dtype=float)
                for line in _member(archive, f"exchange_rate_nips/{part}/{part}.json")
            ]
            for part in ("train", "test")
        )
    origins = []
    for k in range(0, len(test), len(train)):
        rows = np.stack(test[k : k + len(train)])
        origins.append(Origin(rows[:, :-30], rows[:, -30:]))
    return ForecastTask("exchange", np.stack(train), tuple(origins), (1,), "1d")


def load_a5m(folder: Path) -> ForecastTask:
    """Link traffic, seven days one at a time; in 10^9 bits."""
    x = a5m_values(folder)
    begin = [len(x) - WEEK + DAY * k for k in range(7)]
    return ForecastTask("a5m", x[None, : begin[0]], _origins(x, begin, DAY), (DAY, WEEK), "5m")


def load_nasa(folder: Path) -> ForecastTask:
    """Requests a minute, an hour ahead of 48 moments."""
    x = nasa_values(folder)
    first, last = len(x) - 7 * 1440, len(x) - HOUR
    begin = [int(b) for b in np.linspace(first, last, 48).round()]
    return ForecastTask("nasa", x[None, :first], _origins(x, begin, HOUR), (1440, 10_080), "1m")


def load_l2c(folder: Path, frequency: str) -> dict[str, ForecastTask]:
    """The terms of one frequency; its channels are the seven metrics that are no IT events."""
    frame = pl.read_parquet(_file(folder, "bizitobs-l2c.parquet"))
    events = frame.select(pl.col(pl.Int64)).columns
    x = frame.drop("date", *events).to_numpy().T.astype(float)
    if frequency == "H":
        x = x[:, : x.shape[1] // 12 * 12].reshape(len(x), -1, 12).mean(2)
    season, every = {"5T": (DAY, "5m"), "H": (24, "1h")}[frequency]
    n = x.shape[1]
    windows = {h: min(max(int(np.ceil(0.1 * n / h)), 1), 20) for h in L2C_HORIZONS.values()}
    first = n - max(h * w for h, w in windows.items())
    out = {}
    for term, h in L2C_HORIZONS.items():
        begin = [n - h * (windows[h] - k) for k in range(windows[h])]
        origins = tuple(Origin(x[:, :b], x[:, b : b + h]) for b in begin)
        name = f"l2c {frequency} {term}"
        out[term] = ForecastTask(name, x[:, :first], origins, (season, 7 * season), every)
    return out


def load_gaps(folder: Path, seed: int = 0) -> list[GapTask]:
    """The last week of link traffic with holes, one task a pattern."""
    x = a5m_values(folder)
    start = len(x) - WEEK
    out = []
    for pattern in PATTERNS:
        values = x.copy()
        values[start:][week_of_holes(pattern, seed)] = np.nan
        out.append(GapTask(pattern, values, x, start))
    return out


def week_of_holes(pattern: str, seed: int, day: int = DAY) -> NDArray[np.bool_]:
    """Which of the points of a week are taken out."""
    rng = np.random.default_rng([seed, PATTERNS.index(pattern)])
    gone = np.zeros((7, day), dtype=bool)
    if pattern == "6 h":
        for row, begin in zip(gone, rng.integers(0, day - BLOCK + 1, 7), strict=True):
            row[begin : begin + BLOCK] = True
        return gone.ravel()
    return rng.random(7 * day) < int(pattern.split()[0]) / 100


def load_nab(folder: Path) -> list[Labelled]:
    """The series of NAB in order of file."""
    frame = pl.read_parquet(_file(folder, "nab.parquet"))
    out = []
    for part in frame.partition_by("file", maintain_order=True):
        name = part["file"][0]
        values = part["value"].to_numpy().astype(float)[:, None]
        label = part["label"].to_numpy().astype(int)
        out.append(Labelled(name, name.split("/")[0], values, label, times=part["timestamp"]))
    return out


def load_asd12(folder: Path) -> list[Labelled]:
    """The servers in order of number."""
    out = []
    with np.load(_file(folder, "asd12.npz")) as file:
        for k in range(1, 13):
            train, test, label = (file[f"omi-{k}_{part}"] for part in ("train", "test", "label"))
            whole = test.astype(float)
            out.append(Labelled(f"omi-{k}", "asd12", whole, label.astype(int), train.astype(float)))
    return out


def a5m_values(folder: Path) -> Floats:
    """The 5-minute series in 10^9 bits."""
    frame = pl.read_parquet(_file(folder, "internet-bits-eu.parquet"))
    return frame.filter(pl.col("series") == "A5M").sort("t")["value"].to_numpy() / 1e9


def nasa_values(folder: Path) -> Floats:
    """Requests in each whole minute."""
    seconds = pl.read_parquet(_file(folder, "req-per-sec_nasa.parquet"))["requests"].to_numpy()
    minutes = len(seconds) // 60
    return seconds[: 60 * minutes].reshape(minutes, 60).sum(1, dtype=np.int64).astype(float)


def frame_of(
    values: Floats, start: datetime, every: str, names: Sequence[str] | None = None
) -> pl.DataFrame:
    """Series side by side as one long frame: time, series, value; NaN becomes missing.

    Time is the number of the row where rows lack dates of their own (`UNDATED`).
    """
    count, steps = values.shape
    end = start + (steps - 1) * _step(every)
    times = pl.datetime_range(start, end, every, eager=True, time_unit="us")
    if start in UNDATED:
        times = pl.int_range(steps, eager=True)
    return pl.concat(
        pl.DataFrame(
            {
                "time": times,
                "series": pl.repeat(names[k] if names else f"s{k}", steps, eager=True),
                "value": pl.Series(values[k]).fill_nan(None),
            }
        )
        for k in range(count)
    )


def _step(every: str) -> timedelta:
    unit = {"m": "minutes", "h": "hours", "d": "days"}[every[-1]]
    return timedelta(**{unit: int(every[:-1])})


def _origins(x: Floats, begin: list[int], horizon: int) -> tuple[Origin, ...]:
    return tuple(Origin(x[None, :b], x[None, b : b + horizon]) for b in begin)


def _member(archive: tarfile.TarFile, name: str) -> list[str]:
    file = archive.extractfile(name)
    if file is None:
        raise FileNotFoundError(name)
    return file.read().decode().splitlines()


def _file(folder: Path, name: str) -> Path:
    """Return a file of the series.

    Raises:
        FileNotFoundError: it is not there.
    """
    path = Path(folder) / "series" / name
    if not path.exists():
        raise FileNotFoundError(f"series/{name}")
    return path

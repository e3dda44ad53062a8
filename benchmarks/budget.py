"""`python -m benchmarks.budget`: is a budget of seconds a budget, whatever the data are?

    python -m benchmarks.budget [--data DATA] [--only NAMES] [--seconds 10,60] [--seed 0] [--out F]

`interfuse fit FILE --seconds S` is run as a user does, and its wall time taken from the start of
the process to its end: reading, preparing, training, held-out scores, calibration and writing.
To reach: at most 1.1 S + 10 s. All cores are used; where others used the machine too, `load` says
so.

* `shoppers` (comes with the package), `unsw` (175,341 flows, 45 columns), `adult`: tables;
* `link` (five-minute bits of a link), `matrices` (144 channels x 204 steps, made): series;
* `pictures`: 10,000 images of Fashion-MNIST; `listens`: interactions of last.fm.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.common import RESULTS, Results, circumstances, console, show
from benchmarks.protocol import shoppers
from benchmarks.series_data import STARTS, frame_of, load_a5m

TARGET = (1.1, 10.0)
"""A fit of S seconds may take TARGET[0] S + TARGET[1] seconds."""


def _shoppers(_data: Path | None, folder: Path) -> list[str]:
    shoppers(None).train.write_parquet(folder / "table.parquet")
    return ["table.parquet"]


def _table(name: str) -> Callable[[Path | None, Path], list[str]]:
    def words(data: Path | None, _folder: Path) -> list[str]:
        return [str(_there(data, f"tables/{name}.parquet"))]

    return words


def _link(data: Path | None, folder: Path) -> list[str]:
    task = load_a5m(_there(data, "series").parent)
    frame_of(task.train, STARTS["a5m"], task.every).drop("series").write_parquet(
        folder / "link.parquet"
    )
    return ["link.parquet", "--kind", "series", "--time", "time"]


def _matrices(_data: Path | None, folder: Path) -> list[str]:
    """Gravity model times a daily curve times noise, 30 % of it missing."""
    rng = np.random.default_rng(0)
    sent, got = rng.lognormal(0, 1, (2, 12))
    step = np.arange(204)
    day = 1.5 + np.sin(2 * np.pi * step / 24)[:, None]
    x = np.outer(sent, got).reshape(1, -1) * day * rng.lognormal(0, 0.3, (204, 144))
    x[rng.random(x.shape) < 0.3] = np.nan
    start = pl.datetime(2026, 1, 1)
    frame = pl.DataFrame({f"c{i}": x[:, i] for i in range(x.shape[1])}).fill_nan(None)
    times = pl.select((start + pl.duration(hours=pl.int_range(204))).alias("time"))["time"]
    frame.insert_column(0, times).write_csv(folder / "matrices.csv")
    return ["matrices.csv", "--kind", "series", "--time", "time"]


def _pictures(data: Path | None, folder: Path) -> list[str]:
    import gzip

    raw = gzip.decompress(_there(data, "images/t10k-images-idx3-ubyte.gz").read_bytes())
    np.save(folder / "pictures.npy", np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28))
    return ["pictures.npy", "--kind", "images"]


def _listens(data: Path | None, folder: Path) -> list[str]:
    frame = pl.read_parquet(_there(data, "interactions/lastfm-lightgcn.parquet"))
    frame.drop("split", strict=False).write_parquet(folder / "listens.parquet")
    return ["listens.parquet", "--kind", "interactions"]


FITS: dict[str, Callable[[Path | None, Path], list[str]]] = {
    "shoppers": _shoppers,
    "adult": _table("adult"),
    "unsw": _table("unsw-nb15"),
    "link": _link,
    "matrices": _matrices,
    "pictures": _pictures,
    "listens": _listens,
}


def _there(data: Path | None, name: str) -> Path:
    if data is None or not (data / name).exists():
        raise FileNotFoundError(name)
    return (data / name).absolute()


def timed(words: Sequence[str], folder: Path, seconds: float, seed: int) -> dict[str, Any]:
    """Run one fit; what it took and what it said about its end."""
    run = folder / f"run-{seconds:g}"
    command = [sys.executable, "-m", "interfuse", "fit", *words, "--output", str(run)]
    command += ["--seconds", f"{seconds:g}", "--seed", str(seed)]
    load, begin = os.getloadavg()[0], time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    wall = time.monotonic() - begin
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    said = re.findall(r"[\d,]+ examples", done.stdout + done.stderr)
    return {
        "seconds": wall,
        "at_most": TARGET[0] * seconds + TARGET[1],
        "kept": wall <= TARGET[0] * seconds + TARGET[1],
        "examples": said[-1] if said else None,
        "load": load,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budget", description=__doc__)
    parser.add_argument("--data", type=Path, help="data folder; without it Shoppers and matrices")
    parser.add_argument("--only", help="names with commas between: " + ",".join(FITS))
    parser.add_argument("--seconds", default="10,60", help="budgets with commas between")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / "budget.json")
    options = parser.parse_args(arguments)
    names = options.only.split(",") if options.only else list(FITS)
    if unknown := [name for name in names if name not in FITS]:
        parser.error(f"--only: no {unknown[0]!r}; there are {', '.join(FITS)}")
    rows = []
    for name in names:
        for seconds in map(float, options.seconds.split(",")):
            with tempfile.TemporaryDirectory() as temporary:
                folder = Path(temporary)
                try:
                    words = FITS[name](options.data, folder)
                except FileNotFoundError as error:
                    console.print(f"{name}: skipped, there is no {error}", markup=False)
                    break
                found = timed(words, folder, seconds, options.seed)
            command = f"python -m benchmarks.budget --data DATA --only {name}"
            command += f" --seconds {seconds:g} --seed {options.seed}"
            about = circumstances(command, options.seed)
            Results(options.out).add(f"{name}, {seconds:g} s", found | about)
            rows.append(
                (f"{name}, {seconds:g} s", f"{found['seconds']:.1f}", f"{found['at_most']:.0f}")
            )
            console.print(*rows[-1], found["examples"], markup=False)
    show("Wall seconds of a fit", ("Fit", "took", "at most"), rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

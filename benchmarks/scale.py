"""`python -m benchmarks.scale`: a table of 1,000,000 x 20, from the file to the first step.

The table is Shoppers resampled, its real numbers jittered so that they are distinct, with a time of
the session and a visitor's network of 5,000 values. Making and fitting run in processes of their
own, so that the peak of memory is that of the fit alone. Targets: below 60 s, below 4 GB.

`--out-of-core` fits a folder of Parquet files instead, of `--rows` and of ten times as many, and
says by how much the peak of memory grows. Target: below 200 MB.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.common import RESULTS, Results, circumstances, console
from benchmarks.protocol import shoppers

ROWS = 1_000_000
NETWORKS = 5_000
SECONDS_TARGET, GIGABYTES_TARGET = 60.0, 4.0
FILE_ROWS = 250_000
GROWTH_TARGET = 0.2
HUGE, HUGE_SECONDS_TARGET = 100_000_000, 900.0
"""Gigabytes by which the peak of memory may grow with ten times the rows."""


def large_table(rows: int, seed: int) -> pl.DataFrame:
    """Return a mixed table of `rows` rows and 20 columns."""
    rng = np.random.default_rng([seed, 60])
    small = shoppers(None).train
    frame = small[rng.integers(small.height, size=rows)]
    jitter = [
        (pl.col(name) * pl.Series(np.exp(rng.normal(0.0, 0.05, rows)))).alias(name)
        for name, dtype in frame.schema.items()
        if dtype.is_float()
    ]
    start = np.datetime64("2024-01-01T00:00:00", "us")
    seconds = rng.integers(0, 366 * 86_400, rows).astype("timedelta64[s]")
    visitors = np.minimum(rng.zipf(1.3, rows), NETWORKS)
    return frame.with_columns(
        *jitter,
        pl.Series("time", start + seconds),
        pl.Series("network", visitors).cast(pl.String).str.zfill(4).str.replace("^", "AS"),
    )


def make_folder(folder: Path, rows: int, seed: int) -> None:
    """Write `large_table`s as files of `FILE_ROWS` rows."""
    folder.mkdir()
    for i, first in enumerate(range(0, rows, FILE_ROWS)):
        part = large_table(min(FILE_ROWS, rows - first), seed + i)
        part.write_parquet(folder / f"part-{i:05}.parquet")


def fit_once(path: str, seconds: float, seed: int, out_of_core: bool = False) -> dict[str, Any]:
    """Fit a file or folder and return when the first step was done, and the peak of memory."""
    import interfuse

    first: list[float] = []
    start = time.perf_counter()

    def listen(event: Any) -> None:
        progress = getattr(event, "progress", None)
        if progress is not None and progress.step and not first:
            # The event comes some steps after the first one.
            ago = progress.seconds * (1 - 1 / progress.step)
            first.append(time.perf_counter() - start - ago)

    interfuse.fit(
        path, seconds=seconds, seed=seed, listener=listen, out_of_core=True if out_of_core else None
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "seconds_to_first_step": first[0],
        "seconds_in_all": time.perf_counter() - start,
        "peak_gigabytes": peak * unit / 1e9,
    }


def _in_its_own_process(*arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks.scale", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def grown(options: argparse.Namespace) -> int:
    """Measure fits out of core of `--rows` and of ten times as many."""
    peaks = []
    command = f"python -m benchmarks.scale --seed {options.seed} --rows {options.rows}"
    command += f" --seconds {options.seconds:g} --out-of-core"
    for rows in (options.rows, 10 * options.rows):
        shared = ["--seed", str(options.seed), "--rows", str(rows)]
        shared += ["--seconds", f"{options.seconds:g}", "--out-of-core"]
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "large")
            _in_its_own_process("--make", path, *shared)
            found = json.loads(_in_its_own_process("--fit", path, *shared).splitlines()[-1])
        peaks.append(found["peak_gigabytes"])
        found |= {"rows": rows, "columns": 20, "targets": {"peak_gigabytes": GIGABYTES_TARGET}}
        if len(peaks) > 1:
            found["growth_gigabytes"] = peaks[1] - peaks[0]
            found["targets"]["growth_gigabytes"] = GROWTH_TARGET
        if rows >= HUGE:
            found["targets"]["seconds_to_first_step"] = HUGE_SECONDS_TARGET
        Results(options.output).add(
            f"out of core, {rows} x 20",
            found | circumstances(command, options.seed),
        )
        console.print(
            f"{rows:,} rows: first step after {found['seconds_to_first_step']:.1f} s, peak "
            f"{found['peak_gigabytes']:.2f} GB"
        )
    growth = peaks[1] - peaks[0]
    console.print(f"ten times the rows: {growth:+.2f} GB (to reach: below {GROWTH_TARGET:g})")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument(
        "--seconds", type=float, default=10, help="of training after the first step"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out-of-core", action="store_true", help="a folder, and ten times it")
    parser.add_argument("--output", type=Path, default=RESULTS / "scale.json")
    parser.add_argument("--make", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--fit", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.make and options.out_of_core:
        make_folder(Path(options.make), options.rows, options.seed)
        return 0
    if options.make:
        large_table(options.rows, options.seed).write_parquet(options.make)
        return 0
    if options.fit:
        made = fit_once(options.fit, options.seconds, options.seed, options.out_of_core)
        print(json.dumps(made))
        return 0
    if options.out_of_core:
        return grown(options)
    shared = ["--seed", str(options.seed), "--rows", str(options.rows)]
    shared += ["--seconds", f"{options.seconds:g}"]
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "large.parquet")
        _in_its_own_process("--make", path, *shared)
        found = json.loads(_in_its_own_process("--fit", path, *shared).splitlines()[-1])
    found |= {
        "rows": options.rows,
        "columns": 20,
        "targets": {
            "seconds_to_first_step": SECONDS_TARGET,
            "peak_gigabytes": GIGABYTES_TARGET,
        },
    }
    command = f"python -m benchmarks.scale {' '.join(shared)}"
    Results(options.output).add(
        f"{options.rows} x 20", found | circumstances(command, options.seed)
    )
    console.print(
        f"first step after {found['seconds_to_first_step']:.1f} s (to reach: {SECONDS_TARGET:g}), "
        f"peak {found['peak_gigabytes']:.2f} GB (to reach: {GIGABYTES_TARGET:g})"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

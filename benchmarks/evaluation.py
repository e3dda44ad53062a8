"""`python -m benchmarks.evaluation`: is the evaluation itself to be trusted, and what does it cost?

* `scale`: seconds and memory of a whole report on as many rows of Shoppers, resampled and jittered;
* `faults`: ten bad synthesisers (`benchmarks.spoil`) on real tables: is each named? One half of a
  table is the real one, the other half is spoilt. Shoppers gets a time, a sum and missing cells, so
  that it has something to spoil in each of the ten ways. And 20 bootstraps of the real half and 20
  other halves, unspoilt: is anything named?
* `membership`: the attacks on a model that was overfitted on purpose and on one fitted by default.

Results are written to `benchmarks/results/evaluation.json`, each part when it is there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.common import RESULTS, Results, circumstances, console
from benchmarks.protocol import DATA_SETS
from benchmarks.spoil import FAULTS, enriched, named
from interfuse.evaluate import Limits, evaluate

PARTS = ("scale", "faults", "membership")
TABLES = ("shoppers", "adult", "wikipedia", "nsl-kdd")
TRIALS = 20
MOST_ROWS = 5_000
FEW = 200
OVERFITTING = 12_500
"""Examples for each second of the budget of the model that is overfitted."""

LEAN = Limits(draws=0, baselines=False, most_targets=0, attacked=2_000, closest=5_000)
# A bootstrap is copied rows, and is told so.
COPYING = {"copies", "nearness", "membership"}


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="python -m benchmarks.evaluation", description=__doc__)
    out.add_argument("--data", type=Path, help="folder with tables/*.parquet; without it, Shoppers")
    out.add_argument("--only", default=",".join(PARTS), help="parts with commas between")
    out.add_argument("--tables", default=",".join(TABLES), help="tables of `faults`")
    out.add_argument("--models", default="overfitted,default", help="models of `membership`")
    out.add_argument("--rows", type=int, default=1_000_000, help="rows of `scale`")
    out.add_argument("--seconds", type=float, default=120, help="budget of each fit")
    out.add_argument("--seed", type=int, default=0)
    out.add_argument("--output", type=Path, default=RESULTS / "evaluation.json")
    out.add_argument("--measure-scale", action="store_true", help=argparse.SUPPRESS)
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    options = parser().parse_args(arguments)
    if options.measure_scale:
        print(json.dumps(scale(options.rows, options.seed)))
        return 0
    results = Results(options.output)
    for part in options.only.split(","):
        if part == "scale":
            found = _apart(options)
            console.print(f"scale: {found}", markup=False)
            _keep(results, f"scale {options.rows}", found, f"scale --rows {options.rows}", options)
        elif part == "faults":
            for name in options.tables.split(","):
                try:
                    found = faults(name, options.data, options.seed)
                except FileNotFoundError as error:
                    console.print(f"{name}: skipped, there is no {error}", markup=False)
                    continue
                _keep(results, f"faults {name}", found, f"faults --tables {name}", options)
        elif part == "membership":
            for name in options.models.split(","):
                found = attacked(name, options.seconds, options.seed)
                console.print(f"membership {name}: {found}", markup=False)
                _keep(results, f"membership {name}", found, f"membership --models {name}", options)
        else:
            parser().error(f"--only: no part {part!r}; there are {', '.join(PARTS)}")
    return 0


def _keep(
    results: Results, name: str, found: dict[str, Any], part: str, options: argparse.Namespace
) -> None:
    command = f"python -m benchmarks.evaluation --data DATA --only {part} --seed {options.seed}"
    results.add(name, found | circumstances(command, options.seed))


def _apart(options: argparse.Namespace) -> dict[str, Any]:
    """Run `scale` in a process of its own, whose memory is its own."""
    command = [sys.executable, "-m", "benchmarks.evaluation", "--measure-scale"]
    command += ["--rows", str(options.rows), "--seed", str(options.seed)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def scale(rows: int, seed: int) -> dict[str, Any]:
    """Time a whole report on `rows` real, `rows` synthetic and a tenth as many unseen rows."""
    import resource

    import interfuse

    data = DATA_SETS["shoppers"](None)
    whole = pl.concat([data.train, data.test])
    schema = interfuse.infer_schema(whole)
    rng = np.random.default_rng(seed)
    tables = [_jittered(whole, size, rng) for size in (rows, rows, rows // 10)]
    start = time.perf_counter()
    report = evaluate(*tables, schema=schema, seed=seed, secrets=["Region"])
    return {
        "rows": rows,
        "columns": whole.width,
        "seconds": time.perf_counter() - start,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "sampled": [note for note in report.data["notes"] if "sampled" in note],
    }


def _jittered(frame: pl.DataFrame, rows: int, rng: np.random.Generator) -> pl.DataFrame:
    """Resample rows and blur their floats, so that they are not copies of a few."""
    out = frame[rng.integers(frame.height, size=rows)]
    noise = pl.Series(rng.lognormal(0.0, 0.05, rows))
    return out.with_columns(pl.col(pl.Float64) * noise)


def faults(name: str, folder: Path | None, seed: int) -> dict[str, Any]:
    """Spoil one half of a table in ten ways, and count what is named; and leave it unspoilt."""
    import interfuse

    data = DATA_SETS[name](folder)
    whole = pl.concat([data.train, data.test])
    rng = np.random.default_rng(seed)
    if name == "shoppers":
        whole = enriched(whole, rng)
    schema = interfuse.infer_schema(whole)
    real, other, held = _thirds(whole, rng)

    def judge(first: pl.DataFrame, second: pl.DataFrame, third: pl.DataFrame | None) -> Any:
        return evaluate(first, second, third, schema=schema, seed=seed, limits=LEAN)

    found: dict[str, str] = {}
    for fault, spoil in FAULTS.items():
        spoilt = spoil(real, other, schema, np.random.default_rng(seed))
        if spoilt is None:
            found[fault] = "this table has nothing of the sort"
            continue
        report = judge(spoilt.real, spoilt.synthetic, held)
        found[fault] = "named" if named(report, spoilt) else f"missed in {spoilt.columns}"
        console.print(f"{name}: {fault} {spoilt.columns}: {found[fault]}", markup=False)
    level: float | None = None
    alarms: dict[str, list[str]] = {"bootstraps": [], "fresh": []}
    for trial in range(TRIALS):
        again = real.sample(real.height, with_replacement=True, seed=seed + trial)
        report = judge(real, again, None)
        level = report.data["level"]
        kinds = [fault["kind"] for fault in report.data["faults"]]
        wrong = [t for t, k in zip(report.findings, kinds, strict=True) if k not in COPYING]
        alarms["bootstraps"] += wrong
        first, second, third = _thirds(whole, rng)
        alarms["fresh"] += judge(first, second, third).findings
    named_of = [value for value in found.values() if not value.startswith("this table")]
    out = {
        "rows": real.height,
        "columns": real.width,
        "faults": found,
        "named": sum(value == "named" for value in named_of),
        "planted": len(named_of),
        "trials": TRIALS,
        "alarms_on_bootstraps": alarms["bootstraps"],
        "alarms_on_fresh_rows": alarms["fresh"],
        "level": level,
    }
    console.print(f"{name}: {out}", markup=False)
    return out


def _thirds(
    whole: pl.DataFrame, rng: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return three tables without a row in common, each in the order of the whole."""
    order = rng.permutation(whole.height)
    size = min(MOST_ROWS, whole.height // 3)
    parts = [np.sort(order[i * size : (i + 1) * size]) for i in range(3)]
    return whole[parts[0]], whole[parts[1]], whole[parts[2]]


def attacked(name: str, seconds: float, seed: int) -> dict[str, Any]:
    """Attack a fitted model: one of `FEW` rows that were fitted for long, or the default one."""
    import interfuse

    data = DATA_SETS["shoppers"](None)
    whole = pl.concat([data.train, data.test])
    schema = interfuse.infer_schema(whole)
    few = name == "overfitted"
    train = data.train.head(FEW) if few else data.train
    held = pl.concat([data.train.slice(FEW, 2_000), data.test]) if few else data.test
    # A budget in examples lets a fit visit its rows more often than one in seconds does.
    budget: Any = {"examples": int(OVERFITTING * seconds)} if few else {"seconds": seconds}
    model = interfuse.fit(train, seed=seed, **budget)
    synthetic = model.generate(10 * FEW if few else train.height, seed=seed)
    report = evaluate(
        train,
        synthetic,
        held,
        schema=schema,
        seed=seed,
        secrets=["Region"],
        limits=Limits(draws=0, most_targets=0, attacked=20_000),
    )
    rows = {row["key"]: row for row in report.table() if row["key"].startswith("privacy.")}
    return {
        "training_rows": train.height,
        "unseen_rows": held.height,
        "budget": budget,
        "examples": model.record.get("training", {}).get("examples"),
        "figures": {
            key: {side: row[side] for side in ("value", "low", "high", "floor")}
            for key, row in rows.items()
        },
        "findings": report.findings,
    }


if __name__ == "__main__":
    raise SystemExit(main())

"""`python -m benchmarks.rivals`: rival synthesisers of tables with one budget on one core.

The rules are in `benchmarks.rivals`. Each cell (data set, method) is written to the results file
when it is done; a stopped run goes on where it was, fit by fit. A cell that another machine adds
says which one. With several cores, unless one is named, the data sets are dealt out to as many
processes of one core each.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS, Results, circumstances, console, show, shown
from benchmarks.rivals.cell import Bench, Failed, NotMeasured
from benchmarks.rivals.methods import METHODS
from benchmarks.rivals.ranks import distance, mean_ranks
from benchmarks.rivals.task import ORDER, Task, task
from benchmarks.rivals.turns import Turns

FIRST = {"whole": "shape", "half": "dcr_share"}
"""A figure of each fit; where it is, the fit is done."""


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="python -m benchmarks.rivals", description=__doc__)
    out.add_argument("--data", type=Path, help="folder with tables/*.parquet; without it, Shoppers")
    out.add_argument("--only", help=f"data sets with commas between: {','.join(ORDER)}")
    out.add_argument("--rivals", help=f"methods with commas between: {','.join(METHODS)}")
    out.add_argument("--seconds", type=float, default=120, help="budget of every fit")
    out.add_argument("--grace", type=float, default=60, help="how much longer a fit may take")
    out.add_argument("--seed", type=int, default=0)
    out.add_argument(
        "--core",
        type=int,
        help="the core that everything runs on; else every core has data sets of its own",
    )
    out.add_argument("--lock", type=Path, help="a file; runs that share it take turns")
    out.add_argument("--rows", type=int, help="at most so many rows, to try the benchmark out")
    out.add_argument("--again", action="store_true", help="measure cells of the results file again")
    default = Path(tempfile.gettempdir()) / "interfuse-rivals"
    out.add_argument("--cache", type=Path, default=default, help="environments and drawn tables")
    out.add_argument("--out", type=Path, default=RESULTS / "rivals.json", help="results file")
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, measure, write and print, cell by cell."""
    options = parser().parse_args(arguments)
    names = _chosen(options.only, ORDER, "--only")
    keys = _chosen(options.rivals, METHODS, "--rivals")
    if options.core is None and (cores := _cores())[1:] and names[1:]:
        ended = _side_by_side(arguments, names, cores)
        _print_ranks(Results(options.out).found)
        return ended
    results = Results(options.out)
    bench = Bench(
        cache=options.cache.absolute(),
        data=options.data.absolute() if options.data else None,
        seconds=options.seconds,
        grace=options.grace,
        seed=options.seed,
        core=options.core,
        turns=Turns(options.lock),
        rows=options.rows,
    )
    asked: dict[str, Task] = {}
    for name in names:
        try:
            asked[name] = task(name, bench.data, bench.seed, bench.rows)
        except FileNotFoundError as error:
            console.print(f"{name}: skipped, there is no {error} in the data folder", markup=False)
    # All fits to the training rows come first: they give the figures that are ranked.
    for what in ("whole", "half"):
        for name, one in asked.items():
            for key in keys:
                _measure(bench, results, one, key, what, options)
            if name in results.found:
                _print(name, results.found[name])
    bench.turns.release()
    _print_ranks(results.found)
    return 0


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _side_by_side(arguments: Sequence[str] | None, names: list[str], cores: list[int]) -> int:
    """Run this program once on each core with a part of the data sets; 0 if all ended well."""
    again = [sys.executable, "-m", "benchmarks.rivals"]
    again += sys.argv[1:] if arguments is None else arguments
    parts = [names[k :: len(cores)] for k in range(len(cores))]
    children = [
        subprocess.Popen([*again, "--only", ",".join(part), "--core", str(core)])
        for part, core in zip(parts, cores, strict=True)
        if part
    ]
    try:
        codes = [child.wait() for child in children]
    except KeyboardInterrupt:
        # The terminal told them too, and each ends its own fit first.
        for child in children:
            child.wait()
        raise
    return next((code for code in codes if code), 0)


def _measure(
    bench: Bench, results: Results, asked: Task, key: str, what: str, options: argparse.Namespace
) -> None:
    """One fit of a method, put into the results unless it is there."""
    found: dict[str, Any] = results.found.get(asked.name, {})
    methods: dict[str, Any] = found.get("methods", {})
    before = methods.get(key, {})
    if before and what == "whole" and options.again:
        before = {}
    done = "failed" in before or FIRST[what] in before
    if done:
        console.print(f"{asked.name} {key}, {what}: in the results already", markup=False)
        return
    try:
        real = bench.real(asked)
        try:
            part = bench.part(asked, key, what)
        except Failed as failure:
            name = "failed" if what == "whole" else "half_failed"
            part = {name: str(failure), FIRST[what]: None}
    except NotMeasured as failure:
        console.print(f"{asked.name} {key}: {failure}; left out for now", markup=False)
        return
    methods[key] = {**before, **part}
    line = ", ".join(f"{k} {v}" for k, v in part.items() if k != "versions")
    console.print(f"{asked.name} {key}, {what}: {line}", markup=False)
    now = circumstances(_command(options, asked.name), options.seed)
    # This process is not bound to one core, but every fit and measurement is.
    now["machine"] |= {"cores": 1, "threads": 1}
    if methods.keys() - {key} and found["machine"] != now["machine"]:
        methods[key]["elsewhere"] = now
        now = {k: found[k] for k in now}
    found = {
        "rows": {
            "train": asked.train.height,
            "test": asked.test.height,
            "columns": asked.train.width,
        },
        "target": asked.target,
        "budget_seconds": bench.seconds,
        "real": real,
        "methods": methods,
        **now,
    }
    results.add(asked.name, found)


def _chosen(text: str | None, all_names: Any, option: str) -> list[str]:
    names = text.split(",") if text else list(all_names)
    if unknown := [name for name in names if name not in all_names]:
        parser().error(f"{option}: no {unknown[0]!r}; there are {', '.join(all_names)}")
    return names


def _command(options: argparse.Namespace, name: str) -> str:
    rows = f" --rows {options.rows}" if options.rows else ""
    return (
        f"python -m benchmarks.rivals --data DATA --only {name} --seconds {options.seconds:g} "
        f"--seed {options.seed}{rows}"
    )


def _print(name: str, found: dict[str, Any]) -> None:
    header = ("Method", "Shape", "Trend", "Detection", "Gap", "DCR", "Fit s", "Draw s", "Note")
    rows = []
    for key, method in METHODS.items():
        cell = found["methods"].get(key)
        if cell is None:
            continue
        gap = distance("gap", cell, found["real"])
        figures = [cell.get(k) for k in ("shape", "trend", "detection")]
        figures += [gap, cell.get("dcr_share"), cell.get("fit_seconds"), cell.get("sample_seconds")]
        rows.append((method.name, *map(shown, figures), cell.get("failed", "")[:60]))
    show(f"{name}: utility of real rows {found['real']['utility']:.4f}", header, rows)


def _print_ranks(results: dict[str, Any]) -> None:
    rows = [
        (METHODS[key].name, f"{mean:.2f}", f"{ended} of {tried}")
        for key, (mean, ended, tried) in mean_ranks(results).items()
    ]
    show("Mean rank over shape, trend, detection, utility", ("Method", "Rank", "Data sets"), rows)


if __name__ == "__main__":
    raise SystemExit(main())

"""`python -m benchmarks.tables`: how good are fitted tables, and how do they stand to others?

Shoppers and Adult are measured by the protocol of the published tables (`benchmarks.protocol`),
the others with the report's own figures. Each result is written to `benchmarks/results/tables.json`
as soon as it is there; results of other data sets stay, so that a stopped benchmark goes on with
`--resume`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.common import RESULTS, Results, circumstances, console, show, shown
from benchmarks.measures import Bootstrap, Fit, Generator, other_figures, published_figures
from benchmarks.protocol import DATA_SETS
from benchmarks.published import GOALS, Goal
from interfuse.evaluate.figures import FIGURES


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    out.add_argument("--data", type=Path, help="folder with tables/*.parquet; without it, Shoppers")
    out.add_argument("--only", help=f"names with commas between: {','.join(DATA_SETS)}")
    out.add_argument("--seed", type=int, default=0)
    out.add_argument("--seconds", type=float, help="budget of every fit, instead of each set's own")
    out.add_argument(
        "--samples", type=int, default=5, help="synthetic tables of Shoppers and Adult"
    )
    out.add_argument("--resume", action="store_true", help="leave out what the results file has")
    out.add_argument("--no-dcr", action="store_true", help="no second fit to half of the rows")
    out.add_argument("--no-grid", action="store_true", help="utility by one setting alone")
    out.add_argument(
        "--bootstrap",
        action="store_true",
        help="resample the training rows instead of fitting: tries the benchmark out",
    )
    out.add_argument("--output", type=Path, help="results file")
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    options = parser().parse_args(arguments)
    names = options.only.split(",") if options.only else list(DATA_SETS)
    if unknown := [name for name in names if name not in DATA_SETS]:
        parser().error(f"--only: no data set {unknown[0]!r}; there are {', '.join(DATA_SETS)}")
    file = "tables-bootstrap.json" if options.bootstrap else "tables.json"
    results = Results(options.output or RESULTS / file)
    fit = _fitting(options)
    for name in names:
        if options.resume and name in results.found:
            console.print(f"{name}: in the results already, left out", markup=False)
            continue
        try:
            data = DATA_SETS[name](options.data)
        except FileNotFoundError as error:
            console.print(f"{name}: skipped, there is no {error} in the data folder", markup=False)
            continue
        seconds = options.seconds or data.seconds
        common = {"seconds": seconds, "seed": options.seed}
        if data.kinds:
            found = published_figures(
                data,
                fit,
                samples=options.samples,
                dcr=not options.no_dcr,
                grid=not options.no_grid,
                **common,
            )
        else:
            found = other_figures(data, fit, **common)
        results.add(name, found | circumstances(_command(options, name), options.seed))
        _print(name, found)
    return 0


def _fitting(options: argparse.Namespace) -> Fit:
    def fit(frame: pl.DataFrame, seconds: float) -> Generator:
        if options.bootstrap:
            return Bootstrap(frame)
        import interfuse

        return interfuse.fit(frame, seconds=seconds, seed=options.seed)

    return fit


def _command(options: argparse.Namespace, name: str) -> str:
    """The command that measures one data set again; the data folder is the reader's own."""
    parts = ["python -m benchmarks.tables --data DATA", f"--only {name}", f"--seed {options.seed}"]
    parts += [f"--seconds {options.seconds:g}"] if options.seconds else []
    parts += [f"--samples {options.samples}"] if options.samples != 5 else []
    parts += ["--no-dcr"] if options.no_dcr else []
    parts += ["--no-grid"] if options.no_grid else []
    parts += ["--bootstrap"] if options.bootstrap else []
    return " ".join(parts)


def _print(name: str, found: dict[str, Any]) -> None:
    rows, sizes, sources = [], found["rows"], []
    goals = GOALS.get(name, {})
    for key, figure in found["figures"].items():
        goal = goals.get(key) or Goal(FIGURES[key].words.name if key in FIGURES else key, "lower")
        if goal.best and goal.best.source not in sources:
            sources.append(goal.best.source)
        rows.append(_row(goal, figure, sources))
    took = found["fit"]["wall_seconds"]
    title = f"{name}: {sizes['train']:,} x {sizes['columns']}, fitted in {took:.0f} s"
    show(title, ("Figure", "Ours", "Floor", "Real", "To reach", "Best published"), rows)
    for i, source in enumerate(sources, 1):
        console.print(f"  [{i}] {source}", markup=False)
    for rule in found.get("rules", ()):
        console.print(f"  {rule['rule']} holds in {rule['synthetic']:.2%} of rows", markup=False)
    for one in (*found.get("relations", ()), *found.get("tails", ())):
        what = one.get("relation") or f"Pearson of {one['pair']}"
        real, synthetic = one["real"], one["synthetic"]
        console.print(f"  {what}: {real:.4f} real, {synthetic:.4f} synthetic", markup=False)
    for line in found.get("findings", ()):
        console.print(f"  - {line}", markup=False)
    for key, pair in found.get("sdmetrics", {}).items():
        theirs, ours = pair["sdmetrics"], pair["ours"]
        console.print(f"  {key} by sdmetrics: {theirs:.6g}, by ours: {ours:.6g}", markup=False)


def _row(goal: Goal, figure: dict[str, Any], sources: list[str]) -> tuple[str, ...]:
    sign = {"lower": "≤ ", "higher": "≥ ", "to 0.5": "≤ "}[goal.better]
    real = figure.get("real")
    bound = goal.bound(real)
    reach = "–" if bound is None else f"{sign}{round(bound, 3):g}"
    kept = goal.reached(figure["ours"], real)
    reach += {True: "  yes", False: "  NO", None: ""}[kept]
    best = "–"
    if goal.best:
        number = sources.index(goal.best.source) + 1
        best = f"{goal.best.value:g} {goal.best.method} [{number}]"
    return (
        goal.name,
        shown(figure["ours"], figure.get("sd")),
        shown(figure.get("floor"), figure.get("floor_sd")),
        shown(real),
        reach,
        best,
    )


if __name__ == "__main__":
    raise SystemExit(main())

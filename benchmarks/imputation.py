"""`python -m benchmarks.imputation`: filling missing cells, beside other methods in the same run.

A model is fitted on training rows and fills cells of test rows that were taken out: 10, 30 and 50 %
at random, and whole blocks (a third of the columns, another third in each row). Figures are means
over the columns, of cells taken out alone:

* MAE of numbers, in standard deviations of the training column, and accuracy of categories; of a
  rival the better of its own point and the median or mode of its draws;
* CRPS of numbers from 20 draws (the empirical distribution's), in standard deviations; beside it
  in the results `crps_of_quantiles`, that of 39 quantiles of the model's own distribution;
* coverage of the central 90 % interval. Where the truth lies on an end that has mass (a column with
  ties), the mass counts in the proportion that makes the interval hold 90 % exactly: with P the
  predictive distribution function, the cell counts as covered if P(v-) + u (P(v) - P(v-)) lies in
  (.05, .95), u uniform.

A rival with a budget gets interfuse's: ForestDiffusion for its fit, and again for the draws of each
pattern, of which there may then be fewer than 20. One that fails stands in the results with the
reason.

Columns that follow from others, keys, text, categories of more than 200 values and columns that are
missing in most rows are left out for all methods.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import interfuse
from benchmarks.common import RESULTS, Results, circumstances, console, show, shown
from benchmarks.imputer_forest import Forest, environment_of
from benchmarks.imputers import RIVALS, Imputer, ImputerFailed, Matrix
from benchmarks.protocol import DATA_SETS

NAMES = ("shoppers", "adult", "nsl-kdd", "wikipedia")
PATTERNS = ("10 %", "30 %", "50 %", "blocks")
DRAWS = 20
OURS = "interfuse"
FOREST = "ForestDiffusion"
FIGURES = ("mae", "accuracy", "crps")


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="python -m benchmarks.imputation", description=__doc__)
    out.add_argument("--data", type=Path, help="folder with tables/*.parquet; without it, Shoppers")
    out.add_argument("--only", help="names with commas between: " + ",".join((*NAMES, *EXTRA)))
    out.add_argument("--seed", type=int, default=0)
    out.add_argument("--seconds", type=float, default=60, help="budget of every fit")
    out.add_argument("--rows", type=int, default=500, help="test rows")
    out.add_argument("--resume", action="store_true", help="leave out what the results file has")
    out.add_argument("--models", type=Path, help="folder of fitted models; missing ones are added")
    default = Path(tempfile.gettempdir()) / "interfuse-rivals"
    out.add_argument("--cache", type=Path, default=default, help="environments of rivals")
    out.add_argument("--output", type=Path, help="results file")
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    options = parser().parse_args(arguments)
    every = (*NAMES, *EXTRA)
    names = options.only.split(",") if options.only else list(every)
    if unknown := [name for name in names if name not in every]:
        parser().error(f"--only: no {unknown[0]!r}; there are {', '.join(every)}")
    results = Results(options.output or RESULTS / "imputation.json")
    for name in names:
        if options.resume and name in results.found:
            console.print(f"{name}: in the results already, left out", markup=False)
            continue
        try:
            found = EXTRA[name](options) if name in EXTRA else tables(name, options)
        except FileNotFoundError as error:
            console.print(f"{name}: skipped, there is no {error} in the data folder", markup=False)
            continue
        command = f"python -m benchmarks.imputation --data DATA --only {name}"
        command += f" --seconds {options.seconds:g} --rows {options.rows} --seed {options.seed}"
        results.add(name, found | circumstances(command, options.seed))
    ranks(results.found)
    return 0


@dataclass
class Task:
    """A table prepared for all methods.

    Attributes:
        train: the columns used, as they are.
        test: the same of the test rows.
        levels: values of each category; None for numbers.
    """

    train: pl.DataFrame
    test: pl.DataFrame
    levels: dict[str, pl.Series | None]

    def matrix(self, frame: pl.DataFrame) -> Matrix:
        """The frame as numbers."""
        columns = []
        for name, values in self.levels.items():
            if values is None:
                column = (
                    frame[name].to_physical() if frame[name].dtype.is_temporal() else frame[name]
                )
                columns.append(column.cast(pl.Float64).to_numpy())
            else:
                text = (
                    frame[name]
                    .cast(pl.String)
                    .replace_strict(
                        values, np.arange(len(values)), default=None, return_dtype=pl.Float64
                    )
                )
                columns.append(text.to_numpy())
        sizes = [0 if v is None else len(v) for v in self.levels.values()]
        return Matrix(np.stack(columns, 1).astype(float), sizes)


def prepare(name: str, options: argparse.Namespace, missing: float = 0.0) -> Task:
    """The columns that all methods are asked for."""
    data = DATA_SETS[name](options.data)
    schema = interfuse.infer_schema(data.train)
    levels: dict[str, pl.Series | None] = {}
    for column in schema.columns:
        values = data.train[column.name]
        if values.null_count() > len(values) / 2:
            continue
        if column.kind in ("number", "datetime"):
            levels[column.name] = None
        elif column.kind == "category" and values.n_unique() <= 200:
            levels[column.name] = values.cast(pl.String).drop_nulls().unique().sort()
    train, test = data.train.select(list(levels)), data.test.select(list(levels))
    if missing:
        gone = np.random.default_rng([options.seed, 1]).random(train.shape) < missing
        train = punch(train, gone)
    order = np.random.default_rng(options.seed).permutation(test.height)
    return Task(train, test[order[: options.rows]], levels)


def punch(frame: pl.DataFrame, gone: np.ndarray) -> pl.DataFrame:
    """The frame with cells missing."""
    return frame.select(
        pl.when(pl.lit(pl.Series(~gone[:, j]))).then(pl.col(name)).alias(name)
        for j, name in enumerate(frame.columns)
    )


def holes(pattern: str, shape: tuple[int, int], seed: int) -> np.ndarray:
    """Which cells are taken out."""
    rng = np.random.default_rng([seed, PATTERNS.index(pattern)])
    if pattern == "blocks":
        third = np.arange(shape[1]) * 3 // shape[1]
        return third[None] == rng.integers(0, 3, (shape[0], 1))
    return rng.random(shape) < int(pattern.split()[0]) / 100


def fitted(name: str, task: Task, options: argparse.Namespace) -> Any:
    """A model, from the folder of models if it is there."""
    folder = options.models / name if options.models else None
    if folder is not None and folder.exists():
        return interfuse.load(folder)
    model = interfuse.fit(task.train, seconds=options.seconds, seed=options.seed)
    if folder is not None:
        model.save(folder)
    return model


def tables(
    name: str, options: argparse.Namespace, missing: float = 0.0, key: str = ""
) -> dict[str, Any]:
    """All methods on one table."""
    task = prepare(name, options, missing)
    model = fitted(key or name, task, options)
    train, test = task.matrix(task.train), task.matrix(task.test)
    rivals: dict[str, Imputer] = {}
    seconds: dict[str, float] = {}
    failed: dict[str, str] = {}
    for rival, make in makers(options, failed).items():
        begin = time.monotonic()
        try:
            rivals[rival] = make(train, options.seed)
        except ImputerFailed as error:
            failed[rival] = str(error)
        seconds[rival] = time.monotonic() - begin
    found: dict[str, Any] = {"rows": task.test.height, "columns": len(task.levels)}
    found |= {"seconds_to_fit": seconds, "failed": failed}
    found["settings"] = {r: i.settings for r, i in rivals.items() if isinstance(i, Forest)}
    for pattern in PATTERNS:
        gone = holes(pattern, test.values.shape, options.seed) & ~np.isnan(test.values)
        rows = np.where(gone, np.nan, test.values)
        figures = {}
        begin = time.monotonic()
        answer = model.impute(punch(task.test, gone), draws=DRAWS, seed=options.seed)
        took = time.monotonic() - begin
        draws = np.stack([task.matrix(f).values for f in answer.frames()])
        point = task.matrix(answer.median()).values
        figures[OURS] = judge(test, train, gone, draws, point) | {
            "rows_per_second": len(rows) / took
        }
        closed = [task.matrix(answer.quantile(q)).values for q in (np.arange(39) + 1) / 40]
        figures[OURS]["coverage"] = covered(test, gone, np.stack(closed), options.seed)
        figures[OURS]["crps_of_quantiles"] = judge(test, train, gone, np.stack(closed), point)[
            "crps"
        ]
        for rival, imputer in rivals.items():
            begin = time.monotonic()
            try:
                draws, point = imputer.draw(rows, DRAWS)
            except ImputerFailed as error:
                failed[f"{rival}, {pattern}"] = str(error)
                continue
            took = time.monotonic() - begin
            figures[rival] = judge(test, train, gone, draws, point)
            if len(draws) < DRAWS:
                figures[rival]["draws"] = len(draws)
            middle = judge(test, train, gone, draws, summary(draws, test.levels))
            figures[rival]["mae"] = min(figures[rival]["mae"], middle["mae"])
            figures[rival]["accuracy"] = max(figures[rival]["accuracy"], middle["accuracy"])
            figures[rival]["coverage"] = covered(test, gone, np.sort(draws, 0), options.seed)
            figures[rival]["rows_per_second"] = len(rows) / took
        found[pattern] = figures
        report(f"{key or name}, {pattern} missing", figures)
    return found


def makers(
    options: argparse.Namespace, failed: dict[str, str]
) -> dict[str, Callable[[Matrix, int], Imputer]]:
    """What fits each rival; why one cannot take part is entered in `failed`."""
    out: dict[str, Callable[[Matrix, int], Imputer]] = dict(RIVALS)
    try:
        python = environment_of(options.cache)
    except ImputerFailed as error:
        failed[FOREST] = str(error)
    else:
        out[FOREST] = functools.partial(Forest, python=python, seconds=options.seconds)
    return out


def summary(draws: np.ndarray, levels: list[int]) -> np.ndarray:
    """Medians of numbers, modes of categories."""
    out = np.median(draws, 0)
    for j, k in enumerate(levels):
        if k:
            out[:, j] = np.stack([(draws[:, :, j] == c).sum(0) for c in range(k)]).argmax(0)
    return out


def judge(
    test: Matrix, train: Matrix, gone: np.ndarray, draws: np.ndarray, point: np.ndarray
) -> dict[str, float]:
    """MAE, accuracy and CRPS."""
    mae, accuracy, crps = [], [], []
    m = len(draws)
    weight = (2 * np.arange(1, m + 1) - m - 1) / m**2
    for j, levels in enumerate(test.levels):
        at = gone[:, j]
        if not at.any():
            continue
        truth, guess = test.values[at, j], point[at, j]
        if levels:
            accuracy.append((truth == guess).mean())
            continue
        sd = np.nanstd(train.values[:, j]) + 1e-12
        mae.append(np.abs(truth - guess).mean() / sd)
        drawn = np.sort(draws[:, at, j], 0)
        score = np.abs(drawn - truth).mean(0) - (weight[:, None] * drawn).sum(0)
        crps.append(score.mean() / sd)
    means = {"mae": mae, "accuracy": accuracy, "crps": crps}
    return {key: float(np.mean(values)) for key, values in means.items() if values}


def covered(test: Matrix, gone: np.ndarray, ordered: np.ndarray, seed: int) -> float:
    """Share of numbers in the 90 % interval, ties by chance.

    Args:
        test: the truth.
        gone: the cells asked for.
        ordered: (m, n, c) quantiles k / (m + 1), k = 1 .. m.
        seed: of the chance.
    """
    rng, m, out = np.random.default_rng(seed), len(ordered), []
    for j, levels in enumerate(test.levels):
        at = gone[:, j]
        if levels or not at.any():
            continue
        truth, values = test.values[at, j], ordered[:, at, j]
        low, high = (values < truth).sum(0), (values <= truth).sum(0)
        # The value has rank low + 1 .. high + 1 of m + 1 places, each as likely.
        place = (low + rng.random(len(truth)) * (high - low + 1)) / (m + 1)
        out.append(np.mean((place > 0.05) & (place < 0.95)))
    return float(np.mean(out)) if out else float("nan")


def report(title: str, figures: dict[str, dict[str, float]]) -> None:
    """Print one pattern."""
    rows = [
        (name, *(shown(f.get(key)) for key in (*FIGURES, "coverage", "rows_per_second")), "")
        for name, f in figures.items()
    ]
    header = ("Method", "MAE", "Accuracy", "CRPS", "90 % covers", "rows/s", "")
    show(title, header, rows)


def ranks(found: dict[str, Any]) -> None:
    """Print average ranks, and how the CRPS compares."""
    places: dict[str, list[float]] = {}
    ratio, coverage = [], []
    for result in found.values():
        for pattern in PATTERNS:
            figures = result.get(pattern)
            if not isinstance(figures, dict):
                continue
            for key in FIGURES:
                sign = -1 if key == "accuracy" else 1
                values = {m: sign * f[key] for m, f in figures.items() if f.get(key) is not None}
                for method, value in values.items():
                    less = sum(v < value for v in values.values())
                    same = sum(v == value for v in values.values())
                    places.setdefault(method, []).append(less + (same + 1) / 2)
            best = min(f["crps"] for m, f in figures.items() if m != OURS)
            ratio.append(figures[OURS]["crps"] / best)
            coverage.append(figures[OURS]["coverage"])
    if not places:
        return
    rows = [(m, shown(float(np.mean(p)), digits=2), "") for m, p in places.items()]
    show("Average rank over tables, patterns and figures", ("Method", "Rank", ""), rows)
    console.print(
        f"CRPS / best rival's: mean {np.mean(ratio):.3f}, worst {max(ratio):.3f}; 90 % intervals "
        f"cover {min(coverage):.3f} to {max(coverage):.3f}, mean {np.mean(coverage):.3f}",
        markup=False,
    )


def with_missing(options: argparse.Namespace) -> dict[str, Any]:
    """Shoppers with a fifth of the training cells missing."""
    return tables("shoppers", options, 0.2, "shoppers-missing")


def gaussian(options: argparse.Namespace) -> dict[str, Any]:
    """Three correlated normal columns against the closed form.

    Standard errors are those of the rows asked for alone. A fit to 20,000 rows has an error of its
    own: a variance fitted by the formula is off by sqrt(2 / 20,000), 1 %.
    """
    mean, cov = np.array([0.0, 1.0, -2.0]), np.array([[1, 0.8, 0.3], [0.8, 2, 0.5], [0.3, 0.5, 1]])
    rng = np.random.default_rng(options.seed)
    train = pl.DataFrame(rng.multivariate_normal(mean, cov, 20_000), ["a", "b", "c"], orient="row")
    task = Task(train, train, dict.fromkeys("abc"))
    model = fitted("gaussian", task, options)
    truth = rng.multivariate_normal(mean, cov, 4_000)
    rows = pl.DataFrame({"a": truth[:, 0], "b": [None] * 4_000, "c": [None] * 4_000})
    rows = rows.cast(pl.Float64)
    answer = model.impute(rows, draws=DRAWS, seed=options.seed)
    slope = cov[1:, 0] / cov[0, 0]
    wanted = mean[1:] + (truth[:, :1] - mean[0]) * slope
    left = cov[1:, 1:] - np.outer(slope, cov[0, 1:])
    draws = np.stack([f.select("b", "c").to_numpy() for f in answer.frames()])
    away = draws - wanted
    # Draws of a row are not independent of each other: errors are those of independent rows.
    n = len(truth)
    shift = away.mean(1).mean(0) / (np.sqrt(np.diag(left)) / np.sqrt(n))
    products = np.einsum("mni,mnj->nij", away, away) / len(draws)
    spread = (products.mean(0) - left) / (products.std(0) / np.sqrt(n))
    low, high = answer.interval(0.9)
    inside = [
        ((low[c].to_numpy() <= truth[:, j]) & (truth[:, j] <= high[c].to_numpy())).mean()
        for j, c in ((1, "b"), (2, "c"))
    ]
    point = answer.mean().select("b", "c").to_numpy() - wanted
    found = {
        "standard_errors_of_mean": shift.tolist(),
        "standard_errors_of_covariance": spread.tolist(),
        "variance_over_true": (np.diag(products.mean(0)) / np.diag(left)).tolist(),
        "rms_of_conditional_mean": (np.sqrt((point**2).mean(0)) / np.sqrt(np.diag(left))).tolist(),
        "coverage": [float(v) for v in inside],
    }
    console.print(f"gaussian: {found}", markup=False)
    return found


def speed(options: argparse.Namespace) -> dict[str, Any]:
    """Seconds of a rare condition against none, and rows a second."""
    task = prepare("nsl-kdd" if options.data else "shoppers", options)
    name = "nsl-kdd" if options.data else "shoppers"
    model = fitted(name, task, options)
    column = "class" if options.data else "Month"
    rare = task.train[column].value_counts().sort("count", column)[column][0]
    times: dict[str, list[float]] = {"none": [], "rare": []}
    for _ in range(3):
        for key, given in (("none", None), ("rare", {column: rare})):
            begin = time.monotonic()
            model.generate(10_000, given=given, seed=options.seed)
            times[key].append(time.monotonic() - begin)
    seconds = {key: min(t) for key, t in times.items()}
    found = {"condition": f"{column}={rare}", "seconds": seconds}
    found["ratio"] = seconds["rare"] / seconds["none"]
    console.print(f"speed: {found}", markup=False)
    return found


EXTRA = {"shoppers-missing": with_missing, "gaussian": gaussian, "speed": speed}


if __name__ == "__main__":
    raise SystemExit(main())

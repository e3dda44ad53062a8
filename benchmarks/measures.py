"""The figures of one fitted data set."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
import polars as pl

from benchmarks.common import console, mean_and_sd
from benchmarks.protocol import DataSet, as_published, halves, plain_kinds
from benchmarks.relations import bins_alone, relations, tails
from interfuse.evaluate import (
    Limits,
    boosted_detection,
    closest,
    column_shapes,
    encode,
    evaluate,
    exact_copies,
    logistic_detection,
    pair_trends,
    utility,
)

FLOORS = 3
EVERY_ROW = 1_000_000
HALVINGS = 2
MANY_ROWS = 20_000

Figures = dict[str, dict[str, Any]]


class Generator(Protocol):
    """What can be asked for rows."""

    @property
    def record(self) -> dict[str, Any]:
        """What is known of its making."""
        ...

    def generate(self, n: int, *, seed: int = 0) -> Any:
        """Draw `n` rows."""
        ...


Fit = Callable[[pl.DataFrame, float], Generator]


class Bootstrap:
    """Training rows drawn with replacement, in the place of a model: tries a benchmark out."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self.record: dict[str, Any] = {"model": "bootstrap of the training rows"}

    def generate(self, n: int, *, seed: int = 0) -> pl.DataFrame:
        """Draw `n` rows with replacement."""
        index = np.random.default_rng([seed, 7]).integers(self.frame.height, size=n)
        return self.frame[index]


def published_figures(
    data: DataSet,
    fit: Fit,
    *,
    seconds: float,
    samples: int,
    seed: int,
    dcr: bool = True,
    grid: bool = True,
) -> dict[str, Any]:
    """Fit once, sample several times, and measure by the published protocol.

    Args:
        data: with published kinds and a target.
        fit: gives a model for rows and a budget in seconds.
        seconds: budget of each fit.
        samples: synthetic tables, of as many rows as there are training rows.
        seed: of floors, folds and halves; sample k is drawn with seed + k.
        dcr: fit a second time, to half of all rows, for the share of nearer rows.
        grid: measure utility by the published grid of 36 settings too.
    """
    model, took = _timed(fit, data.train, seconds)
    console.print(f"{data.name}: fitted in {took:.0f} s", markup=False)
    rows = data.train.height
    tables, speed = _samples(model, rows, samples, seed)
    found = [_measured(data, table, seed) for table in tables]
    console.print(f"{data.name}: {samples} samples measured", markup=False)
    rng = np.random.default_rng([seed, 51])
    floors = [
        _measured(data, data.train[rng.integers(rows, size=rows)], seed) for _ in range(FLOORS)
    ]
    figures: Figures = {}
    for key in found[0]:
        mean, sd = mean_and_sd([one[key] for one in found])
        floor, floor_sd = mean_and_sd([one[key] for one in floors])
        figures[key] = {"ours": mean, "sd": sd, "floor": floor, "floor_sd": floor_sd}
    # A bootstrap is all copies; unseen rows show how many copies honest rows have.
    figures["copies"] |= {"floor": _copies(data, data.test), "floor_sd": None}
    figures |= _utility_of_real_rows(data, tables[0], figures, seed, grid=grid)
    figures["rows_per_second"] = {"ours": speed}
    if dcr:
        figures |= _dcr_shares(data, fit, seconds, seed)
    return {
        "rows": {"train": rows, "test": data.test.height, "columns": data.train.width},
        "samples": samples,
        "fit": {**_made(model.record), "budget_seconds": seconds, "wall_seconds": took},
        "figures": figures,
        "sdmetrics": by_sdmetrics(data, tables[0], seed),
    }


def other_figures(data: DataSet, fit: Fit, *, seconds: float, seed: int) -> dict[str, Any]:
    """Fit, generate as many rows, and evaluate with the report's own figures."""
    import interfuse
    from interfuse.kinds.table.judge import rule_shares

    model, took = _timed(fit, data.train, seconds)
    console.print(f"{data.name}: fitted in {took:.0f} s", markup=False)
    (table,), speed = _samples(model, data.train.height, 1, seed)
    rules = rule_shares(data.train, table)
    report = evaluate(
        data.train,
        table,
        data.test,
        schema=interfuse.infer_schema(data.train),
        seed=seed,
        rules=rules,
        limits=Limits(draws=FLOORS),
    )
    figures: Figures = {
        row["key"]: {
            "ours": row["value"],
            "floor": row["floor"],
            "floor_sd": row["floor_sd"],
            "independent": row["independent"],
        }
        for row in report.table()
    }
    figures["bins_alone"] = {"ours": bins_alone(data.train, table, seed=seed)}
    figures["rows_per_second"] = {"ours": speed}
    return {
        "rows": {
            "train": data.train.height,
            "test": data.test.height,
            "columns": data.train.width,
        },
        "fit": {**_made(model.record), "budget_seconds": seconds, "wall_seconds": took},
        "figures": figures,
        "rules": [{"rule": text, "real": a, "synthetic": b} for text, a, b in rules],
        "relations": relations(data.name, data.train, table),
        "tails": tails(data.name, data.train, table),
        "findings": report.findings,
        "verdict": report.verdict,
    }


def by_sdmetrics(data: DataSet, table: pl.DataFrame, seed: int) -> dict[str, Any]:
    """Shape, trend and logistic detection of one sample by sdmetrics itself, beside ours.

    The thresholds of its newer versions are set to zero: all pairs count, as in 0.11.1, with which
    the published tables were made. Its folds are seeded through numpy's global generator.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sdmetrics.reports.single_table import QualityReport
        from sdmetrics.single_table import LogisticDetection

    kinds = {"number": "numerical", "category": "categorical"}
    metadata = {"columns": {name: {"sdtype": kinds[kind]} for name, kind in data.kinds.items()}}
    real, synthetic = (as_published(f, data.kinds).to_pandas() for f in (data.train, table))
    report: Any = QualityReport()
    report.real_correlation_threshold = 0
    report.real_association_threshold = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report.generate(real, synthetic, metadata, verbose=False)
        scores: list[float] = report.get_properties()["Score"].tolist()
        np.random.seed(seed)  # noqa: NPY002 - the only way to seed its folds
        logistic = float(LogisticDetection.compute(real, synthetic, metadata))
    ours = _fidelity(data, table, seed)
    theirs = {
        "shape": 100 * (1 - scores[0]),
        "trend": 100 * (1 - scores[1]),
        "logistic": logistic,
    }
    return {key: {"sdmetrics": value, "ours": ours[key]} for key, value in theirs.items()}


def _timed(fit: Fit, frame: pl.DataFrame, seconds: float) -> tuple[Generator, float]:
    start = time.perf_counter()
    model = fit(frame, seconds)
    return model, time.perf_counter() - start


def _samples(
    model: Generator, rows: int, samples: int, seed: int
) -> tuple[list[pl.DataFrame], float]:
    """Return the samples, and the rows a second of all but the first call, which warms up."""
    model.generate(16, seed=seed)
    start = time.perf_counter()
    tables = [model.generate(rows, seed=seed + k) for k in range(samples)]
    return tables, samples * rows / (time.perf_counter() - start)


def _fidelity(data: DataSet, table: pl.DataFrame, seed: int) -> dict[str, float]:
    real, synthetic = (as_published(frame, data.kinds) for frame in (data.train, table))
    a, b, _ = encode(real, synthetic, schema=data.kinds)
    flags = pl.col(pl.Boolean).cast(pl.Int8)
    x, y, _ = encode(
        real.with_columns(flags), synthetic.with_columns(flags), schema=plain_kinds(real)
    )
    return {
        "shape": 100 * (1 - column_shapes(a, b).score),
        "trend": 100 * (1 - pair_trends(a, b).score),
        "logistic": logistic_detection(x, y, seed=seed),
        "boosted": boosted_detection(a, b, seed=seed).auc,
    }


def _measured(data: DataSet, table: pl.DataFrame, seed: int) -> dict[str, float]:
    return {
        **_fidelity(data, table, seed),
        "utility": _utility(data, table, seed, grid=False),
        "copies": _copies(data, table),
    }


def _tables(data: DataSet, *frames: pl.DataFrame) -> Iterator[Any]:
    return iter(encode(*(as_published(f, data.kinds) for f in frames), schema=data.kinds))


def _copies(data: DataSet, table: pl.DataFrame) -> float:
    a, b, _ = _tables(data, data.train, table)
    return 100 * exact_copies(a, b).synthetic


def _utility(data: DataSet, table: pl.DataFrame, seed: int, *, grid: bool) -> float:
    assert data.target is not None
    _, rows, test = _tables(data, data.train, table, data.test)
    if grid:
        from benchmarks.grid import grid_utility

        return grid_utility(rows, test, data.target, seed=seed)
    return utility(rows, test, data.target, seed=seed).main


def _utility_of_real_rows(
    data: DataSet, table: pl.DataFrame, figures: Figures, seed: int, *, grid: bool
) -> Figures:
    """Utility of real training rows, and of the first sample by the published grid if asked."""
    one = figures["utility"] | {"real": _utility(data, data.train, seed, grid=False)}
    if not grid:
        return {"utility": one}
    by_grid = {
        "ours": _utility(data, table, seed, grid=True),
        "real": _utility(data, data.train, seed, grid=True),
    }
    return {"utility": one, "utility_grid": by_grid}


def _dcr_shares(data: DataSet, fit: Fit, seconds: float, seed: int) -> Figures:
    """Fit half of all rows; the share of synthetic rows nearer to them than to the other half.

    Which half a rare row falls into moves the share by about .01 on a table of 10^4 rows. So each
    half of a small table is fitted, and held out once, and that `HALVINGS` times over: what the
    halving does to one share it does to the other with the opposite sign. Of a table of 20,000 rows
    or more one half is fitted. A tie counts half, and for the other half in the second figure, as
    published ones do.
    """
    small = data.train.height + data.test.height < MANY_ROWS
    shares, strict, errors, times = [], [], [], []
    for k in range(HALVINGS if small else 1):
        two = halves(data, seed + k)
        for half, held in [two, two[::-1]] if small else [two]:
            model, took = _timed(fit, half, seconds)
            console.print(f"{data.name}: half of the rows fitted in {took:.0f} s", markup=False)
            table = model.generate(half.height, seed=seed)
            found = closest(*_tables(data, half, table, held), seed=seed, limit=EVERY_ROW)
            shares.append(found.share)
            strict.append(found.strict)
            errors.append(found.error)
            times.append(took)
    error = float(np.sqrt(np.sum(np.square(errors)))) / len(errors)
    return {
        "dcr_share": {
            "ours": mean_and_sd(shares)[0],
            "sd": error,
            "floor": 0.5,
            "halves": shares,
            "fit_seconds": times,
        },
        "dcr_share_strict": {"ours": mean_and_sd(strict)[0], "sd": error, "halves": strict},
    }


def _made(record: dict[str, Any]) -> dict[str, Any]:
    """What a model says of its training, in single values."""
    training = record.get("training", record)
    return {k: v for k, v in training.items() if isinstance(v, str | int | float | bool)}

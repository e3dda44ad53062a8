"""`python -m benchmarks.detection`: does a fitted table find odd records, and next to others?

Twenty of ADBench's data sets by the protocol of DTE's published tables (Livernoche et al. 2024,
arXiv 2305.18593): sets of fewer than 1,000 rows are resampled with replacement to 1,000, sets of
more than 50,000 are cut to 50,000.

* semi-supervised: the first half of the normal rows in file order is fitted; the other half and all
  anomalies are scored (`clean=True`);
* unsupervised: all rows are fitted and the same rows are scored (`clean=False`).

Of the other sets every seed has the same rows, and seeds differ by the fit alone: `--whole-seeds`
fits these less often.

Labels serve the choice of normal rows in the first protocol and nothing else. All options are the
same for all sets. Published figures stand beside ours. Results go to
`benchmarks/results/detection.json`, a set at a time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks import published_detection as published
from benchmarks.common import RESULTS, Results, circumstances, console, mean_and_sd, show, shown

SMALL, LARGE = 1_000, 50_000
PROTOCOLS = ("semi", "unsupervised")
GOALS = {"semi": 87.0, "unsupervised": 82.0}


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    out.add_argument("--data", type=Path, required=True, help="folder with anomaly/*.npz")
    out.add_argument("--only", help="names with commas between")
    out.add_argument("--protocol", choices=PROTOCOLS, help="one alone; default: both")
    out.add_argument("--seeds", type=int, default=5)
    out.add_argument("--whole-seeds", type=int, help="of sets that are not resampled; same rows")
    out.add_argument("--examples", type=int, default=3_000, help="budget of every fit")
    out.add_argument("--seconds", type=float, help="budget of every fit, instead of examples")
    out.add_argument("--resume", action="store_true", help="leave out what the results file has")
    out.add_argument("--output", type=Path, default=RESULTS / "detection.json")
    return out


def resampled(x: np.ndarray, y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows in the size that the protocol wants."""
    n, rng = len(x), np.random.RandomState(seed)
    if SMALL <= n <= LARGE:
        return x, y
    at = rng.choice(n, SMALL, True) if n < SMALL else rng.choice(n, LARGE, False)
    return x[at], y[at]


def split(
    x: np.ndarray, y: np.ndarray, protocol: str, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows to fit, rows to score, and the labels of the latter."""
    x, y = resampled(x, y, seed)
    if protocol == "unsupervised":
        return x, x, y
    normal = np.flatnonzero(y == 0)
    half = len(normal) // 2
    test = np.concatenate([normal[half:], np.flatnonzero(y == 1)])
    return x[normal[:half]], x[test], y[test]


def frame(x: np.ndarray) -> pl.DataFrame:
    """Columns c0, c1, ..."""
    return pl.DataFrame({f"c{j}": x[:, j].astype(np.float64) for j in range(x.shape[1])})


def measure(
    x: np.ndarray, y: np.ndarray, protocol: str, seed: int, **budget: Any
) -> dict[str, float]:
    """Figures of one fit, areas in percent."""
    import interfuse

    train, test, label = split(x, y, protocol, seed)
    begin = time.perf_counter()
    model = interfuse.fit(frame(train), seed=seed, **budget)
    fitted = time.perf_counter()
    score = model.detect(frame(test), clean=protocol == "semi").score
    done = time.perf_counter()
    return {
        "roc": 100 * float(roc_auc_score(label, score)),
        "pr": 100 * float(average_precision_score(label, score)),
        "fit_seconds": fitted - begin,
        "detect_seconds": done - fitted,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    options = parser().parse_args(arguments)
    files = {f.stem.split("_", 1)[1]: f for f in sorted((options.data / "anomaly").glob("*.npz"))}
    names = options.only.split(",") if options.only else list(files)
    if unknown := [name for name in names if name not in files]:
        parser().error(f"--only: no data set {unknown[0]!r}; there are {', '.join(files)}")
    budget = {"seconds": options.seconds} if options.seconds else {"examples": options.examples}
    results = Results(options.output)
    for name in names:
        for protocol in [options.protocol] if options.protocol else PROTOCOLS:
            key = f"{name}/{protocol}"
            if options.resume and key in results.found:
                continue
            with np.load(files[name], allow_pickle=False) as file:
                x, y = file["X"], file["y"]
            whole = SMALL <= len(x) <= LARGE
            seeds = (whole and options.whole_seeds) or options.seeds
            runs = [measure(x, y, protocol, seed, **budget) for seed in range(seeds)]
            about = {"rows": len(x), "columns": x.shape[1], "odd": int(y.sum()), "seeds": seeds}
            about["published_roc"] = published.of(name, protocol)
            command = _command(options, name, protocol, seeds)
            results.add(key, about | _summary(runs) | circumstances(command, 0))
            _line(key, results.found[key])
    _print(results, files)
    return 0


def _summary(runs: list[dict[str, float]]) -> dict[str, Any]:
    out: dict[str, Any] = {"runs": runs}
    for key in runs[0]:
        out[key], out[f"{key}_sd"] = mean_and_sd([run[key] for run in runs])
    return out


def _command(options: argparse.Namespace, name: str, protocol: str, seeds: int) -> str:
    budget = (
        f"--seconds {options.seconds:g}" if options.seconds else f"--examples {options.examples}"
    )
    return (
        f"python -m benchmarks.detection --data DATA --only {name} --protocol {protocol} "
        f"--seeds {seeds} {budget}"
    )


def _line(key: str, found: dict[str, Any]) -> None:
    console.print(
        f"{key}: AUC-ROC {found['roc']:.2f}, AUC-PR {found['pr']:.2f}, fitted in "
        f"{found['fit_seconds']:.1f} s, scored in {found['detect_seconds']:.1f} s",
        markup=False,
    )


def _print(results: Results, files: dict[str, Path]) -> None:
    for protocol in PROTOCOLS:
        found = {n: results.found.get(f"{n}/{protocol}") for n in files}
        there = {n: f for n, f in found.items() if f}
        if not there:
            continue
        rows: list[tuple[str, ...]] = [
            (
                n,
                shown(f["roc"], f["roc_sd"], 2),
                shown(f["pr"], f["pr_sd"], 2),
                *(shown(v, digits=2) for v in published.of(n, protocol).values()),
            )
            for n, f in there.items()
        ]
        mean = [sum(f[k] for f in there.values()) / len(there) for k in ("roc", "pr")]
        others = published.means(protocol) if len(there) == len(files) else {}
        rows.append(
            (f"mean of {len(there)}", *(shown(m, digits=2) for m in (*mean, *others.values())))
        )
        if others:
            rows.append(("to reach", shown(GOALS[protocol], digits=2)))
        full = ("Set", "AUC-ROC", "AUC-PR", *published.METHODS[protocol])
        title = f"{protocol}; to the right AUC-ROC as published"
        show(title, full, [(*row, *[""] * (len(full) - len(row))) for row in rows])


if __name__ == "__main__":
    raise SystemExit(main())

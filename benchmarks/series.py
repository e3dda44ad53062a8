"""`python -m benchmarks.series`: forecasts, gaps, oddities and new windows of series.

    python -m benchmarks.series --data DATA [--only NAMES] [--minutes 3] [--seed 0] [--out FILE]

A model is fitted for the same minutes in every part, and answers beside rivals that are scored by
the same code (`benchmarks.series_data` says what is asked, `series_rivals` and `series_models` who
else answers):

* `exchange`, `a5m`, `nasa`: 100 draws; weighted quantile loss (GluonTS's "CRPS"), CRPS in the unit
  of the values, MAE of the median, MASE, coverage and width of the 90 % interval;
* `gaps`: the same for the holes of a week, with the model of `a5m`;
* `l2c`: the six tasks of GIFT-Eval's `bizitobs_l2c`, the same figures;
* `nab`, `asd12`: AUC-PR of points and VUS of each series, and their means;
* `windows`: generated windows against real ones, beside the real windows of another time, real
  windows again (which no model can be asked to beat) and a bootstrap of blocks of a quarter;
* `speed`: seconds for 1,000 series x 100 draws x 48 steps;
* `quick`: the forecasts of `exchange`, `a5m` and `nasa` after fits of one second.

Answers of rivals are kept in `--work` and never asked for twice, so that our side can be run again
alone; figures of rivals that are not asked stay in the results file, with where they were measured.
`--rivals` chooses which are run: none, simple (seconds in all), all (about an hour of one
core).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import RESULTS, Results, circumstances, console, plain, show, shown
from benchmarks.environments import environment
from benchmarks.series_data import (
    DAY,
    STARTS,
    Floats,
    ForecastTask,
    GapTask,
    Labelled,
    load_a5m,
    load_asd12,
    load_exchange,
    load_gaps,
    load_l2c,
    load_nab,
    load_nasa,
)
from benchmarks.series_rivals import (
    ASD_DETECTORS,
    FILLERS,
    FORECASTERS,
    NAB_DETECTORS,
    Detector,
    fill,
)
from benchmarks.series_score import score_detections, score_forecast
from interfuse.kinds.series.judge import block_bootstrap, discriminate, likeness

OURS = "interfuse"
STATISTICS = (
    "statsforecast==2.1.1",
    "statsmodels==0.15.0",
    "coreforecast==0.0.20",
    "utilsforecast==0.2.17",
    "fugue==0.9.7",
    "triad==1.0.4",
    "adagio==0.2.6",
    "patsy==1.0.3",
    "six",
    "cloudpickle",
    "tqdm",
    "threadpoolctl",
)
NETWORKS = (
    "gluonts==0.17.0",
    "lightning",
    "pytorch-lightning",
    "torchmetrics",
    "lightning-utilities",
    "toolz",
)
MODELS = {
    "exchange": ("AutoETS", "AutoARIMA", "Theta", "DeepAR", "PatchTST"),
    "a5m": ("AutoETS", "AutoARIMA", "Theta", "MSTL + AutoETS", "DeepAR", "PatchTST"),
    "nasa": ("AutoETS", "AutoARIMA", "Theta", "DeepAR", "PatchTST"),
    "gaps": ("Kalman, level", "Kalman, trend and AR", "Kalman, daily harmonics"),
}
DEEP = ("DeepAR", "PatchTST")


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="python -m benchmarks.series", description=__doc__)
    out.add_argument("--data", type=Path, required=True, help="folder with series/")
    out.add_argument("--only", help="names with commas between: " + ",".join(PARTS))
    out.add_argument("--minutes", type=float, default=3, help="budget of every fit")
    out.add_argument("--seed", type=int, default=0)
    out.add_argument("--rivals", choices=("none", "simple", "all"), default="all")
    out.add_argument("--rivals-only", action="store_true", help="leave our side out")
    out.add_argument("--resume", action="store_true", help="leave out what the results file has")
    out.add_argument("--models", type=Path, help="folder of fitted models; missing ones are added")
    out.add_argument(
        "--work",
        type=Path,
        default=Path(tempfile.gettempdir()) / "interfuse-series",
        help="folder of rivals' environments and answers",
    )
    out.add_argument("--out", type=Path, help="results file")
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    options = parser().parse_args(arguments)
    names = options.only.split(",") if options.only else list(PARTS)
    if unknown := [name for name in names if name not in PARTS]:
        parser().error(f"--only: no {unknown[0]!r}; there are {', '.join(PARTS)}")
    results = Results(options.out or RESULTS / "series.json")
    for name in names:
        if options.resume and answered(results.found.get(name, {}), options.rivals_only):
            console.print(f"{name}: in the results already, left out", markup=False)
            continue
        try:
            found = PARTS[name](options)
        except FileNotFoundError as error:
            console.print(f"{name}: skipped, there is no {error} in the data folder", markup=False)
            continue
        command = f"python -m benchmarks.series --data DATA --only {name}"
        command += f" --minutes {options.minutes:g} --seed {options.seed}"
        found = with_rivals(found, results.found.get(name, {}))
        results.add(name, found | circumstances(command, options.seed))
    return 0


def with_rivals(found: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """A part's figures with those of rivals that were not asked this time.

    Args:
        found: what was measured now: `figures`, or parts that have some.
        before: the part as it is in the results file. Its rivals say where they were measured.
    """
    if "figures" not in found:
        nested = {k: with_rivals(v, {**before.get(k, {}), **_where(before)})
                  for k, v in found.items() if isinstance(v, dict)}  # fmt: skip
        return found | nested
    old = {
        name: {"elsewhere": _where(before), **figures}
        for name, figures in before.get("figures", {}).items()
        if name != OURS and name not in found["figures"]
    }
    return found | {"figures": found["figures"] | old}


def _where(part: dict[str, Any]) -> dict[str, Any]:
    return {key: part[key] for key in ("machine", "date") if key in part}


def answered(found: dict[str, Any], rivals_only: bool) -> bool:
    """Whether a part's figures are there, ours among them unless only rivals are wanted."""
    nested = [part for part in (found, *found.values()) if isinstance(part, dict)]
    figures = [part["figures"] for part in nested if "figures" in part]
    return bool(figures) and (rivals_only or all(OURS in f for f in figures))


def forecasts(
    load: Callable[[Path], ForecastTask],
) -> Callable[[argparse.Namespace], dict[str, Any]]:
    """The part of one data set to forecast."""

    def part(options: argparse.Namespace) -> dict[str, Any]:
        task = load(options.data)

        def score(draws: Floats) -> dict[str, float]:
            return score_forecast(draws, task.truth, task.histories, task.seasons[0])

        found: dict[str, Any] = {}
        if not options.rivals_only:
            from benchmarks import series_ours

            draws, seconds = series_ours.forecast(task, options)
            found[OURS] = score(draws) | seconds
        if options.rivals != "none":
            for name, forecaster in FORECASTERS[task.name].items():
                begin = time.monotonic()
                draws = np.stack([forecaster(h, task.horizon) for h in task.histories], 1)
                found[name] = score(draws) | {"seconds": time.monotonic() - begin}
        last = task.origins[-1]
        asked = {
            "kind": "forecast",
            "name": task.name,
            "whole": np.concatenate([last.history, last.truth], 1),
            "ends": [origin.history.shape[1] for origin in task.origins],
            "horizon": task.horizon,
            "seasons": task.seasons,
            "every": task.every,
            "start": str(STARTS[task.name]),
        }
        for name in MODELS[task.name]:
            if (answer := asked_of(name, task.name, asked, options)) is not None:
                found[name] = score(answer["draws"]) | _said(answer)
        report(task.name, found, ("wql", "crps", "mae", "mase", "coverage", "width"))
        return {"rows": len(task.truth), "horizon": task.horizon, "figures": found}

    return part


def l2c(options: argparse.Namespace) -> dict[str, Any]:
    """The six tasks of GIFT-Eval's `bizitobs_l2c`; the loss is over its nine quantiles."""
    out: dict[str, Any] = {}
    for frequency in ("5T", "H"):
        terms = load_l2c(options.data, frequency)
        answers: list[Any] = [None] * len(terms)
        if not options.rivals_only:
            from benchmarks import series_ours

            answers = series_ours.forecast_channels(list(terms.values()), options)
        for (term, task), answer in zip(terms.items(), answers, strict=True):
            found: dict[str, Any] = {}
            if answer is not None:
                draws, seconds = answer
                found[OURS] = score_forecast(draws, task.truth, task.histories, task.seasons[0])
                found[OURS] |= seconds
            if options.rivals != "none":
                for season, name in zip(task.seasons, ("copy of the day", "copy of the week"),
                                        strict=True):  # fmt: skip
                    copies = [np.resize(h[-season:], task.horizon) for h in task.histories]
                    found[name] = score_forecast(
                        np.stack(copies)[None], task.truth, task.histories, task.seasons[0]
                    )
            report(task.name, found, ("wql", "mase", "mae", "coverage"))
            out[f"{frequency} {term}"] = {"horizon": task.horizon, "figures": found}
    return out


def gaps(options: argparse.Namespace) -> dict[str, Any]:
    """The holes of the last week of link traffic."""
    train = load_a5m(options.data)
    out: dict[str, Any] = {}
    for task in load_gaps(options.data, options.seed):
        truth, found = task.whole[task.gone], {}
        if not options.rivals_only:
            from benchmarks import series_ours

            draws, seconds = series_ours.impute(task, train, options)
            found[OURS] = score_forecast(draws, truth) | seconds
        if options.rivals != "none":
            for name, filler in FILLERS.items():
                begin = time.monotonic()
                found[name] = score_forecast(fill(task, filler, options.seed), truth)
                found[name]["seconds"] = time.monotonic() - begin
        found |= smoothed(task, truth, options)
        report(f"gaps, {task.pattern}", found, ("wql", "crps", "mae", "coverage", "width"))
        out[task.pattern] = {"holes": len(truth), "figures": found}
    return out


def smoothed(task: GapTask, truth: Floats, options: argparse.Namespace) -> dict[str, Any]:
    """Kalman smoothers."""
    asked = {"kind": "gaps", "values": task.values, "start": task.start, "day": DAY}
    found = {}
    for name in MODELS["gaps"]:
        if (answer := asked_of(name, f"gaps {task.pattern}", asked, options)) is not None:
            found[name] = score_forecast(answer["draws"], truth) | _said(answer)
    return found


def detection(
    name: str, load: Callable[[Path], list[Labelled]], detectors: dict[str, Detector]
) -> Callable[[argparse.Namespace], dict[str, Any]]:
    """The part of one data set with labels."""

    def part(options: argparse.Namespace) -> dict[str, Any]:
        series = load(options.data)
        found: dict[str, Any] = {}
        if not options.rivals_only:
            from benchmarks import series_ours

            scores, seconds = series_ours.detect(name, series, options)
            found[OURS] = score_detections(series, scores) | seconds
        if options.rivals != "none":
            for rival, detector in detectors.items():
                found[rival] = scored(f"{name} -- {rival}", series, detector, options)
        rows = [
            (
                rival,
                *(shown(f["mean"][key]) for key in ("auc_pr", "vus_pr", "vus_roc")),
                ", ".join(f"{g} {v['vus_pr']:.3f}" for g, v in f["groups"].items()),
            )
            for rival, f in found.items()
        ]
        show(name, ("Method", "AUC-PR", "VUS-PR", "VUS-ROC", "VUS-PR by group"), rows)
        return {"series": len(series), "figures": found}

    return part


def scored(
    name: str, series: list[Labelled], detector: Detector, options: argparse.Namespace
) -> dict[str, Any]:
    """A detector's figures, from the work folder if they are there."""
    digest = _digest({one.name: one.values for one in series})
    path = options.work / "answers" / f"{name} {digest}.json"
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    begin = time.monotonic()
    scores = [detector(one) for one in series]
    seconds = time.monotonic() - begin
    found = plain(score_detections(series, scores) | {"seconds": seconds})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found), encoding="utf-8")
    return found


def windows(options: argparse.Namespace) -> dict[str, Any]:
    """Generated windows of two data sets."""
    out: dict[str, Any] = {}
    for load, length, stride in ((load_a5m, DAY, 24), (load_nasa, 360, 120)):
        task = load(options.data)
        x = task.train[0]
        begins = np.arange(0, len(x) - length + 1, stride)
        real = np.stack([x[b : b + length] for b in begins])
        half = len(real) // 2
        apart = real[half + -(-length // stride) :]
        sides: dict[str, tuple[Floats, Floats]] = {
            "real, two halves of the time": (real[:half], apart),
            "real windows again": (real, block_bootstrap(x, len(real), length, length)),
            "block bootstrap": (real, block_bootstrap(x, len(real), length, length // 4)),
        }
        seconds: dict[str, float] = {}
        if not options.rivals_only:
            from benchmarks import series_ours

            made, seconds = series_ours.generate(task, len(real), length, options)
            sides[OURS] = (real, made[..., 0])
        found: dict[str, Any] = {}
        for name, (a, b) in sides.items():
            found[name] = asdict(likeness(a, b))
            found[name] |= asdict(discriminate(a, b, seed=options.seed))
        if OURS in found:
            found[OURS] |= seconds
        keys = ("marginal", "autocorrelation", "spectrum", "power", "auc", "score")
        report(f"windows of {task.name}", found, keys)
        out[task.name] = {"windows": len(real), "length": length, "figures": found}
    return out


def speed(options: argparse.Namespace) -> dict[str, Any]:
    """1,000 series of ten days of hours: a daily cycle each, and noise."""
    rng = np.random.default_rng(options.seed)
    hour = np.arange(240)
    phase, size = rng.uniform(0, 24, (1000, 1)), rng.lognormal(0, 1, (1000, 1))
    x = size * (3 + np.sin((hour + phase) * 2 * np.pi / 24) + 0.2 * rng.normal(size=(1000, 240)))
    if options.rivals_only:
        return {}
    from benchmarks import series_ours

    found = series_ours.speed(x, 48, options)
    console.print(f"speed: {found['seconds']:.1f} s", markup=False)
    return {"figures": {OURS: found}}


def quick(options: argparse.Namespace) -> dict[str, Any]:
    """Fits of one second, beside the copy of the last season (the last value where there is none).

    "seconds_to_fit" is wall time from the frame to the model.
    """
    short = argparse.Namespace(**{**vars(options), "minutes": 1 / 60, "models": None})
    out: dict[str, Any] = {}
    for load in (load_exchange, load_a5m, load_nasa):
        task = load(options.data)
        season = task.seasons[0]
        copies = np.stack([np.resize(h[-season:], task.horizon) for h in task.histories])
        found: dict[str, Any] = {
            "seasonal naive": score_forecast(copies[None], task.truth, task.histories, season)
        }
        if not options.rivals_only:
            from benchmarks import series_ours

            draws, seconds = series_ours.forecast(task, short)
            found[OURS] = score_forecast(draws, task.truth, task.histories, season) | seconds
        report(f"{task.name}, one second", found, ("wql", "crps", "mae", "mase", "coverage"))
        steps = task.train.shape[1]
        out[task.name] = {"series": len(task.train), "steps": steps, "figures": found}
    return out


PARTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "exchange": forecasts(load_exchange),
    "a5m": forecasts(load_a5m),
    "gaps": gaps,
    "nasa": forecasts(load_nasa),
    "l2c": l2c,
    "nab": detection("nab", load_nab, NAB_DETECTORS),
    "asd12": detection("asd12", load_asd12, ASD_DETECTORS),
    "windows": windows,
    "speed": speed,
    "quick": quick,
}


def asked_of(
    model: str, task: str, content: dict[str, Any], options: argparse.Namespace
) -> dict[str, Any] | None:
    """A rival's answer: from the work folder, or asked now; None if it fails or is unwanted."""
    budget = 60 * options.minutes
    name = f"{task} {_digest(content)}"
    kept = f"{name} -- {model}" + (f" {budget:g} s {options.seed}" if model in DEEP else "")
    path = options.work / "answers" / f"{kept}.npz"
    if options.rivals == "none" or (options.rivals == "simple" and not path.exists()):
        return None
    if not path.exists():
        deep = model in DEEP
        python = environment(
            (options.work / ("networks" if deep else "statistics")).absolute(),
            NETWORKS if deep else STATISTICS,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        asked = path.parent / f"{name}.npz"
        arrays: dict[str, Any] = {key: np.asarray(value) for key, value in content.items()}
        np.savez_compressed(asked, **arrays)
        words = [python, Path(__file__).with_name("series_models.py"), "--task", asked]
        words += ["--model", model, "--out", path, "--seconds", f"{budget:g}"]
        words += ["--seed", str(options.seed)]
        console.print(f"{task}: {model} ...", markup=False)
        done = subprocess.run([str(word) for word in words], check=False)
        if done.returncode:
            console.print(f"{task}: {model} failed and is left out", markup=False)
            return None
    with np.load(path) as file:
        return {key: file[key] for key in file.files}


def report(title: str, found: dict[str, dict[str, Any]], keys: Sequence[str]) -> None:
    """Print one table, best first."""
    rows = [
        (name, *(shown(f.get(key), digits=4) for key in keys), shown(f.get("seconds"), digits=1))
        for name, f in sorted(found.items(), key=lambda item: item[1][keys[0]])
    ]
    show(title, ("Method", *keys, "seconds"), rows)


def _said(answer: dict[str, Any]) -> dict[str, Any]:
    return {"seconds": float(answer["seconds"]), "note": str(answer["note"])}


def _digest(content: dict[str, Any]) -> str:
    """A name for what is asked, so that another question never finds its answer."""
    found = hashlib.sha256()
    for key, value in content.items():
        found.update(key.encode())
        array = np.ascontiguousarray(value)
        found.update(str(array.shape).encode() + array.tobytes())
    return found.hexdigest()[:8]


if __name__ == "__main__":
    raise SystemExit(main())

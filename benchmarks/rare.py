"""`python -m benchmarks.rare`: do rows drawn under `given` help to recognise rare attacks?

NSL-KDD: its 20 % training file (22 classes, twelve of them with 38 rows or fewer) and its test
file. Classes of fewer than 1,000 training rows are filled up to N rows, and boosted trees are
trained on the real rows and those added:

* `real`: none;
* `copies`: training rows again, drawn at random: what more weight alone does;
* `SMOTE`: rows by SMOTE-NC (`benchmarks.smote`);
* `ours`: `Model.augment`: a random part of a real row of the class, the rest drawn, from a model
  fitted to the training file as it is;
* `repeated`: rows drawn with `given={"class": c}` from a model fitted to the training file in which
  each row of a class of fewer than 300 is repeated ceil(300 / size) times;
* `plain`: the same from the model of `ours`, where a class of ten rows in 25,192 has taught the
  network little of what sets it apart.

No drawn row is filtered. All of them add the same number of rows to each class. The figure is the
macro-F1 over the classes that occur in both files, on the test rows of these classes. Test rows of
classes that no training row shows cannot be recognised and are left out; `with_unseen` keeps them,
so that each is a false alarm for some class. A prediction of a class that is not in the test file
is a miss. `rare` is the mean F1 of the classes that were filled up.

N, and for `ours` the share of cells that stay, are chosen on the training file alone: two
stratified folds, in each a model fitted to the other half (a class of one row is always in that
half and not scored). The share is that with the best mean macro-F1 over both folds and all N; N is
that with the best mean of `SMOTE` and `ours`, so that neither is favoured. The test figures of the
other N are reported as well. Seeds are those of the added rows and of the trees; the model is
fitted once.

`shares` are the figures of `ours` on the test file for every share of cells and every N. None of
these may be called chosen: they show what the choice costs or brings.

`speed` is the time of 10,000 rows of the rarest class beside that of 10,000 rows of any.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from xgboost import XGBClassifier

import interfuse
from benchmarks import smote
from benchmarks.common import RESULTS, Results, circumstances, console, mean_and_sd, show, shown
from benchmarks.environments import environment

TARGET = "class"
RARE = 1_000
COUNTS = (100, 300, 1_000)
FOLDS = 2
REPEATED = 300
KEEPS = (0.3, 0.5, 0.7, 0.9)
ARMS = ("copies", "SMOTE", "ours", "repeated")
GOAL = 1.2
"""Of the ratio of seconds."""
TREES = {
    "n_estimators": 100,
    "max_depth": 6,
    "learning_rate": 0.3,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "tree_method": "hist",
}


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="python -m benchmarks.rare", description=__doc__)
    out.add_argument("--data", type=Path, help="folder with tables/nsl-kdd_*_43col.parquet")
    out.add_argument("--only", help="parts with commas between: " + ",".join(PARTS))
    out.add_argument("--seconds", type=float, default=60, help="budget of every fit")
    out.add_argument("--seeds", type=int, default=5)
    out.add_argument("--seed", type=int, default=0, help="of the fits and folds")
    out.add_argument("--resume", action="store_true", help="leave out what the results file has")
    out.add_argument("--cache", type=Path, default=Path("build/bench-rare"))
    out.add_argument("--output", type=Path, default=RESULTS / "rare.json")
    return out


Part = Callable[["Bench", Results], dict[str, Any]]


class Bench:
    """The tables, and what is computed once."""

    def __init__(self, options: argparse.Namespace) -> None:
        folder = options.data / "tables"
        self.options = options
        self.train, self.test = (
            pl.read_parquet(folder / f"nsl-kdd_{part}_43col.parquet").drop("classnum")
            for part in ("train20pct", "test")
        )
        self.levels = {
            n: self.train[n].unique().sort().to_list()
            for n in self.train.columns
            if self.train[n].dtype == pl.String
        }
        sizes = self.train[TARGET].value_counts().sort("count", TARGET)
        self.sizes: dict[str, int] = dict(sizes.iter_rows())
        self.rare = [c for c, n in self.sizes.items() if n < RARE]

    # -- rows -----------------------------------------------------------------------------------

    def model(self, name: str, rows: pl.DataFrame) -> Any:
        """The model of some rows, from the cache if it is there."""
        folder = self.options.cache / f"{name}-{self.options.seconds:g}s-{self.options.seed}"
        if (folder / "run.json").exists():
            return interfuse.load(folder)
        console.print(f"fitting {name} ...")
        return interfuse.fit(
            rows, seconds=self.options.seconds, seed=self.options.seed, folder=folder
        )

    def wanted(self, rows: pl.DataFrame, count: int) -> dict[str, int]:
        """How many rows of each class are added to reach `count`."""
        sizes = dict(rows[TARGET].value_counts().iter_rows())
        return {c: count - sizes[c] for c in self.rare if sizes.get(c, count) < count}

    def repeated(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows, those of small classes several times."""
        size = pl.len().over(TARGET)
        times = pl.when(size < REPEATED).then((REPEATED / size).ceil()).otherwise(1)
        wide = rows.select(pl.all().repeat_by(times.cast(pl.UInt32)))
        return wide.explode(wide.columns)

    def added(
        self, arm: str, name: str, rows: pl.DataFrame, count: int, seed: int, keep: float = 0.0
    ) -> pl.DataFrame | None:
        """The rows that an arm adds; `ours` keeps a share of the cells of real rows."""
        wanted = self.wanted(rows, count)
        own = {c: rows.filter(pl.col(TARGET) == c) for c in wanted}
        if arm == "copies":
            rng = np.random.default_rng(seed)
            return pl.concat([own[c][rng.integers(0, own[c].height, m)] for c, m in wanted.items()])
        if arm == "SMOTE":
            python = environment(self.options.cache / "smote", smote.PACKAGES)
            return smote.added(python, rows, TARGET, wanted, seed)
        if arm == "ours":
            model = self.model(name, rows)
            drawn = [
                model.augment(own[c], m, keep=keep, fixed=[TARGET], seed=1_000 * seed + i)
                for i, (c, m) in enumerate(wanted.items())
            ]
            return pl.concat(drawn).select(rows.columns)
        if arm in ("repeated", "plain"):
            model = (
                self.model(name, rows)
                if arm == "plain"
                else self.model(f"{name}-repeated", self.repeated(rows))
            )
            drawn = [
                model.generate(m, given={TARGET: c}, seed=1_000 * seed + i)
                for i, (c, m) in enumerate(wanted.items())
            ]
            return pl.concat(drawn).select(rows.columns)
        return None

    # -- trees ----------------------------------------------------------------------------------

    def codes(self, rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Features, and the class; -1 for a class that is not in the training file."""

        def coded(name: str) -> pl.Series:
            levels = self.levels[name]
            return rows[name].replace_strict(
                levels, range(len(levels)), default=None, return_dtype=pl.Float32
            )

        columns = [
            coded(n) if n in self.levels else rows[n].cast(pl.Float32)
            for n in rows.columns
            if n != TARGET
        ]
        label = coded(TARGET).fill_null(-1).to_numpy().astype(int)
        return np.column_stack([c.to_numpy() for c in columns]), label

    def figures(
        self, rows: pl.DataFrame, more: pl.DataFrame | None, held: pl.DataFrame, seed: int
    ) -> dict[str, Any]:
        """Train trees on `rows` and `more`, score them on `held`."""
        x, y = self.codes(rows if more is None else pl.concat([rows, more]))
        kinds = ["c" if n in self.levels else "q" for n in rows.columns if n != TARGET]
        inside, code = np.unique(y, return_inverse=True)
        trees = XGBClassifier(
            **TREES, random_state=seed, n_jobs=1, enable_categorical=True, feature_types=kinds
        )
        trees.fit(x, code)
        x_held, truth = self.codes(held)
        said = inside[trees.predict(x_held)]
        scored = sorted(set(truth) & set(inside))
        known = truth >= 0
        each = f1(truth[known], said[known], scored)
        names = [self.levels[TARGET][k] for k in scored]
        rare = [f for n, f in zip(names, each, strict=True) if n in self.rare]
        return {
            "macro_f1": float(each.mean()),
            "rare": float(np.mean(rare)),
            "with_unseen": float(f1(truth, said, scored).mean()),
            "accuracy": float((truth[known] == said[known]).mean()),
            "added": 0 if more is None else more.height,
            "f1": dict(zip(names, each.tolist(), strict=True)),
        }

    def runs(self, arm: str, count: int, keep: float = 0.0) -> dict[str, Any]:
        """An arm on the test file, over all seeds."""
        runs = []
        for seed in range(self.options.seeds):
            more = self.added(arm, "all", self.train, count, seed, keep)
            runs.append(self.figures(self.train, more, self.test, seed))
            console.print(f"{arm} {count} seed {seed}: {runs[-1]['macro_f1']:.4f}", markup=False)
        return summary(runs)


def f1(truth: np.ndarray, said: np.ndarray, classes: list[int]) -> np.ndarray:
    """F1 of each class, 0 where it was never said."""
    hits = np.array([((truth == k) & (said == k)).sum() for k in classes])
    both = np.array([(truth == k).sum() + (said == k).sum() for k in classes])
    return 2 * hits / np.maximum(both, 1)


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Means and standard deviations over the seeds; all values beside them."""
    out: dict[str, Any] = {"seeds": len(runs), "added": runs[0]["added"]}
    for key in ("macro_f1", "rare", "with_unseen", "accuracy"):
        values = [run[key] for run in runs]
        out[key], out[f"{key}_sd"] = mean_and_sd(values)
        out[f"{key}_values"] = values
    out["f1"] = {c: mean_and_sd([run["f1"][c] for run in runs])[0] for c in runs[0]["f1"]}
    return out


# -- parts ----------------------------------------------------------------------------------------


def fold_of(bench: Bench) -> np.ndarray:
    """The fold that holds each row out, stratified; -1 for none."""
    rng = np.random.default_rng(bench.options.seed)
    fold = np.full(bench.train.height, -1)
    label = bench.train[TARGET].to_numpy()
    for name, n in bench.sizes.items():
        if n > 1:
            at = rng.permutation(np.flatnonzero(label == name))
            fold[at] = np.arange(n) % FOLDS
    return fold


def folds(bench: Bench, results: Results) -> dict[str, Any]:
    """Macro-F1 on the other half of the training file, for each number of rows and share kept."""
    fold = fold_of(bench)
    found: dict[str, Any] = {}
    arms = [("SMOTE", 0.0), *(("ours", keep) for keep in KEEPS)]
    for k in range(FOLDS):
        rows, held = bench.train.filter(fold != k), bench.train.filter(fold == k)
        for arm, keep, count in [
            ("real", 0.0, 0),
            *((arm, keep, count) for arm, keep in arms for count in COUNTS),
        ]:
            more = bench.added(arm, f"fold{k}", rows, count, k, keep)
            score = bench.figures(rows, more, held, k)["macro_f1"]
            name = " ".join(str(part) for part in (arm, keep, count) if part)
            found.setdefault(name, []).append(score)
            console.print(f"fold {k}, {name}: {score:.4f}", markup=False)
    means = {name: float(np.mean(scores)) for name, scores in found.items()}
    keep = max(KEEPS, key=lambda x: np.mean([means[f"ours {x} {c}"] for c in COUNTS]))
    both = {c: means[f"SMOTE {c}"] + means[f"ours {keep} {c}"] for c in COUNTS}
    return {"macro_f1": found, "keep": keep, "chosen": max(both, key=lambda c: both[c])}


def real(bench: Bench, results: Results) -> dict[str, Any]:
    """Nothing added."""
    return bench.runs("real", 0)


def filled(arm: str, count: int) -> Part:
    """Classes filled up to `count`."""

    def part(bench: Bench, results: Results) -> dict[str, Any]:
        if arm != "ours":
            return {"count": count} | bench.runs(arm, count)
        keep = results.found["cross-validation"]["keep"]
        return {"count": count, "keep": keep} | bench.runs(arm, count, keep)

    return part


def plain(bench: Bench, results: Results) -> dict[str, Any]:
    """The chosen number of rows from the plain fit."""
    count = results.found["cross-validation"]["chosen"]
    return {"count": count} | bench.runs("plain", count)


def shares(bench: Bench, results: Results) -> dict[str, Any]:
    """Macro-F1 on the test file for each share of cells that stay."""
    found: dict[str, Any] = {}
    for keep in KEEPS:
        for count in COUNTS:
            run = bench.runs("ours", count, keep)
            found[f"{keep} {count}"] = {k: run[k] for k in ("macro_f1", "macro_f1_sd", "rare")}
    return {"of": found}


def speed(bench: Bench, results: Results) -> dict[str, Any]:
    """Seconds for 10,000 rows of the rarest class, and of any; the least of three."""
    model = bench.model("all", bench.train)
    rarest = next(iter(bench.sizes))
    times: dict[str, list[float]] = {"unconditional": [], "rarest": []}
    for _ in range(3):
        for key, given in (("unconditional", None), ("rarest", {TARGET: rarest})):
            begin = time.perf_counter()
            model.generate(10_000, given=given, seed=bench.options.seed)
            times[key].append(time.perf_counter() - begin)
    seconds = {key: min(values) for key, values in times.items()}
    return {
        "condition": f"{TARGET}={rarest}",
        "training_rows": bench.sizes[rarest],
        "seconds": seconds,
        "ratio": seconds["rarest"] / seconds["unconditional"],
        "to_reach": GOAL,
    }


PARTS: dict[str, Part] = {"cross-validation": folds, "real": real}
PARTS |= {f"{arm} {count}": filled(arm, count) for count in COUNTS for arm in ARMS}
PARTS |= {"plain": plain, "shares": shares, "speed": speed}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    options = parser().parse_args(arguments)
    names = options.only.split(",") if options.only else list(PARTS)
    if unknown := [name for name in names if name not in PARTS]:
        parser().error(f"--only: no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    if options.data is None or not (options.data / "tables").is_dir():
        console.print("rare: skipped, there is no data folder with NSL-KDD", markup=False)
        return 0
    bench, results = Bench(options), Results(options.output)
    for name in names:
        if options.resume and name in results.found:
            continue
        command = (
            f'python -m benchmarks.rare --data DATA --only "{name}" --seconds {options.seconds:g} '
            f"--seeds {options.seeds} --seed {options.seed}"
        )
        found = PARTS[name](bench, results)
        results.add(name, found | circumstances(command, options.seed))
    _print(results.found)
    return 0


def _print(found: dict[str, Any]) -> None:
    chosen = found.get("cross-validation", {}).get("chosen")
    rows = []
    if "real" in found:
        rows.append(_row("real", found["real"], ""))
    for count in COUNTS:
        note = "chosen" if count == chosen else ""
        for arm in (a for a in ARMS if f"{a} {count}" in found):
            rows.append(_row(f"{arm}, up to {count:,}", found[f"{arm} {count}"], note))
    if "plain" in found:
        rows.append(_row(f"plain, up to {found['plain']['count']:,}", found["plain"], ""))
    if rows:
        header = ("Trained on", "Added", "Macro-F1", "Rare", "With unseen", "Accuracy", "")
        show("NSL-KDD test file", header, rows)
    if "speed" in found:
        s = found["speed"]
        seconds = s["seconds"]
        console.print(
            f"10,000 rows of {s['condition']}: {seconds['rarest']:.2f} s, of any: "
            f"{seconds['unconditional']:.2f} s, ratio {s['ratio']:.3f} (to reach: {GOAL})",
            markup=False,
        )


def _row(name: str, figure: dict[str, Any], note: str) -> tuple[str, ...]:
    keys = ("macro_f1", "rare", "with_unseen", "accuracy")
    cells = (shown(figure[k], figure[f"{k}_sd"], 4) for k in keys)
    return (name, f"{figure['added']:,}", *cells, note)


if __name__ == "__main__":
    raise SystemExit(main())

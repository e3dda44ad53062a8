"""`python -m benchmarks.knowledge`: is what `explain` and `compare` say true?

* `closed`: a Gaussian chain, an exclusive-or of two coins beside noise, fresh rows of both; mutual
  information, alone and given all others, beside its closed form.
* `closed_short`: the same of fits of a tenth of the examples.
* `graphs`: mixed tables of 20 columns whose information given all others is known: a Gaussian chain
  of five, a Markov chain of four categories, a noisy exclusive-or of three coins, a category that
  moves one number and one that moves two, five columns apart. Average precision of edges and rank
  correlation with the truth over all 190 pairs. 177 of these are zero, a tie, and an estimator of
  zero has some order of its own among them; so beside the rank correlation of what is estimated
  stands that of what is *said*, the value where an edge is drawn and 0 elsewhere. Rivals are asked
  the same tables, of as many rows as each takes in some seconds.
* `independent`: tables of independent columns of every sort: how many have an edge.
* `alarms`: a short fit of one half of Shoppers against five parts of the other half: how often
  `compare RUN` says that something changed, at 5 %. (The test is exact whatever the network says,
  so a short fit does.)
* `alarms_fit`: halves of 3,000 rows by `compare A B`, a fit of both.
* `plants`: twelve changes planted in rows that were not fitted, 500 and 2,000 of each side, in each
  table in turn (Shoppers; with `--data` a folder that has Adult and NSL-KDD too). How often compare
  RUN, compare A B and a boosted two-sample test say so at 5 %; whether the right column or pair is
  named first where they do; whether a change of covariates alone and one of the target alone are
  told apart. The run's own rows are the 300 of 6,000 that its fit held out, so that beside it
  stands a boosted test of these. Rivals are asked the same rows: what they say by
  themselves, and from twenty turns of a table on at the threshold that 5 % of its rows without a
  change pass.
* `parts`: of the same plants those that change covariates alone or the target alone, and rows
  without a change: whether compare A B tells them apart, and how often each test is wrong.
* `speed`: explain and compare RUN of a table of 50 columns and 100,000 rows, without the fit.

Every call measures `--times` more turns of a part (another table, another fit), after those that
the results file has; what it says of a part is over all turns there. Turns of another file, that
were measured with another seed, are put behind these by `--join FILE` (with `--times 0`).

The boosted test (C2ST) is fitted to one half of the rows and its log-loss gain is permuted over the
other, 199 times: of the right size by construction, as the others are.

`--rivals FOLDER` makes environments of other tools there (`knowledge_rivals`); without it they are
not asked. Not asked at all: nannyml's domain classifier, at some 19 seconds a comparison (it is a
C2ST by the AUC), and alibi-detect's MMD, at 5 (frouros' is asked).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.special import ndtri
from scipy.stats import rankdata, spearmanr
from sklearn.metrics import average_precision_score

import interfuse
from benchmarks import knowledge_rivals
from benchmarks.common import ONE_THREAD, RESULTS, Results, circumstances, plain, show, shown
from benchmarks.environments import environment
from benchmarks.knowledge_plants import TABLES, Plant, Table, plants_of
from benchmarks.knowledge_truth import chain_truth, gaussian_chain, graph
from interfuse.evaluate.trees import boosted
from interfuse.kinds.table.ask.know.explain import edges_of
from interfuse.kinds.table.ask.know.pairs import FLOOR, Alone
from interfuse.kinds.table.ask.know.view import View, held_out, read_rows

SHOPPERS = Path(interfuse.__file__).parent / "shipped" / "shoppers.parquet"


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="python -m benchmarks.knowledge", description=__doc__)
    out.add_argument("--only", help="parts with commas between: " + ",".join(PARTS))
    out.add_argument("--times", type=int, default=1, help="turns of each part")
    out.add_argument("--examples", type=int, default=300_000, help="of the fits of truths")
    out.add_argument("--seed", type=int, default=0)
    out.add_argument("--rivals", type=Path, help="folder of the environments of other tools")
    out.add_argument(
        "--only-rivals", action="store_true",
        help="ask the rivals of `--only graphs` the tables of turns that they were not asked",
    )  # fmt: skip
    out.add_argument("--data", type=Path, help="folder of adult.parquet and nsl-kdd_train.parquet")
    out.add_argument("--join", type=Path, help="results whose turns of `--only` are put behind")
    out.add_argument("--output", type=Path, default=RESULTS / "knowledge.json")
    return out


# -- others --------------------------------------------------------------------------------------


def scores(frame: pl.DataFrame) -> np.ndarray:
    """(n, columns) normal scores; categories by the order of their values."""
    out = []
    for column in frame.iter_columns():
        x = column.rank("dense").to_numpy() if column.dtype == pl.String else column.to_numpy()
        out.append(ndtri((rankdata(x) - 0.5) / len(x)))
    return np.stack(out, 1)


def partial_correlations(frame: pl.DataFrame) -> np.ndarray:
    """Information of partial correlations of normal scores: (d, d)."""
    inverse = np.linalg.inv(np.corrcoef(scores(frame).T) + 1e-6 * np.eye(frame.width))
    scale = np.sqrt(np.diag(inverse))
    r = np.clip(-inverse / scale / scale[:, None], -0.999999, 0.999999)
    return -0.5 * np.log1p(-(r**2))


def boosted_residuals(frame: pl.DataFrame) -> np.ndarray:
    """|z| of the generalised covariance measure with boosted trees: (d, d).

    Shah & Peters 2020 (arXiv 1804.07203), one pair at a time: each is regressed on all others but
    its partner, fitted to one half and held against the other. For the time's sake each column is
    regressed once, on its ten nearest columns but the partner where that is among them.
    """
    x = scores(frame)
    n, d = x.shape
    fit, held = np.arange(0, n, 2), np.arange(1, n, 2)
    out = np.zeros((d, d))
    for a, b in combinations(range(d), 2):
        rest = [c for c in range(d) if c not in (a, b)]
        left = []
        for y in (a, b):
            model = boosted("regress", trees=15, depth=3, learning_rate=0.3)
            left.append(x[held, y] - model.fit(x[np.ix_(fit, rest)], x[fit, y]).predict(
                x[np.ix_(held, rest)]))  # fmt: skip
        product = left[0] * left[1]
        z = product.mean() / product.std() * np.sqrt(len(product))
        out[a, b] = out[b, a] = abs(z)
    return out


def c2st(codes: np.ndarray, labels: np.ndarray, seed: int, times: int = 199) -> float:
    """p-value of boosted trees that tell two sets of rows apart."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    fit, held = order[::2], order[1::2]
    model = boosted("classify", trees=60, depth=4, learning_rate=0.1, seed=seed)
    p = model.fit(codes[fit], labels[fit]).predict_proba(codes[held])[:, 1]
    logit = np.log(p) - np.log1p(-p)
    every = np.stack([labels[held], *(rng.permutation(labels[held]) for _ in range(times))])
    gain = every @ logit
    return float((gain >= gain[0]).mean())


# -- parts: one turn each --------------------------------------------------------------------------

Turn = dict[str, Any]


def closed(options: argparse.Namespace, turn: int) -> Turn:
    """A Gaussian chain and an exclusive-or, beside their closed forms."""
    rng = np.random.default_rng([options.seed, turn])
    rho = np.array([0.8, 0.8])

    def make(rows: int) -> pl.DataFrame:
        x = gaussian_chain(rows, rho, rng)
        a, b = rng.integers(0, 2, rows), rng.integers(0, 2, rows)
        c = (a ^ b) ^ (rng.random(rows) < 0.05)
        coins = {n: np.array(["0", "1"])[v.astype(int)] for n, v in (("a", a), ("b", b), ("c", c))}
        return pl.DataFrame({"x": x[:, 0], "y": x[:, 1], "z": x[:, 2]} | coins)

    model = interfuse.fit(make(8000), examples=options.examples, seed=turn)
    found = model.explain(make(4000)).data["dependence"]
    pairs = {frozenset((p["one"], p["two"])): p for p in found}
    partial = chain_truth(rho)
    flip = 0.05 * np.log(0.05) + 0.95 * np.log(0.95)
    truth = {
        "xy": (-0.5 * np.log(1 - 0.64), partial[0, 1]),
        "xz": (-0.5 * np.log(1 - 0.64**2), 0.0),
        "ac": (0.0, np.log(2) + flip),
    }
    out: Turn = {"examples": options.examples, "edges of 5": 0, "edges by trees": 0,
                 "false edges": 0}  # fmt: skip
    true = {frozenset(pair) for pair in ("xy", "yz", "ab", "ac", "bc")}
    for pair, one in pairs.items():
        out["edges of 5"] += one["edge"] and pair in true
        out["edges by trees"] += one["by"] == "trees"
        out["false edges"] += one["edge"] and pair not in true
    for names, (alone, given) in truth.items():
        one = pairs[frozenset(names)]
        out[f"I({names[0]}; {names[1]})"] = one["information"]
        out[f"I({names[0]}; {names[1]}) off by"] = abs(one["information"] - alone)
        out[f"I({names[0]}; {names[1]} | others)"] = one["given_others"]
        out[f"I({names[0]}; {names[1]} | others) off by"] = abs(one["given_others"] - given)
    return out


def closed_short(options: argparse.Namespace, turn: int) -> Turn:
    """The same, of a fit that is much too short for an exclusive-or."""
    return closed(argparse.Namespace(**vars(options) | {"examples": options.examples // 10}), turn)


def graphs(options: argparse.Namespace, turn: int) -> Turn:
    """A mixed graph."""
    make, truth = graph(options.seed + turn)
    train, fresh = make(10_000, 0), make(4_000, 1)
    model = interfuse.fit(train, examples=options.examples, seed=turn)
    names, told = train.columns, np.zeros((20, 20))
    clock = time.process_time()
    view = View.of(model.fitted)
    asked = read_rows(model.fitted, fresh)
    alone = Alone.of(view, asked)
    pairs = edges_of(model.fitted, view, asked, alone)
    out: Turn = {"examples": options.examples, "cpu seconds": time.process_time() - clock}
    edges = false = 0
    said = np.zeros((20, 20))
    for p in pairs:
        a, b = names.index(view.names[p.a]), names.index(view.names[p.b])
        told[a, b] = told[b, a] = max(p.given, 0.0)
        said[a, b] = said[b, a] = told[a, b] if p.edge else 0.0
        edges += p.edge
        false += bool(p.edge and truth[a, b] == 0)
    upper = np.triu_indices(20, 1)
    true = truth[upper] > 0
    out |= {"edges": edges, "false edges": false, "true edges": int(true.sum())}
    every = pl.concat([train, fresh])
    out["interfuse, said: rank correlation"] = spearmanr(truth[upper], said[upper])[0]
    others = {
        "interfuse": told,
        "partial correlation": partial_correlations(every),
        "boosted residuals": boosted_residuals(every),
    }
    return out | orders_of(others, truth) | edges_of_rivals(options, every, truth)


def orders_of(every: dict[str, np.ndarray], truth: np.ndarray) -> Turn:
    """How each method's order of the pairs is that of the truth."""
    out: Turn = {}
    upper = np.triu_indices(len(truth), 1)
    true = truth[upper] > 0
    for name, values in every.items():
        own = values[upper]
        out[f"{name}: rank correlation"] = spearmanr(truth[upper], own)[0]
        out[f"{name}: rank correlation over edges"] = spearmanr(truth[upper][true], own[true])[0]
        out[f"{name}: average precision"] = average_precision_score(true, own)
    return out


def edges_of_rivals(options: argparse.Namespace, every: pl.DataFrame, truth: np.ndarray) -> Turn:
    """The same of `knowledge_rivals`, with their CPU seconds; nothing without --rivals."""
    out: Turn = {}
    few = [c.dtype == pl.String for c in every.iter_columns()]
    for name, found in asked_of_rivals(options, "edges", {"t": {"x": scores(every), "few": few}}):
        if "score" in found:
            out |= orders_of({name: np.nan_to_num(np.array(found["score"]))}, truth)
            out[f"{name}: cpu seconds"] = found["seconds"]
        else:
            out[f"{name}: error"] = found["error"]
    return out


def ask_rivals_of_graphs(options: argparse.Namespace, turns: list[Turn]) -> None:
    """Ask the rivals the tables of turns that were measured without them, which need no fit."""
    rest = [i for i, turn in enumerate(turns) if not any("phik" in name for name in turn)]
    for i in rest[:1]:
        make, truth = graph(options.seed + i)
        every = pl.concat([make(10_000, 0), make(4_000, 1)])
        turns[i] |= plain(edges_of_rivals(options, every, truth))


def independent(options: argparse.Namespace, turn: int) -> Turn:
    """A table of independent columns."""
    rng = np.random.default_rng([options.seed, turn, 3])

    def make(rows: int) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "a": rng.normal(size=rows),
                "b": rng.exponential(size=rows),
                "c": rng.poisson(2, rows),
                "d": np.array(["u", "v", "w"])[rng.choice(3, rows, p=[0.6, 0.3, 0.1])],
                "e": np.array(["no", "yes"])[rng.integers(0, 2, rows)],
                "f": np.where(rng.random(rows) < 0.5, 0.0, rng.normal(size=rows)),
            }
        )

    model = interfuse.fit(make(2000), examples=10_000, seed=turn)
    view = View.of(model.fitted)
    rows = read_rows(model.fitted, make(1000))
    alone = Alone.of(view, rows)
    found = edges_of(model.fitted, view, rows, alone, floor=0.0)
    return {
        "has an edge": any(p.edge and p.given > FLOOR for p in found),
        "has an edge, no floor": any(p.edge for p in found),
        "largest": max(p.given for p in found),
    }


def alarms(options: argparse.Namespace, turn: int) -> Turn:
    """A run of half of Shoppers against five parts of the other half."""
    frame, each = pl.read_parquet(SHOPPERS), 5
    rng = np.random.default_rng([options.seed, turn, 4])
    at, half = rng.permutation(frame.height), frame.height // 2
    examples = min(options.examples, 5_000)
    model = interfuse.fit(frame[at[:half]], examples=examples, seed=turn)
    parts = (frame[at[half:][k::each]] for k in range(each))
    p = [model.compare(part, seed=k).p_value for k, part in enumerate(parts)]
    return {"p": p, "alarm": float(np.mean([x <= 0.05 for x in p]))}


def alarms_fit(options: argparse.Namespace, turn: int) -> Turn:
    """Halves of one table, a fit of both."""
    frame = pl.read_parquet(SHOPPERS)
    rng = np.random.default_rng([options.seed, turn, 5])
    at = rng.permutation(frame.height)[:3000]
    examples = min(options.examples, 5_000)
    found = interfuse.compare(frame[at[::2]], frame[at[1::2]], examples=examples, seed=turn)
    return {"p": found.p_value, "alarm": float(found.p_value <= 0.05)}


SIZES = {500: 7_500, 2_000: 15_000}
"""Rows of each side, and examples of the fit of both."""


def plants(options: argparse.Namespace, turn: int) -> Turn:
    """Every change at both sizes in one table; the tables take turns."""
    names = list(TABLES) if options.data else ["shoppers"]
    name = names[turn % len(names)]
    table = TABLES[name]
    frame = table.read(options.data)
    rng = np.random.default_rng([options.seed, turn, 6])
    at = rng.permutation(frame.height)
    model = interfuse.fit(frame[at[:6000]], examples=30_000, seed=turn)
    out: Turn = {"table": name, "plants": {}}
    held = held_out(model.fitted).frame
    pairs = {}
    for size, examples in SIZES.items():
        for plant, change in {"nothing": None, **plants_of(table)}.items():
            # Halves of its own for each: by chance some differ.
            place = rng.choice(at[6000:], 2 * size, replace=False)
            one, two = frame[place[:size]], frame[place[size:]]
            own = np.random.default_rng([options.seed, turn, 8, size])
            b = two if change is None else change.make(two, own)
            key = f"{plant}, {size}"
            a_codes, b_codes, few = coded(one, b)
            pairs[key] = {"a": a_codes, "b": b_codes, "few": few}
            if change is not None:
                out["plants"][key] = found_of(model, table, change, one, b, examples, turn)
                x = np.concatenate([a_codes, b_codes])
                p = c2st(x, np.repeat([0, 1], [len(one), len(b)]), turn)
                out["plants"][key]["boosted C2ST"] = p
                a_codes, b_codes, _ = coded(held, b.select(held.columns))
                x = np.concatenate([a_codes, b_codes])
                p = c2st(x, np.repeat([0, 1], [len(held), len(b)]), turn)
                out["plants"][key]["boosted C2ST, rows of RUN"] = p
    out["rivals"] = dict(asked_of_rivals(options, "change", pairs))
    return out


def found_of(
    model: Any,
    table: Table,
    change: Plant,
    one: pl.DataFrame,
    b: pl.DataFrame,
    examples: int,
    seed: int,
) -> Turn:
    """What compare RUN and compare A B say of a change: p, who is named first, what is larger."""
    run = model.compare(b, seed=seed)
    both = interfuse.compare(one, b, target=table.target, examples=examples, seed=seed)
    larger = larger_part(both.data)
    return {
        "compare RUN": run.p_value,
        "compare A B": both.p_value,
        "compare A B, judges": both.data["p_joint"],
        "compare A B, columns": both.data["p_columns"],
        "RUN names": change.is_right(names_first(run.data)),
        "A B names": change.is_right(names_first(both.data)),
        "part": None if change.part is None else larger == change.part,
    }


def larger_part(data: dict[str, Any]) -> str:
    """The part whose test alone says that it changed; else the one of more nats."""
    if data["part"] in ("covariate", "concept"):
        return data["part"]
    nats = {p["part"]: p["value"] for p in data["conditional"]}
    return "covariate" if nats["covariate"] > nats["concept"] else "concept"


def parts(options: argparse.Namespace, turn: int) -> Turn:
    """Changes of covariates alone and of the target alone, by compare A B; the tables take turns.

    Beside what is said now stands what the nats alone would say.
    """
    names = list(TABLES) if options.data else ["shoppers"]
    table = TABLES[names[turn % len(names)]]
    frame = table.read(options.data)
    rng = np.random.default_rng([options.seed, turn, 9])
    out: Turn = {"table": names[turn % len(names)]}
    seen: dict[str, list[bool]] = {}
    for size, examples in SIZES.items():
        for plant, change in {"nothing": None, **plants_of(table)}.items():
            if change is not None and change.part is None:
                continue
            place = rng.choice(frame.height, 2 * size, replace=False)
            one, two = frame[place[:size]], frame[place[size:]]
            b = two if change is None else change.make(two, rng)
            data = interfuse.compare(one, b, target=table.target, examples=examples, seed=turn).data
            tests = {p["part"]: p["p_rows"] for p in data["conditional"]}
            out[f"{plant}, {size}"] = {"p": data["p_value"], **tests, "part": data["part"]}
            if change is None:
                for part in ("covariate", "concept"):
                    seen.setdefault(f"alarms of the test of {part}", []).append(tests[part] <= 0.05)
                continue
            other = "covariate" if change.part == "concept" else "concept"
            seen.setdefault(f"{other} said of {plant}", []).append(tests[other] <= 0.05)
            if data["p_value"] <= 0.05:
                nats = larger_part({**data, "part": None})
                for key, said in (("right", larger_part(data)), ("right by nats alone", nats)):
                    seen.setdefault(key, []).append(said == change.part)
                    seen.setdefault(f"{key}: {plant}", []).append(said == change.part)
    out |= {f"times {k}": int(np.sum(v)) for k, v in seen.items()}
    out |= {f"of {k}": len(v) for k, v in seen.items()}
    return out


def names_first(data: dict[str, Any]) -> frozenset[str]:
    """The column that is named first, or the pair where its p-value is smaller."""
    column = data["columns"][0]
    pairs = [p for p in data["pairs"] if p["p"] is not None]
    pair = min(pairs, key=lambda p: (p["p"], -abs(p["z"])), default=None)
    of_column = (column["p"], -abs(column["z"] or 0)) if column["p"] is not None else (1.0, 0.0)
    if pair is not None and (pair["p"], -abs(pair["z"])) < of_column:
        return frozenset({pair["one"], pair["two"]})
    return frozenset({column["column"]})


def coded(one: pl.DataFrame, two: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, list[bool]]:
    """Both tables as numbers, texts by the order of their values; and which are texts."""
    both = pl.concat([one, two.select(one.columns)], how="vertical_relaxed")
    few = [not c.dtype.is_numeric() for c in both.iter_columns()]
    x = np.stack(
        [
            ((c.cast(pl.String).rank("dense") - 1) if f else c).cast(pl.Float64).fill_null(np.nan)
            .to_numpy()
            for c, f in zip(both.iter_columns(), few, strict=True)
        ],
        1,
    )  # fmt: skip
    return x[: one.height], x[one.height :], few


def asked_of_rivals(
    options: argparse.Namespace, what: str, tables: dict[str, dict[str, Any]]
) -> list[tuple[str, Any]]:
    """What `knowledge_rivals` says of some tables; nothing without --rivals."""
    if options.rivals is None:
        return []
    packages = knowledge_rivals.EDGES if what == "edges" else knowledge_rivals.CHANGE
    python = environment(options.rivals.absolute() / what, packages)
    with tempfile.TemporaryDirectory() as folder:
        for name, held in tables.items():
            np.savez(Path(folder) / f"{name}.npz", **held)
        source = Path(folder) / "t.npz" if what == "edges" else Path(folder)
        target = Path(folder) / "found.json"
        call = [python, knowledge_rivals.__file__, what, source, target]
        subprocess.run(
            list(map(str, call)), check=True, env=os.environ | ONE_THREAD, cwd=folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        found = json.loads(target.read_text(encoding="utf-8"))
    return list(found.items()) if what == "edges" else [(f["pair"], f["tools"]) for f in found]


def speed(options: argparse.Namespace, turn: int) -> Turn:
    """50 columns x 100,000 rows."""
    rng = np.random.default_rng([options.seed, turn, 7])
    n = 100_000
    hidden = rng.normal(size=(n, 5))
    columns: dict[str, Any] = {}
    for j in range(50):
        x = hidden @ rng.normal(size=5) + rng.normal(size=n)
        words = np.array(list("uvwxyz"))[np.digitize(x, [-3, -1, 0, 1, 3])]
        columns[f"c{j}"] = words if j % 2 else x
    frame = pl.DataFrame(columns)
    model = interfuse.fit(frame[:90_000], examples=20_000, seed=0)
    out: Turn = {"columns": 50, "rows": n}
    for name, ask in (
        ("explain", lambda: model.explain(target="c1")),
        ("compare RUN", lambda: model.compare(frame[90_000:])),
    ):
        clock, cpu = time.monotonic(), time.process_time()
        ask()
        out[f"{name}, seconds"] = time.monotonic() - clock
        out[f"{name}, cpu seconds"] = time.process_time() - cpu
    return out


PARTS: dict[str, Callable[[argparse.Namespace, int], Turn]] = {
    "closed": closed,
    "closed_short": closed_short,
    "graphs": graphs,
    "independent": independent,
    "alarms": alarms,
    "alarms_fit": alarms_fit,
    "plants": plants,
    "parts": parts,
    "speed": speed,
}


def summary(turns: list[Turn]) -> dict[str, float]:
    """Means over all turns of what is a number."""
    if "plants" in turns[0]:
        return summary_of_plants(turns)
    if any("of right" in t for t in turns):
        return summary_of_parts(turns)
    names = dict.fromkeys(n for t in turns for n, v in t.items() if isinstance(v, int | float))
    return {n: float(np.mean([t[n] for t in turns if n in t])) for n in names}


def summary_of_parts(turns: list[Turn]) -> dict[str, float]:
    """Shares over all cases, not over turns."""
    out: dict[str, float] = {}
    for name in dict.fromkeys(k.removeprefix("of ") for t in turns for k in t if k[:3] == "of "):
        many = sum(t.get(f"of {name}", 0) for t in turns)
        out[name] = sum(t.get(f"times {name}", 0) for t in turns) / many
        out[f"{name}, cases"] = many
    said = [
        (found["part"], "covariate" if key.startswith("covariate") else "concept")
        for turn in turns
        for key, found in turn.items()
        if isinstance(found, dict) and found["part"] and not key.startswith("nothing")
    ]
    fires: dict[str, list[bool]] = {}
    for turn in turns:
        for key, found in turn.items():
            if isinstance(found, dict):
                fires.setdefault(f"fires: {key.split(', ')[0]}", []).append(found["p"] <= 0.05)
    for name, values in fires.items():
        out[name], out[f"{name}, cases"] = float(np.mean(values)), len(values)
    if said:
        out["right where a test says one"] = float(np.mean([one == true for one, true in said]))
    out["right where a test says one, cases"] = len(said)
    return out


FEWEST_NULLS = 20


def summary_of_plants(turns: list[Turn]) -> dict[str, float]:
    """Power of each method over all, by plant and by table; names and parts where it fired."""
    ours = ("compare RUN", "compare A B", "boosted C2ST", "boosted C2ST, rows of RUN")
    seen: dict[str, list[bool]] = {}

    def add(name: str, plant: str, table: str, yes: bool) -> None:
        for key in (name, f"{name}: {plant}", f"{name}: {table}"):
            seen.setdefault(key, []).append(yes)

    limits = thresholds(turns)
    for turn in turns:
        for key, found in turn["plants"].items():
            plant, size = key.split(", ")
            for name in ours:
                add(f"power of {name}", plant, f"{turn['table']}, {size} rows", found[name] <= 0.05)
            for name, said in (("compare RUN", "RUN names"), ("compare A B", "A B names")):
                if found[name] <= 0.05:
                    seen.setdefault(f"{name} names it first", []).append(found[said])
                    seen.setdefault(f"{name} names it first: {plant}", []).append(found[said])
            if found["part"] is not None and found["compare A B"] <= 0.05:
                seen.setdefault("covariate against concept", []).append(found["part"])
                seen.setdefault(f"covariate against concept: {plant}", []).append(found["part"])
            for name, tool in turn["rivals"].get(key, {}).items():
                if "score" in tool:
                    limit = limits.get((turn["table"], size, name))
                    yes = tool["says"] if limit is None else tool["score"] > limit
                    add(f"power of {name}", plant, f"{turn['table']}, {size} rows", yes)
        for key, tools in turn["rivals"].items():
            for name, tool in tools.items() if key.startswith("nothing") else ():
                if "says" in tool:
                    seen.setdefault(f"alarms of {name} by itself", []).append(tool["says"])
    return {name: float(np.mean(values)) for name, values in sorted(seen.items())}


def thresholds(turns: list[Turn]) -> dict[tuple[str, str, str], float]:
    """By table, size and tool the score that 5 % of the rows without a change pass.

    Of fewer than `FEWEST_NULLS` turns there is none.
    """
    scores: dict[tuple[str, str, str], list[float]] = {}
    for turn in turns:
        for key, tools in turn["rivals"].items():
            plant, size = key.split(", ")
            for name, tool in tools.items() if plant == "nothing" else ():
                if "score" in tool:
                    scores.setdefault((turn["table"], size, name), []).append(tool["score"])
    return {
        key: float(np.quantile(values, 0.95))
        for key, values in scores.items()
        if len(values) >= FEWEST_NULLS
    }


def keep(results: Results, name: str, turns: list[Turn], options: argparse.Namespace) -> None:
    """Write all turns of a part, and what they say."""
    found = {"many": len(turns), "mean": summary(turns), "turns": turns}
    command = f"python -m benchmarks.knowledge --only {name} --times {len(turns)}"
    command += f" --examples {options.examples}"
    command += " --rivals FOLDER" if options.rivals else ""
    command += " --data FOLDER" if options.data else ""
    command += " --only-rivals" if options.only_rivals else ""
    command += " --join FILE" if options.join else ""
    results.add(name, {**found, **circumstances(command, options.seed)})


def main(words: list[str] | None = None) -> None:
    """Measure, print, and keep."""
    options = parser().parse_args(words)
    warnings.simplefilter("ignore", interfuse.InterfuseWarning)
    results = Results(options.output)
    for name in options.only.split(",") if options.only else PARTS:
        turns = list(results.found.get(name, {}).get("turns", []))
        if options.join:
            turns += Results(options.join).found[name]["turns"]
            keep(results, name, turns, options)
        for _ in range(options.times):
            if options.only_rivals:
                ask_rivals_of_graphs(options, turns)
            else:
                turns.append(plain(PARTS[name](options, len(turns))))
            keep(results, name, turns, options)
        rows = [(k, shown(v)) for k, v in summary(turns).items()]
        show(f"{name}, {len(turns)} turns", ("", "mean"), rows)


if __name__ == "__main__":
    main()

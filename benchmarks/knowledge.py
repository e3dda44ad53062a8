"""`python -m benchmarks.knowledge`: is what `explain` and `compare` say true?

* `closed`: a Gaussian chain, an exclusive-or of two coins beside noise, fresh rows of both; mutual
  information, alone and given all others, beside its closed form.
* `closed_short`: the same of fits of a tenth of the examples.
* `graphs`: mixed tables of 20 columns whose information given all others is known: a Gaussian chain
  of five, a Markov chain of four categories, a noisy exclusive-or of three coins, a category that
  moves one number and one that moves two, five columns apart. Rank correlation of what is told with
  the truth over all 190 pairs, and average precision of edges, beside partial correlation of normal
  scores and boosted residuals (the generalised covariance measure), on the same rows.
* `independent`: tables of independent columns of every sort: how many have an edge.
* `alarms`: a run of one half of Shoppers against fresh rows of the other: how often `compare RUN`
  says that something changed, at 5 %.
* `alarms_fit`: the same of `compare A B`, a fit of both.
* `plants`: changes planted in one half of Shoppers; how often each of compare RUN, compare A B and
  a boosted two-sample test says so at 5 %, and whether the right column or pair is named first.
* `speed`: explain and compare RUN of a table of 50 columns and 100,000 rows, without the fit.

Every call measures `--times` more turns of a part (another table, another fit), after those that
the results file has; what it says of a part is over all turns there.

The boosted test (C2ST) is fitted to one half of the rows and its log-loss gain is permuted over the
other, 199 times: of the right size by construction, as the others are.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.special import ndtri
from scipy.stats import norm, rankdata, spearmanr
from sklearn.metrics import average_precision_score

import interfuse
from benchmarks.common import RESULTS, Results, circumstances, plain, show, shown
from interfuse.evaluate.trees import boosted
from interfuse.kinds.table.ask.know.explain import edges_of
from interfuse.kinds.table.ask.know.pairs import FLOOR, Alone
from interfuse.kinds.table.ask.know.view import View, read_rows

SHOPPERS = Path(interfuse.__file__).parent / "shipped" / "shoppers.parquet"


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="python -m benchmarks.knowledge", description=__doc__)
    out.add_argument("--only", help="parts with commas between: " + ",".join(PARTS))
    out.add_argument("--times", type=int, default=1, help="turns of each part")
    out.add_argument("--examples", type=int, default=300_000, help="of the fits of truths")
    out.add_argument("--seed", type=int, default=0)
    out.add_argument("--output", type=Path, default=RESULTS / "knowledge.json")
    return out


# -- tables whose truth is known ---------------------------------------------------------------


def gaussian_chain(n: int, rho: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, k + 1) standard normal columns, neighbours with correlations rho."""
    x = [rng.normal(size=n)]
    for r in rho:
        x.append(r * x[-1] + np.sqrt(1 - r**2) * rng.normal(size=n))
    return np.stack(x, 1)


def chain_truth(rho: np.ndarray) -> dict[tuple[int, int], float]:
    """Information of neighbours given all others, by the partial correlations; else 0."""
    k = len(rho) + 1
    cov = np.array([[np.prod(rho[min(i, j) : max(i, j)]) for j in range(k)] for i in range(k)])
    inverse = np.linalg.inv(cov)
    scale = np.sqrt(np.diag(inverse))
    partial = -inverse / scale / scale[:, None]
    return {
        (i, j): float(-0.5 * np.log1p(-(partial[i, j] ** 2))) if j == i + 1 else 0.0
        for i, j in combinations(range(k), 2)
    }


def table_truth(p: np.ndarray) -> dict[tuple[int, int], float]:
    """I(a; b | others) of every pair of axes of a table of probabilities."""

    def entropy(axes: tuple[int, ...]) -> float:
        q = p.sum(tuple(a for a in range(p.ndim) if a not in axes)).ravel()
        q = q[q > 0]
        return float(-(q * np.log(q)).sum())

    every = tuple(range(p.ndim))
    out = {}
    for a, b in combinations(every, 2):
        rest = tuple(c for c in every if c not in (a, b))
        value = entropy((a, *rest)) + entropy((b, *rest)) - entropy(every) - entropy(rest)
        out[a, b] = max(value, 0.0) if value > 1e-9 else 0.0
    return out


def draw_table(p: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, axes) codes."""
    return np.stack(np.unravel_index(rng.choice(p.size, n, p=p.ravel()), p.shape), 1)


def mixture_truth(weights: np.ndarray, means: np.ndarray) -> dict[tuple[int, int], float]:
    """A category (0) and numbers that are N(mean of it, 1) apart otherwise, by integration.

    I(c; x_j | others) = I(c; all x) - I(c; the other x), each an integral on a grid.
    """
    k, p = means.shape

    def told(columns: list[int]) -> float:
        if not columns:
            return 0.0
        axis = np.linspace(means.min() - 6, means.max() + 6, 161)
        density = np.ones((k, *[len(axis)] * len(columns)))
        for place, j in enumerate(columns):
            shape = [1] * len(columns)
            shape[place] = len(axis)
            for c in range(k):
                density[c] *= norm.pdf(axis, means[c, j], 1).reshape(shape)
        joint = weights.reshape(-1, *[1] * len(columns)) * density
        total = joint.sum(0)
        ratio = np.log(np.maximum(density, 1e-300) / np.maximum(total, 1e-300))
        return float((joint * ratio).sum() * (axis[1] - axis[0]) ** len(columns))

    every = list(range(p))
    out = {(0, 1 + j): told(every) - told([i for i in every if i != j]) for j in every}
    return out | {(1 + i, 1 + j): 0.0 for i, j in combinations(every, 2)}


def graph(seed: int) -> tuple[Callable[[int, int], pl.DataFrame], np.ndarray]:
    """A maker of rows of 20 columns, and the truth (20, 20) of information given all others."""
    rng = np.random.default_rng([seed, 1])
    rho = rng.uniform(0.2, 0.8, 4) * rng.choice([-1, 1], 4)
    initial, step = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3) * 0.8, 3)
    markov = np.einsum("a,ab,bc,cd->abcd", initial, step, step, step)
    flip = rng.uniform(0.02, 0.1)
    xor = np.array([[[0.25 * (1 - flip if a ^ b == c else flip) for c in (0, 1)] for b in (0, 1)]
                    for a in (0, 1)])  # fmt: skip
    one = rng.dirichlet(np.ones(3) * 5), rng.normal(size=(3, 1)) * 1.2
    two = rng.dirichlet(np.ones(3) * 5), rng.normal(size=(3, 2)) * 1.0
    parts = [chain_truth(rho), table_truth(markov), table_truth(xor),
             mixture_truth(*one), mixture_truth(*two)]  # fmt: skip
    truth, start = np.zeros((20, 20)), 0
    for part, size in zip(parts, (5, 4, 3, 2, 3), strict=True):
        for (a, b), value in part.items():
            truth[start + a, start + b] = truth[start + b, start + a] = value
        start += size

    def make(rows: int, turn: int) -> pl.DataFrame:
        rng = np.random.default_rng([seed, 2, turn])
        columns: dict[str, Any] = {}
        for i, x in enumerate(gaussian_chain(rows, rho, rng).T):
            columns[f"g{i}"] = np.exp(x) if i % 2 else x
        for i, x in enumerate(draw_table(markov, rows, rng).T):
            columns[f"m{i}"] = np.array(["u", "v", "w"])[x]
        for i, x in enumerate(draw_table(xor, rows, rng).T):
            columns[f"x{i}"] = np.array(["no", "yes"])[x]
        for name, (weights, means) in (("c", one), ("d", two)):
            c = rng.choice(3, rows, p=weights)
            columns[name] = np.array(["p", "q", "r"])[c]
            for j in range(means.shape[1]):
                columns[f"{name}{j}"] = means[c, j] + rng.normal(size=rows)
        columns["i0"], columns["i1"] = rng.normal(size=rows), rng.exponential(size=rows)
        columns["i2"] = np.array(["s", "t"])[rng.integers(0, 2, rows)]
        return pl.DataFrame(columns)

    return make, truth


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
    for p in pairs:
        a, b = names.index(view.names[p.a]), names.index(view.names[p.b])
        told[a, b] = told[b, a] = max(p.given, 0.0)
        edges += p.edge
        false += bool(p.edge and truth[a, b] == 0)
    upper = np.triu_indices(20, 1)
    true = truth[upper] > 0
    out |= {"edges": edges, "false edges": false, "true edges": int(true.sum())}
    every = pl.concat([train, fresh])
    for name, values in (
        ("interfuse", told),
        ("partial correlation", partial_correlations(every)),
        ("boosted residuals", boosted_residuals(every)),
    ):
        own = values[upper]
        out[f"{name}: rank correlation"] = spearmanr(truth[upper], own)[0]
        out[f"{name}: rank correlation over edges"] = spearmanr(truth[upper][true], own[true])[0]
        out[f"{name}: average precision"] = average_precision_score(true, own)
    return out


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
    order = rng.permutation(frame.height)
    half = frame.height // 2
    examples = min(options.examples, 30_000)
    model = interfuse.fit(frame[order[:half]], examples=examples, seed=turn)
    parts = (frame[order[half:][k::each]] for k in range(each))
    p = [model.compare(part, seed=k).p_value for k, part in enumerate(parts)]
    return {"p": p, "alarm": float(np.mean([x <= 0.05 for x in p]))}


def alarms_fit(options: argparse.Namespace, turn: int) -> Turn:
    """Halves of one table, a fit of both."""
    frame = pl.read_parquet(SHOPPERS)
    rng = np.random.default_rng([options.seed, turn, 5])
    at = rng.permutation(frame.height)[:3000]
    found = interfuse.compare(frame[at[::2]], frame[at[1::2]], examples=5_000, seed=turn)
    return {"p": found.p_value, "alarm": float(found.p_value <= 0.05)}


def plants_of(rng: np.random.Generator) -> dict[str, tuple[Callable[..., pl.DataFrame], set[str]]]:
    """By name a change of a frame, and the columns of which the first named has to be one."""

    def some(frame: pl.DataFrame, share: float) -> pl.Series:
        return pl.Series(rng.random(frame.height) < share)

    def mean(f: pl.DataFrame) -> pl.DataFrame:
        return f.with_columns(pl.col("ExitRates") * 1.15)

    def share(f: pl.DataFrame) -> pl.DataFrame:
        new = pl.when(some(f, 0.08)).then(pl.lit("New_Visitor")).otherwise(pl.col("VisitorType"))
        return f.with_columns(new.alias("VisitorType"))

    def missing(f: pl.DataFrame) -> pl.DataFrame:
        return f.with_columns(pl.when(some(f, 0.02)).then(None).otherwise(pl.col("Browser"))
                              .alias("Browser"))  # fmt: skip

    def flips(f: pl.DataFrame) -> pl.DataFrame:
        return f.with_columns((pl.col("Revenue") ^ some(f, 0.06)).alias("Revenue"))

    def apart(f: pl.DataFrame) -> pl.DataFrame:
        order = rng.permutation(f.height)
        part = rng.random(f.height) < 0.5
        index = np.where(part, order, np.arange(f.height))
        return f.with_columns(f["BounceRates"].gather(index))

    def group(f: pl.DataFrame) -> pl.DataFrame:
        new = some(f, 0.02)
        return f.with_columns(
            pl.when(new).then(pl.lit(500.0)).otherwise(pl.col("Informational_Duration"))
            .alias("Informational_Duration")
        )  # fmt: skip

    def concept(f: pl.DataFrame) -> pl.DataFrame:
        late = (pl.col("PageValues") > 0) & some(f, 0.35)
        return f.with_columns((pl.col("Revenue") & ~late).alias("Revenue"))

    def spread(f: pl.DataFrame) -> pl.DataFrame:
        wide = pl.Series(np.exp(0.25 * rng.normal(size=f.height)))
        return f.with_columns(pl.col("ProductRelated_Duration") * wide)

    return {
        "mean": (mean, {"ExitRates"}),
        "share": (share, {"VisitorType"}),
        "missing": (missing, {"Browser"}),
        "flips": (flips, {"Revenue"}),
        "dependence": (apart, {"BounceRates", "ExitRates"}),
        "group": (group, {"Informational_Duration", "Informational"}),
        "concept": (concept, {"Revenue"}),
        "spread": (spread, {"ProductRelated_Duration"}),
    }


def plants(options: argparse.Namespace, turn: int) -> Turn:
    """One planted change, 2,000 rows of each side; the changes take turns."""
    frame = pl.read_parquet(SHOPPERS)
    rng = np.random.default_rng([options.seed, turn, 6])
    half = frame.height // 2
    order = rng.permutation(frame.height)
    model = interfuse.fit(frame[order[:half]], examples=30_000, seed=turn)
    at = order[half:]
    one, two = frame[at[:2000]], frame[at[2000:4000]]
    name, (planted, right) = list(plants_of(rng).items())[turn % len(plants_of(rng))]
    b = planted(two)
    of_run = model.compare(b, seed=turn)
    of_both = interfuse.compare(one, b, examples=15_000, seed=turn)
    both = pl.concat([one, b.select(one.columns)], how="vertical_relaxed")
    texts = both.schema
    x = np.stack([(c.rank("dense") if texts[c.name] == pl.String else c.cast(pl.Float64)).to_numpy()
                  for c in both.iter_columns()], 1)  # fmt: skip
    labels = np.repeat([0, 1], [one.height, b.height])
    return {
        "plant": name,
        "compare RUN": float(of_run.p_value <= 0.05),
        "compare A B": float(of_both.p_value <= 0.05),
        "boosted C2ST": float(c2st(x, labels, turn) <= 0.05),
        "RUN names it first": float(of_run.data["columns"][0]["column"] in right),
        "A B names it first": float(of_both.data["columns"][0]["column"] in right),
    }


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
    "speed": speed,
}


def summary(turns: list[Turn]) -> dict[str, float]:
    """Means over all turns of what is a number."""
    names = [n for n, v in turns[0].items() if isinstance(v, int | float)]
    return {n: float(np.mean([t[n] for t in turns])) for n in names}


def main(words: list[str] | None = None) -> None:
    """Measure, print, and keep."""
    options = parser().parse_args(words)
    warnings.simplefilter("ignore", interfuse.InterfuseWarning)
    results = Results(options.output)
    for name in options.only.split(",") if options.only else PARTS:
        turns = list(results.found.get(name, {}).get("turns", []))
        for _ in range(options.times):
            turns.append(plain(PARTS[name](options, len(turns))))
            found = {"many": len(turns), "mean": summary(turns), "turns": turns}
            command = f"python -m benchmarks.knowledge --only {name} --times {len(turns)}"
            command += f" --examples {options.examples}"
            results.add(name, {**found, **circumstances(command, options.seed)})
        rows = [(k, shown(v)) for k, v in summary(turns).items()]
        show(f"{name}, {len(turns)} turns", ("", "mean"), rows)


if __name__ == "__main__":
    main()

"""`python -m benchmarks.interactions --data DATA`: who touched what.

    lastfm, gowalla   recommendations on LightGCN's splits, beside plain methods of the same run;
                      settings and weights are chosen on touches of the training part;
                      items of one user count too, as in published figures
    beauty            S3Rec's Amazon Beauty, last touch held out, order used, full ranking
    users             drawn users of last.fm beside a real half and beside independent items
    odd               fake users of four sorts among held-out ones
    scale             the experts and recommendations for many users and items

`scale` needs no data: its touches are made, with a power law and clusters.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.common import RESULTS, Results, circumstances, show, shown
from interfuse.io.origin import Origin
from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.data.find import find_schema
from interfuse.kinds.interactions.judge import drawn
from interfuse.kinds.interactions.judge.backtest import backtest
from interfuse.kinds.interactions.judge.metrics import Ranking
from interfuse.kinds.interactions.learn.choose import choose, fit_panel, part

PARTS = ("lastfm", "gowalla", "beauty", "users", "odd", "scale")
FILES = {"lastfm": "lastfm-lightgcn", "gowalla": "gowalla-lightgcn", "beauty": "s3rec-beauty"}
FAKES = ("by popularity", "evenly", "spliced", "push")


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="python -m benchmarks.interactions", description=__doc__)
    out.add_argument("--data", type=Path, help="data folder")
    out.add_argument("--only", help="parts with commas between")
    out.add_argument("--seed", type=int, default=0)
    out.add_argument("--users", type=int, default=100_000, help="of scale")
    out.add_argument("--items", type=int, default=100_000, help="of scale")
    out.add_argument("--out", type=Path, default=RESULTS / "interactions.json")
    return out


def recommendations(path: Path, split: str, seed: int) -> dict[str, Any]:
    """All methods on one split."""
    at = 10 if split == "last" else 20
    frame = pl.read_parquet(path)
    schema = replace(find_schema(frame, Origin(), {}, path.name), fewest_users=1)
    if split == "last":  # places in a sequence are its times
        frame = frame.rename({"pos": "time"})
        schema = replace(schema, time="time")
    begin, cpu = time.monotonic(), time.process_time()
    found = backtest(frame, schema=schema, split=split, at=at, seed=seed, tell=print)
    report = found.to_json()
    report["methods"] = {name: r._asdict() for name, r in found.methods.items()}
    report |= {"seconds": time.monotonic() - begin, "cpu_seconds": time.process_time() - cpu}
    rows = [
        (name, *(shown(v, digits=4) for v in figures))
        for name, figures in sorted(found.methods.items(), key=lambda x: -x[1].ndcg)
    ]
    show(f"{path.stem}: {found.title}, at {at}", ("method", *Ranking._fields), rows)
    return report


def _lastfm(data: Path) -> pl.DataFrame:
    frame = pl.read_parquet(data / "interactions" / f"{FILES['lastfm']}.parquet")
    return frame.filter(pl.col("split") == "train").select("user", "item")


def _fitted(frame: pl.DataFrame, seed: int) -> Any:
    import interfuse

    return interfuse.fit(frame, kind="interactions", seed=seed)


def _baskets(frame: pl.DataFrame, model: Any) -> Baskets:
    from interfuse.kinds.interactions.ask.reading import asked

    return asked(model.fitted, frame)[0]


def users(data: Path, seed: int) -> dict[str, Any]:
    """Users drawn from a model of one half of the real ones, against that half."""
    frame = _lastfm(data)
    rng = np.random.default_rng(seed)
    who = frame["user"].unique().sort().to_numpy()
    half = rng.permutation(who)[: len(who) // 2]
    one = frame.filter(pl.col("user").is_in(half.tolist()))
    other = frame.filter(~pl.col("user").is_in(half.tolist()))
    model = _fitted(one, seed)
    real, rest = _baskets(one, model), _baskets(other, model)
    asked, wanted = part(rest, 0.2, False, rng)
    there = np.flatnonzero((wanted.lengths > 0) & (asked.lengths > 0))
    asked, wanted = asked.take(there), wanted.take(there)
    made = _baskets(model.generate(len(real), seed=seed), model)
    popular = np.bincount(real.items, minlength=real.size).astype(float)
    lists = [rng.choice(real.size, n, replace=False, p=popular / popular.sum())
             for n in real.lengths]  # fmt: skip
    alone = Baskets(real.indptr, np.concatenate(lists).astype(np.int32), real.size)
    out: dict[str, Any] = {"users": len(real), "items": real.size}
    for name, b in (("interfuse", made), ("other real users", rest), ("independent items", alone)):
        out[name] = {
            "popularity": drawn.popularity_distance(real, b),
            "lengths": drawn.length_distance(real, b),
            "pairs": drawn.pair_correlation(real, b),
            "trees": drawn.tell_apart(real, b, seed),
            "nearest": drawn.nearest_is_fitted(real, rest, b, seed) if b is not rest else None,
            "recommender": drawn.recommender(b, asked, wanted) if b is not rest else
            drawn.recommender(real, asked, wanted),
        }  # fmt: skip
    names = list(out["interfuse"])
    rows = [(k, *(shown(v[n]) for n in names)) for k, v in out.items() if isinstance(v, dict)]
    show("Drawn users (recommender of the real row: EASE of the fitted half)", ("", *names), rows)
    return out


def fakes(real: Baskets, popular: np.ndarray, sort: str, rng: np.random.Generator) -> Baskets:
    """As many fake users of the lengths of real ones."""
    share, m, lists = popular / popular.sum(), real.size, []
    pushed = np.argsort(popular, kind="stable")[len(popular) // 4 :][:5]
    for u, n in enumerate(real.lengths):
        if sort == "by popularity":
            lists.append(rng.choice(m, n, replace=False, p=share))
        elif sort == "evenly":
            lists.append(rng.choice(m, n, replace=False))
        elif sort == "spliced":
            pair = [u, int(rng.integers(len(real)))]
            own = [real.items[real.indptr[v] : real.indptr[v + 1]] for v in pair]
            halves = [rng.permutation(x)[: max(len(x) // 2, 1)] for x in own]
            lists.append(np.unique(np.concatenate(halves)))
        else:  # a few unpopular items that are pushed, among the most popular ones
            best = np.argsort(-popular, kind="stable")[: 4 * n]
            fill = rng.choice(best, max(n - 5, 1), replace=False)
            lists.append(np.union1d(fill, pushed))
    indptr = np.concatenate([[0], np.cumsum([len(x) for x in lists])]).astype(np.int64)
    return Baskets(indptr, np.concatenate(lists).astype(np.int32), m)


def odd(data: Path, seed: int) -> dict[str, Any]:
    """AUC of the one score of users, among as many that were not fitted."""
    from sklearn.metrics import roc_auc_score

    from interfuse.kinds.interactions.ask.usual import per_user, surprise

    frame = _lastfm(data)
    rng = np.random.default_rng(seed)
    who = rng.permutation(frame["user"].unique().sort().to_numpy())
    fresh = who[: len(who) // 5].tolist()
    model = _fitted(frame.filter(~pl.col("user").is_in(fresh)), seed)
    f = model.fitted
    real = _baskets(frame.filter(pl.col("user").is_in(fresh)), model)
    real = real.take(np.flatnonzero(real.lengths))
    popular = f.panel.popularity.astype(float)

    def scored(b: Baskets) -> tuple[np.ndarray, np.ndarray]:
        figures = per_user(surprise(f.panel, f.net, b), b)
        return f.usual.scores(figures, b.lengths), figures

    score, figures = scored(real)
    out: dict[str, Any] = {"users": len(real)}
    for sort in FAKES:
        fake, other = scored(fakes(real, popular, sort, rng))
        y = np.repeat([0, 1], [len(score), len(fake)])
        both = np.concatenate([figures, other])
        out[sort] = {
            "score": float(roc_auc_score(y, np.concatenate([score, fake]))),
            "plain": float(roc_auc_score(y, both[:, 0])),
            "less popularity": float(roc_auc_score(y, both[:, 1])),
        }
    rows = [(k, *(shown(x) for x in v.values())) for k, v in out.items() if isinstance(v, dict)]
    show("Fake users, AUC", ("drawn", "score", "plain", "less popularity"), rows)
    return out


def scale(users: int, items: int, seed: int) -> dict[str, Any]:
    """Choose and fit the experts, and recommend for 10,000 users."""
    rng = np.random.default_rng(seed)
    clusters = max(items // 200, 1)
    lengths = np.clip(rng.pareto(1.5, users) * 6 + 3, 3, 500).astype(np.int64)
    who = np.repeat(np.arange(users), lengths)
    inside = rng.random(len(who)) < 0.7
    place = np.minimum((items ** rng.random(len(who)) - 1), items - 1).astype(np.int64)
    near = rng.integers(clusters, size=users)[who] + clusters * (
        (items // clusters) ** rng.random(len(who)) - 1
    ).astype(np.int64)
    what = np.where(inside, np.minimum(near, items - 1), place)
    pairs = np.unique(who * items + what)
    who, what = pairs // items, pairs % items
    indptr = np.concatenate([[0], np.cumsum(np.bincount(who, minlength=users))])
    baskets = Baskets(indptr, what.astype(np.int32), items)
    before = _peak()
    cpu = time.process_time()
    choices = choose(baskets, False, seed, print)
    chosen = time.process_time()
    panel = fit_panel(choices, baskets, False, seed)
    fitted = time.process_time()
    from interfuse.kinds.interactions.experts.panel import top, without_known
    from interfuse.kinds.interactions.learn.choose import blocks

    for index in blocks(min(10_000, users), items):
        known = baskets.take(index)
        top(without_known(panel.scores(known), known), 10)
    out = {
        "users": users, "items": items, "touches": len(what),
        "choosing_cpu_seconds": chosen - cpu, "fitting_cpu_seconds": fitted - chosen,
        "recommending_cpu_seconds": time.process_time() - fitted,
        "recommended_users": min(10_000, users), "peak_gb": _peak(), "data_gb": before,
    }  # fmt: skip
    show("Scale", ("", ""), [(k, shown(float(v), digits=2)) for k, v in out.items()])
    return out


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and add to the results."""
    options = parser().parse_args(arguments)
    wanted = options.only.split(",") if options.only else list(PARTS)
    results = Results(options.out)
    for name in wanted:
        if name not in PARTS:
            raise SystemExit(f"no {name!r}; there are {', '.join(PARTS)}")
        if name != "scale" and options.data is None:
            continue
        path = (options.data or Path()) / "interactions" / f"{FILES.get(name, name)}.parquet"
        if name in FILES:
            if not path.exists():
                print(f"{name}: {path.name} is not in the data folder; left out")
                continue
            found = recommendations(path, "last" if name == "beauty" else "split", options.seed)
        elif name == "scale":
            found = scale(options.users, options.items, options.seed)
        else:
            measure = users if name == "users" else odd
            found = measure(options.data or Path(), options.seed)
        command = f"python -m benchmarks.interactions --data DATA --only {name}"
        results.add(name, {**found, **circumstances(command, options.seed)})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

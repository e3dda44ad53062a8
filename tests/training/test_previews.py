"""Marginals while a table is fitted: they converge, cost little, and change nothing."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.io.shares import distribution
from interfuse.kinds.table import previews
from interfuse.run.fitting import Notice
from interfuse.train.events import Event
from interfuse.train.state import Progress


def table(rows: int = 600) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    kind = rng.choice(["a", "b", "c"], rows, p=[0.8, 0.15, 0.05])
    size = np.where(kind == "a", 10.0, 200.0) + rng.normal(size=rows).round(2)
    return pl.DataFrame(
        {
            "name": [f"n{i}" for i in range(rows)],
            "kind": kind,
            "size": size,
            "at": [dt.datetime(2024, 1, 1) + dt.timedelta(i) for i in range(rows)],
        }
    )


class Watcher:
    """A listener that looks at marginals, or does not."""

    def __init__(self, looks: bool) -> None:
        self.previews = looks
        self.shown: list[list[dict]] = []

    def __call__(self, said: Notice | Event) -> None:
        if isinstance(said, Notice) and said.stage == "preview":
            self.shown.append(said.value)


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    """One fit that was watched at every evaluation, and the same unwatched."""
    before = previews.SHARE
    previews.SHARE = 1e9
    out = {}
    try:
        for looks in (True, False):
            watcher = Watcher(looks)
            folder = tmp_path_factory.mktemp("fit") / "run"
            model = interfuse.fit(
                table(), folder=folder, examples=30_000, kinds={"name": "key"}, listener=watcher
            )
            out[looks] = watcher.shown, model
    finally:
        previews.SHARE = before
    return out


def test_drawn_marginals_approach_the_real_ones(fits):
    shown, _ = fits[True]
    assert len(shown) > 2  # keys, and times that are all different, are no columns to compare
    for columns in shown:
        assert {c["name"] for c in columns} == {"kind", "size"}
        for c in columns:
            assert sum(c["shares"]) == pytest.approx(1, abs=1e-6)
            assert sum(c["other"]) == pytest.approx(1, abs=1e-6)
    off = [max(previews._off(c) for c in columns) for columns in shown]
    # 256 rows of three categories or two groups are off by about .04 by chance.
    assert min(off[1:]) < 0.15
    assert min(off[1:]) <= off[0]


def test_a_fit_is_the_same_with_or_without_them(fits):
    watched, plain = fits[True][1], fits[False][1]
    assert fits[False][0] == []
    for (name, a), (_, b) in zip(
        watched.net.state_dict().items(), plain.net.state_dict().items(), strict=True
    ):
        assert bool((a == b).all()), name
    assert watched.generate(50, seed=1).equals(plain.generate(50, seed=1))


def test_they_take_at_most_a_hundredth_of_the_time(monkeypatch):
    now, cost, told = [0.0], 0.25, []  # of binary numbers, so that sums are exact
    made = previews.Previews.__new__(previews.Previews)
    made.real, made.names = pl.DataFrame({"x": [1.0]}), ["x"]
    made.listener, made.clock = told.append, lambda: now[0]
    made.begun, made.spent, made.cost = 0.0, 0.0, previews.FIRST_COST

    def shown(self):
        now[0] += cost
        return []

    monkeypatch.setattr(previews.Previews, "_shown", shown)
    for kind in ("evaluated", "tick"):
        for _ in range(200):
            now[0] += 1.0
            made(Event(kind, Progress(), None, 0.0, 0.0))
            # The first one may cost more than it is taken to.
            assert made.spent <= max(cost, previews.SHARE * now[0])
    assert len(told) > 3
    assert made.spent <= previews.SHARE * now[0]


def test_shares_are_those_of_counting():
    a, b = pl.Series("x", [0.0, 1.0, 2.0, 3.0] * 50), pl.Series("x", [0.0, 0.0, 3.0, None])
    found = distribution(a, b)
    assert (found["low"], found["high"], found["missing"]) == (0.0, 3.0, 0)
    assert [s for s in found["shares"] if s] == [0.25] * 4
    assert found["other"][0] == pytest.approx(2 / 3)
    assert found["other"][-1] == pytest.approx(1 / 3)

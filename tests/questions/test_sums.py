"""Parts of a known sum: on the line, and by the chances that Bayes' rule gives."""

import numpy as np
import polars as pl
import pytest
import torch
from scipy import stats

import interfuse
from interfuse.kinds.table.ask.pairs import place_in_bin
from interfuse.kinds.table.fields.number import NumberField
from interfuse.kinds.table.schema import ColumnSpec

SIZE = 12


def parts(n: int, seed: int) -> pl.DataFrame:
    """Two binomials whose chances depend on the kind; b is 0 in a third of the rows."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 2, n)
    a = rng.binomial(SIZE, np.where(kind, 0.3, 0.6), n)
    b = np.where(rng.random(n) < 1 / 3, 0, 1 + rng.binomial(SIZE, np.where(kind, 0.5, 0.2), n))
    frame = pl.DataFrame({"kind": np.where(kind, "x", "y"), "a": a, "b": b})
    return frame.with_columns(total=pl.col("a") + pl.col("b"))


def chances(kind: str, total: int) -> np.ndarray:
    """P(a | kind, total), a = 0 .. SIZE."""
    p, q = (0.3, 0.5) if kind == "x" else (0.6, 0.2)
    a = np.arange(SIZE + 1)
    b = total - a
    other = np.where(b == 0, 1 / 3, np.where(b > 0, 2 / 3 * stats.binom.pmf(b - 1, SIZE, q), 0))
    joint = stats.binom.pmf(a, SIZE, p) * other
    return joint / joint.sum()


@pytest.fixture(scope="module")
def model():
    return interfuse.fit(parts(8_000, 0), examples=120_000)


def asked(kinds, totals, known=(), **more):
    n = len(totals)
    table = pl.DataFrame({"kind": kinds, "a": [None] * n, "b": [None] * n, "total": totals})
    types = {"kind": pl.String, "a": pl.Int64, "b": pl.Int64, "total": pl.Int64}
    return table.cast(types)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["x", "y"])
@pytest.mark.parametrize("total", [5, 8, 11])
def test_parts_have_their_posterior(model, kind, total):
    answer = model.impute(asked([kind] * 300, [total] * 300), draws=20, seed=2)
    assert not answer.warnings
    a = np.stack([f["a"].to_numpy() for f in answer.frames()])
    b = np.stack([f["b"].to_numpy() for f in answer.frames()])
    assert (a + b == total).all()
    found = np.bincount(a.ravel(), minlength=SIZE + 1) / a.size
    # 300 rows: an error of .03 at most; of the 8,000 rows fitted some hundreds are like these.
    assert np.abs(found - chances(kind, total)).sum() / 2 < 0.12


@pytest.mark.parametrize(("kind", "total"), [("x", 3), ("y", 14), ("y", 22)])
def test_parts_have_the_chances_that_the_model_gives_pairs(model, kind, total):
    answer = model.impute(asked([kind] * 300, [total] * 300), draws=20, seed=2)
    a = np.stack([f["a"].to_numpy() for f in answer.frames()])
    found = np.bincount(a.ravel(), minlength=SIZE + 1) / a.size
    prepared = model.imputation(asked([kind], [total]))
    codec, sampler = model.codec, prepared.sampler
    values = {n: np.unique(codec.fields[n].quantiles.knots.value).tolist() for n in "ab"}
    cell = {n: codec.places[n].codes.start for n in "ab"}
    first = np.zeros(SIZE + 1)
    rows = asked([kind] * (SIZE + 1), [None] * (SIZE + 1))
    for given in (rows, rows.with_columns(a=pl.Series(range(SIZE + 1)))):
        known = prepared.reader.read(given)
        codes, z = torch.from_numpy(known.codes), torch.from_numpy(known.z).float()
        if given is rows:
            share = sampler.share(codes, z, cell["a"])[0].numpy()
            first[values["a"]] = share[: len(values["a"])]
        else:
            share = sampler.share(codes, z, cell["b"]).numpy()
    other = [
        share[i, values["b"].index(total - i)] if total - i in values["b"] else 0.0
        for i in range(SIZE + 1)
    ]
    exact = first * other / (first @ other)
    # 300 independent rows: the standard error of a share is .03 at most, less as draws are even.
    assert np.abs(found - exact).max() < 0.04


def test_other_cells_are_drawn_with_the_parts(model):
    answer = model.impute(asked([None] * 400, [2] * 400), draws=20)
    weight = {k: np.nan for k in "xy"}
    for k in "xy":
        p, q = (0.3, 0.5) if k == "x" else (0.6, 0.2)
        a, b = np.arange(3), 2 - np.arange(3)
        other = np.where(b == 0, 1 / 3, 2 / 3 * stats.binom.pmf(b - 1, SIZE, q))
        weight[k] = float((stats.binom.pmf(a, SIZE, p) * other).sum())
    drawn = np.mean([(f["kind"] == "x").mean() for f in answer.frames()])
    # The chance of x is .96 though x and y are as common; the model has seen 70 such rows.
    assert abs(drawn - weight["x"] / (weight["x"] + weight["y"])) < 0.06


def test_known_cells_stay_and_more_draws_begin_with_the_same(model):
    table = pl.concat([asked([None, "x", "y"], [5, 9, 30]), parts(20, 3)])
    table = table.with_columns(b=pl.when(pl.col("total") == 9).then(None).otherwise("b"))
    few, many = model.impute(table, draws=3), model.impute(table, draws=9)
    for i, frame in enumerate(few.frames()):
        assert (frame["a"] + frame["b"] == frame["total"]).all()
        assert frame["total"].equals(table["total"])
        assert frame.equals(many.frame(i))


def test_summaries_follow_the_rule(model):
    table = pl.concat([asked(["x", None, "y"], [5, 9, None]), parts(5, 4)])
    answer = model.impute(table, draws=9)
    for summary in (answer.median(), answer.mode(), answer.mean()):
        total = summary["a"] + summary["b"]
        assert np.allclose(total.to_numpy(), summary["total"].to_numpy(), rtol=0, atol=1e-9)
        assert summary["total"][:2].to_list() == [5, 9]


def test_a_sum_out_of_reach_is_kept_and_said(model):
    answer = model.impute(asked(["x"], [1_000]), draws=4)
    assert "column 'total': in 1 row its rule 'a + b' gives" in " ".join(answer.warnings)
    for frame in answer.frames():
        assert frame["a"][0] + frame["b"][0] == 1_000


def test_rows_that_have_a_sum_alone_are_completed(model):
    frame = model.generate(4, given=pl.DataFrame({"total": [6, 17]}))
    assert frame["total"].to_list() == [6] * 4 + [17] * 4
    assert (frame["a"] + frame["b"] == frame["total"]).all()
    assert frame.null_count().sum_horizontal().item() == 0


def test_three_parts_and_two_rules_at_once():
    rng = np.random.default_rng(5)
    frame = pl.DataFrame(
        {n: rng.poisson(m, 4_000) for n, m in zip("abc", (30, 60, 9), strict=True)}
    )
    frame = frame.with_columns(
        total=pl.sum_horizontal("a", "b", "c"), d=pl.Series(rng.integers(0, 99, 4_000))
    ).with_columns(more=pl.col("d") - pl.col("c"))
    model = interfuse.fit(frame, examples=20_000)
    assert {n for n, rule in model.codec.rules.items()} == {"total", "more"}
    table = frame.head(60).with_columns(
        pl.lit(None, pl.Int64).alias(n) for n in ("a", "b", "c", "d")
    )
    answer = model.impute(table, draws=5)
    for f in answer.frames():
        assert (f.select(pl.sum_horizontal("a", "b", "c")).to_series() == f["total"]).all()
        assert (f["d"] - f["c"] == f["more"]).all()


@pytest.mark.parametrize("step", [1, 5])
def test_chances_inside_bins_are_those_of_what_is_drawn(step):
    rng = np.random.default_rng(1)
    values = step * np.concatenate([np.zeros(900, int), rng.poisson(40, 2_000), [300]])
    column = pl.Series("n", values)
    field = NumberField.fit(column, ColumnSpec("n", "number", column.dtype, options={"bins": 4}))
    every = np.arange(-step, 301 * step + 1)
    bins, mass = place_in_bin(field, every)
    assert mass[[0, -1]].tolist() == [0, 0]
    draws = 40_000
    for b in range(field.bins):
        drawn = field.decode(
            np.full((draws, 1), b), rng.standard_normal((draws, 1)), np.arange(draws), 0
        )
        own, count = np.unique(drawn.to_numpy(), return_counts=True)
        assert set(own) <= set(every[(bins == b) & (mass > 0)])
        expected = mass[np.searchsorted(every, own)]
        assert mass[bins == b].sum() == pytest.approx(1)
        assert np.abs(count / draws - expected).max() < 5 * (0.25 / draws) ** 0.5

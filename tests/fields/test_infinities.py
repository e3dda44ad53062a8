"""Infinities of a column have their place in the order: in quantiles, means, ranges and words."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

import interfuse
from interfuse.kinds.table.answer import Empirical
from interfuse.kinds.table.ask.filling import _apart
from interfuse.kinds.table.fields.limit import Range
from interfuse.kinds.table.fields.number import NumberField
from interfuse.kinds.table.schema import ColumnSpec

INF = np.inf


def fitted(*special: float | None, dtype: type[pl.DataType] = pl.Float64) -> NumberField:
    values = [*np.linspace(0, 10, 1001), *(s for s in special for _ in range(50))]
    column = pl.Series("x", values, dtype=dtype)
    return NumberField.fit(column, ColumnSpec("x", "number", column.dtype))


def shares_of(field: NumberField, finite: float, **special: float) -> np.ndarray:
    """Probabilities: `finite` spread over the bins as in the data, the rest as named."""
    p = np.zeros((1, field.cells[0].size))
    p[0, : field.bins] = finite / field.bins
    for name, share in special.items():
        p[0, field.bins + field.special.index({"low": "-inf", "high": "inf"}.get(name, name))] = (
            share
        )
    return p


CASES = [
    # finite, -inf, inf; then the value at each rank, None for one inside the finite part
    ((0.0, 0.0, 1.0), {0.05: INF, 0.5: INF, 0.95: INF}),
    ((0.0, 1.0, 0.0), {0.05: -INF, 0.5: -INF, 0.95: -INF}),
    ((0.04, 0.0, 0.96), {0.02: None, 0.05: INF, 0.5: INF, 1.0: INF}),
    ((0.96, 0.0, 0.04), {0.0: None, 0.05: None, 0.5: None, 0.95: None, 0.97: INF}),
    ((0.4, 0.6, 0.0), {0.05: -INF, 0.5: -INF, 0.61: None, 1.0: None}),
    ((0.8, 0.1, 0.1), {0.05: -INF, 0.11: None, 0.5: None, 0.89: None, 0.95: INF}),
    ((0.0, 0.5, 0.5), {0.05: -INF, 0.49: -INF, 0.51: INF, 0.95: INF}),
    ((0.2, 0.4, 0.4), {0.39: -INF, 0.5: None, 0.61: INF}),
    ((1.0, 0.0, 0.0), {0.0: None, 0.5: None, 1.0: None}),
    ((0.5, 0.25, 0.25), {0.24: -INF, 0.26: None, 0.74: None, 0.76: INF}),
]


@pytest.mark.parametrize("dtype", [pl.Float64, pl.Float32])
@pytest.mark.parametrize(("shares", "ranks"), CASES)
def test_quantiles_pass_through_the_infinities(shares, ranks, dtype):
    finite, low, high = shares
    field = fitted(INF, -INF, None, dtype=dtype)
    marginal = field.marginal(shares_of(field, finite, low=low, high=high))
    assert marginal is not None
    for q, wanted in ranks.items():
        value = marginal.quantile(q)
        assert value.dtype == dtype
        if wanted is None:  # the finite part is uniform on 0 ... 10
            assert value[0] == pytest.approx(10 * (q - low) / finite, abs=0.2)
        else:
            assert value[0] == wanted
    values = [marginal.quantile(q)[0] for q in np.linspace(0, 1, 41)]
    assert values == sorted(values)


@pytest.mark.parametrize(("shares", "ranks"), CASES)
def test_means_and_modes(shares, ranks):
    finite, low, high = shares
    field = fitted(INF, -INF)
    marginal = field.marginal(shares_of(field, finite, low=low, high=high))
    assert marginal is not None
    mean = marginal.mean()[0]
    if high >= 0.5:
        assert mean == INF
    elif low >= 0.5:
        assert mean == -INF
    else:
        assert mean == pytest.approx(5, abs=0.1)
        assert marginal.uncertainty()[0] == pytest.approx(10 / 12**0.5, abs=0.1)
    if max(low, high) == 1:
        assert marginal.uncertainty()[0] == 0
    if max(low, high) > finite / field.bins:
        assert marginal.mode()[0] == (INF if high > low else -INF)


@pytest.mark.parametrize("special", ["missing", "nan"])
def test_what_has_no_place_in_the_order_is_left_out(special):
    field = fitted(INF, None, float("nan"))
    assert set(field.special) >= {"inf"}
    if special not in field.special:
        pytest.skip("the column does not tell it from missing")
    marginal = field.marginal(shares_of(field, 0.1, high=0.1, **{special: 0.8}))
    assert marginal is not None
    assert marginal.quantile(0.4)[0] == pytest.approx(8, abs=0.2)
    assert marginal.quantile(0.6)[0] == INF


def test_cells_that_are_joined_stay_what_they_are():
    field = fitted(INF)
    one, two = (field.marginal(shares_of(field, 1 - p, high=p)) for p in (0.0, 1.0))
    assert one is not None
    assert two is not None
    both = one.joined([two])
    assert both.quantile(0.5).to_list() == [one.quantile(0.5)[0], INF]
    # The mean is a sum over bins; how it is added up differs in the last bit.
    assert both.mean().tolist() == [pytest.approx(one.mean()[0], rel=1e-12), INF]


DRAWS = [
    ([INF] * 20, INF, INF, INF),
    ([-INF] * 20, -INF, -INF, -INF),
    ([1.0] + [INF] * 19, INF, INF, INF),
    ([1.0] * 19 + [INF], 1.0, 1.0, 1.0),
    ([-INF] * 11 + [3.0] * 9, -INF, -INF, -INF),
    ([-INF] * 3 + [2.0] * 14 + [INF] * 3, 2.0, 2.0, 2.0),
    ([1.0, 3.0] * 9 + [INF] * 2, None, None, 2.0),
    ([5.0] * 9 + [INF] * 11, INF, INF, INF),
    ([INF, 4.0], None, INF, INF),
    ([7.0], 7.0, 7.0, 7.0),
]


@pytest.mark.parametrize(("values", "median", "mode", "mean"), DRAWS)
def test_plain_draws_have_the_same_order(values, median, mode, mean):
    answer = Empirical([pl.Series("x", [v], pl.Float64) for v in values], ordered=True)
    found = answer.quantile(0.5)[0]
    assert found in values if median is None else found == median
    assert answer.mean()[0] == mean
    if mode is not None:
        assert answer.mode()[0] == mode
    assert not np.isnan(answer.uncertainty()).any()
    ranks = [answer.quantile(q)[0] for q in np.linspace(0, 1, 21)]
    assert ranks == sorted(ranks)
    assert (ranks[0], ranks[-1]) == (min(values), max(values))


def test_draws_without_an_infinity_are_interpolated_as_before():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20, 3))
    answer = Empirical([pl.Series("x", row) for row in values], ordered=True)
    for q in (0.05, 0.3, 0.5, 0.95):
        assert (
            answer.quantile(q).to_list()
            == np.quantile(values, q, axis=0, method="weibull").tolist()
        )


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (Range(5, None), "inf"),
        (Range(None, 5), "-inf"),
        (Range(20, None), "inf"),
        (Range(2, 5), ""),
        (Range(None, None), "both"),
    ],
)
def test_a_range_that_is_open_holds_the_infinity_beyond(text, allowed):
    field = fitted(INF, -INF)
    limit, _ = field.limit_between(text, text.low, text.high)
    assert limit is not None
    weight = {s: limit.weight[field.bins + i] for i, s in enumerate(field.special)}
    assert weight["inf"] == (allowed in ("inf", "both"))
    assert weight["-inf"] == (allowed in ("-inf", "both"))
    held = limit.hold(pl.Series("x", [INF, -INF, 3.0]))
    assert held.to_list()[:2] == [INF, -INF]


def test_words_for_a_cell_that_should_be_infinite():
    field = fitted(INF, -INF, None)
    for name, word in (("high", "inf"), ("low", "-inf"), ("missing", "missing")):
        p = torch.from_numpy(shares_of(field, 0.2, **{name: 0.8}))
        assert field.expected(p).to_list() == [word]


def test_how_far_infinities_are_apart():
    a, b = np.array([1.0, INF, -INF, INF]), np.array([3.0, INF, -INF, 2.0])
    assert _apart(a, b).tolist() == [2.0, 0.0, 0.0, 2.0]


def test_a_fitted_model_knows_where_a_ratio_must_be_infinite(usual_networks):
    rng = np.random.default_rng(0)
    n = 1000
    parts = np.where(rng.random(n) < 0.4, 0, rng.integers(1, 1000, n))
    with np.errstate(all="ignore"):
        rate = rng.integers(1, 9999, n) / parts
    frame = pl.DataFrame({"dur": parts, "rate": rate, "label": np.where(parts, "web", "scan")})
    model = interfuse.fit(frame, examples=20_000)
    holes = frame.filter(pl.col("dur") == 0).head(60).with_columns(rate=pl.lit(None, pl.Float64))
    filled = model.impute(holes, draws=10)
    low, high = filled.interval(0.8)
    for answer in (filled.median(), filled.mode(), filled.mean(), low, high):
        assert (answer["rate"] == INF).mean() > 0.95
    finite = frame.filter(pl.col("dur") > 0).head(60).with_columns(rate=pl.lit(None, pl.Float64))
    assert model.impute(finite, draws=10).median()["rate"].is_finite().mean() > 0.95

"""Drawing rows: reproducible row by row, known cells untouched, bad questions answered clearly."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy.stats import kstest, kstwo

from interfuse.core.masked import draw_codes
from interfuse.errors import ConditionError, OptionError
from interfuse.kinds.table.ask.generate import BLOCK
from interfuse.kinds.table.net.incremental import IncrementalNet

PARIS = ZoneInfo("Europe/Paris")
GIVEN = {
    "city": ["Łódź", None],
    "level": ["high"],
    "on": [True, False, None, "TRUE"],
    "count": [0, 5, 100, 17, "17", 17.0],
    "ratio": [1 / 3, 0.5, "0.75", 1.25],
    "price": [Decimal("0.53"), Decimal("3.14"), "2.50"],
    "gap": [None, 0.37, 5.0],
    "day": [dt.date(2022, 1, 8), "2022-05-01"],
    "at": [dt.datetime(2024, 5, 1, 12, tzinfo=PARIS), "2024-05-01T10:00:00.5"],
    "took": [dt.timedelta(milliseconds=17)],
    "one": ["same"],
}
CASES = [(name, value) for name, values in GIVEN.items() for value in values]


@pytest.mark.parametrize(("n", "m"), [(1, 2), (7, BLOCK), (BLOCK, BLOCK + 1), (300, 2 * BLOCK + 9)])
def test_a_longer_draw_starts_with_the_same_rows(quick, n, m):
    short, long = quick.generate(n, seed=4), quick.generate(m, seed=4)
    assert len(long) == m
    assert_frame_equal(short, long.head(n), check_exact=True)


def test_batches_are_the_rows_of_one_draw(quick):
    n = 2 * BLOCK + 77
    batches = list(quick.generate_batches(n, seed=5, given={"on": True}))
    assert max(map(len, batches)) <= BLOCK
    whole = quick.generate(n, seed=5, given={"on": True})
    assert_frame_equal(pl.concat(batches), whole, check_exact=True)


def test_seeds_make_other_rows_and_the_same_seed_the_same(quick):
    a, b, c = (quick.generate(200, seed=s) for s in (0, 0, 1))
    assert_frame_equal(a, b, check_exact=True)
    for name in ("ratio", "price", "at", "id"):
        assert not a[name].equals(c[name]), name


@settings(deadline=None, max_examples=10, derandomize=True)
@given(n=st.integers(0, 5), seed=st.integers(-(2**63), 2**64))
def test_any_seed_and_any_small_number_of_rows(quick, n, seed):
    assert quick.generate(n, seed=seed).shape == (n, len(quick.schema.columns))


def test_rows_are_valid_whatever_the_model_has_learned(quick, mixed):
    out = quick.generate(3_000, seed=2)
    assert out.schema == mixed.schema
    for name in ("city", "level", "on"):
        assert out[name].is_in(mixed[name].implode(), nulls_equal=True).all(), name
    for name in ("count", "ratio", "price", "gap", "day", "at", "took"):
        assert mixed[name].min() <= out[name].min(), name
        assert out[name].max() <= mixed[name].max(), name
        assert bool(out[name].null_count()) == bool(mixed[name].null_count()), name
    assert not out["id"].is_in(mixed["id"].implode()).any()
    assert out["id"].is_unique().all()
    assert (out["one"] == "same").all()
    assert out["none"].null_count() == len(out)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c[0]}={c[1]!r}")
def test_known_cells_come_back_exactly(quick, mixed, case):
    name, value = case
    out = quick.generate(40, seed=3, given={name: value})
    assert out.schema == mixed.schema
    assert out[name].n_unique() == 1
    got = out[name][0]
    if isinstance(value, str):
        text = pl.Series([value])
        expected = {
            "on": lambda: True,
            "at": lambda: dt.datetime(2024, 5, 1, 10, 0, 0, 500_000, tzinfo=PARIS),
            "day": lambda: dt.date.fromisoformat(value),
            "price": lambda: Decimal(value),
        }.get(name, lambda: text.cast(mixed.schema[name])[0])()
    elif name == "gap" and value is not None:
        expected = float(np.float32(value))
    else:
        expected = value
    assert got == expected
    assert type(got) is type(mixed[name].drop_nulls()[0]) or got is None


def test_many_known_cells_at_once(quick):
    asked = {name: values[0] for name, values in GIVEN.items() if name != "gap"}
    out = quick.generate(10, given=asked)
    for name, value in asked.items():
        assert out[name].to_list() == [value] * 10, name
    assert quick.generate(10, given={**asked, "gap": 1.0})["gap"].to_list() == [1.0] * 10


def test_derived_columns_follow_the_known_cells():
    frame = pl.DataFrame({"a": [3, 5, 9, 12, 17] * 60, "b": [1, 4, 1, 5, 9, 2] * 50})
    import interfuse

    model = interfuse.fit(frame.with_columns(sum=pl.col("a") + pl.col("b")), examples=1_000)
    kinds = {c.name: c.kind for c in model.schema.columns}
    derived = next(name for name, kind in kinds.items() if kind == "derived")
    other = next(name for name in ("a", "b", "sum") if name != derived)
    out = model.generate(500, given={other: int(frame["a"][2]) if other == "a" else 4})
    assert (out["a"] + out["b"] == out["sum"]).all()
    assert derived == "sum"
    out = model.generate(50, given={"sum": 4})
    assert (out["sum"] == 4).all()
    assert (out["a"] + out["b"] == 4).all()
    with pytest.raises(ConditionError, match="sum = 99 cannot be met together with what else is"):
        model.generate(1, given={"sum": 99})


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"citty": "Rio"}, r"column 'citty': there is no column .* Did you mean 'city'\?"),
        ({"city": "Roi"}, r"column 'city': 'Roi' was never seen; .* Did you mean 'Rio'\?"),
        ({"city": 5}, r"column 'city': 5 cannot be read as String"),
        ({"level": "mid"}, r"column 'level': 'mid' was never seen"),
        ({"level": "top"}, r"column 'level': 'top' (was never seen|cannot be read)"),
        ({"on": "maybe"}, r"column 'on': 'maybe' cannot be read as Boolean"),
        ({"count": "many"}, r"column 'count': 'many' cannot be read as UInt16"),
        ({"count": 2.5}, r"column 'count': 2\.5 cannot be read as UInt16"),
        ({"count": -1}, r"column 'count': -1 cannot be read as UInt16"),
        ({"count": 2**40}, r"column 'count': \d+ cannot be read as UInt16"),
        ({"count": None}, r"column 'count': None was never seen"),
        ({"ratio": float("nan")}, r"column 'ratio': nan was never seen"),
        ({"ratio": float("inf")}, r"column 'ratio': inf was never seen"),
        ({"ratio": {"a": 1}}, r"column 'ratio': .* cannot be read"),
        ({"day": "tomorrow"}, r"column 'day': 'tomorrow' cannot be read as Date"),
        ({"at": "noon"}, r"column 'at': 'noon' cannot be read as Datetime"),
        ({"id": "row-1"}, r"column 'id' cannot be given: it is a key"),
        ({"none": "x"}, r"column 'none' cannot be given: it is empty"),
        ({"one": "other"}, r"column 'one': 'other' was never seen; it is always 'same'"),
    ],
)
def test_conditions_that_cannot_be_used(quick, asked, message):
    with pytest.raises(ConditionError, match=message):
        quick.generate(1, given=asked)


def test_a_value_beyond_the_range_is_used_with_a_warning(quick):
    generation = quick.generation(given={"count": 900, "ratio": 0.5})
    assert len(generation.remarks(1)) == 1
    assert "column 'count': 900 lies outside the range seen, 0 to 100" in generation.remarks(1)[0]
    out = quick.generate(200, given={"count": 900})
    assert (out["count"] == 900).all()
    assert out["ratio"].is_finite().all()
    assert "2024" in quick.generation(given={"day": "2024-05-01"}).remarks(1)[0]
    assert "price" in quick.generation(given={"price": Decimal("99.00")}).remarks(1)[0]
    assert quick.generation(given={"gap": None, "price": "3.14"}).remarks(1) == ()


@pytest.mark.parametrize("n", [-1, 2.5, "3", None, True])
def test_a_number_of_rows_that_is_none(quick, n):
    with pytest.raises(OptionError, match="n: is "):
        quick.generate(n)
    with pytest.raises(OptionError, match="n: is "):
        quick.generate_batches(n)


@pytest.mark.parametrize("options", [{"steps": 0}, {"steps": -3}, {"device": "abacus"}])
def test_options_out_of_range(quick, options):
    with pytest.raises(OptionError, match=next(iter(options))):
        quick.generate(1, **options)


def test_a_rare_condition_costs_what_a_common_one_costs(learned, monkeypatch):
    calls = []
    evaluate = IncrementalNet.features
    monkeypatch.setattr(
        IncrementalNet, "features", lambda *a: calls.append(len(a[1])) or evaluate(*a)
    )
    costs = []
    for kind in ("home", "rare"):
        calls.clear()
        (out,) = learned.generation(given={"kind": kind}).frames(BLOCK)  # no look for warnings
        assert (out["kind"] == kind).all()
        costs.append(sum(calls))
    assert costs[0] == costs[1]
    calls.clear()
    learned.generate(BLOCK)
    assert sum(calls) == costs[0] + BLOCK, "nothing is rejected: one cell fewer to draw"


def test_the_model_is_not_changed_by_questions(quick):
    before = {k: v.clone() for k, v in quick.net.state_dict().items()}
    state = torch.random.get_rng_state()
    quick.generate(10, given={"on": True})
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(before[k], v) for k, v in quick.net.state_dict().items())
    assert not quick.net.training


def test_codes_are_drawn_from_the_softmax():
    n = 60_000
    logits = torch.tensor([[2.0, -1.0, 0.5, -30.0, 0.0]])
    u = torch.rand(n, generator=torch.Generator().manual_seed(0))
    codes = draw_codes(logits.softmax(1).expand(n, 5), u)
    p = logits.double().softmax(1)[0]
    share = torch.bincount(codes, minlength=5) / n
    error = (p * (1 - p) / n).sqrt()
    assert ((share - p).abs() <= 4 * error + 1e-12).all()
    # One uniform number a row, inverted: sorted numbers give sorted codes.
    assert (draw_codes(logits.softmax(1).expand(n, 5), u.sort().values).diff() >= 0).all()


def test_codes_at_the_ends_of_the_uniform_numbers():
    logits = torch.zeros(3, 700)
    codes = draw_codes(logits.softmax(1), torch.tensor([0.0, 1 - 2**-24, 0.5]))
    assert codes.tolist()[0] == 0
    assert codes.tolist()[1] == 699
    never = torch.tensor([[-200.0, 0.0, -200.0]]).softmax(1).expand(2, 3)
    assert draw_codes(never, torch.tensor([0.0, 1 - 2**-24])).tolist() == [1, 1]


def test_numbers_within_a_bin_are_fresh_in_every_row(quick):
    ratio = quick.generate(4_000, seed=8)["ratio"].to_numpy()
    # Bins of 10 rows: the half rank at either end of a bin is held at the bin's own end. Of 360
    # rows the two ends of the range weigh eight.
    assert len(np.unique(ratio)) > (1 - 1 / 10 - 8 / 366) * 4_000
    # The column is uniform on [1/3, 4/3]; this model has learned little, so the bound is loose.
    assert kstest(ratio - 1 / 3, "uniform").statistic < kstwo.ppf(0.999, 4_000) + 0.1

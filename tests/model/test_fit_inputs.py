"""What people really pass to `fit`: a table is modelled, or refused with one clear error."""

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from polars.testing import assert_frame_equal

import interfuse
from interfuse.errors import DataError, InterfuseError, SchemaError


def fit(frame, **options):
    settings: dict[str, Any] = {"examples": 2_000, "seed": 1, **options}
    return interfuse.fit(frame, **settings)


def test_one_row_is_too_few():
    with pytest.raises(DataError, match="the data has 1 row; expected at least 2"):
        fit(pl.DataFrame({"x": [1.0]}))


@pytest.mark.parametrize("frame", [pl.DataFrame(), pl.DataFrame({"x": []}), pd.DataFrame()])
def test_no_rows_or_columns_is_one_clear_error(frame):
    with pytest.raises(DataError, match=r"no (rows|columns)"):
        fit(frame)


def test_two_rows_are_enough():
    frame = pl.DataFrame({"x": [1.5, 2.5], "c": ["a", "b"]})
    out = fit(frame).generate(20)
    assert out.schema == frame.schema
    assert set(out["x"]) <= {1.5, 2.5}


def test_a_table_of_constants_comes_back():
    frame = pl.DataFrame({"a": [3, 3, 3], "b": ["x"] * 3, "t": [None] * 3})
    model = interfuse.fit(frame)
    assert model.record["training"]["reason"].startswith("there is nothing to learn")
    out = model.generate(5)
    assert out.schema == frame.schema
    assert out.unique().rows() == [(3, "x", None)]


def test_a_table_of_keys_alone_makes_new_ones():
    frame = pl.DataFrame({"id": range(30)})
    out = fit(frame).generate(3_000)
    assert out["id"].to_list() == list(range(30, 3_030))


def test_columns_without_any_value_come_back_missing():
    frame = pl.DataFrame(
        {
            "x": pl.Series([None] * 40, dtype=pl.Float64),
            "s": pl.Series([None] * 40, dtype=pl.String),
            "y": np.arange(40) % 7,
        }
    )
    out = fit(frame).generate(10)
    assert out.schema == frame.schema
    assert out["x"].null_count() == out["s"].null_count() == 10


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("c", [1.0, 2.0, 4.0] * 30),
        pl.Series("c", [0.1 * i for i in range(90)]),
        pl.Series("c", ["a", "b", None] * 30),
        pl.Series("c", [True, False, None] * 30),
        pl.Series("c", [float("nan"), 1.0, 2.0, None, 7.5] * 18),
        pl.Series("c", [Decimal("1.10"), Decimal("2.35"), Decimal("-0.05")] * 30),
        pl.Series("c", list(range(0, 90 * 86_400_000_000, 86_400_000_000))).cast(pl.Duration("us")),
    ],
    ids=lambda c: f"{c.dtype}{'?' if c.null_count() else ''}",
)
def test_a_single_column(column):
    frame = column.to_frame()
    out = fit(frame).generate(200)
    assert out.schema == frame.schema
    if column.n_unique() < 10:
        assert out["c"].is_in(column.implode(), nulls_equal=True).all()
    else:
        assert out["c"].min() >= column.min()
        assert out["c"].max() <= column.max()


def test_infinities_come_back_at_their_rate(usual_networks):
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    x[rng.random(600) < 0.2] = np.inf
    x[:30] = -np.inf
    out = fit(pl.DataFrame({"rate": x}), examples=20_000).generate(4_000)["rate"]
    share = np.mean(np.isposinf(x))
    error = np.sqrt(share * (1 - share) * (1 / 600 + 1 / 4_000))
    # A short fit: one standard error of the data is added for what it has not learned.
    assert (out == np.inf).mean() == pytest.approx(share, abs=5 * error)
    assert out.is_nan().sum() == 0
    finite = out.filter(out.is_finite())
    assert finite.min() >= x[np.isfinite(x)].min()


def test_integers_beyond_2_to_the_53_keep_every_digit():
    big = [2**63 - 1, 2**53 + 1, -(2**63), 9_007_199_254_740_995] * 20
    out = fit(pl.DataFrame({"n": big})).generate(300)["n"]
    assert out.dtype == pl.Int64
    # Spikes of a quarter each: nothing lies between them.
    assert set(out.to_list()) == set(big)
    unsigned = pl.DataFrame({"n": pl.Series([2**64 - 1, 0, 2**63] * 20, dtype=pl.UInt64)})
    assert set(fit(unsigned).generate(300)["n"].to_list()) == {2**64 - 1, 0, 2**63}


def test_text_as_long_as_a_book_is_not_learned_but_does_no_harm():
    frame = pl.DataFrame(
        {"t": [f"{'word ' * 2_000}{i}" for i in range(100)], "x": range(0, 300, 3)}
    )
    schema = interfuse.infer_schema(frame)
    assert schema["t"].kind == "text"
    assert fit(frame).generate(5)["t"].null_count() == 5


def test_pandas_columns_of_mixed_types_come_back_as_text():
    frame = pd.DataFrame({"m": [1, "two", 3.0, None] * 20, "x": range(80)})
    out = fit(frame).generate(50)
    assert isinstance(out, pd.DataFrame)
    assert list(out.columns) == ["m", "x"]
    assert set(out["m"].dropna()) <= {"1", "two", "3.0"}


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "polars", "lazy"])
def test_the_frame_comes_back_as_the_kind_that_was_given(kind):
    frame = pl.DataFrame({"x": [1, 2, 3, 4] * 10, "c": ["a", "b"] * 20})
    given = {
        "pandas": frame.to_pandas,
        "pyarrow": frame.to_arrow,
        "polars": lambda: frame,
        "lazy": frame.lazy,
    }[kind]()
    out = fit(given).generate(7)
    assert type(out) is type(given)
    if isinstance(out, pd.DataFrame):
        assert out.dtypes.to_dict() == given.dtypes.to_dict()
    if isinstance(out, pa.Table):
        assert out.schema == given.schema


def test_a_file_and_the_frame_that_it_holds_give_the_same_rows(tmp_path):
    frame = pl.DataFrame({"x": np.arange(200) % 13, "c": ["a", "b"] * 100})
    frame.write_csv(tmp_path / "t.csv")
    frame.write_parquet(tmp_path / "t.parquet")
    rows = [fit(d).generate(40) for d in (frame, tmp_path / "t.csv", str(tmp_path / "t.parquet"))]
    assert_frame_equal(rows[0], rows[1])
    assert_frame_equal(rows[0], rows[2])


@pytest.mark.parametrize("data", [None, 5, [1, 2]])
def test_what_is_no_table_is_one_clear_error(data):
    with pytest.raises(DataError, match="expected a path"):
        fit(data)


def test_a_file_that_is_not_there():
    with pytest.raises(DataError, match=r"nowhere\.csv"):
        fit("nowhere.csv")


@pytest.mark.parametrize(
    ("column", "kind", "message"),
    [
        (["a", "b"] * 9, "number", "column 'c' is of kind 'number' but holds String"),
        ([1, 2] * 9, "datetime", "column 'c' is of kind 'datetime' but holds Int64"),
        ([1, 2] * 9, "constant", "column 'c' is of kind 'constant' but has 2 distinct"),
        ([1.5, 2.0] * 9, "key", "column 'c' is of kind 'key' but holds Float64"),
    ],
)
def test_a_kind_that_does_not_fit_the_column(column, kind, message):
    frame = pl.DataFrame({"c": column, "x": range(18)})
    schema = interfuse.infer_schema(frame).edited("c", kind=kind)
    with pytest.raises(SchemaError, match=message):
        fit(frame, schema=schema)


@pytest.mark.parametrize("kind", ["category", "number"])
def test_a_kind_set_by_hand_is_used(kind, tmp_path):
    port = np.random.default_rng(0).choice([22, 80, 443, 8_080], 300)
    frame = pl.DataFrame({"port": port, "x": port * 0.5 + np.arange(300) % 7})
    path = tmp_path / "schema.json"
    interfuse.infer_schema(frame).edited("port", kind=kind).save(path)
    model = fit(frame, schema=path)
    assert model.schema["port"].kind == kind
    if kind == "category":
        assert set(model.generate(300)["port"]) <= {22, 80, 443, 8_080}


def test_a_schema_made_from_another_kind_of_frame():
    frame = pl.DataFrame({"x": [1, 2, 3] * 20, "c": ["a", "b", "c"] * 20})
    schema = interfuse.infer_schema(frame.to_pandas())
    assert isinstance(fit(frame, schema=schema).generate(2), pl.DataFrame)
    assert isinstance(fit(frame.to_pandas(), schema=schema).generate(2), pd.DataFrame)


def test_dropped_columns_need_not_be_there():
    frame = pl.DataFrame({"x": [1, 2, 3] * 20, "secret": ["a", "b", "c"] * 20})
    schema = interfuse.infer_schema(frame).edited("secret", kind="drop")
    assert fit(frame, schema=schema).generate(2).columns == ["x"]
    assert fit(frame.drop("secret"), schema=schema).generate(2).columns == ["x"]


def test_a_fit_tells_its_schema_and_its_cost_before_it_trains():
    said = []
    fit(pl.DataFrame({"x": np.arange(300) % 7}), listener=said.append)
    stages = [getattr(s, "stage", None) or s.kind for s in said]
    assert stages[:2] == ["schema", "estimate"]
    assert stages[-2:] == ["stopped", "calibrate"]
    assert "GB of memory" in said[1].message


def test_the_same_seed_is_the_same_model_and_another_is_not():
    frame = pl.DataFrame({"x": np.arange(300) % 7, "y": np.arange(300) % 11 / 4})
    a, b, c = (fit(frame, examples=2_000, seed=s) for s in (1, 1, 2))
    assert_frame_equal(a.generate(100, seed=3), b.generate(100, seed=3), check_exact=True)
    assert not torch.equal(a.net.stem.weight, c.net.stem.weight)


def test_every_error_is_one_a_caller_can_catch():
    for wrong in (None, pl.DataFrame({"x": [1]}), "nowhere.parquet"):
        with pytest.raises(InterfuseError):
            fit(wrong)

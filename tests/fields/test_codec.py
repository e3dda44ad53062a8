"""A whole table to cells and back, in memory and through a file of arrays."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays
from scipy.special import ndtr, ndtri

from interfuse.errors import SchemaError
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields.number import FEWEST_BINS, MOST_CODES
from interfuse.kinds.table.infer import infer_schema
from interfuse.kinds.table.schema import ColumnSpec, Schema

SETTINGS = settings(deadline=None, max_examples=80, derandomize=True)
DTYPES = [
    *(pl.Int8, pl.Int64, pl.UInt64, pl.Float32, pl.Float64, pl.Boolean, pl.String),
    *(pl.Date, pl.Time, pl.Datetime("us", "UTC"), pl.Duration("ms"), pl.Decimal(10, 2)),
    *(pl.Categorical, pl.Enum(["x", "y", "z"])),
]


def round_trip(codec, frame):
    cells = codec.encode(frame)
    low, high = cells.low.astype(float), cells.high.astype(float)
    z = np.where(low == high, low, ndtri((ndtr(low) + ndtr(high)) / 2))
    assert (cells.codes >= 0).all()
    return codec.decode(cells.codes, z, np.arange(len(frame)))


def through_files(codec):
    state = json.loads(json.dumps(codec.to_json(), allow_nan=False))
    arrays = load_arrays(save_arrays(codec.arrays()))
    schema = Schema.from_json(json.loads(json.dumps(codec.schema.to_json())))
    return TableCodec.from_json(schema, state, arrays)


@SETTINGS
@given(dataframes(min_cols=1, max_cols=6, min_size=1, max_size=30, allowed_dtypes=DTYPES))
def test_any_table_comes_back_exactly(frame):
    schema = infer_schema(frame)
    codec = TableCodec.fit(frame, schema)
    # Fewer than 50 rows: no column is text, and keys need 20 rows in order.
    made = [c.name for c in schema.columns if c.kind == "key"]
    for copy in (codec, through_files(codec)):
        out = round_trip(copy, frame)
        assert out.schema == frame.schema
        assert_frame_equal(out.drop(made), frame.drop(made), check_exact=True)


def mixed(n=400, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pl.DataFrame(
        {
            "name": rng.choice(["a", "b", "c"], n),
            "x": x,
            "added": rng.integers(0, 90, n),
            "deleted": rng.integers(0, 40, n),
            "flag": x > 0.3,
            "ip": [f"10.0.{i % 19}.{i % 5}" for i in range(n)],
            "nothing": pl.Series([None] * n, dtype=pl.Float32),
            "one": ["always"] * n,
            "id": range(n),
            "note": [f"this is a remark number {i} of many" for i in range(n)],
        }
    ).with_columns(net=pl.col("added") - pl.col("deleted"))


def test_columns_may_come_in_any_order():
    frame = mixed()
    codec = TableCodec.fit(frame, infer_schema(frame))
    shuffled = frame.select(sorted(frame.columns))
    a, b = codec.encode(frame), codec.encode(shuffled)
    np.testing.assert_array_equal(a.codes, b.codes)
    np.testing.assert_array_equal(a.low, b.low)
    assert round_trip(codec, shuffled).columns == frame.columns


def test_what_is_not_learned_follows_its_rule():
    frame = mixed()
    schema = infer_schema(frame)
    kinds = {c.name: c.kind for c in schema.columns}
    assert [kinds[n] for n in ("nothing", "one", "id", "note")] == [
        *("empty", "constant", "key", "text")
    ]
    codec = TableCodec.fit(frame, schema)
    out = round_trip(codec, frame)
    assert out["note"].null_count() == out["nothing"].null_count() == len(frame)
    assert out["one"].to_list() == frame["one"].to_list()
    assert min(out["id"].to_list()) > max(frame["id"].to_list())
    assert all(ip.startswith("10.") for ip in out["ip"]), "private stays private"


def test_derived_columns_are_computed_from_the_others():
    frame = mixed()
    schema = infer_schema(frame)
    derived = [c.name for c in schema.columns if c.kind == "derived"]
    assert "flag" in derived, "it is x >= 0.3"
    assert len(derived) == 2, "one of added, deleted and net follows from the other two"
    codec = TableCodec.fit(frame, schema)
    assert not set(derived) & set(codec.fields)
    # Cells of other rows for each column: the rule must hold in the rows that are put together.
    cells = codec.encode(frame)
    rng = np.random.default_rng(1)
    codes = rng.permuted(cells.codes, axis=0)
    out = codec.decode(codes, rng.normal(size=cells.low.shape), np.arange(len(frame)))
    assert (out["added"] - out["deleted"] == out["net"]).all()
    assert (out["net"] != frame["net"]).any()


def test_dropped_columns_do_not_come_back():
    frame = mixed()
    schema = infer_schema(frame).edited("ip", kind="drop")
    out = round_trip(TableCodec.fit(frame, schema), frame)
    assert out.columns == [c for c in frame.columns if c != "ip"]


def test_encoding_in_chunks_changes_nothing():
    n = (1 << 18) + 1_000
    frame = pl.DataFrame({"x": np.arange(n) % 1_013, "c": np.arange(n) % 7 > 2})
    codec = TableCodec.fit(frame.head(5_000), infer_schema(frame))
    whole, tail = codec.encode(frame), codec.encode(frame.tail(1_000))
    np.testing.assert_array_equal(whole.codes[-1_000:], tail.codes)
    np.testing.assert_array_equal(whole.low[-1_000:], tail.low)


def test_a_wide_table_gets_fewer_bins_and_still_comes_back():
    rng = np.random.default_rng(0)
    n, columns = 200, 1_000
    frame = pl.DataFrame({f"x{i}": rng.normal(size=n).round(3) for i in range(columns)})
    schema = Schema(tuple(ColumnSpec(c, "number", pl.Float64()) for c in frame.columns))
    codec = TableCodec.fit(frame, schema)
    out = round_trip(codec, frame)
    assert_frame_equal(out, frame, check_exact=True)
    sizes = [f.cells[0].size for f in codec.fields.values()]
    assert sum(sizes) <= 1.25 * MOST_CODES
    assert min(sizes) >= FEWEST_BINS


def test_more_bins_by_hand_win_over_the_default():
    frame = pl.DataFrame({"x": np.random.default_rng(0).normal(size=4_000)})
    schema = Schema((ColumnSpec("x", "number", pl.Float64(), options={"bins": 5}),))
    size = TableCodec.fit(frame, schema).fields["x"].cells[0].size
    assert 5 <= size < 16  # five quantiles, and the tails cut again


def test_numbers_of_another_width_encode_alike():
    frame = pl.DataFrame({"x": [1, 2, 3, 4, 5] * 10, "y": [0.5, 1.5, 2.5, 3.5, 0.25] * 10})
    codec = TableCodec.fit(frame, infer_schema(frame))
    other = frame.cast({"x": pl.Int16, "y": pl.Float32})
    np.testing.assert_array_equal(codec.encode(frame).codes, codec.encode(other).codes)
    np.testing.assert_array_equal(codec.encode(frame).low, codec.encode(other).low)


def test_an_unknown_kind_names_those_there_are():
    with pytest.raises(SchemaError, match=r"kind 'numbr'.*Did you mean 'number'"):
        ColumnSpec.from_json({"name": "x", "kind": "numbr", "dtype": "Int64"})


@SETTINGS
@given(st.sampled_from(DTYPES))
def test_column_types_survive_json(dtype):
    spec = ColumnSpec("x", "category", pl.Series([], dtype=dtype).dtype)
    assert ColumnSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec

"""Frames in and out: the same library, the same types, the same values."""

import datetime as dt
import decimal
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal as assert_pandas_equal
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes

from interfuse.errors import DataError, InterfuseWarning
from interfuse.io.frames import from_polars, to_polars
from interfuse.io.origin import Origin

DAYS = ["2020-01-01", None, "2021-07-02", "2022-03-04"]


def there_and_back(data):
    frame, origin = to_polars(data)
    origin = Origin.from_json(json.loads(json.dumps(origin.to_json(), allow_nan=False)))
    frame = frame.lazy().collect()
    return from_polars(frame, origin), frame, origin


def objects(*values):
    return pd.Series(values, dtype=object)


PANDAS = {
    "int64": np.array([1, -5, 2**62 + 1, 0]),
    "int8": np.array([1, 2, 3, 4], "int8"),
    "uint64": np.array([0, 2**64 - 1, 3, 4], "uint64"),
    "float64": [1.5, np.nan, np.inf, -0.0],
    "float32": np.array([1.5, np.nan, 3, 4], "float32"),
    "float16": np.array([1.5, np.nan, 3, 4], "float16"),
    "bool": [True, False, True, True],
    "text with None": objects("a", None, "é", ""),
    "text with NaN": objects("a", np.nan, "b", "c"),
    "text with NA": objects("a", pd.NA, "b", "c"),
    "string": pd.array(["a", None, "b", "c"], "string[python]"),
    "string[pyarrow]": pd.array(["a", None, "b", "c"], "string[pyarrow]"),
    "Int64": pd.array([1, None, 2**62 + 1, 3], "Int64"),
    "UInt8": pd.array([1, None, 2, 3], "UInt8"),
    "Float64": pd.array([1.5, None, 2, 3], "Float64"),
    "boolean": pd.array([True, None, False, True], "boolean"),
    "category": pd.Categorical(["x", None, "y", "x"], categories=["z", "y", "x"], ordered=True),
    "category of ints": pd.Categorical([3, None, 1, 3], categories=[9, 3, 1]),
    "category of floats": pd.Categorical([1.5, 2.5, 1.5, np.nan]),
    "category of booleans": pd.Categorical([True, None, False, True]),
    "category of times": pd.Categorical(pd.to_datetime(DAYS)),
    "datetime64[ns]": pd.to_datetime(DAYS),
    "datetime64[s]": pd.to_datetime(DAYS).astype("datetime64[s]"),
    "datetime64[ns, Europe/Berlin]": pd.to_datetime(DAYS).tz_localize("Europe/Berlin"),
    "datetime64[ns, UTC+02:00]": pd.to_datetime(DAYS).tz_localize("+02:00"),
    "timedelta64[ns]": pd.to_timedelta([1, None, 2, 3], unit="s"),
    "objects int": objects(1, None, 2, 3),
    "objects bool": objects(True, None, False, True),
    "objects date": objects(dt.date(2020, 1, 1), None, dt.date(2020, 1, 2), dt.date(1, 1, 1)),
    "objects time": objects(dt.time(1, 2), None, dt.time(3, 4, 5, 6), dt.time(0)),
    "objects timestamp": objects(pd.Timestamp(1), None, pd.Timestamp(5), pd.Timestamp(7)),
    "objects decimal": objects(decimal.Decimal("1.50"), None, decimal.Decimal("2.25"), None),
    "objects beyond int64": objects(2**63, None, 2**64 - 1, 1),
    "nothing": objects(None, None, None, None),
    "arrow": pd.array([1, None, 2, 3], "int16[pyarrow]"),
    "arrow time": pd.array(pd.to_datetime(DAYS), pd.ArrowDtype(pa.timestamp("us", "UTC"))),
    "sparse": pd.arrays.SparseArray([0.0, 1.0, 0.0, 2.0], fill_value=0.0),
    "sparse int": pd.arrays.SparseArray([0, 1, 0, 2]),
}


@pytest.mark.parametrize("name", PANDAS)
def test_every_pandas_type_comes_back(name):
    data = pd.DataFrame({"before": range(4), name: PANDAS[name]})
    back, _, _ = there_and_back(data)
    assert_pandas_equal(back, data)


@pytest.mark.parametrize("name", PANDAS)
def test_a_pandas_answer_of_no_rows_has_the_types(name):
    data = pd.DataFrame({name: PANDAS[name]})
    _, frame, origin = there_and_back(data)
    empty = from_polars(frame.clear(), origin)
    assert len(empty) == 0
    assert empty.dtypes.equals(data.dtypes)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (objects(1, "a", None, 2.5), ["1", "a", None, "2.5"]),
        (objects(True, 2, None, "x"), ["True", "2", None, "x"]),
        (objects(2**70, 1, None, 3), [str(2**70), "1", None, "3"]),
        (objects(dt.date(2020, 1, 1), 5, None, "x"), ["2020-01-01", "5", None, "x"]),
        (objects(2**53 + 1, 0.5, None, 1), [str(2**53 + 1), "0.5", None, "1"]),
    ],
)
def test_a_mixture_becomes_text(values, text):
    back, frame, _ = there_and_back(pd.DataFrame({"a": values}))
    assert frame["a"].to_list() == text
    assert back["a"].tolist() == text


def test_whole_numbers_and_floats_become_floats():
    _, frame, _ = there_and_back(pd.DataFrame({"a": objects(1, 2.5, None)}))
    assert_frame_equal(frame, pl.DataFrame({"a": [1.0, 2.5, None]}))


def test_categories_of_intervals_come_back():
    data = pd.DataFrame({"a": pd.cut([1, 2, 3], [0, 2, 5])})
    back, frame, _ = there_and_back(data)
    assert frame["a"].to_list() == ["(0, 2]", "(0, 2]", "(2, 5]"]
    pd.testing.assert_frame_equal(back, data)


def test_missing_where_pandas_has_no_missing_value_gives_the_nullable_type():
    types = {"i": "int32", "u": "uint8", "b": "bool"}
    data = pd.DataFrame({"i": [1, 2], "u": [1, 2], "b": [True, False]}).astype(types)
    _, frame, origin = there_and_back(data)
    answer = from_polars(frame.with_columns(pl.all().shift(1)), origin)
    assert [str(t) for t in answer.dtypes] == ["Int32", "UInt8", "boolean"]
    assert answer["i"].tolist() == [pd.NA, 1]


def test_the_index_of_pandas_is_no_column_and_is_not_stored():
    data = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="host"))
    back, frame, _ = there_and_back(data)
    assert frame.columns == ["a"]
    assert back.index.equals(pd.RangeIndex(2))


ARROW = {
    "string": pa.array(["x", None]),
    "large_string": pa.array(["x", None], pa.large_string()),
    "string_view": pa.array(["x", None], pa.string_view()),
    "dictionary": pa.array(["x", None]).dictionary_encode(),
    "dictionary of ints": pa.array([3, None]).dictionary_encode(),
    "dictionary int8": pa.DictionaryArray.from_arrays(
        pa.array([1, None], pa.int8()), ["a", "b", "c"], ordered=True
    ),
    "float16": pa.array([1.5, None], pa.float16()),
    "uint64": pa.array([2**64 - 1, None], pa.uint64()),
    "bool": pa.array([True, None]),
    "timestamp[s, +01:00]": pa.array([1, None], pa.timestamp("s", "+01:00")),
    "timestamp[ns, UTC]": pa.array([1, None], pa.timestamp("ns", "UTC")),
    "date32": pa.array([1, None], pa.date32()),
    "date64": pa.array([86_400_000, None], pa.date64()),
    "time32": pa.array([1, None], pa.time32("s")),
    "duration": pa.array([1, None], pa.duration("s")),
    "decimal128": pa.array([decimal.Decimal("1.1"), None], pa.decimal128(10, 3)),
    "decimal256": pa.array([decimal.Decimal("1.1"), None], pa.decimal256(20, 3)),
    "null": pa.nulls(2),
}


@pytest.mark.parametrize("name", ARROW)
def test_every_arrow_type_comes_back(name):
    data = pa.table({name: ARROW[name]})
    back, frame, origin = there_and_back(data)
    assert back.schema == data.schema
    assert back.to_pylist() == data.to_pylist()
    assert from_polars(frame.clear(), origin).schema == data.schema


def test_an_arrow_dictionary_in_chunks_keeps_all_categories():
    chunks = [pa.array(["a", "b"]).dictionary_encode(), pa.array(["c", "a"]).dictionary_encode()]
    _, frame, _ = there_and_back(pa.table({"d": pa.chunked_array(chunks)}))
    assert frame["d"].to_list() == ["a", "b", "c", "a"]
    assert frame["d"].dtype == pl.Enum(["a", "b", "c"])


TYPES = [pl.Int8, pl.Int64, pl.UInt64, pl.Float32, pl.Float64, pl.Boolean, pl.String]
TYPES += [pl.Date, pl.Time, pl.Datetime, pl.Duration, pl.Categorical, pl.Enum]


@settings(max_examples=60, deadline=None)
@given(dataframes(min_cols=1, max_cols=4, min_size=1, max_size=8, allowed_dtypes=TYPES))
def test_polars_frames_come_back_equal(frame):
    back, _, _ = there_and_back(frame)
    assert_frame_equal(back, frame)
    lazy, _, _ = there_and_back(frame.lazy())
    assert isinstance(lazy, pl.LazyFrame)
    assert_frame_equal(lazy.collect(), frame)


@settings(max_examples=60, deadline=None)
@given(dataframes(min_cols=1, max_cols=4, min_size=1, max_size=8, allowed_dtypes=TYPES[:-2]))
def test_arrow_tables_come_back_equal(frame):
    table = frame.to_arrow()
    back, _, _ = there_and_back(table)
    assert back.schema == table.schema
    assert_frame_equal(pl.DataFrame(back), frame)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=6),
    st.lists(st.one_of(st.none(), st.text(max_size=5)), min_size=1, max_size=6),
    st.lists(st.floats(), min_size=1, max_size=6),
)
def test_pandas_values_come_back_equal(whole, text, real):
    n = min(len(whole), len(text), len(real))
    data = pd.DataFrame(
        {
            "I": pd.array(whole[:n], "Int64"),
            "s": pd.Series(text[:n], dtype=object),
            "c": pd.Categorical(text[:n]),
            "f": np.array(real[:n]),
        }
    )
    back, _, _ = there_and_back(data)
    assert_pandas_equal(back, data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pd.DataFrame({1: [1]}), "column 1 is named 1, a int; expected text"),
        (pd.DataFrame({("a", "b"): [1]}), "names of 2 levels, such as"),
        (pd.DataFrame({"": [1]}), "column 1 has no name"),
        (
            pd.DataFrame([[1, 2, 3]], columns=pd.Index(["a", "b", "a"])),
            r"share a name: 'a' \(2 times\)",
        ),
        (pa.table([[1], [2]], names=["a", "a"]), r"share a name: 'a' \(2 times\)"),
        (pd.DataFrame({"a": []}), "has 1 columns but no rows"),
        (pl.LazyFrame({"a": []}), "has 1 columns but no rows"),
        (pl.DataFrame(), "has no columns"),
        (pd.DataFrame(index=pd.Index([1, 2])), "has no columns"),
        (pd.DataFrame({"a": [[1]]}), "column 'a' holds values of type list"),
        (pd.DataFrame({"a": [{"b": 1}, None]}), "column 'a' holds values of type dict"),
        (pd.DataFrame({"a": [b"x", "y"]}), "column 'a' holds values of type bytes"),
        (pd.DataFrame({"a": [1j]}), "column 'a' holds complex128"),
        (pd.DataFrame({"a": pd.period_range("2020", periods=2)}), r"'a' holds period\[D\]"),
        (pl.DataFrame({"a": [[1]]}), r"column 'a' holds List\(Int64\)"),
        (pl.DataFrame({"a": [b"x"]}), "column 'a' holds Binary"),
        (pa.table({"a": [[1]]}), "column 'a' holds list"),
        (pa.table({"a": [b"x"]}), "column 'a' holds binary"),
        (pl.DataFrame({"^a.*$": [1]}), r"is named '\^a\.\*\$', which stands for a pattern"),
        (np.zeros((2, 2, 2)), "is an array of 3 dimensions, of shape .*; expected rows by columns"),
        (pd.Series([1]), r"Series; expected a path, or a pandas"),
        ({"a": [1], "b": [1, 2]}, "is a dict that makes no frame"),
        (None, r"NoneType; expected a path, or a pandas"),
    ],
)
def test_what_cannot_be_used_is_an_error_that_names_it(data, message):
    with pytest.raises(DataError, match=message):
        to_polars(data)


def test_a_path_is_read_and_answers_are_polars(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    frame, origin = to_polars(tmp_path / "a.csv")
    assert origin == Origin("file")
    assert_frame_equal(frame, pl.LazyFrame({"a": [1]}))
    assert isinstance(frame, pl.LazyFrame)
    assert isinstance(from_polars(frame.collect(), origin), pl.DataFrame)


@pytest.mark.parametrize(
    ("values", "types"),
    [
        ([1, "1"], "int and str"),
        ([1.5, "high"], "float and str"),
        ([True, "yes"], "bool and str"),
        ([True, 1], "bool and int"),
        ([dt.date(2024, 1, 1), "soon"], "date and str"),
    ],
)
def test_objects_of_several_types_are_told_of(values, types):
    frame = pd.DataFrame({"m": pd.Series(values * 3, dtype=object)})
    with pytest.warns(InterfuseWarning, match=f"column 'm' holds {types}; they are read as text"):
        assert to_polars(frame)[0].lazy().collect().schema["m"] == pl.String

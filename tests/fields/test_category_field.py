"""Categories of any type and any number of values come back; a value never seen is -1."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal
from polars.testing.parametric import series

from interfuse.kinds.table.fields.category import PLAIN, CategoryField
from interfuse.kinds.table.fields.url import UrlField
from interfuse.kinds.table.schema import ColumnSpec

SETTINGS = settings(deadline=None, max_examples=30, derandomize=True)
DTYPES = [
    *(pl.String, pl.Boolean, pl.Int8, pl.Int64, pl.UInt64, pl.Float32, pl.Float64),
    *(pl.Date, pl.Time, pl.Datetime("us"), pl.Datetime("ns", "Asia/Tokyo"), pl.Duration("ms")),
    *(pl.Decimal(20, 3), pl.Categorical, pl.Enum(["b", "a", "", "ä"])),
]


def fit(column):
    return CategoryField.fit(column, ColumnSpec(column.name, "category", column.dtype))


def back(field, column):
    cells = field.encode(column)
    assert (cells.codes >= 0).all()
    assert (cells.codes < [c.size for c in field.cells]).all()
    rows = np.arange(len(column))
    return field.decode(cells.codes, cells.low, rows, 0)


@SETTINGS
@given(st.data())
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_column_comes_back_exactly(dtype, data):
    column = data.draw(series(name="c", dtype=dtype, min_size=1, max_size=30, allow_null=True))
    field = fit(column)
    assert_series_equal(back(field, column), column, check_exact=True)
    stored = CategoryField.from_json("c", column.dtype, field.to_json(), field.arrays())
    assert_series_equal(back(stored, column), column, check_exact=True)


def test_missing_is_a_value_of_its_own():
    column = pl.Series("c", ["a", None, "", "a", None])
    field = fit(column)
    assert field.cells[0].size == 3
    assert back(field, column).to_list() == column.to_list()
    without = fit(pl.Series("c", ["a", "b"]))
    assert without.encode(pl.Series("c", [None, "a"], dtype=pl.String)).codes[0, 0] == -1


def test_frequent_values_have_the_small_codes():
    field = fit(pl.Series("c", ["x"] * 5 + ["y"] * 9 + ["z"]))
    assert field.encode(pl.Series("c", ["y", "x", "z", "?"])).codes[:, 0].tolist() == [0, 1, 2, -1]


@pytest.mark.parametrize("count", [PLAIN, PLAIN + 1, PLAIN + 300, 5_000])
def test_many_values_are_two_cells(count):
    rng = np.random.default_rng(0)
    values = [f"10.{i // 256}.{i % 256}.1" for i in range(count)]
    column = pl.Series("ip", [values[i] for i in rng.permutation(np.repeat(np.arange(count), 2))])
    field = fit(column)
    assert len(field.cells) == (1 if count <= PLAIN else 2)
    assert_series_equal(back(field, column), column)
    unknown = field.encode(pl.Series("ip", ["nowhere"])).codes
    assert (unknown < 0).any()


def test_every_pair_of_codes_is_some_value_seen():
    column = pl.Series("n", np.arange(PLAIN + 777))
    field = fit(column)
    first, second = (c.size for c in field.cells)
    codes = np.stack(np.meshgrid(np.arange(first), np.arange(second)), -1).reshape(-1, 2)
    out = field.decode(codes, np.zeros((len(codes), 0)), np.arange(len(codes)), 0)
    assert out.is_in(column.implode()).all()
    assert out.n_unique() == len(column)


def test_a_hundred_thousand_values_take_two_small_cells():
    n = 100_000
    column = pl.Series("user", [f"user-{i:06d}" for i in range(n)])
    field = fit(column)
    assert_series_equal(back(field, column), column)
    # The docstring's count: 256 frequent values and 316 groups of 316, and one for no place.
    assert [c.size for c in field.cells] == [256 + 316, 317]
    # The values themselves and an offset each: nothing of the order of n * codes.
    assert sum(a.nbytes for a in field.arrays().values()) < 40 * n


def test_alike_values_share_a_group():
    values = [f"{net}.{host:04d}" for net in "abcdefghij" for host in range(500)]
    field = fit(pl.Series("c", values))
    codes = field.encode(pl.Series("c", values[1_000:])).codes
    grouped = codes[codes[:, 0] >= field.frequent]
    # Groups are cut from the sorted values, so each spans at most two of the ten networks.
    order = np.argsort(np.array(values[1_000:])[codes[:, 0] >= field.frequent], kind="stable")
    assert (np.diff(grouped[order, 0]) >= 0).all()


def test_no_value_of_a_group_stands_for_all_of_them():
    # Nearly all rows have a frequent value, so that a network says "no place" of others as well.
    field = fit(pl.Series("c", [f"v{i:05d}" for i in range(3_000)]))
    for group in range(field.frequent, field.cells[0].size):
        codes = np.tile([group, 0], (5_000, 1))
        out = field.decode(codes, np.zeros((5_000, 0)), np.arange(5_000), 0)
        members = min(
            field.group, len(field.values) - field.frequent - (group - field.frequent) * field.group
        )
        assert out.n_unique() == members
        assert max(out.value_counts()["count"].to_list()) <= 5_000 // members + 1


@pytest.mark.parametrize("sort", [CategoryField, UrlField], ids=["category", "url"])
def test_places_of_earlier_models_are_read(sort):
    # Each twice and more: a URL of few rows is kept as a template.
    column = pl.Series("c", [f"http://a.example/v{i % 3_000:05d}" for i in range(60_000)])
    field = sort.fit(column, ColumnSpec("c", sort.kind, pl.String()))
    assert len(field.cells) == 2
    said = field.to_json()
    for first in (0, 1):
        if not first:
            said.pop("first")
        else:
            said["first"] = 1
        read = sort.from_json("c", field.dtype, said, field.arrays())
        assert read.cells[1].size == field.group + first
        assert_series_equal(back(read, column), column)


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["tcp", "udp", "icmp"])], ids=str)
def test_dictionaries_are_known_by_their_text(dtype):
    field = fit(pl.Series("p", ["tcp", "udp", "tcp"], dtype=dtype))
    other = pl.Series("p", ["udp", "icmp", "tcp"], dtype=pl.Categorical)
    assert field.encode(other).codes[:, 0].tolist() == [1, -1, 0]
    assert field.encode(other.cast(pl.String)).codes[:, 0].tolist() == [1, -1, 0]
    assert field.decode(np.array([[0]]), np.zeros((1, 0)), np.arange(1), 0).dtype == dtype

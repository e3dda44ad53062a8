"""Number columns of every type, with every special value, come back exactly and on their grid."""

from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal
from polars.testing.parametric import series
from scipy.special import ndtr, ndtri

from interfuse.errors import SchemaError
from interfuse.kinds.table.fields.number import NumberField
from interfuse.kinds.table.schema import ColumnSpec

SETTINGS = settings(deadline=None, max_examples=40, derandomize=True)

DTYPES = [
    *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
    *(pl.Float32, pl.Float64, pl.Date, pl.Time),
    *(pl.Datetime(unit) for unit in ("ms", "us", "ns")),
    pl.Datetime("us", "Europe/Berlin"),
    pl.Datetime("ns", "UTC"),
    *(pl.Duration(unit) for unit in ("ms", "us", "ns")),
    pl.Decimal(12, 4),
    pl.Decimal(18, 0),
]


def fit(column):
    return NumberField.fit(column, ColumnSpec(column.name, "number", column.dtype))


def z_of(cells):
    """The middle of each interval in probability."""
    low, high = cells.low.astype(float), cells.high.astype(float)
    return np.where(low == high, low, ndtri((ndtr(low) + ndtr(high)) / 2))


def back(field, column):
    cells = field.encode(column)
    assert (cells.codes >= 0).all()
    return field.decode(cells.codes, z_of(cells), np.arange(len(column)), 0)


def draws(field, n=2_000, seed=0):
    """Values of random finite bins and random scores."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, field.bins, (n, 1))
    return field.decode(codes, rng.normal(size=(n, 1)) * 2, np.arange(n), 0)


@SETTINGS
@given(st.data())
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_column_comes_back_exactly(dtype, data):
    column = data.draw(series(name="x", dtype=dtype, min_size=1, max_size=40, allow_null=True))
    field = fit(column)
    assert_series_equal(back(field, column), column, check_exact=True)
    stored = NumberField.from_json("x", column.dtype, field.to_json(), field.arrays())
    assert_series_equal(back(stored, column), column, check_exact=True)


@pytest.mark.parametrize("present", [(None,), (np.nan,), (np.inf, -np.inf), (None, np.nan, np.inf)])
def test_special_values_are_codes_and_carry_no_number(present):
    special = [v for v in present for _ in range(3)]
    column = pl.Series("x", [*np.linspace(0, 1, 50).tolist(), *special], dtype=pl.Float64)
    field = fit(column)
    assert field.cells[0].size == field.bins + len(present)
    cells = field.encode(column)
    assert (cells.codes[:50] < field.bins).all()
    assert (cells.codes[50:] >= field.bins).all()
    assert np.isnan(cells.low[50:]).all()
    assert len(np.unique(cells.codes[50:])) == len(present)
    assert_series_equal(back(field, column), column, check_exact=True)


def test_a_special_value_that_fitting_never_saw_is_unknown():
    field = fit(pl.Series("x", np.linspace(0, 1, 50)))
    new = pl.Series("x", [None, np.nan, np.inf, -np.inf, 0.5], dtype=pl.Float64)
    assert field.encode(new).codes[:, 0].tolist()[:4] == [-1] * 4
    assert field.encode(new).codes[4, 0] >= 0


@pytest.mark.parametrize("values", [[None], [np.nan, None], [np.inf, -np.inf, np.nan]])
def test_a_column_without_finite_values(values):
    column = pl.Series("x", values * 4, dtype=pl.Float64)
    field = fit(column)
    assert len(field.cells) == 1
    assert_series_equal(back(field, column), column, check_exact=True)


SECOND = 1_000_000
GRIDS = {
    "integers": (lambda rng: rng.integers(-90, 700, 3_000), 1),
    "hundreds": (lambda rng: 100 * rng.integers(3, 900, 3_000) + 7, 100),
    "seconds in microseconds": (lambda rng: SECOND * rng.integers(0, 10**9, 3_000), SECOND),
    "far apart": (lambda rng: rng.integers(-(2**40), 2**40, 3_000) << 22, 1 << 22),
}


@pytest.mark.parametrize("grid", GRIDS)
def test_new_integers_lie_on_the_common_divisor_of_the_differences(grid):
    make, step = GRIDS[grid]
    x = make(np.random.default_rng(0))
    column = pl.Series("x", x)
    new = draws(fit(column)).to_numpy()
    assert ((new - x[0]) % step == 0).all()
    assert x.min() <= new.min()
    assert new.max() <= x.max()
    assert len(np.setdiff1d(new, x)) > 0, "values between those seen can appear"


@pytest.mark.parametrize("decimals", [0, 1, 2, 4, 6])
def test_new_real_numbers_have_as_many_decimals_as_the_column(decimals):
    x = np.random.default_rng(0).normal(0, 50, 3_000).round(decimals)
    new = draws(fit(pl.Series("x", x))).to_numpy()
    np.testing.assert_array_equal(new, new.round(decimals))
    assert x.min() <= new.min()
    assert new.max() <= x.max()


def test_decimals_and_times_keep_their_grid():
    prices = pl.Series("p", [Decimal(i * 25) / 100 for i in range(400)], dtype=pl.Decimal(10, 2))
    assert {v * 100 % 25 for v in draws(fit(prices)).to_list()} == {0}
    hours = pl.datetime_range(
        pl.datetime(2024, 3, 1),
        pl.datetime(2024, 4, 20),
        "1h",
        time_zone="Europe/Berlin",
        eager=True,
    ).alias("t")
    new = draws(fit(hours))
    assert new.dtype == hours.dtype
    assert new.is_in(hours.implode()).all(), "whole hours, across the change of the clocks too"


def test_real_numbers_without_a_grid_are_not_rounded():
    x = np.random.default_rng(0).normal(size=3_000)
    new = draws(fit(pl.Series("x", x))).to_numpy()
    assert (new != new.round(6)).mean() > 0.99


def test_narrow_integers_never_overflow():
    column = pl.Series("x", [-128, 127, 0, 5] * 30, dtype=pl.Int8)
    assert set(draws(fit(column)).to_list()) <= set(range(-128, 128))
    edge = pl.Series("x", np.array([0, 2**64 - 1, 2**63, 77] * 5 + [3], np.uint64))
    assert draws(fit(edge)).dtype == pl.UInt64


def test_decimals_beyond_64_bits_are_one_clear_error():
    column = pl.Series("money", ["12345678901234567890.12"]).cast(pl.Decimal(30, 2))
    with pytest.raises(SchemaError, match=r"column 'money' has decimals beyond 64 bits"):
        fit(column)


def test_the_range_is_told_in_the_columns_own_terms():
    days = pl.Series("d", ["2024-01-05", "2024-02-01", "2024-03-09"]).str.to_date()
    assert fit(days).describe_range() == "2024-01-05 to 2024-03-09"
    assert fit(pl.Series("x", [3, 9, 4])).describe_range() == "3 to 9"

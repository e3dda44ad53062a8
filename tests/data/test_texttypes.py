"""Types of text: the first type that every value fits."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfuse.io.texttypes import MISSING, typed


def of(values, **options):
    frame = pl.LazyFrame({"a": pl.Series(values, dtype=pl.String)})
    return typed(frame, ["a"], **options).collect()["a"]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["1", "-2", "+3", "0"], pl.Int64),
        ([" 1 ", "2"], pl.Int64),
        (["9007199254740993", "1"], pl.Int64),
        (["9223372036854775808", "1"], pl.UInt64),
        (["9223372036854775808", "-1"], pl.String),
        (["18446744073709551616", "1"], pl.String),
        (["007", "123"], pl.String),
        (["1", "07"], pl.String),
        (["1.5", "2", "1e-3", ".5"], pl.Float64),
        (["1.5", "inf", "-inf"], pl.Float64),
        (["1", "x"], pl.String),
        (["1,5", "2,5"], pl.String),
        (["1_000", "2_000"], pl.String),
        (["0x10", "0x11"], pl.String),
        (["true", "false"], pl.Boolean),
        (["TRUE", "FALSE"], pl.Boolean),
        (["true", "False"], pl.String),
        (["yes", "no"], pl.String),
        (["2024-02-29", "2023-01-01"], pl.Date),
        (["2023-02-29", "2023-01-01"], pl.String),
        (["2024-1-1", "2024-01-02"], pl.String),
        (["2024-02-29 23:59:58", "1999-01-01 00:00:00"], pl.Datetime("us")),
        (["2024-02-29T23:59:58.123", "2024-02-29T23:59:58"], pl.Datetime("ms")),
        (["2024-02-29T23:59:58.123456789"], pl.Datetime("ns")),
        (["2024-02-29T23:59:58Z"], pl.Datetime("us", "UTC")),
        (["2024-02-29T23:59:58+02:00"], pl.Datetime("us", "Etc/GMT-2")),
        (["2024-02-29T23:59:58+02:00", "2024-02-29T23:59:58+03:00"], pl.String),
        (["23:59:58", "00:00:00"], pl.Time),
        (["12:30", "13:45"], pl.String),
        (["P1DT2H3.5S", "PT1S"], pl.Duration("us")),
        (["PT0.000000001S"], pl.Duration("ns")),
        (["192.168.0.1", "10.0.0.1"], pl.String),
        (["1.2.3", "1.2"], pl.String),
        (["nan word", "NA"], pl.String),
    ],
)
def test_type(values, dtype):
    got = of(values)
    assert got.dtype == dtype
    assert got.null_count() == 0 or dtype != pl.String


@pytest.mark.parametrize("token", MISSING)
def test_missing_tokens_are_missing_among_numbers_and_words_among_words(token):
    assert of(["1", token, "2"]).to_list() == [1, None, 2]
    assert of(["x", token, "y"]).to_list() == ["x", token, "y"]
    assert of([token, token]).dtype == pl.String


def test_whole_numbers_that_no_float_holds_stay_exact():
    assert of(["9007199254740993", "2"]).to_list() == [2**53 + 1, 2]
    assert of(["18446744073709551615", "2"]).to_list() == [2**64 - 1, 2]
    assert of(["36893488147419103232", "2"]).to_list() == [str(2**65), "2"]


def test_infinities():
    assert of(["inf", "-inf", "1.5"]).to_list() == [float("inf"), float("-inf"), 1.5]


def test_json_text_is_looked_at_for_times_alone():
    assert of(["1", "2"], only_times=True).dtype == pl.String
    assert of(["2024-02-29"], only_times=True).to_list() == [dt.date(2024, 2, 29)]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_integers_come_back(values):
    assert of([str(v) for v in values]).to_list() == values


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_floats_come_back_to_the_last_bit(values):
    values = [0.5, *values]  # else all might be whole
    got = of([repr(v) for v in values])
    assert got.dtype == pl.Float64
    assert [v.hex() for v in got.to_list()] == [v.hex() for v in values]


@given(st.lists(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)), min_size=1))
def test_times_of_day_and_dates_come_back(values):
    assert of([v.isoformat(timespec="microseconds") for v in values]).to_list() == values
    assert of([v.date().isoformat() for v in values]).to_list() == [v.date() for v in values]


@given(st.lists(st.text(max_size=6), min_size=1))
def test_text_with_a_word_in_it_comes_back_as_it_is(values):
    assert of(["a word", *values]).to_list() == ["a word", *values]

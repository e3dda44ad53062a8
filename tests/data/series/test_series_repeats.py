"""Rows that share a stamp: few are averaged, many are refused with what tells them apart."""

from __future__ import annotations

import datetime as dt
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest

from interfuse.errors import DataError
from interfuse.kinds.series.data import read_series

DAYS = pd.date_range("2024-01-01", periods=40).strftime("%Y-%m-%d")
RNG = np.random.default_rng(5)


def panel(value: str = "sales", dates: list[str] | None = None, **keys: list) -> pl.DataFrame:
    """A row for every date and combination of keys, and a number that differs in all of them."""
    days = list(DAYS) if dates is None else dates
    rows = list(product(days, *keys.values()))
    frame = pl.DataFrame(rows, schema=["date", *keys], orient="row")
    return frame.with_columns(pl.Series(value, RNG.normal(100, 9, len(rows)).round(2)))


def sale(frame: pl.DataFrame) -> pl.DataFrame:
    """Whole-number sales that are distinct nearly everywhere, as keys are."""
    return frame.with_columns(sales=pl.Series(RNG.integers(0, 10**6, frame.height)))


REFUSED = {
    "whole-number keys": (panel(store=[1, 2], item=[1, 2, 3]), ["'store'", "'item'", "Join"]),
    "shuffled": (
        panel(store=[1, 2], item=[1, 2, 3]).sample(fraction=1, shuffle=True, seed=1),
        ["'store' and 'item'", "Join"],
    ),
    "sales that are whole": (sale(panel(store=[1, 2], item=[1, 2, 3])), ["'store' and 'item'"]),
    "keys as floats": (
        panel(store=[1.0, 2.0], item=[10.0, 20.0, 30.0]),
        ["'store' and 'item'", "Join"],
    ),
    "three keys": (
        panel(region=[1, 2], store=[1, 2], item=[5, 6, 7]),
        ["'region' and 'store' and 'item'"],
    ),
    "one key of no known name": (panel(zone_number=[3, 4, 5]), ["series='zone_number'"]),
    "text and a number": (panel(store=["n", "s"], item=[1, 2, 3]), ["of one 'store'", "'item'"]),
    "booleans": (panel(promo=[True, False]), ["'promo'"]),
    "date and hour": (panel(hour=list(range(24)), value="load"), ["'date' and 'hour'", "time=..."]),
    "date and hour of floats": (
        panel(hour=[float(h) for h in range(24)], value="load"),
        ["'date' and 'hour'", "time=..."],
    ),
    "date, hour and minute": (
        panel(hour=list(range(24)), minute=[0, 30], dates=list(DAYS[:6]), value="load"),
        ["'date' and 'hour' and 'minute'"],
    ),
    "date and a clock": (
        panel(at=[f"{h:02d}:30" for h in range(0, 24, 6)], value="load").with_columns(
            at=pl.col("at").str.to_time("%H:%M")
        ),
        ["'date' and 'at'"],
    ),
    "date and a clock of text": (
        panel(at=[f"{h}:00" for h in range(24)], value="load"),
        ["'at' holds times of day, such as '0:00'", "beside 'date'"],
    ),
    "date, host and a clock of text": (
        panel(host=["a", "b"], at=[f"{h:02d}:00:00" for h in range(24)], value="load"),
        ["'at' holds times of day", "beside 'date'"],
    ),
    "nothing tells them apart": (
        panel(k=list(range(3))).drop("k"),
        ["no column tells them apart"],
    ),
    "a key of many values": (
        panel(sku=list(range(1000, 1300)), shop=[1, 2], dates=list(DAYS[:4])),
        ["'sku' and 'shop'"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_many_repeats_are_refused_by_name(name):
    frame, words = REFUSED[name]
    with pytest.raises(DataError) as error:
        read_series(frame)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("library", ["pandas", "arrow", "file"])
def test_of_any_origin(library, tmp_path):
    frame, words = REFUSED["whole-number keys"]
    frame.write_csv(tmp_path / "a.csv")
    data = {"pandas": frame.to_pandas, "arrow": frame.to_arrow}.get(
        library, lambda: tmp_path / "a.csv"
    )()
    with pytest.raises(DataError, match="200 of 240 rows share their stamp") as error:
        read_series(data)
    assert all(word in str(error.value) for word in words)
    assert str(error.value).startswith(str(tmp_path) if library == "file" else "the frame")


def test_what_the_error_says_to_do_works():
    frame, _ = REFUSED["whole-number keys"]
    joined = frame.with_columns(
        key=pl.format("{} {}", "store", "item"),
    )
    read = read_series(joined, series="key")
    assert len(read) == 6
    assert read.lengths.tolist() == [40] * 6
    assert [s.name for s in read.schema.statics] == ["store", "item"]
    hours, _ = REFUSED["date and hour"]
    at = pl.col("date").str.to_datetime("%Y-%m-%d") + pl.duration(hours="hour")
    read = read_series(hours.select(at.alias("time"), "load"))
    assert read.lengths.tolist() == [40 * 24]
    assert read.schema.step_name == "1 hour"
    one, _ = REFUSED["one key of no known name"]
    assert len(read_series(one, series="zone_number")) == 3


def repeated(share: float) -> pl.DataFrame:
    frame = panel().with_columns(sales=pl.arange(0, 40, eager=True) * 1.5)
    few = frame.head(round(40 * share)).with_columns(pl.col("sales") + 1)
    return pl.concat([frame, few])


@pytest.mark.parametrize("share", [0.025, 0.05, 0.1])
def test_few_repeats_are_averaged_and_counted(share):
    read = read_series(repeated(share))
    many = round(40 * share)
    word = "stamp was" if many == 1 else "stamps were"
    assert f"{many} repeated {word} averaged" in read.notes
    wanted = np.arange(40) * 1.5
    wanted[:many] += 0.5
    np.testing.assert_allclose(read.values[0][:, 0], wanted)


@pytest.mark.parametrize("share", [0.15, 0.5, 1.0])
def test_more_are_an_error(share):
    with pytest.raises(DataError, match="no column tells them apart"):
        read_series(repeated(share))


def test_copies_of_rows_lose_nothing():
    frame = panel()
    read = read_series(pl.concat([frame, frame, frame]))
    np.testing.assert_array_equal(read.values[0][:, 0], frame["sales"])
    assert "80 repeated stamps were averaged" in read.notes


def test_a_model_that_is_asked_refuses_too():
    schema = read_series(panel()).schema
    rows = pl.concat([panel(), panel().with_columns(pl.col("sales") + 1)])
    with pytest.raises(DataError, match="40 of 80 rows share their stamp"):
        read_series(rows, schema=schema)


@pytest.mark.parametrize("seed", range(5))
def test_a_measurement_that_tells_rows_apart_by_chance_is_no_key(seed):
    rng = np.random.default_rng(seed)
    keys = [(day, store, item) for day in range(60) for store in (1, 2) for item in (11, 12)]
    days, stores, items = zip(*keys, strict=True)
    start = dt.date(2023, 1, 1)
    frame = pl.DataFrame(
        {
            "date": [start + dt.timedelta(days=day) for day in days],
            "store": stores,
            "item": items,
            "sales": rng.integers(0, 120, len(keys)),
        }
    )
    with pytest.raises(DataError, match="differ in 'store' and 'item'"):
        read_series(frame)

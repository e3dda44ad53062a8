"""Schemas of series: saved, edited, refused."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

from interfuse.errors import SchemaError
from interfuse.kinds.series.data import SeriesSchema, read_series


def example():
    index = pd.date_range("2024-01-01", periods=100, freq="h", tz="Europe/Vienna")
    frame = pd.DataFrame(
        {
            "host": np.repeat(["a", "b"], 100),
            "kind": np.repeat(["x", "y"], 100),
            "time": [*index] * 2,
            "hits": np.random.default_rng(0).poisson(3, 200),
            "load": np.random.default_rng(1).normal(size=200),
            "holiday": [False, True] * 100,
        }
    )
    return frame, read_series(frame, known_future=["holiday"])


def test_saved_and_loaded_it_is_the_same(tmp_path):
    frame, read = example()
    read.schema.save(tmp_path / "schema.json")
    loaded = SeriesSchema.load(tmp_path / "schema.json")
    assert loaded == read.schema
    again = read_series(frame, schema=loaded)
    assert again.schema == read.schema
    assert again.fingerprint() == read.fingerprint()


def test_the_fingerprint_tells_a_single_value():
    frame, read = example()
    frame.loc[17, "load"] += 1e-9
    assert read_series(frame, known_future=["holiday"]).fingerprint() != read.fingerprint()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1, 2, 5, 9], (True, 0, None)),
        ([100.5, 101, 102, 103], (False, 0, None)),
        ([-1.5, 3, 4], (False, None, None)),
        ([-1.0, -1, -1, 3, 4, 7], (True, -1, None)),
        ([0.5, 1, 1, 1, 0.2], (False, 0, 1)),
        ([0, 1, 0, 1, 0, 1], (True, 0, 1)),
    ],
)
def test_bounds_and_wholeness(values, expected):
    channel = read_series(np.array(values, float)).schema.channels[0]
    assert (channel.integer, channel.minimum, channel.maximum) == expected


EDITS = [
    (lambda d: d.pop("step"), "step is missing; expected a whole number from 1"),
    (lambda d: d.update(step=0), "step is 0"),
    (lambda d: d.update(step="1h"), "step is '1h'"),
    (lambda d: d.update(layout="tall"), "layout is 'tall'.*'long'"),
    (lambda d: d.update(zone="Mars"), "'Mars'.*no known time zone"),
    (lambda d: d.update(periods=[24, 7]), r"periods are \[24, 7\].*ascending"),
    (
        lambda d: d.update(periods=[2, 3, 4, 5]),
        r"periods is \[2, 3, 4, 5\]; expected at most 3 whole numbers",
    ),
    (lambda d: d.update(periods="day"), "periods is 'day'"),
    (lambda d: d.update(channels=[]), "no channels"),
    (lambda d: d["channels"].append(d["channels"][0]), "'hits' is listed twice"),
    (
        lambda d: d["channels"][0].update(minimum="low"),
        r"channels\[0\] \('hits'\).minimum is 'low'; expected a number, or null",
    ),
    (lambda d: d["channels"][0].update(minimum=5, maximum=1), "'hits'.*above maximum"),
    (lambda d: d["channels"].append(7), r"channels\[2\] is 7"),
    (lambda d: d["statics"][0].update(kind="colour"), "'kind' is 'colour'"),
    (lambda d: d.update(colour=1), "unknown entry 'colour'"),
    (lambda d: d.update(calendar=1), "calendar is 1"),
    (lambda d: d.update(kind="table"), "'kind': 'series'"),
    (lambda d: d.update(version=99), "version 99"),
    (lambda d: d.update(span="long"), "span is 'long'"),
]


@pytest.mark.parametrize("edit", EDITS)
def test_a_bad_edit_is_named(edit, tmp_path):
    change, message = edit
    d = example()[1].schema.to_json()
    d = json.loads(json.dumps(d))
    change(d)
    (tmp_path / "schema.json").write_text(json.dumps(d))
    with pytest.raises(SchemaError, match=message):
        SeriesSchema.load(tmp_path / "schema.json")


def test_no_json_is_named(tmp_path):
    (tmp_path / "schema.json").write_text("{")
    with pytest.raises(SchemaError, match="cannot be read"):
        SeriesSchema.load(tmp_path / "schema.json")


def test_a_description_says_what_matters():
    text = example()[1].schema.describe()
    for part in ("1 hour", "Europe/Vienna", "'host'", "hits", "whole numbers", "kind", "holiday"):
        assert part in text


def test_with_other_periods_and_bounds():
    schema = example()[1].schema
    assert schema.with_periods(168, 24).periods == (24, 168)
    assert schema.with_bounds("load", maximum=9.0).channels[1].maximum == 9.0
    with pytest.raises(SchemaError, match="no channel 'cpu'"):
        schema.with_bounds("cpu")


def test_a_frame_with_a_wide_range_of_types_keeps_them():
    frame = pl.DataFrame(
        {
            "t": pl.datetime_range(pl.date(2024, 1, 1), pl.date(2024, 1, 2), "1h", eager=True),
            "a": pl.Series(range(25), dtype=pl.UInt8),
            "b": pl.Series(range(25)).cast(pl.Decimal(10, 2)),
        }
    )
    schema = read_series(frame).schema
    assert {n: schema.dtype(n) for n in frame.columns} == dict(frame.schema)

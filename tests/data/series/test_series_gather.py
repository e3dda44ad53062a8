"""Events per step, rows brought to one step, and series whose steps differ."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.errors import DataError, OptionError
from interfuse.kinds.series.data import read_series
from interfuse.kinds.series.data.gather import chosen_step, step_of

BEGIN = datetime(2024, 1, 1, 0, 0, 7)
MINUTE = 60 * 10**9


def log(many: int = 4_000, per_hour: float = 30.0) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    at = np.cumsum(rng.exponential(3600 / per_hour, many))
    return pl.DataFrame(
        {
            "time": [BEGIN + timedelta(seconds=float(s)) for s in at],
            "what": rng.choice(["login", "logout"], many),
        }
    )


def test_rows_that_keep_no_clock_are_counted_and_it_is_said():
    events = log()
    read = read_series(events)
    # Four on average: 30 an hour are 8 minutes, the next round step is 10.
    assert (read.schema.step_name, read.schema.every) == ("10 min", 10 * MINUTE)
    assert read.schema.names == ["events"] == [read.schema.events]
    assert any("each is taken for an event" in note for note in read.notes)
    assert any("4,000 events were counted in steps of 10 min" in note for note in read.notes)
    seconds = (events["time"] - datetime(2024, 1, 1)).dt.total_seconds(fractional=True).to_numpy()
    wanted = np.bincount((seconds // 600).astype(int))[1:-1]  # the first and the last are cut
    np.testing.assert_array_equal(read.values[0][:, 0], wanted)
    assert not np.isnan(read.values[0]).any(), "a step without events is a zero"


def test_each_value_of_a_column_is_counted_apart():
    read = read_series(log(), series="what", every="1h")
    assert sorted(read.names) == ["login", "logout"]
    assert read.schema.step_name == "1 hour"
    total = sum(v.sum() for v in read.values)
    assert 3_900 < total < 4_000


def test_numbers_of_irregular_rows_are_asked_about():
    rows = log().with_columns(size=pl.lit(3.0)).drop("what")
    assert any("--events" in note for note in read_series(rows).notes)
    assert read_series(rows, events=True).schema.names == ["events"]


def test_a_model_of_events_is_asked_by_events():
    model = interfuse.fit(log(), kind="series", examples=64)
    ahead = model.forecast(log(), 6, draws=10)
    stamps = ahead.median()["time"]
    assert (stamps.diff().drop_nulls() == timedelta(minutes=10)).all()
    last = log()["time"][-1]
    assert stamps[0] <= last < stamps[0] + timedelta(minutes=10)
    assert (ahead.array >= 0).all()
    assert (ahead.array == np.rint(ahead.array)).all()
    assert ahead.array.mean() == pytest.approx(5, rel=0.3)
    counts = model.detect(log()).frame()
    assert counts.columns[:2] == ["time", "events"]
    assert len(counts) > 700
    again = model.forecast(counts.select("time", "events"), 6, draws=10)
    np.testing.assert_array_equal(again.array, ahead.array)
    assert len(model.impute(log(), draws=2).median()) == len(counts)


def panel() -> pl.DataFrame:
    parts = []
    for name, step in (("a", 5), ("b", 60)):
        many = 3 * 1440 // step
        times = [datetime(2024, 1, 1) + timedelta(minutes=step * i) for i in range(many)]
        parts.append(pl.DataFrame({"time": times, "host": name, "cpu": np.arange(many) * 1.0}))
    return pl.concat(parts)


def test_steps_that_differ_are_an_error_that_says_what_to_do():
    with pytest.raises(DataError, match=r"5 min: 'a'; 1 hour: 'b'.*every='1hour'"):
        read_series(panel())
    read = read_series(panel(), every="1hour")
    assert read.schema.step_name == "1 hour"
    assert list(read.lengths) == [72, 72]
    np.testing.assert_allclose(read.values[0][:3, 0], [5.5, 17.5, 29.5])
    np.testing.assert_allclose(read.values[1][:3, 0], [0, 1, 2])


def test_rows_that_are_missing_are_no_other_step():
    thin = panel().filter((pl.col("host") == "a") & (pl.int_range(pl.len()) % 7 != 3))
    both = pl.concat([thin, thin.with_columns(host=pl.lit("c"))])
    assert read_series(both).schema.step_name == "5 min"


@pytest.mark.parametrize(
    ("text", "wanted"), [("30s", 30 * 10**9), ("5 min", 5 * MINUTE), ("1h", 60 * MINUTE)]
)
def test_lengths_of_steps(text, wanted):
    assert step_of(text) == wanted


def test_a_step_that_is_none_is_refused():
    for text in ("fast", "5", "0s", "-1h"):
        with pytest.raises(OptionError, match="expected a length of time"):
            step_of(text)
    with pytest.raises(OptionError, match="tables with a column of time"):
        read_series(np.arange(9.0), every="5min")


def test_few_events_keep_fifty_steps():
    stamps = np.sort(np.random.default_rng(0).integers(0, 30 * 1440 * MINUTE, 60))
    assert chosen_step(stamps) == 12 * 60 * MINUTE

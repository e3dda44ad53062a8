"""Which column is what, and how stamps are written in the wild."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from interfuse.errors import DataError
from interfuse.io.frames import to_polars
from interfuse.kinds.series.data import guess, looks_like_series, read_series

HOURS = pd.date_range("2024-01-05", periods=240, freq="h")
V = np.random.default_rng(0).normal(size=240)

FORMS = {
    "iso": ("%Y-%m-%dT%H:%M:%S", None),
    "blank": ("%Y-%m-%d %H:%M", None),
    "german": ("%d.%m.%Y %H:%M", None),
    "british": ("%d/%m/%Y %H:%M:%S", None),
    "american": ("%m/%d/%Y %I:%M %p", None),
    "log": ("%d/%b/%Y:%H:%M:%S %z", "UTC"),
    "offset": ("%Y-%m-%dT%H:%M:%S%z", "Europe/Vienna"),
    "zulu": ("%Y-%m-%dT%H:%M:%SZ", "UTC"),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("by", ["frame", "csv"])
def test_stamps_as_text(name, by, tmp_path):
    form, zone = FORMS[name]
    index = HOURS if zone is None else HOURS.tz_localize("UTC").tz_convert(zone)
    frame = pd.DataFrame({"when": index.strftime(form), "v": V})
    if by == "csv":
        frame.to_csv(tmp_path / "a.csv", index=False)
    read = read_series(frame if by == "frame" else tmp_path / "a.csv")
    assert read.schema.time == "when"
    assert read.schema.calendar
    np.testing.assert_array_equal(read.times(0), HOURS.astype(np.int64))


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (HOURS.astype(np.int64) // 10**9, "epoch[s]:Int64"),
        (HOURS.astype(np.int64) // 10**6, "epoch[ms]:Int64"),
        (HOURS.astype(np.int64) // 10**3, "epoch[us]:Int64"),
        (HOURS.astype(np.int64), "epoch[ns]:Int64"),
        (HOURS.astype(np.int64) / 1e9, "epoch[s]:Float64"),
    ],
)
def test_seconds_since_1970(values, form):
    read = read_series(pd.DataFrame({"timestamp": values, "v": V}))
    assert (read.schema.time, read.schema.time_dtype) == ("timestamp", form)
    np.testing.assert_array_equal(read.times(0), HOURS.astype(np.int64))


def test_dates_as_numbers_and_months_as_text():
    days = pd.date_range("2023-12-01", periods=90)
    read = read_series(pd.DataFrame({"date": days.strftime("%Y%m%d").astype(int), "v": V[:90]}))
    np.testing.assert_array_equal(read.times(0), days.astype(np.int64))
    months = pd.date_range("2010-01-01", periods=90, freq="MS")
    read = read_series(pd.DataFrame({"month": months.strftime("%b %Y"), "v": V[:90]}))
    np.testing.assert_array_equal(read.times(0), months.astype(np.int64))


def test_the_order_of_day_and_month_is_the_one_in_which_time_goes_on():
    days = pd.date_range("2024-01-01", periods=12)
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        read = read_series(pd.DataFrame({"date": days.strftime(form), "v": V[:12]}))
        np.testing.assert_array_equal(read.times(0), days.astype(np.int64))


def test_numbers_that_are_no_dates_are_time_without_a_calendar():
    read = read_series(
        pl.DataFrame({"id": ["a"] * 120 + ["b"] * 120, "t": [*range(120)] * 2, "v": V})
    )
    assert (read.schema.time, read.schema.series, read.schema.calendar) == ("t", "id", False)
    read = read_series(pl.DataFrame({"t": np.arange(240) * 0.1, "v": V}))
    assert (read.schema.time, read.schema.step_name, len(read.values[0])) == ("t", "0.1", 240)


def test_without_a_column_of_time_the_row_is_the_time():
    read = read_series(pl.DataFrame({"u": V, "v": V[::-1]}))
    assert (read.schema.time, read.schema.names) == (None, ["u", "v"])
    np.testing.assert_array_equal(read.values[0], np.column_stack([V, V[::-1]]))
    assert any("order of the rows" in note for note in read.notes)
    read = read_series(pl.DataFrame({"id": ["a", "b"] * 120, "v": V}))
    np.testing.assert_array_equal(read.values[1][:, 0], V[1::2])


def test_statics_and_the_series_among_several_columns_of_text():
    frame = pd.DataFrame(
        {
            "region": np.repeat(["x", "y"], 120),
            "host": np.repeat(list("abcd"), 60),
            "cores": np.repeat([4, 8, 8, 16], 60),
            "time": [*HOURS[:60]] * 4,
            "up": V > 0,
            "cpu": V,
        }
    )
    read = read_series(frame)
    assert read.schema.series == "host"
    assert [s.name for s in read.schema.statics] == ["region", "cores"]
    assert read.schema.names == ["up", "cpu"]
    np.testing.assert_array_equal(read.statics, [[0, 4], [0, 8], [1, 8], [1, 16]])


def test_numbers_that_name_the_series():
    frame = pd.DataFrame({"store_id": np.repeat([7, 3], 120), "time": [*HOURS[:120]] * 2, "v": V})
    read = read_series(frame)
    assert read.names == (7, 3)
    # Without repeats of stamps it is a number like any other.
    read = read_series(pd.DataFrame({"store_id": np.arange(240), "time": HOURS, "v": V}))
    assert read.schema.series is None


def test_an_index_of_dates_and_of_several_levels():
    read = read_series(pd.Series(V, index=HOURS.rename("when"), name="load"))
    assert (read.schema.time, read.schema.names) == ("when", ["load"])
    levels = pd.MultiIndex.from_product([["a", "b"], HOURS[:120]], names=["host", None])
    read = read_series(pd.DataFrame({"v": V}, index=levels))
    assert (read.names, list(read.lengths)) == (("a", "b"), [120, 120])


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"a": HOURS, "b": HOURS, "v": V}, {}, "'a', 'b' could all be the time.*time='a'"),
        ({"a": V, "b": V}, {"time": "A"}, "no column 'A'.*Did you mean 'a'"),
        ({"time": ["x"] * 240, "v": V}, {}, "'time' is to be time but holds String such as 'x'"),
        ({"when": HOURS, "v": ["1", "n/a!"] * 120}, {}, "column 'v' holds String such as 'n/a!'"),
        ({"when": HOURS, "v": V, "w": V}, {"channels": ["v", "v"]}, "named for two things"),
        ({"when": HOURS, "v": V}, {"time": "when", "channels": ["when"]}, "two things"),
        ({"when": HOURS, "note": ["a"] * 240}, {}, "no column can be a channel"),
        (
            {"h": ["a"] * 240, "m": ["x", "y"] * 120, "w": np.repeat(HOURS[:120], 2), "v": V},
            {"series": "h"},
            "share stamps and differ in 'm'.*pivot",
        ),
    ],
)
def test_what_cannot_be_told_is_asked(columns, options, message):
    with pytest.raises(DataError, match=message):
        read_series(pd.DataFrame(columns), **options)


def test_named_columns_win():
    frame = pd.DataFrame({"a": HOURS, "b": HOURS[::-1], "v": V, "note": "x", "w": V})
    read = read_series(frame, time="b", channels=["v"])
    np.testing.assert_array_equal(read.values[0][:, 0], V[::-1])
    assert read.schema.ignored == ("a", "w")


def test_the_hint_reads_the_head_of_a_large_file_alone(tmp_path, monkeypatch):
    rows = 40_000
    time = pd.date_range("2026-01-01", periods=rows, freq="min")
    large = pd.DataFrame({"time": time, "v": np.arange(rows) % 60})
    large.to_csv(tmp_path / "large.csv", index=False)
    read = []

    def seen(data):
        read.append(Path(data).stat().st_size)
        return to_polars(data)

    monkeypatch.setattr(guess, "to_polars", seen)
    assert looks_like_series(tmp_path / "large.csv")
    assert read
    assert max(read) < 0.7 * (tmp_path / "large.csv").stat().st_size
    wide = pd.DataFrame({f"column {i}": range(30) for i in range(3_000)})
    wide.insert(0, "time", time[:30])
    wide.to_csv(tmp_path / "wide.csv", index=False)
    read.clear()
    assert not looks_like_series(tmp_path / "wide.csv")
    assert not read


def test_the_hint_is_cautious():
    yes = pd.DataFrame({"time": HOURS, "v": V, "w": V})
    assert looks_like_series(yes)
    assert looks_like_series(pd.concat([yes.assign(id="a"), yes.assign(id="b")]))
    rng = np.random.default_rng(1)
    events = HOURS[0] + pd.to_timedelta(np.cumsum(rng.exponential(300, 240)), unit="s")
    for no in (
        pd.DataFrame({"u": V, "v": V}),
        yes.assign(time=events),
        yes.assign(label=rng.choice(["a", "b", "c"], 240)),
        yes.assign(end=HOURS),
        yes.head(5),
        "no/such/file.csv",
    ):
        assert not looks_like_series(no)


@pytest.mark.parametrize(
    "parts",
    [
        {"year": [2010 + i // 12 for i in range(48)], "month": [i % 12 + 1 for i in range(48)]},
        {
            "Tag": [i % 28 + 1 for i in range(48)],
            "Monat": [i % 12 + 1 for i in range(48)],
            "Jahr": [2024] * 48,
        },
        {"Year": [2010 + i // 4 for i in range(48)], "quarter": [i % 4 + 1 for i in range(48)]},
    ],
)
def test_parts_of_a_time_in_several_columns_are_no_channels(parts):
    frame = pl.DataFrame({**parts, "load": [float(i) for i in range(48)]})
    with pytest.raises(DataError, match=f"{next(iter(parts))!r}, .* hold parts of the time"):
        read_series(frame)
    assert read_series(frame, channels=["load"])


def test_a_month_without_a_year_may_be_a_channel():
    frame = pl.DataFrame(
        {"month": [i % 12 + 1 for i in range(48)], "load": [0.5] * 24 + [1.5] * 24}
    )
    assert read_series(frame)

"""Any stamps and values: an answer that agrees with the rows, or an error that says why."""

import json
from typing import cast

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interfuse.errors import InterfuseError
from interfuse.kinds.series.data import FrameWriter, SeriesSchema, read_series

SECOND = 10**9
# The type of hypothesis says that a class of checks has no members to list.
EVERY = cast(list[HealthCheck], list(HealthCheck))
quick = settings(max_examples=60, deadline=None, suppress_health_check=EVERY)
values = st.one_of(
    st.none(),
    st.floats(-1e6, 1e6),
    st.just(float("nan")),
    st.just(float("inf")),
    st.integers(-3, 3),
)


@st.composite
def rows(draw):
    """Rows of a few series with repeats, gaps, jitter and disorder."""
    step = draw(st.sampled_from([1, 60, 300, 3600, 86_400, 7 * 86_400]))
    start = draw(st.integers(0, 2_000_000_000))
    jitter = draw(st.sampled_from([0, 0, 1, 10]))
    many = draw(st.integers(2, 40))
    stamps = [
        start + step * draw(st.integers(0, 30)) + draw(st.integers(0, jitter)) for _ in range(many)
    ]
    names = draw(st.lists(st.sampled_from("abc"), min_size=many, max_size=many))
    u = draw(st.lists(values, min_size=many, max_size=many))
    zone = draw(st.sampled_from([None, "UTC", "Europe/Vienna", "Australia/Lord_Howe"]))
    time = pl.Series("time", np.array(stamps) * 1000).cast(pl.Datetime("ms", zone))
    return pl.DataFrame(
        {"id": names, "time": time, "u": pl.Series(u, dtype=pl.Float64, strict=False)}
    )


@quick
@given(rows())
def test_every_value_is_the_mean_of_its_rows(frame):
    try:
        read = read_series(frame, series="id", time="time", channels=["u"])
    except InterfuseError:
        return
    assert read.rows is not None
    instants = frame["time"].dt.timestamp("ns").to_numpy()
    u = frame["u"].to_numpy()
    whole = read.schema.channels[0].integer
    for i, name in enumerate(read.names):
        mine = np.flatnonzero(read.rows[:, 0] == i)
        assert (frame["id"].gather(mine) == name).all()
        times, place = read.times(i), read.rows[mine, 1]
        assert (np.diff(times) > 0).all()
        # Half a step, and an hour where a day is one of 23 or 25.
        away = np.abs(times[place] - instants[mine]).max()
        assert away <= read.schema.step / 2 + 3600 * SECOND * (read.schema.step >= 86_400 * SECOND)
        for k in range(len(times)):
            there = u[mine[place == k]]
            there = there[np.isfinite(there)]
            if not len(there):
                assert np.isnan(read.values[i][k, 0])
                continue
            mean = np.rint(there.mean()) if whole and len(there) > 1 else there.mean()
            assert read.values[i][k, 0] == pytest.approx(mean, rel=1e-9, abs=1e-9)
    text = json.dumps(read.schema.to_json(), allow_nan=False)
    assert SeriesSchema.from_json(json.loads(text)) == read.schema


@quick
@given(rows())
def test_observed_cells_are_restored_as_they_are(frame):
    try:
        read = read_series(frame, series="id", time="time", channels=["u"])
    except InterfuseError:
        return
    out = FrameWriter(read).restore(frame, [np.full(v.shape, 0.5) for v in read.values])
    kept = frame["u"].is_finite().fill_null(False).to_numpy()
    assert out["u"].to_numpy()[kept].tobytes() == frame["u"].to_numpy()[kept].tobytes()
    fill = 0.0 if read.schema.channels[0].integer else 0.5
    assert (out["u"].to_numpy()[~kept] == fill).all()
    assert out.drop("u").equals(frame.drop("u"))


@quick
@given(
    st.lists(
        st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(0, 50)),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from(["int", "ns", "ms", "date", "text"]),
)
def test_wild_stamps_are_read_or_refused(stamps, kind):
    time = pl.Series("time", stamps, dtype=pl.Int64)
    if kind in ("ns", "ms"):
        time = time.cast(pl.Datetime(kind))
    elif kind == "date":
        time = (time % 2**31).cast(pl.Int32).cast(pl.Date)
    elif kind == "text":
        time = time.cast(pl.String)
    try:
        read = read_series(pl.DataFrame({"time": time, "v": np.arange(len(stamps))}), time="time")
    except InterfuseError:
        return
    assert (np.diff(read.times(0)) > 0).all()
    assert len(read.values[0]) <= 50 * len(stamps) + 1000

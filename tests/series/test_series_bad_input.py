"""Bad input: one clear error, or a right answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from tiny_series import HOUR, START, frame, hosts, hours, known_pair, waves

import interfuse
from interfuse.errors import ConditionError, DataError, OptionError, RunError, SchemaError


def wave(values, first: int = 0) -> pl.DataFrame:
    return frame(np.asarray(values, float), first).with_columns(name=pl.lit("wave"))


# -- histories ------------------------------------------------------------------------------------


def test_unsorted_rows_have_the_forecast_of_sorted_ones(model):
    history = wave(waves(200))
    mixed = history.sample(fraction=1, shuffle=True, seed=1)
    ahead, wanted = (model.forecast(h, 6, draws=5) for h in (mixed, history))
    np.testing.assert_array_equal(ahead.array, wanted.array)
    assert any("sorted" in note for note in ahead.notes)
    scores = model.detect(mixed).frame().sort("time")
    np.testing.assert_array_equal(scores["score"], model.detect(history).score)


def test_repeated_times_are_averaged_and_said(model):
    history = wave(waves(200))
    few = pl.int_range(pl.len()) % 10 == 3  # a tenth; more are an error
    twice = pl.concat([history.with_columns(load=pl.col("load") - few.cast(pl.Float64)),
                       history.filter(few).with_columns(load=pl.col("load") + 1)])  # fmt: skip
    ahead, wanted = (model.forecast(h, 6, draws=5) for h in (twice, history))
    np.testing.assert_allclose(ahead.array, wanted.array, atol=1e-4)  # sums of floats
    assert any("repeated" in note for note in ahead.notes)
    scores = model.detect(twice)
    assert len(scores) == 220, "a score for each row"
    np.testing.assert_array_equal(scores.score[3:200:10], scores.score[200:])
    with pytest.raises(DataError, match="200 of 400 rows of one 'name' share their stamp"):
        model.forecast(pl.concat([history, history.with_columns(pl.col("load") + 1)]), 6)


def test_irregular_stamps_go_to_the_grid(model):
    rng = np.random.default_rng(0)
    jitter = [timedelta(minutes=int(m)) for m in rng.integers(-9, 9, 200)]
    history = wave(waves(200))
    moved = history.with_columns(
        time=pl.Series([t + j for t, j in zip(hours(200), jitter, strict=True)])
    )
    moved = pl.concat([moved, moved[:3]])
    ahead = model.forecast(moved, 3, draws=40)
    assert any("moved onto the grid" in note for note in ahead.notes)
    offset = (ahead.frame(0)["time"][0] - START) / HOUR
    assert offset == pytest.approx(200, abs=0.2)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_history_of_a_few_observations(model, length):
    ahead = model.forecast(wave(waves(length)), 30, draws=20)
    assert ahead.array.shape == (20, 1, 30, 1)
    assert np.isfinite(ahead.array).all()
    assert abs(np.median(ahead.array) - 10) < 6  # the wave lies between 6 and 14
    assert np.isfinite(model.detect(wave(waves(length))).score).all()


def test_a_history_of_nothing_but_gaps(model):
    empty = wave(np.full(50, np.nan))
    ahead = model.forecast(empty, 5, draws=20)
    assert np.isfinite(ahead.array).all()
    filled = model.impute(empty, draws=3).frame(0)
    assert filled["load"].is_finite().all()
    assert filled["time"].equals(empty["time"])
    scores = model.detect(empty)
    assert np.isnan(scores.score).all()
    assert scores.frame()["score"].null_count() == 50


def test_infinite_values_count_as_missing(model):
    values = waves(120)
    values[[7, 70]] = np.inf, -np.inf
    ahead = model.forecast(wave(values), 5, draws=5)
    values[[7, 70]] = np.nan
    np.testing.assert_array_equal(ahead.array, model.forecast(wave(values), 5, draws=5).array)
    assert any("2 infinite values count as missing" in note for note in ahead.notes)


def test_a_series_never_seen_is_taken_at_its_own_scale(model):
    other = frame(1000 * waves(300)).with_columns(name=pl.lit("other"))
    ahead = model.forecast(other, 24, draws=50)
    assert 4_000 < np.median(ahead.array) < 16_000
    assert ahead.frame(0)["name"].unique().to_list() == ["other"]


def test_a_horizon_far_beyond_the_history(model):
    ahead = model.forecast(wave(waves(30)), 400, draws=5)
    assert ahead.array.shape == (5, 1, 400, 1)
    assert np.isfinite(ahead.array).all()


def test_an_outlier_of_the_history_does_not_carry_off_the_forecast(model):
    values = waves(200)
    values[150] = 1e9
    assert abs(np.median(model.forecast(wave(values), 5, draws=30).array)) < 1e3


def test_the_hour_that_comes_twice(tiny):
    """Instants move on by one hour each, though the clock of the zone shows 02:00 twice."""
    zone = "Europe/Vienna"
    utc = pl.datetime_range(
        pl.datetime(2024, 10, 1), pl.datetime(2024, 10, 26, 21), "1h", time_zone="UTC", eager=True
    )
    data = pl.DataFrame({"time": utc.dt.convert_time_zone(zone), "load": waves(len(utc))})
    model = interfuse.fit(data, kind="series", examples=640)
    assert model.schema.zone == zone
    ahead = model.forecast(data, 8, draws=2).frame(0)["time"]
    assert ahead.dtype == data["time"].dtype
    instants = ahead.dt.convert_time_zone("UTC")
    assert (instants.diff().drop_nulls() == HOUR).all()
    assert ahead.dt.hour().to_list() == [0, 1, 2, 2, 3, 4, 5, 6]


def test_a_channel_that_only_some_series_have(tiny):
    data = hosts(300).with_columns(
        load=pl.when(pl.col("host") == "a").then(pl.col("load")).otherwise(None)
    )
    model = interfuse.fit(data, kind="series", examples=640)
    ahead = model.forecast(data, 4, draws=10)
    assert np.isfinite(ahead.array).all()
    filled = model.impute(data, draws=2).frame(0)
    assert filled["load"].null_count() == 0
    assert np.isfinite(model.detect(data).score).all()


def test_a_constant_series(tiny):
    data = frame(np.full(100, 5.0))
    model = interfuse.fit(data, kind="series", examples=640)
    assert (model.forecast(data, 10, draws=5).array == 5).all()
    assert np.isfinite(model.detect(data).score).all()
    assert (model.generate(2, length=9).array == 5).all()


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (frame(np.array([1.0])), "no series has two stamps"),
        (frame(np.array([1.0, 2.0, 3.0])), "expected at least 4"),
        (frame(np.full(30, np.nan)), "no channel holds a value"),
        (np.full((30, 2), np.nan), "no channel holds a value"),
        (pl.DataFrame({"time": hours(5)}), "no column can be a channel"),
        (np.array(["a", "b"]), "expected numbers"),
        ([], "is empty|something in it|no rows"),
        (pl.DataFrame({"time": hours(9), "load": ["x"] * 9}), "expected numbers|can be a channel"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_fitted(tiny, data, message):
    with pytest.raises(DataError, match=message):
        interfuse.fit(data, kind="series", examples=64)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "sequence"}, "expected one of table, images, series"),
        ({"time": "time"}, "time: is for .*series"),
        ({"kind": "series", "labels": [1]}, "labels: is for images"),
        ({"kind": "series", "keep_rows": False}, "keep_rows: is for tables"),
        ({"kind": "series", "zone": "Mars/Base"}, "no known time zone"),
        ({"kind": "series", "examples": 0}, "examples"),
    ],
)
def test_options_that_do_not_fit(tiny, options, message):
    with pytest.raises(OptionError, match=message):
        interfuse.fit(frame(waves(50)), **options)


@pytest.mark.parametrize("name", ["time", "series", "channels", "known_future"])
def test_columns_that_are_not_there(tiny, name):
    option: dict[str, Any] = {name: "nope" if name in ("time", "series") else ["nope"]}
    with pytest.raises(DataError, match="no column 'nope'"):
        interfuse.fit(frame(waves(50)), kind="series", examples=64, **option)


def test_a_schema_says_it_already(model):
    with pytest.raises(OptionError, match="time: the schema says already"):
        interfuse.fit(known_pair(50), kind="series", schema=model.schema, time="time", examples=64)
    with pytest.raises(SchemaError):
        interfuse.fit(known_pair(50), kind="table", schema="no-such-schema.json", examples=64)


@pytest.mark.parametrize("value", [0, -3, 2.5, True, "7"])
def test_numbers_out_of_range(model, value):
    history = wave(waves(40))
    for ask in (
        lambda: model.forecast(history, value),
        lambda: model.forecast(history, 3, draws=value),
        lambda: model.forecast(history, 3, steps=value),
        lambda: model.impute(history, draws=value),
        lambda: model.generate(value),
        lambda: model.generate(1, length=value),
    ):
        with pytest.raises(OptionError, match="expected a whole number"):
            ask()


def test_more_than_memory_holds(model):
    for ask in (
        lambda: model.forecast(wave(waves(40)), 10**6, draws=10**4),
        lambda: model.generate(10**6, length=10**4),
    ):
        with pytest.raises(OptionError, match="GiB"):
            ask()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop("load"), "no column 'load'"),
        (lambda f: f.with_columns(other=1.0), "'other' that the model was not fitted to"),
        (lambda f: f.with_columns(load=pl.lit("x")), "expected numbers"),
        (lambda f: f.with_columns(time=pl.int_range(pl.len())), "expected dates"),
        (lambda f: f.clear(), "no rows"),
        (lambda f: np.zeros((0, 2)), "something in it|expected numbers|Pass a frame"),
        (lambda f: 17, "expected|frame"),
    ],
)
def test_data_of_other_columns(model, change, message):
    data = change(wave(waves(40)))
    for ask in (lambda: model.forecast(data, 2), lambda: model.impute(data),
                lambda: model.detect(data)):  # fmt: skip
        with pytest.raises(DataError, match=message):
            ask()


def test_what_is_given_must_lie_ahead_and_be_of_a_series_asked(model):
    history = wave(waves(40))
    with pytest.raises(ConditionError, match="no row lies within the horizon"):
        model.forecast(history, 3, given=wave([1.0], first=99))
    with pytest.raises(ConditionError, match="'ar' is not in the history"):
        model.forecast(history, 3, given=wave([1.0], first=40).with_columns(name=pl.lit("ar")))


def test_like_a_series_that_is_not_there(model):
    with pytest.raises(ConditionError, match="'nobody' was never seen; expected one of 'wave'"):
        model.generate(1, like="nobody")


def test_draws_and_shares_that_are_not_there(model):
    ahead = model.forecast(wave(waves(40)), 3, draws=4)
    with pytest.raises(OptionError, match="draws 0 to 3"):
        ahead.frame(4)
    for ask in (lambda: ahead.quantile(1.5), lambda: ahead.interval(-0.1)):
        with pytest.raises(OptionError, match="share between 0 and 1"):
            ask()


# -- folders --------------------------------------------------------------------------------------


def test_a_tampered_run_is_refused(model, tmp_path):
    for name in ("codec.safetensors", "codec.json", "config.json", "weights.safetensors"):
        folder = model.save(tmp_path / name)
        path = folder / name
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        with pytest.raises(RunError, match="checksum differs"):
            interfuse.load(folder)
        path.unlink()
        with pytest.raises(RunError, match="is missing"):
            interfuse.load(folder)


def test_a_folder_that_is_taken(model, tmp_path):
    folder = model.save(tmp_path / "run")
    with pytest.raises(RunError, match="already there"):
        model.save(folder)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("x")
    with pytest.raises(RunError, match="holds other files"):
        model.save(tmp_path / "other")


def test_a_fit_that_was_stopped_goes_on_bit_equal(tiny, tmp_path):
    """Stopped after a checkpoint, as by a kill, and resumed: the weights of a whole fit."""
    import interfuse.run.job as job

    data, budget = hosts(200), 1_280
    whole = interfuse.fit(data, kind="series", examples=budget, seed=3)

    class Killed(BaseException):
        pass

    seen = []

    def kill(said) -> None:
        if not hasattr(said, "stage"):
            seen.append(said)
            if len(seen) == 6:
                raise Killed

    before = job.CHECKPOINT_SECONDS
    job.CHECKPOINT_SECONDS = 0.0
    try:
        with pytest.raises(Killed):
            interfuse.fit(
                data, kind="series", examples=budget, seed=3, folder=tmp_path / "run",
                listener=kill,
            )  # fmt: skip
    finally:
        job.CHECKPOINT_SECONDS = before
    with pytest.raises(RunError, match="did not finish"):
        interfuse.load(tmp_path / "run")
    with pytest.raises(RunError, match="other data"):
        interfuse.fit(hosts(201), folder=tmp_path / "run", resume=True)
    resumed = interfuse.fit(data, folder=tmp_path / "run", resume=True)
    assert isinstance(resumed, interfuse.SeriesModel)
    for (name, a), b in zip(whole.net.named_parameters(), resumed.net.parameters(), strict=True):
        assert a.equal(b), name
    np.testing.assert_array_equal(
        whole.forecast(data, 3, draws=2).array, resumed.forecast(data, 3, draws=2).array
    )


def test_every_progress_is_told(model):
    for ask in (
        lambda tell: model.forecast(known_pair(300), 300, draws=2, tell=tell),
        lambda tell: model.detect(known_pair(300), tell=tell),
    ):
        told: list[tuple[int, int]] = []
        ask(lambda done, total: told.append((done, total)))  # noqa: B023
        assert told[-1][0] == told[-1][1]
        assert [d for d, _ in told] == sorted(d for d, _ in told)

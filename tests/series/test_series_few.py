"""Channels of few values, against chains and counts whose law is known."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.errors import DataError
from interfuse.kinds.series.base.weights import LEVELS, pinball
from interfuse.kinds.series.data import SeriesSchema, read_series
from interfuse.kinds.series.discrete import paths
from interfuse.kinds.series.discrete.channel import arrays_of, channels_from, fit_channel
from interfuse.kinds.series.discrete.codes import Coding, is_sparse

KERNEL = np.array([[0.97, 0.02, 0.01], [0.2, 0.75, 0.05], [0.1, 0.1, 0.8]])


def chain(steps: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = np.zeros(steps, int)
    for t in range(1, steps):
        out[t] = rng.choice(3, p=KERNEL[out[t - 1]])
    return out.astype(float)


def demand(steps: int, seed: int) -> np.ndarray:
    """Counts that are zero three times of four, and more often at weekends."""
    rng = np.random.default_rng(seed)
    share = np.tile([0.35, 0.35, 0.35, 0.35, 0.3, 0.03, 0.02], steps // 7 + 1)[:steps]
    return np.where(rng.random(steps) < share, 1 + rng.poisson(3, steps), 0).astype(float)


# -- the law of one channel -----------------------------------------------------------------------


def test_probabilities_ahead_are_those_of_the_chain():
    values = chain(6_000)
    channel = fit_channel(0, 3, [values], [0], (), 0)
    assert channel is not None
    for last in range(3):
        end = int(np.flatnonzero(values == last)[-1]) + 1
        said = channel.probabilities(values[:end], 0, 12)
        for h in (1, 4, 12):
            wanted = np.linalg.matrix_power(KERNEL, h)[last]
            # Blocks share a lag, and experts that agree are weighed by chance: .08 was seen.
            np.testing.assert_allclose(said[h - 1], wanted, atol=0.1)


def test_draws_change_as_often_as_the_chain_and_have_its_shares():
    values = chain(6_000)
    channel = fit_channel(0, 3, [values], [0], (), 0)
    assert channel is not None
    drawn = channel.ahead(values, 0, 400, 100, np.random.default_rng(0))
    assert set(np.unique(drawn)) <= {0.0, 1.0, 2.0}
    share, wanted = (np.bincount(x.ravel().astype(int)) / x.size for x in (drawn, values))
    np.testing.assert_allclose(share, wanted, atol=0.04)
    changes, usual = ((np.diff(x) != 0).mean() for x in (drawn, values))
    assert changes == pytest.approx(usual, rel=0.25)


def test_couplings_keep_the_probabilities_of_both_steps():
    rng = np.random.default_rng(1)
    marginal = rng.dirichlet(np.ones(3), 20)
    joint = paths.couplings(marginal, KERNEL)
    np.testing.assert_allclose(joint.sum(2), marginal[:-1], atol=1e-9)
    np.testing.assert_allclose(joint.sum(1), marginal[1:], atol=1e-3)  # 25 rounds


def test_a_lone_gap_is_drawn_by_what_stands_on_both_sides():
    codes = np.array([0, -1, 1])
    kernels = np.broadcast_to(KERNEL, (3, 3, 3))
    drawn = paths.between(codes, kernels, np.ones(3) / 3, 4_000, np.random.default_rng(0))
    wanted = KERNEL[0] * KERNEL[:, 1]
    wanted /= wanted.sum()
    # Stratified: nearer than 4,000 independent draws, whose deviation is .008.
    np.testing.assert_allclose(np.bincount(drawn[:, 1], minlength=3) / 4_000, wanted, atol=0.01)
    assert (drawn[:, [0, 2]] == [0, 1]).all()


def test_counts_of_many_zeros_beat_quantiles_of_the_past():
    series = [demand(560 + 28, seed) for seed in range(6)]
    past = [x[:560] for x in series]
    assert is_sparse(past)
    channel = fit_channel(0, 0, past, [0] * 6, (7,), 0)
    assert channel is not None
    ours = simple = seasonal = 0.0
    for i, x in enumerate(series):
        drawn = channel.ahead(x[:560], i, 28, 200, np.random.default_rng(i))
        assert (drawn >= 0).all()
        assert (drawn == np.rint(drawn)).all()
        assert (drawn == 0).mean() == pytest.approx((x[:560] == 0).mean(), abs=0.05)
        ours += pinball(x[560:], np.quantile(drawn, LEVELS, axis=0).T).sum()
        same = np.quantile(x[:560].reshape(-1, 7), LEVELS, axis=0)
        simple += pinball(x[560:], np.tile(np.quantile(x[:560], LEVELS), (28, 1))).sum()
        seasonal += pinball(x[560:], np.tile(same.T, (4, 1))).sum()
    assert ours < simple
    assert ours < 1.03 * seasonal  # which has the true law: weekdays and nothing else


def test_codes_of_counts_come_back():
    values = np.r_[np.zeros(60), np.arange(1, 41), np.nan]
    coding = Coding.of(values)
    codes = coding.encode(values)
    assert codes[-1] == -1
    assert (codes[:60] == 0).all()
    assert len(coding.edge) <= 12
    drawn = coding.decode(codes[:-1], np.random.default_rng(0))
    assert set(drawn) <= set(values[:-1])
    np.testing.assert_array_equal(coding.encode(drawn), codes[:-1])


def test_arrays_say_all_of_a_channel():
    state = fit_channel(0, 3, [chain(900)], [0], (24,), 0)
    count = fit_channel(1, 0, [demand(300, 1), demand(200, 2)], [0, 0], (7,), 0)
    assert state is not None
    assert count is not None
    again = channels_from(arrays_of([state, count]))
    for one, two, past in zip((state, count), again, (chain(50), demand(50, 3)), strict=True):
        a, b = (c.ahead(past, None, 9, 5, np.random.default_rng(0)) for c in (one, two))
        np.testing.assert_array_equal(a, b)
    broken = arrays_of([state]) | {"0/weights": np.ones((1, 2))}
    with pytest.raises(ValueError, match="do not fit"):
        channels_from(broken)


# -- through a model ------------------------------------------------------------------------------


def machine(steps: int = 700) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    state = chain(steps, 3).astype(int)
    load = np.where(state == 2, 0, 50 + rng.normal(0, 3, steps)).round(1)
    begin = datetime(2024, 1, 1)
    return pl.DataFrame(
        {
            "time": [begin + timedelta(hours=t) for t in range(steps)],
            "load": load,
            "state": np.array(["up", "degraded", "down"])[state],
            "backup": [t % 24 < 2 for t in range(steps)],
            "faults": np.where(rng.random(steps) < 0.1, rng.poisson(2, steps), 0),
        }
    )


@pytest.fixture(scope="module")
def fitted():
    return interfuse.fit(machine(), kind="series", examples=64, seed=0)


def test_states_are_channels_and_come_back_as_labels(fitted, tmp_path):
    assert fitted.schema.names == ["load", "state", "backup", "faults"]
    levels = {c.name: c.levels for c in fitted.schema.channels if c.levels}
    assert levels == {"state": ("degraded", "down", "up"), "backup": ("false", "true")}
    ahead = fitted.forecast(machine(), 24, draws=20)
    middle = ahead.median()
    assert middle.schema["state"] == pl.String
    assert middle.schema["backup"] == pl.Boolean
    assert set(middle["state"]) <= set(levels["state"])
    # The clock decides of the backup: 700 steps end at four in the morning.
    assert middle["backup"].sum() == 2
    assert middle["backup"][20:22].all()
    low, high = ahead.interval(0.9)
    assert low["state"].equals(middle["state"])
    assert high["state"].equals(middle["state"])
    assert (
        (ahead.array[..., 3] == np.rint(ahead.array[..., 3])) & (ahead.array[..., 3] >= 0)
    ).all()
    fitted.save(tmp_path / "run")
    loaded = interfuse.load(tmp_path / "run", kind="series")
    again = loaded.forecast(machine(), 24, draws=20)
    np.testing.assert_array_equal(again.array, ahead.array)


def test_gaps_of_states_are_filled_and_what_is_known_stays(fitted):
    whole = machine()
    gone = pl.int_range(pl.len()) % 37 > 33
    holes = whole.with_columns(
        state=pl.when(~gone).then("state"), faults=pl.when(~gone).then("faults")
    )
    filled = fitted.impute(holes, draws=10).median()
    assert not filled["state"].null_count()
    assert not filled["faults"].null_count()
    known = holes["state"].is_not_null()
    assert filled["state"].filter(known).equals(whole["state"].filter(known))
    hidden = ~known
    right = (filled["state"] == whole["state"]).filter(hidden).mean()
    # What stood before is right for .93 of steps, the most common state for .88.
    assert right is not None
    assert right > 0.85


def test_new_series_and_scores_have_states(fitted):
    made = fitted.generate(3, length=300, seed=1).frame(0)
    share = (made["state"] == "up").mean()
    assert share == pytest.approx((machine(6_000)["state"] == "up").mean(), abs=0.15)
    odd = machine().with_columns(
        backup=pl.when(pl.int_range(pl.len()) == 515).then(True).otherwise("backup")
    )
    scores = fitted.detect(odd).frame()
    assert scores["backup_expected"][515] == "false"
    assert scores["channel"][515] == "backup"
    assert scores["score"][515] > 3 * scores["score"].median()


def test_what_is_told_of_a_state_holds(fitted):
    end = machine()["time"][-1]
    told = pl.DataFrame(
        {"time": [end + timedelta(hours=3)], "load": [None], "state": ["down"], "backup": [None],
         "faults": [None]},
        schema=machine().schema,
    )  # fmt: skip
    ahead = fitted.forecast(machine(), 5, draws=8, given=told)
    assert all(ahead.frame(i)["state"][2] == "down" for i in range(8))


def test_a_state_that_was_never_seen_is_missing_and_said(fitted):
    strange = machine().with_columns(
        state=pl.when(pl.int_range(pl.len()) == 9).then(pl.lit("burning")).otherwise("state")
    )
    read = read_series(strange, schema=fitted.schema)
    assert np.isnan(read.values[0][9, 1])
    assert any("'burning'" in note for note in read.notes)


def test_states_alone_are_series_too():
    model = interfuse.fit(machine().select("time", "state"), kind="series", examples=64)
    ahead = model.forecast(machine().select("time", "state"), 6, draws=10)
    assert set(ahead.median()["state"]) <= {"up", "down", "degraded"}
    scores = model.detect(machine().select("time", "state")).frame()
    assert set(scores["channel"].drop_nulls()) == {"state"}


def test_schema_of_states_as_json_and_of_numbers_as_it_was(fitted):
    again = SeriesSchema.from_json(fitted.schema.to_json())
    assert again == fitted.schema
    number, state, *_ = fitted.schema.to_json()["channels"]
    assert "levels" not in number
    assert state["levels"] == ("degraded", "down", "up")
    assert "every" not in fitted.schema.to_json()


def test_remarks_are_no_states_and_hosts_are_series():
    remarks = machine(60).with_columns(note=pl.Series([f"line {t}" for t in range(60)]))
    with pytest.raises(DataError, match="'note' holds String"):
        read_series(remarks)
    hosts = (
        machine(60)
        .drop("backup")
        .with_columns(
            host=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b"))
        )
    )
    assert read_series(hosts).schema.series == "host"

"""A fitted model's answers against closed forms.

The network of these tests is small and trained for seconds, so that its densities are near the true
ones, not equal to them. Where a tolerance is one for that, the text says what a model that learned
nothing would reach.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from tiny_series import NOISE, PHI, STEPS, frame, hours, known_pair, truth, waves

import interfuse
from interfuse.kinds.series.ask.fill import Filler
from interfuse.kinds.series.ask.windows import END_CORE

HORIZON = 24


def of(answer, name: str) -> np.ndarray:
    """(draws, steps) of one series."""
    return answer.values[answer.names.index(name)][..., 0]


@pytest.fixture(scope="module")
def futures(model):
    """Forecasts of eight histories, and what the series did then."""
    out = []
    for seed in range(8):
        whole = known_pair(STEPS + HORIZON, seed=500 + seed)
        late = pl.col("time") >= hours(1, STEPS)[0]
        after = {
            name: part["load"].to_numpy()
            for (name,), part in whole.filter(late).partition_by("name", as_dict=True).items()
        }
        out.append((whole.filter(~late), model.forecast(whole.filter(~late), HORIZON), after))
    return out


def test_the_middle_of_a_seasonal_series(futures):
    """The mean is known: the sine. Without a season learned, its error is the sine's, 1.9."""
    wanted = truth(np.arange(STEPS, STEPS + HORIZON))
    error = [np.abs(np.median(of(answer, "wave"), 0) - wanted).mean() for _, answer, _ in futures]
    assert np.mean(error) < NOISE


def test_the_middle_of_an_autoregression(futures):
    """E x(T + h) = phi^h x(T). The last value held has the error (1 - phi^h) |x(T)|, .9 here."""
    k = np.arange(1, HORIZON + 1)
    ours, held = [], []
    for history, answer, _ in futures:
        last = history.filter(pl.col("name") == "ar")["load"][-1]
        ours.append(np.median(of(answer, "ar"), 0) - PHI**k * last)
        held.append(last - PHI**k * last)
    rms = [np.sqrt(np.mean(np.square(e))) for e in (ours, held)]
    assert rms[0] < 0.75 * rms[1]


def test_intervals_widen_with_the_horizon(futures):
    """The sd of an autoregression h ahead is sqrt((1 - phi^2h) / (1 - phi^2)): 1 to 1.67."""
    ends = [np.quantile(of(answer, "ar"), (0.1, 0.9), axis=0) for _, answer, _ in futures]
    width = np.mean([high - low for low, high in ends], 0)
    ratio = width[12:].mean() / width[0]
    assert 1.25 < ratio < 3.0  # 1.65; one that does not widen has 1


def test_coverage(futures):
    """Nine of ten values lie in the interval. 384 values, strongly dependent in the
    autoregression: as if of some 100, so a standard error of .03, and three of them; and .06 for
    the little that the network learned."""
    inside = []
    for _, answer, after in futures:
        for name, values in after.items():
            low, high = np.quantile(of(answer, name), (0.05, 0.95), axis=0)
            inside.append((low <= values) & (values <= high))
    assert np.mean(inside) == pytest.approx(0.9, abs=0.15)


def test_filled_gaps_lie_between_their_neighbours(model):
    """One step missing: E = phi / (1 + phi^2) (left + right), sd = 1 / sqrt(1 + phi^2) = .78."""
    whole = known_pair(seed=50)
    gone = pl.Series(np.arange(whole.height) % 7 == 3)
    holes = whole.with_columns(pl.when(gone).then(None).otherwise(pl.col("load")).alias("load"))
    drawn = of(model.impute(holes, draws=60), "ar")
    x = whole["load"].to_numpy()[STEPS:]
    at = np.flatnonzero(gone.to_numpy()[STEPS:])[1:-1]
    wanted = PHI / (1 + PHI**2) * (x[at - 1] + x[at + 1])
    # The mean of 60 draws has a standard error of .1; a quarter of an sd is for the network.
    assert np.sqrt(np.mean((drawn[:, at].mean(0) - wanted) ** 2)) < 0.1 + 0.25 * 0.78 + 0.1
    assert np.sqrt(drawn[:, at].var(0).mean()) == pytest.approx(0.78, rel=0.25)
    # What was known is as it was, in every draw.
    kept = np.flatnonzero(~gone.to_numpy()[STEPS:])
    np.testing.assert_array_equal(drawn[:, kept], np.repeat(x[None, kept], 60, 0))
    frames = [model.impute(holes, draws=2, seed=1).frame(i) for i in range(2)]
    for filled in frames:
        assert filled.filter(~gone).equals(holes.filter(~gone))
        assert filled["load"].null_count() == 0


def test_the_sampler_draws_what_the_denoiser_says(model):
    """With the exact denoiser of N(0, s^2), draws are mean + scale sinh(s e): a quantile q of them
    is mean + scale sinh(s Phi^-1(q)). Twelve steps of the solver
    bring the tails in by some 3 % of s."""
    s = 0.7
    net = model.net
    filler = Filler(net, model.looker, device="cpu")
    rows, _, _ = model.codec.pack(model.read(known_pair()), horizon=net.length)
    some = rows.take(torch.tensor([0]))
    view, said = filler.look(replace(some, start=some.last - net.length))
    assert not view.known.any()
    said = said._replace(
        mean=torch.full_like(said.mean, 0.3), log_scale=torch.full_like(said.log_scale, -1.0)
    )

    def exact(z_t, unknown, t, *rest):
        alpha, sigma = (c.float()[:, None, None] for c in filler.gaussian.alpha_sigma(t))
        clean = alpha * s**2 * z_t / (alpha**2 * s**2 + sigma**2)
        return (alpha * z_t - clean) / sigma.clamp_min(1e-6)

    draws = 400
    before = net.denoise
    net.denoise = exact
    try:
        keys = torch.arange(draws) * 7919 + 1
        x, steps = filler.draw(view, said, keys, torch.zeros(draws, dtype=torch.long))
        window = torch.zeros(draws, dtype=torch.long)
        mirror, _ = filler.draw(view, said, keys, window, -torch.ones(draws))
    finally:
        net.denoise = before
    assert steps.tolist() == list(range(net.length))
    # This denoiser is odd, so mirrored noise gives the mirror image about the median; in bf16.
    centre = (view.anchor + 0.3).expand_as(x)
    torch.testing.assert_close(x - centre, centre - mirror, atol=1e-4, rtol=1e-4)
    z = torch.asinh((x - view.anchor - 0.3) * np.e).flatten().numpy()
    # 51,200 independent values: a standard error of s / sqrt(2 n), .3 %.
    assert z.std() == pytest.approx(s, rel=0.03)
    assert abs(z.mean()) < 4 * s / np.sqrt(len(z))
    for q, normal in ((0.05, -1.645), (0.25, -0.674), (0.75, 0.674), (0.95, 1.645)):
        assert np.quantile(z, q) == pytest.approx(s * normal, abs=0.05)


def test_the_same_seed_gives_the_same_draws(model):
    history = known_pair(300)
    one, same, other = (model.forecast(history, 5, draws=4, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.array, same.array)
    assert (one.array != other.array).all()


def test_a_series_alone_and_with_others(model):
    """The same up to the rounding of bf16, where other batches are multiplied: 2^-8 of values of a
    spread of 3, some roundings one after the other."""
    both = known_pair(300)
    together = model.forecast(both, 30, draws=6, seed=3)
    for name in ("wave", "ar"):
        alone = model.forecast(both.filter(pl.col("name") == name), 30, draws=6, seed=3)
        np.testing.assert_allclose(of(alone, name), of(together, name), atol=0.1)


def test_a_gap_is_filled_the_same_beside_other_gaps(model):
    """What is drawn for one series sees nothing of the windows that are computed beside it."""
    hole = pl.int_range(pl.len()) % 97 < 5
    holes = known_pair().with_columns(load=pl.when(hole).then(None).otherwise(pl.col("load")))
    alone = model.impute(holes.filter(pl.col("name") == "wave"), draws=4)
    beside = model.impute(holes, draws=4)
    # Rounding of products in bfloat16, 3 decimal digits, of values up to the swing of the series.
    np.testing.assert_allclose(alone.values[0], beside.values[0], rtol=0.02, atol=0.05)


def test_draws_of_a_long_horizon_go_on_where_they_were(model):
    """Beyond one window each draw continues itself: no jump where windows meet."""
    history = known_pair(300)
    length = 3 * model.net.length
    drawn = model.forecast(history, length, draws=30)
    step = np.abs(np.diff(of(drawn, "ar"), axis=1)).mean(0)
    # E |x(t+1) - x(t)| of an autoregression is the same at every t: also where windows meet, which
    # is where patches meet. 30 draws of three steps have a standard error of a tenth.
    joints = np.arange(1, 3) * int(END_CORE * model.net.length) - 1
    assert step[joints].mean() < 1.6 * step[3 :: model.net.patch].mean()
    season = of(drawn, "wave").mean(0)
    wanted = truth(np.arange(300, 300 + length))
    assert np.corrcoef(season, wanted)[0, 1] > 0.9


def test_new_series_have_the_spread_of_the_old(model):
    new = model.generate(60, length=48, like="wave")
    assert len(new.values) == 60
    values = np.stack(new.values)[:, 0, :, 0]
    old = waves(5000)
    assert values.mean() == pytest.approx(old.mean(), abs=0.6)
    assert values.std() == pytest.approx(old.std(), rel=0.35)
    assert new.frame(0)["name"].n_unique() == 60
    again = model.generate(3, length=48, like="wave")
    # Series i depends on the seed and on i alone, up to rounding.
    np.testing.assert_allclose(np.stack(again.values), np.stack(new.values[:3]), atol=0.1)


def test_times_move_forward(model):
    history = known_pair(200)
    ahead = model.forecast(history, 7, draws=2).frame(0)
    for (name,), part in ahead.partition_by("name", as_dict=True).items():
        assert part["time"].to_list() == hours(7, 200), name
    assert ahead.columns == history.columns
    assert ahead.schema == history.schema


def test_p_values_of_normal_data_are_about_uniform(model):
    """They are measured against some 300 held-out points, which are means of four and so count as
    75: a standard error of .035 at .1 and .06 at .5, and three of them. A model whose p-values say
    nothing of the kind (all small, all large) is off by .5 and more."""
    p = model.detect(known_pair(seed=77)).p_value
    p = p[np.isfinite(p)]
    for share in (0.1, 0.2, 0.5, 0.8):
        assert (p <= share).mean() == pytest.approx(share, abs=0.2)
    assert p.min() > 0


def test_an_outage_is_found_where_it_is(model):
    x = known_pair(seed=78)
    values = x["load"].to_numpy().copy()
    values[800:815] = 0.0  # the wave lies between 5 and 15
    scores = model.detect(x.with_columns(pl.Series("load", values)))
    inside = scores.score[800:815]
    elsewhere = np.delete(scores.score, slice(780, 850))
    assert np.median(inside) > np.quantile(elsewhere, 0.999)
    assert np.median(scores.p_value[800:815]) < 0.01
    shown = scores.frame()[802]
    assert shown["channel"].item() == "load"
    assert shown["low"].item() > 0


def test_a_saved_model_answers_the_same_in_a_new_process(model, tmp_path):
    folder = model.save(tmp_path / "run")
    history = tmp_path / "history.parquet"
    known_pair(200).write_parquet(history)
    code = (
        "import sys, numpy as np, torch; torch.set_num_threads(1); import interfuse; "
        f"m = interfuse.load({str(folder)!r}); "
        f"np.save({str(tmp_path / 'a.npy')!r}, m.forecast({str(history)!r}, 6, draws=3).array); "
        f"np.save({str(tmp_path / 'b.npy')!r}, m.detect({str(history)!r}).score); "
        f"np.save({str(tmp_path / 'c.npy')!r}, m.generate(2, length=9, seed=4).array)"
    )
    subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", code], check=True)
    expected = (
        model.forecast(history, 6, draws=3).array,
        model.detect(history).score,
        model.generate(2, length=9, seed=4).array,
    )
    for name, value in zip("abc", expected, strict=True):
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), value)


@pytest.fixture(scope="module")
def counts(tiny):
    """A model of whole numbers that are never negative, often 0."""
    rng = np.random.default_rng(5)
    values = rng.poisson(1.0 + np.sin(2 * np.pi * np.arange(700) / 24))
    data = pl.DataFrame({"time": hours(700), "hits": values})
    return interfuse.fit(data, kind="series", examples=1_500), data


def test_whole_numbers_stay_whole_and_none_is_negative(counts):
    model, data = counts
    holes = data.with_columns(pl.when(pl.int_range(700) % 5 == 2).then(None).otherwise("hits")
                              .alias("hits"))  # fmt: skip
    answers = [
        model.forecast(data, 200, draws=10),
        model.impute(holes, draws=5),
        model.generate(5, length=50),
    ]
    for answer in answers:
        for values in answer.values:
            assert (values >= 0).all()
            np.testing.assert_array_equal(values, np.rint(values))
        assert answer.frame(0)["hits"].dtype == pl.Int64
    assert answers[0].mean()["hits"].dtype == pl.Float64


def test_what_is_given_of_the_future_holds(model):
    history = known_pair(300)
    told = frame(np.array([50.0, 60.0]), first=302).with_columns(name=pl.lit("ar"))
    answer = model.forecast(history, 5, draws=20, given=told)
    drawn = of(answer, "ar")
    np.testing.assert_array_equal(drawn[:, 2:4], np.tile([50.0, 60.0], (20, 1)))
    assert (drawn[:, :2].std(0) > 0).all()
    plain = of(model.forecast(history, 5, draws=20), "ar")
    assert drawn[:, 1].mean() > plain[:, 1].mean() + 1  # drawn towards what follows

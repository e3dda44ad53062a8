"""The closed-form base against closed forms and simple answers; no network is trained here."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from interfuse.kinds.series.ask.gate import SHARES, Gate, combined, measure_gap, measure_gate
from interfuse.kinds.series.base.draws import paths_after, quantiles_after, stratified
from interfuse.kinds.series.base.forecast import Base, fit_base
from interfuse.kinds.series.base.gaps import complete
from interfuse.kinds.series.base.odd import (
    UNSEEN,
    foresee,
    measure_usual,
    points,
    ratios,
    stretches_of,
)
from interfuse.kinds.series.base.panel import complete_panel
from interfuse.kinds.series.base.past import Past, filled
from interfuse.kinds.series.base.paths import MEMORIES, Paths, quantile_at, score_of
from interfuse.kinds.series.base.weights import LEVELS, pinball, weigh
from interfuse.kinds.series.data.quiet import mean_over

PAIRS = 600
STEPS, HORIZON = 1_400, 24


def daily(n: int, seed: int = 0, noise: float = 0.3) -> np.ndarray:
    """A day whose height goes with the day of the week, on a slow level, and noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    day = np.sin(2 * np.pi * t / 24) * np.where(t // 24 % 7 >= 5, 0.3, 1.0)
    return 10 + 3 * day + np.cumsum(0.05 * rng.normal(size=n)) + noise * rng.normal(size=n)


@pytest.fixture(scope="module")
def series():
    return daily(STEPS + HORIZON * 6)


@pytest.fixture(scope="module")
def base(series):
    past = series[:STEPS]
    made = fit_base([past], [np.ones(STEPS, bool)], (24, 168), 0, PAIRS)
    assert made is not None
    return made[0]


def test_forecasts_are_better_than_copies(base, series):
    """Of a day and of a week; noise alone has a mean absolute error of .24, a copy 1.4 times it."""
    ours, day, week, inside = [], [], [], []
    for k in range(6):
        end = STEPS + HORIZON * k
        said = quantiles_after(base, series[:end, None], HORIZON)
        assert said is not None
        truth = series[end : end + HORIZON]
        ours.append(np.abs(said[:, 0, 19] - truth).mean())
        day.append(np.abs(series[end - 24 : end] - truth).mean())
        week.append(np.abs(series[end - 168 : end - 144] - truth).mean())
        inside.append((truth >= said[:, 0, 1]) & (truth <= said[:, 0, -2]))
    assert np.mean(ours) < 0.8 * min(np.mean(day), np.mean(week))
    # Nine of ten of 144 values, which depend on each other: three standard errors of 72.
    assert 0.79 < np.mean(inside) < 0.995


def test_a_walk_is_forecast_by_its_last_value():
    """Nothing is better: the ridge is drawn to it, and its weight goes with what it is worth."""
    walk = np.cumsum(np.random.default_rng(3).normal(size=(8, 900)), 1)
    made = fit_base(list(walk[:, :860]), [np.ones(860, bool)] * 8, (), 0, PAIRS)
    assert made is not None
    said = [quantiles_after(made[0], x[:860, None], 20) for x in walk]
    pairs = zip(said, walk, strict=True)
    error = np.mean([np.abs(q[:, 0, 19] - x[860:880]) for q, x in pairs if q is not None])
    naive = np.mean([np.abs(x[859] - x[860:880]) for x in walk])
    assert error < 1.1 * naive


def test_it_comes_back_from_its_arrays(base, series):
    again = Base.from_arrays({k: v.astype(np.float64) for k, v in base.to_arrays().items()})
    one, two = (quantiles_after(b, series[:STEPS, None], 30) for b in (base, again))
    np.testing.assert_array_equal(one, two)
    with pytest.raises(ValueError, match="do not fit together"):
        Base.from_arrays({**base.to_arrays(), "errors": np.zeros((1, 1, 1))})


def test_no_value_of_the_data_is_kept(base, series):
    """Of 1,400 values none stands in what is stored."""
    kept = np.concatenate([v.ravel() for v in base.to_arrays().values()])
    assert not np.isin(np.unique(kept), series).any()


def test_a_forecast_does_not_depend_on_what_is_asked_beside_it(base, series):
    pair = np.stack([series[:STEPS], daily(STEPS, 5)], 1)
    alone = quantiles_after(base, pair[:, :1], 12)
    together = quantiles_after(base, pair, 12)
    assert alone is not None
    assert together is not None
    np.testing.assert_allclose(together[:, :1], alone, rtol=1e-9)


def test_weights_are_never_worse_than_the_best_expert():
    rng = np.random.default_rng(0)
    y = rng.normal(size=200)
    spread = stats.norm.ppf(LEVELS)
    experts = np.stack(
        [s * spread + rng.normal(0, o, (200, 1)) for s, o in ((1, 0.1), (2, 0.5), (1, 3))]
    )
    found = weigh(y, experts, np.ones(200))
    each = [pinball(y, e[:, 1::3], LEVELS[1::3]).mean() for e in experts]
    assert found.loss <= min(each) + 1e-12
    assert found.weight.sum() == pytest.approx(1)
    assert found.weight[2] == 0


def test_paths_have_the_quantiles_and_the_memory_that_were_asked():
    share = np.zeros(len(MEMORIES))
    share[[0, 3]] = 0.3, 0.7
    law = Paths(share, np.array([[0.8], [0.8]]))
    z = law.normal(4000, 12, 1, np.random.default_rng(0))[:, :, 0]
    # Standard errors are 1 / sqrt(4000) = .016; four of them.
    assert np.abs(z.std(0) - 1).max() < 0.06
    for k in (1, 5):
        seen = np.mean(z[:, :-k, 0] * z[:, k:, 0])
        assert seen == pytest.approx(0.7 * MEMORIES[3] ** k, abs=0.05)
    assert np.mean(z[..., 0] * z[..., 1]) == pytest.approx(0.64, abs=0.05)
    normal = np.broadcast_to(stats.norm.ppf(LEVELS), (12, 2, len(LEVELS)))
    x = quantile_at(normal, z)
    assert np.abs(np.quantile(x, 0.5, 0)).max() < 0.1
    assert np.quantile(x, 0.9) == pytest.approx(stats.norm.ppf(0.9), abs=0.05)
    measured = Paths.of(score_of(normal, x[:400]))
    lags = np.array([1, 5])
    for k in lags:
        wanted = 0.7 * MEMORIES[3] ** k
        assert (measured.share * MEMORIES**k).sum() == pytest.approx(wanted, abs=0.08)


def test_draws_of_a_seed_are_the_same_and_of_another_are_not(base, series):
    said = quantiles_after(base, series[:STEPS, None], 12)
    assert said is not None
    one, two, other = (paths_after(base, said, 10, s, 7) for s in (0, 0, 1))
    np.testing.assert_array_equal(one, two)
    assert np.abs(one - other).max() > 0


def test_a_gate_lets_the_better_one_through():
    rng = np.random.default_rng(1)
    truth = [rng.normal(size=(24, 1)) for _ in range(10)]
    good = np.broadcast_to(stats.norm.ppf(LEVELS), (24, 1, len(LEVELS)))
    draws = [rng.normal(size=(60, 24, 1)) for _ in truth]
    far = [5 + x for x in draws]
    shut = measure_gate(far, [good] * 10, truth)
    assert shut.closed
    open_ = measure_gate(draws, [good + 5] * 10, truth)
    assert set(open_.at(24)) == {1.0}
    assert open_.at(30)[24:].tolist() == [0.0] * 6  # beyond what was measured the base answers
    assert measure_gate(draws[:1], [good + 5], truth[:1]).closed  # one block shows nothing
    assert all(share in SHARES for share in measure_gate(draws, [good] * 10, truth).share)
    base = rng.normal(size=(60, 24, 1))
    assert combined(far[0], base, shut.at(24)) is base
    np.testing.assert_array_equal(combined(draws[0], base, open_.at(24)), draws[0])
    half = combined(draws[0], base, Gate((), (0.5,)).at(24))
    wanted = (np.sort(draws[0], 0) + np.sort(base, 0)) / 2
    np.testing.assert_allclose(np.sort(half, 0), wanted)


def test_long_gaps_are_filled_from_other_seasons_and_known_values_stay(series):
    x = series[:STEPS].copy()
    for start in (300, 700, 1100):
        x[start : start + 18] = np.nan
    gone = np.isnan(x)
    out = complete(x, (24, 168), 0)
    np.testing.assert_array_equal(out[~gone], x[~gone])
    error, line = (np.abs(z - series[:STEPS])[gone].mean() for z in (out, filled(x)))
    assert error < 0.6 * line


def test_noise_is_filled_no_worse_than_by_the_line():
    x = np.random.default_rng(2).normal(size=600)
    truth = x.copy()
    x[np.random.default_rng(3).random(600) < 0.2] = np.nan
    gone = np.isnan(x)
    error, line = (np.abs(z - truth)[gone].mean() for z in (complete(x, (), 0), filled(x)))
    assert error <= line


def test_a_panel_is_filled_from_its_other_channels():
    """A rank-one product times noise: the best rank of a plain SVD is known to be one."""
    rng = np.random.default_rng(0)
    t = np.arange(150)[:, None]
    size = np.exp(rng.normal(size=36))
    level = size * (
        1 + 0.6 * np.sin(2 * np.pi * t / 24 + np.cumsum(0.1 * rng.normal(size=(150, 1)), 0))
    )
    whole = level * np.exp(0.2 * rng.normal(size=(150, 36)))
    gone = rng.random(whole.shape) < 0.3
    holes = np.where(gone, np.nan, whole)
    out = complete_panel(holes, 0)
    np.testing.assert_array_equal(out[~gone], whole[~gone])
    line = np.stack([filled(x) for x in holes.T], 1)
    low_rank = np.where(gone, np.nanmean(holes, 0), holes)
    for _ in range(60):
        u, s, v = np.linalg.svd(low_rank, full_matrices=False)
        low_rank = np.where(gone, s[0] * np.outer(u[:, 0], v[0]), holes)
    error, of_line, of_rank = (np.abs(z - whole)[gone].mean() for z in (out, line, low_rank))
    assert error < of_line
    assert error < 1.02 * of_rank


def test_an_outage_and_a_lone_point_are_odd(base, series):
    fitted = series[:STEPS, None]
    usual = measure_usual(base, [fitted], [(0, 1000, 1100)], 0)
    assert len(usual.score) == 513
    assert (np.diff(usual.score) >= 0).all()
    x = fitted.copy()
    x[600] += 8
    x[900:940] = x[900:940].mean()
    kinds = foresee(base, x).kinds
    score = points(mean_over(ratios(kinds, usual.mean[0]), 1), usual, base.periods, None)
    assert np.isfinite(score).all()
    assert np.nanmedian(score) < 1 < np.quantile(usual.score, 0.99)
    usually = np.quantile(usual.score, 0.98)
    assert score[600] > usually
    assert score[905:935].mean() > usually


def test_nothing_is_displaced_before_three_seasons_are_known(base, series):
    """A season of another level is odd by what came before it, and by nothing that did not."""
    fitted = series[:STEPS, None]
    usual = measure_usual(base, [fitted], [(0, 1000, 1100)], 0)
    season = next(p for p in base.periods if p >= 24)
    kinds = foresee(base, fitted[:600]).kinds
    assert np.isnan(kinds[1 : 3 * season, 0, 1]).all()
    assert np.isfinite(kinds[3 * season :, 0, 1]).all()
    assert np.isfinite(points(mean_over(ratios(kinds, usual.mean[0]), 1), usual, base.periods, None)
                       ).all()  # fmt: skip


def test_a_file_of_few_days_is_scored_as_the_end_of_the_whole_series(base, series):
    """It holds no week, so its own unit is another, and what is usual would look odd for that.

    The same 30 steps, at the end of three days alone and behind eight weeks: less is known of
    them, 1.7 times as odd in the median here; in a unit of their own they were 4.7 times.
    """
    days = series[STEPS - 42 : STEPS + 30, None]
    usual = measure_usual(base, [series[:STEPS, None]], [(0, 1000, 1200)], 0)

    def score(raw: np.ndarray) -> float:
        return float(np.median(points(mean_over(raw, 1), usual, base.periods, None)[-30:]))

    few = foresee(base, days)
    alone = score(usual.compared(few, 0))
    behind = score(usual.compared(foresee(base, series[: STEPS + 30, None]), 0))
    assert alone < 2.5 * behind < score(ratios(few.kinds, usual.mean[0]))


def test_what_fitted_data_never_showed_adds_nothing(base, series):
    short = series[: 2 * 24, None]
    usual = measure_usual(base, [short], [], 0)
    assert (usual.tail[:, 1] == UNSEEN).all()
    kinds = foresee(base, series[:STEPS, None]).kinds
    score = points(mean_over(ratios(kinds, usual.mean[0]), 1), usual, base.periods, None)
    assert np.isfinite(score).all()
    assert score.max() < 1e4  # of 1 that is usual: squares of what lies far off end at 1,000


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(300),
        np.where(np.arange(300) % 29 == 0, 50.0, 0.0),  # zeros with ten spikes
        np.random.default_rng(0).normal(size=300) + np.where(np.arange(300) < 150, 0, 100),
        np.array([1.0, 2.0]),
        np.full(40, np.nan),
    ],
    ids=["zeros", "spikes", "a shift of level", "two values", "nothing"],
)  # fmt: skip
def test_odd_series_are_answered_or_left_to_the_network(values):
    made = fit_base([values], [np.ones(len(values), bool)], (250,), 0, PAIRS)
    if made is None:
        assert len(values) < 50
        return
    said = quantiles_after(made[0], values[:, None], 10)
    assert said is None or (np.isfinite(said).all() and (np.diff(said, axis=-1) >= 0).all())


def test_bands_beyond_the_reach_grow_as_errors_do():
    """A random walk of 1,000 steps, of which 48 are fitted, and noise about a level.

    Bands of 90 % of 300 steps ahead are 3.3 times as wide as those of 27 ahead for the one and as
    wide for the other. Of one walk: a third on either side.
    """
    rng = np.random.default_rng(3)
    steps = rng.normal(size=(2, 1_000))
    for x, ratio in ((100 + np.cumsum(steps[0]), np.sqrt(300 / 27)), (100 + steps[1], 1.0)):
        made = fit_base([x], [np.ones(1_000, bool)], (), 0, PAIRS)
        assert made is not None
        said = quantiles_after(made[0], x[:, None], 300)
        assert said is not None
        wide = said[:, 0, -2] - said[:, 0, 1]
        assert 2 / 3 < wide[299] / wide[26] / ratio < 3 / 2


def test_draws_have_the_quantiles_that_were_said_and_the_ranks_of_their_noise():
    z = np.random.default_rng(0).normal(size=(100, 30, 2)).cumsum(1)
    z /= z.std(0)
    found = stratified(z)
    assert (found.argsort(0) == z.argsort(0)).all()
    u = np.sort(stats.norm.cdf(found), 0)
    assert (np.floor(100 * u) == np.arange(100)[:, None, None]).all()
    assert stratified(z[:1]) == pytest.approx(z[:1])
    # Seeds still differ: over many of them, a lone draw of ten is standard normal.
    lone = [stratified(np.random.default_rng(k).normal(size=(10, 1)))[0, 0] for k in range(800)]
    assert stats.kstest(lone, "norm").pvalue > 1e-3


def test_answers_in_logarithms_end_a_range_above_the_largest_value():
    past = Past.of([np.array([1.0, 3.0, 2.0, 4.0]), np.full(3, 7.0)], ())
    far = past.back("log", np.array([[-1e3, 0.0, 1e3], [-1e3, 0.0, 1e3]]), np.array([0, 1]))
    assert far[:, 2] * past.scale == pytest.approx([4.0 + 3.0, 7.0])
    inside = np.array([0.5, 1.0, 1.5])
    owner = np.zeros(3, int)
    assert past.back("log", past.to("log", inside, owner), owner) == pytest.approx(inside)


def test_no_quantile_is_beyond_all_measure():
    """A series that once fell to nearly 0 and grows back: in logarithms its future has no end."""
    from interfuse.kinds.series.base.draws import FAR, within

    history = np.array([1.0, 3.0, np.nan, 2.0])
    found = within(np.array([[-1e17, 2.5, 1e17]]), history)
    assert found.tolist() == [[1.0 - FAR * 2.0, 2.5, 3.0 + FAR * 2.0]]
    usual = np.array([[1.0, 2.0, 20.0]])
    assert (within(usual, history) == usual).all()
    assert (within(usual, np.array([5.0, 5.0])) == usual).all()


def test_gaps_are_the_networks_where_blocks_show_that_it_is_better():
    """A gain that one block has and the others lack is within its standard error."""
    rng = np.random.default_rng(0)
    truth = [rng.normal(size=40) for _ in range(6)]
    near, far = ([x + s * rng.normal(size=40) for x in truth] for s in (0.1, 1.0))
    better = [np.stack(part) for part in zip(near, far, truth, strict=True)]
    worse = [np.stack(part) for part in zip(far, near, truth, strict=True)]
    assert measure_gap(better) >= 0.75
    assert measure_gap(worse) == 0.0
    assert measure_gap(better[:1]) == 0.0
    assert measure_gap([*worse[:5], better[5]]) == 0.0
    assert measure_gap([]) == 0.0


@pytest.mark.parametrize(("length", "most"), [(100, 100), (101, 100), (1_000, 999), (9_000, 700)])
def test_stretches_lie_within_the_series_and_apart(length, most):
    found = np.concatenate(stretches_of(length, most, np.random.default_rng(0)))
    assert 0 <= found.min() <= found.max() < length
    assert len(set(found.tolist())) == len(found)
    assert 0.9 * min(most, length) <= len(found) <= most

"""The forecaster under the real sktime: its indices, its clones, its quantiles, its evaluation."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_series import waves

from interfuse.errors import OptionError

pd = pytest.importorskip("pandas")
pytest.importorskip("sktime")
ours = pytest.importorskip("interfuse.sktime")

pytestmark = pytest.mark.filterwarnings("default")  # what sktime warns of is its own affair
HORIZON = 24


def hours(n: int = 300, seed: int = 0):
    index = pd.date_range("2024-01-01", periods=n, freq="h")
    return pd.Series(waves(n, seed=seed), index=index, name="requests")


@pytest.fixture(scope="module")
def forecaster(tiny):
    return ours.DiffusionForecaster(examples=2_000, draws=100).fit(hours(300))


def test_it_is_better_than_the_mean_and_keeps_the_index(forecaster):
    truth = hours(324).iloc[300:]
    made = forecaster.predict(fh=range(1, HORIZON + 1))
    assert made.name == "requests"
    assert made.index.equals(truth.index)
    error = (made - truth).abs().mean()
    assert error < 0.6 * (truth - hours(300).mean()).abs().mean()
    later = forecaster.predict(fh=[3, 24])
    assert later.index.equals(truth.index[[2, 23]])


def test_intervals_hold_about_what_they_say(forecaster):
    truth = hours(324).iloc[300:]
    found = forecaster.predict_interval(fh=range(1, HORIZON + 1), coverage=0.9)["requests"][0.9]
    inside = (found["lower"] <= truth) & (truth <= found["upper"])
    assert inside.mean() >= 0.6  # .9 of 24 that go together
    levels = forecaster.predict_quantiles(fh=[1, 2], alpha=[0.1, 0.5, 0.9])["requests"]
    assert (levels[0.1] <= levels[0.5]).all()
    assert (levels[0.5] <= levels[0.9]).all()


def test_it_is_cloned_and_updated(forecaster):
    twin = forecaster.clone()
    assert twin.get_params() == forecaster.get_params()
    assert not twin.is_fitted
    longer = forecaster.clone().fit(hours(280))
    longer.update(hours(300).iloc[280:], update_params=False)
    made = longer.predict(fh=[1])
    assert made.index[0] == hours(301).index[300]


@pytest.mark.parametrize("sort", ["period", "numbers"])
def test_other_indices_come_back(tiny, sort):
    y = hours(200)
    y = y.to_period() if sort == "period" else y.reset_index(drop=True)
    made = ours.DiffusionForecaster(examples=500, draws=10).fit(y).predict(fh=[1, 2])
    last = y.index[-1]
    assert list(made.index) == [last + 1, last + 2]


def test_several_channels_and_what_is_known_of_the_future(tiny):
    rng = np.random.default_rng(0)
    x = pd.DataFrame({"holiday": rng.integers(0, 2, 330).astype(float)},
                     index=hours(330).index)  # fmt: skip
    y = pd.DataFrame({"a": hours(330), "b": hours(330, 1) + 30 * x["holiday"]})
    y.iloc[40:44, 0] = np.nan
    fitted = ours.DiffusionForecaster(examples=3_000, draws=30).fit(y.iloc[:300], X=x.iloc[:300])
    made = fitted.predict(fh=range(1, 31), X=x.iloc[300:])
    assert list(made.columns) == ["a", "b"]
    assert np.isfinite(made.to_numpy()).all()
    on = x["holiday"].iloc[300:].to_numpy() == 1
    assert made["b"][on].mean() - made["b"][~on].mean() > 10  # 30 in truth, 0 if it were not seen


def test_steps_within_the_data_are_refused(forecaster):
    with pytest.raises((OptionError, NotImplementedError, ValueError)):
        forecaster.predict(fh=[-1, 1])

"""The adapter under the real GluonTS: its data sets, its evaluation, its forecasts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tiny_series import waves

from interfuse.errors import DataError, OptionError, RunError

pytest.importorskip("gluonts")
ours = pytest.importorskip("interfuse.gluonts")
pd = pytest.importorskip("pandas")

pytestmark = pytest.mark.filterwarnings("default")  # what GluonTS warns of is its own affair
HORIZON = 24


def entries(n: int = 3, length: int = 300, **more):
    start = pd.Period("2024-01-01 00:00", freq="h")
    return [
        {"start": start, "target": waves(length, seed=i).astype(np.float32), "item_id": f"s{i}"}
        | {k: v(i) for k, v in more.items()}
        for i in range(n)
    ]


@pytest.fixture(scope="module")
def predictor(tiny):
    return ours.Estimator(HORIZON, examples=6_000).train(entries())


def test_evaluation_by_gluonts_beats_the_mean(predictor):
    from gluonts.dataset.common import ListDataset
    from gluonts.evaluation import Evaluator, make_evaluation_predictions

    data = ListDataset(entries(4, 324), freq="h")
    forecasts, truths = make_evaluation_predictions(data, predictor, num_samples=50)
    drawn: list[Any] = list(forecasts)
    truths = list(truths)
    assert [f.samples.shape for f in drawn] == [(50, HORIZON)] * 4
    assert [f.item_id for f in drawn] == ["s0", "s1", "s2", "s3"]
    for forecast, truth in zip(drawn, truths, strict=True):
        assert forecast.start_date == truth.index[-HORIZON]
        assert forecast.quantile(0.9).shape == (HORIZON,)
    scores, _ = Evaluator(num_workers=0)(truths, drawn)
    # The mean of the wave alone is off by 1.9 of a level of 10; the noise by .4.
    assert scores["ND"] < 0.12


def test_windows_of_one_series_come_back_in_order(predictor):
    whole = waves(300)
    rolling = [
        {"start": pd.Period("2024-01-01", freq="h"), "target": whole[:n], "item_id": "s0"}
        for n in (200, 224, 248)
    ]
    out = list(predictor.predict(rolling, num_samples=5))
    assert [f.start_date for f in out] == [r["start"] + len(r["target"]) for r in rolling]
    alone = next(iter(predictor.predict(rolling[1:2], num_samples=5)))
    # Other batches round otherwise.
    np.testing.assert_allclose(out[1].samples, alone.samples, atol=0.1)


def test_a_predictor_is_kept(predictor, tmp_path):
    predictor.serialize(tmp_path / "kept")
    again = ours.Predictor.deserialize(tmp_path / "kept")
    one, other = (next(iter(p.predict(entries(1), num_samples=4))) for p in (predictor, again))
    np.testing.assert_array_equal(one.samples, other.samples)
    with pytest.raises(RunError, match="settings of a predictor"):
        ours.Predictor.deserialize(tmp_path)


def test_several_channels_features_and_gaps(tiny):
    """A feature that is known for the future drives the target."""
    rng = np.random.default_rng(0)
    length = 240

    def features(n):
        return (np.random.default_rng(1).random((1, n)) < 0.3).astype(float)

    push = features(length + HORIZON)
    target = np.stack([5 + 4 * push[0, :length], rng.normal(size=length)])
    target[:, 50:60] = np.nan
    target[:, -3:] = np.nan
    data = [{"start": pd.Period("2024-01-01", freq="D"), "target": target, "item_id": "x",
             "feat_dynamic_real": push[:, :length], "feat_static_cat": [1]}]  # fmt: skip
    predictor = ours.Estimator(HORIZON, examples=3_000).train(data)
    asked = [data[0] | {"feat_dynamic_real": push}]
    (out,) = predictor.predict(asked, num_samples=30)
    assert out.samples.shape == (30, HORIZON, 2)
    assert np.isfinite(out.samples).all()
    assert out.start_date == data[0]["start"] + length
    middle = np.median(out.samples[..., 0], 0)
    on = push[0, length:] > 0
    assert middle[on].mean() > middle[~on].mean() + 1  # 4 apart in truth


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": np.zeros((2, 50))}, "has 2 channels; the model was fitted to 1"),
        ({"feat_dynamic_real": np.zeros((1, 50))}, "has 1 dynamic features"),
        ({"start": pd.Period("2024-01-01", freq="D")}, "frequency of D"),
        ({"start": "2024-01-01"}, "expected a pandas Period"),
    ],
)
def test_entries_of_another_make(predictor, change, message):
    bad = entries(1, 50)[0] | change
    with pytest.raises(DataError, match=message):
        list(predictor.predict([bad]))


def test_training_data_that_cannot_be_used(tiny):
    estimator = ours.Estimator(3, examples=64)
    with pytest.raises(DataError, match="has no entry"):
        estimator.train([])
    with pytest.raises(DataError, match="that of two entries"):
        estimator.train(entries(1) + entries(1))
    with pytest.raises(DataError, match="cat_0"):
        estimator.train([entries(1)[0], entries(2)[1] | {"feat_static_cat": [1]}])
    with pytest.raises(OptionError, match="prediction_length"):
        ours.Estimator(0)


def test_gluonts_itself_reads_what_was_serialized(predictor, tmp_path):
    from gluonts.model.estimator import Estimator
    from gluonts.model.predictor import Predictor

    assert isinstance(ours.Estimator(HORIZON), Estimator)
    predictor.serialize(tmp_path / "kept")
    again = Predictor.deserialize(tmp_path / "kept")
    assert type(again) is ours.Predictor
    drawn: list[Any] = [
        next(iter(p.predict(entries(1), num_samples=3))) for p in (predictor, again)
    ]
    one, two = drawn
    assert np.array_equal(one.samples, two.samples)

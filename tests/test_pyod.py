"""The detector as PyOD and scikit-learn use their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from interfuse.errors import OptionError
from interfuse.pyod import DiffusionDetector

pytestmark = pytest.mark.filterwarnings("default")  # what PyOD warns of is its own affair


def rows(n: int, seed: int):
    return np.random.default_rng(seed).multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], n)


@pytest.fixture(scope="module")
def detector(usual_networks):
    return DiffusionDetector(0.05, examples=5_000).fit(rows(600, 0))


def test_it_is_a_detector_of_pyod():
    base = pytest.importorskip("pyod.models.base").BaseDetector
    assert issubclass(DiffusionDetector, base)


def test_labels_follow_scores(detector):
    assert detector.labels_.sum() == 30  # 5 % of 600
    odd = np.array([[2.5, -2.5], [0.0, 0.0]])
    assert detector.predict(odd).tolist() == [1, 0]
    labels, confidence = detector.predict(odd, return_confidence=True)
    assert labels.tolist() == [1, 0]
    assert ((confidence >= 0) & (confidence <= 1)).all()
    shares = detector.predict_proba(odd)
    assert shares[0, 1] > 0.95
    assert shares[1, 1] < 0.95
    assert detector.decision_function(odd).shape == (2,)


def test_it_is_cloned_and_sits_in_a_pipeline(detector):
    from sklearn.base import clone
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    twin: Any = clone(detector)
    assert twin.get_params() == detector.get_params()
    assert not hasattr(twin, "model_")
    line: Any = make_pipeline(StandardScaler(), twin.set_params(examples=2_000)).fit(rows(300, 1))
    assert line.predict([[3.0, -3.0]]).tolist() == [1]
    with pytest.raises(OptionError, match="not fitted"):
        DiffusionDetector().predict(rows(2, 2))
    with pytest.raises(OptionError, match="contamination"):
        DiffusionDetector(0.7)

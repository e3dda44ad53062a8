"""`InterfuseImputer` keeps scikit-learn's contract and fills cells from the others."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from interfuse.sklearn import InterfuseImputer


def test_scikit_learns_own_checks():
    with warnings.catch_warnings():
        # Checks that do not apply are skipped with a warning.
        warnings.simplefilter("ignore")
        results = check_estimator(InterfuseImputer(examples=32), on_fail=None)
    failed = {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}
    assert failed == {}


def test_fills_from_the_other_columns_and_keeps_the_rest(usual_networks):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3_000, 2))
    x[:, 1] = 2 * x[:, 0] + 0.5 * x[:, 1]
    imputer = InterfuseImputer(examples=30_000).fit(x[:2_000])
    holes = x[2_000:].copy()
    holes[::2, 1] = np.nan
    filled = imputer.transform(holes)
    assert np.array_equal(filled[1::2], holes[1::2])
    assert np.array_equal(filled[:, 0], holes[:, 0])
    error = np.abs(filled[::2, 1] - x[2_000::2, 1]).mean()
    # The best error is E|N(0, .25)| = .399, that of the mean E|N(0, 4.25)| = 1.64.
    best = np.abs(
        LinearRegression().fit(x[:2_000, :1], x[:2_000, 1]).predict(holes[::2, :1]) - x[2_000::2, 1]
    ).mean()
    assert error < 1.2 * best


def test_in_a_pipeline_with_text_and_missing_values():
    rng = np.random.default_rng(1)
    kind = rng.choice(["a", "b"], 400)
    frame = pd.DataFrame({"kind": kind, "size": np.where(kind == "a", 1.0, 5.0)})
    frame.loc[::5, "size"] = np.nan
    frame.loc[1::5, "kind"] = None
    out = InterfuseImputer(examples=8_000).fit(frame).transform(frame)
    assert isinstance(out, pd.DataFrame)
    assert not out.isna().to_numpy().any()
    assert ((out["kind"] == kind).mean(), (out["size"] == np.where(kind == "a", 1, 5)).mean()) > (
        0.97,
        0.97,
    )
    numbers = rng.normal(size=(200, 3))
    target = numbers[:, 0] > 0
    numbers[::3, 1] = np.nan
    pipeline = make_pipeline(InterfuseImputer(examples=200), HistGradientBoostingClassifier())
    assert pipeline.fit(numbers, target).score(numbers, target) > 0.9


def test_what_cannot_be_used_is_a_value_error():
    x = np.arange(60.0).reshape(30, 2)
    with pytest.raises(ValueError, match="strategy: 'best'"):
        InterfuseImputer(strategy="best").fit(x)
    fitted = InterfuseImputer(examples=32).fit(pd.DataFrame(x, columns=pd.Index(["a", "b"])))
    with pytest.raises(ValueError, match="feature names"):
        fitted.transform(pd.DataFrame(x, columns=pd.Index(["a", "c"])))
    with pytest.raises(ValueError, match="2 features"):
        InterfuseImputer(examples=32).fit(x).transform(x[:, :1])

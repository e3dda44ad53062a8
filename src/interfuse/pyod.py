"""A detector with the interface of PyOD (Zhao et al. 2019, jmlr.org/papers/v20/19-011.html).

    from interfuse.pyod import DiffusionDetector

    detector = DiffusionDetector(contamination=0.05).fit(train)
    detector.decision_scores_, detector.labels_, detector.threshold_
    detector.decision_function(test), detector.predict(test)

Arrays or frames. Where PyOD is installed it is a `BaseDetector` of PyOD, else an estimator of
scikit-learn: either way it is cloned, searched over and put into pipelines.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import DataError, OptionError
from interfuse.io.frames import unlabelled

try:
    from pyod.models.base import BaseDetector  # pyright: ignore[reportMissingImports]

    Base: Any = BaseDetector
except ImportError:
    from sklearn.base import BaseEstimator

    Base = BaseEstimator


class DiffusionDetector(Base):
    """Odd rows by a diffusion model of the table.

    Args:
        contamination: share of odd rows among those fitted, above 0 and up to .5: sets the
            threshold.
        clean: whether the rows fitted are all normal; see `interfuse.Model.detect`.
        seconds: budget of the fit.
        examples: budget of the fit in rows seen; repeatable where `seconds` is None.
        seed: of all random draws.

    Attributes:
        decision_scores_: (n,) scores of the rows fitted, higher = odder.
        threshold_: the score that the share `contamination` of them exceeds.
        labels_: (n,) 1 above the threshold, else 0.
        model_: the fitted `interfuse.Model`.
    """

    def __init__(
        self,
        contamination: float = 0.1,
        *,
        clean: bool = False,
        seconds: float | None = None,
        examples: int | None = None,
        seed: int = 0,
    ) -> None:
        if not 0 < contamination <= 0.5:
            raise OptionError(f"contamination: is {contamination!r}; expected 0 < share <= 0.5.")
        self.contamination = contamination
        self.clean = clean
        self.seconds = seconds
        self.examples = examples
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> DiffusionDetector:
        """Fit to rows; `y` is ignored.

        Args:
            X: an array (n, d) or a frame.
            y: not used; there for pipelines.

        Raises:
            DataError: the rows cannot be used.
        """
        import interfuse

        frame = unlabelled(_frame(X))
        self.model_ = interfuse.fit(
            frame, seconds=self.seconds, examples=self.examples, seed=self.seed
        )
        self._classes = 2
        self.decision_scores_ = self.decision_function(X)
        self.threshold_ = float(np.quantile(self.decision_scores_, 1 - self.contamination))
        self.labels_ = (self.decision_scores_ > self.threshold_).astype(int)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Scores (n,) of rows, higher = odder.

        Raises:
            OptionError: `fit` was not called.
        """
        return self._fitted().detect(_frame(X), clean=self.clean).score

    def predict(self, X: Any, return_confidence: bool = False) -> Any:
        """Labels (n,): 1 for odd rows.

        Args:
            X: rows.
            return_confidence: also how far each p-value is from deciding otherwise, 0 to 1.
        """
        found = self._fitted().detect(_frame(X), clean=self.clean)
        labels = (found.score > self.threshold_).astype(int)
        if not return_confidence:
            return labels
        return labels, np.where(labels == 1, 1 - found.p_value, found.p_value)

    def predict_proba(
        self, X: Any, method: str = "p-value", return_confidence: bool = False
    ) -> Any:
        """One minus the p-value (n, 2) as the probability of a normal and of an odd row.

        Args:
            X: rows.
            method: not looked at: PyOD's own scale scores, which have no p-value.
            return_confidence: also that of `predict`.
        """
        odd = 1 - self._fitted().detect(_frame(X), clean=self.clean).p_value
        shares = np.stack([1 - odd, odd], 1)
        return (shares, self.predict(X, True)[1]) if return_confidence else shares

    def fit_predict(self, X: Any, y: Any = None) -> np.ndarray:
        """Fit, and the labels of the rows fitted."""
        return self.fit(X, y).labels_

    def _fitted(self) -> Any:
        if not hasattr(self, "model_"):
            raise OptionError("the detector: is not fitted; call fit(X) first.")
        return self.model_


def _frame(rows: Any) -> Any:
    """A frame as it is; an array with columns x0, x1, ..."""
    if isinstance(rows, list | tuple):
        rows = np.asarray(rows)
    if not isinstance(rows, np.ndarray):
        return rows
    if rows.ndim != 2:
        raise DataError(
            f"the rows: an array of {rows.ndim} dimensions; expected 2, rows x columns."
        )
    return pl.DataFrame({f"x{j}": rows[:, j] for j in range(rows.shape[1])})

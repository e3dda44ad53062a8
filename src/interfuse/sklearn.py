"""`InterfuseImputer`: fill missing cells inside a scikit-learn pipeline.

    pipeline = make_pipeline(InterfuseImputer(seconds=60), HistGradientBoostingClassifier())

It takes arrays of numbers, NaN where missing, and pandas, polars or Arrow frames with columns of
any sort, and gives the same back: rows in their order, of pandas with their index. What cannot be
filled (a column without values, a key) stays missing, and an `InterfuseWarning` says so.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from interfuse.errors import InterfuseError, InterfuseWarning
from interfuse.io.frames import to_polars, unlabelled

FEWEST = 2
STRATEGIES = ("median", "mean", "mode", "draw")


class InterfuseImputer(TransformerMixin, BaseEstimator):
    """Fills missing cells by what a diffusion model of the training table says of them.

    Args:
        seconds: budget of the fit; see `interfuse.fit`.
        examples: the same in records.
        strategy: what fills a cell: "median" (of a category the mode), "mean", "mode", or "draw"
            for one joint draw, as multiple imputation needs it.
        draws: of each cell, where a summary needs any.
        schema: the columns' kinds, for frames; inferred unless given.
        random_state: seed of the fit and of the draws.
        device: where to compute.

    Attributes:
        model_: the fitted `interfuse.Model`.
        n_features_in_: columns seen in `fit`.
        feature_names_in_: their names, if they had names.

    Examples:
        >>> import numpy as np
        >>> from interfuse.sklearn import InterfuseImputer
        >>> X = np.random.default_rng(0).normal(size=(200, 2))
        >>> X[:, 1] += 3 * X[:, 0]
        >>> imputer = InterfuseImputer(examples=2_000).fit(X)
        >>> imputer.transform([[1.0, np.nan]]).shape
        (1, 2)
    """

    def __init__(
        self,
        *,
        seconds: float | None = None,
        examples: int | None = None,
        strategy: str = "median",
        draws: int = 20,
        schema: Any = None,
        random_state: int = 0,
        device: str | None = None,
    ) -> None:
        self.seconds = seconds
        self.examples = examples
        self.strategy = strategy
        self.draws = draws
        self.schema = schema
        self.random_state = random_state
        self.device = device

    def __sklearn_tags__(self) -> Tags:
        """Missing values and text are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def fit(self, X: Any, y: Any = None) -> InterfuseImputer:
        """Fit a model to the rows of `X`.

        Args:
            X: an array or a frame.
            y: not looked at.

        Raises:
            ValueError: `X` cannot be used.
        """
        import interfuse

        if self.strategy not in STRATEGIES:
            raise ValueError(f"strategy: {self.strategy!r}; expected one of {STRATEGIES}.")
        frame, _ = self._read(X, reset=True)
        try:
            self.model_ = interfuse.fit(
                unlabelled(frame),  # answers get their index from the rows that are asked about
                schema=self.schema,
                seconds=self.seconds,
                examples=self.examples,
                seed=self.random_state,
                device=self.device,
            )
        except InterfuseError as error:
            raise ValueError(str(error)) from error
        if void := [name for name, part in _missing(frame).items() if part == 1]:
            names = ", ".join(map(repr, void[:8])) + (", ..." if len(void) > 8 else "")
            _say(f"{len(void):,} of the columns hold no value and stay missing: {names}")
        return self

    def transform(self, X: Any) -> Any:
        """The rows of `X` with their missing cells filled.

        Raises:
            ValueError: `X` cannot be used, or does not have the columns of `fit`.
        """
        check_is_fitted(self)
        frame, is_array = self._read(X, reset=False)
        draws = 1 if self.strategy == "draw" else self.draws
        try:
            answer = self.model_.impute(
                frame, draws=draws, seed=self.random_state, device=self.device
            )
        except InterfuseError as error:
            raise ValueError(str(error)) from error
        filled = answer.frame(0) if self.strategy == "draw" else getattr(answer, self.strategy)()
        gone = {name: round(part * len(filled)) for name, part in _missing(filled).items() if part}
        left = [f"{n:,} cells of {name!r}" for name, n in gone.items()]
        if left:
            more = f" and of {len(left) - 8:,} more columns" if len(left) > 8 else ""
            _say(f"{', '.join(left[:8])}{more} stay missing: the model cannot tell them")
        if not is_array:
            return filled
        return np.ascontiguousarray(filled.cast(pl.Float64).fill_null(float("nan")).to_numpy())

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The names of the columns, which stay what they were."""
        check_is_fitted(self)
        from sklearn.utils.validation import _check_feature_names_in

        return np.asarray(_check_feature_names_in(self, input_features))

    def _read(self, X: Any, reset: bool) -> tuple[Any, bool]:
        if hasattr(X, "columns") or hasattr(X, "column_names"):
            validate_data(self, X, reset=reset, skip_check_array=True)
            if reset and len(X) < FEWEST:
                raise ValueError(f"Found {len(X)} sample(s) where {FEWEST} are needed.")
            return X, False
        array: Any = validate_data(
            self,
            X,
            reset=reset,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            copy=True,
            ensure_min_samples=FEWEST if reset else 1,
        )
        names = [f"x{j}" for j in range(array.shape[1])]
        frame = pl.DataFrame({n: array[:, j] for j, n in enumerate(names)}).fill_nan(None)
        return frame, True


def _missing(frame: Any) -> dict[str, float]:
    """The share of missing cells by column."""
    columns = to_polars(frame)[0].lazy().collect().iter_columns()
    return {c.name: c.null_count() / len(c) for c in columns}


def _say(text: str) -> None:
    warnings.warn(f"InterfuseImputer: {text}.", InterfuseWarning, stacklevel=3)

"""A forecaster with the interface of sktime (Loening et al. 2019, arXiv 1909.07872).

    from interfuse.sktime import DiffusionForecaster

    forecaster = DiffusionForecaster(seconds=60).fit(y, X)
    forecaster.predict(fh=[1, 2, 3], X=X_future)
    forecaster.predict_interval(fh=range(1, 25), coverage=0.9)

One or several channels, with or without covariates that are known for the future too; missing
values are allowed. sktime and pandas must be installed.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import polars as pl

try:
    from sktime.forecasting.base import BaseForecaster  # pyright: ignore[reportMissingImports]
except ImportError as error:
    raise ImportError(
        "interfuse.sktime: sktime is not installed. Install it: pip install sktime"
    ) from error

from interfuse.errors import OptionError
from interfuse.kinds.series.kind import KIND

TIME = "time"


class DiffusionForecaster(BaseForecaster):
    """Forecasts by a diffusion model of the series; all steps and channels are drawn jointly.

    Args:
        seconds: budget of the fit; see `interfuse.fit`.
        examples: the same in windows; repeatable.
        draws: futures that points, quantiles and intervals are taken from; of 200 the ends of a
            90 % interval have a standard error of 1.5 points of probability.
        seed: of the fit and of all draws.
        device: where to compute.
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": "the interfuse authors",
        "y_inner_mtype": "pd.DataFrame",
        "X_inner_mtype": "pd.DataFrame",
        "capability:multivariate": True,
        "capability:exogenous": True,
        "capability:missing_values": True,
        "capability:pred_int": True,
        "capability:pred_int:insample": False,
        "capability:insample": False,
        "capability:random_state": False,
        "capability:update": True,
        "requires-fh-in-fit": False,
        "scitype:y": "both",
        "ignores-exogeneous-X": False,
        "X-y-must-have-same-index": True,
        "enforce_index_type": None,
        "python_dependencies": ["interfuse"],
    }

    def __init__(
        self,
        seconds: float | None = None,
        examples: int | None = None,
        draws: int = 200,
        seed: int = 0,
        device: str | None = None,
    ) -> None:
        self.seconds = seconds
        self.examples = examples
        self.draws = draws
        self.seed = seed
        self.device = device
        super().__init__()

    def _fit(self, y: pd.DataFrame, X: pd.DataFrame | None, fh: Any) -> DiffusionForecaster:
        from interfuse.api import fit

        self._seen = y, X
        frame = _frame(y, X)
        covariates = [n for n in frame.columns if n.startswith("x")]
        self.model_ = fit(
            frame,
            kind=KIND.name,
            time=TIME,
            channels=[n for n in frame.columns if n.startswith("y")],
            known_future=covariates,
            seconds=self.seconds,
            examples=self.examples,
            seed=self.seed,
            device=self.device,
        )
        return self

    def _update(
        self, y: pd.DataFrame, X: pd.DataFrame | None = None, update_params: bool = True
    ) -> DiffusionForecaster:
        """Go on from later data; the model stays as it was fitted."""
        before, covariates = self._seen
        self._seen = _joined(before, y), _joined(covariates, X)
        return self

    def _drawn(self, fh: Any, X: pd.DataFrame | None) -> np.ndarray:
        """(draws, len(fh), channels) of the steps asked for.

        Raises:
            OptionError: a step is not after the data.
        """
        relative: Any = fh.to_relative(self.cutoff)
        steps = np.asarray(relative.to_numpy(), int)
        if steps.min() < 1:
            raise OptionError(
                f"fh: asks for step {steps.min()}; expected steps after the data, from 1 on. "
                "model_.impute fills steps within it."
            )
        y, past = self._seen
        frame = _frame(y, _joined(past, X))
        observed = np.flatnonzero(np.asarray(y.notna()).any(axis=1))
        open_end = len(y) - 1 - int(observed[-1])
        answer = self.model_.forecast(
            frame,
            horizon=int(steps.max()) + open_end,
            draws=self.draws,
            seed=self.seed,
            device=self.device,
        )
        return np.asarray(answer.values[0])[:, steps - 1 + open_end]

    def _predict(self, fh: Any, X: pd.DataFrame | None) -> pd.DataFrame:
        middle = np.median(self._drawn(fh, X), axis=0)
        return pd.DataFrame(middle, index=self._index(fh), columns=self._seen[0].columns)

    def _predict_quantiles(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, fh: Any, X: Any, alpha: Any
    ) -> Any:
        drawn = self._drawn(fh, X)
        names = self._get_varnames()
        columns = pd.MultiIndex.from_product([names, alpha])
        levels = np.quantile(drawn, alpha, axis=0)  # (alpha, steps, channels)
        flat = levels.transpose(1, 2, 0).reshape(drawn.shape[1], -1)
        return pd.DataFrame(flat, index=self._index(fh), columns=columns)

    def _index(self, fh: Any) -> pd.Index:
        return fh.to_absolute_index(self.cutoff)

    @classmethod
    def get_test_params(cls, parameter_set: Any = "default") -> Any:
        """Settings that are quick, for sktime's own checks."""
        return [{"examples": 500, "draws": 20}, {"examples": 500, "draws": 20, "seed": 1}]


def _joined(before: Any, later: Any) -> Any:
    """Rows of both, in their order; of rows that are in both those of the later."""
    if before is None or later is None:
        return later if before is None else before
    return pd.concat([before[~before.index.isin(later.index)], later]).sort_index()


def _frame(y: pd.DataFrame, X: pd.DataFrame | None) -> pl.DataFrame:
    """Time, channels y0, y1, ... and covariates x0, x1, ...; rows of X after y have no channels."""
    index = y.index if X is None else y.index.union(X.index)
    columns = {f"y{i}": y.iloc[:, i].reindex(index) for i in range(y.shape[1])}
    if X is not None:
        columns |= {f"x{i}": X.iloc[:, i].reindex(index) for i in range(X.shape[1])}
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    times = index.to_numpy()
    if isinstance(index, pd.DatetimeIndex):
        times = index.tz_localize(None).to_numpy().astype("datetime64[us]")
    values = {
        name: column.to_numpy(np.float64, na_value=np.nan) for name, column in columns.items()
    }
    return pl.DataFrame({TIME: times, **values}, nan_to_null=True)

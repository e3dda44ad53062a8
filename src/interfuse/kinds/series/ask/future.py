"""What is known of the future of series: values that hold ("what if") and covariates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from interfuse.errors import ConditionError
from interfuse.kinds.series.data import SeriesSet


def with_future(
    series: SeriesSet, told: SeriesSet, horizon: int
) -> tuple[SeriesSet, list[np.ndarray]]:
    """Series with covariates of their future, and (horizon, c) values of it, NaN where unknown.

    Args:
        series: the history.
        told: rows at later times; those outside of the horizon are left out.
        horizon: how many steps follow the history.

    Raises:
        ConditionError: a series is not in the history, or no row lies within the horizon.
    """
    place = {name: i for i, name in enumerate(told.names)}
    unknown = [name for name in told.names if name not in series.names]
    if unknown:
        raise ConditionError(
            f"given: series {unknown[0]!r} is not in the history. Leave it out, or add its past."
        )
    c = len(series.schema.channels)
    known, ahead, used = [], list(series.ahead), 0
    for i, name in enumerate(series.names):
        values = np.full((horizon, c), np.nan)
        extra = series.future_covariates(i, horizon)
        if name in place:
            j = place[name]
            more = told.ahead[j].reshape(len(told.ahead[j]), extra.shape[1])
            stamps = np.concatenate([told.times(j), told.future_times(j, len(more))])
            at = series.grid.nearest(series.starts[i], stamps)[0] - len(series.values[i])
            inside = (at >= 0) & (at < horizon)
            used += int(inside.sum())
            own = np.concatenate([told.values[j], np.full((len(more), c), np.nan)])[inside]
            values[at[inside]] = own
            more = np.concatenate([told.covariates[j], more])[inside]
            extra[at[inside]] = np.where(np.isfinite(more), more, extra[at[inside]])
        known.append(values)
        ahead[i] = extra
    if not used:
        raise ConditionError(
            "given: no row lies within the horizon after the history. Give rows at the times that "
            "are forecast."
        )
    return replace(series, ahead=ahead), known

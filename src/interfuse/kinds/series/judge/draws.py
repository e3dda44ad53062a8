r"""How good a predictive distribution given by draws is, and how good one number is.

With draws :math:`x_1 \dots x_m` of a value whose truth is y:

* **CRPS** (`crps`): :math:`\frac1m\sum_i |x_i - y| - \frac{1}{2m^2}\sum_{ij} |x_i - x_j|`, the
  score of the empirical distribution (Gneiting and Raftery 2007, eq. 20 and 21); `fair` divides the
  second sum by m(m-1), which makes its expectation that of infinitely many draws (Ferro 2014).
  It has the unit of y, and is |x - y| for a single draw.
* **Quantile loss** of a level q and a forecast z: :math:`2\,|(y - z)(1[y \le z] - q)|`. Its mean
  over levels spread evenly in (0, 1) approaches the CRPS.
* **Weighted quantile loss** (`weighted_quantile_loss`): for each level the sum of the losses over
  all series and steps, divided by :math:`\sum |y|`, then the mean over the levels .1, .2 ... .9.
  This is `mean_wQuantileLoss` of GluonTS, the "CRPS" of most tables of forecasts. GluonTS takes as
  the quantile of draws the one of rank round((m - 1) q) (numpy's rounding, half to even) and
  interpolates nothing, and so does this.
* **MASE** (`mase`): the mean absolute error of a series divided by that of the seasonal naive
  forecast inside its history, :math:`\mathrm{mean}_t |y_t - y_{t-s}|` (Hyndman and Koehler 2006);
  the mean over series. A series whose history repeats exactly has none and is left out.
* **Coverage and width** (`coverage`, `width`): of the central interval between the (1-c)/2 and
  (1+c)/2 quantiles of the draws, ends included.

A truth that is NaN is unknown and left out everywhere.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interfuse.errors import DataError

Floats = NDArray[np.float64]

LEVELS = tuple(k / 10 for k in range(1, 10))
"""Levels of the weighted quantile loss where none are given."""


def crps(draws: ArrayLike, truth: ArrayLike, *, fair: bool = False) -> Floats:
    """Return the CRPS of every value.

    Args:
        draws: (m, ...) draws.
        truth: (...) what came true.
        fair: Correct for the number of draws; needs two or more.

    Returns:
        (...) scores in the unit of `truth`, 0 best; NaN where the truth is.

    Raises:
        DataError: the shapes do not fit, or a fair score is asked of one draw.
    """
    x, y = checked(draws, truth)
    m = len(x)
    if fair and m < 2:
        raise DataError("crps: a fair score of 1 draw was asked for; give at least 2 draws.")
    ordered = np.sort(x, axis=0)
    rank = (2.0 * np.arange(1, m + 1) - m - 1) / (m * (m - 1 if fair else m))
    return np.abs(x - y).mean(0) - np.tensordot(rank, ordered, 1)


def quantile_of_draws(draws: ArrayLike, level: float) -> Floats:
    """Return the draw of rank round((m - 1) level), as GluonTS defines a forecast's quantile."""
    return _ranked(np.sort(np.asarray(draws, dtype=np.float64), axis=0), level)


def quantile_loss(forecast: ArrayLike, truth: ArrayLike, level: float) -> Floats:
    """Return 2 |(y - z)(1[y <= z] - q)| for every value; NaN where the truth is."""
    z, y = np.asarray(forecast, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    return 2.0 * np.abs((y - z) * ((y <= z) - level))


def weighted_quantile_loss(
    draws: ArrayLike, truth: ArrayLike, levels: Sequence[float] = LEVELS
) -> float:
    """Return the quantile loss summed over all values, over the sum of |truth|; mean of levels.

    Args:
        draws: (m, ...) draws; every series, window and step of a data set at once.
        truth: (...) what came true.
        levels: In (0, 1).

    Returns:
        The loss, 0 best; NaN if the truth is zero throughout or nothing is known.

    Raises:
        DataError: the shapes do not fit.
    """
    x, y = checked(draws, truth)
    total = float(np.nansum(np.abs(y)))
    if total == 0:
        return float("nan")
    x = np.sort(x, axis=0)
    losses = [np.nansum(quantile_loss(_ranked(x, level), y, level)) / total for level in levels]
    return float(np.mean(losses))


def mase(
    forecast: ArrayLike, truth: ArrayLike, histories: Sequence[ArrayLike], season: int = 1
) -> float:
    """Return the mean absolute error in units of the seasonal naive error of each history.

    Args:
        forecast: (n, h) point forecasts, for example medians.
        truth: (n, h) what came true.
        histories: The n known pasts, of any lengths.
        season: Steps of a season.

    Returns:
        The mean over the series; NaN if no history has an error to scale by.

    Raises:
        DataError: the shapes do not fit.
    """
    z, y = np.atleast_2d(np.asarray(forecast, float)), np.atleast_2d(np.asarray(truth, float))
    if z.shape != y.shape or len(histories) != len(y):
        raise DataError(
            f"mase: forecasts of shape {z.shape}, truths of shape {y.shape} and {len(histories)} "
            "histories were given; all three need one row for each series, the first two one "
            "column for each step."
        )
    ratios = []
    for guess, found, history in zip(z, y, histories, strict=True):
        past = np.asarray(history, dtype=np.float64)
        changes = np.abs(past[season:] - past[:-season])
        changes, errors = changes[~np.isnan(changes)], np.abs(guess - found)
        errors = errors[~np.isnan(errors)]
        if len(errors) and len(changes) and changes.mean() > 0:
            ratios.append(errors.mean() / changes.mean())
    return float(np.mean(ratios)) if ratios else float("nan")


def mean_absolute_error(forecast: ArrayLike, truth: ArrayLike) -> float:
    """Return the mean of |forecast - truth| over what is known."""
    error = np.abs(np.asarray(forecast, float) - np.asarray(truth, float))
    return float(np.nanmean(error)) if (~np.isnan(error)).any() else float("nan")


def interval(draws: ArrayLike, level: float = 0.9) -> tuple[Floats, Floats]:
    """Return the ends of the central interval that holds a share `level` of the draws."""
    low, high = np.quantile(np.asarray(draws, float), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def coverage(draws: ArrayLike, truth: ArrayLike, level: float = 0.9) -> float:
    """Return the share of known truths inside the central interval.

    Args:
        draws: (m, ...) draws.
        truth: (...) what came true.
        level: Share of the draws in the interval.

    Returns:
        A share, `level` if the draws are calibrated (and m is large); NaN if nothing is known.

    Raises:
        DataError: the shapes do not fit.
    """
    x, y = checked(draws, truth)
    low, high = interval(x, level)
    inside = (low <= y) & (y <= high)
    known = ~np.isnan(y)
    return float(inside[known].mean()) if known.any() else float("nan")


def width(draws: ArrayLike, level: float = 0.9) -> float:
    """Return the mean width of the central interval."""
    low, high = interval(draws, level)
    return float(np.mean(high - low))


def checked(draws: ArrayLike, truth: ArrayLike) -> tuple[Floats, Floats]:
    """Return both as float64.

    Raises:
        DataError: draws are not (m, *shape of the truth), m > 0, or not finite.
    """
    x, y = np.asarray(draws, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if x.ndim != y.ndim + 1 or x.shape[1:] != y.shape or not len(x):
        raise DataError(
            f"draws: shape {x.shape} was found; truths of shape {y.shape} need draws of shape "
            f"(draws, {', '.join(map(str, y.shape))}), at least one of them."
        )
    if not np.isfinite(x).all():
        raise DataError(
            f"draws: {int((~np.isfinite(x)).sum())} values are NaN or infinite; a forecast needs a "
            "number for each draw, series and step. Fill them before scoring."
        )
    return x, y


def _ranked(ordered: Floats, level: float) -> Floats:
    return ordered[int(np.round((len(ordered) - 1) * level))]

r"""How well a score per point finds labelled anomalies.

* **AUC-PR per point** (`average_precision`): points ordered by score, ties together;
  :math:`\sum_k (R_k - R_{k-1}) P_k`. A constant score has the share of anomalous points.
* **Volume under the surface** (`volumes`): Paparrizos et al., "Volume under the surface", VLDB
  2022, computed as in TSB-AD's `get_metrics` (version "opt", 250 thresholds), whose tables it can
  be compared with. A buffer of w steps, w = 0 ... W, surrounds each anomaly; the area under the
  precision-recall (or ROC) curve is averaged over w.

With anomalies :math:`[s_i, e_i]`, P anomalous points of n, and a threshold passed by N points:

* a point's soft label l is 1 inside; outside, :math:`\sqrt{1 - d/w}` for each anomaly at a distance
  :math:`d \le \lfloor w/2 \rfloor`, summed and cut at 1;
* S is the sum of l over the buffer points that pass, and T is S + the anomalous points that pass;
* :math:`P_w = P + S/2`, recall = min(T / P_w, 1) times the share of the buffered anomalies with a
  point that passes (two whose buffers meet count as one);
* precision = T / N, false positive rate = :math:`(N - T) / (n - P_w)`.

The thresholds are the scores of 250 ranks spread evenly from the highest to the lowest. Precision
times the rise of recall is summed; the ROC curve is closed by (1, 1) and taken by trapezia.

The work is O(n log n + W (B + 250)), B the points in buffers: scores are ordered once, and what
passes a threshold is a prefix of the order.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interfuse.errors import DataError

Floats = NDArray[np.float64]

THRESHOLDS = 250
DEFAULT_PERIOD = 125
MOST_LAGS = 400
FIRST_LAG = 3
MOST_POINTS = 20_000


@dataclass(frozen=True)
class Volumes:
    """Volumes under the surface.

    Attributes:
        pr: of precision and recall, in [0, 1], 1 best.
        roc: of true and false positives, 1 best, about .5 for scores by chance.
    """

    pr: float
    roc: float


def average_precision(score: ArrayLike, label: ArrayLike) -> float:
    """Return the area under the precision-recall curve of single points, by steps.

    Args:
        score: (n,) higher = odder.
        label: (n,) 1 or True for anomalous points.

    Returns:
        The area in (0, 1].

    Raises:
        DataError: shapes differ, a score is NaN, or no point is anomalous.
    """
    s, anomalous = _checked(score, label)
    order = np.argsort(-s, kind="stable")
    hits = np.cumsum(anomalous[order])
    last = np.flatnonzero(np.append(np.diff(s[order]) != 0, True))  # of each group of ties
    found = hits[last]
    return float(np.sum(np.diff(found, prepend=0) * found / (last + 1)) / hits[-1])


def volumes(score: ArrayLike, label: ArrayLike, window: int = 100) -> Volumes:
    """Return VUS-PR and VUS-ROC.

    Args:
        score: (n,) higher = odder.
        label: (n,) 1 or True for anomalous points.
        window: W, the widest buffer; TSB-AD takes `period_length` of the series.

    Returns:
        Both volumes.

    Raises:
        DataError: shapes differ, a score is NaN, or the points are not of both kinds.
    """
    s, anomalous = _checked(score, label)
    if anomalous.all():
        raise DataError("label: every point is anomalous; the volumes need normal points too.")
    n, p = len(s), int(anomalous.sum())
    starts, ends = _runs(anomalous)
    ordered = np.sort(s)
    ranks = np.linspace(0, n - 1, THRESHOLDS).astype(int)
    thresholds = ordered[::-1][ranks]
    passed = n - np.searchsorted(ordered, thresholds, side="left")
    # A point passes threshold k where its place among the scores is below passed[k].
    place = np.empty(n, dtype=np.int64)
    place[np.argsort(-s, kind="stable")] = np.arange(n)
    hit = _prefix(place[anomalous], np.ones(p), passed)
    areas = np.zeros((window + 1, 2))
    share = np.zeros(THRESHOLDS)
    for w in range(window + 1):
        reach = w // 2
        if w < 2 or w % 2 == 0:
            share = _reached(s, starts, ends, reach, thresholds)
        points, soft = _buffer(anomalous, starts, ends, w)
        near = _prefix(place[points], soft, passed)
        total = p + near / 2
        true = hit + near
        recall = np.minimum(true / total, 1) * share
        false = (passed - true) / (n - total)
        areas[w, 0] = np.sum(np.diff(recall, prepend=0.0) * true / passed)
        x, y = np.concatenate([[0], false, [1]]), np.concatenate([[0], recall, [1]])
        areas[w, 1] = np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2)
    pr, roc = areas.mean(0)
    return Volumes(float(pr), float(roc))


def period_length(values: ArrayLike) -> int:
    """Return the lag of the highest peak of the autocorrelation, as TSB-AD chooses its window.

    Peaks at lags 3 to 400 of the first 20,000 points count; 125 where there is none or the highest
    lies below lag 6 or above lag 303.

    Args:
        values: (n,) a series.

    Returns:
        The lag in steps.
    """
    x = np.asarray(values, dtype=np.float64).ravel()[:MOST_POINTS]
    x = x - x.mean()
    size = 1 << (2 * len(x) - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(x, size)) ** 2
    correlation = np.fft.irfft(spectrum, size)[: min(MOST_LAGS, len(x) - 1) + 1]
    if correlation[0] <= 0:
        return DEFAULT_PERIOD
    r = (correlation / correlation[0])[FIRST_LAG:]
    peaks = np.flatnonzero((r[1:-1] > r[:-2]) & (r[1:-1] > r[2:])) + 1
    if not len(peaks):
        return DEFAULT_PERIOD
    best = int(peaks[np.argsort(r[peaks])[-1]])
    return best + FIRST_LAG if 3 <= best <= 300 else DEFAULT_PERIOD


def _checked(score: ArrayLike, label: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    s, anomalous = np.asarray(score, dtype=np.float64), np.asarray(label) > 0
    if s.ndim != 1 or s.shape != anomalous.shape:
        raise DataError(
            f"score and label: shapes {s.shape} and {anomalous.shape} were found; both need one "
            "value for each point of one series."
        )
    if np.isnan(s).any():
        raise DataError(
            f"score: {int(np.isnan(s).sum())} of {len(s)} values are NaN; every point needs a "
            "number, higher for odder. Give points without a score the lowest one."
        )
    if not anomalous.any():
        raise DataError(
            "label: no point is anomalous; nothing can be measured. Leave this series out."
        )
    return s, anomalous


def _runs(anomalous: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last point of every anomaly."""
    edge = np.diff(np.concatenate([[0], anomalous.astype(np.int8), [0]]))
    return np.flatnonzero(edge == 1), np.flatnonzero(edge == -1) - 1


def _prefix(place: NDArray[np.int64], weight: Floats, passed: NDArray[np.int64]) -> Floats:
    """Return for each threshold the weight of the points that pass it."""
    order = np.argsort(place)
    sums = np.concatenate([[0.0], np.cumsum(weight[order])])
    return sums[np.searchsorted(place[order], passed, side="left")]


def _buffer(
    anomalous: NDArray[np.bool_], starts: NDArray[np.int64], ends: NDArray[np.int64], w: int
) -> tuple[NDArray[np.int64], Floats]:
    """Return the points outside anomalies that a buffer of w covers, and their soft labels."""
    n, reach = len(anomalous), w // 2
    if not reach:
        return np.empty(0, dtype=np.int64), np.empty(0)
    d = np.arange(1, reach + 1)
    slope = np.sqrt(1 - d / w)
    points = np.concatenate([(ends[:, None] + d).ravel(), (starts[:, None] - d).ravel()])
    weight = np.tile(slope, 2 * len(starts))
    inside = (points >= 0) & (points < n)
    points, weight = points[inside], weight[inside]
    outside = ~anomalous[points]
    points, group = np.unique(points[outside], return_inverse=True)
    return points, np.minimum(np.bincount(group, weight[outside], len(points)), 1.0)


def _reached(
    s: Floats, starts: NDArray[np.int64], ends: NDArray[np.int64], reach: int, thresholds: Floats
) -> Floats:
    """Return for each threshold the share of buffered anomalies with a point that passes."""
    apart = ends[:-1] + reach < starts[1:] - reach
    first = np.maximum(starts[np.append(True, apart)] - reach, 0)
    last = np.minimum(ends[np.append(apart, True)] + reach, len(s) - 1)
    highest = np.sort([s[a : b + 1].max() for a, b in zip(first, last, strict=True)])
    return 1 - np.searchsorted(highest, thresholds, side="left") / len(highest)

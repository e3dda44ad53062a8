"""Scores of odd points against scikit-learn and the definition written out point by point."""

import math
from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from interfuse.errors import InterfuseError
from interfuse.kinds.series.judge import average_precision, period_length, volumes


def labelled(seed, n=400):
    """Scores, some with ties, of a series with a few odd stretches, also at its ends."""
    rng = np.random.default_rng(seed)
    label = np.zeros(n, dtype=int)
    for begin in rng.integers(0, n, rng.integers(1, 6)):
        label[begin : begin + rng.integers(1, 40)] = 1
    if seed % 3 == 1:
        label[:5] = label[-3:] = 1
    score = rng.normal(size=n) + label * rng.uniform(0, 3)
    return (np.round(score) if seed % 2 else score), label


def stretches(label):
    """First and last point of each odd stretch."""
    out, begin = [], None
    for t, odd in enumerate([*label, 0]):
        if odd and begin is None:
            begin = t
        if not odd and begin is not None:
            out.append((begin, t - 1))
            begin = None
    return out


def slow_volumes(score, label, widest, thresholds=250):
    """Paparrizos et al. 2022 with the conventions of TSB-AD, one point at a time."""
    n, odd = len(label), stretches(label)
    ordered = sorted(score, reverse=True)
    levels = [ordered[int(i)] for i in np.linspace(0, n - 1, thresholds)]
    pr, roc = [], []
    for w in range(widest + 1):
        soft = [0.0] * n
        for t in range(n):
            if label[t]:
                soft[t] = 1.0
                continue
            for first, last in odd:
                d = first - t if t < first else t - last
                if d <= w // 2:
                    soft[t] += math.sqrt(1 - d / w)
            soft[t] = min(soft[t], 1.0)
        groups = [list(odd[0])]
        for first, last in odd[1:]:
            if groups[-1][1] + w // 2 < first - w // 2:
                groups.append([first, last])
            else:
                groups[-1][1] = last
        points = [(0.0, 0.0)]
        area = 0.0
        for level in levels:
            passed = [s >= level for s in score]
            true = sum(v for v, p in zip(soft, passed, strict=True) if p)
            near = sum(v for v, p, y in zip(soft, passed, label, strict=True) if p and not y)
            total = sum(label) + near / 2
            found = sum(any(passed[max(a - w // 2, 0) : b + w // 2 + 1]) for a, b in groups) / len(
                groups
            )
            recall = min(true / total, 1) * found
            area += (recall - points[-1][1]) * true / sum(passed)
            points.append(((sum(passed) - true) / (n - total), recall))
        points.append((1.0, 1.0))
        pr.append(area)
        roc.append(sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points)))
    return np.mean(pr), np.mean(roc)


@pytest.mark.parametrize("seed", range(6))
def test_average_precision_is_scikit_learns(seed):
    score, label = labelled(seed)
    expected = average_precision_score(label, score)
    assert average_precision(score, label) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("seed", "window"), [(0, 0), (1, 7), (4, 9)])
def test_volumes_are_their_definition(seed, window):
    score, label = labelled(seed, 250)
    found = volumes(score, label, window)
    pr, roc = slow_volumes(score, label, window)
    assert found.pr == pytest.approx(pr, abs=1e-12)
    assert found.roc == pytest.approx(roc, abs=1e-12)


@pytest.mark.parametrize("odd", [[100, 102], [100, 104, 108], [0, 90, 99, 249], [50, 51, 57, 61]])
def test_buffers_that_meet_are_one_and_their_labels_stay_below_one(odd):
    """With w = 8 a buffer reaches 4 points; gaps from 2 to 9 meet, touch, or stay apart."""
    label = np.zeros(250, dtype=int)
    label[odd] = 1
    score = np.random.default_rng(len(odd)).normal(size=250)
    found = volumes(score, label, 8)
    assert (found.pr, found.roc) == pytest.approx(slow_volumes(score, label, 8), abs=1e-12)


def test_volumes_without_a_buffer_are_the_plain_areas_where_every_point_is_found():
    rng = np.random.default_rng(5)
    label = np.zeros(250, dtype=int)
    label[100:120] = 1
    score = rng.normal(size=250) + 2 * label
    first = np.flatnonzero(label[np.argsort(-score)])[0]
    found = volumes(score, label, 0)
    assert first == 0  # the stretch is found at once, so that recall is that of points
    assert found.roc == pytest.approx(roc_auc_score(label, score), abs=1e-12)
    assert found.pr == pytest.approx(average_precision_score(label, score), abs=1e-12)


def test_volumes_see_only_the_order_and_no_direction_of_time():
    score, label = labelled(2)
    found = volumes(score, label, 20)
    assert volumes(np.exp(score / 3), label, 20) == found
    back = volumes(score[::-1], label[::-1], 20)
    assert (back.pr, back.roc) == pytest.approx((found.pr, found.roc), abs=1e-12)


def test_a_near_miss_counts_for_volumes_and_not_for_points():
    label = np.zeros(1000, dtype=int)
    label[500:520] = 1
    noise = np.random.default_rng(3).random(1000)
    hit, near, far = noise.copy(), noise.copy(), noise.copy()
    hit[500:520] += 2
    near[485:500] += 2
    far[800:820] += 2
    pr = [volumes(s, label, 60).pr for s in (hit, near, far)]
    assert pr[0] > pr[1] + 0.2 > pr[2] + 0.4
    points = [average_precision(s, label) for s in (hit, near, far)]
    assert points[0] == 1
    assert max(points[1:]) < 0.05


def test_scores_by_chance_have_half_the_volume():
    """20 series of 2,000 points, 4 standard errors of their mean.

    The anomaly is long beside the buffer and found by some point at once.
    """
    label = np.zeros(2000, dtype=int)
    label[600:1000] = 1
    rng = np.random.default_rng(4)
    found = np.array([volumes(rng.random(2000), label, 10).roc for _ in range(20)])
    assert abs(found.mean() - 0.5) < 4 * found.std() / math.sqrt(20) + 0.005
    constant = volumes(np.zeros(2000), label, 0)
    assert constant.pr == pytest.approx(0.2)
    assert average_precision(np.zeros(2000), label) == pytest.approx(0.2)


@pytest.mark.parametrize("period", [12, 48, 288])
def test_period_is_that_of_a_wave(period):
    t = np.arange(10 * period)
    x = np.sin(2 * np.pi * t / period) + 0.1 * np.random.default_rng(0).normal(size=len(t))
    # The peak of a noisy wave is flat: a twelfth of a period is a fall of 13 %.
    assert abs(period_length(x) - period) <= max(1, period // 12)


@pytest.mark.parametrize("x", [np.ones(500), np.arange(500.0), np.zeros(3)])
def test_a_series_without_a_period_has_the_default(x):
    assert period_length(x) == 125


@pytest.mark.parametrize(
    ("score", "label", "words"),
    [
        (np.zeros(4), np.zeros(4), "no point is anomalous"),
        (np.zeros(4), np.ones(4), "every point is anomalous"),
        (np.array([0, np.nan, 1]), np.array([0, 1, 0]), "1 of 3 values are NaN"),
        (np.zeros(3), np.ones(4), "shapes"),
        (np.zeros((2, 2)), np.ones((2, 2)), "one series"),
    ],
)
def test_what_cannot_be_measured_is_said(score, label, words):
    with pytest.raises(InterfuseError, match=words):
        volumes(score, label)

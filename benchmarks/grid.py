"""Utility by the protocol of the published tables (TabSyn, arXiv:2310.09656), with XGBoost.

One-hot categories, 1/9 of the training rows for validation, the best of 36 settings by validation,
trained once more on the other 8/9. Its logarithm of one data set's target is left to the caller.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from xgboost import XGBClassifier, XGBRegressor

from interfuse.evaluate import Table
from interfuse.evaluate.trees import single_precision

Floats = NDArray[np.float64]

GRID: tuple[dict[str, Any], ...] = tuple(
    {"n_estimators": trees, "min_child_weight": weight, "max_depth": depth, "gamma": gamma}
    for trees, weight, depth, gamma in product((10, 50, 100), (1, 10), (5, 10, 20), (0, 1))
)
"""The 36 settings, at XGBoost's own learning rate."""

_ONE_HOT_LIMIT = 256


def grid_utility(train: Table, test: Table, target: str, *, seed: int = 0) -> float:
    """Train on `train`, test on `test`: AUC (macro, one against the rest) or RMSE.

    Args:
        train: Real or synthetic rows.
        test: Real rows that neither the synthesiser nor `train` has seen.
        target: The column to predict; rows where it is missing are left out.
        seed: Of the trees and of the validation rows.
    """
    x, y = _rows(train, target)
    x_test, y_test = _rows(test, target)
    x, x_test = single_precision(x, x_test)
    order = np.random.default_rng(seed).permutation(len(y))
    held, kept = order[: len(y) // 9], order[len(y) // 9 :]
    is_class = target in test.codes
    sign = 1.0 if is_class else -1.0
    scores = []
    for point in GRID:
        found = _score(is_class, x[kept], y[kept], x[held], y[held], point, seed)
        scores.append(sign * found if np.isfinite(found) else -np.inf)
    best = GRID[int(np.argmax(scores))]
    return _score(is_class, x[kept], y[kept], x_test, y_test, best, seed)


def _score(
    is_class: bool,
    x: Floats,
    y: Floats,
    x_test: Floats,
    y_test: Floats,
    point: dict[str, Any],
    seed: int,
) -> float:
    options = point | {"tree_method": "hist", "learning_rate": 0.3, "random_state": seed}
    if not is_class:
        middle, scale = y.mean(), y.std() or 1.0
        model = XGBRegressor(**options).fit(x, (y - middle) / scale)
        guess = np.asarray(model.predict(x_test), dtype=np.float64) * scale + middle
        return float(np.sqrt(((guess - y_test) ** 2).mean()))
    known, codes = np.unique(y, return_inverse=True)
    guess = XGBClassifier(**options).fit(x, codes).predict_proba(x_test)
    areas = []
    for value in np.unique(np.concatenate([known, y_test])):
        truth, place = y_test == value, np.flatnonzero(known == value)
        if truth.any() and not truth.all():
            areas.append(roc_auc_score(truth, guess[:, place[0]]) if len(place) else 0.5)
    return float(np.mean(areas)) if areas else float("nan")


def _rows(table: Table, target: str) -> tuple[Floats, Floats]:
    y = table.column(target)
    keep = np.isfinite(y)
    blocks = [values[:, None] for name, values in table.numbers.items() if name != target]
    for name, codes in table.codes.items():
        if name != target:
            size = len(table.labels[name])
            wide = size > _ONE_HOT_LIMIT
            hot = codes[:, None] == np.arange(-1, size)
            blocks.append(codes[:, None].astype(np.float64) if wide else hot.astype(np.float64))
    x = np.concatenate(blocks, axis=1) if blocks else np.zeros((table.rows, 1))
    return x[keep], y[keep]

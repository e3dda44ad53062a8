r"""Utility: does a model trained on synthetic rows serve on real ones?

Train boosted trees on real rows and the same trees on synthetic rows; test both on the same real
hold-out. The gap between the two is the price of using synthetic rows instead of real ones.

* Category target: area under the ROC curve (two classes) or its mean over the classes, each against
  the rest (macro OvR), and accuracy. A class that the training rows lack gets probability 0.
* Number target: root mean squared error, in the target's own unit, and R².

``grid=True`` is the protocol of the published tables (TabSyn, arXiv:2310.09656): one-hot
categories, 1/9 of the training rows for validation, the best of 36 settings by validation, trained
once more on the other 8/9. Its logarithm of one data set's target is left to the caller.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from interfuse.errors import DataError
from interfuse.evaluate.table import MISSING, Floats, Table
from interfuse.evaluate.trees import boosted, single_precision

MOST_CLASSES = 20
"""The default target is the last category column with 2 to this many classes."""

_CLASS_LIMIT = 100
_ONE_HOT_LIMIT = 256
_DEFAULT: dict[str, Any] = {
    "trees": 100,
    "depth": 5,
    "min_child_weight": 10,
    "learning_rate": 0.1,
}
GRID: tuple[dict[str, Any], ...] = tuple(
    {"trees": trees, "min_child_weight": weight, "depth": depth, "gamma": gamma}
    for trees, weight, depth, gamma in product((10, 50, 100), (1, 10), (5, 10, 20), (0, 1))
)
"""The 36 settings of the published protocol, at XGBoost's own learning rate."""


@dataclass(frozen=True)
class Score:
    """How a trained model does on the test rows.

    Attributes:
        main: AUC (category target, higher is better) or RMSE (number target, lower is better).
        second: Accuracy or R².
    """

    main: float
    second: float


def default_target(table: Table) -> str | None:
    """Return the last category column of 2 to `MOST_CLASSES` classes, else the last number column.

    None when no column varies or the table has one column only.
    """
    if len(table.kinds) < 2:
        return None
    for name in reversed(table.codes):
        if 2 <= len(np.unique(table.codes[name][table.codes[name] >= 0])) <= MOST_CLASSES:
            return name
    for name in reversed(table.numbers):
        values = table.numbers[name][np.isfinite(table.numbers[name])]
        if len(values) and values.min() < values.max():
            return name
    return None


def check_target(table: Table, target: str) -> None:
    """Raise DataError when `target` is no column that can be predicted."""
    if target not in table.kinds:
        raise DataError(
            f"the target {target!r} is not among the compared columns: "
            f"{', '.join(map(repr, table.kinds))}"
        )
    classes = len(np.unique(table.codes[target])) if target in table.codes else 0
    if classes > _CLASS_LIMIT:
        raise DataError(
            f"the target {target!r} has {classes} classes; at most {_CLASS_LIMIT} can be "
            "predicted. Choose another target"
        )


def metric_names(table: Table, target: str) -> tuple[str, str]:
    """Return the names of the two figures of `Score` for this target."""
    if target in table.numbers:
        return "RMSE", "R²"
    classes = len(np.unique(table.codes[target][table.codes[target] >= 0]))
    return ("AUC" if classes <= 2 else "AUC (macro OvR)"), "accuracy"


def utility(
    train: Table,
    test: Table,
    target: str,
    *,
    grid: bool = False,
    seed: int = 0,
    threads: int | None = None,
) -> Score:
    """Train on `train`, test on `test`.

    Args:
        train: Real or synthetic rows.
        test: Real rows that neither the synthesiser nor `train` has seen.
        target: The column to predict; rows where it is missing are left out.
        grid: The published 36-point protocol instead of one fixed setting.
        seed: Seed of the trees and of the validation rows.
        threads: Threads to use, None = all.

    Returns:
        The score, NaN where it is not defined (no rows, one class in the test rows).

    Raises:
        DataError: See `check_target`.
    """
    check_target(test, target)
    x, y = _rows(train, target, one_hot=grid)
    x_test, y_test = _rows(test, target, one_hot=grid)
    x, x_test = single_precision(x, x_test)
    if len(y) < 2 or len(y_test) < 2:
        return Score(float("nan"), float("nan"))
    task = "classify" if target in test.codes else "regress"
    setting = _DEFAULT
    options = {"seed": seed, "threads": threads}
    if grid and len(y) >= 18:
        order = np.random.default_rng(seed).permutation(len(y))
        held, kept = order[: len(y) // 9], order[len(y) // 9 :]
        sign = 1.0 if task == "classify" else -1.0
        scores = []
        for point in GRID:
            score = _fit(task, x[kept], y[kept], x[held], y[held], {**point, **options})
            scores.append(sign * score.main if np.isfinite(score.main) else -np.inf)
        setting, x, y = GRID[int(np.argmax(scores))], x[kept], y[kept]
    return _fit(task, x, y, x_test, y_test, {**setting, **options})


def _rows(table: Table, target: str, *, one_hot: bool) -> tuple[Floats, Floats]:
    y = table.column(target)
    keep = np.isfinite(y)
    if not one_hot:
        x = table.matrix(without=target)
    else:
        blocks = [values[:, None] for name, values in table.numbers.items() if name != target]
        for name, codes in table.codes.items():
            if name == target:
                continue
            size = len(table.labels[name])
            wide = size > _ONE_HOT_LIMIT
            values = np.arange(MISSING, size)
            blocks.append(
                codes[:, None].astype(np.float64) if wide else (codes[:, None] == values) * 1.0
            )
        x = np.concatenate(blocks, axis=1) if blocks else np.zeros((table.rows, 1))
    return x[keep], y[keep]


def _fit(
    task: str, x: Floats, y: Floats, x_test: Floats, y_test: Floats, setting: dict[str, Any]
) -> Score:
    if task == "regress":
        middle, scale = y.mean(), y.std() or 1.0
        model = boosted(task, **setting).fit(x, (y - middle) / scale)
        error = model.predict(x_test) * scale + middle - y_test
        variance = float(y_test.var())
        r2 = 1.0 - float((error**2).mean()) / variance if variance > 0 else float("nan")
        return Score(float(np.sqrt((error**2).mean())), r2)
    known, codes = np.unique(y, return_inverse=True)
    classes = np.unique(np.concatenate([known, y_test]))
    guess = np.zeros((len(y_test), len(classes)))
    where = np.searchsorted(classes, known)
    if len(known) == 1:
        guess[:, where] = 1.0
    else:
        guess[:, where] = boosted(task, **setting).fit(x, codes).predict_proba(x_test)
    areas = []
    for i, value in enumerate(classes):
        truth = y_test == value
        if 0 < truth.sum() < len(truth):
            areas.append(float(roc_auc_score(truth, guess[:, i])))
    area = float(np.mean(areas)) if areas else float("nan")
    return Score(area, float((classes[guess.argmax(1)] == y_test).mean()))

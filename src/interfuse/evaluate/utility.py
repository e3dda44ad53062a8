r"""Utility: does a model trained on synthetic rows serve on real ones?

Train boosted trees on real rows and the same trees on synthetic rows; test both on the same real
hold-out. The gap between the two is the price of using synthetic rows instead of real ones.

* Category target: area under the ROC curve (two classes) or its mean over the classes, each against
  the rest (macro OvR), and accuracy. A class that the training rows lack gets probability 0.
* Number target: root mean squared error, in the target's own unit, and R².

**Importance.** Which columns the trees rest on is a use of its own. `importance_agreement` is
Spearman's rank correlation of the columns' shares in the gain of both models.

**Every target.** One target is one opinion, so `targets` asks for all of them, with fewer rows and
trees. Its measure, *skill*, is comparable between targets: 2 AUC - 1 of a category, and R² of a
number's ranks among the real training values; 0 = no better than a guess, 1 = perfect.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from interfuse.errors import DataError
from interfuse.evaluate.interval import auc
from interfuse.evaluate.table import Floats, Index, Table
from interfuse.evaluate.trees import boosted, importance, learnable, on_threads, single_precision

MOST_CLASSES = 20
"""The default target is the last category column with 2 to this many classes."""

_CLASS_LIMIT = 100
_DEFAULT: dict[str, Any] = {
    "trees": 100,
    "depth": 5,
    "least_rows": 20,
    "learning_rate": 0.1,
}


@dataclass(frozen=True)
class Score:
    """How a trained model does on the test rows.

    Attributes:
        main: AUC (category target, higher is better) or RMSE (number target, lower is better).
        second: Accuracy or R².
    """

    main: float
    second: float


@dataclass(frozen=True)
class Predicted:
    """What a trained model says of the test rows.

    Attributes:
        task: ``classify`` or ``regress``.
        truth: The target in the test rows, shape (rows,).
        guess: Probability of each class, shape (rows, classes), or the value, shape (rows,).
        classes: The classes, empty for a number.
        known: The classes that the training rows had.
        model: What was fitted, None where there was one class alone.
        x: The test rows as the model sees them.
    """

    task: str
    truth: Floats
    guess: Floats
    classes: Floats
    known: Floats
    model: Any
    x: Floats

    def importance(self) -> Floats:
        """Return each other column's share in the gain, in the table's order; sums to 1 or 0."""
        if self.model is None:
            return np.zeros(self.x.shape[1])
        return importance(self.model, self.x.shape[1])

    def score(self, rows: Index | None = None) -> Score:
        """Return the score of all test rows, or of those at an index."""
        truth, guess = (self.truth, self.guess) if rows is None else self._at(rows)
        if len(truth) < 2:
            return Score(float("nan"), float("nan"))
        if self.task == "regress":
            error = guess - truth
            variance = float(truth.var())
            r2 = 1.0 - float((error**2).mean()) / variance if variance > 0 else float("nan")
            return Score(float(np.sqrt((error**2).mean())), r2)
        areas = []
        for i, value in enumerate(self.classes):
            found = auc(guess[:, i], truth == value)
            if np.isfinite(found):
                areas.append(found)
        area = float(np.mean(areas)) if areas else float("nan")
        return Score(area, float((self.classes[guess.argmax(1)] == truth).mean()))

    def skill(self, rows: Index | None = None) -> float:
        """Return 2 AUC - 1, or R² where it is not below zero."""
        score = self.score(rows)
        return max(0.0, 2 * score.main - 1 if self.task == "classify" else score.second)

    def _at(self, rows: Index) -> tuple[Floats, Floats]:
        return self.truth[rows], self.guess[rows]


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
    seed: int = 0,
    threads: int | None = None,
) -> Score:
    """Train on `train`, test on `test`.

    Args:
        train: Real or synthetic rows.
        test: Real rows that neither the synthesiser nor `train` has seen.
        target: The column to predict; rows where it is missing are left out.
        seed: Seed of the trees and of the validation rows.
        threads: Threads to use, None = all.

    Returns:
        The score, NaN where it is not defined (no rows, one class in the test rows).

    Raises:
        DataError: See `check_target`.
    """
    found = predictions(train, test, target, seed=seed, threads=threads)
    return Score(float("nan"), float("nan")) if found is None else found.score()


def predictions(
    train: Table,
    test: Table,
    target: str,
    *,
    seed: int = 0,
    threads: int | None = None,
    trees: int | None = None,
) -> Predicted | None:
    """Train on `train` and predict `test`; None with under two rows on either side.

    Args:
        train: See `utility`.
        test: See `utility`.
        target: See `utility`.
        seed: See `utility`.
        threads: See `utility`.
        trees: Boosting rounds instead of those of the fixed setting.

    Raises:
        DataError: See `check_target`.
    """
    check_target(test, target)
    x, y = _rows(train, target)
    x_test, y_test = _rows(test, target)
    x, x_test = single_precision(x, x_test)
    if len(y) < 2 or len(y_test) < 2:
        return None
    task = "classify" if target in test.codes else "regress"
    setting = _DEFAULT if trees is None else _DEFAULT | {"trees": trees}
    with on_threads(threads):
        return _fit(task, x, y, x_test, y_test, {**setting, "seed": seed})


def importance_agreement(real: Predicted, synthetic: Predicted) -> float:
    """Return Spearman's rank correlation of the columns' shares; NaN for under three columns."""
    a, b = real.importance(), synthetic.importance()
    if len(a) < 3 or len(a) != len(b) or not a.any() or not b.any():
        return float("nan")
    if (a == a[0]).all() or (b == b[0]).all():
        return float("nan")
    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])


def _rows(table: Table, target: str) -> tuple[Floats, Floats]:
    y = table.column(target)
    keep = np.isfinite(y)
    return table.matrix(without=target)[keep], y[keep]


def _fit(
    task: str, x: Floats, y: Floats, x_test: Floats, y_test: Floats, setting: dict[str, Any]
) -> Predicted:
    if task == "regress":
        middle, scale = y.mean(), y.std() or 1.0
        model = boosted(task, **setting).fit(learnable(x), (y - middle) / scale)
        guess = np.asarray(model.predict(x_test), dtype=np.float64) * scale + middle
        none = np.empty(0)
        return Predicted(task, y_test, guess, none, none, model, x_test)
    known, codes = np.unique(y, return_inverse=True)
    classes = np.unique(np.concatenate([known, y_test]))
    guess = np.zeros((len(y_test), len(classes)))
    where = np.searchsorted(classes, known)
    if len(known) == 1:
        guess[:, where] = 1.0
        return Predicted(task, y_test, guess, classes, known, None, x_test)
    model = boosted(task, **setting).fit(learnable(x), codes)
    guess[:, where] = model.predict_proba(x_test)
    return Predicted(task, y_test, guess, classes, known, model, x_test)

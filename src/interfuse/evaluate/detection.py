r"""Detection: can a classifier tell synthetic rows from real ones?

Label the real rows 1 and the synthetic ones 0, cut both into three stratified folds, train on two
and score the third; A is the area under the ROC curve of a fold.

* **Logistic** (`logistic_detection`): the mean over the folds of :math:`2 - 2\max(A, \tfrac12)`, in
  [0, 1], 1 = cannot be told apart. It is the LogisticDetection of `sdmetrics` (C2ST in TabSyn,
  arXiv:2310.09656): missing numbers become the real mean, categories are one-hot, columns are
  scaled by median and quartiles, the regression is scikit-learn's default. It sees marginals, not
  dependence.
* **Boosted trees** (`boosted_detection`): the mean A itself, 0.5 = cannot be told apart, 1 = always
  told. 100 trees of depth 6 see dependence of any order, and which columns gave it away.

Copies would lower A (a real row whose copy is a synthetic training row looks synthetic; a bootstrap
of the real rows scores 0.35). So rows equal in every column go to the same fold, and a bootstrap
scores 0.5; without rows in common the folds are those of the plain protocol. Copying itself is
measured in `privacy`.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler

from interfuse.evaluate.interval import auc_with_error
from interfuse.evaluate.table import Codes, Floats, Table, row_hashes
from interfuse.evaluate.trees import (
    ENGINE,
    boosted,
    importance,
    learnable,
    on_threads,
    single_precision,
)

FOLDS = 3
MOST_LABELS = 256
"""One-hot columns per category column; rarer real categories share one more column."""

CELL_LIMIT = 8_000_000
"""Rows are sampled where the one-hot matrix of the logistic detection would have more cells."""


@dataclass(frozen=True)
class Detection:
    """What boosted trees made of the synthetic rows.

    Attributes:
        auc: Mean area under the ROC curve over the folds; 0.5 = cannot be told apart.
        spread: Standard deviation over the folds.
        columns: Column name and share of the gain, greatest first, sums to 1.
        engine: Whose trees they are.
        error: Standard error of `auc`: DeLong's of the folds, taken as independent.
    """

    auc: float
    spread: float
    columns: tuple[tuple[str, float], ...]
    engine: str
    error: float = float("nan")


def logistic_detection(real: Table, synthetic: Table, *, seed: int = 0) -> float:
    """Return the LogisticDetection score in [0, 1], 1 = cannot be told apart.

    A category that the real table lacks is all zeros here (`sdmetrics` refuses it).

    Args:
        real: Real rows.
        synthetic: Synthetic rows, encoded together with `real`.
        seed: Seed of the folds.

    Returns:
        The score, NaN with fewer than `FOLDS` rows in either table.
    """
    return logistic_with_error(real, synthetic, seed=seed)[0]


def logistic_with_error(real: Table, synthetic: Table, *, seed: int = 0) -> tuple[float, float]:
    """Return the score of `logistic_detection` and its standard error; see `Detection.error`."""
    if min(real.rows, synthetic.rows) < FOLDS:
        return float("nan"), float("nan")
    allowed = CELL_LIMIT // one_hot_width(real)
    if real.rows + synthetic.rows > allowed:
        rng = np.random.default_rng(seed)
        real, synthetic = (t.sample(max(FOLDS, allowed // 2), rng) for t in (real, synthetic))
    x = np.concatenate([_features(table, real) for table in (real, synthetic)])
    y = _labels(real, synthetic)
    scores, errors = [], []
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, y):
        model = make_pipeline(RobustScaler(), LogisticRegression())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", RuntimeWarning)
            model.fit(learnable(x[train]), y[train])
            guess = model.predict_proba(x[test])[:, 1]
        scores.append(2.0 - 2.0 * max(0.5, _auc(y[test], guess)))
        errors.append(2.0 * auc_with_error(guess[y[test] == 1], guess[y[test] == 0])[1])
    return float(np.mean(scores)), _joined(errors)


def one_hot_width(real: Table) -> int:
    """Return the number of columns that the logistic detection makes of a table."""
    sizes = [len(np.unique(codes)) for codes in real.codes.values()]
    return len(real.numbers) + sum(min(size, MOST_LABELS + 1) for size in sizes)


def boosted_detection(
    real: Table, synthetic: Table, *, seed: int = 0, threads: int | None = None
) -> Detection:
    """Return how well boosted trees tell synthetic rows from real ones, and by which columns.

    Missing stays missing, categories are ordinal codes in the order of their values.

    Args:
        real: Real rows.
        synthetic: Synthetic rows, encoded together with `real`.
        seed: Seed of the folds and the trees.
        threads: Threads to use, None = all.

    Returns:
        The result; its `auc` is NaN with fewer than `FOLDS` rows in either table.
    """
    names = list(real.kinds)
    if min(real.rows, synthetic.rows) < FOLDS:
        return Detection(float("nan"), float("nan"), (), ENGINE)
    (x,) = single_precision(np.concatenate([real.matrix(), synthetic.matrix()]))
    y = _labels(real, synthetic)
    scores, errors, shares = [], [], np.zeros(len(names))
    for test in _folds(real, synthetic, seed):
        train = ~test
        if len(np.unique(y[train])) < 2 or len(np.unique(y[test])) < 2:
            continue
        with on_threads(threads):
            model = boosted("classify", trees=100, depth=6, seed=seed).fit(
                learnable(x[train]), y[train]
            )
            guess = model.predict_proba(x[test])[:, 1]
        scores.append(_auc(y[test], guess))
        errors.append(auc_with_error(guess[y[test] == 1], guess[y[test] == 0])[1])
        shares += importance(model, len(names))
    shares /= shares.sum() or 1.0
    columns = tuple((names[i], float(shares[i])) for i in np.argsort(-shares, kind="stable"))
    mean = float(np.mean(scores)) if scores else float("nan")
    spread = float(np.std(scores)) if scores else float("nan")
    return Detection(mean, spread, columns, ENGINE, _joined(errors))


def chance_error(real: Table, synthetic: Table) -> float:
    """Return the standard error of an AUC of rows of one law, larger where rows are repeated.

    That of n and m rows is sqrt((n + m + 1) / (12 n m)). Equal rows get equal scores, so that n + m
    rows say no more than their distinct ones.
    """
    n, m = real.rows, synthetic.rows
    hashes = np.concatenate([row_hashes(real), row_hashes(synthetic)])
    repeated = (n + m) / len(np.unique(hashes))
    return float(np.sqrt(repeated * (n + m + 1) / (12 * n * m)))


def _folds(real: Table, synthetic: Table, seed: int) -> list[NDArray[np.bool_]]:
    """Return one mask of test rows per fold; rows in common share a fold."""
    hashes = np.concatenate([row_hashes(real), row_hashes(synthetic)])
    y = _labels(real, synthetic)
    split = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    if max(real.rows, synthetic.rows) < FOLDS:
        return []
    if not len(np.intersect1d(hashes[y == 1], hashes[y == 0])):
        return [np.isin(np.arange(len(y)), test) for _, test in split.split(y, y)]
    first, group = np.unique(hashes, return_inverse=True)
    sides = np.zeros(len(first), dtype=np.int64)
    np.bitwise_or.at(sides, group, y + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # fewer rows of a side than folds
        enough = np.bincount(sides).max() >= FOLDS  # else sklearn refuses
        folds = list(split.split(sides, sides)) if enough else []
    return [np.isin(group, test) for _, test in folds]


def _labels(real: Table, synthetic: Table) -> Codes:
    return np.repeat(np.array([1, 0], dtype=np.int32), [real.rows, synthetic.rows])


def _joined(errors: list[float]) -> float:
    """Return the standard error of the mean of independent estimates."""
    return float(np.sqrt(np.square(errors).sum()) / len(errors)) if errors else float("nan")


def _auc(y: Codes, guess: Floats) -> float:
    return float(roc_auc_score(y, guess))


def _features(table: Table, real: Table) -> Floats:
    blocks: list[Floats] = []
    for name, values in table.numbers.items():
        known = real.numbers[name][np.isfinite(real.numbers[name])]
        fill = known.mean() if len(known) else 0.0
        blocks.append(np.where(np.isfinite(values), values, fill)[:, None])
    for name, codes in table.codes.items():
        present, counts = np.unique(real.codes[name], return_counts=True)
        most = np.sort(present[np.argsort(-counts, kind="stable")[:MOST_LABELS]])
        blocks.append((codes[:, None] == most).astype(np.float64))
        if len(present) > MOST_LABELS:
            rest = np.isin(codes, present) & ~np.isin(codes, most)
            blocks.append(rest[:, None].astype(np.float64))
    return np.concatenate(blocks, axis=1)

"""Boosted trees: XGBoost where it is installed, else scikit-learn's histogram boosting.

Both take NaN as missing and categories as ordinal codes. `ENGINE` says which one is used, and every
result that depends on it repeats it: figures of the two engines are close, not equal.
"""

import importlib.util
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.inspection import permutation_importance

from interfuse.evaluate.table import Floats

ENGINE = "xgboost" if importlib.util.find_spec("xgboost") else "scikit-learn"

_LARGEST = 1e37
_COARSE = 1e5


def boosted(
    task: str,
    *,
    trees: int = 100,
    depth: int = 6,
    min_child_weight: float = 1.0,
    gamma: float = 0.0,
    learning_rate: float = 0.3,
    seed: int = 0,
    threads: int | None = None,
    engine: str = ENGINE,
) -> Any:
    """Return an unfitted estimator with scikit-learn's interface.

    Args:
        task: ``classify`` or ``regress``.
        trees: Boosting rounds.
        depth: Greatest depth of a tree.
        min_child_weight: Least sum of Hessians in a leaf (scikit-learn: least rows, at least 1).
        gamma: Least gain of a split (XGBoost only).
        learning_rate: Shrinkage; 0.3 is XGBoost's default.
        seed: Seed of the estimator.
        threads: Threads to use, None = all.
        engine: ``xgboost`` or ``scikit-learn``.
    """
    if engine == "xgboost":
        import xgboost

        kind = xgboost.XGBClassifier if task == "classify" else xgboost.XGBRegressor
        return kind(
            n_estimators=trees,
            max_depth=depth,
            min_child_weight=min_child_weight,
            gamma=gamma,
            learning_rate=learning_rate,
            tree_method="hist",
            random_state=seed,
            n_jobs=threads,
        )
    cls: Any = (
        HistGradientBoostingClassifier if task == "classify" else HistGradientBoostingRegressor
    )
    return cls(
        max_iter=trees,
        max_depth=depth,
        min_samples_leaf=max(1, int(min_child_weight)),
        learning_rate=learning_rate,
        early_stopping=False,
        random_state=seed,
    )


def importance(model: Any, x: Floats, y: Any, *, seed: int = 0) -> Floats:
    """Return the share of each column in what a fitted model knows; sums to 1 (or all 0).

    XGBoost: total gain of the column's splits. scikit-learn has no gains: the loss of accuracy (of
    AUC between two classes, of R² for numbers) when the column is permuted in held-out rows.
    """
    if hasattr(model, "get_booster"):
        gains = model.get_booster().get_score(importance_type="total_gain")
        share = np.array([gains.get(f"f{i}", 0.0) for i in range(x.shape[1])], dtype=np.float64)
    else:
        rows = slice(0, 5_000)
        classes = getattr(model, "classes_", None)
        scoring = "r2" if classes is None else ("accuracy" if len(classes) > 2 else "roc_auc")
        if len(np.unique(y[rows])) < 2:
            return np.zeros(x.shape[1])
        found: Any = permutation_importance(
            model, x[rows], y[rows], scoring=scoring, n_repeats=2, random_state=seed
        )
        share = np.maximum(found.importances_mean, 0.0)
    return share / share.sum() if share.sum() > 0 else share


def single_precision(*matrices: Floats) -> list[Floats]:
    """Return the matrices fit for the single precision in which trees cut.

    Infinite and huge values become large ones of the same sign. A column far from zero for its
    range, such as a time since 1970, is shifted to start at zero, in all matrices alike.
    """
    out = [np.clip(matrix, -_LARGEST, _LARGEST) for matrix in matrices]
    for j in range(matrices[0].shape[1]):
        values = np.concatenate([matrix[:, j] for matrix in out])
        values = values[~np.isnan(values)]
        if len(values) and values.min() > 0.5 * values.max() and values.max() > _COARSE:
            for matrix in out:
                matrix[:, j] -= values.min()
    return out

r"""Least absolute deviations with a ridge about a simple answer, in closed form and a few rounds.

$$ \beta = \arg\min \sum_i w_i (y_i - a_i \beta)^2 + \lambda |\beta - \beta_0|^2, \qquad
   w_i = 1 / \max(|y_i - a_i \beta|, .3 \, \mathrm{median}) $$

Columns are in units of their spread. Reweighting by the residuals (iteratively reweighted least
squares) turns squares into absolute values, so that outliers do not pull. With a large lambda the
answer is the simple one. The weights come from a fit with `MIDDLE`, so that all penalties share
one matrix.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ROUNDS = 3
MIDDLE = 0.1
PENALTIES = (1e-3, 1e-2, 0.1, 0.5, 3.0, 30.0, 1e3)


def least_absolute(
    a: np.ndarray, y: np.ndarray, start: np.ndarray, penalties: Sequence[float]
) -> list[np.ndarray]:
    """(k,) coefficients for each penalty.

    Args:
        a: (m, k) features.
        y: (m,) targets.
        start: (k,) coefficients of the simple answer.
        penalties: lambdas.
    """
    spread = a.std(0) + 1e-9
    unit = a / spread
    rest = y - a @ start
    weight = np.ones(len(y))
    gram, pull = unit.T @ unit, unit.T @ rest
    for _ in range(ROUNDS):
        share = (unit * (weight / weight.mean() / len(y))[:, None]).T
        gram, pull = share @ unit, share @ rest
        off = np.abs(rest - unit @ _solved(gram, pull, MIDDLE))
        weight = 1 / np.maximum(off, 0.3 * np.median(off) + 1e-12)
    return [start + _solved(gram, pull, penalty) / spread for penalty in penalties]


def _solved(gram: np.ndarray, pull: np.ndarray, penalty: float) -> np.ndarray:
    raised = gram + penalty * np.eye(len(gram))
    try:
        return np.linalg.solve(raised, pull)
    except np.linalg.LinAlgError:  # features that are the same, beside which a penalty rounds away
        return np.linalg.lstsq(raised, pull)[0]

r"""How much each expert is believed, by horizon: a linear pool, weighed on later steps.

The last part of every history is asked about, with tables of what came before. Of states the
weights have the greatest likelihood, by expectation maximisation; of counts the least CRPS,

    \sum_i \sum_k (\sum_e w_e F_e(k) - [x_i <= k])^2 (v_{k+1} - v_k),

which is quadratic in w: non-negative least squares. Either is convex, so that the pool is never
worse than its best expert on what it was weighed on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import optimize

from interfuse.kinds.series.base.fit import blocks_of
from interfuse.kinds.series.discrete.codes import Counted
from interfuse.kinds.series.discrete.experts import Tables, experts_of, names_of

EARLY = 0.6
"""Of a history: what tables are made of while experts are weighed on the rest."""
ASKED = 2_000
"""Steps of all histories together that each block is weighed on, at most."""
FEWEST, NEAR = 12, 12
ROUNDS = 300
SUM = 30.0
"""Weight of the equation that weights add up to one."""


def lags_of(edges: Sequence[tuple[int, int]]) -> list[int]:
    """The lag that stands for each block of horizons."""
    return [round((low * high) ** 0.5) for low, high in edges]


def edges_of(reach: int) -> list[tuple[int, int]]:
    """First and last horizon of each block."""
    return list(blocks_of(reach))


def asked_of(
    past: Counted, low: int, high: int, many: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Origins and horizons of seen steps in the later part of a history."""
    cut = int(EARLY * len(past.codes))
    target = cut + rng.integers(0, max(len(past.codes) - cut, 1), many)
    ahead = rng.integers(low, high + 1, many)
    good = (target < len(past.codes)) & (target - ahead >= 0)
    target, ahead = target[good], ahead[good]
    good = past.codes[target] >= 0
    return (target - ahead)[good], ahead[good]


def weights_of(
    histories: Sequence[Counted],
    edges: Sequence[tuple[int, int]],
    middles: Sequence[np.ndarray] | None,
    rng: np.random.Generator,
) -> np.ndarray:
    """(B, experts) weights.

    Args:
        histories: with the same seasons.
        edges: of the blocks.
        middles: (K,) values of the codes of each history, of counts; None of states.
        rng: of the steps that are asked about.
    """
    lags = lags_of(edges)
    many = max(ASKED // len(histories), 8)
    tables = [Tables.of(past.until(int(EARLY * len(past.codes))), _short(past, lags))
              for past in histories]  # fmt: skip
    count = len(names_of(histories[0].periods))
    out = []
    for b, (low, high) in enumerate(edges):
        said: list[np.ndarray] = []
        wanted: list[np.ndarray] = []
        for i, past in enumerate(histories):
            origin, ahead = asked_of(past, low, high, many, rng)
            if not len(origin):
                continue
            block = np.full(len(origin), b)
            p = experts_of(past, tables[i], block, origin, ahead)
            truth = past.codes[origin + ahead]
            if middles is None:
                said.append(p[np.arange(len(p)), :, truth])
            else:
                own, target = _steps(p, truth, middles[i])
                said.append(own)
                wanted.append(target)
        rows = np.concatenate(said) if said else np.zeros((0, count))
        if len(rows) < FEWEST:
            out.append(out[-1] if out else np.full(count, 1 / count))
        elif middles is None:
            out.append(likeliest(rows))
        else:
            out.append(least_crps(rows, np.concatenate(wanted)))
    return _smoothed(np.stack(out), edges)


def _smoothed(weights: np.ndarray, edges: Sequence[tuple[int, int]]) -> np.ndarray:
    """Half of each block's weights and a quarter of either neighbour's, of far ones.

    Steps that are asked about go together: of horizons beyond `NEAR` they are a few futures.
    """
    beside = np.concatenate([weights[:1], weights, weights[-1:]])
    mixed = 0.25 * beside[:-2] + 0.5 * beside[1:-1] + 0.25 * beside[2:]
    far = np.array([low > NEAR for low, _ in edges])
    return np.where(far[:, None], mixed, weights)


def _short(past: Counted, lags: Sequence[int]) -> list[int]:
    """Lags that fit into the first part of a history."""
    most = max(int(EARLY * len(past.codes)) - 1, 1)
    return [min(lag, most) for lag in lags]


def _steps(p: np.ndarray, truth: np.ndarray, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Equations of the CRPS: (m (K - 1), experts) and what they should give."""
    k = len(middle)
    if k < 2:
        return np.zeros((len(p), p.shape[1])), np.zeros(len(p))
    unit = max(float(middle.mean()), 1e-9)
    root = np.sqrt(np.diff(middle) / unit)
    below = np.cumsum(p, 2)[:, :, :-1] * root
    target = (truth[:, None] <= np.arange(k - 1)) * root
    return below.transpose(0, 2, 1).reshape(-1, p.shape[1]), target.ravel()


def likeliest(said: np.ndarray) -> np.ndarray:
    """(experts,) weights of the greatest likelihood of (m, experts) probabilities."""
    weight = np.full(said.shape[1], 1 / said.shape[1])
    for _ in range(ROUNDS):
        part = said * weight
        weight = (part / part.sum(1, keepdims=True)).mean(0)
    return weight / weight.sum()


def least_crps(said: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(experts,) weights of the least squares."""
    gram, pull = said.T @ said, said.T @ wanted
    unit = max(float(np.trace(gram)), 1e-12)
    gram = gram / unit + 1e-9 * np.eye(len(gram))
    pull = pull / unit
    root = np.linalg.cholesky(gram).T
    design = np.concatenate([root, np.full((1, len(gram)), SUM)])
    weight = optimize.nnls(design, np.r_[np.linalg.solve(root.T, pull), SUM])[0]
    return weight / weight.sum() if weight.sum() > 0 else np.full(len(gram), 1 / len(gram))

"""How much drawn users are like real ones.

popularity    total variation between the shares of items, 1/2 sum |p - q|
lengths       Kolmogorov-Smirnov distance of the numbers of items of a user
pairs         correlation, over pairs of the `MOST_ITEMS` most popular items, of the pairs' phi,
(n_ab n - n_a n_b) / (n_a (n - n_a) n_b (n - n_b))^1/2, real against drawn
trees         area under the ROC curve of boosted trees that tell drawn from real users, by
their length, mean log popularity, and factors of items; cross validated, 0.5 is best. Factors and
popularity are those of one half of the real users, and the other half is told apart: users whom the
factors know lie along them, and even other real users would be told from them
nearest       share of drawn users whose most similar real user (cosine) is one that was fitted
rather than one held out, of as many of both; 0.5 is best
recommender   nDCG at 20 of held-out touches by EASE that was fitted to drawn users
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts import closed
from interfuse.kinds.interactions.experts.forms import Known
from interfuse.kinds.interactions.learn.choose import judge

MOST_ITEMS = 200
RANK = 32
FOLDS = 3
NEAREST = 1_000


def popularity_distance(real: Baskets, made: Baskets) -> float:
    """Total variation between the shares of items."""
    shares = [np.bincount(b.items, minlength=b.size) / max(len(b.items), 1) for b in (real, made)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def length_distance(real: Baskets, made: Baskets) -> float:
    """Kolmogorov-Smirnov distance of the lengths."""
    found: Any = stats.ks_2samp(real.lengths, made.lengths)
    return float(found.statistic)


def phi(baskets: Baskets, items: np.ndarray) -> np.ndarray:
    """Correlations of pairs of items over users, those above the diagonal."""
    x: Known = baskets.matrix[:, items]
    n, both = len(baskets), (x.T @ x).toarray().astype(float)
    one = np.diag(both)
    spread = np.sqrt(np.maximum(one * (n - one), 1e-12))
    return ((both * n - np.outer(one, one)) / np.outer(spread, spread))[
        np.triu_indices(len(items), 1)
    ]


def pair_correlation(real: Baskets, made: Baskets) -> float:
    """Of the phi of pairs of popular items, real against drawn."""
    counts = np.bincount(real.items, minlength=real.size)
    items = np.argsort(-counts, kind="stable")[:MOST_ITEMS]
    return float(np.corrcoef(phi(real, items), phi(made, items))[0, 1])


def tell_apart(real: Baskets, made: Baskets, seed: int = 0) -> float:
    """Area under the curve of boosted trees.

    Args:
        real: users; half of them give the factors, and half are told apart.
        made: users that were drawn.
        seed: of the halves and the folds.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict

    rng = np.random.default_rng(seed)
    order = rng.permutation(len(real))
    known, real = (real.take(np.sort(half)) for half in np.array_split(order, 2))
    factors = closed.low_pass(known.matrix, RANK, seed).left
    share = np.log(np.bincount(known.items, minlength=known.size) + 1.0)

    def features(b: Baskets) -> np.ndarray:
        many = np.maximum(b.lengths, 1)
        return np.column_stack(
            [b.lengths, b.matrix @ share / many, (b.matrix @ factors) / np.sqrt(many)[:, None]]
        )

    x = np.concatenate([features(real), features(made)])
    y = np.repeat([0, 1], [len(real), len(made)])
    order = rng.permutation(len(y))
    trees = HistGradientBoostingClassifier(random_state=seed)
    said: Any = cross_val_predict(trees, x[order], y[order], cv=FOLDS, method="predict_proba")
    return float(roc_auc_score(y[order], said[:, 1]))


def nearest_is_fitted(fitted: Baskets, held: Baskets, made: Baskets, seed: int = 0) -> float:
    """Share of drawn users that lie nearer to fitted ones than to as many held-out ones."""
    rng = np.random.default_rng(seed)
    n = min(len(fitted), len(held))
    some = [b.take(np.sort(rng.permutation(len(b))[:n])) for b in (fitted, held)]
    drawn = _unit(made.take(np.arange(min(len(made), NEAREST))).matrix)
    best = [np.asarray((drawn @ _unit(b.matrix).T).max(1).todense()).ravel() for b in some]
    return float(np.mean((best[0] > best[1]) + 0.5 * (best[0] == best[1])))


def _unit(x: Any) -> Any:
    rows = np.maximum(np.sqrt(np.asarray(x.sum(1)).ravel()), 1)
    return closed.scaled(x, 1 / rows, np.ones(x.shape[1], np.float32))


def recommender(made: Baskets, asked: Baskets, wanted: Baskets, ridge: float = 100.0) -> float:
    """The nDCG at 20 of EASE that learned from drawn users, asked about real ones."""
    expert = closed.edlae(made.matrix, ridge)
    return judge(lambda b: expert.scores(b.matrix), asked, wanted)

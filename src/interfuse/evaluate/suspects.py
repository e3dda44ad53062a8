"""Which columns, and which pairs of columns, give the synthetic rows away.

Gains of a tree that sees all columns say which were used, not what for. So the columns of greatest
gain are tried anew: small trees see one column alone, then two alone. A column whose own AUC is
high is off by itself; a pair whose AUC is well above that of either column is off together, which
is what wrong dependence looks like. Half of the rows train, the others test; rows equal in every
column are on the same side.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from interfuse.evaluate.detection import Detection
from interfuse.evaluate.interval import auc_with_error
from interfuse.evaluate.table import Table, row_hashes
from interfuse.evaluate.trees import boosted, learnable, on_threads, single_precision

MOST_SUSPECTS = 6
SUSPECT_ROWS = 10_000
TOLD_APART = 0.53
"""Below this AUC of all columns nothing is asked: there is hardly anything to explain."""


@dataclass(frozen=True)
class Suspects:
    """AUC of boosted trees that see few columns.

    Attributes:
        columns: (column, AUC by it alone), in the order of the gains.
        pairs: (column, column, AUC by both, greater AUC of the two alone), greatest rise first.
    """

    columns: tuple[tuple[str, float], ...] = ()
    pairs: tuple[tuple[str, str, float, float], ...] = ()


def suspects(
    real: Table, synthetic: Table, found: Detection, *, seed: int = 0, threads: int | None = None
) -> Suspects:
    """Try the columns that gave the rows away one by one and two by two.

    Args:
        real: Real rows.
        synthetic: Synthetic rows, encoded together with `real`.
        found: What all columns together gave.
        seed: Seed of the trees and of sampling.
        threads: Threads to use, None = all.
    """
    names = [name for name, share in found.columns[:MOST_SUSPECTS] if share > 0]
    if not names or not found.auc > TOLD_APART:
        return Suspects()
    rng = np.random.default_rng([seed, 10])
    real, synthetic = (t.sample(SUSPECT_ROWS, rng) for t in (real, synthetic))
    hashes = np.concatenate([row_hashes(real), row_hashes(synthetic)])
    train = (hashes >> np.uint64(32)) % np.uint64(2) == 0
    y = np.repeat([1, 0], [real.rows, synthetic.rows])
    if min(len(np.unique(y[side])) for side in (train, ~train)) < 2:
        return Suspects()
    columns = np.column_stack(
        [np.concatenate([real.column(name), synthetic.column(name)]) for name in names]
    )
    (x,) = single_precision(columns)

    def area(*places: int) -> float:
        with on_threads(threads):
            model = boosted("classify", trees=40, depth=4, seed=seed)
            model.fit(learnable(x[train][:, places]), y[train])
            guess = model.predict_proba(x[~train][:, places])[:, 1]
        return auc_with_error(guess[y[~train] == 1], guess[y[~train] == 0])[0]

    alone = [area(i) for i in range(len(names))]
    pairs = [
        (names[i], names[j], area(i, j), max(alone[i], alone[j]))
        for i, j in combinations(range(len(names)), 2)
    ]
    pairs.sort(key=lambda pair: pair[3] - pair[2])
    return Suspects(tuple(zip(names, alone, strict=True)), tuple(pairs))

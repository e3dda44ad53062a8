r"""Membership inference: can someone who has a row tell from the synthetic table if it was fitted?

Members are training rows, others are unseen rows of the same source. Two attacks give every row a
score; the figure is the area under the ROC curve of members against others, 0.5 = nothing to be
learnt, 1 = every row is betrayed.

* **Distance**: the nearer the closest synthetic row, the more likely a member.
* **Density ratio** (the idea of DOMIAS, van Breugel et al., AISTATS 2023, arXiv:2302.12580): a row
  in a dense region is near to synthetic rows anyway, so the density of the synthetic rows is held
  against that of reference rows which are neither members nor attacked. Densities are those of
  nearest neighbours: smooth for the reference, by k of them, and by the closest alone for the
  synthetic rows, where a copy is one row. Up to a constant the log ratio is the dimension times

  .. math:: \frac{1}{k} \sum_{j=1}^{k} \log d^{\mathrm{ref}}_j - \log d^{\mathrm{syn}}_1

Half of the hold-out is attacked, the other half is the reference. Distances are those of
`distance`. The interval is DeLong's.
"""

from dataclasses import dataclass

import numpy as np

from interfuse.evaluate.distance import Space, k_nearest
from interfuse.evaluate.interval import auc_with_error
from interfuse.evaluate.table import Table

NEIGHBOURS = 5
LEAST_ROWS = 20
"""No attack is made with fewer hold-out rows."""

_TINY = 1e-6


@dataclass(frozen=True)
class Membership:
    """What the two attacks reach: area under the ROC curve and its standard error.

    Attributes:
        distance: By the distance to the closest synthetic row.
        density: By the ratio of densities.
        members: Training rows attacked.
        others: Unseen rows attacked.
    """

    distance: tuple[float, float]
    density: tuple[float, float]
    members: int
    others: int


def membership(
    train: Table, synthetic: Table, holdout: Table, *, seed: int = 0, limit: int = 10_000
) -> Membership | None:
    """Attack the synthetic table; None with under `LEAST_ROWS` rows in any table.

    Args:
        train: Rows that the synthesiser was trained on.
        synthetic: Its rows, encoded together with `train`.
        holdout: Rows of the same source that it has not seen.
        seed: Seed of all sampling.
        limit: Most rows of members, others, reference and of synthetic rows twice as many.
    """
    if min(train.rows, synthetic.rows, holdout.rows) < LEAST_ROWS:
        return None
    rng = np.random.default_rng([seed, 6])
    order = rng.permutation(holdout.rows)
    half = len(order) // 2
    space = Space(train)
    members = train.take(rng.permutation(train.rows)[:limit])
    others, reference = (holdout.take(part[:limit]) for part in (order[:half], order[half:]))
    rows = space.place(synthetic.sample(2 * limit, rng))
    known = space.place(reference)
    scores = []
    for table in (members, others):
        queries = space.place(table)
        to_rows = k_nearest(queries, rows, 1)[:, 0]
        to_known = k_nearest(queries, known, NEIGHBOURS)
        ratio = np.log(to_known + _TINY).mean(1) - np.log(to_rows + _TINY)
        scores.append((-to_rows, ratio))
    distance, density = (auc_with_error(a, b) for a, b in zip(*scores, strict=True))
    return Membership(distance, density, members.rows, others.rows)

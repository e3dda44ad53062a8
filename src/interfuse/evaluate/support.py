r"""Alpha-precision and beta-recall: do synthetic rows lie where real ones do, and everywhere there?

With real points :math:`x_i`, as many synthetic points :math:`y_j`, centres :math:`c` (mean of x)
and :math:`c'` (mean of y), and :math:`\alpha` over 30 equal steps of [0, 1]:

* :math:`P_\alpha` is the share of y within the :math:`\alpha` quantile of the distances of x to c;
* :math:`R_\beta` is the share of x whose closest y is no farther than their closest other x, and
  lies within the :math:`\beta` quantile of the distances of these closest y to c'.

A perfect synthesiser has :math:`P_\alpha = \alpha` and, by the second definition, at most
:math:`R_\beta = \beta`. The figures are what is left of the area between curve and diagonal,

.. math:: 1 - \sum_\alpha |P_\alpha - \alpha| / \sum_\alpha \alpha, \qquad
          1 - \sum_\beta |R_\beta - \beta| / \sum_\beta \beta

(Alaa et al., ICML 2022, arXiv:2102.08921; the definition without an embedding network, with which
synthcity and the published tables work). Unseen real rows score about 1 and 0.5: half of all real
rows have another real row nearer than any of a second sample. Copies of the real rows raise the
second figure to 1, which is why it is to be read beside privacy.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

from interfuse.evaluate.interval import spread
from interfuse.evaluate.table import Floats, Table

STEPS = 30
MOST_LABELS = 64
"""One-hot columns per category column; rarer labels share one more."""

SUPPORT_ROWS = 5_000


@dataclass(frozen=True)
class Support:
    """Where synthetic points lie.

    Attributes:
        precision: 1 less the area between the alpha-precision curve and the diagonal.
        recall: The same of the beta-recall curve.
        precision_sd: Bootstrap standard deviation over the synthetic rows.
        recall_sd: Bootstrap standard deviation over the real rows.
    """

    precision: float
    recall: float
    precision_sd: float = float("nan")
    recall_sd: float = float("nan")


def support(x: Floats, y: Floats, *, draws: int = 0, seed: int = 0) -> Support:
    """Compare two clouds of equally many points.

    Args:
        x: Real points, shape (rows, dimensions).
        y: Synthetic points of the same shape.
        draws: Bootstrap draws for the standard deviations, 0 = none.
        seed: Seed of the draws.
    """
    if len(x) < 2 or len(y) < 1:
        return Support(float("nan"), float("nan"))
    steps = np.linspace(0.0, 1.0, STEPS)
    centre, other = x.mean(0), y.mean(0)
    radii = np.quantile(np.linalg.norm(x - centre, axis=1), steps)
    to_centre = np.linalg.norm(y - centre, axis=1)
    apart = NearestNeighbors(n_neighbors=2).fit(x).kneighbors(x)[0][:, 1]
    near, where = NearestNeighbors(n_neighbors=1).fit(y).kneighbors(x)
    reach = np.linalg.norm(y[where[:, 0]] - other, axis=1)
    bounds = np.quantile(reach, steps)
    covered = near[:, 0] <= apart

    # Rows under each step, so that a bootstrap needs no distances anew.
    inside = to_centre[:, None] <= radii
    found = covered[:, None] & (reach[:, None] <= bounds)

    def left(shares: Floats) -> float:
        return float(1.0 - np.abs(shares - steps).sum() / steps.sum())

    precision, recall = left(inside.mean(0)), left(found.mean(0))
    if not draws:
        return Support(precision, recall)
    return Support(
        precision,
        recall,
        spread(lambda i: left(inside[i].mean(0)), len(y), draws=draws, seed=seed),
        spread(lambda i: left(found[i].mean(0)), len(x), draws=draws, seed=seed),
    )


class Cloud:
    """Rows as points: numbers in units of the real range, categories one-hot.

    Args:
        real: The table that ranges and frequent labels come from.
    """

    def __init__(self, real: Table) -> None:
        self.scales: dict[str, tuple[float, float, float]] = {}
        for name, values in real.numbers.items():
            known = values[np.isfinite(values)]
            if not len(known):
                known = np.zeros(1)
            low, high = float(known.min()), float(known.max())
            self.scales[name] = (low, (high - low) or 1.0, float(np.median(known)))
        self.labels = {}
        for name, codes in real.codes.items():
            present, counts = np.unique(codes, return_counts=True)
            self.labels[name] = np.sort(present[np.argsort(-counts, kind="stable")[:MOST_LABELS]])

    def place(self, table: Table) -> Floats:
        """Return the rows of a table, encoded together with the real one, as points."""
        blocks: list[Floats] = []
        for name, (low, span, median) in self.scales.items():
            values = table.numbers[name]
            present = np.isfinite(values)
            blocks.append(((np.where(present, values, median) - low) / span)[:, None])
            blocks.append((~present).astype(np.float64)[:, None])
        for name, labels in self.labels.items():
            codes = table.codes[name]
            blocks.append((codes[:, None] == labels).astype(np.float64))
            blocks.append((~np.isin(codes, labels)).astype(np.float64)[:, None])
        return np.concatenate(blocks, axis=1)

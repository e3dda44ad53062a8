r"""Privacy: are synthetic rows nearer to the rows that were trained on than to others?

Distances are those of `distance`.

**Share nearer to training rows** (`Closest.share`). Let d_T and d_H be the distances of a synthetic
row to its closest training and its closest hold-out row, among *equally many* of each (the larger
side is sampled down, so the ideal is 1/2 whatever the split):

.. math:: \mathrm{share} = P(d_T < d_H) + \tfrac12 P(d_T = d_H)

0.5 = synthetic rows know nothing of single training rows; 1 = every one leans on a training row.
Its standard error treats synthetic rows with the same closest row as one observation. Published
tables (TabSyn, arXiv:2310.09656) take the first term alone, as if a tie were a win of the hold-out:
that is `Closest.strict`. It lies lower by half the share of ties, which is .007 on UCI Shoppers.

**Copies.** The share of synthetic rows equal to a training row in every column, beside the same
share for hold-out rows (in a table of few columns honest rows coincide too).

**Nearness.** The 5th percentile of d_T over synthetic rows, beside that of hold-out rows; without a
hold-out, beside that of training rows to *other* training rows. Much smaller = suspicious.

**Ratio.** The 5th percentile of the distance to the closest over that to the second closest
training row (nearest-neighbour distance ratio): near 0, a row singles one training row out. Two
copies at distance 0 single none out, and count as 1. Beside it the same of hold-out rows.
"""

from dataclasses import dataclass

import numpy as np

from interfuse.evaluate.distance import Space, nearest
from interfuse.evaluate.interval import spread
from interfuse.evaluate.table import Floats, Table, row_hashes

ROW_LIMIT = 20_000
"""At most this many rows on each side of a distance search; more are sampled."""

_PERCENTILE = 5.0
_TIE = 1e-9
_DRAWS = 100


@dataclass(frozen=True)
class Closest:
    """Distances of synthetic rows to real ones.

    Attributes:
        share: Share of synthetic rows nearer to training than to hold-out rows, ties half; None
            without a hold-out.
        error: Standard error of `share`; None without a hold-out.
        nearness: 5th percentile of the distance to the closest training row.
        reference: The same for real rows: of the hold-out, else of training rows to the others.
        rows: Synthetic rows used.
        against: Training rows used; with a hold-out, those used for `share`, on either side.
        ratio: 5th percentile of the distance to the closest over that to the second closest.
        ratio_reference: The same for real rows.
        nearness_sd: Bootstrap standard deviation of `nearness` over the synthetic rows.
        ratio_sd: The same of `ratio`.
        strict: As `share`, with ties counted for the hold-out; None without one.
    """

    share: float | None
    error: float | None
    nearness: float
    reference: float
    rows: int
    against: int
    ratio: float
    ratio_reference: float
    nearness_sd: float
    ratio_sd: float
    strict: float | None


@dataclass(frozen=True)
class Copies:
    """Shares of rows equal to a training row in every compared column.

    Attributes:
        synthetic: Share among synthetic rows.
        reference: Share among hold-out rows; without one, share of training rows that occur twice.
    """

    synthetic: float
    reference: float


def exact_copies(train: Table, synthetic: Table, holdout: Table | None = None) -> Copies:
    """Return the shares of exact copies; equality is by a 64-bit hash of the whole row."""
    known, counts = np.unique(row_hashes(train), return_counts=True)
    share = float(np.isin(row_hashes(synthetic), known).mean())
    if holdout is None:
        return Copies(share, float(counts[counts > 1].sum() / train.rows))
    return Copies(share, float(np.isin(row_hashes(holdout), known).mean()))


def closest(
    train: Table,
    synthetic: Table,
    holdout: Table | None = None,
    *,
    seed: int = 0,
    limit: int = ROW_LIMIT,
) -> Closest:
    """Measure the distances of synthetic rows to their closest training and hold-out rows.

    Exact within the rows used; time grows with rows times `against` times columns, memory does not.

    Args:
        train: The rows that the synthesiser was trained on.
        synthetic: Its rows, encoded together with `train`.
        holdout: Real rows that it has not seen.
        seed: Seed of all sampling.
        limit: Most rows on each side.
    """
    rng = np.random.default_rng(seed)
    rows = synthetic.sample(limit, rng)
    known = train.take(rng.permutation(train.rows)[:limit])
    space = Space(train)
    queries, points = space.place(rows), space.place(known)
    if holdout is None:
        near, _, _ = nearest(queries, points)
        twin, _, _ = nearest(points, points, skip_self=True)
        return _closest(None, None, None, near, twin, known.rows, seed)
    size = min(known.rows, holdout.rows)
    held = space.place(holdout.take(rng.permutation(holdout.rows)[:size]))
    near, near_train, at_train = nearest(queries, points, first=size)
    _, near_held, at_held = nearest(queries, held)
    gap = near_train - near_held
    won = np.where(np.abs(gap) <= _TIE, 0.5, (gap < 0).astype(np.float64))
    share, strict = float(won.mean()), float((won == 1).mean())
    cluster = np.where(gap <= 0, at_train, size + at_held)
    sums = np.bincount(cluster, weights=won - share)
    error = float(np.sqrt((sums**2).sum()) / len(won))
    between, _, _ = nearest(held, points)
    return _closest(share, error, strict, near, between, size, seed)


def _closest(
    share: float | None,
    error: float | None,
    strict: float | None,
    near: Floats,
    real: Floats,
    against: int,
    seed: int,
) -> Closest:
    """Return the result for the two least distances of synthetic and of real rows."""
    ratios, least = _ratio(near), near[:, 0]
    nearness_sd, ratio_sd = (
        spread(lambda i, v=values: _low(v[i]), len(values), draws=_DRAWS, seed=seed)
        for values in (least, ratios)
    )
    return Closest(
        share,
        error,
        _low(least),
        _low(real[:, 0]),
        len(near),
        against,
        _low(ratios),
        _low(_ratio(real)),
        nearness_sd,
        ratio_sd,
        strict,
    )


def _ratio(two: Floats) -> Floats:
    """Return least over second least distance; 1 where both are 0 or there is no second."""
    first, second = two[:, 0], two[:, 1]
    usable = np.isfinite(second) & (second > _TIE)
    return np.where(usable, first / np.where(usable, second, 1.0), 1.0)


def _low(distances: Floats) -> float:
    return float(np.percentile(distances, _PERCENTILE))

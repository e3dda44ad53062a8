"""Ways to see that a point is odd, each a denoiser known in closed form.

With rows r_1 .. r_n at noise level sigma the optimal denoiser of the finite set is

    D(x) = sum_i w_i r_i,   w_i = softmax_i(-|x - r_i|^2 / 2 sigma^2),

and x - D(x), the score of the noised set times -sigma^2, is how far a point lies from where the
diffusion would take it. As sigma falls D(x) becomes the nearest row; at the noise level of the k-th
neighbour it is a mean of the first few. The views take the limit, the distance to the nearest rows,
which costs a search and not a sum over all rows.

* `Near`: the mean distance a to the k nearest rows, also divided by the square root of what is
  usual there, b + e median(a), b the mean of a over the neighbours: a gap of one is odd in a dense
  place and is not in a sparse one (as in LOF, Breunig et al. 2000, doi 10.1145/342009.335388, of
  which this is the geometric mean with the plain distance).
* `Conditional`: for a Gaussian with covariance C the denoiser of one coordinate given the others
  leaves the residual (P(x - m))_j / P_jj with P = (C + s I)^-1. The largest squared residual in
  units of its variance 1 / P_jj.
* `Mahalanobis`: the whole (x - m)' P (x - m).
* `Tails`: -log of the share of rows further out, the smaller of both sides, added over coordinates
  (Li et al. 2022, arXiv 2201.00382).
* `Histogram`: -log of the share of rows in the same 32nd of the range, added over coordinates.

Every view answers for rows of the reference as if they were not in it, where that matters.
"""

from __future__ import annotations

import abc

import numpy as np

NEIGHBOURS = 20
BINS = 32
TREE = 12
"""Coordinates up to which a tree finds neighbours faster than comparing all rows."""
_TINY = 1e-12


class View(abc.ABC):
    """A score of points, higher = odder; fitted to reference points when made."""

    own: np.ndarray
    """(n,) scores of the reference points."""

    @abc.abstractmethod
    def score(self, x: np.ndarray) -> np.ndarray:
        """Scores (m,) of points (m, d)."""


class Neighbours:
    """The nearest rows, found once for several views.

    A coordinate that is the same in all rows adds the same to all squared distances of a point: it
    is left out of the search and added afterwards.

    Args:
        rows: (n, d) reference.
    """

    def __init__(self, rows: np.ndarray) -> None:
        self.live = np.ptp(rows, axis=0) > 0
        self.live[:1] |= not self.live.any()
        self.still = rows[0, ~self.live]
        self.rows = np.ascontiguousarray(rows[:, self.live], np.float32)
        self.k = min(NEIGHBOURS, max(len(rows) - 1, 1))
        # Late: scikit-learn takes a second or two to load, and only detect needs it.
        from sklearn.neighbors import NearestNeighbors

        method = "kd_tree" if self.rows.shape[1] <= TREE else "brute"
        self.search = NearestNeighbors(n_neighbors=self.k, algorithm=method).fit(self.rows)
        count = min(self.k + 1, len(rows))
        distance, index = self.search.kneighbors(self.rows, count)
        at = slice(1, None) if count > 1 else slice(0, 1)
        self.own = distance[:, at].astype(float), index[:, at]

    def find(self, x: np.ndarray, alone: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Distances and rows (m, k); `alone` leaves out a row that is the point itself."""
        if not len(x):
            return np.zeros((0, self.k)), np.zeros((0, self.k), np.int64)
        beside = ((x[:, ~self.live] - self.still) ** 2).sum(1, keepdims=True)
        x = np.ascontiguousarray(x[:, self.live], np.float32)
        count = min(self.k + alone, len(self.rows))
        distance, index = self.search.kneighbors(x, count)
        distance = np.sqrt(distance.astype(float) ** 2 + beside)
        if not alone or count <= self.k:
            return distance, index
        same = distance[:, :1] <= 1e-6 * np.sqrt((x.astype(float) ** 2).sum(1, keepdims=True) + 1)
        pick = np.arange(self.k) + same
        return np.take_along_axis(distance, pick, 1), np.take_along_axis(index, pick, 1)


class Near:
    """Mean distance to the k nearest, relative to the place if `usual` is given.

    Args:
        found: the neighbours of the reference rows.
        k: how many.
        usual: e of the module's docstring; None for the plain distance.
    """

    def __init__(
        self, found: tuple[np.ndarray, np.ndarray], k: int, usual: float | None = None
    ) -> None:
        self.k, self.usual = k, usual
        self.gap = found[0][:, :k].mean(1)
        self.floor = (usual or 0) * np.median(self.gap) + _TINY
        self.own = self.score(found)

    def score(self, found: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Scores of points with these neighbours."""
        distance, index = found
        gap = distance[:, : self.k].mean(1)
        if self.usual is None:
            return gap
        around = self.gap[index[:, : max(10, 4 * self.k)]].mean(1)
        return gap / np.sqrt(around + self.floor)


class Mahalanobis(View):
    """Squared distance under a Gaussian with ridge s times the mean variance."""

    def __init__(self, rows: np.ndarray, ridge: float) -> None:
        self.mean = rows.mean(0)
        d = rows.shape[1]
        c = np.cov(rows.T, bias=True).reshape(d, d)
        scale = max(float(np.trace(c)) / max(d, 1), _TINY)
        self.precision = np.linalg.inv(c + ridge * scale * np.eye(d))
        self.own = self.score(rows)

    def score(self, x: np.ndarray) -> np.ndarray:
        """The quadratic form."""
        y = x - self.mean
        return (y @ self.precision * y).sum(1)


class Conditional(Mahalanobis):
    """The largest residual of one coordinate given the others, in squared standard deviations."""

    def score(self, x: np.ndarray) -> np.ndarray:
        """The maximum over coordinates."""
        if not x.shape[1]:
            return np.zeros(len(x))
        return (((x - self.mean) @ self.precision) ** 2 / np.diag(self.precision)).max(1)


class Tails(View):
    """How far out on each coordinate, by rank."""

    def __init__(self, rows: np.ndarray) -> None:
        self.sorted = np.sort(rows, 0)
        self.own = self.score(rows)

    def score(self, x: np.ndarray) -> np.ndarray:
        """The sum over coordinates of -log of the smaller tail."""
        n, total = len(self.sorted), np.zeros(len(x))
        for j in range(x.shape[1]):
            s = self.sorted[:, j]
            below = (np.searchsorted(s, x[:, j], "right") + 0.5) / (n + 1)
            above = (n - np.searchsorted(s, x[:, j], "left") + 0.5) / (n + 1)
            total -= np.log(np.minimum(below, above))
        return total


class Histogram(View):
    """How rare is the 32nd of the range on each coordinate."""

    def __init__(self, rows: np.ndarray) -> None:
        n, d = rows.shape
        self.low = rows.min(0) if n else np.zeros(d)
        width = (rows.max(0) - self.low) / BINS if n else np.ones(d)
        self.width = np.where(width > 0, width, 1.0)
        self.nats = np.zeros((d, BINS))
        for j in range(d):
            count = np.bincount(self._bin(rows[:, j], j), minlength=BINS)
            self.nats[j] = -np.log((count + 0.5) / (n + 0.5 * BINS))
        self.most = float(np.log(2 * n + BINS))
        self.own = self.score(rows)

    def _bin(self, x: np.ndarray, j: int) -> np.ndarray:
        at = np.floor((x - self.low[j]) / self.width[j])
        return np.clip(at, 0, BINS - 1).astype(np.int64)

    def score(self, x: np.ndarray) -> np.ndarray:
        """The sum over coordinates; beyond the range it grows with the logarithm of how far."""
        total = np.zeros(len(x))
        for j in range(x.shape[1]):
            at = (x[:, j] - self.low[j]) / self.width[j]
            out = np.maximum(np.maximum(-at, at - BINS), 0)
            total += np.where(
                out > 1e-9, self.most + np.log1p(out), self.nats[j, self._bin(x[:, j], j)]
            )
        return total


class Surprise:
    """A score as -log of the share of reference rows that are as odd.

    Ranks end at the oddest reference row. Beyond it the surprise still grows, with the logarithm of
    how far beyond, so that rows far out keep their order and none drowns all other views.

    Args:
        own: (n,) scores of the reference rows.
    """

    GROWTH = 0.3

    def __init__(self, own: np.ndarray) -> None:
        self.sorted = np.sort(own)
        self.spread = max(float(self.sorted[-1] - np.median(self.sorted)), _TINY)

    def __call__(self, score: np.ndarray) -> np.ndarray:
        """Nats (m,) of scores (m,)."""
        n = len(self.sorted)
        least = (n - np.searchsorted(self.sorted, score, "right") + 1) / (n + 1)
        most = (n - np.searchsorted(self.sorted, score, "left") + 1) / (n + 1)
        beyond = np.minimum(np.maximum(score - self.sorted[-1], 0) / self.spread, 1e12)
        return -np.log((least + most) / 2) + self.GROWTH * np.log1p(beyond)

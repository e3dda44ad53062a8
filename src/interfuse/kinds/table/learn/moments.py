"""Correlations of a table's numbers, put right after training.

A correlation of heavy-tailed numbers lives in a handful of rows. The network learns it too weakly,
and inside a bin numbers are nearly independent, so that drawn records have correlations of smaller
size than the data (Shoppers: .73 for .86). One parameter a pair of columns mends that: with the
standardised mean value u_a(i) of bin i of column a, the records are tilted by

    p'(x) ~ p(x) exp( sum_{a < b} theta_ab u_a u_b ),

the distribution nearest to p (in KL) that has a wanted E[u_a u_b] (Csiszar 1975, doi
10.1214/aop/1176996454). The tilt is a pair term theta_ab u_a(i) u_b(j) of the logits. Its
parameter is found by Newton's method with the diagonal of the Hessian, d E[u_a u_b] / d theta_ab =
Var(u_a u_b), slowed down because a few far-out rows make both noisy.

What is held to the data is the correlation of the values as they will be written,

    rho_ab = Cov(u_a, u_b) / (s_a s_b),     s_a^2 = E[w_a] - E[u_a]^2,

with w_a(i) the mean square of the values in bin i: what spreads inside a bin adds to the variances
and not to the covariance, and the tilt has to make up for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import ndtri
from torch import Tensor

from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields.base import Field
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.objective import Rows

RATE = 0.3
SLOWER = 8  # rounds after which a step is half of the first: far-out rows make every step noisy
LARGEST_STEP = 1.0
_GRID = (np.arange(64) + 0.5) / 64
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Moments:
    """What the pair terms of numbers are fitted to.

    Attributes:
        cells: the m category cells that are bins of numbers.
        score: (D, m) standardised mean value of each bin of these cells, 0 elsewhere.
        square: (D, m) mean square of the standardised values of each bin.
        target: (m, m) correlations in the data.
    """

    cells: tuple[int, ...]
    score: Tensor
    square: Tensor
    target: Tensor

    @classmethod
    def of(cls, rows: Rows, codec: TableCodec, layout: Layout) -> Moments:
        """Moments of the training rows.

        Args:
            rows: encoded rows.
            codec: of their table.
            layout: the cells.
        """
        starts = np.cumsum([0, *layout.sizes])
        cells, scores, squares, columns = [], [], [], []
        for name, field in codec.fields.items():
            if field.bins < 2:
                continue
            place = codec.places[name]
            found = _standardised(field, rows, place.codes, place.numbers)
            if found is None:
                continue
            first = starts[place.codes.start]
            mean, mean_square = np.zeros((2, starts[-1]), np.float32)
            mean[first : first + field.bins] = found.bins.mean(1)
            mean_square[first : first + field.bins] = (found.bins**2).mean(1)
            cells.append(place.codes.start)
            scores.append(mean)
            squares.append(mean_square)
            columns.append(found.rows.astype(np.float32))
        nothing = np.zeros((0, starts[-1]), np.float32)
        score, square = (
            torch.from_numpy(np.stack(x) if x else nothing).T for x in (scores, squares)
        )
        values = np.stack(columns) if columns else np.zeros((0, 1), np.float32)
        target = torch.from_numpy(values @ values.T / values.shape[1])
        return cls(tuple(cells), score, square, target)

    def within(self, cells: Sequence[int], values: Tensor) -> Moments:
        """The moments of some category cells alone.

        Args:
            cells: which, in order.
            values: (S,) places of their values among all.
        """
        kept = [i for i, cell in enumerate(self.cells) if cell in cells]
        score, square = (x[values][:, kept] for x in (self.score, self.square))
        own = tuple(list(cells).index(self.cells[i]) for i in kept)
        return Moments(own, score, square, self.target[kept][:, kept])

    def to(self, device: torch.device) -> Moments:
        """The same on another device."""
        score, square, target = (x.to(device) for x in (self.score, self.square, self.target))
        return Moments(self.cells, score, square, target)

    def found(self, codes: Tensor, starts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Correlations in drawn records, the product of both spreads, Var(u_a u_b); (m, m) each.

        Args:
            codes: (n, q) drawn codes.
            starts: (q,) first column of each cell.
        """
        m, n = len(self.cells), len(codes)
        mean, square = torch.zeros(2, m, device=codes.device)
        first, second = torch.zeros(2, m, m, device=codes.device)
        owned = list(self.cells)
        for part in codes.split(_CHUNK):
            at = part[:, owned] + starts[owned]
            u = self.score.gather(0, at)
            mean += u.sum(0) / n
            square += self.square.gather(0, at).sum(0) / n
            first += u.T @ u / n
            second += (u**2).T @ (u**2) / n
        spread = (square - mean**2).clamp_min(1e-12).sqrt()
        spreads = spread[:, None] * spread
        return (first - mean[:, None] * mean) / spreads, spreads, second - first**2

    def step(self, turn: int, codes: Tensor, starts: Tensor) -> Tensor:
        """Pair terms (D, D) to add, given records drawn with those in use.

        Args:
            turn: how many steps were made before.
            codes: (n, q) drawn codes.
            starts: (q,) first column of each cell.
        """
        found, spreads, variance = self.found(codes, starts)
        rate = RATE / (1 + turn / SLOWER)
        theta = rate * (self.target - found) * spreads / (variance + 1e-6)
        theta.fill_diagonal_(0.0)
        return (self.score @ theta @ self.score.T).clamp(-LARGEST_STEP, LARGEST_STEP)


class _Standardised(NamedTuple):
    rows: np.ndarray
    """(n,) values of mean 0 and variance 1; 0 where there is none."""
    bins: np.ndarray
    """(bins, grid) evenly spread values of each bin, on the same scale."""


def _standardised(field: Field, rows: Rows, codes: slice, numbers: slice) -> _Standardised | None:
    """The values of a column on the scale of their spread; None if they do not differ."""
    assert field.quantiles is not None
    code = rows.codes[:, codes.start].numpy().astype(np.int64)
    finite = code < field.bins
    z = np.zeros(len(rows))
    if numbers.stop > numbers.start:
        low, high = (x[:, numbers.start].double().numpy() for x in (rows.low, rows.high))
        z = np.nan_to_num((low + high) / 2)
    x = field.quantiles.to_values(np.where(finite, code, 0), z).astype(np.float64)
    grid = np.tile(ndtri(_GRID), field.bins)
    each = np.repeat(np.arange(field.bins), len(_GRID))
    inside = field.quantiles.to_values(each, grid).astype(np.float64)
    # The sum of squares of a column that spans all of float64 would overflow.
    largest = max(np.abs(x[finite]).max(initial=0.0), np.abs(inside).max())
    if not largest:
        return None
    x, inside = x / largest, inside / largest
    mean, spread = x[finite].mean(), x[finite].std()
    if spread < 1e-12:
        return None
    bins = ((inside - mean) / spread).reshape(field.bins, len(_GRID))
    return _Standardised(np.where(finite, (x - mean) / spread, 0.0), bins)

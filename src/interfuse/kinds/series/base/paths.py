r"""Joint draws of a path whose every step has a known distribution.

Quantiles of single steps say nothing of how steps go together. Errors do: z = Phi^{-1}(F(x)) of
held-out paths is correlated from step to step and from channel to channel. Draws are a Gaussian
copula: z of a stationary process with

$$ \mathrm{corr}(z_t, z_{t+k}) = \sum_j a_j r_j^k, \qquad a_j \ge 0, \sum_j a_j = 1, $$

a mixture of Ornstein-Uhlenbeck processes with fixed memories r_j (`MEMORIES`, from white noise to a
constant), its shares a_j by non-negative least squares on the correlations that were seen: any such
mixture is a correlation, which an estimate need not be. Across channels factors carry it,
z_c = l_c f + sqrt(1 - |l_c|^2) e_c. Then x = F^{-1}(Phi(z)), with exponential tails beyond the
outermost levels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from interfuse.kinds.series.base.weights import LEVELS

MEMORIES = np.array([0.0, 0.5, 0.8, 0.93, 0.98, 0.995, 0.9999])
FACTORS = 6
FEWEST = 100
"""Steps of held-out paths from which correlations are believed by half."""
LONGEST_LAG = 256
FURTHEST = 4.0
TAIL = 3
"""The tails go by the distance of the outermost level to the one so many further in."""


@dataclass(frozen=True)
class Paths:
    """How steps and channels go together.

    Attributes:
        share: (memories,) a_j, which add up to 1.
        loading: (channels, factors).
    """

    share: np.ndarray
    loading: np.ndarray

    @classmethod
    def alone(cls, channels: int) -> Paths:
        """Nothing goes together."""
        return cls(np.eye(len(MEMORIES))[0], np.zeros((channels, 0)))

    @classmethod
    def of(cls, z: np.ndarray) -> Paths:
        """Measure.

        Args:
            z: (paths, steps, channels), NaN where the truth is missing.
        """
        _, steps, channels = z.shape
        there = np.isfinite(z)
        if there.sum() < FEWEST:
            return cls.alone(channels)
        z = np.where(there, z, 0.0)
        most = min(steps - 1, LONGEST_LAG)
        power = float((z**2).sum() / there.sum())
        lags = np.unique(np.r_[np.arange(1, min(9, most + 1)), np.geomspace(1, most, 16).round()])
        lags = lags[(lags >= 1) & (lags <= most)].astype(int) if most else np.zeros(0, int)
        seen, weight = [], []
        for k in lags:
            pairs = int((there[:, :-k] & there[:, k:]).sum())
            seen.append((z[:, :-k] * z[:, k:]).sum() / max(pairs, 1) / max(power, 1e-9))
            weight.append(np.sqrt(pairs))
        if not len(lags):
            return cls(cls.alone(channels).share, _loading(z, there))
        weight = np.array(weight) / max(weight)
        design = MEMORIES[None, :] ** lags[:, None] * weight[:, None]
        # The sum of shares is 1: a row that weighs much.
        design = np.concatenate([design, np.full((1, len(MEMORIES)), 30.0)])
        wanted = np.r_[np.array(seen).clip(-1, 1) * weight, 30.0]
        share = optimize.nnls(design, wanted)[0]
        return cls(share / share.sum(), _loading(z, there))

    def normal(self, draws: int, steps: int, many: int, rng: np.random.Generator) -> np.ndarray:
        """(draws, steps, many, channels) standard normal, correlated over steps and channels."""
        channels, factors = self.loading.shape
        own = self._process(rng, (draws, many, channels), steps)
        if not factors:
            return own
        common = self._process(rng, (draws, many, factors), steps)
        rest = np.sqrt(np.maximum(1 - (self.loading**2).sum(1), 0.0))
        return common @ self.loading.T + own * rest

    def _process(self, rng: np.random.Generator, shape: tuple[int, ...], steps: int) -> np.ndarray:
        """The mixture: a path of each memory. The first draws are those of fewer draws."""
        draws, *rest = shape
        out = np.zeros((draws, steps, *rest))
        for share, memory, own in zip(self.share, MEMORIES, rng.spawn(len(MEMORIES)), strict=True):
            if share <= 0:
                continue
            size = np.sqrt(share)
            fresh = np.sqrt(1 - memory**2)
            noise = own.standard_normal((draws, steps, *rest))
            state = noise[:, 0]
            for t in range(steps):
                if t:
                    state = memory * state + fresh * noise[:, t]
                out[:, t] += size * state
        return out


def _loading(z: np.ndarray, there: np.ndarray) -> np.ndarray:
    """(channels, factors) of the correlation across channels, drawn towards none."""
    channels = z.shape[2]
    if channels == 1:
        return np.zeros((1, 0))
    flat, seen = z.reshape(-1, channels), there.reshape(-1, channels)
    size = np.sqrt((flat**2).sum(0) / np.maximum(seen.sum(0), 1)) + 1e-9
    unit = flat / size
    believed = len(flat) / (len(flat) + FEWEST)
    count = min(FACTORS, channels - 1)
    # Right singular vectors of the data are eigenvectors of the correlation, never formed.
    _, values, vectors = np.linalg.svd(unit / np.sqrt(len(flat)), full_matrices=False)
    common = np.maximum(values[:count] ** 2 - 1.0, 0.0) * believed
    loading = vectors[:count].T * np.sqrt(common)
    over = np.sqrt((loading**2).sum(1, keepdims=True))
    return loading / np.maximum(over / 0.99, 1.0)


def quantile_at(quantiles: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The values of normal scores.

    Args:
        quantiles: (..., LEVELS) ascending.
        z: (draws, ...).

    Returns:
        The shape of z.
    """
    count = len(LEVELS)
    u = special.ndtr(z)
    place = np.clip(u * (count + 1) - 1, 0, count - 1)
    low = np.minimum(place.astype(np.int64), count - 2)
    wide = np.broadcast_to(quantiles, (*z.shape, count))
    a, b = (np.take_along_axis(wide, i[..., None], -1)[..., 0] for i in (low, low + 1))
    inner = a + (place - low) * (b - a)
    first, last = LEVELS[0], LEVELS[-1]
    fall = np.log(LEVELS[TAIL] / first)
    below = (quantiles[..., TAIL] - quantiles[..., 0]) / fall
    above = (quantiles[..., -1] - quantiles[..., -1 - TAIL]) / fall
    far_low = np.minimum(np.log(first / np.maximum(u, 1e-12)), FURTHEST)
    far_high = np.minimum(np.log((1 - last) / np.maximum(1 - u, 1e-12)), FURTHEST)
    inner = np.where(u < first, quantiles[..., 0] - below * far_low, inner)
    return np.where(u > last, quantiles[..., -1] + above * far_high, inner)


def score_of(quantiles: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Phi^{-1}(F(x)) of values, within the outermost levels, between which F is linear.

    Args:
        quantiles: (..., LEVELS) ascending.
        x: (...,) NaN stays.
    """
    below = (quantiles < x[..., None]).sum(-1)
    # A tie is in the middle of its levels.
    equal = (quantiles <= x[..., None]).sum(-1)
    u = (below + equal + 1) / 2 / (len(LEVELS) + 1)
    return np.where(np.isfinite(x), special.ndtri(np.clip(u, 0.0125, 0.9875)), np.nan)

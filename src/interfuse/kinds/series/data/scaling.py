"""Series in units of their own spread, so that a link of 1 kbit/s and one of 1 Gbit/s look alike.

For each series and channel, with m its median and s its spread,

    y = squash((x - m) / s),     squash(u) = u                           |u| <= 3
                                           = sign(u) (3 + 3 log(|u| / 3))  beyond

which is smooth, odd, and tame in the tails: a burst of a thousand spreads lies at 20. The spread
is the distance of the 5 % and 95 % quantiles over 3.29, which is the standard deviation of normal
data; that of the 1 % and 99 % quantiles over 4.65 where these all but meet; the standard deviation
itself where all of them meet, and 1 for a constant.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BEND = 3.0
NORMAL_SPAN = 3.2897  # between the 5 % and 95 % quantiles of N(0, 1)
WIDER_SPAN = 4.6527  # between the 1 % and 99 % quantiles


@dataclass(frozen=True)
class Scaling:
    """Median and spread of one series: (c,) float64 each."""

    middle: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, otherwise: Scaling | None = None) -> Scaling:
        """Measure a series.

        Args:
            values: (T, c), NaN where missing.
            otherwise: for channels without any value; 0 and 1 if None.
        """
        c = values.shape[1]
        middle = np.zeros(c) if otherwise is None else otherwise.middle.copy()
        spread = np.ones(c) if otherwise is None else otherwise.spread.copy()
        for j in range(c):
            x = values[:, j]
            x = x[np.isfinite(x)]
            if not len(x):
                continue
            first, low, middle[j], high, last = np.quantile(x, (0.01, 0.05, 0.5, 0.95, 0.99))
            wide, wider = (high - low) / NORMAL_SPAN, (last - first) / WIDER_SPAN
            # The standard deviation only where all else is 0: one outlier makes it anything.
            best = wide if wide > 0.01 * wider else wider or float(x.std())
            # Rounding noise of a constant is no spread.
            spread[j] = best if best > 1e-12 * max(abs(middle[j]), 1e-300) else 1.0
        return cls(middle, spread)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """(T, c) values to y; NaN stays."""
        return squash((values - self.middle) / self.spread)

    def decode(self, y: np.ndarray) -> np.ndarray:
        """The inverse of `encode`; the last dimension is c."""
        return unsquash(y) * self.spread + self.middle


def squash(u: np.ndarray) -> np.ndarray:
    """See the module."""
    far = np.maximum(np.abs(u), BEND)
    return np.where(np.abs(u) <= BEND, u, np.sign(u) * (BEND + BEND * np.log(far / BEND)))


def unsquash(y: np.ndarray) -> np.ndarray:
    """The inverse of `squash`."""
    far = BEND * np.exp((np.maximum(np.abs(y), BEND) - BEND) / BEND)
    return np.where(np.abs(y) <= BEND, y, np.sign(y) * far)

r"""Weights of experts by exponentiated gradient on their pinball losses.

Experts give quantiles Q_e; the answer is Q = sum w_e Q_e. Starting from a softmax of the experts'
own losses, w goes against the gradient of the loss of Q, multiplied and normalised (Kivinen &
Warmuth 1997), and stops where the loss is lowest. Experts half as bad again as the best one are
left out. So the answer is never worse than the best expert on what it was weighed on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LEVELS = np.arange(1, 40) / 40
LOW, HIGH = 1, -2
"""Places of the 5 % and the 95 % quantile among them."""
STEPS, RATE = 30, 0.5
WAITED = 4
TEMPERATURE = 0.1
WORST = 1.5


class Weighed(NamedTuple):
    """Weights and the loss of what they make."""

    weight: np.ndarray
    loss: float


def pinball(y: np.ndarray, quantiles: np.ndarray, levels: np.ndarray = LEVELS) -> np.ndarray:
    """Mean pinball loss over levels: half of what the CRPS is.

    Args:
        y: (...,) truth.
        quantiles: (..., levels).
        levels: whose quantiles they are.
    """
    off = y[..., None] - quantiles
    return np.maximum(levels * off, (levels - 1) * off).mean(-1)


def weigh(y: np.ndarray, quantiles: np.ndarray, share: np.ndarray) -> Weighed:
    """Weights of experts.

    Args:
        y: (m,) truth.
        quantiles: (e, m, LEVELS) of each expert; every third is looked at.
        share: (m,) how much each step counts.
    """
    share = share / share.sum()
    quantiles, levels = quantiles[..., 1::3], LEVELS[1::3]
    e, m, _ = quantiles.shape
    losses = pinball(y, quantiles, levels) @ share
    best = float(losses.min())
    keep = losses <= WORST * best
    unit = best + 1e-12
    weight = np.exp(-(losses - best) / (TEMPERATURE * unit)) * keep
    weight /= weight.sum()
    only = np.zeros(e)
    only[int(losses.argmin())] = 1.0
    found = Weighed(only, best)
    flat = quantiles[keep].reshape(int(keep.sum()), -1)
    some, since = weight[keep], 0
    for _ in range(STEPS):
        mixed = (some @ flat).reshape(m, -1)
        loss = float(pinball(y, mixed, levels) @ share)
        if loss < found.loss:
            whole = np.zeros(e)
            whole[keep] = some
            found, since = Weighed(whole, loss), 0
        elif (since := since + 1) >= WAITED:
            break
        slope = np.where(y[:, None] > mixed, -levels, 1 - levels)
        slope = slope * share[:, None] / len(levels)
        gradient = flat @ slope.ravel() / unit
        some = some * np.exp(-RATE * (gradient - gradient @ some))
        some /= some.sum()
    return found

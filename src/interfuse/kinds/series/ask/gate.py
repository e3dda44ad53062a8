"""How much of a forecast is the network's, and how much the base's.

Both give draws. With Q_n and Q_b their quantiles at a step, the answer has

    Q = g Q_n + (1 - g) Q_b,        g in [0, 1], one for each block of horizons,

measured on blocks that neither was fitted to, from their beginning on: g is the share of the lowest
pinball loss, drawn towards the one that is best for all horizons. The base is right unless the
network is shown to be better: its gain over the blocks must be above its standard error, and beyond
the longest block, where nothing was measured, the base answers alone. With g = 0 the answer is the
base's to the bit, with g = 1 the network's; between them, the ranks of draws over steps and
channels are those of whichever has more of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from interfuse.kinds.series.base.weights import LEVELS, pinball

EDGES = (3, 12, 48, 192)
"""Last horizons of the blocks, but the last."""
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
TOGETHER = 0.5
"""How much the loss over all horizons counts in each block."""


LONE = 3
"""Gaps of at most so many steps are lone points."""


@dataclass(frozen=True)
class Gate:
    """The network's share of each block of horizons, and of gaps.

    Attributes:
        edge: (b,) the last horizon of each block but the last.
        share: (b + 1,) from 0 to 1.
        gap: of gaps of at most `LONE` steps, and of longer ones.
    """

    edge: tuple[int, ...] = ()
    share: tuple[float, ...] = (0.0,)
    gap: tuple[float, float] = (0.0, 0.0)

    def at(self, horizon: int) -> np.ndarray:
        """(horizon,) the share of every step."""
        block = np.searchsorted(np.array(self.edge), np.arange(1, horizon + 1))
        return np.array(self.share)[block]

    @property
    def closed(self) -> bool:
        """Whether the network has no share in any answer."""
        return not any(self.share)

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {"edge": list(self.edge), "share": list(self.share), "gap": list(self.gap)}


def measure_gate(
    network: Sequence[np.ndarray], base: Sequence[np.ndarray], truth: Sequence[np.ndarray]
) -> Gate:
    """Measure on held-out futures; closed where there is none.

    Args:
        network: (draws, steps, c) of each future.
        base: (steps, c, LEVELS) of each.
        truth: (steps, c) of each, NaN where missing, in units in which they can be compared.
    """
    longest = max((len(t) for t in truth), default=0)
    if not longest:
        return Gate()
    edges = tuple(e for e in EDGES if e < longest)
    total = np.zeros((len(edges) + 1, len(SHARES)))
    count = np.zeros(len(edges) + 1)
    whole = np.zeros((len(truth), len(SHARES)))
    for i, (drawn, said, wanted) in enumerate(zip(network, base, truth, strict=True)):
        there = np.isfinite(wanted)
        block = np.searchsorted(np.array(edges), np.arange(1, len(wanted) + 1))
        own = np.moveaxis(np.quantile(drawn, LEVELS, axis=0), 0, -1)
        for k, share in enumerate(SHARES):
            loss = np.where(there, pinball(wanted, share * own + (1 - share) * said), 0.0).sum(1)
            total[:, k] += np.bincount(block, loss, len(edges) + 1)
            whole[i, k] = loss.sum()
        count += np.bincount(block, there.sum(1), len(edges) + 1)
    gains = np.array([(each[0] - each) / max(each[0], 1e-300) for each in whole])
    every = total.sum(0) / max(total.sum(0).min(), 1e-300)
    shares = []
    for loss, many in zip(total, count, strict=True):
        own = loss / max(loss.min(), 1e-300) if many else np.zeros(len(SHARES))
        best = int((own + TOGETHER * every).argmin())
        shares.append(SHARES[best] if _shown(gains[:, best]) else 0.0)
    return Gate((*edges, longest), (*shares, 0.0))


def _shown(gains: np.ndarray) -> bool:
    """Whether gains of blocks are above 0 by more than their standard error."""
    many = len(gains)
    return many > 1 and bool(gains.mean() > gains.std(ddof=1) / np.sqrt(many))


def combined(network: np.ndarray, base: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Draws of both as one.

    Args:
        network: (draws, steps, c).
        base: the same shape.
        share: (steps,) the network's.
    """
    if not share.any():
        return base
    weight = share[None, :, None]
    order = np.where(weight >= 0.5, network.argsort(0, "stable"), base.argsort(0, "stable"))
    mixed = weight * np.sort(network, 0) + (1 - weight) * np.sort(base, 0)
    out = np.empty_like(mixed)
    np.put_along_axis(out, order, mixed, 0)
    out = np.where(weight == 0, base, out)
    return np.where(weight == 1, network, out)


def measure_gap(blocks: Sequence[np.ndarray]) -> float:
    """The network's share of the middle of gaps, by the mean absolute error on held-out cells.

    Args:
        blocks: (3, m) of each held-out block: medians of the network, the base's answers, and what
            was there, in units in which cells can be compared. With fewer than two the base answers
            alone, and so it does where the network's gain is within its standard error.
    """
    seen = [b for b in blocks if b.shape[1]]
    if not seen:
        return 0.0
    losses = np.array(
        [[np.abs(s * b[0] + (1 - s) * b[1] - b[2]).mean() for s in SHARES] for b in seen]
    )
    best = int(losses.mean(0).argmin())
    return SHARES[best] if _shown(losses[:, 0] - losses[:, best]) else 0.0

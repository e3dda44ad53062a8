"""Chains of codes: what follows what from one step to the next, and at which phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from interfuse.kinds.series.discrete.codes import half_widths
from interfuse.kinds.series.discrete.experts import PRIOR
from interfuse.kinds.series.discrete.weigh import EARLY

POWERS = (0.5, 1.0)
LEAST = 2e-3
"""Of the shares in every row: what never followed may."""
BETTER = 2.0
"""Nats by which a season must make later steps likelier to be taken."""
JUDGED = 4_000


class Chain(NamedTuple):
    """What follows what, step by step, and when.

    Attributes:
        share: (K,) of all.
        kernel: (K, K) of one step.
        phase: (Q, K) shares by phase over `share`, to a power; (1, K) ones where time says nothing.
    """

    share: np.ndarray
    kernel: np.ndarray
    phase: np.ndarray

    def at(self, ticks: np.ndarray) -> np.ndarray:
        """(T, K, K) kernels of steps at some times in steps."""
        if len(self.phase) == 1:
            return np.broadcast_to(self.kernel, (len(ticks), *self.kernel.shape))
        out = self.kernel * self.phase[ticks % len(self.phase)][:, None, :]
        return out / out.sum(2, keepdims=True)


def chain_of(
    codes: Sequence[np.ndarray], ticks: Sequence[int], count: int, periods: Sequence[int]
) -> Chain:
    """What follows what in some histories together, and at which phase, if that says more.

    The season and the power g of its shares have the greatest likelihood on the later part of the
    histories, with tables of what came before.

    Args:
        codes: (T_i,) each.
        ticks: of their first steps, in steps.
        count: K.
        periods: seasons in steps.
    """

    def counted(parts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        pairs = np.zeros((count, count))
        total = np.full(count, 0.5)
        for x in parts:
            good = (x[:-1] >= 0) & (x[1:] >= 0)
            np.add.at(pairs, (x[:-1][good], x[1:][good]), 1.0)
            total += np.bincount(x[x >= 0], minlength=count)
        share = total / total.sum()
        kernel = (pairs + PRIOR * share) / (pairs.sum(1, keepdims=True) + PRIOR)
        return share, (1 - LEAST) * kernel + LEAST * share

    def by_phase(parts: Sequence[np.ndarray], share: np.ndarray, p: int) -> np.ndarray:
        total = np.zeros((p, count))
        for x, tick in zip(parts, ticks, strict=True):
            place = np.flatnonzero(x >= 0)
            np.add.at(total, ((tick + place) % p, x[place]), 1.0)
        width = half_widths(p)[-1]
        total = np.sum([np.roll(total, d, 0) for d in range(-width, width + 1)], axis=0)
        own = (total + PRIOR * share) / (total.sum(1, keepdims=True) + PRIOR)
        return own / share

    early = [x[: int(EARLY * len(x))] for x in codes]
    share, kernel = counted(early)
    best, found = -np.inf, (1, 0.0)
    tried = [(1, 0.0), *((q, g) for q in periods for g in POWERS)]
    for p, power in tried:
        phase = by_phase(early, share, p) ** power if p > 1 else np.ones((1, count))
        own = Chain(share, kernel, phase)
        likely = 0.0
        for x, tick in zip(codes, ticks, strict=True):
            cut = max(len(x) - JUDGED, int(EARLY * len(x)), 1)
            at = np.arange(cut, len(x))
            at = at[(x[at] >= 0) & (x[at - 1] >= 0)]
            if len(at):
                rows = own.kernel[x[at - 1]] * own.phase[(tick + at) % len(own.phase)]
                rows = rows / rows.sum(1, keepdims=True)
                likely += float(np.log(rows[np.arange(len(at)), x[at]]).sum())
        if likely > best + BETTER:
            best, found = likely, (p, power)
    share, kernel = counted(codes)
    p, power = found
    phase = by_phase(codes, share, p) ** power if p > 1 else np.ones((1, count))
    return Chain(share, kernel, phase)

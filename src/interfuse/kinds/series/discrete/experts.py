r"""What a history says of one later step, as probabilities of its codes.

For an origin s, a horizon h and t = s + h, with N counts and \pi the shares of all that was seen,

    overall      \pi;  recent   shares of the last 8, 64, 512 steps
    phase        shares at the phase of t in each season, a little or more to either side
    transition   N_h(x_s, k) / N_h(x_s): what followed h steps after the last code
    dwell        the same by how long it has been that code, too
    stays        the last code
    both         transition * phase / \pi, normalised: two witnesses that err apart
    level        recent * phase / \pi

each drawn towards what it refines by a few made-up counts. h in N_h is the middle of its block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from interfuse.kinds.series.discrete.codes import Counted, half_widths

WINDOWS = (8, 64, 512)
LEVEL = 64
"""Steps of the shares that are taken for the level now."""
DWELLS = 8
PRIOR = 2.0
LEAST = 2e-3
"""Of the shares in every expert: what never followed may."""


@dataclass(frozen=True)
class Tables:
    """What followed what, a lag a block of horizons.

    Attributes:
        lag: (B,).
        follow: (B, K, K).
        dwell: (B, K, DWELLS, K).
    """

    lag: np.ndarray
    follow: np.ndarray
    dwell: np.ndarray

    @classmethod
    def of(cls, past: Counted, lags: Sequence[int], prior: np.ndarray | None = None) -> Tables:
        """Count a history.

        Args:
            past: the history.
            lags: one a block.
            prior: (B, K, K) what it is drawn towards; its own shares if None.
        """
        k = past.count
        share = shares(past)
        bucket = buckets(past.since)
        follow, dwell = np.zeros((len(lags), k, k)), np.zeros((len(lags), k, DWELLS, k))
        for b, lag in enumerate(lags):
            now, then = past.held[: max(len(bucket) - lag, 0)], past.codes[lag:]
            good = (now >= 0) & (then >= 0)
            np.add.at(dwell[b], (now[good], bucket[: len(now)][good], then[good]), 1.0)
            follow[b] = _drawn(dwell[b].sum(1), share if prior is None else prior[b])
            dwell[b] = _drawn(dwell[b], follow[b][:, None])
        return cls(np.array(lags), follow, dwell)


def buckets(since: np.ndarray) -> np.ndarray:
    """Classes of how long it has been: 1, 2, 3 to 4, 5 to 8, ..."""
    return np.minimum(np.ceil(np.log2(np.maximum(since, 1))).astype(np.int64), DWELLS - 1)


def shares(past: Counted, end: int | None = None) -> np.ndarray:
    """(K,) of all that was seen before a step, half a made-up count of each."""
    total = past.running[len(past.codes) if end is None else end] + 0.5
    return total / total.sum()


def names_of(periods: Sequence[int]) -> list[str]:
    """What each expert is."""
    seasonal = [
        f"{name} {p} {width}"
        for p in periods
        for width in half_widths(p)
        for name in ("phase", "both", "level")
    ]
    return ["overall", *(f"recent {w}" for w in WINDOWS), "transition", "dwell", "stays", *seasonal]


def experts_of(
    past: Counted, tables: Tables, block: np.ndarray, origin: np.ndarray, ahead: np.ndarray
) -> np.ndarray:
    """(m, experts, K) probabilities.

    Args:
        past: the history; nothing after an origin is looked at, but by `tables`.
        tables: what followed what.
        block: (m,) whose lag stands for the horizon.
        origin: (m,) last known steps.
        ahead: (m,) horizons.
    """
    run = past.running
    total = run[origin + 1] + 0.5
    overall = total / total.sum(1, keepdims=True)
    out = [overall]
    level = overall
    for width in WINDOWS:
        some = run[origin + 1] - run[np.maximum(origin + 1 - width, 0)]
        own = _drawn(some, overall)
        level = own if width == LEVEL else level
        out.append(own)
    now = past.held[origin]
    code = np.maximum(now, 0)
    follow = tables.follow[block, code]
    dwell = tables.dwell[block, code, buckets(past.since[origin])]
    stays = np.eye(past.count)[code]
    unknown = (now < 0)[:, None]
    follow, dwell, stays = (np.where(unknown, overall, x) for x in (follow, dwell, stays))
    out += [follow, dwell, stays]
    for number, p in enumerate(past.periods):
        for width in half_widths(p):
            phase = _drawn(at_phase(past, number, width, origin, ahead), overall)
            out += [phase, _tilted(follow, phase / overall), _tilted(level, phase / overall)]
    mixed = np.stack(out, 1)
    return (1 - LEAST) * mixed + LEAST * overall[:, None]


def at_phase(
    past: Counted, number: int, width: int, origin: np.ndarray, ahead: np.ndarray
) -> np.ndarray:
    """(m, K) how often each was seen at the phase of a later step, up to the origin."""
    p, sums = past.periods[number], past.by_phase[number]
    at = origin + ahead - -(-ahead // p) * p
    high = np.minimum(at + width, origin)
    return sums[np.maximum(high + 1, 0)] - sums[np.maximum(at - width, 0)]


def _drawn(count: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """Shares of counts, drawn towards others by `PRIOR` of them."""
    return (count + PRIOR * towards) / (count.sum(-1, keepdims=True) + PRIOR)


def _tilted(share: np.ndarray, by: np.ndarray) -> np.ndarray:
    out = share * by
    return out / out.sum(-1, keepdims=True)

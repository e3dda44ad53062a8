r"""What a history says of one later step: simple answers, and what a ridge makes its answer of.

For an origin s (the last step that is known), a horizon h, t = s + h, and a season of p steps with
k = \lceil h / p \rceil, so that t - kp is known:

    last      x(s);  drift   the line through x(s) and x(s - span);  mean 8   of the last eight
    copy      x(t - kp);  median   of three copies;  mean   of eight
    shifted   copy + 2^(-4h/p) (level now - level at s - kp)
    level     the mean of copies less their level, at the level of now; of four and of two seasons

All of these less x(s) are features of the ridge, and so are means of the last 2, 4, 8, ... values,
copies beside the phase, the levels at s - kp and now over several widths, and, for seasons p < q,
x(t - kp - q) and the levels at s - q: a day in its week.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from interfuse.kinds.series.base.past import Sums

COPIES = 8
LONGEST_SPAN = 2_000
MOST_REACH = 4
"""Windows of recent means grow to so many horizons, and to no more than the longest season."""


class Asked(NamedTuple):
    """Steps that are asked for: (m,) each."""

    owner: np.ndarray
    origin: np.ndarray
    ahead: np.ndarray


class Said(NamedTuple):
    """What a view says of them.

    Attributes:
        features: (m, k) less the anchor.
        experts: (m, e) simple answers.
        anchor: (m,) the last value.
        rough: (m, r) logs of how rough the series is: now, and about the copy.
    """

    features: np.ndarray
    experts: np.ndarray
    anchor: np.ndarray
    rough: np.ndarray


def expert_names(periods: Sequence[int]) -> list[str]:
    """What each simple answer is, in the order of `Said.experts`."""
    of_season = ("copy", "median", "mean", "shifted", "level", "level of two")
    return ["last", "drift", "mean 8", *(f"{name} {p}" for p in periods for name in of_season)]


class Answers:
    """Computes them for one view.

    Args:
        sums: of the view.
        periods: seasons in steps, ascending.
        reach: the longest horizon that the model was fitted for.
    """

    def __init__(self, sums: Sums, periods: Sequence[int], reach: int) -> None:
        self.sums, self.periods = sums, tuple(periods)
        top = max(periods, default=64)
        self.widths = [1, 2, 4, 8]
        while 2 * self.widths[-1] <= min(top, MOST_REACH * max(reach, 8)):
            self.widths.append(2 * self.widths[-1])
        self.span = min(max(periods, default=max(4 * reach, 50)), LONGEST_SPAN)

    def of(self, asked: Asked) -> Said:
        """All that is said of some steps."""
        owner, s, h = asked
        sums, t = self.sums, s + h
        recent = [sums.mean(owner, s, w) for w in self.widths]
        anchor = recent[0]
        drift = anchor + h * (anchor - sums.value(owner, s - self.span)) / self.span
        experts = [anchor, drift, recent[3]]
        features = [*recent[1:], sums.value(owner, s - 1)]
        for p in self.periods:
            told, more = self._season(owner, s, h, p)
            experts += told
            features += more
        for i, p in enumerate(self.periods):
            for q in self.periods[i + 1 :]:
                k = -(-h // p)
                features += [
                    sums.value(owner, t - k * p - q),
                    *(sums.mean(owner, s - q, w) for w in (1, max(1, p // 24), p)),
                ]
        simple = np.stack(experts, 1)
        both = np.concatenate([simple[:, 1:], np.stack(features, 1)], 1)
        return Said(both - anchor[:, None], simple, anchor, self._rough(owner, s, h))

    def _copies(self, owner: np.ndarray, t: np.ndarray, k: np.ndarray, p: int) -> list[np.ndarray]:
        """Values k, k + 1, ... seasons before; before the beginning the one after it."""
        out: list[np.ndarray] = []
        for j in range(COPIES):
            at = t - (k + j) * p
            value = self.sums.value(owner, at)
            inside = at >= self.sums.first[owner]
            out.append(np.where(inside, value, out[-1]) if out else value)
        return out

    def _season(
        self, owner: np.ndarray, s: np.ndarray, h: np.ndarray, p: int
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Simple answers and features of one season."""
        sums, t, k = self.sums, s + h, -(-h // p)
        begin, length = sums.first[owner], sums.last[owner] - sums.first[owner]
        copies = self._copies(owner, t, k, p)
        width, fine, coarse = max(1, p // 96), max(2, p // 24), max(4, p // 4)
        inside = s - k * p >= begin
        now = sums.mean(owner, s, width)
        moved = np.where(inside, now - sums.mean(owner, s - k * p, width), 0.0)
        level = sums.mean(owner, s, p)
        lowest = begin + np.minimum(p, length // 2)
        above = [
            copies[j] - sums.mean(owner, np.maximum(s - (k + j) * p, lowest), p) for j in range(4)
        ]
        experts = [
            copies[0],
            np.median(copies[:3], 0),
            np.mean(copies, 0),
            copies[0] + 0.5 ** (4 * h / p) * moved,
            np.mean(above, 0) + level,
            np.mean(above[:2], 0) + level,
        ]
        beside = max(1, p // 48)
        features = [
            *copies[1:3],
            np.mean(copies[:4], 0),
            sums.mean(owner, t - k * p + width // 2, width),
            sums.value(owner, t - beside - k * p),
            sums.value(owner, t + beside - k * p),
            *(sums.mean(owner, s - k * p, w) for w in (1, fine, coarse)),
            *(sums.mean(owner, s, w) for w in (fine, coarse)),
            level,
            sums.mean(owner, s, 4 * p),
        ]
        return experts, features

    def _rough(self, owner: np.ndarray, s: np.ndarray, h: np.ndarray) -> np.ndarray:
        """How rough the series is now and about the copy, and how far off the step is."""
        sums = self.sums
        out = [sums.moves(0, owner, s, 8), sums.moves(0, owner, s, 64), np.log(h)]
        for i, p in enumerate(self.periods):
            width, at = max(3, p // 48), s + h - -(-h // p) * p
            # A copy beside the phase may lie after the origin where a season begins anew.
            out.append(sums.moves(0, owner, np.minimum(at + width // 2, s), width))
            out.append(sums.moves(i + 1, owner, np.minimum(at + width, s), 2 * width))
        return np.stack(out, 1)

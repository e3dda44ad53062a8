"""How many rounds calibration makes, and how many blocks of rows it draws in each.

Rounds that correct pairs take small steps, so that chance in one round is mended by the next: many
rounds on few rows do better than few rounds on many. On two halves of Shoppers, two tables each, in
% against the half (steps of .08, other noise): 13 rounds of 12 blocks had trends off by 1.58 after
33 s, 20 rounds of 3 blocks by 1.51 after 19 s, 10 rounds of one block by 1.66 after 4 s; on the
first half alone one round of 6 blocks by 2.05, where 10 of one block had 1.71, both after 4 s.
The last rounds settle the marginals by whole steps, and need more rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

PAIR_ROUNDS = 20
PAIR_BLOCKS = 3
LAST_ROUNDS = 4
LAST_BLOCKS = 12
FEWEST_LAST_BLOCKS = 4
_LAST_SHARE = LAST_ROUNDS * LAST_BLOCKS / (LAST_ROUNDS * LAST_BLOCKS + PAIR_ROUNDS * PAIR_BLOCKS)


class Plan(NamedTuple):
    """Rounds that correct marginals and pairs, then rounds that correct marginals alone.

    Attributes:
        pair_rounds: how many of the first.
        pair_blocks: blocks drawn in each.
        last_rounds: how many of the second.
        last_blocks: blocks drawn in each.
    """

    pair_rounds: int
    pair_blocks: int
    last_rounds: int
    last_blocks: int


NOTHING = Plan(0, 0, 0, 0)


def fewest(most: int) -> int:
    """Blocks that are drawn even if no time is left: marginals are off by about 1 % without."""
    return LAST_ROUNDS * min(FEWEST_LAST_BLOCKS, most) + 1


def plan(affordable: float, most: int, *, pairs: bool) -> Plan:
    """Spend as many blocks as are affordable: first blocks a round are saved, then rounds.

    Args:
        affordable: blocks in all.
        most: blocks in a round.
        pairs: whether there are pairs to correct.
    """
    few = min(FEWEST_LAST_BLOCKS, most)
    if affordable < LAST_ROUNDS * few + 1:
        rounds = min(LAST_ROUNDS, int(affordable))
        return Plan(0, 0, rounds, int(affordable) // rounds) if rounds else NOTHING
    if not pairs:
        return Plan(0, 0, LAST_ROUNDS, _within(affordable / LAST_ROUNDS, few, most))
    last = _within(affordable * _LAST_SHARE / LAST_ROUNDS, few, most)
    left = affordable - LAST_ROUNDS * last
    blocks = _within(left / PAIR_ROUNDS, 1, min(PAIR_BLOCKS, most))
    rounds = _within(left / blocks, 1, PAIR_ROUNDS)
    last = _within((affordable - rounds * blocks) / LAST_ROUNDS, last, most)
    return Plan(rounds, blocks, LAST_ROUNDS, last)


def _within(value: float, low: int, high: int) -> int:
    return max(low, min(int(value), high))


class Clock:
    """The time left, in blocks.

    Args:
        end: when to be done, by `time.monotonic`.
        trial: does one block's work for nothing; it is timed.
    """

    def __init__(self, end: float, trial: Callable[[], None]) -> None:
        self.end = end
        start = time.monotonic()
        trial()
        self.block = max(time.monotonic() - start, 1e-9)

    def affordable(self) -> float:
        """Blocks that can still be drawn."""
        return (self.end - time.monotonic()) / self.block

    def over(self, plan: Plan) -> bool:
        """Whether another round of pairs would leave too little time for the last rounds."""
        return self.affordable() < plan.pair_blocks + plan.last_rounds * plan.last_blocks

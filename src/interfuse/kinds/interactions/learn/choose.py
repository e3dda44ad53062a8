"""Which experts, with which settings, and how much each counts: chosen on held-out touches.

A fifth of every user's touches is held out, the last ones where there is an order, else random
ones. Experts are fitted to the rest, and judged by the nDCG at 20 of the held-out touches of up to
`MOST_USERS` users. First each method chooses its setting alone. Then the weights omega are searched
one after the other (coordinate ascent), on the items that any expert has among its first `POOL`.
No test data is seen: whoever evaluates holds out touches of their own before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts.forms import Expert, Floats
from interfuse.kinds.interactions.experts.methods import Method, methods
from interfuse.kinds.interactions.experts.order import ages
from interfuse.kinds.interactions.experts.panel import Panel, Voice, top, without_known
from interfuse.kinds.interactions.learn.patience import Patience

SHARE = 0.2
MOST_USERS, MOST_SCORES = 4_000, 100_000_000
MOST_TOUCHES = 3_000_000
"""Experts are compared on random users who have about so many: what is chosen of them is a few
settings and weights, and the experts of the model are fitted to all users. On a third of
Gowalla's test users the three filters that were chosen on 200,000 of 810,000 touches had an nDCG of
.153, those chosen on all .148. On 900,000 of 3,200,000 touches of 300,000 items choosing takes 21
CPU seconds, on all 37; other experts were chosen, which took 25 to recommend for 8."""
FEWEST_USERS = 50
"""With fewer to judge by, all experts count alike."""
POOL = 60
AT = 20
GRID = (0.0, 0.15, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0)
PASSES, RESAMPLES = 2, 8
LEAST = 0.05
"""Of the largest weight: an expert that counts less is left out."""
BLOCK, LARGE_BLOCK = 2**24, 2**26
"""Scores that are held at a time, and that may be for the sake of `TOGETHER` users."""
TOGETHER = 64
"""Users for whom one pass over the factors of all items pays: of a million items, recommending to
960 users takes 7.3 CPU seconds by 16 at a time, 5.3 by 32 and 4.4 by 64."""


@dataclass(frozen=True)
class Choice:
    """One expert as it was chosen.

    Attributes:
        name: of its method.
        setting: of its fit.
        tau: of its users' touches.
        weight: omega.
        alone: nDCG at 20 of it alone on the held-out touches.
    """

    name: str
    setting: dict[str, Any] = field(default_factory=dict)
    tau: float | None = None
    weight: float = 1.0
    alone: float = float("nan")


def part(
    baskets: Baskets, share: float, ordered: bool, rng: np.random.Generator
) -> tuple[Baskets, Baskets]:
    """Touches that are known, and those held out: of each user of at least two a share, at least 1.

    Args:
        baskets: in order.
        share: that is held out.
        ordered: whether the last ones are.
        rng: draws them otherwise.
    """
    lengths = baskets.lengths
    many = np.where(lengths < 2, 0, np.maximum(np.round(share * lengths), 1)).astype(np.int64)
    if ordered:
        place = ages(baskets.indptr)
    else:
        user = np.repeat(np.arange(len(baskets)), lengths)
        order = np.argsort(user + rng.random(len(baskets.items)))
        place = np.empty(len(order), np.int64)
        place[order] = ages(baskets.indptr)
    held = place < np.repeat(many, lengths)
    return baskets.only(~held), baskets.only(held)


def blocks(users: int, items: int) -> Iterator[NDArray[np.int64]]:
    """Numbers of users, so many at a time that their scores fit in `BLOCK`.

    Where that is fewer than `TOGETHER`, they may take up to `LARGE_BLOCK`.
    """
    items = max(items, 1)
    step = max(BLOCK // items, min(TOGETHER, LARGE_BLOCK // items), 1)
    for start in range(0, users, step):
        yield np.arange(start, min(start + step, users))


def ndcg(hits: Floats, wanted: NDArray[np.int64]) -> NDArray[np.float64]:
    """The nDCG of each row of hits in the order of their ranks, with binary gains.

    sum_r hit_r / log2(r + 1) over what the best order has; Jarvelin and Kekalainen 2002.

    Args:
        hits: (users, k) 1 for a wanted item.
        wanted: (users,) how many there are.
    """
    k = hits.shape[1]
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0], np.cumsum(discount)])[np.minimum(wanted, k)]
    return (hits @ discount) / np.maximum(ideal, 1e-12)


def choose(
    baskets: Baskets,
    ordered: bool,
    seed: int,
    tell: Callable[[str], None] = lambda text: None,
    patience: Patience | None = None,
) -> list[Choice]:
    """The experts for these baskets.

    Args:
        baskets: all that may be learned from.
        ordered: whether the order of touches is used.
        seed: of what is held out and of random starts.
        tell: told what is done.
        patience: the time there is; no limit if None.
    """
    patience = patience or Patience()
    rng = np.random.default_rng(seed)
    known, held = part(_some(baskets, rng), SHARE, ordered, rng)
    able = np.flatnonzero((held.lengths > 0) & (known.lengths > 0))
    found = methods(baskets.size, len(baskets.items), ordered)
    if len(able) < FEWEST_USERS:
        return [Choice(m.name, m.settings[0], m.taus[0] if ordered else None) for m in found]
    # All items compete, so that many items leave time for fewer users.
    most = min(max(MOST_SCORES // baskets.size, 500), MOST_USERS)
    judged = np.sort(rng.permutation(able)[:most])
    asked, wanted = known.take(judged), held.take(judged)
    voices, alone = list[Voice](), list[float]()
    for m in found:
        if voices and patience.over:
            tell(f"{m.name}: left out, there is no time for it in the budget")
            continue
        begun = monotonic()
        expert = m.fit(known.matrix, seed, m.settings[0])
        took = monotonic() - begun
        if not patience.keeps(took) and voices:
            tell(f"{m.name}: left out, its fits of {took:.1f} s each are too long for the budget")
            continue
        voice, figure = _best(m, expert, (known, asked, wanted), ordered, seed, patience)
        tell(f"{m.name}: nDCG@{AT} {figure:.4f} on held-out touches")
        voices.append(voice)
        alone.append(figure)
    weights = _weights(voices, asked, wanted, seed, patience)
    return [
        Choice(v.name, v.setting or {}, v.tau, float(w), float(a))
        for v, w, a in zip(voices, weights, alone, strict=True)
    ]


def _some(baskets: Baskets, rng: np.random.Generator) -> Baskets:
    """Random users who have about `MOST_TOUCHES`; all where those are all."""
    users, touches = len(baskets), len(baskets.items)
    if touches <= MOST_TOUCHES:
        return baskets
    return baskets.take(np.sort(rng.permutation(users)[: users * MOST_TOUCHES // touches]))


def _best(
    m: Method,
    expert: Expert,
    touches: tuple[Baskets, Baskets, Baskets],
    ordered: bool,
    seed: int,
    patience: Patience,
) -> tuple[Voice, float]:
    """The setting and tau of a method that rank held-out touches best.

    Args:
        m: the method.
        expert: of its first setting.
        touches: what experts are fitted to, what of it they are asked with, what is wanted.
        ordered: whether the order of touches is used.
        seed: of random starts.
        patience: settings are tried while it lasts.
    """
    known, asked, wanted = touches
    best: tuple[Voice, float] | None = None
    for i, setting in enumerate(m.settings):
        if i and patience.over:
            break
        expert = m.fit(known.matrix, seed, setting) if i else expert
        for tau in m.taus if ordered else (None,):
            voice = Voice(m.name, expert, tau, setting=setting, size=known.size)
            figure = judge(voice.scores_of, asked, wanted)
            if best is None or figure > best[1]:
                best = voice, figure
    assert best is not None
    return best


def judge(scores: Callable[[Baskets], Floats], asked: Baskets, wanted: Baskets) -> float:
    """Mean nDCG at `AT` of what a function of baskets scores."""
    total = 0.0
    for index in blocks(len(asked), asked.size):
        known, goal = asked.take(index), wanted.take(index)
        found = top(without_known(scores(known), known), AT)
        total += float(ndcg(hits_of(found, goal), goal.lengths).sum())
    return total / len(asked)


def hits_of(found: NDArray[np.int64], wanted: Baskets) -> Floats:
    """(users, k) 1 where an item that was found is wanted."""
    user = np.repeat(np.arange(len(wanted)), wanted.lengths)
    keys = np.sort(user * wanted.size + wanted.items.astype(np.int64))
    asked = np.arange(len(found))[:, None] * wanted.size + found
    if not len(keys):
        return np.zeros(found.shape, np.float32)
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return (keys[place] == asked).astype(np.float32)


def _weights(
    voices: list[Voice], asked: Baskets, wanted: Baskets, seed: int, patience: Patience
) -> NDArray[np.float64]:
    """The weights omega: the mean of what coordinate ascent finds on resampled users.

    One search follows the chance of a few thousand users: on two public sets the mean of eight
    ranked test touches better than the best of one. One expert needs none, and where time is short
    there are fewer.
    """
    if len(voices) == 1:
        return np.ones(1)
    scores, goals, many = _pools(voices, asked, wanted)
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(0, len(many), len(many))
        omega = _ascend(scores[:, drawn], goals[drawn], many[drawn])
        found.append(omega / omega.sum())
        if patience.over:
            break
    mean = np.mean(found, 0)
    mean[mean < LEAST * mean.max()] = 0
    return np.round(mean / mean.max(), 3)


def _ascend(scores: Floats, goals: NDArray[np.int64], many: NDArray[np.int64]) -> Any:
    """The weights from 1 each, one after the other over `GRID`, while the mean nDCG grows."""
    discount = 1 / np.log2(np.arange(2, AT + 2))
    ideal = np.concatenate([[0], np.cumsum(discount)])[np.minimum(many, AT)]
    gain = np.concatenate([discount, [0.0]])

    def figure(total: Floats) -> float:
        own = np.take_along_axis(total, np.maximum(goals, 0), 1)
        ranks = (total[:, None, :] > own[:, :, None]).sum(2)
        found = gain[np.minimum(ranks, AT)] * (goals >= 0)
        return float((found.sum(1) / ideal).mean())

    omega = np.ones(len(scores))
    total = scores.sum(0)
    best = figure(total)
    for _ in range(PASSES):
        before = best
        for c in range(len(omega)):
            for value in GRID:
                if not value and omega.sum() == omega[c]:
                    continue
                trial = total + np.float32(value - omega[c]) * scores[c]
                if (now := figure(trial)) > best:
                    best, total, omega[c] = now, trial, value
        if best <= before:
            break
    return omega


def _pools(
    voices: list[Voice], asked: Baskets, wanted: Baskets
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Scores (experts, users, pool) of the items that matter, places of wanted ones, how many.

    A user's pool is what any expert has among its first `POOL`, and what is wanted. Places beyond
    it score -1e9; places beyond what is wanted are -1.
    """
    pools, values, places = [], [], []
    for index in blocks(len(asked), asked.size * len(voices)):
        known, goal = asked.take(index), wanted.take(index)
        matrix = known.matrix
        each = [without_known(v.scores(matrix), known) for v in voices]
        tops = np.concatenate([top(s, POOL) for s in each], axis=1)
        for u in range(len(index)):
            aim = goal.items[goal.indptr[u] : goal.indptr[u + 1]]
            pool = np.union1d(tops[u], aim)
            pools.append(pool)
            places.append(np.searchsorted(pool, aim))
            values.append(np.stack([s[u, pool] for s in each]))
    width = max(map(len, pools))
    scores = np.full((len(voices), len(pools), width), -1e9, np.float32)
    goals = np.full((len(pools), int(wanted.lengths.max())), -1, np.int64)
    for u, (value, place) in enumerate(zip(values, places, strict=True)):
        scores[:, u, : value.shape[1]] = np.maximum(value, -1e9)
        goals[u, : len(place)] = place
    return scores, goals, wanted.lengths


def fit_panel(choices: list[Choice], baskets: Baskets, ordered: bool, seed: int) -> Panel:
    """The chosen experts, fitted to baskets.

    Those that `recommend` does without stay: the denoiser has weights of its own.
    """
    known = {m.name: m for m in methods(baskets.size, len(baskets.items), True)}
    matrix = baskets.matrix
    voices = [
        Voice(
            c.name,
            known[c.name].fit(matrix, seed, c.setting),
            c.tau,
            c.weight,
            c.setting,
            baskets.size,
        )
        for c in choices
    ]
    popularity = np.bincount(baskets.items, minlength=baskets.size).astype(np.float32)
    return Panel(tuple(voices), popularity, ordered)

"""What drives a target: first, last, Shapley's share, and pairs that tell more than their parts.

With v(S) = I(y; x_S) = mean of l_y({}) - l_y(S), of player b:

* first, v(b): what it tells alone;
* last, v(all) - v(all without b): what only it tells;
* Shapley (SAGE; Covert, Lundberg & Lee 2020, arXiv 2004.00668): its mean gain over all orders in
  which players may become known. Here each row has a random order of its own and its reverse, so
  that 2 (d + 1) passes over m rows are 2 m orders. The shares add up to v(all).

A player is a column, or a group of columns that become known together. Synergy of two players is
v(bc) - v(b) - v(c): above 0 they tell more together than each alone, below 0 they say the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from interfuse.kinds.table.ask.know.stats import Mean, mean_of, means
from interfuse.kinds.table.ask.know.view import Rows, View

ROWS = 2048
SYNERGIES = 12
"""Players whose pairs are asked for synergy: those with most of Shapley's share, or last."""


@dataclass(frozen=True)
class Driver:
    """A player; nats, each with its standard error.

    Attributes:
        name: of the column or group.
        columns: its columns.
        first, last, share: see the module.
    """

    name: str
    columns: tuple[int, ...]
    first: Mean
    last: Mean
    share: Mean


@dataclass(frozen=True)
class Synergy:
    """Two players: v(bc) - v(b) - v(c)."""

    one: str
    two: str
    value: Mean


@dataclass(frozen=True)
class Drivers:
    """The answer.

    Attributes:
        total: v(all).
        entropy: nats of the target, given the context.
        players: largest share first.
        synergies: largest first.
    """

    total: Mean
    entropy: float
    players: list[Driver]
    synergies: list[Synergy]


def players_of(
    view: View, target: int, groups: dict[str, list[int]], context: tuple[int, ...] = ()
) -> dict[str, tuple[int, ...]]:
    """By name the columns of each player; what is in no group is a player of its own."""
    grouped = {c for own in groups.values() for c in own}
    out = {name: tuple(c for c in own if c != target) for name, own in groups.items()}
    for c, name in enumerate(view.names):
        if c != target and c not in grouped and c not in context:
            out[name] = (c,)
    return {name: own for name, own in out.items() if own}


def drive(
    view: View,
    rows: Rows,
    target: int,
    players: dict[str, tuple[int, ...]],
    *,
    context: tuple[int, ...] = (),
    seed: int = 0,
    weights: np.ndarray | None = None,
    ask: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Drivers:
    """Ask for all players.

    Args:
        view: the columns.
        rows: not fitted.
        target: the column that is explained.
        players: of `players_of`.
        context: columns that are known from the start.
        seed: of the orders.
        weights: (n,) that rows count with, of mean 1; None for 1.
        ask: (n,) l_y(S) by the columns (d,) shown; None asks the view.
    """
    y, blocks = target, rows.blocks
    weigh = np.ones(len(rows)) if weights is None else weights
    start = view.none()
    start[list(context)] = True
    every = start.copy()
    for own in players.values():
        every[list(own)] = True

    def left(shown: np.ndarray) -> np.ndarray:
        nats = view.ask.nats(rows.codes, shown, [y])[:, y] if ask is None else ask(shown)
        return nats * weigh

    none, all_known = left(start), left(every)
    alone, without = {}, {}
    for name, own in players.items():
        alone[name] = none - left(_with(start, own, True))
        without[name] = left(_with(every, own, False)) - all_known
    shares = shapley(view, rows, y, list(players.values()), start, seed, weigh)
    found = [
        Driver(name, own, *(mean_of(x, blocks) for x in (alone[name], without[name], share)))
        for (name, own), share in zip(players.items(), shares.T, strict=True)
    ]
    found.sort(key=lambda d: -d.share.value)
    likely = sorted(found, key=lambda d: -max(d.share.value, d.last.value))[:SYNERGIES]
    synergies = []
    for one, two in combinations(likely, 2):
        both = none - left(_with(start, (*one.columns, *two.columns), True))
        value = mean_of(both - alone[one.name] - alone[two.name], blocks)
        synergies.append(Synergy(one.name, two.name, value))
    synergies.sort(key=lambda s: -s.value.value)
    return Drivers(mean_of(none - all_known, blocks), float(means(none, 0)), found, synergies)


def shapley(
    view: View,
    rows: Rows,
    target: int,
    players: list[tuple[int, ...]],
    start: np.ndarray,
    seed: int,
    weigh: np.ndarray,
) -> np.ndarray:
    """(n, players) each row's gains in its order and in the reverse of it, their mean; or NaN.

    Args:
        view: the columns.
        rows: not fitted; of more than `ROWS` a random part is asked.
        target: what is explained.
        players: columns of each.
        start: (d,) what is known from the start.
        seed: of the orders.
        weigh: (n,) weights of rows.
    """
    n, p = len(rows), len(players)
    rng = np.random.default_rng([seed, 26])
    at = np.arange(n) if n <= ROWS else np.sort(rng.choice(n, ROWS, replace=False))
    own = np.zeros((p, len(start)), bool)
    for i, columns in enumerate(players):
        own[i, list(columns)] = True
    order = rng.random((len(at), p)).argsort(1)
    gains = np.zeros((len(at), p))
    for turn in (order, order[:, ::-1]):
        shown = np.broadcast_to(start, (len(at), len(start))).copy()
        before = view.ask.nats(rows.codes[at], shown, [target])[:, target]
        for step in range(p):
            shown |= own[turn[:, step]]
            after = view.ask.nats(rows.codes[at], shown, [target])[:, target]
            gains[np.arange(len(at)), turn[:, step]] += (before - after) / 2
            before = after
    out = np.full((n, p), np.nan)
    out[at] = gains * weigh[at, None]
    return out


def _with(shown: np.ndarray, columns: tuple[int, ...], known: bool) -> np.ndarray:
    out = shown.copy()
    out[list(columns)] = known
    return out

"""One channel of few values, fitted: what follows it, what fills it, how odd it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from interfuse.kinds.series.base.fit import fitting_periods, reach_of
from interfuse.kinds.series.discrete import paths
from interfuse.kinds.series.discrete.chain import LEAST, Chain, chain_of
from interfuse.kinds.series.discrete.codes import MOST_CODES, Coding, Counted
from interfuse.kinds.series.discrete.experts import (
    PRIOR,
    Tables,
    experts_of,
    names_of,
    shares,
)
from interfuse.kinds.series.discrete.weigh import edges_of, lags_of, weights_of

MOST_HISTORIES = 100
"""Histories that weights are measured on; of more, some."""
SHORTEST = 8


@dataclass(frozen=True)
class Discrete:
    """A fitted channel.

    Attributes:
        place: of the channel.
        levels: K of a state; 0 of a count.
        periods: seasons in steps.
        edges: (B, 2) first and last horizon of each block.
        weights: (B, experts).
        chains: one of all series together for a state, one a series for counts.
        codings: of counts, one a series.
        follow: (B, K, K) what followed what in all series, of a state; empty of counts.
        usual: mean surprise of a step, in nats.
    """

    place: int
    levels: int
    periods: tuple[int, ...]
    edges: np.ndarray
    weights: np.ndarray
    chains: tuple[Chain, ...]
    codings: tuple[Coding, ...]
    follow: np.ndarray
    usual: float

    @property
    def is_state(self) -> bool:
        """Whether it has levels, and no numbers."""
        return self.levels > 0

    def coded(self, values: np.ndarray, owner: int | None) -> tuple[np.ndarray, int, Coding | None]:
        """Codes of a history, how many there are, and what they stand for where these are counts.

        Args:
            values: (T,).
            owner: which fitted series it is; None for another.
        """
        if self.is_state:
            return np.where(np.isfinite(values), values, -1).astype(np.int64), self.levels, None
        there = int(np.isfinite(values).sum())
        known = owner is not None and there < SHORTEST
        coding = self.codings[owner] if known and owner is not None else Coding.of(values)
        return coding.encode(values), len(coding.edge), coding

    def _pool(
        self, past: Counted, horizon: int, weights: np.ndarray, edges: np.ndarray
    ) -> np.ndarray:
        """(horizon, K) probabilities of what follows the last step that was seen."""
        lags = [max(min(lag, len(past.codes) - 1), 1) for lag in lags_of(edges.tolist())]
        tables = Tables.of(past, lags, self.follow if self.is_state else None)
        steps = np.arange(1, horizon + 1)
        block = np.minimum(np.searchsorted(edges[:, 1], steps), len(edges) - 1)
        origin = np.full(horizon, len(past.codes) - 1)
        every = experts_of(past, tables, block, origin, steps)
        return np.einsum("mek,me->mk", every, weights[block])

    def ahead(
        self, values: np.ndarray, owner: int | None, horizon: int, draws: int,
        rng: np.random.Generator, known: np.ndarray | None = None,
    ) -> np.ndarray:  # fmt: skip
        """(draws, horizon) joint draws of what follows.

        Args:
            values: (T,) the history, NaN missing.
            owner: which fitted series it is.
            horizon: steps.
            draws: how many.
            rng: of the draws.
            known: (horizon,) values of the future that hold.
        """
        codes, count, coding = self.coded(values, owner)
        seen = np.flatnonzero(codes >= 0)
        gone = len(codes) - 1 - int(seen[-1]) if len(seen) else 0
        past = Counted(codes[: len(codes) - gone], count, self.periods)
        if len(seen) < SHORTEST:
            chain = self._chain(owner)
            ticks = np.arange(horizon)
            start = chain.share if not len(seen) else chain.kernel[codes[seen[-1]]]
            nothing = np.full(horizon, -1)
            out = paths.between(nothing, chain.at(ticks), start, draws, rng)
        else:
            marginal = self._pool(past, horizon + gone, self.weights, self.edges)[gone:]
            if known is not None:
                there = np.isfinite(known)
                own = self.coded(known, owner)[0] if coding is None else coding.encode(known)
                marginal[there] = np.eye(count)[own[there]]
            kernel = Tables.of(past, [1], self.follow[:1] if self.is_state else None).follow[0]
            kernel = (1 - LEAST) * kernel + LEAST / count
            out = paths.ahead(marginal, kernel, draws, rng)
        made = out.astype(float) if coding is None else coding.decode(out, rng)
        return made if known is None else np.where(np.isfinite(known), known, made)

    def probabilities(self, values: np.ndarray, owner: int | None, horizon: int) -> np.ndarray:
        """(horizon, K) of what follows: of states."""
        codes, count, _ = self.coded(values, owner)
        return self._pool(Counted(codes, count, self.periods), horizon, self.weights, self.edges)

    def between(
        self, values: np.ndarray, owner: int | None, tick: int, draws: int,
        rng: np.random.Generator, evidence: np.ndarray | None = None,
    ) -> np.ndarray:  # fmt: skip
        """(draws, T) with gaps drawn, given both ends.

        Args:
            values: (T,), NaN missing.
            owner: which fitted series it is.
            tick: of the first step, in steps.
            draws: how many.
            rng: of the draws.
            evidence: (T, K) how likely what else is known of each step is with each code.
        """
        codes, count, coding = self.coded(values, owner)
        enough = (codes >= 0).sum() >= 4 * SHORTEST
        ticks = tick + np.arange(len(codes))
        if coding is not None and (enough or owner is None):
            chain = chain_of([codes], [tick], count, self.periods)
        else:
            chain = self._chain(owner)
        out = paths.between(codes, chain.at(ticks), chain.share, draws, rng, evidence)
        made = out.astype(float) if coding is None else coding.decode(out, rng)
        return np.where(np.isfinite(values), values, made)

    def fresh(self, owner: int, tick: int, length: int, rng: np.random.Generator) -> np.ndarray:
        """(length,) of a new series like a fitted one."""
        chain = self._chain(owner)
        ticks = tick + np.arange(length)
        start = chain.share * chain.phase[int(ticks[0]) % len(chain.phase)]
        start = start / start.sum()
        out = paths.between(np.full(length, -1), chain.at(ticks), start, 1, rng)[0]
        return out.astype(float) if self.is_state else self.codings[owner].decode(out, rng)

    def surprise(self, values: np.ndarray, owner: int | None) -> tuple[np.ndarray, np.ndarray]:
        """(T,) nats of each step given those before it over what is usual, and the likeliest code.

        The first step has no past; NaN where nothing was seen.
        """
        codes, count, _ = self.coded(values, owner)
        past = Counted(codes, count, self.periods)
        if len(codes) < 2:
            return np.where(codes >= 0, 1.0, np.nan), np.maximum(codes, 0)
        tables = Tables.of(past, [1], self.follow[:1] if self.is_state else None)
        origin = np.arange(len(codes) - 1)
        one = np.ones(len(origin), np.int64)
        every = experts_of(past, tables, np.zeros_like(one), origin, one)
        p = np.einsum("mek,e->mk", every, self.weights[0])
        own = p[np.arange(len(p)), np.maximum(codes[1:], 0)]
        nats = np.concatenate([[self.usual], -np.log(np.maximum(own, 1e-12))])
        likely = np.concatenate([[int(shares(past).argmax())], p.argmax(1)])
        return np.where(codes >= 0, nats / self.usual, np.nan), likely

    def _chain(self, owner: int | None) -> Chain:
        return self.chains[0 if self.is_state or owner is None else owner]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All of it by name."""
        numbers = [self.place, self.levels, self.usual]
        out = {
            "numbers": np.array(numbers, float),
            "periods": np.array(self.periods, float),
            "edges": self.edges.astype(float),
            "weights": self.weights,
            "follow": self.follow,
        }
        for i, chain in enumerate(self.chains):
            out |= {f"chain/{i}/{k}": v for k, v in chain._asdict().items()}
        if self.codings:
            out["edge"] = np.stack([_padded(c.edge) for c in self.codings])
            out["inside"] = np.stack([_padded(c.inside) for c in self.codings])
            out["count"] = np.array([len(c.edge) for c in self.codings], float)
        return {k: np.ascontiguousarray(v, float) for k, v in out.items()}

    @classmethod
    def from_arrays(cls, a: Mapping[str, np.ndarray]) -> Discrete:
        """The inverse of `to_arrays`.

        Raises:
            ValueError: shapes do not fit together.
        """
        place, levels, usual = a["numbers"].tolist()
        periods = tuple(int(p) for p in a["periods"])
        many = len({k.split("/")[1] for k in a if k.startswith("chain/")})
        chains = tuple(Chain(*(a[f"chain/{i}/{k}"] for k in Chain._fields)) for i in range(many))
        codings: tuple[Coding, ...] = ()
        if "count" in a:
            codings = tuple(
                Coding(e[:n], x[:n])
                for e, x, n in zip(a["edge"], a["inside"], a["count"].astype(int), strict=True)
            )
        edges, weights = a["edges"].astype(np.int64), a["weights"]
        good = (
            weights.shape == (len(edges), len(names_of(periods)))
            and len(edges) > 0
            and min(periods, default=1) > 0
            and many == (1 if levels else len(codings))
            and usual > 0
        )
        k = int(levels)
        for i, chain in enumerate(chains):
            n = k or len(codings[i].edge)
            good = good and chain.kernel.shape == (n, n) and chain.phase.shape[1:] == (n,)
            good = good and chain.share.shape == (n,) and len(chain.phase) > 0
        if not good or (k and a["follow"].shape != (len(edges), k, k)):
            raise ValueError("a channel of few values: numbers do not fit together")
        return cls(
            int(place), k, periods, edges, weights, chains, codings, a["follow"], float(usual)
        )


def _padded(x: np.ndarray) -> np.ndarray:
    return np.concatenate([x, np.zeros((MOST_CODES - len(x), *x.shape[1:]))])


def fit_channel(
    place: int,
    levels: int,
    series: Sequence[np.ndarray],
    ticks: Sequence[int],
    periods: Sequence[int],
    seed: int,
) -> Discrete | None:
    """Fit a channel; None where no series is long enough.

    Args:
        place: of the channel.
        levels: K of a state; 0 of a count.
        series: (T_i,) values of each series, NaN missing; of states codes.
        ticks: of their first steps, in steps.
        periods: seasons in steps.
        seed: of the steps that are asked about.
    """
    rng = np.random.default_rng(seed)
    longest = max(map(len, series))
    fitting = fitting_periods(longest, periods)
    codings = [] if levels else [Coding.of(v) for v in series]
    if levels:
        coded = [np.where(np.isfinite(v), v, -1).astype(np.int64) for v in series]
        counts = [levels] * len(series)
    else:
        coded = [c.encode(v) for c, v in zip(codings, series, strict=True)]
        counts = [len(c.edge) for c in codings]
    long = [i for i, x in enumerate(coded) if (x >= 0).sum() >= SHORTEST]
    if levels:
        long = long or [i for i, x in enumerate(coded) if len(x)]
    if not long:
        return None
    if len(long) > MOST_HISTORIES:
        long = sorted(rng.choice(long, MOST_HISTORIES, replace=False).tolist())
    histories = [Counted(coded[i], counts[i], fitting) for i in long]
    edges = edges_of(reach_of(longest, fitting))
    middles = None if levels else [codings[i].middle for i in long]
    weights = weights_of(histories, edges, middles, rng)
    follow = np.zeros((0, 0, 0))
    if levels:
        follow = _followed(histories, lags_of(edges))
        chains: tuple[Chain, ...] = (chain_of(coded, ticks, levels, fitting),)
    else:
        some = fitting if len(series) <= MOST_HISTORIES else ()
        chains = tuple(
            chain_of([x], [t], n, some) for x, t, n in zip(coded, ticks, counts, strict=True)
        )
    made = Discrete(
        place, levels, fitting, np.array(edges), weights, chains, tuple(codings), follow, 1.0
    )
    nats = [made.surprise(series[i], i)[0] for i in long[:20]]
    every = np.concatenate(nats)
    usual = float(np.nanmean(every)) if np.isfinite(every).any() else 1.0
    return Discrete(**{**made.__dict__, "usual": max(usual, 1e-3)})


def _followed(histories: Sequence[Counted], lags: Sequence[int]) -> np.ndarray:
    """(B, K, K) what followed what in all of them."""
    k = histories[0].count
    total = np.full(k, 0.5) + sum(past.running[-1] for past in histories)
    share = total / total.sum()
    out = np.zeros((len(lags), k, k))
    for b, lag in enumerate(lags):
        for past in histories:
            now, then = past.held[: max(len(past.codes) - lag, 0)], past.codes[lag:]
            good = (now >= 0) & (then >= 0)
            np.add.at(out[b], (now[good], then[good]), 1.0)
    return (out + PRIOR * share) / (out.sum(2, keepdims=True) + PRIOR)


def arrays_of(channels: Sequence[Discrete]) -> dict[str, np.ndarray]:
    """All channels by name."""
    return {f"{i}/{k}": v for i, c in enumerate(channels) for k, v in c.to_arrays().items()}


def channels_from(a: Mapping[str, np.ndarray]) -> tuple[Discrete, ...]:
    """The inverse of `arrays_of`.

    Raises:
        ValueError: shapes do not fit together.
        KeyError: a part is missing.
    """
    parts: dict[int, dict[str, Any]] = {}
    for name, value in a.items():
        number, _, key = name.partition("/")
        parts.setdefault(int(number), {})[key] = value
    return tuple(Discrete.from_arrays(parts[i]) for i in sorted(parts))

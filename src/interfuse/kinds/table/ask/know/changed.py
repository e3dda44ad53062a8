"""Which columns and pairs differ between two sets of rows: linear statistics, permuted together.

Each statistic is a difference of means of some function of a row between B and A, so that all of
them under all labellings are one product of matrices. The largest of all, each in units of its own
spread, is what each is held against (max-T): exact, however many there are, if rows (or blocks of
them) are exchangeable. Statistics may be of several families: each family's largest is brought to
its p-value under every labelling, and the smallest of these is held against itself under all. That
is exact as well, and a family of many statistics does not outweigh one of few. By column:

* `values`: its codes, as chi-square, brought to a normal scale by its cube root (Wilson & Hilferty
  1931, doi 10.1073/pnas.17.12.684);
* `new values`: how often it holds what the model never saw;
* `surprise`: l_j(all others) in nats;
* `given the others`: what it is beyond what the model expects: u(c_j) - E[u | others], u the normal
  score of an ordered code; of a category, whether it is one of its commonest values.

By pair of columns: the product of their normal scores (`together`). A mean that moves by .2
standard deviations is seen in the residual and hardly in the surprise; labels that are flipped more
often are seen in the surprise and not in the residual.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from interfuse.kinds.table.ask.know.stats import means, permuted, rank_of_first, standardised
from interfuse.kinds.table.ask.know.view import View

TIMES = 499
COMMON = 8
MOST_PAIRS = 600
TOGETHER = 64


@dataclass
class Statistics:
    """Functions of rows, and which statistic each is a part of.

    Attributes:
        parts: (n, t) blocks of them.
        names: of each statistic its column or pair, and what it is.
        spans: of each statistic, its part and how many columns; more than one is a chi-square.
        families: of each statistic, the number of its family.
        nats: (n, d) surprise of each column given all others, if the model was asked.
    """

    parts: list[np.ndarray] = field(default_factory=list)
    names: list[tuple[tuple[int, ...], str]] = field(default_factory=list)
    spans: list[int] = field(default_factory=list)
    families: list[int] = field(default_factory=list)
    nats: np.ndarray | None = None

    def add(self, columns: tuple[int, ...], what: str, x: np.ndarray, family: int = 0) -> None:
        """A statistic of (n,) or of (n, k) together; what is unknown counts as the mean."""
        x = x[:, None] if x.ndim == 1 else x
        known = np.isfinite(x)
        mean = np.where(known, x, 0).sum(0) / np.maximum(known.sum(0), 1)
        x = np.where(known, x - mean, 0.0)
        spread = x.std(0)
        if (spread < 1e-12).all():
            return
        if x.shape[1] == 1:
            x = x / spread
        self.parts.append(x.astype(np.float32))
        self.names.append((columns, what))
        self.spans.append(x.shape[1])
        self.families.append(family)


@dataclass(frozen=True)
class Found:
    """What a permutation test says.

    Attributes:
        p: that nothing differs.
        names: see `Statistics`.
        z: each statistic in units of its spread under permutation.
        adjusted: p-value of each, for all at once.
        within: p-value of each, for all of its family at once.
    """

    p: float
    names: list[tuple[tuple[int, ...], str]]
    z: np.ndarray
    adjusted: np.ndarray
    within: np.ndarray


def scores_of(view: View, codes: np.ndarray, column: int) -> np.ndarray | None:
    """(n,) normal score of the codes of a column in order; None for categories of more than two."""
    own = codes[:, view.ask.cells[column][0]]
    bins, size = view.fields[column].bins, view.ask.sizes[view.ask.cells[column][0]]
    if not bins and size > 2:
        return None
    worth = _worth(own, bins or size, size)
    return np.where(own >= 0, worth[np.maximum(own, 0)], np.nan)


def _worth(own: np.ndarray, ordered: int, size: int) -> np.ndarray:
    """(size,) normal score of each code in order, NaN for others."""
    count = np.bincount(own[(own >= 0) & (own < ordered)], minlength=ordered)[:ordered] + 0.5
    out = np.full(size, np.nan)
    out[:ordered] = ndtri((count.cumsum() - count / 2) / count.sum())
    return out


def statistics_of(view: View, codes: np.ndarray, *, ask: bool = True) -> Statistics:
    """All statistics of pooled rows.

    Args:
        view: the columns.
        codes: (n, q) of both sets.
        ask: whether the model is asked for surprise and what is expected, a pass a column.
    """
    out = Statistics()
    scores: dict[int, np.ndarray] = {}
    every = np.full((len(codes), len(view.names)), np.nan)
    for a in range(len(view.names)):
        cell = view.ask.cells[a][0]
        own, size = codes[:, cell], view.ask.sizes[cell]
        if (own < 0).all():
            continue
        seen = np.flatnonzero(np.bincount(own[own >= 0], minlength=size) >= 5)
        if len(seen) > 1:
            out.add((a,), "values", _shares_of(own, seen))
        out.add((a,), "new values", (own < 0).astype(float))
        score = scores_of(view, codes, a)
        if score is not None:
            scores[a] = score
            out.add((a,), "mean", score)
        if not ask:
            continue
        every[:, a], shares = view.ask.told(codes, view.all_but(a), a)
        out.add((a,), "surprise", every[:, a])
        for x in _residuals(view, a, own, size, shares):
            out.add((a,), "given the others", np.where(own >= 0, x, np.nan))
    if ask:
        out.add((), "surprise", np.nansum(every, 1))
        out.nats = every
    _together(out, scores)
    return out


def _shares_of(own: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(n, k) whether a row has a code, over the root of how often rows have it."""
    x = (own[:, None] == seen).astype(float)
    return x / np.sqrt(x.mean(0))


def _residuals(
    view: View, a: int, own: np.ndarray, size: int, shares: np.ndarray
) -> list[np.ndarray]:
    bins = view.fields[a].bins
    if bins or size <= 2:
        worth = _worth(own, bins or size, size)
        fine = np.isfinite(worth)
        expected = shares[:, fine] @ worth[fine] / np.maximum(shares[:, fine].sum(1), 1e-9)
        return [worth[np.maximum(own, 0)] - expected]
    common = np.argsort(-np.bincount(own[own >= 0], minlength=size))[:COMMON]
    return [(own == k) - shares[:, k] for k in common]


def _together(out: Statistics, scores: dict[int, np.ndarray]) -> None:
    names = list(scores)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    for a, b in pairs[:MOST_PAIRS]:
        x, y = (s - means(s, 0) for s in (scores[a], scores[b]))
        out.add((a, b), "together", x * y)


def held_apart(
    made: Statistics,
    labels: np.ndarray,
    blocks: np.ndarray | None,
    seed: int,
    times: int = TIMES,
    parts: np.ndarray | None = None,
) -> Found:
    """Permute the labels over rows or blocks.

    Args:
        made: of pooled rows.
        labels: (n,) 0 for A, 1 for B.
        blocks: (n,) rows of one number stay together; None for rows that are exchangeable.
        seed: of the permutations.
        times: how many.
        parts: (n,) they are permuted within rows of one number; None for one part.
    """
    rng = np.random.default_rng([seed, 29])
    every = permuted(labels.astype(np.float32), times, rng, blocks, parts)
    many = every.sum(1, keepdims=True)
    # Differences of means: rows of B weigh 1 / n_B, those of A -1 / n_A.
    weight = every / many - (1 - every) / (len(labels) - many)
    table = np.empty((times + 1, len(made.parts)))
    sizes = 1 / many[:, 0] + 1 / (len(labels) - many[:, 0])
    for start in range(0, len(made.parts), TOGETHER):
        # Many at once: the labellings do not fit into the cache, and are passed over each time.
        spans = made.spans[start : start + TOGETHER]
        gaps = weight @ np.concatenate(made.parts[start : start + TOGETHER], 1)
        for i, (end, span) in enumerate(zip(np.cumsum(spans), spans, strict=True), start):
            gap = gaps[:, end - span : end]
            if span == 1:
                table[:, i] = gap[:, 0] / np.sqrt(sizes)
            else:
                table[:, i] = np.cbrt((gap**2).sum(1) / sizes / span)
    signed = standardised(table)
    single = np.array(made.spans) == 1
    size = np.where(single, np.abs(signed), signed)
    return _of_families(size, signed[0], made)


def _of_families(size: np.ndarray, z: np.ndarray, made: Statistics) -> Found:
    """What is found of statistics (K + 1, m) of all labellings, the true one first."""
    family = np.array(made.families, int)
    within = np.ones(len(family))
    smallest = np.ones(len(size))
    for one in np.unique(family):
        own = family == one
        most = size[:, own].max(1)
        at = np.sort(most)
        # Of each labelling, the share of labellings whose largest is at least its own.
        shares = 1 - np.searchsorted(at, most - 1e-12, "left") / len(most)
        within[own] = 1 - np.searchsorted(at, size[0, own] - 1e-12, "left") / len(most)
        smallest = np.minimum(smallest, shares)
    adjusted = np.array([(smallest <= p + 1e-12).mean() for p in within])
    return Found(rank_of_first(-smallest), made.names, z, adjusted, within)

"""Whether covariates changed, and whether what a target is given them did: a test of each.

What a short fit gains in nats is a lower bound, and of a small change mostly noise, whichever part
it is of. So each part has a test of its own, of all rows:

* covariates: the largest of the permuted statistics (`changed`) that do not hold the target;
* concept, "s is independent of y given X": sums of (s - E[s | X]) (f(y) - E[f(y) | X]) h(X), with
  f the normal score of an ordered target or whether it is one of its commonest values, and h one,
  what is expected of f, or the normal score of another column. This is the generalised covariance
  measure (Shah & Peters 2020, arXiv 1804.07203), weighted (Scheidegger, Hörrmann & Bühlmann 2022,
  arXiv 2111.04361). Either factor is 0 in the mean, so that an error in one expectation is paid for
  only by one in the other. Expectations are boosted trees', of rows that each was not fitted to.
  The largest is held against the same sums with random signs of rows, or of blocks.

A target of which only the spread changed is not seen by the second test.

Whether anything changed is asked of the target given the others as well (`given_others`): there s
is not taken off, so that labels may be permuted as those of the columns' own statistics are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from interfuse.evaluate.trees import boosted, learnable
from interfuse.kinds.table.ask.know.changed import COMMON, Found, Statistics, scores_of
from interfuse.kinds.table.ask.know.stats import LEVEL, rank_of_first
from interfuse.kinds.table.ask.know.view import View

FOLDS, SIGNS = 4, 999
TREES, DEPTH, RATE, LEAF = 60, 4, 0.1, 20
RAREST = 0.02
GIVEN = "given the others"


def covariate_p(found: Found, y: int) -> float:
    """The smallest adjusted p-value of what does not hold column y; 1 without any."""
    own = [p for p, (columns, _) in zip(found.within, found.names, strict=True)
           if y not in columns]  # fmt: skip
    return float(min(own, default=1.0))


@dataclass(frozen=True)
class Expected:
    """What a target is expected to be given all other columns, whatever the source.

    Attributes:
        y: the target.
        x: (n, q) the other columns' codes, NaN where unknown.
        pieces: (n,) rows of one number stay together.
        fold: (n,) trees of a fold are fitted to the other folds.
        functions: (n, k) of the target.
        expected: (n, k) of each, given x.
        scores: of other columns that have an order, their (n,) normal score, 0 where unknown.
    """

    y: int
    x: np.ndarray
    pieces: np.ndarray
    fold: np.ndarray
    functions: np.ndarray
    expected: np.ndarray
    scores: dict[int, np.ndarray]


def expected_of(
    view: View, codes: np.ndarray, source: int, y: int, blocks: np.ndarray | None, seed: int
) -> Expected:
    """Fit the trees of a target.

    Args:
        view: the columns.
        codes: (n, q) of both tables.
        source: the column that says which.
        y: the target.
        blocks: (n,) rows of one number stay together; None for rows that are independent.
        seed: of folds and trees.
    """
    rng = np.random.default_rng([seed, 34])
    told = _functions(view, codes, y)
    gone = [*view.ask.cells[source], *view.ask.cells[y]]
    x = np.where((codes < 0) | (codes >= np.array(view.ask.sizes)), np.nan, codes.astype(float))
    x = np.delete(x, gone, 1)
    pieces = np.arange(len(x)) if blocks is None else np.unique(blocks, return_inverse=True)[1]
    fold = (rng.permutation(pieces.max() + 1) % FOLDS)[pieces]
    expected = np.zeros_like(told)
    for k in range(told.shape[1]):
        expected[:, k] = _expected(x, told[:, k], fold, seed)
    scores = {}
    for a in range(len(view.names)):
        score = None if a in (source, y) else scores_of(view, codes, a)
        if score is not None:
            scores[a] = np.where(np.isfinite(score), score, 0.0)
    return Expected(y, x, pieces, fold, told, expected, scores)


def concept_p(known: Expected, labels: np.ndarray, seed: int) -> float:
    """p-value of "the target given the other columns is alike in A and B"; 1 where it is constant.

    Args:
        known: what is expected of the target.
        labels: (n,) 0 for A, 1 for B.
        seed: of trees and signs.
    """
    if not known.functions.size:
        return 1.0
    rng = np.random.default_rng([seed, 36])
    pieces = known.pieces
    away = labels - _expected(known.x, labels.astype(float), known.fold, seed)
    terms = []
    for f, expected in zip(known.functions.T, known.expected.T, strict=True):
        product = away * (f - expected)
        terms += [product, *(product * h for h in known.scores.values())]
        terms.append(product * (expected - expected.mean()))
    sums = np.zeros((pieces.max() + 1, len(terms)))
    np.add.at(sums, pieces, np.stack(terms, 1))
    spread = np.sqrt((sums**2).sum(0))
    sums = sums[:, spread > 1e-9] / spread[spread > 1e-9]
    if not sums.size:
        return 1.0
    signs = rng.choice([-1.0, 1.0], (SIGNS, len(sums)))
    return rank_of_first(np.abs(np.vstack([sums.sum(0), signs @ sums])).max(1))


def given_others(out: Statistics, known: Expected) -> None:
    """Add a family of statistics: means of what the target is beyond what is expected, by column.

    (f - E[f | X]) h(X) / spread of f given X. Of a target of two values the spread follows from
    what is expected; of another it is taken as one. No source is asked, so that they are functions
    of the pooled rows, and permuting labels is exact.

    Args:
        out: to add to.
        known: what is expected of the target.
    """
    for f, expected in zip(known.functions.T, known.expected.T, strict=True):
        away = f - expected
        low, high = f.min(), f.max()
        # A missing target counts as the mean, a third value.
        if len(np.unique(f)) - (np.isclose(f, f.mean()).any()) <= 2:
            share = np.clip((expected - low) / (high - low), RAREST, 1 - RAREST)
            away = away / np.sqrt(share * (1 - share))
        own = (known.y,)
        out.add(own, GIVEN, away, family=1)
        out.add(own, GIVEN, away * (expected - expected.mean()), family=1)
        for a, h in known.scores.items():
            out.add((known.y, a), GIVEN, away * h, family=1)


def which(covariate: float, concept: float) -> str | None:
    """`covariate`, `concept` or `both`, whichever is below the level; None for neither."""
    names = [n for n, p in (("covariate", covariate), ("concept", concept)) if p <= LEVEL]
    return None if not names else names[0] if len(names) == 1 else "both"


def _functions(view: View, codes: np.ndarray, y: int) -> np.ndarray:
    """(n, k) functions of the target; of rows without it, the mean."""
    own = codes[:, view.ask.cells[y][0]]
    score = scores_of(view, codes, y)
    if score is not None:
        many = [score]
    else:
        common = np.argsort(-np.bincount(own[own >= 0], minlength=1))[:COMMON]
        many = [np.where(own >= 0, own == k, np.nan) for k in common]
    kept = []
    for f in many:
        known = np.isfinite(f)
        if known.any() and f[known].std() > 1e-9:
            kept.append(np.where(known, f, f[known].mean()))
    return np.stack(kept, 1) if kept else np.zeros((len(codes), 0))


def _expected(x: np.ndarray, f: np.ndarray, fold: np.ndarray, seed: int) -> np.ndarray:
    """(n,) E[f | x] by trees, of each fold from the others."""
    out = np.full(len(f), f.mean())
    if not x.shape[1]:
        return out
    for k in np.unique(fold):
        held = fold == k
        fit = ~held
        if fit.any():
            tree: Any = boosted(
                "regress", trees=TREES, depth=DEPTH, learning_rate=RATE, least_rows=LEAF, seed=seed
            )
            tree.fit(learnable(x[fit]), f[fit])
            out[held] = tree.predict(x[held])
    return out

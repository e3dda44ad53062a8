"""What products and ratios are made of, and which of them might be a column's.

In logarithms a product or ratio is a sum, log c = log k + s_1 log t_1 + s_2 log t_2 + s_3 log t_3,
s = 1 or -1, so that the variance of log c - sum s_i log t_i is zero. It is read off the covariances
of all logarithms for all pairs and triples of terms at once:

    V_c - 2 sum s_i g_i + sum s_i s_j G_ij,   g_i = cov(log c, log t_i),
                                              G_ij = cov(log t_i, log t_j).

Rounding and exceptions leave some variance, and exceptions much of it: of the `ROUGH` combinations
with the least, the `KEPT` are looked at whose absolute residuals have the least 90 % quantile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from interfuse.kinds.table.rules.formula import quoted
from interfuse.kinds.table.rules.search.columns import Column

ROWS = 512
MOST_SINGLE = 400
MOST_SUMS = 40
MOST_TRIPLE = 40
ROUGH = 64
KEPT = 12
LOOSE = 0.25
"""Share of the variance of log c that rounding and exceptions may leave."""
MOST_LEFT = 0.35
"""Largest 90 % quantile of absolute residuals of log c."""
TOLD = 0.01
"""Least standard deviation of log(1 + share) for a share to be a factor."""
LEAST_ROWS = 20
_PRESENT = 0.95


@dataclass(frozen=True)
class Term:
    """A factor.

    Attributes:
        text: as a formula has it.
        columns: the columns in it.
        x: (n,) its values.
        whole: whether these are whole numbers.
        index: place of its first column in the table.
    """

    text: str
    columns: tuple[str, ...]
    x: np.ndarray
    whole: bool = True
    index: int = 0

    @property
    def single(self) -> bool:
        """Whether it is a column."""
        return len(self.columns) == 1 and "(" not in self.text


@dataclass(frozen=True)
class Combination:
    """A product and ratio of terms: sign 1 above, -1 below the line."""

    terms: tuple[tuple[int, Term], ...]

    @property
    def columns(self) -> frozenset[str]:
        """All columns in it."""
        return frozenset(n for _, t in self.terms for n in t.columns)

    @property
    def x(self) -> np.ndarray:
        """(n,) its values."""
        out = np.ones(len(self.terms[0][1].x))
        with np.errstate(all="ignore"):
            for sign, term in self.terms:
                out = out * term.x if sign > 0 else out / np.where(term.x == 0, np.nan, term.x)
        return out

    def text(self, factor: str = "", single: bool = False) -> str:
        """As a formula has it.

        Args:
            factor: above the line, such as "8"; "/ 60" stands below it.
            single: whether what is below the line is rounded to single precision.
        """
        # Columns in their order, as people multiply: the last bit may depend on it.
        ordered = sorted(self.terms, key=lambda pair: (not pair[1].single, pair[1].index))
        above = [t.text for s, t in ordered if s > 0]
        below = [t.text for s, t in ordered if s < 0]
        if factor.startswith("/ "):
            below = [factor[2:], *below]
        elif factor:
            above = [factor, *above]
        out = " * ".join(above) or "1"
        if not below:
            return _bare(out)
        under = " * ".join(below)
        under = f"({under})" if len(below) > 1 else under
        if single:
            return f"{out} / float32({_bare(under)})"
        return f"{out} / {under}"


def _bare(text: str) -> str:
    """A text without brackets around all of it."""
    if not text.startswith("(") or not text.endswith(")"):
        return text
    depth = 0
    for i, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if not depth and i < len(text) - 1:
            return text
    return text[1:-1]


def singles(columns: list[Column]) -> list[Term]:
    """Each column as a term."""
    return [
        Term(quoted(c.name), (c.name,), c.x, c.series.dtype.is_integer(), c.index) for c in columns
    ]


def composites(columns: list[Column]) -> list[Term]:
    """Sums and differences of two columns, one more or less, and what shares leave."""
    out = []
    if len(columns) <= MOST_SUMS:
        for one, other in combinations(columns, 2):
            a, b = quoted(one.name), quoted(other.name)
            names, whole = (one.name, other.name), one.decimals == 0 == other.decimals
            out.append(Term(f"({a} + {b})", names, one.x + other.x, whole))
            out.append(Term(f"({a} - {b})", names, one.x - other.x, whole))
            if whole:
                out.append(Term(f"({a} + {b} - 1)", names, one.x + other.x - 1, whole))
            if one.there.min(initial=0.0) >= 0 and other.there.min(initial=0.0) >= 0:
                # Shares and imbalances.
                total = np.where(one.x + other.x == 0, np.nan, one.x + other.x)
                for above, text in ((one.x - other.x, f"({a} - {b})"), (one.x, a), (other.x, b)):
                    share = f"({text} / ({a} + {b}))"
                    out.append(Term(share, names, above / total, whole=False))
    for c in columns:
        name, x = quoted(c.name), c.there
        if not len(x):
            continue
        if c.decimals == 0:
            out.append(Term(f"({name} - 1)", (c.name,), c.x - 1))
            out.append(Term(f"({name} + 1)", (c.name,), c.x + 1))
        # Nothing negative: a share or a rate may be taken from one, or added to it.
        for unit, most in ((1, 1.0), (100, 100.0)):
            if x.min() >= 0 and unit / 100 < x.max() <= most and np.log1p(x / unit).std() > TOLD:
                out.append(Term(f"({unit} - {name})", (c.name,), unit - c.x, False))
                out.append(Term(f"({unit} + {name})", (c.name,), unit + c.x, False))
    return out


def combine(
    target: Column, y: np.ndarray, one: list[Term], more: list[Term], names: frozenset[str]
) -> Iterator[Combination]:
    """The combinations that might be a column's, the likeliest first.

    Args:
        target: the column.
        y: (n,) its values, or these less another column's.
        one: columns.
        more: what else may be in it, once.
        names: columns that may not.
    """
    rows = np.flatnonzero(np.isfinite(y) & (y != 0))
    if len(rows) < LEAST_ROWS:
        return
    rows = rows[:: -(-len(rows) // ROWS)]
    free = [t for t in one if not names & set(t.columns)]
    also = [t for t in more if not names & set(t.columns)]
    terms = [*free, *also]
    if not terms:
        return
    with np.errstate(all="ignore"):
        logs = np.log(np.abs(np.stack([t.x[rows] for t in terms])))
        c = np.log(np.abs(y[rows]))
    fine = np.isfinite(logs)
    kept = np.flatnonzero(fine.mean(1) >= _PRESENT)
    if not len(kept):
        return
    terms, logs, fine = [terms[i] for i in kept], logs[kept], fine[kept]
    good = fine.all(0) if fine.all(0).sum() >= max(LEAST_ROWS, 0.5 * len(rows)) else None
    if good is not None:
        logs, c = logs[:, good], c[good]
    else:
        logs = np.where(fine, logs, 0.0)
    c = c - c.mean()
    logs = logs - logs.mean(1, keepdims=True)
    variance = float((c**2).mean())
    if variance < 1e-9:
        return
    g, full = logs @ c / len(c), logs @ logs.T / len(c)
    count = int((kept < len(free)).sum())
    some = list(_chosen(terms, count, variance, g, full))
    if not some:
        return
    # Residuals of all at once: the last term of zeros fills those of fewer terms up.
    signs = np.array([[s for s, _ in k] + [0] * (3 - len(k)) for k in some])
    at = np.array([[i for _, i in k] + [0] * (3 - len(k)) for k in some])
    left = c - (signs[:, :, None] * logs[at]).sum(1)
    left = np.abs(left - np.median(left, 1, keepdims=True))
    spread = np.partition(left, int(0.9 * left.shape[1]), 1)[:, int(0.9 * left.shape[1])]
    wide = np.array([sum(len(terms[i].columns) for _, i in k) for k in some])
    for best in np.lexsort((spread, wide, spread.round(2)))[:KEPT]:
        if spread[best] <= MOST_LEFT:
            yield Combination(tuple((s, terms[i]) for s, i in some[best]))


Chosen = tuple[tuple[int, int], ...]
"""Signs and numbers of terms."""


def _chosen(
    terms: list[Term], count: int, variance: float, g: np.ndarray, full: np.ndarray
) -> Iterator[Chosen]:
    """Combinations of the least variance: of one, two and three terms."""
    most = LOOSE * variance
    own = np.diag(full)
    for sign in (1, -1):
        left = variance + own - 2 * sign * g
        for i in _least(left, most):
            yield ((sign, i),)
    for a, b in product((1, -1), repeat=2):
        left = (
            variance
            + (own - 2 * a * g)[:, None]
            + (own - 2 * b * g)[None, :count]
            + 2 * a * b * full[:, :count]
        )
        # A pair of columns once; nothing with itself.
        i, j = np.arange(left.shape[0])[:, None], np.arange(count)[None, :]
        left = np.where((i > j) | (i >= count), left, np.inf)
        for at in _least(left.ravel(), most):
            row, column = divmod(int(at), count)
            if not set(terms[row].columns) & set(terms[column].columns):
                yield ((a, row), (b, column))
    if 3 <= count <= MOST_TRIPLE:
        yield from _triples(terms, count, variance, g, full, most)


def _triples(
    terms: list[Term],
    count: int,
    variance: float,
    g: np.ndarray,
    full: np.ndarray,
    most: float,
) -> Iterator[Chosen]:
    j, k = np.triu_indices(count, 1)
    shares = [i for i in range(len(terms)) if i < count or len(terms[i].columns) == 1]
    for a, b in product((1, -1), repeat=2):
        pair = full[j, j] + full[k, k] + 2 * a * b * full[j, k] - 2 * (a * g[j] + b * g[k])
        for i in shares:
            for s in (1, -1):
                left = variance + full[i, i] - 2 * s * g[i] + pair
                left = left + 2 * s * (a * full[i, j] + b * full[i, k])
                if i < count:
                    left = np.where(i > k, left, np.inf)
                for at in _least(left, most, 4):
                    chosen = i, int(j[at]), int(k[at])
                    if len({n for t in chosen for n in terms[t].columns}) == 3:
                        yield tuple(zip((s, a, b), chosen, strict=True))


def _least(left: np.ndarray, most: float, kept: int = ROUGH) -> list[int]:
    """Where values are least, and not above the most."""
    if not len(left):
        return []
    kept = min(kept, len(left))
    some = np.argpartition(left, kept - 1)[:kept]
    return [int(i) for i in some[np.argsort(left[some])] if left[i] <= most]

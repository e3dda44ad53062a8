"""Groups of rows that stand out by a number: more of a target, of surprise, of change.

A group is a conjunction of at most `DEPTH` conditions in the words of `--given`. Beam search
(Lowerre 1976) keeps the `BEAM` best of each depth by sqrt(n) times how far the group's mean is from
that of all rows, in standard deviations; groups have 1 % of the rows and 50 of them at least.

**What is found is not what is measured.** Groups are found in one half of the rows and measured in
the other. Their p-values are exact: the number is permuted over the rows of the second half, and
the largest |z| of all groups told is what each is held against (max-T; Westfall & Young 1993).
Near-copies are left out by weighted covering (Lavrac et al. 2004): a row that a group has told of
counts half for the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from interfuse.io.dtypes import to_text

DEPTH, BEAM, TOLD = 3, 12, 6
LEAST_SHARE, LEAST_ROWS = 0.01, 50
VALUES, CUTS = 12, 5
TIMES = 499


@dataclass(frozen=True)
class Group:
    """Some rows.

    Attributes:
        given: its conditions, each as --given takes it.
        rows: how many of the half that it is measured in.
        share: of that half.
        mean, others: of the number in the group and in all other rows.
        z: by how many standard errors they differ.
        p: adjusted for all groups that are told.
    """

    given: tuple[str, ...]
    rows: int
    share: float
    mean: float
    others: float
    z: float
    p: float


def stand_out(
    frame: pl.DataFrame, number: np.ndarray, *, low: bool = False, seed: int = 0
) -> list[Group]:
    """Groups whose mean of a number is high.

    Args:
        frame: the rows, with the columns that conditions may name.
        number: (n,) NaN where a row has none.
        low: whether low means are looked for as well.
        seed: of the halves and permutations.
    """
    known = np.flatnonzero(np.isfinite(number))
    if len(known) < 4 * LEAST_ROWS or np.ptp(number[known]) == 0:
        return []
    rng = np.random.default_rng([seed, 28])
    known = rng.permutation(known)
    first, second = np.sort(known[::2]), np.sort(known[1::2])
    items = _items(frame, first)
    found: list[tuple[int, ...]] = []
    masks = {half: [m[at] for _, _, m in items] for half, at in ((0, first), (1, second))}
    weight = np.ones(len(first))
    columns = [c for c, _, _ in items]
    while len(found) < TOLD:
        best = _search(masks[0], columns, number[first], weight, low)
        if best is None or best in found:
            break
        found.append(best)
        inside = np.logical_and.reduce([masks[0][i] for i in best])
        weight = np.where(inside, weight / 2, weight)
    kept = [c for c in found if np.logical_and.reduce([masks[1][i] for i in c]).sum() >= 20]
    if not kept:
        return []
    inside = np.array([np.logical_and.reduce([masks[1][i] for i in c]) for c in kept])
    y = number[second]
    z = _z(inside, y[None])[0]
    null = _z(inside, np.array([rng.permutation(y) for _ in range(TIMES)]))
    most = np.abs(null).max(1) if low else null.max(1)
    out = []
    for i, group in enumerate(kept):
        size = abs(z[i]) if low else z[i]
        p = (1 + (most >= size).sum()) / (1 + TIMES)
        n = int(inside[i].sum())
        others = float(y[~inside[i]].mean()) if n < len(y) else np.nan
        words = tuple(items[k][1] for k in group)
        out.append(Group(words, n, n / len(y), float(y[inside[i]].mean()), others, float(z[i]), p))
    return sorted(out, key=lambda g: -abs(g.z))


def _items(frame: pl.DataFrame, first: np.ndarray) -> list[tuple[str, str, np.ndarray]]:
    """Conditions: column, words, (n,) rows that meet it."""
    out = []
    least = max(LEAST_SHARE * len(first), LEAST_ROWS / 2)
    for name in frame.columns:
        column = frame[name]
        if column.dtype.is_numeric() and column[first].n_unique() > VALUES:
            own = column[first].drop_nulls()
            cuts = {own.quantile(q, "nearest") for q in np.linspace(0, 1, CUTS + 2)[1:-1]}
            # Cut where people would: at three digits.
            for cut in sorted({_short(c) for c in cuts if c is not None}):
                text = f"{cut:.10g}" if isinstance(cut, float) else f"{cut}"
                for sign, met in (("<=", column <= cut), (">", column > cut)):
                    rows = met.fill_null(False).to_numpy()
                    out.append((name, f"{name} {sign} {text}", rows))
        elif not column.dtype.is_temporal():
            text = to_text(column)
            common = text[first].drop_nulls().value_counts(sort=True).head(VALUES)
            for value in common[text.name].to_list():
                out.append((name, f"{name}={value}", (text == value).fill_null(False).to_numpy()))
        if column.null_count():
            out.append((name, f"{name}=", column.is_null().to_numpy()))
    return [item for item in out if least <= item[2][first].sum() < len(first)]


def _short(cut: float) -> float:
    return float(f"{cut:.3g}") if isinstance(cut, float) else cut


def _search(
    masks: list[np.ndarray], columns: list[str], y: np.ndarray, weight: np.ndarray, low: bool
) -> tuple[int, ...] | None:
    """The best conjunction of conditions."""
    least = max(LEAST_SHARE * len(y), LEAST_ROWS / 2)
    mean = np.average(y, weights=weight)
    spread = np.sqrt(np.average((y - mean) ** 2, weights=weight)) or 1.0
    away = weight * (y - mean) / spread
    beam: list[tuple[int, ...]] = [()]
    best: tuple[float, tuple[int, ...] | None] = (0.0, None)
    for _ in range(DEPTH):
        tried: dict[tuple[int, ...], float] = {}
        for group in beam:
            inside = np.ones(len(y), bool)
            for i in group:
                inside &= masks[i]
            for i, mask in enumerate(masks):
                wider = tuple(sorted((*group, i)))
                if wider in tried or i in group or columns[i] in {columns[k] for k in group}:
                    continue
                both = inside & mask
                n = both.sum()
                if n < least or n == len(y):
                    continue
                score = away[both].sum() / np.sqrt(max(weight[both].sum(), 1e-9))
                # A further condition has to be worth its words.
                tried[wider] = (abs(score) if low else score) * 0.95 ** len(wider)
        beam = sorted(tried, key=lambda g: -tried[g])[:BEAM]
        if beam and tried[beam[0]] > best[0]:
            best = tried[beam[0]], beam[0]
    return best[1]


def _z(inside: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(k, groups) by how many standard errors groups' means differ from that of all rows.

    Args:
        inside: (groups, n).
        y: (k, n), each a permutation of the same numbers.
    """
    n = inside.sum(1)
    mean, spread = y.mean(1, keepdims=True), y.std() or 1.0
    error = spread * np.sqrt((1 / n) * (1 - n / y.shape[1]).clip(1e-9))
    return ((y @ inside.T) / n - mean) / error

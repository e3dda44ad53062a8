"""Compare two tables: one fit of both with a column that says where a row is from.

With s the source of a row, A and B counted alike, the comparison is `explain` with s for a target:

* I(s; X) is the Jensen-Shannon divergence of A and B, in nats, at most log 2. What held-out rows
  gain, log 2 - mean of -log p(s | x), is a lower bound of it whatever the model.
* I(s; x_j), I(s; x_j | all others), Shapley's shares (which add up to I(s; X)) say which columns
  carry it, I(s; x_j x_k) - I(s; x_j) - I(s; x_k) which pairs do.
* I(s; X y) = I(s; X) (covariate) + I(s; y | X) (concept) = I(s; y) (label) + I(s; X | y).
* With a context g, I(s; X | g) is the change that g does not explain.
* A row's part is logit p(B | x); a cell's, logit p(B | x) - logit p(B | x without j), which is
  log p_B(x_j | others) / p_A(x_j | others).

The rows are cut in two, blocks whole: the model is fitted to one part, and all is measured on the
other. So the labels of the second part can be permuted without another fit, and the test is exact
for any judge (`judge`). Beside what the judge gains stand the columns' own statistics (`changed`),
each family at half the level (Bonferroni). These need no fit, and are of all rows: labels are
permuted within the fitted rows and within the others, as a value that no fitted row has is one of
the others alone. With a target, what it is beyond what the other columns let expect is a family of
its own among these (`concept`), which is weighed by its p-value and not by its many statistics.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interfuse.core.seeds import Purpose, seed_of
from interfuse.errors import DataError, note
from interfuse.io.frames import to_polars
from interfuse.kinds.table.ask.know.judge import evening
from interfuse.kinds.table.ask.know.stats import (
    Mean,
    mean_of,
    permuted,
    rank_of_first,
    standardised,
)
from interfuse.kinds.table.ask.know.view import FEWEST, listed, warn_of_order
from interfuse.language import t

TEST_SHARE = 0.4
TIMES = 999
LOG2 = float(np.log(2))


@dataclass(frozen=True)
class Both:
    """Two tables as one.

    Attributes:
        frame: the rows of A, then those of B, with the columns of both.
        labels: (n,) 0 for A, 1 for B.
        blocks: (n,) or None.
        left_out: columns of one side alone.
        said: what A and B are, for people.
        source: the name of the column that says which.
    """

    frame: pl.DataFrame
    labels: np.ndarray
    blocks: np.ndarray | None
    left_out: tuple[str, ...]
    said: tuple[str, str]
    source: str

    def with_source(self, at: np.ndarray) -> pl.DataFrame:
        """Rows at some places with the column of their source."""
        words = pl.Series(self.source, np.array(["A", "B"])[self.labels[at]])
        return self.frame[at].with_columns(words)


def read_both(a: Any, b: Any, blocks: str | None = None) -> Both:
    """Two tables, in the columns that both have.

    Raises:
        DataError: one cannot be read, has too few rows, or a column of both is of two sorts.
    """
    frames, said = [], []
    for data, name in ((a, "A"), (b, "B")):
        lazy, _ = to_polars(data, nested=False)
        frame = lazy.lazy().collect()
        if frame.height < FEWEST:
            raise DataError(
                f"{name}: has {frame.height} rows; expected {FEWEST} or more, as a difference of "
                "fewer is mostly chance. Give more rows."
            )
        warn_of_order(frame, f"{name}: the rows", blocks)
        frames.append(frame)
        of = Path(data).name if isinstance(data, str | Path) else name
        said.append(t("{rows:,} rows of {name}", rows=frame.height, name=of))
    one, two = frames
    names = [n for n in one.columns if n in two.columns]
    left = [n for f in frames for n in f.columns if n not in names]
    if not names:
        raise DataError(
            f"A and B: have no column in common; A has {listed(one.columns)}, B "
            f"{listed(two.columns)}. Give two tables of the same columns."
        )
    if left:
        note(f"A and B: {listed(left)} of one side alone, and not compared.", 5)
    pairs = [_alike(one[n], two[n]) for n in names]
    frame = pl.concat([pl.DataFrame([p[i] for p in pairs]) for i in (0, 1)])
    labels = np.repeat([0, 1], [one.height, two.height])
    own = None
    if blocks is not None:
        if blocks not in names:
            raise DataError(
                f"blocks: there is no column {blocks!r} in both tables; expected one of "
                f"{listed(names)}. Name one of them."
            )
        own = frame[blocks].rank("dense").fill_null(0).to_numpy().astype(np.int64)
        frame = frame.drop(blocks)
    source = "source"
    while source in frame.columns:
        source += "_"
    return Both(frame, labels, own, tuple(left), (said[0], said[1]), source)


def _alike(one: pl.Series, two: pl.Series) -> tuple[pl.Series, pl.Series]:
    """A column of both in one type.

    Raises:
        DataError: one is of another sort than the other.
    """
    if one.dtype == two.dtype:
        return one, two
    texts = (pl.String, pl.Categorical, pl.Enum)
    if one.null_count() == len(one):
        return one.cast(two.dtype), two
    if two.null_count() == len(two):
        return one, two.cast(one.dtype)
    if one.dtype.is_numeric() and two.dtype.is_numeric():
        whole = one.dtype.is_integer() and two.dtype.is_integer()
        wide = pl.Int64 if whole else pl.Float64
        return one.cast(wide), two.cast(wide)
    if one.dtype in texts and two.dtype in texts:
        return one.cast(pl.String), two.cast(pl.String)
    if one.dtype.is_temporal() and two.dtype.is_temporal():
        for dtype in (one.dtype, two.dtype):
            try:
                return one.cast(dtype), two.cast(dtype)
            except pl.exceptions.PolarsError:
                continue
    raise DataError(
        f"A and B: column {one.name!r} is {one.dtype} in A and {two.dtype} in B. Cast one of them, "
        "or leave the column out."
    )


def cut(both: Both, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(fit, test) places of rows: shares of each source, or whole blocks."""
    rng = np.random.default_rng([seed, 30])
    chance = np.empty(len(both.labels))
    for s in (0, 1):
        at = np.flatnonzero(both.labels == s)
        if both.blocks is None:
            chance[at] = rng.permutation(len(at)) / len(at)
        else:
            own, which = np.unique(both.blocks[at], return_inverse=True)
            chance[at] = (rng.permutation(len(own)) / len(own))[which]
    test = chance < TEST_SHARE
    return np.flatnonzero(~test), np.flatnonzero(test)


def divergence(logit: np.ndarray, labels: np.ndarray, blocks: np.ndarray | None) -> Mean:
    """The held-out lower bound of the Jensen-Shannon divergence: log 2 + mean of log p(s | x).

    Args:
        logit: (n,) of B.
        labels: (n,).
        blocks: (n,) or None.
    """
    return mean_of((LOG2 + _log_p(logit, labels)) * evening(labels), blocks)


def _log_p(logit: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return -np.logaddexp(0, np.where(labels == 1, -logit, logit))


def overall(
    logits: list[np.ndarray], labels: np.ndarray, blocks: np.ndarray | None, seed: int
) -> float:
    """The exact p-value of "A and B are alike": the largest gain of several judges, permuted.

    log p(s | x) is linear in s, so that the gains under all labellings are one product.
    """
    rng = np.random.default_rng([seed_of(seed, Purpose.SPLIT), 31])
    every = permuted(labels.astype(float), TIMES, rng, blocks)
    many = every.sum(1, keepdims=True)
    b, a = every / many, (1 - every) / (len(labels) - many)
    columns = []
    for logit in logits:
        columns.append(b @ -np.logaddexp(0, -logit) + a @ -np.logaddexp(0, logit))
        columns.append(b @ logit - a @ logit)
    return rank_of_first(standardised(np.stack(columns, 1)).max(1))

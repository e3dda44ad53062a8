"""Augment: new rows that keep a part of a real row each and draw the rest.

Row i starts from a real row r_i. Each of its cells stays with probability `keep`, independently of
the others, and the model draws those that do not:

    x_i ~ p(unknown cells | the cells of r_i that stay).

If r_i is a draw of the distribution that the model has learned, so is x_i, for any choice of cells
that does not look at their values: this is a step of a Gibbs sampler over random blocks (Geman &
Geman 1984, doi 10.1109/TPAMI.1984.4767596), the counterpart for hidden cells of adding some noise
to a real record and taking it away again. So nothing is lost by it where the model is exact; and
where it is not, the row leans on the real one. A class of ten rows in 25,000 teaches a network
little of what sets it apart: drawn from its name alone (`given`) few of its rows are right, drawn
from seven tenths of a real one they are, and still are no copies.

The columns in `fixed`, such as the class, always stay. Those that follow from others by an exact
rule are computed from these. The real rows are taken in turn, in a new random order each time
round, so that all are used as often. A longer draw begins from the same rows and cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from interfuse.core.seeds import Purpose, seed_of
from interfuse.errors import DataError, OptionError
from interfuse.io.frames import to_polars
from interfuse.kinds.table.fitted import Fitted

KEEP = 0.7


def partly_known(
    model: Fitted,
    rows: Any,
    n: int,
    *,
    keep: float = KEEP,
    fixed: Sequence[str] = (),
    seed: int = 0,
) -> pl.DataFrame:
    """Real rows with some of their cells taken out, for `Model.generate` to fill.

    Args:
        model: the fitted model; its exact rules are kept.
        rows: a frame, or a path to a file.
        n: how many.
        keep: probability that a cell stays.
        fixed: columns that always stay.
        seed: of the order of the rows and the choice of cells.

    Raises:
        DataError: the rows cannot be read, or there are none.
        OptionError: an option is out of range.
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
        raise OptionError(f"n: is {n!r}; expected a whole number of rows, 0 or more.")
    if isinstance(keep, bool) or not isinstance(keep, int | float) or not 0 <= keep < 1:
        raise OptionError(
            f"keep: is {keep!r}; expected a share, 0 or more and below 1, of the cells that stay "
            f"as they are. The default is {KEEP}."
        )
    if isinstance(fixed, str):
        raise OptionError(f"fixed: is the text {fixed!r}; expected a list of columns: [{fixed!r}].")
    frame = to_polars(rows, model.schema.said(), file=model.schema.origin.file)[0].lazy().collect()
    if n and not frame.height:
        raise DataError("the rows to augment: there are none; expected at least one real row.")
    if unknown := [c for c in fixed if c not in frame.columns]:
        raise OptionError(
            f"fixed: names {unknown[0]!r}, which is not a column of the rows. Columns: "
            + ", ".join(frame.columns[:20])
        )
    taken = frame[turns(frame.height, int(n), seed)] if n else frame.head(0)
    loose = [c for c in frame.columns if c not in fixed]
    rng = np.random.default_rng(seed_of(seed, Purpose.AUGMENTED_CELLS))
    stays = rng.random((len(taken), len(loose)), dtype=np.float32) < keep
    for j, name in enumerate(loose):
        if name in model.codec.rules:
            stays[:, j] = False
    return taken.with_columns(
        pl.when(pl.Series(stays[:, j])).then(pl.col(name)).alias(name)
        for j, name in enumerate(loose)
    )


def turns(height: int, n: int, seed: int) -> np.ndarray:
    """Which row each new one starts from: all in a random order, then all in another.

    Args:
        height: how many real rows there are.
        n: how many new ones.
        seed: of the orders.
    """
    rng = np.random.default_rng(seed_of(seed, Purpose.AUGMENTED_TURN))
    orders = [rng.permutation(height) for _ in range(-(-n // height))]
    return np.concatenate(orders)[:n]

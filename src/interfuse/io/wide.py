"""Asking for many facts of a frame, so that what it costs grows with its columns alone.

polars hands every column to every expression of a query that has to see all rows: of thousands of
columns a thousand expressions take gigabytes. So they are asked for in groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

GROUP = 128


def facts_of(
    lazy: pl.LazyFrame,
    asked: Mapping[str, Sequence[pl.Expr]],
    texts: Mapping[str, pl.Expr] | None = None,
) -> dict[str, Any]:
    """Values of expressions that aggregate, by their names.

    Args:
        lazy: the frame.
        asked: by column, expressions of it alone, each with a name of its own.
        texts: by column what stands for it in these expressions, worked out once.
    """
    out: dict[str, Any] = {}
    left = [n for n in asked if asked[n]]
    for at in range(0, len(left), GROUP):
        names = left[at : at + GROUP]
        part = lazy.select((texts or {}).get(n, pl.col(n)).alias(n) for n in names)
        exprs = [expr for name in names for expr in asked[name]]
        out |= part.select(exprs).collect(engine="streaming").row(0, named=True)
    return out

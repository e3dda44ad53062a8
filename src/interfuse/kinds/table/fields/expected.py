"""What was expected of a number, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from torch import Tensor

from interfuse.io.dtypes import to_text
from interfuse.language import t

MIDDLE = 0.8
"""Of an expected number the interval of this probability is told."""
WORTH_NAMING = 0.1


def expected_of(
    shares: Tensor,
    bins: int,
    others: Sequence[str],
    ends: Callable[[float], pl.Series],
    links: int = 0,
) -> pl.Series:
    """The middle `MIDDLE` of the bins, or the likeliest of what stands beside them.

    Args:
        shares: (n, k) probabilities of the codes.
        bins: how many of them are bins.
        others: what the others stand for.
        ends: the value of each bin at a normal score, as text.
        links: how many of the last of `others` are other columns' values. The likeliest is told
            beside the bins, too, from a probability of `WORTH_NAMING` on.
    """
    bins_of = shares[:, :bins]
    rest = shares[:, bins:]
    absent = (rest.sum(1) > 0.5).cpu().numpy()
    likeliest = rest.argmax(1).cpu().numpy() if others else np.zeros(len(shares), int)
    special = pl.Series([*others, t("missing")]).gather(likeliest)
    total = bins_of.cumsum(1) / bins_of.sum(1, keepdim=True).clamp_min(1e-12)
    side = (1 - MIDDLE) / 2
    low = (total < side).sum(1).clamp_max(bins - 1).cpu().numpy()
    high = (total < 1 - side).sum(1).clamp_max(bins - 1).cpu().numpy()
    first, last = (ends(z) for z in (-9.0, 9.0))
    a, b = first.gather(low), last.gather(high)
    text = pl.select(pl.when(a == b).then(a).otherwise(a + t(" to ") + b)).to_series()
    if links:
        own = rest[:, len(others) - links : len(others)]
        named = pl.Series([t(", or {name}", name=name) for name in others[len(others) - links :]])
        named = named.gather(own.argmax(1).cpu().numpy())
        also = pl.Series((own.amax(1) >= WORTH_NAMING).cpu().numpy())
        text = pl.select(pl.when(also).then(text + named).otherwise(text)).to_series()
    return pl.select(pl.when(pl.Series(absent)).then(special).otherwise(text)).to_series()


def text_of(column: pl.Series) -> pl.Series:
    """Values as people write them: four digits of a real number, all of any other."""
    if column.dtype.is_float():
        short = [f"{v:,.0f}" if abs(v) >= 1e4 else f"{v:.4g}" for v in column]
        return pl.Series(column.name, short)
    if column.dtype.is_integer():
        return pl.Series(column.name, [f"{v:,}" for v in column])
    return to_text(column)

"""Groups of values that share their pair terms.

A pair of numbers of 32 bins each has 1,024 pairs of bins. In 10,000 rows most of these shares are
chance: terms that are fitted to them copy the pairs of single rows. So neighbouring bins share
their terms: they are joined, from the least on, until they hold `LEAST_SHARE` of the rows. A bin
that holds as much by itself, such as a heavy value, stays alone, and so do all values that are not
in order.
"""

from __future__ import annotations

import torch
from torch import Tensor

from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.net.waves import in_order

LEAST_SHARE = 0.05
"""Of Shoppers' halves .519 of the drawn rows are nearer to the half that was fitted, where a term
for each pair of bins gives .528, at the same error of trends; with .1 trees tell rows better."""


def pair_groups(share: Tensor, layout: Layout) -> Tensor:
    """The group of each value.

    Args:
        share: (D,) share of each value in the training rows, the cells side by side.
        layout: the cells.

    Returns:
        (D,) integers from 0, rising, each cell with groups of its own.
    """
    shares = share.tolist()
    groups: list[int] = []
    start, group = 0, -1
    joined = in_order(layout.ordered)
    for j, size in enumerate(layout.sizes):
        bins = layout.ordered[j] if j in joined else 0
        held = 0.0
        for i, own in enumerate(shares[start : start + size]):
            full = held >= LEAST_SHARE or own >= LEAST_SHARE
            if i == 0 or i >= bins or full:
                group, held = group + 1, 0.0
            held += own
            groups.append(group)
        start += size
    return torch.tensor(groups, dtype=torch.long)


def by_group(share: Tensor, groups: Tensor) -> Tensor:
    """Sums of (D,) `share` over the values of each group."""
    total = share.new_zeros(int(groups.max()) + 1 if len(groups) else 0)
    return total.index_add_(0, groups, share)

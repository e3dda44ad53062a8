"""How large a network and its batches are, by the examples that a budget has room for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from interfuse.kinds.table.estimate import expected_examples
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.setup import MANY_ROWS, network_for, settings_for
from interfuse.kinds.table.net.cross import Cross
from interfuse.kinds.table.net.network import TableNet
from interfuse.train.budget import Budget
from interfuse.train.settings import Settings

HALF, THREE_QUARTERS = 1_000_000, 3_000_000
"""Of tables of more than `MANY_ROWS` rows: a fit that is expected to see fewer examples has a
network of half the width, of three quarters. Widths 128, 192 and 256 after 96 to 100 s of one core
with bf16, when 1.6 million are expected: 1.349, 1.342 and 1.361 nats on UNSW-NB15; after 84 s 1.352
(128) and 1.350 (256) on NSL-KDD. Narrow ones draw rows faster."""
FEW_EXAMPLES = 2_000_000
"""Of smaller tables: with fewer half the width. Shoppers after 17 s: 2.191 and 2.227 nats (two
seeds) at width 128, 2.193 and 2.232 at 256."""


def network_and_settings(
    layout: Layout,
    rows: int,
    seed: int,
    scores: Sequence[Sequence[float]],
    cross: Cross | None,
    budget: Budget,
    precision: str,
    device: torch.device,
    width: int | None = None,
    batch: int | None = None,
) -> tuple[TableNet, Settings]:
    """The network of a fit, and what it is trained with.

    On a processor a fit of a short budget has a narrower one. What will be seen is told by
    arithmetic alone, so that the same budget always gives the same network.

    Args:
        layout: the cells.
        rows: to train on.
        seed: of the first weights.
        scores: of the bins of ordered cells.
        cross: what numbers are told of those that they follow.
        budget: of the fit.
        precision: "bf16" or "fp32".
        device: where to compute.
        width: that an earlier fit had, which is repeated.
        batch: that it had.
    """
    net = network_for(layout, rows, seed, scores, cross, width)
    expected = math.inf
    if device.type == "cpu":
        expected = expected_examples(net, budget, precision)
        share = _share(rows, expected)
        if width is None and budget.seconds and share < 1:
            net = network_for(layout, rows, seed, scores, cross, int(net.width * share))
            expected = expected_examples(net, budget, precision)
    return net, settings_for(rows, seed, precision, layout.categories, expected, batch)


def _share(rows: int, expected: float) -> float:
    """Of the width that a network has where there is time."""
    if rows > MANY_ROWS:
        return 0.5 if expected < HALF else 0.75 if expected < THREE_QUARTERS else 1.0
    return 0.5 if expected < FEW_EXAMPLES else 1.0

"""How large a network and its batches are, by the examples that a budget has room for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from interfuse.kinds.table.estimate import expected_examples
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.setup import FEW_EXAMPLES, network_for, settings_for
from interfuse.kinds.table.net.cross import Cross
from interfuse.kinds.table.net.network import TableNet
from interfuse.train.budget import Budget
from interfuse.train.settings import Settings


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

    On a processor a fit that will see fewer than `FEW_EXAMPLES` has half the width. What will be
    seen is told by arithmetic alone, so that the same budget always gives the same network.

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
        if width is None and budget.seconds and expected < FEW_EXAMPLES:
            net = network_for(layout, rows, seed, scores, cross, net.width // 2)
            expected = expected_examples(net, budget, precision)
    return net, settings_for(rows, seed, precision, layout.categories, expected, batch)

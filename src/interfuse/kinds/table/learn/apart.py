"""Pairs of values that records drawn from a network have together and rows do not (`apart`).

Only pairs of cells are kept that records drawn from the trained network break, since each costs
time in drawing. It is a matter of counts, and tells of no single row.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from interfuse.kinds.table.apart import Apart, apart, counts_of, sets_of
from interfuse.kinds.table.ask.generate import BLOCK, TableSampler
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.laws import Laws
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.calibrate import DRAWS
from interfuse.kinds.table.net.network import TableNet

BLOCKS = 4
"""Blocks that are drawn at most to see what is broken."""
MOST_CELLS, MOST_ROWS = 100, 1 << 18
"""With more cells, none is looked for; of more rows some are taken, evenly."""
MOST_EACH = 4
"""Pairs of cells that are kept, for each cell."""
MOST_VALUES = 20_000
"""Pairs of values that are kept, in all: they are stored as text."""


def held_apart(
    net: TableNet,
    layout: Layout,
    codec: TableCodec,
    codes: np.ndarray,
    examples: int,
    seed: int,
) -> Layout:
    """The layout with what is apart.

    Args:
        net: the trained network.
        layout: the cells.
        codec: of the table.
        codes: (n, q) codes of rows.
        examples: records that training saw. A third of what calibration may draw at most is drawn.
        seed: of the draws, which are made where the network is.
    """
    q = layout.categories
    blocks = min(BLOCKS, int(DRAWS * examples / max(q, 1) / BLOCK / 3))
    if not 2 <= q <= MOST_CELLS or blocks < 1:
        return layout
    codes = codes[:: -(-len(codes) // MOST_ROWS)]
    sampler = TableSampler(layout, net, seed, None, net.head.bias.device)
    drawn = np.concatenate([sampler.categories(i)[0].cpu().numpy() for i in range(blocks)])
    sets = [list(sets_of(layout, codec.fields, codes, j)) for j in range(q)]
    found: list[tuple[int, Apart]] = []
    for a in range(q):
        for b in range(a):
            if layout.category_column[a] == layout.category_column[b]:
                continue
            bad = np.zeros((layout.sizes[a], layout.sizes[b]), bool)
            for x in sets[a]:
                for y in sets[b]:
                    bad |= apart(counts_of(x, y, codes[:, a], codes[:, b]))[x][:, y]
            broken = int(bad[drawn[:, a], drawn[:, b]].sum())
            if broken > len(drawn) // BLOCK // 2:
                found.append((broken, Apart.of(a, b, bad)))
    found.sort(key=lambda one: -one[0])
    kept, room = [], MOST_VALUES
    for _, one in found[: MOST_EACH * q]:
        room -= sum(map(len, one.others))
        kept += [one] if room >= 0 else []
    kept = tuple(kept)
    return replace(layout, apart=kept, laws=Laws.together(layout.laws, layout.sizes, kept))

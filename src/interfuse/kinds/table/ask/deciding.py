"""Missing categories that decide a known column: `label`, where `attack = label != 'normal'`.

Their cells are drawn like any other and, where the draw contradicts what is known, drawn again from
the shares of the values that do not.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import torch

from interfuse.core import RowNoise
from interfuse.core.seeds import Purpose, seed_of
from interfuse.kinds.table.ask.known import Known
from interfuse.kinds.table.ask.rows import Drawn
from interfuse.kinds.table.ask.wanted import values_of
from interfuse.kinds.table.codec import TableCodec

_STREAM = 5
_GOLDEN = (5**0.5 - 1) / 2


def choose_deciding(codec: TableCodec, known: Known, drawn: Drawn, first: int, seed: int) -> None:
    """Draw again, in place, the categories that contradict what they decide.

    Args:
        codec: of the model.
        known: some rows.
        drawn: their draws.
        first: number of the first row.
        seed: of the draws.
    """
    for name, left in codec.derived.items():
        part = left.rule.columns[0]
        rows = known.asked.get(part, np.zeros(0, int))
        if len(left.rule.columns) != 1 or left.hidden() or name not in known.table.columns:
            continue
        rows = rows[known.table[name].is_not_null().to_numpy()[rows]]
        rows = np.setdiff1d(rows, known.asked.get(name, np.zeros(0, int)))
        values = values_of(codec, part)
        if values is None or not len(rows):
            continue
        said = left.said(values.to_frame())
        wanted = known.table[name].gather(rows)
        # (rows, codes) which values go with what is known.
        fine = np.stack([said.eq_missing(pl.Series([v], dtype=said.dtype)) for v in wanted])
        cell = codec.places[part].codes.start
        _redraw(drawn, cell, rows, fine, first, seed)


def _redraw(
    drawn: Drawn, cell: int, rows: np.ndarray, fine: np.ndarray, first: int, seed: int
) -> None:
    where, share = drawn.shares[cell]
    at = torch.searchsorted(where, torch.from_numpy(rows).to(where.device))
    p = share[at].double().cpu().numpy() * fine
    able = p.sum(1) > 0
    if not able.any():
        return
    rows, p, fine = rows[able], p[able], fine[able]
    total = (p / p.sum(1, keepdims=True)).cumsum(1)
    key = seed_of(seed, Purpose.PAIRS) & ~0xFFFFFFFF
    noise = RowNoise(torch.from_numpy(first + rows) ^ key)
    u = noise.uniform((1,), stream=_STREAM)[:, 0].double().cpu().numpy()
    spot = torch.from_numpy(rows).to(drawn.codes.device)
    for d in range(len(drawn.codes)):
        code = drawn.codes[d, spot, cell].cpu().numpy()
        level = np.modf(u + d * _GOLDEN)[0]
        new = np.minimum((total < level[:, None]).sum(1), p.shape[1] - 1)
        code = np.where(fine[np.arange(len(rows)), code], code, new)
        drawn.codes[d, spot, cell] = torch.from_numpy(code).to(drawn.codes)
    share[at[torch.from_numpy(able).to(at.device)]] = torch.from_numpy(
        p / p.sum(1, keepdims=True)
    ).to(share)

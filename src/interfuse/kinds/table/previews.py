"""Drawn marginals beside real ones, while a table is fitted.

At evaluations a few rows are drawn from the averaged weights, and the columns that were furthest
off the first time are told beside a sample of the rows that are fitted: who watches sees them
converge. Training is the same with or without it, as the draws have a copy of the network and noise
of their own; all drawing together takes at most `SHARE` of the time.
"""

from __future__ import annotations

import copy
import time
from typing import Any

import numpy as np
import polars as pl
import torch

from interfuse.io.shares import distribution
from interfuse.kinds.table.ask.rows import RowSampler
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.layout import Layout
from interfuse.run.fitting import Listener, Notice
from interfuse.train.events import Event
from interfuse.train.trainer import Trainer

DRAWN = 256
"""Rows of a preview: a share of .5 has a standard error of .03, less than what is seen by eye."""
SAMPLE = 2_000
SHARE = 0.01
FIRST_COST = 0.1
"""Seconds that the first one is taken to need: there is none in the first ten of a fit."""
COLUMNS = 4
_SEED = 0
_NEVER = frozenset({"key", "text", "empty", "constant", "drop"})


def sample(frame: pl.DataFrame) -> pl.DataFrame:
    """The real rows that drawn ones are shown beside."""
    return frame.sample(min(SAMPLE, frame.height), seed=_SEED)


class Previews:
    """Tells of drawn marginals now and then; called after each event of training.

    Args:
        codec: of the columns.
        layout: of the cells.
        trainer: whose averaged weights draw.
        real: see `sample`.
        listener: told of each.
        clock: seconds.
    """

    def __init__(
        self,
        codec: TableCodec,
        layout: Layout,
        trainer: Trainer,
        real: pl.DataFrame,
        listener: Listener,
        clock: Any = time.monotonic,
    ) -> None:
        self.codec, self.layout, self.trainer = codec, layout, trainer
        kinds = {c.name: c.kind for c in codec.schema.columns}
        names = [n for n in real.columns if kinds.get(n, "drop") not in _NEVER]
        self.real = real.select(n for n in names if _shows(real[n]))
        self.listener, self.clock = listener, clock
        self.begun, self.spent, self.cost = clock(), 0.0, FIRST_COST
        self.names: list[str] = []

    def __call__(self, event: Event) -> None:
        """Take in what happened; draw if there is something new and time for it."""
        began = self.clock()
        affordable = self.spent + self.cost <= SHARE * (began - self.begun)
        if event.kind == "tick" or not affordable or not self.real.width:
            return
        shown = self._shown()
        self.cost = self.clock() - began
        self.spent += self.cost
        words = f"marginals of {DRAWN} drawn rows after {event.progress.examples:,} examples"
        self.listener(Notice("preview", words, shown))

    def _shown(self) -> list[dict[str, Any]]:
        drawn = self.draw()
        names = self.names or self.real.columns
        columns = [distribution(drawn[name], self.real[name]) for name in names]
        if not self.names:
            columns = sorted(columns, key=_off, reverse=True)[:COLUMNS]
            self.names = [column["name"] for column in columns]
        return columns

    @torch.no_grad()
    def draw(self) -> pl.DataFrame:
        """`DRAWN` rows: the joint draws of one of which nothing is known."""
        net = copy.deepcopy(self.trainer.net).eval()
        trained = self.trainer
        average = trained.weights() if trained.progress.reason else trained.ema.state()
        for name, parameter in net.named_parameters():
            parameter.copy_(average[name])
        sampler = RowSampler(self.layout, net, _SEED, trained.device)
        codes = torch.full((1, self.layout.categories), -1)
        z = torch.full((1, self.layout.numbers), torch.nan)
        found = sampler.draw(0, codes, z, range(DRAWN))
        cells = found.codes[:, 0].cpu().numpy(), found.z[:, 0].double().cpu().numpy()
        return self.codec.decode(*cells, np.arange(DRAWN), keys=False)


def _shows(column: pl.Series) -> bool:
    """Whether bins or frequent values say how a column is distributed."""
    return column.dtype.is_numeric() or column.n_unique() <= column.len() / 2


def _off(column: dict[str, Any]) -> float:
    """Total variation between both."""
    return sum(abs(a - b) for a, b in zip(column["shares"], column["other"], strict=True)) / 2

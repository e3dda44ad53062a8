"""What the network says of each cell, given the others of its record.

The columns are dealt into `GROUPS` groups. One group after the other is hidden, all its cells at
once, and the network, asked at t = 1, gives each hidden cell's distribution given the visible
columns: terms of the absorbing likelihood bound at its late levels, where most is known. A column's
surprise is

    s_j = -log p(c_j | visible),

plus log(n + 1) and the logarithm of how far outside for a number beyond the range of the n rows
seen, log(n + 1) for a value never seen, for another value of a constant column, and for a value
that breaks an exact rule. A column's share of its record's oddity is what s_j exceeds its mean over
normal rows by, as a part of the sum over columns.

A record's surprise is the mean of s_j over the third of its columns where it is largest
(`oddest`): what is odd about a record mostly lies in a few of its cells, and the mean over all
drowns it.

What is expected in a cell is read off the same distribution (`Field.expected`): the middle of a
number's bins, the likeliest category.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from torch import Tensor

from interfuse.io.dtypes import to_text
from interfuse.kinds.table.ask.conditionals import NetworkSays
from interfuse.kinds.table.ask.known import Known
from interfuse.kinds.table.ask.odd.features import Features
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.net.network import TableNet
from interfuse.kinds.table.rules.leftover import alike
from interfuse.train.precision import has_fast_bf16

GROUPS = 5
PART = 3
_CHUNK = 2048


@dataclass(frozen=True)
class CellSurprise:
    """By column: surprise (n, c) in nats, and what was expected, as text, for each row."""

    nats: np.ndarray
    expected: pl.DataFrame


def oddest(nats: np.ndarray) -> np.ndarray:
    """Mean (n,) of surprises (n, c) over the largest third of each row."""
    c = nats.shape[1]
    first = c - max(-(-c // PART), 1)
    return np.partition(nats, first, 1)[:, first:].mean(1)


class Cells:
    """The network's view of single cells.

    Args:
        codec, layout, net: of the fitted model.
        features: ranges of the numbers seen.
        rows: how many rows were seen.
        device: where to compute.
    """

    def __init__(
        self,
        codec: TableCodec,
        layout: Layout,
        net: TableNet,
        features: Features,
        rows: int,
        device: torch.device,
    ) -> None:
        self.codec, self.features, self.device = codec, features, device
        self.said = NetworkSays(net.to(device), device, quick=has_fast_bf16(device))
        self.unseen = float(np.log(rows + 1))
        fields = codec.fields
        stated = [n for n, f in fields.items() if f.role == "constant"]
        asked = [n for n, f in fields.items() if f.cells and f.cells[0].size]
        self.asked = [n for n in asked if n not in codec.hidden]
        self.left = [n for n in asked if n in codec.hidden]
        self.columns = [n for n in codec.schema.names if n in {*self.asked, *stated, *codec.rules}]
        column = np.array(layout.category_column, np.int64)
        groups = min(GROUPS, max(layout.columns, 1))
        # Neighbours in the table, which are often alike, are hidden in different groups.
        self.groups = [column % groups == g for g in range(groups)] if len(column) else []
        self.sizes = torch.tensor(layout.sizes, dtype=torch.long, device=device)

    @torch.no_grad()
    def ask(self, frame: pl.DataFrame, known: Known, words: bool = True) -> CellSurprise:
        """Surprise of every column.

        Args:
            frame: the rows, in the model's types.
            known: their cells.
            words: whether to say what was expected.
        """
        n, q = known.codes.shape
        nats = np.zeros((n, len(self.columns)))
        place = {name: i for i, name in enumerate(self.columns)}
        words_of: dict[str, list[pl.Series]] = {name: [] for name in self.columns}
        codes = torch.from_numpy(known.codes).to(self.device)
        surprise = np.zeros((n, q))
        for start in range(0, n, _CHUNK):
            chunk = codes[start : start + _CHUNK]
            share = self._shares(chunk) if q else []
            for j in range(q):
                p = share[j].gather(1, chunk[:, j : j + 1].clamp_min(0))[:, 0].clamp_min(1e-12)
                missing = torch.full_like(p, self.unseen)
                value = torch.where(chunk[:, j] >= 0, -p.log(), missing)
                surprise[start : start + len(chunk), j] = value.cpu().numpy()
            if words:
                for name in self.asked:
                    first = share[self.codec.places[name].codes.start]
                    words_of[name].append(self.codec.fields[name].expected(first))
        for name in self.asked:
            own = self.codec.places[name].codes
            # A value known in part: its other cells say nothing.
            part = np.where(
                (known.codes[:, own] < 0) & (known.codes[:, own.start] >= 0)[:, None],
                0.0,
                surprise[:, own],
            )
            nats[:, place[name]] = np.minimum(part.sum(1), 40.0)
        for j, name in enumerate(self.features.numbers):
            if name in place and name in frame.columns:
                far = _beyond(frame[name], self.features, j)
                nats[:, place[name]] += np.where(far > 0, self.unseen + np.log1p(far), 0)
        expected = {n: pl.concat(s) for n, s in words_of.items() if s}
        for name in self.columns:
            if name not in self.asked:
                wanted = self._stated(name, frame)
                if name in frame.columns:
                    nats[:, place[name]] = self._broken(name, frame, wanted) * self.unseen
                if words:
                    expected[name] = to_text(wanted).fill_null("missing")
        self._leftovers(frame, surprise, nats, place)
        order = [expected[n].alias(n) for n in self.columns] if words else []
        return CellSurprise(nats, pl.DataFrame(order))

    def _shares(self, codes: Tensor) -> list[Tensor]:
        """The distribution of each category cell given the columns of the other groups."""
        out: list[Tensor] = [codes] * codes.shape[1]
        for group in self.groups:
            hidden = torch.from_numpy(group).to(self.device) | (codes < 0)
            own = np.flatnonzero(group).tolist()
            said = self.said(torch.where(hidden, self.sizes, codes), own)
            for j, logits in zip(own, said, strict=True):
                out[j] = logits.softmax(1)
        return out

    def _broken(self, name: str, frame: pl.DataFrame, wanted: pl.Series) -> np.ndarray:
        """(n,) whether a constant or derived column holds what it cannot hold."""
        left = self.codec.derived.get(name)
        if left is None:
            return (~frame[name].eq_missing(wanted)).to_numpy()
        # What is left over is judged by the network (`_leftovers`).
        wrong = np.zeros(frame.height, bool)
        if not left.hidden():
            wrong |= ~alike(frame[name], wanted)
        for part, rule in left.keeps:
            said = rule.apply(frame).cast(frame.schema[part], strict=False)
            wrong |= ~alike(frame[part], said)
        return wrong

    def _leftovers(
        self, frame: pl.DataFrame, surprise: np.ndarray, nats: np.ndarray, place: dict[str, int]
    ) -> None:
        """Add the surprise of what rules leave over to the columns that they compute."""
        for name in self.left:
            owner = self.codec.hidden[name]
            if owner in frame.columns:
                cells = surprise[:, self.codec.places[name].codes].sum(1)
                at = place[owner]
                nats[:, at] = np.minimum(nats[:, at] + cells, 40.0)

    def _stated(self, name: str, frame: pl.DataFrame) -> pl.Series:
        """What a constant or an exact rule says that the column holds."""
        if name in self.codec.rules:
            return self.codec.derived[name].said(frame)
        field, n = self.codec.fields[name], frame.height
        return field.decode(np.zeros((n, 0)), np.zeros((n, 0)), np.zeros(n, np.int64), 0)


def _beyond(column: pl.Series, features: Features, j: int) -> np.ndarray:
    """How many widths of the range each value lies outside of it."""
    low, high = features.low[j], features.high[j]
    work = column.to_physical() if column.dtype.is_temporal() else column
    x = work.cast(pl.Float64).fill_null(np.nan).to_numpy()
    width = high - low if high > low else max(abs(low), 1.0)
    return np.nan_to_num(np.maximum(np.maximum(low - x, x - high), 0) / width, posinf=1e300)

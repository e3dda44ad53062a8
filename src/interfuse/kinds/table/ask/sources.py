"""Rows of which a column is known that may be another's value, and that other one is not.

Training shows `paid` either as a value of its own or as "is `billed`". A row that has paid = v and
no billed may be either, and the network is asked which: with K all else that is known,

    p(is billed | v, K) / p(is not | v, K) =
        p(code "is billed" | K) p(billed = v | that code, K) / p(paid = v and not billed | K),

the probability of a value being that of its bin times that of its interval in the bin. Draws are
made as if the column were its own value; in this share of them the other is then v, and what else
is unknown is drawn anew.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
import torch
from torch.nn.functional import one_hot

from interfuse.core import RowNoise
from interfuse.core.seeds import Purpose, seed_of
from interfuse.kinds.table.ask.known import Known, RowReader
from interfuse.kinds.table.ask.rows import Drawn, RowSampler
from interfuse.kinds.table.ask.sums import Exact
from interfuse.kinds.table.fields.limit import LEAST
from interfuse.kinds.table.fields.normal import ndtr

_MOST_AT_ONCE = 1 << 12  # rows
_STREAM = 8
_GOLDEN = (5**0.5 - 1) / 2


class _Open(NamedTuple):
    """Rows (k,) whose column may be the value of a missing one, and in which draws (m, k) it is."""

    name: str
    source: str
    rows: np.ndarray
    linked: np.ndarray


class Sources:
    """Draws what links leave open.

    Args:
        reader: of the rows.
        sampler: draws their other cells.
    """

    def __init__(self, reader: RowReader, sampler: RowSampler) -> None:
        self.reader, self.sampler = reader, sampler
        self.codec, self.links = reader.codec, reader.codec.links

    def settle(self, known: Known, drawn: Drawn, first: int) -> Exact:
        """Draw rows again in which a missing column turns out to be a known one, in place.

        Args:
            known: the rows.
            drawn: their draws 0, 1, ... in which every known column is a value of its own.
            first: number of the first row.

        Returns:
            The values of the columns found so, missing in draws in which they are as drawn.
        """
        m = len(drawn.codes)
        found = [o for o in self._open(known, m, first) if o.linked.any()]
        if not found:
            return {}
        hit = np.zeros((m, known.table.height), bool)
        for o in found:
            hit[:, o.rows] |= o.linked
        d, row = hit.nonzero()
        total: dict[int, torch.Tensor] = {}
        for start in range(0, len(d), _MOST_AT_ONCE):
            part = slice(start, start + _MOST_AT_ONCE)
            self._again(known, drawn, found, d[part], row[part], first, total)
        rows = np.flatnonzero(hit.any(0))
        count = torch.from_numpy(hit.sum(0)).to(drawn.codes.device)
        for cell, extra in total.items():
            where, share = drawn.shares[cell]
            rest = 1 - count[where][:, None] / m
            share.copy_((share * rest + extra[where].to(share.dtype) / m).to(share.dtype))
        return {o.source: self._values(known, found, o.source, rows, m) for o in found}

    def _open(self, known: Known, m: int, first: int) -> list[_Open]:
        out = []
        for name, rules in self.links.rules.items():
            place = self.codec.places[name]
            code = known.codes[:, place.codes.start]
            own = (code >= 0) & ~np.isnan(known.z[:, place.numbers]).any(1)
            for k, rule in enumerate(rules):
                source = rule.columns[0]
                if len(rule.columns) > 1 or source not in self.reader.fill:
                    continue
                gone = known.codes[:, self.codec.places[source].codes.start] < 0
                rows = np.flatnonzero(own & gone & known.table[source].is_null().to_numpy())
                if not len(rows):
                    continue
                share = self._share(known, name, self.links.code(name, k), source, rows)
                number = torch.from_numpy(first + rows)
                key = seed_of(self.sampler.seed, Purpose.PAIRS) & ~0xFFFFFFFF
                noise = RowNoise(number ^ key).uniform((1,), stream=_STREAM + len(out))
                pick = noise[:, 0].double().numpy()
                level = np.modf(pick + np.arange(m)[:, None] * _GOLDEN)[0]
                out.append(_Open(name, source, rows, level < share))
        return out

    def _share(
        self, known: Known, name: str, code: int, source: str, rows: np.ndarray
    ) -> np.ndarray:
        """Probability (k,) that the column is the value of the other."""
        field, other = self.codec.fields[name], self.codec.fields[source]
        cell, number = self.codec.places[name].codes.start, self.codec.places[name].numbers
        values = known.table[name].gather(rows)
        cast = values.cast(other.dtype, strict=False).alias(source)
        fits = (cast.cast(values.dtype, strict=False) == values).fill_null(False).to_numpy()
        fits &= ~other.beyond(cast)
        own, its = field.encode(values.cast(field.dtype, strict=False)), other.encode(cast)
        codes, z = torch.from_numpy(known.codes[rows]), torch.from_numpy(known.z[rows]).float()
        codes[:, cell], z[:, number] = -1, torch.nan
        share = self.sampler.share(codes, z, cell).double().cpu().numpy()
        codes[:, cell] = code
        at = self.codec.places[source].codes.start
        then = self.sampler.share(codes, z, at).double().cpu().numpy()
        k = np.arange(len(rows))
        bins = known.codes[rows, cell]
        alone = share[k, bins] * _mass(own.low, own.high)
        linked = share[:, code] * then[k, np.maximum(its.codes[:, 0], 0)]
        linked = linked * _mass(its.low, its.high) * (fits & (its.codes[:, 0] >= 0))
        return linked / np.maximum(alone + linked, 1e-300)

    def _again(
        self,
        known: Known,
        drawn: Drawn,
        found: list[_Open],
        d: np.ndarray,
        row: np.ndarray,
        first: int,
        total: dict[int, torch.Tensor],
    ) -> None:
        """Draw some rows anew with what was found in them, and add up what was likely then."""
        frame = known.table[row]
        for o in found:
            frame = frame.with_columns(self._put(o, frame, d, row))
        again = self.reader.read(frame, quiet=True)
        codes, z = torch.from_numpy(again.codes), torch.from_numpy(again.z).float()
        which, number = torch.from_numpy(d), torch.from_numpy(first + row)
        new = self.sampler.draw_each(number, which, codes, z)
        device = drawn.codes.device
        at = which.to(device), torch.from_numpy(row).to(device)
        drawn.codes[at], drawn.z[at] = new.codes[0], new.z[0]
        for cell in drawn.shares:
            own = one_hot(new.codes[0, :, cell], self.sampler.layout.sizes[cell]).float()
            if cell in new.shares:
                where, share = new.shares[cell]
                own[where] = share.float()
            sums = total.setdefault(cell, torch.zeros(drawn.codes.shape[1], own.shape[1]).to(own))
            sums.index_add_(0, at[1], own)

    def _put(self, o: _Open, frame: pl.DataFrame, d: np.ndarray, row: np.ndarray) -> pl.Series:
        """The column that was found, where it was."""
        linked = np.zeros(len(row), bool)
        mine = np.isin(row, o.rows)
        linked[mine] = o.linked[d[mine], np.searchsorted(o.rows, row[mine])]
        column = frame[o.source]
        value = frame[o.name].cast(column.dtype, strict=False).alias(o.source)
        return value.zip_with(pl.Series(linked) & column.is_null(), column)

    def _values(
        self, known: Known, found: list[_Open], source: str, rows: np.ndarray, m: int
    ) -> tuple[np.ndarray, list[pl.Series]]:
        out = []
        for draw in range(m):
            frame = known.table[rows]
            for o in found:
                frame = frame.with_columns(self._put(o, frame, np.full(len(rows), draw), rows))
            out.append(frame[source])
        return rows, out


def _mass(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Probability (k,) of a value's interval inside its bin; 1 where it has the bin to itself."""
    if not low.shape[1]:
        return np.ones(len(low))
    inside = ndtr(high[:, 0].astype(float)) - ndtr(low[:, 0].astype(float))
    return np.where(np.isnan(low[:, 0]), 1.0, np.maximum(inside, LEAST))

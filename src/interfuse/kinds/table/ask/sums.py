"""Rows of which an exact rule's result is known, and several of its columns are not.

Two missing columns are drawn among the pairs that make up the result (`ask.pairs`);
the row's other cells are then drawn with both known. Of three missing columns and more all but two
are as they were drawn without the rule.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import torch
from torch.nn.functional import one_hot

from interfuse.kinds.table.ask.known import Known, RowReader
from interfuse.kinds.table.ask.pairs import Pairs, PairSampler
from interfuse.kinds.table.ask.rows import Drawn, RowSampler
from interfuse.kinds.table.rules import Sum

_MOST_AT_ONCE = 1 << 12  # rows times draws
Exact = dict[str, tuple[np.ndarray, list[pl.Series]]]
"""By column some rows, and their values in each draw."""


class Sums:
    """Draws what exact rules leave open in rows of which they are known to hold.

    Args:
        reader: of the rows.
        sampler: draws their other cells.
    """

    def __init__(self, reader: RowReader, sampler: RowSampler) -> None:
        self.reader = reader
        self.codec = reader.codec
        self.sampler = sampler
        self.pairs = PairSampler(reader, sampler)
        self._impossible: dict[str, int] = {}
        # Of the block under way: its rows that break a rule, and their candidates.
        self._base, self._rows = pl.DataFrame(), np.zeros(0, int)
        self._number, self._lines = torch.zeros(0, dtype=torch.long), dict[str, Pairs]()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Which results their columns cannot make."""
        return tuple(
            f"column {name!r}: in {count:,} row{'s' * (count != 1)} its rule "
            f"'{self.codec.rules[name]}' gives what is known of it for no values within the ranges "
            "seen; those filled leave their range."
            for name, count in self._impossible.items()
        )

    def settle(self, known: Known, drawn: Drawn, first: int) -> Exact:
        """Draw again the rows that break a rule, in place.

        Args:
            known: the rows.
            drawn: their draws 0, 1, ... without regard to rules.
            first: number of the first row.

        Returns:
            The values of the columns of rules: codes and scores give them back up to rounding.
        """
        clashes = self.reader.clashes(known.table)
        exact: Exact = {}
        if not clashes:
            return exact
        rows = np.unique(np.concatenate(list(clashes.values())))
        self._base, self._rows, self._lines = known.table[rows], rows, dict[str, Pairs]()
        self._number = torch.from_numpy(first + rows)
        at = torch.from_numpy(rows).to(drawn.codes.device)
        shares: dict[int, torch.Tensor] = {}
        size = max(1, _MOST_AT_ONCE // len(rows))
        for start in range(0, len(drawn.codes), size):
            d = np.arange(start, min(start + size, len(drawn.codes))).repeat(len(rows))
            copy = np.tile(np.arange(len(rows)), len(d) // len(rows))
            frame = self._filled(drawn, copy, d)
            again = self.reader.read(frame, quiet=True)
            codes, z = torch.from_numpy(again.codes), torch.from_numpy(again.z).float()
            which = torch.from_numpy(d)
            new = self.sampler.draw_each(self._number[copy], which, codes, z)
            place = which.to(at.device), at[copy]
            drawn.codes[place], drawn.z[place] = new.codes[0], new.z[0]
            for cell in drawn.shares:
                own = one_hot(new.codes[0, :, cell], self.sampler.layout.sizes[cell]).float()
                if cell in new.shares:
                    where, share = new.shares[cell]
                    own[where] = share.float()
                total = own.reshape(-1, len(rows), own.shape[1]).sum(0)
                shares[cell] = shares[cell] + total if cell in shares else total
            for name in {n for c in clashes for n in self.codec.rules[c].columns}:
                values = again.table[name]
                parts = [values[i : i + len(rows)] for i in range(0, len(d), len(rows))]
                exact.setdefault(name, (rows, []))[1].extend(parts)
        # What was said without the rules gives way to the mean over the draws.
        for cell, total in shares.items():
            where, share = drawn.shares[cell]
            mine = torch.isin(where, at)
            mean = total / len(drawn.codes)
            share[mine] = mean[torch.searchsorted(at, where[mine])].to(share.dtype)
        return exact

    def _filled(self, drawn: Drawn, copy: np.ndarray, d: np.ndarray) -> pl.DataFrame:
        """Rows with the columns of rules filled.

        Args:
            drawn: draws without regard to rules.
            copy: (n,) which of the rows that break a rule.
            d: (n,) which draw of it.
        """
        frame, touched = self._base[copy], np.zeros(len(copy), bool)
        for name, rule in self.codec.rules.items():
            if (at := self.reader.clashes(frame).get(name)) is None:
                continue
            assert isinstance(rule, Sum)  # what clashes is solvable
            frame, left = self._leave_two(frame, rule, at, drawn, copy, d)
            same = not (left or touched[at].any())
            for names, some in _pairs_of(frame, rule, at):
                if same:
                    own, row = np.unique(copy[some], return_inverse=True)
                    key = f"{name} {names}"
                    if key not in self._lines:
                        once = self._base[own]
                        found = self.pairs.pairs(once, name, rule, names, self._number[own])
                        self._lines[key] = found
                        self._note(name, ~found.possible)
                    found = self._lines[key]
                else:
                    number, row = self._number[copy[some]], np.arange(len(some))
                    found = self.pairs.pairs(frame[some], name, rule, names, number)
                    self._note(name, ~found.possible & (d[some] == 0))
                frame = _put(frame, some, dict(zip(names, found.draw(row, d[some]), strict=True)))
            touched[at] = True
        return frame

    def _note(self, name: str, wrong: np.ndarray) -> None:
        if wrong.any():
            self._impossible[name] = self._impossible.get(name, 0) + int(wrong.sum())

    def _leave_two(
        self,
        frame: pl.DataFrame,
        rule: Sum,
        at: np.ndarray,
        drawn: Drawn,
        copy: np.ndarray,
        d: np.ndarray,
    ) -> tuple[pl.DataFrame, bool]:
        """Fill columns of a rule from the draws until two are missing; say whether any was."""
        gone = np.stack([frame[n].is_null().to_numpy()[at] for n in rule.columns], 1)
        filled = False
        for j, name in enumerate(rule.columns[:-2]):
            some = at[gone[:, j] & (gone[:, j:].sum(1) > 2)]
            if not len(some):
                continue
            field, place = self.codec.fields[name], self.codec.places[name]
            where = d[some], self._rows[copy[some]]
            codes = drawn.codes[where][:, place.codes].cpu().numpy()
            z = drawn.z[where][:, place.numbers].double().cpu().numpy()
            values = field.decode(codes, z, np.zeros(len(some), int), 0)
            frame = _put(frame, some, {name: values.cast(pl.Int64).fill_null(0).to_numpy()})
            filled = True
        return frame, filled


def _pairs_of(
    frame: pl.DataFrame, rule: Sum, at: np.ndarray
) -> list[tuple[tuple[str, str], np.ndarray]]:
    """The rows in which the same two columns of a rule are missing."""
    found: dict[tuple[str, str], list[int]] = {}
    gone = np.stack([frame[n].is_null().to_numpy()[at] for n in rule.columns], 1)
    for i, row in zip(at.tolist(), gone, strict=True):
        first, second = (n for n, g in zip(rule.columns, row, strict=True) if g)
        found.setdefault((first, second), []).append(i)
    return [(names, np.array(rows)) for names, rows in found.items()]


def _put(frame: pl.DataFrame, at: np.ndarray, values: dict[str, np.ndarray]) -> pl.DataFrame:
    """The frame with whole numbers put into some rows."""
    columns = []
    for name, new in values.items():
        dtype = frame.schema[name]
        series = pl.Series(name, new).cast(dtype)
        columns.append(frame[name].clone().scatter(pl.Series(at), series))
    return frame.with_columns(columns)

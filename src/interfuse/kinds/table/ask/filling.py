"""From drawn cells to filled columns: values, distributions, and what rules compute from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import torch

from interfuse.kinds.table.answer import Empirical, Filled, Marginal
from interfuse.kinds.table.ask.known import Known
from interfuse.kinds.table.ask.lawful import Lawful
from interfuse.kinds.table.ask.rows import Drawn
from interfuse.kinds.table.ask.sums import Exact
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields import Field
from interfuse.kinds.table.fields.atoms import AtomMarginal


@dataclass(frozen=True)
class Filler:
    """Turns draws into columns.

    Attributes:
        codec: of the fitted model.
        seed: of the draws; it makes the keys.
        draws: how many draws of a row there are in all.
        values: whether every cell must get a value, even where the training data had missing ones.
    """

    codec: TableCodec
    seed: int
    draws: int
    values: bool

    def fill(
        self,
        known: Known,
        drawn: Drawn,
        first: int,
        exact: Sequence[Exact],
        plain: bool = False,
    ) -> dict[str, Filled]:
        """The filled cells by column.

        Args:
            known: some rows.
            drawn: their draws.
            first: number of the first row.
            exact: values that rules and links have left open (`ask.sums`, `ask.sources`), the
                later over the earlier.
            plain: leave out distributions in closed form.
        """
        out: dict[str, Filled] = {}
        m = len(drawn.codes)
        links = self.codec.links
        for name in (*(n for n in known.asked if n not in links.rules), *links.rules):
            rows = known.asked.get(name, np.zeros(0, int))
            if name not in self.codec.fields or not len(rows):
                continue
            field, place = self.codec.fields[name], self.codec.places[name]
            c = drawn.codes[:, rows, place.codes].flatten(0, 1).cpu().numpy()
            s = drawn.z[:, rows, place.numbers].flatten(0, 1).double().cpu().numpy()
            # New keys differ between the draws of a row, too.
            number = ((first + rows) * self.draws + np.arange(m)[:, None]).ravel()
            values = field.decode(c, s, number, self.seed)
            if self.values and values.null_count() and name not in self.codec.hidden:
                usual = field.usual()
                values = values if usual is None else values.fill_null(usual)
            draws = [values[i * len(rows) : (i + 1) * len(rows)] for i in range(m)]
            if name in self.codec.hidden:
                out[name] = Filled(rows, draws, Empirical(draws, field.ordered))
                continue
            said: list[pl.Series] = []
            if name in links.rules:
                draws, said = self._link(name, known, out, draws, c.reshape(m, -1), rows)
            marginal = None if plain else self._marginal(field, place.codes, rows, drawn, said)
            draws = [_as(d, known.table.schema[name]) for d in draws]
            for one in exact:
                if name in one:
                    draws = _overwritten(draws, rows, *one[name])
            out[name] = Filled(rows, draws, marginal or Empirical(draws, field.ordered))
        Lawful(self.codec, known, out, m).apply()
        shown = (n for n in known.asked if n in out and n not in self.codec.hidden)
        return {name: out[name] for name in shown}

    def _link(
        self,
        name: str,
        known: Known,
        out: dict[str, Filled],
        draws: list[pl.Series],
        codes: np.ndarray,
        rows: np.ndarray,
    ) -> tuple[list[pl.Series], list[pl.Series]]:
        """The draws with the values of links, and for each link what is known of it beforehand."""
        links, table = self.codec.links, known.table
        needed = {n: None for rule in links.rules[name] for n in rule.columns}
        columns = {n: _columns(table, n, out, len(draws)) for n in needed}
        filled = []
        for i, draw in enumerate(draws):
            frame = pl.DataFrame([draw, *(columns[n][i].gather(rows).alias(n) for n in needed)])
            filled.append(links.filled(name, frame, codes[i]))
        given = table.select(list(needed))[rows]
        return filled, [links.value(name, rule, given) for rule in links.rules[name]]

    def _marginal(
        self, field: Field, cells: slice, rows: np.ndarray, drawn: Drawn, said: list[pl.Series]
    ) -> Marginal | None:
        """The distribution in closed form, for columns of one category cell."""
        if cells.stop - cells.start != 1 or cells.start not in drawn.shares:
            return None
        where, share = drawn.shares[cells.start]
        at = np.searchsorted(where.cpu().numpy(), rows)
        values = share[torch.from_numpy(at).to(share.device)].float().cpu().numpy()
        return AtomMarginal.of(field, values, said) if said else field.marginal(values)


def joined(marginals: list[Marginal], draws: list[pl.Series]) -> Marginal:
    """The distribution of the cells of several blocks, one after the other.

    Args:
        marginals: of the blocks.
        draws: of all cells, which stand for it if the blocks' cannot be joined.
    """
    first, rest = marginals[0], marginals[1:]
    same = all(type(m) is type(first) for m in rest)
    return (first.joined(rest) if same else None) or Empirical(draws, first.ordered)


def _overwritten(
    draws: list[pl.Series], rows: np.ndarray, where: np.ndarray, values: list[pl.Series]
) -> list[pl.Series]:
    """The draws of some rows, with other values in some of them: those that are not missing."""
    mine = np.isin(rows, where)
    at = np.arange(len(rows))
    at[mine] = len(rows) + np.searchsorted(where, rows[mine])
    out = []
    for d, v in zip(draws, values, strict=True):
        new = pl.concat([d, v.cast(d.dtype)]).gather(at)
        out.append(pl.select(pl.coalesce(new, d)).to_series().alias(d.name))
    return out


def _columns(table: pl.DataFrame, name: str, filled: dict[str, Filled], m: int) -> list[pl.Series]:
    """A column in every draw."""
    f = filled.get(name)
    if f is None:
        return [table[name]] * m
    at = np.arange(table.height)
    at[f.rows] = table.height + np.arange(len(f.rows))
    return [pl.concat([table[name], d.alias(name)]).gather(at) for d in f.draws]


def _as(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Drawn values in the type of the answer's column."""
    return values if values.dtype == dtype else values.cast(dtype, strict=False)


def moved(before: dict[str, Filled], after: dict[str, Filled]) -> float:
    """How far intervals and shares moved, the largest over the columns."""
    worst = 0.0
    for name, f in before.items():
        a, b = f.marginal, after[name].marginal
        if a.ordered:
            ends = [[_physical(m.quantile(q)) for q in (0.05, 0.95)] for m in (a, b)]
            width = _apart(ends[1][1], ends[1][0]).mean()
            shift = np.mean([_apart(x, y).mean() for x, y in zip(*ends, strict=True)])
            worst = max(worst, float(shift / width) if width > 0 else 0.0)
        else:
            worst = max(worst, float(np.abs(a.uncertainty() - b.uncertainty()).mean()))
    return worst


def _apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How far values are from each other: an infinity not at all from itself."""
    far = np.abs(np.subtract(a, b, where=a != b, out=np.zeros(len(a))))
    most = far[np.isfinite(far)].max(initial=1.0)
    return np.where(np.isinf(far), most, far)


def _physical(values: pl.Series) -> np.ndarray:
    values = values.to_physical() if values.dtype.is_temporal() else values
    return values.cast(pl.Float64).to_numpy()

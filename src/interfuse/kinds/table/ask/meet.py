"""Rows whose derived columns meet a condition: drawn, chosen, and moved onto it.

Wanted is p(x | c(x) in S), c the column that a rule computes. The columns that it needs are drawn
several times over. Where enough of these rows meet the condition by themselves they are resampled,
which is exact but for the number of candidates. Else the nearest rows are taken and one of their
columns is moved so that the rule gives what is wanted: the one that has to move least, within the
range seen. That is rejection with a tolerance and a correction (approximate Bayesian computation,
Beaumont, Zhang & Balding 2002, doi 10.1093/genetics/162.4.2025), with the rule itself for the
regression. The other columns are drawn with these known.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl
import torch
from torch import Tensor

from interfuse.errors import ConditionError
from interfuse.kinds.table.ask.wanted import Wanted
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.rules.formula import Formula
from interfuse.kinds.table.rules.inverse import solved
from interfuse.kinds.table.rules.leftover import Leftover, alike

if TYPE_CHECKING:
    from interfuse.kinds.table.ask.conditions import Chosen, Condition
    from interfuse.kinds.table.ask.generate import TableSampler

TIMES = 4
ENOUGH = 0.02
"""Share of the candidates that must meet a condition by themselves; of nearer ones so many stay."""
_LEAST = 64


@dataclass
class Started:
    """Rows of which the limited columns are drawn.

    Attributes:
        codes: (n, q) known codes, -1 where unknown.
        z: (n, p) known scores, NaN where unknown.
        chosen: columns with the values that were drawn, and in which rows; None for all.
    """

    codes: Tensor
    z: Tensor
    chosen: list[Chosen]


class Candidates(Protocol):
    """Rows of which some cells are drawn: `ask.restrict`.

    Attributes:
        n: how many.
        codes, z: their cells, as in `Started`.
        log_weight: (n,) what each counts for.
        generator: of all choices.
        sampler: of the model.
    """

    n: int
    codes: Tensor
    z: Tensor
    log_weight: Tensor
    generator: torch.Generator
    sampler: TableSampler

    def choose(self, cell: int, allowed: Tensor) -> Tensor:
        """Draw a cell among allowed codes."""
        ...

    def ancestors(self, w: Tensor, n: int) -> Tensor:
        """(n,) rows drawn by weights."""
        ...


def meet(rows: Candidates, condition: Condition, n: int) -> Started:
    """Rows that meet what is asked of derived columns.

    Args:
        rows: candidates.
        condition: what is asked.
        n: how many rows are to be drawn.

    Raises:
        ConditionError: the rules allow no such row.
    """
    codec = condition.codec
    assert codec is not None
    names = _needed(codec, condition)
    frame = _drawn(rows, codec, names, condition)
    fixed = {*condition.values.columns, *(limit.name for limit in condition.limits)}
    weight = (rows.log_weight - rows.log_weight.max()).exp().cpu().numpy()
    fine, rng = weight > 0, np.random.default_rng(rows.generator.initial_seed())
    for wanted in condition.wanted:
        inside = wanted.inside(frame[wanted.name])
        if (inside & fine).sum() >= max(_LEAST, ENOUGH * fine.sum()):
            fine &= inside
            continue
        frame, fine = _moved(frame, fine, wanted, codec, fixed, rng)
        fixed |= {wanted.name, *codec.rules[wanted.name].columns}
    for wanted in condition.wanted:
        fine &= wanted.inside(frame[wanted.name])
    if not fine.any():
        raise _refused(condition, codec)
    at = rows.ancestors(torch.from_numpy(weight * fine).to(rows.log_weight.device), n)
    pick = at.cpu().numpy()
    chosen = [frame[name].gather(pick) for name in names if name not in condition.values.columns]
    codes, z = rows.codes[at].clone(), rows.z[at].clone()
    own, scores = codes.cpu().numpy().copy(), z.double().cpu().numpy().copy()
    for column in chosen:
        place = codec.places[column.name]
        found, score = codec.fields[column.name].known_cells(column)
        own[:, place.codes], scores[:, place.numbers] = found, score
    codec.links.mark(pl.DataFrame(chosen), own, scores)
    known = torch.from_numpy(own).to(codes), torch.from_numpy(scores).to(z)
    return Started(*known, [(column, None) for column in chosen])


def _refused(condition: Condition, codec: TableCodec) -> ConditionError:
    asked = " and ".join(str(w) for w in condition.wanted)
    rules = ", ".join(f"'{w.name} = {codec.rules[w.name]}'" for w in condition.wanted)
    return ConditionError(
        f"the condition: {asked} cannot be met together with what else is given: {rules} gives no "
        "such value for values within the ranges seen. Ask for another value, or give less."
    )


def _needed(codec: TableCodec, condition: Condition) -> list[str]:
    """The columns with cells that the derived ones are computed from."""
    out: dict[str, None] = {}

    def need(name: str) -> None:
        if name not in codec.derived:
            for link in codec.links.rules.get(name, ()):
                for part in link.columns:
                    need(part)
            out[name] = None
            return
        left = codec.derived[name]
        for part in (*left.rule.columns, *(n for _, rule in left.keeps for n in rule.columns)):
            if part != name:
                need(part)
        out.update(dict.fromkeys(left.hidden()))

    for wanted in condition.wanted:
        need(wanted.name)
    return [name for name in codec.fields if name in out]


def _drawn(
    rows: Candidates, codec: TableCodec, names: list[str], condition: Condition
) -> pl.DataFrame:
    """The candidates' columns, those that are computed too."""
    columns = []
    for name in names:
        field, place = codec.fields[name], codec.places[name]
        for cell in range(place.codes.start, place.codes.stop):
            if bool((rows.codes[:, cell] < 0).any()):
                size = rows.sampler.layout.sizes[cell]
                rows.choose(cell, torch.ones(size, device=rows.codes.device))
        z = rows.z[:, place.numbers]
        noise = torch.randn(z.shape, generator=rows.generator).to(z)
        z = torch.where(z.isnan(), noise, z)
        codes = rows.codes[:, place.codes].cpu().numpy()
        column = field.decode(codes, z.double().cpu().numpy(), np.arange(rows.n), 0)
        if name in condition.values.columns:
            column = condition.values[name].new_from_index(0, rows.n)
        columns.append(column.alias(name))
    frame = codec.links.fill(pl.DataFrame(columns), rows.codes.cpu().numpy())
    return _computed(frame, codec, condition.values.columns)


def _computed(frame: pl.DataFrame, codec: TableCodec, fixed: Collection[str] = ()) -> pl.DataFrame:
    for name, left in codec.derived.items():
        needed = {*left.rule.columns, *left.hidden(), *(n for n, _ in left.keeps)}
        if needed <= set(frame.columns):
            frame = left.restate(frame.with_columns(left.join(frame).alias(name)), fixed)
    return frame


def _moved(
    frame: pl.DataFrame,
    fine: np.ndarray,
    wanted: Wanted,
    codec: TableCodec,
    fixed: set[str],
    rng: np.random.Generator,
) -> tuple[pl.DataFrame, np.ndarray]:
    """The nearest rows with one column moved, and which rows they are."""
    left = codec.derived[wanted.name]
    column = frame[wanted.name]
    goal = wanted.goals(column, rng)
    away = _away(column, goal)
    count = max(_LEAST, int(ENOUGH * len(away)))
    best, out = np.full(frame.height, np.inf), frame
    for part in _movable(left, codec, fixed):
        value = _solved(left, part, frame, goal, codec)
        new = _computed(frame.with_columns(value.alias(part)), codec, fixed)
        ok = alike(new[wanted.name], goal) & ~codec.fields[part].beyond(value) & fine
        ok &= value.is_not_null().to_numpy()
        cost = np.where(ok, away + _away(frame[part], value), np.inf)
        better = pl.Series(cost < best)
        out = out.with_columns(value.zip_with(better, out[part]).alias(part))
        best = np.minimum(best, cost)
    near = np.zeros(frame.height, bool)
    order = np.argsort(best, kind="stable")[:count]
    near[order[np.isfinite(best[order])]] = True
    return _computed(out, codec, fixed), near


def _away(one: pl.Series, other: pl.Series) -> np.ndarray:
    """(n,) how far values are from each other, as a share of their size."""
    if not (one.dtype.is_numeric() or one.dtype.is_temporal()):
        return np.zeros(len(one))
    x, y = (
        (s.to_physical() if s.dtype.is_temporal() else s).cast(pl.Float64).fill_null(np.nan)
        for s in (one, other)
    )
    a, b = x.to_numpy(), y.to_numpy()
    return np.nan_to_num(np.abs(a - b) / (np.abs(a) + np.abs(b) + 1e-12), nan=1.0)


def _movable(left: Leftover, codec: TableCodec, fixed: set[str]) -> list[str]:
    """The columns that may be moved: what is left over first, then what the rule names."""
    parts = [n for n in left.hidden() if left.decimals is not None][:1]
    parts += [n for n in left.rule.columns if n not in codec.derived and n not in fixed]
    return [n for n in parts if codec.fields[n].range is not None]


def _solved(
    left: Leftover, part: str, frame: pl.DataFrame, goal: pl.Series, codec: TableCodec
) -> pl.Series:
    """What a column must be for the goal."""
    if part in left.hidden():
        return left.split(frame.with_columns(goal.alias(left.name)))[0]
    rule = left.rule
    if not isinstance(rule, Formula):
        frame = frame.with_columns(goal.alias(left.name))
        value = rule.solved(left.name, part).apply(frame)
        return value.cast(frame.schema[part], strict=False).alias(part)
    return solved(rule, part, frame, goal, codec.fields[part].grid)

"""One column as a line of another: `fahrenheit = 1.8 * celsius + 32`, `local = utc + 3600`.

The slope is settled from differences of pairs of rows half the sample apart, as a factor is
(`ratios`), the intercept from what is left then; of both, the number of fewest digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from interfuse.errors import SchemaError
from interfuse.kinds.table.rules.formula import Formula, quoted
from interfuse.kinds.table.rules.leftover import alike
from interfuse.kinds.table.rules.search.columns import Column
from interfuse.kinds.table.rules.search.factors import factor_of, rounded, shortest, stabbed
from interfuse.kinds.table.rules.search.ledger import Ledger, Proposal, likely

MOST_COLUMNS = 200
ALIKE = 0.999
"""Least absolute correlation of ranks of a line with exceptions."""


def find_lines(ledger: Ledger) -> Iterator[Sequence[Proposal]]:
    """Proposals: the later of two columns first."""
    columns = ledger.numbers()
    if len(columns) > MOST_COLUMNS:
        ledger.skipped.append(
            f"lines: {len(columns)} columns, the first {MOST_COLUMNS} are compared"
        )
        columns = columns[:MOST_COLUMNS]
    columns = [c for c in columns if len(c.there) >= 0.5 * len(c.x) and c.distinct >= 10]
    if len(columns) < 2:
        return
    filled = np.stack([np.where(np.isnan(c.x), np.median(c.there), c.x) for c in columns])
    rank = filled.argsort(1).argsort(1).astype(float)
    close = np.abs(np.corrcoef(rank)) >= ALIKE
    for i, one in enumerate(columns):
        for other in (columns[j] for j in np.flatnonzero(close[i, :i])):
            both = [(one, other), (other, one)]
            texts = [(target, _line(target, part, ledger)) for target, part in both]
            out = [Proposal(target.name, text) for target, text in texts if text is not None]
            if out:
                yield out


def _line(target: Column, part: Column, ledger: Ledger) -> str | None:
    """The formula of a line, if there is one."""
    least = likely(ledger.sample.height)
    through_zero = factor_of(target.x, target.step, part.x)
    if through_zero is not None and through_zero[2] >= least:
        return None  # what is settled more closely by `ratios`
    rows = np.flatnonzero(~(np.isnan(target.x) | np.isnan(part.x)))
    rows = rows[np.argsort(part.x[rows], kind="stable")]
    half = len(rows) // 2
    first, second = rows[:half], rows[half : 2 * half]
    gap = part.x[second] - part.x[first]
    step = np.maximum(target.step[first], target.step[second])
    slope = factor_of(target.x[second] - target.x[first], step, gap)
    if slope is None or (k := shortest(slope[0], slope[1])) is None:
        return None
    value = 1.0 if not k else 1 / float(k[2:].strip("()")) if k[0] == "/" else float(k.strip("()"))
    left = (target.x - value * part.x)[rows]
    half_step = target.step[rows] * 0.5000001
    ends = stabbed(left - half_step, left + half_step)
    if ends is None or ends[2] < least:
        return None
    shift = None if ends[0] <= 0 <= ends[1] else shortest(ends[0], ends[1], below=False)
    shift = "1" if shift == "" else shift
    name = quoted(part.name)
    if shift is None:
        return None
    base = f"{name} {k}" if k.startswith("/") else f"{k} * {name}" if k else name
    text = f"{base} + {shift}"
    own, frame = target.series, ledger.sample
    for candidate in rounded(text, target):
        try:
            said = Formula.parse(candidate).apply(frame).cast(own.dtype, strict=False)
        except SchemaError:
            continue
        if alike(own, said).mean() >= least:
            return candidate
    return None

"""Categories, truth values and codes that another column decides.

`attack = label != 'normal'`, `name = match(code, ...)`, `weekend = weekday(time) >= 6`,
`size = 'large' if bytes >= 1000 else 'small'`, `hour = hour(time)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from interfuse.kinds.table.rules.formula import Formula, quoted
from interfuse.kinds.table.rules.search.columns import Column
from interfuse.kinds.table.rules.search.ledger import MIN_ROWS, Ledger, Proposal, likely
from interfuse.kinds.table.rules.values import PARTS

MOST_COLUMNS = 120
MOST_KEYS = 1024
ROWS_A_KEY = 4
ROWS_A_VALUE = 5
MOST_STEPS = 8
TELLING = 0.01
LEFT = 0.02
"""What a key leaves of the rows that chance gets wrong, and three standard errors of the sample."""


@dataclass(frozen=True)
class Key:
    """What may decide another column: a column of few values, or a part of a time.

    Attributes:
        text: as a formula has it.
        column: its name.
        codes: (n,) which of its values, -1 where missing.
        values: the values, in order.
    """

    text: str
    column: str
    codes: np.ndarray
    values: list


def find_functions(ledger: Ledger) -> Iterator[Sequence[Proposal]]:
    """Proposals: parts of times, tables of values, steps of numbers."""
    yield from _parts(ledger)
    keys = [key for c in ledger.columns.values() if (key := _key(c, ledger)) is not None]
    if len(keys) > MOST_COLUMNS:
        ledger.skipped.append(
            f"what decides others: {len(keys)} columns, the first {MOST_COLUMNS} are compared"
        )
        keys = keys[:MOST_COLUMNS]
    rng = np.random.default_rng(1)
    shuffle = rng.permutation(ledger.sample.height)
    targets = [k for k in keys if k.column not in ledger.found]
    # Of the fewest values first, and the last first: what decides them has the most values.
    for target in sorted(reversed(targets), key=lambda k: len(k.values)):
        others = [k for k in (*keys, *_time_keys(ledger)) if k.column != target.column]
        others = [k for k in others if len(k.values) >= len(target.values)]
        for key in sorted(others, key=lambda k: len(k.values)):
            if key.column in ledger.found or not _decides(key, target, shuffle):
                continue
            if (text := _table(key, target, ledger)) is not None:
                yield [Proposal(target.column, text, distinct=1)]
        yield from _steps(target, ledger)


def _parts(ledger: Ledger) -> Iterator[Sequence[Proposal]]:
    """Whole numbers and dates that are parts of a time."""
    for time in _times(ledger):
        for part in PARTS:
            text = f"{part}({quoted(time.name)})"
            said = Formula.parse(text).apply(ledger.sample)
            for c in ledger.columns.values():
                if part == "date":
                    if c.series.dtype == pl.Date and c.name != time.name:
                        yield [Proposal(c.name, text, distinct=3)]
                elif c.series.dtype.is_integer() and c.role != "key":
                    gap = (c.series.cast(pl.Int64) - said).drop_nulls()
                    if len(gap) and gap.n_unique() == 1 and abs(gap[0]) <= 1900:
                        shift = f" - {-gap[0]}" if gap[0] < 0 else f" + {gap[0]}" if gap[0] else ""
                        yield [Proposal(c.name, text + shift, distinct=1)]


def _times(ledger: Ledger) -> list[Column]:
    return [
        c
        for c in ledger.columns.values()
        if isinstance(c.series.dtype, pl.Datetime | pl.Date) and c.name not in ledger.found
    ][:8]


def _time_keys(ledger: Ledger) -> list[Key]:
    out = []
    for time in _times(ledger):
        for part in ("weekday", "hour", "month"):
            text = f"{part}({quoted(time.name)})"
            out.append(_coded(text, time.name, Formula.parse(text).apply(ledger.sample)))
    return out


def _key(column: Column, ledger: Ledger) -> Key | None:
    """A column of few values of which a table can be made."""
    dtype = column.series.dtype
    whole = dtype.is_integer() and dtype != pl.UInt64
    if column.role not in ("category", "number") or not (
        whole or dtype in (pl.Boolean, pl.String, pl.Categorical, pl.Enum)
    ):
        return None
    most = min(MOST_KEYS, ledger.sample.height // ROWS_A_KEY)
    if column.role == "number":
        most = min(most, 64)
    if not 2 <= column.distinct <= most:
        return None
    return _coded(quoted(column.name), column.name, column.series)


def _coded(text: str, name: str, series: pl.Series) -> Key:
    series = series.cast(pl.String) if series.dtype in (pl.Categorical, pl.Enum) else series
    values = series.drop_nulls().unique().sort()
    known = pl.DataFrame({"v": values}).with_row_index("i")
    joined = pl.DataFrame({"v": series}).join(known, on="v", how="left", maintain_order="left")
    codes = joined["i"].cast(pl.Int64).fill_null(-1).to_numpy()
    return Key(text, name, codes, values.to_list())


def _decides(key: Key, target: Key, shuffle: np.ndarray) -> bool:
    """Whether a value of the key goes with one of the target, and would not by chance."""
    n = len(key.codes)
    odd = n - _agreeing(key, target.codes)
    if odd > (1 - likely(n)) * n:
        return False
    by_chance = n - _agreeing(key, target.codes[shuffle])
    few = LEFT * by_chance
    return by_chance >= max(MIN_ROWS, TELLING * n) and odd < few + 3 * np.sqrt(few)


def _agreeing(key: Key, target: np.ndarray) -> int:
    """Rows that hold the commonest target of their key."""
    return int(_counts(key, target).max(1).sum())


def _counts(key: Key, target: np.ndarray) -> np.ndarray:
    """Rows by value of the key and of the target, missing ones first."""
    width = int(target.max()) + 2
    at = (key.codes + 1) * width + target + 1
    return np.bincount(at, minlength=(len(key.values) + 1) * width).reshape(-1, width)


def _table(key: Key, target: Key, ledger: Ledger) -> str | None:
    """The formula by which a key decides a column; None if too few rows show it."""
    frame = ledger.whole([target.column, key.column])
    own = _coded(key.text, key.column, Formula.parse(key.text).apply(frame))
    other = _coded(target.text, target.column, frame[target.column])
    counts = _counts(own, other.codes)[1:, 1:]
    values, best = other.values, counts.argmax(1)
    # What few rows show is said of no value by name.
    often = counts.sum(1) >= ROWS_A_VALUE
    usual = int(counts.sum(0).argmax())
    best = np.where(often, best, usual)
    if len(set(best)) < 2:
        return None
    if len(set(best)) == 2:
        for one in set(best):
            if (best == one).sum() == 1:
                value = own.values[int((best == one).argmax())]
                rest = values[next(b for b in set(best) if b != one)]
                return _is_or_not(key.text, value, values[one], rest)
        turns = np.flatnonzero(np.diff(best))
        if len(turns) == 1 and often.all() and isinstance(own.values[0], int):
            low, high = values[best[0]], values[best[-1]]
            test = f"{key.text} >= {_shown(own.values[turns[0] + 1])}"
            if {repr(low), repr(high)} in ({"False", "True"}, {"0", "1"}):
                return test if high else f"{key.text} < {_shown(own.values[turns[0] + 1])}"
            return f"{_shown(high)} if {test} else {_shown(low)}"
    cases = ", ".join(
        f"{_shown(v)}, {_shown(values[b])}"
        for v, b, fine in zip(own.values, best, often, strict=True)
        if fine
    )
    other_value = (
        f", {_shown(values[usual])}" if not often.all() or key.text != quoted(key.column) else ""
    )
    return f"match({key.text}, {cases}{other_value})"


def _is_or_not(key: str, value: object, then: object, other: object) -> str:
    """The formula of one value against all others."""
    if {repr(then), repr(other)} in ({"False", "True"}, {"0", "1"}):
        return f"{key} {'==' if then else '!='} {_shown(value)}"
    return f"{_shown(then)} if {key} == {_shown(value)} else {_shown(other)}"


def _shown(value: object) -> str:
    return repr(value)


def _steps(target: Key, ledger: Ledger) -> Iterator[Sequence[Proposal]]:
    """A number cut into ranges, each with one value of the target."""
    if target.column in ledger.found or len(target.values) > MOST_STEPS:
        return
    for column in ledger.numbers():
        if column.name == target.column or column.distinct <= 2 * len(target.values):
            continue
        ranges = []
        for code, value in enumerate(target.values):
            x = column.x[target.codes == code]
            x = x[~np.isnan(x)]
            if len(x) < MIN_ROWS:
                break
            ranges.append((x.min(), x.max(), value))
        else:
            ranges.sort(key=lambda r: r[:2])
            if all(a[1] < b[0] for a, b in pairwise(ranges)):
                yield [Proposal(target.column, _cut(column, ranges), distinct=1, all_rows=True)]


def _cut(column: Column, ranges: list[tuple]) -> str:
    """The formula of a number that is cut into ranges: (least, greatest, value) in order."""
    name, text = quoted(column.name), _shown(ranges[0][2])
    for below, above in pairwise(ranges):
        test = f"{name} >= {_between(below[1], above[0])}"
        if len(ranges) == 2 and (below[2], above[2]) in ((False, True), (0, 1)):
            return test
        text = f"{_shown(above[2])} if {test} else {text}"
    return text


def _between(low: float, high: float) -> str:
    """The shortest number above low and not above high."""
    for digits in range(1, 17):
        for value in (float(f"{high:.{digits}g}"), float(f"{(low + high) / 2:.{digits}g}")):
            if low < value <= high:
                return repr(int(value)) if value == int(value) else repr(value)
    return repr(high)

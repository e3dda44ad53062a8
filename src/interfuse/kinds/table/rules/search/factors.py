"""Numbers that most rows allow, and the ways in which a column may have been rounded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from interfuse.kinds.table.rules.search.columns import Column

DEPTH = 0.9
"""Share of the rows that must allow one factor."""
TRIED = 1024
MOST_DIGITS = 9
_LEAST = 20
_NARROW = 0.98


def stabbed(low: np.ndarray, high: np.ndarray) -> tuple[float, float, float] | None:
    """The ends of the numbers that most intervals (low, high) hold, and the share that do."""
    if not len(low):
        return None
    ends = np.concatenate([low, high])
    way = np.concatenate([np.ones(len(low)), -np.ones(len(high))])
    order = np.lexsort((-way, ends))
    depth = way[order].cumsum()
    at = int(depth.argmax())
    last = ends[order[min(at + 1, len(order) - 1)]]
    return float(ends[order[at]]), float(last), float(depth[at] / len(low))


def factor_of(
    c: np.ndarray, step: np.ndarray, x: np.ndarray, single: float = 0.0
) -> tuple[float, float, float] | None:
    """The ends of the factors k of c = k x that most rows allow, and the share of rows that do.

    Rounding to the nearest moves c by half its last place, rounding down or up by a whole one, and
    single precision on the way by a share `single` of c.
    """
    rows = np.flatnonzero(np.isfinite(c) & np.isfinite(x) & (x != 0) & (c != 0))
    if len(rows) < _LEAST:
        return None
    rows = rows[:: -(-len(rows) // TRIED)]
    for part, least in ((0.5000001, _NARROW), (1.0, DEPTH)):
        moved = part * step[rows] + single * np.abs(c[rows])
        a, b = (c[rows] - moved) / x[rows], (c[rows] + moved) / x[rows]
        ends = stabbed(np.minimum(a, b), np.maximum(a, b))
        if ends is not None and ends[2] >= least:
            return ends
    return None


def shortest(low: float, high: float, below: bool = True) -> str | None:
    """The factor of fewest digits between two ends: "8", "/ 60", "" for 1; None without one.

    Args:
        low: the lower end.
        high: the upper end.
        below: whether one over a number will do.
    """
    if low <= 1 <= high:
        return ""
    if low <= 0 <= high:
        return None
    best: tuple[int, str] | None = None
    for under in (False, True)[: 1 + below]:
        a, b = (1 / high, 1 / low) if under else (low, high)
        for digits in range(1, MOST_DIGITS + 1):
            value = float(f"{(a + b) / 2:.{digits - 1}e}")
            if a <= value <= b:
                text = number(value)
                if best is None or digits < best[0]:
                    best = digits, f"/ {text}" if under else text
                break
    return None if best is None else best[1]


def number(value: float) -> str:
    """A number as formulas have it; a negative one in brackets."""
    text = repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
    return f"({text})" if value < 0 else text


def rounded(raw: str, target: Column) -> Iterator[str]:
    """A formula as a column may have been rounded."""
    d = target.decimals
    if d is None:
        yield raw
        if target.digits is not None:
            yield f"digits({raw}, {target.digits})"
        return
    places = f", {d}" if d else ""
    for how in ("round", "round_even", "floor", "ceil"):
        yield f"{how}({raw}{places})"
    if d and target.digits is not None:
        for how in ("round", "floor"):
            yield f"digits({how}({raw}{places}), {target.digits})"

"""How a column is distributed: shares of equal bins, or of its most frequent values."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

BINS = 24
TOP = 8
LONGEST = 200


def distribution(column: pl.Series, other: pl.Series | None = None) -> dict[str, Any]:
    """One column, beside another of its name.

    Args:
        column: values; missing ones are counted apart.
        other: values that are counted in the same bins, as `other`.

    Returns:
        Equal bins of numbers (`low`, `high`, `shares`), or the most frequent values of everything
        else (`values`, `shares`, `distinct`); `other` is None without another column.
    """
    known = column.drop_nulls()
    out: dict[str, Any] = {"name": column.name, "missing": column.len() - known.len()}
    both = [known] if other is None else [known, other.drop_nulls()]
    if known.len() and all(c.dtype.is_numeric() for c in both):
        numbers = [c.cast(pl.Float64) for c in both]
        numbers = [c.filter(c.is_finite()) for c in numbers]
        ends = [_quantile(c, q) for c in numbers if c.len() for q in (0.005, 0.995)]
        low, high = min(ends, default=0.0), max(ends, default=0.0)
        if high > low:
            shares = [_binned(c, low, high) for c in numbers]
            return {
                **out,
                "low": _rounded(low),
                "high": _rounded(high),
                "shares": shares[0],
                "other": shares[1] if len(shares) > 1 else None,
            }
    texts = [c.cast(pl.String, strict=False) for c in both]
    counts = [dict(c.value_counts().iter_rows()) for c in texts]
    top = sorted({v for c in counts for v in c}, key=lambda v: (-counts[-1].get(v, 0), str(v)))
    shares = [
        [c.get(v, 0) / max(1, t.len()) for v in top[:TOP]]
        for c, t in zip(counts, texts, strict=True)
    ]
    return {
        **out,
        "values": [shortened(v) for v in top[:TOP]],
        "shares": shares[0],
        "other": shares[1] if len(shares) > 1 else None,
        "distinct": len(counts[0]),
    }


def shortened(value: Any) -> str | None:
    """A value as text of at most `LONGEST` characters; None is missing."""
    if value is None:
        return None
    text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _quantile(column: pl.Series, q: float) -> float:
    return float(column.quantile(q) or 0.0)


def _binned(numbers: pl.Series, low: float, high: float) -> list[float]:
    place = ((numbers.clip(low, high) - low) / (high - low) * BINS).floor()
    counts = dict(place.clip(0, BINS - 1).cast(pl.Int64).value_counts().iter_rows())
    return [counts.get(i, 0) / max(1, numbers.len()) for i in range(BINS)]


def _rounded(x: float) -> float:
    return float(f"{x:.6g}") if math.isfinite(x) else 0.0

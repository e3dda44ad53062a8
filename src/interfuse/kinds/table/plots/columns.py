"""Columns of two tables side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from interfuse.canvas import MODEL, REAL, SOFT, few_ticks, legend, many_axes, short
from interfuse.errors import OptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from interfuse.evaluate.table import Table

BINS, BARS, ACROSS, MOST = 40, 8, 3, 12
_TAIL = 0.5  # per cent of the real values that may lie outside the picture, on each side


def marginals(
    real: Any,
    synthetic: Any,
    columns: Sequence[str] | None = None,
    *,
    schema: Any = None,
    ax: Any = None,
) -> list[Axes]:
    """Histograms of numbers and bars of categories, real and synthetic over each other.

    Args:
        real: a frame.
        synthetic: a frame with the same columns.
        columns: which ones; None for the first `MOST` that can be compared.
        schema: what the columns are; see `interfuse.evaluate`.
        ax: as many axes as columns.

    Raises:
        OptionError: there is no such column.
    """
    from interfuse.evaluate.table import encode

    a, b, _ = encode(real, synthetic, schema=schema)
    names = list(a.kinds)[:MOST] if columns is None else list(columns)
    for name in names:
        if name not in a.kinds:
            raise OptionError(
                f"columns: {name!r} cannot be drawn; there are {', '.join(map(repr, a.kinds))}."
            )
    drawn = many_axes(len(names), ACROSS, axs=ax)
    for one, name in zip(drawn, names, strict=True):
        (_numbers if name in a.numbers else _categories)(one, name, a, b)
        one.set_title(short(name, 32))
    if drawn:
        legend(drawn[0])
    return drawn


def _numbers(ax: Axes, name: str, real: Table, synthetic: Table) -> None:
    x, y = (t.numbers[name][np.isfinite(t.numbers[name])] for t in (real, synthetic))
    if not len(x) or not len(y):
        ax.text(0.5, 0.5, "no values", transform=ax.transAxes, ha="center", color=SOFT)
        return
    low, high = np.percentile(x, [_TAIL, 100 - _TAIL])
    if low == high:
        low, high = x.min(), x.max()
    if low == high:
        low, high = low - 0.5, high + 0.5
    # Where all values are whole, a bin holds as many of them as any other.
    edges = np.linspace(low, high, BINS + 1)
    if (x == np.rint(x)).all():
        step = max(1.0, np.ceil((high - low + 1) / BINS))
        edges = np.arange(low - 0.5, high + step, step)
    for values, color, label, filled in (
        (x, REAL, "real", True),
        (y, MODEL, "synthetic", False),
    ):
        counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] / len(values)
        ax.stairs(100 * counts, edges, fill=filled, color=color, lw=1.3, label=label)
    ax.set_ylabel("% of rows")
    if name in real.temporal:
        ax.xaxis.set_major_formatter(lambda value, _: _time(value, name, real))
    few_ticks(ax, 3 if name in real.temporal else 5)


def _time(value: float, name: str, table: Table) -> str:
    import polars as pl

    dtype = table.temporal[name]
    if dtype == pl.Date:
        dtype = pl.Datetime("ms")
    text = str(pl.Series([int(value)]).cast(dtype)[0])
    return text[:10] if table.temporal[name] == pl.Date else text[:16]


def _categories(ax: Axes, name: str, real: Table, synthetic: Table) -> None:
    labels = [*real.labels[name], "missing"]
    last = len(labels) - 1
    codes = [np.where(t.codes[name] < 0, last, t.codes[name]) for t in (real, synthetic)]
    counts = [np.bincount(c, minlength=len(labels)) for c in codes]
    shares = [100 * c / max(c.sum(), 1) for c in counts]
    order = np.argsort(-shares[0], kind="stable")
    order = order[(shares[0] + shares[1])[order] > 0]
    kept, rest = order[:BARS], order[BARS:]
    names = [short(labels[i]) for i in kept]
    values = [[s[i] for i in kept] for s in shares]
    if len(rest):
        names.append(f"{len(rest)} others")
        values = [[*v, s[rest].sum()] for v, s in zip(values, shares, strict=True)]
    at = np.arange(len(names))
    ax.barh(at - 0.2, values[0], 0.4, color=REAL, label="real")
    ax.barh(at + 0.2, values[1], 0.4, color=MODEL, label="synthetic")
    ax.set_yticks(at, names)
    ax.invert_yaxis()
    ax.set_xlabel("% of rows")

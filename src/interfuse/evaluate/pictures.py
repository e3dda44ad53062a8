"""The numbers behind the pictures: histograms, bars and maps, as plain lists for JSON and SVG."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from interfuse.evaluate.association import Associations
from interfuse.evaluate.shapes import Shapes
from interfuse.evaluate.table import Floats, Table, time_text
from interfuse.language import t

BINS = 30
MOST_BARS = 7
MOST_MARGINALS = 60
MOST_MAPPED = 40

_EXACT = 2.0**50


def marginals(real: Table, synthetic: Table, shapes: Shapes) -> list[dict[str, Any]]:
    """Return a histogram or bars per column, worst shape first, at most `MOST_MARGINALS`."""
    order = sorted(shapes.columns, key=lambda c: c.score if np.isfinite(c.score) else 2.0)
    return [
        {"name": c.name, "error": 100 * (1 - c.score)} | _marginal(c.name, real, synthetic)
        for c in order[:MOST_MARGINALS]
    ]


def association(found: Associations) -> dict[str, Any]:
    """Return both association maps; of the `MOST_MAPPED` columns that differ most when wide."""
    names = np.array(found.names)
    a, b = found.real, found.synthetic
    if len(names) > MOST_MAPPED:
        off = np.nansum(np.abs(a - b), axis=1)
        keep = np.sort(np.argsort(-off, kind="stable")[:MOST_MAPPED])
        names, a, b = names[keep], a[np.ix_(keep, keep)], b[np.ix_(keep, keep)]
    return {
        "names": names.tolist(),
        "real": a.round(4).tolist(),
        "synthetic": b.round(4).tolist(),
        "left_out": len(found.names) - len(names),
    }


def _marginal(name: str, real: Table, synthetic: Table) -> dict[str, Any]:
    if name in real.codes:
        labels = real.labels[name]
        p, q = (
            _shares(np.bincount(t.codes[name][t.codes[name] >= 0], minlength=len(labels)))
            for t in (real, synthetic)
        )
        most = np.argsort(-np.maximum(p, q), kind="stable")[:MOST_BARS]
        shown = [labels[i] for i in most]
        bars = [p[most].tolist(), q[most].tolist()]
        if len(labels) > len(most):
            count = len(labels) - len(most)
            shown.append(t("1 other") if count == 1 else t("{count} others", count=count))
            for bar, share in zip(bars, (p, q), strict=True):
                bar.append(float(share.sum() - share[most].sum()))
        return {"labels": shown, "real": bars[0], "synthetic": bars[1]}
    edges = _edges(real.numbers[name], synthetic.numbers[name])
    heights = [_histogram(t.numbers[name], edges) for t in (real, synthetic)]
    half = 0.5 if edges[0] % 1 == 0.5 and edges[1] - edges[0] == 1 else 0.0
    return {
        "edges": [_text(edges[0] + half, name, real), _text(edges[-1] - half, name, real)],
        "real": heights[0],
        "synthetic": heights[1],
    }


def _shares(counts: NDArray[np.int64]) -> Floats:
    return counts / max(1, int(counts.sum()))


def _edges(real: Floats, synthetic: Floats) -> Floats:
    known = real[np.isfinite(real)]
    if not len(known):
        known = synthetic[np.isfinite(synthetic)]
    if not len(known):
        return np.array([0.0, 1.0])
    low, high = np.quantile(known, [0.005, 0.995])
    if low == high:
        low, high = known.min(), known.max()
    whole = np.abs(known).max() < _EXACT and bool((known == np.round(known)).all())
    if whole and high - low < BINS:
        return np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
    if low == high or not np.isfinite(high - low):
        return np.array([low, np.nextafter(low, np.inf)])
    return np.linspace(low, high, BINS + 1)


def _histogram(values: Floats, edges: Floats) -> list[float]:
    known = np.clip(values[~np.isnan(values)], edges[0], edges[-1])
    counts = np.histogram(known, bins=edges)[0]
    return (counts / max(1, len(known))).round(6).tolist()


def _text(value: float, name: str, table: Table) -> str:
    dtype = table.temporal.get(name)
    if dtype is None:
        whole = f"{float(f'{value + 0.0:.4g}'):,.0f}"
        return whole if 1e4 <= abs(value) < 1e9 else f"{value + 0.0:,.4g}"
    return time_text(value, dtype)[:16]

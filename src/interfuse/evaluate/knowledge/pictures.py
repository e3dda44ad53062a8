"""Bars with whiskers, curves, and the parts that a divergence is made of, as inline SVG."""

import math
from collections.abc import Sequence
from typing import Any

from interfuse.evaluate.plots import Maybe, escape, fitted, ticks
from interfuse.language import t

BARS = 15


def bars(rows: Sequence[tuple[str, Sequence[tuple[Maybe, Maybe]]]], kinds: Sequence[str]) -> str:
    """Return horizontal bars, some a row, each with a whisker of two standard errors.

    Args:
        rows: a name, and for each of `kinds` a value and its standard error.
        kinds: classes of the bars: first, share, last.
    """
    rows = rows[:BARS]
    values = [(v or 0.0) + 2 * (e or 0.0) for _, own in rows for v, e in own]
    most = max([*values, 1e-9])
    low = min([(v or 0.0) for _, own in rows for v, _ in own] + [0.0])
    left, right, bar = 170.0, 620.0, 7.0
    step = bar * len(kinds) + 12

    def at(value: float) -> float:
        return left + (right - left) * (value - low) / (most - low)

    height = step * len(rows) + 26
    parts = []
    for level in ticks(low, most):
        x = at(level)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{height - 22:g}"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{height - 8:g}" text-anchor="middle">{level:.3g}</text>'
        )
    for i, (name, own) in enumerate(rows):
        y = i * step + 4
        parts.append(
            f'<text class="name" x="{left - 8:g}" y="{y + bar * len(kinds) / 2 + 4:.1f}" '
            f'text-anchor="end">{fitted(name, 14.5)}</text>'
        )
        for k, ((value, error), kind) in enumerate(zip(own, kinds, strict=True)):
            if value is None:
                continue
            top, x0, x1 = y + k * bar, at(min(value, 0.0)), at(max(value, 0.0))
            parts.append(
                f'<rect class="{kind}" x="{x0:.1f}" y="{top:.1f}" width="{max(x1 - x0, 0.8):.1f}" '
                f'height="{bar - 1:g}"><title>{escape(name)}: {value:.4f}</title></rect>'
            )
            if error:
                a, b = at(value - 2 * error), at(value + 2 * error)
                middle = top + (bar - 1) / 2
                parts.append(
                    f'<line class="whisker" x1="{max(a, left - 2):.1f}" y1="{middle:.1f}" '
                    f'x2="{b:.1f}" y2="{middle:.1f}"/>'
                )
    parts.append(
        f'<text class="axis-name" x="640" y="{height - 8:g}" text-anchor="end">{t("nats")}</text>'
    )
    parts.append(f'<line class="axis" x1="{at(0):.1f}" y1="0" x2="{at(0):.1f}" '
                 f'y2="{height - 22:g}"/>')  # fmt: skip
    return f'<svg viewBox="0 0 640 {height:g}" role="img">{"".join(parts)}</svg>'


def curve(data: dict[str, Any]) -> str:
    """Return a target against a driver: supported thick, plain dashed, support as shade."""
    width, height, left, base, top = 260.0, 150.0, 38.0, 112.0, 8.0
    plain, held = data["plain"], data["supported"]
    known = [v for v in (*plain, *held) if v is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    pad = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    low, high = low - pad, high + pad
    n = len(plain)
    step = (width - left - 8) / max(n, 1)

    def spot(i: int, value: float) -> tuple[float, float]:
        return left + (i + 0.5) * step, base - (base - top) * (value - low) / (high - low)

    parts = []
    for i, share in enumerate(data["support"]):
        tall = (base - top) * (share or 0.0)
        parts.append(
            f'<rect class="shade" x="{left + i * step:.1f}" y="{base - tall:.1f}" '
            f'width="{step:.1f}" height="{tall:.1f}"/>'
        )
    for level in ticks(low, high)[::2]:
        y = spot(0, level)[1]
        parts.append(f'<line class="grid" x1="{left:g}" y1="{y:.1f}" x2="{width:g}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{left - 4:g}" y="{y + 3:.1f}" text-anchor="end">{level:.3g}</text>')
    for values, kind, dot in ((plain, "line-plain", "dot-plain"), (held, "line-held", "dot")):
        spots = [spot(i, v) for i, v in enumerate(values) if v is not None]
        if data["ordered"] and len(spots) > 1:
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
            parts.append(f'<path class="{kind}" d="M{path}"/>')
        parts += [f'<circle class="{dot}" cx="{x:.1f}" cy="{y:.1f}" r="2.6"/>' for x, y in spots]
    parts.append(f'<line class="axis" x1="{left:g}" y1="{base:g}" x2="{width:g}" y2="{base:g}"/>')
    for i in _some(n):
        x = left + (i + 0.5) * step
        label = fitted(data["levels"][i], 7.5)
        parts.append(
            f'<text transform="translate({x + 3:.1f} {base + 8:g}) rotate(28)">{label}</text>'
        )
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img">{"".join(parts)}</svg>'


def _some(n: int) -> list[int]:
    """At most six of n places, spread evenly."""
    step = max(1, math.ceil(n / 6))
    return list(range(0, n, step))


def parts_of(rows: Sequence[tuple[str, float, str]], total: float) -> str:
    """Return one bar cut into parts, named beneath.

    Args:
        rows: a name, a value above 0 and a class of each part.
        total: what the whole bar stands for.
    """
    left, width, y = 0.0, 320.0, 6.0
    parts, x, line = [], left, 44.0
    for name, value, kind in rows:
        wide = width * max(value, 0.0) / max(total, 1e-12)
        said = t("{name}: {value:.4f} nats", name=name, value=value)
        parts.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{y:g}" width="{wide:.1f}" height="20">'
            f"<title>{escape(said)}</title></rect>"
        )
        parts.append(f'<rect class="{kind}" x="0" y="{line - 9:g}" width="10" height="10"/>')
        share = f" ({value / total:.0%})" if total > 0 else ""
        parts.append(f'<text class="name" x="16" y="{line:g}">{escape(said)}{share}</text>')
        x, line = x + wide, line + 18
    return f'<svg viewBox="0 0 {width:g} {line - 6:g}" role="img">{"".join(parts)}</svg>'

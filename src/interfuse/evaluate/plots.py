"""Pictures as inline SVG: a few shapes, no dependency, colours from the page's style sheet.

Classes used: ``real``, ``syn`` (bars and areas), ``line-real``, ``line-syn`` (lines), ``pos``,
``neg`` (map cells), ``axis``, ``void``. All text is escaped.
"""

import html
import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from interfuse.language import t

_CONTROL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Maybe = float | None
_LARGEST = 1.4


def escape(text: object) -> str:
    """Return text safe in HTML, SVG and attributes; characters XML forbids become U+FFFD."""
    return html.escape(printable(text), quote=True)


def printable(text: object) -> str:
    """Return text in which characters that XML forbids are U+FFFD."""
    return _CONTROL.sub("\ufffd", str(text))


def cut(text: object, length: int) -> str:
    """Return text cut to `length` characters with an ellipsis."""
    whole = str(text)
    return whole if len(whole) <= length else whole[: length - 1] + "…"


def clip(text: object, length: int) -> str:
    """Return text cut to `length` characters with an ellipsis, escaped."""
    return escape(cut(text, length))


def width_of(text: object) -> float:
    """Return about how wide a text is, in units of its font size."""
    return sum(1.05 if unicodedata.east_asian_width(c) in "WF" else _wide(c) for c in str(text))


def _wide(character: str) -> float:
    if character in "mwMW@%—":
        return 0.95
    return 0.36 if character in "ijltfrI.,:;'|!()[] " else 0.66


def fitted(text: object, width: float) -> str:
    """Return text cut with an ellipsis to `width` (see `width_of`), escaped."""
    whole = str(text)
    if width_of(whole) <= width:
        return escape(whole)
    while whole and width_of(whole) > width - 1:
        whole = whole[:-1]
    return escape(whole + "…")


def upright(text: str, y: float) -> str:
    """Return the name of a vertical axis, along it; `y` is its middle."""
    place = f'transform="translate(9 {y:g}) rotate(-90)" text-anchor="middle"'
    return f'<text class="axis-name" {place}>{escape(text)}</text>'


def along(text: str, x: float, y: float) -> str:
    """Return the name of a horizontal axis, beneath it; `x` is its middle."""
    return f'<text class="axis-name" x="{x:g}" y="{y:g}" text-anchor="middle">{escape(text)}</text>'


def histogram(
    real: Sequence[float], synthetic: Sequence[float], edges: Sequence[str], name: str
) -> str:
    """Return real bars under a synthetic outline; heights are square roots of the shares."""
    left, width, height, base = 16.0, 260.0, 124.0, 92.0
    top = max([*real, *synthetic, 1e-12])
    step = (width - left) / max(1, len(real))

    def outline(shares: Sequence[float]) -> str:
        points = [f"M{left:g} {base:g}"]
        for i, share in enumerate(shares):
            y = base - (base - 6) * math.sqrt(max(share, 0.0) / top)
            points.append(f"L{left + i * step:.1f} {y:.1f}H{left + (i + 1) * step:.1f}")
        return "".join(points) + f"V{base:g}"

    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img">'
        f'<path class="real" d="{outline(real)}Z"/>'
        f'<path class="line-syn" d="{outline(synthetic)}"/>'
        f'<line class="axis" x1="{left:g}" y1="{base:g}" x2="{width:g}" y2="{base:g}"/>'
        f'<text x="{left:g}" y="{base + 13:g}">{escape(edges[0])}</text>'
        f'<text x="{width:g}" y="{base + 13:g}" text-anchor="end">{escape(edges[1])}</text>'
        f"{along(cut(name, 34), (left + width) / 2, height - 4)}"
        f"{upright(t('√ share of rows'), base / 2 + 3)}</svg>"
    )


def bars(labels: Sequence[str], real: Sequence[float], synthetic: Sequence[float]) -> str:
    """Return a pair of horizontal bars per label, with its shares in a tooltip."""
    left, width, row, font = 104.0, 260.0, 19.0, 10.5
    top = max([*real, *synthetic, 1e-12])
    parts = []
    for i, (label, p, q) in enumerate(zip(labels, real, synthetic, strict=True)):
        y = i * row + 2
        a, b = ((width - left) * max(share, 0.0) / top for share in (p, q))
        said = t("{label}: real {p:.2%}, synthetic {q:.2%}", label=label, p=p, q=q)
        parts.append(
            f"<g><title>{escape(said)}</title>"
            f'<text x="{left - 5:g}" y="{y + 11:g}" text-anchor="end">'
            f"{fitted(label, (left - 6) / font)}</text>"
            f'<rect class="real" x="{left:g}" y="{y:g}" width="{a:.1f}" height="7"/>'
            f'<rect class="syn" x="{left:g}" y="{y + 8:g}" width="{b:.1f}" height="6"/></g>'
        )
    base = max(40.0, len(labels) * row + 4)
    parts.append(
        f'<line class="axis" x1="{left:g}" y1="{base:g}" x2="{width:g}" y2="{base:g}"/>'
        f'<text x="{left:g}" y="{base + 12:g}" text-anchor="middle">0</text>'
        f'<text x="{width:g}" y="{base + 12:g}" text-anchor="end">{top:.3g}</text>'
        f"{along(t('share of rows'), (left + width) / 2, base + 12)}"
    )
    height = base + 16
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img">{"".join(parts)}</svg>'


def heat(names: Sequence[str], values: Sequence[Sequence[Maybe]], *, scale: float = 1.0) -> str:
    """Return a square map of values in [-scale, scale]: hue is the sign, strength the size."""
    cell, font = 14.0, 9.5
    longest = min(11.0, max((width_of(name) for name in names), default=0.0))
    left = top = 8 + font * longest
    size = len(names) * cell
    parts = []
    for i, name in enumerate(names):
        middle = i * cell + 10.5
        label, x, y = fitted(name, longest), left + middle, top + middle
        parts.append(f'<text x="{left - 4:g}" y="{y:g}" text-anchor="end">{label}</text>')
        parts.append(f'<text transform="translate({x:g} {top - 4:g}) rotate(-90)">{label}</text>')
        for j, value in enumerate(values[i]):
            box = f'x="{left + j * cell:g}" y="{top + i * cell:g}" width="13.4" height="13.4"'
            pair = f"{escape(name)} × {escape(names[j])}"
            if value is None:
                said = f"{pair}: {t('undefined')}"
                parts.append(f'<rect class="void" {box}><title>{said}</title></rect>')
                continue
            strength = min(1.0, abs(value) / scale)
            parts.append(
                f'<rect class="{"pos" if value >= 0 else "neg"}" {box} '
                f'fill-opacity="{strength:.2f}"><title>{pair}: {value:.3f}</title></rect>'
            )
    frame = f'<rect class="frame" x="{left:g}" y="{top:g}" width="{size:g}" height="{size:g}"/>'
    parts.append(_scale(left, top + size + 10, max(size, 90.0), scale))
    width = left + max(size, 90.0) + 2
    box = f"0 0 {width:g} {top + size + 50:g}"
    most = f"max-width:{_LARGEST * width:.0f}px"  # few columns would be drawn in large letters
    return (
        f'<svg class="heat" style="{most}" viewBox="{box}" role="img">{frame}{"".join(parts)}</svg>'
    )


def _scale(left: float, top: float, width: float, scale: float) -> str:
    """Return what the colours of a map stand for, from -scale to scale."""
    steps = 20
    wide = width / steps
    parts = []
    for i in range(steps):
        value = (2 * i + 1) / steps - 1
        parts.append(
            f'<rect class="{"pos" if value >= 0 else "neg"}" x="{left + i * wide:.1f}" '
            f'y="{top:g}" width="{wide:.1f}" height="7" fill-opacity="{abs(value):.2f}"/>'
        )
    for share, anchor, text in ((0, "start", -scale), (0.5, "middle", 0), (1, "end", scale)):
        x = left + share * width
        parts.append(f'<text x="{x:g}" y="{top + 18:g}" text-anchor="{anchor}">{text:g}</text>')
    name = t("r or V") if scale == 1 else t("difference of r or V")
    return "".join(parts) + along(name, left + width / 2, top + 31)


def curve(rows: Sequence[Sequence[Maybe]], unit: str) -> str:
    """Return the training loss and, where given, the held-out loss against progress."""
    width, height, left, base, top = 480.0, 220.0, 62.0, 184.0, 10.0
    lines = [
        [(row[0], row[k]) for row in rows if len(row) > k and _finite(row[0], row[k])]
        for k in (1, 2)
    ]
    points = [(float(x or 0), float(y or 0)) for line in lines for x, y in line]
    if not points:
        return ""
    x0, x1 = min(p[0] for p in points), max(p[0] for p in points)
    heights = sorted(p[1] for p in points)
    y0 = heights[0]
    y1 = heights[min(len(heights) - 1, int(0.98 * len(heights)))]
    x_span, y_span = (x1 - x0) or 1.0, (y1 - y0) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        share = min(1.05, (y - y0) / y_span)
        return left + (width - left - 16) * (x - x0) / x_span, base - 4 - (base - top - 4) * share

    parts = [f'<line class="axis" x1="{left:g}" y1="{base:g}" x2="{width:g}" y2="{base:g}"/>']
    for level in ticks(y0, y0 + y_span):
        y = place(x0, level)[1]
        parts.append(f'<line class="grid" x1="{left:g}" y1="{y:.1f}" x2="{width:g}" y2="{y:.1f}"/>')
        parts.append(
            f'<text x="{left - 6:g}" y="{y + 3:.1f}" text-anchor="end">{level:,.5g}</text>'
        )
    for at in ticks(x0, x0 + x_span):
        x = place(at, y0)[0]
        label = f"{at / 1e6:,.4g} M" if x1 >= 1e7 else f"{at:,.10g}"
        parts.append(f'<text x="{x:.1f}" y="{base + 15:g}" text-anchor="middle">{label}</text>')
    middle = (left + width) / 2
    parts.append(along(unit, middle, height - 4))
    parts.append(upright(t("loss"), (top + base) / 2))
    for line, kind in zip(lines, ("line-real", "line-syn"), strict=True):
        if line:
            spots = [place(float(x or 0), float(y or 0)) for x, y in line]
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
            parts.append(f'<path class="{kind}" d="M{path}"/>')
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img">{"".join(parts)}</svg>'


def ticks(low: float, high: float) -> list[float]:
    """Return 3 to 8 round numbers in [low, high], a step of 1, 2 or 5 times a power of ten."""
    span = high - low
    if not math.isfinite(span) or span <= 1e-12 * max(abs(low), abs(high), 1e-300):
        return [low]
    power = 10.0 ** math.floor(math.log10(span))
    step = next(step for step in (0.2, 0.5, 1.0, 2.0) if span / (step * power) < 6.5) * power
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12 - math.floor(math.log10(step))) for i in range(first, last + 1)]


def standing(row: dict[str, Any]) -> str:
    """Return where a figure stands between its floor (left) and independent columns (right)."""
    value, floor, loose = row["value"], row["floor"], row["independent"]
    if not _finite(value, floor) or not _finite(loose, loose):
        return ""
    sign = -1.0 if row["better"] == "higher" else 1.0
    if sign * (loose - floor) <= 0:  # independent columns are no worse: nothing to stand between
        return ""
    at = max(-0.08, min(1.08, (value - floor) / (loose - floor)))
    wide = min(0.5, 2 * abs((row["floor_sd"] or 0.0) / (loose - floor)))
    x, left, right = 20 + 160 * at, 20.0, 180.0
    return (
        '<svg class="standing" viewBox="0 0 200 16" role="img">'
        f'<line class="axis" x1="{left:g}" y1="8" x2="{right:g}" y2="8"/>'
        f'<rect class="band" x="{max(0.0, left - 160 * wide):.1f}" y="4" '
        f'width="{min(left, 160 * wide) + 160 * wide:.1f}" height="8"/>'
        f'<line class="axis" x1="{left:g}" y1="3" x2="{left:g}" y2="13"/>'
        f'<line class="axis" x1="{right:g}" y1="3" x2="{right:g}" y2="13"/>'
        f'<circle class="syn" cx="{x:.1f}" cy="8" r="5"/></svg>'
    )


def standing_scale() -> str:
    """Return what both ends of `standing` are, as the axis below a column of them."""
    return (
        '<svg class="standing" viewBox="0 0 200 22" role="img">'
        f'<text x="14" y="8">{escape(t("floor"))}</text>'
        f'<text x="186" y="8" text-anchor="end">{escape(t("independent"))}</text>'
        f"{along(t('share of the way'), 100, 19)}</svg>"
    )


def _finite(a: Maybe, b: Maybe) -> bool:
    return a is not None and b is not None and math.isfinite(a) and math.isfinite(b)

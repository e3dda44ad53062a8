"""A graph of dependence as SVG: columns on a circle, an edge for each pair, no arrows."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from interfuse.evaluate.plots import escape, fitted
from interfuse.language import t

MOST_EDGES = 30
MOST_NODES = 40


def circle(
    names: Sequence[str], edges: Mapping[tuple[str, str], float], seed: Sequence[str] = ()
) -> list[str]:
    """Names in an order that has neighbours near each other.

    From the node of most weight on, the next is the one that is tied most to the last few.

    Args:
        names: of the nodes.
        edges: weight of each pair.
        seed: the first ones; empty: the node of most weight.
    """
    weight = dict.fromkeys(names, 0.0)
    tie: dict[str, dict[str, float]] = {n: {} for n in names}
    for (a, b), w in edges.items():
        weight[a] += w
        weight[b] += w
        tie[a][b] = tie[b][a] = w
    out = list(seed)
    while len(out) < len(names):
        rest = [n for n in names if n not in out]
        near = out[-3:]

        def pull(n: str, near: Sequence[str] = near) -> float:
            return sum(tie[n].get(m, 0.0) / (len(near) - i) for i, m in enumerate(near))

        out.append(max(rest, key=lambda n: (pull(n), weight[n])))
    return out


def graph(
    names: Sequence[str],
    explained: Mapping[str, float],
    edges: Mapping[tuple[str, str], float],
    rules: Sequence[tuple[str, str]] = (),
) -> str:
    """Return the picture.

    Args:
        names: of the columns.
        explained: by column the share of its entropy that the others explain; radius.
        edges: nats of each pair; width.
        rules: pairs that an exact rule ties; a double line.
    """
    strongest = sorted(edges.items(), key=lambda e: -e[1])[:MOST_EDGES]
    kept = dict(strongest)
    tied = {n for pair in (*kept, *rules) for n in pair}
    shown = [n for n in names if n in tied] or list(names)[:MOST_NODES]
    order = circle(shown, {**kept, **dict.fromkeys(rules, 0.01)})
    size, middle = 620.0, 310.0
    radius = 170.0
    place: dict[str, tuple[float, float, float]] = {}
    for i, name in enumerate(order):
        angle = 2 * math.pi * i / max(len(order), 1) - math.pi / 2
        x, y = middle + radius * math.cos(angle), middle + radius * math.sin(angle)
        place[name] = x, y, angle
    most = max(kept.values(), default=1.0) or 1.0
    parts = []
    for (a, b), nats in reversed(strongest):
        parts.append(
            f'<path class="edge" stroke-width="{1 + 9 * nats / most:.1f}" '
            f'd="{_arc(place[a], place[b], middle)}">'
            f"<title>{escape(_tie(a, b, nats))}</title></path>"
        )
    for a, b in rules:
        if a in place and b in place:
            (x0, y0, _), (x1, y1, _) = place[a], place[b]
            length = math.hypot(x1 - x0, y1 - y0) or 1.0
            dx, dy = -2 * (y1 - y0) / length, 2 * (x1 - x0) / length
            for s in (-1, 1):
                parts.append(
                    f'<line class="rule" x1="{x0 + s * dx:.1f}" y1="{y0 + s * dy:.1f}" '
                    f'x2="{x1 + s * dx:.1f}" y2="{y1 + s * dy:.1f}"/>'
                )
    for name, (x, y, angle) in place.items():
        share = explained.get(name, 1.0)
        r = 4 + 9 * math.sqrt(max(share, 0.0))
        said = escape(
            t("{name}: {share:.0%} of its entropy is explained by the others",
              name=name, share=share)
        )  # fmt: skip
        parts.append(f'<circle class="node" cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}">'
                     f"<title>{said}</title></circle>")  # fmt: skip
        away = r + 7
        tx, ty = x + away * math.cos(angle), y + away * math.sin(angle) + 4
        side = "middle" if abs(math.cos(angle)) < 0.15 else "start" if x > middle else "end"
        if side == "middle":
            ty += 6 * math.sin(angle)
        parts.append(
            f'<text class="name" x="{tx:.1f}" y="{ty:.1f}" text-anchor="{side}">'
            f"{fitted(name, 15)}</text>"
        )
    heights = [y for _, y, _ in place.values()] or [middle]
    top, bottom = min(heights) - 36, max(heights) + 36
    box = f"-40 {top:g} {size + 80:g} {bottom - top:g}"
    return f'<svg viewBox="{box}" role="img">{"".join(parts)}</svg>'


def _tie(a: str, b: str, nats: float) -> str:
    return t("{one} – {two}: {nats:.3f} nats given all others", one=a, two=b, nats=nats)


def _arc(a: tuple[float, float, float], b: tuple[float, float, float], middle: float) -> str:
    """A curve between two points of the circle that bends towards its middle."""
    (x0, y0, _), (x1, y1, _) = a, b
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    cx, cy = cx + 0.45 * (middle - cx), cy + 0.45 * (middle - cy)
    return f"M{x0:.1f} {y0:.1f}Q{cx:.1f} {cy:.1f} {x1:.1f} {y1:.1f}"


def rule_pairs(rules: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Pairs that exact rules tie: a computed column and each that it is computed from."""
    return [(r["column"], other) for r in rules if r["exact"] for other in r["of"]]

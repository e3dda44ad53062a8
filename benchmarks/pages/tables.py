"""Tables beside published figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.pages.ledger import Ledger
from benchmarks.pages.markdown import Found, number, table
from benchmarks.published import GOALS, Goal

_TABLE_HEADER = (
    "Figure",
    "interfuse",
    "Floor",
    "Real rows",
    "To reach",
    "Reached",
    "Best published",
)


def tables(title: str, found: Found, ledger: Ledger) -> list[str]:
    """Each table beside its bounds and the best published figures."""
    lines = ["The protocol is that of the published tables (`benchmarks/protocol.py`).", ""]
    for name, one in found.items():
        goals = GOALS.get(name, {})
        rows, sources = [], []
        for key, f in one["figures"].items():
            goal = goals.get(key) or Goal(key, "lower")
            best = "–"
            if goal.best:
                if goal.best.source not in sources:
                    sources.append(goal.best.source)
                place = sources.index(goal.best.source) + 1
                best = f"{goal.best.value:g} {goal.best.method} [{place}]"
                sign = -1 if goal.better == "higher" else 1
                ours = sign * f["ours"]
                ledger.compare(
                    title,
                    f"{name}, {goal.name}",
                    ours,
                    {f"{goal.best.method} (published)": sign * goal.best.value},
                )
            real = f.get("real")
            kept = {True: "yes", False: "**no**", None: "–"}[goal.reached(f["ours"], real)]
            bound = goal.bound(real)
            reach = "–" if bound is None else f"{round(bound, 3):g}"
            cells = (
                number(f["ours"], sd=f.get("sd")),
                number(f.get("floor"), sd=f.get("floor_sd")),
            )
            rows.append((goal.name, *cells, number(real), reach, kept, best))
        size, fit = one["rows"], one["fit"]
        lines += [
            f"### {name}: {size['train']:,} rows, {size['columns']} columns, fitted in "
            f"{fit['wall_seconds']:.0f} s",
            "",
            *table(_TABLE_HEADER, rows),
            "",
            *(f"{i}. {source}" for i, source in enumerate(sources, 1)),
            "",
        ]
        for rule in one.get("rules", ()):
            lines.append(f"- {rule['rule']} holds in {rule['synthetic']:.2%} of rows")
        if "relations" in one or "tails" in one:
            lines += _relations(one)
    return lines


def _relations(one: Mapping[str, Any]) -> list[str]:
    """What a person of the field checks first, in real and in drawn rows."""
    shares = [
        (r["relation"], f"{r['real']:.2%}", f"{r['synthetic']:.2%}") for r in one["relations"]
    ]
    tails = [
        (f"Pearson of {r['pair']}", f"{r['real']:.3f}", f"{r['synthetic']:.3f}")
        for r in one["tails"]
    ]
    return ["", *table(("Relation", "Real rows", "Drawn rows"), shares + tails), ""] * bool(
        shares + tails
    )

"""Tables beside other synthesisers."""

from __future__ import annotations

from benchmarks.pages.ledger import Ledger
from benchmarks.pages.markdown import OURS, Found, computer, number, table
from benchmarks.rivals.methods import METHODS
from benchmarks.rivals.ranks import RANKED, distance, mean_ranks


def rivals(title: str, found: Found, ledger: Ledger) -> list[str]:
    """Each data set, its methods side by side, and mean ranks."""
    lines = [
        "Each method fits on one core within one budget, with its own defaults; rules and settings",
        "are in `benchmarks/rivals`. Shape and trend: per cent off. Detection: area under the ROC",
        "curve of boosted trees, .5 = cannot be told apart. Utility gap: what trees lose on real",
        "rows when they learn from drawn ones instead. DCR: share of drawn rows nearer to the half",
        "that was fitted than to the other, .5 = no copying, one halving. The budget is of",
        "wall-clock time; where others used the machine too, the core gave less than that.",
        "",
    ]
    for name, one in found.items():
        lines += _rival_set(title, name, one, ledger)
    places = mean_ranks(found)
    if places:
        lines += [
            "### Mean rank",
            "",
            "Over shape, trend, detection and utility of all data sets; a method without rows on a",
            "set is last there.",
            "",
            *table(
                ("Method", "Mean rank", "Data sets with rows"),
                [
                    (METHODS[k].name, f"{mean:.2f}", f"{ended} of {tried}")
                    for k, (mean, ended, tried) in places.items()
                ],
            ),
            "",
        ]
    for key, method in METHODS.items():
        places = mean_ranks(found, key) if method.instead_of else {}
        if key in places:
            lines += [
                f"In the place of {METHODS[method.instead_of].name}, {method.name} has the mean "
                f"rank {places[key][0]:.2f}, place {list(places).index(key) + 1} of {len(places)}.",
                "",
            ]
    return lines


def _rival_set(title: str, name: str, one: Found, ledger: Ledger) -> list[str]:
    """The methods on one data set."""
    size, methods = one["rows"], one["methods"]
    ended = {k: methods[k] for k in METHODS if k in methods and "failed" not in methods[k]}
    failed = {k: methods[k] for k in METHODS if "failed" in methods.get(k, ())}
    ranked = [k for k in ended if METHODS[k].ranked]
    columns = {f: {k: distance(f, m, one["real"]) for k, m in ended.items()} for f in RANKED}
    bold = set()
    for figure, column in columns.items():
        there = {k: v for k in ranked if (v := column[k]) is not None}
        bold |= {(figure, k) for k, v in there.items() if v == min(there.values())}
        rivals = {METHODS[k].name: v for k, v in there.items() if k != OURS}
        ledger.compare(title, f"{name}, {_FIGURES[figure]}", there.get(OURS), rivals)
    rows = []
    for key, m in ended.items():
        cells = [METHODS[key].name if key in ranked else f"*{METHODS[key].name}*"]
        for figure in RANKED:
            gap = figure == "gap"
            text = number(columns[figure][key] if gap else m[figure], 4 if gap else 3)
            cells.append(f"**{text}**" if (figure, key) in bold else text)
        seconds = [m.get(k) for k in ("fit_seconds", "fit_core_seconds", "sample_seconds")]
        cells += [number(m.get("dcr_share")), number(m.get("copies"), 1)]
        rows.append((*cells, *(number(s, 0 if s and s >= 10 else 2) for s in seconds)))
    said = [(k, f"gave no rows: {m['failed'].rstrip('.')}") for k, m in failed.items()]
    for key, m in ended.items():
        if "half_failed" in m:
            said.append((key, f"gave no rows when fitted to half: {m['half_failed'].rstrip('.')}"))
        if "elsewhere" in m:
            said.append((key, f"was measured on {computer(m['elsewhere']['machine'])}"))
    notes = [f"- {METHODS[key].name} {what}." for key, what in said]
    settings = "; ".join(f"{METHODS[k].name}: {ended[k]['settings']}" for k in ranked)
    return [
        f"### {name}: {size['train']:,} rows, {size['columns']} columns, "
        f"{one['budget_seconds']:g} s",
        "",
        f"Utility predicts {one['target']}; real rows reach {number(one['real']['utility'], 4)}.",
        "",
        *table(_RIVAL_HEADER, rows),
        "",
        *notes,
        *([""] if notes else []),
        *([f"Settings. {settings}.", ""] if settings else []),
    ]


_RIVAL_HEADER = (
    "Method",
    "Shape",
    "Trend",
    "Detection",
    "Utility gap",
    "DCR",
    "Copies %",
    "Fit s",
    "of the core",
    "Draw s",
)
_FIGURES = {
    "shape": "shape",
    "trend": "trend",
    "detection": "detection, distance from .5",
    "gap": "utility gap",
}

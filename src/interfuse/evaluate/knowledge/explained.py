"""The page of an explanation: a function of its JSON alone."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from interfuse.evaluate.html import render
from interfuse.evaluate.html_tables import Section, section, table
from interfuse.evaluate.knowledge.graph import graph, rule_pairs
from interfuse.evaluate.knowledge.pictures import bars, curve
from interfuse.evaluate.plots import clip, cut, printable

PAIRS, GROUPS, RULES, ROW_CELLS = 40, 12, 40, 12


def sentences(data: dict[str, Any]) -> list[str]:
    """What there is to know, most important first; "subject: words" each."""
    out = []
    edges = [p for p in data["dependence"] if p["edge"]]
    asked = sum(p["given_others"] is not None for p in data["dependence"])
    if edges:
        first = edges[0]
        out.append(
            f"Dependence: {len(edges)} of {asked} pairs of columns depend on each other when all "
            f"others are known; most do {first['one']} and {first['two']} "
            f"({first['given_others']:.3f} nats)."
        )
    else:
        out.append(
            f"Dependence: none of {asked} pairs of columns depends on each other when all others "
            "are known, as far as these rows show."
        )
    best = max(data["determination"], key=lambda d: d["explained"] or 0.0, default=None)
    if best and (best["explained"] or 0) > 0.02:
        by = f", best from {listed(best['by'])}" if best["by"] else ""
        out.append(
            f"Determination: {best['column']} is known best from the others: "
            f"{best['explained']:.0%} of its entropy{by}."
        )
    if data["drivers"]:
        told = [
            d["name"]
            for d in data["drivers"][:3]
            if (d["share"] or 0) > 2 * (d["share_error"] or 0)
        ]
        share = data["total"]["value"] / data["entropy"] if data["entropy"] else 0.0
        words = f"mostly {listed(told)}" if told else "no one of them clearly"
        out.append(
            f"Target: the other columns explain {max(share, 0):.0%} of the entropy of "
            f"{data['target']}, {words}."
        )
    groups = [g for g in data["row_groups"] if g["p"] <= 0.05]
    if groups:
        g = groups[0]
        out.append(
            f"Rows: {' and '.join(g['given'])} stands out: {g['of']} {g['mean']:.3g} there, "
            f"{g['others']:.3g} elsewhere ({g['share']:.0%} of the rows)."
        )
    return out


def listed(names: Sequence[str]) -> str:
    """a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def page(data: dict[str, Any]) -> str:
    """Return the page.

    Args:
        data: `Explanation.data`.
    """
    given = f", given {' and '.join(data['given'])}" if data["given"] else ""
    sections = [
        _graph(data),
        _drivers(data),
        _curves(data),
        _determination(data),
        groups(data["row_groups"]),
        _rules(data),
        _pairs(data),
        _synergies(data),
        _rows(data),
        _notes(data),
    ]
    return render(
        title="What there is to know",
        heading="What is there to know?",
        subtitle=f"{data['columns']} columns, {data['asked']:,} rows asked, of {data['rows']}"
        + given,
        verdict=sentences(data),
        about=[],
        findings=[],
        nothing_found="",
        sections=[s for s in sections if s is not None],
    )


def _graph(data: dict[str, Any]) -> Section | None:
    edges = {(p["one"], p["two"]): p["given_others"] for p in data["dependence"] if p["edge"]}
    rules = rule_pairs(data["rules"])
    if not edges and not rules:
        return None
    explained = {d["column"]: d["explained"] or 0.0 for d in data["determination"]}
    names = list(dict.fromkeys([*explained, *(n for pair in rules for n in pair)]))
    return section(
        "What depends on what",
        "A line joins two columns that tell something of each other which no other column tells: "
        "its width is mutual information given all others, in nats, supported by rows that were "
        "not fitted on both sides. A dot's size is the share of a column's entropy that the others "
        "explain. A double line is an exact rule. There are no arrows: nothing here is causal. "
        f"At most 30 lines; {len(edges)} pairs are supported.",
        figure=Markup(graph(names, explained, edges, rules)),
    )


def _drivers(data: dict[str, Any]) -> Section | None:
    if not data["drivers"]:
        return None
    rows = [
        (d["name"], [(d["first"], d["first_error"]), (d["share"], d["share_error"]),
                     (d["last"], d["last_error"])])
        for d in data["drivers"]
    ]  # fmt: skip
    total = data["total"]
    return section(
        f"What drives {cut(data['target'], 40)}",
        Markup(
            "Nats that a column tells of the target: <b>alone</b> (grey), by Shapley's share over "
            'all orders <b class="k-pos">(blue)</b>, and <b class="k-syn">last</b>, when all '
            "others are known. Whiskers: two standard errors. The shares add up to "
            "{:.4f} ± {:.4f} of {:.4f} nats."
        ).format(total["value"], total["error"], data["entropy"]),
        figure=Markup(bars(rows, ("first", "share", "last"))),
    )


def _curves(data: dict[str, Any]) -> Section | None:
    cards = []
    for c in data["curves"]:
        picture = curve(c)
        if not picture:
            continue
        turn = "" if c["threshold"] is None else f"at {c['threshold']:.4g}"
        cards.append(
            {"title": c["column"], "error": turn, "picture": Markup(picture),
             "name": Markup(clip(c["column"], 28).replace("_", "_<wbr/>"))}
        )  # fmt: skip
    if not cards:
        return None
    return section(
        "How it moves",
        Markup(
            '{}: <b class="k-pos">solid</b>, all else as it is in each row, over rows where the '
            "value may well occur (shade: their share); dashed, plainly. Beside the name: where "
            "the target changes most between two sides."
        ).format(printable(data["curves"][0]["outcome"])),
        cards=cards,
    )


def _determination(data: dict[str, Any]) -> Section:
    rows = []
    ordered = sorted(data["determination"], key=lambda d: -(d["explained"] or 0.0))
    for d in ordered:
        steps = ", ".join(cut(n, 24) for n in d["by"]) or "–"
        rows.append(
            (
                cut(d["column"], 40),
                steps,
                percent(d["explained"]),
                number(d["entropy"]),
                number(d["left"]),
                percent(d["error_rate"]),
                percent(d["blind_error_rate"]),
            )
        )
    head = ("Column", "Known from", "Explained", "Entropy", "Left", "Error", "Error, nothing known")
    return section(
        "How far each column is determined",
        "Entropy and what is left of it when all others are known, in nats; of numbers, by bins. "
        "Known from: the columns that a forward selection takes. Error: how often the likeliest "
        "value is not the one that is there.",
        table(head, rows, left=2),
    )


def groups(found: Sequence[dict[str, Any]]) -> Section | None:
    """Rows that stand out; None without any."""
    rows = [
        (
            " and ".join(g["given"]),
            g["of"],
            f"{g['mean']:.4g}",
            f"{g['others']:.4g}",
            f"{g['rows']:,} ({g['share']:.1%})",
            f"{g['p']:.3f}",
        )
        for g in found[:GROUPS]
        if g["p"] <= 0.05
    ]
    if not rows:
        return None
    head = ("Rows with", "Mean of", "There", "Elsewhere", "Rows", "p")
    return section(
        "Groups of rows that stand out",
        "Found on one half of the rows, measured on the other, where p holds for all groups that "
        "are told. The words can be given to --given.",
        table(head, rows, left=2),
    )


def _rules(data: dict[str, Any]) -> Section | None:
    rows = []
    for r in data["rules"][:RULES]:
        held = (
            "every fitted row"
            if r["exact"]
            else f"{r['share']:.1%} ({r['low']:.1%} to {r['high']:.1%})"
        )
        rows.append((cut(r["words"], 110), held))
    if not rows:
        return None
    return section(
        "Rules",
        "Exact ones were found at the fit; the columns that they compute are no cells, and are not "
        "in the graph but by a double line. Of the others, the share of rows where the likeliest "
        "value is right, and its 95% interval.",
        table(("Rule", "Holds in"), rows, left=1),
    )


def _pairs(data: dict[str, Any]) -> Section:
    rows = [
        (
            cut(p["one"], 32),
            cut(p["two"], 32),
            f"{number(p['information'])} ± {number(p['error'])}",
            "–" if p["given_others"] is None else
            f"{number(p['given_others'])} ± {number(p['given_error'])}",
            number(p["given_model_error"]),
            "–" if p["p_value"] is None else f"{p['p_value']:.3f}",
            "yes" if p["edge"] else "",
        )
        for p in data["dependence"][:PAIRS]
    ]  # fmt: skip
    twins = "; ".join(listed(t) for t in data["twins"])
    more = f" Taken as one, as each tells nearly all of the other: {twins}." if twins else ""
    head = ("Column", "Column", "Alone", "Given all others", "Sides differ by", "p", "Edge")
    return section(
        "Pairs",
        "Mutual information in nats with its standard error over rows; half the gap of its two "
        "sides is the model's own error. p: of no gain on one of the sides, for all pairs at once "
        f"(Holm). The JSON file has all {len(data['dependence'])}." + more,
        table(head, rows, left=2),
    )


def _synergies(data: dict[str, Any]) -> Section | None:
    clear = [
        s for s in data["synergies"] if abs(s["value"]) > 3 * s["error"] and abs(s["value"]) > 0.002
    ]
    if not clear:
        return None
    more = [s for s in clear if s["value"] > 0][:8]
    less = [s for s in clear if s["value"] < 0][-8:]
    rows = [
        (cut(s["one"], 32), cut(s["two"], 32), "more together" if s["value"] > 0 else "the same",
         f"{s['value']:+.4f}", f"± {s['error']:.4f}")
        for s in (*more, *less)
    ]  # fmt: skip
    return section(
        "Together and apart",
        "What two columns tell of the target together beyond the sum of what each tells alone, in "
        "nats, where it is above three standard errors.",
        table(("Column", "Column", "They tell", "Nats", ""), rows, left=3),
    )


def _rows(data: dict[str, Any]) -> Section | None:
    tables = []
    for key, words in (("typical", "Least surprising"), ("unusual", "Most surprising")):
        if not data[key]:
            continue
        names = [n for n in data[key][0] if n != "surprise"][:ROW_CELLS]
        rows = [[*(cut(r[n], 18) for n in names), r["surprise"]] for r in data[key]]
        one = table([*(cut(n, 18) for n in names), "Nats a cell"], rows, left=len(names))
        tables.append(type(one)(one.head, one.rows, one.left, one.style, words))
    if not tables:
        return None
    return section(
        "Typical and unusual rows",
        f"By mean surprise of a cell given the others; the first {ROW_CELLS} columns.",
        *tables,
    )


def _notes(data: dict[str, Any]) -> Section:
    return section(
        "How it was measured",
        "Every figure is a mean over rows that the model was not fitted to.",
        notes=[
            "All conditionals are those of one diffusion model, asked with the other cells hidden; "
            "the documentation (Knowledge) has the formulas.",
            f"Seed {data['seed']}.",
        ],
    )


def number(value: float | None) -> str:
    """Three digits behind the point, or a dash."""
    return "–" if value is None else f"{value:.3f}"


def percent(value: float | None) -> str:
    """A share in per cent, or a dash."""
    return "–" if value is None else f"{value:.1%}"

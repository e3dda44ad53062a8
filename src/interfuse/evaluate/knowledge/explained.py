"""The page of an explanation: a function of its JSON alone."""

from typing import Any

from markupsafe import Markup

from interfuse.evaluate.html import render
from interfuse.evaluate.html_tables import Section, heads, section, table
from interfuse.evaluate.knowledge.graph import MOST_EDGES, graph, rule_pairs
from interfuse.evaluate.knowledge.pictures import bars, curve
from interfuse.evaluate.knowledge.shared import conditions, groups, listed, number, percent
from interfuse.evaluate.plots import clip, cut, printable
from interfuse.language import t

PAIRS, RULES, ROW_CELLS = 40, 40, 12


def sentences(data: dict[str, Any]) -> list[str]:
    """What there is to know, most important first; "subject: words" each."""
    out = []
    edges = [p for p in data["dependence"] if p["edge"]]
    asked = sum(p["given_others"] is not None for p in data["dependence"])
    if edges:
        first = edges[0]
        out.append(
            t(
                "Dependence: {found} of {asked} pairs of columns depend on each other when all "
                "others are known; most do {one} and {two} ({nats:.3f} nats).",
                found=len(edges),
                asked=asked,
                one=first["one"],
                two=first["two"],
                nats=first["given_others"],
            )
        )
    else:
        out.append(
            t(
                "Dependence: none of {asked} pairs of columns depends on each other when all "
                "others are known, as far as these rows show.",
                asked=asked,
            )
        )
    best = max(data["determination"], key=lambda d: d["explained"] or 0.0, default=None)
    if best and (best["explained"] or 0) > 0.02:
        by = t(", best from {names}", names=listed(best["by"])) if best["by"] else ""
        out.append(
            t(
                "Determination: {column} is known best from the others: {share:.0%} of its "
                "entropy{by}.",
                column=best["column"],
                share=best["explained"],
                by=by,
            )
        )
    if data["drivers"]:
        out.append(_driven(data))
    groups = [g for g in data["row_groups"] if g["p"] <= 0.05]
    if groups:
        g = groups[0]
        out.append(
            t(
                "Rows: {given} stands out: {of} {mean:.3g} there, {others:.3g} elsewhere "
                "({share:.0%} of the rows).",
                **{k: g[k] for k in ("of", "mean", "others", "share")},
                given=conditions(g["given"]),
            )
        )
    return out


def _driven(data: dict[str, Any]) -> str:
    clear = [
        d["name"] for d in data["drivers"][:3] if (d["share"] or 0) > 2 * (d["share_error"] or 0)
    ]
    share = data["total"]["value"] / data["entropy"] if data["entropy"] else 0.0
    words = t("mostly {names}", names=listed(clear)) if clear else t("no one of them clearly")
    return t(
        "Target: the other columns explain {share:.0%} of the entropy of {target}, {which}.",
        share=max(share, 0),
        target=data["target"],
        which=words,
    )


def page(data: dict[str, Any]) -> str:
    """Return the page.

    Args:
        data: `Explanation.data`.
    """
    given = t(", given {words}", words=conditions(data["given"])) if data["given"] else ""
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
        title=t("What there is to know"),
        heading=t("What is there to know?"),
        subtitle=t(
            "{columns} columns, {asked:,} rows asked, of {rows}",
            columns=data["columns"],
            asked=data["asked"],
            rows=data["rows"],
        )
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
        t("What depends on what"),
        t(
            "A line joins two columns that tell something of each other which no other column "
            "tells: its width is mutual information given all others, in nats, supported by rows "
            "that were not fitted on both sides. A dot's size is the share of a column's entropy "
            "that the others explain. A double line is an exact rule. There are no arrows: nothing "
            "here is causal. At most {most} lines; {edges} pairs are supported.",
            most=MOST_EDGES,
            edges=len(edges),
        ),
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
        t("What drives {target}", target=cut(data["target"], 40)),
        Markup(
            t(
                "Nats that a column tells of the target: <b>alone</b> (grey), by Shapley's share "
                'over all orders <b class="k-pos">(blue)</b>, and <b class="k-syn">last</b>, when '
                "all others are known. Whiskers: two standard errors. The shares add up to "
                "{value:.4f} ± {error:.4f} of {entropy:.4f} nats.",
                value=total["value"],
                error=total["error"],
                entropy=data["entropy"],
            )
        ),
        figure=Markup(bars(rows, ("first", "share", "last"))),
    )


def _curves(data: dict[str, Any]) -> Section | None:
    cards = []
    for c in data["curves"]:
        picture = curve(c)
        if not picture:
            continue
        turn = "" if c["threshold"] is None else t("at {value:.4g}", value=c["threshold"])
        cards.append(
            {"title": c["column"], "error": turn, "picture": Markup(picture),
             "name": Markup(clip(c["column"], 28).replace("_", "_<wbr/>"))}
        )  # fmt: skip
    if not cards:
        return None
    return section(
        t("How it moves"),
        Markup(
            t(
                '{outcome}: <b class="k-pos">solid</b>, all else as it is in each row, over rows '
                "where the value may well occur (shade: their share); dashed, plainly. Beside the "
                "name: where the target changes most between two sides."
            )
        ).format(outcome=printable(data["curves"][0]["outcome"])),
        cards=cards,
    )


def _determination(data: dict[str, Any]) -> Section:
    rows = []
    ordered = sorted(data["determination"], key=lambda d: -(d["explained"] or 0.0))
    for d in ordered:
        steps = t(", ").join(cut(n, 24) for n in d["by"]) or "–"
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
    head = heads("Column", "Known from", "Explained", "Entropy", "Left", "Error")
    head.append(t("Error, nothing known"))
    return section(
        t("How far each column is determined"),
        t(
            "Entropy and what is left of it when all others are known, in nats; of numbers, by "
            "bins. Known from: the columns that a forward selection takes. Error: how often the "
            "likeliest value is not the one that is there."
        ),
        table(head, rows, left=2),
    )


def _rules(data: dict[str, Any]) -> Section | None:
    rows = []
    for r in data["rules"][:RULES]:
        shares = {k: r[k] for k in ("share", "low", "high")}
        held = (
            t("every fitted row")
            if r["exact"]
            else t("{share:.1%} ({low:.1%} to {high:.1%})", **shares)
        )
        rows.append((cut(r["words"], 110), held))
    if not rows:
        return None
    return section(
        t("Rules"),
        t(
            "Exact ones were found at the fit; the columns that they compute are no cells, and are "
            "not in the graph but by a double line. Of the others, the share of rows where the "
            "likeliest value is right, and its 95% interval."
        ),
        table(heads("Rule", "Holds in"), rows, left=1),
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
            t("yes") if p["edge"] else "",
        )
        for p in data["dependence"][:PAIRS]
    ]  # fmt: skip
    twins = t("; ").join(listed(names) for names in data["twins"])
    more = ""
    if twins:
        more = t(" Taken as one, as each tells nearly all of the other: {names}.", names=twins)
    head = heads("Column", "Column", "Alone", "Given all others", "Sides differ by", "p", "Edge")
    return section(
        t("Pairs"),
        t(
            "Mutual information in nats with its standard error over rows; half the gap of its two "
            "sides is the model's own error. p: of no gain on one of the sides, for all pairs at "
            "once (Holm). The JSON file has all {pairs}.",
            pairs=len(data["dependence"]),
        )
        + more,
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
        (cut(s["one"], 32), cut(s["two"], 32),
         t("more together") if s["value"] > 0 else t("the same"),
         f"{s['value']:+.4f}", f"± {s['error']:.4f}")
        for s in (*more, *less)
    ]  # fmt: skip
    return section(
        t("Together and apart"),
        t(
            "What two columns tell of the target together beyond the sum of what each tells alone, "
            "in nats, where it is above three standard errors."
        ),
        table([*heads("Column", "Column", "They tell", "Nats"), ""], rows, left=3),
    )


def _rows(data: dict[str, Any]) -> Section | None:
    tables = []
    for key, words in (("typical", t("Least surprising")), ("unusual", t("Most surprising"))):
        if not data[key]:
            continue
        names = [n for n in data[key][0] if n != "surprise"][:ROW_CELLS]
        rows = [[*(cut(r[n], 18) for n in names), r["surprise"]] for r in data[key]]
        one = table([*(cut(n, 18) for n in names), t("Nats a cell")], rows, left=len(names))
        tables.append(type(one)(one.head, one.rows, one.left, one.style, words))
    if not tables:
        return None
    return section(
        t("Typical and unusual rows"),
        t(
            "By mean surprise of a cell given the others; the first {columns} columns.",
            columns=ROW_CELLS,
        ),
        *tables,
    )


def _notes(data: dict[str, Any]) -> Section:
    return section(
        t("How it was measured"),
        t("Every figure is a mean over rows that the model was not fitted to."),
        notes=[
            t(
                "All conditionals are those of one diffusion model, asked with the other cells "
                "hidden; the documentation (Knowledge) has the formulas."
            ),
            *_floor(data),
            t("Seed {seed}.", seed=data["seed"]),
        ],
    )


def _floor(data: dict[str, Any]) -> list[str]:
    """By what the floor of edges was measured, if it was."""
    words = t(
        "An edge is above {floor:.4f} nats, the most that a pair with one of {probes} shuffled "
        "columns came up to in a fit like this one.",
        floor=data.get("floor", 0.0), probes=data.get("probes", 0),
    )  # fmt: skip
    return [words] if data.get("probes") else []

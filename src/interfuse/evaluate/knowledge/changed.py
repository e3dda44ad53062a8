"""The page of a comparison: a function of its JSON alone."""

import math
from typing import Any

from markupsafe import Markup

from interfuse.evaluate.html import render
from interfuse.evaluate.html_tables import Section, section, table
from interfuse.evaluate.knowledge.explained import groups, listed, number
from interfuse.evaluate.knowledge.pictures import bars, parts_of
from interfuse.evaluate.plots import cut

COLUMNS, PAIRS = 60, 20
LEVEL = 0.05


def sentences(data: dict[str, Any]) -> list[str]:
    """What changed, most important first; "subject: words" each."""
    p = data["p_value"]
    least = f" by at least {data['at_least']:g} nats" if data["at_least"] is not None else ""
    if data["changed"]:
        verdict = f"A and B differ{least} (p {told(p)})."
    elif p <= LEVEL:
        verdict = f"A and B differ (p {told(p)}), but not clearly{least}."
    else:
        verdict = f"no difference is shown{least} (p {told(p)})."
    out = [f"Verdict: {verdict}"]
    if data["divergence"] is not None:
        low, high = data["interval"]
        share = data["divergence"] / math.log(2)
        out.append(
            f"Size: the rows of one are told from those of the other by {data['divergence']:.4f} "
            f"nats ({low:.4f} to {high:.4f}), {share:.1%} of what is possible."
        )
    if p > LEVEL:
        return out
    names = [c["column"] for c in data["columns"] if _told(c)][:3]
    if names:
        first = data["columns"][0] if _told(data["columns"][0]) else next(
            c for c in data["columns"] if _told(c)
        )  # fmt: skip
        words = f"; {first['column']} from {first['a']} to {first['b']}" if first["a"] else ""
        out.append(f"Columns: most of it is in {listed(names)}{words}.")
    parts = {c["part"]: c for c in data["conditional"]}
    if "concept" in parts:
        concept, covariate = parts["concept"], parts["covariate"]
        which = []
        if covariate["value"] > 2 * covariate["error"]:
            which.append(f"the other columns changed ({covariate['value']:.4f} nats)")
        if concept["value"] > 2 * concept["error"]:
            which.append(f"what {data['target']} is given them did ({concept['value']:.4f})")
        out.append(f"Target: {' and '.join(which) if which else 'neither part is clear'}.")
    if "beyond" in parts:
        rest = parts["beyond"]
        clear = rest["value"] > 2 * rest["error"]
        names = listed(data["given"])
        out.append(
            f"Context: {names} {'do' if len(data['given']) > 1 else 'does'} "
            f"{'not ' if clear else ''}explain all of it ({rest['value']:.4f} nats are left)."
        )
    found = [g for g in data["row_groups"] if g["p"] <= LEVEL]
    if found:
        g = found[0]
        out.append(f"Rows: {' and '.join(g['given'])} changed most ({g['share']:.0%} of the rows).")
    return out


def _told(c: dict[str, Any]) -> bool:
    """Whether a column's change is clear by itself, or by what it tells of the source."""
    own = c["p"] is not None and c["p"] <= LEVEL
    return own or (c.get("share") or 0.0) > 3 * (c.get("share_error") or math.inf)


def told(p: float) -> str:
    """A p-value as people read it."""
    return "< .001" if p < 0.001 else f"{p:.3f}"


def page(data: dict[str, Any]) -> str:
    """Return the page.

    Args:
        data: `Comparison.data`.
    """
    how = (
        "one model of both, measured on rows that it was not fitted to"
        if data["method"] == "fit"
        else "the rows against what the run expects"
    )
    sections = [
        _bars(data),
        _parts(data),
        _columns(data),
        _pairs(data),
        groups(data["row_groups"]),
        _rows(data),
        _notes(data),
    ]
    return render(
        title="What changed",
        heading="What changed?",
        subtitle=f"A: {data['a']}; B: {data['b']}; {data['columns_asked']} columns; {how}",
        verdict=sentences(data),
        about=[],
        findings=[],
        nothing_found="",
        sections=[s for s in sections if s is not None],
    )


def _bars(data: dict[str, Any]) -> Section | None:
    rows = [
        (c["column"], [(c["first"], c["first_error"]), (c["share"], c["share_error"]),
                       (c["last"], c["last_error"])])
        for c in data["columns"]
        if "share" in c
    ]  # fmt: skip
    if not rows:
        return None
    return section(
        "Which columns carry it",
        Markup(
            "Nats that a column tells of where a row is from: <b>alone</b> (grey), by Shapley's "
            'share <b class="k-pos">(blue)</b>, which add up to the divergence, and '
            '<b class="k-syn">last</b>, when all others are known. Whiskers: two standard errors.'
        ),
        figure=Markup(bars(rows, ("first", "share", "last"))),
    )


def _parts(data: dict[str, Any]) -> Section | None:
    parts = {c["part"]: c for c in data["conditional"]}
    figures = []
    for one, two in (("covariate", "concept"), ("label", "rest"), ("context", "beyond")):
        if one in parts and two in parts:
            rows = [
                (parts[k]["is"], max(parts[k]["value"] or 0.0, 0.0), kind)
                for k, kind in ((one, "first"), (two, "last"))
            ]
            total = sum(v for _, v, _ in rows)
            figures.append((f"{one} | {two}", Markup(parts_of(rows, total))))
    if not figures:
        return None
    rows = [(c["part"], c["is"], number(c["value"]), f"± {number(c['error'])}", told(c["p"]))
            for c in data["conditional"]]  # fmt: skip
    return section(
        "What kind of change",
        "The divergence in parts that add up: change of the other columns (covariate) and of the "
        "target given them (concept); or of the target (label) and of the rest given it; or what a "
        "context explains and what is left. A part that the network cannot show on held-out rows "
        "is 0. p: of no gain, by the network's own held-out nats.",
        table(("Part", "Is", "Nats", "", "p"), rows, left=2),
        maps=figures,
    )


def _columns(data: dict[str, Any]) -> Section:
    rows = [
        (
            cut(c["column"], 36),
            cut(c["a"], 44),
            cut(c["b"], 44),
            c["by"] or "–",
            "–" if c["z"] is None else f"{c['z']:+.1f}",
            "–" if c["p"] is None else told(c["p"]),
        )
        for c in data["columns"][:COLUMNS]
    ]
    return section(
        "Columns",
        "What each holds in A and in B, and by what it differs most, in units of its spread when "
        "rows change sides at random; p holds for all columns at once.",
        table(("Column", "A", "B", "By", "z", "p"), rows, left=4),
    )


def _pairs(data: dict[str, Any]) -> Section | None:
    def clear(r: dict[str, Any]) -> bool:
        own = r["p"] is not None and r["p"] <= LEVEL
        nats, error = r.get("together"), r.get("error")
        return own or (nats is not None and nats > 3 * (error or math.inf) and nats > 0.001)

    found = [r for r in data["pairs"] if clear(r)][:PAIRS]
    if not found:
        return None
    rows = [
        (
            cut(r["one"], 36),
            cut(r["two"], 36),
            number(r.get("together")),
            "–" if r["z"] is None else f"{r['z']:+.1f}",
            "–" if r["p"] is None else told(r["p"]),
        )
        for r in found
    ]
    return section(
        "Pairs whose dependence changed",
        "Nats that both tell of the source beyond what each tells alone; z and p: of the product "
        "of their normal scores, for all pairs and columns at once.",
        table(("Column", "Column", "Nats", "z", "p"), rows, left=2),
    )


def _rows(data: dict[str, Any]) -> Section | None:
    if data["p_value"] > LEVEL or not data["rows"]:
        return None
    rows = [
        (str(r["row"]), cut(r["column"], 30), cut(r["found"], 40), cut(r["expected"], 50),
         f"{r['excess']:.2f}", f"{r['number']:.2f}")
        for r in data["rows"]
    ]  # fmt: skip
    last = "Logit of B" if data["method"] == "fit" else "Nats a cell"
    return section(
        "Rows of B that carry it",
        "The cell that has most part in it: what is there, and what the model expects given the "
        "rest of the row, were it one of A.",
        table(("Row", "Column", "Found", "Expected", "Part", last), rows, left=4),
    )


def _notes(data: dict[str, Any]) -> Section:
    notes = [
        "p is by permutation of the labels over rows (or blocks) that the model was not fitted to: "
        "exact, if these are exchangeable when nothing changed. Rows that are ordered in time or "
        "grouped are not: name their block with --blocks.",
        f"{data['rows_a']:,} rows of A and {data['rows_b']:,} of B are measured; seed "
        f"{data['seed']}.",
    ]
    if data["left_out"]:
        notes.append(f"Not compared, as one side alone has them: {listed(data['left_out'])}.")
    return section("How it was measured", "Definitions are in the documentation (Knowledge).",
                   notes=notes)  # fmt: skip

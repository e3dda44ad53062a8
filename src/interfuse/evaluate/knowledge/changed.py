"""The page of a comparison: a function of its JSON alone."""

import math
from typing import Any

from markupsafe import Markup

from interfuse.evaluate.html import render
from interfuse.evaluate.html_tables import Section, heads, section, table
from interfuse.evaluate.knowledge.pictures import bars, parts_of
from interfuse.evaluate.knowledge.shared import conditions, groups, listed, number
from interfuse.evaluate.plots import cut
from interfuse.language import t

COLUMNS, PAIRS = 60, 20
LEVEL = 0.05
BY = ("values", "new values", "mean", "surprise", "given the others")
"""What a column differs by."""
PARTS = ("covariate", "concept", "label", "rest", "context", "beyond")
"""Parts of a divergence."""


def sentences(data: dict[str, Any]) -> list[str]:
    """What changed, most important first; "subject: words" each."""
    p = data["p_value"]
    out = [_verdict(data, p)]
    if data["divergence"] is not None:
        low, high = data["interval"]
        out.append(
            t(
                "Size: the rows of one are told from those of the other by {nats:.4f} nats "
                "({low:.4f} to {high:.4f}), {share:.1%} of what is possible.",
                nats=data["divergence"],
                low=low,
                high=high,
                share=data["divergence"] / math.log(2),
            )
        )
    if p > LEVEL:
        return out
    changed = [c for c in data["columns"] if _told(c)]
    if changed:
        first, words = changed[0], ""
        if first["a"]:
            what = {"column": first["column"], "a": first["a"], "b": first["b"]}
            words = t("; {column} from {a} to {b}", **what)
        names = listed([c["column"] for c in changed[:3]])
        out.append(t("Columns: most of it is in {names}{words}.", names=names, words=words))
    out += _conditional(data)
    found = [g for g in data["row_groups"] if g["p"] <= LEVEL]
    if found:
        g = found[0]
        out.append(
            t(
                "Rows: {given} changed most ({share:.0%} of the rows).",
                given=conditions(g["given"]),
                share=g["share"],
            )
        )
    return out


def _verdict(data: dict[str, Any], p: float) -> str:
    least = ""
    if data["at_least"] is not None:
        least = t(" by at least {nats:g} nats", nats=data["at_least"])
    said = {"least": least, "p": told(p)}
    if data["changed"]:
        return t("Verdict: A and B differ{least} (p {p}).", **said)
    if p <= LEVEL:
        return t("Verdict: A and B differ (p {p}), but not clearly{least}.", **said)
    return t("Verdict: no difference is shown{least} (p {p}).", **said)


def _conditional(data: dict[str, Any]) -> list[str]:
    """What a target and a context say of the change."""
    out = []
    parts = {c["part"]: c for c in data["conditional"]}
    if "concept" in parts:
        which = []
        if _clear(parts["covariate"], data):
            nats = parts["covariate"]["value"]
            which.append(t("the other columns changed ({nats:.4f} nats)", nats=nats))
        if _clear(parts["concept"], data):
            said = {"target": data["target"], "nats": parts["concept"]["value"]}
            which.append(t("what {target} is given them did ({nats:.4f})", **said))
        out.append(t("Target: {which}.", which=listed(which) or t("neither part is clear")))
    if "beyond" in parts:
        said = {"names": listed(data["given"]), "nats": parts["beyond"]["value"]}
        if _clear(parts["beyond"], data):
            sentence = t("Context: {names} cannot explain all of it ({nats:.4f} nats are left).",
                         **said)  # fmt: skip
        else:
            sentence = t("Context: {names} can explain all of it ({nats:.4f} nats are left).",
                         **said)  # fmt: skip
        out.append(sentence)
    return out


def _clear(part: dict[str, Any], data: dict[str, Any]) -> bool:
    """Whether a part's nats are two standard errors above nothing, or its own test sees a change.

    The test counts only where A and B differ at all: it is one more at 5 %.
    """
    tested = part.get("p_rows")
    seen = data["changed"] and tested is not None and tested <= LEVEL
    return bool(seen or part["value"] > 2 * part["error"])


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
        t("one model of both, measured on rows that it was not fitted to")
        if data["method"] == "fit"
        else t("the rows against what the run expects")
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
        title=t("What changed"),
        heading=t("What changed?"),
        subtitle=t(
            "A: {a}; B: {b}; {columns} columns; {how}",
            a=data["a"],
            b=data["b"],
            columns=data["columns_asked"],
            how=how,
        ),
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
        t("Which columns carry it"),
        Markup(
            t(
                "Nats that a column tells of where a row is from: <b>alone</b> (grey), by "
                "Shapley's share "
                '<b class="k-pos">(blue)</b>, which add up to the divergence, and '
                '<b class="k-syn">last</b>, when all others are known. Whiskers: two standard '
                "errors."
            )
        ),
        figure=Markup(bars(rows, ("first", "share", "last"))),
    )


def _parts(data: dict[str, Any]) -> Section | None:
    parts = {c["part"]: c for c in data["conditional"]}
    figures = []
    for one, two in (("covariate", "concept"), ("label", "rest"), ("context", "beyond")):
        if one in parts and two in parts:
            rows = [
                (t(k), max(parts[k]["value"] or 0.0, 0.0), kind)
                for k, kind in ((one, "first"), (two, "last"))
            ]
            total = sum(v for _, v, _ in rows)
            names = f"{t(one)} | {t(two)}"
            figures.append((names, Markup(parts_of(rows, total))))
    if not figures:
        return None
    rows = [
        (t(c["part"]), c["is"], number(c["value"]), f"± {number(c['error'])}", told(c["p"]),
         "–" if c.get("p_rows") is None else told(c["p_rows"]))
        for c in data["conditional"]
    ]  # fmt: skip
    return section(
        t("What kind of change"),
        t(
            "The divergence in parts that add up: change of the other columns (covariate) and of "
            "the target given them (concept); or of the target (label) and of the rest given it; "
            "or what a context explains and what is left. A part that the network cannot show on "
            "held-out rows is 0. p: of no gain, by the network's own held-out nats; of all rows: "
            "by a test of what columns, or the target given the others, are in A and B."
        ),
        table([*heads("Part", "Is", "Nats"), "", "p", t("p of all rows")], rows, left=2),
        maps=figures,
    )


def _columns(data: dict[str, Any]) -> Section:
    rows = [
        (
            cut(c["column"], 36),
            cut(c["a"], 44),
            cut(c["b"], 44),
            t(c["by"]) if c["by"] else "–",
            "–" if c["z"] is None else f"{c['z']:+.1f}",
            "–" if c["p"] is None else told(c["p"]),
        )
        for c in data["columns"][:COLUMNS]
    ]
    return section(
        t("Columns"),
        t(
            "What each holds in A and in B, and by what it differs most, in units of its spread "
            "when rows change sides at random; p holds for all columns at once."
        ),
        table([t("Column"), "A", "B", t("By"), "z", "p"], rows, left=4),
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
        t("Pairs whose dependence changed"),
        t(
            "Nats that both tell of the source beyond what each tells alone; z and p: of the "
            "product of their normal scores, for all pairs and columns at once."
        ),
        table([*heads("Column", "Column", "Nats"), "z", "p"], rows, left=2),
    )


def _rows(data: dict[str, Any]) -> Section | None:
    if data["p_value"] > LEVEL or not data["rows"]:
        return None
    rows = [
        (str(r["row"]), cut(r["column"], 30), cut(r["found"], 40), cut(r["expected"], 50),
         f"{r['excess']:.2f}", f"{r['number']:.2f}")
        for r in data["rows"]
    ]  # fmt: skip
    last = t("Logit of B") if data["method"] == "fit" else t("Nats a cell")
    return section(
        t("Rows of B that carry it"),
        t(
            "The cell that has most part in it: what is there, and what the model expects given "
            "the rest of the row, were it one of A."
        ),
        table([*heads("Row", "Column", "Found", "Expected", "Part"), last], rows, left=4),
    )


def _notes(data: dict[str, Any]) -> Section:
    notes = [
        t(
            "p is by permutation of the labels over rows (or blocks) that the model was not fitted "
            "to: exact, if these are exchangeable when nothing changed. Rows that are ordered in "
            "time or grouped are not: name their block with --blocks."
        ),
        t(
            "{rows_a:,} rows of A and {rows_b:,} of B are measured; seed {seed}.",
            **{k: data[k] for k in ("rows_a", "rows_b", "seed")},
        ),
    ]
    if data["left_out"]:
        names = listed(data["left_out"])
        notes.append(t("Not compared, as one side alone has them: {names}.", names=names))
    return section(
        t("How it was measured"),
        t("Definitions are in the documentation (Knowledge)."),
        notes=notes,
    )

"""What `explain` and `compare` say, held against truth and against other tools."""

from __future__ import annotations

from benchmarks.pages.ledger import Ledger
from benchmarks.pages.markdown import OURS, Found, best_of, number, plain, table

RUN, BOTH, C2ST = "compare RUN", "compare A B", "boosted C2ST"
_AIMS = (
    ("graphs", "interfuse, said: rank correlation", "20 mixed graphs: rank correlation of what is "
     "said with the truth, all pairs", ".9"),
    ("graphs", "interfuse: rank correlation", "the same of the raw estimate, whose zeros tie", ""),
    ("graphs", "interfuse: rank correlation over edges", "the same over the true edges", ""),
    ("graphs", "interfuse: average precision", "area under precision and recall of edges",
     "above all"),
    ("independent", "has an edge", "independent tables that have an edge", "at most .05"),
    ("alarms", "alarm", "alarms of compare RUN where nothing changed", ".03 to .07"),
    ("alarms_fit", "alarm", "alarms of compare A B where nothing changed", ".03 to .07"),
    ("plants", f"{RUN} names it first", "compare RUN names the right column or pair first, where "
     "it fires", ".9"),
    ("plants", f"{BOTH} names it first", "compare A B does", ".9"),
    ("parts", "fires: flips", "compare A B fires, with a target: labels flipped", ""),
    ("parts", "fires: concept", "the same, the target changed where a number is large", ""),
    ("parts", "fires: covariate", "the same, other columns changed", ""),
    ("parts", "fires: nothing", "the same, nothing changed", ".05"),
    ("parts", "right", "covariate and concept told apart, where A B fires", ".9"),
    ("parts", "right where a test says one", "the same, where a test of a part says one", ".9"),
    ("parts", "right by nats alone", "the same by the larger part in nats", ""),
    ("parts", "alarms of the test of covariate", "alarms of the test of covariates",
     ".05"),
    ("parts", "alarms of the test of concept", "alarms of the test of the target given the rest",
     ".05"),
    ("parts", "concept said of covariate", "the same, where covariates alone changed",
     ".05"),
    ("speed", "explain, cpu seconds", "explain, 50 columns x 100,000 rows, CPU seconds", "180"),
    ("speed", "compare RUN, cpu seconds", "compare RUN, the same", "30"),
)  # fmt: skip


def knowledge(title: str, found: Found, ledger: Ledger) -> list[str]:
    """The aims, edges beside rivals, power beside rivals, and the rest figure by figure."""
    rows = []
    for part, key, words, aim in _AIMS:
        one = found.get(part)
        if one is not None and key in one["mean"]:
            turns = one["turns"]
            many = sum(len(t["p"]) if isinstance(t.get("p"), list) else 1 for t in turns
                       if key not in one["turns"][-1] or key in t)  # fmt: skip
            many = int(one["mean"].get(f"{key}, cases", many))
            rows.append((words, f"{many:,}", number(one["mean"][key]), aim))
    lines = table(("Figure", "Times", "Measured", "To reach"), rows)
    if "graphs" in found:
        lines += ["", "### Edges", "", *_edges(title, found["graphs"], ledger)]
    if "plants" in found:
        lines += ["", "### Changes found", "", *_plants(title, found["plants"], ledger)]
    rest = {k: {"mean": v["mean"]} for k, v in found.items() if k.startswith("closed")}
    return [*lines, "", "### Beside closed forms", "", *plain(rest), ""] if rest else lines


def _edges(title: str, part: Found, ledger: Ledger) -> list[str]:
    mean = part["mean"]
    end = ": average precision"
    names = [k.removesuffix(end) for k in mean if k.endswith(end)]
    columns = []
    for key in ("average precision", "rank correlation", "rank correlation over edges"):
        values = {n: mean.get(f"{n}: {key}") for n in names}
        columns.append(best_of(list(values.values()), 3, True))
        ours = values.pop(OURS, None)
        ledger.compare(title, key, None if ours is None else -ours,
                       {n: -v for n, v in values.items() if v is not None})  # fmt: skip
    seconds = [number(mean.get(f"{n}: cpu seconds"), 1) for n in names]
    many = [str(sum(f"{n}{end}" in turn for turn in part["turns"])) for n in names]
    rows = [(n, many[i], *(c[i] for c in columns), seconds[i]) for i, n in enumerate(names)]
    head = ("Method", "Tables", "Average precision", "Rank correlation", "Over edges", "CPU s")
    return [
        "Information of 190 pairs given the 18 other columns. Rivals see normal scores of the rows",
        "named. p-values count as minus their logarithm. phik is of pairs alone.",
        "",
        *table(head, rows),
    ]


def _plants(title: str, part: Found, ledger: Ledger) -> list[str]:
    mean = part["mean"]
    powers = {k.removeprefix("power of "): v for k, v in mean.items() if k.startswith("power of ")}
    names = sorted((k for k in powers if ": " not in k), key=lambda n: (n != RUN, n != BOTH, n))
    plants = list(dict.fromkeys(k.split(", ")[0] for k in part["turns"][0]["plants"]))
    places = sorted({k.split(": ")[1] for k in powers if ": " in k} - set(plants))
    lines = [
        f"Power at 5 %, {part['many']} turns of twelve changes at two sizes. {RUN}, {BOTH} and",
        f"{C2ST} are permutation tests of 5 %. {RUN} has the 300 rows that its fit held out, and",
        "one boosted test has these. Other tools say what they say by themselves, and how often",
        "they do of rows without a change stands last; from twenty turns of a table on they have",
        "the threshold that 5 % of such rows pass.",
        "",
    ]
    rows, columns = [], []
    for place in ("", *places):
        key = f": {place}" if place else ""
        values = [powers.get(n + key) for n in names]
        columns.append(best_of(values, 2, True))
    for i, n in enumerate(names):
        alarm = number(mean.get(f"alarms of {n} by itself"), 2)
        rows.append((n, *(c[i] for c in columns), alarm))
    lines += table(("Method", "All", *places, "Alarms"), rows)
    rivals = {n: -v for n, v in powers.items() if n in names and n not in (RUN, BOTH)}
    ledger.compare(title, "power over all changes", -powers[BOTH], rivals)
    rows = []
    for plant in plants:
        values = [powers.get(f"{n}: {plant}") for n in names]
        firsts = (mean.get(f"{n} names it first: {plant}") for n in (RUN, BOTH))
        told = mean.get(f"covariate against concept: {plant}")
        rows.append((plant, *best_of(values, 2, True), *(number(v, 2) for v in (*firsts, told))))
    head = ("Change", *names, "RUN names first", "A B names first", "Part right")
    return [*lines, "", *table(head, rows)]

"""`python -m benchmarks.page`: every results file as one page, docs/benchmarks.md.

The page is a function of `benchmarks/results/*.json` and holds nothing else: figures, the best of
each in bold, and for each figure with a rival whether interfuse was better. Losses are listed as
wins are. A file that no section knows is listed figure by figure.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.common import RESULTS
from benchmarks.pages import knowledge, other, questions, rivals, tables
from benchmarks.pages.ledger import Ledger
from benchmarks.pages.markdown import OURS, Found, circumstances_of, plain, table
from interfuse.io.files import write_atomically

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"

Section = Callable[[str, Found, Ledger], list[str]]
SECTIONS: dict[str, tuple[str, Section]] = {
    "rivals": ("Tables beside other synthesisers", rivals.rivals),
    "rivals-short": ("The same, 30 seconds a fit", rivals.rivals),
    "tables": ("Tables beside published figures", tables.tables),
    "imputation": ("Filling holes", questions.imputation),
    "detection": ("Finding odd rows", questions.detection),
    "rare": ("Rows for rare classes", questions.rare),
    "knowledge": ("What is there to know, and what changed", knowledge.knowledge),
    "series": ("Series", other.series),
    "images": ("Images", other.images),
    "evaluation": ("The evaluation itself", other.plain_section),
    "steps": ("A training step beside its matrix products", other.plain_section),
    "scale": ("Many rows", other.scale),
    "budget": ("A budget of seconds is of the whole fit", other.budget),
    "every": ("What all of it takes", other.every),
}


def render(folder: Path) -> str:
    """The page of a folder of results."""
    files = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in folder.glob("*.json")}
    ledger, parts = Ledger(), []
    for stem, (title, section) in SECTIONS.items():
        if stem in files:
            found = files.pop(stem)
            parts.append(
                [f"## {title}", "", *section(title, found, ledger), *circumstances_of(found)]
            )
    for stem, found in sorted(files.items()):
        parts.append([f"## {stem}", "", *plain(found), *circumstances_of(found)])
    lines = [
        "# Benchmarks",
        "",
        "<!-- Made by `python -m benchmarks.page` from benchmarks/results/*.json. -->",
        "",
        "Every figure was measured by the command under its table. `make bench` measures all of",
        "them, `make bench LONG=1` with longer budgets; either goes on where it was stopped and",
        "writes this page. The best value of a column is in bold. Floors and yardsticks are no",
        "rivals and are not compared.",
        "",
        *_summary(ledger),
    ]
    for part in parts:
        lines += ["", *part]
    return "\n".join(lines).rstrip() + "\n"


def _summary(ledger: Ledger) -> list[str]:
    names = list(dict.fromkeys([*ledger.wins, *ledger.losses]))
    if not names:
        return []
    rows = [
        (name, str(ledger.wins.get(name, 0)), str(len(ledger.losses.get(name, ()))))
        for name in names
    ]
    lines = [
        "## Won and lost",
        "",
        "Each figure is held against whichever rival turned out best in it.",
        "",
    ]
    lines += table(("Benchmark", "Best or equal", "A rival was better"), rows)
    for name, losses in ledger.losses.items():
        lines += ["", f"**{name}**, where a rival was better:", ""]
        lines += table(("Figure", OURS, "The best rival", "Its value"), losses)
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of results")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page")
    options = parser.parse_args(arguments)
    write_atomically(options.out, render(options.results).encode())
    print(options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

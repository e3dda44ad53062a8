"""What the commands `explain` and `compare` do where the model is one of a table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interfuse.console import say, table, tell
from interfuse.errors import OptionError
from interfuse.kinds.option import called
from interfuse.language import speaking, t

if TYPE_CHECKING:
    from interfuse.kinds.table.answer.explanation import Explanation
    from interfuse.kinds.table.model import Model
    from interfuse.kinds.verb import Asked

SHOWN = 12


def check_page(target: str) -> None:
    """Refuse a target that is no page, before anything is asked.

    Raises:
        OptionError: it is one.
    """
    if not target.lower().endswith((".html", ".htm")):
        raise OptionError(
            f"--output: {target} is no page; expected a name that ends in .html. The JSON is "
            "written beside it."
        )


def explain(
    model: Model,
    asked: Asked,
    *,
    of: str | None = None,
    given: Sequence[str] = (),
    groups: Path | None = None,
    blocks: str | None = None,
    rows: int = 4096,
    probes: int = 0,
    seed: int = 0,
    device: str | None = None,
    language: str = "en",
) -> None:
    """Explain, print what matters most, and write the page; see `Model.explain`."""
    check_page(asked.target)
    begin = time.monotonic()
    with called(asked.source):
        found = model.explain(
            asked.source or None,
            target=of,
            given=given,
            groups=groups,
            blocks=blocks,
            rows=rows,
            probes=probes,
            seed=seed,
            device=device,
            language=language,
        )
    with speaking(language):
        _print(found, of)
    page, _ = found.save(asked.target)
    tell(f"{found.data['rows']}; {page} written in {time.monotonic() - begin:.0f} s")


def compare(
    model: Model,
    asked: Asked,
    *,
    blocks: str | None = None,
    seed: int = 0,
    device: str | None = None,
    language: str = "en",
) -> None:
    """Compare with other rows, and write the page; see `Model.compare`.

    The command `interfuse compare` prints the columns besides, and takes two tables as well.
    """
    check_page(asked.target)
    with called(asked.source):
        found = model.compare(
            asked.source, blocks=blocks, seed=seed, device=device, language=language
        )
    for sentence in found.sentences:
        say(sentence)
    found.save(asked.target)


def _print(found: Explanation, of: str | None) -> None:
    from interfuse.evaluate.html_tables import heads
    from interfuse.evaluate.knowledge.shared import number, percent

    for sentence in found.sentences:
        say(sentence)
    data = found.data
    if data["drivers"]:
        names = heads("Driver", "Alone", "Share", "Last")
        shown = [
            (d["name"], number(d["first"]), _with(d["share"], d["share_error"]), number(d["last"]))
            for d in data["drivers"][:SHOWN]
        ]
        table(t("What drives {target}, in nats", target=of), names, shown)
    edges = [p for p in data["dependence"] if p["edge"]][:SHOWN]
    if edges:
        pairs = [
            (f"{p['one']} – {p['two']}", _with(p["given_others"], p["given_error"]),
             number(p["information"]))
            for p in edges
        ]  # fmt: skip
        head = heads("Pair", "Given all others", "Alone")
        table(t("What depends on what, in nats"), head, pairs)
    best = sorted(data["determination"], key=lambda d: -(d["explained"] or 0))[:SHOWN]
    known = [(d["column"], percent(d["explained"]), t(", ").join(d["by"])) for d in best]
    head = heads("Column", "Explained", "Known from")
    table(t("How far columns are determined"), head, known, text=True)


def _with(value: Any, error: Any) -> str:
    return "–" if value is None else f"{value:.3f} ± {error or 0:.3f}"

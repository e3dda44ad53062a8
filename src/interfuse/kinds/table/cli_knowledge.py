"""What the commands `explain` and `compare` do where the model is one of a table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interfuse.console import say, table, tell
from interfuse.errors import OptionError
from interfuse.kinds.option import called

if TYPE_CHECKING:
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
    seed: int = 0,
    device: str | None = None,
) -> None:
    """Explain, print what matters most, and write the page; see `Model.explain`."""
    from interfuse.evaluate.knowledge.explained import number, percent

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
            seed=seed,
            device=device,
        )
    for sentence in found.sentences:
        say(sentence)
    data = found.data
    if data["drivers"]:
        names = ("Driver", "Alone", "Share", "Last")
        shown = [
            (d["name"], number(d["first"]), _with(d["share"], d["share_error"]), number(d["last"]))
            for d in data["drivers"][:SHOWN]
        ]
        table(f"What drives {of}, in nats", names, shown)
    edges = [p for p in data["dependence"] if p["edge"]][:SHOWN]
    if edges:
        pairs = [
            (f"{p['one']} – {p['two']}", _with(p["given_others"], p["given_error"]),
             number(p["information"]))
            for p in edges
        ]  # fmt: skip
        table("What depends on what, in nats", ("Pair", "Given all others", "Alone"), pairs)
    best = sorted(data["determination"], key=lambda d: -(d["explained"] or 0))[:SHOWN]
    known = [(d["column"], percent(d["explained"]), ", ".join(d["by"])) for d in best]
    table("How far columns are determined", ("Column", "Explained", "Known from"), known, text=True)
    page, _ = found.save(asked.target)
    tell(f"{data['rows']}; {page} written in {time.monotonic() - begin:.0f} s")


def _with(value: Any, error: Any) -> str:
    return "–" if value is None else f"{value:.3f} ± {error or 0:.3f}"

"""`interfuse reproduce`: fit a run again from its own record, and say whether it is the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfuse.cli.training import Training
from interfuse.console import facts, say, tell
from interfuse.kinds import named, of_record

if TYPE_CHECKING:
    from interfuse.reproduce import Reproduction


def reproduce(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="What interfuse fit -o made.")],
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FILE", help="The data, if it is no longer where it was."),
    ] = None,
) -> None:
    """Fit again from what RUN says of itself, and compare: a table, images or series.

    The fit has the seed, the schema, the threads and the number of examples of the first one, and
    is kept nowhere. Exit code 0: the same weights, or at least the same rows drawn; 1: they differ;
    2: it could not be tried, for instance because the data is other data.

    [bold]Examples[/]

    interfuse reproduce run

    interfuse reproduce run --data elsewhere/flows.csv
    """
    from interfuse.reproduce import reproduce as fit_again
    from interfuse.run import store

    kind = of_record(store.open_record(run), run)
    with Training(kind, quiet=True) as training:
        found = fit_again(run, data, listener=training)
    facts(f"{run}, fitted again", _lines(found))
    if found.same_weights:
        say("The same: every weight is bit-equal.")
    elif found.same:
        say("The same in its answers, though not in every weight.")
    else:
        tell("It differs. " + _why(found))
        raise typer.Exit(1)


def _lines(found: Reproduction) -> list[tuple[str, str]]:
    unit = named(found.kind).words.answers
    far = f"differ by {found.weight_difference:.3g} at most"
    weights = "bit-equal" if found.same_weights else far
    drawn = (
        f"{found.same_answers:.2%} of {unit} are equal, numbers differ by "
        f"{found.answer_difference:.2%} of their range at most"
    )
    then, now = found.held_out_loss
    loss = [] if then is None or now is None else [("Held-out loss", f"{then:.6f}, now {now:.6f}")]
    return [
        ("Weights", weights),
        ("Drawn with one seed", drawn),
        ("Examples", f"{found.examples[0]:,}, now {found.examples[1]:,}"),
        *loss,
        *((f"Then {name}", f"{then}, now {now}") for name, (then, now) in found.changed.items()),
    ]


def _why(found: Reproduction) -> str:
    if found.changed:
        names = ", ".join(found.changed)
        return f"What is not as it was then: {names}; sums may round otherwise."
    return (
        "Versions and machine look as they were; the run folder may come from an older interfuse "
        "that did not write down its turns, or from another processor."
    )

"""`interfuse compare`: what changed between two tables, or between a run and other rows."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from interfuse.console import say, table, tell
from interfuse.errors import OptionError
from interfuse.language import LANGUAGES, speaking, t

SHOWN = 12
_FIT_ONLY = ("--target", "--given", "--at-least", "--seconds", "--examples")


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A table, or what interfuse fit -o made.")],
    b: Annotated[
        str, typer.Argument(metavar="B", help="The table that is compared with it, or another run.")
    ],
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="A page, .html; JSON goes beside it."),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            help="Tell change of the other columns from change of this one given them.",
            metavar="COLUMN",
        ),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            help="A column whose change is known: how much is left; may be repeated.",
            metavar="COLUMN",
        ),
    ] = None,
    blocks: Annotated[
        str | None,
        typer.Option(
            help="Rows with one value of this column, such as a day, stay together.",
            metavar="COLUMN",
        ),
    ] = None,
    at_least: Annotated[
        float | None,
        typer.Option(help="Nats; less than this is no change.", metavar="NATS"),
    ] = None,
    fail_on_change: Annotated[
        bool, typer.Option("--fail-on-change", help="Exit with code 1 if they differ.")
    ] = False,
    seconds: Annotated[
        float | None, typer.Option(help="Of the fit of both; default: 120.", min=1)
    ] = None,
    examples: Annotated[
        int | None, typer.Option(help="Train for at most this many records.", min=1)
    ] = None,
    seed: Annotated[int, typer.Option(help="Of every random draw; default 0.", min=0)] = 0,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda or mps; default: the best there is.")
    ] = None,
    language: Annotated[
        str, typer.Option(help="Of the page and its sentences.", metavar="|".join(LANGUAGES))
    ] = "en",
) -> None:
    """Say what changed between two tables: whether, how much, and where.

    Two tables are learned by one model, and compared on rows that it was not fitted to. Of a run
    and a table nothing is fitted: the rows are held against what the run expects. Of two runs it
    is the rows that the second keeps. p is exact, if rows are exchangeable when nothing changed;
    where they are not, name their --blocks.

    [bold]Examples[/]

    interfuse compare monday.csv tuesday.csv -o change.html

    interfuse compare run today.csv -o change.html --fail-on-change

    interfuse compare monday-run tuesday-run -o change.html

    interfuse compare may.csv november.csv --target Revenue --at-least .01 -o change.html

    interfuse compare monday.csv tuesday.csv --language zh -o change.html
    """
    if not output.lower().endswith((".html", ".htm")):
        raise OptionError(f"--output: {output} is no page; expected a name that ends in .html.")
    begin = time.monotonic()
    also = {"blocks": blocks, "seed": seed, "device": device, "language": language}
    if _is_run(a):
        found = _of_run(a, b, [target, given, at_least, seconds, examples], also)
    elif _is_run(b):
        raise OptionError(f"B: {b} is a run and {a} is none. Give the run first, or two tables.")
    else:
        import interfuse

        found = interfuse.compare(
            a,
            b,
            target=target,
            given=given or (),
            at_least=at_least,
            seconds=seconds,
            examples=examples,
            **also,
        )
    for sentence in found.sentences:
        say(sentence)
    shown = [(c["column"], c["a"], c["b"], _p(c)) for c in found.data["columns"][:SHOWN]]
    with speaking(language):
        table(t("Columns"), (t("Column"), "A", "B", "p"), shown, text=True)
    page, _ = found.save(output)
    tell(f"{page} written in {time.monotonic() - begin:.0f} s")
    if fail_on_change and found.changed:
        raise typer.Exit(1)


def _of_run(run: str, data: str, said: list[Any], also: dict[str, Any]) -> Any:
    """The answer of a run; what asks for a fit is refused.

    Raises:
        OptionError: such an option was given, or models of this kind do not compare.
    """
    import interfuse
    from interfuse.kinds import named
    from interfuse.kinds.option import called

    for flag, value in zip(_FIT_ONLY, said, strict=True):
        if value:
            raise OptionError(
                f"{flag}: needs a fit of both tables; A is a run. Give the table in its place."
            )
    model: Any = interfuse.load(run)
    kind = named(model.schema.kind)
    if kind.compares is None:
        raise OptionError(
            f"compare: is there for tables; {run} is a model {kind.words.of}. Give two tables."
        )
    with called(data):
        return model.compare(interfuse.load(data) if _is_run(data) else data, **also)


def _is_run(path: str) -> bool:
    return (Path(path) / "run.json").exists()


def _p(row: dict[str, Any]) -> str:
    return "–" if row["p"] is None else f"{row['p']:.3f}"

"""`interfuse show`: what is in a run folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from interfuse.console import clock, facts, say, table
from interfuse.kinds import Kind, named, of_record
from interfuse.visible import quoted

_BARS = "▁▂▃▄▅▆▇█"
_POINTS = 8


def show(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="What interfuse fit -o made.")],
    schema: Annotated[
        bool, typer.Option("--schema/--no-schema", help="Whether to list the columns.")
    ] = True,
) -> None:
    """Show how a model was fitted: data, budget, training curve, columns, versions.

    [bold]Examples[/]

    interfuse show run

    interfuse show run --no-schema
    """
    import interfuse
    from interfuse.run import store

    if (run / "run.json").exists() and store.status(run) == "fitting":
        _unfinished(run)
        return
    model = interfuse.load(run)
    record = model.record
    training = record["training"]
    kind = named(model.schema.kind)
    rows = [
        ("Status", "complete"),
        *_beginning(record, kind),
        ("Stopped", training["reason"]),
        ("Trained", _trained(training)),
        ("Held-out loss", _held_out(training)),
        ("Curve", sparkline([point[3] for point in training["curve"]])),
        *kind.show(run, model),
        ("Settings", ", ".join(f"{k} {v}" for k, v in training["settings"].items())),
        ("Made with", ", ".join(f"{k} {v}" for k, v in record["versions"].items())),
        ("Made on", ", ".join(f"{k} {v}" for k, v in record["machine"].items())),
    ]  # fmt: skip
    facts(str(run), [row for row in rows if row[1]])
    _print_curve(training["curve"])
    if schema:
        kind.show_schema(model.schema)


def _beginning(record: dict[str, Any], kind: Kind) -> list[tuple[str, str]]:
    data, budget = record["data"], record["budget"]
    allowed = []
    if budget["seconds"] is not None:
        allowed.append(f"{clock(budget['seconds'])} of training")
    if budget["examples"] is not None:
        allowed.append(f"{budget['examples']:,} examples")
    return [
        ("Data", f"{data['source']}, {kind.how_much(data)}, sha256 {data['sha256'][:16]}"),
        ("Budget", " or ".join(allowed)),
        ("Seed", str(record["seed"])),
    ]


def _trained(training: dict[str, Any]) -> str:
    speed = training["examples"] / max(training["seconds"], 1e-9)
    return (
        f"{training['examples']:,} examples in {clock(training['seconds'])} "
        f"({speed:,.0f} examples/s, {training['device']})"
    )


def _held_out(training: dict[str, Any]) -> str:
    if training["held_out_loss"] is None:
        return ""
    return (
        f"{training['held_out_loss']:.4f} on {training['held_out_rows']:,} examples, after "
        f"{training['best_examples']:,} examples"
    )


def sparkline(values: list[float | None], width: int = 40) -> str:
    """A curve in one line of text: the highest value is a full block, the lowest a thin one."""
    there = [v for v in values if v is not None and v == v]
    if len(there) < 2:
        return ""
    if len(there) > width:
        there = [there[round(i * (len(there) - 1) / (width - 1))] for i in range(width)]
    low, high = min(there), max(there)
    span = (high - low) or 1.0
    return "".join(_BARS[round((v - low) / span * (len(_BARS) - 1))] for v in there)


def _print_curve(curve: list[list[float]]) -> None:
    if not curve:
        return
    step = max(1, -(-len(curve) // _POINTS))
    points = curve[::-step][::-1]
    rows = [
        (f"{p[0]:,}", clock(p[1]), *("" if x is None else f"{x:.4f}" for x in p[2:4]))
        for p in points
    ]
    table("", ("Examples", "Time", "Training loss", "Held-out loss"), rows)


def _unfinished(run: Path) -> None:
    """Show a fit that is running or was interrupted, and how to go on."""
    from interfuse.run import store

    record = store.unfinished(run)
    last = _last_event(run)
    rows = [("Status", "not finished"), *_beginning(record, of_record(record, run))]
    if last:
        rows.append(("So far", f"{last['examples']:,} examples in {clock(last['seconds'])}"))
        if last.get("loss") is not None:
            rows.append(("Loss", f"{last['loss']:.4f}"))
    facts(str(run), rows)
    if store.writer(run):
        say("The fit is running.")
        return
    source, folder = _data_of(record), quoted(run)
    if (run / store.CHECKPOINT).exists():
        say(f"Go on with:\n  interfuse fit {source} -o {folder} --resume")
    else:
        said = of_record(record, run).words.fit
        say(
            "It ended before its first checkpoint. Start again with:\n"
            f"  interfuse fit {source}{said} -o {folder} --overwrite"
        )


def _data_of(record: dict[str, Any]) -> str:
    """The data of a fit as a shell reads it; a frame in memory has no name."""
    typed = record["data"].get("path")
    if not isinstance(typed, str):
        return "DATA"
    if typed == "-":
        return typed
    place, begun = Path(typed).expanduser(), record.get("begun_in")
    if not place.exists() and isinstance(begun, str):
        place = Path(begun) / place
    return quoted(place)


def _last_event(run: Path) -> dict[str, Any] | None:
    from interfuse.run import store

    path = run / store.EVENTS
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for line in reversed(lines):
        try:
            return json.loads(line)
        except ValueError:  # the last line may be cut
            continue
    return None

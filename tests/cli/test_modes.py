"""`--json` and `--quiet`: what a pipeline reads."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import interfuse
from interfuse.cli.main import app
from interfuse.spoken import EVENTS, events_schema

FILE = Path(interfuse.__file__).with_name("spoken.schema.json")
SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_shipped_schema_is_that_of_the_events():
    assert events_schema() == SCHEMA
    described = [
        (name, key)
        for name, part in SCHEMA["$defs"].items()
        for key, entry in part["properties"].items()
        if key != "event" and "description" not in entry
    ]
    assert described == []
    assert len(SCHEMA["$defs"]) == len(EVENTS)


def events(text: str) -> list[dict]:
    """Lines as events, each as the schema has it."""
    found = [json.loads(line) for line in text.splitlines()]
    for event in found:
        jsonschema.validate(event, SCHEMA)
    return found


def test_every_command_has_both():
    import typer

    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        known = {o for parameter in command.params for o in parameter.opts}
        assert {"--json", "--quiet"} <= known, name


def test_a_fit_in_json_tells_how_drawn_columns_approach_the_real_ones(
    cli, table, tmp_path, monkeypatch
):
    from interfuse.kinds.table import previews

    monkeypatch.setattr(previews, "SHARE", 1e9)  # at every evaluation, whatever it takes
    told = events(cli("fit", table, "-o", tmp_path / "run", "--examples", 2000, "--json").out)
    shown = [event for event in told if event["event"] == "marginals"]
    assert shown
    for column in shown[-1]["columns"]:
        assert column["name"] in ("label", "proto", "port", "bytes")
        assert len(column["shares"]) == len(column["other"])


def test_a_fit_in_json_tells_all(cli, table, tmp_path):
    told = events(cli("fit", table, "-o", tmp_path / "run", "--examples", 2000, "--json").out)
    kinds = [event["event"] for event in told]
    assert kinds[-1] == "end"
    assert told[-1]["exit_code"] == 0
    assert {"schema", "listing", "notice", "training", "message"} <= set(kinds)
    (schema,) = [event for event in told if event["event"] == "schema"]
    assert schema["kind"] == "table"
    assert [c["name"] for c in schema["schema"]["columns"]] == ["label", "proto", "port", "bytes"]
    held = [e["held_out_loss"] for e in told if e.get("stage") == "evaluated"]
    assert held
    assert all(value is not None for value in held)


def test_an_answer_in_json_leaves_standard_output_to_the_answer(cli, run, tmp_path):
    said = cli("generate", run, "-n", 5, "-o", "-", "--json")
    assert len(said.out.splitlines()) == 6
    assert [e["event"] for e in events(said.err)][-1] == "end"
    file = cli("generate", run, "-n", 5, "-o", tmp_path / "a.csv", "--json")
    assert events(file.out)[0] == {
        "event": "progress", "doing": "generating", "done": 5, "total": 5, "unit": "rows",
    }  # fmt: skip
    assert (tmp_path / "a.csv").read_text() == said.out


@pytest.mark.parametrize("words", [("show", "nowhere"), ("show", "--nonsense"), ("nothing",)])
def test_errors_in_json_are_events_with_the_exit_code(cli, words):
    said = cli(*words, "--json")
    error, end = events(said.out)
    assert (error["event"], end["event"]) == ("error", "end")
    assert said.code == end["exit_code"] == 2
    assert said.err == ""


def test_quiet_leaves_warnings_and_errors(cli, run, tmp_path):
    assert cli("show", run, "--quiet") == cli("show", run, "--quiet").__class__(0, "", "")
    made = cli("generate", run, "-n", 5, "-o", tmp_path / "a.csv", "--quiet")
    assert (made.code, made.out, made.err) == (0, "", "")
    said = ("-o", tmp_path / "b.csv", "--given", "bytes > 1e9", "--quiet")
    odd = cli("generate", run, "-n", 5, *said)
    assert odd.out == ""
    assert odd.err.startswith(("warning:", "error:"))
    bad = cli("show", tmp_path / "nowhere", "--quiet")
    assert bad.code == 2
    assert bad.err.startswith("error:")


def test_one_command_does_not_speak_for_the_next(cli, run):
    cli("show", run, "--json")
    assert cli("show", run).out.startswith(str(run))

"""`interfuse fit`: what it prints, and that options do what they say."""

from __future__ import annotations

import json

import polars as pl
import pytest
from commands import ROWS, child, flows, left_in


def test_says_what_it_found_why_it_stopped_and_what_to_type_next(cli, table, tmp_path):
    folder = tmp_path / "run"
    done = cli("fit", table, "-o", folder, "--examples", 2_000)
    assert done.code == 0
    for column in flows().columns:
        assert column in done.out
    assert "--save-schema schema.json" in done.out
    assert "Estimate: " in done.out
    assert "Stopped: the budget is spent." in done.out
    assert f"interfuse generate {folder} -n {ROWS} " in done.out
    assert f"--run {folder}" in done.out


def test_quiet_without_a_terminal(table, tmp_path):
    # Long enough for many ticks (two a second) and evaluations (up to forty).
    asked = ("fit", table, "-o", tmp_path / "run", "--examples", 8_000)
    done = child(*asked, pause=0.1).wait_for_end()
    assert done.code == 0
    lines = done.err.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "training",
        "settling",
        "stopped",
        "calibrating",
    ]
    assert "\x1b" not in done.err + done.out
    assert "\r" not in done.err + done.out


def test_standard_input_gives_the_same_model(cli, table, run, tmp_path):
    folder = tmp_path / "run"
    arguments = ("-o", folder, "--examples", 500)
    assert cli("fit", "-", *arguments, stdin=table.read_bytes()).code == 0
    record = json.loads((folder / "run.json").read_text())
    assert record["data"]["rows"] == ROWS
    assert record["data"]["source"] == "-"
    assert (folder / "schema.json").read_bytes() == (run / "schema.json").read_bytes()


def test_dry_run_trains_nothing_and_its_schema_can_be_edited(cli, table, tmp_path):
    target = tmp_path / "schema.json"
    done = cli("fit", table, "--dry-run", "--save-schema", target)
    assert done.code == 0
    assert "Estimate: " in done.out
    assert left_in(tmp_path) == ["schema.json"]

    schema = json.loads(target.read_text())
    port = next(c for c in schema["columns"] if c["name"] == "port")
    assert port["kind"] == "derived"  # it follows from the label
    port["kind"] = "category"
    del port["options"]
    target.write_text(json.dumps(schema))
    folder, drawn = tmp_path / "run", tmp_path / "drawn.csv"
    assert cli("fit", table, "-o", folder, "--examples", 2_000, "--schema", target).code == 0
    assert cli("generate", folder, "-n", 200, "-o", drawn).code == 0
    # A category never takes a value between those that were seen.
    assert set(pl.read_csv(drawn)["port"]) <= {53, 80, 443}


def test_dry_run_leaves_a_run_folder_alone(cli, table, run):
    before = left_in(run)
    assert cli("fit", table, "-o", run, "--dry-run").code == 0
    assert left_in(run) == before


def test_overwrite_replaces_the_run(cli, table, tmp_path):
    folder = tmp_path / "run"
    for seed in (1, 2):
        arguments = ("--examples", 2_000, "--seed", seed, "--overwrite")
        assert cli("fit", table, "-o", folder, *arguments).code == 0
    assert json.loads((folder / "run.json").read_text())["seed"] == 2


def test_a_complete_run_cannot_be_resumed(cli, table, run):
    done = cli("fit", table, "-o", run, "--resume")
    assert done.code == 2
    assert "the fit there is complete" in done.err


@pytest.mark.parametrize("command", ["demo", "fit", "generate", "evaluate", "show"])
def test_help_has_examples(cli, command):
    done = cli(command, "--help")
    assert done.code == 0
    assert "Examples" in done.out
    assert f"interfuse {command}" in done.out.split("Examples")[1]


def test_help_and_version_without_a_command(cli):
    assert "generate" in cli().out
    assert cli("--version").out.startswith("interfuse ")

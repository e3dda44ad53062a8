"""Every bad input is one line on standard error that says what to do, and exit code 2."""

from __future__ import annotations

import json

import pytest
from commands import left_in


def assert_one_line(result, *words):
    assert result.code == 2
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1, result.err
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], ["nosuch"]),
        (["fit"], ["DATA", "interfuse fit --help"]),
        (["fit", "missing.csv", "-o", "new"], ["missing.csv", "no such file"]),
        (["fit", "flows.csv"], ["--output"]),
        (["fit", "flows.csv", "-o", "new", "--seconds", "0"], ["--seconds", "above 0"]),
        (["fit", "flows.csv", "-o", "new", "--seconds", "nan"], ["--seconds", "above 0"]),
        (["fit", "flows.csv", "-o", "new", "--examples", "-3"], ["--examples", "above 0"]),
        (["fit", "flows.csv", "-o", "new", "--examples", "many"], ["--examples"]),
        (["fit", "flows.csv", "-o", "new", "--seed", "one"], ["--seed"]),
        (["fit", "flows.csv", "-o", "new", "--seed", "-1"], ["--seed"]),
        (["fit", "flows.csv", "-o", "new", "--kind", "song"], ["song", "table"]),
        (["fit", "flows.csv", "-o", "new", "--precision", "fp8"], ["fp8", "bf16"]),
        (["fit", "flows.csv", "-o", "new", "--device", "abacus"], ["abacus"]),
        (["fit", "flows.csv", "-o", "new", "--schema", "nosuch.json"], ["nosuch.json"]),
        (["fit", "flows.csv", "-o", "new", "--resume"], ["nothing to resume"]),
        (["fit", "flows.csv", "-o", "new", "--resume", "--seed", "1"], ["--resume", "--seed"]),
        (["fit", "flows.csv", "-o", "full"], ["other files", "thesis.txt"]),
        (["fit", "flows.csv", "-o", "flows.csv"], ["flows.csv", "is a file"]),
        (["fit", "flows.csv", "--dry-run", "--save-schema", "a.txt"], [".json"]),
        (["generate", "nosuch", "-o", "a.csv"], ["nosuch", "no such run folder"]),
        (["generate", "full", "-o", "a.csv"], ["not a run folder"]),
        (["show", "nosuch"], ["no such run folder"]),
        (["demo", "--output", "full"], ["other files", "thesis.txt"]),
        (["demo", "--output", "flows.csv"], ["is a file"]),
    ],
)
def test_bad_arguments(cli, table, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flows.csv").write_bytes(table.read_bytes())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    assert_one_line(cli(*arguments), *words)
    assert left_in(tmp_path / "full") == ["thesis.txt"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-n", "0"], ["--rows", "-n"]),
        (["-n", "some"], ["-n"]),
        (["--steps", "0"], ["--steps"]),
        (["--seed", "x"], ["--seed"]),
        (["--given", "lable=web"], ["lable", "Did you mean 'label'?"]),
        (["--given", "label=webb"], ["webb", "never seen", "Did you mean 'web'?"]),
        (["--given", "label"], ["no '='"]),
        (["--given", "label=web", "--given", "label=dns"], ["given twice"]),
        (["--given", "bytes=big"], ["bytes", "big", "Int64"]),
        (["--given", "bytes=1.5"], ["bytes", "1.5", "Int64"]),
        (["--given", "bytes="], ["bytes"]),
    ],
)
def test_bad_questions(cli, run, tmp_path, arguments, words):
    target = tmp_path / "out.csv"
    assert_one_line(cli("generate", run, "-o", target, *arguments), *words)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("name", ["out.docx", "out", "nosuch/out.csv"])
def test_bad_target(cli, run, tmp_path, name):
    assert_one_line(cli("generate", run, "-o", tmp_path / name), str(tmp_path / name))
    assert left_in(tmp_path) == []


def test_a_run_is_not_replaced_unless_asked(cli, run, table):
    before = (run / "weights.safetensors").read_bytes()
    assert_one_line(cli("fit", table, "-o", run), "a run is already there", "--overwrite")
    assert (run / "weights.safetensors").read_bytes() == before


def test_a_schema_with_edits_is_not_replaced(cli, table, tmp_path):
    target = tmp_path / "schema.json"
    target.write_text("{}")
    assert_one_line(cli("fit", table, "--dry-run", "--save-schema", target), "exists")
    assert target.read_text() == "{}"


def test_a_changed_part_is_noticed(cli, run, tmp_path):
    broken = tmp_path / "run"
    broken.mkdir()
    for path in run.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    weights = bytearray((broken / "weights.safetensors").read_bytes())
    weights[-1] ^= 1
    (broken / "weights.safetensors").write_bytes(weights)
    assert_one_line(cli("show", broken), "checksum")
    newer = json.loads((run / "run.json").read_text()) | {"format": 99}
    (broken / "run.json").write_text(json.dumps(newer))
    assert_one_line(cli("generate", broken, "-o", tmp_path / "a.csv"), "newer interfuse")

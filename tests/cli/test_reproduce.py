"""`interfuse reproduce`: what it prints and its exit codes."""

import json
import shutil


def test_the_same(cli, run):
    ended = cli("reproduce", run)
    assert ended.code == 0, ended.err
    assert "bit-equal" in ended.out
    assert "100.00% of rows are equal" in ended.out


def test_another_seed_differs(cli, run, table, tmp_path):
    other = tmp_path / "run"
    shutil.copytree(run, other)
    record = json.loads((other / "run.json").read_text())
    record["seed"] += 1
    record["versions"]["torch"] = "1.0"
    (other / "run.json").write_text(json.dumps(record))
    ended = cli("reproduce", other, "--data", table)
    assert ended.code == 1
    assert "It differs" in ended.err
    assert "torch" in ended.err
    assert "1.0, now" in ended.out


def test_other_data_is_an_error(cli, run, table, tmp_path):
    longer = tmp_path / "flows.csv"
    longer.write_text(table.read_text() + "web,tcp,443,1\n")
    ended = cli("reproduce", run, "--data", longer)
    assert ended.code == 2
    assert "other data" in ended.err
    assert "training" not in ended.err


def test_a_file_that_moved_is_an_error(cli, run, table, tmp_path, monkeypatch):
    other = tmp_path / "deep" / "er" / "run"
    shutil.copytree(run, other)
    record = json.loads((other / "run.json").read_text())
    record["data"]["path"] = str(tmp_path / "gone" / "flows.csv")
    (other / "run.json").write_text(json.dumps(record))
    monkeypatch.chdir(tmp_path)
    ended = cli("reproduce", other)
    assert ended.code == 2
    assert "--data FILE" in ended.err


def test_no_run_is_an_error(cli, tmp_path):
    ended = cli("reproduce", tmp_path / "none")
    assert ended.code == 2
    assert "no such run folder" in ended.err

"""All benchmarks in pieces: which run, where, and what a stopped run leaves."""

import argparse
import json
import os
import signal
import sys
from ast import literal_eval
from pathlib import Path

import pytest
from benchmarks import every
from benchmarks.every import Lanes, Record, chosen, forget
from benchmarks.jobs import LONG, USUAL, Job

WRITE = "import os, sys, time; a = time.monotonic(); time.sleep(2); open(sys.argv[1], 'w').write("
WRITE += "repr((a, time.monotonic(), sorted(os.sched_getaffinity(0)))))"


@pytest.fixture(autouse=True)
def own_results(tmp_path, monkeypatch):
    monkeypatch.setattr(every, "RESULTS", tmp_path / "results")


def lanes(folder, cores, code):
    """Pieces that run `code` with the name of a file as their only word."""
    options = argparse.Namespace(folder=folder, data=None)
    return Lanes(options, cores, lambda job: [sys.executable, "-c", code])


def piece(folder, name, **more):
    return Record(folder, Job(name, "some", (str(folder / name),), 1, name, **more))


def test_pieces_that_need_all_cores_come_first_then_the_longest():
    pieces = chosen(None, Path("data"))
    order = [(not job.alone, -job.minutes) for job in pieces]
    assert order == sorted(order)
    assert len({job.name for job in pieces}) == len(pieces)


def test_without_a_data_folder_only_what_is_shipped_is_measured():
    assert {j.name for j in chosen("rivals,detection,steps", None)} == {"rivals-shoppers", "steps"}


def test_long_budgets_are_of_the_same_pieces_in_another_folder(tmp_path, monkeypatch, capsys):
    usual, long = chosen(None, Path("data")), chosen(None, Path("data"), LONG)
    assert {job.name for job in usual} == {job.name for job in long}
    assert sum(job.minutes for job in usual) < sum(job.minutes for job in long)
    monkeypatch.chdir(tmp_path)
    every.LONG_FOLDER.mkdir(parents=True)
    Record(every.LONG_FOLDER, usual[-1]).add(60.0, done=True)
    every.main(["--list"])
    assert "done" not in capsys.readouterr().out
    every.main(["--list", "--long"])
    assert "done" in capsys.readouterr().out


@pytest.mark.parametrize("budgets", [USUAL, LONG])
def test_each_piece_has_a_module_and_options_that_it_knows(budgets):
    import importlib

    for job in chosen(None, Path("data"), budgets):
        parser = getattr(importlib.import_module(f"benchmarks.{job.benchmark}"), "parser", None)
        if parser is None and job.benchmark == "rivals":
            parser = importlib.import_module("benchmarks.rivals.__main__").parser
        if parser is not None:
            words = [word.format(core=0, folder="f") for word in job.words]
            needs = job.benchmark not in ("steps", "scale")
            known = parser().parse_args([*(["--data", "d"] if needs else []), *words])
            assert getattr(known, "data", None) == (Path("d") if needs else None)


def test_an_unknown_name_is_one_clear_error(capsys):
    with pytest.raises(SystemExit) as stopped:
        every.main(["--only", "nothing"])
    assert stopped.value.code == 2
    assert "no 'nothing'; there are" in capsys.readouterr().err


def test_pieces_that_all_need_the_data_folder_are_not_called_measured(capsys):
    with pytest.raises(SystemExit) as stopped:
        every.main(["--only", "detection"])
    assert stopped.value.code == 2
    assert "measures nothing without --data" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs a way to bind to cores")
def test_two_pieces_run_at_once_on_a_core_each_and_one_that_is_alone_by_itself(tmp_path):
    cores = every.cores_of(2)
    if len(cores) < 2:
        pytest.skip("needs two cores")
    records = [piece(tmp_path, "whole", alone=True), piece(tmp_path, "a"), piece(tmp_path, "b")]
    lanes(tmp_path, cores, WRITE).run(records)
    whole, a, b = (literal_eval((tmp_path / n).read_text()) for n in ("whole", "a", "b"))
    assert whole[1] <= min(a[0], b[0])
    assert max(a[0], b[0]) < min(a[1], b[1])
    assert [a[2], b[2]] == [[core] for core in cores]
    assert set(cores) <= set(whole[2])
    assert all(record.done for record in records)


def test_a_piece_that_fails_does_not_keep_others_from_running(tmp_path):
    records = [piece(tmp_path, "bad"), piece(tmp_path, "good")]
    code = "import sys; sys.exit('bad' in sys.argv[1])"
    runner = lanes(tmp_path, [None], code)
    runner.run(records)
    assert [record.done for record in records] == [False, True]
    assert runner.failed == records[:1]


def test_a_stopped_piece_is_told_and_written_down_and_not_forgotten_again(tmp_path):
    results = tmp_path / "results" / "some.json"
    results.parent.mkdir()
    results.write_text(json.dumps({"slow": {"old": 1}, "other": {"kept": 1}}))
    slow = "import sys, time\ntry: time.sleep(60)\nexcept KeyboardInterrupt: open(sys.argv[1], 'w')"

    # A shell has interrupts ignored in what it runs in the background, and pieces inherit that.
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(2)
    try:
        with pytest.raises(KeyboardInterrupt):
            lanes(tmp_path, [None], slow).run([piece(tmp_path, "slow")])
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        signal.signal(signal.SIGINT, ours)
    assert (tmp_path / "slow").exists(), "the piece was not interrupted"
    assert json.loads(results.read_text()) == {"other": {"kept": 1}}
    again = piece(tmp_path, "slow")
    assert again.begun
    assert not again.done
    assert again.found["seconds"] >= 1
    results.write_text(json.dumps({"slow": {"half": 1}}))
    lanes(tmp_path, [None], "pass").run([again])
    assert json.loads(results.read_text()) == {"slow": {"half": 1}}
    assert again.done


def test_only_what_fits_is_forgotten(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"a/semi": {}, "b/semi": {}, "a/unsupervised": {}}))
    forget(path, ".*/semi")
    assert list(json.loads(path.read_text())) == ["a/unsupervised"]


def test_when_all_is_measured_its_times_are_a_result(tmp_path, monkeypatch, capsys):
    job = Job("only", "some", (), 1, "x", needs_data=False)
    monkeypatch.setattr(every, "jobs", lambda budgets: [job])
    monkeypatch.setattr(every, "module", lambda job: [sys.executable, "-c", "pass"])
    words = ["--folder", str(tmp_path / "records")]
    assert every.main(words) == 0
    found = json.loads((tmp_path / "results" / "every.json").read_text())["all"]
    assert found["seconds"].keys() == {"only"}
    assert found["wall_seconds"] > 0
    assert every.main(words) == 0
    assert "measured already" in capsys.readouterr().out

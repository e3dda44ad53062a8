"""`interfuse explain` and `interfuse compare`: exit codes, files, one line for what is wrong."""

import sys

import pytest
from known_rows import rows

from interfuse.cli.main import main


@pytest.fixture
def command(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr(sys, "argv", ["interfuse", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


def test_explain_writes_a_page_and_says_what_matters(command, run, tmp_path):
    rows(300, 1).write_csv(tmp_path / "fresh.csv")
    page = tmp_path / "explain.html"
    code, out, _ = command("explain", run, tmp_path / "fresh.csv", "--target", "label", "-o", page)
    assert code == 0
    assert "What drives label" in out
    assert page.exists()
    assert page.with_suffix(".json").exists()


def test_explain_refuses_in_one_line(command, run, tmp_path):
    code, _, err = command("explain", run, "-o", tmp_path / "answer.csv")
    assert code == 2
    assert "is no page" in err
    code, _, err = command("explain", run, "--target", "nowhere", "-o", tmp_path / "a.html")
    assert code == 2
    assert err.strip().count("\n") == 0
    assert list(tmp_path.iterdir()) == []


def test_compare_fails_on_a_change_if_asked_to(command, run, tmp_path):
    rows(800, 1).write_csv(tmp_path / "same.csv")
    rows(800, 2, shift=0.4).write_csv(tmp_path / "moved.csv")
    page = tmp_path / "change.html"
    code, out, _ = command("compare", run, tmp_path / "same.csv", "-o", page, "--fail-on-change")
    assert code == 0, out
    code, out, _ = command("compare", run, tmp_path / "moved.csv", "-o", page, "--fail-on-change")
    assert code == 1
    assert "A and B differ" in out
    code, _, _ = command("compare", run, tmp_path / "moved.csv", "-o", page)
    assert code == 0


def test_compare_of_two_tables(command, tmp_path):
    rows(400, 1).write_csv(tmp_path / "a.csv")
    rows(400, 2, shift=2).write_csv(tmp_path / "b.csv")
    words = ("--examples", 2000, "--target", "label", "--fail-on-change")
    page = tmp_path / "c.html"
    code, out, _ = command("compare", tmp_path / "a.csv", tmp_path / "b.csv", *words, "-o", page)
    assert code == 1
    assert "size" in out


def test_what_needs_a_fit_is_refused_of_a_run(command, run, tmp_path):
    rows(300, 1).write_csv(tmp_path / "b.csv")
    code, _, err = command("compare", run, tmp_path / "b.csv", "--target", "label",
                           "-o", tmp_path / "c.html")  # fmt: skip
    assert code == 2
    assert "--target: needs a fit of both tables" in err


def test_runs_are_compared_in_this_order_and_not_with_themselves(command, run, tmp_path):
    rows(300, 1).write_csv(tmp_path / "b.csv")
    page = tmp_path / "c.html"
    code, _, err = command("compare", tmp_path / "b.csv", run, "-o", page)
    assert code == 2
    assert "Give the run first" in err
    code, _, err = command("compare", run, run, "-o", page)
    assert code == 2
    assert "rows that the model was fitted to" in err


def test_other_kinds_say_that_it_is_not_there(command, tmp_path):
    from pathlib import Path

    golden = Path(__file__).parents[1] / "golden" / "runs"
    (series,) = [p for p in golden.iterdir() if "series" in p.name][:1]
    code, _, err = command("explain", series, "-o", tmp_path / "e.html")
    assert code == 2
    assert "expected one of a table for explain" in err
    code, _, err = command("compare", series, tmp_path / "b.csv", "-o", tmp_path / "c.html")
    assert code == 2
    assert "compare: is there for tables" in err

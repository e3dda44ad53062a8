"""The same questions from the command line."""

import json
import sys

import polars as pl
import pytest
from made import touches

from interfuse.cli import main


@pytest.fixture(scope="module")
def files(tmp_path_factory, model):
    """Data and a run beside it."""
    folder = tmp_path_factory.mktemp("commands")
    touches().write_csv(folder / "shop.csv")
    return folder, model[1]


def cli(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["interfuse", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return ended.value.code, said.out + said.err


def test_questions(files, monkeypatch, capsys):
    folder, run = files
    data, out = folder / "shop.csv", folder / "out.csv"
    code, said = cli(monkeypatch, capsys, "recommend", run, data, "-n", 3, "-o", out)
    assert code == 0, said
    found = pl.read_csv(out)
    assert found.columns == ["user_id", "item_id", "score", "rank", "because"]
    assert found.height == 900
    code, said = cli(monkeypatch, capsys, "generate", run, "-n", 4, "-o", out)
    assert code == 0, said
    assert pl.read_csv(out)["user_id"].n_unique() == 4
    code, said = cli(monkeypatch, capsys, "similar", run, "i03", "-n", 2, "-o", out)
    assert code == 0, said
    assert pl.read_csv(out).height == 2
    code, said = cli(monkeypatch, capsys, "detect", run, data, "--per-user", "-o", out)
    assert code == 0, said
    assert pl.read_csv(out).height == 300
    code, said = cli(monkeypatch, capsys, "show", run)
    assert code == 0
    assert "graph filter" in said
    assert "touches of 30 items by 300 users" in said


def test_errors_are_one_line_and_leave_nothing(files, monkeypatch, capsys):
    folder, run = files
    (folder / "no.csv").write_text("x,y\n1,2\n")
    for words in (
        ("recommend", run, folder / "no.csv", "-o", folder / "new.csv"),
        ("similar", run, "never", "-o", folder / "new.csv"),
        ("generate", run, "-o", folder / "new.csv", "--given", "item_id=never"),
        ("generate", run, "-o", folder / "new.csv", "--steps", 4),
        ("backtest", run, folder / "shop.csv", "-o", folder / "new.csv", "--split", "never"),
    ):
        code, said = cli(monkeypatch, capsys, *words)
        assert code == 2, words
        assert len(said.strip().splitlines()) == 1, said
        assert not (folder / "new.csv").exists()


def test_a_dry_run_says_what_it_is_taken_for(files, monkeypatch, capsys):
    folder, _ = files
    code, said = cli(monkeypatch, capsys, "fit", folder / "shop.csv", "--dry-run",
                     "--save-schema", folder / "schema.json")  # fmt: skip
    assert code == 0, said
    assert "300 users" in said
    assert json.loads((folder / "schema.json").read_text())["time"] == "timestamp"
    code, said = cli(monkeypatch, capsys, "fit", folder / "shop.csv", "--dry-run", "--zone", "UTC")
    assert code == 2
    assert "--zone: is for series" in said

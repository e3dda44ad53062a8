"""`interfuse impute`, and conditions of `generate` on the command line."""

from __future__ import annotations

import json

import polars as pl
import pytest
from commands import flows, left_in

import interfuse


@pytest.fixture
def holes(tmp_path):
    """A file of rows with missing cells."""
    frame = flows(60)
    i = pl.int_range(60, eager=True)
    frame = frame.with_columns(
        label=pl.when(i % 3 > 0).then(pl.col("label")),
        bytes=pl.when(i % 4 > 0).then(pl.col("bytes")),
    )
    path = tmp_path / "holes.csv"
    frame.write_csv(path)
    return path, frame


def test_the_rows_are_those_of_the_model(cli, run, holes, tmp_path):
    path, frame = holes
    target = tmp_path / "out.parquet"
    done = cli("impute", run, path, "-o", target, "--interval", 0.8, "--draws", 5)
    assert done.code == 0
    assert "60 rows in" in done.err
    out = pl.read_parquet(target)
    assert out.columns == [*frame.columns, "port_low", "port_high", "bytes_low", "bytes_high"]
    answer = interfuse.load(run, kind="table").impute(frame, draws=5)
    assert out.select(frame.columns).equals(answer.median())
    low, high = answer.interval(0.8)
    gone = frame["bytes"].is_null()
    assert out["bytes_low"].filter(gone).equals(low["bytes"].filter(gone))
    assert out["bytes_high"].filter(gone).equals(high["bytes"].filter(gone))
    assert out["bytes_low"].filter(~gone).null_count() == 45
    assert out["port_low"].null_count() == 60


def test_every_draw_and_columns_alone(cli, run, holes, tmp_path):
    path, frame = holes
    target = tmp_path / "out.csv"
    asked = ("--value", "draws", "--draws", 3, "--columns", "label")
    assert cli("impute", run, path, "-o", target, *asked).code == 0
    out = pl.read_csv(target)
    assert out.height == 180
    assert out["draw"].to_list()[:4] == [0, 1, 2, 0]
    assert out["label"].null_count() == 0
    assert out["bytes"].null_count() == 3 * frame["bytes"].null_count()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--value", "best"], ["--value", "'best'", "median"]),
        (["--interval", "2"], ["--interval", "between 0 and 1"]),
        (["--interval", ".9", "--value", "draws"], ["--interval", "draws"]),
        (["--columns", "lable"], ["lable", "Did you mean 'label'"]),
        (["--draws", "0"], ["--draws"]),
        (["--tolerance", "0"], ["tolerance", "between 0 and 1"]),
    ],
)
def test_bad_options(cli, run, holes, tmp_path, arguments, words):
    done = cli("impute", run, holes[0], "-o", tmp_path / "out.csv", *arguments)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert all(word in done.err for word in words)
    assert left_in(tmp_path) == ["holes.csv"]


def test_a_file_that_is_none_and_columns_that_are_not_there(cli, run, tmp_path):
    target = tmp_path / "out.csv"
    for content, word in (("", "is empty"), ("label,proto,port\nweb,tcp,443\n", "'bytes' is not")):
        (tmp_path / "in.csv").write_text(content)
        done = cli("impute", run, tmp_path / "in.csv", "-o", target)
        assert (done.code, word in done.err) == (2, True)
    assert "no such file" in cli("impute", run, tmp_path / "nosuch.csv", "-o", target).err
    assert left_in(tmp_path) == ["in.csv"]


def test_a_question_that_another_kind_has(cli, run, holes, tmp_path):
    done = cli("forecast", run, holes[0], "--horizon", 3, "-o", tmp_path / "out.csv")
    assert done.code == 2
    assert "is a model of a table; expected one of time series for forecast" in done.err
    assert not (tmp_path / "out.csv").exists()


def test_sets_and_ranges(cli, run, tmp_path):
    target = tmp_path / "out.jsonl"
    asked = ("--given", "label in [ddos, dns]", "--given", "200 <= bytes < 600")
    assert cli("generate", run, "-n", 80, "-o", target, *asked).code == 0
    out = pl.DataFrame([json.loads(line) for line in target.read_text().splitlines()])
    assert set(out["label"]) <= {"ddos", "dns"}
    assert out["bytes"].is_between(200, 599).all()
    done = cli("generate", run, "-n", 5, "-o", target, "--given", "bytes > 5", "--given", "bytes<3")
    assert done.code == 2
    assert "column 'bytes': no value has" in done.err


def test_rows_known_in_part(cli, run, tmp_path):
    given, target = tmp_path / "given.csv", tmp_path / "out.csv"
    given.write_text("label,bytes\nddos,\n,700\n")
    done = cli("generate", run, "-n", 3, "-o", target, "--given-file", given)
    assert done.code == 0
    out = pl.read_csv(target)
    assert out.columns == flows(1).columns
    assert out["label"].to_list()[:3] == ["ddos"] * 3
    assert out["bytes"].to_list()[3:] == [700] * 3
    both = cli("generate", run, "-o", target, "--given-file", given, "--given", "label=web")
    assert "--given-file: cannot stand beside --given" in both.err


@pytest.mark.parametrize(
    "command",
    [("impute",), ("impute", "--interval", "0.5"), ("detect",), ("generate", "--given-file")],
)
def test_rows_of_other_columns_are_called_by_their_file(cli, run, tmp_path, command):
    path = tmp_path / "other.csv"
    flows(60).rename({"port": "gate"}).write_csv(path)
    verb, *options = command
    where = [*options, path] if verb == "generate" else [path, *options]
    done = cli(verb, run, *where, "-o", tmp_path / "out.csv")
    assert done.code == 2
    assert f"error: {path}: column 'gate'" in done.err
    assert "the rows:" not in done.err

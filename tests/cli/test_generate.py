"""`interfuse generate`: the rows asked for, in the format asked for."""

from __future__ import annotations

import io
import os

import polars as pl
import pytest
from commands import ROWS, child, flows

import interfuse
from interfuse.kinds.table.cli import parse_given


def test_rows_are_those_of_the_model_in_every_format(cli, run, tmp_path):
    expected = pl.concat(interfuse.load(run, kind="table").generate_batches(50, seed=3))
    readers = {"csv": pl.read_csv, "parquet": pl.read_parquet, "jsonl": pl.read_ndjson}
    for name, reader in readers.items():
        target = tmp_path / f"rows.{name}"
        done = cli("generate", run, "-n", 50, "--seed", 3, "-o", target)
        assert done.code == 0
        assert "50 rows in" in done.err
        assert done.out == ""
        assert reader(target).equals(expected)


def test_as_many_rows_as_were_fitted_by_default(cli, run, tmp_path):
    target = tmp_path / "rows.parquet"
    assert cli("generate", run, "-o", target).code == 0
    rows = pl.read_parquet(target)
    assert rows.height == ROWS
    assert rows.schema == flows().schema


def test_standard_output_holds_the_rows_and_nothing_else(cli, run):
    done = cli("generate", run, "-n", 20, "-o", "-")
    rows = pl.read_csv(io.StringIO(done.out))
    assert rows.shape == (20, 4)
    assert "20 rows" in done.err


def test_given_columns_hold_their_value(cli, run, tmp_path):
    target = tmp_path / "rows.parquet"
    asked = ("--given", "label=ddos", "--given", "bytes=777")
    assert cli("generate", run, "-n", 40, "-o", target, *asked).code == 0
    rows = pl.read_parquet(target)
    assert rows.height == 40
    assert set(rows["label"]) == {"ddos"}
    assert set(rows["bytes"]) == {777}


def test_what_is_unusual_about_a_condition_is_said(cli, run, tmp_path):
    done = cli("generate", run, "-n", 5, "-o", tmp_path / "a.csv", "--given", "bytes=99999999")
    assert done.code == 0
    assert "warning: column 'bytes'" in done.err


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a=1"], {"a": "1"}),
        (["a=x=y"], {"a": "x=y"}),
        (["b=c=1"], {"b=c": "1"}),
        (["a="], {"a": None}),
        (['a=""'], {"a": ""}),
        (["other=1"], {"other": "1"}),
    ],
)
def test_given_pairs(texts, expected):
    assert parse_given(texts, ["a", "b=c"]) == expected


def test_a_reader_that_leaves_is_no_error(run):
    read, write = os.pipe()
    command = child("generate", run, "-n", 50_000, "-o", "-", stdout=write)
    os.close(write)
    os.read(read, 100)
    os.close(read)
    done = command.wait_for_end()
    assert done.code == 0
    assert done.err == ""


def test_an_interrupt_that_was_lost_ends_the_loop(monkeypatch):
    """Python drops an exception that is raised inside another library's callback."""
    from interfuse import console

    frames = console.counted(iter([pl.DataFrame({"x": [1]})] * 3), 3, "generating", "rows")
    assert next(frames).height == 1
    monkeypatch.setattr(console.interrupts, "asked", True)
    with pytest.raises(KeyboardInterrupt):
        next(frames)

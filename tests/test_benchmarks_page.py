"""The page of benchmarks says what the results files say."""

import fcntl
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from benchmarks.common import Results
from benchmarks.page import PAGE, render
from benchmarks.rivals import turns
from benchmarks.rivals.__main__ import _measure, parser
from benchmarks.rivals.clock import Until
from benchmarks.rivals.prepare import Plain
from benchmarks.rivals.ranks import mean_ranks
from benchmarks.rivals.task import Task

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == render(RESULTS), "run: python -m benchmarks.page"


def rivals(ours, theirs):
    """Results of two methods and one that failed, on one data set."""
    return {
        "shoppers": {
            "rows": {"train": 90, "test": 10, "columns": 3},
            "target": "Revenue",
            "budget_seconds": 120.0,
            "real": {"utility": 0.9, "copies": 0.0},
            "command": "python -m benchmarks.rivals --only shoppers",
            "seed": 4,
            "date": "2026-01-02T00:00:00+00:00",
            "machine": {"processor": "P", "cores": 1, "instructions": "I", "memory_gib": 2.0},
            "versions": {"torch": "9"},
            "methods": {
                "interfuse": {"settings": "s", **ours},
                "ctgan": {"settings": "s", **theirs},
                "tvae": {"failed": "had not fitted after 120 + 60 s"},
            },
        }
    }


GOOD = {"shape": 1.0, "trend": 2.0, "detection": 0.52, "utility": 0.89, "dcr_share": 0.5}
BAD = {"shape": 5.0, "trend": 1.5, "detection": 0.4, "utility": 0.8, "dcr_share": 0.5}


def test_losses_stand_beside_wins(tmp_path):
    (tmp_path / "rivals.json").write_text(json.dumps(rivals(GOOD, BAD)))
    text = render(tmp_path)
    assert "| Tables beside other synthesisers | 3 | 1 |" in text
    assert "| shoppers, trend | 2 | CTGAN | 1.5 |" in text
    assert "| CTGAN | 5.000 | **1.500** | 0.400 | 0.1000 |" in text
    assert "TVAE gave no rows: had not fitted after 120 + 60 s." in text
    for fact in ("python -m benchmarks.rivals --only shoppers", "seed 4", "P, 1 core", "torch 9"):
        assert fact in text


def test_a_file_that_no_section_knows_is_listed(tmp_path):
    (tmp_path / "new.json").write_text(json.dumps({"part": {"depth": {"of_it": 2.5}}}))
    assert "| part | depth of it | 2.500 |" in render(tmp_path)


def test_mean_ranks_count_a_failure_as_last():
    # Of 4 figures ours is first in 3 and second in 1; the one that failed is last in all.
    ranks = mean_ranks(rivals(GOOD, BAD))
    assert ranks == {"interfuse": (1.25, 1, 1), "ctgan": (1.75, 1, 1), "tvae": (3.0, 0, 1)}
    # Equal figures share the mean of their ranks.
    ranks = mean_ranks(rivals(GOOD, GOOD))
    assert ranks["interfuse"][0] == ranks["ctgan"][0] == 1.5


def test_a_variant_is_ranked_in_the_place_of_its_method():
    results = rivals(BAD, GOOD)
    assert "interfuse_20" not in mean_ranks(results, "interfuse_20")
    methods = results["shoppers"]["methods"]
    methods["interfuse_20"] = methods["ctgan"]
    assert "interfuse_20" not in mean_ranks(results)
    assert mean_ranks(results)["interfuse"][0] > mean_ranks(results)["ctgan"][0]
    ranks = mean_ranks(results, "interfuse_20")
    assert ranks.keys() == {"interfuse_20", "ctgan", "tvae"}
    assert ranks["interfuse_20"][0] == ranks["ctgan"][0] == 1.5


def test_a_cell_that_another_machine_added_says_which_one(tmp_path):
    results = rivals(GOOD, BAD)
    there = {"processor": "Q", "cores": 2, "instructions": "J", "memory_gib": 4.0}
    results["shoppers"]["methods"]["ctgan"]["elsewhere"] = {"machine": there}
    (tmp_path / "rivals.json").write_text(json.dumps(results))
    text = render(tmp_path)
    assert "- CTGAN was measured on Q, 2 cores, J, 4 GiB, no accelerator." in text
    assert "- P, 1 core, I, 2 GiB, no accelerator" in text


def test_cells_of_another_machine_leave_the_records_own(tmp_path, monkeypatch):
    class Bench:
        seconds = 1.0

        def real(self, asked):
            return {"utility": 0.9}

        def part(self, asked, key, what):
            return {"shape": 1.0} if what == "whole" else {"dcr_share": 0.5}

    bench: Any = Bench()
    rows = pl.DataFrame({"a": [1, 2]})
    asked = Task("shoppers", rows, rows, rows, rows, {"a": "number"}, "a")
    results = Results(tmp_path / "rivals.json")
    options = parser().parse_args(["--out", str(results.path)])
    for processor, keys in (("P", ["ctgan"]), ("Q", ["interfuse_20", "ctgan"])):
        monkeypatch.setattr(
            "benchmarks.rivals.__main__.circumstances",
            lambda *_, p=processor: {"machine": {"processor": p}, "command": p},
        )
        for what in ("whole", "half"):
            for key in keys:
                _measure(bench, results, asked, key, what, options)
    found = results.found["shoppers"]
    assert found["command"] == found["machine"]["processor"] == "P"
    assert found["methods"]["interfuse_20"]["elsewhere"]["machine"]["processor"] == "Q"
    assert "elsewhere" not in found["methods"]["ctgan"]


def test_rows_come_back_from_what_rivals_are_given():
    rows = pl.DataFrame(
        {
            "n": pl.Series([1, None, 300, -5], dtype=pl.Int16),
            "x": [0.5, 1.5, None, 2.5],
            "c": ["a", None, "b", "a"],
            "flag": [True, False, True, True],
            "t": pl.Series([0, 10**9, 5, 7], dtype=pl.Datetime("ns", "UTC")),
            "one": [7, 7, 7, 7],
        }
    )
    kinds = {n: "number" if n in ("n", "x", "t") else "category" for n in rows.columns}
    plain = Plain.of(rows, kinds, "c")
    assert not plain.frame.isna().to_numpy().any()
    assert "one" not in plain.frame
    assert plain.back(plain.frame).equals(rows)


def test_rows_out_of_range_come_back_within_their_type():
    rows = pl.DataFrame({"n": pl.Series([1, 2], dtype=pl.UInt8), "c": ["a", "b"]})
    plain = Plain.of(rows, {"n": "number", "c": "category"}, "c")
    back = plain.back(pd.DataFrame({"n": [-4.0, 999.6], "c": [-1.0, 5.2]}))
    assert back.rows() == [(0, "a"), (255, "b")]


@pytest.mark.parametrize(("seconds", "least", "most"), [(0.0, 1, 1), (60.0, 20, 20)])
def test_epochs_end_with_the_budget(seconds, least, most):
    clock = Until(seconds)
    seen = list(clock(range(20)))
    assert least <= len(seen) <= most
    assert clock.done == len(seen)


def test_the_shipped_data_set_has_a_task():
    from benchmarks.rivals.task import task

    asked = task("shoppers", None, 0)
    assert asked.train.height + asked.test.height == asked.half.height + asked.other.height
    assert asked.kinds[asked.target] == "category"
    # One halving of the same rows, whatever else is drawn.
    again = task("shoppers", None, 0)
    assert again.half.equals(asked.half)
    assert np.isclose(asked.half.height, asked.other.height, atol=1)


def test_others_get_in_between_long_steps(tmp_path, monkeypatch):
    lock = tmp_path / "lock"

    def free():
        with lock.open("a") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    mine = turns.Turns(lock)
    with mine.step(1.0):
        assert not free()
    assert not free()  # short steps follow each other without giving way
    monkeypatch.setattr(turns.time, "sleep", lambda _: taken.append(free()))
    taken: list[bool] = []
    with mine.step(turns.LONGEST + 1):
        assert taken == [True]  # a long one lets others in before
        assert not free()
    mine.release()
    assert free()

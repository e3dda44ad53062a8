"""The commands on time series: what they say, what they leave, one clear line for what is bad."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from commands import HERE, left_in

import interfuse
from processes import Process, python, watched

sys.path.insert(0, str(Path(__file__).parents[1] / "series"))
from tiny_series import HOUR, hosts, hours, small_network

EXAMPLES = 640
CHILD = (
    f"import sys; sys.path[:0] = {[str(Path(__file__).parents[1] / 'series'), *HERE]!r}; "
    "from commands import paused; paused(0.5, None); "
    "from tiny_series import use_tiny_network; use_tiny_network(); "
    "import interfuse.run.job; interfuse.run.job.CHECKPOINT_SECONDS = 0.0; "
    "from interfuse.kinds.series.model import SeriesModel as M; ask = M.forecast; "
    "M.forecast = lambda *a, **k: (print('asked', flush=True), ask(*a, **k))[1]; "
    "from interfuse.cli import main; main()"
)


@pytest.fixture(scope="module", autouse=True)
def tiny():
    with small_network():
        yield


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """A CSV file of two servers."""
    path = tmp_path_factory.mktemp("data") / "servers.csv"
    hosts(200).write_csv(path)
    return path


@pytest.fixture(scope="module")
def fitted(servers, tmp_path_factory):
    """A run folder."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    interfuse.fit(servers, kind="series", examples=EXAMPLES, folder=folder)
    return folder


def bad(done, *words: str) -> None:
    assert done.code == 2, done.err
    assert "Traceback" not in done.err
    assert done.err.strip().count("\n") == 0, done.err
    for word in words:
        assert word in done.err, done.err


# -- fit and show ---------------------------------------------------------------------------------


def test_fit_says_what_it_found_and_what_to_do_next(cli, servers, tmp_path):
    folder = tmp_path / "run"
    done = cli(
        "fit", servers, "-o", folder, "--kind", "series", "--examples", EXAMPLES, "--time", "time",
        "--series", "host", "--channel", "requests",
    )  # fmt: skip
    assert done.code == 0, done.err
    for word in ("2 series, 400 steps", "1 hour apart", "by column 'host'", "24 steps (1 day)",
                 "requests (whole numbers, 0 to inf)", "Estimate: ", "windows/s"):  # fmt: skip
        assert word in done.out
    assert f"interfuse forecast {folder} {servers} --horizon 24 -o forecast.csv" in done.out
    assert interfuse.load(folder, kind="series").schema.names == ["requests"]
    shown = cli("show", folder)
    assert shown.code == 0
    for word in ("complete", "400 steps of 2 series", "windows of", "Periods", "host"):
        assert word in shown.out


def test_a_table_that_looks_like_series_is_said(cli, servers, table):
    done = cli("fit", servers, "--dry-run")
    assert done.code == 0
    assert "looks like time series" in done.err
    assert f"interfuse fit {servers} --kind series -o RUN" in done.err
    assert "time series" not in cli("fit", table, "--dry-run").err


def test_dry_run_prints_and_its_schema_can_be_edited(cli, servers, tmp_path):
    target = tmp_path / "schema.json"
    done = cli("fit", servers, "--kind", "series", "--dry-run", "--save-schema", target)
    assert done.code == 0, done.err
    assert "Nothing was trained" in done.out
    assert "--kind series --schema schema.json" in done.out
    target.write_text(
        target.read_text().replace('"periods": [', '"periods": [').replace("24", "12", 1)
    )
    folder = tmp_path / "run"
    again = ("fit", servers, "--kind", "series", "-o", folder, "--examples", 64, "--schema", target)
    assert cli(*again).code == 0
    bad(cli(*again, "--overwrite", "--time", "time"), "the schema says already")


# -- questions ------------------------------------------------------------------------------------


def test_forecast_writes_a_median_and_bounds(cli, fitted, servers, tmp_path):
    target = tmp_path / "out.csv"
    done = cli("forecast", fitted, servers, "--horizon", 5, "-o", target, "--seed", 2)
    assert done.code == 0, done.err
    assert "2 series, 5 steps, 100 draws: 10 rows" in done.err
    out = pl.read_csv(target, try_parse_dates=True)
    assert out.columns == ["host", "time", "requests", "requests_low", "requests_high", "load",
                           "load_low", "load_high"]  # fmt: skip
    assert out.filter(host="b")["time"].to_list() == hours(5, 200)
    answer = interfuse.load(fitted, kind="series").forecast(servers, 5, seed=2)
    low, high = answer.interval(0.9)
    np.testing.assert_allclose(out["load"], answer.median()["load"])
    np.testing.assert_allclose(out["load_low"], low["load"])
    np.testing.assert_allclose(out["requests_high"], high["requests"])
    narrow = tmp_path / "narrow.parquet"
    asked = ("forecast", fitted, servers, "--horizon", 5, "--seed", 2, "--interval", 0.5)
    assert cli(*asked, "-o", narrow).code == 0
    inner = pl.read_parquet(narrow)
    assert (inner["load_low"] >= out["load_low"] - 1e-9).all()
    assert (inner["load_high"] <= out["load_high"] + 1e-9).all()


def test_forecast_writes_every_draw(cli, fitted, servers, tmp_path):
    target = tmp_path / "draws.parquet"
    asked = ("forecast", fitted, servers, "--horizon", 3, "--draws", 4, "--draw-rows")
    done = cli(*asked, "-o", target)
    assert done.code == 0, done.err
    out = pl.read_parquet(target)
    assert out.columns == ["draw", "host", "time", "requests", "load"]
    assert out["draw"].to_list() == np.repeat(range(4), 6).tolist()
    answer = interfuse.load(fitted, kind="series").forecast(servers, 3, draws=4)
    assert out.filter(draw=2).drop("draw").equals(answer.frame(2))


def test_forecast_given_what_is_known(cli, fitted, servers, tmp_path):
    known = tmp_path / "future.csv"
    pl.DataFrame({"host": ["a"], "time": hours(1, 201), "requests": [900], "load": [None]},
                 schema_overrides={"load": pl.Float64}).write_csv(known)  # fmt: skip
    target = tmp_path / "out.csv"
    asked = ("forecast", fitted, servers, "--horizon", 3, "--given", known)
    done = cli(*asked, "-o", target)
    assert done.code == 0, done.err
    row = pl.read_csv(target, try_parse_dates=True).filter(host="a", time=hours(1, 201)[0])
    assert row["requests"].item() == 900
    assert row["load"].is_finite().item()


def test_series_from_standard_input(cli, fitted, servers):
    typed = servers.read_bytes()
    done = cli("forecast", fitted, "-", "--horizon", 2, "-o", "-", stdin=typed)
    assert done.code == 0, done.err
    done = cli("impute", fitted, "-", "-o", "-", stdin=typed)
    assert done.code == 0, done.err
    bad(cli("forecast", fitted, "-", "--horizon", 2, "-o", "-", stdin=b"a,b\n1,2\n"),
        "standard input: there is no column 'time'")  # fmt: skip


def test_impute_fills_gaps_and_missing_rows(cli, fitted, servers, tmp_path):
    whole = hosts(200)
    gone = (pl.int_range(pl.len()) % 11 == 4) & (pl.col("host") == "a")
    holed = whole.with_columns(load=pl.when(gone).then(None).otherwise("load"))
    holed = pl.concat([holed[:50], holed[53:]])
    source, target = tmp_path / "holes.csv", tmp_path / "filled.csv"
    holed.write_csv(source)
    done = cli("impute", fitted, source, "-o", target, "--interval", 0.8, "--draws", 30)
    assert done.code == 0, done.err
    out = pl.read_csv(target, try_parse_dates=True)
    assert out.columns == ["host", "time", "requests", "requests_low", "requests_high", "load",
                           "load_low", "load_high"]  # fmt: skip
    missing = holed["load"].is_null()
    assert out.height == holed.height
    assert out.filter(~missing).select(holed.columns).equals(holed.filter(~missing))
    assert out["load_low"].is_null().equals(~missing)
    filled = out.filter(missing)
    assert (filled["load_low"] <= filled["load"]).all()
    assert (filled["load"] <= filled["load_high"]).all()
    done = cli("impute", fitted, source, "-o", target, "--add-rows", "--value", "mean")
    assert done.code == 0, done.err
    out = pl.read_csv(target, try_parse_dates=True)
    assert out["time"].to_list() == whole["time"].to_list()
    assert out["load"].null_count() == 0
    draws = tmp_path / "draws.csv"
    assert cli("impute", fitted, source, "-o", draws, "--value", "draws", "--draws", 2).code == 0
    assert pl.read_csv(draws).height == 2 * holed.height


def test_generate_writes_new_series(cli, fitted, tmp_path):
    target = tmp_path / "new.parquet"
    done = cli("generate", fitted, "-n", 3, "--length", 30, "--like", "b", "-o", target)
    assert done.code == 0, done.err
    out = pl.read_parquet(target)
    assert out["host"].unique(maintain_order=True).to_list() == [
        f"synthetic {i}" for i in (1, 2, 3)
    ]
    assert out.height == 90
    for part in out.partition_by("host"):
        assert (part["time"].diff().drop_nulls() == HOUR).all()
    # It can be fitted again.
    assert cli("fit", target, "--kind", "series", "--dry-run").code == 0


def test_detect_scores_every_row(cli, fitted, tmp_path):
    odd = hosts(200).with_columns(
        requests=pl.when((pl.col("host") == "b") & pl.int_range(pl.len()).is_between(300, 312))
        .then(0).otherwise("requests")
    )  # fmt: skip
    source, target = tmp_path / "today.csv", tmp_path / "scores.csv"
    odd.write_csv(source)
    done = cli("detect", fitted, source, "-o", target)
    assert done.code == 0, done.err
    out = pl.read_csv(target, try_parse_dates=True)
    assert out.columns == [*odd.columns, "score", "p_value", "channel", "low", "expected", "high"]
    assert out.select(odd.columns).equals(odd)
    few = tmp_path / "odd.csv"
    assert cli("detect", fitted, source, "-o", few, "--below", 0.05).code == 0
    below = pl.read_csv(few)
    assert below.height == (out["p_value"] <= 0.05).sum()
    assert below.height < out.height


def test_arrays_come_out_with_steps(cli, tmp_path):
    rng = np.random.default_rng(0)
    source, folder, target = tmp_path / "a.npy", tmp_path / "run", tmp_path / "out.csv"
    np.save(source, rng.normal(size=(3, 120, 2)).cumsum(1))
    asked = ("fit", source, "-o", folder, "--kind", "series", "--examples", 64)
    assert cli(*asked).code == 0
    assert cli("forecast", folder, source, "--horizon", 4, "-o", target).code == 0
    out = pl.read_csv(target)
    assert out.columns == ["series", "step", "value_0", "value_0_low", "value_0_high", "value_1",
                           "value_1_low", "value_1_high"]  # fmt: skip
    assert out["step"].to_list() == [120, 121, 122, 123] * 3
    assert cli("generate", folder, "-n", 2, "--length", 5, "-o", target).code == 0
    assert pl.read_csv(target).height == 10
    assert cli("impute", folder, source, "-o", target).code == 0
    assert cli("detect", folder, source, "-o", target).code == 0
    assert pl.read_csv(target).height == 360


# -- errors ---------------------------------------------------------------------------------------


def test_options_of_another_kind(cli, fitted, servers, run, table, tmp_path):
    out = tmp_path / "out.csv"
    for option in ("--given", "load=1"), ("--given-file", servers), ("--guidance", 2):
        bad(cli("generate", fitted, "-o", out, *option), option[0], "is for", "Drop it")
    for option in ("--columns", "load"), ("--tolerance", 0.1), ("--mask", "m.png"):
        bad(cli("impute", fitted, servers, "-o", out, *option), option[0], "is for", "Drop it")
    bad(cli("impute", fitted, servers, "-o", out, "--value", "mode"), "--value mode")
    bad(cli("detect", fitted, servers, "-o", out, "--contaminated"), "--contaminated")
    bad(cli("generate", run, "-o", out, "--like", "x"), "--like: is for models of time series")
    bad(cli("generate", run, "-o", out, "--length", 3), "--length: is for models of time series")
    bad(cli("impute", run, table, "-o", out, "--add-rows"), "--add-rows")
    bad(cli("forecast", run, servers, "--horizon", 3, "-o", out), "is a model of a table",
        "--kind series")  # fmt: skip
    bad(cli("animate", fitted, "-o", tmp_path / "a.webp"), "is a model of time series")
    bad(cli("fit", servers, "-o", tmp_path / "r", "--time", "time"), "Add --kind series")
    bad(cli("fit", servers, "-o", tmp_path / "r", "--kind", "series", "--size", 8), "size")
    assert not out.exists()
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--horizon", 0), "--horizon"),
        (("--horizon", 3, "--draws", 0), "--draws"),
        (("--horizon", 3, "--interval", 1.5), "--interval: is 1.5; expected a share"),
        (("--horizon", 3, "--given", "no-such.csv"), "no-such.csv"),
        (("--horizon", 10**7, "--draws", 10**4), "GiB"),
        ((), "--horizon"),
    ],
)
def test_forecast_options_out_of_range(cli, fitted, servers, tmp_path, options, words):
    bad(cli("forecast", fitted, servers, "-o", tmp_path / "out.csv", *options), words)
    assert left_in(tmp_path) == []


def test_targets_that_cannot_be_written(cli, fitted, servers, tmp_path):
    for command in (("forecast", fitted, servers, "--horizon", 2), ("impute", fitted, servers),
                    ("detect", fitted, servers), ("generate", fitted)):  # fmt: skip
        bad(cli(*command, "-o", tmp_path / "out.xyz"), "names no format")
        bad(cli(*command, "-o", tmp_path / "none" / "out.csv"), "does not exist")
    assert left_in(tmp_path) == []


def test_a_history_of_other_columns_names_the_file(cli, fitted, servers, tmp_path):
    other = tmp_path / "other.csv"
    pl.read_csv(servers).rename({"load": "lod"}).write_csv(other)
    for command in (("forecast", fitted, other, "--horizon", 2), ("impute", fitted, other),
                    ("detect", fitted, other)):  # fmt: skip
        bad(cli(*command, "-o", tmp_path / "out.csv"), f"{other}: there is no column 'load'",
            "Did you mean 'lod'?")  # fmt: skip
    bad(cli("forecast", fitted, servers, "--given", other, "--horizon", 2, "-o",
            tmp_path / "out.csv"), f"{other}: ")  # fmt: skip
    assert left_in(tmp_path) == ["other.csv"]


def test_columns_that_the_answer_adds_are_taken(cli, tmp_path):
    source, folder = tmp_path / "a.csv", tmp_path / "run"
    pl.DataFrame({"time": hours(60), "x": np.arange(60.0) % 7, "x_low": np.arange(60.0) % 5,
                  "draw": np.arange(60.0) % 3}).write_csv(source)  # fmt: skip
    assert cli("fit", source, "-o", folder, "--kind", "series", "--examples", 64).code == 0
    asked = ("forecast", folder, source, "--horizon", 2, "-o", tmp_path / "out.csv")
    bad(cli(*asked), "'x_low', which the data has")
    bad(cli(*asked, "--draw-rows"), "'draw', which the data has")


# -- interrupted ----------------------------------------------------------------------------------


def process(*arguments: object) -> Process:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return python(CHILD, *arguments, stdin=subprocess.DEVNULL, **pipes)


def test_killed_and_resumed_is_bit_equal(cli, servers, tmp_path):
    """Two fits at once are refused, too, and the second does not hurt the first."""
    budget = 1_280  # in steps of 32, with half a second behind each event
    first, whole = tmp_path / "first", tmp_path / "whole"
    asked = ("fit", servers, "--kind", "series", "--examples", budget, "--seed", 4)
    child = process(*asked, "-o", first)
    saved = first / "checkpoint.safetensors"
    watched(child).wait_until(lambda: saved.exists() and saved.stat().st_size)
    refused = cli(*asked, "-o", first, "--overwrite")
    bad(refused, "another fit", str(child.pid))
    child.send_signal(signal.SIGKILL)
    watched(child).wait_for_end()
    assert not (first / "weights.safetensors").exists(), "killed too late to prove anything"
    shown = cli("show", first)
    assert "not finished" in shown.out
    assert "--resume" in shown.out
    bad(cli("forecast", first, servers, "--horizon", 1, "-o", tmp_path / "x.csv"), "did not finish")
    bad(cli("fit", servers, "-o", first, "--resume", "--seed", 1), "--resume, --seed")
    done = cli("fit", servers, "-o", first, "--resume")
    assert done.code == 0, done.err
    assert "Resuming: going on after" in done.err
    assert "interfuse forecast" in done.out
    assert cli(*asked, "-o", whole).code == 0
    for name in ("weights.safetensors", "codec.safetensors", "schema.json"):
        assert (first / name).read_bytes() == (whole / name).read_bytes(), name
    assert not (first / "checkpoint.safetensors").exists()


def test_ctrl_c_leaves_no_half_file(fitted, servers, tmp_path):
    target = tmp_path / "out.csv"
    child = process("forecast", fitted, servers, "--horizon", 100_000, "--draws", 100, "-o", target)
    assert child.stdout is not None
    assert child.stdout.readline() == "asked\n"
    time.sleep(0.5)
    assert child.poll() is None, "over too early to prove anything"
    child.send_signal(signal.SIGINT)
    done = watched(child).wait_for_end()
    assert done.code == 130
    assert "Traceback" not in done.err
    assert left_in(tmp_path) == []


def test_without_a_terminal_it_is_quiet(cli, fitted, servers, tmp_path):
    done = cli("forecast", fitted, servers, "--horizon", 2, "-o", tmp_path / "out.csv")
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    span = timedelta(hours=2)
    assert (
        pl.read_csv(tmp_path / "out.csv", try_parse_dates=True)["time"].max()
        == hours(1, 199)[0] + span
    )

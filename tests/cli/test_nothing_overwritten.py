"""No command writes over a column that came in: all are in the answer as they were, or an error."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import interfuse

N = 60
RNG = np.random.default_rng(4)
ADDED = ("score", "p_value", "cell", "found", "expected")


def rows(*names: str) -> pl.DataFrame:
    """Whole numbers, a third of the first column missing, and a text."""
    columns = {n: pl.Series(RNG.integers(0, 9, N)) for n in names}
    gone = pl.int_range(N, eager=True) % 3 == 0
    frame = pl.DataFrame(columns)
    first = pl.when(pl.lit(gone)).then(None).otherwise(pl.col(names[0])).alias(names[0])
    return frame.with_columns(first, text=pl.Series(RNG.choice(["u", "v"], N)))


def fitted(frame: pl.DataFrame, folder, **options: Any):
    interfuse.fit(frame, examples=64, **options).save(folder / "run")
    frame.write_csv(folder / "in.csv")
    return folder / "run", folder / "in.csv"


def same(out: pl.DataFrame, frame: pl.DataFrame, but: tuple[str, ...] = ()) -> None:
    """Every observed cell of every column is there as it was."""
    for name in frame.columns:
        if name in but:
            continue
        seen = frame[name].is_not_null()
        assert out[name].filter(seen).to_list() == frame[name].filter(seen).to_list(), name


@pytest.mark.parametrize(
    "names",
    [
        ("a", "a_low"), ("a", "a_high"), ("a", "b", "b_low"), ("a", "a_low", "a_high"),
        ("a", "a_low", "a_low_low"), ("x y", "x y_high"),
    ],
)  # fmt: skip
def test_bounds_of_a_table(cli, tmp_path, names):
    frame = rows(*names)
    run, source = fitted(frame, tmp_path)
    done = cli("impute", run, source, "-o", tmp_path / "out.csv", "--interval", 0.9)
    assert done.code == 2
    taken = [n for n in names if n.endswith(("_low", "_high"))]
    assert any(repr(n) in done.err for n in taken)
    assert not (tmp_path / "out.csv").exists()
    plain = cli("impute", run, source, "-o", tmp_path / "out.csv")
    assert plain.code == 0, plain.err
    same(pl.read_csv(tmp_path / "out.csv"), frame)


def test_bounds_of_columns_that_do_not_collide(cli, tmp_path):
    frame = rows("a", "b", "b_low")
    run, source = fitted(frame, tmp_path)
    asked = ("--interval", 0.9, "--columns", "a")
    done = cli("impute", run, source, "-o", tmp_path / "out.csv", *asked)
    assert done.code == 0, done.err
    out = pl.read_csv(tmp_path / "out.csv")
    assert out.columns == [*frame.columns, "a_low", "a_high"]
    same(out, frame)


def test_numbered_draws_of_a_table(cli, tmp_path):
    run, source = fitted(rows("a", "draw"), tmp_path)
    done = cli("impute", run, source, "-o", tmp_path / "out.csv", "--value", "draws")
    assert done.code == 2
    assert "'draw'" in done.err


@pytest.mark.parametrize(
    "names",
    [
        ("a", "score"), ("a", "p_value"), ("a", "p_value_"), ("a", "p_value__"),
        ("p_value", "p_value_", "score"), ("a", "cell", "found", "expected"),
        ("score", "score_", "score__"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("below", [None, 0.5])
def test_scores_of_a_table(cli, tmp_path, names, below):
    frame = rows(*names)
    run, source = fitted(frame, tmp_path)
    more = () if below is None else ("--below", below)
    done = cli("detect", run, source, "-o", tmp_path / "out.csv", *more)
    assert done.code == 0, done.err
    out = pl.read_csv(tmp_path / "out.csv")
    assert out.columns[: len(frame.columns)] == frame.columns
    ours = out.columns[len(frame.columns) :]
    assert [n.rstrip("_") for n in ours] == list(ADDED)
    whole = interfuse.load(run, kind="table").detect(frame).polars()
    if below is not None:
        whole = whole.filter(pl.col(ours[1]) <= below)
        assert 0 < whole.height < N
    assert out.height == whole.height
    same(out, whole.select(frame.columns))


def series(*channels: str) -> pl.DataFrame:
    """Hourly numbers, every ninth of them missing."""
    gone = pl.int_range(96, eager=True) % 9 == 4
    stamps = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 4, 23), "1h", eager=True
    )
    columns = {n: pl.Series(RNG.normal(5, 1, 96).round(3)) for n in channels}
    return pl.DataFrame({"time": stamps, **columns}).with_columns(
        pl.when(pl.lit(gone)).then(None).otherwise(pl.col(n)).alias(n) for n in channels[:1]
    )


@pytest.fixture(scope="module")
def bounded(tmp_path_factory):
    frame = series("a", "a_low", "draw", "score", "p_value")
    return frame, *fitted(frame, tmp_path_factory.mktemp("series"), kind="series")


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (["forecast", "--horizon", "2", "--draws", "4"], "--interval: adds a column 'a_low'"),
        (["forecast", "--horizon", "2", "--draw-rows"], "--draw-rows: adds a column 'draw'"),
        (["impute", "--interval", ".9"], "--interval: adds a column 'a_low'"),
        (["impute", "--value", "draws"], "--value draws: adds a column 'draw'"),
    ],
)
def test_bounds_and_draws_of_series(cli, bounded, tmp_path, command, word):
    _, run, source = bounded
    verb, *options = command
    done = cli(verb, run, source, "-o", tmp_path / "out.csv", *options)
    assert done.code == 2
    assert word in done.err
    assert "windows" not in done.err, "nothing is drawn before"
    assert not (tmp_path / "out.csv").exists()


def test_gaps_and_scores_of_series(cli, bounded, tmp_path):
    frame, run, source = bounded
    target = tmp_path / "out.parquet"
    assert cli("impute", run, source, "-o", target, "--draws", 4).code == 0
    out = pl.read_parquet(target)
    assert out.columns == frame.columns
    same(out, frame, but=("time",))
    for more in ((), ("--below", 0.5)):
        done = cli("detect", run, source, "-o", target, *more)
        assert done.code == 0, done.err
        out = pl.read_parquet(target)
        assert out.columns[: len(frame.columns)] == frame.columns
        assert {"score_", "p_value_"} <= set(out.columns)
        if not more:
            same(out, frame, but=("time",))
        else:
            assert (out["p_value_"] <= 0.5).all()


def test_scores_of_images_have_columns_of_their_own(cli, tmp_path):
    images = RNG.integers(0, 256, (40, 8, 8), dtype=np.uint8)
    interfuse.fit(images, kind="images", examples=64).save(tmp_path / "run")
    np.savez(tmp_path / "in.npz", images=images, score=np.arange(40))
    done = cli("detect", tmp_path / "run", tmp_path / "in.npz", "-o", tmp_path / "out.csv")
    assert done.code == 0, done.err
    assert pl.read_csv(tmp_path / "out.csv").columns == ["file", "score", "p_value"]

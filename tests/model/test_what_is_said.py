"""What is left out, odd or at an end is said: as a warning of one class, or as one clear error."""

from __future__ import annotations

import datetime as dt
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

import interfuse
from interfuse.errors import ConditionError, DataError, InterfuseError, RunError
from interfuse.run import store

N = 120
RNG = np.random.default_rng(0)
PLAIN = pl.DataFrame({"x": RNG.normal(size=N), "c": ["a", "b"] * (N // 2)})


def column(values, dtype=None) -> pl.DataFrame:
    return PLAIN.with_columns(pl.Series("odd", values, dtype=dtype))


def physical(value: int, dtype) -> pl.DataFrame:
    whole = pl.Int32 if dtype == pl.Date else pl.Int64
    return column(pl.Series([value, 5] * (N // 2), dtype=whole).cast(dtype))


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (column([[1, 2]] * N), "holds List"),
        (column([["a"], None] * (N // 2)), "holds List"),
        (column([{"a": 1}] * N), "holds Struct"),
        (column([b"a"] * N), "holds Binary"),
        (column([[1, 2]] * N, pl.Array(pl.Int64, 2)), "holds Array"),
        (physical(2**31 - 1, pl.Date), "60 times beyond"),
        (physical(-(2**31), pl.Date), "60 times beyond"),
        (physical(2_932_897, pl.Date), "60 times beyond"),
        (physical(2**63 - 1, pl.Datetime("ms")), "60 times beyond"),
        (physical(-(2**63), pl.Datetime("us")), "60 times beyond"),
        (physical(2**62, pl.Datetime("us", "UTC")), "60 times beyond"),
        (physical(2**63 - 1, pl.Duration("ms")), "60 times beyond"),
    ],
)
def test_what_cannot_be_learned_is_left_out_with_a_word(frame, why, tmp_path):
    with pytest.warns(interfuse.InterfuseWarning, match=f"'odd': {why}.* left out"):
        model = interfuse.fit(frame, examples=100, folder=tmp_path / "run")
    assert interfuse.load(tmp_path / "run", kind="table").generate(3).columns == ["x", "c"]
    assert len(model.detect(frame).score) == N
    schema = interfuse.Schema.load(tmp_path / "run" / "schema.json")
    assert schema["odd"].kind == "drop"
    with warnings.catch_warnings():
        warnings.simplefilter("error", interfuse.InterfuseWarning)
        interfuse.fit(frame, examples=100, schema=schema)  # whoever says so need not be told


@pytest.mark.parametrize(
    "frame", [column([[1]] * N).select("odd"), physical(2**31 - 1, pl.Date)[["odd"]]]
)
def test_nothing_left_to_learn(frame, tmp_path):
    with pytest.raises(DataError, match="no column to learn"):
        interfuse.fit(frame, examples=100, folder=tmp_path / "run")
    assert not (tmp_path / "run").exists(), "a fit that failed leaves no folder"


def test_a_folder_of_ones_own_stays(tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(DataError):
        interfuse.fit(PLAIN[:1], examples=100, folder=tmp_path / "run")
    assert list((tmp_path / "run").iterdir()) == []


def test_a_nul_in_a_name():
    with pytest.raises(DataError, match=r"named 'a\\x00b'.* Rename"):
        interfuse.fit(PLAIN.rename({"x": "a\0b"}), examples=100)


@pytest.mark.parametrize("name", [store.LOCK, "run.json", "weights.safetensors", "schema.json"])
def test_files_that_cannot_be_used(name, tmp_path):
    model = interfuse.fit(PLAIN, examples=100, folder=tmp_path / "run")
    path = tmp_path / "run" / name
    path.unlink(missing_ok=True)  # the lock is there only while someone writes
    path.mkdir()
    again = {"examples": 100, "folder": tmp_path / "run", "overwrite": True}
    use = interfuse.load if name != store.LOCK else lambda _: interfuse.fit(PLAIN, **again)
    with pytest.raises(InterfuseError, match=name):
        use(tmp_path / "run")
    assert model.generate(2).height == 2


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(RunError, match="no such run folder"):
        interfuse.load(tmp_path / "run")


@pytest.mark.parametrize("keep_rows", [True, False])
def test_detect_needs_no_keys(keep_rows):
    frame = PLAIN.with_columns(pl.Series("k", list(range(136, 256)), dtype=pl.UInt8))
    with pytest.warns(interfuse.InterfuseWarning, match="room for 0 new keys"):
        model = interfuse.fit(frame, examples=100, keep_rows=keep_rows)
    assert np.isfinite(model.detect(frame).score).all()
    assert model.impute(frame.with_columns(x=pl.lit(None, pl.Float64))).median()["k"][5] == 141
    with pytest.raises(InterfuseError, match="ends at 255"):
        model.generate(1)


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"id": [f"a{i:05d}" for i in range(N)]}),
        pl.DataFrame({"id": range(N)}),
        pl.DataFrame({"id": range(N), "none": pl.Series([None] * N, dtype=pl.Float64)}),
    ],
)
def test_detect_with_nothing_to_go_by(frame):
    model = interfuse.fit(frame, examples=100)
    with pytest.raises(DataError, match="no column says how odd"):
        model.detect(frame)


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-300, 1e-160, 1e-100, 1e100, 1e160, 1e300])
@pytest.mark.parametrize("clean", [True, False])
def test_scores_of_any_scale_are_numbers(scale, clean):
    frame = PLAIN.with_columns(pl.col("x") * scale)
    model = interfuse.fit(frame, examples=100)
    assert np.isfinite(model.detect(frame, clean=clean).score).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["when > 2100-01-01"], "no value seen"),
        ({"when": dt.date(2100, 1, 1)}, "outside the range"),
        ({"x": 1e9}, "outside the range"),
        (["x > 1e9"], "no value seen"),
        (["x in [1e9, 0]"], "outside the range"),
    ],
)
def test_notes_about_conditions_are_warnings(given, message):
    when = [dt.date(2020, 1, 1) + dt.timedelta(days=i) for i in range(N)]
    model = interfuse.fit(PLAIN.with_columns(when=pl.Series(when)), examples=100)
    with pytest.warns(interfuse.InterfuseWarning, match=message):
        model.generate(2, given=given)
    with warnings.catch_warnings():
        warnings.simplefilter("error", interfuse.InterfuseWarning)
        model.generate(2, given={"c": "a"})


def test_notes_about_rows_are_warnings():
    model = interfuse.fit(PLAIN, examples=100)
    odd = pl.DataFrame({"x": [1e9, None], "c": ["never", None]})
    with pytest.warns(interfuse.InterfuseWarning, match="never seen"):
        model.impute(odd)
    with pytest.warns(interfuse.InterfuseWarning, match="outside the range"):
        model.generate(1, given=odd)


@pytest.mark.parametrize(
    ("given", "column_name", "least", "most"),
    [
        (["u16 <= 65535"], "u16", 0, 65535),
        (["u16 > 65534.5"], "u16", 65535, 65535),
        (["u16 >= 0"], "u16", 0, 65535),
        (["-1e400 < u16 < 1e400"], "u16", 0, 65535),
        (["1e6 < e"], "e", 1e6, np.inf),
        (["blank > 0"], " blank ", 0, np.inf),
        ([" blank  > 0"], " blank ", 0, np.inf),
        (["0 < blank"], " blank ", 0, np.inf),
    ],
)
def test_ends_that_can_be_reached(ends, given, column_name, least, most):
    out = ends.generate(50, given=given)[column_name]
    assert out.min() >= least
    assert out.max() <= most


@pytest.mark.parametrize(
    "given",
    [
        *(
            "u16 > 65535",
            "u16 < 0",
            "u16 in [65536]",
            "u16=-1",
            "u16 > 1e400",
            "e > inf",
            "e > nan",
        ),
        *("day > 9999-12-31", "day < 0001-01-01", "day=10000-01-01", "day=2020-01-01T05:00"),
        *("e in [1\n2]", "e < 1_000", "u16 < " + "9" * 20 + "x", 'e in ["1]', "e > ", "e in []"),
    ],
)
def test_ends_that_cannot(ends, given):
    with pytest.raises(ConditionError):
        ends.generate(1, given=[given])


@pytest.fixture(scope="module")
def ends():
    """A model with columns whose types have near ends, and names with blanks around them."""
    rng = np.random.default_rng(1)
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=int(i)) for i in rng.integers(0, 99, N)]
    frame = pl.DataFrame(
        {
            "u16": pl.Series(
                rng.permutation(np.r_[0, 65535, rng.integers(0, 65536, N - 2)]), dtype=pl.UInt16
            ),
            "e": rng.normal(size=N) * 1e7,
            " blank ": rng.normal(size=N),
            "day": days,
        }
    )
    return interfuse.fit(frame, examples=100)


def test_free_text_that_is_drawn_empty_is_told_of():
    words = [f"the {i} of many words that are all different {i * i}" for i in range(N)]
    frame = PLAIN.with_columns(pl.Series("remark", words))
    said = "column 'remark' is free text, which is not learned: new rows have none"
    with pytest.warns(interfuse.InterfuseWarning, match=said):
        model = interfuse.fit(frame, examples=100)
    with pytest.warns(interfuse.InterfuseWarning, match=said):
        assert model.generate(3)["remark"].null_count() == 3


@pytest.mark.parametrize(
    ("index", "said"),
    [
        (pd.date_range("2021-01-01", periods=N, name="day"), "the index 'day' is no column"),
        (pd.Index([f"h{i}" for i in range(N)]), r"the index \('h0', ...\) is no column"),
        (pd.RangeIndex(N), ""),
        (pd.Index(range(N))[::-1], ""),
    ],
)
def test_an_index_that_is_left_out_is_told_of(index, said):
    frame = PLAIN.to_pandas().set_index(index)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        interfuse.fit(frame, examples=100, kind="table")
    found = [str(w.message) for w in told if "index" in str(w.message)]
    assert len(found) == bool(said)
    assert all(re.match(said, text) for text in found)

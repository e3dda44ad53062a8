"""Writing: what is written is read back; a file appears whole or not at all."""

import datetime as dt
import resource
import sys

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes

from interfuse.errors import DataError
from interfuse.io.read import read
from interfuse.io.write import check_target, write
from processes import ran

EVERY = [pl.Int8, pl.Int64, pl.UInt64, pl.Float32, pl.Float64, pl.Boolean, pl.String, pl.Date]
EVERY += [pl.Time, pl.Datetime, pl.Duration, pl.Enum]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("write")


@pytest.mark.parametrize("extension", ["parquet", "arrow", "feather", "parquet.gz", "arrow.zst"])
@settings(max_examples=20, deadline=None)
@given(frame=dataframes(min_cols=1, max_cols=4, min_size=1, max_size=8, allowed_dtypes=EVERY))
def test_columnar_formats_give_back_every_type(folder, extension, frame):
    path = folder / f"a.{extension}"
    assert write(frame, path) == frame.height
    assert_frame_equal(read(path).collect(), frame)


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@st.composite
def typed_frames(draw):
    """Columns whose type can be told from their text: one value in each fixes it."""
    n = 5
    some = {
        "i": [
            *draw(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=n, max_size=n)),
            1,
        ],
        "f": [*draw(st.lists(st.none() | st.floats(allow_nan=False), min_size=n, max_size=n)), 0.5],
        "s": [*draw(st.lists(st.none() | text, min_size=n, max_size=n)), "a word"],
        "b": [*draw(st.lists(st.none() | st.booleans(), min_size=n, max_size=n)), True],
        "d": [
            *draw(st.lists(st.none() | st.dates(), min_size=n, max_size=n)),
            dt.date(2024, 2, 29),
        ],
    }
    moments = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))
    some["t"] = [
        *draw(st.lists(st.none() | moments, min_size=n, max_size=n)),
        dt.datetime(2024, 1, 1),
    ]
    some["z"] = [v and v.replace(tzinfo=dt.UTC) for v in some["t"]]
    spans = st.timedeltas(dt.timedelta(-(10**4)), dt.timedelta(10**4))
    some["u"] = [*draw(st.lists(st.none() | spans, min_size=n, max_size=n)), dt.timedelta(1)]
    some["h"] = [*draw(st.lists(st.none() | st.times(), min_size=n, max_size=n)), dt.time(1)]
    types = {"i": pl.Int64, "f": pl.Float64, "s": pl.String, "b": pl.Boolean, "d": pl.Date}
    types |= {"t": pl.Datetime("us"), "z": pl.Datetime("us", "UTC"), "u": pl.Duration, "h": pl.Time}
    return pl.DataFrame(some, schema=types)


@pytest.mark.parametrize(
    "extension", ["csv", "tsv", "jsonl", "csv.gz", "csv.zst", "csv.bz2", "csv.xz", "ndjson.gz"]
)
@settings(max_examples=25, deadline=None)
@given(frame=typed_frames())
def test_text_formats_give_back_the_types_that_text_can_tell(folder, extension, frame):
    path = folder / f"a.{extension}"
    write(frame, path)
    if "json" in extension:  # JSON has no infinities
        infinite = pl.col("f").is_infinite()
        frame = frame.with_columns(pl.when(infinite.not_()).then("f").alias("f"))
    assert_frame_equal(read(path).collect(), frame)


@pytest.mark.parametrize("extension", ["csv", "jsonl.gz", "parquet", "arrow.zst"])
def test_chunks_are_one_file(folder, extension):
    chunks = [pl.DataFrame({"a": [1, 2], "c": ["x", None]}, schema_overrides={"c": pl.Categorical})]
    chunks.append(chunks[0].with_columns(c=pl.Series(["z", "x"], dtype=pl.Categorical)))
    path = folder / f"chunks.{extension}"
    assert write(iter(chunks), path) == 4
    got = read(path).collect()
    assert got["a"].to_list() == [1, 2, 1, 2]
    assert got["c"].cast(pl.String).to_list() == ["x", None, "z", "x"]


def test_standard_output_is_csv(capfdbinary):
    write(pl.DataFrame({"a": [1, None], "b": ["x,y", ""]}), "-")
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == b'a,b\n1,"x,y"\n,""\n'


def test_what_no_text_can_hold(folder):
    frame = pl.DataFrame({"a": [1.5, float("nan"), float("inf"), float("-inf")]})
    write(frame, folder / "a.csv")
    assert (folder / "a.csv").read_text() == "a\n1.5\n\ninf\n-inf\n"
    with pytest.raises(DataError, match=r"column 'l' is List\(Int64\), which CSV cannot hold"):
        write(pl.DataFrame({"l": [[1]]}), folder / "l.csv")
    assert not (folder / "l.csv").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.docx", "the extension .docx names no format"),
        ("a", r"the extension \(none\) names no format"),
        ("none/a.csv", "the folder .*none does not exist"),
        ("folder.csv", "is a folder; expected the name of a file"),
    ],
)
def test_a_target_that_cannot_be_is_an_error_before_any_work(tmp_path, name, message):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=message):
        check_target(tmp_path / name)


def failing():
    yield pl.DataFrame({"a": [1]})
    raise KeyboardInterrupt


@pytest.mark.parametrize("extension", ["csv", "parquet", "arrow.zst", "jsonl.gz"])
def test_an_interrupt_leaves_what_was_there(tmp_path, extension):
    path = tmp_path / f"a.{extension}"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write(failing(), path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_chunks_that_differ_and_no_chunk_at_all(tmp_path):
    with pytest.raises(DataError, match="chunks differ in their columns"):
        write(iter([pl.DataFrame({"a": [1]}), pl.DataFrame({"b": [1]})]), tmp_path / "a.csv")
    with pytest.raises(DataError, match="there is nothing to write"):
        write(iter([]), tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, signal, sys
import polars as pl
from interfuse.io.write import write
from interfuse.errors import DataError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
values = pl.Series(range(100_000)).shuffle(seed=0)
try:
    write(pl.DataFrame({"a": values}), sys.argv[1])
except DataError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs limits on file sizes")
@pytest.mark.parametrize("extension", ["csv", "parquet", "arrow", "csv.gz"])
def test_a_full_disk_is_an_error_and_leaves_what_was_there(tmp_path, extension):
    path = tmp_path / f"a.{extension}"
    path.write_bytes(b"old")
    done = ran(FULL, path)
    assert "the disk is full; nothing was written" in done.out, done.err
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]

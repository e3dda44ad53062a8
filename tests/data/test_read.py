"""Files of every format and packing; what is wrong with a file, said in one message."""

import bz2
import gzip
import io
import lzma
import os
import sys

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes

from interfuse.errors import DataError
from interfuse.io.files import replacing, replacing_folder
from interfuse.io.read import fingerprint, read
from interfuse.run.store import prepare

FRAME = pl.DataFrame({"port": [80, 443, None], "proto": ["tcp", "udp", "tcp"], "x": [0.5, 1, 2]})


def zstd(content):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def gz(content: bytes) -> bytes:
    """Without the time of day: tests are named by their content, which must not change."""
    return gzip.compress(content, mtime=0)


PACK = {"": bytes, ".gz": gz, ".zst": zstd, ".bz2": bz2.compress, ".xz": lzma.compress}


def content_of(kind, frame=FRAME):
    sink = io.BytesIO()
    if kind == "csv":
        return frame.write_csv().encode()
    if kind == "tsv":
        return frame.write_csv(separator="\t").encode()
    if kind == "jsonl":
        return frame.write_ndjson().encode()
    if kind == "parquet":
        frame.write_parquet(sink)
    elif kind == "arrow":
        frame.write_ipc(sink)
    else:
        frame.write_ipc_stream(sink)
    return sink.getvalue()


EXTENSIONS = {"csv": "csv", "tsv": "tsv", "jsonl": "jsonl", "parquet": "parquet"}
EXTENSIONS |= {"arrow": "arrow", "stream": "ipc"}


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("kind", EXTENSIONS)
def test_each_format_named_unnamed_and_on_standard_input(kind, packing, tmp_path, monkeypatch):
    content = PACK[packing](content_of(kind))
    for name in (f"a.{EXTENSIONS[kind]}{packing}", "data", f"a.{EXTENSIONS[kind]}"):
        (tmp_path / name).write_bytes(content)
        assert_frame_equal(read(tmp_path / name).collect(), FRAME)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert_frame_equal(read("-").collect(), FRAME)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.parquet", content_of("csv"), "named as parquet but .* looks like csv"),
        ("a.arrow", content_of("parquet"), "named as arrow but .* looks like parquet"),
        ("a.parquet", b"\x00\x01", "looks like some other binary format"),
        ("a.bin", b"\x00\x01\x02", "is binary, not text. Expected .csv"),
        ("a.parquet", content_of("parquet")[:-20], "is a parquet file that is cut short"),
        ("a.arrow", content_of("arrow")[:-20], "arrow file that is cut short"),
        ("a.csv.gz", gz(b"a,b\n1,2\n" * 99)[:-12], "is gzip data that is cut short"),
        ("a.csv.bz2", bz2.compress(b"a,b\n1,2\n" * 99)[:-12], "is bz2 data that is cut short"),
        ("a.csv.xz", lzma.compress(b"a,b\n1,2\n" * 99)[:-12], "is xz data that is cut short"),
        ("a.csv.gz", gz(b""), r"is empty \(0 bytes\)"),
        ("a.csv.zst", zstd(b"a,b\n1,2\n" * 999)[:-9], "is zstd data that is cut short"),
        ("a.parquet", content_of("parquet", FRAME.clear()), "has 3 columns but no rows"),
        ("a.parquet", content_of("parquet", FRAME.rename({"x": " "})), "column 3 has no name"),
    ],
)
def test_a_damaged_or_misnamed_file_is_an_error(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name}: .*{message}"):
        read(tmp_path / name).collect()


def test_repeated_names_in_parquet(tmp_path):
    table = pa.table([[1], [2]], names=["a", "a"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"columns share a name: 'a' \(2 times\)"):
        read(tmp_path / "a.parquet")


def test_an_index_that_pandas_wrote_is_left_out(tmp_path):
    frame = FRAME.to_pandas()
    frame.index = [5, 6, 7]
    frame.to_parquet(tmp_path / "a.parquet", index=True)
    assert read(tmp_path / "a.parquet").collect().columns == FRAME.columns


def test_a_missing_file_a_folder_and_an_unreadable_name(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv: no such file\. Check the name"):
        read(tmp_path / "none.csv")
    with pytest.raises(DataError, match="no files found; expected data files"):
        read(tmp_path)
    (tmp_path / "a").write_text("x")
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "a" / "b.csv")


def test_a_name_in_another_encoding_is_refused_with_its_bytes(tmp_path):
    path = tmp_path / os.fsdecode(b"gr\xf6\xdfe.csv")
    try:
        path.write_text("a\n1\n")
    except OSError:
        pytest.skip("this file system has no such names")
    said = r"gr\\xf6\\xdfe\.csv: the name is not text in UTF-8\. Rename it, or set PYTHONUTF8=1"
    with pytest.raises(DataError, match=said):
        read(path)
    for target in (replacing(path), replacing_folder(path.with_suffix(""))):
        with pytest.raises(DataError, match="is not text in UTF-8"), target:
            pass
    with pytest.raises(DataError, match="is not text in UTF-8"):
        prepare(path.with_suffix(".run"), resume=False, overwrite=True)


def test_empty_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(DataError, match="standard input: is empty"):
        read("-")


def test_names_that_look_like_patterns_are_files(tmp_path):
    for name in ("a*.csv", "a[1].csv", "a*.parquet"):
        path = tmp_path / name
        path.write_bytes(content_of(path.suffix[1:]))
        assert_frame_equal(read(path).collect(), FRAME)


TYPES = [pl.Int8, pl.UInt64, pl.Float32, pl.Float64, pl.Boolean, pl.String, pl.Datetime, pl.Enum]


@settings(max_examples=60, deadline=None)
@given(dataframes(min_cols=1, max_cols=3, min_size=2, max_size=8, allowed_dtypes=TYPES))
def test_a_fingerprint_depends_on_the_values_and_not_on_chunks(frame):
    assert fingerprint(frame) == fingerprint(frame.lazy())
    cut = pl.concat([frame[:1], frame[1:]], rechunk=False)
    assert fingerprint(cut) == fingerprint(frame)
    turned = frame.reverse()
    assert (fingerprint(turned) == fingerprint(frame)) == turned.equals(frame)
    assert fingerprint(frame.rename({frame.columns[0]: "other"})) != fingerprint(frame)


def test_the_fingerprint_of_a_file_is_that_of_its_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2
    assert fingerprint(tmp_path / "a") == known

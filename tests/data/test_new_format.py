"""A format from outside the package is one class: it is found, read, written, and can be wrong."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import interfuse
from interfuse.errors import DataError
from interfuse.io.format import Format, Sink
from interfuse.io.formats import format_of, register_format, supported, unregister_format
from interfuse.io.read import read
from interfuse.io.sheet import Sheet
from interfuse.io.write import check_target, write


class Records(Format):
    """One value a line, `name=value`; a blank line ends a row."""

    name, suffixes = "records", (".records",)
    certain = True
    writes = True
    magic = b"#records\n"

    def starts(self, start):
        return start.startswith(self.magic)

    def read(self, source, where, how):
        text = (source if isinstance(source, bytes) else Path(source).read_bytes()).decode()
        rows = [part for part in text.removeprefix("#records\n").split("\n\n") if part.strip()]
        if not rows:
            raise DataError(f"{where}: has no rows.")
        pairs = [dict(line.split("=", 1) for line in row.splitlines()) for row in rows]
        frame = pl.DataFrame(pairs).with_columns(pl.col("bytes").cast(pl.Int64))
        return Sheet(frame.lazy())

    def open(self, file, first, writing):
        file.write(self.magic)

        def put(chunk):
            for row in chunk.iter_rows(named=True):
                file.write(("\n".join(f"{k}={v}" for k, v in row.items()) + "\n\n").encode())

        return Sink(put)


@pytest.fixture
def records():
    yield register_format(Records())
    unregister_format("records")


FLOWS = pl.DataFrame({"proto": ["tcp", "udp", "tcp"] * 60, "bytes": [1500, 80, 40] * 60})


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_a_new_format_goes_there_and_back(records, packing, tmp_path):
    path = tmp_path / f"flows.records{packing}"
    assert write([FLOWS[:100], FLOWS[100:]], path) == 180
    assert_frame_equal(read(path).collect(), FLOWS)
    assert format_of(path).format is records
    assert ".records" in supported()


def test_it_is_known_by_its_first_bytes_and_fitted(records, tmp_path):
    write(FLOWS, tmp_path / "flows.records")
    unnamed = (tmp_path / "flows.records").rename(tmp_path / "flows")
    assert_frame_equal(read(unnamed).collect(), FLOWS)
    model = interfuse.fit(unnamed, examples=2_000)
    assert model.schema.names == ["proto", "bytes"]


def test_what_it_is_not_is_one_clear_error(records, tmp_path):
    (tmp_path / "a.records").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"a\.records: is named as records but does not start"):
        read(tmp_path / "a.records")
    (tmp_path / "b.csv").write_bytes(Records.magic + b"proto=tcp\nbytes=3\n\n")
    with pytest.raises(DataError, match=r"b\.csv: is binary, not text: it looks like records"):
        read(tmp_path / "b.csv")


def test_names_and_endings_belong_to_one_format(records, tmp_path):
    with pytest.raises(ValueError, match=r"the ending '\.csv' has no dot, or is that of 'csv'"):
        register_format(type("Mine", (Records,), {"name": "mine", "suffixes": (".csv",)})())
    with pytest.raises(ValueError, match="another format has this name"):
        register_format(type("Again", (Records,), {"suffixes": (".again",)})())
    unregister_format("records")
    with pytest.raises(DataError, match="names no format that can be written"):
        check_target(tmp_path / "a.records")
    register_format(records)

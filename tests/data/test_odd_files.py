"""Files as programs and people leave them: nothing is lost, made up or taken for something else."""

import contextlib
import sqlite3
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from interfuse import infer_schema
from interfuse.errors import DataError, InterfuseWarning
from interfuse.io.read import read, read_sheet
from interfuse.kinds.images.data import read_images

ROWS = 40
HEAD = "site,n,eur\n"
BODY = "".join(f"w{i % 3},{i},{i * 1.5:.2f}\n" for i in range(ROWS))


@pytest.fixture
def file(tmp_path):
    def of(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode())
        return str(path)

    return of


def column(values, name="a"):
    return f"{name},b\n" + "".join(f"{v},{i}\n" for i, v in enumerate(values))


@pytest.mark.parametrize("name", ["count", "text", "len", "index", "literal", "value"])
def test_a_name_means_nothing(name, file):
    words = ["low", "high", "1"] * 20
    assert read(file(column(words, name))).collect()[name].to_list() == words


@pytest.mark.parametrize(
    "last",
    [
        "Total,780,1170.00\n",
        ",780,Total\n",
        "w1,780,Total\n",
        "Source: the office,,\n",
        "* preliminary,,\n",
        "Note: of 2023,,\n",
        "Quelle: Amt,,\n",
        "Total,780,1170.00\nSource: the office,,\n",
        "Source: the office,,\n,,\n",
        ",,\nTotal,780,1170.00\n,,\n",
    ],
)
def test_totals_and_remarks_at_the_end(last, file):
    with pytest.warns(InterfuseWarning, match="seems? to hold totals or remarks"):
        frame = read(file(HEAD + BODY + last)).collect()
    assert frame.height == ROWS
    assert frame.dtypes == [pl.String, pl.Int64, pl.Float64]
    assert frame.null_count().row(0) == (0, 0, 0)


@pytest.mark.parametrize(
    "last", ["Source,40,1.5\n", "w1,,\n", "Oslo,,\n", "w2,1,1.5\nw0,,2.5\n", ",40,\n"]
)
def test_rows_at_the_end_that_are_rows(last, file):
    assert read(file(HEAD + BODY + last)).collect().height == ROWS + last.count("\n")


def test_a_remark_that_other_rows_hold_is_a_value(file):
    body = "".join(f"{'Note a' if i % 2 else 'w'},{i},1.5\n" for i in range(ROWS))
    assert read(file(HEAD + body + "Note a,,\n")).collect().height == ROWS + 1


def test_rows_without_values_are_kept_and_told_of(file):
    with pytest.warns(InterfuseWarning, match="2 lines hold no value in any column"):
        assert read(file(HEAD + BODY + ",,\n,,\n")).collect().height == ROWS + 2


def test_names_again_in_another_case(file):
    with pytest.warns(InterfuseWarning, match="line 42 is left out: it seems to repeat the names"):
        assert read(file(HEAD + BODY + "Site,N,EUR\n" + BODY)).collect().height == 2 * ROWS


def zeek(unset, empty):
    head = f"#separator \\x09\n#empty_field\t{empty}\n#unset_field\t{unset}\n"
    head += "#fields\tts\tport\tservice\tparents\n#types\ttime\tport\tstring\tset[string]\n"
    rows = (
        f"17000000{i:02d}.5\t{unset if i == 3 else i}\t{unset if i % 2 else 'dns'}\t{empty}\n"
        for i in range(30)
    )
    return head + "".join(rows)


@pytest.mark.parametrize(("unset", "empty"), [("-", "(empty)"), ("none!", "()"), ("NULL", "-")])
def test_the_words_of_a_log_for_missing(unset, empty, file):
    frame = read(file(zeek(unset, empty), "conn.log")).collect()
    assert frame["service"].to_list() == ["dns", None] * 15
    assert frame["port"].to_list() == [0, 1, 2, None, *range(4, 30)]
    assert frame["parents"].to_list() == [""] * 30  # a set without members is a value


@pytest.mark.parametrize("form", ["+4930{:06d}", "+1555{:07d}", " +4930{:06d}"])
def test_telephones_keep_their_plus(form, file):
    values = [form.format(i * 7919) for i in range(60)]
    path = file(column(values))
    assert read(path).collect()["a"].to_list() == values
    assert "number" not in infer_schema(path)["a"].note


@pytest.mark.parametrize("numbers", [range(1, 60), range(-(10**9), 10**9, 10**8)])
def test_small_and_signed_numbers_are_numbers(numbers, file):
    values = [f"{v:+d}" for v in numbers]
    assert read(file(column(values))).collect()["a"].to_list() == list(numbers)


@pytest.mark.parametrize(
    "values",
    [
        [f"10.0.{i % 4}.{i * 7 % 256}" for i in range(300)],
        [f"192.168.100.{100 + i}" for i in range(60)],
        [f"{i % 4}.{i % 12}.{i % 9}" for i in range(60)],
        [f"{i % 4}.{i % 12}.{i % 9}.{i}" for i in range(60)],
        [f"00:1b:{i:02x}:00:00:01" for i in range(60)],
    ],
)
def test_addresses_and_versions_do_not_look_like_numbers(values, file):
    assert "look like" not in infer_schema(file(column(values)))["a"].note


@pytest.mark.parametrize(
    "value", ["1,23,456", "3.5", "1'000.5", "2024-01-31", "31.1.24", "5:10", "12%"]
)
def test_what_looks_like_numbers_and_times(value):
    frame = pl.DataFrame({"a": [value, value, "high"] * 20})
    assert "look like numbers or times" in infer_schema(frame)["a"].note


def test_units_that_differ_are_not_to_be_taken_off():
    mixed = pl.DataFrame({"a": [f"{i}.5{'KB' if i % 2 else 'MB'}" for i in range(60)]})
    assert "in 2 units" in infer_schema(mixed)["a"].note
    one = pl.DataFrame({"a": [f"{i}.5KB" for i in range(60)]})
    assert "without the marks" in infer_schema(one)["a"].note


@pytest.mark.parametrize(
    "zones", [("+01:00", "+02:00"), ("Z", "-05:00"), (" CET", " CEST"), (" UTC", " +0100")]
)
def test_zones_that_differ_are_told_of(zones, file):
    many = [f"2024-01-{i % 28 + 1:02d} 0{i % 9}:00:00{zones[i % 3 == 0]}" for i in range(60)]
    with pytest.warns(InterfuseWarning, match="zones differ from row to row"):
        frame = read(file(column(many))).collect()
    assert frame["a"].dtype == pl.Datetime("us", "UTC")


def test_lines_that_end_in_carriage_returns_alone(file):
    with pytest.raises(DataError, match="its lines end in a carriage return alone"):
        read(file((HEAD + BODY).replace("\n", "\r")))
    assert read(file((HEAD + BODY).replace("\n", "\r\n"))).collect().height == ROWS


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_images_with_pixels_that_are_nan(dtype):
    pixels = np.full((4, 8, 8), 0.5, dtype)
    pixels[2, 3, 3] = np.nan
    with pytest.raises(DataError, match="holds NaN; expected 0 to 1"):
        read_images(pixels)


def test_the_index_of_a_pandas_frame_in_a_file_is_told_of(tmp_path):
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"x": [1.5, 2.5, 3.5]}, index=pd.Index(["a", "b", "c"]))
    frame.to_parquet(path)
    with pytest.warns(InterfuseWarning, match="the index of a pandas frame, .* is left out"):
        assert read_sheet(path).frame.collect().columns == ["x"]
    frame.reset_index(drop=True).to_parquet(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_sheet(path).frame.collect().columns == ["x"]


def test_a_database_that_is_named_as_a_file_is_told_how_to_name(tmp_path):
    path = tmp_path / "shop.db"
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE t (x)")
    with pytest.raises(DataError, match="is a SQLite database; expected sqlite: before its name"):
        read_sheet(path)

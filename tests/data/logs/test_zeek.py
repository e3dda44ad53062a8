"""Zeek logs: types of their own, values as they are spelled, and the same log again."""

from __future__ import annotations

import gzip
from datetime import datetime

import polars as pl
import pyarrow as pa
import pytest

from interfuse.errors import DataError
from interfuse.io.read import read
from interfuse.io.write import write
from interfuse.io.written import Writing

HEAD = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    "#open\t2013-09-16-00-00-00\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tproto\tduration\torig_bytes\tlocal\ttags\trtts\n"
    "#types\ttime\tstring\taddr\tport\tenum\tinterval\tcount\tbool\tset[string]\tvector[double]\n"
)
ROWS = (
    "1379288667.706265\tCa\t192.168.33.10\t1032\ttcp\t0.447460\t601\tT\ta,b\\x2cc\t0.1,0.25\n"
    "1379288668.000001\tCb\tfe80::1\t5353\tudp\t-\t-\tF\t(empty)\t-\n"
    "1379288669.100000\tC\\x09c\t10.0.0.1\t8\ticmp\t12.000000\t18446744073709551615\t-\t-\t1.0\n"
)
CLOSE = "#close\t2013-09-16-00-10-00\n"
TYPES = {
    "ts": pl.Datetime("us"), "uid": pl.String, "id.orig_h": pl.String, "id.orig_p": pl.Int64,
    "proto": pl.String, "duration": pl.Float64, "orig_bytes": pl.UInt64, "local": pl.Boolean,
    "tags": pl.String, "rtts": pl.String,
}  # fmt: skip


def said_in(text) -> dict[str, str]:
    marked = [line.partition("\t") for line in text.splitlines() if line.startswith("#")]
    return {key: rest for key, _, rest in marked}


def rows_of(text):
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_types_and_values_are_those_of_the_log(sheet):
    frame = sheet(HEAD + ROWS + CLOSE).frame.collect()
    assert dict(frame.schema) == TYPES
    assert frame["ts"][0] == datetime(2013, 9, 15, 23, 44, 27, 706265)
    assert frame["orig_bytes"].to_list() == [601, None, 2**64 - 1]
    assert frame["local"].to_list() == [True, False, None]
    assert frame["tags"].to_list() == ["a,b\\x2cc", "", None]  # members stay apart
    assert frame["uid"][2] == "C\tc"


def test_numbers_of_usual_size_are_signed(sheet):
    frame = sheet(HEAD + "".join(ROWS.splitlines(keepends=True)[:2])).frame.collect()
    assert frame["orig_bytes"].dtype == pl.Int64


def test_it_comes_back_as_it_was(sheet, again):
    for text in again(sheet(HEAD + ROWS + CLOSE)):
        assert rows_of(text) == ROWS.splitlines()
        head = said_in(text)
        assert text.startswith("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n")
        said = said_in(HEAD)
        assert (head["#fields"], head["#types"]) == (said["#fields"], said["#types"])
        # The first and the last time in it, not the hour of writing: the same rows, the same file.
        assert head["#open"] == "2013-09-15-23-44-27"
        assert head["#close"] == "2013-09-15-23-44-29"


@pytest.mark.parametrize(
    "cell", ["\\x2d", "\\x28empty)", "a\\x0ab", "\\xff\\xfe", "\\\\x0", "\\x41", "b\\", "ü"]
)
def test_spelling_comes_back(cell, sheet, again):
    text = "#separator \\x09\n#fields\ta\tb\n#types\tstring\tstring\n" + f"x\t{cell}\n#y\t{cell}\n"
    text = text.replace("#y", "\\x23y")
    for written in again(sheet(text)):
        assert rows_of(written) == [f"x\t{cell}", f"\\x23y\t{cell}"]


def test_a_text_that_looks_like_no_value_is_one(sheet):
    text = "#separator \\x09\n#fields\ta\tb\n#types\tstring\tstring\nx\t\\x2d\ny\t-\nz\t(empty)\n"
    assert sheet(text).frame.collect()["b"].to_list() == ["-", None, ""]


def test_logs_one_behind_the_other_are_one(sheet):
    one = HEAD + ROWS + CLOSE
    assert sheet(one + one).frame.collect().height == 6


def test_logs_of_different_fields_are_refused(sheet):
    other = HEAD.replace("conn", "dns").replace("\tuid", "\tquery") + ROWS
    with pytest.raises(DataError, match=r"logs of different fields \(conn of 10 .*, dns of 10"):
        sheet(HEAD + ROWS + CLOSE + other)


@pytest.mark.parametrize("cut", [9, 40, 150])
def test_a_log_cut_within_its_last_line(cut, sheet):
    read = sheet(HEAD + ROWS + ROWS[:cut])
    assert read.frame.collect().height == 3 + ROWS[:cut].count("\n")
    assert any("the log was cut within it, and it is left out" in note for note in read.notes)


def test_a_line_cut_before_the_next_log(sheet):
    read = sheet(HEAD + ROWS + ROWS[:40] + HEAD + ROWS)
    assert read.frame.collect().height == 6
    assert any("line 12 is left out: it seems to have other than the 10" in n for n in read.notes)


def test_values_of_another_type_are_told_of(sheet):
    read = sheet(HEAD + ROWS + ROWS.replace("1032", "http").replace("\tT\t", "\tyes\t"))
    frame = read.frame.collect()
    assert frame["id.orig_p"].to_list() == [1032, 5353, 8, None, 5353, 8]
    assert frame["local"].to_list() == [True, False, None, None, False, None]
    assert "('http' in line 12)" in read.notes[0]
    assert "is no truth value" in read.notes[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD, "is a Zeek log of 10 fields without rows"),
        ("#separator \\x09\n#path\tconn\n1\t2\n", "has no line #fields"),
        (HEAD.replace("\tuid", "") + ROWS, "names 9 fields and #types 10"),
        (HEAD.replace("\\x09", "||"), "its #separator is '||'"),
        (HEAD + "a,b\nc,d\ne,f\n" + ROWS.splitlines()[0] + "\n", "3 of 4 lines are no rows"),
        (HEAD.replace("uid", "ts") + ROWS, "'ts' \\(2 times\\)"),
    ],
)
def test_what_is_wrong_is_one_clear_error(text, told, sheet):
    with pytest.raises(DataError, match=told.replace("||", r"\|\|")):
        sheet(text)


def test_it_is_known_by_its_first_line_whatever_its_name(sheet):
    for name in ("conn.log", "conn.csv", "conn.tsv", "conn"):
        assert sheet("# a remark\n" + HEAD + ROWS, name).columns[""]["format"] == "zeek"


def test_another_separator(sheet, again):
    text = (HEAD + ROWS).replace("\\x09c", "c").replace("\\x09", "|").replace("\t", "|")
    assert rows_of(again(sheet(text))[0]) == rows_of(text)


def test_packed(tmp_path, sheet):
    text = (HEAD + ROWS).encode()
    assert sheet(gzip.compress(text), "conn.log.gz").frame.collect().height == 3
    read = sheet(pa.compress(text, "zstd", asbytes=True), "conn.log.zst")
    write(read.frame.collect(), tmp_path / "out.log.zst", Writing(read.columns))
    assert read_back(tmp_path / "out.log.zst") == TYPES


def read_back(path):
    return dict(read(path).collect().schema)


def test_another_ending_converts(tmp_path, sheet):
    read_in = sheet(HEAD + ROWS)
    write(read_in.frame.collect(), tmp_path / "a.csv", Writing(read_in.columns))
    assert (tmp_path / "a.csv").read_text().startswith("ts,uid,id.orig_h,")
    with pytest.raises(DataError, match=r"extension \.log is that of .*zeek.* the data was none"):
        write(pl.DataFrame({"a": [1]}), tmp_path / "a.log")


def test_columns_that_the_log_lacks_stand_behind_its_own(tmp_path, sheet):
    read_in = sheet(HEAD + ROWS)
    frame = read_in.frame.collect().drop("proto").with_columns(score=pl.lit(1.5), odd=pl.lit(True))
    write(frame, tmp_path / "a.log", Writing(read_in.columns))
    text = (tmp_path / "a.log").read_text()
    assert "\trtts\tscore\todd\n" in text
    assert "\tvector[double]\tdouble\tbool\n" in text
    assert (
        rows_of(text)[1] == "1379288668.000001\tCb\tfe80::1\t5353\t-\t-\t-\tF\t(empty)\t-\t1.5\tT"
    )

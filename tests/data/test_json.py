"""JSON lines: objects to typed columns, and the line at fault."""

import datetime as dt
import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from interfuse.errors import DataError
from interfuse.io.jsonfile import read_json_lines
from interfuse.io.origin import Origin
from interfuse.io.read import read_sheet
from interfuse.io.textforms import said_of
from interfuse.io.write import write
from interfuse.io.written import Writing


def of(text):
    return read_json_lines(text.encode(), "a.jsonl").frame.collect()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty. Expected one JSON object a line"),
        (" \n\n", "is empty"),
        ('{"a": 1}\n{"a": \n', r"line 2 is not JSON .*'\{\"a\":'"),
        ('{"a": 1}\n[1, 2]\n', "line 2 is a JSON list; expected an object"),
        ('{"a": 1}\n7\n', "line 2 is a JSON int; expected an object"),
        ("{}\n{}\n", "has no keys or no rows"),
        ("[1, 2]", "is a JSON array without objects"),
        ("[]", "is a JSON array without objects"),
        ('{"a": 1, " ": 2}', "a key has no name"),
        ('{"^a$": 1}', "which stands for a pattern of names"),
        ('[{"a": 1}', "starts as a JSON array but is not one"),
    ],
)
def test_a_malformed_file_is_an_error_with_its_line(text, message):
    with pytest.raises(DataError, match=message):
        of(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1}'.encode("utf-16"), "is encoded as UTF-16; expected UTF-8"),
        ('{"a": "é"}'.encode("latin-1"), "is not UTF-8: byte 0xe9 at byte 7"),
        (b'{"a": 1}\n\0', "is binary, not text: a NUL at byte 9"),
    ],
)
def test_what_is_not_utf8_is_an_error(content, message):
    with pytest.raises(DataError, match=message):
        read_json_lines(content, "a.jsonl")


def test_lines_arrays_marks_blank_lines_and_absent_keys():
    lines = '{"a": 1, "b": "x"}\n{"b": "y"}\n'
    expected = pl.DataFrame({"a": [1, None], "b": ["x", "y"]})
    array = '[{"a": 1, "b": "x"}, {"b": "y"}]'
    for text in (lines, "\ufeff" + lines, lines.replace("\n", "\n\n"), array):
        assert_frame_equal(of(text), expected)
    assert_frame_equal(of(lines.replace("\n", "\r\n")), expected)


def test_a_key_that_first_comes_late_is_a_column():
    text = '{"a": 1}\n' * 3000 + '{"a": 2, "b": true}\n'
    got = of(text)
    assert got.shape == (3001, 2)
    assert got["b"].drop_nulls().to_list() == [True]


def test_text_is_text_and_only_times_are_looked_for():
    got = of('{"n": "1", "t": "2024-02-29T01:02:03Z"}\n')
    when = dt.datetime(2024, 2, 29, 1, 2, 3, tzinfo=dt.UTC)
    assert got.row(0) == ("1", when)


def test_whole_numbers_beyond_int64():
    assert of('{"a": 18446744073709551615}\n{"a": 1}')["a"].to_list() == [2**64 - 1, 1]
    assert of('{"a": 36893488147419103232}\n{"a": 1}')["a"].to_list() == [str(2**65), "1"]
    assert of('{"a": 9007199254740993}')["a"].to_list() == [2**53 + 1]


def test_mixed_types_become_text():
    assert of('{"a": 1}\n{"a": "x"}\n{"a": null}')["a"].to_list() == ["1", "x", None]
    assert of('{"a": true}\n{"a": "x"}')["a"].to_list() == ["true", "x"]


def test_whole_and_real_numbers_are_real():
    assert of('{"a": 1}\n{"a": 2.5}')["a"].to_list() == [1.0, 2.5]


def test_a_column_of_nulls_is_missing_text():
    assert_frame_equal(
        of('{"a": null, "b": 1}'), pl.DataFrame({"a": [None], "b": [1]}).cast({"a": pl.String})
    )


STAMPS = [1_609_480_800 + 3_600 * i for i in range(40)]
TOLD = {
    "timestamp, s": ("timestamp", STAMPS, "us", lambda v: v),
    "ts, ms": ("ts", [1000 * v + 250 for v in STAMPS], "us", lambda v: v / 1000),
    "time, ns": ("event_time_ns", [10**9 * v for v in STAMPS], "ns", lambda v: v / 1e9),
    "time, decimals": ("unix_time", [v + 0.5 for v in STAMPS], "us", lambda v: v),
}


@pytest.mark.parametrize("name", TOLD)
def test_numbers_since_1970_are_times_as_in_delimited_text(name, tmp_path):
    column, values, unit, seconds = TOLD[name]
    lines = [json.dumps({column: v, "bytes": v, "n": i}) for i, v in enumerate(values)]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(lines) + "\n")
    other = tmp_path / "a.csv"
    other.write_text(f"{column}\n" + "\n".join(map(str, values)) + "\n")
    sheet, same = read_sheet(path), read_sheet(other)
    frame = sheet.frame.collect()
    assert_frame_equal(frame.select(column), same.frame.collect())
    assert frame[column].dtype == pl.Datetime(unit)
    moment = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds(values[0]))
    assert frame[column].cast(pl.Datetime("us"))[0] == moment
    assert frame["bytes"].to_list() == values
    assert frame["n"].to_list() == list(range(40))
    write(frame, tmp_path / "b.jsonl", Writing.of(Origin("file", sheet.columns)))
    assert [json.loads(x) for x in (tmp_path / "b.jsonl").read_text().splitlines()] == [
        json.loads(x) for x in lines
    ]
    again = read_sheet(path, said_of(dict(frame.schema), sheet.columns)).frame.collect()
    assert_frame_equal(again, frame)


def test_days_without_marks_and_written_times_come_back_as_they_were(tmp_path):
    day = dt.date(2021, 7, 1)
    rows = [
        {"day": int(f"{day + dt.timedelta(i):%Y%m%d}"), "at": f"{i + 1:02d}/07/2021 13:{i:02d}"}
        for i in range(20)
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    sheet = read_sheet(path)
    frame = sheet.frame.collect()
    assert frame["day"][3] == day + dt.timedelta(3)
    assert frame["at"].dtype == pl.Datetime("us")
    write(frame, tmp_path / "b.jsonl", Writing.of(Origin("file", sheet.columns)))
    assert [json.loads(x) for x in (tmp_path / "b.jsonl").read_text().splitlines()] == rows


def test_numbers_in_quotes_are_numbers_where_all_are_quoted(tmp_path):
    rows = [{"status": "200", "took": "0.50", "zip": "01234", "size": f"{i}"} for i in range(40)]
    path = tmp_path / "a.json"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    read = read_sheet(path)
    frame = read.frame.collect()
    assert frame["size"].dtype == frame["status"].dtype == pl.Int64
    assert frame["zip"].dtype == pl.String
    write(frame, tmp_path / "b.json", Writing(read.columns))
    again = [json.loads(line) for line in (tmp_path / "b.json").read_text().splitlines()]
    assert again == rows


def test_numbers_in_quotes_beside_others_are_text_but_for_what_their_names_say(tmp_path):
    rows = [{"id": f"{i}", "bytes": f"{i}", "n": i} for i in range(40)]
    path = tmp_path / "a.json"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    frame = read_sheet(path).frame.collect()
    assert frame["id"].dtype == pl.String
    assert frame["bytes"].dtype == pl.Int64


def test_packets_of_tshark(tmp_path):
    ends = '"ip": {"ip.src": "10.0.0.%d", "ip.host": "10.0.0.9", "ip.host": "10.0.0.8"}'
    packet = '{"_index": "p", "_score": null, "_source": {"layers": {%s, "frame.len": ["6%d"]}}}'
    rows = ",\n".join(packet % (ends % (i % 9), i % 9) for i in range(30))
    path = tmp_path / "a.json"
    path.write_text(f"[\n{rows}\n]\n")
    read = read_sheet(path)
    frame = read.frame.collect()
    assert frame.columns == ["_index", "_score", "ip.src", "ip.host", "frame.len"]
    assert frame["frame.len"].dtype == pl.Int64
    assert frame["ip.host"][0] == '["10.0.0.9","10.0.0.8"]'
    assert any("read as lists" in note for note in read.notes)
    write(frame, tmp_path / "b.json", Writing(read.columns))
    first = json.loads((tmp_path / "b.json").read_text().splitlines()[0])
    layers = {"ip": {"ip.src": "10.0.0.0", "ip.host": ["10.0.0.9", "10.0.0.8"]}}
    assert first["_source"]["layers"] == {**layers, "frame.len": ["60"]}


def test_numbers_among_words_are_written_as_numbers_again(tmp_path):
    """`{"code": 404}` beside `{"code": "ECONNRESET"}` is a category, whose numbers stay numbers."""
    values = [404, 500, "ECONNRESET", "EPIPE", 404, None, 500, "ECONNRESET"] * 5
    rows = [{"err": {"code": v, "text": str(v)}, "n": i, "m": v} for i, v in enumerate(values)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    sheet = read_sheet(tmp_path / "a.jsonl")
    frame = sheet.frame.collect()
    assert frame.schema["m"] == frame.schema["err.code"] == pl.String
    write(frame, tmp_path / "b.jsonl", Writing(sheet.columns))
    again = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()]
    for row, other in zip(rows, again, strict=True):
        assert other["m"] == row["m"]
        assert type(other["m"]) is type(row["m"])
        assert other["err"].get("code") == row["err"]["code"]
        assert other["err"]["text"] == row["err"]["text"]


def test_texts_that_read_as_numbers_stay_text_beside_numbers(tmp_path):
    values = [404, "404", "x", "y"] * 8
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"m": v}) + "\n" for v in values))
    sheet = read_sheet(tmp_path / "a.jsonl")
    write(sheet.frame.collect(), tmp_path / "b.jsonl", Writing(sheet.columns))
    again = [json.loads(line)["m"] for line in (tmp_path / "b.jsonl").read_text().splitlines()]
    assert again == list(map(str, values))

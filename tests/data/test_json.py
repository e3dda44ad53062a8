"""JSON lines: objects to typed columns, and the line at fault."""

import datetime as dt

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from interfuse.errors import DataError
from interfuse.io.jsonfile import read_json_lines


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

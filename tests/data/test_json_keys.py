"""JSON that says two things or holds no rows is refused with its line."""

import json

import polars as pl
import pytest

from interfuse.errors import DataError
from interfuse.io.jsonfile import read_json_lines


def of(text):
    return read_json_lines(text.encode(), "a.jsonl").frame.collect()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "b": 2}\n{"a": 1, "a": 2}\n', "line 2 has the key 'a' twice"),
        ('{"a":1,"b":2}\n{"a":1,"a":1}\n', "line 2 has the key 'a' twice"),
        ('{"a" : 1}\n\n{"a" : 1, "a" : 2}\n', "line 3 has the key 'a' twice"),
        ('{"a": 1, "a": "x"}\n{"a": 3}\n', "line 1 has the key 'a' twice"),
        ('{"b": 1, "o": {"a": 1, "a": 2}}\n', "line 1 has the key 'a' twice"),
        ('{"b": [{"a": 1}, {"a": 1, "a": 2}]}\n', "line 1 has the key 'a' twice"),
        ('{"a": null, "a": 2}\n{"a": 3}\n', "line 1 has the key 'a' twice"),
        ('{"caf\\u00e9": 1, "café": 2}\n', "line 1 has the key 'café' twice"),
        ('[{"a": 1}, {"a": 1, "a": 2}]', "the array has the key 'a' twice"),
        ('{"a": 1}\n{"a": "x"}\n{"a": "y", "a": 2}\n', "line 3 has the key 'a' twice"),
    ],
)
def test_a_key_that_stands_twice(text, message):
    with pytest.raises(DataError, match=message):
        of(text)


@pytest.mark.parametrize(
    "row",
    [
        {"a": 'he said "a": twice', "b": '"a":null'},
        {"a": 1, "o": {"a": 1, "b": {"a": 2}}, "l": [{"a": 1}, {"a": 2}, {}], "e": {}, "f": []},
        {"a": None, "o": None, "p": {"a": None}, "q": [None]},
        {"a\\": 1, "a": 2, 'a"': 3, "A": 4, "a ": 5},
    ],
)
def test_the_same_word_elsewhere_is_no_key_twice(row):
    other = dict.fromkeys(row)
    for rows in ([row, row], [row, other], [other, row, {}]):
        assert of("\n".join(map(json.dumps, rows))).height == len(rows)


@pytest.mark.parametrize("half", [r"\ud83d", r"\uDE00x", r"\ude00\ud83d", r"\\\ud800"])
def test_half_of_a_pair_is_no_character(half):
    with pytest.raises(DataError, match="line 2 holds half of a surrogate pair"):
        of(f'{{"a": "x"}}\n{{"a": "{half}"}}\n')


@pytest.mark.parametrize(
    ("text", "value"), [(r"\ud83d\ude00", "😀"), (r"\\ud800", r"\ud800"), (r"\u00e9", "é")]
)
def test_whole_pairs_and_escaped_marks_are_read(text, value):
    assert of(f'{{"a": "{text}"}}\n{{"a": "x"}}\n')["a"].to_list() == [value, "x"]


TABLE = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"data": TABLE.to_dicts()}, r"3 objects under 'data'.*jq -c '\.\[\"data\"\]\[\]'"),
        ({"count": 3, "next": None, "results": TABLE.to_dicts()}, "3 objects under 'results'"),
        (TABLE.to_dict(as_series=False), "a list of 3 values for each column.*orient='records'"),
        ({n: {str(i): v for i, v in enumerate(TABLE[n])} for n in "ab"}, "3 values for each"),
        (
            {"columns": TABLE.columns, "index": [0, 1, 2], "data": [list(r) for r in TABLE.rows()]},
            "a list of 3 values for each column",
        ),
        (
            {f"row {i}": row for i, row in enumerate(TABLE.to_dicts())},
            r"3 objects by their names.*jq -c '\.\[\]'",
        ),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_one_object_that_holds_all_rows(content, message, indent):
    with pytest.raises(DataError, match=f"is one JSON object that holds .*{message}"):
        of(json.dumps(content, indent=indent))


@pytest.mark.parametrize(
    "row",
    [
        {"flow": {"bytes": 1, "age": 2}, "alert": {"id": 3, "gid": 4}},
        {"a": [1, 2], "b": "x"},
        {"dns": [{"q": "a"}, {"q": "b"}], "tls": [{"v": 1}]},
    ],
)
def test_one_row_of_objects_and_lists_is_a_row(row):
    assert of(json.dumps(row)).height == 1

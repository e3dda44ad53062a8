"""Events and other nested JSON: flat columns, and the same objects again."""

from __future__ import annotations

import json

import polars as pl
import pytest

from interfuse.errors import DataError


def event(i):
    out = {
        "timestamp": f"2017-04-07T22:{i % 60:02d}:37.251547+0100",
        "flow_id": 586497171462735 + i,
        "event_type": "flow",
        "src_ip": "192.168.2.14",
        "proto": "TCP" if i % 2 else "UDP",
        "flow": {"bytes_toserver": 100 * i, "start": "2017-04-07T22:24:37.251547+0100"},
    }
    if i % 2:
        out["tcp"] = {"tcp_flags": "1b", "syn": True}
    if i % 3 == 0:
        out["metadata"] = {"flowbits": ["http.x", "b"], "empty": {}}
    return out


FLOWS = [event(i) for i in range(40)]
DNS = {
    "timestamp": "2017-04-07T22:24:37.251547+0100",
    "event_type": "dns",
    "dns": {"answers": [{"rdata": "192.0.2.1"}]},
}


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_objects_are_columns_and_lists_text(sheet):
    read = sheet(lines(FLOWS), "eve.json")
    frame = read.frame.collect()
    assert read.columns[""]["format"] == "eve"
    assert frame["flow.bytes_toserver"].dtype == pl.Int64
    assert frame["timestamp"].dtype == pl.Datetime("us", "Etc/GMT-1")
    assert frame["flow.start"].dtype == pl.Datetime("us", "Etc/GMT-1")
    assert frame["metadata.flowbits"][0] == '["http.x","b"]'


@pytest.mark.parametrize("name", ["o.json", "o.jsonl", "o.log"])
def test_they_come_back_nested_in_the_times_they_had(name, sheet, again):
    (text,) = again(sheet(lines(FLOWS), "eve.json"), name)
    assert [json.loads(line) for line in text.splitlines()] == FLOWS
    assert list(json.loads(text.splitlines()[0])) == list(FLOWS[0])


def test_several_sorts_are_asked_for_by_name(sheet):
    mixed = lines([*FLOWS, *[DNS] * 3])
    with pytest.raises(DataError, match=r"2 types: flow \(40\), dns \(3\).*--event-type flow"):
        sheet(mixed, "eve.json")
    with pytest.raises(DataError, match=r"no event of type 'http'; it has flow \(40\), dns \(3\)"):
        sheet(mixed, "eve.json", file={"event_type": "http"})
    read = sheet(mixed, "eve.json", file={"event_type": "flow"})
    assert read.frame.collect().height == 40
    assert "3 of 43 events are not of type 'flow' and are left out" in read.notes[0]
    again = sheet(mixed, "eve.json", file=read.columns[""])
    assert again.frame.collect().height == 40


def test_a_file_cut_within_its_last_event(sheet):
    for cut in (20, 200):
        read = sheet((lines(FLOWS) + json.dumps(FLOWS[0])[:cut]), "eve.json")
        assert read.frame.collect().height == 40
    assert "the last line was cut within it, and is left out" in read.notes[0]


def test_zeek_as_json(sheet, again):
    rows = [
        {"ts": 1300475167.096535 + i, "uid": f"C{i}", "id.orig_h": "192.0.2.1", "duration": 0.5}
        for i in range(30)
    ]
    for row in rows[::3]:
        del row["duration"]
    read = sheet(lines(rows), "conn.log")
    assert read.columns[""]["format"] == "zeek-json"
    assert read.frame.collect()["ts"].dtype == pl.Datetime("us")
    (text,) = again(read, "o.log")
    assert [json.loads(line) for line in text.splitlines()] == rows


def test_a_stream_of_zeek_names_its_logs(sheet):
    rows = [{"_path": "conn" if i % 3 else "dns", "ts": 1300475167.5, "uid": "C"} for i in range(9)]
    with pytest.raises(DataError, match=r"2 types: conn \(6\), dns \(3\)"):
        sheet(lines(rows), "all.log")
    read = sheet(lines(rows), "all.log", file={"event_type": "dns"})
    assert read.frame.collect().height == 3


@pytest.mark.parametrize(
    "rows",
    [
        [{"a": {"b": {"c": 1}}, "l": [1, 2]}, {"a": {"b": {"c": 2}}, "l": []}],
        [{"a": {"x": 1}, "a.x": 3, "e": {}}, {"a.x": 5, "e": {}, "a": {"x": 2}}],
        [{"a": {"x": 1}}, {"a": 5}, {"a": {"x": 2}}],
        [{"l": [{"k": 1}, {"k": None}]}, {"l": [{"k": 2}]}],
        [{"l": [1, [2, "x"], {}], "n": 1}, {"l": ["y"], "n": 2}],
        [{"n": None, "a": {"b": 1}}, {"n": 2, "a": {"b": 2}}],
        [{"ms": 1, "time": 1711013400123}, {"ms": 2, "time": 1711013400456}],
    ],
)
def test_any_nesting_comes_back(rows, sheet, again):
    (text,) = again(sheet(lines(rows), "a.jsonl"), "o.jsonl")
    assert [json.loads(line) for line in text.splitlines()] == rows


def test_numbers_since_1970_are_times_by_their_name_alone(sheet):
    rows = [{"ts": 1700000000 + i, "flowEnd": 1.7e9 + i, "phone": 1700000000 + i} for i in range(9)]
    types = sheet(lines(rows), "a.jsonl").frame.collect_schema()
    assert types == {"ts": pl.Datetime("us"), "flowEnd": pl.Datetime("us"), "phone": pl.Int64}

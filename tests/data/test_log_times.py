"""Times as logs write them: each is a time, and comes back as it was written."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import polars as pl
import pytest

from interfuse.errors import SchemaError
from interfuse.io.forms import form_from_json
from interfuse.io.sheet import words_of
from interfuse.io.textforms import read_text
from interfuse.io.times import TimeForm, joins

WEST = timezone(timedelta(hours=-7))
RNG = random.Random(0)
STAMPS = [
    datetime(2024, 1, 1, tzinfo=UTC) + timedelta(microseconds=RNG.randrange(20_000_000 * 10**6))
    for _ in range(60)
]


def written(form, zone=UTC):
    return [stamp.astimezone(zone).strftime(form) for stamp in STAMPS]


FORMS = {
    "apache": written("[%d/%b/%Y:%H:%M:%S %z]", WEST),
    "syslog": written("%b %e %H:%M:%S"),
    "rfc2822": [format_datetime(s.astimezone(WEST)) for s in STAMPS],
    "mail": [f"{format_datetime(s)} (UTC)" for s in STAMPS],
    "compact": written("%Y%m%d%H%M%S"),
    "generalized": written("%Y%m%d%H%M%SZ"),
    "generalized fraction": written("%Y%m%d%H%M%S.0Z"),
    "generalized zone": written("%Y%m%d%H%M%S%z", WEST),
    "days first": written("%d/%m/%Y %H:%M"),
    "months first": written("%m/%d/%Y %I:%M:%S %p"),
    "offset without a colon": written("%Y-%m-%dT%H:%M:%S.%f%z", WEST),
    "nfdump": [s.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] for s in STAMPS],
    "colon before milliseconds": [s.strftime("%Y-%m-%d %H:%M:%S:%f")[:-3] for s in STAMPS],
    "snort": written("%m/%d-%H:%M:%S.%f"),
    "suricata fast": written("%m/%d/%Y-%H:%M:%S.%f"),
    "kibana": [s.strftime("%b %e, %Y @ %H:%M:%S.%f")[:-3] for s in STAMPS],
    "chinese": [f"{s.year}年{s.month}月{s.day}日 {s:%H:%M:%S}" for s in STAMPS],
    "in brackets": written("(%Y-%m-%d %H:%M:%S)"),
    "in quotes": written("'%Y-%m-%d %H:%M:%S'"),
    "ts": [str(int(s.timestamp())) for s in STAMPS],
    "timestamp_ms": [str(int(s.timestamp() * 1e3)) for s in STAMPS],
    "Stime": [str(int(s.timestamp() * 1e6)) for s in STAMPS],
    "flowStartNanoseconds": [f"{int(s.timestamp())}{s.microsecond:06d}000" for s in STAMPS],
    "first_seen": [f"{s.timestamp():.6f}" for s in STAMPS],
    "frame.time_epoch": [f"{int(s.timestamp())}.{s.microsecond:06d}000" for s in STAMPS],
}


@pytest.mark.parametrize("name", FORMS)
def test_it_is_a_time_and_comes_back(name):
    texts = pl.DataFrame({name: FORMS[name]})
    typed = read_text(texts.lazy(), [name])
    column = typed.frame.collect()[name]
    assert isinstance(column.dtype, pl.Datetime)
    assert not typed.losses
    assert typed.forms[name].text(column).to_list() == FORMS[name]
    if name not in ("syslog", "snort"):  # which have no year
        when = column.dt.replace_time_zone(None) if column.dtype.time_zone is None else column
        times = [t if t.tzinfo else t.replace(tzinfo=UTC) for t in when.to_list()]
        apart = [abs(t - s) for t, s in zip(times, STAMPS, strict=True)]
        assert max(apart) < timedelta(minutes=1)  # what a form without seconds leaves out


def test_whole_numbers_under_another_name_stay_numbers():
    texts = pl.DataFrame({n: FORMS["ts"] for n in ("phone", "bytes", "last_id", "weekend")})
    types = read_text(texts.lazy(), texts.columns).frame.collect_schema()
    assert set(types.values()) == {pl.Int64}


@pytest.mark.parametrize(
    ("first", "second", "dtype"),
    [
        ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d", pl.Datetime("us")),
        ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", pl.Datetime("us")),
        ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", pl.Datetime("us", "UTC")),
        ("%Y-%m-%dT%H:%M:%S%z", "%d/%b/%Y:%H:%M:%S", pl.Datetime("us", "UTC")),
    ],
)
@pytest.mark.parametrize("turn", [2, 3])
def test_two_ways_of_writing_are_one_column(first, second, dtype, turn):
    texts = [s.strftime(second if i % turn == 0 else first) for i, s in enumerate(STAMPS)]
    typed = read_text(pl.DataFrame({"when": texts}).lazy(), ["when"])
    column = typed.frame.collect()["when"]
    assert column.dtype == dtype
    assert not typed.losses
    for i, (value, stamp) in enumerate(zip(column.to_list(), STAMPS, strict=True)):
        shown = second if i % turn == 0 else first
        assert value.strftime(shown) == stamp.strftime(shown)
    form = typed.forms["when"]
    assert isinstance(form, TimeForm)
    assert {form.pattern, form.also} == {p.replace("SZ", "S%z") for p in (first, second)}
    assert form_from_json("when", form.to_json()) == form


@pytest.mark.parametrize(
    ("patterns", "dtype"),
    [
        (("%Y-%m-%d", "%d/%m/%Y", "%d %b %Y"), pl.Date()),
        (("%Y-%m-%d", "%d.%m.%Y", "%b %d, %Y", "%Y%m%d"), pl.Date()),
        (("%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%Y-%m-%d"), pl.Datetime("us")),
        (("%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M", "%b %d %Y"), pl.Datetime("us", "UTC")),
    ],
)
def test_three_ways_of_writing_are_one_column(patterns, dtype):
    ways = [patterns[i % len(patterns)] for i in range(len(STAMPS))]
    texts = [s.strftime(way) for s, way in zip(STAMPS, ways, strict=True)]
    typed = read_text(pl.DataFrame({"when": texts}).lazy(), ["when"])
    column, form = typed.frame.collect()["when"], typed.forms["when"]
    assert column.dtype == dtype
    assert not typed.losses
    assert [v.strftime(w) for v, w in zip(column.to_list(), ways, strict=True)] == texts
    assert isinstance(form, TimeForm)
    assert {form.pattern, *form.others} == {p.replace("SZ", "S%z") for p in patterns}
    assert form_from_json("when", form.to_json()) == form
    assert any(f"{form.pattern!r}, " in word for word in words_of(typed, str))


def test_day_and_month_that_change_places_are_told_of():
    texts = [s.strftime("%d/%m/%Y" if i % 2 else "%m/%d/%Y") for i, s in enumerate(STAMPS)]
    (said,) = words_of(read_text(pl.DataFrame({"when": texts}).lazy(), ["when"]), str)
    assert said.endswith("the first, in which every value counts that can be read in both")


def test_a_pattern_that_cannot_stand_beside_another():
    assert not joins(TimeForm("%Y-%m-%d"), TimeForm("%Y-%m-%d %H:%M"))
    with pytest.raises(SchemaError, match="cannot stand beside"):
        form_from_json("a", {"time": {"pattern": "%Y-%m-%d", "also": "%H:%M:%S"}})
    with pytest.raises(SchemaError, match="cannot stand beside"):
        form_from_json("a", {"time": {"pattern": "%Y-%m-%d", "more": ["%d.%m.%Y", "%H:%M"]}})
    with pytest.raises(SchemaError, match="malformed"):
        form_from_json("a", {"time": {"pattern": "%Y-%m-%d", "more": [3]}})

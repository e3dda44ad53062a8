"""Durations in the forms that people write: read exactly, written back, never made a key."""

import datetime as dt
import random

import polars as pl
import pytest

from interfuse import infer_schema
from interfuse.errors import InterfuseWarning, SchemaError
from interfuse.io.durations import DurationForm
from interfuse.io.forms import form_from_json
from interfuse.io.read import read_sheet
from interfuse.io.written import Writing

R = random.Random(3)
SPANS = [dt.timedelta(seconds=R.randint(0, 400_000)) for _ in range(120)]
FINE = [s + dt.timedelta(milliseconds=R.randint(0, 999)) for s in SPANS]


def parts(span):
    whole, rest = divmod(abs(span) // dt.timedelta(microseconds=1), 10**6)
    return whole // 3600, whole // 60 % 60, whole % 60, rest


def clock(span, hours="02d", end=""):
    h, m, s, rest = parts(span)
    return f"{'-' * (span < dt.timedelta())}{h:{hours}}:{m:02d}:{s:02d}" + end.format(rest // 1000)


def days(span, word="days", end=""):
    h, m, s, rest = parts(span - dt.timedelta(days=span.days))
    plus = "+" * (span.days < 0)
    return f"{span.days} {word} {plus}{h:02d}:{m:02d}:{s:02d}" + end.format(rest // 1000)


def minutes(span):
    h, m, s, rest = parts(span)
    return f"{60 * h + m:02d}:{s:02d}.{rest // 1000:03d}"


def units(span, *written, gap="", short=False, places=0):
    """A number for each unit, as `h`, `m`, `s`; without those that are zero if short."""
    left, out = abs(span) // dt.timedelta(microseconds=1), []
    for unit in written:
        size = 10**6 * {"d": 86_400, "h": 3_600, "m": 60, "s": 1}[unit.strip()[0]]
        number, left = divmod(left, size)
        end = f".{left // 10 ** (6 - places):0{places}d}" if places and unit == "s" else ""
        if number or end or not short:
            out.append(f"{number}{end}{unit}")
    return "-" * (span < dt.timedelta()) + gap.join(out or [f"0{written[-1]}"])


WHOLE = [dt.timedelta(minutes=R.randint(1, 9_000)) for _ in range(120)]
FORMS = {
    "units": (lambda s: units(s, "h", "m", "s"), SPANS),
    "units with blanks": (lambda s: units(s, "d", "h", "m", "s", gap=" "), SPANS),
    "units, those of zero left out": (lambda s: units(s, "d", "h", "m", short=True), WHOLE),
    "units as Go writes them": (lambda s: units(s, "h", "m", "s", places=3), FINE),
    "units in words": (lambda s: units(s, " hours", " mins", gap=" "), WHOLE),
    "negative units": (
        lambda s: units(s, "h", "m", gap=" "),
        [(-1) ** i * s for i, s in enumerate(WHOLE)],
    ),
    "hours": (clock, SPANS),
    "hours without a zero": (lambda s: clock(s, "d"), SPANS),
    "hours of three digits": (lambda s: clock(s, "03d"), SPANS),
    "hours and a fraction": (lambda s: clock(s, "02d", ".{:03d}"), FINE),
    "negative hours": (clock, [(-1) ** i * s for i, s in enumerate(SPANS)]),
    "pandas": (days, SPANS),
    "pandas, a fraction": (lambda s: days(s, end=".{:03d}"), FINE),
    "pandas, negative": (days, [(-1) ** i * s for i, s in enumerate(SPANS)]),
    "minutes": (minutes, FINE),
}


@pytest.fixture
def file(tmp_path):
    def of(texts):
        path = tmp_path / "t.csv"
        path.write_text("span,n\n" + "".join(f"{t},{i % 9}\n" for i, t in enumerate(texts)))
        return path

    return of


@pytest.mark.parametrize("form", FORMS)
def test_read_and_written_back(form, file):
    write, spans = FORMS[form]
    texts = [write(s) for s in spans]
    sheet = read_sheet(file(texts))
    frame = sheet.frame.collect()
    assert frame["span"].to_list() == spans
    assert Writing(sheet.columns).frame(frame)["span"].to_list() == texts
    assert infer_schema(str(file(texts)))["span"].kind == "datetime"


@pytest.mark.parametrize(
    ("texts", "spans"),
    [
        (["PT3H5M", "PT0H5M", "P1DT2H"], [11_100, 300, 93_600]),
        (["PT90M", "PT1.5S", "-PT3H5M"], [5_400, 1.5, -11_100]),
        (["1 day 00:00:05", "2 days, 01:00:00", "0 days 00:00:00.5"], [86_405, 176_400, 0.5]),
        (["1h30m", "45m", "2 hours 5 min"], [5_400, 2_700, 7_500]),
        (["1 day, 3 hrs", "10 secs", "-3m 5.5 sec"], [97_200, 10, -185.5]),
        (["5:04,25", "65:00,00", "0:00,01"], [304.25, 3_900, 0.01]),
    ],
)
def test_other_spellings(texts, spans, file):
    frame = read_sheet(file([f'"{t}"' for t in texts] * 30)).frame.collect()
    assert frame["span"].to_list() == [dt.timedelta(seconds=s) for s in spans] * 30


def test_times_of_day_stay_times(file):
    texts = [f"{i % 24:02d}:{i % 60:02d}:{i % 59:02d}" for i in range(100)]
    assert read_sheet(file(texts)).frame.collect()["span"].dtype == pl.Time
    assert read_sheet(file([*texts, "n/a"])).frame.collect()["span"].dtype == pl.Time


def test_what_is_no_duration_is_counted(file):
    texts = [*(clock(s) for s in SPANS), "30:71:00"]
    with pytest.warns(InterfuseWarning, match="1 of 121 values is no duration .*'30:71:00'"):
        assert read_sheet(file(texts)).frame.collect()["span"].null_count() == 1


@pytest.mark.parametrize(
    "texts",
    [
        ["4h", "9s", "10d", "7c"],
        ["30m1h", "5s2m", "1m30"],
        ["700 us", "3 min", "1.2 s"],
        ["P", "PT", "-P"],
        ["PTA", "PTB", "PTC"],
        ["1:2:3", "4:5:6", ""],
    ],
)
def test_texts_that_are_none(texts, file):
    assert read_sheet(file(texts * 30)).frame.collect()["span"].dtype == pl.String


def test_a_form_as_json():
    form = DurationForm("clock", 3, 2)
    assert form_from_json("a", form.to_json()) == form
    form = DurationForm("units", 3, 1, "#h #m", True)
    assert form_from_json("a", form.to_json()) == form
    for said in (
        {"shape": "units"},
        {"shape": "units", "pattern": "#m#h"},
        {"shape": "units", "pattern": "#h#x"},
        {"shape": "units", "pattern": "%h"},
        {"shape": "clock", "pattern": "#h"},
        {"shape": "units", "pattern": "#h", "short": 1},
    ):
        with pytest.raises(SchemaError, match="the form of column 'a' is malformed"):
            form_from_json("a", {"duration": said})
    for said in ({"shape": "x"}, {"shape": "clock", "digits": 12}, {"shape": "iso", "a": 1}, {}, 3):
        with pytest.raises(SchemaError, match="the form of column 'a' is malformed"):
            form_from_json("a", {"duration": said})

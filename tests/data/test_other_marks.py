"""Numbers and times with the marks, digits and words of other places: read, or no names."""

import datetime as dt
import random

import polars as pl
import pytest

from interfuse import infer_schema
from interfuse.io.monthnames import NAMES, NUMBERS
from interfuse.io.numbers import NumberForm
from interfuse.io.read import read_sheet
from interfuse.io.timepatterns import patterns_of
from interfuse.io.written import Writing

ROWS = 80
R = random.Random(11)
NUMBERS_ = [round(R.uniform(-9_999, 99_999), 2) for _ in range(ROWS)]
WHOLE = [R.randint(1, 99_999) for _ in range(ROWS)]
STAMPS = [
    dt.datetime(2021, 1, 1) + dt.timedelta(seconds=R.randint(0, 300 * 86_400)) for _ in range(ROWS)
]
DAYS = [s.date() for s in STAMPS]


def english(value):
    return f"{value:,.2f}"


def german(value):
    return english(value).translate(str.maketrans(",.", ".,"))


def digits(zero, **marks):
    table = {str(i): chr(ord(zero) + i) for i in range(10)} | {
        {"point": ".", "minus": "-"}[k]: v for k, v in marks.items()
    }
    return lambda v: f"{v:.2f}".translate(str.maketrans(table))


def signed(form, minus="-"):
    return lambda v: form.format(minus if v < 0 else "", english(abs(v)))


NUMERIC = {
    "a bracket behind the currency": lambda v: f"$({english(-v)})" if v < 0 else f"${english(v)}",
    "a bracket behind a blank": lambda v: f"$ ({english(-v)})" if v < 0 else f"$ {english(v)}",
    "a bracket before": lambda v: f"(${english(-v)})" if v < 0 else f"${english(v)}",
    "a minus behind the currency": signed("${}{}"),
    "a minus behind a blank": lambda v: f"€ {german(v)}",
    "a minus behind the number": lambda v: german(abs(v)) + "-" * (v < 0),
    "a thin blank": lambda v: german(v).replace(".", "\u2009"),
    "a blank as wide as a digit": lambda v: german(v).replace(".", "\u2007"),
    "underscores": lambda v: f"{v:_.2f}",
    "full width": digits("０", point="．", minus="－"),
    "full width, other marks": digits("０"),
    "Arabic digits": digits("٠", point="٫"),
    "Persian digits": digits("۰", point="٫"),
    "Devanagari": digits("०"),
    "Thai": digits("๐"),
    "a sign for yuan": lambda v: f"{v:.2f}元",
    "a wide sign for yen": signed("{}￥{}"),
    "a wide sign for per cent": lambda v: f"{v:.2f}％",
}
READ_ONLY = {
    "a blank behind the minus": lambda v: f"{v:.2f}".replace("-", "- "),
    "a dash": lambda v: f"{v:.2f}".replace("-", "–"),
    "a power of Fortran": lambda v: f"{v:.9E}".replace("E", "D"),
}


def table(folder, texts, name="column"):
    path = folder / "t.csv"
    rows = (f"{cell}\t{'ab'[i % 2]}" for i, cell in enumerate(texts))
    path.write_text(f"{name}\tword\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def column(path, name="column"):
    sheet = read_sheet(path)
    read = sheet.frame.collect()[name]
    return read, Writing(sheet.columns).column(read).cast(pl.String).to_list()


@pytest.mark.parametrize("name", [*NUMERIC, *READ_ONLY])
def test_numbers_keep_their_value_and_sign(name, tmp_path):
    texts = [(NUMERIC | READ_ONLY)[name](v) for v in NUMBERS_]
    path = table(tmp_path, texts)
    read, written = column(path)
    assert read.to_list() == pytest.approx(NUMBERS_, abs=1e-9)
    assert infer_schema(path)["column"].kind == "number"
    if name in NUMERIC:
        assert written == texts


@pytest.mark.parametrize("end", [",-", ".-", ",--", ",–"])
def test_prices_without_decimals(end, tmp_path):
    texts = [f"{v}{end}" for v in WHOLE]
    read, written = column(table(tmp_path, texts))
    assert read.to_list() == WHOLE
    assert written == texts


@pytest.mark.parametrize("mark", ["*", " (est)", "[1]", "†"])
def test_numbers_with_a_remark_are_missing_and_the_others_numbers(mark, tmp_path):
    texts = [f"{v:.2f}" + mark * (i % 9 == 0) for i, v in enumerate(NUMBERS_)]
    with pytest.warns(match=f"9 of {ROWS} values are no number"):
        read, _ = column(table(tmp_path, texts))
    assert read.to_list() == [None if i % 9 == 0 else v for i, v in enumerate(NUMBERS_)]


def test_codes_of_other_digits_keep_their_zeros(tmp_path):
    texts = [f"{v:05d}".translate({ord("0") + i: ord("０") + i for i in range(10)}) for v in WHOLE]
    assert column(table(tmp_path, texts))[0].to_list() == texts


@pytest.mark.parametrize("said", [{"sign": "above"}, {"script": "x"}, {"script": "０x"}])
def test_a_form_that_cannot_be_is_refused(said):
    with pytest.raises(ValueError, match="no form of numbers"):
        NumberForm.from_json(said)


TIMES = [
    "%Y:%m:%d %H:%M:%S",
    "%d%b%Y:%H:%M:%S",
    "%Y-%m-%d-%H.%M.%S.%f",
    "%d-%b-%y %I.%M.%S %p",
    "%Y-%m-%dT%H:%M:%S+02:00[Europe/Berlin]",
    "%Y-%m-%d %H:%M:%S Europe/Berlin",
    "%Y-%m-%d %H:%M:%S.%f +0000 UTC",
    "%Y-%m-%d %H:%M:%S (UTC)",
    "%Y年%m月%d日 %H时%M分%S秒",
    "%d.%m.%Y, %H:%M Uhr",
    "%d.%m.%Y %H.%M",
    "%d/%m/%Y à %H:%M",
    "%Y-%m-%dT%H-%M-%S",
    "%Y.%m.%d. %H:%M",
    "%d.%m.%Y um %H:%M",
]
DATES = ["%d%b%Y", "%d. %m. %Y", "%Y. %m. %d.", "%Y-%m-%dZ", "%d %B, %Y"]
CLOCKS = ["%Hh%M", "%I.%M%p", "%I.%M %p", "T%H:%M:%S", "%H:%M Uhr", "%I%p"]
PERIODS = ["%GW%V", "%GW%V%u"]


@pytest.mark.filterwarnings("ignore:.*two ways")
@pytest.mark.parametrize("form", [*TIMES, *DATES, *CLOCKS, *PERIODS])
def test_a_form_of_times_is_read_and_written(form, tmp_path):
    texts = [s.strftime(form) for s in STAMPS]
    read, written = column(table(tmp_path, texts))
    if form in PERIODS:
        day = "-%u" if "%u" not in form else ""
        truth = [dt.datetime.strptime(t + day[:1] + "1" * bool(day), form + day) for t in texts]
    else:
        plain = form.replace(" +0000 UTC", "").replace("+02:00[", "[")
        truth = [dt.datetime.strptime(s.strftime(plain), plain) for s in STAMPS]
    if read.dtype == pl.Date:
        truth = [t.date() for t in truth]
    elif read.dtype == pl.Time:
        truth = [t.time() for t in truth]
    else:
        read = read.dt.replace_time_zone(None)
    assert read.to_list() == truth
    assert written == texts


@pytest.mark.parametrize("language", NAMES)
@pytest.mark.parametrize("short", [False, True])
def test_months_in_the_languages_of_tables(language, short, tmp_path):
    names = NAMES[language][short]
    texts = [f"{s.day:02d} {names[s.month - 1]} {s.year}" for s in STAMPS]
    read, written = column(table(tmp_path, texts))
    assert read.to_list() == DAYS
    assert written == texts


@pytest.mark.parametrize(
    "form", ["{0.day}. {1} {0.year}", "{0.day} de {1} de {0.year}", "{1} {0.year}"]
)
def test_months_between_other_words(form, tmp_path):
    names = NAMES["es" if "de" in form else "de"][0]
    texts = [form.format(s, names[s.month - 1]) for s in STAMPS]
    read, written = column(table(tmp_path, texts))
    assert read.to_list() == [d if "day" in form else d.replace(day=1) for d in DAYS]
    assert written == texts


def test_no_name_of_a_month_means_two():
    for both in NAMES.values():
        for names in both:
            assert [NUMBERS[n.lower()] for n in names] == list(range(1, 13))


def ordinal(day):
    return f"{day}" + {1: "st", 2: "nd", 3: "rd"}.get(day % 10 * (day // 10 != 1), "th")


@pytest.mark.parametrize(
    "form", ["{1} {0:%B} {0.year}", "{0:%B} {1}, {0.year}", "{1} of {0:%b} {0.year}"]
)
def test_days_that_are_counted(form, tmp_path):
    texts = [form.format(s, ordinal(s.day)) for s in STAMPS]
    read, written = column(table(tmp_path, texts))
    assert read.to_list() == DAYS
    assert written == texts


@pytest.mark.parametrize(
    "text", ["set 3", "out 12", "15.14", "192.168.10.12", "1.2.3", "06-12-34-56-78", "A 12.10.2021"]
)
def test_what_is_no_time(text):
    assert patterns_of(text) == []


@pytest.mark.parametrize(
    "value",
    [
        lambda i: f"~{NUMBERS_[i]:.2f}",
        lambda i: f"'{NUMBERS_[i]:.2f}",
        lambda i: f"{NUMBERS_[i]:.2f}".replace(".", "·"),
        lambda i: f"{NUMBERS_[i]:.2f}".replace(".", "٫"),
        lambda i: f"{WHOLE[i]}.{i:02d}{'KM'[i % 2]}",
        lambda i: f"{WHOLE[i]},-",
        lambda i: f"{WHOLE[i]}元",
        lambda i: f"{NUMBERS_[i]:.2E}".replace("E", "D"),
        lambda i: f"{STAMPS[i]:%d%b%Y:%H:%M:%S}",
        lambda i: f"{STAMPS[i]:%Y-%m-%d-%H.%M.%S}",
        lambda i: f"{STAMPS[i]:%Y:%m:%d %H:%M:%S}",
        lambda i: f"/Date({STAMPS[i].timestamp():.0f}000)/",
        lambda i: f"@{STAMPS[i].timestamp():.0f}",
        lambda i: f"{STAMPS[i]:T%H:%M:%S}",
        lambda i: f"{STAMPS[i]:%Y-%m-%d_%H-%M-%S}",
    ],
)
def test_text_of_a_frame_that_is_numbers_or_times_is_no_key(value):
    frame = pl.DataFrame({"a": [value(i) for i in range(ROWS)]})
    assert infer_schema(frame)["a"].kind == "category"


@pytest.mark.parametrize(
    "value",
    [
        "host{:03d}",
        "0x{:04x}",
        "A{:05d}",
        "ICD-{:04d}",
        "{:08d}",
        "{:04d}-{:04d}",
        "v1.{:03d}.{:03d}",
    ],
)
def test_names_are_still_keys(value):
    frame = pl.DataFrame({"a": [value.format(i * 7919, i) for i in range(ROWS)]})
    assert infer_schema(frame)["a"].kind == "key"

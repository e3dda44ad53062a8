"""The same values in the forms that people write: typed rightly, or refused by name."""

import datetime as dt
import random

import polars as pl
import pytest

from interfuse import infer_schema
from interfuse.errors import InterfuseWarning
from interfuse.io.numberguess import forms_of_numbers
from interfuse.io.read import read_sheet
from interfuse.io.timeguess import forms_of_texts
from interfuse.io.written import Writing
from interfuse.kinds.table.asked import Asked

ROWS = 200
R = random.Random(7)
STAMPS = [
    dt.datetime(2021, 1, 1) + dt.timedelta(seconds=R.randint(0, 300 * 86_400)) for _ in range(ROWS)
]
NUMBERS = [round(R.uniform(-9_999, 99_999), 2) for _ in range(ROWS)]
SMALL = [round(R.uniform(0, 99), 1) for _ in range(ROWS)]
TRUTHS = [R.random() < 0.5 for _ in range(ROWS)]


def marks(value, group, decimal, decimals=2):
    text = f"{value:,.{decimals}f}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", group)


TIMES = [
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S+0200", "%Y-%m-%d %H:%M:%S+02:00", "%Y-%m-%dT%H:%M:%S+02",
    "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S,%f", "%Y-%m-%d",
    "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%y %H:%M:%S",
    "%d/%m/%Y %H:%M", "%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p", "%d-%m-%Y %H:%M", "%d-%b-%Y",
    "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y %I:%M %p",
    "%d/%b/%Y:%H:%M:%S -0700", "[%d/%b/%Y:%H:%M:%S -0700]", "%a, %d %b %Y %H:%M:%S +0000",
    "%a, %d %b %Y %H:%M:%S GMT", "%A, %d %B %Y", "%a %b %d %H:%M:%S %Y", "%Y%m%d",
    "%Y%m%d%H%M%S", "%Y%m%d%H%M%S%f", "%Y%m%dT%H%M%SZ", "%Y%m%d %H%M%S", "%Y-%m-%d %H",
    "%H:%M:%S", "%H:%M", "%I:%M %p", "%Y-%j", "%H:%M %d/%m/%Y", "%Y-%m-%d_%H:%M:%S",
    "%d%m%Y", "%m%d%Y", "%a %b %d %Y %H:%M:%S GMT+0100 (Central European Standard Time)",
    "%a %b %d %Y %H:%M:%S GMT-0700 (Pacific Daylight Time)",
]  # fmt: skip


def lakhs(value):
    whole, point, rest = f"{abs(value):.2f}".partition(".")
    start, end = whole[:-3], whole[-3:]
    while start:
        start, end = start[:-2], f"{start[-2:]},{end}"
    return "-" * (value < 0) + end + point + rest


NUMERIC = {
    "plain": lambda v: f"{v:.2f}",
    "decimal comma": lambda v: marks(v, "", ","),
    "thousands, English": lambda v: marks(v, ",", "."),
    "thousands, German": lambda v: marks(v, ".", ","),
    "thousands, French": lambda v: marks(v, " ", ","),
    "thousands, narrow blank": lambda v: marks(v, "\u202f", ","),
    "thousands, Swiss": lambda v: marks(v, "'", "."),
    "thousands, Indian": lambda v: lakhs(v * 100),
    "rupees": lambda v: "-" * (v < 0) + "₹" + lakhs(abs(v) * 100),
    "per cent": lambda v: f"{v:.2f}%",
    "per cent behind a blank": lambda v: marks(v, "", ",") + " %",
    "dollars": lambda v: "-" * (v < 0) + "$" + marks(abs(v), ",", "."),
    "euros behind": lambda v: marks(v, ".", ",") + " €",
    "a currency's code": lambda v: f"USD {abs(v):.2f}" if v > 0 else f"-USD {abs(v):.2f}",
    "a unit": lambda v: f"{v:.2f} ms",
    "a unit right behind": lambda v: f"{v:.2f}kB",
    "brackets": lambda v: f"({-v:.2f})" if v < 0 else f"{v:.2f}",
    "the minus behind": lambda v: f"{abs(v):.2f}" + "-" * (v < 0),
    "a long minus": lambda v: f"{v:.2f}".replace("-", "−"),
    "a plus": lambda v: f"{v:+.2f}",
    "powers of ten": lambda v: f"{v:.9e}",
    "powers of ten, Excel": lambda v: f"{v:.9E}".replace(".", ","),
    "powers of ten, a unit": lambda v: f"{v:.9e} m",
    "powers of ten, short": lambda v: f"{v:.9e}".replace("e+0", "e"),
    "blanks around": lambda v: f"  {v:.2f} ",
}
INDIAN = ("thousands, Indian", "rupees")
BOOLEANS = [("true", "false"), ("True", "False"), ("TRUE", "FALSE"), ("T", "F"), ("t", "f")]


def table(tmp_path, column, name="column", delimiter=";"):
    """A file of this column and a word."""
    path = tmp_path / "t.csv"
    rows = (f'"{cell}"{delimiter}{"ab"[i % 2]}' for i, cell in enumerate(column))
    path.write_text(f"{name}{delimiter}word\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def read_one(path):
    sheet = read_sheet(path)
    return sheet, sheet.frame.collect()


@pytest.mark.filterwarnings("ignore:.*two ways")
@pytest.mark.parametrize("form", TIMES)
def test_a_form_of_times_is_read_and_written(form, tmp_path):
    texts = [s.strftime(form) for s in STAMPS]
    truth = [dt.datetime.strptime(t, form) for t in texts]
    sheet, frame = read_one(table(tmp_path, texts))
    found = frame["column"]
    assert found.dtype.is_temporal()
    if found.dtype == pl.Date:
        truth = [t.date() for t in truth]
    elif found.dtype == pl.Time:
        truth = [t.time() for t in truth]
    else:  # of an instant the reading of the clock that wrote it
        found = found.dt.replace_time_zone(None)
    assert found.to_list() == truth
    assert infer_schema(tmp_path / "t.csv")["column"].kind == "datetime"
    assert Writing(sheet.columns).column(frame["column"]).cast(pl.String).to_list() == texts


@pytest.mark.parametrize("zone", ["+02:00", "+0530", "-0930", "EST", " CEST", "Z"])
def test_instants_are_kept_whatever_the_zone(zone, tmp_path):
    minutes = {"+02:00": 120, "+0530": 330, "-0930": -570, "EST": -300, " CEST": 120, "Z": 0}[zone]
    texts = [f"{s:%Y-%m-%dT%H:%M:%S}{zone}" for s in STAMPS]
    sheet, frame = read_one(table(tmp_path, texts))
    found = frame["column"].dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    assert found.to_list() == [s - dt.timedelta(minutes=minutes) for s in STAMPS]
    assert Writing(sheet.columns).column(frame["column"]).to_list() == texts


def test_zones_that_differ_are_all_in_utc(tmp_path):
    texts = [f"{s:%Y-%m-%d %H:%M:%S}{'+0200' if i % 3 else '+0100'}" for i, s in enumerate(STAMPS)]
    _, frame = read_one(table(tmp_path, texts))
    truth = [s - dt.timedelta(hours=2 if i % 3 else 1) for i, s in enumerate(STAMPS)]
    assert frame["column"].dt.replace_time_zone(None).to_list() == truth
    assert isinstance(frame["column"].dtype, pl.Datetime)
    assert frame["column"].dtype.time_zone == "UTC"


@pytest.mark.parametrize("name", NUMERIC)
def test_a_form_of_numbers_is_read(name, tmp_path):
    texts = [NUMERIC[name](v) for v in NUMBERS]
    _, frame = read_one(table(tmp_path, texts))
    truth = [100 * v for v in NUMBERS] if name in INDIAN else NUMBERS
    assert frame["column"].to_list() == pytest.approx(truth, abs=1e-8)
    assert infer_schema(tmp_path / "t.csv")["column"].kind == "number"


@pytest.mark.parametrize("name", ["plain", "decimal comma", "dollars", "a unit", "a plus"])
@pytest.mark.parametrize("word", ["inf", "-inf", "+Inf", "Infinity", "-INFINITY", "∞", "−∞"])
def test_words_for_infinity_are_numbers_in_every_form(name, word, tmp_path):
    texts = [NUMERIC[name](v) for v in NUMBERS]
    texts[5] = word
    _, frame = read_one(table(tmp_path, texts))
    infinite = float("-inf") if word[0] in "-−" else float("inf")
    truth = [*NUMBERS[:5], infinite, *NUMBERS[6:]]
    assert frame["column"].to_list() == pytest.approx(truth, abs=1e-9)


LOSSLESS = [
    n for n in NUMERIC if n not in ("the minus behind", "a long minus", "a plus", "blanks around")
]


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_form_of_numbers_is_written(name, tmp_path):
    texts = [NUMERIC[name](v) for v in NUMBERS]
    sheet, frame = read_one(table(tmp_path, texts))
    assert Writing(sheet.columns).column(frame["column"]).cast(pl.String).to_list() == texts


@pytest.mark.parametrize(("yes", "no"), BOOLEANS)
def test_a_form_of_booleans_is_read_and_written(yes, no, tmp_path):
    texts = [yes if v else no for v in TRUTHS]
    texts[3] = "n/a"
    sheet, frame = read_one(table(tmp_path, texts))
    assert frame["column"].to_list() == [*TRUTHS[:3], None, *TRUTHS[4:]]
    written = Writing({"": {}, **sheet.columns}).column(frame["column"])
    assert written.dtype == pl.Boolean or written.to_list() == [*texts[:3], None, *texts[4:]]


@pytest.mark.parametrize("pair", [("yes", "no"), ("Y", "N"), ("on", "off"), ("ja", "nein")])
def test_words_of_two_values_stay_words_of_two_values(pair, tmp_path):
    path = table(tmp_path, [pair[v] for v in TRUTHS])
    spec = infer_schema(path)["column"]
    assert (spec.kind, spec.dtype) == ("category", pl.String)


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
def test_the_end_of_a_day_at_24_is_the_start_of_the_next(form, tmp_path):
    hours = [dt.datetime(2024, 2, 28) + dt.timedelta(hours=i) for i in range(1, 72)]
    day = dt.timedelta(days=1)
    texts = [
        (t - day).strftime(form.replace("%H", "24")) if t.hour == 0 else t.strftime(form)
        for t in hours
    ]
    _, frame = read_one(table(tmp_path, texts))
    assert frame["column"].dt.replace_time_zone(None).to_list() == hours
    texts[1] = texts[1].replace("02:00", "24:30")
    with pytest.warns(InterfuseWarning, match="1 of 71 values is no time"):
        _, frame = read_one(table(tmp_path, texts))
    assert frame["column"].null_count() == 1


def test_seasons_are_no_months(tmp_path):
    texts = [f"{2002 + i % 9}/{(3 + i % 9):02d}" for i in range(ROWS)]
    _, frame = read_one(table(tmp_path, texts))
    assert frame["column"].to_list() == texts
    texts = [f"{2002 + i % 9}/{(3 + i * 5 % 9):02d}" for i in range(ROWS)]
    _, frame = read_one(table(tmp_path, texts))
    assert frame["column"].dtype == pl.Date


def digits(many):
    return [f"{R.randrange(10**many):0{many}d}" for _ in range(ROWS)]


@pytest.mark.parametrize(
    "texts",
    [
        digits(5),
        ["007", *(str(i) for i in range(1000, 1000 + ROWS - 1))],
        [str(i) for i in range(1000, 1000 + ROWS - 1)] + ["0123"],
        ["36893488147419103232", *map(str, range(ROWS - 1))],
        [f"host{i}" for i in range(ROWS)],
        [f"10.0.{i % 7}.{i % 250}" for i in range(ROWS)],
        [f"{i % 9}.{i % 7}.{i % 5}" for i in range(ROWS)],
        [f"A{i}" for i in range(ROWS)],
        [f"AB-{i:05d}" for i in range(ROWS)],
        [R.choice(["80", "443", "53", "http", "ssh"]) for _ in range(ROWS)],
        [R.choice(["0", "1", "2", "3+"]) for _ in range(ROWS)],
        [R.choice([f"A/5 {i}", str(100_000 + i), f"{200_000 + i}"]) for i in range(ROWS)],
        [f"{i} {R.choice(['kB', 'MB'])}" for i in range(ROWS)],
    ],
)
def test_what_only_looks_like_numbers_stays_as_it_is(texts, tmp_path):
    _, frame = read_one(table(tmp_path, texts))
    assert frame["column"].to_list() == texts


@pytest.mark.parametrize(
    "word", ["error", "degC", "see note", "unknown", "<0.5", "12 or so", "1,5,2"]
)
@pytest.mark.parametrize("sort", ["numbers", "decimal commas", "whole", "times", "dates"])
def test_one_other_word_is_missing_and_told_of(word, sort, tmp_path):
    texts = {
        "numbers": [f"{v:.2f}" for v in NUMBERS],
        "decimal commas": [marks(v, "", ",") for v in NUMBERS],
        "whole": [str(int(v)) for v in NUMBERS],
        "times": [f"{s:%Y-%m-%dT%H:%M:%S+0200}" for s in STAMPS],
        "dates": [f"{s:%d.%m.%Y}" for s in STAMPS],
    }[sort]
    texts[17] = word
    with pytest.warns(InterfuseWarning, match=f"column 'column': 1 of 200 .*{word!r} in line 19"):
        _, frame = read_one(table(tmp_path, texts))
    column = frame["column"]
    assert column.null_count() == 1
    assert column[17] is None
    assert column.dtype.is_temporal() if sort in ("times", "dates") else column.dtype.is_numeric()
    with pytest.warns(InterfuseWarning):
        assert infer_schema(tmp_path / "t.csv")["column"].kind in ("number", "datetime")


def with_words(sort, share, words):
    """400 cells, so many of them of the sort that no chance moves them, the others words."""
    value = {
        "decimals": lambda i: f"{NUMBERS[i % ROWS]:.2f}",
        "whole": lambda i: str(i * 37 % 901),
        "times": lambda i: f"{STAMPS[i % ROWS]:%d.%m.%Y %H:%M}",
    }[sort]
    cells = [value(i) if i < round(400 * share) else words[i % len(words)] for i in range(400)]
    R.shuffle(cells)
    return cells


MARKS = ["off", "sensor error"]
REMARKS = ["low", "high", "trace", "below limit", "unlimited", "broken", "see note", "uncalibrated"]


@pytest.mark.parametrize("words", [MARKS, REMARKS])
@pytest.mark.parametrize("sort", ["decimals", "whole", "times"])
@pytest.mark.parametrize("share", [0.7, 0.9])
def test_of_a_column_that_is_mostly_numbers_the_words_are_missing(share, sort, words, tmp_path):
    path = table(tmp_path, with_words(sort, share, words), name="m n")
    lost = round(400 * (1 - share))
    with pytest.warns(InterfuseWarning, match=f"{lost} of 400 .* count as missing") as told:
        assert infer_schema(path)["m n"].kind == ("datetime" if sort == "times" else "number")
    assert "to keep the words, say `--as 'm n=category'`, in Python kinds={'m n': 'category'}" in (
        str(told[0].message)
    )
    kept = Asked.of({"m n": "category"}).said
    assert read_sheet(path, kept).frame.collect()["m n"].dtype == pl.String


@pytest.mark.parametrize("words", [MARKS, REMARKS])
@pytest.mark.parametrize("sort", ["decimals", "whole", "times"])
def test_half_and_half_stays_text_and_is_told_of(sort, words, tmp_path):
    texts = with_words(sort, 0.55, words)
    path = table(tmp_path, texts, name="m")
    kind = "time" if sort == "times" else "number"
    with pytest.warns(InterfuseWarning, match=f"'m': stays text: 220 of 400 .*--as m={kind}`"):
        assert infer_schema(path)["m"].kind == "category"
    with pytest.warns(InterfuseWarning, match="leave these cells empty"):
        assert read_one(path)[1]["m"].to_list() == texts
    with pytest.warns(InterfuseWarning, match="180 of 400 .* count as missing"):
        read = read_sheet(path, Asked.of({"m": kind}).said).frame.collect()["m"]
    assert read.null_count() == 180


def test_less_than_half_stays_text_that_is_never_made_anew(tmp_path):
    texts = [f"{v:.2f}" if i % 5 < 2 else f"word {i}" for i, v in enumerate(NUMBERS)]
    _, frame = read_one(table(tmp_path, texts))
    assert frame["column"].to_list() == texts


def test_text_of_a_frame_that_is_mostly_numbers_is_no_key():
    texts = [f"{v:.3f}" for v in NUMBERS]
    texts[5] = "n/a"
    spec = infer_schema(pl.DataFrame({"a": texts}))["a"]
    assert spec.kind == "category"
    assert "look like numbers or times, others are not, such as 'n/a'" in spec.note


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["25/12/2021", "01/02/2021", "03/04/2021"], "%d/%m/%Y"),
        (["12/25/2021", "01/02/2021", "03/04/2021"], "%m/%d/%Y"),
    ],
)
def test_a_day_beyond_twelve_says_which_is_the_day(values, form):
    first = forms_of_texts(pl.Series(values), "when")[0]
    assert (first.pattern, first.open) == (form, "")


def test_where_nothing_says_which_is_the_day_it_is_said(tmp_path):
    days = [f"0{1 + i % 9}/07/2021 12:{i % 60:02d}" for i in range(60)]
    with pytest.warns(InterfuseWarning, match=r"two ways; read as '%d/%m/%Y %H:%M', not as '%m/%d"):
        _, frame = read_one(table(tmp_path, days))
    assert frame["column"].dt.month().unique().to_list() == [7]


@pytest.mark.parametrize(
    ("texts", "comma", "value"),
    [
        (["1,234", "999", "2,500"], None, 1234),
        (["1,234", "0,500", "2,500"], None, 1.234),
        (["1,234", "12,5", "2,500"], None, 1.234),
        (["1.234", "999", "2.500"], None, 1234),
        (["1.234", "0.999", "2.500"], None, 1.234),
        (["1,234", "5,678"], True, 1.234),
        (["1,234", "5,678"], None, 1234),
    ],
)
def test_a_mark_of_thousands_or_of_decimals(texts, comma, value):
    form = forms_of_numbers(pl.Series(texts), comma)[0]
    assert pl.select(form.value(pl.lit(texts[0]))).item() == value


def test_the_other_columns_settle_what_a_mark_means(tmp_path):
    path = tmp_path / "t.csv"
    rows = (f"{marks(v, '', ',')};{marks(100 + i, '.', ',', 3)}" for i, v in enumerate(NUMBERS))
    path.write_text("a;b\n" + "\n".join(rows) + "\n")
    with pytest.warns(InterfuseWarning, match="column 'b': can be read in two ways"):
        _, frame = read_one(path)
    assert frame["b"].to_list() == [100.0 + i for i in range(ROWS)]


@pytest.mark.parametrize(
    ("name", "unit"), [("unix_time", 1), ("timestamp", 1), ("ts_ms", 1000), ("epoch_us", 10**6)]
)
def test_seconds_since_1970_where_they_are_called_so(name, unit, tmp_path):
    start = dt.datetime(1970, 1, 1)
    texts = [str(int((s - start).total_seconds()) * unit) for s in STAMPS]
    sheet, frame = read_one(table(tmp_path, texts, name))
    assert frame[name].to_list() == STAMPS
    assert Writing(sheet.columns).column(frame[name]).to_list() == texts
    _, other = read_one(table(tmp_path, texts, "bytes"))
    assert other["bytes"].to_list() == list(map(int, texts))


@pytest.mark.parametrize("minus", ["−", "–", "-"])
@pytest.mark.parametrize("around", ["{}", "{} dBm", "${}"])
def test_drawn_numbers_have_the_minus_of_the_column(minus, around, tmp_path):
    """`−67 dBm` with the minus of Unicode is written by spreadsheets and scanners of networks."""
    r = random.Random(1)
    values = [-r.randint(30, 95) if r.random() < 0.9 else r.randint(1, 9) for _ in range(60)]
    texts = [("" if v > 0 else minus) + around.format(abs(v)) for v in values]
    (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"{t},a\n" for t in texts))
    sheet = read_sheet(tmp_path / "a.csv")
    frame = sheet.frame.collect()
    assert frame["x"].to_list() == values
    form = Writing(sheet.columns).column(frame["x"])
    assert form.cast(pl.String).to_list() == texts

"""Workbooks: every row is looked at, and what is of another type than its column is counted."""

import datetime as dt
import io
import re

import polars as pl
import pytest

from interfuse import infer_schema
from interfuse.errors import DataError, InterfuseWarning
from interfuse.io.read import read_sheet

pytest.importorskip("fastexcel")
xlsxwriter = pytest.importorskip("xlsxwriter")
ROWS = 1_300
"""More than the rows by which calamine guesses types unless it is told to look at all."""
DAY = dt.date(2024, 1, 1)
FORMATS = {
    dt.datetime: "yyyy-mm-dd hh:mm:ss",
    dt.date: "yyyy-mm-dd",
    dt.time: "hh:mm:ss",
    dt.timedelta: "[h]:mm:ss",
}


@pytest.fixture
def book(tmp_path):
    def of(rows, down=0):
        path = tmp_path / "t.xlsx"
        with xlsxwriter.Workbook(str(path)) as made:
            forms = {t: made.add_format({"num_format": f}) for t, f in FORMATS.items()}
            sheet = made.add_worksheet("data")
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    if type(cell) in forms:
                        sheet.write_datetime(i + down, j, cell, forms[type(cell)])
                    elif cell is not None:
                        sheet.write(i + down, j, cell)
        return path

    return of


def column(late, early=lambda i: i * 1.5):
    return [["a", "b"], *([early(i) if i < ROWS - 20 else late(i), i % 7] for i in range(ROWS))]


def read(path):
    return read_sheet(path).frame.collect()


def test_a_word_far_down_is_missing_and_named(book):
    with pytest.warns(InterfuseWarning, match="20 of 1,300 values .*'broken' in row 1,282"):
        a = read(book(column(lambda _: "broken")))["a"]
    assert a.dtype == pl.Float64
    assert a.null_count() == 20


@pytest.mark.parametrize(
    ("early", "late", "dtype"),
    [
        (lambda i: i, lambda i: i + 0.5, pl.Float64),
        (lambda _: None, lambda i: f"t{i}", pl.String),
        (lambda _: None, lambda i: i, pl.Int64),
        (lambda i: f"t{i}", lambda i: f"{i}", pl.String),
        (lambda i: i % 2 == 0, lambda i: i % 3 == 0, pl.Boolean),
        (lambda i: DAY + dt.timedelta(i), lambda i: f"{DAY + dt.timedelta(i)}", pl.Date),
    ],
)
def test_no_value_far_down_is_lost(book, early, late, dtype):
    rows = column(late, early)
    a = read(book(rows))["a"]
    assert a.dtype == dtype
    assert a.null_count() == sum(row[0] is None for row in rows)


def test_types_are_those_of_any_file(book):
    rows = [
        [i, i / 4, DAY + dt.timedelta(i), dt.datetime(2024, 1, 1, i), dt.time(i, 30), i % 2 == 0]
        for i in range(1, 24)
    ]
    frame = read(book([["id", "x", "day", "when", "at", "ok"], *rows]))
    assert frame.dtypes[:3] == [pl.Int64, pl.Float64, pl.Date]
    assert frame.dtypes[4:] == [pl.Time, pl.Boolean]
    assert frame.rows() == [tuple(row) for row in rows]


def test_whole_numbers_that_count_rows_are_a_key(book):
    path = book([["id", "x"], *([i, (i * 37) % 11] for i in range(1, 60))])
    assert infer_schema(path)["id"].kind == "key"


BODY = [[i * 0.5, i, "abc"[i % 3]] for i in range(30)]
NAMES = ["temp", "n", "site"]


@pytest.mark.parametrize("down", [0, 3])
@pytest.mark.parametrize(
    ("above", "below", "said"),
    [
        ([["Report 2024"]], [], "1 row above the names counts"),
        ([["Report 2024"], [], ["made", dt.date(2024, 1, 1)], []], [], "4 rows above the names"),
        ([], [["Total", 435, None]], r"hold totals or remarks"),
        (
            [],
            [[None, None, None], ["Source: the office", None, None]],
            "2 rows .*totals or remarks",
        ),
        ([], [NAMES, *BODY], r"1 row is left out \(row AT32\): it seems to repeat the names"),
        ([["Report"], []], [NAMES, *BODY], r"1 row is left out \(row AT34\): it seems to repeat"),
    ],
)
def test_rows_that_are_none(book, above, below, said, down):
    said = re.sub(r"AT(\d+)", lambda found: str(int(found[1]) + down), said)
    with pytest.warns(InterfuseWarning, match=said):
        frame = read(book([*above, NAMES, *BODY, *below], down))
    assert frame.columns == NAMES
    assert frame.dtypes == [pl.Float64, pl.Int64, pl.String]
    assert frame.height == 30 * (2 if NAMES in below else 1)
    assert frame.null_count().row(0) == (0, 0, 0)


def test_rows_without_a_value_between_the_others(book):
    told = r"2 rows are left out \(row 12, 13\): they seem to hold no value"
    with pytest.warns(InterfuseWarning, match=told):
        frame = read(book([NAMES, *BODY[:10], [None] * 3, [None, " ", None], *BODY[10:]]))
    assert frame.dtypes == [pl.Float64, pl.Int64, pl.String]
    assert frame.height == 30
    assert frame.null_count().row(0) == (0, 0, 0)


def test_a_last_row_of_sums_without_a_word(book):
    sums = [sum(row[0] for row in BODY), sum(row[1] for row in BODY), None]
    with pytest.warns(
        InterfuseWarning, match=r"1 row is left out \(row 32\): it seems to hold totals"
    ):
        assert read(book([NAMES, *BODY, sums])).height == 30


def test_a_row_of_units(book):
    with pytest.warns(
        InterfuseWarning, match=r"1 row is left out \(row 2\): it seems to hold units"
    ):
        frame = read(book([NAMES, ["degC", "pcs", "-"], *BODY]))
    assert frame.dtypes == [pl.Float64, pl.Int64, pl.String]
    assert frame.height == 30


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a", "a", "b"], "share a name: 'a'"),
        (["a", None, "b"], "gives? none to column 2 of 3"),
        (["a", " ", "b"], "gives? none to column 2 of 3"),
    ],
)
def test_names_are_each_of_its_own(book, names, message):
    with pytest.raises(DataError, match=message):
        read(book([names, *BODY]))


def test_a_full_disk_leaves_no_archive_that_cannot_be_closed(tmp_path):
    """pytest makes an error of what Python cannot raise while it takes objects apart."""
    import gc

    from interfuse.io.excel import Excel
    from interfuse.io.written import Writing

    class Full(io.BytesIO):
        def write(self, *_):
            raise OSError(28, "No space left on device")

    frame = pl.DataFrame({"a": [1, 2]})
    sink = Excel().open(Full(), frame, Writing({}))
    sink.put(frame)
    with pytest.raises(OSError, match="No space"):
        sink.close()
    gc.collect()

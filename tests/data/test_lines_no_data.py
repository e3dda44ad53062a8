"""Lines that hold no row: titles, units, comments, names again; counted, or one clear error."""

import random
import warnings

import polars as pl
import pytest

from interfuse.errors import DataError, InterfuseWarning
from interfuse.io.read import read_sheet

ROWS = 40
R = random.Random(5)
CELLS = [
    (
        f"{R.uniform(0, 99):.2f}",
        str(R.randint(0, 50)),
        R.choice("abc"),
        f"2024-0{1 + i % 9}-1{i % 10}",
    )
    for i in range(ROWS)
]
NAMES = ("temp", "n", "site", "day")
TYPES = [pl.Float64, pl.Int64, pl.String, pl.Date]


def lines(*rows, mark=","):
    return "".join(mark.join(row) + "\n" for row in rows)


TABLE = lines(NAMES, *CELLS)
BODY = lines(*CELLS)


@pytest.fixture
def read(tmp_path):
    def of(content):
        path = tmp_path / "t.csv"
        path.write_text(content, encoding="utf-8", newline="")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            frame = read_sheet(path).frame.collect()
        return frame, [str(w.message) for w in told if issubclass(w.category, InterfuseWarning)]

    return of


def is_whole(frame, rows=ROWS, names=NAMES):
    assert frame.columns == list(names)
    assert frame.height == rows
    assert frame.dtypes == TYPES
    assert sum(frame.null_count().row(0)) == 0
    assert set(frame["site"].to_list()) <= set("abc")


@pytest.mark.parametrize(
    ("title", "count"),
    [
        ("// made by a program\n", 1),
        ("// made\n// by, two\n", 2),
        ("; made by\n; a program\n", 2),
        ("% made by a program\n", 1),
        ("-- made by\n", 1),
        ("! made by\n", 1),
        ("* made by\n", 1),
        ("Report of 2024\n", 1),
        ("Report of 2024\n\n", 2),
        ("Company Ltd\n\nCreated: today\n\n", 4),
        ("Report,,,\n,,,\n", 2),
        ("Report,2024,,\n", 1),
    ],
)
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_title_above_the_names(read, title, count, mark):
    if mark == ";" and title.startswith(";"):
        title = title.replace(";", "//")
    title = title.replace(",", mark)
    frame, told = read(title + TABLE.replace(",", mark))
    is_whole(frame)
    assert len(told) == 1
    assert "above the names and count" in told[0]
    assert ("the first line" if count == 1 else f"the first {count} lines") in told[0]


@pytest.mark.parametrize(
    "content",
    [
        "address\n" + "".join(f"{i} Main St, City, State\n" for i in range(20)),
        lines(NAMES[1:], *CELLS),  # names of rows have no name, as R writes them
        "a,b,c\nx,y,z\n1\n" + "u,v,w\n" * 5,
    ],
)
def test_what_is_no_title_is_an_error_with_its_line(read, content):
    with pytest.raises(DataError, match=r"line \d+ has \d fields?; expected \d"):
        read(content)


@pytest.mark.parametrize(
    "units",
    [
        ("degC", "-", "-", ""),
        ("[degC]", "[1]", "[]", "[d]"),
        ("degC", "pcs", "", ""),
        ("W/m^2", "1/s", "-", "UTC"),
        ("(degC)", "(10^3)", "", ""),
        ("float", "int", "string", "date"),
        ("", "pcs", "", ""),
        ("m s^-2", "-", "n/a", ""),
        ("µg/m3", "", "", ""),
    ],
)
def test_a_line_of_units(read, units):
    frame, told = read(lines(NAMES, units, *CELLS))
    is_whole(frame)
    assert told == [f"{told[0].partition(': ')[0]}: line 2 is left out: it seems to hold units"]


@pytest.mark.parametrize(
    "first",
    [("see note", "4", "a", "2024-01-01"), ("see note", "", "a", ""), ("12 pcs", "", "", "")],
)
def test_a_first_row_with_a_word_is_a_row(read, first):
    frame, told = read(lines(NAMES, first, *CELLS))
    assert frame.height == ROWS + 1
    assert any(repr(first[0]) in t and "line 2" in t for t in told)


@pytest.mark.parametrize(
    "again",
    [
        "\ufeff" + lines(NAMES),
        "\ufeff" + lines([f'"{n}"' for n in NAMES]),
        lines([f" {n} " for n in NAMES]),
        lines([n.upper() for n in NAMES]),
        "\n" + lines(NAMES),
        "# part 2\n" + lines(NAMES),
    ],
)
def test_files_put_behind_each_other(read, again):
    frame, told = read(TABLE + again + BODY)
    is_whole(frame, 2 * ROWS)
    assert any("repeat the names" in t for t in told)


@pytest.mark.parametrize("other", [NAMES[::-1], ("n", "temp", "site", "day")])
def test_names_in_another_order_are_refused(read, other):
    with pytest.raises(DataError, match="line 42 names the columns in another order"):
        read(TABLE + lines(other) + BODY)


@pytest.mark.parametrize("comment", ["# part, two, of, four", "#a,b,c,d", "# 1, word, x, y"])
def test_a_comment_with_as_many_fields_as_a_row(read, comment):
    frame, told = read(TABLE + comment + "\n" + BODY)
    is_whole(frame, 2 * ROWS)
    assert any("line 42 is left out: it seems to hold comments" in t for t in told)


def test_a_row_that_begins_as_a_comment_but_holds_values(read):
    cells = [("#1", "3", "2024-01-02"), ("#2", "4", "2024-01-03")] * 10
    assert read(lines(("rank", "n", "day"), *cells))[0].height == 20


@pytest.mark.parametrize(
    "word", ["Summe {}", "{} Total", "Total {}:", "{} Ergebnis", "Subtotal {}"]
)
def test_totals_of_groups_are_named_and_the_last_is_left_out(read, word):
    """As the spreadsheet's own subtotals are: `North Total` below the rows of North."""
    lines = ["region,store,sales"]
    for group in ("North", "South"):
        lines += [f"{group},S{i % 7},{100 + 7 * i}.5" for i in range(30)]
        lines.append(f"{word.format(group)},,6195.0")
    frame, told = read("\n".join(lines) + "\n")
    assert frame["region"].to_list() == ["North"] * 30 + [word.format("North")] + ["South"] * 30
    assert any("line 32 seems to hold a total" in t for t in told)
    assert any("line 63" in t and "totals or remarks" in t for t in told)


def test_names_that_begin_like_a_total_are_values(read):
    """`Total Energies` is a company; no field is empty."""
    lines = [
        "company,share",
        *[f"{n},{i}.5" for i, n in enumerate(["Energies", "Total Energies"] * 20)],
    ]
    frame, told = read("\n".join(lines) + "\n")
    assert frame.height == 40
    assert not any("total" in t for t in told)


@pytest.mark.parametrize("total", [",,Mittelwert,", "Total,,,", ",,,Sum", "Summe,,,\n,,,"])
def test_a_total_that_stands_alone(read, total):
    frame, told = read(TABLE + total + "\n")
    is_whole(frame)
    assert any("totals or remarks" in t for t in told)


def test_a_delimiter_behind_every_line(read):
    frame, told = read("".join(line + ",\n" for line in TABLE.splitlines()))
    is_whole(frame)
    assert any("column 5 has neither a name nor a value and is left out" in t for t in told)
    with pytest.raises(DataError, match="gives no name to column 5 of 5"):
        read("".join(line + f",{i or ''}\n" for i, line in enumerate(TABLE.splitlines())))


@pytest.mark.parametrize("name", ['te"mp', '"temp"', 'a"b"c', "te'mp", "te\nmp", "te,mp", 'x""y'])
def test_names_with_marks_of_quotes(read, name):
    head = ('"' + name.replace('"', '""') + '"', *NAMES[1:])
    is_whole(read(lines(head, *CELLS))[0], names=(name, *NAMES[1:]))


def test_columns_filled_up_with_blanks_are_refused(read):
    """What `ss` and `lsof` print was one column of free text, of which nothing is drawn."""
    r = random.Random(3)
    lines = [f"{'State':<12}{'Recv-Q':<8}{'Local Address:Port':<24}Peer Address:Port"]
    for _ in range(30):
        port = r.randint(1024, 65535)
        lines.append(
            f"{r.choice(['ESTAB', 'TIME-WAIT']):<12}{0:<8}{'10.0.0.1:22':<24}172.16.0.2:{port}"
        )
    with pytest.raises(DataError, match="stand below each other"):
        read("\n".join(lines) + "\n")


def test_sentences_with_two_blanks_are_text(read):
    lines = ["remark", *[f"It works.  Mostly {i}.  I think so." for i in range(30)]]
    assert read("\n".join(lines) + "\n")[0].height == 30


@pytest.mark.parametrize("mixed", [True, False])
def test_degrees_of_a_hemisphere_are_not_watts(mixed, tmp_path):
    """`12.5W` beside `3.1E` has two signs, not a unit: to read half of them is not advised."""
    r = random.Random(3)
    sides = "EW" if mixed else "E"
    lines = ["lon", *[f"{r.uniform(0, 90):.4f}{r.choice(sides)}" for _ in range(60)]]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error", InterfuseWarning)
        column = read_sheet(tmp_path / "a.csv").frame.collect()["lon"]
    assert column.dtype == (pl.String if mixed else pl.Float64)
    if not mixed:
        assert column.to_list() == [float(line[:-1]) for line in lines[1:]]

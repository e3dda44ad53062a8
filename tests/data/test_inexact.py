"""Numbers that float64 does not hold as they are written, and versions that are no numbers."""

import subprocess
import sys
import warnings
from decimal import Decimal

import polars as pl
import pytest

import interfuse
from interfuse.io.inexact import inexact
from interfuse.io.read import read_sheet
from interfuse.kinds.table.asked import Asked


def read(tmp_path, texts, asked=None, name="x.csv"):
    path = tmp_path / name
    path.write_text("n,v\n" + "".join(f"{i},{text}\n" for i, text in enumerate(texts)))
    said = Asked.of({"v": asked}).said if asked else None
    sheet = read_sheet(path, said=said)
    return sheet.frame.collect()["v"], [n for n in sheet.notes if "'v'" in n]


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("1e400", float("inf"), "beyond the range of float64 and counts as infinite"),
        ("-1e400", float("-inf"), "beyond the range of float64 and counts as infinite"),
        ("9" * 310 + ".5", float("inf"), "beyond the range of float64 and counts as infinite"),
        ("1e-400", 0.0, "too near 0 for float64 and counts as 0"),
        ("0." + "0" * 330 + "7", 0.0, "too near 0 for float64 and counts as 0"),
        ("3.14159265358979323846", 3.141592653589793, "more digits than float64 holds and counts"),
        ("123456789012345678901.5", 123456789012345678901.5, "more digits than float64 holds"),
        ("9007199254740993", 9007199254740992.0, "more digits than float64 holds"),
    ],
)
def test_what_a_number_loses_is_counted_with_its_line(tmp_path, text, value, words):
    column, notes = read(tmp_path, ["1.5", "2.25", text, "7"] * 2 + ["4.125"] * 12)
    assert column[2] == value == column[6]
    (note,) = notes
    plural = words.replace("counts", "count")
    assert "2 numbers are" in note
    assert plural in note
    assert "in line 4" in note
    assert "in line 8" in note


@pytest.mark.parametrize(
    "texts",
    [
        ["0.1234567890123456", "-1.7976931348623157e308", "5e-324", "1.5"],  # as programs write
        ["inf", "-inf", "0.5", "0e0", "0.0e-999", "-0.0"],
        ["0.00000000000000000000125", "1.50000000000000000000000", "25.75"],
        ["9007199254740992", "-123456789012345680", "0.5"],
    ],
)
def test_what_loses_nothing_is_not_told_of(tmp_path, texts):
    column, notes = read(tmp_path, texts * 5)
    assert column.dtype == pl.Float64
    assert not notes


def test_exactly_the_values_are_told_that_decimals_show_to_be_others(tmp_path):
    digits = ["0.1", "12345678901234567890.5", "1e-330", "2e308", "3.25", "0.30000000000000000001"]
    texts = pl.DataFrame({"v": digits}).lazy()
    found = inexact(texts, {"v": pl.col("v").cast(pl.Float64)})
    told = {int(row) for one in found for row, _ in one.examples}
    real = [Decimal(t) for t in digits]
    lost = {
        i for i, r in enumerate(real) if abs(Decimal(float(r)) - r) > abs(r) * Decimal(2) ** -54
    }
    assert told >= lost
    assert told == {1, 2, 3, 5}


def test_a_number_of_json_beyond_float64_is_told_of(tmp_path):
    path = tmp_path / "x.jsonl"
    for last, many in (("", 1), (', "y": Infinity', 0)):  # a word for it, which Python writes
        path.write_text(f'{{"v": 1.5}}\n{{"v": 1e400{last}}}\n{{"v": 2.5}}\n')
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", interfuse.InterfuseWarning)
            sheet = read_sheet(path)
        assert sheet.frame.collect()["v"].to_list() == [1.5, float("inf"), 2.5]
        assert len([n for n in sheet.notes if "'inf' in object 2" in n]) == many


VERSIONS = ["2.1", "2.10", "2.9", "2.11", "10.0", "0.99"]


@pytest.mark.parametrize(
    ("texts", "text"),
    [
        (VERSIONS, True),
        (["1.8", "1.9", "1.10"], True),
        (["1.10", "1.11", "1.2"], True),
        (["2.5", "1.50", "1.5", "3.25", "0.99", "12.0"], False),  # typed by people
        ([f"{x:.2f}" for x in (2.1, 2.9, 2.11, 10.0)], False),  # prices
        (["2.10", "21.0", "0.210", "0.0211"], False),  # three digits each
        (["2.1", "2.11", "2.9"], False),
        (["2", "2.10", "2.5"], False),
        (["-2.1", "2.10", "2.9"], False),
        ([f"{i}.{i}0" for i in range(100)] + ["7.5"], False),  # many different ones
    ],
)
def test_versions_stay_text_and_decimals_do_not(tmp_path, texts, text):
    column, notes = read(tmp_path, texts * 5)
    assert (column.dtype == pl.String) is text
    if text:
        assert column.to_list() == texts * 5
        assert "stays text" in notes[0]
        assert "versions" in notes[0]


@pytest.mark.parametrize(
    ("texts", "text"),
    [
        (["12E4", "7E3", "120E3"], True),
        (["12e4", "33e1", "7e0"], True),
        (["1E4", "7E3", "2E5"], False),  # one digit, as powers of ten have
        (["12E+4", "7E3", "120E3"], False),
        (["1.2E4", "12E3"], False),
        (["12E4", "-7E3"], False),
    ],
)
def test_codes_with_an_e_stay_text_and_powers_of_ten_do_not(tmp_path, texts, text):
    column, notes = read(tmp_path, texts * 5)
    assert (column.dtype == pl.String) is text
    if text:
        assert column.to_list() == texts * 5
        assert "stays text: '12" in notes[0]
        column, notes = read(tmp_path, texts * 5, "number")
        assert column.to_list() == [float(t) for t in texts * 5]


def test_a_person_may_say_that_versions_are_numbers_or_words(tmp_path):
    column, notes = read(tmp_path, VERSIONS * 5, "number")
    assert column.dtype == pl.Float64
    assert column[1] == 2.1
    assert not notes
    column, _ = read(tmp_path, VERSIONS * 5, "category")
    assert column.to_list() == VERSIONS * 5


def test_what_is_a_version_in_one_of_several_files_is_so_in_all(tmp_path):
    for i, some in enumerate((["2.1", "2.9"], VERSIONS, ["2", "3"])):
        lines = "".join(f"{text},{j}\n" for j, text in enumerate(some * 5))
        (tmp_path / f"{i}.csv").write_text("v,n\n" + lines)
    with pytest.warns(interfuse.InterfuseWarning, match="versions"):
        frame = read_sheet(tmp_path).frame.collect()
    assert frame["v"].to_list() == [*(["2.1", "2.9"] * 5), *(VERSIONS * 5), *(["2", "3"] * 5)]


def test_observed_cells_keep_their_text(tmp_path):
    path, out = tmp_path / "x.csv", tmp_path / "out.csv"
    odd = ["2.10,1e400", "2.1,3.14159265358979323846", "2.9,1e-400", "2.11,0.50", "2.10,", ",2.5"]
    lines = [f"{line},{i % 7}" for i, line in enumerate(odd * 10)]
    path.write_text("\n".join(["version,x,k", *lines]) + "\n")
    with pytest.warns(interfuse.InterfuseWarning, match="as infinite"):
        model = interfuse.fit(path, examples=200)
    model.save(tmp_path / "run")
    call = [sys.executable, "-m", "interfuse", "impute", tmp_path / "run", path, "-o", out]
    subprocess.run(call, check=True, capture_output=True)
    was, got = (pl.read_csv(p, infer_schema=False) for p in (path, out))
    for name in was.columns:
        there = was[name].is_not_null()
        assert (was[name] == got[name]).filter(there).all()
        assert got[name].null_count() == 0
    drawn = model.generate(60)["version"].drop_nulls()
    assert set(drawn) <= {"2.10", "2.1", "2.9", "2.11"}

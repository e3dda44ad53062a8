"""Cells whose text is no value of their column are something that stands there: `impute` keeps it.

`<0.05` in a column of numbers says more than that a value is missing, and a person who is told that
known cells come back as they were must find it again, whatever the format. `n/a` and empty cells
say that nothing is known; they are filled.
"""

from __future__ import annotations

import json
import random
import sqlite3
import warnings
from pathlib import Path

import polars as pl
import pytest

import interfuse
from interfuse.errors import InterfuseWarning
from interfuse.io.read import read_sheet

KEPT = {3: "<0.05", 7: "12 ms", 50: "<0.05"}
EMPTY = {9: "n/a", 11: ""}


def rows():
    r = random.Random(1)
    out = []
    for i in range(80):
        x = r.gauss(10, 3)
        text = KEPT.get(i) or EMPTY.get(i, f"{x:.2f}")
        out.append([text, f"{2 * x:.1f}", r.choice("ab")])
    return out


def value(text):
    try:
        return float(text)
    except ValueError:
        return None if text in EMPTY.values() else text


def put(name, folder):
    """The rows as a file of a format, or a database."""
    path = folder / name
    if name.endswith(".csv"):
        path.write_text("x,y,c\n" + "".join(",".join(r) + "\n" for r in rows()))
    elif name.endswith(".jsonl"):
        cells = [[value(x), float(y), c] for x, y, c in rows()]
        inside = name.startswith("nested")
        whole = [{"m": {"x": x}, "y": y, "c": c} if inside else {"x": x, "y": y, "c": c}
                 for x, y, c in cells]  # fmt: skip
        path.write_text("".join(json.dumps(row) + "\n" for row in whole))
    elif name.endswith(".xlsx"):
        xlsxwriter = pytest.importorskip("xlsxwriter")
        pytest.importorskip("fastexcel")
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["x", "y", "c"])
            for i, (x, y, c) in enumerate(rows(), 1):
                for j, cell in enumerate((value(x), float(y), c)):
                    if cell is not None:
                        sheet.write(i, j, cell)
    else:
        pytest.importorskip("adbc_driver_sqlite")
        with sqlite3.connect(path) as to:
            to.execute("create table t (x, y, c)")
            cells = [(value(x), float(y), c) for x, y, c in rows()]
            to.executemany("insert into t values (?, ?, ?)", cells)
        return f"sqlite:{path}"
    return str(path)


def read_x(path):
    """The column x as text, of a file as any reader of the format has it."""
    if path.endswith(".csv"):
        return pl.read_csv(path, infer_schema=False)["x"].to_list()
    if path.endswith(".jsonl"):
        lines = [json.loads(line) for line in Path(path).read_text().splitlines()]
        return [row["m"]["x"] if "m" in row else row["x"] for row in lines]
    import fastexcel

    return fastexcel.read_excel(path).load_sheet(0, dtypes="string").to_polars()["x"].to_list()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterfuseWarning)
        model = interfuse.fit(put("t.csv", folder), examples=64)
    return str(model.save(folder / "run"))


@pytest.fixture(scope="module")
def nested_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterfuseWarning)
        model = interfuse.fit(put("nested.jsonl", folder), examples=64)
    return str(model.save(folder / "run"))


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "nested.jsonl", "t.xlsx"])
@pytest.mark.parametrize("more", [(), ("--value", "draws")])
def test_a_text_that_is_no_number_stays_where_it_stood(cli, name, more, run, nested_run, tmp_path):
    data, out = put(name, tmp_path), str(tmp_path / f"out-{name}")
    which = nested_run if name.startswith("nested") else run
    done = cli("impute", which, data, "-o", out, "--draws", "2", *more)
    assert done.code == 0
    found = read_x(out)[:: 2 if more else 1]
    for row, (text, _, _) in enumerate(rows()):
        if row in EMPTY:
            assert float(found[row]) is not None
        elif row in KEPT:
            assert found[row] == text
        else:
            assert float(found[row]) == float(text)
    told = " ".join(done.err.split())
    assert (
        "3 cells hold text that is no value of it, such as '<0.05'; they stay as they are" in told
    )


def test_they_are_filled_if_asked(cli, run, tmp_path):
    data, out = put("t.csv", tmp_path), str(tmp_path / "out.csv")
    assert cli("impute", run, data, "-o", out, "--draws", "2", "--unread").code == 0
    assert all(float(x) == float(x) for x in read_x(out))


@pytest.mark.parametrize("more", [(), ("--unread",)])
def test_columns_that_are_not_filled_keep_them_too(cli, more, run, tmp_path):
    data, out = put("t.jsonl", tmp_path), str(tmp_path / "out.jsonl")
    assert cli("impute", run, data, "-o", out, "--draws", "2", "--columns", "y", *more).code == 0
    assert {row: read_x(out)[row] for row in KEPT} == KEPT


def test_logs_whose_types_are_said_keep_them(cli, tmp_path):
    lines = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-",
             "#path\tconn", "#fields\tts\tport\tdur", "#types\ttime\tcount\tinterval"]  # fmt: skip
    port = {3: "oops", 9: "-"}
    lines += [f"{1_700_000_000 + i}.5\t{port.get(i, 80 + i % 7)}\t0.{1 + i % 9}" for i in range(60)]
    log, out = tmp_path / "conn.log", tmp_path / "out.csv"
    log.write_text("\n".join(lines) + "\n")
    folder = tmp_path / "zeek"
    assert cli("fit", log, "-o", folder, "--examples", 64).code == 0
    assert cli("impute", folder, log, "-o", out, "--draws", 2).code == 0
    found = pl.read_csv(out, infer_schema=False)["port"].to_list()
    assert found[3] == "oops"
    assert found[9].isdigit()


@pytest.mark.parametrize("target", ["out.csv", "out.jsonl"])
def test_they_are_kept_where_another_format_is_written(cli, target, run, tmp_path):
    for name in ("t.db", "t.jsonl", "t.csv"):
        data, out = put(name, tmp_path), str(tmp_path / target)
        assert cli("impute", run, data, "-o", out, "--draws", "2").code == 0
        assert {row: read_x(out)[row] for row in KEPT} == KEPT, name


def test_a_file_of_values_alone_says_that_they_are_empty_in_it(cli, run, tmp_path):
    out = tmp_path / "out.parquet"
    done = cli("impute", run, put("t.csv", tmp_path), "-o", str(out), "--draws", "2")
    assert done.code == 0
    gone = pl.read_parquet(out)["x"].is_null().arg_true().to_list()
    assert gone == sorted(KEPT)
    told = " ".join(done.err.split())
    assert "the cells of 'x' whose text is none are empty in it" in told


def test_python_leaves_them_missing_and_says_so(run, tmp_path):
    model, data = interfuse.load(run, kind="table"), put("t.csv", tmp_path)
    with pytest.warns(InterfuseWarning, match="3 cells hold text that is no value of it"):
        filled = model.impute(data, draws=2)
    for answer in (filled.median(), filled.frame(0)):
        assert answer["x"].is_null().arg_true().to_list() == sorted(KEPT)
    low, high = filled.interval(0.5)
    assert low["x"].is_null().arg_true().to_list() == sorted(KEPT)
    assert high["x"].null_count() == len(KEPT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterfuseWarning)
        assert model.impute(data, draws=2, unread=True).median()["x"].null_count() == 0


def test_what_is_drawn_elsewhere_does_not_change(run, tmp_path):
    """The cells say nothing of the others either way, so that asking for them moves nothing."""
    model, data = interfuse.load(run, kind="table"), put("t.csv", tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterfuseWarning)
        kept, filled = (model.impute(data, draws=2, unread=u).frame(1) for u in (False, True))
    other = [i for i in range(kept.height) if i not in KEPT]
    assert kept[other].equals(filled[other])


@pytest.mark.parametrize("name", ["t.jsonl", "t.xlsx", "t.csv"])
def test_detect_shows_them_beside_its_scores(cli, name, run, tmp_path):
    data, out = put(name, tmp_path), str(tmp_path / f"out-{name}")
    assert cli("detect", run, data, "-o", out).code == 0
    assert {row: read_x(out)[row] for row in KEPT} == KEPT
    assert cli("detect", run, data, "-o", out, "--below", ".5").code == 0
    scores = interfuse.load(run, kind="table").detect(data)
    odd = [i for i, p in enumerate(scores.p_value) if p <= 0.5]
    given = [KEPT.get(i) for i in odd]
    found = [x if isinstance(x, str) and x in KEPT.values() else None for x in read_x(out)]
    assert found == given


def test_several_files_are_one_table(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    lines = put("t.csv", tmp_path)
    head, *body = Path(lines).read_text().splitlines()
    (folder / "a.csv").write_text("\n".join([head, *body[40:]]) + "\n")
    (folder / "b.csv").write_text("\n".join([head, *body[:40]]) + "\n")
    unread = read_sheet(folder).unread
    assert unread is not None
    texts = unread.collect()["x"]
    assert {i: t for i, t in enumerate(texts) if t is not None} == {
        10: "<0.05",
        43: "<0.05",
        47: "12 ms",
    }


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_series_keep_them_too(cli, name, tmp_path):
    lines = [
        [f"2024-01-{1 + i // 24:02d}T{i % 24:02d}:00:00", f"{10 + i % 7}.5"] for i in range(96)
    ]
    lines[5][1], lines[9][1], lines[30][1] = "<0.05", "", "off"
    data, out = tmp_path / name, tmp_path / f"out-{name}"
    if name.endswith("csv"):
        data.write_text("time,x\n" + "".join(",".join(line) + "\n" for line in lines))
    else:
        objects = [{"time": t, "x": value(x)} for t, x in lines]
        data.write_text("".join(json.dumps(one) + "\n" for one in objects))
    folder = str(tmp_path / "run")
    assert cli("fit", str(data), "-o", folder, "--kind", "series", "--examples", "64").code == 0
    for more in ((), ("--value", "draws", "--draws", "2"), ("--add-rows",)):
        assert cli("impute", folder, str(data), "-o", str(out), *more).code == 0
        found = read_x(str(out))[: len(lines)]
        assert (found[5], found[30]) == ("<0.05", "off")
        assert float(found[9]) == float(found[9])
    assert cli("impute", folder, str(data), "-o", str(out), "--unread").code == 0
    assert float(read_x(str(out))[5]) == float(read_x(str(out))[5])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterfuseWarning)
        made = interfuse.load(folder, kind="series").impute(str(data), draws=2).median()
    assert made["x"].is_null().arg_true().to_list() == [5, 30]

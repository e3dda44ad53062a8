"""Databases, workbooks, and what is in memory but no frame."""

import datetime as dt
import os
import shutil
import sqlite3
import subprocess
import warnings

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as arrow_dataset
import pytest
import torch

from interfuse.errors import DataError, InterfuseWarning
from interfuse.io.databases import check_database, write_database
from interfuse.io.frames import to_polars
from interfuse.io.read import fingerprint, read_sheet
from interfuse.io.write import write

FRAME = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "price": [1.5, None, 3.25],
        "name": ["a", "it's; --", None],
        "when": ["2024-05-17 08:00:00", "2024-05-18 09:30:00", "2024-05-19 00:00:00"],
    }
)
TYPED = FRAME.with_columns(pl.col("when").str.to_datetime())


@pytest.fixture(params=["sqlite", "duckdb"])
def url(request, tmp_path):
    target = f"{request.param}:{tmp_path}/shop.db"
    write_database([FRAME.head(2), FRAME.tail(1)], target + "#orders")
    return target


@pytest.mark.parametrize(
    "what",
    ["", "#orders", '#SELECT * FROM "orders"', "#with t as (select * from orders) select * from t"],
)
def test_a_table_and_a_query_give_the_rows_that_went_in(url, what):
    assert read_sheet(url + what).frame.collect().equals(TYPED)


def test_an_answer_is_a_new_table_in_one_transaction(url):
    def broken():
        yield FRAME
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_database(broken(), url + "#half")
    with pytest.raises(DataError, match="no table 'half'; there are orders"):
        read_sheet(url + "#half")
    with pytest.raises(DataError, match="exists"):
        check_database(url + "#orders")
    with pytest.raises(DataError, match="names no table"):
        write(FRAME, url)
    assert write(TYPED, url + "#more") == 3
    assert read_sheet(url + "#more").frame.collect().equals(TYPED)


def test_what_a_database_refuses_is_one_error(url, tmp_path):
    for what, words in (
        ("#SELECT * FROM nowhere", "refused: .*nowhere"),
        ("#SELECT * FROM orders WHERE id > 9", "no rows"),
        ("#DROP TABLE orders", "no table 'DROP TABLE orders'"),
        ("#SELECT 1; DROP TABLE orders", "refused|columns|row"),
    ):
        if "; DROP" not in what:
            with pytest.raises(DataError, match=words):
                read_sheet(url + what)
    engine = url.partition(":")[0]
    with pytest.raises(DataError, match="no such file"):
        read_sheet(f"{engine}:{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "text.db").write_text("this is no database, but long enough to look like one " * 9)
    with pytest.raises(DataError, match="refused"):
        read_sheet(f"{engine}:{tmp_path}/text.db")
    assert read_sheet(url).frame.collect().height == 3


def test_fingerprints_follow_the_rows(url):
    before = fingerprint(url)
    assert before == fingerprint(url)
    engine = url.partition(":")[0]
    other = f"{engine}:{url.partition(':')[2]}2"
    write_database([FRAME.with_columns(id=pl.col("id") + 1)], other + "#orders")
    assert fingerprint(other) != before


def test_reading_cannot_write(tmp_path):
    url = f"sqlite:{tmp_path}/a.db"
    write_database([FRAME], url + "#t")
    with pytest.raises(DataError):
        read_sheet(url + "#WITH x AS (SELECT 1) DELETE FROM t")
    assert read_sheet(url).frame.collect().height == 3


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A PostgreSQL server of its own, on a socket."""
    programs = [shutil.which(p) or "" for p in ("initdb", "pg_ctl")]
    if not all(programs):
        pytest.skip("PostgreSQL is not installed")
    folder = tmp_path_factory.mktemp("pg")
    as_user = []
    if os.geteuid() == 0:  # it refuses to run as root
        as_user = ["setpriv", "--reuid=nobody", "--clear-groups"]
        subprocess.run(["chown", "-R", "nobody", str(folder)], check=True)
        for parent in folder.parents[:3]:
            parent.chmod(0o755)
    data = ["-D", f"{folder}/data"]
    made = subprocess.run(
        [*as_user, programs[0], *data, "-U", "me", "-A", "trust"], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"initdb does not run here: {made.stderr[-200:]}")
    options = f"-c listen_addresses='' -k {folder}"
    subprocess.run([*as_user, programs[1], "-D", f"{folder}/data", "-o", options, "-w", "-l",
                    f"{folder}/log", "start"], check=True, capture_output=True)  # fmt: skip
    yield f"postgresql://me:secret@/postgres?host={folder}"
    subprocess.run([*as_user, programs[1], "-D", f"{folder}/data", "-m", "immediate", "stop"],
                   capture_output=True)  # fmt: skip


def test_postgresql_in_and_out(server):
    frame = TYPED.with_columns(ok=pl.Series([True, None, False]), day=pl.lit(dt.date(2024, 1, 2)))
    assert write_database([frame.head(1), frame.tail(2)], server + "#orders") == 3
    assert read_sheet(server + "#orders").frame.collect().equals(frame)
    assert read_sheet(server).frame.collect().equals(frame)
    assert read_sheet(server + "#select id from public.orders").frame.collect().height == 3
    with pytest.raises(DataError, match="exists"):
        check_database(server + "#orders")
    with pytest.raises(DataError) as error:
        read_sheet(server.replace("/postgres?", "/nowhere?") + "#orders")
    assert "nowhere" in str(error.value)
    assert "secret" not in str(error.value)


def test_a_run_keeps_no_password():
    from interfuse.run.fitting import as_given
    from interfuse.run.job import source_of

    url = "postgresql://me:secret@host:5432/db#t"
    assert as_given(path=url) == {"path": "postgresql://me:***@host:5432/db#t"}
    assert "secret" not in source_of(url)


def test_a_workbook_comes_back(tmp_path):
    path = tmp_path / "a.xlsx"
    frame = TYPED.with_columns(ok=pl.Series([True, None, False]), day=pl.lit(dt.date(2024, 1, 2)))
    assert write([frame.head(1), frame.tail(2)], path) == 3
    back = read_sheet(path).frame.collect()
    assert back.columns == frame.columns
    assert back["price"].to_list() == frame["price"].to_list()
    assert back["name"].to_list() == frame["name"].to_list()
    assert back["when"].cast(pl.Datetime("us")).to_list() == frame["when"].to_list()
    assert back["ok"].to_list() == frame["ok"].to_list()
    assert back["day"].cast(pl.Date).to_list() == frame["day"].to_list()


def test_what_a_workbook_lacks_is_said(tmp_path):
    import xlsxwriter

    path = tmp_path / "two.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("empty")
        sheet = book.add_worksheet("data")
        for r, row in enumerate(
            [["n", "t"], *[[i, f"w{i % 3}"] for i in range(40)], ["lost", "w1"]]
        ):
            sheet.write_row(r, 0, row)
        book.add_worksheet("notes").write(0, 0, "hello")
    with pytest.warns(InterfuseWarning) as told:
        frame = read_sheet(path).frame.collect()
    words = " ".join(str(w.message) for w in told)
    assert "notes" in words
    assert "lost" in words
    assert frame["n"].dtype.is_numeric()
    assert frame["n"].null_count() == 1
    (tmp_path / "bad.xlsx").write_bytes(b"PK\x03\x04" + b"x" * 200)
    with pytest.raises(DataError, match="workbook"):
        read_sheet(tmp_path / "bad.xlsx")


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([*range(3_000), "word"], pl.Int64),
        ([*range(3_000), 0.5], pl.Float64),
        ([*[None] * 2_000, "x", "y"], pl.String),
        ([*[None] * 2_000, 1.5], pl.Float64),
        ([*["a"] * 2_000, 5], pl.String),
    ],
)
def test_types_of_a_database_without_any_are_those_of_all_rows(values, dtype, tmp_path):
    with sqlite3.connect(tmp_path / "t.db") as base:
        base.execute("CREATE TABLE t (a, b)")
        base.executemany("INSERT INTO t VALUES (?, ?)", [(v, i) for i, v in enumerate(values)])
    base.close()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        a = read_sheet(f"sqlite:{tmp_path}/t.db").frame.collect()["a"]
    assert a.dtype == dtype
    words = [v for v in values if isinstance(v, str)] if dtype != pl.String else []
    assert a.null_count() == values.count(None) + len(words)
    assert len([t for t in told if "count" in str(t.message)]) == len(words)


def test_what_is_no_frame_becomes_one():
    array = np.array([[1.0, 2.0], [3.0, 4.0]])
    wanted = pl.DataFrame({"0": [1.0, 3.0], "1": [2.0, 4.0]})
    for data in (array, torch.from_numpy(array), array.astype(object)):
        assert to_polars(data)[0].lazy().collect().equals(wanted)
    records = np.array([(1, "a"), (2, "b")], dtype=[("n", "i8"), ("t", "U1")])
    named = pl.DataFrame({"n": [1, 2], "t": ["a", "b"]})
    columns = {"n": torch.tensor([1, 2]), "t": ["a", "b"]}
    table = pa.table({"n": [1, 2], "t": ["a", "b"]})
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
    for data in (records, columns, table.to_batches()[0], reader, arrow_dataset.dataset(table)):
        assert to_polars(data)[0].lazy().collect().equals(named)
    with pytest.raises(DataError, match="3 dimensions"):
        to_polars(np.zeros((2, 2, 2)))
    with pytest.raises(DataError, match="dict that makes no frame"):
        to_polars({"a": [1, 2], "b": [1]})


def test_a_duckdb_relation_is_a_frame():
    import duckdb

    with duckdb.connect() as connection:
        relation = connection.sql("SELECT 1 AS n, 'a' AS t UNION ALL SELECT 2, 'b' ORDER BY n")
        frame, origin = to_polars(relation)
    assert frame.lazy().collect().equals(pl.DataFrame({"n": [1, 2], "t": ["a", "b"]},
                                                   schema_overrides={"n": pl.Int32}))  # fmt: skip
    assert origin.library == "other"


def test_fit_reads_a_database_and_generate_fills_one(tmp_path):
    import interfuse

    url = f"sqlite:{tmp_path}/shop.db"
    rng = np.random.default_rng(0)
    write_database([pl.DataFrame({"x": rng.normal(size=300), "c": rng.choice(["u", "v"], 300)})],
                   url + "#orders")  # fmt: skip
    model = interfuse.fit(url, examples=200)
    assert model.record["data"]["source"] == "shop.db"
    made = model.generate(10)
    assert write(made, url + "#made") == 10
    assert read_sheet(url + "#made").frame.collect().columns == ["x", "c"]


def test_the_recipe_of_the_documentation_gives_the_whole(tmp_path, monkeypatch):
    """Shards of any engine: the function of docs/sources.md, run as it stands there."""
    import re
    import runpy
    from pathlib import Path

    import interfuse

    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"x": rng.normal(size=300), "c": rng.choice(["u", "v"], 300)})
    model = interfuse.fit(frame, examples=200, folder="run")
    for page in ("sources.md", "sources.zh-CN.md"):
        text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
        found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
        assert found is not None
        (tmp_path / "recipe.py").write_text(found.group(1), encoding="utf-8")
        recipe = runpy.run_path(str(tmp_path / "recipe.py"))
        whole = pl.concat(recipe["shard"](k, n=7, rows=500) for k in range(7))
        assert whole.equals(model.generate(500))


@pytest.mark.parametrize("engine", ["sqlite", "duckdb"])
def test_a_database_that_was_begun_and_not_ended_is_no_file(engine, tmp_path):
    """A full disk, an error on the way: no file with half a table, nor an empty one."""
    pytest.importorskip("adbc_driver_sqlite" if engine == "sqlite" else "duckdb")

    def broken():
        yield pl.DataFrame({"a": [1, 2]})
        raise OSError(28, "No space left on device")

    url = f"{engine}:{tmp_path / 'new.db'}#t"
    check_database(url)
    assert not list(tmp_path.iterdir())
    with pytest.raises((DataError, OSError)):
        write(broken(), url)
    assert not list(tmp_path.iterdir())
    write(pl.DataFrame({"a": [1]}), url)
    with pytest.raises((DataError, OSError)):
        write(broken(), url.replace("#t", "#other"))
    assert read_sheet(url).frame.collect()["a"].to_list() == [1]
    with pytest.raises(DataError, match="does not exist"):
        check_database(f"{engine}:{tmp_path / 'none' / 'new.db'}#t")

"""Several files as one table: a folder, a pattern, a list, hive partitions."""

import datetime as dt
import warnings

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import interfuse
from interfuse.api import kind_of
from interfuse.errors import DataError, InterfuseWarning, NoRowsError
from interfuse.io.many import is_many, parts_of
from interfuse.io.read import fingerprint, read_sheet

FRAME = pl.DataFrame({"n": range(6), "w": list("abcabc"), "x": [0.5, 1.5, None, 2.0, 3.0, 4.5]})


@pytest.fixture
def folder(tmp_path):
    """Three shards of `FRAME` in formats of their own."""
    (tmp_path / "d").mkdir()
    FRAME[:2].write_parquet(tmp_path / "d" / "a.parquet")
    FRAME[2:4].write_parquet(tmp_path / "d" / "b.parquet")
    FRAME[4:].write_parquet(tmp_path / "d" / "c.parquet")
    return tmp_path / "d"


def rows(source, **options):
    return read_sheet(source, **options).frame.collect()


def test_a_folder_a_pattern_and_a_list_are_the_whole(folder):
    assert_frame_equal(rows(folder), FRAME)
    assert_frame_equal(rows(str(folder / "*.parquet")), FRAME)
    assert_frame_equal(rows(f"{folder.parent}/**/*.parquet"), FRAME)
    names = [folder / f"{name}.parquet" for name in "cab"]
    assert_frame_equal(rows(names), pl.concat([FRAME[4:], FRAME[:2], FRAME[2:4]]))


def test_files_of_several_formats_and_orders_of_columns(tmp_path):
    FRAME[:2].write_parquet(tmp_path / "1.parquet")
    FRAME[2:4].select("x", "n", "w").write_csv(tmp_path / "2.csv")
    FRAME[4:].write_ndjson(tmp_path / "3.jsonl")
    assert_frame_equal(rows(tmp_path), FRAME)


def test_a_file_with_wildcards_in_its_name_is_one_file(tmp_path):
    path = tmp_path / "a[1].csv"
    FRAME.write_csv(path)
    assert not is_many(path)
    assert_frame_equal(rows(path), FRAME)


def test_folders_that_are_columns(tmp_path):
    for year, city, part in [("2023", "New%20York", FRAME[:3]), ("2024", "Wien", FRAME[3:])]:
        inside = tmp_path / f"year={year}" / f"city={city}"
        inside.mkdir(parents=True)
        part.write_parquet(inside / "part-0.parquet")
    expected = FRAME.with_columns(
        year=pl.Series([2023] * 3 + [2024] * 3), city=pl.Series(["New York"] * 3 + ["Wien"] * 3)
    )
    assert_frame_equal(rows(tmp_path), expected)
    assert_frame_equal(rows(f"{tmp_path}/year=*/*/*.parquet"), expected)


def test_folders_of_days_and_of_nothing(tmp_path):
    days = ["2024-03-01", "2024-03-02", "__HIVE_DEFAULT_PARTITION__"]
    for i, day in enumerate(days):
        (tmp_path / f"day={day}").mkdir()
        FRAME[i : i + 1].write_parquet(tmp_path / f"day={day}" / "x.parquet")
    read = rows(tmp_path)["day"]
    assert read.to_list() == [dt.date(2024, 3, 1), dt.date(2024, 3, 2), None]


def test_types_that_widen_and_columns_that_are_missing(tmp_path):
    pl.DataFrame({"n": [1, 2], "w": ["a", "b"]}).write_csv(tmp_path / "1.csv")
    pl.DataFrame({"n": [1.5, 2.5], "w": [None, None]}).write_csv(tmp_path / "2.csv")
    pl.DataFrame({"n": [None, None], "w": ["c", "d"]}).write_csv(tmp_path / "3.csv")
    read = rows(tmp_path)
    assert read["n"].to_list() == [1, 2, 1.5, 2.5, None, None]
    assert read["w"].to_list() == ["a", "b", None, None, "c", "d"]


def test_the_text_of_cells_is_kept(tmp_path):
    (tmp_path / "1.csv").write_text("f,t\nTrue,1.50\nFalse,2.00\n")
    (tmp_path / "2.csv").write_text("f,t\nFalse,3.10\n")
    sheet = read_sheet(tmp_path)
    assert sheet.text is not None
    assert sheet.text.collect()["t"].to_list() == ["1.50", "2.00", "3.10"]
    assert sheet.frame.collect()["f"].to_list() == [True, False, False]


def test_files_without_rows_and_of_other_formats_are_said(folder):
    FRAME.clear().write_parquet(folder / "empty.parquet")
    (folder / "nothing.csv").write_text("")
    (folder / "README").write_text("about")
    (folder / "_SUCCESS").write_text("")
    (folder / ".part.crc").write_text("x")
    with pytest.warns(InterfuseWarning) as said:
        assert_frame_equal(rows(folder), FRAME)
    texts = sorted(str(one.message) for one in said)
    assert len(texts) == 2
    assert "2 files (empty.parquet, nothing.csv) left out: no rows" in texts[1]
    assert "1 file (README) left out: no format of tables" in texts[0]


def test_a_shard_that_differs_is_named(folder):
    FRAME[:1].drop("x").write_parquet(folder / "d.parquet")
    with pytest.raises(DataError, match=r"d\.parquet: has no column 'x', which .*a\.parquet has"):
        read_sheet(folder)
    FRAME[:1].with_columns(n=pl.lit("many")).write_parquet(folder / "d.parquet")
    with pytest.raises(DataError, match=r"d\.parquet: column 'n' is String, but Int64 in"):
        read_sheet(folder)


def test_a_damaged_shard_is_named(folder):
    content = (folder / "b.parquet").read_bytes()
    (folder / "b.parquet").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"b\.parquet: is a parquet file that is cut short"):
        read_sheet(folder)


@pytest.mark.parametrize("name", ["", "*.parquet", "absent*"])
def test_nothing_is_there(tmp_path, name):
    with pytest.raises(DataError, match="no files found"):
        read_sheet(f"{tmp_path}/{name}")


def test_all_are_empty(tmp_path):
    FRAME.clear().write_parquet(tmp_path / "a.parquet")
    with pytest.raises(NoRowsError, match="without rows"):
        read_sheet(tmp_path)


def test_the_fingerprint_knows_names_and_contents(folder, tmp_path):
    before = fingerprint(folder)
    assert fingerprint(str(folder / "*")) == before
    (folder / "a.parquet").rename(folder / "z.parquet")
    assert fingerprint(folder) != before
    assert [part.path.name[0] for part in parts_of(folder)[0]] == ["b", "c", "z"]


def test_a_folder_of_tables_is_a_table_and_one_of_pictures_is_not(folder):
    assert kind_of(folder) == "table"
    assert kind_of([folder / "a.parquet", folder / "b.parquet"]) == "table"
    (folder / "sub").mkdir()
    (folder / "sub" / "1.png").write_bytes(b"")
    assert kind_of(folder) == "images"


def test_a_fit_of_a_folder_is_that_of_its_rows(tmp_path):
    frame = pl.concat([FRAME] * 20)
    (tmp_path / "d").mkdir()
    for i in range(4):
        frame[i * 30 : (i + 1) * 30].write_csv(tmp_path / "d" / f"{i}.csv")
    model = interfuse.fit(tmp_path / "d", examples=500, folder=tmp_path / "run")
    alike = interfuse.fit(frame, examples=500)
    assert_frame_equal(model.generate(20), alike.generate(20))
    assert model.record["data"]["source"] == "d"
    assert model.detect(tmp_path / "d").polars().height == 120
    assert model.impute([tmp_path / "d" / "1.csv"]).median().height == 30


def column(name, cells):
    return f"{name};w\n" + "".join(f"{cell};{'ab'[i % 2]}\n" for i, cell in enumerate(cells))


JANUARY = [f"01/{1 + i % 12:02d}/2024" for i in range(24)]
JUNE = [f"06/{1 + i % 30:02d}/2024" for i in range(60)]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("open_", "sure", "first"),
    [
        ([f"{1 + i % 9:02d}/01/2024" for i in range(24)], JUNE, dt.date(2024, 1, 1)),
        (["1.234", "5.678"] * 9, ["1.234,5", "99,75"] * 9, 1234.0),
        (["1,234", "5,678"] * 9, ["1,234.50", "12.25"] * 9, 1234.0),
        (["1,234", "5,678"] * 9, ["1234,5", "12,25"] * 9, 1.234),
    ],
)
def test_what_one_file_leaves_open_the_others_settle(open_, sure, first, order, tmp_path):
    for name, cells in zip("ab"[::order], (open_, sure), strict=True):
        (tmp_path / f"{name}.csv").write_text(column("x", cells))
    with warnings.catch_warnings():
        warnings.simplefilter("error", InterfuseWarning)
        x = rows(tmp_path)["x"]
    at = 0 if order == 1 else len(sure)
    assert x[at] == first


def test_files_that_all_leave_it_open_are_read_alike(tmp_path):
    (tmp_path / "a.csv").write_text(column("x", JANUARY))
    (tmp_path / "b.csv").write_text(column("x", [f"{1 + i % 12:02d}/03/2024" for i in range(24)]))
    with pytest.warns(InterfuseWarning, match="two ways"):
        x = rows(tmp_path)["x"]
    assert x.dt.month().unique().to_list()[0] == 1
    assert x.dt.day()[0] == 1
    assert x.dt.month()[24:].to_list() == [1 + i % 12 for i in range(24)]

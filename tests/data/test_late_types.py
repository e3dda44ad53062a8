"""What the first rows of a file say of a column is not what its type depends on."""

import polars as pl
import pytest

from interfuse.io.read import read

MANY = 1500


@pytest.mark.parametrize(
    ("first", "late", "dtype"),
    [
        ("1", "2.5", pl.Float64),
        ("", "2.5", pl.Float64),
        ("", "inf", pl.Float64),
        ("7", "inf", pl.Float64),
        ("7", "18446744073709551615", pl.UInt64),
        ("7", "007", pl.String),
        ("2.5", "7", pl.Float64),
        ("", "7", pl.Int64),
        ("true", "maybe", pl.String),
        ("2024-01-02", "2024-02-03", pl.Date),
        ("2024-01-02T03:04:05", "2024-01-02T03:04:05.250", pl.Datetime("ms")),
        ("", "2024-02-03", pl.Date),
    ],
)
def test_a_type_is_that_of_all_values(tmp_path, first, late, dtype):
    path = tmp_path / "late.csv"
    rows = [f"{i},{first}" for i in range(MANY)] + [f"{i},{late}" for i in range(MANY)]
    path.write_text("n,x\n" + "\n".join(rows) + "\n")
    assert read(path).collect_schema()["x"] == dtype


def test_a_line_of_names_is_found_again_among_many_columns(tmp_path):
    path = tmp_path / "wide.csv"
    names = [f"c{i}" for i in range(300)]
    row, near = ",".join("1" * 300), ",".join([*names[:-1], "other"])
    path.write_text("\n".join([",".join(names), row, ",".join(names), row, near]) + "\n")
    with pytest.warns(match="repeat the names"):
        frame = read(path).collect()
    assert frame.height == 3
    assert frame["c299"].to_list() == [1, 1, None]  # "other" is no number, but its row stays

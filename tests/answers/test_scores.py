"""`Scores`: what is put beside the rows."""

import numpy as np
import polars as pl
import pytest

from interfuse.errors import OptionError
from interfuse.io.frames import to_polars
from interfuse.kinds.table.answer.scores import Scores


def scores(table, **more):
    return Scores(
        score=np.array([0.5, 3.0, 1.0]),
        p_value=np.array([0.8, 0.01, 0.4]),
        table=table,
        shares=pl.DataFrame({"a": [0.9, 0.2, 0.0], "b": [0.1, 0.8, 1.0]}),
        expected=pl.DataFrame({"a": ["1 to 2"] * 3, "b": ["x (90 %)", "y (60 %)", "x (51 %)"]}),
        **more,
    )


TABLE = pl.DataFrame({"a": [7, 1, 2], "b": ["x", "z", None]})


def test_worst_names_the_cell_of_the_largest_share():
    worst = scores(TABLE).worst
    assert worst["cell"].to_list() == ["a", "b", "b"]
    assert worst["found"].to_list() == ["7", "z", "missing"]
    assert worst["expected"].to_list() == ["1 to 2", "y (60 %)", "x (51 %)"]


def test_frame_keeps_the_rows_and_adds_five_columns():
    out = scores(TABLE).polars()
    assert out.select("a", "b").equals(TABLE)
    assert out.columns == ["a", "b", "score", "p_value", "cell", "found", "expected"]


def test_a_column_of_the_same_name_stays():
    table = TABLE.rename({"a": "score"})
    out = scores(table).polars()
    assert out["score"].to_list() == [7, 1, 2]
    assert out["score_"].to_list() == [0.5, 3.0, 1.0]


def test_cells_lists_every_cell_row_by_row():
    cells = scores(TABLE).cells
    assert cells["row"].to_list() == [0, 0, 1, 1, 2, 2]
    assert cells["cell"].to_list() == ["a", "b"] * 3
    assert cells["share"].to_list() == [0.9, 0.1, 0.2, 0.8, 0.0, 1.0]
    assert cells["found"][3] == "z"
    assert cells["expected"][3] == "y (60 %)"


def test_top_is_in_order_and_in_the_users_kind():
    pandas = pytest.importorskip("pandas")
    given = pandas.DataFrame({"a": [7, 1, 2], "b": ["x", "z", None]})
    table, origin = to_polars(given)
    top = scores(table, origin=origin).top(2)
    assert isinstance(top, pandas.DataFrame)
    assert top["score"].tolist() == [3.0, 1.0]
    assert top["a"].tolist() == [1, 2]


@pytest.mark.parametrize("n", [0, -1, True, 1.5])
def test_top_wants_a_number_of_rows(n):
    with pytest.raises(OptionError, match="expected a whole number"):
        scores(TABLE).top(n)


def test_a_table_without_cells_has_no_worst():
    none = Scores(np.ones(2), np.ones(2), TABLE[:2], pl.DataFrame(), pl.DataFrame())
    assert none.worst["cell"].to_list() == [None, None]
    assert none.cells.is_empty()

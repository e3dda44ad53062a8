"""Files of drawn rows are in the order of time that the rows fitted were in."""

import random

import polars as pl
import pytest

from interfuse.errors import InterfuseWarning, SchemaError
from interfuse.io.frames import to_polars
from interfuse.kinds.table import timeorder
from interfuse.kinds.table.infer import infer_schema
from interfuse.kinds.table.schema import Schema
from interfuse.kinds.table.timeorder import in_order

ROWS = 200


def log(place, starts, name="access.log"):
    """An access log with requests at these seconds of an hour."""
    text = "".join(
        f"192.0.2.{i % 9 + 1} - - [10/Oct/2023:13:{s // 60:02d}:{s % 60:02d} +0000] "
        f'"GET /{i % 5} HTTP/1.1" {[200, 404][i % 2]} {100 + i}\n'
        for i, s in enumerate(starts)
    )
    (place / name).write_text(text)
    return place / name


def test_the_order_of_a_log_is_seen_though_neighbours_may_change_places(tmp_path):
    starts = [10 * i + random.Random(i).randrange(-6, 7) for i in range(1, ROWS + 1)]
    assert starts != sorted(starts)
    assert infer_schema(log(tmp_path, starts)).order == "time"
    mixed = random.Random(0).sample(starts, len(starts))
    assert infer_schema(log(tmp_path, mixed)).order == ""
    frame, _ = to_polars(log(tmp_path, starts), nested=True)
    assert infer_schema(frame.lazy().collect()).order == "", "frames have no order to be kept"


def test_rows_are_sorted_whole_and_those_without_a_time_come_last():
    parts = [pl.DataFrame({"t": t, "x": x}) for t, x in (([5, None], [0, 1]), ([3, 5], [2, 3]))]
    out = pl.concat(in_order(parts, "t", 4))
    assert out["x"].to_list() == [2, 0, 3, 1]
    assert pl.concat(in_order(parts, "", 4))["x"].to_list() == [0, 1, 2, 3]


def test_too_many_rows_are_written_as_they_come_and_that_is_said(monkeypatch):
    parts = [pl.DataFrame({"t": [2, 1]}), pl.DataFrame({"t": [0]})]
    monkeypatch.setattr(timeorder, "MOST_CELLS", 2)
    with pytest.warns(InterfuseWarning, match="3 rows of 1 columns are too many to be sorted"):
        assert pl.concat(in_order(parts, "t", 3))["t"].to_list() == [2, 1, 0]


def test_the_order_is_stored_and_must_be_a_column(tmp_path):
    schema = infer_schema(log(tmp_path, range(ROWS)))
    assert Schema.from_json(schema.to_json()).order == "time"
    with pytest.raises(SchemaError, match="order is 'when', which is no column"):
        Schema.from_json({**schema.to_json(), "order": "when"})

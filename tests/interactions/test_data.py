"""What is taken for interactions, what is read, and what is said of data that is bad."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from made import touches
from scipy import sparse

import interfuse
from interfuse.api import kind_of
from interfuse.errors import DataError, OptionError, SchemaError
from interfuse.kinds.interactions.data import baskets as module
from interfuse.kinds.interactions.data.baskets import build
from interfuse.kinds.interactions.data.files import read
from interfuse.kinds.interactions.data.find import find_schema
from interfuse.kinds.interactions.schema import InteractionsSchema


def built(frame, **said):
    said = {r: said.get(r) for r in ("user", "item", "time", "rating")}
    from interfuse.io.origin import Origin

    schema = find_schema(frame, Origin(), said, "the data")
    return (*build(frame, schema), schema)


def small(**columns):
    """Four users of the same three items."""
    rows = {"user": [u for u in range(4) for _ in range(3)], "item": list("abc") * 4}
    return pl.DataFrame({**rows, **columns})


TAKEN = [
    ["userId", "movieId", "rating", "timestamp"],
    ["user_id", "item_id"],
    ["user", "item", "split"],
    ["reviewerID", "asin", "overall", "unixReviewTime"],
    ["visitorid", "itemid", "timestamp"],
]
NOT_TAKEN = [
    ["user", "bytes", "port"],
    ["user", "product", "price", "country"],
    ["user_id", "item_id", "price", "country", "age", "label"],
    ["item", "rating"],
    ["timestamp", "location", "temperature"],
]


@pytest.mark.parametrize("names", TAKEN)
def test_tables_of_users_and_items_are_recognised(names, tmp_path):
    frame = pl.DataFrame({n: [f"{i % (7 + k)}" for i in range(99)] for k, n in enumerate(names)})
    assert kind_of(frame) == "interactions"
    assert kind_of(frame.to_pandas()) == "interactions"
    frame.write_csv(tmp_path / "t.csv")
    frame.write_parquet(tmp_path / "t.parquet")
    assert kind_of(tmp_path / "t.csv") == "interactions"
    assert kind_of(str(tmp_path / "t.parquet")) == "interactions"


@pytest.mark.parametrize("names", NOT_TAKEN)
def test_ordinary_tables_are_not(names, tmp_path):
    frame = pl.DataFrame({n: [f"{i % (7 + k)}" for i in range(99)] for k, n in enumerate(names)})
    frame.write_csv(tmp_path / "t.csv")
    assert kind_of(frame) == "table"
    assert kind_of(tmp_path / "t.csv") == "table"


def test_a_table_with_a_row_for_each_user_and_item_is_one_of_users():
    frame = pl.DataFrame({"user": range(99), "item": range(99)})
    assert kind_of(frame) == "table"
    assert kind_of(sparse.csr_matrix(np.eye(3))) == "interactions"


def test_files_of_the_field(tmp_path):
    (tmp_path / "a.inter").write_text(
        "user_id:token\titem_id:token\trating:float\n1\tx\t3\n1\ty\t4\n2\tx\t5\n"
    )
    frame, _ = read(tmp_path / "a.inter")
    assert frame.schema == {"user_id": pl.String, "item_id": pl.String, "rating": pl.Float64}
    (tmp_path / "r.dat").write_text("1::10::3.5::978300760\n1::20::4::978300761\n2::10::5::9\n")
    frame, _ = read(tmp_path / "r.dat")
    assert frame.rows()[0] == (1, 10, 3.5, 978300760)
    (tmp_path / "train.txt").write_text("0 5 6 7\n1 5\n2 6 7\n")
    frame, _ = read(tmp_path / "train.txt")
    assert frame.rows() == [(0, 5), (0, 6), (0, 7), (1, 5), (2, 6), (2, 7)]
    frame, _ = read(sparse.csr_matrix([[0, 1, 0], [2.5, 0, 1]]))
    assert frame.rows() == [(0, 1, 1.0), (1, 0, 2.5), (1, 2, 1.0)]
    (tmp_path / "r.dat").write_text("1::10::3.5\n1::20\n")
    with pytest.raises(DataError, match=r"r.dat: line 2 has 2 fields"):
        read(tmp_path / "r.dat")


def test_baskets_stand_in_the_order_of_time():
    frame = small(time=[3, 1, 2, *range(9)], rating=[float(i % 4) for i in range(12)])
    found, names, schema = built(frame)
    assert names.to_list() == ["a", "b", "c"]
    assert (schema.time, schema.rating) == ("time", "rating")
    order = found.users.to_list().index(0)
    mine = slice(found.indptr[order], found.indptr[order + 1])
    assert found.items[mine].tolist() == [1, 2, 0]
    assert found.ratings is not None
    assert found.ratings[mine].tolist() == [1.0, 2.0, 0.0]
    again = found.take(np.array([order]))
    assert again.items.tolist() == [1, 2, 0]
    assert again.users.to_list() == [0]


def test_what_is_left_out_is_counted():
    frame = pl.concat(
        [
            small(),
            pl.DataFrame({"user": [0, 0, 9, None, 5], "item": ["a", "b", "rare", "a", None]}),
        ]
    )
    found, names, _ = built(frame)
    said = " | ".join(found.notes)
    assert "2 rows have no user or no item" in said
    assert "2 touches are repeated" in said
    assert "1 items were touched by fewer than 3 users" in said
    assert "1 users have no item" in said
    assert "rare" not in names.to_list()


def test_a_user_with_one_item_and_one_with_very_many(monkeypatch):
    monkeypatch.setattr(module, "MOST_TOUCHES", 2)
    found, *_ = built(pl.concat([small(), pl.DataFrame({"user": [7], "item": ["a"]})]))
    assert sorted(found.lengths.tolist()) == [1, 2, 2, 2, 2]
    assert any("4 users touched more than 2 items" in line for line in found.notes)


def test_times_in_the_future_are_told_and_kept():
    when = pl.Series(["2999-01-01", *["2020-01-01"] * 11]).str.to_date()
    found, *_ = built(small(time=when))
    assert any("1 times of column 'time' are in the future" in line for line in found.notes)
    assert found.times is not None
    assert found.times.max() > 3e16


BAD = [
    (small(), {"user": "who"}, OptionError, "user: there is no column 'who'"),
    (small().rename({"user": "x"}), {}, DataError, "no column is named as a user"),
    (small(rating=["good"] * 12), {}, DataError, "expected ratings as numbers"),
    (small(time=["soon"] * 12), {"time": "time"}, DataError, "no time"),
    (small().head(2), {}, DataError, "no item is left"),
    (pl.DataFrame({"item": [1, 2], "rating": [3, 4]}), {}, DataError, "named as a user"),
]


@pytest.mark.parametrize(("frame", "said", "error", "words"), BAD)
def test_bad_input_is_one_clear_error(frame, said, error, words):
    with pytest.raises(error, match=words):
        built(frame, **said)


def test_ratings_out_of_range_are_named():
    frame = small(rating=[1.0, 5.0] * 6)
    schema = InteractionsSchema("user", "item", rating="rating", lowest=1.0, highest=5.0)
    build(frame, schema)
    with pytest.raises(DataError, match="holds 1 ratings such as 99; expected 1 to 5"):
        build(small(rating=[99.0, *[1.0] * 11]), schema)


def test_ids_of_mixed_types_become_text():
    frame = pd.DataFrame({"user": [1, "b", 1, "b", 3, 3], "item": [7, "x", "x", 7, 7, "x"]})
    read_as, _ = read(frame)
    found, names, _ = built(read_as)
    assert names.to_list() == ["7", "x"]
    assert len(found) == 3


def test_a_schema_comes_back_and_says_what_is_wrong(tmp_path):
    *_, schema = built(small(time=range(12), rating=[1.0, 2.0] * 6))
    schema.save(tmp_path / "schema.json")
    assert InteractionsSchema.load(tmp_path / "schema.json") == schema
    with pytest.raises(SchemaError, match="has two roles"):
        InteractionsSchema("user", "user")
    with pytest.raises(SchemaError, match="unknown entry 'colour'"):
        InteractionsSchema.from_json({**schema.to_json(), "colour": 1})
    with pytest.raises(SchemaError, match="column 'who' is not in the data"):
        interfuse.fit(touches(9), kind="interactions", schema=InteractionsSchema("who", "item_id"))

"""Rare identifiers that come back are counted, beside chance and unseen rows."""

import numpy as np
import polars as pl

from interfuse.evaluate.columns import compared_columns
from interfuse.evaluate.identifiers import returned, shared, sort_of


def hosts(rng, n, net="93.184"):
    return [f"{net}.{rng.integers(256)}.{rng.integers(1, 255)}" for _ in range(n)]


def frame(rng, n):
    return pl.DataFrame({"src": hosts(rng, n), "dst": ["224.0.0.251"] * n, "n": range(n)})


def test_copies_are_counted_and_named():
    rng = np.random.default_rng(0)
    real, fresh = frame(rng, 2_000), frame(rng, 2_000)
    copy = fresh.with_columns(src=pl.when(pl.col("n") < 500).then(real["src"]).otherwise("src"))
    one, two, pair = returned(["src", "dst"], real, copy, fresh)
    assert one.columns == ("src",)
    assert one.sort == "addresses"
    assert set(one.some) <= set(real["src"])
    # 2,000 of 65,024 addresses are real: .03 of fresh rows have one by chance.
    assert abs(one.share - (0.25 + 0.75 * 0.03)) < 0.02
    assert abs(one.chance - 0.03) < 0.01
    assert one.held is not None
    assert abs(one.held - one.chance) < 0.015, "chance is what unseen rows of one law have"
    assert two.rows == 0, "multicast names nobody"
    assert pair.columns == ("src", "dst")
    assert pair.share == one.share


def test_identifiers_are_found_by_their_values():
    rng = np.random.default_rng(1)
    table = pl.DataFrame(
        {
            "a": hosts(rng, 100),
            "u": [f"https://example.org/{i}" for i in range(100)],
            "w": ["Mozilla/5.0 (X11)", "curl/8"] * 50,
            "c": ["x", "y"] * 50,
        }
    )
    assert compared_columns(table).identifiers == ["a", "u", "w"]
    assert [sort_of(table[n]) for n in table.columns] == [
        *("addresses", "URLs", "user agents", None)
    ]
    assert compared_columns(table, dict.fromkeys(table.columns, "category")).identifiers == []


def test_what_rows_share_is_compared():
    real = pl.Series("a", ["10.0.0.1", "8.8.8.8", None, "x"] * 30)
    made = pl.Series("a", ["10.9.9.9", "1.1.1.1", None, "x"])
    assert shared(real, made).to_list() == ["private 10.0.0.0/8", "public", None, "(no address)"]
    urls = pl.Series("u", ["/a"] * 20 + ["/b"])
    assert shared(urls, pl.Series("u", ["/a", "/b", "/c", None])).to_list() == [
        *("/a", "(rare)", "(rare)", None)
    ]

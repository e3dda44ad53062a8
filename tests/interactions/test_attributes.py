"""Attributes of users and items: known truth that was put in."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.errors import ConditionError, DataError

USERS, ITEMS, GENRES = 400, 60, 4


@pytest.fixture(scope="module")
def world():
    """Users of a country touch items of that country's genre, three times out of four."""
    rng = np.random.default_rng(0)
    genre = np.arange(ITEMS) % GENRES
    country = rng.integers(GENRES, size=USERS)
    rows = []
    for u in range(USERS):
        n = 4 + 4 * int(country[u] == 0) + int(rng.integers(5))
        own = rng.permutation(np.flatnonzero(genre == country[u]))
        other = rng.permutation(np.flatnonzero(genre != country[u]))
        k = min(int(rng.binomial(n, 0.75)), len(own) - 1)
        rows += [(f"u{u}", f"i{i:02}") for i in [*own[:k], *other[: n - k]]]
    touches = pl.DataFrame(rows, schema=["user", "item"], orient="row")
    names = ["AT", "BR", "CN", "DE"]
    users = pl.DataFrame(
        {
            "user": [f"u{u}" for u in range(USERS)],
            "country": [names[c] for c in country],
            "age": np.round(20 + 10 * country + rng.normal(0, 3, USERS)).astype(int),
            "email": [f"u{u}@example.org" for u in range(USERS)],
        }
    )
    items = pl.DataFrame(
        {
            "item": [f"i{i:02}" for i in range(ITEMS)] + [f"new{g}" for g in range(GENRES)],
            "genre": [f"g{g}" for g in [*genre, *range(GENRES)]],
            "tags": [f"t{g}|all" for g in [*genre, *range(GENRES)]],
        }
    )
    return touches, users, items, dict(zip(items["item"], [*genre, *range(GENRES)], strict=True))


@pytest.fixture(scope="module")
def model(world):
    touches, users, items, _ = world
    with pytest.warns(UserWarning, match="email"):
        return interfuse.fit(touches, kind="interactions", users=users, items=items, examples=2_000)


def share(frame, genre, wanted):
    return np.mean([genre[i] == wanted for i in frame["item"]])


def test_a_cold_user_is_recommended_what_their_country_touches(world, model):
    genre = world[3]
    asked = pl.DataFrame({"user": ["x", "y"], "country": ["BR", "DE"]})
    found = model.recommend(asked, n=8)
    for user, wanted in (("x", 1), ("y", 3)):
        own = found.filter(pl.col("user") == user)
        assert share(own, genre, wanted) >= 0.75  # popularity alone would have a quarter
        assert own["because"].str.contains("country=").all()


def test_a_cold_item_is_scored_as_those_that_it_is_like(world, model):
    touches, _, _, genre = world
    some = touches.filter(pl.col("user").is_in(["u1", "u2", "u3", "u4", "u5", "u6"]))
    found = model.recommend(some, n=64)
    cold = found.filter(pl.col("item").str.starts_with("new"))
    assert cold.height == 6 * GENRES
    for (user,), own in some.group_by("user"):
        counts = np.bincount([genre[i] for i in own["item"]], minlength=GENRES)
        best = cold.filter(pl.col("user") == user).sort("score")["item"][-1]
        assert genre[best] == counts.argmax()
    like = model.similar_items("new2", n=5)
    assert share(like.select(item="similar"), genre, 2) == 1


def test_drawn_users_have_attributes_that_go_with_their_touches(world, model):
    _, users, _, genre = world
    made = model.generate(300, seed=1)
    assert {"country", "age"} <= set(made.columns)
    assert "email" not in made.columns
    once = made.unique("user", maintain_order=True)
    real = users["country"].value_counts(normalize=True).sort("country")["proportion"]
    drawn = once["country"].value_counts(normalize=True).sort("country")["proportion"]
    assert np.abs(real - drawn).max() < 0.1  # 4 standard errors of a share of .25 of 300
    wanted = [
        int(c == genre_of)
        for c, genre_of in zip(
            made["country"].replace_strict({"AT": 0, "BR": 1, "CN": 2, "DE": 3}),
            [genre[i] for i in made["item"]],
            strict=True,
        )
    ]
    assert np.mean(wanted) > 0.5  # .75 real, .25 without attributes
    assert once.group_by("country").agg(pl.col("age").mean()).sort("country")["age"].is_sorted()
    long = made.group_by("user", "country").len()
    mean = dict(long.group_by("country").agg(pl.col("len").mean()).iter_rows())
    assert mean["AT"] > mean["BR"] + 2  # 4 more in truth


def test_given_attributes_hold(world, model):
    genre = world[3]
    made = model.generate(60, given={"country": "CN", "item": "i02"}, seed=2)
    assert (made["country"] == "CN").all()
    assert (made.group_by("user").agg((pl.col("item") == "i02").any())["item"]).all()
    assert share(made, genre, 2) > 0.5
    assert (model.generate(5, given=["age=31"])["age"] == 31).all()
    for bad in ({"country": "XX"}, {"email": "a"}, {"age": "old"}):
        with pytest.raises(ConditionError):
            model.generate(1, given=bad)


def test_missing_attributes_are_filled_and_the_others_stay(world, model):
    touches, users, items, genre = world
    rng = np.random.default_rng(3)
    gone = pl.Series(rng.random(USERS) < 0.3)
    holes = users.drop("email").with_columns(
        pl.when(gone).then(None).otherwise(pl.col("country")).alias("country"),
        pl.when(gone).then(None).otherwise(pl.col("age")).alias("age"),
    )
    full = model.impute(touches.join(holes, on="user", how="left", maintain_order="left"))
    once = users.join(full.unique("user"), on="user", suffix="_filled").with_columns(
        gone=pl.col("user").is_in(users.filter(gone)["user"].implode())
    )
    there = once.filter(~pl.col("gone"))
    assert (there["country"] == there["country_filled"]).all()
    filled = once.filter(pl.col("gone"))
    assert (filled["country"] == filled["country_filled"]).mean() > 0.7  # chance is .25
    error = (filled["age"] - filled["age_filled"]).abs().mean()
    assert error < 0.6 * (filled["age"] - users["age"].mean()).abs().mean()
    lost = items.with_columns(
        genre=pl.when(pl.int_range(pl.len()) % 5 == 0).then(None).otherwise(pl.col("genre"))
    )
    again = model.impute(lost.select("item", "genre"))
    right = [g == f"g{genre[i]}" for i, g in zip(again["item"], again["genre"], strict=True)]
    assert np.mean(right[:ITEMS]) > 0.9


def test_a_run_keeps_attributes_and_no_user(world, model, tmp_path):
    folder = tmp_path / "run"
    model.save(folder)
    loaded = interfuse.load(folder, kind="interactions")
    asked = pl.DataFrame({"user": ["x"], "age": [31]})
    assert loaded.recommend(asked).equals(model.recommend(asked))
    assert loaded.generate(20, seed=4).equals(model.generate(20, seed=4))
    content = b"".join(p.read_bytes() for p in folder.iterdir() if p.is_file())
    assert b"u17@" not in content


def test_tables_that_say_nothing_are_refused(world):
    touches, users, _, _ = world
    with pytest.raises(DataError, match="'user'"):
        interfuse.fit(
            touches, kind="interactions", users=users.rename({"user": "who"}), examples=10
        )
    with pytest.raises(DataError, match="none of the"):
        interfuse.fit(
            touches,
            kind="interactions",
            examples=10,
            users=users.with_columns(user=pl.lit("zz") + pl.col("user")),
        )
    with pytest.raises(DataError, match="no column that can be"):
        interfuse.fit(
            touches, kind="interactions", users=users.select("user", "email"), examples=10
        )


def test_the_tree_draws_its_own_distribution_and_conditions_exactly():
    from interfuse.kinds.interactions.learn.traits import Tree

    rng = np.random.default_rng(0)
    a = rng.integers(3, size=30_000)
    b = np.where(rng.random(30_000) < 0.8, a, rng.integers(3, size=30_000))
    c = np.where(rng.random(30_000) < 0.7, b, -1)  # missing in 30 %
    codes = np.stack([a, b, c], 1)
    tree = Tree.of(codes, [3, 3, 3])
    drawn = tree.draw(np.full((30_000, 3), -1), rng)
    # 4 standard errors of a share near 1/3 of 30,000 are .011, of a difference .015.
    for x in range(3):
        for y in range(3):
            truth = np.mean((codes[:, 0] == x) & (codes[:, 1] == y))
            assert abs(np.mean((drawn[:, 0] == x) & (drawn[:, 1] == y)) - truth) < 0.015
    assert abs((drawn[:, 2] < 0).mean() - (c < 0).mean()) < 0.015
    given = np.tile([-1, -1, 2], (30_000, 1))
    told = tree.draw(given, rng)
    assert (told[:, 2] == 2).all()
    truth = np.mean(a[c == 2] == 2)
    assert abs((told[:, 0] == 2).mean() - truth) < 0.015


def test_an_attribute_that_differs_between_rows_of_a_user_is_told_of(model):
    asked = pl.DataFrame({"user": ["x", "x"], "country": ["BR", "DE"], "age": [31, 31]})
    with pytest.warns(UserWarning, match="'country' differ between rows of the same 'user'"):
        model.recommend(asked, n=2)

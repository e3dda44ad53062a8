"""The questions to one small model, each against what the data were made with."""

import json
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from made import steps, touches

import interfuse
from interfuse import InterfuseWarning
from interfuse.api import kind_of
from interfuse.errors import ConditionError, DataError, OptionError, RunError
from interfuse.kinds.interactions.ask.reading import asked
from interfuse.kinds.interactions.ask.recommend import parts
from interfuse.kinds.interactions.model import InteractionsModel


def taste(items):
    return [int(i[1:]) // 10 for i in items]


def test_it_is_recognised_and_comes_back_from_its_folder(model, data):
    made, folder = model
    assert kind_of(data) == "interactions"
    assert isinstance(made, InteractionsModel)
    again = interfuse.load(folder, kind="interactions")
    assert again.recommend(data.head(40)).equals(made.recommend(data.head(40)))
    assert again.generate(9, seed=2).equals(made.generate(9, seed=2))


def test_nobody_is_recommended_what_they_know(model, data):
    found = model[0].recommend(data, n=5)
    known = set(data.select("user_id", "item_id").rows())
    assert not known & set(found.select("user_id", "item_id").rows())
    assert found["rank"].to_list() == [1, 2, 3, 4, 5] * 300
    scores = found["score"].to_numpy().reshape(300, 5)
    assert (np.diff(scores, axis=1) <= 0).all()
    mine = {u: int(u[5:9]) % 3 for u in found["user_id"].unique()}
    first = found.filter(pl.col("rank") == 1)
    same = np.mean(
        [mine[u] == t for u, t in zip(first["user_id"], taste(first["item_id"]), strict=True)]
    )
    # A tenth of the touches are of other tastes; at random a third of the first would be right.
    assert same > 0.8
    again = model[0].recommend(data.head(9), n=30, exclude_known=False)
    assert known & set(again.select("user_id", "item_id").rows())


def test_a_score_is_the_sum_of_what_known_items_add(model, data):
    fitted = model[0].fitted
    baskets, *_ = asked(fitted, data.head(6))
    one = baskets.take(np.array([0]))
    items = np.arange(30)
    (scores,), means = fitted.panel.heard(one)
    assert {v.name for v, _ in means} == {v.name for v in fitted.panel.weighed}
    for voice, mean in means:
        raw = np.maximum(voice.raw(one.matrix), 0)
        np.testing.assert_allclose(mean, raw.mean(1), rtol=1e-4)
    added = parts([(v, float(mean[0])) for v, mean in means], one.matrix, items).sum(0)
    # The panel cuts experts at 0 and adds popularity to break ties.
    above = added > 1
    np.testing.assert_allclose(added[above], scores[above], rtol=0.35)
    best = model[0].recommend(data.head(6), n=1)
    known = set(data.head(6)["item_id"])
    assert set(best["because"][0].split(", ")) <= known


def test_strangers_are_told_what_is_popular(model):
    strangers = pl.DataFrame({"user_id": ["a", "b"], "item_id": [None, "never seen"]})
    with pytest.warns(InterfuseWarning, match="of 2 users no item is known"):
        found = model[0].recommend(strangers, n=3)
    popular = np.argsort(-model[0].fitted.panel.popularity, kind="stable")[:3]
    names = model[0].items.to_list()
    assert found["item_id"].to_list() == [names[i] for i in popular] * 2
    assert found["because"].null_count() == 6
    with pytest.raises(DataError, match="there is no column 'user_id'"):
        model[0].recommend(pl.DataFrame({"x": [1]}))
    with pytest.raises(OptionError, match="n: is 0"):
        model[0].recommend(strangers, n=0)


def test_answers_are_of_the_kind_that_came_in(model, data):
    assert isinstance(model[0].recommend(data.head(9).to_pandas(), n=2), pd.DataFrame)


def test_drawn_users_are_like_the_real_ones(model, data):
    drawn = model[0].generate(300, seed=1)
    assert drawn.schema == data.schema
    assert drawn.select("user_id", "item_id").is_unique().all()
    lengths = [f.group_by("user_id").len()["len"].mean() for f in (data, drawn)]
    assert abs(lengths[0] - lengths[1]) < 0.5
    shares = [
        f["item_id"].value_counts().sort("item_id")["count"].to_numpy() / f.height
        for f in (data, drawn)
        if f["item_id"].n_unique() == 30
    ]
    assert len(shares) == 2
    assert np.abs(shares[0] - shares[1]).sum() / 2 < 0.15  # total variation; 1,600 draws each: .06

    def together(frame):
        pairs = frame.join(frame, on="user_id").filter(pl.col("item_id") < pl.col("item_id_right"))
        a, b = taste(pairs["item_id"]), taste(pairs["item_id_right"])
        return np.mean(np.equal(a, b))

    # Items of one taste stand together: .33 if items were drawn on their own.
    assert abs(together(drawn) - together(data)) < 0.1
    times = drawn["timestamp"].to_numpy().reshape(-1)
    user = drawn["user_id"].to_numpy()
    assert (np.diff(times)[user[1:] == user[:-1]] >= 0).all()
    assert times.min() > 1_599_000_000
    assert times.max() <= data["timestamp"].max() + 20_000
    # Users walk on by one or two items; in a random order a fifth of all steps would.
    assert steps(drawn) > 0.45
    assert set(drawn["rating"]) <= {1, 2, 3, 4, 5}


def test_a_draw_depends_on_the_seed_and_its_number(model):
    few, many = model[0].generate(2, seed=5), model[0].generate(70, seed=5)
    assert many.head(few.height).equals(few)
    assert not model[0].generate(2, seed=6).equals(few)
    assert model[0].generate(0).schema == few.schema


def test_given_items_are_touched_and_their_like(model):
    drawn = model[0].generate(60, given={"item_id": "i15"}, seed=0)
    has = drawn.group_by("user_id").agg((pl.col("item_id") == "i15").any())["item_id"]
    assert has.all()
    rest = drawn.filter(pl.col("item_id") != "i15")["item_id"]
    assert np.mean([t == 1 for t in taste(rest)]) > 0.6
    assert model[0].generate(60, given=["item_id=i15"], seed=0).equals(drawn)
    for given, words in (({"item_id": "?"}, "not known"), (["rating=3"], "no condition on column")):
        with pytest.raises(ConditionError, match=words):
            model[0].generate(1, given=given)


def test_similar_items_are_of_one_taste(model):
    found = model[0].similar_items(["i01", "i25"], n=3)
    assert found["item_id"].to_list() == ["i01"] * 3 + ["i25"] * 3
    same = [t == w for t, w in zip(taste(found["similar"]), [0] * 3 + [2] * 3, strict=True)]
    assert sum(same) >= 5
    with pytest.raises(DataError, match="item: 'zzz' is not known"):
        model[0].similar_items("zzz")


def test_users_who_mix_tastes_are_odd(model):
    rng = np.random.default_rng(5)
    fresh = touches(120, seed=9)
    fakes = [(f"fake{u}", f"i{i:02d}") for u in range(60) for i in rng.permutation(30)[:8]]
    fake = pl.DataFrame(fakes, schema=["user_id", "item_id"], orient="row")
    both = pl.concat([fresh.select("user_id", "item_id"), fake])
    found = model[0].detect(both)
    odd = found.users["user_id"].str.starts_with("fake").to_numpy()
    order = found.score.argsort().argsort()
    area = (order[odd].sum() - odd.sum() * (odd.sum() - 1) / 2) / odd.sum() / (~odd).sum()
    assert area > 0.85
    # p-values of fresh users are even: 5 % of 120 are 6, give or take 2.4.
    assert (found.users["p_value"].to_numpy()[~odd] < 0.05).sum() < 20
    alone = model[0].detect(both.filter(pl.col("user_id") == "fake3"))
    same = found.users.filter(pl.col("user_id") == "fake3")
    assert abs(alone.score[0] - same["score"][0]) < 1e-4
    assert found.touches.columns == ["user_id", "item_id", "score", "p_value", "expected"]


def test_ratings_are_filled_and_those_that_are_there_stay(model, data):
    rng = np.random.default_rng(0)
    hide = rng.random(data.height) < 0.2
    holes = data.with_columns(
        pl.when(pl.Series(hide)).then(None).otherwise(pl.col("rating")).alias("rating")
    )
    filled = model[0].impute(holes, interval=0.8)
    assert filled.drop("rating_low", "rating_high").schema == data.schema
    assert (filled["rating"] == data["rating"]).to_numpy()[~hide].all()
    truth = data["rating"].to_numpy()[hide]
    error = np.sqrt(np.mean((filled["rating"].to_numpy()[hide] - truth) ** 2))
    items = data.filter(~pl.Series(hide)).group_by("item_id").agg(pl.col("rating").mean())
    means = data.select("item_id").join(items, on="item_id", how="left", maintain_order="left")
    plain = np.sqrt(np.mean((means["rating"].to_numpy()[hide] - truth) ** 2))
    # Users differ by a constant, which item means do not know; whole stars round the answer.
    assert error < plain + 0.02
    inside = (filled["rating_low"] <= data["rating"]) & (data["rating"] <= filled["rating_high"])
    assert 0.7 < inside.to_numpy()[hide].mean() < 0.95
    went = model[0].record["training"]["rating_error"]
    assert went["model"] < went["item_means"]


def test_no_name_of_a_column_is_taken(data):
    some = data.head(400)
    names = {"user_id": "_item", "item_id": "_row", "timestamp": "_place", "rating": "_user"}
    theirs = some.rename(names)
    roles: dict[str, Any] = {"user": "_item", "item": "_row", "time": "_place", "rating": "_user"}
    hide = pl.when(pl.int_range(pl.len()) % 5 > 0)
    ours = interfuse.fit(some, kind="interactions", examples=300)
    other = interfuse.fit(theirs, kind="interactions", examples=300, **roles)
    filled = ours.impute(some.with_columns(hide.then("rating")))
    assert other.impute(theirs.with_columns(hide.then("_user"))).equals(filled.rename(names))


def test_a_run_holds_no_user(model, data):
    _, folder = model
    names = [u.encode() for u in data["user_id"].unique()]
    for path in folder.iterdir():
        content = path.read_bytes()
        assert not any(name in content for name in names), path.name
    record = json.loads((folder / "run.json").read_text())
    assert record["data"]["users"] == 300


def test_without_times_there_is_no_order_and_without_ratings_nothing_to_impute(data):
    pairs = data.select("user_id", "item_id").head(400)
    plain = interfuse.fit(pairs, kind="interactions", examples=640)
    assert not plain.fitted.panel.ordered
    assert plain.generate(3).columns == ["user_id", "item_id"]
    with pytest.raises(RunError, match="was fitted without ratings"):
        plain.impute(data)

"""Every question knows the rules: drawn, given, filled, detected, judged, stored."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import interfuse
from interfuse.errors import ConditionError, SchemaError
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.judge import rule_shares
from interfuse.kinds.table.model import Model
from interfuse.kinds.table.rules.leftover import Leftover, alike

N = 1500


def records(seed=0):
    """Packets, bytes, their mean, a rate, a label and what it decides, a time and its end."""
    r = np.random.default_rng(seed)
    packets = np.where(r.random(N) < 0.05, 0, np.ceil(r.pareto(1.5, N) * 4)).astype(int)
    total = np.round(packets * r.choice([60, 570, 1400], N) * np.exp(r.normal(0, 0.05, N)))
    seconds = np.where(r.random(N) < 0.1, 0.0, r.lognormal(-1, 1, N).round(3))
    mean = np.divide(total, packets, out=np.zeros(N), where=packets > 0)
    label = r.choice(["normal", "scan", "flood"], N, p=[0.6, 0.25, 0.15])
    start = np.datetime64("2026-03-01", "us") + r.integers(0, 10**11, N).astype("timedelta64[us]")
    frame = pl.DataFrame(
        {
            "packets": packets,
            "bytes": total.astype(int),
            "mean_size": mean.round(2),
            "seconds": seconds,
            "rate": np.divide(packets, seconds, out=np.zeros(N), where=seconds > 0).round(4),
            "label": label,
            "attack": label != "normal",
            "start": start,
            "end": start + np.round(seconds * 1e6).astype("timedelta64[us]"),
        }
    )
    odd = pl.Series(r.random(N) < 0.019)
    return frame.with_columns(pl.when(odd).then(0).otherwise("rate").alias("rate"))


@pytest.fixture(scope="module")
def frame():
    return records()


@pytest.fixture(scope="module")
def model(frame):
    return interfuse.fit(frame, examples=1_500)


def lawful(model, frame, but=()):
    for name, left in model.codec.derived.items():
        if left.decimals is None and left.exceptions is None and name not in but:
            assert alike(frame[name], left.said(frame)).all(), name
        for part, rule in left.keeps:
            said = rule.apply(frame).cast(frame.schema[part])
            assert alike(frame[part], said).all(), part


def test_the_rules_are_those_that_made_the_table(model, frame):
    derived = model.codec.derived
    assert set(derived) == {"bytes", "rate", "attack", "end"}
    assert derived["rate"].exceptions == "number"
    assert derived["bytes"].decimals == 0
    lawful(model, frame)


def test_drawn_rows_obey_and_exceptions_are_values_seen(model, frame):
    drawn = model.generate(2000)
    lawful(model, drawn)
    assert drawn.columns == frame.columns
    assert drawn["bytes"].min() >= 0
    rate = model.codec.derived["rate"]
    odd = drawn.filter(pl.Series(~alike(drawn["rate"], rate.said(drawn))))
    assert set(odd["rate"].unique()) == {0.0}  # how often is a matter of training


def test_a_stored_model_answers_the_same(model, tmp_path):
    model.save(tmp_path / "run")
    again = interfuse.load(tmp_path / "run")
    assert isinstance(again, Model)
    assert again.generate(50, seed=3).equals(model.generate(50, seed=3))


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ({"rate": 5.0}, pl.col("rate") == 5),
        (["rate > 100", "rate <= 200"], (pl.col("rate") > 100) & (pl.col("rate") <= 200)),
        ({"attack": True}, pl.col("attack") & (pl.col("label") != "normal")),
        ({"bytes": 12345, "label": "scan"}, (pl.col("bytes") == 12345) & pl.col("attack")),
        (
            {"end": "2026-03-01T05:00:00"},
            pl.col("end") == pl.datetime(2026, 3, 1, 5, time_unit="us"),
        ),
    ],
)
def test_conditions_on_derived_columns(model, given, holds):
    drawn = model.generate(60, given=given)
    assert drawn.select(holds.all()).item()
    lawful(model, drawn)
    assert drawn["packets"].n_unique() > 1


def test_the_share_of_rows_under_a_range_is_that_of_the_model(model):
    free = model.generate(2000, seed=1).filter(pl.col("rate") > 20)
    held = model.generate(1000, given=["rate > 20"], seed=2)
    # Means of logarithms of two samples: three standard errors of some hundred rows.
    a, b = (np.log(f["rate"].to_numpy()) for f in (free, held))
    assert abs(a.mean() - b.mean()) < 3.5 * (a.std() / len(a) ** 0.5 + b.std() / 300**0.5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"attack": True, "label": "normal"}, "attack = True cannot be met together"),
        ({"rate": -4.0}, "gives no such value for values within the ranges seen"),
        ({"rate": None}, "a missing value cannot be given"),
        ({"attack": "perhaps"}, "cannot be read as Boolean"),
    ],
)
def test_conditions_that_rules_contradict_are_refused(model, given, message):
    with pytest.raises(ConditionError, match=message):
        model.generate(5, given=given)


def test_filled_rows_obey_and_known_cells_stay(model, frame):
    r = np.random.default_rng(4)
    rows = frame.head(200)
    # One column of a rule at a time, and a result: each can then be put right.
    gone = {"bytes": 0.3, "rate": 0.3, "attack": 0.5, "end": 0.3, "label": 0.3}
    holes = rows.with_columns(
        pl.when(pl.Series(r.random(200) < share)).then(None).otherwise(pl.col(n)).alias(n)
        for n, share in gone.items()
    )
    answer = model.impute(holes, draws=3)
    for i in range(3):
        filled = answer.frame(i)
        assert sum(filled.null_count().row(0)) == 0
        for n in rows.columns:
            known = holes[n].is_not_null()
            assert filled[n].filter(known).equals(holes[n].filter(known)), n
        known = holes["mean_size"].is_not_null() & holes["bytes"].is_null()
        assert alike(filled["attack"], filled["label"] != "normal").all()
        assert (filled["end"] - filled["start"]).dt.total_microseconds().to_list() == [
            round(s * 1e6) for s in filled["seconds"].to_list()
        ]


def test_a_missing_part_is_computed_from_the_result(model, frame):
    rows = frame.filter(pl.col("packets") > 3).head(40)
    for part in ("mean_size", "start", "seconds", "attack"):
        holes = rows.with_columns(pl.lit(None, frame.schema[part]).alias(part))
        filled = model.impute(holes, draws=1).frame(0)
        assert filled[part].equals(rows[part]), part


def test_detect_names_the_broken_rule(model, frame):
    rows = frame.filter((pl.col("rate") > 0) & (pl.col("packets") > 5)).head(30)
    wrong = rows.with_columns(
        end=pl.when(pl.int_range(30) < 10).then(pl.col("start")).otherwise("end"),
        bytes=pl.when(pl.int_range(30).is_between(10, 19))
        .then(pl.col("bytes") * 3)
        .otherwise("bytes"),
    )
    cells = model.detect(wrong).frame()["cell"]
    assert (cells.head(10) == "end").mean() >= 0.9
    assert (cells.slice(10, 10) == "bytes").mean() >= 0.9


def test_evaluate_lists_each_relation(frame):
    broken = frame.with_columns(pl.col("mean_size") + 1)
    shares = {text.split(" = ")[0]: (a, b) for text, a, b in rule_shares(frame, broken)}
    assert set(shares) == {"mean_size", "rate", "attack", "end"}
    assert shares["mean_size"] == (1.0, 0.0)
    assert shares["end"] == (1.0, 1.0)
    assert 0.97 < shares["rate"][0] < 1


def test_rules_and_bounds_written_by_hand(frame):
    plain = frame.select("packets", "seconds", "label")
    schema = interfuse.infer_schema(plain.with_columns(pace=pl.lit(1.5) * pl.col("seconds")))
    schema = schema.edited(
        "pace", kind="derived", options={"rule": "round(packets / (seconds + 1), 1)"}
    )
    schema = type(schema).from_json({**schema.to_json(), "bounds": ["seconds <= packets"]})
    fitted = interfuse.fit(
        plain.with_columns(pace=pl.lit(1.5) * pl.col("seconds")), examples=500, schema=schema
    )
    assert isinstance(fitted, Model)
    drawn = fitted.generate(300)
    assert (drawn["seconds"] <= drawn["packets"]).all()
    said = np.floor(drawn["packets"] / (drawn["seconds"] + 1) * 10 + 0.5) / 10
    assert np.allclose(drawn["pace"], said)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bounds": ["packets < seconds"]}, "the bound 'packets < seconds' cannot be read"),
        ({"bounds": ["packets <= nothing"]}, "names 'nothing', which is no column"),
        ({"bounds": ["label <= packets"]}, "is between String and Int64"),
    ],
)
def test_bounds_that_cannot_be_kept_are_refused(frame, change, message):
    plain = frame.select("packets", "seconds", "label")
    schema = interfuse.infer_schema(plain)
    with pytest.raises(SchemaError, match=message):
        interfuse.fit(
            plain, examples=100, schema=type(schema).from_json({**schema.to_json(), **change})
        )


def test_a_circle_of_rules_is_refused(frame):
    plain = frame.select("packets", "seconds", "label")
    schema = interfuse.infer_schema(plain)
    schema = schema.edited("packets", kind="derived", options={"rule": "round(2 * seconds)"})
    schema = schema.edited("seconds", kind="derived", options={"rule": "packets / 2"})
    with pytest.raises(SchemaError, match="derived in a circle"):
        interfuse.fit(plain, examples=100, schema=schema)


def test_a_dropped_part_leaves_no_rule(frame):
    fitted = interfuse.fit(frame, examples=300, kinds={"seconds": "drop", "attack": "category"})
    assert isinstance(fitted, Model)
    assert {n for n in fitted.codec.derived} == {"bytes"}
    assert "seconds" not in fitted.generate(5).columns


def test_what_is_left_over_comes_back():
    r = np.random.default_rng(5)
    frame = pl.DataFrame({"a": r.integers(0, 99, 300), "b": r.integers(1, 9, 300)})
    c = (frame["a"] * frame["b"]).to_numpy() + r.integers(-2, 3, 300)
    frame = frame.with_columns(c=pl.when(pl.Series(r.random(300) < 0.9)).then(pl.Series(c)))
    for options in (
        {"rule": "a * b", "exceptions": "number", "missing": True},
        {"rule": "a * b", "remainder": 0, "missing": True},
    ):
        left = Leftover.of("c", pl.Int64(), options)
        hidden = frame.with_columns(left.split(frame)).drop("c")
        assert left.join(hidden).equals(frame["c"])


def test_a_remainder_shrinks_until_the_kept_rule_holds():
    frame = pl.DataFrame({"mean": [10, 10, 7], "n": [4, 4, 1], "c (remainder)": [1, 50, -3]})
    left = Leftover.of(
        "c", pl.Int64(), {"rule": "mean * n", "remainder": 0, "keeps": {"mean": "round(c / n)"}}
    )
    joined = left.join(frame)
    assert joined[0] == 41
    assert joined[1] == 41  # round(42 / 4) is 11 already, halves up
    assert joined[2] == 7


@pytest.fixture(scope="module")
def paced():
    """Packets that come at about one pace: whoever draws both apart has rates that none had."""
    r = np.random.default_rng(0)
    packets = np.ceil(r.lognormal(4, 2, N)).astype(int)
    seconds = np.ceil(packets * r.lognormal(0, 0.1, N) * 100) / 1000
    table = pl.DataFrame({"packets": packets, "seconds": seconds})
    table = table.with_columns((pl.col("packets") / pl.col("seconds")).round(4).alias("rate"))
    schema, kinds = interfuse.infer_schema(table), {"packets": "number", "seconds": "number"}
    rule = {"rule": "round(packets / seconds, 4)", "range": [7.0, 14.0]}
    columns = [
        replace(c, kind=kinds.get(c.name, "derived"), options={} if c.name in kinds else rule)
        for c in schema.columns
    ]
    return interfuse.fit(table, schema=replace(schema, columns=tuple(columns)), examples=3_000)


def test_ratios_stay_in_their_range_row_by_row(paced):
    columns = []
    for c in paced.schema.columns:
        left = {k: v for k, v in c.options.items() if k != "range"}
        columns.append(replace(c, options=left))
    schema = replace(paced.schema, columns=tuple(columns))
    free = replace(paced, schema=schema, codec=TableCodec(schema, paced.codec.fields))
    before, after = free.generate(4_000, seed=3), paced.generate(4_000, seed=3)
    inside = before["rate"].is_between(7, 14)
    # Of four further draws a share b of rows beyond becomes b^5; rows inside are what they were.
    beyond = 1 - inside.mean()
    assert 0.1 < beyond < 0.99
    assert 1 - after["rate"].is_between(7, 14).mean() == pytest.approx(beyond**5, abs=0.03)
    assert after.filter(inside).equals(before.filter(inside))
    assert paced.generate(100, seed=3).equals(after[:100])
    lawful(paced, after)


def test_what_is_given_is_not_held_to_a_range(paced):
    drawn = paced.generate(50, given="rate > 30", seed=0)
    assert (drawn["rate"] > 30).all()


def test_the_range_of_a_ratio_is_found(model, frame):
    low, high = model.codec.derived["rate"].range
    assert low <= frame["rate"].min() <= frame["rate"].max() <= high <= 1.1 * frame["rate"].max()
    assert model.codec.derived["attack"].range is None

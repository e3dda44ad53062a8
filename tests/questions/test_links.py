"""Values that are another column's in a share of the rows, in every question."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

import interfuse
from interfuse.errors import InterfuseError, SchemaError
from interfuse.kinds.table.ask.conditions import parse_conditions
from interfuse.kinds.table.asked import Asked
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields.atoms import AtomMarginal
from interfuse.kinds.table.judge import rule_shares
from interfuse.kinds.table.linksearch import find_links, skipped
from interfuse.kinds.table.schema import Schema

EQUAL = 0.4


def bills(n: int, seed: int = 0) -> pl.DataFrame:
    """`paid` is `billed` in 40 % of the rows; `later` is `billed` moved by 2 %."""
    rng = np.random.default_rng(seed)
    billed = np.round(rng.lognormal(8, 1.2, n))
    other = np.round(rng.lognormal(7, 1.5, n))
    paid = np.where(rng.random(n) < EQUAL, billed, other)
    later = np.round(billed * np.exp(rng.normal(0, 0.02, n)))
    return pl.DataFrame({"billed": billed, "paid": paid, "later": later})


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return bills(1_500)


@pytest.fixture(scope="module")
def model(rows: pl.DataFrame) -> interfuse.Model:
    return interfuse.fit(rows, examples=9_000, seed=0)


@pytest.fixture(scope="module")
def drawn(model: interfuse.Model) -> pl.DataFrame:
    return model.generate(2_048)


def equal(frame: pl.DataFrame) -> float:
    return (frame["paid"] == frame["billed"]).mean()  # pyright: ignore[reportReturnType]


# The search


def test_search_finds_what_was_planted_and_which_way(rows: pl.DataFrame):
    schema = interfuse.infer_schema(rows)
    # `billed` is tied to both: it keeps its number, and the others refer to it.
    assert schema["paid"].options == {"equals": ["billed"], "follows": ["billed"]}
    assert schema["later"].options["follows"] == ["billed"]
    assert not schema["billed"].options
    share = f"{equal(rows):.0%}"
    assert f"is billed in {share} of the rows" in schema["paid"].note
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def test_sums_of_two_are_found():
    rng = np.random.default_rng(1)
    a, b, c = (np.round(rng.lognormal(7, 1, 3_000)) for _ in range(3))
    frame = pl.DataFrame({"a": a, "b": b, "c": np.where(rng.random(3_000) < 0.1, a + b, c)})
    ((name, (found,)),) = find_links(frame.lazy()).items()
    assert {name, *found.rule.columns} == {"a", "b", "c"}
    assert found.share == pytest.approx(0.1, abs=4 * (0.1 * 0.9 / 3_000) ** 0.5)


def test_coarse_dependence_copies_of_few_rows_and_ties_are_no_links():
    rng = np.random.default_rng(2)
    n = 4_000
    x = rng.lognormal(0, 1, n)
    coarse = pl.DataFrame(
        {
            "x": np.round(x, 4),
            "y": np.round(x * np.exp(rng.normal(0, 1, n)), 4),  # dependent, never close
            "few": np.where(np.arange(n) < 15, np.round(x, 4), np.round(rng.random(n), 4)),
            "port": rng.choice([22, 53, 80, 443], n),  # equal values that are common
            "other_port": rng.choice([22, 53, 80, 443], n),
        }
    )
    assert find_links(coarse.lazy()) == {}
    assert find_links(pl.DataFrame({"a": [1.0, 2.0], "b": [1.0, 2.0]}).lazy()) == {}


def test_what_is_skipped_is_said():
    assert skipped(40) == ""
    assert "sums" in skipped(41)
    assert "first 400" in skipped(401)


# Cells


def test_cells_give_every_value_back_through_a_chain():
    rng = np.random.default_rng(3)
    n = 3_000
    a = np.round(rng.lognormal(8, 1, n), 2)
    b = np.where(rng.random(n) < 0.3, a, np.round(rng.lognormal(8, 1, n), 2))
    c = np.where(rng.random(n) < 0.3, b, np.round(rng.lognormal(8, 1, n), 2))
    frame = pl.DataFrame({"a": a, "b": b, "c": c, "day": [None, "x"] * (n // 2)})
    frame = frame.with_columns(pl.when(pl.int_range(n) % 7 > 0).then("b").alias("b"))
    schema = interfuse.infer_schema(frame)
    assert sum("equals" in column.options for column in schema.columns) == 2
    codec = TableCodec.fit(frame, schema)
    cells = codec.encode(frame)
    linked = {n: (cells.codes[:, codec.places[n].codes.start] >= codec.links.first(n)).mean()
              for n in codec.links.rules}  # fmt: skip
    assert all(0.2 < share < 0.4 for share in linked.values())
    back = codec.decode(cells.codes.astype(np.int64), cells.scores, np.arange(n))
    assert back.equals(frame)
    again = TableCodec.from_json(schema, json.loads(json.dumps(codec.to_json())), codec.arrays())
    assert np.array_equal(again.encode(frame).codes, cells.codes)


@pytest.mark.parametrize(
    ("equals", "words"),
    [
        (["nothing"], "there is no column 'nothing'"),
        (["paid"], "expected other columns"),
        ("billed", "expected a list of columns"),
        (["kind"], "learned as numbers or times"),
    ],
)
def test_a_link_that_cannot_be_is_one_clear_error(rows: pl.DataFrame, equals: object, words: str):
    frame = rows.with_columns(kind=pl.lit("x"))[:200]
    with pytest.raises(SchemaError, match=words):
        interfuse.fit(
            frame, schema=interfuse.infer_schema(frame).edited("paid", options={"equals": equals})
        )


def test_links_in_a_circle_are_refused_and_dropped_references_forgotten(rows: pl.DataFrame):
    schema = interfuse.infer_schema(rows)
    circle = schema.edited("billed", options={"equals": ["paid"]})
    with pytest.raises(SchemaError, match="in a circle"):
        TableCodec.fit(rows, circle)
    types = dict(rows.schema)
    kept = Asked.of({"billed": "drop"}).put(schema, types)
    assert not kept["paid"].options
    assert not TableCodec.fit(rows, kept).links


# Questions


def test_rows_are_equal_as_often_as_they_were(drawn: pl.DataFrame, rows: pl.DataFrame):
    # Marginals of codes are calibrated: within four standard errors of both samples.
    error = (EQUAL * (1 - EQUAL) * (1 / 2_048 + 1 / 1_500)) ** 0.5
    assert equal(drawn) == pytest.approx(equal(rows), abs=4 * error)
    (relation,) = [r for r in rule_shares(rows, drawn) if "paid" in r[0]]
    assert relation[0] == "paid = billed, in a part"
    assert relation[1:] == pytest.approx((equal(rows), equal(drawn)))


def test_conditions_on_either_side(model: interfuse.Model):
    held = model.generate(2_048, given={"billed": 2_985})
    assert set(held["billed"]) == {2_985}
    # Which share depends little on the bill: .4 in truth, learned from 1,500 rows.
    assert 0.25 < (held["paid"] == 2_985).mean() < 0.55
    held = model.generate(2_048, given={"paid": 2_985})
    assert set(held["paid"]) == {2_985}
    # Bayes: the density of log(billed) there over that of both ways to pay as much.
    value = np.log(2_985)
    linked, alone = EQUAL * norm.pdf(value, 8, 1.2), (1 - EQUAL) * norm.pdf(value, 7, 1.5)
    assert (held["billed"] == 2_985).mean() == pytest.approx(linked / (linked + alone), abs=0.15)
    # With both given nothing is left open.
    for billed, linked in ((2_985, True), (500, False)):
        both = parse_conditions({"paid": 2_985, "billed": billed}, model.codec)
        assert not both.limits
        place = model.codec.places["paid"].codes.start
        assert (both.codes[place] == model.codec.links.code("paid", 0)) == linked


def test_conditions_in_ranges_and_sets(model: interfuse.Model, rows: pl.DataFrame):
    inside = (pl.col("paid") >= 2_000) & (pl.col("paid") < 9_000)
    held = model.generate(2_048, given=["2000 <= paid < 9000"])
    assert held.filter(inside).height == 2_048
    assert equal(held) == pytest.approx(equal(rows.filter(inside)), abs=0.15)
    values = [*rows["billed"][:3], 4_321.0]
    held = model.generate(512, given={"paid": values})
    assert set(held["paid"]) <= set(values)
    assert 0 < equal(held) < 1


def test_filled_rows_keep_the_share_and_a_known_reference_decides(
    model: interfuse.Model, rows: pl.DataFrame
):
    fresh = bills(300, seed=9)
    i = pl.int_range(pl.len())
    holes = fresh.with_columns(
        pl.when(i % 2 == 0).then("paid").alias("paid"),
        pl.when(i % 2 == 1).then("billed").alias("billed"),
    )
    draws = model.impute(holes, draws=6)
    frames = [draws.frame(k) for k in range(6)]
    odd = np.arange(300) % 2 == 1
    for part in (odd, ~odd):
        share = np.mean([(f["paid"] == f["billed"]).to_numpy()[part].mean() for f in frames])
        # 150 rows of which 40 % are equal, give or take 4 %; the network learned in seconds.
        assert share == pytest.approx(EQUAL, abs=0.15)
    assert frames[3].filter(pl.Series(odd))["billed"].equals(holes["billed"].filter(pl.Series(odd)))
    # The largest single probability is that of the bill: it is the mode, to the last digit.
    mode = draws.mode().filter(pl.Series(odd))
    assert (mode["paid"] == mode["billed"]).mean() > 0.9
    same = model.impute(holes[:20], draws=6).frame(2)
    assert same.equals(frames[2][:20])


def test_detect_names_the_relation(rows: pl.DataFrame, model: interfuse.Model):
    said = model.detect(rows[:50]).expected["paid"]
    assert said.str.contains("equal to billed").sum() > 25


def test_a_run_comes_back_and_a_changed_schema_is_refused(
    model: interfuse.Model, drawn: pl.DataFrame, tmp_path: Path
):
    model.save(tmp_path / "run")
    again = interfuse.load(tmp_path / "run")
    assert isinstance(again, interfuse.Model)
    assert again.generate(2_048).equals(drawn)
    plain = dataclasses.replace(model, schema=model.schema.edited("paid", options={}))
    plain.save(tmp_path / "other")
    with pytest.raises(InterfuseError):
        interfuse.load(tmp_path / "other")


# A number that may be a known value


def test_a_mixture_of_bins_and_a_value_against_draws_of_it(model: interfuse.Model):
    field = model.codec.fields["paid"]
    shares = np.full((1, field.cells[0].size), 0.7 / field.bins, np.float32)
    shares[:, field.bins :] = 0.3
    marginal = AtomMarginal.of(field, shares, [pl.Series([1_000.0])])
    rng = np.random.default_rng(0)
    n = 200_000
    bins, z = rng.integers(0, field.bins, n), rng.standard_normal(n)
    values = field.decode(bins[:, None], z[:, None], np.zeros(n, int), 0).to_numpy()
    values = np.where(rng.random(n) < 0.3, 1_000.0, values)
    assert marginal.mode()[0] == 1_000
    assert marginal.mean()[0] == pytest.approx(values.mean(), rel=0.02)  # heavy tails
    assert marginal.uncertainty()[0] == pytest.approx(values.std(), rel=0.05)
    for q in (0.05, 0.3, 0.5, 0.7, 0.95):
        assert marginal.quantile(q)[0] == pytest.approx(np.quantile(values, q), rel=0.03)

"""`compare`'s estimators and tests, where the truth is known and no network is fitted."""

import numpy as np
import polars as pl
import pytest
from exact import TableSays, exclusive_or

from interfuse.kinds.table.ask.know.change import _parts
from interfuse.kinds.table.ask.know.changed import held_apart, statistics_of
from interfuse.kinds.table.ask.know.groups import stand_out
from interfuse.kinds.table.ask.know.judge import Judges, evening, judged
from interfuse.kinds.table.ask.know.source import divergence, overall
from interfuse.kinds.table.ask.odd.reference import Reference

TIMES = 200
SIGMAS = 4.5


def source_table(covariate, concept):
    """p(s, x, y): the share of x, and of y given x, by source."""
    p = np.zeros((2, 2, 2))
    for s in (0, 1):
        x = np.array([0.5, 0.5]) if not (covariate and s) else np.array([0.25, 0.75])
        y = np.array([[0.8, 0.2], [0.4, 0.6]])
        if concept and s:
            y = np.array([[0.8, 0.2], [0.75, 0.25]])
        p[s] = 0.5 * x[:, None] * y
    return TableSays(p)


@pytest.mark.parametrize(("covariate", "concept"), [(True, False), (False, True), (True, True)])
def test_covariate_and_concept_are_told_apart(covariate, concept):
    says = source_table(covariate, concept)
    view, rows = says.view(["s", "x", "y"]), says.asked(4000, 0, ["s", "x", "y"])
    parts = {p["part"]: p for p in _parts(view, rows, 0, 2, (), np.ones(len(rows)))}
    truth = {
        "covariate": says.information([0], [1]),
        "concept": says.information([0], [2], [1]),
        "label": says.information([0], [2]),
        "rest": says.information([0], [1], [2]),
    }
    for name, value in truth.items():
        assert parts[name]["value"] == pytest.approx(
            value, abs=SIGMAS * parts[name]["error"] + 1e-9
        )
    assert (parts["covariate"]["p"] < 1e-3) == covariate
    assert (parts["concept"]["p"] < 1e-3) == concept


def test_a_context_explains_what_it_carries():
    says = source_table(True, False)
    view, rows = says.view(["s", "x", "y"]), says.asked(3000, 1, ["s", "x", "y"])
    parts = {p["part"]: p for p in _parts(view, rows, 0, None, (1,), np.ones(len(rows)))}
    assert parts["beyond"]["value"] == pytest.approx(0, abs=1e-9)
    assert parts["context"]["p"] < 1e-3


def test_sources_of_unequal_size_count_alike():
    """The model saw B four times as often; the bound is that of equal shares all the same."""
    even = source_table(True, True)
    odd = TableSays(even.p * np.array([0.4, 1.6])[:, None, None])
    rows = odd.asked(6000, 2, ["s", "x", "y"])
    labels = rows.codes[:, 0]
    none = np.zeros((0, 0), np.float32)
    fit, held = (odd.rows(2000, seed).astype(np.int32) for seed in (3, 4))
    kept = Reference(fit, none, held, none)
    view = judged(odd.view(["s", "x", "y"]), 0, kept, 1, 0.8, 0)
    p = view.ask.shares(rows.codes, view.all_but(0), 0)[:, 1]
    found = divergence(np.log(p) - np.log1p(-p), labels, None)
    assert found.value == pytest.approx(even.information([0], [1, 2]), abs=SIGMAS * found.error)
    assert evening(labels).mean() == pytest.approx(1)


def test_trees_tell_what_two_columns_tell_together():
    """A network that has learned nothing beside them: they have the weight, for any set shown."""
    says = exclusive_or(0.02)
    blind = TableSays(np.full((2, 2, 2, 2), 1 / 16))
    none = np.zeros((0, 0), np.float32)
    fit, held = (says.rows(2000, seed).astype(np.int32) for seed in (5, 6))
    view = judged(blind.view(), 2, Reference(fit, none, held, none), 1, 0.5, 0)
    assert isinstance(view.ask.said, Judges)
    assert view.ask.said.weight == 0
    codes = says.rows(2000, 7)
    for shown, truth in (([0, 1], says.information([2], [0, 1])), ([0], 0.0), ([1, 3], 0.0)):
        left = view.ask.nats(codes, view.only(*shown), [2])[:, 2]
        assert np.log(2) - left.mean() == pytest.approx(truth, abs=0.05)  # 2,000 rows of trees


def alarms(p):
    return float((np.array(p) <= 0.05).mean())


def level(found):
    """Within three standard errors of 5 % of 200."""
    return 0.004 <= found <= 0.096


def test_the_overall_test_keeps_its_level_and_finds_a_change():
    rng = np.random.default_rng(0)
    p = []
    for turn in range(TIMES):
        labels = np.repeat([0, 1], [30, 50])
        p.append(overall([rng.normal(size=80), rng.exponential(size=80)], labels, None, turn))
    assert level(alarms(p))
    labels = np.repeat([0, 1], 100)
    assert overall([labels + rng.normal(size=200)], labels, None, 0) == pytest.approx(0.001)


def test_blocks_keep_the_level_where_rows_do_not():
    rng = np.random.default_rng(1)
    by_rows, by_blocks = [], []
    for turn in range(TIMES):
        blocks = np.repeat(np.arange(16), 6)
        labels = (blocks >= 8).astype(int)
        logit = rng.normal(size=16)[blocks]
        by_rows.append(overall([logit], labels, None, turn))
        by_blocks.append(overall([logit], labels, blocks, turn))
    assert level(alarms(by_blocks))
    assert alarms(by_rows) > 0.15


def test_columns_keep_their_level_together():
    says, p = exclusive_or(), []
    view = says.view()
    for turn in range(TIMES // 2):
        made = statistics_of(view, says.rows(120, turn))
        p.append(held_apart(made, np.repeat([0, 1], 60), None, turn, times=99).p)
    assert alarms(p) <= 0.12  # 5 % and three standard errors of 100


def test_a_change_of_dependence_alone_is_found_in_its_columns():
    before, after = exclusive_or(0.05), exclusive_or(0.25)
    view = before.view()
    codes = np.concatenate([before.rows(1500, 0), after.rows(1500, 1)])
    found = held_apart(statistics_of(view, codes), np.repeat([0, 1], 1500), None, 0)
    assert found.p == pytest.approx(0.002)
    named = {c for (c, _), p in zip(found.names, found.adjusted, strict=True) if p <= 0.01}
    assert {(0,), (1,), (2,)} <= named
    assert (3,) not in named


def test_groups_are_found_where_they_are_and_nowhere_else():
    rng = np.random.default_rng(2)
    n = 4000
    frame = pl.DataFrame(
        {
            "port": rng.choice([80, 443, 53, 22], n),
            "size": rng.exponential(size=n),
            "kind": rng.choice(["a", "b", "c"], n),
        }
    )
    y = rng.normal(size=n)
    inside = ((frame["port"] == 53) & (frame["kind"] == "b")).to_numpy()
    found = stand_out(frame, y + 1.5 * inside)
    assert set(found[0].given) == {"port=53", "kind=b"}
    assert found[0].p == pytest.approx(0.002)
    assert found[0].mean - found[0].others == pytest.approx(1.5, abs=0.4)
    quiet = [min((g.p for g in stand_out(frame, rng.normal(size=n), seed=s)), default=1.0)
             for s in range(25)]  # fmt: skip
    assert sum(p <= 0.05 for p in quiet) <= 5  # of 25 at 5 %: 1.25, six with probability .001

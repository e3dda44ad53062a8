"""A second look: what only three columns together show, where the network shows nothing."""

import itertools

import numpy as np
import pytest
from exact import TableSays, exclusive_or

from interfuse.kinds.table.ask.know.pairs import FLOOR, Alone, pairs_of, units_of
from interfuse.kinds.table.ask.know.triples import Groups, second_look, triples_of

FITTED, ASKED = 4000, 2000


class Blind(TableSays):
    """A network that has learned the columns alone, as one that was fitted for too short."""

    def __init__(self, truth):
        self.truth = truth
        apart = np.ones(truth.p.shape)
        for j in range(truth.p.ndim):
            others = tuple(i for i in range(truth.p.ndim) if i != j)
            apart = apart * truth.p.sum(others, keepdims=True)
        super().__init__(apart)

    def rows(self, n, seed):
        return self.truth.rows(n, seed)


def looked(truth, seed=0, gone=()):
    says = Blind(truth)
    view, asked, kept = says.view(), says.asked(ASKED, seed + 1), says.rows(FITTED, seed)
    kept[:, list(gone)] = -1
    alone = Alone.of(view, asked)
    units = units_of(alone)
    before = pairs_of(view, asked, alone, units)
    assert not any(p.edge for p in before)
    return second_look(view, asked, kept, units, before, floor=FLOOR, seed=0)


def test_an_exclusive_or_that_the_network_missed_has_edges():
    truth = exclusive_or()
    pairs = looked(truth)
    edges = {(p.a, p.b): p for p in pairs if p.edge}
    assert set(edges) == {(0, 1), (0, 2), (1, 2)}
    assert all(p.by == "trees" for p in edges.values())
    for (a, b), p in edges.items():
        given = truth.information([a], [b], {0, 1, 2, 3} - {a, b})
        assert p.given == pytest.approx(given, abs=0.1 * given)  # trees of 4,000 rows


def test_a_column_that_kept_rows_lack_is_no_hindrance():
    edges = {(p.a, p.b) for p in looked(exclusive_or(), gone=[3]) if p.edge}
    assert edges == {(0, 1), (0, 2), (1, 2)}


def test_a_copy_of_one_of_the_three_has_no_edge_to_the_others():
    """Of a ^ b = c and a noisy copy d of a: d, b and c show something together, given a nothing."""
    p = np.zeros((2, 2, 2, 2))
    for a, b, c, d in itertools.product((0, 1), repeat=4):
        p[a, b, c, d] = 0.25 * (0.95 if a ^ b == c else 0.05) * (0.85 if a == d else 0.15)
    pairs = looked(TableSays(p))
    assert {(q.a, q.b) for q in pairs if q.edge} == {(0, 1), (0, 2), (1, 2)}


def test_independent_columns_have_no_triple():
    """Of 20 tables, at a level of 5 %: 4 or more have one in 1.6 % of such twenties."""
    sizes, found = (2, 3, 4, 2, 5, 3), 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        codes = np.stack([rng.integers(0, k, FITTED) for k in sizes], 1)
        says = TableSays(np.full(sizes, 1 / np.prod(sizes)))
        units = [[j] for j in range(len(sizes))]
        found += bool(triples_of(Groups.of(says.view(), codes, units), codes))
    assert found < 4


def test_unknown_values_are_a_group_of_their_own():
    says = exclusive_or()
    codes = says.rows(50, 0)
    codes[:5, 1] = -1
    groups = Groups.of(says.view(), codes, [[0], [1], [2], [3]])
    told = groups.told(codes, 1)
    assert set(told[:5].tolist()).isdisjoint(told[5:].tolist())
    assert groups.many[1] == 3

"""Estimators of `explain`, asked of tables whose every conditional is known, beside enumeration."""

import itertools

import numpy as np
import pytest
from exact import TableSays, exclusive_or, tree

from interfuse.kinds.table.ask.know.determine import determine
from interfuse.kinds.table.ask.know.drivers import drive, players_of, shapley
from interfuse.kinds.table.ask.know.pairs import Alone, pairs_of, units_of
from interfuse.kinds.table.ask.know.stats import holm, mean_of

ROWS = 3000
SIGMAS = 4.5
"""An estimate within so many of its own standard errors; a wrong formula is off by far more."""


def told(says, rows=ROWS, seed=0):
    view, asked = says.view(), says.asked(rows, seed)
    alone = Alone.of(view, asked)
    return view, asked, alone, pairs_of(view, asked, alone, units_of(alone))


@pytest.mark.parametrize("says", [exclusive_or(), tree()], ids=["exclusive-or", "tree"])
def test_pairs_are_those_of_enumeration(says):
    _, _, _, pairs = told(says)
    every = set(range(says.p.ndim))
    assert len(pairs) == 6
    for p in pairs:
        alone = says.information([p.a], [p.b])
        given = says.information([p.a], [p.b], every - {p.a, p.b})
        assert p.information == pytest.approx(alone, abs=SIGMAS * p.error + 1e-9)
        assert p.given == pytest.approx(given, abs=SIGMAS * p.given_error + 1e-9)


def test_an_exclusive_or_has_edges_and_no_pairs():
    _, _, _, pairs = told(exclusive_or())
    edges = {(p.a, p.b) for p in pairs if p.edge}
    assert edges == {(0, 1), (0, 2), (1, 2)}
    assert max(p.information for p in pairs) < 0.01


def test_a_chain_has_no_edge_beyond_its_neighbours():
    initial, step = [0.5, 0.3, 0.2], np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.3, 0.1, 0.6]])
    says = TableSays(np.einsum("a,ab,bc->abc", initial, step, step))
    _, _, _, pairs = told(says)
    assert {(p.a, p.b) for p in pairs if p.edge} == {(0, 1), (1, 2)}
    (far,) = [p for p in pairs if (p.a, p.b) == (0, 2)]
    assert far.given < 1e-9
    assert far.information > 0.02


def test_twins_are_one_unit():
    p = np.zeros((3, 3, 2))
    for a, c in itertools.product(range(3), range(2)):
        p[a, a, c] = [0.5, 0.3, 0.2][a] * [[0.8, 0.2], [0.3, 0.7], [0.5, 0.5]][a][c]
    view, asked, alone, pairs = told(TableSays(p / p.sum()))
    assert units_of(alone) == [[0, 1], [2]]
    (only,) = pairs
    assert only.edge  # each alone would vanish given the other
    assert view.names[only.a] == "a"
    assert len(asked) == ROWS


def test_shares_are_those_of_every_order():
    says = tree()
    view, asked = says.view(), says.asked(ROWS, 1)
    weight = np.ones(len(asked))
    found = shapley(view, asked, 3, [(0,), (1,), (2,)], view.none(), 0, weight)
    for player in range(3):
        truth = np.mean(
            [
                says.information([3], before | {player}) - says.information([3], before)
                if before
                else says.information([3], {player})
                for order in itertools.permutations(range(3))
                for before in [set(order[: order.index(player)])]
            ]
        )
        mean = mean_of(found[:, player])
        assert mean.value == pytest.approx(truth, abs=SIGMAS * mean.error)


def test_shares_add_up_and_a_group_is_one_player():
    says = tree()
    view, asked = says.view(), says.asked(1500, 2)
    single = drive(view, asked, 3, players_of(view, 3, {}))
    grouped = drive(view, asked, 3, players_of(view, 3, {"both": [0, 1]}))
    for found in (single, grouped):
        # In each row the gains of an order add up to all there is to gain.
        assert sum(d.share.value for d in found.players) == pytest.approx(
            found.total.value, abs=1e-9
        )
    assert [d.name for d in grouped.players] == ["both", "c"]
    both = says.information([3], {0, 1})
    assert grouped.players[0].first.value == pytest.approx(
        both, abs=SIGMAS * grouped.players[0].first.error
    )
    # c follows a, and tells nothing more.
    assert grouped.players[1].last.value == pytest.approx(0, abs=1e-9)


def test_an_exclusive_or_is_a_synergy():
    says = exclusive_or()
    view, asked = says.view(), says.asked(1500, 3)
    found = drive(view, asked, 2, players_of(view, 2, {}))
    best = found.synergies[0]
    assert {best.one, best.two} == {"a", "b"}
    truth = says.information([2], {0, 1})
    assert best.value.value == pytest.approx(truth, abs=SIGMAS * best.value.error)
    assert found.players[0].first.value == pytest.approx(0, abs=1e-9)


def test_a_column_is_determined_by_what_determines_it():
    view, asked, alone, pairs = told(exclusive_or(0.02))
    found = {view.names[d.column]: d for d in determine(view, asked, alone, pairs)}
    assert set(found["c"].by) == {0, 1}
    assert found["c"].wrong_by == pytest.approx(0.02, abs=0.015)  # 1,024 rows: 3.4 errors
    assert found["c"].blind == pytest.approx(0.5, abs=0.06)
    assert found["d"].by == ()
    assert found["d"].explained == pytest.approx(0, abs=1e-6)  # of float32


def test_holm_by_hand():
    """Holm's own example: .01, .02, .03 of three count three, two and one times."""
    assert holm(np.array([0.03, 0.01, 0.02])) == pytest.approx([0.04, 0.03, 0.04])


def test_the_error_of_blocks_is_that_of_their_means():
    rng = np.random.default_rng(0)
    own = rng.normal(size=50)
    x, blocks = np.repeat(own, 20), np.repeat(np.arange(50), 20)
    assert mean_of(x, blocks).error == pytest.approx(own.std(ddof=1) / np.sqrt(50))
    assert mean_of(x).error < mean_of(x, blocks).error / 4

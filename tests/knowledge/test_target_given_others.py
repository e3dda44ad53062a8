"""Whether covariates or the target given them changed: tests of each, where the truth is known."""

import numpy as np
import pytest
from exact import TableSays

from interfuse.kinds.table.ask.know.changed import held_apart, statistics_of
from interfuse.kinds.table.ask.know.concept import (
    concept_p,
    covariate_p,
    expected_of,
    given_others,
    which,
)

NAMES = ["s", "x", "y"]


def rows(covariate, concept, seed, n=1200):
    """View, codes and labels of both sources: x of six values, y by x, and by x the other way."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], n // 2)
    share = np.full(6, 1 / 6)
    tilted = np.array([0.05, 0.08, 0.12, 0.2, 0.25, 0.3])
    x = np.where(labels == 1, rng.choice(6, n, p=tilted if covariate else share),
                 rng.choice(6, n, p=share))  # fmt: skip
    told = np.array([0.1, 0.2, 0.4, 0.5, 0.7, 0.9])
    # Both sources have about as many y: only the relation turns.
    there = np.where((labels == 1) & concept, told[::-1][x] * 0.3 + 0.7 * told[x], told[x])
    y = (rng.random(n) < there).astype(int)
    p = np.full((2, 6, 2), 1 / 24)
    return TableSays(p).view(NAMES), np.stack([labels, x, y], 1), labels


def concept(view, codes, labels, blocks, seed):
    return concept_p(expected_of(view, codes, 0, 2, blocks, seed), labels, seed)


def p_values(view, codes, labels, seed=0, blocks=None):
    hidden = codes.copy()
    hidden[:, 0] = -1
    found = held_apart(statistics_of(view, hidden, ask=False), labels, None, seed, times=199)
    return covariate_p(found, 2), concept(view, codes, labels, blocks, seed)


@pytest.mark.parametrize(
    ("covariate", "concept", "said"),
    [(True, False, "covariate"), (False, True, "concept"), (True, True, "both")],
)
def test_each_part_has_a_test_of_its_own(covariate, concept, said):
    found = p_values(*rows(covariate, concept, 0, n=4000))
    assert which(*found) == said


def test_a_tilt_that_moves_the_target_is_not_called_a_concept():
    """y is commoner in B, by its x alone: the test of y given x keeps its level."""
    alarms = []
    for turn in range(40):
        view, codes, labels = rows(True, False, turn)
        assert codes[labels == 1, 2].mean() > codes[labels == 0, 2].mean() + 0.05
        alarms.append(concept(view, codes, labels, None, turn) <= 0.05)
    assert sum(alarms) <= 6  # of 40 at 5 %: 2, seven with probability .003


def test_rows_of_one_block_count_as_one():
    """Every row 8 times: by rows that is much evidence, by blocks what one copy has."""
    view, codes, labels = rows(False, True, 3, n=160)
    many, of = np.repeat(codes, 8, 0), np.repeat(np.arange(len(codes)), 8)
    by_rows = concept(view, many, np.repeat(labels, 8), None, 0)
    by_blocks = concept(view, many, np.repeat(labels, 8), of, 0)
    assert by_rows <= by_blocks


def test_a_constant_target_did_not_change():
    view, codes, labels = rows(True, False, 0)
    codes[:, 2] = 1
    assert concept(view, codes, labels, None, 0) == 1.0


def test_neither_is_said_where_nothing_is_sure():
    assert which(0.2, 0.06) is None
    assert which(0.05, 0.06) == "covariate"


def whole(view, codes, labels, seed, target):
    """p-value of "nothing changed" by all statistics, with or without those of the target."""
    hidden = codes.copy()
    hidden[:, 0] = -1
    made = statistics_of(view, hidden, ask=False)
    if target:
        given_others(made, expected_of(view, codes, 0, 2, None, seed))
    return held_apart(made, labels, None, seed, times=199)


def test_what_a_target_is_given_the_others_keeps_the_level():
    """A source does not enter what is expected: halves of one table alarm at 5 %."""
    p = []
    for turn in range(100):
        view, codes, _ = rows(False, False, turn, n=200)
        labels = np.random.default_rng(turn).permutation(np.repeat([0, 1], 100))
        p.append(whole(view, codes, labels, turn, target=True).p)
    assert np.mean(np.array(p) <= 0.05) <= 0.11  # of 100 at 5 %: twelve with probability .004
    assert 0.35 < np.mean(p) < 0.65


def test_a_relation_that_turned_is_seen_by_a_family_of_its_own():
    """Both sources have alike x and alike y: without the target's family none of 20 was seen."""
    for turn in range(3):
        table = rows(False, True, turn, n=1000)
        assert whole(*table, turn, target=True).p <= 0.05
        assert whole(*table, turn, target=False).p > 0.05


def test_families_of_one_are_as_they_were_without_families():
    view, codes, labels = rows(True, False, 1)
    found = whole(view, codes, labels, 0, target=False)
    np.testing.assert_allclose(found.adjusted, found.within)
    assert found.p == pytest.approx(found.adjusted.min())
    with_target = whole(view, codes, labels, 0, target=True)
    assert (with_target.adjusted >= with_target.within - 1e-12).all()
    own = [2 in c for c, what in with_target.names if what == "given the others"]
    assert own
    assert all(own)

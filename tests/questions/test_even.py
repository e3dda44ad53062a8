"""Evenly spread noise: every row as ever, rows together more even than chance."""

import numpy as np
import pytest
import torch
from scipy.stats import chi2, kstest, kstwo
from torch.quasirandom import SobolEngine

from interfuse.core.even import ERA, EvenNoise, go_to, latin_hypercube


def test_the_latin_hypercube_has_one_number_in_each_stratum():
    n, k = 500, 3
    g = torch.Generator().manual_seed(0)
    v = torch.rand(n, k, generator=g)
    u = latin_hypercube(v, g)
    strata = torch.arange(n).expand(k, n).T
    assert torch.equal((u.double() * n + 1e-4).long().sort(0).values, strata)
    assert (u < 1).all()
    # Columns are independent: the correlation of 500 pairs has a standard error of .045.
    assert abs(np.corrcoef(u.T.numpy())[0, 1]) < 4 * 0.045


def test_a_row_of_the_hypercube_is_uniform_over_seeds():
    first = torch.stack(
        [
            latin_hypercube(torch.rand(8, 1, generator=g), g)[3, 0]
            for g in (torch.Generator().manual_seed(s) for s in range(2000))
        ]
    )
    assert kstest(first.numpy(), "uniform").statistic < kstwo.ppf(0.999, 2000)


@pytest.mark.parametrize("first", [0, 2048, 6144])
def test_each_number_of_an_aligned_block_has_a_stratum_of_its_own(first):
    u = EvenNoise(40, seed=3).rows(first, 2048)
    assert u.shape == (2048, 40)
    strata = torch.arange(2048).expand(40, 2048).T
    assert torch.equal((u * 2048).long().sort(0).values, strata)


def test_rows_are_the_same_in_any_portion_and_order():
    whole = EvenNoise(5, seed=1).rows(0, 8192)
    noise = EvenNoise(5, seed=1)
    for first, n in [(4096, 2048), (0, 2048), (6144, 100), (6244, 1948), (2048, 2048)]:
        assert torch.equal(noise.rows(first, n), whole[first : first + n])
    assert not torch.equal(EvenNoise(5, seed=2).rows(0, 64), whole[:64])


@pytest.mark.parametrize("point", [0, 1, 2, 3, 1023, 1024, 100_003])
def test_a_jump_leads_where_steps_do(point):
    stepped, jumped = (SobolEngine(9, scramble=True, seed=4) for _ in range(2))
    if point:
        stepped.draw(point)
    jumped.draw(77)
    go_to(jumped, point)
    assert torch.equal(jumped.draw(5), stepped.draw(5))


def test_rows_beyond_one_sequence_are_of_another():
    noise = EvenNoise(3, seed=1)
    across = noise.rows(ERA - 2, 5)
    assert torch.equal(across[:2], EvenNoise(3, seed=1).rows(ERA - 2, 2))
    assert torch.equal(across[2:], EvenNoise(3, seed=1).rows(ERA, 3))
    assert not torch.isclose(noise.rows(ERA + 5, 1), noise.rows(5, 1)).any()
    # An aligned block beyond is as even as the first.
    u = noise.rows(ERA, 2048)
    assert torch.equal((u * 2048).long().sort(0).values, torch.arange(2048).expand(3, 2048).T)


def test_a_row_is_uniform_and_its_numbers_are_independent_over_seeds():
    """Row 5, two columns: both marginals, and a table of 4 x 4 boxes by chi-square."""
    n = 4000
    u = np.array([EvenNoise(7, seed=s).rows(5, 1)[0, [1, 6]].numpy() for s in range(n)])
    for column in u.T:
        assert kstest(column, "uniform").statistic < kstwo.ppf(0.999, n)
    counts = np.histogram2d(*u.T, bins=4, range=[[0, 1], [0, 1]])[0]
    assert ((counts - n / 16) ** 2 / (n / 16)).sum() < chi2.ppf(0.999, 15)


def test_pairs_of_columns_are_more_even_than_those_of_a_latin_hypercube():
    """Squared error of the counts in 8 x 8 boxes, mean over all pairs; 2,048 rows, so 32 a box."""

    def error(u):
        box = (u.double().numpy() * 8).astype(int)
        pairs = [(i, j) for i in range(u.shape[1]) for j in range(i)]
        counts = [np.bincount(8 * box[:, i] + box[:, j], minlength=64) for i, j in pairs]
        return np.mean((np.stack(counts) - 32) ** 2)

    g = torch.Generator().manual_seed(0)
    hypercube = latin_hypercube(torch.rand(2048, 20, generator=g), g)
    # With exact row and column sums (8 - 1)^2 / 8^2 of the Poisson variance 32 is left: 24.5.
    assert error(hypercube) == pytest.approx(24.5, rel=0.1)
    assert error(EvenNoise(20, seed=0).rows(0, 2048)) < 0.5 * error(hypercube)


def test_rows_with_columns_beyond_the_known_directions_are_as_reproducible(monkeypatch):
    monkeypatch.setattr(SobolEngine, "MAXDIM", 3)
    whole = EvenNoise(5, seed=0).rows(0, 4096)
    assert torch.equal(EvenNoise(5, seed=0).rows(1000, 500), whole[1000:1500])
    for column in whole.T:
        assert kstest(column.numpy(), "uniform").statistic < kstwo.ppf(0.999, 4096)
    # Independent columns: the correlation of 4,096 pairs has a standard error of 1/64.
    assert abs(np.corrcoef(whole.T.numpy())[3, 4]) < 4 / 64


def test_no_columns_are_no_numbers():
    assert EvenNoise(0, seed=0).rows(0, 16).shape == (16, 0)

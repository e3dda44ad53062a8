"""Cells are drawn together only where they tell nothing of each other, given the rest."""

import pytest
import torch

from interfuse.kinds.table.ask.generate import TableSampler
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.calibrate import shares_of
from interfuse.kinds.table.learn.objective import Rows
from interfuse.kinds.table.learn.together import COST, MANY, together
from interfuse.kinds.table.net.network import TableNet

CPU = torch.device("cpu")
Q, N = MANY, 2048
TOLD = 12.0
"""A logit that settles a cell: the other value has a probability of 4e-11."""


def coins(n, seed=0):
    """Fair coins, the second a copy of the first, the fourth of the third."""
    codes = torch.randint(0, 2, (n, Q), generator=torch.Generator().manual_seed(seed))
    codes[:, 1], codes[:, 3] = codes[:, 0], codes[:, 2]
    none = torch.zeros(n, 0)
    return Rows(codes, none, none)


@pytest.fixture
def net():
    """An untrained network says "uniform"; pair terms make it the exact one of the coins."""
    torch.manual_seed(0)
    out = TableNet([2] * Q, 0, width=16, depth=1).eval()
    pairs = out.add_pairs()
    for a, b in ((0, 1), (2, 3)):
        for i, j in ((a, b), (b, a)):
            pairs[2 * i, 2 * j] = pairs[2 * i + 1, 2 * j + 1] = TOLD
            pairs[2 * i, 2 * j + 1] = pairs[2 * i + 1, 2 * j] = -TOLD
    return out


def layout():
    return Layout(tuple(f"c{j}" for j in range(Q)), (2,) * Q, (0,) * Q, tuple(range(Q)), (), ())


def test_independent_cells_are_one_unit_and_copies_never_share_one(net):
    units = together(net, coins(N), examples=10**9)
    of = {j: i for i, unit in enumerate(units) for j in unit}
    assert len(units) == 2  # as few as copies allow
    assert all(of.get(a) != of.get(b) for a, b in ((0, 1), (2, 3)))
    assert sum(map(len, units)) == Q


def test_what_is_drawn_together_is_distributed_as_one_by_one(net):
    net.together = together(net, coins(N), examples=10**9)
    sampler = TableSampler(layout(), net, 7, None, CPU, exact=True)
    codes = torch.cat([sampler.categories(i)[0] for i in range(4)])
    assert torch.equal(codes[:, 1], codes[:, 0])
    assert torch.equal(codes[:, 3], codes[:, 2])
    share = shares_of(codes, layout())[1::2]
    # Coins of 8,192 rows have a standard error of .0055; the noise is more even than that.
    assert (share - 0.5).abs().max() < 4 * 0.5 / 8192**0.5
    free = codes[:, 4:].double() - 0.5
    linked = (free.T @ free / len(free)).fill_diagonal_(0).abs().max()
    assert linked < 5 * 0.25 / 8192**0.5


def test_known_cells_stay_and_decide(net):
    net.together = together(net, coins(N), examples=10**9)
    sampler = TableSampler(layout(), net, 7, None, CPU, exact=True)
    known = torch.full((2048, Q), -1)
    known[:, 0], known[::2, 5] = 1, 0  # one column known, one in half of the rows
    codes, _ = sampler.categories(0, known)
    assert (codes[:, :2] == 1).all()
    assert (codes[::2, 5] == 0).all()
    assert 0.4 < codes[1::2, 5].double().mean() < 0.6


@pytest.mark.parametrize(
    ("cells", "rows", "examples"),
    [(MANY - 1, N, 10**9), (MANY, 100, 10**9), (MANY, N, 10_000)],
    ids=["few cells", "few rows held out", "a short fit"],
)
def test_small_tables_and_short_fits_draw_one_by_one(cells, rows, examples):
    torch.manual_seed(0)
    net = TableNet([2] * cells, 0, width=16, depth=1).eval()
    held = coins(rows)
    assert together(net, Rows(held.codes[:, :cells], held.low, held.high), examples) == []


def test_what_a_unit_costs_is_its_total_correlation(net):
    """Of a copy with a share e of errors it is log 2 - H(e), by which it is kept apart or not."""
    for error, apart in ((0.4, True), (0.49, False)):
        cost = torch.log(torch.tensor(2.0)) + error * torch.log(torch.tensor(error))
        cost = float(cost + (1 - error) * torch.log(torch.tensor(1 - error)))
        assert (cost > COST) == apart
        half = float(torch.log(torch.tensor((1 - error) / error))) / 2
        net.pairs.clamp_(-half, half)
        rows = coins(2 * N, seed=3)
        wrong = torch.rand(2 * N, generator=torch.Generator().manual_seed(4)) < error
        rows.codes[:, 1] = torch.where(wrong, 1 - rows.codes[:, 0], rows.codes[:, 0])
        rows.codes[:, 3] = torch.randint(0, 2, (2 * N,), generator=torch.Generator().manual_seed(5))
        net.pairs[4:8] = 0
        units = together(net, rows, examples=10**9)
        shared = any({0, 1} <= set(unit) for unit in units)
        assert shared != apart


def test_units_are_kept_with_the_network(net):
    net.together = [[0, 2], [1, 3]]
    again = TableNet(**net.config())
    assert again.together == net.together
    assert "together" not in TableNet([2, 2], 0, width=16, depth=1).config()

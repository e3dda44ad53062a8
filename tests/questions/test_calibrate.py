"""Calibration of drawn marginals, and the evenly spread noise that rows are drawn from."""

import numpy as np
import polars as pl
import pytest
import torch
from scipy.stats import kstest, kstwo

from interfuse.data import TableCodec, infer_schema
from interfuse.data.fields.number import END_ROWS
from interfuse.networks import TableNet
from interfuse.questions.calibrate import calibrate, hold_range, pair_shares_of, shares_of
from interfuse.questions.generate import BLOCK, TableSampler, appearance_rank, latin_hypercube
from interfuse.training.layout import Layout
from interfuse.training.setup import layout_of

CPU = torch.device("cpu")


def chain(n, seed=0):
    """Three columns, a -> b -> c, each step keeping its value in 70 % of rows."""
    rng = np.random.default_rng(seed)
    a = rng.choice(4, n, p=[0.5, 0.3, 0.15, 0.05])
    b = np.where(rng.random(n) < 0.7, a, rng.choice(4, n))
    c = np.where(rng.random(n) < 0.7, b, rng.choice(4, n))
    return pl.DataFrame({k: [f"v{x}" for x in v] for k, v in {"a": a, "b": b, "c": c}.items()})


def encoded(frame) -> tuple[TableCodec, Layout, torch.Tensor]:
    codec = TableCodec.fit(frame, infer_schema(frame))
    cells = codec.encode(frame)
    return codec, layout_of(codec, cells.codes, cells.low), torch.from_numpy(cells.codes)


def drawn(layout, net, blocks=8):
    sampler = TableSampler(layout, net, 99, 4, CPU, exact=True)
    return torch.cat([sampler.categories(i)[0] for i in range(blocks)])


def distance(a, b):
    return 0.5 * float((a - b).abs().sum())


def test_an_untrained_network_is_taken_to_the_marginals_and_to_the_pairs():
    """Pair factors alone hold a Markov chain of three columns."""
    frame = chain(20_000)
    codec, layout, codes = encoded(frame)
    torch.manual_seed(0)
    net = TableNet(layout.sizes, layout.numbers, layout.ordered, width=32, depth=1).eval()
    before = drawn(layout, net)
    off = calibrate(net, layout, codec, codes, 10**9, 0, CPU)
    after = drawn(layout, net)
    # The untrained network is uniform over the four values: the distance is known.
    uniform = torch.full((12,), 0.25, dtype=torch.float64)
    assert off == pytest.approx(distance(uniform, shares_of(codes, layout)) / 3, abs=1e-3)
    # 16,384 rows: the standard error of a share is at most .004, a cell has four of them.
    assert distance(shares_of(after, layout), shares_of(codes, layout)) / 3 < 0.01
    pairs = [pair_shares_of(x, layout) for x in (codes, before, after)]
    assert distance(pairs[2], pairs[0]) < 0.35 * distance(pairs[1], pairs[0])


def test_records_drawn_are_bounded_by_those_that_training_saw(monkeypatch):
    codec, layout, codes = encoded(chain(500))
    net = TableNet(layout.sizes, layout.numbers, layout.ordered, width=32, depth=1).eval()
    blocks = []
    categories = TableSampler.categories

    def counted(self, index, *args, **options):
        blocks.append(index)
        return categories(self, index, *args, **options)

    monkeypatch.setattr(TableSampler, "categories", counted)
    # Three cells: twice as many draws as examples, one block of them a round.
    calibrate(net, layout, codec, codes, BLOCK, 0, CPU)
    assert blocks == [0, 1]


def test_a_table_without_categories_needs_nothing():
    codec, _, _ = encoded(chain(50))
    empty = Layout((), (), (), (), (), ())
    net = TableNet([], 0)
    assert calibrate(net, empty, codec, torch.zeros(50, 0), 1000, 0, CPU) == 0.0


def test_shares_and_pair_shares_are_frequencies():
    frame = chain(1000)
    codec, layout, codes = encoded(frame)
    share, pairs = shares_of(codes, layout), pair_shares_of(codes, layout)
    a, b = codec.fields["a"].values.to_list(), codec.fields["b"].values.to_list()
    for i, v in enumerate(a):
        assert share[i].item() == pytest.approx((frame["a"] == v).mean())
        for j, w in enumerate(b):
            both = ((frame["a"] == v) & (frame["b"] == w)).mean()
            assert pairs[i, 4 + j].item() == pytest.approx(both, abs=1e-6)
    torch.testing.assert_close(pairs.diag().double(), share, rtol=1e-5, atol=1e-6)


def test_the_ends_of_a_range_keep_their_weight():
    frame = pl.DataFrame({"hits": [0] * 500 + list(range(1, 60)) + [900]})
    codec, layout, codes = encoded(frame)
    n = len(frame)
    share = shares_of(codes, layout)
    held = hold_range(share, codec, layout, n)
    assert share[-1].item() == pytest.approx(1 / n)
    assert held[-1].item() == pytest.approx(END_ROWS / n)
    torch.testing.assert_close(held[:-1], share[:-1])


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


def test_cells_of_few_values_appear_last():
    assert appearance_rank([2, 40, 3, 12, 13]).tolist() == [2, 0, 1, 1, 0]

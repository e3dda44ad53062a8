"""Calibration of drawn marginals and pairs."""

import numpy as np
import polars as pl
import pytest
import torch

from interfuse.kinds.table.ask.generate import BLOCK, TableSampler, appearance_rank
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.fields.category import CategoryField
from interfuse.kinds.table.infer import infer_schema
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn import calibrate as calibration
from interfuse.kinds.table.learn.calibrate import calibrate, pair_shares_of, shares_of
from interfuse.kinds.table.learn.groups import by_group, pair_groups
from interfuse.kinds.table.learn.moments import Moments
from interfuse.kinds.table.learn.objective import Rows
from interfuse.kinds.table.learn.rounds import LAST_ROUNDS, NOTHING, Plan, fewest, plan
from interfuse.kinds.table.learn.setup import layout_of
from interfuse.kinds.table.net.network import TableNet

CPU = torch.device("cpu")


def chain(n, seed=0):
    """Three columns, a -> b -> c, each step keeping its value in 70 % of rows."""
    rng = np.random.default_rng(seed)
    a = rng.choice(4, n, p=[0.5, 0.3, 0.15, 0.05])
    b = np.where(rng.random(n) < 0.7, a, rng.choice(4, n))
    c = np.where(rng.random(n) < 0.7, b, rng.choice(4, n))
    return pl.DataFrame({k: [f"v{x}" for x in v] for k, v in {"a": a, "b": b, "c": c}.items()})


def encoded(frame) -> tuple[TableCodec, Layout, Rows]:
    codec = TableCodec.fit(frame, infer_schema(frame))
    cells = codec.encode(frame)
    rows = Rows(*(torch.from_numpy(part) for part in (cells.codes, cells.low, cells.high)))
    return codec, layout_of(codec, cells.codes, cells.low), rows


def drawn(layout, net, blocks=8):
    sampler = TableSampler(layout, net, 99, 4, CPU, exact=True)
    return torch.cat([sampler.categories(i)[0] for i in range(blocks)])


def distance(a, b):
    return 0.5 * float((a - b).abs().sum())


def test_an_untrained_network_is_taken_to_the_marginals_and_to_the_pairs():
    """Pair factors alone hold a Markov chain of three columns."""
    frame = chain(20_000)
    codec, layout, rows = encoded(frame)
    torch.manual_seed(0)
    net = TableNet(layout.sizes, layout.numbers, layout.ordered, width=32, depth=1).eval()
    before = drawn(layout, net)
    done = calibrate(net, layout, codec, rows, 10**9, 0, CPU)
    after = drawn(layout, net)
    # The untrained network is uniform over the four values: the distance is known.
    uniform = torch.full((12,), 0.25, dtype=torch.float64)
    assert done.plan == (20, 3, 4, 12)
    assert done.before == pytest.approx(
        distance(uniform, shares_of(rows.codes, layout)) / 3, abs=1e-3
    )
    # 16,384 rows: the standard error of a share is at most .004, a cell has four of them.
    assert distance(shares_of(after, layout), shares_of(rows.codes, layout)) / 3 < 0.01
    # Values without order are groups of their own.
    pairs = [pair_shares_of(x, layout, torch.arange(12)) for x in (rows.codes, before, after)]
    assert distance(pairs[2], pairs[0]) < 0.35 * distance(pairs[1], pairs[0])


def test_records_drawn_are_bounded_by_those_that_training_saw(monkeypatch):
    codec, layout, rows = encoded(chain(500))
    net = TableNet(layout.sizes, layout.numbers, layout.ordered, width=32, depth=1).eval()
    blocks = []
    categories = TableSampler.categories

    def counted(self, index, *args, **options):
        blocks.append(index)
        return categories(self, index, *args, **options)

    monkeypatch.setattr(TableSampler, "categories", counted)
    # Three cells: twice as many draws as examples, one block of them a round.
    calibrate(net, layout, codec, rows, BLOCK, 0, CPU)
    assert blocks == [0, 1]


def test_a_table_without_categories_needs_nothing():
    codec, _, _ = encoded(chain(50))
    empty = Layout((), (), (), (), (), ())
    net = TableNet([], 0)
    assert calibrate(net, empty, codec, Rows(*(torch.zeros(50, 0),) * 3), 1000, 0, CPU) == (
        NOTHING,
        None,
        (),
    )


def untrained(layout):
    torch.manual_seed(0)
    return TableNet(layout.sizes, layout.numbers, layout.ordered, width=32, depth=1).eval()


def test_a_calibration_cut_short_can_be_repeated():
    """The terms of few rounds are those of the same rounds without a clock."""
    codec, layout, rows = encoded(chain(5_000))  # at most five blocks a round

    def terms(**options):
        net = untrained(layout)
        return calibrate(net, layout, codec, rows, 10**9, 0, CPU, **options), net.pairs

    short, pairs = terms(seconds=0.0)
    assert short.plan == (1, 1, 4, 4)
    assert terms(seconds=1e9)[0].plan == (20, 3, 4, 5)
    again, same = terms(again=short.plan)
    assert again == short
    assert pairs is not None
    assert same is not None
    assert torch.equal(pairs, same)


@pytest.mark.parametrize("slower", [1, 3])
@pytest.mark.parametrize("seconds", [30, 60, 120])
def test_calibration_ends_in_time(seconds, slower, monkeypatch):
    """By a clock that counts blocks; a block takes longer than the first one did, or as long."""
    now = [0.0]
    monkeypatch.setattr("interfuse.kinds.table.learn.rounds.time.monotonic", lambda: now[0])
    monkeypatch.setattr("interfuse.kinds.table.learn.calibrate.time.monotonic", lambda: now[0])
    categories = TableSampler.categories

    def counted(self, *args, **options):
        now[0] += slower if now[0] else 1.0
        return categories(self, *args, **options)

    monkeypatch.setattr(TableSampler, "categories", counted)
    codec, layout, rows = encoded(chain(20_000))
    done = calibrate(untrained(layout), layout, codec, rows, 10**9, 0, CPU, seconds=seconds)
    assert done.plan.pair_rounds >= 1
    if slower == 1:
        assert now[0] <= seconds
        assert now[0] >= min(seconds, 109) - 4  # fewer than one in each of the last rounds
    else:  # the last rounds are made whatever they take
        last = done.plan.last_rounds * done.plan.last_blocks
        assert now[0] <= max(seconds, 1 + 3 * done.plan.pair_blocks) + 3 * (last + 3)


@pytest.mark.parametrize(
    ("affordable", "most", "pairs", "wanted"),
    [
        (1e9, 12, True, Plan(20, 3, 4, 12)),
        (108, 12, True, Plan(20, 3, 4, 12)),
        (72, 12, True, Plan(20, 2, 4, 8)),
        (59, 12, True, Plan(20, 1, 4, 9)),
        (24, 12, True, Plan(8, 1, 4, 4)),
        (17, 12, True, Plan(1, 1, 4, 4)),
        (108, 12, False, Plan(0, 0, 4, 12)),
        (24, 12, False, Plan(0, 0, 4, 6)),
        (1e9, 1, True, Plan(20, 1, 4, 1)),
        (9, 12, True, Plan(0, 0, 4, 2)),
        (2, 12, True, Plan(0, 0, 2, 1)),
        (0.5, 12, True, NOTHING),
    ],
)
def test_less_time_costs_blocks_first_and_then_rounds(affordable, most, pairs, wanted):
    assert plan(affordable, most, pairs=pairs) == wanted
    blocks = wanted.pair_rounds * wanted.pair_blocks + wanted.last_rounds * wanted.last_blocks
    assert blocks <= affordable


def test_the_fewest_blocks_still_make_a_round_of_pairs():
    for most in (1, 3, 12):
        assert plan(fewest(most), most, pairs=True).pair_rounds == 1


def test_shares_and_pair_shares_are_frequencies():
    frame = chain(1000)
    codec, layout, rows = encoded(frame)
    groups = torch.arange(12)
    share, pairs = shares_of(rows.codes, layout), pair_shares_of(rows.codes, layout, groups)
    one, two = codec.fields["a"], codec.fields["b"]
    assert isinstance(one, CategoryField)
    assert isinstance(two, CategoryField)
    a, b = one.values.to_list(), two.values.to_list()
    for i, v in enumerate(a):
        assert share[i].item() == pytest.approx((frame["a"] == v).mean())
        for j, w in enumerate(b):
            both = ((frame["a"] == v) & (frame["b"] == w)).mean()
            assert pairs[i, 4 + j].item() == pytest.approx(both, abs=1e-6)
    torch.testing.assert_close(pairs.diag().double(), share, rtol=1e-5, atol=1e-6)


def test_bins_are_joined_to_groups_of_a_twentieth():
    """Seven bins, of which the fourth is heavy, with a code for missing; and two values."""
    layout = Layout(("n", "c"), (8, 2), (7, 0), (0, 1), (), ())
    bins = [0.02, 0.02, 0.01, 0.5, 0.01, 0.2, 0.03, 0.21]
    share = torch.tensor([*bins, 0.99, 0.01], dtype=torch.float64)
    groups = pair_groups(share, layout)
    #                            .05      heavy  light heavy  end missing  values without order
    assert groups.tolist() == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7]
    joined = by_group(share, groups)
    assert joined[0].item() == pytest.approx(0.05)
    assert joined.sum().item() == pytest.approx(share.sum().item())


def test_pair_shares_of_groups_are_sums():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"x": rng.normal(size=3000), "y": rng.normal(size=3000)})
    _, layout, rows = encoded(frame)
    groups = pair_groups(shares_of(rows.codes, layout), layout)
    d = sum(layout.sizes)
    every = pair_shares_of(rows.codes, layout, torch.arange(d))
    onto = torch.nn.functional.one_hot(groups).float()
    assert onto.shape[1] < 0.7 * d
    some = pair_shares_of(rows.codes, layout, groups)
    torch.testing.assert_close(some, onto.T @ every @ onto, rtol=1e-4, atol=1e-6)


def heavy(n, seed=0):
    """Two heavy-tailed numbers of correlation about .8."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 3))
    x, y = np.exp(z[:, 0] + 0.5 * z[:, 1]), np.exp(z[:, 0] + 0.5 * z[:, 2])
    return pl.DataFrame({"x": np.round(x, 2), "y": np.round(y, 2)})


def test_the_correlation_of_heavy_tailed_numbers_is_held():
    """An untrained network knows of no dependence: the moment would be 0 with marginals alone."""
    frame = heavy(4000)
    codec, layout, rows = encoded(frame)
    net = TableNet(layout.sizes, layout.numbers, layout.ordered, width=32, depth=1).eval()
    moments = Moments.of(rows, codec, layout)
    wanted = float(frame.select(pl.corr("x", "y")).item())
    assert moments.target[0, 1].item() == pytest.approx(wanted, abs=1e-3)
    calibrate(net, layout, codec, rows, 10**9, 0, CPU)
    found = moments.found(drawn(layout, net), net.starts)[0][0, 1].item()
    rows_drawn = TableSampler(layout, net, 98, 4, CPU, exact=True)
    codes, z = (torch.cat(x) for x in zip(*(rows_drawn.block(i) for i in range(4)), strict=True))
    table = codec.decode(codes.numpy(), z.double().numpy(), np.arange(len(codes)))
    # The correlation that bins foretell is that of the table; 8,192 rows: standard error .05.
    assert table.select(pl.corr("x", "y")).item() == pytest.approx(found, abs=0.15)
    # Twenty slow steps close most of the gap of a network that learned nothing; the standard
    # error of the moment over 16,384 draws is about .03 (fourth moments).
    assert abs(found - wanted) < 0.5 * wanted


def test_cells_of_few_values_appear_last():
    assert appearance_rank([2, 40, 3, 12, 13]).tolist() == [2, 0, 1, 1, 0]


def test_a_table_of_too_many_values_has_the_pairs_that_tell_most_put_right(monkeypatch):
    rng = np.random.default_rng(4)
    n = 10_000
    frame = chain(n).with_columns(
        *(pl.Series(f"alone {i}", rng.choice(["x", "y", "z"], n)) for i in range(3)),
        wide=pl.Series(rng.choice([f"w{i}" for i in range(30)], n)),
    )
    codec, layout, rows = encoded(frame)
    monkeypatch.setattr(calibration, "MOST_VALUES", 14)
    torch.manual_seed(0)
    net = TableNet(layout.sizes, layout.numbers, layout.ordered, width=32, depth=1).eval()
    done = calibrate(net, layout, codec, rows, 10**9, 0, CPU, again=Plan(14, 2, 2, 4))
    # The chain has 12 values, and nothing else fits beside it.
    assert done.plain == (3, 4, 5, 6)
    assert net.pairing == [0, 1, 2]
    assert net.pairs is not None
    assert net.pairs.shape == (12, 12)
    after = drawn(layout, net)
    pairs = [pair_shares_of(x[:, :3], layout.within([0, 1, 2]), torch.arange(12))
             for x in (rows.codes, after)]  # fmt: skip
    single = shares_of(rows.codes, layout)[:12].float()
    # What independent columns would leave, of which fourteen rounds take half away at least.
    apart = distance(pairs[0], torch.outer(single, single) * (pairs[0] > 0))
    assert distance(*pairs) < 0.5 * apart
    # A budget in seconds times a block first; it had counted the pairs of all cells.
    timed = calibrate(net, layout, codec, rows, 10**9, 0, CPU, seconds=0.0)
    assert timed.plan.last_rounds == LAST_ROUNDS
    assert timed.plain == done.plain
    again = TableNet(**net.config()).eval()
    again.load_state_dict(net.state_dict())
    codes = torch.stack([rows.codes[:64, j] for j in range(7)], 1).long()
    nothing = torch.zeros(64, 0)
    with torch.no_grad():
        logits = [m(codes, nothing, nothing, nothing, torch.ones(64))[0] for m in (net, again)]
    assert torch.equal(*logits)

"""The network for tables, and its faster twin that reveals one cell at a time."""

import math

import pytest
import torch

from interfuse.kinds.table.net.incremental import IncrementalNet
from interfuse.kinds.table.net.network import FREE_IN, SLOW_IN, TIME_FEATURES, TableNet
from interfuse.kinds.table.net.waves import SMALLEST_ORDERED, WAVES, Waves, blocks_of

SIZES, ORDERED, NUMBERS = [3, 12, 2, 7], [0, 12, 0, 7], 2


def trained(seed=0, sizes=SIZES, numbers=NUMBERS, ordered=ORDERED, **options):
    """A network whose weights are all random: the untrained one says nothing."""
    torch.manual_seed(seed)
    net = TableNet(sizes, numbers, ordered, width=48, depth=2, **options)
    with torch.no_grad():
        for name, p in net.named_parameters():
            if name.startswith("head") or "outer" in name:
                p.normal_(0, 0.3)
    return net.eval()


def records(n, seed=0, sizes=SIZES, numbers=NUMBERS):
    """Codes, which are visible, numbers and their masks, at random."""
    g = torch.Generator().manual_seed(seed)
    k = torch.tensor(sizes)
    codes = (torch.rand(n, len(sizes), generator=g) * k).long()
    visible = torch.rand(n, len(sizes), generator=g) < torch.rand(n, 1, generator=g)
    z = torch.randn(n, numbers, generator=g)
    present = torch.rand(n, numbers, generator=g) < 0.6
    known = present & (torch.rand(n, numbers, generator=g) < 0.5)
    return codes, visible, z, present, known


@pytest.mark.parametrize(("sizes", "numbers"), [([4], 0), ([], 3), ([2, 600], 1), (SIZES, NUMBERS)])
def test_shapes(sizes, numbers):
    net = trained(sizes=sizes, numbers=numbers, ordered=sizes)
    codes, visible, z, present, known = records(5, sizes=sizes, numbers=numbers)
    hidden = torch.where(visible, codes, torch.tensor(sizes).long())
    logits, v = net(hidden, z, present, known, torch.rand(5))
    assert logits.shape == (5, sum(sizes))
    assert v.shape == (5, numbers)
    rows = [(i, o) for i, o in net.products()]
    assert rows[0] == (sum(sizes) + 3 * numbers + TIME_FEATURES, 48)
    assert rows[-1] == (48, sum(sizes) + numbers)


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("first", [0, 3, 5])
def test_parts_are_rows_of_the_whole(first, paired):
    net = trained(paired=paired)
    if paired:
        assert net.pairs is not None
        torch.nn.init.normal_(net.pairs)
    codes, visible, z, present, known = records(5)
    record = torch.where(visible, codes, torch.tensor(SIZES)), z, present, known, torch.rand(5)
    logits, v = net(*record)
    some, others = net.parts(*record, first)
    # Products of fewer rows are summed in another order: float32 rounding.
    torch.testing.assert_close(some, logits[:first], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(others, v[first:], rtol=1e-5, atol=1e-5)


def test_the_untrained_network_is_uniform_at_every_input():
    torch.manual_seed(0)
    net = TableNet(SIZES, NUMBERS, [0] * 4).eval()
    codes, visible, z, present, known = records(20)
    hidden = torch.where(visible, codes, torch.tensor(SIZES))
    logits, v = net(hidden, z, present, known, torch.rand(20))
    for part in logits.split(SIZES, 1):
        torch.testing.assert_close(part.softmax(1), torch.full_like(part, 1 / part.shape[1]))
    assert (v == 0).all()


def test_the_untrained_network_is_uniform_on_cells_in_order_too():
    torch.manual_seed(0)
    net = TableNet(SIZES, NUMBERS, ORDERED).eval()
    codes, *_, z, present, known = records(20)
    logits, v = net(codes, z, present, known, torch.rand(20))
    assert (logits == 0).all()
    assert (v == 0).all()


def test_hidden_cells_and_absent_numbers_change_nothing():
    net = trained()
    codes, visible, z, present, known = records(30)
    hidden = torch.where(visible, codes, torch.tensor(SIZES))
    t = torch.rand(30)
    a = net(hidden, z, present, known, t)
    b = net(hidden, torch.where(present, z, 1e6), present, known, t)
    torch.testing.assert_close(a, b, rtol=0, atol=0)


def whole(waves):
    """All of C S, zeros included: (rows, count)."""
    return waves(torch.eye(waves.count))


def cosine_waves(sizes, ordered):
    """C S with s = 1 of cells that are in order, without scores."""
    return whole(Waves(blocks_of(sizes, ordered, [], 1.0, False), sum(sizes)))


def test_cosine_waves_are_orthogonal_and_blocks_do_not_touch():
    sizes, ordered = [3, 11, SMALLEST_ORDERED - 1, 40], [3, 9, SMALLEST_ORDERED - 1, 40]
    c = cosine_waves(sizes, ordered)
    assert c.shape == (sum(sizes), 8 + WAVES), "k values have k - 1 waves; too few have none"
    # sum_i cos(pi m (i + 1/2) / k) cos(pi n (i + 1/2) / k) = k / 2 if m = n < k, else 0.
    norms = [k / 2 / torch.arange(1, w + 1) ** 2 for k, w in ((9, 8), (40, WAVES))]
    torch.testing.assert_close(c.T @ c, torch.diag(torch.cat(norms)), rtol=1e-5, atol=1e-4)
    # And with the constant: every wave sums to zero.
    torch.testing.assert_close(c.sum(0), torch.zeros(8 + WAVES), rtol=0, atol=1e-4)
    assert cosine_waves(sizes, [0] * 4).shape == (sum(sizes), 0)
    m, i = 3, 4
    expected = math.cos(math.pi * m * (i + 0.5) / 9) / m
    assert c[3 + i, m - 1].item() == pytest.approx(expected, abs=1e-6)


def test_folded_weights_are_the_free_part_plus_the_waves():
    net = trained()
    w = net.weights()
    d = sum(SIZES)
    smooth = SLOW_IN * (cosine_waves(SIZES, ORDERED) @ net.stem_waves).T
    free = net.stem.weight[:, :d] * torch.where(net.smooth, FREE_IN, 1.0)
    torch.testing.assert_close(w.stem[:, :d], free + smooth, atol=1e-6, rtol=0)
    torch.testing.assert_close(w.stem[:, d:], net.stem.weight[:, d:])
    # A cell that is not in order has a free part alone, and all of it.
    torch.testing.assert_close(w.head[:3], net.head.weight[:3])
    assert not net.smooth[:3].any()
    assert net.smooth[3:15].all()
    loss = (w.stem**2).sum() + (w.head**2).sum()
    loss.backward()
    assert net.stem_waves.grad is not None
    assert net.head_waves.grad is not None
    assert net.stem_waves.grad.abs().sum() > 0
    assert net.head_waves.grad.abs().sum() > 0


def test_the_product_by_blocks_is_that_of_the_whole_matrix_and_so_are_its_gradients():
    # Blocks of unequal sizes, gaps between them, and rows of no block before and behind.
    waves = trained(sizes=[4, 30, 3, 9, 6], ordered=[0, 28, 0, 9, 5]).waves_out
    u = torch.randn(waves.count, 7, dtype=torch.float64, requires_grad=True)
    dense = whole(waves).double()
    weight = torch.randn(len(dense), 7, dtype=torch.float64)
    torch.testing.assert_close(waves(u), dense @ u)
    (gradient,) = torch.autograd.grad((waves(u) * weight).sum(), u)
    torch.testing.assert_close(gradient, dense.T @ weight)


def scores_of(ordered):
    """Normal scores of bins of unequal masses."""
    out = []
    for k in ordered:
        mass = torch.arange(1.0, k + 1)
        mass /= mass.sum() if k else 1
        out.append(torch.special.ndtri(mass.cumsum(0) - mass / 2).tolist())
    return out


def test_scores_stand_beside_the_waves_of_their_own_cell():
    net = trained(scores=scores_of(ORDERED))
    plain = trained()
    d, many = sum(SIZES), cosine_waves(SIZES, ORDERED).shape[1]
    waves_in, waves_out = whole(net.waves_in).T, whole(net.waves_out)
    assert net.stem_waves.shape[0] == many + 2, "one more for each cell in order"
    assert net.head_waves.shape[0] == many + 4, "two more"
    torch.testing.assert_close(waves_in[:many], whole(plain.waves_in).T)
    torch.testing.assert_close(waves_out[:, :many], whole(plain.waves_out))
    s = torch.tensor(scores_of(ORDERED)[1])
    torch.testing.assert_close(waves_in[many, 3:15], s)
    torch.testing.assert_close(waves_out[3:15, many], s)
    torch.testing.assert_close(waves_out[3:15, many + 2], (s**2 - 1) / math.sqrt(2))
    for column in (waves_in[many], waves_out[:, many], waves_out[:, many + 2]):
        assert not column[:3].any()
        assert not column[15:].any()
    assert not waves_in[many:, d:].any()


def test_two_score_waves_are_a_normal_distribution_in_bins():
    # Z ~ N(0, 1) in 64 bins of equal mass, and p_i exp(a s_i + b s_i^2) with 1 - 2 b = 1 / .64 and
    # a / (1 - 2 b) = .6 is then N(.6, .64) in these bins.
    k = 64
    s = torch.special.ndtri((torch.arange(k) + 0.5) / k)
    net = TableNet([k], 0, [k], width=8, depth=1, scores=[s.tolist()]).eval()
    variance, mean = 0.64, 0.6
    a, b = mean / variance, (1 - 1 / variance) / 2
    first, second = whole(net.waves_out)[:, -2:].T
    share = (a * first + b * math.sqrt(2) * second).softmax(0)
    edges = torch.special.ndtri(torch.arange(k + 1) / k)
    exact = torch.special.ndtr((edges - mean) / variance**0.5).diff()
    assert (share - exact).abs().sum() < 0.02
    assert (share @ s).item() == pytest.approx((exact @ s).item(), abs=0.005)
    assert (share @ s**2).item() == pytest.approx((exact @ s**2).item(), abs=0.01)


def test_the_untrained_network_is_uniform_with_scores_too():
    torch.manual_seed(0)
    net = TableNet(SIZES, NUMBERS, ORDERED, scores=scores_of(ORDERED)).eval()
    codes, *_, z, present, known = records(20)
    logits, v = net(codes, z, present, known, torch.rand(20))
    assert (logits == 0).all()
    assert (v == 0).all()


def incremental(net, dtype, codes, visible, z, present, known, t):
    fast = IncrementalNet(net, dtype)
    h = fast.start(len(codes))
    # In an order of their own, some cells of the rows at a time.
    for j in torch.randperm(codes.shape[1], generator=torch.Generator().manual_seed(3)).tolist():
        fast.reveal(h, codes[:, j], j, visible[:, j])
    features = fast.features(h, t, fast.numbers(z, present, known))
    logits = torch.cat([fast.logits(features, j, h) for j in range(codes.shape[1])], 1)
    return logits, fast.v(features)


@torch.no_grad()
@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("t", [1.0, 0.37])
def test_revealing_one_by_one_gives_the_answers_of_the_network(seed, t, paired):
    net = trained(seed)
    if paired:
        net.add_pairs().normal_(0, 0.3, generator=torch.Generator().manual_seed(seed))
    codes, visible, z, present, known = records(100, seed)
    hidden = torch.where(visible, codes, torch.tensor(SIZES))
    full = net(hidden, z, present, known, torch.full((100,), t))
    fast = incremental(net, torch.float32, codes, visible, z, present, known, t)
    torch.testing.assert_close(fast, full, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_revealing_in_bfloat16_is_off_by_its_rounding():
    net = trained()
    codes, visible, z, present, known = records(400)
    hidden = torch.where(visible, codes, torch.tensor(SIZES))
    exact = net(hidden, z, present, known, torch.full((400,), 0.5))
    rough = incremental(net, torch.bfloat16, codes, visible, z, present, known, 0.5)
    for a, b in zip(exact, rough, strict=True):
        # 8 bits of mantissa are a relative error of 2^-9 each time a value is stored; about ten
        # roundings on the way add up like a random walk: 1 % of the outputs' own spread.
        assert ((a - b).std() / a.std()).item() < 0.02


@torch.no_grad()
def test_revealing_everywhere_is_revealing_with_a_full_mask():
    fast = IncrementalNet(trained())
    codes = records(50)[0]
    a, b = fast.start(50), fast.start(50)
    for j in range(4):
        fast.reveal(a, codes[:, j], j)
        fast.reveal(b, codes[:, j], j, torch.ones(50, dtype=torch.bool))
    assert torch.equal(a, b)


@torch.no_grad()
def test_the_twin_does_not_touch_the_network():
    net = trained()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    fast = IncrementalNet(net)
    fast.reveal(fast.start(1), torch.zeros(1, dtype=torch.long), 0)
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())


@torch.no_grad()
def test_pair_terms_add_up_over_the_visible_values():
    net = trained()
    codes, visible, z, present, known = records(20)
    hidden = torch.where(visible, codes, torch.tensor(SIZES))
    t = torch.rand(20)
    before, v = net(hidden, z, present, known, t)
    pairs = net.add_pairs().normal_(generator=torch.Generator().manual_seed(1))
    after, same = net(hidden, z, present, known, t)
    for i in range(20):
        at = [int(net.starts[j] + codes[i, j]) for j in range(4) if visible[i, j]]
        torch.testing.assert_close(after[i] - before[i], pairs[at].sum(0), rtol=1e-4, atol=1e-4)
    assert torch.equal(v, same)
    assert not pairs.requires_grad
    assert net.add_pairs() is pairs


@torch.no_grad()
def test_grouped_logits_are_the_logits_of_each_group():
    fast = IncrementalNet(trained())
    codes = records(8)[0]
    h = fast.start(8)
    fast.reveal(h, codes[:, 0], 0)
    features = fast.features(h, 1.0)
    out = fast.grouped_logits(features, [1, 3], h)
    assert out.shape == (8, 12)
    torch.testing.assert_close(out[:4], fast.logits(features, 1, h)[:4])
    torch.testing.assert_close(out[4:, :7], fast.logits(features, 3, h)[4:])
    assert (out[4:, 7:] == -torch.inf).all()


def test_config_rebuilds_the_network():
    net = trained(inner=20, dropout=0.3, scores=scores_of(ORDERED))
    net.add_pairs()
    twin = TableNet(**net.config())
    assert twin.config() == net.config()
    twin.load_state_dict(net.state_dict())
    twin.eval()
    codes, _, z, present, known = records(9)
    t = torch.rand(9)
    torch.testing.assert_close(
        twin(codes, z, present, known, t), net(codes, z, present, known, t), rtol=0, atol=0
    )

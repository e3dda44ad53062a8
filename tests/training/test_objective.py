"""What training descends: an unbiased estimate of the bound, over the right cells."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import ndtr
from scipy.stats import kstest, kstwo

from interfuse.kinds.table.layout import Gate, Layout
from interfuse.kinds.table.learn.objective import Rows, TableObjective, draw_inside, table_gaussian

NAN = float("nan")


def layout(sizes, gates=(), columns=None, number_columns=None):
    q, p = len(sizes), len(gates)
    return Layout(
        names=tuple(f"c{i}" for i in range(q + p)),
        sizes=tuple(sizes),
        ordered=(0,) * q,
        category_column=tuple(columns or range(q)),
        number_column=tuple(number_columns or range(q, q + p)),
        gates=tuple(gates),
    )


class TrueConditionals(torch.nn.Module):
    """Answers with the exact conditionals of a joint over a few cells."""

    def __init__(self, joint):
        super().__init__()
        self.joint = joint
        self.sizes = list(joint.shape)
        self.starts = torch.tensor([sum(self.sizes[:j]) for j in range(joint.ndim)])

    def forward(self, codes, z, present, known, t):
        out = torch.empty(len(codes), sum(self.sizes), dtype=torch.float64)
        for pattern in codes.unique(dim=0):
            rows = (codes == pattern).all(1)
            index = tuple(
                slice(None) if c == k else slice(int(c), int(c) + 1)
                for c, k in zip(pattern.tolist(), self.sizes, strict=True)
            )
            part = self.joint[index]
            parts = []
            for j, k in enumerate(self.sizes):
                over = tuple(i for i in range(part.ndim) if i != j)
                marginal = part.sum(over) if over else part
                parts.append(marginal.log() if len(marginal) == k else torch.zeros(k))
            out[rows] = torch.cat(parts).double()
        return out.float(), torch.zeros(len(codes), 0)

    def parts(self, codes, z, present, known, t, first):
        logits, v = self(codes, z, present, known, t)
        return logits[:first], v[first:]


def random_joint(sizes, seed=0):
    g = torch.Generator().manual_seed(seed)
    joint = torch.rand(sizes, generator=g, dtype=torch.float64) ** 3 + 1e-3
    return joint / joint.sum()


def entropy(p):
    p = p[p > 0]
    return float(-(p * p.log()).sum())


def draw(joint, n, seed=1):
    g = torch.Generator().manual_seed(seed)
    flat = torch.multinomial(joint.flatten(), n, replacement=True, generator=g)
    return torch.stack(torch.unravel_index(flat, joint.shape), 1)


def nats(objective, net, codes, seed=2, chunk=20_000):
    """Sum over cells of the loss of each record, one draw of the mask each."""
    out = []
    for k, part in enumerate(codes.split(chunk)):
        none = torch.zeros(len(part), 0)
        noisy = objective.corrupt(Rows(part, none, none), torch.Generator().manual_seed(seed + k))
        logits, _ = net(noisy.codes, noisy.z, noisy.present, noisy.known, noisy.t)
        parts = logits.split(net.sizes, 1)
        each = [
            torch.nn.functional.cross_entropy(p, noisy.true_codes[:, j], reduction="none")
            for j, p in enumerate(parts)
        ]
        out.append((torch.stack(each, 1) * noisy.weight).sum(1))
    return torch.cat(out)


@pytest.mark.parametrize("sizes", [(3,), (2, 3), (4, 2, 3), (2, 2, 2, 2)])
def test_with_the_true_conditionals_the_loss_is_the_entropy(sizes):
    joint = random_joint(sizes)
    objective = TableObjective(layout(sizes), table_gaussian(), known_share=0.0)
    each = nats(objective, TrueConditionals(joint), draw(joint, 40_000))
    error = float(each.std()) / math.sqrt(len(each))
    assert float(each.mean()) == pytest.approx(entropy(joint), abs=4 * error)


def test_with_known_columns_the_loss_is_the_conditional_entropy():
    sizes = (3, 2, 4)
    joint = random_joint(sizes)
    objective = TableObjective(layout(sizes), table_gaussian(), known_share=1.0)
    # A column is known with probability u, u uniform: a set of k of the 3 has the probability
    # k! (3 - k)! / 4!, and H(rest | set) = H(all) - H(set).
    expected = 0.0
    for k in range(4):
        for known in itertools.combinations(range(3), k):
            share = math.factorial(k) * math.factorial(3 - k) / math.factorial(4)
            others = tuple(j for j in range(3) if j not in known)
            part = joint.sum(others) if others else joint
            expected += share * (entropy(joint) - (entropy(part) if known else 0.0))
    each = nats(objective, TrueConditionals(joint), draw(joint, 60_000))
    error = float(each.std()) / math.sqrt(len(each))
    assert float(each.mean()) == pytest.approx(expected, abs=4 * error)


def test_a_wrong_model_costs_its_divergence_in_addition():
    joint, other = random_joint((2, 3), 0), random_joint((2, 3), 5)
    net = TrueConditionals(other)
    expected = entropy(joint) + float((joint * (joint / other).log()).sum())
    objective = TableObjective(layout((2, 3)), table_gaussian(), known_share=0.0)
    each = nats(objective, net, draw(joint, 40_000))
    error = float(each.std()) / math.sqrt(len(each))
    assert float(each.mean()) == pytest.approx(expected, abs=4 * error)


def test_loss_sums_the_cells_and_counts_the_records():
    joint = random_joint((3, 2))
    objective = TableObjective(layout((3, 2)), table_gaussian(), known_share=0.3)
    none = torch.zeros(500, 0)
    noisy = objective.corrupt(Rows(draw(joint, 500), none, none), torch.Generator().manual_seed(0))
    net: Any = TrueConditionals(joint)
    losses = objective.loss(net, noisy)
    each = nats(objective, net, draw(joint, 500), seed=0)
    assert losses.records == 500
    torch.testing.assert_close(losses.category.sum(), each.float().sum(), rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(losses.total(), losses.category.sum() / 1000)


# -- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), [(-1.0, 0.5), (-8.0, -3.0), (2.0, 8.0), (5.5, 6.0)])
def test_points_of_an_interval_are_uniform_in_probability(a, b):
    n = 20_000
    u = torch.rand(n, generator=torch.Generator().manual_seed(0))
    z = draw_inside(torch.full((n,), a), torch.full((n,), b), u).double().numpy()
    assert (z >= a - 1e-6).all()
    assert (z <= b + 1e-6).all()
    # Mirrored where the upper tail has no resolution as a probability.
    low, high, at = (ndtr(-b), ndtr(-a), ndtr(-z)) if a > 0 else (ndtr(a), ndtr(b), ndtr(z))
    share = (at - low) / (high - low)
    assert kstest(share, "uniform").statistic < kstwo.ppf(0.999, n)


def test_points_beyond_the_range_are_exact_and_absent_ones_are_zero():
    low = torch.tensor([37.5, -12.0, NAN])
    assert draw_inside(low, low, torch.rand(3)).tolist() == [37.5, -12.0, 0.0]


def table(n=4_000, seed=0):
    """Two categories and two numbers; the second is there where the second category is 1."""
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(0, 3, n), rng.integers(0, 2, n)], 1)
    z = rng.normal(size=(n, 2)).astype(np.float32)
    z[codes[:, 1] == 0, 1] = NAN
    low = torch.from_numpy(z)
    cells = layout((3, 2), (None, Gate(1, (False, True))), (0, 1), (2, 1))
    return cells, Rows(torch.from_numpy(codes), low, low)


def corrupted(known_share=0.25, **options):
    cells, rows = table(**options)
    objective = TableObjective(cells, table_gaussian(), known_share=known_share)
    return cells, rows, objective.corrupt(rows, torch.Generator().manual_seed(3))


def test_times_fall_in_the_two_windows():
    _, rows, noisy = corrupted()
    categories = noisy.t == 1
    assert categories.sum() == round(0.75 * len(rows))
    rest = noisy.t[~categories].double().numpy()
    assert kstest(rest * 2, "uniform").statistic < kstwo.ppf(0.999, len(rest))


def test_while_categories_appear_unknown_numbers_are_not_seen():
    _, _, noisy = corrupted()
    categories = noisy.t == 1
    assert torch.equal(noisy.present[categories], noisy.known[categories])
    assert not noisy.unknown[categories].any()
    # And once numbers settle all categories are visible, without a loss.
    assert torch.equal(noisy.codes[~categories], noisy.true_codes[~categories])
    assert (noisy.weight[~categories] == 0).all()


def test_known_cells_are_never_noised_and_carry_no_loss():
    cells, rows, noisy = corrupted(known_share=1.0)
    known = noisy.known
    assert known.any()
    assert torch.equal(noisy.z[known], rows.low[known])
    assert not noisy.unknown[known].any()
    # The second number is of the second category's column: they are known together.
    beside = known[:, 1]
    assert torch.equal(noisy.codes[beside, 1], rows.codes[beside, 1])
    assert (noisy.weight[beside, 1] == 0).all()
    # A hidden cell carries loss, a visible one none.
    hidden = noisy.codes == torch.tensor(cells.sizes)
    assert torch.equal(hidden, noisy.weight > 0)
    assert torch.equal(noisy.codes[~hidden], rows.codes[~hidden])


def test_missing_numbers_are_never_seen_and_carry_no_loss():
    _, rows, noisy = corrupted(known_share=1.0)
    missing = rows.low.isnan()
    assert missing.any()
    for mask in (noisy.present, noisy.known, noisy.unknown):
        assert not mask[missing].any()
    assert noisy.z.isfinite().all()
    assert noisy.v.isfinite().all()


def test_the_target_is_v_of_the_noise_that_is_in_the_number():
    """v = alpha eps - sigma z_0, so alpha z_t - sigma v is the clean number."""
    _, rows, noisy = corrupted()
    alpha, sigma = (c[:, None].float() for c in table_gaussian().alpha_sigma(noisy.t))
    clean = alpha * noisy.z - sigma * noisy.v
    torch.testing.assert_close(clean[noisy.unknown], rows.low[noisy.unknown], rtol=0, atol=1e-5)
    eps = (sigma * noisy.z + alpha * noisy.v)[noisy.unknown].double().numpy()
    assert kstest(eps, "norm").statistic < kstwo.ppf(0.999, len(eps))


def test_a_quarter_of_the_records_have_known_columns():
    _, rows, noisy = corrupted()
    n = len(rows)
    with_known = noisy.known[:, 0].float().mean()
    # A column is known with probability 1/4 * E[u] = 1/8.
    assert float(with_known) == pytest.approx(1 / 8, abs=4 * math.sqrt(1 / 8 * 7 / 8 / n))


def test_the_same_generator_gives_the_same_batch():
    a, b = corrupted()[2], corrupted()[2]
    for name in ("codes", "z", "present", "known", "t", "weight", "v", "unknown"):
        assert torch.equal(getattr(a, name), getattr(b, name))


def test_layouts_survive_json_and_gates_say_what_is_present():
    cells, rows = table()
    twin = Layout.from_json(cells.to_json())
    assert twin == cells
    np.testing.assert_array_equal(twin.present(rows.codes.numpy()), ~rows.low.isnan().numpy())
    assert cells.columns == 3

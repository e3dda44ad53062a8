"""What is said of numbers is drawn back to what held-out rows bear out."""

import pytest
import torch

from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.objective import Losses, Rows, TableObjective, table_gaussian
from interfuse.kinds.table.learn.shrink import shrink_numbers
from interfuse.kinds.table.net.network import TableNet

CPU = torch.device("cpu")
LAYOUT = Layout(("c", "x", "y"), (3,), (0,), (0,), (1, 2), (None, None))


def rows(n, seed=0):
    """Two numbers without any relation, one standard normal and one always 1."""
    g = torch.Generator().manual_seed(seed)
    z = torch.stack([torch.randn(n, generator=g), torch.ones(n)], 1)
    return Rows(torch.randint(3, (n, 1), generator=g), z, z)


def network(seed=0):
    torch.manual_seed(seed)
    net = TableNet([3], 2, [0], width=16, depth=1)
    torch.nn.init.normal_(net.head.weight, 0, 0.3)
    return net.eval()


def errors(net, held_out):
    objective = TableObjective(LAYOUT, table_gaussian())
    with torch.no_grad():
        noisy = objective.corrupt(held_out, torch.Generator().manual_seed(9))
        return objective.loss(net, noisy)


def test_a_network_that_makes_things_up_is_silenced():
    net = network()
    before = errors(net, rows(20_000, 1))
    assert (before.number > 1.05 * before.blank)[0]
    factor = shrink_numbers(
        net, TableObjective(LAYOUT, table_gaussian()), rows(4_000), 40_000, 0, CPU
    )
    assert ((factor >= 0) & (factor <= 1)).all()
    after = errors(net, rows(20_000, 1))
    # The factor is known up to what 10,000 records say of it.
    assert (after.number < 1.01 * after.blank).all()
    torch.testing.assert_close(after.category, before.category)


def test_half_of_what_is_said_is_kept_where_the_truth_is_half():
    class Twice(TableNet):
        def parts(self, codes, z, present, known, t, first):
            logits, _ = super().parts(codes, z, present, known, t, first)
            # y is 1, so eps = (z - alpha) / sigma and v = alpha eps - sigma.
            alpha, sigma = (c[first:, None].float() for c in table_gaussian().alpha_sigma(t))
            v = alpha * (z[first:] - alpha) / sigma - sigma
            return logits, 2 * v

    torch.manual_seed(0)
    net = Twice([3], 2, [0], width=16, depth=1).eval()
    with torch.no_grad():
        net.head.weight.fill_(1.0)
        net.head.bias.fill_(1.0)
    objective = TableObjective(LAYOUT, table_gaussian())
    factor = shrink_numbers(net, objective, rows(2_000), 4_096, 0, CPU)
    assert factor[1].item() == pytest.approx(0.5, abs=1e-4)
    assert (net.head.weight[:3] == 1).all()
    torch.testing.assert_close(net.head.weight[4], torch.full((16,), 0.5), atol=1e-4, rtol=0)
    torch.testing.assert_close(net.head.bias[3:], factor)


def test_without_held_out_rows_nothing_changes():
    net = network()
    before = net.head.weight.clone()
    objective = TableObjective(LAYOUT, table_gaussian())
    factor = shrink_numbers(net, objective, rows(100).take(torch.arange(0)), 512, 0, CPU)
    assert (factor == 1).all()
    assert torch.equal(net.head.weight, before)


def test_weights_are_judged_as_if_shrunk():
    losses = Losses(
        category=torch.tensor([6.0]),
        number=torch.tensor([8.0, 1.0]),
        blank=torch.tensor([4.0, 4.0]),
        records=torch.tensor(3),
        present=torch.tensor([4, 1]),
    )
    assert losses.total().item() == pytest.approx(2 + (2 + 1) / 2)
    assert losses.judged().item() == pytest.approx(2 + (4 + 1) / 5)

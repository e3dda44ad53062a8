"""One pass gives every conditional: held against a chain whose conditionals are known."""

import itertools

import numpy as np
import pytest
import torch
from exact import CHAIN, LENGTH, conditionals, entropy, every_record, said

from interfuse.kinds.table.ask.conditionals import Conditionals, NetworkSays
from interfuse.kinds.table.net.network import TableNet

ROUNDING = 1e-6


@pytest.mark.parametrize("order", list(itertools.permutations(range(LENGTH)))[::5])
def test_the_chain_rule_holds_in_any_order(order):
    codes, p = every_record()
    shown, total = np.zeros(LENGTH, bool), np.zeros(len(codes))
    for a in order:
        total += conditionals().nats(codes, shown, [a])[:, a]
        shown[a] = True
    assert total == pytest.approx(-np.log(p), abs=ROUNDING)


def test_information_is_that_of_enumeration():
    codes, p = every_record()
    for a, b in itertools.combinations(range(LENGTH), 2):
        alone = conditionals().nats(codes, np.zeros(LENGTH, bool))[:, a]
        told = conditionals().nats(codes, np.arange(LENGTH) == b)[:, a]
        truth = entropy([a]) + entropy([b]) - entropy([a, b])
        assert p @ (alone - told) == pytest.approx(truth, abs=ROUNDING)


def test_what_is_not_next_to_a_cell_says_nothing_more():
    """In a chain cell 0 is independent of cells 2 and 3 given cell 1."""
    codes, p = every_record()
    near, all_others = np.arange(LENGTH) == 1, np.arange(LENGTH) != 0
    one = conditionals().nats(codes, near, [0])[:, 0]
    two = conditionals().nats(codes, all_others, [0])[:, 0]
    assert p @ (one - two) == pytest.approx(0, abs=ROUNDING)


def test_a_column_of_several_cells_is_told_by_the_chain_rule():
    codes, p = every_record()
    joint = conditionals(((0,), (1, 2), (3,)))
    found = joint.nats(codes, np.array([True, False, False]), [1])[:, 1]
    assert p @ found == pytest.approx(entropy([0, 1, 2]) - entropy([0]), abs=ROUNDING)


def test_rows_may_each_be_known_in_their_own_columns():
    codes, _ = every_record()
    shown = np.arange(len(codes))[:, None] % (LENGTH + 1) == np.arange(LENGTH)
    found = conditionals().nats(codes, shown)
    assert np.isnan(found[shown]).all()
    for row in (0, 7, 33):
        (alone,) = conditionals().nats(codes[row : row + 1], shown[row])
        assert np.allclose(found[row], alone, equal_nan=True, atol=1e-12)


def test_a_value_that_is_unknown_is_not_shown_and_costs_nothing():
    codes, _ = every_record()
    gone = codes.copy()
    gone[:, 1] = -1
    found = conditionals().nats(gone, np.array([False, True, False, False]))
    assert np.isnan(found[:, 1]).all()
    blind = conditionals().nats(codes, np.zeros(LENGTH, bool))
    assert np.allclose(found[:, 0], blind[:, 0])


def test_shares_are_the_distribution_of_a_hidden_column():
    codes, _ = every_record()
    found = conditionals().shares(codes, np.ones(LENGTH, bool), 2)
    hidden = torch.from_numpy(codes.copy())
    hidden[:, 2] = 3
    logits = CHAIN(hidden, 1.0).logits
    assert logits is not None
    truth = logits[:, 2].softmax(1).numpy()
    assert found == pytest.approx(truth, abs=1e-12)


@pytest.mark.parametrize("pairing", [None, [], [0, 2]])
def test_a_pass_for_some_cells_is_the_whole_networks(pairing):
    """Sums of columns of W_in for a product with zeros: only the order of sums differs."""
    torch.manual_seed(0)
    sizes = [3, 7, 4, 2]
    net = TableNet(sizes, 2, [0, 6, 0, 0], width=16, depth=2, pairing=pairing or [])
    for p in net.parameters():
        torch.nn.init.normal_(p, std=0.3)
    if pairing is not None:
        torch.nn.init.normal_(net.add_pairs())
    net.eval()
    codes = torch.stack([torch.randint(0, k + 1, (50,)) for k in sizes], 1)
    z = torch.zeros(50, 2)
    with torch.no_grad():
        whole, _ = net(codes, z, z, z, torch.ones(50))
    truth = whole.split(sizes, 1)
    cells = [2, 0, 1]
    found = NetworkSays(net, torch.device("cpu"))(codes, cells)
    for j, own in zip(cells, found, strict=True):
        assert torch.allclose(own, truth[j], atol=1e-4)


def test_equal_records_are_asked_of_once():
    codes, _ = every_record()
    asked = []

    def counting(codes, cells):
        asked.append(len(codes))
        return said(codes, cells)

    ask = Conditionals(counting, (3,) * LENGTH, tuple((j,) for j in range(LENGTH)))
    shown = np.arange(LENGTH) == 1
    found = ask.nats(codes, shown)
    assert asked == [3]
    assert np.allclose(found, conditionals().nats(codes, np.tile(shown, (len(codes), 1))),
                       equal_nan=True)  # fmt: skip
    assert np.allclose(ask.told(codes, shown, 2)[0], found[:, 2])

"""The any-order bound against enumeration, and the ranking of the denoiser at its start."""

import itertools
import math

import numpy as np
import torch
from made import baskets, matrix

from interfuse.kinds.interactions.data.baskets import Baskets
from interfuse.kinds.interactions.experts import closed
from interfuse.kinds.interactions.experts.panel import Panel, Voice, top, without_known
from interfuse.kinds.interactions.learn import objective
from interfuse.kinds.interactions.learn.objective import BasketObjective, BasketRows, log_p
from interfuse.kinds.interactions.net import BasketNet

M = 5


def model(rank=3):
    x = matrix(items=M)
    voices = (
        Voice("graph", closed.graph(x, M), weight=1.0),
        Voice("ridge", closed.edlae(x, 2.0), weight=0.5),
    )
    panel = Panel(voices, np.asarray(x.sum(0)).ravel().astype(np.float32), ordered=False)
    torch.manual_seed(0)
    net = BasketNet(M, 2, rank)
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.3 * torch.randn_like(p))
    return panel, net.eval()


def conditional(panel, net, known, n):
    return log_p(panel, net, baskets([known], M), np.array([n]))[0]


def test_the_bound_is_above_minus_log_p_and_its_estimate_is_unbiased():
    panel, net = model()
    s = (0, 2, 4)
    n = len(s)
    steps = {
        (frozenset(k), i): conditional(panel, net, list(k), n)[i]
        for r in range(n)
        for k in itertools.combinations(s, r)
        for i in s
        if i not in k
    }
    orders = list(itertools.permutations(s))
    logs = [sum(steps[frozenset(o[:k]), o[k]] for k in range(n)) for o in orders]
    exact = -math.log(sum(math.exp(x) for x in logs))
    bound = -math.log(math.factorial(n)) - float(np.mean(logs))
    assert exact <= bound
    # The loss is per touch, without the n!; 20,000 draws have a standard error of about .003.
    goal = BasketObjective((panel,))
    rows = BasketRows(baskets([s] * 20_000, M), np.zeros(20_000, np.int64))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        loss = float(goal.loss(net, goal.corrupt(rows, generator)).total())
    assert abs(n * loss - math.log(math.factorial(n)) - bound) < 0.02


def test_probabilities_sum_to_one_over_what_is_not_known():
    panel, net = model()
    said = conditional(panel, net, [1, 3], 4)
    assert abs(np.exp(said[[0, 2, 4]]).sum() - 1) < 1e-5
    assert (said[[1, 3]] < -1e6).all()


def test_at_its_start_each_part_of_the_mixture_ranks_as_its_expert_does():
    x = matrix(users=40, items=12, seed=2, share=0.2)
    voice = Voice("graph", closed.graph(x, 12))
    panel = Panel((voice,), np.asarray(x.sum(0)).ravel().astype(np.float32), ordered=False)
    net = BasketNet(12, 1, 4, [1.0, 0.0]).eval()
    with torch.no_grad():  # no popularity at all
        last = net.mix[2]
        assert isinstance(last, torch.nn.Linear)
        last.bias[1], last.weight[1] = -60.0, 0.0
    known = Baskets(x.indptr.astype(np.int64), x.indices.astype(np.int32), 12)
    said = top(log_p(panel, net, known, known.lengths + 1), 3)
    filters = top(without_known(voice.scores(x), known), 3)
    scores = without_known(voice.scores(x), known)
    # Equal scores may stand in either order: the scores at each rank are the same.
    np.testing.assert_allclose(
        np.take_along_axis(scores, said, 1), np.take_along_axis(scores, filters, 1), rtol=1e-5
    )


def test_a_sampled_sum_is_that_over_all_items_on_average(monkeypatch):
    m = 400
    x = matrix(users=200, items=m, share=0.02)
    panel = Panel(
        (Voice("graph", closed.graph(x, 50)),),
        np.asarray(x.sum(0)).ravel().astype(np.float32),
        ordered=False,
    )
    net = BasketNet(m, 1, 0).eval()
    rows = BasketRows(
        Baskets(x.indptr.astype(np.int64), x.indices.astype(np.int32), m),
        np.zeros(200, np.int64),
    )
    goal = BasketObjective((panel,))

    def loss(seed):
        with torch.no_grad():
            batch = goal.corrupt(rows, torch.Generator().manual_seed(seed))
            return float(goal.loss(net, batch).total())

    whole = np.mean([loss(s) for s in range(5)])
    monkeypatch.setattr(objective, "FULL", 100)
    monkeypatch.setattr(objective, "CANDIDATES", 150)
    sampled = np.mean([loss(s) for s in range(5)])
    # The same masks, a different sum: what is left is the noise of the draws, under .01 nats.
    assert abs(sampled - whole) < 0.03


def test_the_past_is_the_first_items():
    given = baskets([[3, 1, 4, 0], [2, 0, 1]], M)
    rng = np.random.default_rng(0)
    known, hidden = objective.masked(given, np.array([2, 1]), np.array([True, True]), rng)
    assert known.items.tolist() == [3, 1, 2]
    assert hidden.items.tolist() == [4, 0]
    known, hidden = objective.masked(given, np.array([2, 1]), np.array([False, False]), rng)
    assert (len(known.items), len(hidden.items)) == (3, 4)

"""The absorbing kernel and its samplers against the exact joint of small Markov chains."""

import itertools

import pytest
import torch
from diffusion_truths import chi_square, gaussian, generator, normal
from hypothesis import given, settings
from hypothesis import strategies as st

from interfuse.core import (
    CATEGORY_SAMPLERS,
    DDPM,
    DPMSolver,
    FirstHitting,
    GeneratorNoise,
    Known,
    KnownRecord,
    LabelledMixture,
    MarkovChain,
    MaskedCategorical,
    MixedSampler,
    Posterior,
    Record,
    RowNoise,
    Unmasking,
    draw,
    pad_logits,
    uniform_times,
)
from interfuse.errors import OptionError

CHAIN = MarkovChain([0.5, 0.3, 0.2], [[0.8, 0.1, 0.1], [0.1, 0.1, 0.8], [0.4, 0.4, 0.2]], 4)
KERNEL = MaskedCategorical((3,) * 4)
ALL = torch.tensor(list(itertools.product(range(3), repeat=4)))
JOINT = CHAIN.log_prob(ALL).exp()
STEPS = {"unmasking": 200}
few = settings(max_examples=40, deadline=None)


def place(codes):
    """The row of ALL that each record is."""
    return (codes * torch.tensor([27, 9, 3, 1])).sum(1)


def counts(codes):
    return torch.bincount(place(codes), minlength=81).double()


def hidden(n, q=4):
    return KERNEL.start(torch.zeros(n, q))


def test_exact_denoiser_is_bayes_over_all_records():
    """Every pattern of visible cells, against sums over the 81 records."""
    x_0 = torch.tensor([[0, 2, 1, 2], [1, 2, 0, 0]])
    for shown in itertools.product([True, False], repeat=4):
        mask = torch.tensor(shown)
        x_t = torch.where(mask, x_0, 3)
        logits = CHAIN(x_t, 0.5).logits
        assert logits is not None
        p = logits.softmax(-1)
        for i in range(2):
            agrees = (ALL[:, mask] == x_0[i, mask]).all(1)
            weight = JOINT * agrees / (JOINT * agrees).sum()
            for j in range(4):
                want = torch.bincount(ALL[:, j], weights=weight, minlength=3)
                assert torch.allclose(p[i, j], want, atol=1e-12)


@few
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.3, 3), st.booleans())
def test_posterior_is_bayes(t, s, power, shown):
    """q(x_s | x_t, x_0) ~ q(x_t | x_s) q(x_s | x_0), summed over x_s in {x_0, MASK}."""
    s, t = min(s, t), max(s, t)
    kernel = MaskedCategorical((3, 5), power=power)
    x_0 = torch.tensor([[2, 4]])
    x_t = x_0 if shown else torch.tensor([[3, 5]])
    a_t, a_s = float(kernel.survival(t)), float(kernel.survival(s))
    if (shown and a_t == 0) or (not shown and a_t == 1):
        return  # x_t is impossible
    ratio = a_t / a_s if a_s else 1.0
    still, gone = (ratio * a_s, 0.0) if shown else ((1 - ratio) * a_s, 1 - a_s)
    q = kernel.posterior(x_t, x_0, t, s)
    assert torch.allclose(q.sum(-1), torch.ones(1, 2).double())
    for j, (code, mask) in enumerate([(2, 3), (4, 5)]):
        assert float(q[0, j, code]) == pytest.approx(still / (still + gone), abs=1e-9)
        assert float(q[0, j, mask]) == pytest.approx(gone / (still + gone), abs=1e-9)


@few
@given(st.floats(0.05, 0.95), st.floats(0.3, 3))
def test_survival_time_and_weight_belong_together(t, power):
    kernel = MaskedCategorical((2,), window=(0.2, 0.9), power=power)
    t = 0.2 + 0.7 * t
    assert float(kernel.time(kernel.survival(t))) == pytest.approx(t, abs=1e-9)
    h = 1e-6
    slope = float(kernel.survival(t + h) - kernel.survival(t - h)) / (2 * h)
    want = -slope / (1 - float(kernel.survival(t)))
    assert float(kernel.weight(t)) == pytest.approx(want, rel=1e-5)


def test_corrupt_hides_the_share_of_its_time():
    x_0 = torch.zeros(20_000, 2).long()
    x_t = MaskedCategorical((3, 7)).corrupt(
        x_0, 0.3, noise=torch.rand(20_000, 2, generator=generator())
    )
    for j, mask in enumerate([3, 7]):
        share = (x_t[:, j] == mask).double().mean()
        assert abs(float(share) - 0.3) < 4.5 * (0.21 / 20_000) ** 0.5
    assert torch.isin(x_t, torch.tensor([0, 3, 7])).all()


def test_draw_inverts_the_distribution_function():
    u = RowNoise(torch.arange(30_000)).uniform((), 0)
    p = torch.tensor([0.0, 0.1, 0.0, 0.6, 0.3, 0.0])
    got = torch.bincount(draw(p.expand(30_000, 6), u), minlength=6).double()
    assert (got[p == 0] == 0).all()
    assert chi_square(got[p > 0], p[p > 0].double()) < 5
    assert draw(p * 7, torch.tensor(1 - 2.0**-24)) == 4


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("sampler", CATEGORY_SAMPLERS)
def test_draws_have_the_joint_of_the_chain(sampler, seed):
    """10,000 records in 81 cells; 200 steps could not be told from exact with 200,000 draws."""
    times = uniform_times(STEPS.get(sampler, 1))
    x = CATEGORY_SAMPLERS[sampler](KERNEL).run(CHAIN, hidden(10_000), times, noise=generator(seed))
    assert chi_square(counts(x), JOINT) < 5


@pytest.mark.parametrize("power", [0.5, 2.0])
def test_first_hitting_in_several_steps_is_still_exact(power):
    kernel = MaskedCategorical((3,) * 4, window=(0.5, 1.0), power=power)
    noise = RowNoise(torch.arange(20_000))
    x = FirstHitting(kernel).run(CHAIN, hidden(20_000), uniform_times(7), noise=noise)
    assert chi_square(counts(x), JOINT) < 5


@pytest.mark.parametrize("sampler", CATEGORY_SAMPLERS)
def test_stopping_on_the_way_leaves_the_forward_marginal(sampler):
    """At s = 0.4 each cell is hidden with probability 0.4, independently: binomial counts."""
    times = uniform_times(STEPS.get(sampler, 2), end=0.4)
    x = CATEGORY_SAMPLERS[sampler](KERNEL).run(CHAIN, hidden(10_000), times, noise=generator(1))
    got = torch.bincount((x == 3).sum(1), minlength=5).double()
    want = torch.tensor([0.6**4, 4 * 0.6**3 * 0.4, 6 * 0.36 * 0.16, 4 * 0.6 * 0.4**3, 0.4**4])
    assert chi_square(got, want.double()) < 5


def test_unmasking_error_falls_with_the_steps():
    """In one step cells are independent: far from the joint; each further step brings it closer."""
    far = []
    for steps in (1, 4, 16):
        x = Unmasking(KERNEL).run(CHAIN, hidden(20_000), uniform_times(steps), noise=generator())
        far.append(float((counts(x) / 20_000 - JOINT).abs().sum()))
    assert far[0] > 2 * far[1] > 4 * far[2]


@pytest.mark.parametrize("sampler", CATEGORY_SAMPLERS)
def test_known_cells_give_the_conditional_and_come_back(sampler):
    n = 10_000
    known = Known(torch.tensor([False, True, False, True]), torch.tensor([0, 2, 0, 1]))
    times = uniform_times(STEPS.get(sampler, 1))
    x = CATEGORY_SAMPLERS[sampler](KERNEL).run(
        CHAIN, hidden(n), times, known=known, noise=generator(2)
    )
    assert (x[:, 1] == 2).all()
    assert (x[:, 3] == 1).all()
    agrees = (ALL[:, 1] == 2) & (ALL[:, 3] == 1)
    assert chi_square(counts(x)[agrees], JOINT[agrees] / JOINT[agrees].sum()) < 5


@pytest.mark.parametrize("sampler", CATEGORY_SAMPLERS)
def test_cells_of_different_sizes(sampler):
    """Independent cells of 2, 5 and 1 values: marginals by chi-square, no code out of range."""
    sizes, n = (2, 5, 1), 10_000
    flat = torch.tensor([0.2, 0.8, 0.1, 0.2, 0.3, 0.15, 0.25, 1.0]).log()
    logits = pad_logits(flat[None], sizes)
    kernel, done = MaskedCategorical(sizes), []
    x = CATEGORY_SAMPLERS[sampler](kernel).run(
        lambda x, t: logits.expand(n, 3, 5),
        kernel.start(torch.zeros(n, 3)),
        uniform_times(5),
        noise=RowNoise(torch.arange(n)),
        progress=lambda k, of: done.append((k, of)),
    )
    for j, p in enumerate(flat.exp().double().split(sizes)):
        got = torch.bincount(x[:, j], minlength=len(p)).double()
        assert len(got) == len(p)
        assert len(p) == 1 or chi_square(got, p) < 5
    assert done == [(k, 5) for k in range(1, 6)]


@pytest.mark.parametrize("sampler", CATEGORY_SAMPLERS)
def test_a_row_does_not_depend_on_its_batch(sampler):
    run, keys = CATEGORY_SAMPLERS[sampler](KERNEL).run, torch.arange(50) * 13
    whole = run(CHAIN, hidden(50), uniform_times(4), noise=RowNoise(keys))
    part = run(CHAIN, hidden(5), uniform_times(4), noise=RowNoise(keys[20:25]))
    assert torch.equal(part, whole[20:25])


WEIGHTS = [0.7, 0.3]
MEANS = [[0.0, 1.0], [2.0, -1.0]]
COVS = [[[0.3, 0.1], [0.1, 0.3]], [[0.2, 0.0], [0.0, 0.5]]]


@pytest.mark.parametrize(
    ("windows", "numbers", "steps"),
    [
        (((0.0, 0.5), (0.5, 1.0)), DPMSolver, 120),
        (((0.0, 1.0), (0.0, 1.0)), DPMSolver, 200),
        (((0.0, 1.0), (0.0, 1.0)), DDPM, 600),
    ],
    ids=["apart", "together ode", "together sde"],
)
def test_mixed_records(windows, numbers, steps):
    """A label and two numbers: the label's share, the mean and covariance given it, 4.5 se."""
    n = 6000
    kernel = gaussian("cosine", windows[0])
    label = MaskedCategorical((2,), window=windows[1])
    data = LabelledMixture(WEIGHTS, MEANS, COVS, kernel)
    start = Record(normal(n, 2), label.start(torch.zeros(n, 1)))
    sampler = MixedSampler(numbers(kernel), Unmasking(label))
    x = sampler.run(data, start, uniform_times(steps), noise=generator(3))
    label_of = x.codes[:, 0]
    assert abs(float((label_of == 0).double().mean()) - 0.7) < 4.5 * (0.21 / n) ** 0.5
    for y in (0, 1):
        rows, cov = x.numbers[label_of == y], torch.tensor(COVS[y]).double()
        m = len(rows)
        assert ((rows.mean(0) - torch.tensor(MEANS[y])).abs() < 4.5 * (cov.diag() / m) ** 0.5).all()
        error = ((cov.diag().outer(cov.diag()) + cov**2) / m) ** 0.5
        assert ((rows.T.cov() - cov).abs() < 4.5 * error).all()


def test_mixed_records_with_known_cells():
    """Label known: numbers come from its component. Number known: the label's odds are Bayes'."""
    n = 4000
    kernel, label = gaussian("cosine", (0.0, 0.5)), MaskedCategorical((2,), window=(0.5, 1.0))
    data = LabelledMixture(WEIGHTS, MEANS, COVS, kernel)
    sampler = MixedSampler(DPMSolver(kernel), FirstHitting(label))
    start = Record(normal(n, 2), label.start(torch.zeros(n, 1)))
    no, yes = torch.zeros(2, dtype=torch.bool), torch.ones(1, dtype=torch.bool)
    known = KnownRecord(Known(no, torch.zeros(2)), Known(yes, torch.ones(1).long()))
    x = sampler.run(data, start, uniform_times(60), noise=generator(1), known=known)
    assert (x.codes == 1).all()
    error = 4.5 * (torch.tensor(COVS[1]).diagonal() / n) ** 0.5
    assert ((x.numbers.mean(0) - torch.tensor(MEANS[1])).abs() < error).all()

    first = torch.tensor([True, False])
    known = KnownRecord(
        Known(first, torch.tensor([0.9, 0.0], dtype=torch.float64)),
        Known(~yes, torch.zeros(1).long()),
    )
    x = sampler.run(data, start, uniform_times(60), noise=generator(1), known=known)
    assert (x.numbers[:, 0] == 0.9).all()
    odds = [
        w * torch.distributions.Normal(m[0], c[0][0] ** 0.5).log_prob(torch.tensor(0.9)).exp()
        for w, m, c in zip(WEIGHTS, MEANS, COVS, strict=True)
    ]
    p = float(odds[0] / sum(odds))
    assert abs(float((x.codes == 0).double().mean()) - p) < 4.5 * (p * (1 - p) / n) ** 0.5


def test_misuse_is_refused():
    with pytest.raises(OptionError, match="noise"):
        Unmasking(KERNEL).run(CHAIN, hidden(3), uniform_times(3))
    with pytest.raises(OptionError, match="logits"):
        KERNEL.step(hidden(3), Posterior(mean=torch.zeros(3, 4)), 1.0, 0.5, noise=torch.rand(3, 4))
    with pytest.raises(OptionError, match="sizes"):
        MaskedCategorical(())
    with pytest.raises(OptionError, match="power"):
        MaskedCategorical((2,), power=0.0)
    with pytest.raises(OptionError, match="transition"):
        MarkovChain([0.5, 0.5], [[1.0, 0.0]], 3)


def test_a_generator_is_a_source_of_noise():
    noise = GeneratorNoise(5, generator(4))
    assert torch.equal(noise.uniform((2,), 0), torch.rand(5, 2, generator=generator(4)))

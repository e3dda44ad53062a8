"""The images' objective, and images through the loop that tables go through."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from interfuse.errors import InterfuseError
from interfuse.kinds.images.learn import (
    ImageLosses,
    ImageObjective,
    ImageRows,
    draw_known,
    image_network_for,
    image_settings_for,
    to_pixels,
    to_unit,
)
from interfuse.kinds.images.net import UNet
from interfuse.train.budget import Budget
from interfuse.train.hold_out import hold_out
from interfuse.train.settings import Settings
from interfuse.train.state import Checkpoint
from interfuse.train.trainer import Trainer

CPU = torch.device("cpu")
# The rate is still being warmed up when these short fits end.
SETTINGS = Settings(seed=3, batch=16, rate=3e-2, held_out_draws=128)


def g(seed=0):
    return torch.Generator().manual_seed(seed)


def stripes(n=400, seed=0):
    """8 x 8 images of class 0, rows alternate, or 1, columns do; one in ten without a class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    light = rng.integers(150, 256, (n, 1, 1, 1))
    on = np.where(labels[:, None, None], np.arange(8) % 2, np.arange(8)[:, None] % 2)[:, None]
    labels[::10] = -1
    return ImageRows(
        torch.from_numpy((on * light).astype(np.uint8)), torch.from_numpy(labels.astype(np.int64))
    )


def net():
    torch.manual_seed(3)
    return UNet(1, (8, 8), 2, width=16, multiples=(1, 2), blocks=(1, 1), dropout=0.1)


def trainer(budget=None, settings=SETTINGS):
    rows, held_out = hold_out(stripes(), 3)
    return Trainer(
        net=net(),
        objective=ImageObjective(2),
        rows=rows,
        held_out=held_out,
        settings=settings,
        budget=budget or Budget(examples=120 * 16),
        device=CPU,
    )


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


# -- the objective ---------------------------------------------------------------------------------


def test_pixels_come_back_from_the_unit_range():
    every = torch.arange(256).to(torch.uint8)
    assert torch.equal(to_pixels(to_unit(every)), every)
    assert float(to_unit(every).min()) == -1
    assert float(to_unit(every).max()) == 1


def test_corrupted_pixels_have_the_kernels_mean_and_spread():
    objective, n = ImageObjective(0, known_share=0.0), 4000
    rows = ImageRows(torch.full((n, 1, 4, 4), 191, dtype=torch.uint8), torch.full((n,), -1))
    noisy = objective.corrupt(rows, g())
    alpha, sigma = objective.gaussian.alpha_sigma(noisy.t)
    x_0 = float(to_unit(rows.pixels[0, 0, 0, 0]))
    eps = (noisy.x - (alpha * x_0).float().view(-1, 1, 1, 1)) / sigma.float().view(-1, 1, 1, 1)
    # 64,000 standard normal numbers: standard errors .004 and .003.
    assert abs(float(eps.mean())) < 0.016
    assert abs(float(eps.std()) - 1) < 0.012
    a, s = (c.float().view(-1, 1, 1, 1) for c in (alpha, sigma))
    # v = alpha eps - sigma x_0 gives both back: x_0 = alpha x - sigma v.
    assert torch.allclose(a * noisy.x - s * noisy.v, torch.full_like(noisy.x, x_0), atol=1e-4)


def test_the_times_of_a_batch_are_spread_evenly():
    t = ImageObjective(0).corrupt(stripes(64), g()).t
    assert torch.equal((t * 64).floor().long().sort().values, torch.arange(64))


def test_known_pixels_are_clean_and_have_no_loss():
    rows = stripes(200)
    noisy = ImageObjective(2, known_share=1.0).corrupt(rows, g())
    known = noisy.known.expand_as(noisy.x)
    assert torch.equal(noisy.x[known], to_unit(rows.pixels)[known])

    class Wrong:
        def __call__(self, x, known, t, label):
            return torch.where(known, 1e6, noisy.v)

    assert float(ImageObjective(2).loss(Wrong(), noisy).total()) == 0


def test_masks_are_of_every_kind_and_leave_something_to_do():
    masks = draw_known(2000, (8, 12), g())
    share = masks.float().mean((1, 2))
    assert masks.shape == (2000, 8, 12)
    assert float((share < 1).float().mean()) > 0.95
    # No pixel is known, or unknown, most of the time; the standard error is below .011.
    assert float(masks.float().mean(0).min()) > 0.3
    assert float(masks.float().mean(0).max()) < 0.7
    whole_rows = (masks.all(2) | ~masks.any(2)).all(1)
    whole_columns = (masks.all(1) | ~masks.any(1)).all(1)
    assert 0.1 < float((whole_rows | whole_columns).float().mean()) < 0.5
    one_pixel = draw_known(50, (1, 1), g())
    assert one_pixel.shape == (50, 1, 1)


def test_the_share_of_images_with_known_pixels_and_hidden_classes():
    n = 20_000
    rows = ImageRows(torch.zeros(n, 1, 4, 4, dtype=torch.uint8), torch.arange(n) % 3)
    noisy = ImageObjective(3, known_share=0.2, hidden_share=0.1).corrupt(rows, g())
    hidden = noisy.label == 3
    # Standard error sqrt(.1 .9 / n) = .002.
    assert abs(float(hidden.float().mean()) - 0.1) < 0.009
    assert torch.equal(noisy.label[~hidden], rows.labels[~hidden])
    some = noisy.known.flatten(1).any(1).float().mean()
    assert 0.15 < float(some) < 0.21
    none = ImageObjective(3).corrupt(ImageRows(rows.pixels, torch.full((n,), -1)), g())
    assert bool((none.label == 3).all())


def test_the_same_generator_gives_the_same_batch():
    a, b = (ImageObjective(2).corrupt(stripes(32), g(4)) for _ in range(2))
    assert all(torch.equal(getattr(a, f), getattr(b, f)) for f in ("x", "known", "t", "label", "v"))


# -- the loop --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole():
    t = trainer()
    list(t.run())
    return t


def test_training_beats_the_untrained_network(whole):
    assert whole.progress.reason == "the budget is spent"
    assert whole.progress.best < 0.7 * trainer().evaluate()


@pytest.mark.parametrize("steps", [1, 50, 100])
def test_stopped_and_resumed_is_bit_equal_to_never_stopped(whole, steps, tmp_path):
    t = trainer()
    step, done = t._step, 0

    def count():
        nonlocal done
        done += 1
        t.stop_requested = done >= steps
        return step()

    t._step = count
    list(t.run())
    t.checkpoint().save(tmp_path / "c.safetensors")
    again = trainer()
    again.restore(Checkpoint.load(tmp_path / "c.safetensors"))
    list(again.run())
    assert again.progress.step == whole.progress.step
    assert same(whole.weights(), again.weights())
    assert same(dict(whole.net.named_parameters()), dict(again.net.named_parameters()))


def poisoned(t, when):
    loss = t.objective.loss

    def bad(net, noisy):
        losses = loss(net, noisy)
        return replace(losses, square=losses.square * float("nan")) if when(t) else losses

    t.objective.loss = bad
    return t


def test_losses_that_are_not_finite_are_survived():
    t = poisoned(trainer(), lambda t: 20 <= t.progress.step < 30 and t.net.training)
    events = [e.kind for e in t.run()]
    assert events.count("rescued") == 1
    assert t.progress.skipped == 10
    assert all(p.isfinite().all() for p in t.weights().values())


def test_a_loss_that_stays_not_finite_is_one_clear_error():
    t = poisoned(trainer(Budget(examples=16 * 16)), lambda t: t.net.training)
    with pytest.raises(InterfuseError, match=r"images: the loss is not finite.*precision fp32"):
        list(t.run())


def test_the_default_network_and_settings():
    torch.manual_seed(1)
    a = image_network_for((1, 8, 8), 2, 500, 7)
    before = torch.random.get_rng_state()
    b = image_network_for((1, 8, 8), 2, 500, 7)
    assert torch.equal(before, torch.random.get_rng_state())
    assert same(a.state_dict(), b.state_dict())
    assert not same(a.state_dict(), image_network_for((1, 8, 8), 2, 500, 8).state_dict())
    assert image_settings_for((1, 8, 8), 10, 0, "fp32").batch == 8
    assert image_settings_for((1, 32, 32), 60_000, 0, "fp32").batch == 64


def test_a_loss_of_nothing_is_zero():
    assert float(ImageLosses(torch.tensor(0.0), torch.tensor(0)).total()) == 0

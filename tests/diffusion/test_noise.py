"""Row noise: uniform, normal, independent, and a row's own whatever its batch."""

import numpy as np
import pytest
import torch
from diffusion_truths import chi_square
from scipy import stats

from interfuse.core import RowNoise
from interfuse.core.noise import _mix_
from interfuse.errors import OptionError

KEYS = {
    "counting": torch.arange(20_000),
    "seeded": torch.arange(20_000) ^ (0x5DEECE66D << 24),
    "high bits": torch.arange(20_000) << 48,
    "negative": -torch.arange(20_000) * 1_000_003,
}
LEVEL = 1e-4  # of each test; about 40 of them


def test_mix_is_splitmix64():
    """The first outputs of Vigna's reference implementation for the seed 1234567."""
    golden = 0x9E3779B97F4A7C15 - (1 << 64)
    state = torch.tensor([1234567]) + torch.arange(1, 4) * golden
    assert [x % (1 << 64) for x in _mix_(state).tolist()] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
class TestDistribution:
    def test_uniform_along_rows_positions_and_streams(self, keys):
        noise = RowNoise(keys)
        for sample in (
            noise.uniform((), 0),
            noise.uniform((2, 3), 7)[:, 1, 2],
            RowNoise(keys[5:6]).uniform((20_000,), 3)[0],
            torch.stack([RowNoise(keys[:2]).uniform((), s)[1] for s in range(2000)]),
        ):
            assert stats.kstest(sample.double().numpy(), "uniform").pvalue > LEVEL

    def test_normal(self, keys):
        noise = RowNoise(keys)
        for sample in (noise.normal((3,), 0)[:, 2], RowNoise(keys[11:12]).normal((20_001,), 3)[0]):
            assert sample.dtype == torch.float32
            assert stats.kstest(sample.double().numpy(), "norm").pvalue > LEVEL

    def test_neighbours_are_independent(self, keys):
        """Pairs of neighbouring rows, positions, streams and kinds fill 16 x 16 cells evenly."""
        noise = RowNoise(keys)
        u, other = noise.uniform((4,), 0), noise.uniform((4,), 1)
        z = torch.special.ndtr(noise.normal((4,), 0).double()).float().clamp_max(1 - 1e-7)
        pairs = [
            (u[:-1, 0], u[1:, 0]),
            (u[:, 0], u[:, 1]),
            (u[:, 0], other[:, 0]),
            (u[:, 0], z[:, 0]),
            (z[:, 0], z[:, 1]),
            (z[:, 1], z[:, 2]),
        ]
        for a, b in pairs:
            cells = (a * 16).long() * 16 + (b * 16).long()
            counts = torch.bincount(cells, minlength=256).double()
            assert chi_square(counts, torch.full((256,), 1 / 256).double()) < 5


def test_uniform_is_below_one_and_reaches_both_ends():
    u = RowNoise(torch.arange(2000)).uniform((2000,), 0)
    assert 0 <= u.min() < 1e-5
    assert 1 - 1e-5 < u.max() < 1


def test_every_bit_is_fair():
    """Each of 24 bits of 400,000 numbers: within 5 standard errors of a half."""
    bits = (RowNoise(torch.arange(4000)).uniform((100,), 0) * 2**24).long()
    for k in range(24):
        assert abs(((bits >> k) & 1).double().mean() - 0.5) < 5 * 0.5 / 400_000**0.5


def test_normal_tails():
    """The count of 4 million beyond 4 sigma is Poisson with mean 253.4."""
    z = RowNoise(torch.arange(2000)).normal((2000,), 0)
    assert abs(int((z.abs() > 4).sum()) - 253.4) < 5 * 253.4**0.5
    assert z.isfinite().all()


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_a_row_does_not_depend_on_its_batch(kind):
    keys = torch.from_numpy(np.random.default_rng(0).integers(-(2**63), 2**63, 501))
    whole = getattr(RowNoise(keys), kind)((7, 3), 5)
    for rows in (slice(0, 1), slice(17, 18), slice(100, 500), slice(500, 501)):
        part = getattr(RowNoise(keys[rows]), kind)((7, 3), 5)
        assert torch.equal(part, whole[rows])
    longer = getattr(RowNoise(keys), kind)((30,), 5)
    assert torch.equal(longer[:, :21].reshape(-1, 7, 3), whole)


def test_streams_and_keys_differ_and_repeat():
    keys = torch.tensor([3, 3, 4])
    u = RowNoise(keys).uniform((50,), 0)
    assert torch.equal(u[0], u[1])
    assert (u[0] != u[2]).float().mean() > 0.99
    assert (u != RowNoise(keys).uniform((50,), 1)).float().mean() > 0.99
    assert torch.equal(u, RowNoise(keys).uniform((50,), 0))


def test_keys_must_be_int64_in_a_row():
    with pytest.raises(OptionError, match="int64"):
        RowNoise(torch.rand(3))
    with pytest.raises(OptionError, match="int64"):
        RowNoise(torch.arange(6).reshape(2, 3))

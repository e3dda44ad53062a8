"""Data sets and checks that the tests of the mathematics share."""

import torch

from interfuse.core import SCHEDULES, Gaussian, MixtureData, Posterior

SCHEDULE_NAMES = sorted(SCHEDULES)

MIXTURE = MixtureData(
    weights=[0.3, 0.7],
    means=[[-2.0, 0.0], [2.0, 1.0]],
    covs=[[[0.6, 0.2], [0.2, 0.5]], [[0.5, -0.3], [-0.3, 0.8]]],
)


def mean_of(answer: Posterior) -> torch.Tensor:
    """The mean, which a denoiser of numbers always gives."""
    assert answer.mean is not None
    return answer.mean


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def gaussian(name, window=(0.0, 1.0)):
    return Gaussian(SCHEDULES[name](), window)


def even_times(kernel, steps, low=-8.5, high=8.0):
    """Times evenly spaced in logsnr, inside the range of every schedule, and then 0."""
    times = kernel.time(torch.linspace(low, high, steps, dtype=torch.float64))
    return torch.cat([times, torch.zeros(1, dtype=torch.float64)])


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def standard_errors(data, n):
    """Of the mean and of the covariance of n draws, the latter from fourth moments of the data."""
    d = data.sample(50_000, generator(99)) - data.mean
    products = d[:, :, None] * d[:, None, :]
    return (data.cov.diagonal() / n).sqrt(), products.std(0) / n**0.5


def assert_moments(x, data, times=4.5):
    """Mean and covariance of draws within `times` standard errors: by chance once in 20,000."""
    mean_error, cov_error = standard_errors(data, len(x))
    x = x.double()
    assert ((x.mean(0) - data.mean).abs() / mean_error).max() < times
    assert ((x.T.cov() - data.cov).abs() / cov_error).max() < times


def chi_square(counts, probabilities):
    """Standardised: (chi^2 - degrees) / sqrt(2 degrees); above 5 by chance about once in 10^5."""
    expected = probabilities * counts.sum()
    degrees = len(probabilities) - 1
    return float((((counts - expected) ** 2 / expected).sum() - degrees) / (2 * degrees) ** 0.5)

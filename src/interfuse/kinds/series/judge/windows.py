r"""How like real windows generated ones are: marginals, autocorrelation, spectrum, a classifier.

Windows are arrays (n, length, channels), or (n, length) of one channel. With the real mean
:math:`\mu_c` and standard deviation :math:`s_c` of a channel over all its windows and steps:

* **marginal distance**: Wasserstein-1 distance of all values, in units of :math:`s_c`;
* **autocorrelation distance**: :math:`r_k = \mathrm{mean}_{i,t} (x_{it}-m)(x_{i,t+k}-m) / v`, with
  each side's own overall mean m and variance v, so that differences of level between windows count
  as correlation; root of the mean over the lags 1 ... K of the squared difference;
* **spectrum distance**: mean periodogram of the windows with their own means taken out and a Hann
  taper, normalised to sum 1; the total variation distance of the two, in [0, 1];
* **power ratio**: logarithm of the generated over the real total power within windows, 0 best;
* **cross-correlation distance**: mean absolute difference of the correlations of two channels at
  one time;
* **discriminative score** (`discriminate`): AUC of boosted trees on windows never fitted, and the
  accuracy beyond one half (TimeGAN, Yoon et al. 2019, takes its absolute value; accuracy below
  one half finds nothing, it is what copies of fitted real windows give). The trees see each
  window's values, steps, moments and log spectrum.

Means over the channels. Each distance has a floor greater than zero between two finite real
samples: measure it with other real windows, or a block bootstrap, in the place of the generated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import wasserstein_distance

from interfuse.errors import DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Likeness:
    """Distances of generated from real windows, 0 best.

    Attributes:
        marginal: of all values, in real standard deviations.
        autocorrelation: root mean square over lags.
        spectrum: total variation of normalised spectra.
        power: absolute logarithm of the ratio of power within windows.
        cross: mean absolute difference of correlations of channels; 0 for one channel.
    """

    marginal: float
    autocorrelation: float
    spectrum: float
    power: float
    cross: float


def likeness(real: ArrayLike, generated: ArrayLike, *, lags: int | None = None) -> Likeness:
    """Return how far generated windows are from real ones.

    Args:
        real: (n, length[, channels]).
        generated: (m, length[, channels]).
        lags: Highest lag of the autocorrelation; half the length without it.

    Returns:
        The distances.

    Raises:
        DataError: the shapes do not fit, or a value is not finite.
    """
    x, y = _both(real, generated)
    k = min(lags or x.shape[1] // 2, x.shape[1] - 1)
    scale = x.std((0, 1))
    scale = np.where(scale > 0, scale, 1.0)
    channels = range(x.shape[2])
    marginal = [
        wasserstein_distance(x[..., c].ravel() / scale[c], y[..., c].ravel() / scale[c])
        for c in channels
    ]
    correlation = [
        np.sqrt(np.mean((autocorrelation(x[..., c], k) - autocorrelation(y[..., c], k)) ** 2))
        for c in channels
    ]
    spectra = [(spectrum(x[..., c]), spectrum(y[..., c])) for c in channels]
    shape = [0.5 * np.abs(_share(a) - _share(b)).sum() for a, b in spectra]
    power = [abs(_log(b.sum()) - _log(a.sum())) for a, b in spectra]
    upper = np.triu_indices(x.shape[2], 1)
    cross = np.abs(_correlations(x) - _correlations(y))[upper] if len(upper[0]) else np.zeros(1)
    every = (marginal, correlation, shape, power, cross)
    return Likeness(*(float(np.mean(values)) for values in every))


def autocorrelation(windows: Floats, lags: int) -> Floats:
    """Return the pooled autocorrelation at lags 1 ... `lags` of windows (n, length)."""
    x = windows - windows.mean()
    variance = np.mean(x**2)
    if variance == 0:
        return np.ones(lags)
    return np.array([np.mean(x[:, k:] * x[:, :-k]) for k in range(1, lags + 1)]) / variance


def spectrum(windows: Floats) -> Floats:
    """Return the mean periodogram of windows (n, length), their means taken out, tapered."""
    taper = np.hanning(windows.shape[1] + 2)[1:-1]
    x = (windows - windows.mean(1, keepdims=True)) * taper
    return (np.abs(np.fft.rfft(x, axis=1)) ** 2).mean(0)[1:] / np.sum(taper**2)


@dataclass(frozen=True)
class Discrimination:
    """What a classifier made of real and generated windows.

    Attributes:
        auc: area under the ROC curve on windows not fitted, .5 = cannot be told apart.
        score: accuracy beyond one half, in [0, .5], 0 = cannot be told apart.
        error: standard error of the AUC where there is nothing to find.
    """

    auc: float
    score: float
    error: float


def discriminate(
    real: ArrayLike, generated: ArrayLike, *, seed: int = 0, most: int = 2000
) -> Discrimination:
    """Return whether boosted trees tell generated windows from real ones.

    Both sides are cut to the same number; half of it trains, the other half is scored. Real windows
    that overlap must not stand on both sides, so the halves are the first and the last windows in
    the order given: give real windows in order of time.

    Args:
        real: (n, length[, channels]).
        generated: (m, length[, channels]).
        seed: Which windows are taken where there are too many, and the trees.
        most: Windows per side.

    Returns:
        The result, NaN with fewer than eight windows on either side.

    Raises:
        DataError: the shapes do not fit, or a value is not finite.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    x, y = _both(real, generated)
    rng = np.random.default_rng(seed)
    n = min(len(x), len(y), most)
    if n < 8:
        return Discrimination(float("nan"), float("nan"), float("nan"))
    sides = [np.sort(rng.permutation(len(a))[:n]) for a in (x, y)]
    mean, scale = x.mean((0, 1)), np.maximum(x.std((0, 1)), 1e-300)
    a, b = (_features((w[i] - mean) / scale) for w, i in zip((x, y), sides, strict=True))
    half = n // 2
    train, test = np.concatenate([a[:half], b[:half]]), np.concatenate([a[half:], b[half:]])
    model = HistGradientBoostingClassifier(max_iter=100, random_state=seed)
    model.fit(train, np.repeat([0, 1], half))
    guess, label = model.predict_proba(test)[:, 1], np.repeat([0, 1], n - half)
    accuracy = float(np.mean((guess > 0.5) == label))
    left = n - half
    error = float(np.sqrt((2 * left + 1) / (12 * left * left)))
    return Discrimination(float(roc_auc_score(label, guess)), max(0.0, accuracy - 0.5), error)


def block_bootstrap(series: ArrayLike, n: int, length: int, block: int, *, seed: int = 0) -> Floats:
    """Return windows glued together from blocks of a real series: a floor without a model.

    Args:
        series: (T,) or (T, channels).
        n: Windows.
        length: Their steps.
        block: Steps of a block; each begins anywhere (Kunsch 1989).
        seed: Of the beginnings.

    Returns:
        (n, length[, channels]) windows.

    Raises:
        DataError: the series is shorter than a block.
    """
    x = np.asarray(series, dtype=np.float64)
    if not 0 < block <= len(x):
        raise DataError(
            f"block_bootstrap: blocks of {block} steps were asked of a series of {len(x)}; give "
            "blocks of at least 1 step that fit in it."
        )
    pieces = -(-length // block)
    begin = np.random.default_rng(seed).integers(0, len(x) - block + 1, (n, pieces, 1))
    rows = (begin + np.arange(block)).reshape(n, -1)[:, :length]
    return x[rows]


def _features(x: Floats) -> Floats:
    """Return what the trees see of windows (n, length, channels) in real units of one."""
    steps = np.diff(x, axis=1)
    power = np.abs(np.fft.rfft(x - x.mean(1, keepdims=True), axis=1)[:, 1:]) ** 2
    groups = np.array_split(np.arange(power.shape[1]), min(16, power.shape[1]))
    bands = np.stack([np.log(power[:, g].mean(1) + 1e-12) for g in groups], 1)
    keep = np.linspace(0, x.shape[1] - 1, min(64, x.shape[1])).astype(int)
    blocks = [
        x[:, keep].reshape(len(x), -1),
        bands.reshape(len(x), -1),
        x.mean(1),
        x.std(1),
        x.min(1),
        x.max(1),
        steps.std(1),
        np.abs(steps).max(1),
        np.median(np.abs(steps), 1),
        (steps == 0).mean(1),
    ]
    return np.concatenate(blocks, 1)


def _correlations(x: Floats) -> Floats:
    flat = x.reshape(-1, x.shape[2])
    flat = flat - flat.mean(0)
    scale = np.sqrt((flat**2).mean(0))
    flat = flat / np.where(scale > 0, scale, 1.0)
    return flat.T @ flat / len(flat)


def _share(power: Floats) -> Floats:
    return power / power.sum() if power.sum() > 0 else np.full(len(power), 1 / len(power))


def _log(value: float) -> float:
    return float(np.log(max(value, 1e-300)))


def _both(real: ArrayLike, generated: ArrayLike) -> tuple[Floats, Floats]:
    out = []
    for name, values in (("real", real), ("generated", generated)):
        x = np.asarray(values, dtype=np.float64)
        x = x[..., None] if x.ndim == 2 else x
        if x.ndim != 3 or 0 in x.shape or x.shape[1] < 4:
            raise DataError(
                f"{name} windows: shape {np.shape(values)} was found; (windows, length) or "
                "(windows, length, channels) is needed, with at least 4 steps."
            )
        if not np.isfinite(x).all():
            raise DataError(
                f"{name} windows: some values are NaN or infinite; fill or leave out such windows."
            )
        out.append(x)
    if out[0].shape[1:] != out[1].shape[1:]:
        raise DataError(
            f"windows: real ones of shape {out[0].shape[1:]} and generated ones of shape "
            f"{out[1].shape[1:]} (length, channels) were found; cut both to the same."
        )
    return out[0], out[1]

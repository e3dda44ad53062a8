r"""Does a series repeat itself with a period? A test by the coherence of its cycles.

The series less its level is cut into c cycles. With F_i the Fourier transform of cycle i over its
phases and P_i = |F_i|^2,

$$ T = \sum_f |\sum_i F_i|^2, \qquad
   E = \sum_f \sum_i P_i, \qquad
   V = 2 \sum_f [(\sum_i P_i)^2 - \sum_i P_i^2]. $$

If nothing repeats, each cycle could be rolled by any number of phases and nothing would change: E
and V are mean and variance of T under such rolls, whatever the memory of the series is. T then is
about gamma distributed with shape E^2 / V, which gives the p-value. The share of the variance
that repeats is

$$ \rho = (T - E) / ((c - 1) E). $$

**Near pairs.** A season whose phase drifts is coherent between neighbours only. The sum of
Re F_i F_j* over pairs at most `NEAR` cycles apart, over the square root of the sum of P_i P_j, is
about normal. A slow walk looks alike in neighbouring cycles, too: so near pairs count only where
the autocorrelation has its peak at the period.

**Nested periods.** A week has to differ from the days that make it up: cycles are rolled by whole
days, the running mean over seven days is taken away at each time of day.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from interfuse.kinds.series.data.level import (
    autocorrelation,
    blocks,
    clipped,
    moving_average,
    without_level,
)
from interfuse.kinds.series.data.quiet import mean_over

NEAR = 2
MOST_CYCLES = 400
FINE, COARSE, COARSE_DAY = 240, 48, 24
"""Phases of a cycle at least, where it has more; coarse ones; coarse ones of a part of a cycle."""
ROOM = 0.05
"""Of a period: how far away from it the peak of the autocorrelation may lie."""


class Verdict(NamedTuple):
    """Of one period of one series."""

    p_value: float
    rho: float


NOTHING = Verdict(1.0, 0.0)


def repeats(x: np.ndarray, period: int, part: int = 1, near: bool = True) -> Verdict:
    """Whether a series repeats itself with a period.

    Args:
        x: (T,), NaN missing.
        period: in steps.
        part: a period that divides it and is known already; 1 for none.
        near: whether neighbouring cycles may decide.
    """
    if len(x) < 2 * period:
        return NOTHING
    if part > 1:
        tables, many = _nested(x, period, part), period // part
    else:
        tables, many = _cycles(x, period), 1
    found: list[Verdict] = []
    close = near and (part > 1 or _peaks_at(x, period))
    for table in tables:
        every, nearby = _statistics(table, many)
        found += [every, nearby] if close else [every]
    if not found:
        return NOTHING
    p_value, rho = min(found)
    return Verdict(min(1.0, p_value * len(found)), max(rho, 0.0))


def _cycles(x: np.ndarray, period: int) -> list[np.ndarray]:
    """Cycles by phases, fine and coarse; 0 where missing."""
    size = max(period // FINE, 1)
    while size > 1 and period % size:
        size -= 1
    x, width = blocks(x, size), period / size
    rest = without_level(x, round(width))
    rest = _trimmed(rest)
    phases = round(width)
    out = []
    for bins in {phases, min(phases, COARSE)} if phases > COARSE // 4 else {phases}:
        table = _folded(rest, width, bins)[-MOST_CYCLES:]
        if len(table) >= 2:
            out.append(_filled(table - mean_over(table, 1)[:, None]))
    return out


def _nested(x: np.ndarray, period: int, part: int) -> list[np.ndarray]:
    """Cycles of parts by their phases, less the running mean of as many parts at each phase."""
    many = period // part
    size = max(part // FINE, 1)
    while size > 1 and part % size:
        size -= 1
    x, part = blocks(x, size), part // size
    days = len(x) // part
    table = x[len(x) - days * part :].reshape(days, part)
    if days < 3 * many - 1:
        table = table - mean_over(table, 0)
    else:
        table = table - moving_average(table, many)
    table = clipped(table)
    tables = [table]
    if part >= 2 * COARSE_DAY:
        wide = part // COARSE_DAY
        even = table[:, : part // wide * wide].reshape(days, -1, wide)
        tables.append(mean_over(even, 2))
    out = []
    for each in tables:
        some = np.flatnonzero((~np.isnan(each)).any(1))
        if not len(some):
            continue
        each = each[some[0] : some[-1] + 1]
        cycles = min(len(each) // many, MOST_CYCLES)
        if cycles >= 2:
            out.append(_filled(each[-cycles * many :].reshape(cycles, -1)))
    return out


def _folded(x: np.ndarray, period: float, bins: int) -> np.ndarray:
    """(cycles, bins) means by cycle and phase, counted from the end; the first whole cycle on."""
    place = (np.arange(len(x)) - len(x)) / period
    cycle = np.floor(place).astype(int)
    phase = np.minimum(((place - cycle) * bins).astype(int), bins - 1)
    cycles = -int(cycle.min())
    at = (cycle + cycles) * bins + phase
    there = ~np.isnan(x)
    total = np.bincount(at[there], x[there], cycles * bins)
    count = np.bincount(at[there], minlength=cycles * bins)
    table = np.where(count > 0, total / np.maximum(count, 1), np.nan).reshape(cycles, bins)
    return table if abs(len(x) / period - cycles) < 1e-9 else table[1:]


def _trimmed(x: np.ndarray) -> np.ndarray:
    """From the first to the last value that is there."""
    there = np.flatnonzero(~np.isnan(x))
    return x[there[0] : there[-1] + 1] if len(there) else x[:0]


def _filled(x: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(x), 0.0, x)


class _Sums(NamedTuple):
    """Over all frequencies; see the module."""

    total: float
    energy: float
    variance: float
    near: float  # over near pairs: of Re F_i F_j*, of P_i P_j, and of (P_i + P_j) / 2
    noise: float
    pairs: float


def _statistics(table: np.ndarray, many: int) -> tuple[Verdict, Verdict]:
    """All pairs and near pairs of cycles, rolled by `many`ths of themselves; by any phase if 1."""
    cycles, phases = table.shape
    if many == 1:
        sums = _sums(np.fft.fft(table, axis=1)[:, 1:])
    else:
        spectrum = np.fft.fft(table.reshape(cycles, many, phases // many), axis=1)[:, 1:]
        each = [_sums_of_vectors(spectrum[:, k]) for k in range(many - 1)]
        sums = _Sums(*(sum(column) for column in zip(*each, strict=True)))
    if sums.energy <= 0 or sums.variance <= 0:
        return NOTHING, NOTHING
    shape = sums.energy**2 / sums.variance
    p_value = float(special.gammaincc(shape, sums.total * shape / sums.energy))
    every = Verdict(p_value, (sums.total - sums.energy) / ((cycles - 1) * sums.energy))
    # A real series has each frequency twice, so that the variance of `near` is `noise`.
    z = sums.near / np.sqrt(sums.noise) if sums.noise > 0 else 0.0
    share = sums.near / sums.pairs if sums.pairs > 0 else 0.0
    return every, Verdict(float(special.ndtr(-z)), share)


def _sums(spectrum: np.ndarray) -> _Sums:
    """Of (cycles, frequencies)."""
    power = np.abs(spectrum) ** 2
    near = noise = pairs = 0.0
    for d in range(1, min(NEAR, len(power) - 1) + 1):
        near += float(np.real(spectrum[:-d] * spectrum[d:].conj()).sum())
        noise += float((power[:-d] * power[d:]).sum())
        pairs += float(power[:-d].sum() + power[d:].sum()) / 2
    total = float((np.abs(spectrum.sum(0)) ** 2).sum())
    variance = 2 * float((power.sum(0) ** 2).sum() - (power**2).sum())
    return _Sums(total, float(power.sum()), variance, near, noise, pairs)


def _sums_of_vectors(spectrum: np.ndarray) -> _Sums:
    """Of (cycles, phases) at one frequency: phases of a day are rolled together."""
    gram = spectrum @ spectrum.conj().T
    square, own = np.abs(gram) ** 2, np.real(np.diag(gram))
    near = noise = pairs = 0.0
    for d in range(1, min(NEAR, len(own) - 1) + 1):
        near += float(np.real(np.diag(gram, d)).sum())
        noise += float(np.diag(square, d).sum())
        pairs += float(own[:-d].sum() + own[d:].sum()) / 2
    variance = 2 * float(square.sum() - np.trace(square))
    return _Sums(float(np.real(gram.sum())), float(own.sum()), variance, near, noise, pairs)


def _peaks_at(x: np.ndarray, period: int) -> bool:
    """Whether the autocorrelation of (3/4 p, 5/4 p) has its peak at p, the level taken away."""
    if len(x) < 4 * period:
        return True
    size = max(period // FINE, 1)
    x, width = blocks(x, size), round(period / size)
    r = autocorrelation(without_level(x, 2 * width), int(1.25 * width) + 3)
    low = max(1, int(np.ceil(0.75 * width)) - (width < 8))
    high = int(1.25 * width) + 1
    top = low + int(r[low : high + 1].argmax())
    room = max(0 if width < 20 else 1, ROOM * width)
    return abs(top - width) <= room and r[width] > max(r[low], r[high])

"""Tables whose information given all others is known, for `benchmarks.knowledge`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import norm


def gaussian_chain(n: int, rho: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, k + 1) standard normal columns, neighbours with correlations rho."""
    x = [rng.normal(size=n)]
    for r in rho:
        x.append(r * x[-1] + np.sqrt(1 - r**2) * rng.normal(size=n))
    return np.stack(x, 1)


def chain_truth(rho: np.ndarray) -> dict[tuple[int, int], float]:
    """Information of neighbours given all others, by the partial correlations; else 0."""
    k = len(rho) + 1
    cov = np.array([[np.prod(rho[min(i, j) : max(i, j)]) for j in range(k)] for i in range(k)])
    inverse = np.linalg.inv(cov)
    scale = np.sqrt(np.diag(inverse))
    partial = -inverse / scale / scale[:, None]
    return {
        (i, j): float(-0.5 * np.log1p(-(partial[i, j] ** 2))) if j == i + 1 else 0.0
        for i, j in combinations(range(k), 2)
    }


def table_truth(p: np.ndarray) -> dict[tuple[int, int], float]:
    """I(a; b | others) of every pair of axes of a table of probabilities."""

    def entropy(axes: tuple[int, ...]) -> float:
        q = p.sum(tuple(a for a in range(p.ndim) if a not in axes)).ravel()
        q = q[q > 0]
        return float(-(q * np.log(q)).sum())

    every = tuple(range(p.ndim))
    out = {}
    for a, b in combinations(every, 2):
        rest = tuple(c for c in every if c not in (a, b))
        value = entropy((a, *rest)) + entropy((b, *rest)) - entropy(every) - entropy(rest)
        out[a, b] = max(value, 0.0) if value > 1e-9 else 0.0
    return out


def draw_table(p: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, axes) codes."""
    return np.stack(np.unravel_index(rng.choice(p.size, n, p=p.ravel()), p.shape), 1)


def mixture_truth(weights: np.ndarray, means: np.ndarray) -> dict[tuple[int, int], float]:
    """A category (0) and numbers that are N(mean of it, 1) apart otherwise, by integration.

    I(c; x_j | others) = I(c; all x) - I(c; the other x), each an integral on a grid.
    """
    k, p = means.shape

    def told(columns: list[int]) -> float:
        if not columns:
            return 0.0
        axis = np.linspace(means.min() - 6, means.max() + 6, 161)
        density = np.ones((k, *[len(axis)] * len(columns)))
        for place, j in enumerate(columns):
            shape = [1] * len(columns)
            shape[place] = len(axis)
            for c in range(k):
                density[c] *= norm.pdf(axis, means[c, j], 1).reshape(shape)
        joint = weights.reshape(-1, *[1] * len(columns)) * density
        total = joint.sum(0)
        ratio = np.log(np.maximum(density, 1e-300) / np.maximum(total, 1e-300))
        return float((joint * ratio).sum() * (axis[1] - axis[0]) ** len(columns))

    every = list(range(p))
    out = {(0, 1 + j): told(every) - told([i for i in every if i != j]) for j in every}
    return out | {(1 + i, 1 + j): 0.0 for i, j in combinations(every, 2)}


def graph(seed: int) -> tuple[Callable[[int, int], pl.DataFrame], np.ndarray]:
    """A maker of rows of 20 columns, and the truth (20, 20) of information given all others."""
    rng = np.random.default_rng([seed, 1])
    rho = rng.uniform(0.2, 0.8, 4) * rng.choice([-1, 1], 4)
    initial, step = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3) * 0.8, 3)
    markov = np.einsum("a,ab,bc,cd->abcd", initial, step, step, step)
    flip = rng.uniform(0.02, 0.1)
    xor = np.array([[[0.25 * (1 - flip if a ^ b == c else flip) for c in (0, 1)] for b in (0, 1)]
                    for a in (0, 1)])  # fmt: skip
    one = rng.dirichlet(np.ones(3) * 5), rng.normal(size=(3, 1)) * 1.2
    two = rng.dirichlet(np.ones(3) * 5), rng.normal(size=(3, 2)) * 1.0
    parts = [chain_truth(rho), table_truth(markov), table_truth(xor),
             mixture_truth(*one), mixture_truth(*two)]  # fmt: skip
    truth, start = np.zeros((20, 20)), 0
    for part, size in zip(parts, (5, 4, 3, 2, 3), strict=True):
        for (a, b), value in part.items():
            truth[start + a, start + b] = truth[start + b, start + a] = value
        start += size

    def make(rows: int, turn: int) -> pl.DataFrame:
        rng = np.random.default_rng([seed, 2, turn])
        columns: dict[str, Any] = {}
        for i, x in enumerate(gaussian_chain(rows, rho, rng).T):
            columns[f"g{i}"] = np.exp(x) if i % 2 else x
        for i, x in enumerate(draw_table(markov, rows, rng).T):
            columns[f"m{i}"] = np.array(["u", "v", "w"])[x]
        for i, x in enumerate(draw_table(xor, rows, rng).T):
            columns[f"x{i}"] = np.array(["no", "yes"])[x]
        for name, (weights, means) in (("c", one), ("d", two)):
            c = rng.choice(3, rows, p=weights)
            columns[name] = np.array(["p", "q", "r"])[c]
            for j in range(means.shape[1]):
                columns[f"{name}{j}"] = means[c, j] + rng.normal(size=rows)
        columns["i0"], columns["i1"] = rng.normal(size=rows), rng.exponential(size=rows)
        columns["i2"] = np.array(["s", "t"])[rng.integers(0, 2, rows)]
        return pl.DataFrame(columns)

    return make, truth

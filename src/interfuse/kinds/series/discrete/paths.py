r"""Draws of codes that go together from step to step.

**Ahead.** Every step has its own probabilities P_t. Of all Markov chains that have them, the one is
drawn that is nearest to what followed what, K, one step after the other:

    J_t(i, j) = a_i P_t(i) K(i, j) b_j,     \sum_j J_t = P_t,  \sum_i J_t = P_{t+1},

a and b by iterative proportional fitting (Deming & Stephan 1940). Odds of changes are those of K.

**Between.** Given both ends of a gap, a chain with K_t(i, j) = K(i, j) (phase_t(j) / \pi(j))^g,
normalised, is drawn forwards by messages that went backwards from the far end.
"""

from __future__ import annotations

import numpy as np

ROUNDS = 25
LEAST = 1e-9


def couplings(marginal: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """(H - 1, K, K) joint probabilities of neighbouring steps.

    Args:
        marginal: (H, K) of each step.
        kernel: (K, K) what follows what.
    """
    now, then = marginal[:-1], marginal[1:]
    joint = now[:, :, None] * kernel
    for _ in range(ROUNDS):
        joint *= (then / np.maximum(joint.sum(1), LEAST))[:, None, :]
        joint *= (now / np.maximum(joint.sum(2), LEAST))[:, :, None]
    return joint


def ahead(
    marginal: np.ndarray, kernel: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """(draws, H) codes whose steps have these probabilities, as nearly as so many draws can."""
    steps, count = marginal.shape
    joint = couplings(np.maximum(marginal, LEAST), kernel)
    out = np.zeros((draws, steps), np.int64)
    code = rng.permutation(_stratified(marginal[:1], np.zeros(draws, np.int64), rng))
    out[:, 0] = code
    for t in range(1, steps):
        row = joint[t - 1]
        row = row / np.maximum(row.sum(1, keepdims=True), LEAST)
        code = _stratified(row, code, rng)
        out[:, t] = code
    return np.minimum(out, count - 1)


def _stratified(rows: np.ndarray, code: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What follows each draw's code: of those with one code, one in each equal part of its row."""
    order = np.lexsort((rng.random(len(code)), code))
    ranked = code[order]
    first = np.searchsorted(ranked, ranked)
    many = np.searchsorted(ranked, ranked, "right") - first
    u = (np.arange(len(code)) - first + rng.random(len(code))) / many
    below = np.cumsum(rows, 1)[ranked]
    out = np.empty(len(code), np.int64)
    out[order] = np.minimum((u[:, None] > below).sum(1), rows.shape[1] - 1)
    return out


def between(
    codes: np.ndarray, kernels: np.ndarray, start: np.ndarray, draws: int, rng: np.random.Generator,
    evidence: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """(draws, T) codes with what is missing drawn, what is there as it is.

    Args:
        codes: (T,), -1 missing.
        kernels: (T, K, K) from the step before to each; a view of one where they are the same.
        start: (K,) of the first step.
        draws: how many.
        rng: of the draws.
        evidence: (T, K) how likely what else is known of a step is with each code.
    """
    steps, count = len(codes), len(start)
    told = np.ones((steps, count)) if evidence is None else evidence
    out = np.broadcast_to(codes, (draws, steps)).copy()
    gone = np.concatenate([[False], codes < 0, [False]])
    edges = np.flatnonzero(gone[1:] != gone[:-1]).reshape(-1, 2)
    for a, b in edges.tolist():
        message = np.ones((b - a + 1, count))
        if b < steps:
            message[-1] = kernels[b][:, codes[b]]
        for t in range(b - 1, a, -1):
            message[t - a] = kernels[t] @ (told[t] * message[t - a + 1])
            message[t - a] /= max(message[t - a].max(), LEAST)
        code = np.zeros(draws, np.int64) if a == 0 else out[:, a - 1]
        for t in range(a, b):
            rows = np.broadcast_to(start, (count, count)) if t == 0 else kernels[t]
            rows = rows * told[t] * message[t - a + 1]
            total = rows.sum(1, keepdims=True)
            rows = np.where(total > 0, rows / np.maximum(total, 1e-300), 1 / count)
            code = _stratified(rows, code, rng)
            out[:, t] = code
    return out

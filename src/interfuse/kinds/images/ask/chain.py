"""The article's forward chain on real images, step by step, to be looked at.

T = 1000 steps of q(x_k | x_{k-1}) = N(sqrt(1 - beta_k) x_{k-1}, beta_k), beta from 1e-4 to 0.02,
from x_0 = pixels / 127.5 - 1. What is left of the image at the end is

    KL(q(x_T | x_0) || N(0, 1)) = (alpha_bar x_0^2 + (1 - alpha_bar) - 1 - log(1 - alpha_bar)) / 2

nats a pixel, which for |x_0| <= 1 and alpha_bar_T = 4.04e-5 is at most alpha_bar_T / 2, 2.02e-5. By
Pinsker's inequality nobody can tell x_T of an image of d numbers from noise with more than
sqrt(d KL / 2) advantage: .025 for d = 64, .1 for d = 1024.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from interfuse.core import RowNoise
from interfuse.core.chain import Chain
from interfuse.core.seeds import Purpose, seed_of

MOST_NATS = 2.1e-5
"""KL to N(0, 1) that no pixel of no image exceeds after T steps."""


def to_unit(pixels: np.ndarray | Tensor) -> Tensor:
    """uint8 to float64 in [-1, 1]."""
    return torch.as_tensor(np.ascontiguousarray(pixels)).double() / 127.5 - 1


def to_pixels(x: Tensor) -> np.ndarray:
    """The inverse of `to_unit`; what lies outside [-1, 1] is clipped."""
    return ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu().numpy()


def forward_chain(
    pixels: np.ndarray, seed: int = 0, chain: Chain | None = None
) -> Iterator[tuple[int, Tensor]]:
    """Walk the chain: (k, x_k) for k = 0 ... T.

    Args:
        pixels: (n, ...) uint8.
        seed: image i's noise depends on it and on i.
        chain: the article's if None.
    """
    chain = chain or Chain.of()
    x = to_unit(pixels)
    noise = RowNoise(torch.arange(len(x)) ^ (seed_of(seed, Purpose.CHAIN) & ~0xFFFFFFFF))
    yield 0, x
    for k in range(1, chain.steps + 1):
        q = chain.one_step(x, k)
        x = q.mean + q.std * noise.normal(tuple(x.shape[1:]), stream=k).double()
        yield k, x


def forward_frames(
    pixels: np.ndarray, frames: int = 40, seed: int = 0
) -> Iterator[tuple[int, np.ndarray]]:
    """The chain as pictures: (k, (n, ...) uint8) at `frames` evenly spaced k and at both ends."""
    steps = Chain.of().steps
    shown = {round(i * steps / max(frames - 1, 1)) for i in range(frames)} | {0, steps}
    for k, x in forward_chain(pixels, seed):
        if k in shown:
            yield k, to_pixels(x)


def nats_from_noise(pixels: np.ndarray) -> float:
    """The largest KL(q(x_T | x_0) || N(0, 1)) of any pixel."""
    return float(Chain.of().kl_prior(to_unit(pixels)).max())

"""Small images with a known distribution, and a small network, for tests that fit a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from interfuse.kinds.images.net import UNet

DARK, LIGHT, SPREAD = 60, 190, 12
SIZE = 8


def shades(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images of one shade and a little noise: dark (two of three) or light.

    Returns:
        (n, 8, 8) uint8 and (n,) names of classes.
    """
    rng = np.random.default_rng(seed)
    light = rng.random(n) < 1 / 3
    level = np.where(light, LIGHT, DARK)[:, None, None]
    images = rng.normal(level, SPREAD, (n, SIZE, SIZE)).clip(0, 255).astype(np.uint8)
    return images, np.where(light, "light", "dark")


def tiny_network(shape, classes, images, seed):
    """In place of the default network: learns shades in seconds."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return UNet(
            shape[0], shape[1:], classes, width=32, multiples=(1, 2), blocks=(1, 1), patch=2
        )


def use_tiny_network() -> None:
    """Let fits of this process use `tiny_network`."""
    import interfuse.kinds.images.job
    import interfuse.kinds.images.learn

    interfuse.kinds.images.job.image_network_for = tiny_network
    interfuse.kinds.images.learn.HELD_OUT_DRAWS = 128


@contextmanager
def small_network() -> Iterator[None]:
    """`use_tiny_network` until the block ends: no other test may notice."""
    import interfuse.kinds.images.job as job
    import interfuse.kinds.images.learn as learn

    before = job.image_network_for, learn.HELD_OUT_DRAWS
    use_tiny_network()
    try:
        yield
    finally:
        job.image_network_for, learn.HELD_OUT_DRAWS = before

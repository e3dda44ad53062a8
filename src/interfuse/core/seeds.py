"""Seeds of random streams: one number and a path of purposes make independent streams."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

_MIX = 0x9E3779B97F4A7C15
_MASK = (1 << 63) - 1


def seed_of(seed: int, *path: int) -> int:
    """A 63-bit seed for one purpose: splitmix64's finaliser over (seed, path...)."""
    x = seed & ((1 << 64) - 1)
    for part in path:
        x = (x ^ ((part + 1) * _MIX)) & ((1 << 64) - 1)
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & ((1 << 64) - 1)
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & ((1 << 64) - 1)
        x ^= x >> 31
    return x & _MASK


def generator_for(seed: int, *path: int, device: str | torch.device = "cpu") -> torch.Generator:
    """A generator seeded by `seed_of(seed, *path)`."""
    return torch.Generator(device=device).manual_seed(seed_of(seed, *path))


@contextlib.contextmanager
def seeded(seed: int, *path: int, device: torch.device) -> Iterator[None]:
    """Seed torch's own generator, from which dropout draws, and leave it as it was before."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed_of(seed, *path))
        yield

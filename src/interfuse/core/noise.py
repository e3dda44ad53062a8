"""Random numbers for rows that are the same whatever batch a row is in.

A *counter-based* generator has no state: number `position` of stream `stream` of the row with key
`key` is a hash of these three (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
The hash is the output function `mix` of SplitMix64 (Steele et al. 2014), a bijection of 64 bits:

    base = mix(mix(key + c_kind) + stream * c_stream)
    bits = mix(base + (position + 1) * golden)

all modulo 2^64, which torch's int64 arithmetic is on every device. From the bits:

    uniform:  the first 24 bits / 2^24, a float32 in [0, 1), never 1
    normal:   Box-Muller on the two halves of a word, computed in float64: positions 2j and 2j + 1
              are r cos(a) and r sin(a), r = sqrt(-2 log u), |normal| < 6.8

`Noise` is what samplers ask for; `RowNoise` is the above, `GeneratorNoise` a `torch.Generator`
for those to whom batches do not matter.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor

from interfuse.errors import OptionError

_GOLDEN = 0x9E3779B97F4A7C15
_STREAM = 0xD1B54A32D192ED03
_KINDS = {"uniform": 0x8CB92BA72F3D8DD7, "normal": 0xAEF17502108EF2D9}


def _signed(value: int) -> int:
    """The int64 with the low 64 bits of `value`."""
    value &= 0xFFFFFFFFFFFFFFFF
    return value - (1 << 64) if value >> 63 else value


def _shift_right(x: Tensor, bits: int) -> Tensor:
    """X >> bits, filled with zeros: torch's own shift of int64 repeats the sign."""
    return (x >> bits).bitwise_and_((1 << (64 - bits)) - 1)


def _mix_(x: Tensor) -> Tensor:
    """SplitMix64's output function, in place."""
    x.bitwise_xor_(_shift_right(x, 30)).mul_(_signed(0xBF58476D1CE4E5B9))
    x.bitwise_xor_(_shift_right(x, 27)).mul_(_signed(0x94D049BB133111EB))
    return x.bitwise_xor_(_shift_right(x, 31))


class Noise(Protocol):
    """A source of random numbers for n rows, addressed by stream."""

    def uniform(self, shape: tuple[int, ...], stream: int) -> Tensor:
        """(n, *shape) float32, uniform in [0, 1)."""
        ...

    def normal(self, shape: tuple[int, ...], stream: int) -> Tensor:
        """(n, *shape) float32, standard normal."""
        ...


class RowNoise:
    """Numbers of row i that depend on keys[i], the stream and the position only.

    Args:
        keys: (n,) int64, one a row; equal keys give equal rows. The numbers are made on its device.
    """

    def __init__(self, keys: Tensor) -> None:
        if keys.ndim != 1 or keys.dtype != torch.int64:
            raise OptionError(
                f"RowNoise: keys is {keys.dtype} of shape {tuple(keys.shape)}; give (n,) int64."
            )
        self.keys = keys

    def _bits(self, count: int, stream: int, kind: str) -> Tensor:
        """(n, count) int64, every bit random."""
        base = _mix_(self.keys + _signed(_KINDS[kind]))
        base = _mix_(base + _signed(stream * _STREAM))
        steps = torch.arange(1, count + 1, device=self.keys.device) * _signed(_GOLDEN)
        return _mix_(base[:, None] + steps)

    def uniform(self, shape: tuple[int, ...], stream: int) -> Tensor:
        """(n, *shape) float32 in [0, 1): multiples of 2^-24."""
        bits = _shift_right(self._bits(math.prod(shape), stream, "uniform"), 40)
        return bits.float().mul_(2.0**-24).reshape(len(self.keys), *shape)

    def normal(self, shape: tuple[int, ...], stream: int) -> Tensor:
        """(n, *shape) float32, standard normal."""
        count = math.prod(shape)
        bits = self._bits(-(-count // 2), stream, "normal")
        radius = _shift_right(bits, 32).double().add_(0.5).mul_(2.0**-32)
        radius.log_().mul_(-2).sqrt_()
        angle = bits.bitwise_and_(0xFFFFFFFF).double().mul_(2 * math.pi * 2.0**-32)
        pairs = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=-1).float()
        return pairs.flatten(1)[:, :count].reshape(len(self.keys), *shape)


class GeneratorNoise:
    """Numbers from a `torch.Generator`, in the order in which they are asked for.

    Args:
        n: number of rows.
        generator: where the numbers come from; they are made on its device.
    """

    def __init__(self, n: int, generator: torch.Generator) -> None:
        self.n = n
        self.generator = generator

    def uniform(self, shape: tuple[int, ...], stream: int) -> Tensor:
        """(n, *shape) float32 in [0, 1); the stream is ignored."""
        device = self.generator.device
        return torch.rand((self.n, *shape), generator=self.generator, device=device)

    def normal(self, shape: tuple[int, ...], stream: int) -> Tensor:
        """(n, *shape) float32, standard normal; the stream is ignored."""
        device = self.generator.device
        return torch.randn((self.n, *shape), generator=self.generator, device=device)


def as_noise(noise: Noise | torch.Generator, n: int) -> Noise:
    """`noise` itself, or a generator made into a source for n rows."""
    return GeneratorNoise(n, noise) if isinstance(noise, torch.Generator) else noise

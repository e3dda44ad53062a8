"""Uniform numbers for rows that are, as a whole, more even than independent ones.

Each number is uniform in [0, 1) and independent of the others in its row, so that every row is a
draw of the same distribution as with independent numbers; only sums over rows vary less.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

from interfuse.core.noise import RowNoise
from interfuse.core.seeds import Purpose, seed_of

BELOW_ONE = 1 - 2**-24
"""The largest float32 below 1."""
ERA = 2**SobolEngine.MAXBIT
"""Points of one sequence: its numbers have as many bits as torch gives them."""


def latin_hypercube(uniform: Tensor, generator: torch.Generator) -> Tensor:
    """Spread uniform numbers evenly: in each column one of the n lies in each n-th of [0, 1).

    u_ij = (pi_j(i) + v_ij) / n with a random permutation pi_j (McKay et al. 1979, doi
    10.2307/1268522).

    Args:
        uniform: (n, k) numbers v in [0, 1).
        generator: draws the permutations.
    """
    n, k = uniform.shape
    places = [torch.randperm(n, generator=generator) for _ in range(k)]
    place = torch.stack(places, 1).to(uniform.device) if k else torch.zeros_like(uniform)
    return ((place + uniform) / n).clamp_max(BELOW_ONE)


class EvenNoise:
    """Numbers of rows 0, 1, 2, ...: row i is point i of a scrambled Sobol sequence.

    Of any 2^m rows from a multiple of 2^m on, each column has one number in each 2^-m of [0, 1), as
    in a Latin hypercube, and pairs of columns are spread evenly over the square as well (Sobol
    1967; directions of Joe & Kuo 2008, doi 10.1137/070709359). A random linear scrambling and shift
    (Matousek 1998, doi 10.1006/jcom.1998.0489) makes each point uniform. On Shoppers, five tables
    of as many rows as there are training rows: shape errors of .44 % for .58 % with a Latin
    hypercube for every 2,048 rows, trends off by 1.06 % for 1.15 %.

    The directions known end with `SobolEngine.MAXDIM` columns; numbers beyond are independent. A
    sequence has 2^30 points; each further 2^30 rows are one of another scrambling.

    Args:
        columns: numbers a row.
        seed: of the scrambling.
    """

    def __init__(self, columns: int, seed: int) -> None:
        self.seed = seed
        self.even = min(columns, SobolEngine.MAXDIM)
        self.more = columns - self.even
        self._era, self._engine = 0, self._scrambled(0)

    def rows(self, first: int, n: int) -> Tensor:
        """The numbers of rows first, ..., first + n - 1, at the same cost wherever they begin.

        Returns:
            (n, columns) float64 in [0, 1), on the CPU: not every device has float64.
        """
        parts = [torch.zeros(0, self.even + self.more, dtype=torch.float64)]
        while n > 0:
            many = min(n, ERA - first % ERA)
            parts.append(self._rows(first, many))
            first, n = first + many, n - many
        return torch.cat(parts)

    def _rows(self, first: int, n: int) -> Tensor:
        parts = [torch.zeros(n, 0, dtype=torch.float64)]
        if self.even:
            era, point = divmod(first, ERA)
            if era != self._era:
                self._era, self._engine = era, self._scrambled(era)
            assert self._engine is not None
            go_to(self._engine, point)
            parts.append(self._engine.draw(n, dtype=torch.float64))
        if self.more:
            keys = torch.arange(first, first + n) ^ (
                seed_of(self.seed, Purpose.BEYOND_SOBOL) & ~0xFFFFFFFF
            )
            parts.append(RowNoise(keys).uniform((self.more,), 0).double())
        return torch.cat(parts, 1)

    def _scrambled(self, era: int) -> SobolEngine | None:
        seed = seed_of(self.seed, Purpose.SOBOL_ERA, era) if era else self.seed
        return SobolEngine(self.even, scramble=True, seed=seed) if self.even else None


def go_to(engine: SobolEngine, point: int) -> None:
    """Let the next point that is drawn be point `point`, without those before it.

    Point i is the shift and the directions S_b of the bits b of i's Gray code, all added without
    carry: x_i = s ^ XOR_b S_b, i ^ (i >> 1) having bit b (Antonov & Saleev 1979, doi
    10.1016/0041-5553(79)90085-5). `fast_forward` takes a step for each point that it leaves out,
    which is 15 to 28 s for half a thousand million.

    Args:
        engine: of fewer than 2^30 points.
        point: 0 to 2^30 - 1.
    """
    if point == engine.num_generated:
        return
    engine.reset()
    if point == 0:
        return
    last = point - 1  # what an engine keeps is the point that it gave last
    gray = last ^ (last >> 1)
    for bit in range(gray.bit_length()):
        if gray >> bit & 1:
            engine.quasi ^= engine.sobolstate[:, bit]
    engine.num_generated = point

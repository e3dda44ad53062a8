"""Where one number lies in the bin of another: dependence finer than a bin.

`balance_2` is `balance_1` moved by 3 %, and both have 32 bins. That the bins are neighbours is
known from their codes; how far apart the values are *inside* them is not: the score of a number
says nothing of another number's scale. So for a column a that follows b (`kinds.table.links`), and
for b in turn, the network is told, while a settles in its bin,

    p_b = Phi(alpha z_b / sqrt(1 + sigma^2))     the rank to be expected of b in its bin; Phi(z_b)
                                                 where b is given,
    v_b = Q_b(p_b)                               b's value there, Q_b the quantiles of its bin,
    c   = F_a(v_b)                               its rank in a's bin, 0 below it and 1 above,

as Phi^-1(c), c held within `EDGE` of 0 and 1, and as whether v_b lies in a's bin. E[z_0 | z_t] is
alpha z_t and Var sigma^2 where nothing else is known, whence p_b. Where a = b, Phi^-1(c) is z_a.

Q and F are piecewise linear through `KNOTS` knots a bin. A value that is another column's by a link
is that one's v. What is missing, or not in the record, says nothing: both inputs are 0. In the
window of the categories no number settles, and there are no such inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interfuse.core.kernel import Gaussian

KNOTS = 9
EDGE = 0.005
INPUTS = 2
"""For each pair."""


@dataclass(frozen=True)
class Follower:
    """A number that follows another or is followed.

    Attributes:
        number: its number cell.
        cell: the category cell that says its bin.
        knots: (bins, KNOTS) float64 values at equal steps of rank in each bin.
        links: by code, the place among the followers of the column whose value it stands for.
    """

    number: int
    cell: int
    knots: Tensor
    links: tuple[tuple[int, int], ...] = ()


class Cross(nn.Module):
    """The inputs of the pairs of a table.

    Args:
        followers: the columns; those that links name come before those that have the links.
        pairs: places of (a, b) among them: a is told of b.
        gaussian: the kernel of the numbers.
    """

    numbers: Tensor
    cells: Tensor
    knots: Tensor
    single: Tensor
    bins: Tensor
    told: Tensor
    of: Tensor

    def __init__(
        self,
        followers: Sequence[Follower],
        pairs: Sequence[tuple[int, int]],
        gaussian: Gaussian,
    ) -> None:
        super().__init__()
        self.gaussian = gaussian
        self.pairs = len(pairs)
        most = max(len(f.knots) for f in followers)
        knots = torch.zeros(len(followers), most, KNOTS, dtype=torch.float64)
        for i, f in enumerate(followers):
            knots[i, : len(f.knots)] = f.knots
        buffers = {
            "numbers": torch.tensor([f.number for f in followers]),
            "cells": torch.tensor([f.cell for f in followers]),
            "knots": knots.flatten(0, 1),
            "single": (knots[..., 0] == knots[..., -1]).flatten(),
            "bins": torch.tensor([len(f.knots) for f in followers]),
            "first": torch.arange(len(followers)) * most,
            "told": torch.tensor([a for a, _ in pairs]),
            "of": torch.tensor([b for _, b in pairs]),
        }
        for name, buffer in buffers.items():
            self.register_buffer(name, buffer, persistent=False)
        self.links = [(i, *link) for i, f in enumerate(followers) for link in f.links]

    first: Tensor

    def forward(
        self, codes: Tensor, z: Tensor, present: Tensor, known: Tensor, t: Tensor
    ) -> Tensor:
        """The inputs of some records.

        Args:
            codes: (n, q) codes; any beyond a bin's tells of no value.
            z: (n, p) numbers, noisy or known.
            present: (n, p) whether they are there.
            known: (n, p) whether they are given.
            t: (n,) or (1,) times.

        Returns:
            (n, 2 * pairs): the scores of all pairs, then whether they lie inside.
        """
        present, known = present.bool(), known.bool()
        value, valid, place = self._values(codes, z, present, known, t)
        own = self.knots[place[:, self.told]]
        low, high = own[..., :-1], own[..., 1:]
        v = value[:, self.of]
        # A step of no width is passed as soon as it is exceeded.
        width = (high - low).clamp_min(1e-300)
        rank = ((v[..., None] - low) / width).clamp(0, 1).mean(-1)
        inside = (v >= low[..., 0]) & (v <= high[..., -1])
        settles = (present & ~known)[:, self.numbers[self.told]]
        use = settles & valid[:, self.of]
        score = torch.special.ndtri(rank.clamp(EDGE, 1 - EDGE)).float()
        return torch.cat([score * use, (inside & use).float()], 1)

    def _values(
        self, codes: Tensor, z: Tensor, present: Tensor, known: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What value (n, r) each column is expected to have, whether it is known, and its bin."""
        t = t.clamp_max(self.gaussian.window[1])
        alpha, sigma = (c.to(z.device).float() for c in self.gaussian.alpha_sigma(t))
        alpha, sigma = (c.reshape(-1, 1) for c in (alpha, sigma))
        own, there, given = (x[:, self.numbers] for x in (z, present, known))
        score = torch.where(given, own, own * alpha / (1 + sigma**2).sqrt())
        rank = torch.special.ndtr(torch.where(there, score, 0.0)).double() * (KNOTS - 1)
        code = codes[:, self.cells]
        bin_ = torch.minimum(code, self.bins - 1)
        place = bin_ + self.first
        at = rank.floor().clamp_max(KNOTS - 2)
        knots = self.knots.flatten()
        left = place * KNOTS + at.long()
        low, high = knots[left], knots[left + 1]
        value = low + (rank - at) * (high - low)
        valid = (code < self.bins) & (there | self.single[place])
        for i, link, source in self.links:
            here = code[:, i] == link
            value[:, i] = torch.where(here, value[:, source], value[:, i])
            valid[:, i] = torch.where(here, valid[:, source], valid[:, i])
        return value, valid, place


def ranks() -> Tensor:
    """(KNOTS,) normal scores of the knots, held within +-8."""
    rank = torch.linspace(0, 1, KNOTS, dtype=torch.float64)
    return torch.special.ndtri(rank).clamp(-8, 8)


def width(cross: Cross | None) -> int:
    """How many inputs there are."""
    return 0 if cross is None else INPUTS * cross.pairs

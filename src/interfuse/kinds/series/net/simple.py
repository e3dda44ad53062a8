"""Simple answers to what is unknown in a series: interpolation and copies of earlier seasons.

A forecaster that has not learned anything yet should still be as good as the rules of thumb that
are hard to beat: hold the last value, draw a line across a gap, repeat yesterday. So the network
is given these answers and says how much of each to take, plus a correction (`networks.temporal`).

For a cell at time t with nearest known cells at l < t < r (in its window) and a season of p steps:

    line      x(l) + (t - l) / (r - l) (x(r) - x(l));  x(l) or x(r) where only one side is known
    curve     the cubic through both with the slopes of the known cells next to them (Catmull-Rom)
    smooth    mean of the known cells around it, weights 2^(-distance / 2), up to `AROUND` steps;
              the line where none is that near
    back      x(t - k p) for the first k >= 1 at which that cell is known and t - k p <= l, so that
              a copy never copies an unknown day
    usual     the median of up to three of these: a burst that came once is not expected again
    ahead     x(t + k p), likewise from the right
    shifted   back + line of (x - back) over the known cells: the season at the present level

Everything is a gather of a few slices: O(window) a window, however far a season reaches.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

AROUND = 6
LINES = 3
"""How many answers go by the nearest known cells alone; they come first."""
NEIGHBOURS = 4
"""How many cells on either side the network may weigh beside them."""
TRIES = 3
"""How many seasons from the nearest possible one on are looked at for known cells."""


class Nearest(NamedTuple):
    """The nearest known cells on either side, (n, length, channels) each."""

    left: Tensor  # index in the window; -1 if there is none
    right: Tensor  # index in the window; `length` if there is none


class Answers(NamedTuple):
    """Simple answers, stacked in the last dimension, and whether each exists."""

    value: Tensor  # (n, length, channels, answers); `line` where an answer does not exist
    exists: Tensor  # the same shape, bool


def nearest_known(known: Tensor) -> Nearest:
    """Where the nearest known cells are; a known cell is its own neighbour on both sides.

    Args:
        known: (n, length, channels) bool.
    """
    length = known.shape[1]
    place = torch.arange(length, device=known.device)[None, :, None].expand_as(known)
    left = torch.where(known, place, -1).cummax(1).values
    right = torch.where(known, place, length).flip(1).cummin(1).values.flip(1)
    return Nearest(left, right)


def line(x: Tensor, near: Nearest) -> Tensor:
    """Linear interpolation between known cells, constant beyond them, 0 where none is known.

    Args:
        x: (n, length, channels), read where known.
        near: of the same cells.
    """
    length = x.shape[1]
    place = torch.arange(length, device=x.device)[None, :, None]
    has_left, has_right = near.left >= 0, near.right < length
    left = x.gather(1, near.left.clamp_min(0))
    right = x.gather(1, near.right.clamp_max(length - 1))
    share = (place - near.left) / (near.right - near.left).clamp_min(1)
    between = left + share * (right - left)
    one = torch.where(has_left, left, torch.where(has_right, right, 0.0))
    return torch.where(has_left & has_right, between, one)


def curve(x: Tensor, ruler: Tensor, near: Nearest) -> Tensor:
    """Cubic Hermite interpolation with finite-difference slopes; `ruler` where a side is missing.

    Args:
        x: (n, length, channels), read where known.
        ruler: `line` of the same cells.
        near: of the same cells.
    """
    length = x.shape[1]
    place = torch.arange(length, device=x.device)[None, :, None]
    left, right = near.left.clamp_min(0), near.right.clamp_max(length - 1)
    # The known cells beyond l and r: neighbours of the cells before l and after r.
    before = near.left.gather(1, (left - 1).clamp_min(0))
    after = near.right.gather(1, (right + 1).clamp_max(length - 1))
    # Where there are none, a place at the edge is unknown, and may not be looked at.
    before = torch.where(before >= 0, before, left)
    after = torch.where(after < length, after, right)
    x_l, x_r, x_b, x_a = (x.gather(1, i) for i in (left, right, before, after))
    gap = (right - left).clamp_min(1)
    m_l = (x_r - x_b) / (right - before).clamp_min(1) * gap
    m_r = (x_a - x_l) / (after - left).clamp_min(1) * gap
    m_l = torch.where(before < left, m_l, x_r - x_l)
    m_r = torch.where(after > right, m_r, x_r - x_l)
    u = (place - left) / gap
    cubic = (
        x_l * (1 + 2 * u) * (1 - u) ** 2
        + m_l * u * (1 - u) ** 2
        + x_r * u**2 * (3 - 2 * u)
        - m_r * u**2 * (1 - u)
    )
    between = (near.left >= 0) & (near.right < length) & (near.left < place) & (place < near.right)
    return torch.where(between, cubic, ruler)


def smooth(x: Tensor, ruler: Tensor, known: Tensor) -> Tensor:
    """A weighted mean of the known cells nearby, the cell itself left out: noise averages out.

    Args:
        x: (n, length, channels), read where known.
        ruler: `line` of the same cells.
        known: (n, length, channels) bool.
    """
    k = AROUND
    distance = torch.arange(-k, k + 1, device=x.device).abs()
    weight = torch.where(distance > 0, 2.0 ** (-distance / 2), 0.0)[None, None]
    n, length, c = x.shape

    def total(values: Tensor) -> Tensor:
        flat = values.transpose(1, 2).reshape(n * c, 1, length)
        out = torch.nn.functional.conv1d(flat, weight, padding=k)
        return out.reshape(n, c, length).transpose(1, 2)

    there = known.to(x.dtype)
    mass = total(there)
    return torch.where(mass > 0, total(x * there) / mass.clamp_min(1e-9), ruler)


def steps_away(period: int, distance: Tensor) -> Tensor:
    """The first k >= 1 with k * period >= distance."""
    return torch.div(distance + period - 1, period, rounding_mode="floor").clamp_min(1)

"""Which value of an image is white: few sets use all the bits that they are stored in.

Cameras and microscopes store 10, 12 or 14 bits in 16, masks 0 and 1 in 8; taken at their full range
they would be black. White is, of numbers of more than 8 bits, the greatest value of the fewest bits
that hold what was seen (1 to 5, 8, 10, 12, 14 or 16 bits; or a power of two that is itself the
greatest, as in 0 ... 16); of 8 bits 255, unless nothing but 0 and 1 was seen. A model keeps what
was found, so that a dark image is not made bright because it is alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FULL, DEEP = 255, 65535
_FEW = 31
_BITS = (8, 10, 12, 14, 16)


@dataclass(frozen=True)
class Levels:
    """The value that is white; None where it is not known yet.

    Attributes:
        eight: of 8 bits: 255, or 1 if 0 and 1 are all there is.
        deep: of more bits.
    """

    eight: int | None = None
    deep: int | None = None

    def known(self, other: Levels) -> Levels:
        """These, and those of another where they are not known."""
        return Levels(self.eight or other.eight, self.deep or other.deep)


def white_of(peak: int) -> int:
    """The white of numbers of more than 8 bits, whose greatest is `peak`."""
    if peak <= 0:
        return FULL
    if peak <= _FEW:
        return peak if peak & (peak - 1) == 0 else 2 ** peak.bit_length() - 1
    for bits in _BITS:
        if peak <= 2**bits:
            return peak if peak == 2**bits else 2**bits - 1
    return DEEP


def scaled(values: np.ndarray, white: int) -> np.ndarray:
    """Whole numbers of 0 ... white as uint8; those above are white, those below 0 are black."""
    if white == FULL:
        return values.clip(0, FULL).astype(np.uint8)
    if white == DEEP:
        return ((values.clip(0, DEEP).astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.rint(values.astype(np.float64).clip(0, white) * (FULL / white)).astype(np.uint8)


def told(levels: Levels, deep_peak: int | None) -> list[str]:
    """For people: what was taken for white, where that is not the full range.

    Args:
        levels: as they were found.
        deep_peak: the greatest value of more than 8 bits.
    """
    notes = []
    if levels.eight == 1:
        notes.append("values are 0 and 1: 1 was taken for white")
    if deep_peak is not None and levels.deep not in (None, DEEP):
        notes.append(
            f"values of more than 8 bits go up to {deep_peak:,}: {levels.deep:,} was taken for "
            "white"
        )
    return notes

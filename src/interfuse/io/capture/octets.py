"""Bytes read at many places at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Octets:
    """A buffer of bytes; numbers in it are big-endian, as on the wire.

    A place outside the buffer reads its nearest byte: who asks has checked the lengths, or throws
    the answer away.

    Args:
        data: (n,) uint8, at least one.
    """

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self.data = data
        self._last = len(data) - 1

    def block(self, at: Ints, size: int) -> NDArray[np.uint8]:
        """The bytes from each of some places, (k, size)."""
        places = at[:, None] + np.arange(size)
        return self.data[np.clip(places, 0, self._last)]

    def number(self, at: Ints, size: int = 1) -> Ints:
        """Whole numbers of 1 to 7 bytes, (k,) int64."""
        out = np.zeros(len(at), np.int64)
        for i in range(size):
            out = (out << 8) | self.data[np.clip(at + i, 0, self._last)]
        return out

    def little(self, at: Ints, size: int) -> Ints:
        """The same, of bytes in the other order."""
        out = np.zeros(len(at), np.int64)
        for i in reversed(range(size)):
            out = (out << 8) | self.data[np.clip(at + i, 0, self._last)]
        return out

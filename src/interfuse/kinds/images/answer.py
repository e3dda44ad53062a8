"""What a model of images answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor


@dataclass(frozen=True)
class ImageScores:
    """How odd images are.

    Attributes:
        score: (n,), higher is odder.
        p_value: (n,) share of held-out images that are at least as odd, (1 + k) / (1 + m), so that
            a small one means odd; NaN where no images were held out.
    """

    score: np.ndarray
    p_value: np.ndarray

    def __len__(self) -> int:
        return len(self.score)


def shown(pixels: np.ndarray) -> np.ndarray:
    """(n, c, h, w) as people have it: (n, h, w) if grey, else channels last."""
    return pixels[:, 0] if pixels.shape[1] == 1 else pixels.transpose(0, 2, 3, 1)


def as_array(pixels: Tensor) -> np.ndarray:
    """Pixels on the host."""
    return pixels.cpu().numpy()

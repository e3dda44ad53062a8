"""The normal distribution function and its inverse.

scipy.special takes longer to import than all that a schema needs, so it is imported when a value is
first computed.
"""

from __future__ import annotations

import numpy as np


def ndtr(z: np.ndarray) -> np.ndarray:
    """P(Z < z) of a standard normal Z, elementwise."""
    from scipy.special import ndtr

    return ndtr(z)


def ndtri(p: np.ndarray) -> np.ndarray:
    """The z with P(Z < z) = p, elementwise; infinite at 0 and 1."""
    from scipy.special import ndtri

    return ndtri(p)

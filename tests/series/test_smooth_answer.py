"""The smooth answer against its definition, cell by cell."""

from __future__ import annotations

import numpy as np
import torch

from interfuse.kinds.series.net.simple import AROUND, line, nearest_known, smooth


def test_the_smooth_answer_is_a_weighted_mean_of_the_known_neighbours():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 40, 2))
    known = rng.random((3, 40, 2)) < 0.3
    tensor, mask = torch.tensor(x, dtype=torch.float32), torch.tensor(known)
    ruler = line(tensor, nearest_known(mask))
    found = smooth(tensor, ruler, mask).numpy()
    for n, t, c in np.ndindex(x.shape):
        near = [
            k
            for k in range(max(t - AROUND, 0), min(t + AROUND + 1, 40))
            if k != t and known[n, k, c]
        ]
        weight = [2.0 ** (-abs(k - t) / 2) for k in near]
        wanted = np.average(x[n, near, c], weights=weight) if near else float(ruler[n, t, c])
        # Sums of up to 12 float32 terms of size 1.
        np.testing.assert_allclose(found[n, t, c], wanted, atol=2e-6)

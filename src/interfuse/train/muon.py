"""Muon for the matrices inside a network, AdamW for all other parameters.

With M the mean of the gradients that AdamW keeps, and U V^T the factor of the singular value
decomposition of (1 - b) G + b M that has all singular values at one,

    W <- W - rate (SCALE sqrt(max(n, m)) U V^T + decay W),   W of n x m,

so that every direction of a matrix moves as far, not the few that gradients are large in (Jordan et
al. 2024, kellerjordan.github.io/posts/muon; sqrt(max(n, m)) and the decay by Liu et al. 2025,
arXiv:2502.16982). U V^T is approached by X <- a X + (b (X X^T) + c (X X^T)^2) X, with the
coefficients of each step that are the best for it (Amsel et al. 2025, arXiv:2505.16932, table 1).
With G = X X^T, n by n, and P = a + b G + c G^2 a step takes two products of n^2 m and one of n^3.
Where m is more than `LONG` n the steps are taken of G alone: X <- P X takes G to P G P, as P and G
commute, so that all products but the first and the last are those of square matrices (six of 128
by 512, one core: 5.8 ms for 9.5; of 256 by 256 34.8 for 24.6), to 6e-5 of double precision.

Nothing besides what AdamW remembers is remembered, so that checkpoints are the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from interfuse.train.adamw import BETAS, AdamW
from interfuse.train.flat import FlatParameters

SCALE = 0.8
"""Held-out nats of NSL-KDD after 60 s of training, width 128, at .1, .2, .4, .8, 1.6: 1.486, 1.462,
1.443, 1.440, 1.450; by AdamW alone 1.475. At .2 a step is about as long as one of AdamW. That was
in batches of 512; in larger ones the rate of all grows (`kinds.table.learn.setup`)."""
POLYNOMIALS = (
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
)
LONG = 1.5
"""4 (2 n^2 m + n^3) products by steps of X, 2 n^2 m + 13 n^3 by those of G."""
SAFE = 1.01
"""The first polynomial is made for singular values of at most 1; rounding may take them above."""


class Muon(AdamW):
    """What is remembered of the gradients, and the step.

    Args:
        parameters: that are trained.
        weight_decay: share of the weights that goes at each step, times the learning rate.
        matrices: names of those that are moved by their singular vectors.
    """

    def __init__(
        self, parameters: FlatParameters, weight_decay: float, matrices: Sequence[str]
    ) -> None:
        super().__init__(parameters, weight_decay)
        assert parameters.weight.grad is not None
        # Neither tensor is ever another one, so that its views stay what they are.
        self._weights = parameters.views(parameters.weight.data)
        self._gradients = parameters.views(parameters.weight.grad)
        self._alike: dict[tuple[int, int], list[str]] = {}
        for name in matrices:
            n, m = self._weights[name].shape
            self._alike.setdefault((min(n, m), max(n, m)), []).append(name)

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Change the weights by their gradients.

        Args:
            rate: the learning rate of this step.
        """
        weights = self._weights
        before = {n: weights[n].clone() for names in self._alike.values() for n in names}
        super().step(rate)
        means = self.parameters.views(self.moments["exp_avg"])
        for (_, longer), names in self._alike.items():
            moves = [_wide(self._gradients[n].lerp(means[n], BETAS[0])) for n in names]
            for name, move in zip(names, orthogonal(torch.stack(moves)), strict=True):
                wide = _wide(weights[name])
                wide.copy_(_wide(before[name]))
                wide.mul_(1 - rate * self.weight_decay)
                wide.sub_(move, alpha=rate * SCALE * math.sqrt(longer))


def optimiser_for(net: nn.Module, parameters: FlatParameters, weight_decay: float) -> AdamW:
    """Muon for the matrices that the network's attribute `inside` names, if any; else AdamW."""
    inside = getattr(net, "inside", ())
    return Muon(parameters, weight_decay, inside) if inside else AdamW(parameters, weight_decay)


def orthogonal(x: Tensor) -> Tensor:
    """Matrices of the same singular vectors, whose singular values are all about 1.

    Args:
        x: (k, n, m) with n <= m.

    Returns:
        Nearly U V^T of each x = U S V^T: singular values from .43 to 1.57 in the place of 1, of all
        that were above a thousandth of the root of their squares' sum.
    """
    x = x / (SAFE * torch.linalg.vector_norm(x, dim=(-2, -1), keepdim=True) + 1e-7)
    return _by_gram(x) if x.shape[-1] > LONG * x.shape[-2] else _by_steps(x)


def _by_steps(x: Tensor) -> Tensor:
    for a, b, c in POLYNOMIALS:
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


def _by_gram(x: Tensor) -> Tensor:
    gram, factor = x @ x.mT, None
    for last, (a, b, c) in zip((False, False, False, True), POLYNOMIALS, strict=True):
        one = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        one.diagonal(dim1=-2, dim2=-1).add_(a)
        factor = one if factor is None else one @ factor
        if not last:
            gram = one @ gram @ one
            gram = (gram + gram.mT) / 2  # rounding would take it away from symmetry
    assert factor is not None
    return factor @ x


def _wide(x: Tensor) -> Tensor:
    """A view of no more rows than columns."""
    return x.mT if x.shape[0] > x.shape[1] else x

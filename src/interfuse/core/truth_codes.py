"""Categories whose denoiser is known in closed form, alone and together with numbers.

**Markov chains**: the conditional of each hidden cell given all visible ones is the product of a
forward and a backward message (Baum et al. 1970), a hidden cell being one without evidence.

**A labelled mixture** is a record of one category y and numbers that are Gaussian given y. While y
is hidden its logits are log w_y N(x_t; A m_y, S_y), in the notation of `interfuse.core.truth`,
and the numbers' mean is averaged over it; once visible it selects its component.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from interfuse.core.denoiser import Denoiser
from interfuse.core.kernel import Gaussian
from interfuse.core.record import Posterior, Record
from interfuse.core.truth import MixtureData, to_double, to_weights
from interfuse.errors import OptionError


class MarkovChain(Denoiser):
    """q cells with p(x) = initial[x_1] prod_j transition[x_{j-1}, x_j]: a denoiser of codes.

    Args:
        initial: (K,), made to sum to 1.
        transition: (K, K), rows made to sum to 1.
        length: q.
    """

    def __init__(self, initial: Any, transition: Any, length: int) -> None:
        self.initial = to_weights(initial)
        self.transition = torch.stack([to_weights(row) for row in to_double(transition)])
        self.length = length
        k = len(self.initial)
        if self.transition.shape != (k, k) or length < 1:
            raise OptionError(
                f"MarkovChain: initial has {k} values, transition {tuple(self.transition.shape)}, "
                f"length is {length}; give (K,), (K, K) and at least 1."
            )

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, q) codes."""
        cells = [torch.multinomial(self.initial, n, replacement=True, generator=generator)]
        while len(cells) < self.length:
            row = self.transition[cells[-1]]
            cells.append(torch.multinomial(row, 1, generator=generator)[:, 0])
        return torch.stack(cells, 1)

    def log_prob(self, codes: Tensor) -> Tensor:
        """Log p of (n, q) codes: (n,)."""
        steps = self.transition.log()[codes[:, :-1], codes[:, 1:]].sum(1)
        return self.initial.log()[codes[:, 0]] + steps

    def __call__(
        self, x_t: Tensor, t: Tensor | float, *, known: Any = None, context: Any = None
    ) -> Posterior:
        """Logits of p(x_j | visible cells): (n, q, K). The time says nothing more."""
        k, q = len(self.initial), self.length
        hidden = (x_t == k).unsqueeze(-1)
        evidence = torch.where(hidden, 1.0, (torch.arange(k) == x_t.unsqueeze(-1)).double())
        forward = [self.initial.expand(len(x_t), k)]
        for j in range(1, q):
            forward.append(_scaled((forward[-1] * evidence[:, j - 1]) @ self.transition))
        backward = [torch.ones_like(forward[0])]
        for j in range(q - 1, 0, -1):
            backward.insert(0, _scaled((backward[0] * evidence[:, j]) @ self.transition.T))
        joint = torch.stack(forward, 1) * torch.stack(backward, 1) * evidence
        return Posterior(logits=joint.log())


def _scaled(x: Tensor) -> Tensor:
    return x / x.sum(-1, keepdim=True)


class LabelledMixture(Denoiser):
    """A mixed record: one category y ~ weights, and numbers N(means_y, covs_y) given y.

    Args:
        weights: (K,), made to sum to 1.
        means: (K, p).
        covs: (K, p, p), positive definite.
        gaussian: the numbers' kernel.
    """

    def __init__(self, weights: Any, means: Any, covs: Any, gaussian: Gaussian) -> None:
        self.mixture = MixtureData(weights, means, covs)
        self.gaussian = gaussian

    def __call__(
        self, x_t: Record, t: Tensor | float, *, known: Any = None, context: Any = None
    ) -> Posterior:
        """The mean of the numbers and the logits (n, 1, K) of the category."""
        alpha, sigma = self.gaussian.alpha_sigma(t)
        mask = None if known is None else known.numbers
        logs, means = self.mixture.components(x_t.numbers, alpha, sigma, mask)
        k = logs.shape[1]
        seen = torch.arange(k) == x_t.codes
        logs = torch.where((x_t.codes == k) | seen, logs, -math.inf)
        mean = (logs.softmax(1).unsqueeze(-1) * means).sum(1)
        return Posterior(mean=mean.to(x_t.numbers.dtype), logits=logs[:, None])

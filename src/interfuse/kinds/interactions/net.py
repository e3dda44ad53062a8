"""The denoiser: which items belong to a basket of which some are known.

With s_c the experts' scores of mean 1 (`experts.panel`), or popularity where they are all 0, K the
known items, n the size of the basket:

    l_c(i) = g_c log(s_c(i) + eps_c) + e_i . h(K, n)
    p(i|K) = sum_c pi_c(K, n) softmax_{i not in K} l_c  +  pi_pop softmax_{i not in K} kappa log pop
    h      = z + W2 tanh(W1 [z, x]),  z = sum_{j in K} a_j / |K|^1/2
    pi     = softmax of an MLP of x = [log n, log(1 + |K|), K is empty, K is the past]

At the start g = 1, eps = .02 and e = 0, so that each part of the mixture ranks as its expert does.
A mixture, not a product: popularity added inside one softmax lowers the loss and spoils the
ranking.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HIDDEN = 32
EPS = 0.02
FEATURES = 4
_OUT = -1e9


class Noisy(NamedTuple):
    """A batch of baskets of which some items are known.

    Attributes:
        scores: (experts, b, candidates) s_c of the candidates.
        logq: (candidates,) log of the probability with which each is a candidate; 0 for all items.
        popularity: (b or 1, candidates) log of the number of users, of at least 1/2.
        items: (candidates,) their numbers.
        hidden: (b, candidates) False for what is known.
        known: (touches,) numbers of known items, one user after the other.
        offsets: (b,) where each user's begin.
        x: (b, FEATURES) what is said of each basket.
        rows: (targets,) users of the targets.
        columns: (targets,) places of the targets among the candidates.
        weights: (targets,) n over the number of targets of their users.
        touches: sum of n.
    """

    scores: Tensor
    logq: Tensor
    popularity: Tensor
    items: Tensor
    hidden: Tensor
    known: Tensor
    offsets: Tensor
    x: Tensor
    rows: Tensor
    columns: Tensor
    weights: Tensor
    touches: float


def features(sizes: Tensor, known: Tensor, past: Tensor) -> Tensor:
    """x, (b, FEATURES).

    Args:
        sizes: (b,) n.
        known: (b,) |K|.
        past: (b,) 1 where K is the past, 0 where it is any part.
    """
    return torch.stack(
        [sizes.float().log1p() - 3, known.float().log1p() - 2, (known == 0).float(), past.float()],
        1,
    )


class BasketNet(nn.Module):
    """The denoiser.

    Args:
        items: how many.
        experts: how many.
        rank: width of a and e; 0 for neither.
        mixture: pi at the start, one of each expert and the last of popularity.
    """

    def __init__(
        self, items: int, experts: int, rank: int, mixture: list[float] | None = None
    ) -> None:
        super().__init__()
        self.items, self.experts, self.rank = items, experts, rank
        self.gain = nn.Parameter(torch.ones(experts))
        self.log_eps = nn.Parameter(torch.full((experts,), math.log(EPS)))
        self.kappa = nn.Parameter(torch.ones(1))
        self.mix = nn.Sequential(
            nn.Linear(FEATURES, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, experts + 1)
        )
        out = self.mix[2]
        with torch.no_grad():
            out.weight.mul_(0.1)  # pyright: ignore[reportCallIssue]
            start = torch.tensor(mixture or [1.0] * (experts + 1))
            out.bias.copy_(start.clamp_min(1e-3).log())  # pyright: ignore[reportCallIssue]
        if rank:
            self.inward = nn.Parameter(torch.randn(items, rank) * 0.1)
            self.outward = nn.Parameter(torch.zeros(items, rank))
            self.gate = nn.Sequential(
                nn.Linear(rank + FEATURES, rank), nn.Tanh(), nn.Linear(rank, rank)
            )

    def config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        return {"items": self.items, "experts": self.experts, "rank": self.rank}

    def forward(self, noisy: Noisy) -> Tensor:
        """The log p of the candidates, (b, candidates); about -1e9 for what is known."""
        eps = self.log_eps.exp()[:, None, None]
        logits = self.gain[:, None, None] * (noisy.scores + eps).log()
        popular = (self.kappa * noisy.popularity).expand(1, *noisy.hidden.shape)
        if self.rank:
            z = F.embedding_bag(noisy.known, self.inward, noisy.offsets, mode="sum")
            counts = torch.diff(noisy.offsets, append=noisy.offsets.new_tensor([len(noisy.known)]))
            z = z / counts.clamp_min(1).float().sqrt()[:, None]
            h = z + self.gate(torch.cat([z, noisy.x], 1))
            logits = logits + (h @ self.outward[noisy.items].T)[None]
        parts = torch.cat([logits, popular]).masked_fill(~noisy.hidden[None], _OUT)
        # Sums over all items from those that were drawn: each stands for 1 / q of them.
        total = (parts - noisy.logq).logsumexp(2, keepdim=True)
        mixture = self.mix(noisy.x).log_softmax(1).T[:, :, None]
        return (mixture + parts - total).logsumexp(0)

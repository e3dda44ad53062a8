"""The absorbing kernel: a category is either still visible or MASK.

With `alpha` the probability that a cell has survived until t, `alpha_s` until s < t:

    q(x_t | x_0)             = alpha [x_t = x_0] + (1 - alpha) [x_t = MASK]
    q(x_s | x_t = MASK, x_0) = r [x_s = x_0] + (1 - r) [x_s = MASK],
                               r = (alpha_s - alpha) / (1 - alpha)
    q(x_s | x_t visible)     = [x_s = x_t]

(Austin et al. 2021, arXiv 2107.03006; Shi et al. 2024, arXiv 2406.04329; Sahoo et al. 2024,
arXiv 2406.07524). A denoiser gives p(x_0 = c | visible cells), and p(x_s | x_t) has it in the place
of [x_0 = c]. The bound on -log p(x_0) is the cross-entropy of the hidden cells with the weight
-alpha' / (1 - alpha), integrated over t; `loss` is its integrand.

`survival` is alpha = 1 - u^power at the schedule time u of the kernel's window; the bound's value
does not depend on power, only its estimator's variance does. Limits: s = 0: r = 1, all is revealed.
s = t: r = 0, nothing changes.

MASK of cell j is the code k_j = sizes[j], one beyond the last. Distributions are padded to
K = max(sizes): logits (n, q, K) with -inf at codes that the cell does not have.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from interfuse.core.kernel import Kernel, check_window, expand, in_window
from interfuse.core.record import Posterior
from interfuse.errors import OptionError


def pad_logits(flat: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """(n, q, K) logits from flat (n, sum(sizes)); -inf where a cell has no such code."""
    parts = flat.split(list(sizes), dim=1)
    widest = max(sizes)
    fill = float("-inf")
    pad = torch.nn.functional.pad
    return torch.stack([pad(p, (0, widest - p.shape[1]), value=fill) for p in parts], dim=1)


def draw_codes(share: Tensor, uniform: Tensor) -> Tensor:
    """Invert a distribution function: one uniform number a cell.

    In the precision of `share`, which float32 makes fast; `draw` is the same in float64.

    Args:
        share: (..., K), not negative, of any positive sum.
        uniform: (...) in [0, 1).

    Returns:
        (...) int64 codes; a code of probability 0 is never drawn.
    """
    total = share.cumsum(-1).contiguous()
    # Scaling by the last sum keeps rounding from leaving a gap above it.
    level = (uniform.unsqueeze(-1) * total[..., -1:]).contiguous()
    at = torch.searchsorted(total, level, right=True)
    return at.squeeze(-1).clamp_max(share.shape[-1] - 1)


def draw(probabilities: Tensor, uniform: Tensor) -> Tensor:
    """`draw_codes` in float64.

    Args:
        probabilities: (..., K), not negative, of any positive sum.
        uniform: (...) in [0, 1).

    Returns:
        (...) int64; a code of probability 0 is never drawn.
    """
    return draw_codes(probabilities.double(), uniform.double())


def hide(unknown: Tensor, score: Tensor, level: Tensor) -> Tensor:
    """Choose which unknown cells are hidden: each number of them from 1 to all is as likely.

    Hidden are the cells whose score is at least level times the largest score of an unknown cell.
    Given the largest, the other scores divided by it are again uniform and independent, so that the
    number of those below is uniform, and given their number the set is.

    Args:
        unknown: (n, q) bool.
        score: (n, q) uniform in [0, 1), independent.
        level: (n, 1) uniform in [0, 1).

    Returns:
        (n, q) bool.
    """
    if not score.shape[1]:
        return unknown
    score = score.masked_fill(~unknown, -1.0)
    return (score >= level * score.amax(1, keepdim=True)) & unknown


@dataclass(frozen=True)
class MaskedCategorical(Kernel):
    """Categories that turn to MASK one after the other.

    Args:
        sizes: number of values of each cell; cell j's codes are 0 ... sizes[j] - 1, MASK sizes[j].
        window: the global times in which cells are hidden.
        power: survival = 1 - u^power at schedule time u.
    """

    sizes: tuple[int, ...]
    window: tuple[float, float] = (0.0, 1.0)
    power: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", tuple(int(k) for k in self.sizes))
        check_window("MaskedCategorical", self.window)
        if not self.sizes or min(self.sizes) < 1:
            raise OptionError(
                f"MaskedCategorical: sizes is {self.sizes}; give one or more cells of >= 1 value."
            )
        if not self.power > 0:
            raise OptionError(f"MaskedCategorical: power is {self.power}; give a positive number.")

    def mask(self, device: torch.device | str = "cpu") -> Tensor:
        """MASK of each cell: (q,) int64."""
        return torch.tensor(self.sizes, device=device)

    def hidden(self, x: Tensor) -> Tensor:
        """Which cells of x (n, q) are MASK."""
        return x == self.mask(x.device)

    def survival(self, t: Tensor | float) -> Tensor:
        """Probability that a cell is visible at the global times t; float64."""
        return 1 - in_window(t, self.window) ** self.power

    def time(self, survival: Tensor) -> Tensor:
        """The global time in the window at which `survival` has this value."""
        a, b = self.window
        return a + (b - a) * (1 - survival).clamp(0, 1) ** (1 / self.power)

    def weight(self, t: Tensor | float) -> Tensor:
        """-alpha' / (1 - alpha), the rate of the bound at the global times t inside the window."""
        a, b = self.window
        return self.power / (in_window(t, self.window) * (b - a))

    def start(self, noise: Tensor) -> Tensor:
        """All cells MASK, in the shape (n, q) of `noise`."""
        return self.mask(noise.device).expand(noise.shape).clone()

    def corrupt(self, x_0: Tensor, t: Tensor | float, *, noise: Tensor) -> Tensor:
        """Hide each cell with probability 1 - survival.

        Args:
            x_0: (n, q) codes.
            t: () or (n,).
            noise: (n, q) uniform in [0, 1).
        """
        alpha = expand(self.survival(t), x_0)
        return torch.where(noise < alpha, x_0, self.mask(x_0.device))

    def _reveal(self, t: Tensor | float, s: Tensor | float, x: Tensor) -> Tensor:
        """r, ready to multiply (n, q)."""
        alpha_t, alpha_s = self.survival(t), self.survival(s)
        r = torch.where(alpha_t == alpha_s, 0.0, (alpha_s - alpha_t) / (1 - alpha_t))
        return expand(r, x)

    def _average(self, x_t: Tensor, p_0: Tensor, t: Tensor | float, s: Tensor | float) -> Tensor:
        """Sum over x_0 of p_0(x_0) q(x_s | x_t, x_0): (n, q, K + 1), MASK at its own code."""
        r = self._reveal(t, s, x_t).unsqueeze(-1)
        codes = torch.arange(max(self.sizes) + 1, device=x_t.device)
        still = (codes == x_t.unsqueeze(-1)).double()
        shown = torch.nn.functional.pad(p_0.double(), (0, 1))
        hidden = self.hidden(x_t).unsqueeze(-1)
        return torch.where(hidden, r * shown + (1 - r) * still, still)

    def posterior(self, x_t: Tensor, x_0: Tensor, t: Tensor | float, s: Tensor | float) -> Tensor:
        """q(x_s | x_t, x_0): (n, q, K + 1) float64 probabilities, MASK at sizes[j]."""
        one_hot = torch.nn.functional.one_hot(x_0, max(self.sizes))
        return self._average(x_t, one_hot, t, s)

    def step(
        self,
        x_t: Tensor,
        prediction: Posterior,
        t: Tensor | float,
        s: Tensor | float,
        *,
        noise: Tensor,
    ) -> Tensor:
        """Draw x_s, each cell on its own: hidden cells appear with probability r.

        Args:
            x_t: (n, q) codes.
            prediction: with logits.
            t: where x_t is.
            s: where to go, s <= t.
            noise: (n, q) uniform in [0, 1).
        """
        p_0 = self._logits(prediction).double().softmax(-1)
        return draw(self._average(x_t, p_0, t, s), noise)

    def loss(self, prediction: Posterior, x_0: Tensor, x_t: Tensor, t: Tensor | float) -> Tensor:
        """Weighted cross-entropy of the hidden cells, in nats: the integrand of the bound.

        Its mean over t uniform in the window, times the window's length, is the bound.

        Args:
            prediction: with logits.
            x_0: (n, q) the truth.
            x_t: (n, q) with MASK where hidden.
            t: () or (n,), inside the window.
        """
        nats = cross_entropy(self._logits(prediction), x_0)
        hidden = self.hidden(x_t)
        weight = expand(self.weight(t).to(nats.dtype), nats)
        return torch.where(hidden, weight * nats, torch.zeros_like(nats))

    def _logits(self, prediction: Posterior) -> Tensor:
        if prediction.logits is None:
            raise OptionError(
                "MaskedCategorical: the prediction has no logits; give Posterior(logits=...)."
            )
        return prediction.logits


def cross_entropy(logits: Tensor, x_0: Tensor) -> Tensor:
    """-log p(x_0) of each cell, in nats: (n, q) from logits (n, q, K)."""
    return -logits.log_softmax(-1).gather(-1, x_0.unsqueeze(-1)).squeeze(-1)

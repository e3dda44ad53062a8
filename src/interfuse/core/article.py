"""The article's `DiffusionModel`, corrected: its class, names and signatures, on top of `chain`.

Training: draw t, draw noise, x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) noise, descend
|noise - eps_theta(x_t, t)|^2. Sampling: x_T ~ N(0, I), then for each t

    x_{t-1} = (x_t - (1 - alpha_t) / sqrt(1 - alpha_bar_t) eps_theta(x_t, t)) / sqrt(alpha_t)
              + sigma_t z

The class counts t = 0 ... T - 1 as the article's code does; step k of `chain` is t + 1.

What was corrected; tests/diffusion/test_article.py shows those that change a result to fail in the
article's version (not the missing import, nor where draws are made, which a processor cannot show):

1.  Loss: the noise compared with the prediction is the noise in x_t. The article drew another one,
    independent of x_t, so that the best network is the constant 0.
2.  `forward` returns the noise that is in x_t. It also takes t: drawn inside and lost, it left the
    caller unable to train.
3.  Denoising step: 1 / sqrt(alpha_t) and (1 - alpha_t) / sqrt(1 - alpha_bar_t), as in the article's
    own text; its code multiplied by sqrt(alpha_bar_t), which draws every sample to one point.
4.  sigma_t z is added at each step but the last. Without it samples have too small a spread.
5.  sigma_t is given: beta_t ("forward") or beta-tilde_t ("posterior").
6.  Schedule tensors are buffers: they move with `.to(device)` and are saved with the model.
7.  alpha_bar is a product of 1000 float64 factors. Its complement is not taken from a rounded
    float32, which at t = 0 loses three of seven digits.
8.  Coefficients broadcast to any shape, not to images only; `denoise_sample` takes t as an int or
    as (n,), and `sample`'s batch of times works in it.
9.  t and noise are drawn on the data's device; every draw takes a generator.
10. `sample` starts from `image_shape`, which was stored and never used, unless told otherwise.
11. The missing name of the loss function's module.

And in the text: KL(q || p) = E_q[log q - log p], the article has its sign turned, which makes the
loss negative; the loss's mean is the posterior's, mu(x_t, x_0), with factor 1 / (2 sigma_t^2),
not beta_t / sqrt(1 - alpha_bar_t) x_0; the expectation is over x_t ~ q(x_t | x_0), and the bound
has two more terms, L_T and L_0 (`Chain.kl_prior`, `Chain.reconstruction`); Bayes' rule for one
reverse step is q(x_{t-1} | x_t) ~ q(x_t | x_{t-1}) q(x_{t-1}), of the forward chain; training
compares noises and never runs the sampler to compare x_0 with a sample; diffusion models are from
Sohl-Dickstein et al. (2015, arXiv 1503.03585), DDPM from Ho et al. (2020, arXiv 2006.11239).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interfuse.core.chain import Chain, Variance
from interfuse.core.schedule import LinearBeta
from interfuse.errors import OptionError

Net = Callable[[Tensor, Tensor], Tensor]


class DiffusionModel(nn.Module):
    """DDPM for tensors of one shape. The network is an argument: any net(x_t, t) -> noise.

    Args:
        image_shape: shape of one sample, without the batch: (3, 32, 32), or (7,) for a record.
        n_steps: T.
        min_beta: variance added by the first step.
        max_beta: variance added by the last step.
        variance: sigma_t^2 of the sampling step, "forward" (beta) or "posterior" (beta-tilde).
    """

    beta: Tensor
    signal: Tensor
    noise_level: Tensor

    def __init__(
        self,
        image_shape: Sequence[int],
        n_steps: int = 1000,
        min_beta: float = 1e-4,
        max_beta: float = 0.02,
        variance: Variance = "forward",
    ) -> None:
        super().__init__()
        if variance not in ("forward", "posterior"):
            raise OptionError(
                f'DiffusionModel: variance is {variance!r}; give "forward" or "posterior".'
            )
        self.image_shape = tuple(image_shape)
        self.n_steps = n_steps
        self.variance: Variance = variance
        chain = Chain.of(LinearBeta(n_steps, min_beta, max_beta))
        # float32: not every device has float64. Each table is rounded once, at the end.
        self.register_buffer("beta", chain.beta.float())
        self.register_buffer("signal", chain.signal.float())
        self.register_buffer("noise_level", chain.noise.float())

    @property
    def chain(self) -> Chain:
        """The chain, its tables on this module's device."""
        return Chain(self.beta, self.signal, self.noise_level)

    def sample_timesteps(
        self, num_samples: int, generator: torch.Generator | None = None
    ) -> Tensor:
        """(num_samples,) times, uniform in 0 ... n_steps - 1."""
        size, device = (num_samples,), self.beta.device
        return torch.randint(0, self.n_steps, size, generator=generator, device=device)

    def noise_sample(
        self,
        x_0: Tensor,
        t: Tensor | int,
        noise: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Draw x_t ~ q(x_t | x_0) in one go.

        Args:
            x_0: (n, ...) data.
            t: an int or (n,), 0 ... n_steps - 1.
            noise: which noise to use; drawn if None.
            generator: where it is drawn from.
        """
        noise = _normal_like(x_0, generator) if noise is None else noise
        q = self.chain.closed_form(x_0, t + 1)
        return q.mean + q.std * noise

    def p_losses(
        self, x_0: Tensor, t: Tensor | int, model: Net, generator: torch.Generator | None = None
    ) -> Tensor:
        """Mean squared error of the predicted noise.

        Args:
            x_0: (n, ...) data.
            t: an int or (n,).
            model: net(x_t, t), t of shape (n,).
            generator: of the noise.
        """
        noise = _normal_like(x_0, generator)
        x_t = self.noise_sample(x_0, t, noise)
        return F.mse_loss(self._predict(model, x_t, t), noise)

    def forward(
        self, x_0: Tensor, t: Tensor | int | None = None, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """x_t and the noise in it.

        Args:
            x_0: (n, ...) data.
            t: an int or (n,); drawn, uniform, if None.
            generator: of t and the noise.
        """
        t = self.sample_timesteps(len(x_0), generator) if t is None else t
        noise = _normal_like(x_0, generator)
        return self.noise_sample(x_0, t, noise), noise

    def denoise_sample(
        self,
        x_t: Tensor,
        t: Tensor | int,
        model: Net,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Draw x_{t-1} given x_t.

        Args:
            x_t: (n, ...).
            t: an int or (n,).
            model: net(x_t, t), t of shape (n,).
            generator: of z.
        """
        eps = self._predict(model, x_t, t)
        return self.chain.step(x_t, eps, t + 1, _normal_like(x_t, generator), self.variance)

    @torch.no_grad()
    def sample(
        self,
        model: Net,
        image_size: int | None = None,
        batch_size: int = 16,
        channels: int | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Draw samples.

        Args:
            model: net(x_t, t), t of shape (n,).
            image_size: height and width; those of `image_shape` if None.
            batch_size: number of samples.
            channels: those of `image_shape` if None.
            generator: of all draws.

        Returns:
            (batch_size, *image_shape).
        """
        shape = self.image_shape
        if image_size is not None or channels is not None:
            if len(shape) != 3:
                raise OptionError(
                    f"DiffusionModel.sample: image_shape is {shape}, not that of an image; "
                    "leave image_size and channels out."
                )
            size = shape[1:] if image_size is None else (image_size, image_size)
            shape = (shape[0] if channels is None else channels, *size)
        x = torch.randn((batch_size, *shape), generator=generator, device=self.beta.device)
        for t in reversed(range(self.n_steps)):
            x = self.denoise_sample(x, t, model, generator)
        return x

    def _predict(self, model: Net, x_t: Tensor, t: Tensor | int) -> Tensor:
        """The network's noise; a wrong shape would broadcast in silence and teach nonsense."""
        eps = model(x_t, torch.as_tensor(t, device=x_t.device).expand(len(x_t)))
        if eps.shape != x_t.shape:
            raise OptionError(
                f"DiffusionModel: the network returned shape {tuple(eps.shape)} for x_t of shape "
                f"{tuple(x_t.shape)}; it must return the noise of every cell, of x_t's shape."
            )
        return eps


def _normal_like(x: Tensor, generator: torch.Generator | None) -> Tensor:
    return torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)

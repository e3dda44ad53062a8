"""The mathematics of diffusion. Imports torch only; knows no kind of data.

Time t runs from the data at 0 to nothing left of it at 1. In the order in which one reads it:

* `schedule`: how much is left at t. `LinearBeta` (the article's chain), `Cosine`, `Karras`.
* `kernel`, `masked`: how a record is corrupted and what that says of the way back. `Gaussian` for
  numbers, `MaskedCategorical` for categories.
* `denoiser`: from a network to E[x_0 | x_t] and logits of x_0. `Eps`, `X0`, `V`, `Mixed`.
* `draw`, `solvers`, `reveal`, `mixed`: from noise to data. `DDPM`, `DDIM`, `Heun`, `DPMSolver`,
  `Angular` for numbers, `Unmasking`, `FirstHitting` for categories, `MixedSampler` for both.
* `bound`: bounds on -log p(x_0), in nats, cell by cell.
* `chain`, `article`: the T-step chain of Ho et al. (2020), and the article's class on top of it.
* `truth`, `truth_codes`: data whose denoiser is known in closed form, the truth for all of these.
* `noise`: random numbers of a row that do not depend on its batch.

A new schedule or sampler is one class and a line in `SCHEDULES`, `SAMPLERS` or
`CATEGORY_SAMPLERS`; the tests run over these registries.

    gaussian = Gaussian(Cosine())
    data = GaussianData(mean, cov)
    x_0 = DPMSolver(gaussian).run(data.denoiser(gaussian), noise, uniform_times(20))
"""

from interfuse.core.article import DiffusionModel
from interfuse.core.bound import Bound, chain_bound, gaussian_bound, masked_bound, order_bound
from interfuse.core.chain import Chain, log_bin_mass, normal_kl
from interfuse.core.denoiser import (
    X0,
    Denoiser,
    Eps,
    Mixed,
    V,
    eps_to_v,
    eps_to_x0,
    v_to_eps,
    v_to_x0,
    x0_to_eps,
    x0_to_v,
)
from interfuse.core.draw import Memory, Sampler, Step, uniform_times
from interfuse.core.kernel import Gaussian, Kernel, Normal
from interfuse.core.masked import MaskedCategorical, cross_entropy, draw, pad_logits
from interfuse.core.mixed import MixedSampler, MixedStep
from interfuse.core.noise import GeneratorNoise, Noise, RowNoise, as_noise
from interfuse.core.record import Known, KnownRecord, Posterior, Record
from interfuse.core.reveal import CATEGORY_SAMPLERS, CategorySampler, FirstHitting, Unmasking
from interfuse.core.schedule import SCHEDULES, Cosine, Karras, LinearBeta, Schedule
from interfuse.core.solvers import DDIM, DDPM, SAMPLERS, Angular, DPMSolver, Heun
from interfuse.core.truth import FiniteSet, GaussianData, MixtureData
from interfuse.core.truth_codes import LabelledMixture, MarkovChain

__all__ = [
    "Angular",
    "Bound",
    "CATEGORY_SAMPLERS",
    "CategorySampler",
    "Chain",
    "Cosine",
    "DDIM",
    "DDPM",
    "DPMSolver",
    "Denoiser",
    "DiffusionModel",
    "Eps",
    "FiniteSet",
    "FirstHitting",
    "Gaussian",
    "GaussianData",
    "GeneratorNoise",
    "Heun",
    "Karras",
    "Kernel",
    "Known",
    "KnownRecord",
    "LabelledMixture",
    "LinearBeta",
    "MarkovChain",
    "MaskedCategorical",
    "Memory",
    "Mixed",
    "MixedSampler",
    "MixedStep",
    "MixtureData",
    "Noise",
    "Normal",
    "Posterior",
    "Record",
    "RowNoise",
    "SAMPLERS",
    "SCHEDULES",
    "Sampler",
    "Schedule",
    "Step",
    "Unmasking",
    "V",
    "X0",
    "as_noise",
    "chain_bound",
    "cross_entropy",
    "draw",
    "eps_to_v",
    "eps_to_x0",
    "gaussian_bound",
    "log_bin_mass",
    "masked_bound",
    "normal_kl",
    "order_bound",
    "pad_logits",
    "uniform_times",
    "v_to_eps",
    "v_to_x0",
    "x0_to_eps",
    "x0_to_v",
]

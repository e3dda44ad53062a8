"""Numbers' predictions drawn towards "nothing is known", as far as held-out rows say.

A score inside a bin is often independent of all else. Then v = 0 is the best answer: with x_0 and
eps standard normal, E[v | z_t] = alpha E[eps | z_t] - sigma E[x_0 | z_t] = alpha sigma z_t - sigma
alpha z_t = 0. A network that has seen its rows many times says something nevertheless, by heart.
Of all c v_hat, the squared error on held-out rows is least for

    c = <v, v_hat> / <v_hat, v_hat>,

limited to [0, 1], one factor a number; the number's row of W_out and its bias are multiplied by it.
This is why the held-out loss that chooses the weights counts no number for more than v = 0 costs
(`Losses.judged`).
"""

from __future__ import annotations

import torch
from torch import Tensor

from interfuse.core.seeds import Purpose, generator_for
from interfuse.kinds.table.learn.objective import Rows, TableObjective
from interfuse.kinds.table.net.network import TableNet

BATCH = 2_048
CELLS = 1 << 26
"""Probabilities of a batch at most: of thousands of columns fewer records are scored at once."""


@torch.no_grad()
def shrink_numbers(
    net: TableNet,
    objective: TableObjective,
    held_out: Rows,
    draws: int,
    seed: int,
    device: torch.device,
) -> Tensor:
    """Multiply the predictions of each number by its factor, in place.

    Args:
        net: the trained network, in evaluation mode.
        objective: what it was trained with.
        held_out: rows it was not trained on; without any nothing is done.
        draws: records that are scored, in both windows.
        seed: of their noise.
        device: where to compute.

    Returns:
        (p,) the factors c.
    """
    p = net.numbers
    if not p or not len(held_out):
        return torch.ones(p, device=device)
    hit, size = torch.zeros(p, device=device), torch.zeros(p, device=device)
    batch = min(BATCH, max(CELLS // max(net.values, 1), 64))
    for k in range(-(-draws // batch)):
        generator = generator_for(seed, Purpose.SHRINK, k)
        index = torch.randint(len(held_out), (batch,), generator=generator)
        noise = generator_for(seed, Purpose.SHRINK, k, device=device)
        noisy = objective.corrupt(held_out.take(index).to(device), noise)
        _, v = net.parts(noisy.codes, noisy.z, noisy.present, noisy.known, noisy.t, noisy.hiding)
        rest = slice(noisy.hiding, None)
        said = torch.where(noisy.unknown[rest], v.float(), 0.0)
        hit += (said * noisy.v[rest]).sum(0)
        size += said.square().sum(0)
    factor = torch.where(size > 0, hit / size.clamp_min(1e-12), 1.0).clamp(0, 1)
    net.head.weight[net.values :] *= factor[:, None]
    net.head.bias[net.values :] *= factor
    return factor

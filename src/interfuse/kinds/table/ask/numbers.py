"""The numbers of a record, drawn given all its categories.

The categories have said in which bin each number lies; what is left is its normal score inside the
bin. That is standard normal on its own, so only the dependence between numbers has to be made from
noise, and ten steps of a second-order solver do it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from interfuse.core import DPMSolver, Gaussian, Known, v_to_x0
from interfuse.kinds.table.net.incremental import IncrementalNet


class NumberSampler:
    """Takes numbers from noise to data with a trained network.

    Args:
        net: the network.
        gaussian: the kernel it was trained with.
        window: times (start, end) between which the numbers move.
        steps: evaluations of the network.
    """

    def __init__(
        self, net: IncrementalNet, gaussian: Gaussian, window: tuple[float, float], steps: int
    ) -> None:
        self.net = net
        self.gaussian = gaussian
        self.times = torch.linspace(*window, steps + 1, dtype=torch.float64)
        self.solver = DPMSolver(gaussian)

    def run(self, h: Tensor, start: Tensor, present: Tensor, known: Tensor, z: Tensor) -> Tensor:
        """Draw the unknown numbers.

        Args:
            h: hidden state with all categories revealed, without numbers and time.
            start: (n, p) standard normal noise.
            present: (n, p) which numbers are in the record.
            known: (n, p) which of them are given; they come back as they are.
            z: (n, p) values of the given numbers.

        Returns:
            (n, p) numbers; those not present are of no meaning.
        """

        def mean(x: Tensor, t: float) -> Tensor:
            features = self.net.features(h, t, self.net.numbers(x, present, known))
            alpha, sigma = (float(c) for c in self.gaussian.alpha_sigma(t))
            return v_to_x0(x, self.net.v(features), alpha, sigma)

        return self.solver.run(mean, start, self.times, known=Known(known, z))

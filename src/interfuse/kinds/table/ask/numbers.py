"""The numbers of a record, drawn given all its categories.

The categories have said in which bin each number lies; what is left is its normal score inside the
bin. That is standard normal on its own, so only the dependence between numbers has to be made from
noise, and a few steps of a second-order solver do it.
"""

from __future__ import annotations

from torch import Tensor

from interfuse.core import Known, Sampler, v_to_x0
from interfuse.kinds.table.net.incremental import IncrementalNet


class NumberSampler:
    """Takes numbers from noise to data with a trained network.

    Args:
        net: the network.
        solver: of the kernel it was trained with.
        steps: evaluations of the network.
    """

    def __init__(self, net: IncrementalNet, solver: Sampler, steps: int) -> None:
        self.net = net
        self.gaussian = solver.gaussian
        self.times = solver.times(steps)
        self.solver = solver

    def run(
        self,
        h: Tensor,
        start: Tensor,
        present: Tensor,
        known: Tensor,
        z: Tensor,
        codes: Tensor,
    ) -> Tensor:
        """Draw the unknown numbers.

        Args:
            h: hidden state with all categories revealed, without numbers and time.
            start: (n, p) standard normal noise.
            present: (n, p) which numbers are in the record.
            known: (n, p) which of them are given; they come back as they are.
            z: (n, p) values of the given numbers.
            codes: (n, q) all categories.

        Returns:
            (n, p) numbers; those not present are of no meaning.
        """

        def mean(x: Tensor, t: float) -> Tensor:
            told = self.net.numbers(x, present, known)
            told = told + self.net.crossed(codes, x, present, known, t)
            features = self.net.features(h, t, told)
            alpha, sigma = (float(c) for c in self.gaussian.alpha_sigma(t))
            return v_to_x0(x, self.net.v(features), alpha, sigma)

        return self.solver.run(mean, start, self.times, known=Known(known, z))

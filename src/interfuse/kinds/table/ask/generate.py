"""Generate: draw the unknown cells of records of which some, often no, cells are known.

The reverse of the chain in `interfuse.kinds.table.learn.objective`:

1. Categories appear one cell at a time in a random order, each drawn from its conditional given
   the visible ones. This is the absorbing chain with its steps taken exactly when something happens
   (the first-hitting sampler, Zheng et al. 2024, arXiv 2409.02908): no two cells appear in one
   step, so there is no error from drawing dependent cells independently.
2. Numbers go from noise to data by DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095) given all
   categories.

Codes that bounds and cases rule out beside what is visible are not drawn (`laws`).

**Rows are reproducible one by one.** The noise of row i is point i of a scrambled Sobol sequence
(`interfuse.core.even`): drawn rows are more representative than as many independent draws.
Rows are always computed in whole blocks of `BLOCK`, so that even the rounding of a matrix product
does not depend on how many rows were asked for.

The order in which cells appear is drawn once for every `GROUP` rows, cells of few values last. Any
order would do if the learned conditionals were exact; they are not quite those of one joint
distribution, and one order for a whole block left the marginals of single cells off by 3 to 6 % in
that block (Shoppers). Averaged over many orders the errors cancel.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from interfuse.core.even import BELOW_ONE, EvenNoise
from interfuse.core.reveal import Event, reveal
from interfuse.core.seeds import Purpose, generator_for, seed_of
from interfuse.kinds.table.ask.numbers import NumberSampler
from interfuse.kinds.table.laws import Laws
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.objective import table_gaussian
from interfuse.kinds.table.net.incremental import IncrementalNet
from interfuse.kinds.table.net.network import TableNet
from interfuse.train.precision import has_fast_bf16

BLOCK = 2048
GROUP = 32
FEW = 12


def appearance_rank(sizes: Sequence[int]) -> Tensor:
    """Which cells appear first: 0 for many values, 1 for few, 2 for two; random among equals.

    Args:
        sizes: number of values of each cell.

    Returns:
        (q,) ranks. Few values given all the others are a classification, the question that a
        network learns best; drawn early, their errors would be passed on to all other cells.
    """
    return torch.tensor([0.0 if k > FEW else 1.0 if k > 2 else 2.0 for k in sizes])


class TableSampler:
    """Draws blocks of encoded records.

    Args:
        layout: the cells.
        net: the trained network.
        seed: of all draws.
        steps: steps of the numbers' sampler; None for as many as the model says.
        device: where to compute.
        exact: compute in float32 even where bfloat16 is faster.
    """

    def __init__(
        self,
        layout: Layout,
        net: TableNet,
        seed: int,
        steps: int | None,
        device: torch.device,
        exact: bool = False,
    ) -> None:
        dtype = torch.bfloat16 if has_fast_bf16(device) and not exact else torch.float32
        self.layout = layout
        self.rank = appearance_rank(layout.sizes)
        self.seed = seed
        self.device = device
        self.net = IncrementalNet(net.to(device), dtype)
        self._noise = EvenNoise(
            layout.categories + layout.numbers, seed_of(seed, Purpose.BLOCK_NOISE)
        )
        self._drawn: tuple[int, Tensor] | None = None
        self.size = BLOCK
        solver = net.sampling.sampler(net.kernel or table_gaussian())
        steps = net.sampling.steps if steps is None else steps
        self.numbers = NumberSampler(self.net, solver, steps)
        self.laws = layout.laws and layout.laws.to(device)

    def in_blocks_of(self, size: int, purpose: Purpose) -> TableSampler:
        """The same network drawn from in blocks of another size, by noise of their own.

        Args:
            size: rows of a block, a multiple of `GROUP`.
            purpose: what their noise is for.
        """
        out = copy.copy(self)
        out.size, out.seed, out._drawn = size, seed_of(self.seed, purpose), None
        columns = self.layout.categories + self.layout.numbers
        out._noise = EvenNoise(columns, seed_of(out.seed, Purpose.BLOCK_NOISE))
        return out

    @torch.no_grad()
    def block(
        self,
        index: int,
        known_codes: Tensor | None = None,
        known_z: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Draw rows index * size ... (index + 1) * size - 1; the size is `BLOCK` as a rule.

        Args:
            index: which block.
            known_codes: (size, q) codes, -1 where unknown; None if all are unknown.
            known_z: (size, p) numbers, NaN where unknown; None if all are unknown.

        Returns:
            Codes (size, q) int64 and z (size, p) float32; NaN where a number is absent.
        """
        p = self.layout.numbers
        z = torch.full((self.size, p), float("nan"), device=self.device)
        if known_z is not None:
            z = known_z.to(self.device)
        known = ~z.isnan()
        h_known = self.net.numbers(z.nan_to_num(), known, known)
        codes, h = self.categories(index, known_codes, h_known)
        if p == 0:
            return codes, z
        present = torch.from_numpy(self.layout.present(codes.cpu().numpy())).to(self.device)
        uniform = self._uniform(index)[:, self.layout.categories :]
        start = torch.special.ndtri(uniform.clamp(2**-31, 1 - 2**-31)).float().to(self.device)
        z = self.numbers.run(h, start, present, known & present, z.nan_to_num(), codes)
        return codes, z.masked_fill(~present, float("nan"))

    @torch.no_grad()
    def categories(
        self,
        index: int,
        known_codes: Tensor | None = None,
        h_known: Tensor | float = 0.0,
        watch: Callable[[Tensor, Tensor], None] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Draw the categories of a block.

        Args:
            index: which block.
            known_codes: (size, q) codes, -1 where unknown; None if all are unknown.
            h_known: (size, width) the hidden state's term of known numbers.
            watch: called at each step with the cell of each row (size,) and the probabilities
                (size, k) that it is drawn from.

        Returns:
            Codes (size, q) int64, and the hidden state (size, width) with all of them revealed,
            without the term of known numbers.
        """
        q = self.layout.categories
        codes = torch.zeros(self.size, q, dtype=torch.long, device=self.device)
        hidden = torch.ones(self.size, q, dtype=torch.bool, device=self.device)
        state = _Block(self.net, self.net.start(self.size), h_known, watch, self.laws)
        if known_codes is not None:
            known_codes = known_codes.to(self.device)
            hidden = known_codes < 0
            codes = known_codes.clamp_min(0)
            for j in range(q):
                if not bool(hidden[:, j].all()):
                    self.net.reveal(state.h, codes[:, j], j, ~hidden[:, j])
        if self.laws is not None:
            state.seen = codes.masked_fill(hidden, -1)
        reveal(state, self._events(index, hidden), codes, hidden)
        return codes, state.h

    def _events(self, index: int, hidden: Tensor) -> Iterator[Event]:
        """The cells of a block that are hidden anywhere, in an order of its own for each group."""
        q = self.layout.categories
        uniform = self._uniform(index)[:, :q].float().clamp_max(BELOW_ONE).to(self.device)
        generator = generator_for(self.seed, Purpose.BLOCK_ORDER, index)
        score = torch.rand(self.size // GROUP, q, generator=generator) + self.rank
        asked = hidden.any(0).nonzero()[:, 0]
        orders = asked[score.to(self.device)[:, asked].argsort(1)]
        rows = torch.arange(self.size, device=self.device)
        for cells in orders.T:
            cell = cells.repeat_interleave(GROUP)
            yield Event(rows, cell, uniform[rows, cell])

    def _uniform(self, index: int) -> Tensor:
        """The noise of a block, (size, q + p) float64: of its categories, then its numbers."""
        if self._drawn is None or self._drawn[0] != index:
            self._drawn = index, self._noise.rows(index * self.size, self.size)
        return self._drawn[1]


@dataclass
class _Block:
    """A whole block, of which each group of rows is asked about one cell."""

    net: IncrementalNet
    h: Tensor
    h_known: Tensor | float
    watch: Callable[[Tensor, Tensor], None] | None
    laws: Laws | None = None
    seen: Tensor | None = None
    """(n, q) codes, -1 where hidden; followed where there are laws."""

    def ask(self, rows: Tensor, cells: Tensor) -> Iterator[tuple[slice, Tensor]]:
        features = self.net.features(self.h, 1.0, self.h_known)
        share = self.net.grouped_logits(features, cells[::GROUP].tolist(), self.h).softmax(1)
        if self.laws is not None and self.seen is not None:
            for cell in cells.unique().tolist():
                if self.laws.about(cell):
                    here = (cells == cell).nonzero()[:, 0]
                    share[here] = self.laws.kept(share[here], cell, self.seen[here])
        if self.watch is not None:
            self.watch(cells, share)
        yield slice(None), share

    def show(self, rows: Tensor, cells: Tensor, codes: Tensor, where: Tensor) -> None:
        self.net.reveal(self.h, codes, cells, where)
        if self.seen is not None:
            self.seen[rows[where], cells[where]] = codes[where]

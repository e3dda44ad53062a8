"""Draw the unknown cells of rows that are each known in their own cells.

For one row with known cells K and unknown cells U, in an order of its own for each draw,

    p(U | K) = prod_s p(u_s | K, u_1 .. u_{s-1}).

**The first step is shared.** All draws of a row begin from the same state, so the network is asked
once a row, and answers p(u | K) for *every* unknown category cell at once: what each cell is on its
own, given what is known (`Drawn.shares`). These are the exact marginals of the model; they cost
nothing more, and means, medians and intervals taken from them have no error of sampling
(Rao-Blackwell). Draws are needed only for questions about several cells together.

**The others are asked of what is left.** In step s only the rows with more than s unknown cells are
evaluated, each for its own cell; a table with a tenth of its cells missing costs a tenth.

**Codes that are ruled out** (missing, when a value is wanted) have their logits masked.

**Noise.** Draw d of cell j of row i uses frac(s_dj + v_ij): s a Sobol sequence over the draws, v a
hash of (seed, i, j) (Cranley & Patterson 1976, doi 10.1137/0713071). Each draw is uniform and
independent between rows; the draws of one row are spread evenly, and more draws begin with the same
ones. Rows are computed in blocks of `ROWS` by their number in the table, so that the answer does
not depend on how the table was cut.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from interfuse.core import RowNoise
from interfuse.core.even import BELOW_ONE, EvenNoise
from interfuse.core.reveal import Event, reveal
from interfuse.core.seeds import Purpose, generator_for, seed_of
from interfuse.kinds.table.ask.drawn import Begun, Drawn
from interfuse.kinds.table.ask.generate import appearance_rank
from interfuse.kinds.table.ask.numbers import NumberSampler
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.objective import table_gaussian
from interfuse.kinds.table.net.incremental import IncrementalNet
from interfuse.kinds.table.net.network import TableNet
from interfuse.train.precision import has_fast_bf16

ROWS = 512
_CODES, _SCORES = 0, 1
_MOST_CELLS = 1 << 24  # numbers in a part's hidden state


class RowSampler:
    """Draws the unknown cells of encoded rows.

    Args:
        layout: the cells.
        net: the trained network.
        seed: of all draws.
        device: where to compute.
        allowed: for each category cell the codes that may be drawn, (k,) booleans; None for all.
        steps: steps of the numbers' sampler; None for as many as the model says, fewer than for new
            rows, as intervals and means do not come from it.
        exact: compute in float32 even where bfloat16 is faster.
    """

    def __init__(
        self,
        layout: Layout,
        net: TableNet,
        seed: int,
        device: torch.device,
        allowed: list[Tensor | None] | None = None,
        steps: int | None = None,
        exact: bool = False,
    ) -> None:
        dtype = torch.bfloat16 if has_fast_bf16(device) and not exact else torch.float32
        self.layout = layout
        self.seed = seed
        self.device = device
        self.net = IncrementalNet(net.to(device), dtype)
        columns = self.net.columns
        self._columns = torch.cat([columns, torch.zeros_like(columns[:1])])
        self.rank = appearance_rank(layout.sizes)
        solver = net.sampling.sampler(net.kernel or table_gaussian())
        steps = net.sampling.fill if steps is None else steps
        self.numbers = NumberSampler(self.net, solver, steps)
        self.laws = layout.laws and layout.laws.to(device)
        self.barred = [
            None if a is None or bool(a.all()) else ~a.to(device)
            for a in allowed or [None] * layout.categories
        ]

    @torch.no_grad()
    def draw(self, first: int, codes: Tensor, z: Tensor, draws: range) -> Drawn:
        """Draw the unknown cells of rows first, first + 1, ...

        Args:
            first: number of the first row, which chooses the noise.
            codes: (n, q) codes, -1 where unknown.
            z: (n, p) scores of known numbers, NaN where unknown or absent.
            draws: which draws.
        """
        n, q = codes.shape
        begun = self._begin(codes, z)
        codes, z, hidden = begun.codes, begun.z, begun.codes < 0
        out_codes = codes.clamp_min(0).repeat(len(draws), 1, 1)
        out_z = torch.full((len(draws), n, z.shape[1]), torch.nan, device=self.device)
        width = begun.h.shape[1]
        part = max(1, _MOST_CELLS // max(width * max(int(hidden.any(1).sum()), 1), 1))
        numbers = torch.arange(first, first + n)
        noise = self._noise(numbers, q, _CODES), self._noise(numbers, z.shape[1], _SCORES)
        for start in range(0, len(draws), part):
            chosen = draws[start : start + part]
            u, e = (
                torch.frac(self._points(v.shape[1], chosen, i)[:, None] + v).clamp_max(BELOW_ONE)
                for i, v in enumerate(noise)
            )
            order = self._order(numbers, hidden, chosen)
            c, s = self._part(begun, order, u, e)
            out_codes[start : start + part] = c
            out_z[start : start + part] = s
        return Drawn(out_codes, out_z, begun.shares)

    @torch.no_grad()
    def draw_each(self, numbers: Tensor, draws: Tensor, codes: Tensor, z: Tensor) -> Drawn:
        """Draw the unknown cells of rows once each, rows of the same number as often as they come.

        Args:
            numbers: (n,) number of each row in the table.
            draws: (n,) which draw of it this is; the noise is that of `draw`.
            codes: (n, q) codes, -1 where unknown.
            z: (n, p) scores of known numbers, NaN where unknown or absent.
        """
        begun = self._begin(codes, z)
        hidden, kinds = begun.codes < 0, draws.unique().tolist()
        span, place = range(min(kinds), max(kinds) + 1), draws - min(kinds)
        noise = [
            self._noise(numbers, size, i) for i, size in enumerate((codes.shape[1], z.shape[1]))
        ]
        u, e = (
            torch.frac(self._points(v.shape[1], span, i)[place] + v).clamp_max(BELOW_ONE)[None]
            for i, v in enumerate(noise)
        )
        order = torch.zeros_like(begun.codes)
        for d in kinds:
            own = (draws == d).to(self.device)
            order[own] = self._order(numbers[draws == d], hidden[own], range(d, d + 1))[0]
        return Drawn(*self._part(begun, order[None], u, e), begun.shares)

    @torch.no_grad()
    def share(self, codes: Tensor, z: Tensor, cell: int) -> Tensor:
        """Probabilities of the values of one category cell, given what is known of each row.

        Args:
            codes: (n, q) codes, -1 where unknown.
            z: (n, p) scores of known numbers, NaN where unknown or absent.
            cell: which.
        """
        codes, z = codes.to(self.device), z.to(self.device)
        h, known = self._start(codes), ~z.isnan()
        features = self.net.features(h, 1.0, self.net.numbers(z.nan_to_num(), known, known))
        return self._share(features, cell, h, codes)

    def _begin(self, codes: Tensor, z: Tensor) -> Begun:
        """What all draws of rows have in common."""
        codes, z = codes.to(self.device), z.to(self.device)
        h, known = self._start(codes), ~z.isnan()
        h_known = self.net.numbers(z.nan_to_num(), known, known)
        features = self.net.features(h, 1.0, h_known)
        shares = {}
        for j in range(codes.shape[1]):
            rows = (codes[:, j] < 0).nonzero()[:, 0]
            if len(rows):
                shares[j] = (rows, self._share(features[rows], j, h[rows], codes[rows]))
        return Begun(codes, z, h, h_known, shares)

    def _start(self, codes: Tensor) -> Tensor:
        """The hidden state with all known categories revealed."""
        h = self.net.start(len(codes))
        if codes.shape[1]:
            blank = len(self._columns) - 1
            at = torch.where(codes >= 0, codes + self.net.starts, blank)
            h += F.embedding_bag(at, self._columns, mode="sum")
        return h

    def _share(self, features: Tensor, cell: int, h: Tensor, codes: Tensor | None) -> Tensor:
        """Probabilities of a cell; codes (n, q) are -1 where hidden."""
        logits = self.net.logits(features, cell, h)
        barred = self.barred[cell]
        if barred is not None:
            logits = logits.masked_fill(barred, -torch.inf)
        share = logits.softmax(1)
        if self.laws is None or codes is None:
            return share
        return self.laws.kept(share, cell, codes)

    def _noise(self, numbers: Tensor, cells: int, stream: int) -> Tensor:
        """The shift of each row and cell, (n, cells)."""
        key = seed_of(self.seed, Purpose.ROW_SHIFT) & ~0xFFFFFFFF
        noise = RowNoise(numbers.to(self.device) ^ key)
        return noise.uniform((cells,), stream=stream)

    def _points(self, cells: int, draws: range, stream: int) -> Tensor:
        """The points of some draws, (m, cells)."""
        noise = EvenNoise(cells, seed_of(self.seed, Purpose.ROW_POINTS, stream))
        return noise.rows(draws.start, len(draws)).float().to(self.device)

    def _order(self, numbers: Tensor, hidden: Tensor, draws: range) -> Tensor:
        """Unknown cells of each row in the order of drawing, (m, n, q); known cells come last."""
        q, out = hidden.shape[1], []
        for d in draws:
            score = torch.zeros(len(numbers), q)
            for block in (numbers // ROWS).unique().tolist():
                generator = generator_for(self.seed, Purpose.ROW_ORDER, block, d)
                own = numbers // ROWS == block
                score[own] = torch.rand(ROWS, q, generator=generator)[numbers[own] % ROWS]
            score = (score + self.rank).to(self.device)
            out.append(score.masked_fill(~hidden, 9.0).argsort(-1))
        return torch.stack(out)

    def _part(self, begun: Begun, order: Tensor, u: Tensor, e: Tensor) -> tuple[Tensor, Tensor]:
        codes, z, h, h_known, shares = begun
        m, n, _ = order.shape
        p = z.shape[1]
        hidden = codes < 0
        count = hidden.sum(1)
        # Rows with something to ask, once for each draw; the state is kept for these alone.
        loose = (self._present(codes.clamp_min(0)[None])[0] & z.isnan()).any(1)
        asking = ((count > 0) | loose).nonzero()[:, 0]
        spot = torch.zeros(n, dtype=torch.long, device=self.device)
        spot[asking] = torch.arange(len(asking), device=self.device)
        row = asking.repeat(m)
        draw = torch.arange(m, device=self.device).repeat_interleave(len(asking))
        left = _Left(self, shares, row, h_known, h[row])
        if self.laws is not None:
            left.seen = codes[row]
        drawn = reveal(left, self._events(count, order, draw, row, u), codes.clamp_min(0)[row])
        state = left.h
        out = codes.clamp_min(0).repeat(m, 1, 1)
        out[draw, row] = drawn
        scores = z.repeat(m, 1, 1)
        if p:
            present = self._present(out)
            asked = present & scores.isnan()
            scores = scores.masked_fill(~present, torch.nan)
            need = asked.any(-1)
            d, r = need.nonzero(as_tuple=True)
            if len(d):
                final = state[d * len(asking) + spot[r]]
                noise = torch.special.ndtri(e[d, r].double().clamp(2**-26, 1 - 2**-26)).float()
                here, known = present[d, r], ~z[r].isnan()
                given = known & here
                value = self.numbers.run(final, noise, here, given, z[r].nan_to_num(), out[d, r])
                scores[d, r] = torch.where(here, value, torch.nan)
        return out, scores

    def _events(
        self, count: Tensor, order: Tensor, draw: Tensor, row: Tensor, u: Tensor
    ) -> Iterator[Event]:
        """In step s the cell of each row that has more than s unknown ones, by cells."""
        left = count[row]
        for s in range(int(count.max()) if len(count) else 0):
            live = (left > s).nonzero()[:, 0]
            cell, by = order[draw[live], row[live], s].sort(stable=True)
            live = live[by]
            yield Event(live, cell, u[draw[live], row[live], cell])

    def _present(self, codes: Tensor) -> Tensor:
        out = torch.ones(
            *codes.shape[:2], self.layout.numbers, dtype=torch.bool, device=self.device
        )
        for i, gate in enumerate(self.layout.gates):
            if gate is not None:
                is_open = torch.tensor(gate.open, device=self.device)
                out[..., i] = is_open[codes[..., gate.cell]]
        return out


class _Left:
    """What is left to draw of rows: the network is asked about these alone.

    Args:
        sampler: asks the network.
        shares: what it says of each cell before anything is drawn.
        row: (L,) which row each one here is a draw of.
        h_known: (n, width) the hidden state's term of known numbers, of the rows.
        h: (L, width) hidden states; changed in place.
    """

    def __init__(
        self,
        sampler: RowSampler,
        shares: dict[int, tuple[Tensor, Tensor]],
        row: Tensor,
        h_known: Tensor,
        h: Tensor,
    ) -> None:
        self.sampler, self.row, self.h_known, self.h = sampler, row, h_known, h
        self.began = False
        self.seen: Tensor | None = None
        self.shares = {}
        for j, (rows, share) in shares.items():
            at = torch.zeros(len(h_known), dtype=torch.long, device=h.device)
            at[rows] = torch.arange(len(rows), device=h.device)
            self.shares[j] = at, share

    def ask(self, rows: Tensor, cells: Tensor) -> Iterator[tuple[slice, Tensor]]:
        features = None
        if self.began:
            features = self.sampler.net.features(self.h[rows], 1.0, self.h_known[self.row[rows]])
        kinds, counts = cells.unique_consecutive(return_counts=True)
        start = 0
        for j, k in zip(kinds.tolist(), counts.tolist(), strict=True):
            span = slice(start, start + k)
            if features is None:
                at, share = self.shares[j]
                yield span, share[at[self.row[rows[span]]]]
            else:
                seen = None if self.seen is None else self.seen[rows[span]]
                yield span, self.sampler._share(features[span], j, self.h[rows[span]], seen)
            start += k

    def show(self, rows: Tensor, cells: Tensor, codes: Tensor, where: Tensor) -> None:
        net = self.sampler.net
        self.h[rows] += net.columns[net.starts[cells] + codes]
        self.began = True
        if self.seen is not None:
            self.seen[rows, cells] = codes

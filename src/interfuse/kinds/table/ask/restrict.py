"""Draw the cells of columns that are held in sets and ranges; the others follow as always.

E are the equalities and S_1, ..., S_r the limits. Wanted is p(x | E, x_1 in S_1, ..., x_r in S_r).

1. The cell of x_1 is drawn from p(x_1 | E) restricted to S_1, the softmax with its other codes
   masked. With one limit this is exact by the chain rule, whatever follows.
2. x_s is drawn from p(x_s | E, x_1 .. x_{s-1}) restricted to S_s. The joint law of what is drawn is
   then the wanted one divided by prod_{s > 1} m_s, m_s the mass of S_s in step s. So rows are
   drawn several times over and resampled with the weights prod m_s (self-normalised importance
   resampling, Rubin 1987; systematic, so that equal weights change nothing).
3. The drawn cells are known cells for all others.

Cost: a few evaluations for each limit, however small the masses are. Their mean product estimates
the probability of the condition itself, so that conditions which the data never shows can be named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import torch
from torch import Tensor

from interfuse.core.even import latin_hypercube
from interfuse.core.masked import draw_codes
from interfuse.core.seeds import Purpose, generator_for
from interfuse.kinds.table.ask.conditions import Condition
from interfuse.kinds.table.ask.generate import BLOCK, TableSampler
from interfuse.kinds.table.ask.limits import Limit
from interfuse.kinds.table.ask.linked import through
from interfuse.kinds.table.ask.meet import TIMES, Started, meet

if TYPE_CHECKING:
    from interfuse.kinds.table.layout import Layout

CANDIDATES = 4
PROBES = 256
UNLIKELY = 0.1
_TINY = 1e-30


def start_block(sampler: TableSampler, condition: Condition, index: int) -> Started:
    """The known cells of a block of rows.

    Args:
        sampler: of the model.
        condition: with limits.
        index: which block.
    """
    drawn = _Rows(sampler, condition, BLOCK * _times(condition), index)
    for limit in condition.limits:
        drawn.limit(limit)
    if condition.wanted:
        return meet(drawn, condition, BLOCK)
    return drawn.take(BLOCK)


def expected_rows(sampler: TableSampler, condition: Condition, rows: int) -> float:
    """How many of so many rows satisfy the condition, by the model."""
    if condition.codec is None:
        return float(rows)
    bare = Condition(condition.values, np.full_like(condition.codes, -1), condition.z * np.nan)
    drawn = _Rows(sampler, bare, PROBES, -1)
    mass = torch.zeros(PROBES, dtype=torch.float64)
    for cell in np.flatnonzero(condition.codes >= 0).tolist():
        code = int(condition.codes[cell])
        share = drawn.share(cell)[:, code].double()
        mass += (share + _TINY).log().cpu()
        drawn.show(cell, torch.full((PROBES,), code, device=sampler.device))
    for limit in condition.limits:
        drawn.limit(limit)
    mass += drawn.log_weight.cpu()
    return rows * float(mass.exp().mean())


def unlikely(sampler: TableSampler, condition: Condition, rows: int) -> tuple[str, ...]:
    """A warning if the rows fitted are not expected to hold one row like those asked for."""
    count = expected_rows(sampler, condition, rows)
    if count >= UNLIKELY or rows <= 0:
        return ()
    share, beyond = rows / max(count, 1e-30), 1 / max(count, 1e-30)
    return (
        f"the condition: the model expects such a row once in {share:.2g}, and was fitted on "
        f"{rows:,}; the answer goes beyond the data by a factor of {beyond:.2g}.",
    )


def _times(condition: Condition) -> int:
    if condition.wanted:
        return TIMES
    several = sum(1 + (limit.second is not None) for limit in condition.limits)
    return CANDIDATES if several + through(condition.limits) > 1 else 1


class _Rows:
    """Candidate rows while their limited columns are drawn."""

    def __init__(self, sampler: TableSampler, condition: Condition, n: int, index: int) -> None:
        self.sampler, self.net, device = sampler, sampler.net, sampler.device
        layout: Layout = sampler.layout
        self.n = n
        self.generator = generator_for(sampler.seed, Purpose.LIMITS, index)
        self.codes = torch.from_numpy(condition.codes).long().to(device).repeat(n, 1)
        self.z = torch.from_numpy(condition.z).float().to(device).repeat(n, 1)
        self.log_weight = torch.zeros(n, dtype=torch.float64, device=device)
        self.h = self.net.start(n)
        self.picks: list[tuple[pl.Series, Tensor, Tensor | None]] = []
        for cell in range(layout.categories):
            if condition.codes[cell] >= 0:
                self.net.reveal(self.h, self.codes[:, cell], cell)

    @torch.no_grad()
    def share(self, cell: int) -> Tensor:
        """Probabilities of a cell given what is known."""
        known = ~self.z.isnan()
        numbers = self.net.numbers(self.z.nan_to_num(), known, known)
        features = self.net.features(self.h, 1.0, numbers)
        share = self.net.logits(features, cell, self.h).softmax(1)
        laws = self.sampler.laws
        return share if laws is None else laws.kept(share, cell, self.codes)

    def show(self, cell: int, codes: Tensor, where: Tensor | None = None) -> None:
        """Make a cell known; in some rows alone if `where` (n,) is given."""
        before = self.codes[:, cell]
        self.codes[:, cell] = codes if where is None else torch.where(where, codes, before)
        self.net.reveal(self.h, codes, cell, where)

    def _uniform(self) -> Tensor:
        v = torch.rand(self.n, 1, generator=self.generator)
        return latin_hypercube(v, self.generator)[:, 0].to(self.sampler.device)

    def choose(self, cell: int, allowed: Tensor, where: Tensor | None = None) -> Tensor:
        """Draw a cell among allowed codes, (k,) or (n, k); what that says of rows is weighed."""
        w = (self.share(cell) + _TINY) * allowed
        mass = w.sum(1).double().clamp_min(_TINY).log()
        self.log_weight += mass if where is None else torch.where(where, mass, 0.0)
        codes = draw_codes(w, self._uniform())
        self.show(cell, codes, where)
        return codes

    def limit(self, limit: Limit, where: Tensor | None = None) -> None:
        """Draw the cells of a limited column; in the rows `where` (n,) alone if that is given."""
        device = self.sampler.device
        if limit.cell < 0:
            return
        allowed = torch.from_numpy(limit.weight).float().to(device)
        codes = self.choose(limit.cell, allowed, where)
        if limit.second is not None:
            allowed = torch.from_numpy(limit.second).to(device)[codes].float()
            self.choose(limit.cell + 1, allowed, where)
        mine = where
        for code, reference in limit.through.items():
            linked = codes == code if where is None else where & (codes == code)
            mine = ~linked if mine is None else mine & ~linked
            if bool(linked.any()):
                self.limit(reference, linked)
        if limit.spans is not None:
            self._span(limit, codes, mine)
        elif limit.values is not None and limit.codes is not None:
            self._pick(limit, codes, mine)
        elif limit.number is not None and limit.low is not None and limit.high is not None:
            a, b = (torch.from_numpy(x).to(device)[codes] for x in (limit.low, limit.high))
            self._rank(limit.number, a, b, mine)
        if where is None:
            self._resample(self.n, 0.5)

    def _rank(self, number: int, a: Tensor, b: Tensor, where: Tensor | None) -> None:
        """Draw a score between two ranks of its bin; of the whole bin it stays unknown."""
        rank = (a + (b - a) * self._uniform().double()).clamp(2**-40, 1 - 2**-40)
        score = torch.where(b - a < 1, torch.special.ndtri(rank), torch.nan).float()
        self._score(number, score, where)

    def _score(self, number: int, score: Tensor, where: Tensor | None) -> None:
        before = self.z[:, number]
        self.z[:, number] = score if where is None else torch.where(where, score, before)

    def _span(self, limit: Limit, codes: Tensor, where: Tensor | None) -> None:
        """Choose among the parts of a bin, by their shares."""
        assert limit.codes is not None
        assert limit.spans is not None
        own = torch.from_numpy(limit.codes[:, 0]).to(codes.device)
        share = torch.from_numpy(np.asarray(limit.share)).float().to(codes.device)
        pick = draw_codes((own == codes[:, None]) * share, self._uniform())
        if limit.number is not None:
            low, high = torch.from_numpy(limit.spans).to(codes.device)[pick].T
            self._rank(limit.number, low, high, where)

    def _pick(self, limit: Limit, codes: Tensor, where: Tensor | None) -> None:
        """Choose among the values of a set that share a bin."""
        assert limit.codes is not None
        assert limit.values is not None
        device = codes.device
        own = torch.from_numpy(limit.codes[:, 0]).to(device)
        share = torch.from_numpy(np.asarray(limit.share)).float().to(device)
        pick = draw_codes((own == codes[:, None]) * share, self._uniform())
        if limit.number is not None and limit.scores is not None:
            self._score(
                limit.number, torch.from_numpy(limit.scores).float().to(device)[pick], where
            )
        self.picks.append((limit.values, pick, where))

    def _resample(self, n: int, when: float) -> None:
        """Systematic resampling to n rows, if the weights are worth fewer than a share of them."""
        w = (self.log_weight - self.log_weight.max()).exp()
        if float(w.sum() ** 2 / (w**2).sum()) >= when * self.n:
            return
        mean = self.log_weight.exp().mean().clamp_min(_TINY).log()
        self._keep(self.ancestors(w, n))
        # What the weights say of the condition's probability stays.
        self.log_weight = mean.expand(n).clone()

    def ancestors(self, w: Tensor, n: int) -> Tensor:
        """(n,) rows drawn by their weights, systematically."""
        offset = torch.rand(1, generator=self.generator, dtype=torch.float64).to(w.device)
        points = (torch.arange(n, device=w.device) + offset) / n
        total = w.cumsum(0)
        at = torch.searchsorted(total / total[-1], points).clamp_max(len(w) - 1)
        return at[torch.randperm(n, generator=self.generator).to(w.device)]

    def _keep(self, at: Tensor) -> None:
        self.n = len(at)
        self.codes, self.z, self.h = self.codes[at], self.z[at], self.h[at]
        self.log_weight = self.log_weight[at]
        self.picks = [
            (values, pick[at], where if where is None else where[at])
            for values, pick, where in self.picks
        ]

    def take(self, n: int) -> Started:
        """As many rows, by their weights."""
        w = (self.log_weight - self.log_weight.max()).exp()
        if self.n != n or float(w.min()) < 1 - 1e-6:
            self._keep(self.ancestors(w, n))
        chosen = [
            (
                values.gather(pick.cpu().numpy()),
                None if where is None else pl.Series(where.cpu().numpy()),
            )
            for values, pick, where in self.picks
        ]
        return Started(self.codes, self.z, chosen)

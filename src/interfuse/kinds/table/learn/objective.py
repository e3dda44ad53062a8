"""One training objective for every question: predict the unknown cells from the known ones.

A record is drawn, then a set of *known* columns (often empty), and only the other cells are
noised. Time runs from the data at t = 0 to nothing at t = 1, in two windows:

* t in (1/2, 1]: category cells are being hidden (absorbing kernel), numbers are pure noise;
* t in (0, 1/2]: categories are all visible, numbers are noised (Gaussian kernel).

Read backwards: a record's categories, and with them the bin of every number, appear first, then
the numbers settle inside their bins. A number's noise therefore never has to be told apart from
its category's absence, and neither network input wastes capacity on the other.

**Categories.** With u unknown cells, k of them visible, k uniform in {0, ..., u-1} and the visible
ones a uniform subset, the absorbing bound is (Hoogeboom et al. 2022, arXiv 2110.02037, eq. 6-9)

    -log p(unknown | known) <= E_k E_subset [ u / (u - k) sum_{hidden j} -log p_j(c_j | visible) ],

the same value as the integral over continuous time (Shi et al. 2024, arXiv 2406.04329) with less
variance. In nats; per record it is divided by q so that tables of any width train at one rate.

**Numbers.** v-prediction (Salimans & Ho 2022, arXiv 2202.00512): v = alpha eps - sigma x_0, squared
error, averaged over the present unknown cells. A number's value is known only up to its rank
interval [low, high] in z-space: each visit draws a fresh point of it, uniform in probability, so
ties carry no spurious order.

Missing numbers are not present and carry no loss; that they are missing is a category, and learned.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from interfuse.core import Cosine, Gaussian
from interfuse.core.masked import hide
from interfuse.core.schedule import Schedule
from interfuse.kinds.table.layout import Layout
from interfuse.kinds.table.learn.segments import cell_cross_entropy
from interfuse.kinds.table.net.network import TableNet

CATEGORY_SHARE = 0.75
KNOWN_SHARE = 0.25
FOCUS_HIDDEN, FOCUS_WEIGHT = 0.75, 0.5


NUMBER_WINDOW = (0.0, 0.5)


def table_gaussian(schedule: Schedule | None = None) -> Gaussian:
    """The kernel of a table's numbers: a schedule, the cosine, in the window t in (0, 1/2]."""
    return Gaussian(schedule or Cosine(), window=NUMBER_WINDOW)


@dataclass(frozen=True)
class Rows:
    """Encoded rows: codes (n, q) int64; low, high (n, p) float32, NaN where a number is absent.

    A `weight` (n,) counts where the cell that rows are balanced by is hidden (`learn.balance`).
    """

    codes: Tensor
    low: Tensor
    high: Tensor
    weight: Tensor | None = None

    def once(self) -> Rows:
        """Each row once, without a weight."""
        return Rows(self.codes, self.low, self.high)

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, index: Tensor) -> Rows:
        """The rows at `index`."""
        return Rows(self.codes[index].long(), self.low[index], self.high[index])

    def and_also(self, other: Rows) -> Rows:
        """These rows and then the others."""
        return Rows(
            torch.cat([self.codes, other.codes]),
            torch.cat([self.low, other.low]),
            torch.cat([self.high, other.high]),
        )

    def to(self, device: torch.device | str) -> Rows:
        """The same rows on another device."""
        weight = None if self.weight is None else self.weight.to(device)
        return Rows(self.codes.to(device), self.low.to(device), self.high.to(device), weight)


@dataclass(frozen=True)
class Noisy:
    """A batch ready for the network, with what it must predict."""

    codes: Tensor  # (n, q) with k_j where hidden
    z: Tensor  # (n, p) noisy or known numbers
    present: Tensor  # (n, p) numbers that the network sees
    known: Tensor  # (n, p) numbers that are given
    t: Tensor  # (n,)
    true_codes: Tensor  # (n, q)
    weight: Tensor  # (n, q) of the cross-entropy; 0 where visible
    v: Tensor  # (n, p) target
    unknown: Tensor  # (n, p) numbers with a loss
    hiding: int  # the first so many records are in the category window, the others in the numbers'
    whole: tuple[int, Tensor] | None = None  # of a part: the batch's `hiding`, and (p,) terms

    def part(self, k: int, count: int) -> Noisy:
        """One of `count` parts, of as many records of each window; its losses are of the batch."""
        n, h = len(self.codes), self.hiding
        first = slice(h * k // count, h * (k + 1) // count)
        rest = slice(h + (n - h) * k // count, h + (n - h) * (k + 1) // count)
        parts = {
            name: torch.cat([value[first], value[rest]])
            for name, value in vars(self).items()
            if isinstance(value, Tensor)
        }
        own = first.stop - first.start
        return Noisy(**parts, hiding=own, whole=(h, self.unknown.sum(0)))


@dataclass(frozen=True)
class Losses:
    """Sums of the loss by cell, and how many records each is the sum of."""

    category: Tensor  # (q,) nats
    number: Tensor  # (p,) squared error of v
    blank: Tensor  # (p,) that of saying v = 0, "nothing is known"
    records: Tensor  # () records in the category window
    present: Tensor  # (p,) terms in `number`

    def cells(self) -> Tensor:
        """The loss of each cell, category cells first: (q + p,)."""
        return torch.cat([self.category, self.number])

    def total(self) -> Tensor:
        """Mean nats by category cell plus mean squared error by number; what training descends."""
        p = max(len(self.number), 1)
        return self._nats() + (self.number / self.present.clamp_min(1)).sum() / p

    def judged(self) -> Tensor:
        """The like of held-out rows, to choose weights by; it differs in what numbers count for.

        None costs more than v = 0 does: what is said of numbers is drawn back to that afterwards
        (`training/shrink.py`). Otherwise scores inside bins, learned by heart, end a fit whose
        categories still gain. And the mean is over all numbers that are there, not over columns:
        the few cells of a column that is mostly missing would drown all else in chance.
        """
        number = torch.minimum(self.number, self.blank).sum() / self.present.sum().clamp_min(1)
        return self._nats() + number

    def _nats(self) -> Tensor:
        return self.category.sum() / (self.records.clamp_min(1) * max(len(self.category), 1))


def draw_inside(low: Tensor, high: Tensor, uniform: Tensor) -> Tensor:
    """A point of each interval, uniform in probability: ndtri(Phi(low) + u (Phi(high) - Phi(low))).

    Intervals of no width (values beyond the data's range) return `low` exactly. float64 inside:
    in float32 the upper tail of Phi has no resolution.
    """
    a, b = torch.special.ndtr(low.double()), torch.special.ndtr(high.double())
    z = torch.special.ndtri(a + uniform.double() * (b - a)).float()
    return torch.where(low == high, low, z.clamp(-8, 8)).nan_to_num(0.0)


class TableObjective:
    """Noises batches of table rows and scores the network's predictions.

    Args:
        layout: the cells.
        gaussian: the kernel of the numbers.
        category_share: share of a batch drawn in the category window.
        known_share: share of the records of which a random set of columns is known. On public
            tables a quarter costs generation nothing and teaches every conditional.
        balanced: the category cell that rows are balanced by, if they have weights.
        focus: a category cell that is asked about and hardly ever told: it is hidden in
            `FOCUS_HIDDEN` of the records and counts for `FOCUS_WEIGHT` of the others' loss. Any
            weight of what is visible leaves each conditional what it is.
    """

    def __init__(
        self,
        layout: Layout,
        gaussian: Gaussian,
        category_share: float = CATEGORY_SHARE,
        known_share: float = KNOWN_SHARE,
        balanced: int | None = None,
        focus: int | None = None,
    ) -> None:
        self.balanced, self.focus = balanced, focus
        self.layout = layout
        self.gaussian = gaussian
        self.known_share = known_share
        q, p = layout.categories, layout.numbers
        self.category_share = 1.0 if p == 0 else 0.0 if q == 0 else category_share
        self.sizes = torch.tensor(layout.sizes, dtype=torch.long)
        self.category_column = torch.tensor(layout.category_column, dtype=torch.long)
        self.number_column = torch.tensor(layout.number_column, dtype=torch.long)

    @property
    def names(self) -> tuple[str, ...]:
        """What each of `Losses.cells` is the loss of, for messages."""
        return tuple(f"column {name!r}" for name in self.layout.names)

    @property
    def advice(self) -> str:
        """What to do if a loss is never finite."""
        return "Look at the column's values, or set its kind to 'drop' in the schema and fit again."

    def corrupt(self, rows: Rows, generator: torch.Generator) -> Noisy:
        """Draw known columns, times and noise for a batch. All draws come from `generator`."""
        n, q, p = len(rows), self.layout.categories, self.layout.numbers
        device = rows.codes.device

        def uniform(*shape: int) -> Tensor:
            return torch.rand(shape, generator=generator, device=device)

        hiding = round(n * self.category_share)
        in_categories = torch.arange(n, device=device) < hiding
        asked = uniform(n, 1) < self.known_share
        given = (uniform(n, self.layout.columns) < uniform(n, 1)) & asked

        given_codes = given[:, self.category_column.to(device)]
        hidden = hide(~given_codes, uniform(n, q), uniform(n, 1)) & in_categories[:, None]
        unknown_cells = (~given_codes).sum(1, keepdim=True)
        weight = hidden * (unknown_cells / hidden.sum(1, keepdim=True).clamp_min(1))
        if self.balanced is not None and rows.weight is not None:
            by = hidden[:, self.balanced, None]
            weight = weight * torch.where(by, rows.weight[:, None], 1.0)
        if self.focus is not None:
            # Drawn only here: the stream of every other fit stays what it was.
            often = (uniform(n) < FOCUS_HIDDEN) & in_categories
            hidden[:, self.focus] |= often
            weight[:, self.focus] = often * FOCUS_WEIGHT * max(q - 1, 1)
        codes = torch.where(hidden, self.sizes.to(device), rows.codes)

        z_0 = draw_inside(rows.low, rows.high, uniform(n, p))
        present = ~rows.low.isnan()
        known = given[:, self.number_column.to(device)] & present
        t = 0.5 * uniform(n).clamp_min(1e-4)
        t = torch.where(in_categories, torch.ones_like(t), t)
        eps = torch.randn(n, p, generator=generator, device=device)
        z_t, v = self.gaussian.noised(z_0, t, noise=eps)
        unknown = present & ~known & ~in_categories[:, None]
        noisy = torch.where(unknown, z_t, z_0)
        return Noisy(
            codes=codes,
            z=noisy,
            present=unknown | known,
            known=known,
            t=t,
            true_codes=rows.codes,
            weight=weight,
            v=v,
            unknown=unknown,
            hiding=hiding,
        )

    def loss(self, net: TableNet, noisy: Noisy) -> Losses:
        """Score `net` on a corrupted batch."""
        first, rest = slice(noisy.hiding), slice(noisy.hiding, None)
        logits, v = net.parts(
            noisy.codes, noisy.z, noisy.present, noisy.known, noisy.t, noisy.hiding
        )
        nats = cell_cross_entropy(
            logits, noisy.true_codes[first], noisy.weight[first], self.layout.sizes, net.starts
        )
        square = torch.where(noisy.unknown[rest], (v.float() - noisy.v[rest]) ** 2, 0.0)
        blank = torch.where(noisy.unknown[rest], noisy.v[rest] ** 2, 0.0)
        hiding, present = noisy.whole or (noisy.hiding, noisy.unknown.sum(0))
        return Losses(
            category=nats,
            number=square.sum(0),
            blank=blank.sum(0),
            records=torch.tensor(hiding, device=v.device),
            present=present,
        )

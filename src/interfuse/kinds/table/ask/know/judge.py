"""Who says where a row is from: the network of both tables, and boosted trees beside it.

A network needs many steps for what only two columns together tell; trees need few rows for it. Any
p(s | x_S) bounds the divergence from below, so that the better one may be asked. The trees see
hidden cells as missing, and are fitted to rows of which random columns are hidden (one copy wholly
visible), so that they, too, have one answer for each set of columns. Both are mixed,

    p(s | x_S) = w p_network(s | x_S) + (1 - w) p_trees(s | x_S),

with the w that costs least on rows that neither was fitted to, and on none that is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from interfuse.evaluate.trees import boosted
from interfuse.kinds.table.ask.conditionals import Conditionals, Said
from interfuse.kinds.table.ask.know.view import View
from interfuse.kinds.table.ask.odd.reference import Reference

COPIES, MOST_ROWS = 5, 60_000
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
LEAST = 1e-4
LEAF = 20
FEW_TREES, MANY_ROWS = 40, 4_000
"""Of 1,800 rows 80 trees lost .015 nats where few columns are shown, 40 trees .007."""


@dataclass(frozen=True)
class Judges:
    """Both, as if both sources had equal shares.

    By Bayes' rule p(s | x) / p(s) is what it would be with any shares, so log (1/2) / p(s) is added
    to the network's logits; the trees' rows are weighted.

    Attributes:
        said: the network.
        trees: a fitted classifier, 1 for B.
        cell: of the source.
        sizes: values of each cell.
        more: (k,) what is added to the network's logits.
        code_b: what stands for B.
        weight: w.
    """

    said: Said
    trees: Any
    cell: int
    sizes: tuple[int, ...]
    more: Tensor
    code_b: int
    weight: float

    def __call__(self, codes: Tensor, cells: Sequence[int]) -> list[Tensor]:
        """Logits (n, k_j) of cells j."""
        if list(cells) == [self.cell] and self.weight == 0:
            return [self._mixed(None, codes)]
        out = self.said(codes, cells)
        return [self._mixed(x, codes) if j == self.cell else x
                for j, x in zip(cells, out, strict=True)]  # fmt: skip

    def _mixed(self, logits: Tensor | None, codes: Tensor) -> Tensor:
        """(n, k) log-probabilities of the source."""
        n, k = len(codes), self.sizes[self.cell]
        p = torch.full((n, k), 1e-12, dtype=torch.float64)
        if self.weight < 1:
            x = hidden_as_missing(codes.cpu().numpy(), self.sizes, self.cell)
            b = torch.from_numpy(np.clip(self.trees.predict_proba(x)[:, 1], LEAST, 1 - LEAST))
            (code_a,) = {*range(2)} - {self.code_b}
            p[:, self.code_b] += (1 - self.weight) * b
            p[:, code_a] += (1 - self.weight) * (1 - b)
        if logits is not None and self.weight > 0:
            p += self.weight * (logits.cpu().double() + self.more).softmax(1)
        return p.log()


def hidden_as_missing(codes: np.ndarray, sizes: tuple[int, ...], cell: int) -> np.ndarray:
    """(n, q - 1) codes without the source's, NaN where hidden or unknown."""
    x = np.where((codes < 0) | (codes >= np.array(sizes)), np.nan, codes)
    return np.delete(x, cell, 1)


def judged(
    view: View, source: int, kept: Reference, code_b: int, share_b: float, seed: int
) -> View:
    """The view with both judges asked of the source.

    Args:
        view: of the model of both tables.
        source: the column of the source.
        kept: rows that the network was fitted to, and rows that it was not.
        code_b: what stands for B.
        share_b: of the fitted rows.
        seed: of what is hidden from the trees.
    """
    cell, sizes = view.ask.cells[source][0], view.ask.sizes
    own = [j for j in range(len(sizes)) if j != cell]
    columns = np.full(len(sizes), -1)
    for a, cells in enumerate(view.ask.cells):
        columns[list(cells)] = a
    rng = np.random.default_rng([seed, 33])
    codes = kept.codes.astype(np.int64)
    y = (codes[:, cell] == code_b).astype(int)
    x = hidden_as_missing(codes, sizes, cell)
    tables = [x]
    for _ in range(max(1, min(COPIES, MOST_ROWS // max(len(x), 1)))):
        shown = rng.random((len(x), columns.max() + 1)) < rng.random((len(x), 1))
        tables.append(np.where(shown[:, columns[own]], x, np.nan))
    labels = np.tile(y, len(tables))
    # A row is in each copy: leaves count rows, not copies of them.
    least = min(LEAF * len(tables), max(len(labels) // 20, 1))
    many = FEW_TREES if len(codes) < MANY_ROWS else 2 * FEW_TREES
    trees = boosted("classify", trees=many, depth=4, learning_rate=0.1, least_rows=least, seed=seed)
    trees.fit(np.concatenate(tables), labels, sample_weight=evening(labels))
    more = torch.full((sizes[cell],), -np.log(2 * (1 - share_b)), dtype=torch.float64)
    more[code_b] = -np.log(2 * share_b)

    def mixed(weight: float) -> View:
        both = Judges(view.ask.said, trees, cell, sizes, more, code_b, weight)
        return View(view.names, view.fields, Conditionals(both, sizes, view.ask.cells), view.ruled)

    held = kept.held_codes.astype(np.int64)
    labels = (held[:, cell] == code_b).astype(int)
    if len(np.unique(labels)) < 2:
        return mixed(0.5)
    costs = {}
    for weight in WEIGHTS:
        whole = mixed(weight)
        nats = whole.ask.nats(held, whole.all_but(source), [source])[:, source]
        costs[weight] = float((nats * evening(labels)).mean())
    return mixed(min(costs, key=lambda w: costs[w]))


def evening(labels: np.ndarray) -> np.ndarray:
    """(n,) weights of mean 1 with which both sources count alike."""
    many = labels.mean()
    return np.where(labels == 1, 0.5 / many, 0.5 / (1 - many))

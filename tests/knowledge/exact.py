"""Who answers is a chain, or a table of probabilities: every conditional is known."""

import itertools

import numpy as np
import polars as pl
import torch

from interfuse.core.truth_codes import MarkovChain
from interfuse.kinds.table.ask.conditionals import Conditionals
from interfuse.kinds.table.ask.know.view import Rows, View
from interfuse.kinds.table.fields.registry import field_class
from interfuse.kinds.table.fields.spec import PlainSpec

INITIAL = [0.5, 0.3, 0.2]
STEP = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.3, 0.1, 0.6]]
LENGTH = 4
CHAIN = MarkovChain(INITIAL, STEP, LENGTH)


def said(codes, cells):
    logits = CHAIN(codes, 1.0).logits
    assert logits is not None
    return [logits[:, j] for j in cells]


def conditionals(cells=((0,), (1,), (2,), (3,))):
    return Conditionals(said, (3,) * LENGTH, cells)


def every_record():
    """All records (81, 4) and their probabilities: means over them are exact."""
    codes = np.array(list(itertools.product(range(3), repeat=LENGTH)))
    p = np.array(INITIAL)[codes[:, 0]]
    for j in range(1, LENGTH):
        p = p * np.array(STEP)[codes[:, j - 1], codes[:, j]]
    return codes, p


def entropy(columns):
    """Entropy of some cells by enumeration, in nats."""
    codes, p = every_record()
    table = np.zeros((3,) * len(columns))
    np.add.at(table, tuple(codes[:, c] for c in columns), p)
    q = table[table > 0]
    return float(-(q * np.log(q)).sum())


class TableSays:
    """Conditionals of a table of probabilities, one axis a cell, by summing over it.

    Args:
        p: probabilities of every record.
    """

    def __init__(self, p):
        self.p = np.asarray(p, float)

    def __call__(self, codes, cells):
        hidden = codes.numpy() >= np.array(self.p.shape)
        out = []
        for j in cells:
            logits = np.empty((len(codes), self.p.shape[j]))
            for i, (row, gone) in enumerate(zip(codes.numpy(), hidden, strict=True)):
                at = tuple(slice(None) if gone[a] or a == j else row[a] for a in range(len(row)))
                left = self.p[at]
                place = sum(bool(gone[a]) or a == j for a in range(j))
                others = tuple(a for a in range(left.ndim) if a != place)
                logits[i] = np.log(np.maximum(left.sum(others), 1e-300))
            out.append(torch.from_numpy(logits))
        return out

    def rows(self, n, seed):
        """(n, cells) codes."""
        rng = np.random.default_rng(seed)
        drawn = rng.choice(self.p.size, n, p=self.p.ravel())
        return np.stack(np.unravel_index(drawn, self.p.shape), 1)

    def view(self, names=None):
        """The table as columns."""
        names = tuple(names or "abcdefgh"[: self.p.ndim])
        kind = field_class("category")
        fields = [
            kind.fit(
                pl.Series(n, [f"{n}{v}" for v in range(k)]),
                PlainSpec(n, "category", pl.String(), {}),
            )
            for n, k in zip(names, self.p.shape, strict=True)
        ]  # fmt: skip
        ask = Conditionals(_Once(self), self.p.shape, tuple((j,) for j in range(self.p.ndim)))
        return View(names, tuple(fields), ask, {})

    def asked(self, n, seed, names=None):
        """Rows of the table, as `explain` asks them."""
        codes = self.rows(n, seed)
        names = tuple(names or "abcdefgh"[: self.p.ndim])
        frame = pl.DataFrame({m: [f"{m}{v}" for v in codes[:, j]] for j, m in enumerate(names)})
        return Rows(frame, codes, f"{n} rows")

    def information(self, one, two, given=()):
        """I(one; two | given) of cells, by enumeration."""

        def entropy(cells):
            q = self.p.sum(tuple(a for a in range(self.p.ndim) if a not in cells)).ravel()
            return float(-(q[q > 0] * np.log(q[q > 0])).sum())

        a, b, g = set(one), set(two), set(given)
        return entropy(a | g) + entropy(b | g) - entropy(a | b | g) - entropy(g)


class _Once:
    """Asks of each different record once: tests have many rows and few records."""

    def __init__(self, said):
        self.said = said

    def __call__(self, codes, cells):
        found, back = torch.unique(codes, dim=0, return_inverse=True)
        return [x[back] for x in self.said(found, cells)]


def exclusive_or(flip=0.05):
    """Two coins and whether they differ, wrong with a probability; and a coin apart."""
    p = np.zeros((2, 2, 2, 2))
    for a, b, c in itertools.product((0, 1), repeat=3):
        p[a, b, c] = 0.125 * ((1 - flip) if a ^ b == c else flip)
    return TableSays(p)


def tree():
    """A target `d` that `a` and `b` drive together, and `c` that follows `a`."""
    rng = np.random.default_rng(3)
    a, b = rng.dirichlet(np.ones(2) * 3), rng.dirichlet(np.ones(3) * 3)
    c, d = rng.dirichlet(np.ones(2), 2), rng.dirichlet(np.ones(3) * 0.7, (2, 3))
    return TableSays(np.einsum("a,b,ac,abd->abcd", a, b, c, d))

"""A Markov chain as the one who answers: every conditional is known in closed form."""

import itertools

import numpy as np

from interfuse.core.truth_codes import MarkovChain
from interfuse.kinds.table.ask.conditionals import Conditionals

INITIAL = [0.5, 0.3, 0.2]
STEP = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.3, 0.1, 0.6]]
LENGTH = 4
CHAIN = MarkovChain(INITIAL, STEP, LENGTH)


def said(codes, cells):
    logits = CHAIN(codes, 1.0).logits
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

"""Dependence of all pairs of columns on one scale, for the eye and for findings.

Maps hold values in [-1, 1]. Two numbers: Pearson's r. Otherwise Cramér's V (>= 0), a number being
cut at the deciles of the real column (a value that holds a tenth of it is a bin of its own) and a
category of more than `MOST_LABELS` values reduced to
its most frequent ones and "other". The same cuts serve both tables, so the maps can be subtracted.

The pair trends of `trends` cut each table over its own range: one outlier moves every bin, and what
chance does to them cannot be said. So whether a pair is off is asked of these cuts: the total
variation distance of the joint frequencies, against the distance that `chance` explains.
"""

from dataclasses import dataclass

import numpy as np

from interfuse.evaluate.chance import LEVEL, tv_chance
from interfuse.evaluate.table import Codes, Floats, Table
from interfuse.evaluate.trends import correlation_matrix, cramers_v, joint_counts

MOST_LABELS = 30


@dataclass(frozen=True)
class Joint:
    """How far the joint frequencies of two columns are apart.

    Attributes:
        first: Column name.
        second: Column name.
        error: Total variation distance over shared cuts, in [0, 1].
        chance: The distance that chance hardly exceeds.
    """

    first: str
    second: str
    error: float
    chance: float


@dataclass(frozen=True)
class Associations:
    """Dependence of all pairs.

    Attributes:
        names: Columns, in the order of the maps.
        real: Symmetric (columns, columns) map, ones on the diagonal, NaN where undefined.
        synthetic: The same for the synthetic table.
        joints: Every pair.
    """

    names: tuple[str, ...]
    real: Floats
    synthetic: Floats
    joints: tuple[Joint, ...]


def associations(real: Table, synthetic: Table, *, level: float = LEVEL) -> Associations:
    """Compare the dependence of all pairs of columns in two tables encoded together.

    `level` is the probability with which chance exceeds `Joint.chance`.
    """
    names = tuple(real.kinds)
    maps = [np.eye(len(names)) for _ in range(2)]
    correlations = [correlation_matrix(table) for table in (real, synthetic)]
    numbers = {name: i for i, name in enumerate(real.numbers)}
    cuts = {n: (cut_by(n, real, real), cut_by(n, real, synthetic)) for n in names}
    joints = []
    for i, a in enumerate(names):
        for j, b in enumerate(names[:i]):
            cells, p, q, width = joint_counts(cuts[a][0], cuts[b][0], cuts[a][1], cuts[b][1])
            error = 0.5 * float(np.abs(p / p.sum() - q / q.sum()).sum())
            chance = tv_chance(p.astype(float), q.astype(float), level)
            joints.append(Joint(b, a, error, chance))
            if a in numbers and b in numbers:
                pair = [matrix[numbers[a], numbers[b]] for matrix in correlations]
            else:
                pair = [cramers_v(cells, counts, width) for counts in (p, q)]
            for matrix, value in zip(maps, pair, strict=True):
                matrix[i, j] = matrix[j, i] = value
    return Associations(names, maps[0], maps[1], tuple(joints))


def cut_by(name: str, real: Table, table: Table) -> Codes:
    """Return the column of a table, cut where that of the real one has its deciles and spikes."""
    if name in real.numbers:
        return _binned(table.numbers[name], *_spikes_and_edges(real.numbers[name]))
    size = len(real.labels[name])
    counts = np.bincount(real.codes[name][real.codes[name] >= 0], minlength=size)
    relabel = np.full(size + 1, MOST_LABELS, dtype=np.int32)
    most = np.argsort(-counts, kind="stable")[:MOST_LABELS]
    relabel[most] = np.arange(len(most))
    relabel[-1] = MOST_LABELS + 1  # code -1, missing
    return relabel[table.codes[name]]


def _spikes_and_edges(values: Floats) -> tuple[Floats, Floats]:
    """Return the values that hold a tenth of the column, and the deciles of the others."""
    present = values[np.isfinite(values)]
    tenths = np.linspace(0.1, 0.9, 9)
    if not len(present):
        return np.empty(0), np.empty(0)
    found, count = np.unique(np.quantile(present, tenths, method="lower"), return_counts=True)
    spikes = found[count > 1]
    rest = present[~np.isin(present, spikes)]
    edges = np.unique(np.quantile(rest, tenths, method="lower")) if len(rest) else np.empty(0)
    return spikes, edges


def _binned(values: Floats, spikes: Floats, edges: Floats) -> Codes:
    codes = np.searchsorted(edges, values, side="right").astype(np.int32)
    for i, spike in enumerate(spikes):
        codes[values == spike] = len(edges) + 1 + i
    codes[np.isnan(values)] = len(edges) + 1 + len(spikes)
    return codes

"""The columns of a table that follow others, as the network is told of them (`net.cross`)."""

from __future__ import annotations

import numpy as np
import torch

from interfuse.core.kernel import Gaussian
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.equals import FOLLOWS
from interfuse.kinds.table.fields import Field
from interfuse.kinds.table.net.cross import KNOTS, Cross, Follower, ranks
from interfuse.kinds.table.rules import Sum


def cross_of(codec: TableCodec, gaussian: Gaussian) -> Cross | None:
    """What numbers are told of those that they follow; None if no number follows another.

    Both columns of a pair are told of each other: either may be the one that is given.

    Args:
        codec: of the table.
        gaussian: the kernel of its numbers.
    """
    scored = {n for n, p in codec.places.items() if p.numbers.stop > p.numbers.start}
    pairs: list[tuple[str, str]] = []
    for column in codec.schema.columns:
        for text in column.options.get(FOLLOWS, ()):
            name, other = column.name, Sum.parse(text).columns[0]
            if {name, other} <= scored:
                pairs += [p for p in ((name, other), (other, name)) if p not in pairs]
    if not pairs:
        return None
    used = {name for pair in pairs for name in pair}
    links = codec.links.rules
    names = [*(n for n in codec.fields if n in used and n not in links)]
    names += [n for n in links if n in used]
    place = {name: i for i, name in enumerate(names)}
    followers = [_follower(codec, name, place) for name in names]
    return Cross(followers, [(place[a], place[b]) for a, b in pairs], gaussian)


def _follower(codec: TableCodec, name: str, place: dict[str, int]) -> Follower:
    links = tuple(
        (codec.links.code(name, k), place[rule.columns[0]])
        for k, rule in enumerate(codec.links.rules.get(name, ()))
        if len(rule.columns) == 1 and rule.terms[0][0] > 0 and rule.columns[0] in place
    )
    cells = codec.places[name]
    return Follower(cells.numbers.start, cells.codes.start, _knots(codec.fields[name]), links)


def _knots(field: Field) -> torch.Tensor:
    assert field.quantiles is not None
    bins = np.repeat(np.arange(field.bins), KNOTS)
    values = field.quantiles.to_values(bins, np.tile(ranks().numpy(), field.bins))
    return torch.from_numpy(values.astype(np.float64)).reshape(field.bins, KNOTS)

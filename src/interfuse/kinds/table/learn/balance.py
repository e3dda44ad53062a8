"""More of the training for rare values of one column, without drawing more of them.

Of 131 protocols some have ten rows in 74,000, and are seen in one batch of fifteen. `Balanced`
visits the rows of value c

    m_c = sqrt(n_max / n_c), rounded, at most `MOST`

times in each round. What is learned must not change by that. Where c is *visible*, the other cells
are asked for given c: how often c itself comes up makes no difference to what is right, and nothing
is weighted. Where it is hidden, for it or another cell to be predicted, the loss of a row has the
weight

    w = (sum_i m_i / n) / m_c,

so that its mean over visits is that over rows. Numbers are drawn given all categories, and have no
weight either. A visit more is a chance more to learn a row by heart: privacy is to be looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from interfuse.errors import OptionError
from interfuse.kinds.table.codec import TableCodec
from interfuse.kinds.table.learn.objective import Rows
from interfuse.kinds.table.schema import unknown_column

MOST = 32


def balanced_cell(codec: TableCodec, name: str, out_of_core: bool) -> int:
    """The category cell that rows are balanced by.

    Args:
        codec: of the table.
        name: the column asked for.
        out_of_core: whether rows are kept on the disk, where they are visited alike.

    Raises:
        OptionError: there is no such column, or it has no values that come up again.
    """
    if out_of_core:
        raise OptionError(
            "balance: is not there out of core. Leave one of the two out, or fit some of the rows."
        )
    if name not in codec.schema.names:
        raise OptionError(f"balance: {unknown_column(name, codec.schema.names)}")
    place = codec.places.get(name)
    if place is None or place.codes.stop == place.codes.start:
        raise OptionError(
            f"balance: column {name!r} is {codec.schema[name].kind}; expected a column with "
            "values that come up again, such as a label."
        )
    return place.codes.start


@dataclass(frozen=True, kw_only=True)
class Balanced(Rows):
    """Rows that are visited in turn, some of them several times a round; `weight` is w.

    Attributes:
        visits: which row each visit of a round is to.
    """

    visits: Tensor

    @classmethod
    def by(cls, rows: Rows, cell: int) -> Balanced:
        """Balanced by the values of a category cell."""
        code = rows.codes[:, cell].long()
        count = code.bincount()
        times = (count.max() / count.clamp_min(1)).sqrt().round().clamp(1, MOST).long()[code]
        visits = torch.arange(len(code)).repeat_interleave(times)
        weight = len(visits) / len(code) / times.float()
        return cls(rows.codes, rows.low, rows.high, weight, visits=visits)

    def __len__(self) -> int:
        return len(self.visits)

    def take(self, index: Tensor) -> Rows:
        """The rows of some visits, with their weights."""
        at = self.visits[index]
        assert self.weight is not None
        return replace(self.once().take(at), weight=self.weight[at])

"""A part of the rows that `generate` draws: exactly those rows of the whole.

Row i depends on the seed and on i alone, so that any machine can draw any part, and the parts of a
draw, one after the other, are the draw.

>>> [Shard(i, 3).rows(10_000) for i in (1, 2, 3)]
[range(0, 2048), range(2048, 6144), range(6144, 10000)]
"""

from __future__ import annotations

import re
from typing import NamedTuple

from interfuse.errors import OptionError
from interfuse.kinds.table.ask.generate import BLOCK

PLACE = "{shard}"
"""What stands for the number of a shard in the name of a file."""


class Shard(NamedTuple):
    """Part `number` of `of`, from 1 on."""

    number: int
    of: int

    @classmethod
    def read(cls, text: str) -> Shard:
        """The inverse of how people write it, "3/64".

        Raises:
            OptionError: no such part.
        """
        found = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text)
        shard = cls(*map(int, found.groups())) if found else cls(0, 0)
        if not 1 <= shard.number <= shard.of:
            raise OptionError(
                f"--shard: is {text!r}; expected one part of several, from 1/N to N/N, such as "
                "3/64."
            )
        return shard

    def rows(self, n: int) -> range:
        """Its rows of n: whole blocks, as many as the others have or one more.

        Rows are computed in blocks of `BLOCK`; parts that cut one would both compute it.
        """
        blocks = -(-n // BLOCK)
        first, last = ((i * blocks // self.of) * BLOCK for i in (self.number - 1, self.number))
        return range(min(first, n), min(last, n))

    def target(self, name: str) -> str:
        """The file's name, its number in the place of `PLACE`: parts of one width sort rightly.

        Raises:
            OptionError: there is no such place, so that all parts would be written to one file.
        """
        if name != "-" and self.of > 1 and PLACE not in name:
            raise OptionError(
                f"--output: {name!r} would be the file of every shard. Put {PLACE} where its "
                f"number belongs, such as part-{PLACE}.parquet."
            )
        return name.replace(PLACE, f"{self.number:0{len(str(self.of))}}")

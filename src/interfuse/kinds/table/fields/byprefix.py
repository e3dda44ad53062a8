"""What conditions say of addresses: values, prefixes, and all but these."""

from __future__ import annotations

import ipaddress
from typing import ClassVar

import numpy as np
import polars as pl

from interfuse.errors import ConditionError
from interfuse.internet import written
from interfuse.kinds.table.fields.hosttext import parts_of
from interfuse.kinds.table.fields.limit import Inside, Limit
from interfuse.kinds.table.fields.networks import Networks
from interfuse.kinds.table.fields.prefixes import Prefix, inside, moved, turned, within
from interfuse.kinds.table.fields.tally import Tallied
from interfuse.visible import cut


class AskedByPrefix(Tallied):
    """A field whose first codes are networks.

    Attributes:
        families: of its addresses.
        networks: of its space.
        literals: texts that are no address.
    """

    families: ClassVar[tuple[int, ...]]
    networks: Networks
    literals: list[str]

    def limit_to(self, values: pl.Series) -> Limit:
        """Their networks; which of the values of a network, is left to chance."""
        codes, _ = self.known_cells(values)
        weight = np.zeros(self.cells[0].size)
        weight[codes[:, 0]] = 1.0
        share = np.ones(len(codes))
        return Limit(self.name, 0, weight, values=values, codes=codes[:, :1], share=share)

    def limit_except(self, values: pl.Series) -> Limit:
        """All networks; a drawn address that is one of the values has its last bit turned."""
        parts = parts_of(values, self.families)
        texts = written(parts.found, pl.Series(["{}"] * len(parts.forms))).drop_nulls()
        return self._outside([ipaddress.ip_network(text) for text in texts])

    def word(self, text: str) -> Limit | None:
        """A prefix, 10.0.0.0/8, stands for its addresses: those drawn are put into it.

        Raises:
            ConditionError: bits are set behind the prefix's length.
        """
        if "/" not in text or text in self.literals:
            return None
        try:
            asked = ipaddress.ip_network(text.strip())
        except ValueError as error:
            raise ConditionError(f"column {self.name!r}: {error}. Mend the prefix.") from None
        weight = np.zeros(self.cells[0].size)
        weight[: len(self.networks)] = inside(self.networks, asked)
        if not weight.any():
            raise ConditionError(
                f"column {self.name!r}: no address like those of {cut(text)} was seen."
            )
        return Inside(self.name, 0, weight, put=lambda column: self._moved(column, asked))

    def word_except(self, text: str) -> Limit | None:
        """All networks outside of a prefix."""
        if self.word(text) is None:
            return None
        return self._outside([ipaddress.ip_network(text)])

    def _outside(self, asked: list[Prefix]) -> Limit:
        """All networks but those of the prefixes; what is drawn in one has its last bit turned."""
        allowed = self.values_only()
        weight = np.ones(self.cells[0].size) if allowed is None else allowed.astype(np.float64)
        for prefix in asked:
            weight[: len(self.networks)][within(self.networks, prefix)] = 0.0

        def put(column: pl.Series) -> pl.Series:
            for prefix in asked:
                parts = parts_of(column, self.families)
                column = turned(parts, prefix, self.dtype.is_integer()).cast(self.dtype)
            return column.alias(self.name)

        return Inside(self.name, 0, weight, put=put)

    def _moved(self, column: pl.Series, asked: Prefix) -> pl.Series:
        parts = parts_of(column, self.families)
        return moved(parts, asked, self.dtype.is_integer()).cast(self.dtype).alias(self.name)

"""`Comparison`: what changed between two tables."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import polars as pl

from interfuse.kinds.table.answer.knowledge import Knowledge

_F, _S = pl.Float64, pl.String


@dataclass(frozen=True)
class Comparison(Knowledge):
    """The answer of `compare`; frames are of the kind that was given.

    Attributes:
        data: plain JSON.
        origin: the kind of frame that comes back.
    """

    @property
    def changed(self) -> bool:
        """Whether A and B differ: p at most .05, and as much as `at_least` asks for."""
        return bool(self.data["changed"])

    @property
    def p_value(self) -> float:
        """Of "rows of A and B are alike", by permutation; exact."""
        return float(self.data["p_value"])

    @property
    def divergence(self) -> float | None:
        """Jensen-Shannon divergence, a lower bound, 0 to log 2 nats; None without a fit of both."""
        return self.data["divergence"]

    @property
    def interval(self) -> tuple[float, float] | None:
        """Of the divergence, 95 %; None without a fit of both."""
        ends = self.data["interval"]
        return None if ends is None else (ends[0], ends[1])

    @property
    def columns(self) -> Any:
        """A row a column, most changed first.

        What it is in ``a`` and in ``b``, its p-value for all columns at once, and, after a fit of
        both, nats that it tells of the source ``first``, by Shapley's ``share`` and ``last``.
        """
        names = {
            "column": _S, "p": _F, "z": _F, "by": _S, "a": _S, "b": _S, "first": _F, "share": _F,
            "share_error": _F, "last": _F, "last_error": _F,
        }  # fmt: skip
        return self._frame(self.data["columns"], names)

    @property
    def pairs(self) -> Any:
        """A row a pair: whether its dependence changed; ``together`` is in nats."""
        names = {"one": _S, "two": _S, "p": _F, "z": _F, "together": _F, "error": _F}
        return self._frame(self.data["pairs"], names)

    @property
    def conditional(self) -> Any:
        """Parts of the divergence by a target and by what is given; nats.

        ``p`` is that of the nats on rows that were not fitted; ``p_rows`` of covariate and concept
        that of a test of all rows, which sees more.
        """
        names = {"part": _S, "is": _S, "value": _F, "error": _F, "p": _F, "p_rows": _F}
        return self._frame(self.data["conditional"], names)

    @property
    def rows(self) -> Any:
        """Rows of B that carry it most: the ``column``, what was ``found`` and ``expected``."""
        names = {
            "row": pl.Int64, "number": _F, "column": _S, "found": _S, "expected": _S, "excess": _F,
        }  # fmt: skip
        return self._frame(self.data["rows"], names)

    @property
    def _pages(self) -> ModuleType:
        from interfuse.evaluate.knowledge import changed

        return changed

    def plot(self, *, ax: Any = None) -> Any:
        """Draw what each column tells of the source, or its z, as bars."""
        from interfuse.kinds.table.plots.known import bars_of

        rows = [
            (c["column"], c["share"], c["share_error"]) if "share" in c
            else (c["column"], abs(c["z"]), None)
            for c in self.data["columns"]
        ]  # fmt: skip
        return bars_of(rows, ax=ax)

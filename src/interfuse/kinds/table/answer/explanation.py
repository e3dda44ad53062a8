"""`Explanation`: what there is to know of a table."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import polars as pl

from interfuse.kinds.table.answer.knowledge import Knowledge

_F, _S, _B = pl.Float64, pl.String, pl.Boolean


@dataclass(frozen=True)
class Explanation(Knowledge):
    """The answer of `explain`; its frames are of the kind that was fitted.

    Attributes:
        data: plain JSON.
        origin: the kind of frame that comes back.
    """

    @property
    def _pages(self) -> ModuleType:
        from interfuse.evaluate.knowledge import explained

        return explained

    @property
    def dependence(self) -> Any:
        """A row a pair of columns, strongest given all others first; nats.

        ``information`` with its standard ``error`` and ``model_error`` is I(a; b), ``share`` that
        of the smaller entropy; ``given_others`` and its errors is I(a; b | all others), missing
        where it was not asked; ``p_value`` holds for all pairs; ``edge`` says what is supported,
        and ``by`` whom: the network, or trees where only three columns together show it.
        """
        names = {
            "one": _S, "two": _S, "information": _F, "error": _F, "model_error": _F, "share": _F,
            "given_others": _F, "given_error": _F, "given_model_error": _F, "p_value": _F,
            "edge": _B, "by": _S,
        }  # fmt: skip
        return self._frame(self.data["dependence"], names)

    @property
    def determination(self) -> Any:
        """A row a column.

        Its ``entropy``, what is ``left`` given all others, the share ``explained``, how often the
        likeliest value is wrong with all (``error_rate``) and with nothing known, and ``by`` which
        columns it is known best, with the error rate then.
        """
        names = {
            "column": _S, "entropy": _F, "left": _F, "left_error": _F, "explained": _F,
            "error_rate": _F, "blind_error_rate": _F, "by": _S, "error_rate_by": _F,
        }  # fmt: skip
        return self._frame(self.data["determination"], names)

    @property
    def drivers(self) -> Any:
        """A row a player.

        Nats that it tells of the target ``first``, by Shapley's ``share`` and ``last``, each with
        its standard error; largest share first; empty without a target.
        """
        names = {
            "name": _S, "columns": _S, "first": _F, "first_error": _F, "share": _F,
            "share_error": _F, "last": _F, "last_error": _F,
        }  # fmt: skip
        return self._frame(self.data["drivers"], names)

    @property
    def synergies(self) -> Any:
        """A row a pair of players: what they tell together beyond the sum of both, in nats."""
        return self._frame(self.data["synergies"], {"one": _S, "two": _S, "value": _F, "error": _F})

    @property
    def curves(self) -> Any:
        """A row a level of a driver: the outcome ``plain`` and ``supported``, and ``support``."""
        rows = [
            {
                "column": c["column"],
                "outcome": c["outcome"],
                "level": c["levels"][i],
                "value": c["values"][i],
                "plain": c["plain"][i],
                "supported": c["supported"][i],
                "support": c["support"][i],
                "threshold": c["threshold"],
            }
            for c in self.data["curves"]
            for i in range(len(c["levels"]))
        ]
        names = {
            "column": _S, "outcome": _S, "level": _S, "value": _F, "plain": _F, "supported": _F,
            "support": _F, "threshold": _F,
        }  # fmt: skip
        return self._frame(rows, names)

    @property
    def rules(self) -> Any:
        """A row a rule: exact ones first, then what follows nearly always, with its interval."""
        names = {
            "words": _S, "column": _S, "of": _S, "share": _F, "low": _F, "high": _F, "exact": _B,
        }  # fmt: skip
        return self._frame(self.data["rules"], names)

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the drivers, or without a target the strongest pairs, as bars."""
        from interfuse.kinds.table.plots.known import bars_of

        if self.data["drivers"]:
            rows = [(d["name"], d["share"], d["share_error"]) for d in self.data["drivers"]]
        else:
            rows = [
                (f"{p['one']} – {p['two']}", p["given_others"], p["given_error"])
                for p in self.data["dependence"]
                if p["edge"]
            ]
        return bars_of(rows, ax=ax)

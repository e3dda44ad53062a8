"""What all other columns tell of each, asked once for all that need it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interfuse.kinds.table.ask.know.view import Rows, View


@dataclass(frozen=True)
class Others:
    """What all other columns tell of each.

    Attributes:
        nats: (n, d) l_a(all others).
        wrong: (n, d) whether the likeliest first code, given all others, is not the row's; NaN
            where the row's is unknown.
    """

    nats: np.ndarray
    wrong: np.ndarray

    @classmethod
    def of(cls, view: View, rows: Rows) -> Others:
        """Ask d times."""
        shape = len(rows), len(view.names)
        nats, wrong = np.empty(shape), np.empty(shape)
        for a in range(shape[1]):
            nats[:, a], shares = view.ask.told(rows.codes, view.all_but(a), a)
            code = view.first_codes(rows, a)
            wrong[:, a] = np.where(code >= 0, shares.argmax(1) != code, np.nan)
        return cls(nats, wrong)

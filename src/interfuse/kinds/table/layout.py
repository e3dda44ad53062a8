"""What the training and the questions must know of a table: its cells, not their meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from interfuse.kinds.table.apart import Apart
from interfuse.kinds.table.laws import Laws


@dataclass(frozen=True)
class Gate:
    """Number cell r is in the record exactly when category cell `cell` has an `open` code."""

    cell: int
    open: tuple[bool, ...]


@dataclass(frozen=True)
class Layout:
    """The cells of a record.

    Attributes:
        names: a name of each cell for messages, category cells first.
        sizes: values of each category cell.
        ordered: how many of the first values of each category cell are in order: the bins of a
            number, without the codes for missing and the like; 0 for categories.
        category_column: index of the data column that each category cell belongs to.
        number_column: the same for number cells.
        gates: for each number cell when it is present; None stands for always.
        laws: codes that rule each other out: those of the codec, which are not stored, and those
            that are apart.
        apart: values of two cells that are not drawn together.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    ordered: tuple[int, ...]
    category_column: tuple[int, ...]
    number_column: tuple[int, ...]
    gates: tuple[Gate | None, ...]
    laws: Laws | None = field(default=None, compare=False, repr=False)
    apart: tuple[Apart, ...] = ()

    @property
    def categories(self) -> int:
        """Number of category cells, q."""
        return len(self.sizes)

    @property
    def numbers(self) -> int:
        """Number of number cells, p."""
        return len(self.gates)

    @property
    def columns(self) -> int:
        """Number of data columns that have cells."""
        owners = (*self.category_column, *self.number_column)
        return 1 + max(owners, default=-1)

    def within(self, cells: Sequence[int]) -> Layout:
        """Some of the category cells, without numbers."""
        parts = (self.sizes, self.ordered, self.category_column)
        sizes, ordered, columns = (tuple(part[j] for j in cells) for part in parts)
        return Layout(tuple(self.names[j] for j in cells), sizes, ordered, columns, (), ())

    def joined(self, other: Layout) -> Layout:
        """The layout of two parts of a table: a number is there where it is in either."""
        gates = tuple(
            a and b and Gate(a.cell, tuple(x or y for x, y in zip(a.open, b.open, strict=True)))
            for a, b in zip(self.gates, other.gates, strict=True)
        )
        return replace(self, gates=gates)

    def present(self, codes: np.ndarray) -> np.ndarray:
        """Which numbers are in records with these category codes.

        Args:
            codes: (n, q) codes.

        Returns:
            (n, p) booleans.
        """
        out = np.ones((len(codes), self.numbers), dtype=bool)
        for r, gate in enumerate(self.gates):
            if gate is not None:
                out[:, r] = np.asarray(gate.open)[codes[:, gate.cell]]
        return out

    def to_json(self) -> dict[str, object]:
        """A JSON-able description."""
        gates = [None if g is None else [g.cell, [int(o) for o in g.open]] for g in self.gates]
        apart = [
            [one.a, one.b, list(one.values), list(map(list, one.others))] for one in self.apart
        ]
        return {
            "names": list(self.names),
            "sizes": list(self.sizes),
            "ordered": list(self.ordered),
            "category_column": list(self.category_column),
            "number_column": list(self.number_column),
            "gates": gates,
            **({"apart": apart} if apart else {}),
        }

    @classmethod
    def from_json(cls, d: dict) -> Layout:
        """The inverse of `to_json`."""
        gates = tuple(
            None if g is None else Gate(int(g[0]), tuple(bool(o) for o in g[1])) for g in d["gates"]
        )
        return cls(
            names=tuple(d["names"]),
            sizes=tuple(int(k) for k in d["sizes"]),
            ordered=tuple(int(k) for k in d["ordered"]),
            category_column=tuple(int(c) for c in d["category_column"]),
            number_column=tuple(int(c) for c in d["number_column"]),
            gates=gates,
            apart=tuple(
                Apart(int(a), int(b), tuple(values), tuple(map(tuple, others)))
                for a, b, values, others in d.get("apart", ())
            ),
        )

"""The order in which rules are applied, and bounds between columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.fields.spec import Spec
from interfuse.kinds.table.rules.leftover import Leftover
from interfuse.kinds.table.rules.sums import Sum


def in_order(derived: Mapping[str, Leftover]) -> dict[str, Leftover]:
    """Derived columns, each after those that it is computed from; else in their own order.

    Raises:
        SchemaError: a column would be computed from itself.
    """
    out: dict[str, Leftover] = {}
    # Whoever is stated anew by another column's rule is so before anybody uses it.
    by_restated = {n: d.name for d in derived.values() for n, _ in d.keeps}

    def put(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            way = " from ".join(repr(n) for n in (*above[above.index(name) :], name))
            raise SchemaError(
                f"schema: column {way} is derived in a circle. Mend one of the rules."
            )
        if name in out:
            return
        for part in derived[name].rule.columns:
            first = part if part in derived else by_restated.get(part)
            if first is not None and first != name:
                put(first, (*above, name))
        out[name] = derived[name]

    for name in derived:
        put(name, ())
    return out


def derived_of(columns: Iterable[Spec]) -> dict[str, Leftover]:
    """The derived columns among those of a schema, in the order of their rules.

    Raises:
        SchemaError: a column would be computed from itself.
    """
    return in_order(
        {c.name: Leftover.of(c.name, c.dtype, c.options) for c in columns if c.kind == "derived"}
    )


def parse_bound(text: str) -> tuple[str, str]:
    """The two columns of "low <= high".

    Raises:
        SchemaError: the text is no such bound.
    """
    low, sign, high = text.partition("<=")
    try:
        sides = [Sum.parse(side.strip()) for side in (low, high)]
    except SchemaError:
        sides = []
    if not sign or any(side.terms[0][0] < 0 or len(side.terms) > 1 for side in sides) or not sides:
        raise SchemaError(
            f"schema: the bound {text[:200]!r} cannot be read. Write for example: least <= most, "
            "with `odd names` between backticks."
        )
    return sides[0].columns[0], sides[1].columns[0]


@dataclass(frozen=True)
class Bounds:
    """Columns that are never above another: the lower one gives way in drawn rows.

    Attributes:
        early: pairs (low, high) of columns that have cells, the highest first.
        late: pairs of which one is derived and the other is in no rule.
    """

    early: tuple[tuple[str, str], ...] = ()
    late: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        texts: Iterable[str],
        derived: Mapping[str, Leftover],
        types: Mapping[str, pl.DataType],
    ) -> Bounds:
        """The bounds of a schema.

        Raises:
            SchemaError: a bound names a column that is not there, or of another type.
        """
        pairs = [parse_bound(text) for text in texts]
        for pair in pairs:
            for name in pair:
                if name not in types:
                    raise SchemaError(
                        f"schema: the bound '{pair[0]} <= {pair[1]}' names {name!r}, which is no "
                        "column. Mend or remove it."
                    )
            a, b = (types[name] for name in pair)
            if not (a.is_numeric() and b.is_numeric()) and a != b:
                raise SchemaError(
                    f"schema: the bound '{pair[0]} <= {pair[1]}' is between {a} and {b}; expected "
                    "two numbers, or two times of one type."
                )
        pairs = _highest_first(pairs)
        used = {n for d in derived.values() for n in (*d.rule.columns, *(k for k, _ in d.keeps))}
        early = tuple(p for p in pairs if not set(p) & set(derived))
        late = tuple(
            (a, b) for a, b in pairs if (a, b) not in early and a not in derived and a not in used
        )
        return cls(early, late)

    def keep(
        self, frame: pl.DataFrame, fixed: Collection[str] = (), late: bool = False
    ) -> pl.DataFrame:
        """The frame with bounds kept; of a pair with a fixed lower column the higher one moves."""
        for low, high in self.late if late else self.early:
            if low in frame.columns and high in frame.columns:
                frame = kept(frame, low, high, moved=high if low in fixed else low, fixed=fixed)
        return frame


def kept(
    frame: pl.DataFrame, low: str, high: str, moved: str, fixed: Collection[str] = ()
) -> pl.DataFrame:
    """The frame with one of two columns moved to where the bound holds."""
    if moved in fixed or not (frame[low] > frame[high]).any():
        return frame
    other = high if moved == low else low
    value = pl.col(other)
    if frame.schema[moved].is_integer() and frame.schema[other].is_float():
        value = value.floor() if moved == low else value.ceil()
    value = value.cast(frame.schema[moved], strict=False)
    wrong = pl.col(low) > pl.col(high)
    return frame.with_columns(pl.when(wrong).then(value).otherwise(pl.col(moved)).alias(moved))


def _highest_first(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs such that a column has come down before what is below it does."""
    depth: dict[str, int] = {}

    def of(name: str, above: tuple[str, ...] = ()) -> int:
        if name not in depth:
            higher = [b for a, b in pairs if a == name and b not in above]
            depth[name] = 1 + max((of(b, (*above, name)) for b in higher), default=0)
        return depth[name]

    return sorted(pairs, key=lambda p: of(p[1]))

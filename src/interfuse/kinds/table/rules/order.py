"""The order in which rules are applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from interfuse.errors import SchemaError
from interfuse.kinds.table.fields.spec import Spec
from interfuse.kinds.table.rules.leftover import Leftover


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

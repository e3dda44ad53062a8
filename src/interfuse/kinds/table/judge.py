"""Rules of a real table, and how often another one keeps them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress

import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.linksearch import equal_to, find_links
from interfuse.kinds.table.rules import Formula, Sum, parse_rule
from interfuse.kinds.table.rules.leftover import alike
from interfuse.kinds.table.rules.search import find
from interfuse.kinds.table.rules.search.ledger import shortened

NEAR = 1e-9
"""Off by less than this share is off by rounding."""
_FEW_VALUES = 2


def rule_shares(real: pl.DataFrame, synthetic: pl.DataFrame) -> list[tuple[str, float, float]]:
    """Find the rules between the columns of the real table, and how often each is kept.

    Args:
        real: the table that rules are looked for in.
        synthetic: a table that may break them.

    Returns:
        Rows (rule, share of real rows, share of synthetic rows) for `interfuse.evaluate`.
    """
    found = find(real, _kinds(real))
    rules: list[tuple[str, Sum | Formula]] = []
    for name, one in found.rules.items():
        if one.remainder is None:
            rules.append((name, one.rule))
        # Of a remainder the rule that says something is the one that is kept.
        rules += [(part, parse_rule(text)) for part, text in one.keeps.items()]
    out = []
    for name, rule in rules:
        with suppress(SchemaError):  # columns that do not match: `interfuse.evaluate` says which
            shares = [_share_kept(name, rule, frame) for frame in (real, synthetic)]
            out.append((f"{name} = {shortened(str(rule))}", shares[0], shares[1]))
    # Orders of two columns are found by `interfuse.evaluate` itself.
    for law in (*(b for b in found.bounds if b.factor != 1), *found.cases):
        with suppress(SchemaError, pl.exceptions.PolarsError):
            shares = [1 - float(law.broken_in(frame).mean()) for frame in (real, synthetic)]
            out.append((shortened(str(law)), shares[0], shares[1]))
    return out + _link_shares(real, synthetic, found.rules)


def _link_shares(
    real: pl.DataFrame, synthetic: pl.DataFrame, derived: Collection[str]
) -> list[tuple[str, float, float]]:
    """The same of what columns equal in a share of the rows; columns of any kind are compared."""
    names = [n for n, t in real.schema.items() if (t.is_numeric() or t.is_temporal())]
    names = [n for n in names if n in synthetic.columns and n not in derived]
    if len(names) < 2:
        return []
    out = []
    for name, found in find_links(real.lazy().select(names)).items():
        for link in found:
            if link.same:
                with suppress(SchemaError):
                    shares = [_share_equal(name, link.rule, frame) for frame in (real, synthetic)]
                    out.append((f"{name} = {link.rule}, in a part", shares[0], shares[1]))
    return out


def _share_equal(name: str, rule: Sum, frame: pl.DataFrame) -> float:
    """Return the share of rows where both are there and equal, to the decimals of the column."""
    said = rule.apply(frame)
    return float(equal_to(frame[name], said).mean() or 0.0)


def _kinds(frame: pl.DataFrame) -> Mapping[str, str]:
    """What columns are to those who look for rules, by their types alone."""
    out = {}
    for name, dtype in frame.schema.items():
        if dtype.is_temporal() and dtype != pl.Time:
            out[name] = "datetime"
        elif dtype.is_numeric():
            out[name] = "number" if frame[name].n_unique() > _FEW_VALUES else "category"
        elif dtype in (pl.String, pl.Boolean, pl.Categorical, pl.Enum):
            out[name] = "category"
    return out


def _counts(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype == pl.Boolean


def _share_kept(name: str, rule: Sum | Formula, frame: pl.DataFrame) -> float:
    """Return the share of rows that keep a rule, floats up to rounding."""
    said = rule.apply(frame)
    if name not in frame.columns or _counts(frame[name].dtype) != _counts(said.dtype):
        raise SchemaError(f"rule '{name} = {rule}': there is no such column {name!r}")
    same = alike(frame[name], said.cast(frame[name].dtype, strict=False))
    if frame[name].dtype.is_float():
        pair = pl.DataFrame({"is": frame[name], "said": said.cast(frame[name].dtype, strict=False)})
        near = (pl.col("is") - pl.col("said")).abs() <= NEAR * pl.col("is").abs()
        near &= pl.col("is").is_finite()  # all is near infinity
        same |= pair.select(near.fill_null(False)).to_series().to_numpy()
    return float(same.mean())

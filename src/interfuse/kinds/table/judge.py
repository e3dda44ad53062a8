"""Exact rules of a real table, and how often another one keeps them."""

from __future__ import annotations

from contextlib import suppress

import polars as pl

from interfuse.errors import SchemaError
from interfuse.kinds.table.linksearch import equal_to, find_links
from interfuse.kinds.table.rules import Rule
from interfuse.kinds.table.rules.exact import find_rules


def rule_shares(real: pl.DataFrame, synthetic: pl.DataFrame) -> list[tuple[str, float, float]]:
    """Find the exact rules between the columns of the real table, and how often each is kept.

    Args:
        real: the table that rules are looked for in.
        synthetic: a table that may break them.

    Returns:
        Rows (rule, share of real rows, share of synthetic rows) for `interfuse.evaluate`.
    """
    out = []
    for name, rule in find_rules(real).items():
        with suppress(SchemaError):  # columns that do not match: `interfuse.evaluate` says which
            shares = [_share_kept(name, rule, frame) for frame in (real, synthetic)]
            out.append((f"{name} = {rule}", shares[0], shares[1]))
    return out + _link_shares(real, synthetic)


def _link_shares(real: pl.DataFrame, synthetic: pl.DataFrame) -> list[tuple[str, float, float]]:
    """The same of what columns equal in a share of the rows; columns of any kind are compared."""
    names = [n for n, t in real.schema.items() if (t.is_numeric() or t.is_temporal())]
    names = [n for n in names if n in synthetic.columns]
    if len(names) < 2:
        return []
    exact = find_rules(real)
    lazy = real.lazy().select(n for n in names if n not in exact)
    out = []
    for name, found in find_links(lazy).items():
        for link in found:
            if link.same:
                with suppress(SchemaError):
                    shares = [_share_equal(name, link.rule, frame) for frame in (real, synthetic)]
                    out.append((f"{name} = {link.rule}, in a part", shares[0], shares[1]))
    return out


def _share_equal(name: str, rule: Rule, frame: pl.DataFrame) -> float:
    """Return the share of rows where both are there and equal, to the decimals of the column."""
    said = rule.apply(frame)
    return float(equal_to(frame[name], said).mean() or 0.0)


def _share_kept(name: str, rule: Rule, frame: pl.DataFrame) -> float:
    """Return the share of rows that keep a rule, floats up to rounding."""
    said = rule.apply(frame)
    if name not in frame.columns or frame[name].dtype.is_numeric() != said.dtype.is_numeric():
        raise SchemaError(f"rule '{name} = {rule}': there is no such column {name!r}")
    pair = pl.DataFrame({"is": frame[name], "said": said.cast(frame[name].dtype, strict=False)})
    same = pl.col("is").eq_missing(pl.col("said"))
    if frame[name].dtype.is_float():
        size = pl.col("is").abs() + pl.col("said").abs()
        near = (pl.col("is") - pl.col("said")).abs() <= 1e-9 * size
        same = same | near.fill_null(False)
    return float(pair.select(same.mean()).item())

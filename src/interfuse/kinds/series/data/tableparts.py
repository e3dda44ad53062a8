"""What the columns of a table say: series, stamps, statics and covariates of its rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from interfuse.errors import DataError
from interfuse.kinds.series.data.columns import coded
from interfuse.kinds.series.data.roles import Roles
from interfuse.kinds.series.data.schema import SeriesSchema, Static
from interfuse.kinds.series.data.stamps import is_calendar, is_local, read_stamps, zone_of
from interfuse.kinds.series.data.zones import instants_of


def series_of(
    frame: pl.DataFrame, roles: Roles, notes: list[str]
) -> tuple[np.ndarray, tuple[Any, ...], np.ndarray]:
    """Of each row the series, 0 ... N - 1 by first appearance; their names; rows that have one."""
    if roles.series is None:
        return np.zeros(frame.height, np.int32), (None,), np.ones(frame.height, bool)
    column = frame[roles.series]
    gone = column.is_null().to_numpy()
    if gone.any():
        notes.append(f"rows without a series were left out: {gone.sum():,}")
    names = column.drop_nulls().unique(maintain_order=True)
    rank = pl.DataFrame({"name": names, "code": np.arange(len(names), dtype=np.int32)})
    codes = pl.DataFrame({"name": column}).join(rank, on="name", how="left", maintain_order="left")[
        "code"
    ]
    return codes.fill_null(0).to_numpy(), tuple(names.to_list()), ~gone


def stamps_of(
    frame: pl.DataFrame, roles: Roles, codes: np.ndarray, used: np.ndarray,
    schema: SeriesSchema | None, zone: str | None, where: str, notes: list[str],
) -> tuple[np.ndarray | None, np.ndarray, str | None]:  # fmt: skip
    """Stamps of each row, the rows that have one, and the zone."""
    if roles.time is None:
        return None, used, zone if schema is None else schema.zone
    try:
        stamps, gone = read_stamps(frame[roles.time], roles.form)
    except DataError as error:
        raise DataError(f"{where}: {error}") from None
    if (gone & used).any():
        notes.append(f"rows without a time were left out: {(gone & used).sum():,}")
    named = zone_of(roles.form)
    local = is_calendar(roles.form) and is_local(roles.form)
    zone = schema.zone if schema is not None else zone or named
    if zone is not None and not is_calendar(roles.form):
        zone = None
    if local and zone is not None:
        keep = used & ~gone
        made, twice, never = instants_of(stamps[keep], codes[keep], zone)
        stamps[keep] = made
        if twice:
            notes.append(
                f"the clocks of {zone} show an hour twice: {twice:,} of the stamps were told apart "
                "by their order"
            )
        if never:
            notes.append(
                f"the clocks of {zone} skip an hour: that was added to stamps in it, {never:,}"
            )
    elif schema is not None and not local and named and is_local(schema.time_dtype) and not zone:
        notes.append(f"stamps have a zone ({named}), those fitted to had none: read as UTC")
    return stamps, used & ~gone, zone


def split_ahead(
    values: list[np.ndarray], covariates: list[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Cut off what follows the last value of each series, where covariates are known."""
    cut, known, ahead = [], [], []
    for v, k in zip(values, covariates, strict=True):
        seen = np.flatnonzero(~np.isnan(v).all(1))
        end = int(seen[-1]) + 1 if len(seen) else len(v)
        if np.isnan(k[end:]).all():
            end = len(v)
        cut.append(v[:end])
        known.append(k[:end])
        ahead.append(k[end:])
    return cut, known, ahead


def values_of(part: Static, frame: pl.DataFrame, where: str, notes: list[str]) -> np.ndarray:
    """A static or covariate of every row; what was never seen is missing, and noted."""
    values, strange = coded(part, frame[part.name], where)
    if strange:
        notes.append(
            f"column {part.name!r}: {len(strange):,} categories, such as {strange[0]!r}, were "
            "never seen: they count as missing"
        )
    return values


def statics_of(
    parts: tuple[Static, ...], frame: pl.DataFrame, codes: np.ndarray, many: int, where: str,
    notes: list[str],
) -> np.ndarray:  # fmt: skip
    """(N, S): of each series the first that is there."""
    out = np.full((many, len(parts)), np.nan)
    for s, part in enumerate(parts):
        values = values_of(part, frame, where, notes)
        there = np.flatnonzero(~np.isnan(values))[::-1]
        out[codes[there], s] = values[there]
    return out

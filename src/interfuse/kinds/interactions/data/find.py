"""The schema of a table of touches: found, or told by the user."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from interfuse.errors import DataError, OptionError, SchemaError
from interfuse.io.dtypes import dtype_to_json
from interfuse.io.origin import Origin
from interfuse.kinds.interactions.data.roles import ROLES, roles_of
from interfuse.kinds.interactions.schema import InteractionsSchema


def find_schema(
    frame: pl.DataFrame, origin: Origin, said: dict[str, str | None], where: str
) -> InteractionsSchema:
    """Which column says what.

    Args:
        frame: a row for each touch.
        origin: where it came from.
        said: by role the column that was named; the others are found by their names.
        where: how messages call the data.

    Raises:
        OptionError: a column that was named is not there.
        DataError: there is no user or no item, or a rating is no number.
    """
    named = {role: name for role, name in said.items() if name is not None}
    for role, name in named.items():
        if name not in frame.columns:
            raise OptionError(
                f"{role}: there is no column {name!r}; there are {_listed(frame.columns)}."
            )
    free = [n for n in frame.columns if n not in named.values()]
    roles = {**{r: n for r, n in roles_of(free).items() if r not in named}, **named}
    for role in ("user", "item"):
        if role not in roles:
            raise DataError(
                f"{where}: no column is named as a {role}; there are {_listed(frame.columns)}. "
                f"Say which: {role}=... in Python, --{role} COLUMN on the command line."
            )
    if "time" in roles and not _is_time(frame[roles["time"]]) and "time" not in named:
        del roles["time"]
    schema = InteractionsSchema(**{role: roles.get(role) for role in ROLES})  # pyright: ignore[reportArgumentType]
    return _bounded(fit_to(schema, frame, origin, where), frame)


def fit_to(
    schema: InteractionsSchema, frame: pl.DataFrame, origin: Origin, where: str
) -> InteractionsSchema:
    """The schema with the types of this frame.

    Raises:
        SchemaError: a column is not there.
        DataError: one is of a type that cannot have its role.
    """
    used = [schema.user, schema.item, schema.time, schema.rating]
    for name in used:
        if name is not None and name not in frame.columns:
            raise SchemaError(
                f"schema: column {name!r} is not in the data, which has {_listed(frame.columns)}. "
                "Name another column, or set it to null."
            )
    if schema.time is not None and not _is_time(frame[schema.time]):
        raise DataError(
            f"{where}: column {schema.time!r} holds {frame[schema.time].dtype}, which is no "
            "time; expected dates or numbers. Write times as 2024-05-17T08:00:00, or leave it out."
        )
    if schema.rating is not None and not frame[schema.rating].dtype.is_numeric():
        raise DataError(
            f"{where}: column {schema.rating!r} holds {frame[schema.rating].dtype}; expected "
            "ratings as numbers. Mend it, or set 'rating' to null in the schema."
        )
    types = {n: dtype_to_json(frame.schema[n]) for n in frame.columns if n in used}
    ignored = tuple(n for n in frame.columns if n not in used)
    kept = {n: t for n, t in origin.columns.items() if n in types or not n}
    origin = replace(origin.without_rows(), text=None, columns=kept)
    return replace(schema, types=types, ignored=ignored, origin=origin)


def _bounded(schema: InteractionsSchema, frame: pl.DataFrame) -> InteractionsSchema:
    if schema.rating is None:
        return schema
    values = frame[schema.rating].cast(pl.Float64).fill_nan(None).drop_nulls()
    finite = values.filter(values.is_finite())
    if finite.is_empty() or finite.n_unique() == 1:
        return replace(schema, rating=None, ignored=(*schema.ignored, schema.rating))
    low, high = float(finite.min()), float(finite.max())  # pyright: ignore[reportArgumentType]
    return replace(schema, lowest=low, highest=high)


def _is_time(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.dtype in (pl.Date, pl.Datetime)


def _listed(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:8]))
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")

"""What each column of a table is: inferred, printed, saved, edited, passed back."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import polars as pl
from msgspec import Meta

from interfuse.errors import SchemaError
from interfuse.io.dtypes import dtype_from_json, dtype_schema, dtype_to_json
from interfuse.io.jsonschema import json_schema
from interfuse.io.origin import Origin
from interfuse.io.records import Hook, checked, short
from interfuse.io.schemafile import COMPLETES, SchemaFile
from interfuse.io.textforms import Said, said_of
from interfuse.kinds.table.columnkinds import KINDS, OPTIONS, ROLES, options_schema
from interfuse.kinds.table.equals import check_links
from interfuse.kinds.table.fields.registry import FIELDS, NOT_FIELDS, field_class
from interfuse.kinds.table.rules.bounds import Bounds
from interfuse.kinds.table.rules.cases import cases_of
from interfuse.kinds.table.rules.leftover import Leftover
from interfuse.kinds.table.rules.options import check_options
from interfuse.kinds.table.rules.order import derived_of

VERSION = 1
HOOKS = (Hook(pl.DataType, dtype_from_json, dtype_schema()),)


@dataclass(frozen=True)
class ColumnSpec:
    """One column.

    Attributes:
        name: its name.
        kind: one of `KINDS`.
        dtype: its polars type; comes back exactly.
        note: why it was taken for this kind, for people.
        options: settings of the kind, as `Field.options` lists them; `bins` for numbers. Columns of
            one `space` are learned together.
    """

    name: str
    kind: str
    dtype: Annotated[pl.DataType, Meta(extra={"words": "a type such as 'Int64'"})]
    note: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def role(self) -> str:
        """What it is to those who compare or draw it: a `fields.spec.Role`, or "derived"."""
        return ROLES[self.kind]

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        out = {"name": self.name, "kind": self.kind, "dtype": dtype_to_json(self.dtype)}
        if self.note:
            out["note"] = self.note
        if self.options:
            out["options"] = self.options
        return out

    @classmethod
    def from_json(cls, d: Any) -> ColumnSpec:
        """The inverse of `to_json`, checking everything a person may have edited."""
        return checked(d, cls, "schema: column", SchemaError, hooks=HOOKS).sound()

    def sound(self) -> ColumnSpec:
        """Itself, if its kind takes its options.

        Raises:
            SchemaError: there is no such kind, or it takes other options.
        """
        name, kind, options = self.name, self.kind, self.options
        if kind not in KINDS:
            close = difflib.get_close_matches(kind, KINDS, 1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise SchemaError(
                f"schema: column {name!r} has kind {short(kind)}; expected one of "
                f"{', '.join(KINDS)}.{hint}"
            )
        if set(options) - OPTIONS[kind]:
            allowed = ", ".join(sorted(OPTIONS[kind])) or "none"
            raise SchemaError(
                f"schema: column {name!r} has options {short(options)}; kind {kind!r} takes: "
                f"{allowed}."
            )
        if kind in FIELDS:
            field_class(kind).check_options(name, options)
        if kind == "derived":
            check_options(name, options)
        return self


Bound = Annotated[str, Meta(extra={"words": "a bound such as 'least <= most'"})]
Case = Annotated[str, Meta(extra={"words": "a case such as 'seconds == 0 if packets == 1'"})]
Column = Annotated[ColumnSpec, Meta(extra={"words": "an object with a name and a kind"})]


@dataclass(frozen=True)
class Schema(SchemaFile):
    """All columns of a table, in order.

    Attributes:
        columns: the columns.
        rows: how many rows it was inferred from.
        origin: the kind of frame or file it came from, so that answers come back as the same.
        kind: of the data; "table".
        bounds: columns that are never above another, such as "least <= most" or
            "40 * packets <= bytes".
        cases: what a column is where others have a value, such as "seconds == 0 if packets == 1".
        order: the time that rows of the file were in order of, and that files of drawn rows are
            sorted by; empty if there is none.
    """

    columns: Annotated[tuple[Column, ...], Meta(min_length=1)]
    rows: Annotated[int, Meta(ge=0)] = 0
    origin: Origin = field(default_factory=Origin)
    kind: str = "table"
    bounds: tuple[Bound, ...] = ()
    order: str = ""
    cases: tuple[Case, ...] = ()

    def __getitem__(self, name: str) -> ColumnSpec:
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(unknown_column(name, self.names))

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.columns]

    def roles(self) -> dict[str, str]:
        """By column its role (`ColumnSpec.role`); of those that are left out, their kind."""
        return {c.name: c.kind if c.role == "ignored" else c.role for c in self.columns}

    def said(self) -> dict[str, Said]:
        """How text of a file is to be read, so that it has the types of this schema."""
        out = said_of({c.name: c.dtype for c in self.columns}, self.origin.columns)
        for column in self.columns:
            text = column.dtype in (pl.String, pl.Categorical, pl.Enum)
            if text and column.role in ("number", "time"):
                out[column.name] = Said(column.role, sure=True)
        return out

    def edited(self, name: str, **changes: Any) -> Schema:
        """A copy with one column's kind or options changed; a new kind starts without options.

        Examples:
            >>> import interfuse, polars as pl
            >>> schema = interfuse.infer_schema(pl.DataFrame({"asn": [1, 2, 3]}))
            >>> schema.edited("asn", kind="category")["asn"].kind
            'category'
        """
        new = {"note": "set by hand", **changes}
        if changes.get("kind", self[name].kind) != self[name].kind:
            new = {"options": {}, **new}
        columns = tuple(
            ColumnSpec.from_json({**c.to_json(), **new}) if c.name == name else c
            for c in self.columns
        )
        return replace(self, columns=columns)

    def with_option(self, name: str, value: Any) -> Schema:
        """A copy in which every column whose kind has an option has it so."""
        columns = (
            replace(c, options={**c.options, name: value}) if name in OPTIONS[c.kind] else c
            for c in self.columns
        )
        return replace(self, columns=tuple(columns))

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "version": VERSION,
            "kind": self.kind,
            "rows": self.rows,
            "origin": self.origin.to_json(),
            "columns": [column.to_json() for column in self.columns],
            **({"bounds": list(self.bounds)} if self.bounds else {}),
            **({"cases": list(self.cases)} if self.cases else {}),
            **({"order": self.order} if self.order else {}),
        }

    @classmethod
    def from_json(cls, d: Any) -> Schema:
        """The inverse of `to_json`.

        Raises:
            SchemaError: malformed; the message names the column.
        """
        if not isinstance(d, dict) or not isinstance(d.get("columns"), list) or not d["columns"]:
            raise SchemaError(
                "schema: expected a JSON object with a list 'columns' that is not empty."
            )
        if d.get("version", VERSION) != VERSION:
            raise SchemaError(
                f"schema: version {short(d['version'])}; this interfuse reads version {VERSION}."
            )
        given = {key: value for key, value in d.items() if key != "origin"}
        read = checked(given, cls, "schema", SchemaError, hooks=HOOKS)
        names = Counter(column.sound().name for column in read.columns)
        twice = sorted(name for name, count in names.items() if count > 1)
        if twice:
            raise SchemaError(f"schema: column {twice[0]!r} is listed twice; list each once.")
        if read.order and read.order not in names:
            raise SchemaError(f"schema: order is {short(read.order)}, which is no column.")
        return replace(read, origin=Origin.from_json(d.get("origin", {})))

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """What editors complete from: the kinds of columns, and the options that each takes."""
        out = json_schema(cls, HOOKS)
        properties = out["properties"]
        properties |= {COMPLETES: {"type": "string"}, "version": {"const": VERSION}}
        properties["origin"] = {
            "type": "object",
            "description": properties["origin"]["description"],
        }
        properties["kind"] = {"const": cls.kind}
        out["$defs"].pop("Origin", None)
        column = out["$defs"]["ColumnSpec"]
        named = {"description": "what the column is taken for."}
        choices = [{"const": kind, "description": words} for kind, words in KINDS.items()]
        column["properties"]["kind"] = {**named, "anyOf": choices}
        column["allOf"] = [options_schema(kind) for kind in KINDS]
        return out

    def check(self, types: dict[str, pl.DataType]) -> None:
        """Check that a frame with these column types can be encoded by this schema.

        Numbers of any type stand for one another, as do text, Categorical and Enum. Columns of kind
        `drop` need not be there.

        Raises:
            SchemaError: a column is missing, unknown, or of another type; or the rule of a derived
                column needs one that is not learned.
        """
        roles = self.roles()
        for name in types:
            if name not in self.names:
                raise SchemaError(unknown_column(name, self.names, "the data has"))
        for column in self.columns:
            if column.name in types:
                _check_type(column, types[column.name])
            elif column.kind != "drop":
                raise SchemaError(
                    f"schema: column {column.name!r} is not in the data, which has "
                    f"{', '.join(map(repr, list(types)[:8]))}. Remove it from the schema."
                )
            check_links(column.name, column.options, roles, types)
            if column.kind == "derived":
                self._check_rule(column, types)
        Bounds.of(self.bounds, {}, types)
        cases_of(self.cases, types)
        derived_of(self.columns)

    def _check_rule(self, column: ColumnSpec, types: dict[str, pl.DataType]) -> None:
        """Raise unless the rules of a derived column are about columns that come back."""
        left = Leftover.of(column.name, column.dtype, column.options)
        for rule in (left.rule, *(kept for _, kept in left.keeps)):
            rule.check(types)
            for name in rule.columns:
                kind = self[name].kind
                if kind != "derived" and (kind in NOT_FIELDS or not field_class(kind).filled):
                    raise SchemaError(
                        f"schema: column {column.name!r} is derived by '{rule}', but "
                        f"{name!r} is of kind {self[name].kind!r}, which is not learned. "
                        "Change the kind of either."
                    )
        for name, _ in left.keeps:
            if name not in left.rule.columns or self[name].kind == "derived":
                raise SchemaError(
                    f"schema: column {column.name!r} keeps a rule for {name!r}; expected a column "
                    f"of its own rule '{left.rule}' that is not derived itself."
                )


def fit_to_frame(schema: Schema, types: dict[str, pl.DataType]) -> Schema:
    """A schema, perhaps edited by hand, as the schema of a frame with these column types.

    Args:
        schema: the kinds.
        types: the frame's columns, in order.

    Returns:
        The schema with the frame's columns, types and order; dropped columns that the frame lacks
        are left out.

    Raises:
        SchemaError: see `Schema.check`.
    """
    made = {
        c.name: types[c.name]
        for c in schema.columns
        if c.name in types and _made_of_text(c, types[c.name])
    }
    columns = tuple(replace(c, dtype=made.get(c.name, c.dtype)) for c in schema.columns)
    schema = replace(schema, columns=columns)
    schema.check(types)
    columns = tuple(replace(schema[name], dtype=dtype) for name, dtype in types.items())
    return replace(schema, columns=columns)


def _made_of_text(column: ColumnSpec, found: pl.DataType) -> bool:
    """Whether a column that was text is what the schema's kind asks for."""
    fits = column.kind in FIELDS and field_class(column.kind).holds(found)
    return column.dtype == pl.String and column.role in ("number", "time") and fits


def _check_type(column: ColumnSpec, found: pl.DataType) -> None:
    """Raise unless a column of type `found` can be what the schema says."""
    if column.kind == "drop":
        return
    texts = (pl.String, pl.Categorical, pl.Enum)
    same = found == column.dtype or (found in texts and column.dtype in texts)
    if not same and not (found.is_numeric() and column.dtype.is_numeric()):
        raise SchemaError(
            f"schema: column {column.name!r} is {column.dtype} in the schema and {found} in the "
            "data. Cast the column, or infer the schema again."
        )
    if column.kind in FIELDS and not field_class(column.kind).holds(found):
        raise SchemaError(
            f"schema: column {column.name!r} is of kind {column.kind!r} but holds {found}. Use "
            "kind 'category', or cast the column."
        )


def unknown_column(name: str, names: list[str], who: str = "there is") -> str:
    """A message for a column name that is not known, with the nearest one that is."""
    close = difflib.get_close_matches(name, names, 1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    some = ", ".join(map(repr, names[:8])) + (", ..." if len(names) > 8 else "")
    return (
        f"column {name!r}: {who} no column of this name in the schema; it knows {some}.{hint}"
        if (who == "there is")
        else f"schema: {who} a column {name!r} that the schema lacks; it knows {some}.{hint}"
    )


def describe(schema: Schema) -> list[tuple[str, str, str, str]]:
    """Rows (column, type, kind, why) for printing."""
    return [(c.name, str(c.dtype), c.kind, c.note) for c in schema.columns]
